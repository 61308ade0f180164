//! Refresh tokens that count once, with several processes on one ledger.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Site;

/// How long the remote takes to give out a token, so that the others meet a refresh that is under way.
const SLOW: Duration = Duration::from_secs(2);

/// A remote that takes each refresh token once. A second use would be a theft: from then on it takes none at all.
struct Remote {
    address: SocketAddr,
    issued: Arc<AtomicUsize>,
    used: Arc<Mutex<Vec<String>>>,
}

impl Remote {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (issued, used) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, log) = (Arc::clone(&issued), Arc::clone(&used));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (counter, log) = (Arc::clone(&counter), Arc::clone(&log));
                std::thread::spawn(move || answer(stream.unwrap(), &counter, &log));
            }
        });
        Self { address, issued, used }
    }
}

fn answer(mut stream: TcpStream, issued: &AtomicUsize, used: &Mutex<Vec<String>>) {
    let request = request(&mut stream);
    let (status, body) = match request.split(' ').nth(1) {
        Some("/token") => token(&request, issued, used),
        _ => orders(&request, issued),
    };
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    // Who has hung up does not get an answer.
    let _ = stream.write_all(text.as_bytes());
}

fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn token(request: &str, issued: &AtomicUsize, used: &Mutex<Vec<String>>) -> (&'static str, String) {
    let token = request.rsplit(['&', '\n']).find_map(|field| field.strip_prefix("refresh_token=")).unwrap_or_default();
    let current = format!("refresh-{}", issued.load(Ordering::SeqCst));
    {
        let mut used = used.lock().unwrap();
        let again = used.iter().any(|old| old == token);
        used.push(token.to_owned());
        if again || token != current {
            return ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned());
        }
    }
    std::thread::sleep(SLOW);
    let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
    let body = format!(r#"{{"access_token":"access-{number}","refresh_token":"refresh-{number}","expires_in":86400}}"#);
    ("200 OK", body)
}

fn orders(request: &str, issued: &AtomicUsize) -> (&'static str, String) {
    let current = format!("authorization: bearer access-{}\r", issued.load(Ordering::SeqCst));
    match request.to_ascii_lowercase().contains(&current) {
        true => ("200 OK", "[]".to_owned()),
        false => ("401 Unauthorized", "{}".to_owned()),
    }
}

fn site(remote: &Remote) -> Site {
    let origin = format!("http://{}", remote.address);
    let site = Site::new(&format!(
        r#"
[connection.crm]
connector = "single-use-token"
config.base_url = "{origin}"
credential.account = {{ client-id = {{ env = "CRM_ID" }}, client-secret = {{ env = "CRM_SECRET" }}, refresh-token = {{ env = "CRM_TOKEN" }} }}
grant.plain_http = ["{origin}"]
grant.private_addresses = ["{address}"]
"#,
        address = remote.address
    ));
    site.install("single-use-token");
    site
}

/// Checks the connection in so many processes at once, and returns how they ended.
fn checked(site: &Site, processes: usize) -> Vec<(Option<i32>, String)> {
    let start = |_| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.current_dir(site.path("")).args(["check", "crm"]).env_remove("WHARF_FILE");
        command.envs([("CRM_ID", "wharf"), ("CRM_SECRET", "secret of the client"), ("CRM_TOKEN", "refresh-0")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = (0..processes).map(start).collect();
    let ended = running.into_iter().map(|process| process.wait_with_output().unwrap());
    ended
        .map(|output| {
            (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
        })
        .collect()
}

#[test]
fn token_that_counts_once_is_refreshed_once_by_all_processes() {
    let remote = Remote::start();
    let site = site(&remote);
    for (code, said) in checked(&site, 3) {
        assert_eq!(code, Some(0), "{said}");
    }
    // Who comes later finds what the others left.
    for (code, said) in checked(&site, 1) {
        assert_eq!(code, Some(0), "{said}");
    }
    assert_eq!(*remote.used.lock().unwrap(), ["refresh-0"]);
    assert_eq!(remote.issued.load(Ordering::SeqCst), 1);
}

#[test]
fn ledger_shows_no_token() {
    let remote = Remote::start();
    let site = site(&remote);
    assert_eq!(checked(&site, 1)[0].0, Some(0));
    let mut searched = 0;
    for entry in std::fs::read_dir(site.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            searched += bytes.len();
            for secret in ["refresh-1", "access-1", "secret of the client"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "`{secret}` is in `{}`", path.display());
            }
        }
    }
    assert!(searched > 4096, "there is a ledger to search");
}
