//! The soak: runs that are killed, doubled or stopped at random moments, counted in the systems afterwards.
//!
//! Everything is real, as in the demo: the program, its connectors, HTTPS over loopback, the ledger's file, and trouble at
//! all three systems. What a seed does it does again.

use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use wharf_demo::{Installation, Systems, Target, figures};

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
}

/// What the rounds came to.
#[derive(Default)]
struct Sums {
    kills: u32,
    doubled_processes: u32,
    stops: u32,
    failed: Vec<u64>,
}

/// Random numbers that a seed repeats (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

fn main() -> ExitCode {
    match soak(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
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
        "{} rounds of {} orders from seed {}: {} kills, {} rounds with two processes, {} with one that stood still; {} rounds lost or doubled something",
        options.rounds,
        options.orders,
        options.seed,
        sums.kills,
        sums.doubled_processes,
        sums.stops,
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
    for _ in 0..=dice.below(3) {
        let mut processes = vec![start(&installation)?];
        if dice.below(3) == 0 {
            processes.push(start(&installation)?);
            sums.doubled_processes += 1;
        }
        std::thread::sleep(Duration::from_millis(dice.below(u64::from(options.orders) * 15 + 500)));
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
    agree(&systems, &installation)
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
