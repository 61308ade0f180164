//! Records a small run of the demo's installation, to be kept: what it holds is made up, and names no place of this machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::{Value, json};
use wharf_demo::{Installation, Systems, Target};

/// Records a run; start it with `cargo xtask recording`, which builds what it needs.
#[derive(Parser)]
struct Options {
    /// File to write, in the place of an older one
    #[arg(long)]
    file: PathBuf,
    /// Orders in the shop
    #[arg(long)]
    orders: u32,
    /// Seed of the orders and of the trouble on the way
    #[arg(long)]
    seed: u64,
}

fn main() -> ExitCode {
    match record(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn record(options: &Options) -> Result<()> {
    let target = Target::of_this_program()?;
    let directory = tempfile::tempdir().context("no temporary directory")?;
    let systems = Systems::start(&target, directory.path(), options.orders, options.seed, &[])?;
    let installation = Installation::write(&target, directory.path(), &systems)?;
    forget_the_cache(installation.file())?;
    let file = directory.path().join("run.wharf");
    let name = file.to_str().context("the temporary directory is not UTF-8")?;
    installation.json(&["run", "--record", name], &[0, 1])?;
    let text = without_places(&std::fs::read_to_string(&file)?)?;
    let here = directory.path().to_str().context("the temporary directory is not UTF-8")?;
    ensure!(!text.contains(here), "the recording names `{here}`; take it out before it is kept");
    std::fs::write(&options.file, text).with_context(|| format!("cannot write `{}`", options.file.display()))?;
    let kept = options.file.to_str().context("the file's name is not UTF-8")?;
    installation.json(&["replay", kept, "--connectors", &format!("{here}/connectors")], &[0])?;
    Ok(())
}

/// Takes the directory of compiled connectors out of the installation, which is in the recording.
fn forget_the_cache(file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let lines = text.lines().filter(|line| !line.starts_with("cache = "));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))
}

/// Names the directory of the connectors as the installation does.
fn without_places(text: &str) -> Result<String> {
    let (first, rest) = text.split_once('\n').context("the recording has one line")?;
    let mut head: Value = serde_json::from_str(first).context("the recording's first line is not JSON")?;
    head["recording"]["about"]["connectors"] = json!("connectors");
    Ok(format!("{head}\n{rest}"))
}
