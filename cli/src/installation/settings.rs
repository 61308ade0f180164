//! `[wharf]`: where the program keeps and finds things. Pure.

use std::path::PathBuf;

use super::reader::{Node, Section};

/// `[wharf]`. Paths are relative to the installation file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Ledger of items and intents. Default `wharf.sqlite`.
    pub(crate) state: PathBuf,
    /// Directory of connectors. Default `connectors`.
    pub(crate) connectors: PathBuf,
    /// PEM file with certificates that are trusted besides the system's.
    pub(crate) root_certificates: Option<PathBuf>,
    /// Directory of compiled connectors. Default `.wharf-cache`.
    pub(crate) cache: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            state: "wharf.sqlite".into(),
            connectors: "connectors".into(),
            root_certificates: None,
            cache: ".wharf-cache".into(),
        }
    }
}

pub(super) fn read(section: Section<'_>) -> Settings {
    let path = |name| section.optional(name).as_ref().and_then(Node::text).map(PathBuf::from);
    let default = Settings::default();
    let settings = Settings {
        state: path("state").unwrap_or(default.state),
        connectors: path("connectors").unwrap_or(default.connectors),
        root_certificates: path("root_certificates"),
        cache: path("cache").unwrap_or(default.cache),
    };
    section.end();
    settings
}
