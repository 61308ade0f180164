//! The simulated systems, in a process of their own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Target;

/// The running simulators. They stop when this is dropped.
pub struct Systems {
    process: Child,
    /// Addresses, credentials and expected figures, as they announce them.
    announcement: Value,
}

impl Systems {
    /// Starts the simulators with so many orders and waits for their announcement; `directory` gets their root
    /// certificate. More `arguments` are those of `wharf-simulators`.
    ///
    /// # Errors
    /// When they do not start.
    pub fn start(target: &Target, directory: &Path, orders: u32, seed: u64, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(target.program("wharf-simulators"));
        command.arg("--dir").arg(directory).args(["--orders", &orders.to_string(), "--seed", &seed.to_string()]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("cannot start `wharf-simulators`; build it first")?;
        let output = process.stdout.take().context("the simulators have no output")?;
        let mut systems = Self { process, announcement: Value::Null };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("the simulators announced nothing")?;
        systems.announcement = serde_json::from_str(&line).context("the simulators' announcement is not JSON")?;
        Ok(systems)
    }

    /// Returns a text of the announcement by its JSON pointer.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, pointer: &str) -> Result<&str> {
        let value = self.announcement.pointer(pointer).and_then(Value::as_str);
        value.with_context(|| format!("the simulators do not announce the text `{pointer}`"))
    }

    /// Returns a number of the announcement by its JSON pointer.
    ///
    /// # Errors
    /// When there is none.
    pub fn number(&self, pointer: &str) -> Result<u64> {
        let value = self.announcement.pointer(pointer).and_then(Value::as_u64);
        value.with_context(|| format!("the simulators do not announce the number `{pointer}`"))
    }

    /// Asks a system for its own `counts`, `documents` or `log`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask(&self, system: &str, what: &str) -> Result<Value> {
        let url = format!("{}/_sim/{system}/{what}", self.text("/admin")?);
        let mut response = ureq::get(&url).call().with_context(|| format!("cannot ask `{url}`"))?;
        let body = response.body_mut().with_config().limit(1 << 30);
        body.read_json().with_context(|| format!("`{url}` is not JSON"))
    }
}

impl Systems {
    /// Adds a fault to a system's table.
    ///
    /// # Errors
    /// When there is no such fault.
    pub fn fault(&self, system: &str, fault: &Value) -> Result<()> {
        let url = format!("{}/_sim/{system}/faults", self.text("/admin")?);
        ureq::post(&url).send_json(fault).with_context(|| format!("`{url}` refuses {fault}"))?;
        Ok(())
    }

    /// Has a person do something in a system; returns what came of it.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn command(&self, system: &str, command: &Value) -> Result<Value> {
        let url = format!("{}/_sim/{system}/command", self.text("/admin")?);
        let mut response = ureq::post(&url).send_json(command).with_context(|| format!("`{url}` refuses {command}"))?;
        response.body_mut().read_json().with_context(|| format!("`{url}` does not answer with JSON"))
    }
}

impl Drop for Systems {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
