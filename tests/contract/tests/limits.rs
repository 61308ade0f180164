//! Guests that want too much: each ends its own call with a named cause, and nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wharf_contract_tests::{Upstream, connect, connect_with, load, load_into};
use wharf_host::model::{Bounds, Cause, Instant};
use wharf_host::surroundings::Clock;
use wharf_host::{Blame, Host, Limits};

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[tokio::test]
async fn endless_loop_ends_at_the_limit_of_computing_and_holds_nobody_up() {
    let host = Host::builder().build().unwrap();
    let looping = load_into(&host, "loops-forever").await.unwrap().connect("looping");
    let looping = looping.limits(limits(|limits| limits.cpu = Duration::from_millis(300))).build().await.unwrap();
    let other = load_into(&host, "echo").await.unwrap().connect("other").build().await.unwrap();

    let answered = AtomicBool::new(false);
    let others = async {
        for id in 0..20 {
            assert_eq!(other.get("probe", &id.to_string()).await.unwrap().value.id, id.to_string());
        }
        answered.store(true, Ordering::SeqCst);
    };
    // One thread for both: the loop has to give way for the others to get on.
    let endless = async {
        let error = looping.get("probe", "1").await.unwrap_err();
        assert!(answered.load(Ordering::SeqCst), "the others waited for the loop");
        error
    };
    let (error, ()) = tokio::join!(endless, others);
    assert_eq!(error.cause(), Some(&Cause::Deadline { write_in_flight: false }), "{error}");
    assert_eq!((error.blame(), error.connection()), (Blame::Connector, Some("looping")));
    assert!(error.to_string().contains("`cpu`"), "{error}");
}

#[tokio::test]
async fn endless_loop_ends_at_the_deadline_when_that_comes_first() {
    let limits = limits(|limits| limits.deadline = Duration::from_millis(150));
    let connection = connect_with("loops-forever", limits).await.unwrap();
    let error = connection.get("probe", "1").await.unwrap_err();
    assert_eq!(error.cause(), Some(&Cause::Deadline { write_in_flight: false }), "{error}");
    assert!(error.to_string().contains("`deadline`"), "{error}");
}

#[tokio::test]
async fn dropped_call_ends_an_endless_loop() {
    let connection = connect("loops-forever").await.unwrap();
    let call = connection.get("probe", "1");
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
}

#[tokio::test]
async fn memory_beyond_the_limit_is_named_as_such() {
    let connection = connect_with("grows-memory", limits(|limits| limits.memory_bytes = 8 << 20)).await.unwrap();
    let error = connection.get("probe", "1").await.unwrap_err();
    assert_eq!(error.cause(), Some(&Cause::MemoryExceeded { limit_bytes: 8 << 20 }), "{error}");
    assert_eq!(error.blame(), Blame::Connector);
}

/// Lets a guest hoard through `wasi:http`, in a call for which the host holds 8 MiB.
async fn hoarded(what: &str, times: usize) -> Result<Value, wharf_host::Error> {
    let upstream = Upstream::start(|_, _, _| (axum::http::StatusCode::OK, vec![b'x'; 1 << 20])).await.unwrap();
    let builder = load("wasi-hoards").await.unwrap().connect("test").config(json!({ "base_url": upstream.origin() }));
    let builder = builder.grant(upstream.grant()).limits(limits(|limits| limits.host_bytes = 8 << 20));
    let connection = builder.build().await.unwrap();
    let query = [("what".to_owned(), what.to_owned()), ("times".to_owned(), times.to_string())];
    let found = connection.lookup("probe", &query, 1).await?.value;
    Ok(found.first().unwrap().document.parse().unwrap())
}

#[tokio::test]
async fn bodies_that_wasi_http_makes_the_host_hold_count_together() {
    for what in ["requests", "answers"] {
        assert_eq!(hoarded(what, 7).await.unwrap(), json!([7]), "{what}");
        let error = hoarded(what, 50).await.unwrap_err();
        assert_eq!(error.cause(), Some(&Cause::MemoryExceeded { limit_bytes: 8 << 20 }), "{what}: {error}");
        assert!(error.to_string().contains("`host_bytes`"), "{what}: {error}");
    }
}

#[tokio::test]
async fn headers_and_handles_of_wasi_http_are_capped() {
    // The second makes its lists of headers before it fills any, and comes no further than that.
    for (lists, by_size) in [(1, true), (3_000, false)] {
        let error = hoarded("headers", lists).await.unwrap_err();
        assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector), "{error}");
        assert_eq!(error.to_string().contains("total size of fields exceeds limit"), by_size, "{error}");
    }
}

#[tokio::test]
async fn recursion_without_end_is_a_fault_of_the_connector_and_the_host_survives() {
    let connection = connect("deep-recursion").await.unwrap();
    let error = connection.get("probe", "endless").await.unwrap_err();
    assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector));
    // Which of its two stacks ends first is the compiler's choice: the engine's, or the one in its own memory.
    let told = error.to_string();
    assert!(told.contains("call stack exhausted") || told.contains("out of bounds memory access"), "{told}");
    assert!(connection.get("probe", "1000").await.is_ok());
}

#[tokio::test]
async fn trap_ends_one_call_and_the_next_runs() {
    let connection = connect("traps").await.unwrap();
    for id in ["trap", "panic"] {
        let error = connection.get("probe", id).await.unwrap_err();
        assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector), "{error}");
        assert!(error.to_string().contains("unreachable"), "{error}");
    }
    assert!(connection.get("probe", "fine").await.is_ok());
}

#[tokio::test]
async fn page_over_its_bounds_is_refused_and_the_bound_is_named() {
    let connection = connect("returns-huge-page").await.unwrap();
    let bounds = Bounds { max_items: 10, max_bytes: 1000, ..Bounds::default() };
    for (feed, reason) in
        [("items", "`max-items`"), ("bytes", "`max-bytes`"), ("huge", "bytes"), ("cursor", "its cursor has 1048576")]
    {
        let error = connection.pull(feed, None, &bounds).await.unwrap_err();
        assert_eq!(error.blame(), Blame::Connector, "{feed}: {error}");
        assert!(error.to_string().contains(reason), "{feed}: {error}");
    }
}

#[tokio::test]
async fn page_over_the_limits_of_the_connection_is_refused_whatever_the_bounds_say() {
    let tight = limits(|limits| {
        limits.page_items = 5;
        limits.page_bytes = 500;
    });
    let connection = connect_with("returns-huge-page", tight).await.unwrap();
    for feed in ["items", "bytes"] {
        let error = connection.pull(feed, None, &Bounds::default()).await.unwrap_err();
        assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector), "{feed}: {error}");
    }
}

#[tokio::test]
async fn page_that_does_not_move_on_is_refused() {
    let connection = connect("same-cursor").await.unwrap();
    let first = connection.pull("same", None, &Bounds::default()).await.unwrap().value;
    let error = connection.pull("same", Some(&first.next), &Bounds::default()).await.unwrap_err();
    assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector));
    assert!(error.to_string().contains("move on"), "{error}");
}

#[tokio::test]
async fn document_that_is_not_json_is_refused_with_the_reason() {
    let connection = connect("broken-document").await.unwrap();
    for (id, reason) in [("cut", "not JSON"), ("empty", "not JSON"), ("deep", "10000 levels deep")] {
        let error = connection.get("probe", id).await.unwrap_err();
        assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(connection.get("probe", "fine").await.is_ok());
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn log_is_cut_at_its_limits_and_cannot_forge_a_line() {
    let connection = connect("huge-log").await.unwrap();
    let lines = Lines::default();
    let writer = lines.clone();
    let collector = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(collector);
    for id in ["lines", "bytes", "escapes"] {
        connection.get("probe", id).await.unwrap();
    }
    let text = lines.text();
    let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!(count(" wharf::connector: line "), 200, "{text}");
    assert_eq!((count("dropped=800"), count("dropped=1")), (1, 1));
    assert_eq!(count("cleared  error: forged"), 1);
    assert!(text.contains("connector=\"huge-log\"") && text.contains("connection=\"test\""));
    assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "control characters came through");
}

/// A clock that panics once it is told to.
struct Faulty(Arc<AtomicBool>);

impl Clock for Faulty {
    fn now(&self) -> Instant {
        assert!(!self.0.load(Ordering::SeqCst), "the clock is broken");
        Instant(1_000)
    }
}

#[tokio::test]
async fn panic_in_the_host_ends_one_call_and_is_the_hosts_fault() {
    let broken = Arc::new(AtomicBool::new(false));
    let host = Host::builder().clock(Faulty(Arc::clone(&broken))).build().unwrap();
    let connection = load_into(&host, "random-clock").await.unwrap().connect("test").build().await.unwrap();
    connection.get("probe", "4").await.unwrap();
    broken.store(true, Ordering::SeqCst);
    let error = connection.get("probe", "4").await.unwrap_err();
    assert_eq!((error.code(), error.blame()), ("internal", Blame::Host));
    assert!(error.to_string().contains("the clock is broken"), "{error}");
    broken.store(false, Ordering::SeqCst);
    connection.get("probe", "4").await.unwrap();
}

#[tokio::test]
async fn hundreds_of_calls_at_once_all_get_their_turn() {
    let connection = connect("echo").await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for id in 0..600 {
        let connection = connection.clone();
        calls.spawn(async move { connection.get("probe", &id.to_string()).await.map(|answer| answer.value.id) });
    }
    assert!(calls.join_all().await.into_iter().all(|told| told.is_ok()));
}
