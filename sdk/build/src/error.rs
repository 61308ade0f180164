//! What can go wrong while building.

use std::io;
use std::path::PathBuf;

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no package at that place.
    #[error("`{}` has no Cargo.toml; name the directory of a connector", .0.display())]
    NoManifest(PathBuf),
    /// A program could not be run.
    #[error("`{program}` could not be run: {source}; install Rust with rustup")]
    Program {
        /// Which one.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The compiler has no libraries for wasm.
    #[error("the Rust target `{target}` is not installed; run `rustup target add {target}`{advice}")]
    NoTarget {
        /// Which one.
        target: &'static str,
        /// What else helps.
        advice: String,
    },
    /// Cargo said something that is not what it says.
    #[error("cargo's answer cannot be read: {0}; use cargo 1.95 or newer")]
    Answer(String),
    /// The connector does not compile; what the compiler said.
    #[error("the connector does not compile; correct what the compiler says:\n{0}")]
    Compile(String),
    /// Nothing that could be a component came out.
    #[error(
        "`{0}` makes no wasm module; give it `[lib] crate-type = [\"cdylib\", \"rlib\"]`, or a program in `src/bin`"
    )]
    NoModule(String),
    /// A module is no connector.
    #[error("`{0}` does not export `describe`; implement `wharf_sdk::Describe` and name it in `wharf_sdk::export!`")]
    NoConnector(String),
    /// A module could not be turned into a component.
    #[error("`{name}` cannot be turned into a component: {reason}")]
    Encode {
        /// Name of the component.
        name: String,
        /// Why.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("`{}` cannot be read or written: {source}; check the path and its permissions", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl BuildError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
