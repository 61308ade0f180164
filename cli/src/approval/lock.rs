//! The lock file: approved connectors, and the history of approvals.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Want;

/// Version of the format.
const FORMAT: u32 = 1;

const HEAD: &str = "# Connectors that may run here, each bound to the digest of its file, and what was approved, by whom and when.\n\
                    # Written by `wharf install` and `wharf revoke`. Keep it with the installation file.\n\n";

/// What the lock file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    format: u32,
    /// Approved connectors.
    #[serde(default, rename = "connector", skip_serializing_if = "Vec::is_empty")]
    pub(crate) connectors: Vec<Approved>,
    /// What happened, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<Entry>,
}

/// An approved connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approved {
    /// Name of the connector, and of its file without `.wasm`.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// SHA-256 of the file, in hex.
    pub(crate) digest: String,
    /// What it may ask for.
    #[serde(default, rename = "want", skip_serializing_if = "Vec::is_empty")]
    pub(crate) wants: Vec<Want>,
}

/// What an entry of the history tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// For the first time, or after it was revoked.
    Installed,
    /// Another file of a version that is not lower.
    Upgraded,
    /// Another file of a lower version.
    Downgraded,
    /// It may not run any more.
    Revoked,
}

impl Change {
    /// Returns the word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Revoked => "revoked",
        }
    }
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// When, in UTC.
    pub(crate) at: String,
    /// Who.
    pub(crate) by: String,
    /// What.
    pub(crate) change: Change,
    /// Connector.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// SHA-256 of its file, in hex.
    pub(crate) digest: String,
    /// `verified`, `not-signed` or `unchecked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
    /// Key that verified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// What was approved that was not before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) added: Vec<String>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { format: FORMAT, connectors: Vec::new(), history: Vec::new() }
    }
}

impl Lock {
    /// Returns the approval of a connector.
    pub(crate) fn approved(&self, name: &str) -> Option<&Approved> {
        self.connectors.iter().find(|approved| approved.name == name)
    }

    /// Puts an approval in the place of an older one.
    pub(crate) fn approve(&mut self, approved: Approved, entry: Entry) {
        self.connectors.retain(|known| known.name != approved.name);
        self.connectors.push(approved);
        self.connectors.sort_by(|one, other| one.name.cmp(&other.name));
        self.history.push(entry);
    }

    /// Takes an approval back.
    pub(crate) fn revoke(&mut self, entry: Entry) {
        self.connectors.retain(|known| known.name != entry.name);
        self.history.push(entry);
    }

    fn parse(text: &str) -> Result<Self, String> {
        // The version first: a newer file may have keys that this program does not know.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let found: Version = toml::from_str(text).map_err(|error| one_line(&error))?;
        if found.format > FORMAT {
            return Err(format!("it has format {}, this program knows {FORMAT}; use a newer `wharf`", found.format));
        }
        let lock: Self = toml::from_str(text).map_err(|error| one_line(&error))?;
        match lock.twice() {
            None => Ok(lock),
            Some(name) => Err(format!("connector `{name}` is in it twice, as after a merge; keep one of the two")),
        }
    }

    /// Returns a connector with more than one approval: people would read the one, and the other would count.
    fn twice(&self) -> Option<&str> {
        let mut seen = BTreeSet::new();
        self.connectors.iter().map(|approved| approved.name.as_str()).find(|name| !seen.insert(*name))
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A lock file on disk.
pub(crate) struct LockFile {
    path: PathBuf,
}

impl LockFile {
    /// Names the file; it need not exist.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it. A file that is not there approves nothing.
    pub(crate) fn read(&self) -> Result<Lock, String> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Lock::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Changes it while nobody else does.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Lock) -> Result<T, String>) -> Result<T, String> {
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let guard = File::open(directory).map_err(|error| error.to_string())?;
        guard.lock().map_err(|error| error.to_string())?;
        let mut lock = self.read()?;
        let value = change(&mut lock)?;
        self.write(&lock).map_err(|error| error.to_string())?;
        Ok(value)
    }

    /// Replaces the file at once: a reader sees the old one or the new one.
    fn write(&self, lock: &Lock) -> io::Result<()> {
        let text = toml::to_string_pretty(lock).map_err(io::Error::other)?;
        let scratch = self.path.with_extension("lock-new");
        let mut file = File::create(&scratch)?;
        file.write_all(HEAD.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&scratch, &self.path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn entry(change: Change, version: &str) -> Entry {
        Entry {
            at: "2026-01-01T00:00:00Z".into(),
            by: "ops".into(),
            change,
            name: "shop".into(),
            version: version.into(),
            digest: "aa".into(),
            signature: Some("not-signed".into()),
            key: None,
            added: vec!["https://a.example, any method".into()],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = LockFile::new(directory.path().join("wharf.lock"));
        assert_eq!(file.read().unwrap(), Lock::default());
        let wants = vec![Want::Host { origin: "https://a.example".into(), method: Some("GET".into()) }];
        let approved = Approved { name: "shop".into(), version: "1.0.0".into(), digest: "aa".into(), wants };
        file.change(|lock| {
            lock.approve(approved.clone(), entry(Change::Installed, "1.0.0"));
            Ok(())
        })
        .unwrap();
        let lock = file.read().unwrap();
        assert_eq!((lock.approved("shop"), lock.history.len()), (Some(&approved), 1));
        file.change(|lock| {
            lock.revoke(entry(Change::Revoked, "1.0.0"));
            Ok(())
        })
        .unwrap();
        let lock = file.read().unwrap();
        assert_eq!((lock.approved("shop"), lock.history.len()), (None, 2));
    }

    #[test]
    fn file_of_a_newer_format_or_with_unknown_keys_approves_nothing() {
        assert!(Lock::parse("format = 2\nnew = 1").unwrap_err().contains("format 2, this program knows 1"));
        assert!(Lock::parse("format = 1\nconector = []").unwrap_err().contains("unknown field `conector`"));
        assert!(Lock::parse("").unwrap_err().contains("missing field `format`"));
    }

    #[test]
    fn connector_with_two_approvals_has_none() {
        let one = "[[connector]]\nname = \"shop\"\nversion = \"1.0.0\"\ndigest = \"aa\"\n";
        let format = "format = 1\n";
        assert!(Lock::parse(&format!("{format}{one}")).unwrap().approved("shop").is_some());
        assert!(Lock::parse(&format!("{format}{one}{one}")).unwrap_err().contains("`shop` is in it twice"));
    }

    #[test]
    fn change_that_is_refused_leaves_the_file_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = LockFile::new(directory.path().join("wharf.lock"));
        file.change(|_| Err::<(), _>("no".to_owned())).unwrap_err();
        assert!(!file.path().exists());
    }
}
