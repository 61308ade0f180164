//! `wharf serve` in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::Installation;

/// The program at work until it is stopped. Killed when it is dropped.
pub struct Daemon {
    process: Child,
    address: String,
}

impl Daemon {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it does not start, or does not listen.
    pub fn start(installation: &Installation) -> Result<Self> {
        let mut command = installation.command(&["serve", "--json"]);
        let mut process = command.stdout(Stdio::piped()).spawn().context("cannot start `wharf`")?;
        let output = process.stdout.take().context("`wharf serve` has no output")?;
        let mut daemon = Self { process, address: String::new() };
        let mut lines = BufReader::new(output).lines();
        for line in lines.by_ref() {
            let event: Value = serde_json::from_str(&line?).context("`wharf serve --json` did not print JSON")?;
            if event["event"] == "listening" {
                daemon.address = event["address"].as_str().context("it listens nowhere")?.to_owned();
                // Nobody reads on, and a full pipe would stop it.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(daemon);
            }
        }
        bail!("`wharf serve` ended before it listened")
    }

    /// Returns where it listens, with port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Tells it to end, and waits until it has.
    ///
    /// # Errors
    /// When it ends with another code than 0.
    pub fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        told.context("cannot tell `wharf serve` to end")?;
        let ended = self.process.wait()?;
        if !ended.success() {
            bail!("`wharf serve` ended with {:?} instead of 0", ended.code());
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
