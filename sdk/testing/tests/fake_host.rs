//! What connectors see of the fake host, and what tests see of connectors.
#![allow(clippy::expect_used, reason = "a test fails where it stands")]

use wharf_sdk::failure::Cause;
use wharf_sdk::host::{Level, Refusal};
use wharf_sdk::schedule::ScheduleError;
use wharf_sdk::secrets::{Hash, SecretError};
use wharf_sdk::{
    Bounds, Completeness, Cursor, Feeds, Item, Page, PageBuilder, clock, connection, http, log, random, schedule,
    secrets,
};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost, Remote, WakeUp, WakeUpTime, document, read_feed};

#[test]
fn answers_come_in_their_order_and_then_from_the_responder() {
    let host = FakeHost::new()
        .respond(|request| Answer::text(200, "text/plain", request.url.as_str()))
        .answer(Answer::empty(201))
        .install();
    let get = || http::get("https://a.example/x").send().expect("an answer");
    assert_eq!((get().status(), get().text().expect("text")), (201, "https://a.example/x"));
    host.answer(Answer::unreachable());
    assert!(http::get("https://a.example/y").send().is_err());
    assert_eq!(host.requests().len(), 3);
    host.start_call();
    assert_eq!(get().number(), 1);
}

#[test]
fn a_request_without_an_answer_is_denied_and_recorded() {
    let host = FakeHost::new().install();
    let failure = http::get("https://a.example/x").send().expect_err("no answer");
    assert!(failure.message().contains("the test has no answer for `GET https://a.example/x`; add one"), "{failure}");
    assert_eq!(host.only_request().url, "https://a.example/x");
}

#[test]
fn a_scripted_refusal_reaches_the_connector() {
    let _host = FakeHost::new().answer(Answer::refused(Refusal::WouldWrite).header("x", "y")).install();
    assert!(http::post("https://a.example/x").send().expect_err("refused").message().contains("would write"));
}

#[test]
fn time_stands_still_until_it_is_moved() {
    let host = FakeHost::new().now(1_000).install();
    assert_eq!((clock::now(), clock::now()), (1_000, 1_000));
    host.advance_seconds(60);
    assert_eq!(clock::now(), 61_000);
}

#[test]
fn randomness_is_the_same_in_every_run() {
    let run = || {
        let _host = FakeHost::new().install();
        (random::bytes(8), random::bytes(5000).len())
    };
    let (bytes, length) = run();
    assert_eq!((run(), length), ((bytes.clone(), 4096), 4096));
    assert!(bytes.iter().any(|byte| byte != bytes.first().expect("eight bytes")));
}

#[test]
fn macs_are_real_and_slots_have_to_be_set() {
    let _host = FakeHost::new().secret("signing", "key").secret("token", "t-1").install();
    // RFC 2104 over "The quick brown fox jumps over the lazy dog" with the key "key".
    let tag = secrets::from_hex("f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8").expect("hex");
    let message = b"The quick brown fox jumps over the lazy dog";
    assert_eq!(secrets::verify_mac("signing", Hash::Sha256, message, &tag), Ok(true));
    assert_eq!(secrets::verify_mac("signing", Hash::Sha512, message, &tag), Ok(false));
    assert_eq!(secrets::sign_mac("signing", Hash::Sha256, message), Ok(tag));
    assert_eq!(secrets::sign_mac("other", Hash::Sha1, message), Err(SecretError::UnknownSlot));
    assert_eq!(secrets::sign_mac("signing", Hash::Sha1, &vec![0; 1024 * 1024 + 1]), Err(SecretError::TooLarge));
    assert_eq!((secrets::matches("token", "t-1"), secrets::matches("token", "t-2")), (Ok(true), Ok(false)));
}

#[test]
fn the_schedule_has_the_limits_of_the_contract() {
    let host = FakeHost::new().install();
    assert_eq!(schedule::wake_at("later", 5, "p"), Ok(()));
    assert_eq!(schedule::wake_every("later", 10, "q"), Ok(()));
    let replaced = WakeUp { time: WakeUpTime::EverySeconds(10), payload: "q".to_owned() };
    assert_eq!(host.wake_up("later"), Some(replaced));
    assert_eq!(schedule::wake_every("often", 9, ""), Err(ScheduleError::TooFrequent));
    assert_eq!(schedule::wake_at("Large Name", 5, ""), Err(ScheduleError::NameInvalid));
    assert_eq!(schedule::wake_at("a", 5, &"x".repeat(4097)), Err(ScheduleError::PayloadTooLarge));
    (1..64).for_each(|number| schedule::wake_at(&format!("n-{number}"), 5, "").expect("room"));
    assert_eq!(schedule::wake_at("one-more", 5, ""), Err(ScheduleError::TooMany));
    assert_eq!((schedule::cancel("later"), schedule::cancel("later")), (Ok(true), Ok(false)));
}

#[test]
fn log_and_configuration_pass_through() {
    let host = FakeHost::new().config(r#"{"a": 1}"#).install();
    assert_eq!(connection::config_text(), r#"{"a": 1}"#);
    host.set_config("{}");
    assert_eq!(connection::config_text(), "{}");
    log::warn("odd", &[("count", &3)]);
    let log = host.log();
    let line = log.first().expect("one line");
    assert_eq!((line.level, line.event.as_str()), (Level::Warn, "odd"));
    assert_eq!(line.fields, [("count".to_owned(), "3".to_owned())]);
}

#[test]
fn the_host_before_comes_back_when_one_is_dropped() {
    let _outer = FakeHost::new().now(1).install();
    {
        let _inner = FakeHost::new().now(2).install();
        assert_eq!(clock::now(), 2);
    }
    assert_eq!(clock::now(), 1);
}

/// Answers one connection with these bytes, and returns the address and what was asked.
fn served(answer: &'static [u8]) -> (String, std::thread::JoinHandle<String>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut asked = Vec::new();
        let mut part = [0; 1024];
        while !asked.ends_with(b"end") {
            let length = stream.read(&mut part).expect("a request");
            asked.extend(part.iter().take(length));
        }
        stream.write_all(answer).expect("it reads");
        String::from_utf8(asked).expect("text")
    });
    (base, server)
}

fn asked_over_http(remote: Remote, base: &str) -> (wharf_sdk::Result<http::Response>, InstalledHost) {
    let host = FakeHost::new().respond(move |request| remote.send(request)).install();
    let request =
        http::post(&format!("{base}/orders")).credential("token").header("x-a", "b").text("text/plain", "the end");
    (request.send(), host)
}

#[test]
fn a_remote_is_asked_over_http_with_the_headers_of_the_slot() {
    let (base, server) = served(b"HTTP/1.1 302 Found\r\nRetry-After: 7\r\nlocation: /x\r\ncontent-length: 2\r\n\r\nhi");
    let remote = Remote::new().credential("token", [("X-Token", "abc")]);
    let (response, _host) = asked_over_http(remote, &base);
    let response = response.expect("an answer");
    assert_eq!((response.status(), response.header("retry-after")), (302, Some("7")));
    assert_eq!(response.text().expect("text"), "hi");
    let asked = server.join().expect("served").to_ascii_lowercase();
    assert!(asked.starts_with("post /orders http/1.1"), "{asked}");
    assert!(asked.contains("x-token: abc") && asked.contains("x-a: b"), "{asked}");
}

#[test]
fn a_remote_that_is_not_there_got_nothing_and_one_that_hangs_up_may_have_written() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gone = format!("http://{}", unused.local_addr().expect("an address"));
    drop(unused);
    let remote = || Remote::new().credential("token", []);
    let (nothing_left, _host) = asked_over_http(remote(), &gone);
    assert!(matches!(nothing_left.expect_err("nobody").cause(), Cause::Unavailable(_)));
    drop(_host);
    let (base, server) = served(b"");
    let (lost, _host) = asked_over_http(remote(), &base);
    assert!(matches!(lost.expect_err("no answer").cause(), Cause::OutcomeUnknown));
    server.join().expect("served");
}

#[test]
fn a_slot_without_a_credential_sends_nothing() {
    let (refused, host) = asked_over_http(Remote::new(), "http://127.0.0.1:9");
    let failure = refused.expect_err("denied");
    assert!(failure.message().contains("no credential for the slot `token`; set it"), "{failure}");
    assert_eq!(host.requests().len(), 1);
}

struct Lister;

impl Feeds for Lister {
    fn pull(feed: &str, cursor: Option<Cursor>, bounds: Bounds) -> wharf_sdk::Result<Page> {
        let at: u32 = cursor.map_or(Ok(0), |cursor| cursor.decode(1))?;
        let mut page = PageBuilder::new(&bounds);
        // The feed `moods` says something else at every call.
        let id = if feed == "moods" { random_number() } else { at };
        let left_out = page.push(Item::new("thing", id.to_string(), &serde_json::json!({ "at": at }))?);
        assert_eq!(left_out, None);
        let state = if at == 2 { Completeness::CaughtUp } else { Completeness::More };
        Ok(page.finish(Cursor::encode(1, &(at + 1))?, state))
    }
}

fn random_number() -> u32 {
    let bytes = random::bytes(2);
    bytes.iter().fold(0, |number, byte| number * 256 + u32::from(*byte))
}

#[test]
fn a_feed_is_read_to_its_end_and_every_page_twice() {
    let _host = FakeHost::new().install();
    let items = read_feed::<Lister>("things", &Bounds::default());
    let places: Vec<_> = items.iter().map(|item| document(item)["at"].clone()).collect();
    assert_eq!(places, [0, 1, 2]);
    let moody = std::panic::catch_unwind(|| read_feed::<Lister>("moods", &Bounds::default()));
    assert!(moody.is_err(), "the same cursor gave another page");
}
