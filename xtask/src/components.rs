//! The connectors and the guest programs, as components in `target/components`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use wharf_build::{Options, Step};

use crate::command;

/// Returns where the components are.
pub(crate) fn directory() -> PathBuf {
    crate::target().join("components")
}

/// Builds every connector of `plugins/` and every program of `tests/guests` and `tests/file-guests`. Installs
/// the wasm targets where they are missing.
///
/// # Errors
/// When the wasm target cannot be installed, or something does not compile.
pub(crate) fn build() -> Result<()> {
    let mut options = Options::new(directory()).package("wharf-guests");
    for connector in connectors()? {
        options = options.package(format!("wharf-plugin-{connector}"));
    }
    let with_files = Options::new(directory()).package("wharf-file-guests").wasi();
    let title = "build the connectors and the guest programs";
    command::timed(title, || {
        wharf_build::build(crate::root(), &options, &mut show)?;
        wharf_build::build(crate::root(), &with_files, &mut show).map(drop).map_err(Into::into)
    })
}

/// Shows what takes long; what cargo has compiled before it does not name.
fn show(step: Step<'_>) {
    let text = step.to_string();
    if matches!(step, Step::InstallTarget(_)) || text.trim_start().starts_with("Compiling") || text.contains("error") {
        eprintln!("{text}");
    }
}

/// Returns the names of the connectors.
pub(crate) fn connectors() -> Result<Vec<String>> {
    let entries = std::fs::read_dir(crate::root().join("plugins")).context("cannot read `plugins`")?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let packages = paths.into_iter().filter(|path| path.join("Cargo.toml").is_file());
    let mut names: Vec<_> = packages.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}
