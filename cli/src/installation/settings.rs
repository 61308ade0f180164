//! `[wharf]`: where the program keeps and finds things. Pure.

use std::path::PathBuf;
use std::time::Duration;

use super::connection::{self, SecretPlace};
use super::reader::{Node, Section};
use crate::approval::TrustedKey;

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
    /// File of approvals. Default `wharf.lock`.
    pub(crate) lock: PathBuf,
    /// Keys whose signatures are trusted; with any, connectors that are not signed by one of them are refused.
    pub(crate) trusted_keys: Vec<TrustedKey>,
    /// Encrypted file of secrets, in the age format. Default `secrets.age`.
    pub(crate) secrets: PathBuf,
    /// Where the key of that file comes from. Default: the environment variable `WHARF_SECRETS_KEY`.
    pub(crate) secrets_key: SecretPlace,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            state: "wharf.sqlite".into(),
            connectors: "connectors".into(),
            root_certificates: None,
            cache: ".wharf-cache".into(),
            keep_done: None,
            lock: "wharf.lock".into(),
            trusted_keys: Vec::new(),
            secrets: "secrets.age".into(),
            secrets_key: SecretPlace::Environment("WHARF_SECRETS_KEY".into()),
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
        lock: path("lock").unwrap_or(default.lock),
        trusted_keys: section.optional("trusted_keys").map(|node| trusted_keys(&node)).unwrap_or_default(),
        secrets: path("secrets").unwrap_or(default.secrets),
        secrets_key: section.optional("secrets_key").and_then(|node| key(&node)).unwrap_or(default.secrets_key),
    };
    section.end();
    settings
}

fn trusted_keys(node: &Node<'_>) -> Vec<TrustedKey> {
    let read = |node: Node<'_>| match TrustedKey::parse(&node.text()?) {
        Ok(key) => Some(key),
        Err(problem) => {
            node.wrong(problem, "write the second line of the `.pub` file that `minisign -G` makes");
            None
        }
    };
    node.elements().into_iter().filter_map(read).collect()
}

fn key(node: &Node<'_>) -> Option<SecretPlace> {
    match connection::secret(node)? {
        SecretPlace::Vault(_) => {
            node.wrong("is in the file that it opens", "write { env = \"NAME\" } or { file = \"PATH\" }");
            None
        }
        place => Some(place),
    }
}
