//! The example connectors of other languages: built with the public tools of each, and tried by the laws.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command;

/// The tools, in the versions that were tried.
const JCO: &str = "@bytecodealliance/jco@1.35";
const COMPONENTIZE_PY: &str = "componentize-py==0.25.*";

/// Builds the examples in JavaScript and Python and tries the laws on them. Needs Node with npm, Python with pip, and the
/// registries of both.
///
/// # Errors
/// When a tool is missing or does not build, or a law is broken.
pub(crate) fn run() -> Result<()> {
    let tools = crate::target().join("languages");
    std::fs::create_dir_all(&tools)?;
    let tools = tools.canonicalize()?;
    command::step("build the program", command::cargo().args(["build", "--workspace", "--bin", "wharf"]))?;
    let shops = [("javascript", javascript(&tools)?), ("python", python(&tools)?)];
    for (language, component) in shops {
        let mut verify = Command::new(crate::target().join("debug/wharf"));
        verify.current_dir(sdk(language)).arg("verify").arg(component).args(["--simulator", "conformance.toml"]);
        // What the example prints when it is given damaged answers is no news.
        command::step(&format!("the laws on {language}"), verify.env("WHARF_LOG", "off"))?;
    }
    Ok(())
}

fn sdk(language: &str) -> PathBuf {
    crate::root().join("sdk").join(language)
}

fn javascript(tools: &Path) -> Result<PathBuf> {
    let component = tools.join("shop-js.wasm");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-fund", "--no-audit", "--prefix"]).arg(tools).arg(JCO);
    command::step("install jco", &mut npm)?;
    let mut jco = Command::new(tools.join("node_modules/.bin/jco"));
    jco.current_dir(sdk("javascript")).args([
        "componentize",
        "shop.js",
        "--wit",
        "../../wit",
        "--world-name",
        "reader",
    ]);
    jco.args(["--backend", "qjs", "--backend-qjs-disable-async", "--backend-qjs-stub-wasi", "-o"]).arg(&component);
    command::step("build the connector in JavaScript", &mut jco)?;
    Ok(component)
}

fn python(tools: &Path) -> Result<PathBuf> {
    let (component, packages) = (tools.join("shop-py.wasm"), tools.join("python"));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(&packages).arg(COMPONENTIZE_PY);
    command::step("install componentize-py", &mut pip)?;
    let mut componentize = Command::new(packages.join("bin/componentize-py"));
    componentize.current_dir(sdk("python")).env("PYTHONPATH", &packages);
    componentize.args(["-d", "../../wit", "-w", "reader", "componentize", "app", "-o"]).arg(&component);
    command::step("build the connector in Python", &mut componentize)?;
    Ok(component)
}
