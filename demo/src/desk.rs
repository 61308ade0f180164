//! Smartspace, which asks who is calling: customers of three systems, looked up and changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use base64::Engine;
use serde_json::Value;

use crate::installation::{DESK_CLIENT, DESK_PASSWORD, DESK_SECRET, DESK_USERNAME};
use crate::{Daemon, Installation, Systems, Target, Template};

/// The template `smartspace-customers`, serving.
pub struct Desk {
    caller: PathBuf,
    daemon: Daemon,
}

/// How Smartspace signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// By user and password, as the template has it.
    Basic,
    /// By an access token, for which the connection needs the credential `caller-client`.
    Client,
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
    /// Makes the installation from its template, and lets the program serve.
    ///
    /// # Errors
    /// When it cannot be made, or does not start.
    pub fn open(target: &Target, directory: &Path, systems: &Systems) -> Result<Self> {
        Self::open_changed(target, directory, systems, |file| file)
    }

    /// Does the same after `change` has been at the installation file, as an operator would.
    ///
    /// # Errors
    /// When it cannot be made, or does not start.
    pub fn open_changed(
        target: &Target,
        directory: &Path,
        systems: &Systems,
        change: impl FnOnce(String) -> String,
    ) -> Result<Self> {
        let installation = Installation::from_template(target, directory, systems, &template(systems)?)?;
        let file = std::fs::read_to_string(installation.file())?;
        std::fs::write(installation.file(), change(file))?;
        Ok(Self { caller: target.program("wharf-smartspace"), daemon: Daemon::start(&installation)? })
    }

    /// Returns the address of the API.
    pub fn url(&self) -> String {
        format!("http://{}/serve/desk", self.daemon.address())
    }

    /// Asks once, as an agent with user and password; returns status, body and how long it took.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn ask(&self, path: &str) -> Result<(u16, String, Duration)> {
        let begun = Instant::now();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let signed =
            format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{DESK_USERNAME}:{DESK_PASSWORD}")));
        let mut answer = agent.get(format!("{}{path}", self.url())).header("authorization", signed).call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?, begun.elapsed()))
    }

    /// Has Smartspace look a customer up by these keys (`email=ana@ex.com`), check every answer, and change and change back
    /// a field of it where one is named (`telefone=83900000000`).
    ///
    /// # Errors
    /// When Smartspace cannot be started.
    pub fn inspect(&self, sign_in: SignIn, keys: &[String], edit: Option<&str>) -> Result<Inspection> {
        let mut command = Command::new(&self.caller);
        command.arg(self.url()).args(["--mandatory", "nome"]).stderr(Stdio::inherit());
        match sign_in {
            SignIn::Basic => command.args(["--user", DESK_USERNAME, "--password", DESK_PASSWORD]),
            SignIn::Client => command.args(["--oauth2", "--user", DESK_CLIENT, "--password", DESK_SECRET]),
        };
        command.args(keys.iter().flat_map(|key| ["--key", key]));
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

/// Returns the template with the simulated systems filled in.
fn template(systems: &Systems) -> Result<Template> {
    let text = |pointer: &str| systems.text(pointer).map(str::to_owned);
    let fast = || "60000".to_owned();
    Ok(Template {
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
    })
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
