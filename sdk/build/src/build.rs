//! The whole way from a source directory to components.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo::{self, Module};
use crate::component::interfaces;
use crate::{BuildError, Component, encode, toolchain};

/// How to build.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) out: PathBuf,
    pub(crate) packages: Vec<String>,
    pub(crate) locked: bool,
    pub(crate) wasi: bool,
}

impl Options {
    /// Writes components into `out`, which is made if it is missing. Builds the package of the directory, or the
    /// default members of a workspace; Cargo.lock may be changed.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { out: out.into(), packages: Vec::new(), locked: false, wasi: false }
    }

    /// Adds a package of the workspace; only those named are built.
    #[must_use]
    pub fn package(mut self, name: impl Into<String>) -> Self {
        self.packages.push(name.into());
        self
    }

    /// Builds for `wasm32-wasip2`, where `std::fs` works: for connectors that ask for files. The component imports WASI,
    /// and who installs it is shown that.
    #[must_use]
    pub fn wasi(mut self) -> Self {
        self.wasi = true;
        self
    }

    pub(crate) fn target(&self) -> &'static str {
        if self.wasi { toolchain::WASI_TARGET } else { toolchain::TARGET }
    }

    /// Fails when Cargo.lock would have to change.
    #[must_use]
    pub fn locked(mut self) -> Self {
        self.locked = true;
        self
    }
}

/// What is being done; its text is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// rustup installs the target for wasm.
    InstallTarget(&'a str),
    /// Cargo printed a line.
    Cargo(&'a str),
    /// A module is encoded as a component of that name.
    Encode(&'a str),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InstallTarget(target) => write!(f, "installing the Rust target {target}"),
            Self::Cargo(line) => f.write_str(line),
            Self::Encode(name) => write!(f, "encoding {name}"),
        }
    }
}

/// Builds the connector in `directory` (or the connectors of a workspace), and writes each as `<out>/<name>.wasm`.
///
/// `progress` is told every step; compiling takes from seconds to minutes. Where the target for wasm is missing rustup
/// is asked to install it. Fails with [`BuildError`], whose text says what to do; nothing is written for a module after
/// the first that cannot be encoded.
pub fn build(
    directory: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Step<'_>),
) -> Result<Vec<Component>, BuildError> {
    let plan = cargo::plan(directory, options)?;
    let target = options.target();
    if !toolchain::has_target(directory, target)? {
        progress(Step::InstallTarget(target));
        toolchain::install_target(directory, target)?;
    }
    let modules = cargo::build(&plan, options, &mut |line| progress(Step::Cargo(line)))?;
    if modules.is_empty() {
        return Err(BuildError::NoModule(directory.display().to_string()));
    }
    fs::create_dir_all(&options.out).map_err(BuildError::file(&options.out))?;
    modules.iter().map(|module| finish(module, &options.out, progress)).collect()
}

fn finish(module: &Module, out: &Path, progress: &mut dyn FnMut(Step<'_>)) -> Result<Component, BuildError> {
    let name = module.name.strip_prefix("wharf-plugin-").unwrap_or(&module.name);
    progress(Step::Encode(name));
    let core = fs::read(&module.path).map_err(BuildError::file(&module.path))?;
    let component = encode(name, &core)?;
    let (imports, exports) = interfaces(name, &component)?;
    if !exports.iter().any(|export| export.starts_with("wharf:connector/describe@")) {
        return Err(BuildError::NoConnector(name.to_owned()));
    }
    let path = out.join(format!("{name}.wasm"));
    write_whole(&path, &component)?;
    let bytes = u64::try_from(component.len()).unwrap_or(u64::MAX);
    Ok(Component { name: name.to_owned(), path, bytes, imports, exports })
}

/// Writes beside the place and moves, so that a host that reads it meanwhile never sees half a component.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let beside = path.with_extension("wasm.part");
    fs::write(&beside, bytes).map_err(BuildError::file(&beside))?;
    fs::rename(&beside, path).map_err(BuildError::file(path))
}
