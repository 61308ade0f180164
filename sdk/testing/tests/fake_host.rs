//! What connectors see of the fake host, and what tests see of connectors.
#![allow(clippy::expect_used, reason = "a test fails where it stands")]

use wharf_sdk::host::{Level, Refusal};
use wharf_sdk::schedule::ScheduleError;
use wharf_sdk::secrets::{Hash, SecretError};
use wharf_sdk::{clock, connection, http, log, random, schedule, secrets};
use wharf_sdk_testing::{Answer, FakeHost, WakeUp, WakeUpTime};

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
