//! Plays Smartspace against a served API and prints a report.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use wharf_simulators::smartspace::{Caller, Probe, Settings, SignIn};

/// Calls a company's API as Smartspace does, checks every answer, and prints a report in JSON.
///
/// Ends with 1 when something is wrong, not counting warnings.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address of the API, e.g. `https://localhost:8080/serve/desk`
    url: String,
    /// User, or client id with `--oauth2`
    #[arg(long)]
    user: String,
    /// Password, or client secret with `--oauth2`
    #[arg(long)]
    password: String,
    /// Fetch access tokens instead of sending user and password
    #[arg(long)]
    oauth2: bool,
    /// A customer's key, `cpf=00000000191`; several are of the same customer
    #[arg(long = "key", value_parser = pair)]
    keys: Vec<(String, String)>,
    /// A field to change and to change back, `email=other@example.com`
    #[arg(long = "edit", value_parser = pair)]
    edits: Vec<(String, String)>,
    /// Name that every customer has to have; `nome` and `cpf` unless given
    #[arg(long = "mandatory")]
    mandatory: Vec<String>,
    /// File of a private root to trust, in PEM
    #[arg(long)]
    root: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`; write NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    fn settings(&self) -> anyhow::Result<Settings> {
        let sign_in = if self.oauth2 { SignIn::client } else { SignIn::basic };
        let mut settings = Settings::new(&self.url, sign_in(&self.user, &self.password));
        if !self.mandatory.is_empty() {
            settings.mandatory.clone_from(&self.mandatory);
        }
        if let Some(path) = &self.root {
            let pem = std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
            settings.root_pem = Some(pem);
        }
        Ok(settings)
    }

    fn probe(&self) -> Option<Probe> {
        let ((key, value), others) = self.keys.split_first()?;
        let probe = others.iter().fold(Probe::new(key, value), |probe, (key, value)| probe.key(key, value));
        Some(self.edits.iter().fold(probe, |probe, (field, value)| probe.edit(field, value)))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let caller = Caller::new(arguments.settings()?)?;
    let report = caller.inspect(arguments.probe().as_slice()).await;
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(if report.errors().next().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
