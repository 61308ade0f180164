//! The soak: runs that are killed, doubled or stopped at random moments, counted in the systems afterwards.
//!
//! Everything is real, as in the demo: the program, its connectors, HTTPS over loopback, the ledger's file, and trouble at
//! all three systems. What a seed does it does again.

use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use wharf_demo::{Dice, Installation, Plan, Systems, Tally, Target, deliveries, figures};

/// Kills runs at random moments; start it with `cargo xtask soak`, which builds what it needs.
#[derive(Parser)]
struct Options {
    /// Cargo's target directory
    #[arg(long)]
    target: PathBuf,
    /// Rounds, each with systems and a ledger of its own
    #[arg(long, default_value_t = 1000)]
    rounds: u32,
    /// Orders of a round
    #[arg(long, default_value_t = 200)]
    orders: u32,
    /// Seed of everything that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Every so many rounds a process stands still past its lease, which takes two minutes; 0 for never
    #[arg(long, default_value_t = 100)]
    stop_every: u32,
    /// Sets the clock of the program forward and back at random moments: it reads this file, which the variable
    /// `WHARF_TRIAL_CLOCK` names to it, if it was built with the feature `trial-clock`
    #[arg(long)]
    clock: Option<PathBuf>,
    /// Instead of rounds: so many webhooks, a third of them doubled, reordered, forged or lost, and kills in between
    #[arg(long)]
    webhooks: Option<u64>,
}

/// Longest that the clock is set forward or back, in milliseconds: two hours.
const JUMP_MS: u64 = 2 * 3_600_000;

/// Runs after the last kill while clocks are set, each so many milliseconds after the one before: eleven minutes.
const LATER_RUNS: i64 = 12;
const LATER_MS: i64 = 11 * 60_000;

/// Longer than a simulated block of the shop's token, with what calls add to it.
const BLOCK: Duration = Duration::from_secs(15);

/// What the rounds came to.
#[derive(Default)]
struct Sums {
    kills: u32,
    doubled_processes: u32,
    clock_jumps: u32,
    stops: u32,
    failed: Vec<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match options.webhooks.map_or_else(|| soak(&options), |messages| webhooks(&options, messages)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn webhooks(options: &Options, messages: u64) -> Result<bool> {
    let directory = tempfile::tempdir().context("no temporary directory")?;
    let plan = Plan::new(messages, options.seed);
    let tally = deliveries(&Target::new(&options.target), directory.path(), plan)
        .with_context(|| format!("{plan:?}; repeat it with --webhooks {messages} --seed {}", options.seed))?;
    let Tally { plain, doubled, reordered, forged, lost, sent, kills, untold, took } = tally;
    println!("{messages} webhooks about {} products from seed {}, {} s:", plan.products, options.seed, took.as_secs());
    println!("  {plain} as they should be, {doubled} doubled, {reordered} reordered, {forged} forged, {lost} lost");
    println!("  {} accepted, {} refused, {} sent again; {kills} kills", sent.accepted, sent.refused, sent.again);
    println!(
        "  all that was told of was followed; {untold} products changed last without a word, and polling found them"
    );
    println!("  the catalog and the ledger are as with polling alone: 0 lost, 0 doubled");
    Ok(true)
}

fn soak(options: &Options) -> Result<bool> {
    let mut sums = Sums::default();
    for round in 0..options.rounds {
        let seed = options.seed.wrapping_add(u64::from(round));
        let stops = options.stop_every > 0 && (round + 1) % options.stop_every == 0;
        if let Err(error) = one_round(options, seed, stops, &mut sums) {
            println!("seed {seed}: {error:#}");
            println!("  repeat it with --rounds 1 --seed {seed} --orders {}", options.orders);
            sums.failed.push(seed);
        }
        if (round + 1) % 10 == 0 {
            println!("{} rounds, {} kills, {} failed", round + 1, sums.kills, sums.failed.len());
        }
    }
    println!(
        "{} rounds of {} orders from seed {}: {} kills, {} rounds with two processes, {} with one that stood still, {} clocks set; {} rounds lost or doubled something",
        options.rounds,
        options.orders,
        options.seed,
        sums.kills,
        sums.doubled_processes,
        sums.stops,
        sums.clock_jumps,
        sums.failed.len()
    );
    Ok(sums.failed.is_empty())
}

fn one_round(options: &Options, seed: u64, stops: bool, sums: &mut Sums) -> Result<()> {
    let target = Target::new(&options.target);
    let directory = tempfile::tempdir().context("no temporary directory")?;
    let systems = Systems::start(&target, directory.path(), options.orders, seed, &[])?;
    let installation = Installation::write(&target, directory.path(), &systems)?;
    let mut dice = Dice(seed);
    set_clock(options, 0)?;
    for _ in 0..=dice.below(3) {
        let mut processes = vec![start(&installation)?];
        if dice.below(3) == 0 {
            processes.push(start(&installation)?);
            sums.doubled_processes += 1;
        }
        let moment = |dice: &mut Dice| Duration::from_millis(dice.below(u64::from(options.orders) * 8 + 250));
        std::thread::sleep(moment(&mut dice));
        if options.clock.is_some() {
            set_clock(options, i64::try_from(dice.below(2 * JUMP_MS))? - i64::try_from(JUMP_MS)?)?;
            sums.clock_jumps += 1;
        }
        std::thread::sleep(moment(&mut dice));
        for process in &mut processes {
            sums.kills += u32::from(process.try_wait()?.is_none());
            process.kill()?;
            process.wait()?;
        }
    }
    if stops {
        stand_still(&installation, &mut dice, options.orders)?;
        sums.stops += 1;
    }
    let mut agreed = agree(&systems, &installation);
    for late in (1..=LATER_RUNS).take_while(|_| options.clock.is_some()) {
        if agreed.is_ok() {
            break;
        }
        // Later than it ever was, and later each time: what waits for a time that the clock was set back from is due, and a
        // block that seems to be over long since, as the clock is ahead, is waited for by the vendor's own ten minutes.
        // The simulated block goes by the machine's clock, and has to be over, too.
        set_clock(options, i64::try_from(JUMP_MS)? + late * LATER_MS)?;
        std::thread::sleep(BLOCK);
        agreed = agree(&systems, &installation);
    }
    agreed
}

/// Sets the clock of the program so far ahead.
fn set_clock(options: &Options, ahead_ms: i64) -> Result<()> {
    let Some(file) = &options.clock else { return Ok(()) };
    std::fs::write(file, ahead_ms.to_string()).with_context(|| format!("cannot write `{}`", file.display()))
}

fn start(installation: &Installation) -> Result<Child> {
    let mut command = installation.command(&["run"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot start `wharf`")
}

/// Stops a process for longer than its lease, while another does its work; then it goes on, and must notice.
fn stand_still(installation: &Installation, dice: &mut Dice, orders: u32) -> Result<()> {
    let mut process = start(installation)?;
    std::thread::sleep(Duration::from_millis(300 + dice.below(u64::from(orders) * 10)));
    signal(&process, "-STOP")?;
    std::thread::sleep(Duration::from_secs(31));
    let mut other = start(installation)?;
    other.wait()?;
    signal(&process, "-CONT")?;
    process.wait()?;
    Ok(())
}

fn signal(process: &Child, signal: &str) -> Result<()> {
    let status =
        Command::new("kill").args([signal, &process.id().to_string()]).status().context("cannot run `kill`")?;
    anyhow::ensure!(status.success(), "`kill {signal}` ended with {status}");
    Ok(())
}

/// Runs to the end, and compares what wharf says with what the systems hold.
fn agree(systems: &Systems, installation: &Installation) -> Result<()> {
    installation.json(&["run"], &[0, 1])?;
    let figures = figures(systems, installation)?;
    let wrong: Vec<String> = figures
        .iter()
        .filter(|figure| !figure.agrees())
        .map(|figure| {
            format!(
                "{}: {} expected, wharf says {}, the systems {}",
                figure.what, figure.expected, figure.wharf, figure.systems
            )
        })
        .collect();
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}
