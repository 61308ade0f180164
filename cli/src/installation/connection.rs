//! `[connection.NAME]`: a connector with its configuration, where its credentials come from, and what it may do. Pure.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use wharf_flow::GrantedSource;
use wharf_host::manifest::FileAccess;

use super::lookups;
use super::name::{Names, is_connector};
use super::reader::{Node, Section};

/// `[connection.NAME]`.
#[derive(Debug)]
pub(crate) struct ConnectionEntry {
    /// Name of the connector: the file in the connectors directory without `.wasm`.
    pub(crate) connector: String,
    /// Configuration, an object. Default: an empty one.
    pub(crate) config: serde_json::Value,
    /// Version of the connector's configuration that `config` is written for. Default: the one that it was used with last,
    /// or the connector's.
    pub(crate) config_version: Option<u32>,
    /// Where each part of each credential slot comes from.
    pub(crate) credentials: BTreeMap<String, BTreeMap<String, SecretPlace>>,
    /// What it may do. Default: nothing.
    pub(crate) grant: GrantEntry,
    /// What it may look up on others.
    pub(crate) lookups: Vec<GrantedSource>,
}

/// Where a secret value comes from; never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    /// An environment variable.
    Environment(String),
    /// A file that only its owner can read, relative to the installation file.
    File(PathBuf),
    /// A name in the encrypted file.
    Vault(String),
}

/// `[connection.NAME.grant]`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GrantEntry {
    /// Origins that may be reached.
    pub(crate) origins: Vec<String>,
    /// Those of them that may be plain http.
    pub(crate) plain_http: Vec<String>,
    /// Private addresses with port that names may resolve to.
    pub(crate) private_addresses: Vec<String>,
    /// Slots that may be used. Default: those with a credential.
    pub(crate) credentials: Option<Vec<String>>,
    /// The directory for a connector that asks for files. Default: none.
    pub(crate) directory: Option<DirectoryEntry>,
}

/// `directory = { path = "..", access = ".." }` of a grant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DirectoryEntry {
    /// Where it is, relative to the installation file.
    pub(crate) path: PathBuf,
    /// What may be done there. Default: reading.
    pub(crate) access: FileAccess,
    /// Bytes that its files may have together. Default: the host's, 100 MB.
    pub(crate) quota_bytes: Option<u64>,
    /// Files and directories that may be below it. Default: the host's, 10,000.
    pub(crate) files: Option<u32>,
}

pub(super) fn read(section: &Section<'_>, names: &Names) -> Option<ConnectionEntry> {
    let connector = section.required("connector", "connector = \"NAME\"").and_then(|node| connector(&node));
    let config = section.optional("config").map(|node| config(&node));
    let config_version = section.optional("config_version").and_then(|node| node.number(0, u32::MAX));
    let credentials = section.optional("credential").map(|node| credentials(&node)).unwrap_or_default();
    let grant = section.optional("grant").and_then(|node| node.section()).map(grant).unwrap_or_default();
    let lookups = section.optional("lookups").map(|node| lookups::read(&node, names)).unwrap_or_default();
    section.end();
    let empty = || Some(serde_json::Value::Object(serde_json::Map::new()));
    Some(ConnectionEntry {
        connector: connector?,
        config: config.unwrap_or_else(empty)?,
        config_version,
        credentials,
        grant,
        lookups,
    })
}

fn connector(node: &Node<'_>) -> Option<String> {
    let name = node.text()?;
    if is_connector(&name) {
        return Some(name);
    }
    let fix =
        "write the name of a file in the connectors directory without `.wasm`: lower-case letters, digits and `-`";
    node.wrong(format!("`{name}` is no name of a connector"), fix);
    None
}

fn config(node: &Node<'_>) -> Option<serde_json::Value> {
    node.section()?;
    node.json()
}

fn credentials(node: &Node<'_>) -> BTreeMap<String, BTreeMap<String, SecretPlace>> {
    let slots = node.entries_of_secrets().unwrap_or_default();
    slots.into_iter().map(|(slot, node)| (slot, parts(&node))).collect()
}

fn parts(slot: &Node<'_>) -> BTreeMap<String, SecretPlace> {
    let parts = slot.entries_of_secrets().unwrap_or_default();
    parts.into_iter().filter_map(|(part, node)| Some((part, secret(&node)?))).collect()
}

/// Reads `{ env = "NAME" }`, `{ file = "PATH" }` or `{ secret = "NAME" }`. A value in their place is not repeated in the
/// message.
pub(super) fn secret(node: &Node<'_>) -> Option<SecretPlace> {
    if !node.is_table() {
        node.secret_written_out();
        return None;
    }
    let section = node.section()?;
    let [variable, file, name] = ["env", "file", "secret"].map(|source| section.optional(source));
    section.end();
    match (variable, file, name) {
        (Some(variable), None, None) => environment(&variable),
        (None, Some(file), None) => file.text().map(|path| SecretPlace::File(path.into())),
        (None, None, Some(name)) => vault(&name),
        (None, None, None) => {
            let fix = "write { env = \"NAME\" }, { file = \"PATH\" } or { secret = \"NAME\" }";
            section.wrong("names no source", fix);
            None
        }
        _ => {
            section.wrong("names several sources", "keep one of `env`, `file` and `secret`");
            None
        }
    }
}

fn vault(node: &Node<'_>) -> Option<SecretPlace> {
    let name = node.text()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.len() <= 64 && name.chars().all(allowed) {
        return Some(SecretPlace::Vault(name));
    }
    // What stands here may be the secret itself, so it is not repeated.
    node.wrong("is no name of a secret", "write the name that `wharf secret set` has: letters, digits, `-`, `_`, `.`");
    None
}

fn environment(node: &Node<'_>) -> Option<SecretPlace> {
    let name = node.text()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(SecretPlace::Environment(name));
    }
    // What stands here may be the secret itself, so it is not repeated.
    node.wrong("is no name of an environment variable", "write the name only: letters, digits and `_`");
    None
}

fn grant(section: Section<'_>) -> GrantEntry {
    let origins = section.optional("origins").map(|node| list(&node, |text| origin(text, "https")));
    let plain_http = section.optional("plain_http").map(|node| list(&node, |text| origin(text, "http")));
    let private_addresses = section.optional("private_addresses").map(|node| list(&node, address));
    let credentials = section.optional("credentials").as_ref().and_then(Node::texts);
    let directory =
        section.optional("directory").and_then(|node| node.section()).and_then(|section| directory(&section));
    section.end();
    GrantEntry {
        origins: origins.unwrap_or_default(),
        plain_http: plain_http.unwrap_or_default(),
        private_addresses: private_addresses.unwrap_or_default(),
        credentials,
        directory,
    }
}

fn directory(section: &Section<'_>) -> Option<DirectoryEntry> {
    let path = section.required("path", "path = \"drop\"").and_then(|node| node.text());
    let words = [("read", FileAccess::Read), ("read-write", FileAccess::ReadWrite)];
    let access = section.optional("access").map_or(Some(FileAccess::Read), |node| node.one_of(&words));
    let quota_bytes = section.optional("quota").map(|node| node.bytes());
    let files = section.optional("files").map(|node| node.number(1, u32::MAX));
    section.end();
    // Where one of them is wrong the default is no answer: that could be more than what was meant.
    let quota_bytes = quota_bytes.map_or(Some(None), |read| read.map(Some))?;
    let files = files.map_or(Some(None), |read| read.map(Some))?;
    Some(DirectoryEntry { path: path?.into(), access: access?, quota_bytes, files })
}

/// Reads a list of texts, each of which `check` may find wrong; it returns what is wrong, and the fix.
fn list(node: &Node<'_>, check: impl Fn(&str) -> Result<(), (String, String)>) -> Vec<String> {
    let elements = node.elements();
    let elements = if elements.is_empty() && !node.is_list() { vec![node.clone()] } else { elements };
    let checked = |node: Node<'_>| {
        let text = node.text()?;
        match check(&text) {
            Ok(()) => Some(text),
            Err((message, fix)) => {
                node.wrong(message, fix);
                None
            }
        }
    };
    elements.into_iter().filter_map(checked).collect()
}

/// Checks the shape of an origin. The host reads it more strictly, when the connection is made.
fn origin(text: &str, scheme: &str) -> Result<(), (String, String)> {
    let example =
        format!("write scheme and host, and a port that is not the scheme's own: \"{scheme}://api.example.com:8443\"");
    let Some((given, rest)) = text.split_once("://") else {
        return Err((format!("`{text}` is no origin"), example));
    };
    match (given, scheme) {
        ("http", "https") => {
            let fix = "use https, or put it under `plain_http` if that is meant".to_owned();
            return Err((format!("`{text}` is plain http"), fix));
        }
        ("https", "http") => return Err((format!("`{text}` is not plain http"), "put it under `origins`".to_owned())),
        _ if given == scheme => {}
        _ => return Err((format!("`{text}` has a scheme that is never granted"), example)),
    }
    if rest.trim_end_matches('/').contains(['/', '?', '#']) {
        return Err((format!("`{text}` has a path"), "write the origin only: scheme, host and port".to_owned()));
    }
    let host = rest.trim_end_matches('/').rsplit_once(':').map_or(rest, |(host, _)| host);
    let name = host.strip_prefix("*.").unwrap_or(host);
    if name.is_empty() || name.contains(['@', '*', ' ']) {
        return Err((format!("`{text}` is no origin"), example));
    }
    Ok(())
}

fn address(text: &str) -> Result<(), (String, String)> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => Ok(()),
        _ => {
            let fix = "write it such as \"127.0.0.1:8443\" or \"[::1]:8443\"".to_owned();
            Err((format!("`{text}` is no address with a port"), fix))
        }
    }
}
