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
    recorded_of(orders, seed, |file| file)
}

/// The same, of an installation file that is changed before.
fn recorded_of(orders: u32, seed: u64, change: impl FnOnce(String) -> String) -> Recorded {
    let target = Target::of_this_program().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let systems = Systems::start(&target, directory.path(), orders, seed, &[]).unwrap();
    let installation = Installation::write(&target, directory.path(), &systems).unwrap();
    let before = std::fs::read_to_string(installation.file()).unwrap();
    std::fs::write(installation.file(), change(before)).unwrap();
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
    assert!(replayed["fix"].as_str().unwrap().contains("record the run again"), "{replayed:#}");
    // A call that is not there may have been tried again later, and not be missed.
    let lines: Vec<&str> = text.lines().collect();
    let (cut, doubled) = ([&lines[..5], &lines[6..]].concat(), [&lines[..6], &lines[5..]].concat());
    for lines in [cut, doubled] {
        std::fs::write(&altered, lines.join("\n")).unwrap();
        let refused = recorded.replay(&altered, 2);
        assert!(refused["error"]["message"].as_str().unwrap().contains("calls were recorded"), "{refused:#}");
    }
}

fn unpacked(packed: &str) -> Vec<u8> {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"SQLite format 3"));
    bytes
}

/// Adds a flow that writes the same orders to the CRM once more, under its own correlation texts. What orders need there,
/// their partners, both share.
fn with_a_second_flow(file: String) -> String {
    let start = file.find("[flow.orders-to-crm]").unwrap();
    let end = file.find("[flow.orders-to-erp]").unwrap();
    let second = file[start..end].replace("orders-to-crm", "orders-to-crm-again");
    format!("{file}\n{second}")
}

#[test]
fn flows_that_share_what_their_documents_need_replay_to_the_same_ledger() {
    let recorded = recorded_of(40, 13, with_a_second_flow);
    let text = std::fs::read_to_string(&recorded.file).unwrap();
    let end: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let documents = end["end"]["ledger"]["documents"].as_object().unwrap();
    let of = |what: &str| documents.keys().filter(|name| name.starts_with(what)).count();
    assert_eq!((of("orders-to-crm: "), of("orders-to-crm-again: ")), (40, 40));
    assert!(of("dependency: crm/partner/") > 5, "{documents:#?}");
    let replayed = recorded.replay(&recorded.file, 0);
    assert_eq!(replayed["same"], true, "{replayed:#}");
}

/// The run that is kept in the repository; its README says how it is made again.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/orders.wharf")
}

const AGAIN: &str = "`cargo xtask recording` makes it again, if the contract or a connector was meant to change";

/// Runs the program without an installation, on the recording that is kept and the connectors as they are built now.
fn on_the_kept_run(arguments: &[&str]) -> (Option<i32>, Value) {
    let target = Target::of_this_program().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let connectors = target.component("baselinker.wasm");
    let mut command = std::process::Command::new(target.program("wharf"));
    command.current_dir(directory.path()).arg("--json").args(arguments).arg("--connectors");
    let output = command.arg(connectors.parent().unwrap()).output().unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), value)
}

#[test]
fn kept_run_replays_to_the_ledger_that_it_ended_with() {
    let (code, replayed) = on_the_kept_run(&["replay", kept().to_str().unwrap()]);
    assert_eq!((code, &replayed["same"]), (Some(0), &Value::Bool(true)), "{AGAIN}: {replayed:#}");
    assert!(replayed["documents"].as_u64().unwrap() >= 16 && replayed["calls"].as_u64().unwrap() > 30, "{replayed:#}");
}

/// Tries a connector as it is built now on a recording.
fn verified(connector: &str, recording: &Path) -> (Option<i32>, Value) {
    let component = Target::of_this_program().unwrap().component(&format!("{connector}.wasm"));
    on_the_kept_run(&["verify", component.to_str().unwrap(), "--recording", recording.to_str().unwrap()])
}

#[test]
fn connector_of_now_passes_by_what_it_asks_and_not_by_its_digest() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("altered.wharf");
    let text = std::fs::read_to_string(kept()).unwrap();
    let (start, end) = text.trim_end().rsplit_once('\n').unwrap();
    let mut end: Value = serde_json::from_str(end).unwrap();
    end["end"]["connectors"]["erp"] = "that of another build".into();
    std::fs::write(&file, format!("{start}\n{end}\n")).unwrap();
    let (code, report) = verified("erpconnector", &file);
    assert_eq!((code, &report["replay"]["same"]), (Some(0), &Value::Bool(true)), "{AGAIN}: {report:#}");
    assert_eq!((&report["connector"], &report["replay"]["fix"]), (&Value::from("erpconnector"), &Value::Null));
    assert!(report["replay"]["changed_connectors"].to_string().contains("erp"), "it is told of: {report:#}");
}

#[test]
fn connector_that_is_not_in_a_run_is_no_proof_of_it() {
    let (code, failed) = verified("operand", &kept());
    assert_eq!(code, Some(2), "{failed}");
    assert!(failed["error"]["message"].as_str().unwrap().contains("nothing of connector `operand`"), "{failed}");
}

#[test]
fn recording_of_another_format_says_how_to_make_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("other.wharf");
    let text = std::fs::read_to_string(kept()).unwrap();
    let other = text.replacen(r#""format":1"#, r#""format":999"#, 1);
    assert_ne!(other, text);
    std::fs::write(&file, other).unwrap();
    let (code, failed) = on_the_kept_run(&["replay", file.to_str().unwrap()]);
    assert_eq!((code, &failed["error"]["code"]), (Some(2), &Value::from("recording-invalid")));
    assert!(failed.to_string().contains("record the run again"), "{failed}");
}
