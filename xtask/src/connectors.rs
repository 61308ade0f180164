//! The table of the connectors in `plugins/README.md`: what each can do by its own word, and which laws it was tried on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{command, components};

const BEGIN: &str = "<!-- written by `cargo xtask connectors` -->\n";
const END: &str = "<!-- until here -->\n";

/// Laws of the contract that the table shows, with what they are about.
const LAWS: [(&str, &str); 5] = [
    ("L4", "resumed at every page boundary"),
    ("L5", "each fault while reading"),
    ("L8", "killed around each request"),
    ("L9", "each answer lost"),
    ("L11", "each fault while writing"),
];

/// Builds all connectors, tries the laws on those that have a scenario, runs their tests, and writes the table.
///
/// # Errors
/// When something does not build, a law is broken, a test fails, or the file cannot be written.
pub(crate) fn write() -> Result<()> {
    components::build()?;
    let tests = command::timed("build the programs and the connectors' tests", tests)?;
    let mut rows = String::new();
    for name in components::connectors()? {
        let programs = tests.get(&name).map(Vec::as_slice).unwrap_or_default();
        rows += &command::timed(&format!("try {name}"), || row(&name, programs))?;
    }
    let path = crate::root().join("plugins/README.md");
    let text = std::fs::read_to_string(&path).context("cannot read `plugins/README.md`")?;
    let table = format!("{BEGIN}{}{rows}{END}", head());
    std::fs::write(&path, replaced(&text, &table)?).context("cannot write `plugins/README.md`")
}

fn head() -> String {
    let laws = LAWS.map(|(_, title)| format!(" {title} |")).concat();
    let rule = "---|".repeat(LAWS.len());
    format!(
        "| connector | feeds | records: read, looked up by | writes | asked about after a lost answer | reference lists |{laws} own tests |\n|---|---|---|---|---|---|{rule}---|\n"
    )
}

/// Puts the table between its marks, or at the end where there are none yet.
fn replaced(text: &str, table: &str) -> Result<String> {
    match (text.split_once(BEGIN), text.split_once(END)) {
        (Some((before, _)), Some((_, after))) => Ok(format!("{before}{table}{after}")),
        (None, None) => Ok(format!("{}\n\n{table}", text.trim_end())),
        _ => bail!("`plugins/README.md` has one mark of the table and not the other; put both back"),
    }
}

fn row(name: &str, tests: &[PathBuf]) -> Result<String> {
    let component = components::directory().join(format!("{name}.wasm"));
    let component = component.to_str().context("the path of a component is not UTF-8")?;
    let inspected = wharf(&["inspect", component, "--json"], &[0])?;
    let facts = facts(&inspected);
    let scenario = crate::root().join("plugins").join(name).join("conformance.toml");
    let laws = laws(component, &scenario)?;
    let passed = tests.iter().map(|program| passed(name, program)).sum::<Result<usize>>()?;
    Ok(format!("| [{name}]({name}) | {facts} | {laws} | {passed} passed |\n"))
}

/// Returns what a connector says of itself, as the cells of a row. The test of the table reads them, too.
fn facts(inspected: &Value) -> String {
    let manifest = &inspected["manifest"];
    let list = |key: &str| manifest[key].as_array().cloned().unwrap_or_default();
    let (feeds, records, writes) = (list("feeds"), list("records"), list("writes"));
    let keys: usize = records.iter().map(|records| records["lookup_keys"].as_array().map_or(0, Vec::len)).sum();
    let actions: usize = writes.iter().map(|write| write["actions"].as_array().map_or(0, Vec::len)).sum();
    let verifiable = writes.iter().filter(|write| write["verifiable"] == true).count();
    format!(
        "{} | {} entities, {keys} keys | {} entities, {actions} actions | {} | {}",
        feeds.len(),
        records.len(),
        writes.len(),
        if verifiable == writes.len() { "all".to_owned() } else { format!("{verifiable} of {}", writes.len()) },
        list("reference_lists").len()
    )
}

/// Tries the laws and returns their cells: cases that were tried; a broken law is an error.
fn laws(component: &str, scenario: &Path) -> Result<String> {
    if !scenario.exists() {
        return Ok(vec!["own tests"; LAWS.len()].join(" | "));
    }
    let scenario = scenario.to_str().context("the path of a scenario is not UTF-8")?;
    let report = wharf(&["verify", component, "--simulator", scenario, "--json"], &[0])?;
    let tried = report["laws"].as_array().context("the report has no laws")?;
    let cell = |law: &str| {
        let found = tried.iter().find(|tried| tried["law"] == law);
        match found.and_then(|found| found["cases"].as_u64()) {
            None | Some(0) => "-".to_owned(),
            Some(cases) => format!("{cases} cases"),
        }
    };
    Ok(LAWS.map(|(law, _)| cell(law)).join(" | "))
}

/// Builds the programs, and the connectors' tests; returns these by connector. Packages of the whole workspace, so that
/// nothing is built with other features than the tests build it with.
fn tests() -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut cargo = command::cargo();
    cargo.args(["build", "--workspace", "--bins", "--test", "connector", "--test", "simulator"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.output().context("cannot start `cargo build`")?;
    if !output.status.success() {
        bail!("`cargo build` ended with {}; its output above says why", output.status);
    }
    let mut programs: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((name, program)) = test_program(&serde_json::from_str(line)?) {
            programs.entry(name).or_default().push(program);
        }
    }
    Ok(programs)
}

/// Returns the connector and the program of a message about a test of a connector.
fn test_program(message: &Value) -> Option<(String, PathBuf)> {
    let package = Path::new(message["manifest_path"].as_str()?).parent()?;
    let program = message["executable"].as_str()?;
    let of_connector = package.parent()? == crate::root().join("plugins");
    (of_connector && message["target"]["kind"][0] == "test")
        .then(|| Some((package.file_name()?.to_str()?.to_owned(), PathBuf::from(program))))
        .flatten()
}

/// Runs a program of tests and returns how many passed.
fn passed(name: &str, program: &Path) -> Result<usize> {
    let mut tests = Command::new(program);
    tests.env("WHARF_COMPONENTS", components::directory()).current_dir(crate::root().join("plugins").join(name));
    let output = tests.stderr(Stdio::inherit()).output().context("cannot start the tests")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("the tests of `{name}` fail:\n{text}");
    }
    Ok(text.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ... ok")).count())
}

fn wharf(arguments: &[&str], good: &[i32]) -> Result<Value> {
    let programs = crate::target().join("debug");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(programs.clone()).chain(std::env::split_paths(&path));
    let mut command = Command::new(programs.join("wharf"));
    command.args(arguments).env("PATH", std::env::join_paths(paths)?).stderr(Stdio::inherit());
    let output = command.output().context("cannot start `wharf`")?;
    if !output.status.code().is_some_and(|code| good.contains(&code)) {
        bail!(
            "`wharf {}` ended with {:?}:\n{}",
            arguments.join(" "),
            output.status.code(),
            String::from_utf8_lossy(&output.stdout)
        );
    }
    serde_json::from_slice(&output.stdout).context("`wharf --json` did not print JSON")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::{BEGIN, END, components, facts, replaced, wharf};

    /// Needs the components and the program, as the other tests of the whole program do.
    #[test]
    fn table_says_of_every_connector_what_it_says_of_itself() -> anyhow::Result<()> {
        let text = std::fs::read_to_string(crate::root().join("plugins/README.md"))?;
        let (_, table) = text.split_once(BEGIN).context("there is no table; run `cargo xtask connectors`")?;
        let rows: Vec<&str> = table.lines().take_while(|line| !END.starts_with(line)).skip(2).collect();
        let names = components::connectors()?;
        assert_eq!(rows.len(), names.len(), "a row for each connector; run `cargo xtask connectors`");
        for (name, row) in names.iter().zip(rows) {
            let component = components::directory().join(format!("{name}.wasm"));
            let component = component.to_str().context("the path of a component is not UTF-8")?;
            let facts = facts(&wharf(&["inspect", component, "--json"], &[0])?);
            let expected = format!("| [{name}]({name}) | {facts} |");
            assert!(row.starts_with(&expected), "run `cargo xtask connectors`:\n{row}\n{expected}");
        }
        Ok(())
    }

    #[test]
    fn table_replaces_the_one_before_it_and_nothing_else() -> anyhow::Result<()> {
        let table = format!("{BEGIN}new\n{END}");
        let first = replaced("# Connectors\n", &table)?;
        assert_eq!(first, format!("# Connectors\n\n{table}"));
        let again = replaced(&format!("a\n{BEGIN}old\n{END}b\n"), &table)?;
        assert_eq!(again, format!("a\n{table}b\n"));
        assert!(replaced(&format!("a\n{BEGIN}old\n"), &table).is_err());
        Ok(())
    }
}
