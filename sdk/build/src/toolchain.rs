//! The compiler's target for wasm.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

use crate::BuildError;

/// What connectors are compiled for: a target without a standard library's clock, files or output, as a connector has
/// none of these.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What connectors are compiled for that ask for files: `std::fs` works, and WASI is imported.
pub(crate) const WASI_TARGET: &str = "wasm32-wasip2";

/// Tells whether the compiler that is used in `directory` has the target.
pub(crate) fn has_target(directory: &Path, target: &str) -> Result<bool, BuildError> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let mut command = Command::new(&rustc);
    command.args(["--print", "target-libdir", "--target", target]).current_dir(directory);
    let output = run(command, "rustc")?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Has rustup install the target for the toolchain that is used in `directory`.
pub(crate) fn install_target(directory: &Path, target: &'static str) -> Result<(), BuildError> {
    let mut command = Command::new("rustup");
    command.args(["target", "add", target]).current_dir(directory);
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(BuildError::NoTarget { target, advice: format!("; it said: {}", said.trim()) })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(BuildError::NoTarget { target, advice: ", or install it the way this Rust was installed".to_owned() })
        }
        Err(source) => Err(BuildError::Program { program: "rustup".to_owned(), source }),
    }
}

fn run(mut command: Command, program: &str) -> Result<Output, BuildError> {
    command.output().map_err(|source| BuildError::Program { program: program.to_owned(), source })
}
