//! Reference lists of connections: read once, kept beside the compiled connectors, and read again when they are old.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wharf_host::Connection;
use wharf_host::model::{Instant, Reference};

use crate::failure::Failure;
use crate::time;

/// How long a list is taken from the cache.
const FRESH: Duration = Duration::from_secs(3600);

/// Entries that are read at most; the longest known lists have some thousands.
const LONGEST: usize = 100_000;

/// A directory in which reference lists are kept.
pub(crate) struct ReferenceLists {
    directory: PathBuf,
    /// Whether what is kept is not used.
    again: bool,
}

/// A list as it is kept: a format of its own, so that what is on disk does not follow the program's types.
#[derive(Serialize, Deserialize)]
struct Kept {
    read_at_ms: u64,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    id: String,
    label: String,
    code: Option<String>,
    value: Option<String>,
    valid_from_ms: Option<u64>,
    valid_to_ms: Option<u64>,
}

impl ReferenceLists {
    /// Keeps lists below the cache directory; with `again` each list is read anew.
    pub(crate) fn new(cache: &Path, again: bool) -> Self {
        Self { directory: cache.join("reference-lists"), again }
    }

    /// Returns a list of a connection.
    pub(crate) async fn get(&self, connection: &Connection, list: &str) -> Result<Vec<Reference>, Failure> {
        let path = self.directory.join(format!("{}.{list}.json", connection.name()));
        if let Some(kept) = self.kept(&path) {
            return Ok(kept);
        }
        let read = read(connection, list).await?;
        self.keep(&path, &read);
        Ok(read)
    }

    fn kept(&self, path: &Path) -> Option<Vec<Reference>> {
        let text = std::fs::read(path).ok().filter(|_| !self.again)?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        let is_fresh = time::now().since(Instant(kept.read_at_ms)) < FRESH;
        is_fresh.then(|| kept.entries.into_iter().map(Reference::from).collect())
    }

    /// Keeps a list. Without it the next question is asked again, which is no mistake.
    fn keep(&self, path: &Path, read: &[Reference]) {
        let kept = Kept { read_at_ms: time::now().0, entries: read.iter().map(Entry::from).collect() };
        let written = std::fs::create_dir_all(&self.directory)
            .and_then(|()| std::fs::write(path, serde_json::to_vec_pretty(&kept).unwrap_or_default()));
        if let Err(error) = written {
            tracing::debug!("a reference list cannot be kept: {error}");
        }
    }
}

async fn read(connection: &Connection, list: &str) -> Result<Vec<Reference>, Failure> {
    let (mut entries, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = connection.reference_page(list, after.as_deref()).await?.value;
        entries.extend(page.references);
        if page.next.is_none() || page.next == after || entries.len() > LONGEST {
            return Ok(entries);
        }
        after = page.next;
    }
}

impl From<&Reference> for Entry {
    fn from(reference: &Reference) -> Self {
        Self {
            id: reference.id.clone(),
            label: reference.label.clone(),
            code: reference.code.clone(),
            value: reference.value.clone(),
            valid_from_ms: reference.valid_from.map(|at| at.0),
            valid_to_ms: reference.valid_to.map(|at| at.0),
        }
    }
}

impl From<Entry> for Reference {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            label: entry.label,
            code: entry.code,
            value: entry.value,
            valid_from: entry.valid_from_ms.map(Instant),
            valid_to: entry.valid_to_ms.map(Instant),
        }
    }
}
