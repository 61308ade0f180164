//! Simulated systems and an installation that connects them: what the demo shows and what the end-to-end tests break.

mod agreement;
mod installation;
mod systems;

use std::path::{Path, PathBuf};

pub use agreement::{Figure, figures};
pub use installation::Installation;
pub use systems::Systems;

/// Cargo's target directory, with the built programs and components in it.
pub struct Target(PathBuf);

impl Target {
    /// Takes the directory as given.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into())
    }

    /// Finds the directory that this very program was built into.
    ///
    /// # Errors
    /// When the program was moved out of cargo's target directory.
    pub fn of_this_program() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let debug = program.ancestors().find(|path| path.ends_with("debug") || path.ends_with("release"));
        let target = debug.and_then(Path::parent);
        target.map(Self::new).ok_or_else(|| anyhow::anyhow!("`{}` is not in a target directory", program.display()))
    }

    /// Returns the path of a built program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join("debug").join(name)
    }

    /// Returns the path of a built component.
    pub fn component(&self, file: &str) -> PathBuf {
        self.0.join("components").join(file)
    }

    /// Returns the path of the demo's own directory.
    pub fn demo(&self) -> PathBuf {
        self.0.join("demo")
    }
}
