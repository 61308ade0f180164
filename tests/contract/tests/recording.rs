//! What is recorded, and what a replay makes of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wharf_contract_tests::{Upstream, load_into};
use wharf_host::model::{Cause, Instant, Item};
use wharf_host::policy::Grant;
use wharf_host::recording::{Player, Recorder, Recording, RecordingError};
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::{Connection, Error, Host};

const SECRET: &str = "correct-horse-battery-staple";

struct OneSecret;

#[async_trait::async_trait]
impl SecretSource for OneSecret {
    async fn secret(&self, _: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        Ok(Secret::new(SECRET))
    }
}

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

/// A server that tells the caller its own key, plain and encoded.
async fn talkative() -> Upstream {
    let body = format!("key {SECRET}, {} and {}", STANDARD.encode(SECRET), hex::encode(SECRET));
    Upstream::start(move |_, _, _| (StatusCode::OK, body.clone().into_bytes())).await.unwrap()
}

async fn connect(host: &Host, guest: &str, upstream: &Upstream) -> Connection {
    let connector = load_into(host, guest).await.unwrap();
    if guest == "random-clock" {
        return connector.connect("shop").build().await.unwrap();
    }
    let grant: Grant = upstream.grant().slot("token");
    connector.connect("shop").config(json!({ "base_url": upstream.origin() })).grant(grant).build().await.unwrap()
}

async fn get(host: &Host, guest: &str, upstream: &Upstream, id: &str) -> Result<Item, Error> {
    connect(host, guest, upstream).await.get("probe", id).await.map(|answer| answer.value)
}

async fn recorded(guest: &str, upstream: &Upstream, id: &str) -> (Result<Item, Error>, String) {
    let paper = Paper::default();
    let recorder = Recorder::begin(paper.clone(), Instant(5), json!({"run": "test"})).unwrap();
    let host = Host::builder().secrets(OneSecret).tape(recorder.clone()).build().unwrap();
    let told = get(&host, guest, upstream, id).await;
    recorder.finish(json!({"digest": "d"})).unwrap();
    (told, paper.text())
}

fn player(text: &str) -> (Player, Host) {
    let player = Player::new(&Recording::read(text).unwrap());
    let host = Host::builder().tape(player.clone()).build().unwrap();
    (player, host)
}

#[tokio::test]
async fn recorded_call_replays_without_network_and_without_the_secret() {
    let upstream = talkative().await;
    let (told, text) = recorded("http-echo-credential", &upstream, "document").await;
    assert_eq!(upstream.arrived(), ["GET /echo"]);
    let (player, host) = player(&text);
    let again = get(&host, "http-echo-credential", &upstream, "document").await;
    assert_eq!(again.unwrap(), told.unwrap());
    assert_eq!((player.divergence(), player.left()), (None, 0));
    assert_eq!(upstream.arrived(), ["GET /echo"], "the replay sent something");
}

#[tokio::test]
async fn no_form_of_the_secret_is_in_the_file() {
    let upstream = talkative().await;
    // The last is a secret among the arguments, which the host does not search.
    for id in ["document", "log", "failure", SECRET] {
        let (_, text) = recorded("http-echo-credential", &upstream, id).await;
        assert!(text.contains("[redacted]"), "{text}");
        for form in [SECRET.to_owned(), STANDARD.encode(SECRET), hex::encode(SECRET)] {
            assert!(!text.contains(&form), "`{form}` is in the recording: {text}");
        }
    }
}

#[tokio::test]
async fn time_and_randomness_are_those_of_the_recording() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let (told, text) = recorded("random-clock", &upstream, "32").await;
    let (player, host) = player(&text);
    let again = get(&host, "random-clock", &upstream, "32").await;
    assert_eq!(again.unwrap().document.as_bytes(), told.unwrap().document.as_bytes());
    assert_eq!(player.divergence(), None);
}

#[tokio::test]
async fn request_that_differs_is_refused_and_named() {
    let upstream = talkative().await;
    let (_, text) = recorded("http-echo-credential", &upstream, "document").await;
    let (player, host) = player(&text.replace("/echo", "/other"));
    let error = get(&host, "http-echo-credential", &upstream, "document").await.unwrap_err();
    assert!(matches!(error.cause(), Some(Cause::EgressDenied { rule, .. }) if rule == "not-on-tape"), "{error:?}");
    let divergence = player.divergence().unwrap();
    assert_eq!(divergence.step, 1);
    assert!(divergence.recorded.contains("/other") && divergence.replayed.contains("/echo"), "{divergence}");
    assert_eq!(upstream.arrived().len(), 1, "the replay sent something");
}

#[tokio::test]
async fn call_that_was_not_recorded_is_a_divergence() {
    let upstream = talkative().await;
    let (_, text) = recorded("http-echo-credential", &upstream, "document").await;
    let (player, host) = player(&text);
    get(&host, "http-echo-credential", &upstream, "log").await.unwrap_err();
    assert!(player.divergence().unwrap().to_string().contains("no such call"));
    assert_eq!((player.left(), upstream.arrived().len()), (1, 1));
}

#[test]
fn recording_of_another_format_names_both_versions() {
    let error = Recording::read(r#"{"recording":{"format":7,"host":"9.1.0","new":true}}"#).unwrap_err();
    assert!(matches!(error, RecordingError::Format { found: 7, .. }), "{error}");
    assert!(error.to_string().contains("9.1.0") && error.to_string().contains(env!("CARGO_PKG_VERSION")), "{error}");
    for text in ["", "{}", "no json", r#"{"call":{}}"#] {
        assert!(matches!(Recording::read(text), Err(RecordingError::NoRecording)), "{text}");
    }
}
