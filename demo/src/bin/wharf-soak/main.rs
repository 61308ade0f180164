//! The soak: runs that are killed, doubled or stopped at random moments, counted in the systems afterwards.
//!
//! Everything is real, as in the demo: the program, its connectors, HTTPS over loopback, the ledger's file, and trouble at
//! all three systems. What a seed does it does again.

mod round;

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use clap::Parser;
use wharf_demo::{Plan, Tally, Target, deliveries};

use self::round::{Attacks, Round};

/// Kills runs at random moments; start it with `cargo xtask soak`, which builds what it needs.
#[derive(Parser)]
struct Options {
    /// Rounds at most, each with systems and a ledger of its own
    #[arg(long, default_value_t = 1000)]
    rounds: u32,
    /// No more rounds are begun once so many runs were killed; 0 for all rounds
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// Most runs of a round that are killed
    #[arg(long, default_value = "3")]
    kills_per_round: NonZeroU32,
    /// Rounds at the same time: they mostly wait for blocks and limits of the simulated systems
    #[arg(long, default_value = "1")]
    jobs: NonZeroU32,
    /// Orders of a round
    #[arg(long, default_value_t = 200)]
    orders: u32,
    /// Seed of everything that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Every so many rounds a process stands still past its lease, which takes two minutes; 0 for never
    #[arg(long, default_value_t = 100)]
    stop_every: u32,
    /// Set the clock of the program forward and back at random moments; it has to be built with the feature `trial-clock`
    #[arg(long)]
    clock: bool,
    /// Instead of rounds: so many webhooks, a third of them doubled, reordered, forged or lost, and kills in between
    #[arg(long)]
    webhooks: Option<u64>,
}

/// What the rounds came to.
#[derive(Default)]
struct Sums {
    begun: u32,
    ended: u32,
    attacks: Attacks,
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
    let tally = deliveries(&Target::of_this_program()?, directory.path(), plan)
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
    let target = Target::of_this_program()?;
    let sums = Mutex::new(Sums::default());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.get() {
            scope.spawn(|| rounds(options, &target, &sums));
        }
    });
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Attacks { runs, kills, midway, doubled_processes, clock_jumps, stops } = sums.attacks;
    println!(
        "{} rounds of {} orders from seed {}, all counted in the systems:",
        sums.ended, options.orders, options.seed
    );
    println!("  {kills} of {runs} runs killed, {midway} of them with something written and something left to write");
    println!(
        "  {doubled_processes} times with a second process, {stops} with one that stood still, {clock_jumps} clocks set"
    );
    println!("  {} rounds lost or doubled something", sums.failed.len());
    Ok(sums.failed.is_empty())
}

/// Does one round after the other, until others and this have done enough.
fn rounds(options: &Options, target: &Target, sums: &Mutex<Sums>) {
    let locked = || sums.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || {
        let mut sums = locked();
        let enough = options.kills > 0 && sums.attacks.kills >= options.kills;
        let number = (sums.begun < options.rounds && !enough).then_some(sums.begun)?;
        sums.begun += 1;
        Some(number)
    };
    while let Some(number) = next() {
        let seed = options.seed.wrapping_add(u64::from(number));
        let stands_still = options.stop_every > 0 && (number + 1).is_multiple_of(options.stop_every);
        let round = Round {
            orders: options.orders,
            most_kills: options.kills_per_round.get(),
            stands_still,
            sets_clock: options.clock,
        };
        let mut attacks = Attacks::default();
        let ended = round.play(target, seed, &mut attacks);
        let mut sums = locked();
        sums.attacks.add(&attacks);
        sums.ended += 1;
        if let Err(error) = ended {
            println!("seed {seed}: {error:#}");
            println!("  repeat it with {}", again(options, seed, stands_still));
            sums.failed.push(seed);
        }
        if sums.ended.is_multiple_of(10) {
            println!("{} rounds, {} kills, {} failed", sums.ended, sums.attacks.kills, sums.failed.len());
        }
    }
}

/// Names the options that repeat one round.
fn again(options: &Options, seed: u64, stands_still: bool) -> String {
    let Options { orders, kills_per_round, .. } = options;
    let stop_every = u32::from(stands_still);
    let clock = if options.clock { " --clock" } else { "" };
    format!(
        "--rounds 1 --seed {seed} --orders {orders} --kills-per-round {kills_per_round} --stop-every {stop_every}{clock}"
    )
}
