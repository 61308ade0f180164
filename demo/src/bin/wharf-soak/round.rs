//! One round: systems and a ledger of its own, runs that do not come to their end, and one that does.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use wharf_demo::{Dice, Installation, Systems, Target, figures};

/// Names to the program the file that says how far off its clock is.
const CLOCK_VARIABLE: &str = "WHARF_TRIAL_CLOCK";

/// Longest that the clock is set forward or back, in milliseconds: two hours.
const JUMP_MS: u64 = 2 * 3_600_000;

/// Runs after the last kill while clocks are set, each so many milliseconds after the one before: eleven minutes.
const LATER_RUNS: i64 = 12;
const LATER_MS: i64 = 11 * 60_000;

/// Longer than a simulated block of the shop's token, with what calls add to it.
const BLOCK: Duration = Duration::from_secs(15);

/// Requests that an order takes on its way at both flows: kills are spread over them, and not over time, so that a slow machine
/// does not kill its runs before they begin.
const REQUESTS: u64 = 15;

/// Longest that requests are waited for, and from the one that was waited for to what comes next, in milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);
const AFTER_MS: u64 = 40;

/// What is done to the runs of a round.
pub(crate) struct Round {
    /// Orders in the shop.
    pub(crate) orders: u32,
    /// Most runs that are killed; the seed says how many of them, at least one.
    pub(crate) most_kills: u32,
    /// Whether a process stands still past its lease.
    pub(crate) stands_still: bool,
    /// Whether the program's clock is set forward and back.
    pub(crate) sets_clock: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Attacks {
    /// Processes that were started to be killed.
    pub(crate) runs: u32,
    /// Processes that were killed before they came to their end.
    pub(crate) kills: u32,
    /// Of those, the ones that were killed after the first document was written and before the last.
    pub(crate) midway: u32,
    /// Runs beside which a second process ran on the same ledger.
    pub(crate) doubled_processes: u32,
    /// Settings of the clock.
    pub(crate) clock_jumps: u32,
    /// Processes that stood still past their lease.
    pub(crate) stops: u32,
}

impl Attacks {
    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.kills += other.kills;
        self.midway += other.midway;
        self.doubled_processes += other.doubled_processes;
        self.clock_jumps += other.clock_jumps;
        self.stops += other.stops;
    }
}

impl Round {
    /// Plays the round of a seed, and compares in the end what wharf says with what the systems hold.
    ///
    /// # Errors
    /// When something was lost or doubled, or does not start.
    pub(crate) fn play(&self, target: &Target, seed: u64, attacks: &mut Attacks) -> Result<()> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let systems = Systems::start(target, directory.path(), self.orders, seed, &[])?;
        let mut installation = Installation::write(target, directory.path(), &systems)?;
        let clock = self.sets_clock.then(|| directory.path().join("clock"));
        if let Some(clock) = &clock {
            installation = installation.with_variable(CLOCK_VARIABLE, clock.display().to_string());
        }
        let stage = Stage { systems, installation, orders: self.orders };
        let ended = self.attack(&stage, clock.as_deref(), &mut Dice(seed), attacks);
        if ended.is_err() {
            // What the ledger says of a lost document is the only trace of it.
            eprintln!("the ledger of seed {seed} is kept in `{}`", directory.keep().display());
        }
        ended
    }

    fn attack(&self, stage: &Stage, clock: Option<&Path>, dice: &mut Dice, attacks: &mut Attacks) -> Result<()> {
        set_clock(clock, 0)?;
        let kills = 1 + dice.below(u64::from(self.most_kills));
        for _ in 0..kills {
            self.kill_one(stage, clock, kills, dice, attacks)?;
        }
        if self.stands_still {
            stage.stand_still(dice)?;
            attacks.stops += 1;
        }
        match clock {
            None => stage.agree(),
            Some(clock) => stage.agree_later(clock),
        }
    }

    /// Starts a run, sometimes two, and kills it at a random moment.
    fn kill_one(
        &self,
        stage: &Stage,
        clock: Option<&Path>,
        kills: u64,
        dice: &mut Dice,
        attacks: &mut Attacks,
    ) -> Result<()> {
        let mut processes = vec![stage.start()?];
        if dice.below(3) == 0 {
            processes.push(stage.start()?);
            attacks.doubled_processes += 1;
        }
        // Half of a moment, twice: on the average the runs of a round get through all of its orders together.
        let half = (u64::from(self.orders) * REQUESTS / kills).max(2);
        stage.wait(&mut processes, dice, half)?;
        // Every second time only: a run ends by itself when the clock was set back, as nothing is due any more.
        if clock.is_some() && dice.below(2) == 0 {
            set_clock(clock, i64::try_from(dice.below(2 * JUMP_MS))? - i64::try_from(JUMP_MS)?)?;
            attacks.clock_jumps += 1;
        }
        stage.wait(&mut processes, dice, half)?;
        let mut killed = 0;
        for process in &mut processes {
            attacks.runs += 1;
            killed += u32::from(process.try_wait()?.is_none());
            process.kill()?;
            process.wait()?;
        }
        attacks.kills += killed;
        attacks.midway += if stage.is_midway()? { killed } else { 0 };
        Ok(())
    }
}

/// Sets the clock of the program so far ahead.
fn set_clock(file: Option<&Path>, ahead_ms: i64) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, ahead_ms.to_string()).with_context(|| format!("cannot write `{}`", file.display()))
}

/// The systems, and the program between them.
struct Stage {
    systems: Systems,
    installation: Installation,
    orders: u32,
}

impl Stage {
    fn start(&self) -> Result<Child> {
        let mut command = self.installation.command(&["run"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot start `wharf`")
    }

    /// Waits until a random number of requests below this arrived, and then for a random moment. Processes may end before.
    fn wait(&self, processes: &mut [Child], dice: &mut Dice, below: u64) -> Result<()> {
        let (more, after) = (dice.below(below), Duration::from_millis(dice.below(AFTER_MS)));
        let (wanted, end) = (self.requests()? + more, Instant::now() + PATIENCE);
        while self.requests()? < wanted && Instant::now() < end && is_any_running(processes)? {
            std::thread::sleep(Duration::from_millis(3));
        }
        std::thread::sleep(after);
        Ok(())
    }

    /// Counts the requests that arrived at all systems.
    fn requests(&self) -> Result<u64> {
        ["baselinker", "flowii", "erpconnector"].iter().try_fold(0, |sum, system| {
            let counts = self.systems.ask(system, "counts")?;
            Ok(sum + counts.pointer("/requests/total").and_then(serde_json::Value::as_u64).unwrap_or(0))
        })
    }

    /// Tells whether some of the documents were written, and some were not.
    fn is_midway(&self) -> Result<bool> {
        let created = |system, pointer: &str| {
            let counts = self.systems.ask(system, "counts")?;
            anyhow::Ok(counts.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap_or(0))
        };
        let written = created("flowii", "/state/records/orders/created")?
            + created("erpconnector", "/state/records/CustomerInvoice/created")?;
        Ok(written > 0 && written < 2 * self.systems.number("/expected/done")?)
    }

    /// Stops a process for longer than its lease, while another does its work; then it goes on, and must notice.
    fn stand_still(&self, dice: &mut Dice) -> Result<()> {
        let mut process = self.start()?;
        std::thread::sleep(Duration::from_millis(300 + dice.below(u64::from(self.orders) * 10)));
        signal(&process, "-STOP")?;
        std::thread::sleep(Duration::from_secs(31));
        let mut other = self.start()?;
        other.wait()?;
        signal(&process, "-CONT")?;
        process.wait()?;
        Ok(())
    }

    /// Runs to the end, and compares what wharf says with what the systems hold.
    fn agree(&self) -> Result<()> {
        self.installation.json(&["run"], &[0, 1])?;
        let figures = figures(&self.systems, &self.installation)?;
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

    /// The same after the clock was set: later than it ever was, and later each time. What waits for a time that the clock
    /// was set back from is due, and a block that seems to be over long since, as the clock is ahead, is waited for by the
    /// vendor's own ten minutes. The simulated block goes by the machine's clock, and has to be over, too.
    fn agree_later(&self, clock: &Path) -> Result<()> {
        let mut agreed = self.agree();
        for late in 1..=LATER_RUNS {
            if agreed.is_ok() {
                break;
            }
            set_clock(Some(clock), i64::try_from(JUMP_MS)? + late * LATER_MS)?;
            std::thread::sleep(BLOCK);
            agreed = self.agree();
        }
        agreed
    }
}

fn is_any_running(processes: &mut [Child]) -> Result<bool> {
    for process in processes {
        if process.try_wait()?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn signal(process: &Child, signal: &str) -> Result<()> {
    let status =
        Command::new("kill").args([signal, &process.id().to_string()]).status().context("cannot run `kill`")?;
    anyhow::ensure!(status.success(), "`kill {signal}` ended with {status}");
    Ok(())
}
