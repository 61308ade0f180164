//! A public client library of BaseLinker against its simulator: where it works, the simulator is no mirror of our connector.

use std::process::Command;

use anyhow::Result;

use crate::command;

/// The library, in the version that was tried.
const LIBRARY: &str = "baselinker-api==1.0.*";

/// Installs the library and drives the simulator through it: orders, statuses, inventories, stock and journal. Needs Python
/// with pip, and its registry.
///
/// # Errors
/// When a tool is missing, or the library sees something else than was written.
pub(crate) fn run() -> Result<()> {
    let directory = crate::target().join("client");
    std::fs::create_dir_all(&directory)?;
    let directory = directory.canonicalize()?;
    let packages = directory.join("python");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(&packages).arg(LIBRARY);
    command::step("install a public client library of BaseLinker", &mut pip)?;
    let mut build = command::cargo();
    command::step("build the simulators", build.args(["build", "--workspace", "--bin", "wharf-simulators"]))?;
    let mut drive = Command::new("python3");
    drive.env("PYTHONPATH", &packages).arg(crate::root().join("tests/simulators/clients/baselinker_api.py"));
    drive.arg(crate::target().join("debug/wharf-simulators").canonicalize()?).arg(&directory);
    command::step("drive the simulator through it", &mut drive)
}
