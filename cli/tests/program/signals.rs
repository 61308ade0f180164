//! What ends a run and a daemon.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Site;

/// A flow between two systems of which none is there.
const FILE: &str = "[connection.shop]
connector = \"baselinker\"
config = { base_url = \"https://127.0.0.1:1\" }
credential.token = { value = { env = \"WHARF_TEST_TOKEN\" } }
grant = { origins = [\"https://127.0.0.1:1\"], private_addresses = [\"127.0.0.1:1\"] }
[connection.crm]
connector = \"flowii\"
config = { base_url = \"https://127.0.0.1:1\" }
credential.account = { username = { env = \"WHARF_TEST_TOKEN\" }, password = { env = \"WHARF_TEST_TOKEN\" }, api-key = { env = \"WHARF_TEST_TOKEN\" } }
grant = { origins = [\"https://127.0.0.1:1\"], private_addresses = [\"127.0.0.1:1\"] }
[flow.orders]
from = { connection = \"shop\", feed = \"orders\" }
to = { connection = \"crm\", entity = \"order\", action = \"create\" }
every = \"1h\"
";

/// Starts a command, waits until it has opened its state, and sends it a signal.
fn stopped_by(signal: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let site = Site::new(FILE);
    site.install("baselinker");
    site.install("flowii");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
    command.current_dir(site.path("")).args(arguments).env("WHARF_TEST_TOKEN", "token");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_state(&site, &mut child);
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// The signals are listened to before the state is opened.
fn wait_for_state(site: &Site, child: &mut Child) {
    let end = Instant::now() + Duration::from_secs(60);
    while !site.path("wharf.sqlite").is_file() {
        assert!(Instant::now() < end && child.try_wait().unwrap().is_none(), "the program did not open its state");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn daemon_stops_well_when_it_is_told_to() {
    for signal in ["TERM", "INT"] {
        let (code, stdout) = stopped_by(signal, &["serve"]);
        assert_eq!(code, Some(0), "{stdout}");
        assert!(stdout.starts_with("serving orders\n") && stdout.ends_with("stopped\n"), "{stdout}");
    }
}

#[test]
fn interrupted_run_ends_with_130_and_says_so() {
    let (code, stdout) = stopped_by("INT", &["run", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["error"]["code"]), (Some(130), &serde_json::json!("interrupted")));
}
