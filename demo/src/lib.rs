//! Simulated systems and an installation that connects them: what the demo shows and what the end-to-end tests break.

mod agreement;
mod daemon;
mod deliveries;
mod desk;
mod dice;
mod installation;
mod integration;
mod production;
mod systems;

use std::path::{Path, PathBuf};

pub use agreement::{Figure, figures};
pub use daemon::Daemon;
pub use deliveries::{Plan, Tally, deliveries};
pub use desk::{Desk, Inspection, SignIn, partner_of_crm};
pub use dice::Dice;
pub use installation::{Installation, Template, WEBHOOK_TOKEN};
pub use integration::Integration;
pub use production::{Production, Took};
pub use systems::Systems;

/// Cargo's target directory, with the built programs and components in it.
pub struct Target {
    directory: PathBuf,
    profile: &'static str,
}

impl Target {
    /// Takes the directory as given, with the programs of the `dev` profile.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), profile: "debug" }
    }

    /// Finds the directory that this very program was built into, and uses the programs of the same profile.
    ///
    /// # Errors
    /// When the program was moved out of cargo's target directory.
    pub fn of_this_program() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        for profile in ["debug", "release"] {
            let programs = program.ancestors().find(|path| path.ends_with(profile));
            if let Some(directory) = programs.and_then(Path::parent) {
                return Ok(Self { directory: directory.to_owned(), profile });
            }
        }
        anyhow::bail!("`{}` is not in a target directory; start it with cargo", program.display())
    }

    /// Returns the path of a built program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(self.profile).join(name)
    }

    /// Returns the path of a built component.
    pub fn component(&self, file: &str) -> PathBuf {
        self.directory.join("components").join(file)
    }

    /// Returns the path of the demo's own directory.
    pub fn demo(&self) -> PathBuf {
        self.directory.join("demo")
    }
}
