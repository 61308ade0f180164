//! The demo's installation on disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Systems, Target};

const TEMPLATE: &str = include_str!("installation.toml");

/// The simulated systems.
const SYSTEMS: [&str; 5] = ["baselinker", "flowii", "erpconnector", "optimakers", "operand"];

/// Token of the webhooks from Optimakers, as somebody made it up for both sides.
pub const WEBHOOK_TOKEN: &str = "d3mo-w3bhook-t0ken-0f-0ptimakers";

/// What Smartspace signs in with, as somebody made it up for both sides.
pub(crate) const DESK_USERNAME: &str = "smartspace";
pub(crate) const DESK_PASSWORD: &str = "d3mo-p4ssword-0f-the-desk";
pub(crate) const DESK_CLIENT: &str = "smartspace-client";
pub(crate) const DESK_SECRET: &str = "d3mo-s3cret-0f-the-desk";

/// A template of the program, and what is filled in.
pub struct Template {
    /// Name.
    pub name: &'static str,
    /// Connectors that it connects.
    pub connectors: &'static [&'static str],
    /// Values of its parameters.
    pub values: Vec<(&'static str, String)>,
}

/// A directory with the installation file, the connectors and, later, the ledger.
pub struct Installation {
    program: PathBuf,
    file: PathBuf,
    /// Of its environment: the secrets, mostly.
    variables: Vec<(&'static str, String)>,
}

impl Installation {
    /// Writes the file and the connectors, and removes the ledger of an earlier run.
    ///
    /// # Errors
    /// When a file cannot be written, or a connector was not built.
    pub fn write(target: &Target, directory: &Path, systems: &Systems) -> Result<Self> {
        for old in ["wharf.sqlite", "wharf.sqlite-wal", "wharf.sqlite-shm"] {
            remove(&directory.join(old))?;
        }
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        let file = directory.join("wharf.toml");
        std::fs::write(&file, filled(target, systems)?)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        let installation = Self { program: target.program("wharf"), file, variables: secrets(systems)? };
        for name in ["baselinker.wasm", "flowii.wasm", "erpconnector.wasm"] {
            installation.install(&target.component(name))?;
        }
        Ok(installation)
    }

    /// Has the program write a file from one of its templates with these values, opens the way to the simulated systems in
    /// it, and approves these connectors. The ledger and the file of an earlier run are removed.
    ///
    /// # Errors
    /// When the template cannot be filled in, a file cannot be written, or a connector was not built.
    pub fn from_template(target: &Target, directory: &Path, systems: &Systems, template: &Template) -> Result<Self> {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        for old in ["wharf.toml", "wharf.sqlite", "wharf.sqlite-wal", "wharf.sqlite-shm"] {
            remove(&directory.join(old))?;
        }
        let file = directory.join("wharf.toml");
        let installation = Self { program: target.program("wharf"), file, variables: secrets(systems)? };
        let values = template.values.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]);
        let arguments: Vec<String> =
            ["init", "--template", template.name].into_iter().map(str::to_owned).chain(values).collect();
        installation.json(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[0])?;
        installation.open_the_way(target, systems)?;
        std::fs::create_dir_all(directory.join("connectors"))?;
        for name in template.connectors {
            installation.install(&target.component(&format!("{name}.wasm")))?;
        }
        Ok(installation)
    }

    /// Adds what only simulated systems need: their private root, and that they are on this machine.
    fn open_the_way(&self, target: &Target, systems: &Systems) -> Result<()> {
        let root = std::path::absolute(systems.text("/root_pem")?)?;
        let cache = std::path::absolute(target.demo().join("cache"))?;
        let here = format!("[wharf]\nroot_certificates = \"{}\"\ncache = \"{}\"", root.display(), cache.display());
        let mut text = std::fs::read_to_string(&self.file)?.replacen("[wharf]", &here, 1);
        for system in SYSTEMS {
            let origin = systems.text(&format!("/{system}"))?;
            let granted = format!("grant.origins = [\"{origin}\"]");
            let address = format!("grant.private_addresses = [\"127.0.0.1:{}\"]", port(origin)?);
            text = text.replace(&granted, &format!("{granted}\n{address}"));
        }
        // The simulated block of a token is over within seconds.
        let shop = format!("base_url = \"{}\"", systems.text("/baselinker")?);
        text = text.replace(&shop, &format!("{shop}\nshortest_block_seconds = 1"));
        std::fs::write(&self.file, text).with_context(|| format!("cannot write `{}`", self.file.display()))
    }

    /// Has every flow look for itself twice a day only, so that what arrives meanwhile was told by a webhook.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn poll_seldom(&self) -> Result<()> {
        let text = std::fs::read_to_string(&self.file)?;
        let seldom = |line: &str| match line.starts_with("every = ") {
            true => "every = \"12h\"\n".to_owned(),
            false => format!("{line}\n"),
        };
        let text: String = text.lines().map(seldom).collect();
        std::fs::write(&self.file, text).with_context(|| format!("cannot write `{}`", self.file.display()))
    }

    /// Approves a connector with everything that it asks for.
    fn install(&self, component: &Path) -> Result<()> {
        let component = component.to_str().context("the path of a component is not UTF-8")?;
        self.json(&["install", component, "--approve", "--downgrade", "--by", "demo"], &[0])
            .with_context(|| format!("cannot install `{component}`; run `cargo xtask components`"))?;
        Ok(())
    }

    /// Adds a variable to the environment of the program.
    #[must_use]
    pub fn with_variable(mut self, name: &'static str, value: String) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Returns the path of the installation file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the path of the ledger.
    pub fn ledger(&self) -> PathBuf {
        self.file.with_file_name("wharf.sqlite")
    }

    /// Makes the command that runs the program on this installation, with the secrets in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.arg("--file").arg(&self.file).args(arguments).envs(variables);
        command
    }

    /// Runs the program with its output shown.
    ///
    /// # Errors
    /// When it does not start, or its exit code is not one of `good`.
    pub fn show(&self, arguments: &[&str], good: &[i32]) -> Result<()> {
        let status = self.command(arguments).status().context("cannot start `wharf`")?;
        expect(arguments, status.code(), good)
    }

    /// Runs the program with `--json` and reads what it prints.
    ///
    /// # Errors
    /// When it does not start, its exit code is not one of `good`, or it does not print JSON.
    pub fn json(&self, arguments: &[&str], good: &[i32]) -> Result<Value> {
        let mut command = self.command(arguments);
        let output = command.arg("--json").stderr(Stdio::inherit()).output().context("cannot start `wharf`")?;
        expect(arguments, output.status.code(), good)
            .with_context(|| String::from_utf8_lossy(&output.stdout).into_owned())?;
        serde_json::from_slice(&output.stdout).context("`wharf --json` did not print JSON")
    }
}

fn expect(arguments: &[&str], code: Option<i32>, good: &[i32]) -> Result<()> {
    if code.is_some_and(|code| good.contains(&code)) {
        return Ok(());
    }
    bail!("`wharf {}` ended with {code:?} instead of one of {good:?}", arguments.join(" "))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

fn port(origin: &str) -> Result<&str> {
    origin.rsplit(':').next().context("an address without a port")
}

fn filled(target: &Target, systems: &Systems) -> Result<String> {
    // One for all installations, so that each connector is compiled once.
    let cache = std::path::absolute(target.demo().join("cache"))?;
    let mut text = TEMPLATE.replace("{cache}", &cache.display().to_string());
    for system in ["baselinker", "flowii", "erpconnector"] {
        let origin = systems.text(&format!("/{system}"))?;
        let port = port(origin)?;
        text = text.replace(&format!("{{{system}}}"), origin);
        text = text.replace(&format!("{{{system}_address}}"), &format!("127.0.0.1:{port}"));
    }
    text = text.replace("{flowii_company}", systems.text("/companies/flowii")?);
    for status in ["cancelled", "handed_over"] {
        let id = systems.number(&format!("/statuses/{status}"))?;
        text = text.replace(&format!("{{{status}}}"), &id.to_string());
    }
    Ok(text)
}

fn secrets(systems: &Systems) -> Result<Vec<(&'static str, String)>> {
    let from = [
        ("DEMO_BASELINKER_TOKEN", "/credentials/baselinker/token"),
        ("DEMO_FLOWII_USERNAME", "/credentials/flowii/username"),
        ("DEMO_FLOWII_PASSWORD", "/credentials/flowii/password"),
        ("DEMO_FLOWII_KEY", "/credentials/flowii/api_key"),
        ("DEMO_ERP_LICENCE", "/credentials/erpconnector/licence"),
        ("DEMO_ERP_SECRET", "/credentials/erpconnector/secret"),
        ("BASELINKER_API_KEY", "/credentials/baselinker/token"),
        ("FLOWII_USERNAME", "/credentials/flowii/username"),
        ("FLOWII_PASSWORD", "/credentials/flowii/password"),
        ("FLOWII_API_KEY", "/credentials/flowii/api_key"),
        ("ERP_LICENCE", "/credentials/erpconnector/licence"),
        ("ERP_SECRET", "/credentials/erpconnector/secret"),
        ("OPTIMES_API_KEY", "/credentials/optimakers/api_key"),
        ("OPERAND_TOKEN", "/credentials/operand/token"),
    ];
    let made_up = [
        ("OPTIMES_WEBHOOKTOKEN", WEBHOOK_TOKEN),
        ("SMARTSPACE_USERNAME", DESK_USERNAME),
        ("SMARTSPACE_PASSWORD", DESK_PASSWORD),
        ("SMARTSPACE_CLIENT_ID", DESK_CLIENT),
        ("SMARTSPACE_CLIENT_SECRET", DESK_SECRET),
    ];
    let mut secrets: Vec<_> = made_up.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    for (name, pointer) in from {
        secrets.push((name, systems.text(pointer)?.to_owned()));
    }
    Ok(secrets)
}
