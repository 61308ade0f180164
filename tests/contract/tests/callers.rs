//! Who calls us is let in by credentials that the connector never sees, and answered with what the host signed for it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use wharf_contract_tests::load_into;
use wharf_host::model::{Admission, Delivery, Instant, Parsed};
use wharf_host::policy::Grant;
use wharf_host::recording::Recorder;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::{Connection, Host};

const KEY: &[u8] = b"the key of the platform's webhooks";

struct Fixed;

#[async_trait::async_trait]
impl SecretSource for Fixed {
    async fn secret(&self, wanted: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        let value = match (wanted.slot, wanted.part) {
            ("client", "client-id") => "platform".to_owned(),
            ("client", "client-secret") => format!("secret of {}", wanted.connection),
            ("signed", _) => format!("whsec_{}", STANDARD.encode(KEY)),
            ("signer", _) => "the key that answers are signed with".to_owned(),
            _ => return Err(SecretUnavailable(format!("`{}` is not set", wanted.slot))),
        };
        Ok(Secret::new(value))
    }
}

/// Where a recording is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn connection(name: &str) -> Connection {
    let host = Host::builder().secrets(Fixed).build().unwrap();
    let connector = load_into(&host, "answers-callers").await.unwrap();
    let grant = Grant::new().slot("client").slot("signed").slot("signer");
    connector.connect(name).grant(grant).build().await.unwrap()
}

fn delivery(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Delivery {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Delivery { method: method.into(), path: path.into(), headers, body: body.into() }
}

/// Asks the connection's token endpoint, and returns status and answer.
async fn asked_for_token(connection: &Connection, id: &str, secret: &str) -> (u16, Value) {
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let request = delivery("POST", "/oauth/token", &headers, "grant_type=client_credentials");
    match connection.authenticate(&request).await.unwrap() {
        Admission::Answered(reply) => (reply.status, serde_json::from_slice(&reply.body).unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn is_admitted(connection: &Connection, headers: &[(&str, &str)], body: &str) -> bool {
    let admission = connection.authenticate(&delivery("GET", "/whoami", headers, body)).await.unwrap();
    match admission {
        Admission::Admitted => true,
        Admission::Refused { reply, .. } => {
            assert_eq!(reply.status, 401);
            false
        }
        Admission::Answered(reply) => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn client_gets_a_token_by_its_secret_and_comes_in_with_it() {
    let connection = connection("desk").await;
    let (status, answer) = asked_for_token(&connection, "platform", "secret of desk").await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")));
    let shown = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    assert!(is_admitted(&connection, &[("authorization", &shown)], "").await);
}

#[tokio::test]
async fn token_of_nobody_of_another_connection_or_altered_is_refused() {
    let (ours, theirs) = (connection("desk").await, connection("another").await);
    for (id, secret) in [("platform", "guess"), ("somebody", "secret of desk"), ("platform", ""), ("", "")] {
        assert_eq!(asked_for_token(&ours, id, secret).await.0, 401, "{id}");
    }
    let (_, answer) = asked_for_token(&theirs, "platform", "secret of another").await;
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let (_, answer) = asked_for_token(&ours, "platform", "secret of desk").await;
    let mut altered = answer["access_token"].as_str().unwrap().to_owned().into_bytes();
    altered[3] = if altered[3] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for forged in [token.as_str(), &altered, "", "secret of desk"] {
        assert!(!is_admitted(&ours, &[("authorization", &format!("Bearer {forged}"))], "").await, "{forged}");
    }
    assert!(!is_admitted(&ours, &[], "").await);
}

#[tokio::test]
async fn webhook_is_let_in_by_its_signature_within_its_time_only() {
    let connection = connection("desk").await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let signed = |key: &[u8], id: &str, time: u64, body: &str| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{id}.{time}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    };
    let table = [
        ("right", KEY, now, "{}", true),
        ("another key", b"guess".as_slice(), now, "{}", false),
        ("another body", KEY, now, "{\"a\":1}", false),
        ("an hour old", KEY, now - 3600, "{}", false),
        ("from the future", KEY, now + 3600, "{}", false),
    ];
    for (name, key, time, body, admitted) in table {
        let (signature, time) = (signed(key, "msg_1", time, body), time.to_string());
        let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
        assert_eq!(is_admitted(&connection, &headers, "{}").await, admitted, "{name}");
    }
}

#[tokio::test]
async fn answer_is_signed_with_a_key_that_the_guest_does_not_have() {
    let connection = connection("desk").await;
    let reply = connection.serve(&delivery("GET", "/whoami", &[], "")).await.unwrap().value;
    let token = String::from_utf8(reply.body).unwrap();
    let (message, tag) = token.rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"the key that answers are signed with");
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    assert!(hmac::verify(&key, message.as_bytes(), &tag).is_ok());
    let claims = URL_SAFE_NO_PAD.decode(message.split_once('.').unwrap().1).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&claims).unwrap(), json!({"sub": "/whoami"}));
}

const BEARER: &str = "bearer-of-the-platform";
const PASSWORD: &str = "password+of/the=platform";
const PRESENTED: &str = "token-of-the-webhooks";

/// The secrets of `repeats-callers`.
struct Callers;

#[async_trait::async_trait]
impl SecretSource for Callers {
    async fn secret(&self, wanted: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        let value = match (wanted.slot, wanted.part) {
            ("bearer", _) => BEARER,
            ("login", "username") => "platform",
            ("login", _) => PASSWORD,
            _ => PRESENTED,
        };
        Ok(Secret::new(value))
    }
}

async fn repeating(host: &Host) -> Connection {
    let connector = load_into(host, "repeats-callers").await.unwrap();
    let grant = Grant::new().slot("bearer").slot("login").slot("token");
    connector.connect("desk").grant(grant).build().await.unwrap()
}

/// Forms in which the secrets of callers are in what they send.
fn callers_secrets() -> [String; 4] {
    [BEARER, PASSWORD, "password%2Bof%2Fthe%3Dplatform", &STANDARD.encode(format!("platform:{PASSWORD}"))]
        .map(str::to_owned)
}

#[tokio::test]
async fn what_a_caller_signs_in_with_does_not_enter_the_guest() {
    let connection = repeating(&Host::builder().secrets(Callers).build().unwrap()).await;
    let basic = format!("Basic {}", STANDARD.encode(format!("platform:{PASSWORD}")));
    for shown in [format!("Bearer {BEARER}"), basic] {
        // The header by which it signs in, and the same once more in every other place.
        let headers = [("Authorization", shown.as_str()), ("x-again", &shown), ("accept", "*/*")];
        let path = "/repeat?key=password%2Bof%2Fthe%3Dplatform";
        let request = delivery("POST", path, &headers, &format!("{BEARER} {PASSWORD} {{}}"));
        assert_eq!(connection.authenticate(&request).await.unwrap(), Admission::Admitted);
        let reply = connection.serve(&request).await.unwrap().value;
        let told = String::from_utf8(reply.body).unwrap();
        assert!(told.contains("accept: */*") && told.contains("*/* :tpecca") && told.contains("{}"), "{told}");
        assert!(!told.to_ascii_lowercase().contains("authorization"), "{told}");
        let entered: String = told.chars().rev().collect();
        for secret in callers_secrets() {
            assert!(!told.contains(&secret) && !entered.contains(&secret), "`{secret}`: {told}");
        }
    }
}

#[tokio::test]
async fn token_that_a_webhook_shows_is_taken_out_of_what_is_made_of_it_although_nothing_was_sent() {
    let paper = Paper::default();
    let recorder = Recorder::begin(paper.clone(), Instant(5), json!({})).unwrap();
    let connection = repeating(&Host::builder().secrets(Callers).tape(recorder).build().unwrap()).await;
    let hook = delivery("POST", "/", &[("x-token", PRESENTED)], PRESENTED);
    let answer = connection.parse_webhook(&hook).await.unwrap();
    let Parsed::Events(events) = &answer.value else { panic!("{answer:?}") };
    assert_eq!(events[0].id, "Ok(true)");
    assert!(events[0].key.contains("x-token: [redacted]"), "{events:?}");
    assert_eq!(answer.trace.leaks.len(), 1);
    let recorded = paper.text();
    assert!(recorded.contains("x-token") && !recorded.contains(PRESENTED), "{recorded}");
    let kept = connection.redact_delivery(&hook).await;
    assert!(!format!("{kept:?}").contains(PRESENTED) && kept.body == b"[redacted]", "{kept:?}");
}
