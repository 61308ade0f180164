//! `[wharf]`: where the program keeps and finds things. Pure.

use std::path::PathBuf;
use std::time::Duration;

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
    /// How long the details of a done item's way are kept. Default: for ever.
    pub(crate) keep_done: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            state: "wharf.sqlite".into(),
            connectors: "connectors".into(),
            root_certificates: None,
            cache: ".wharf-cache".into(),
            keep_done: None,
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
        keep_done: section.optional("keep_done").as_ref().and_then(Node::duration),
    };
    section.end();
    settings
}
