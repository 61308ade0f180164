//! Every test of the workspace.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{command, components, soak};

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Arguments for `cargo test`, such as a package or a test's name
    #[arg(trailing_var_arg = true)]
    cargo: Vec<String>,
}

/// Sums over the test programs.
#[derive(Default, Debug, PartialEq, Eq)]
struct Sums {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Sums {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 0 ignored; ...`; other lines add nothing.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let Some((_, counts)) = rest.split_once(". ") else { return };
        for part in counts.split("; ") {
            match part.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.ignored += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// Builds the components, then builds and runs the tests of every package, documentation examples included.
///
/// # Errors
/// When something does not build, a test fails, or no test ran.
pub(crate) fn run(options: &Options) -> Result<()> {
    components::build()?;
    if !options.cargo.is_empty() {
        // Tests of the whole workspace build them on their way, with the features of the whole workspace.
        let programs = ["build", "--package", "wharf-cli", "--package", "wharf-simulators"];
        command::step("build the programs under test", command::cargo().args(programs))?;
    }
    let sums = cargo_test(options)?;
    if options.cargo.is_empty() {
        // Apart from all else, because the feature makes the runner break its promises.
        // The whole workspace again, so that nothing below it is built with other features than before.
        let mutations = ["test", "--workspace", "--features", "wharf-conformance/mutation", "--test", "mutations"];
        let mut mutations_test = command::cargo();
        mutations_test.args(mutations).env("WHARF_COMPONENTS", components::directory());
        command::step("break each promise, and see its law fail", &mut mutations_test)?;
        command::step("build the programs of the soak", command::cargo().args(["build", "--workspace", "--bins"]))?;
        soak::short()?;
    }
    println!("{} passed, {} failed, {} skipped", sums.passed, sums.failed, sums.ignored);
    match sums {
        Sums { passed: 0, failed: 0, .. } => bail!("no test ran; check the arguments"),
        Sums { failed: 0, .. } => Ok(()),
        Sums { failed, .. } => bail!("{failed} tests failed; their output is above"),
    }
}

fn cargo_test(options: &Options) -> Result<Sums> {
    let mut cargo = command::cargo();
    cargo.args(["test", "--no-fail-fast"]).env("WHARF_COMPONENTS", components::directory());
    if options.cargo.is_empty() {
        cargo.arg("--workspace");
    }
    let mut child = cargo.args(&options.cargo).stdout(Stdio::piped()).spawn().context("cannot start `cargo test`")?;
    let output = child.stdout.take().context("`cargo test` has no output to read")?;
    let mut sums = Sums::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read the output of `cargo test`")?;
        println!("{line}");
        sums.add(&line);
    }
    let status = child.wait().context("cannot wait for `cargo test`")?;
    if !status.success() && sums.failed == 0 {
        bail!("`cargo test` ended with {status}; its output above says why");
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::Sums;

    #[test]
    fn result_lines_are_summed_and_others_are_not() {
        let mut sums = Sums::default();
        sums.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        sums.add("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        sums.add("test some_name ... ok");
        assert_eq!(sums, Sums { passed: 4, failed: 2, ignored: 1 });
    }
}
