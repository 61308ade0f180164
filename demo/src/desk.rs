//! Smartspace, which asks who is calling: customers of three systems, looked up and changed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::installation::{DESK_PASSWORD, DESK_USERNAME};
use crate::{Daemon, Installation, Systems, Target, Template};

/// The template `smartspace-customers`, serving.
pub struct Desk {
    caller: std::path::PathBuf,
    daemon: Daemon,
}

/// What Smartspace has to say of an API that it called.
#[derive(Debug)]
pub struct Inspection {
    /// Requests that it sent.
    pub requests: u64,
    /// The longest wait for an answer, in milliseconds.
    pub slowest_ms: u64,
    /// What it cannot read or did not agree to, warnings left out.
    pub errors: Vec<String>,
}

impl Desk {
    /// Makes the installation from its template and lets the program serve.
    ///
    /// # Errors
    /// When it cannot be made, or does not start.
    pub fn open(target: &Target, directory: &Path, systems: &Systems) -> Result<Self> {
        let text = |pointer: &str| systems.text(pointer).map(str::to_owned);
        let fast = || "60000".to_owned();
        let template = Template {
            name: "smartspace-customers",
            connectors: &["smartspace", "flowii", "erpconnector", "operand"],
            values: vec![
                ("listen", "127.0.0.1:0".to_owned()),
                ("flowiiUrl", text("/flowii")?),
                ("flowiiCompany", text("/companies/flowii")?),
                ("flowiiCallsPerMinute", fast()),
                ("erpUrl", text("/erpconnector")?),
                ("erpCallsPerMinute", fast()),
                ("operandUrl", text("/operand")?),
                ("operandCallsPerMinute", fast()),
            ],
        };
        let installation = Installation::from_template(target, directory, systems, &template)?;
        Ok(Self { caller: target.program("wharf-smartspace"), daemon: Daemon::start(&installation)? })
    }

    /// Has Smartspace look a customer up by e-mail address, check every answer, and change and change back a field of it
    /// where one is named (`telefone=5583900000000`).
    ///
    /// # Errors
    /// When Smartspace cannot be started.
    pub fn inspect(&self, email: &str, edit: Option<&str>) -> Result<Inspection> {
        let mut command = Command::new(&self.caller);
        command.arg(format!("http://{}/serve/desk", self.daemon.address()));
        command.args(["--user", DESK_USERNAME, "--password", DESK_PASSWORD, "--mandatory", "nome"]);
        command.args(["--key", &format!("email={email}")]).stderr(Stdio::inherit());
        command.args(edit.into_iter().flat_map(|edit| ["--edit", edit]));
        let output = command.output().context("cannot start `wharf-smartspace`; build it first")?;
        let report: Value = serde_json::from_slice(&output.stdout).context("Smartspace did not print a report")?;
        let number = |name: &str| report[name].as_u64().with_context(|| format!("its report has no `{name}`"));
        let violations = report["violations"].as_array().cloned().unwrap_or_default();
        let errors = violations.iter().filter(|violation| violation["severity"] == "error");
        Ok(Inspection {
            requests: number("requests")?,
            slowest_ms: number("slowest_ms")?,
            errors: errors.map(ToString::to_string).collect(),
        })
    }

    /// Ends serving.
    ///
    /// # Errors
    /// When it does not end as it has to.
    pub fn close(self) -> Result<()> {
        self.daemon.stop()
    }
}

/// Returns the e-mail address of a partner that FLOWii got from a flow.
///
/// # Errors
/// When it has none.
pub fn partner_of_crm(systems: &Systems) -> Result<String> {
    let documents = systems.ask("flowii", "documents")?;
    let partners = documents.as_array().into_iter().flatten().filter(|document| document["table"] == "partners");
    let texts = partners.flat_map(|partner| partner["texts"].as_array().cloned().unwrap_or_default());
    let email = texts.filter_map(|text| text.as_str().map(str::to_owned)).find(|text| is_address(text));
    email.context("no partner of FLOWii has an e-mail address")
}

fn is_address(text: &str) -> bool {
    text.contains('@') && !text.contains(char::is_whitespace)
}
