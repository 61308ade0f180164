//! A recorded run is a bug report: it replays to the same ledger when the systems are long gone.
#![allow(clippy::unwrap_used, reason = "a step that cannot be done has failed the test")]

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use wharf_demo::{Installation, Systems, Target};

struct Recorded {
    installation: Installation,
    file: PathBuf,
    secrets: Vec<String>,
    directory: TempDir,
}

/// Records a run, with trouble on its way, and ends the systems.
fn recorded(orders: u32, seed: u64) -> Recorded {
    let target = Target::of_this_program().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let systems = Systems::start(&target, directory.path(), orders, seed, &[]).unwrap();
    let installation = Installation::write(&target, directory.path(), &systems).unwrap();
    let file = directory.path().join("run.wharf");
    installation.json(&["run", "--record", file.to_str().unwrap()], &[0, 1]).unwrap();
    let pointers = ["baselinker/token", "flowii/password", "erpconnector/secret"];
    let secrets = pointers.map(|pointer| systems.text(&format!("/credentials/{pointer}")).unwrap().to_owned());
    Recorded { installation, file, secrets: secrets.to_vec(), directory }
}

impl Recorded {
    fn replay(&self, file: &Path, exit: i32) -> Value {
        self.installation.json(&["replay", file.to_str().unwrap()], &[exit]).unwrap()
    }
}

#[test]
fn recorded_run_replays_to_the_same_ledger_without_the_systems() {
    let recorded = recorded(60, 11);
    let replayed = recorded.replay(&recorded.file, 0);
    assert_eq!(replayed["same"], true, "{replayed:#}");
    assert!(replayed["documents"].as_u64().unwrap() >= 120, "{replayed:#}");
    assert!(replayed["calls"].as_u64().unwrap() > 150, "{replayed:#}");
}

#[test]
fn recording_holds_no_secret_and_no_altered_one_passes() {
    let recorded = recorded(20, 12);
    let text = std::fs::read_to_string(&recorded.file).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let ledger = unpacked(first["recording"]["about"]["ledger"].as_str().unwrap());
    for secret in &recorded.secrets {
        assert!(secret.len() >= 4 && !text.contains(secret.as_str()), "`{secret}` is in the recording");
        let found = ledger.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "`{secret}` is in the ledger of the recording");
    }
    let altered = recorded.directory.path().join("altered.wharf");
    std::fs::write(&altered, text.replacen("POST", "PUT", 1)).unwrap();
    let replayed = recorded.replay(&altered, 1);
    assert_eq!(replayed["same"], false);
    assert!(replayed["divergence"].as_str().unwrap().contains("recorded PUT"), "{replayed:#}");
}

fn unpacked(packed: &str) -> Vec<u8> {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"SQLite format 3"));
    bytes
}
