//! The recorded run that is kept in the repository.

use anyhow::Result;

use crate::{command, components};

/// Where it is kept.
const FILE: &str = "tests/e2e/recordings/orders.wharf";

/// Builds what is missing, and records it anew.
///
/// # Errors
/// When something does not build or start, or the recording does not replay.
pub(crate) fn write() -> Result<()> {
    components::build()?;
    let packages = ["wharf-cli", "wharf-simulators", "wharf-demo"];
    let arguments = packages.iter().flat_map(|package| ["--package", package]);
    command::step("build the program and the simulators", command::cargo().arg("build").args(arguments))?;
    let mut record = std::process::Command::new(crate::target().join("debug/wharf-record"));
    record.arg("--file").arg(crate::root().join(FILE)).args(["--orders", "8", "--seed", "7"]);
    command::step("record a run", &mut record)
}
