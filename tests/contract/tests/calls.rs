//! What a call may do, and what it is given.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use wharf_contract_tests::{Upstream, connect, load, load_into};
use wharf_host::model::{Action, Bounds, Cause, Cursor, Document, Effect, Instant, Intent};
use wharf_host::store::{MemoryStore, Store, StoreUnavailable, WakeUp};
use wharf_host::surroundings::{Clock, Randomness};
use wharf_host::{Blame, Host};

fn intent(id: &str, document: &str) -> Intent {
    Intent {
        id: id.into(),
        entity: "probe".into(),
        action: Action::Create,
        target: None,
        expected_revision: None,
        correlation: format!("w-{id}"),
        document: Document::new(document.to_owned()),
    }
}

#[tokio::test]
async fn pure_calls_send_nothing() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connector = load("network-in-plan").await.unwrap();
    let connection = upstream.connect(&connector).await.unwrap();
    let planned = connection.plan(&[intent("1", "{}")]).await.unwrap();
    let failure = planned.value.into_iter().next().unwrap().unwrap_err();
    assert!(matches!(&failure.cause, Cause::EgressDenied { rule, .. } if rule == "no-network"), "{failure:?}");
    assert_eq!(upstream.arrived(), Vec::<String>::new());
    connection.apply(&[intent("1", "{}")]).await.unwrap();
    assert_eq!(upstream.arrived(), ["GET /plan"]);
}

#[tokio::test]
async fn configuration_is_validated_without_network() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connector = load("network-in-describe").await.unwrap();
    let violations = connector.validate_config(&json!({ "base_url": upstream.origin() })).await.unwrap();
    let [violation] = violations.as_slice() else { panic!("{violations:?}") };
    assert!(violation.message.contains("without network"), "{violation:?}");
    assert_eq!(upstream.arrived(), Vec::<String>::new());
}

#[tokio::test]
async fn pull_sends_reads_only() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connector = load("writes-in-pull").await.unwrap();
    let connection = upstream.connect(&connector).await.unwrap();
    let error = connection.pull("honest", None, &Bounds::default()).await.unwrap_err();
    assert_eq!((error.cause(), error.blame()), (Some(&Cause::WouldWrite), Blame::Connector));
    let hidden = connection.pull("silent", None, &Bounds::default()).await.unwrap();
    assert_eq!(hidden.trace.requests.first().unwrap().refusal.as_deref(), Some("would-write"));
    assert_eq!(upstream.arrived(), Vec::<String>::new());
}

#[tokio::test]
async fn dry_run_refuses_the_writes_of_apply() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connector = load("poison-batch").await.unwrap();
    let connection = upstream.connect(&connector).await.unwrap();
    let outcomes = connection.dry_run().apply(&[intent("1", "{}")]).await.unwrap().value;
    let wharf_host::model::Outcome::Failed(failure) = outcomes.first().unwrap() else { panic!("{outcomes:?}") };
    assert_eq!(failure.cause, Cause::WouldWrite);
    assert_eq!(upstream.arrived(), Vec::<String>::new());
    connection.apply(&[intent("1", "{}")]).await.unwrap();
    assert_eq!(upstream.arrived(), ["POST /applied/1"]);
}

#[tokio::test]
async fn trap_in_the_middle_of_a_batch_shows_what_had_been_written() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connector = load("poison-batch").await.unwrap();
    let connection = upstream.connect(&connector).await.unwrap();
    let batch = [intent("1", "{}"), intent("2", "{}"), intent("3", r#"{"poison":true}"#), intent("4", "{}")];
    let error = connection.apply(&batch).await.unwrap_err();
    assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector));
    let written = error.trace().requests.iter().filter(|request| request.sent && request.effect != Effect::Read);
    assert_eq!(written.map(|request| request.url.rsplit('/').next().unwrap()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(upstream.arrived(), ["POST /applied/1", "POST /applied/2"]);

    let error = connection.apply(&[intent("3", r#"{"poison":true}"#)]).await.unwrap_err();
    assert_eq!(error.trace().requests, []);
}

#[tokio::test]
async fn batch_larger_than_the_manifest_says_is_refused_before_anything_is_sent() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connector = load("poison-batch").await.unwrap();
    let connection = upstream.connect(&connector).await.unwrap();
    let batch: Vec<Intent> = (0..51).map(|id| intent(&id.to_string(), "{}")).collect();
    let error = connection.apply(&batch).await.unwrap_err();
    assert_eq!((error.code(), error.blame()), ("unsupported", Blame::Caller));
    assert_eq!(upstream.arrived(), Vec::<String>::new());
}

#[tokio::test]
async fn outcomes_that_do_not_match_the_intents_fail_the_call() {
    let connection = connect("miscounts-outcomes").await.unwrap();
    let error = connection.apply(&[intent("1", "{}"), intent("2", "{}")]).await.unwrap_err();
    assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector));
    assert!(error.to_string().contains("1 outcomes for 2 intents"), "{error}");
}

#[tokio::test]
async fn what_the_manifest_does_not_promise_is_refused_by_name() {
    let connection = connect("echo").await.unwrap();
    let query = |key: &str| [(key.to_owned(), "1".to_owned())];
    let filtered = Bounds { filter: query("colour").to_vec(), ..Bounds::default() };
    let errors = [
        ("`orders`", connection.pull("orders", None, &Bounds::default()).await.unwrap_err()),
        ("`colour`", connection.pull("echo", None, &filtered).await.unwrap_err()),
        ("`order`", connection.get("order", "1").await.unwrap_err()),
        ("`colour`", connection.lookup("probe", &query("colour"), 1).await.unwrap_err()),
        ("`echo`", connection.count("echo", &Bounds::default()).await.unwrap_err()),
    ];
    for (name, error) in errors {
        assert_eq!((error.code(), error.blame()), ("unsupported", Blame::Caller), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn documents_pass_unchanged() {
    let connection = connect("echo").await.unwrap();
    let text = "{\"name\": \"Zażółć \u{1f980}\", \"price\": 1.10, \"n\": 12345678901234567890123}";
    let bounds = Bounds { filter: vec![("document".into(), text.into())], ..Bounds::default() };
    let page = connection.pull("echo", None, &bounds).await.unwrap().value;
    assert_eq!(page.items.first().unwrap().document.as_bytes(), text.as_bytes());
    assert!(page.caught_up);
}

#[tokio::test]
async fn cursor_of_an_unknown_version_is_not_passed_on() {
    let connection = connect("echo").await.unwrap();
    let cursor = Cursor { version: 7, bytes: b"0".to_vec() };
    let error = connection.pull("echo", Some(&cursor), &Bounds::default()).await.unwrap_err();
    assert!(error.trace().requests.is_empty(), "{error}");
}

#[tokio::test]
async fn each_connection_gets_its_own_configuration() {
    let connector = load("config-reader").await.unwrap();
    for name in ["one", "two"] {
        let config = json!({ "name": name });
        let connection = connector.connect(name).config(config.clone()).build().await.unwrap();
        let document: Value = connection.get("probe", "1").await.unwrap().value.document.parse().unwrap();
        assert_eq!(document, config);
    }
}

#[tokio::test]
async fn nothing_of_a_call_is_left_for_the_next() {
    let connection = connect("instance-counter").await.unwrap();
    for _ in 0..3 {
        let document: Value = connection.get("probe", "1").await.unwrap().value.document.parse().unwrap();
        assert_eq!(document, json!({ "calls": 1 }));
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        Instant(1_700_000_000_000)
    }
}

impl Randomness for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(7);
        Ok(())
    }
}

#[tokio::test]
async fn clock_and_randomness_are_the_hosts() {
    let host = Host::builder().clock(Fixed).randomness(Fixed).build().unwrap();
    let connection = load_into(&host, "random-clock").await.unwrap().connect("test").build().await.unwrap();
    let document: Value = connection.get("probe", "3").await.unwrap().value.document.parse().unwrap();
    assert_eq!(document, json!({ "now": 1_700_000_000_000_u64, "random": [7, 7, 7] }));
    assert!(connection.get("probe", "4096").await.is_ok());
    let error = connection.get("probe", "4097").await.unwrap_err();
    assert!(error.to_string().contains("4096"), "{error}");
}

/// A store that can be looked into, and that can be out of order.
#[derive(Clone, Default)]
struct Shared(Arc<MemoryStore>);

#[async_trait::async_trait]
impl Store for Shared {
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable> {
        match wake_up.payload.as_str() {
            "disk full" => Err(StoreUnavailable("the disk is full".into())),
            _ => self.0.put_wake_up(wake_up).await,
        }
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable> {
        self.0.remove_wake_up(connection, name).await
    }

    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable> {
        self.0.wake_ups(connection).await
    }
}

#[tokio::test]
async fn wake_ups_are_kept_in_the_store_and_called() {
    let store = Shared::default();
    let host = Host::builder().clock(Fixed).store(store.clone()).build().unwrap();
    let connection = load_into(&host, "scheduler").await.unwrap().connect("test").build().await.unwrap();
    let ask = async |connection: &wharf_host::Connection, fields: &[(&str, &str)]| -> Value {
        let query: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = connection.lookup("probe", &query, 1).await.unwrap().value;
        found.first().unwrap().document.parse().unwrap()
    };
    let every = [("do", "every"), ("name", "poll"), ("seconds", "60"), ("payload", "p")];
    assert_eq!(ask(&connection, &every).await, json!("ok"));
    let due = Instant(1_700_000_060_000);
    let expected =
        WakeUp { connection: "test".into(), name: "poll".into(), due, every_seconds: Some(60), payload: "p".into() };
    assert_eq!(store.0.wake_ups("test").await.unwrap(), [expected]);

    let full = [("do", "at"), ("name", "later"), ("at", "5"), ("payload", "disk full")];
    assert!(ask(&connection, &full).await.to_string().contains("the disk is full"));
    let dry = ask(&connection.dry_run(), &[("do", "at"), ("name", "dry"), ("at", "5"), ("payload", "")]).await;
    assert!(dry.to_string().contains("dry run"), "{dry}");
    assert_eq!(ask(&connection, &[("do", "cancel"), ("name", "poll")]).await, json!(true));
    assert_eq!(store.0.wake_ups("test").await.unwrap(), []);

    connection.wake("poll", "p").await.unwrap();
    let error = connection.wake("fail", "p").await.unwrap_err();
    assert!(matches!(error.cause(), Some(Cause::Unavailable { .. })), "{error:?}");
}
