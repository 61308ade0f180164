//! Webhooks and requests over real HTTP: taken in, refused, and there after a kill.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::Value;

use crate::Site;

pub(crate) const KEY: &str = "signing key of the webhook";

/// A connector that reads webhooks, one that answers requests, and one that it looks records up on.
const FILE: &str = r#"
[serve]
listen = "127.0.0.1:0"
deadline = "1s"
public_url = "https://hooks.example.com/"
[connection.shop]
connector = "webhook-mac"
credential.signing = { value = { env = "WHARF_TEST_KEY" } }
[connection.desk]
connector = "looks-up"
lookups.customers = [{ connection = "crm", entity = "probe" }]
[connection.crm]
connector = "looks-up"
"#;

/// The daemon, killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Daemon {
    pub(crate) fn start(site: &Site) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.current_dir(site.path("")).args(["serve"]).env("WHARF_TEST_KEY", KEY).env_remove("WHARF_FILE");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the daemon ended");
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                break address.parse().unwrap();
            }
        };
        Self { child, lines, address }
    }

    /// Returns the next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Sends a request, and returns status and body.
    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let mut stream = self.connect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server that refuses does not have to read on.
        let _ = stream.write_all(body);
        answer(&mut stream)
    }

    fn deliver(&self, body: &str, key: &str) -> u16 {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), body.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.send("POST", "/webhook/shop", &format!("x-signature: {hex}\r\n"), body.as_bytes()).0
    }
}

fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned());
    (status.unwrap_or_else(|| panic!("no answer: {text:?}")), body)
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a program, and returns its code.
pub(crate) fn code_of(child: &mut Child) -> Option<i32> {
    let end = std::time::Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(std::time::Instant::now() < end, "it goes on");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn site() -> Site {
    let site = Site::new(FILE);
    site.install("webhook-mac");
    site.install("looks-up");
    site
}

fn event(key: &str) -> String {
    format!(r#"{{"events": [{{"key": "{key}", "entity": "order", "id": "o1"}}]}}"#)
}

/// How many deliveries came to what.
fn count(site: &Site, outcome: &str) -> u64 {
    let (_, json) = site.json(&["webhooks", "list", "shop"]);
    let found = json["deliveries"].as_array().unwrap().iter().find(|count| count["outcome"] == outcome).cloned();
    found.map_or(0, |count| count["count"].as_u64().unwrap())
}

#[test]
fn genuine_webhook_is_taken_in_a_forged_one_is_401_and_a_repeated_one_is_known() {
    let site = site();
    let daemon = Daemon::start(&site);
    assert_eq!(daemon.deliver(&event("e1"), KEY), 200);
    assert_eq!(daemon.deliver(&event("e1"), KEY), 200);
    assert_eq!(daemon.deliver(&event("e2"), "guess"), 401);
    assert_eq!(daemon.send("GET", "/webhook/shop?challenge=7", "", b""), (200, "/?challenge=7".to_owned()));
    drop(daemon);
    let counts = ["accepted", "repeated", "rejected", "handshake"].map(|outcome| count(&site, outcome));
    assert_eq!(counts, [1, 1, 1, 1]);
}

#[test]
fn webhook_that_was_answered_is_there_after_a_kill() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    for number in 0..20 {
        assert_eq!(daemon.deliver(&event(&format!("e{number}")), KEY), 200);
    }
    // SIGKILL: nothing is finished, nothing is flushed.
    daemon.child.kill().unwrap();
    drop(daemon);
    assert_eq!(count(&site, "accepted"), 20);
    let daemon = Daemon::start(&site);
    assert_eq!(daemon.deliver(&event("e7"), KEY), 200);
    drop(daemon);
    assert_eq!((count(&site, "accepted"), count(&site, "repeated")), (20, 1));
}

#[test]
fn what_is_too_large_or_nowhere_is_refused_without_being_stored() {
    let site = site();
    let daemon = Daemon::start(&site);
    assert_eq!(daemon.send("POST", "/webhook/shop", "", &vec![b'x'; 2 << 20]).0, 413);
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    assert_eq!(daemon.send("POST", "/webhook/shop", &many, b"{}").0, 431);
    for path in ["/webhook/nobody", "/webhook/desk/../crm", "/serve/shop", "/", "/webhook"] {
        let status = daemon.send("POST", path, "", b"{}").0;
        assert!(status == 404 || path.starts_with("/webhook/desk"), "{path}: {status}");
    }
    assert_eq!(daemon.send("GET", "/health", "", b"").0, 200);
    drop(daemon);
    assert_eq!(count(&site, "accepted"), 0);
}

#[test]
fn nothing_is_administered_over_the_network() {
    let site = site();
    let daemon = Daemon::start(&site);
    let tokens = ["", "authorization: Bearer guess\r\n", "authorization: Basic YWRtaW46YWRtaW4=\r\n"];
    let places = [
        "/admin",
        "/api",
        "/api/v1/connections",
        "/metrics",
        "/status",
        "/parked",
        "/debug/pprof",
        "/secrets",
        "/config",
        "/wharf.toml",
        "/wharf.lock",
        "/connectors/webhook-mac.wasm",
        "/webhook",
        "/webhook/",
        "/serve/",
        "/health/all",
        "/../wharf.toml",
        "/webhook/../wharf.toml",
        "/webhook/%73hop",
    ];
    for place in places {
        for (method, token) in
            ["GET", "POST", "PUT", "DELETE"].into_iter().flat_map(|method| tokens.map(|token| (method, token)))
        {
            let (status, body) = daemon.send(method, place, token, b"{}");
            assert_eq!(status, 404, "{method} {place} {token}: {body}");
            assert!(body.len() < 200 && body.contains("correct the address"), "{body}");
        }
    }
    // What is answered tells nothing of the installation.
    assert_eq!(daemon.send("GET", "/health", "", b""), (200, r#"{"status":"ok"}"#.to_owned()));
    drop(daemon);
    let (_, json) = site.json(&["webhooks", "list", "shop"]);
    assert_eq!(json["deliveries"], serde_json::json!([]), "nothing was kept of any of it");
}

#[test]
fn connection_that_says_nothing_is_closed_and_holds_nobody_up() {
    let site = site();
    let daemon = Daemon::start(&site);
    let mut silent: Vec<TcpStream> = (0..100).map(|_| daemon.connect()).collect();
    for stream in &mut silent {
        stream.write_all(b"POST /webhook/shop HTTP/1.1\r\nhost: x\r\n").unwrap();
    }
    assert_eq!(daemon.deliver(&event("e1"), KEY), 200);
    let mut rest = Vec::new();
    // The head has ten seconds; after that the connection ends, whatever was said.
    let _ = silent.remove(0).read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
}

#[test]
fn request_is_answered_from_granted_look_ups_and_nobody_looks_up_meanwhile() {
    let site = site();
    let daemon = Daemon::start(&site);
    let (status, body) = daemon.send("GET", "/serve/desk/record/7", "", b"");
    assert_eq!(status, 200, "{body}");
    let found: Value = serde_json::from_str(&body).unwrap();
    // The connection behind it sees no source, and can neither look up nor edit.
    assert_eq!(found[0]["sources"], 0, "{found}");
    assert!(found[0]["refused"].as_str().unwrap().contains("look-up"), "{found}");
    assert!(found[0]["edit"].as_str().unwrap().contains("serving.serve"), "{found}");
}

#[test]
fn answer_that_takes_too_long_is_a_504_in_time() {
    let site = site();
    let daemon = Daemon::start(&site);
    let start = std::time::Instant::now();
    let (status, body) = daemon.send("GET", "/serve/desk/slow", "", b"");
    assert_eq!(status, 504, "{body}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(serde_json::from_str::<Value>(&body).unwrap()["error"].is_string());
}

#[test]
fn edit_without_the_operators_grant_is_refused() {
    let site = site();
    let daemon = Daemon::start(&site);
    let (status, body) = daemon.send("PUT", "/serve/desk/record/7", "", b"{}");
    assert_eq!(status, 502);
    assert!(body.contains("write"), "{body}");
}

#[cfg(unix)]
#[test]
fn daemon_that_is_told_to_stop_stops_listening_and_ends_well() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    let _idle = daemon.connect();
    let id = daemon.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert!(daemon.child.wait().unwrap().success());
    let mut rest = String::new();
    daemon.lines.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("stopped\n"), "{rest}");
    assert!(TcpStream::connect(daemon.address).is_err());
}

#[test]
fn what_to_enter_at_the_provider_is_shown_where_it_has_no_api() {
    let site = site();
    let ended = site.run(&["webhooks", "register", "shop"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stdout.contains("address: https://hooks.example.com/webhook/shop"), "{}", ended.stdout);
    let refused = site.run(&["webhooks", "list", "nobody"]);
    assert_eq!(refused.code, 2);
}

#[test]
fn program_that_serves_a_connector_ends_when_that_is_revoked() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    // An upgrade that cannot be taken up is no reason: what was served goes on.
    site.write("wharf.toml", &FILE.replace("deadline = \"1s\"", "deadline = \"soon\""));
    assert!(daemon.line().contains("what was served goes on"));
    assert_eq!(daemon.deliver(&event("e1"), KEY), 200);
    site.write("wharf.toml", FILE);
    assert!(daemon.line().starts_with("reloaded"));
    assert_eq!(site.json(&["revoke", "webhook-mac", "--by", "chief"]).0, 0);
    assert_eq!(code_of(&mut daemon.child), Some(4));
    assert!(TcpStream::connect(daemon.address).is_err());
}

#[test]
fn another_ledger_is_not_taken_up_while_the_program_serves() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    site.write("wharf.toml", &format!("[wharf]\nstate = \"other.sqlite\"\n{FILE}"));
    assert!(daemon.line().contains("what was served goes on"));
    assert!(!site.path("other.sqlite").exists());
    assert_eq!(daemon.deliver(&event("e1"), KEY), 200);
    site.write("wharf.toml", FILE);
    assert!(daemon.line().starts_with("reloaded"));
    drop(daemon);
    assert_eq!(count(&site, "accepted"), 1);
}

/// Asks for something that takes as long as it may, and returns the status once it came.
fn ask_slowly(daemon: &Daemon) -> std::thread::JoinHandle<u16> {
    let mut stream = daemon.connect();
    stream.write_all(b"GET /serve/desk/slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    std::thread::spawn(move || answer(&mut stream).0)
}

#[test]
fn request_that_is_under_way_is_answered_although_the_installation_changes() {
    let site = site();
    let file = FILE.replace("deadline = \"1s\"", "deadline = \"12s\"");
    site.write("wharf.toml", &file);
    let mut daemon = Daemon::start(&site);
    let asked = ask_slowly(&daemon);
    site.write("wharf.toml", &format!("{file}# changed\n"));
    assert!(daemon.line().starts_with("reloaded"));
    assert_eq!(asked.join().unwrap(), 504);
}

#[test]
fn request_that_is_under_way_is_answered_although_a_revocation_ends_the_program() {
    let site = site();
    site.write("wharf.toml", &FILE.replace("deadline = \"1s\"", "deadline = \"5s\""));
    let mut daemon = Daemon::start(&site);
    let asked = ask_slowly(&daemon);
    assert_eq!(site.json(&["revoke", "webhook-mac", "--by", "chief"]).0, 0);
    assert_eq!(asked.join().unwrap(), 504);
    assert_eq!(code_of(&mut daemon.child), Some(4));
}

#[test]
fn change_that_lacked_a_file_is_taken_up_once_that_is_there() {
    let site = site();
    let mut daemon = Daemon::start(&site);
    site.write("wharf.toml", &format!("[wharf]\nconnectors = \"others\"\n{FILE}"));
    assert!(daemon.line().contains("what was served goes on"));
    std::fs::rename(site.path("connectors"), site.path("others")).unwrap();
    assert!(daemon.line().starts_with("reloaded"));
}

#[test]
fn what_is_served_as_json_is_one_value_in_each_line_also_when_something_is_wrong() {
    let site = site();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
    command.current_dir(site.path("")).args(["serve", "--json"]).env("WHARF_TEST_KEY", KEY).env_remove("WHARF_FILE");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!([next(), next()].map(|event| event["event"].clone()), ["serving", "listening"]);
    site.write("wharf.toml", "[serve]\nlisten = 1\n[flow");
    let refused = next();
    assert_eq!(
        (&refused["event"], &refused["error"]["code"]),
        (&"reload-refused".into(), &"installation-invalid".into())
    );
    site.write("wharf.toml", FILE);
    assert_eq!([next(), next()].map(|event| event["event"].clone()), ["reloaded", "listening"]);
    assert_eq!(site.json(&["revoke", "webhook-mac", "--by", "chief"]).0, 0);
    let stopped = next();
    assert_eq!((&stopped["event"], &stopped["error"]["code"]), (&"stopped".into(), &"not-approved".into()));
    assert!(lines.next().is_none(), "that is the end");
    assert_eq!(code_of(&mut child), Some(4));
}

#[test]
fn listener_that_others_reach_needs_tls_or_a_word() {
    let site = site();
    site.write("wharf.toml", &FILE.replace("127.0.0.1:0", "0.0.0.0:0"));
    let ended = site.run(&["validate"]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("without TLS") && ended.stderr.contains("plain_http"), "{}", ended.stderr);
}
