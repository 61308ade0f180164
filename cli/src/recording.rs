//! Recorded runs: what the file holds besides the calls.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use wharf_flow::{Digest, FlowSpec, Ledger};
use wharf_host::recording::{Recorder, Recording};
use wharf_host::tape::Tape;

use crate::failure::{Exit, Failure};
use crate::site::{Equipment, Installation, Site};
use crate::time;

/// Largest ledger that goes into a recording, in bytes. 256 MiB: beyond that a recording is no file to hand on.
const LARGEST_LEDGER: u64 = 256 << 20;

/// What a replay needs to know: the installation as it was, and the ledger before the run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct About {
    /// Text of the installation file. It names where secrets come from, and holds none.
    pub(crate) installation: String,
    /// Flows that ran, in their order.
    pub(crate) flows: Vec<String>,
    /// Where the connectors were.
    pub(crate) connectors: PathBuf,
    /// The ledger before the run: SQLite, gzip, base64.
    ledger: String,
}

/// What a replay has to come to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    /// Digest of the component of each connection.
    pub(crate) connectors: BTreeMap<String, String>,
    /// What became of every document.
    pub(crate) ledger: Digest,
    /// How many calls there were; none in a recording of an earlier release.
    pub(crate) calls: Option<usize>,
}

impl End {
    /// Reads how a recording ended.
    ///
    /// # Errors
    /// When it did not, or not all of its calls are there: a call that was tried again may be missing and not be missed.
    pub(crate) fn of(recording: &Recording) -> Result<Self, Failure> {
        let end = recording.end().ok_or_else(|| broken("the recorded run did not come to its end"))?;
        let end: Self = serde_json::from_value(end.clone()).map_err(|error| broken(&error.to_string()))?;
        match end.calls {
            Some(calls) if calls != recording.calls() => {
                Err(broken(&format!("{calls} calls were recorded, and {} are in it", recording.calls())))
            }
            _ => Ok(end),
        }
    }
}

impl About {
    /// Writes the ledger of before the run to a file.
    pub(crate) fn restore(&self, path: &Path) -> Result<(), Failure> {
        let packed = STANDARD.decode(&self.ledger).map_err(|error| broken(&error.to_string()))?;
        let mut bytes = Vec::new();
        let mut unpacked = GzDecoder::new(packed.as_slice()).take(LARGEST_LEDGER);
        unpacked.read_to_end(&mut bytes).map_err(|error| broken(&error.to_string()))?;
        std::fs::write(path, bytes).map_err(|error| Failure::internal(format!("no temporary ledger: {error}")))
    }
}

/// Makes the failure of a recording that does not hold what it must.
pub(crate) fn broken(why: &str) -> Failure {
    let message = format!("the recording cannot be used: {why}; record the run again");
    Failure::new(Exit::Usage, "recording-invalid", message)
}

/// Opens an installation with its ledger, so that everything its connectors do is recorded into a new file.
pub(crate) async fn open(path: &Path, flows: &[String], file: &Path) -> Result<(Site, Ledger, Recorder), Failure> {
    let installation = Installation::read(path)?;
    installation.require_correct()?;
    let ledger = installation.ledger()?;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::internal(format!("`{}` cannot be read again: {error}", path.display())))?;
    let connectors = installation.path(&installation.file.settings.connectors);
    let about = About {
        installation: text,
        flows: installation.flows(flows)?.iter().map(|flow| flow.name.clone()).collect(),
        connectors: std::path::absolute(&connectors).unwrap_or(connectors),
        ledger: packed(&ledger).map_err(|error| unwritable(file, &error))?,
    };
    let about = serde_json::to_value(about).map_err(|error| Failure::internal(error.to_string()))?;
    let output = new_file(file).map_err(|error| unwritable(file, &error))?;
    let recorder =
        Recorder::begin(BufWriter::new(output), time::now(), about).map_err(|error| unwritable(file, &error))?;
    let tape: Arc<dyn Tape> = Arc::new(recorder.clone());
    let equipment = Equipment { tape: Some(tape), ..Equipment::default() };
    let site = Site::open(installation, Some(ledger.clone()), equipment).await?;
    Ok((site, ledger, recorder))
}

/// Ends a recording.
pub(crate) fn finish(recorder: &Recorder, site: &Site, ledger: &Ledger, file: &Path) -> Result<(), Failure> {
    let end = End { connectors: site.connector_digests(), ledger: ledger.digest()?, calls: Some(recorder.calls()) };
    let end = serde_json::to_value(end).map_err(|error| Failure::internal(error.to_string()))?;
    recorder.finish(end).map_err(|error| unwritable(file, &error))
}

/// Returns flows that work on one document after the other.
pub(crate) fn one_by_one(flows: &[&FlowSpec]) -> Vec<FlowSpec> {
    flows.iter().map(|flow| FlowSpec { concurrency: NonZeroU32::MIN, ..(*flow).clone() }).collect()
}

/// Makes a file that only its owner can read: business documents are in it.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn unwritable(file: &Path, error: &io::Error) -> Failure {
    let shown = file.display();
    let fix = match error.kind() {
        io::ErrorKind::AlreadyExists => "name a file that is not there yet",
        _ => "name another file, or make room",
    };
    Failure::new(Exit::Usage, "recording-unwritable", format!("`{shown}` cannot be written ({error}); {fix}"))
}

fn packed(ledger: &Ledger) -> io::Result<String> {
    let directory = tempfile::tempdir()?;
    let copy = directory.path().join("ledger.sqlite");
    ledger.copy_to(&copy).map_err(io::Error::other)?;
    if std::fs::metadata(&copy)?.len() > LARGEST_LEDGER {
        return Err(io::Error::other(format!("the ledger is over {LARGEST_LEDGER} bytes")));
    }
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&std::fs::read(&copy)?)?;
    Ok(STANDARD.encode(packer.finish()?))
}
