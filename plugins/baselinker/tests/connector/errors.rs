//! From what can go wrong to its cause.

use wharf_sdk::failure::{Cause, LimitScope, RateLimit, ToldBy};
use wharf_sdk::{Action, Bounds, Failure, Feeds, Intent, MissingKind, Writing};
use wharf_sdk_testing::{Answer, FakeHost};

/// 2026-07-01T08:00:00Z, 10:00 in Warsaw.
const NOW: u64 = 1_782_892_800_000;
const MINUTE: u64 = 60_000;

fn read(answer: Answer) -> Failure {
    let _host = FakeHost::new().now(NOW).answer(answer).install();
    baselinker::BaseLinker::pull("orders", None, Bounds::default()).expect_err("refused")
}

fn intent(action: Action, target: Option<&str>, document: &str) -> Intent {
    Intent {
        id: "1".to_owned(),
        entity: "order".to_owned(),
        action,
        target: target.map(str::to_owned),
        expected_revision: None,
        correlation: "wh-abc".to_owned(),
        document: document.to_owned(),
    }
}

fn write(answer: Answer) -> Failure {
    let _host = FakeHost::new().now(NOW).answer(answer).install();
    let intent = intent(Action::Transition, Some("5001"), r#"{"status": "205"}"#);
    baselinker::BaseLinker::apply(&intent).expect_err("refused")
}

fn create(answer: Answer) -> Failure {
    let _host = FakeHost::new().now(NOW).config(r#"{"check_before_create": false}"#).answer(answer).install();
    let document = r#"{"status": "1", "created_at": "2026-01-01T00:00:00Z", "currency": "PLN", "lines": [
        {"name": "a", "quantity": "1", "unit_price_gross": "1", "tax_rate": {"percent": "23"}}]}"#;
    baselinker::BaseLinker::apply(&intent(Action::Create, None, document)).expect_err("refused")
}

fn error(code: &str, message: &str) -> Answer {
    let body = serde_json::json!({"status": "ERROR", "error_code": code, "error_message": message});
    Answer::json(200, body.to_string())
}

#[test]
fn a_blocked_token_is_a_rate_limit_until_the_time_in_the_text() {
    for (code, message, scope, minutes, told_by) in [
        (
            "ERROR_BLOCKED_TOKEN",
            "Query limit exceeded, token blocked until 2026-07-01 10:10:00",
            LimitScope::Credential,
            10,
            ToldBy::Text,
        ),
        (
            "ERROR_BLOCKED_TOKEN",
            "Query limit exceeded, token blocked until 2026-07-01 08:07:00",
            LimitScope::Credential,
            7,
            ToldBy::Text,
        ),
        ("ERROR_USER_ACCOUNT_BLOCKED", "account blocked", LimitScope::Account, 10, ToldBy::Estimate),
        ("ERROR_RATE_LIMIT", "", LimitScope::Credential, 10, ToldBy::Estimate),
        ("ERROR_TOO_MANY_REQUESTS", "", LimitScope::Credential, 10, ToldBy::Estimate),
        ("ERROR_REQUESTS_LIMIT_EXCEEDED", "", LimitScope::Credential, 10, ToldBy::Estimate),
    ] {
        for failure in [read(error(code, message)), write(error(code, message)), create(error(code, message))] {
            let limit = RateLimit { scope, not_before: Some(NOW + minutes * MINUTE), told_by };
            assert_eq!(failure.cause(), &Cause::RateLimited(limit), "{code}");
            assert_eq!(failure.evidence().and_then(|evidence| evidence.remote_code.as_deref()), Some(code));
        }
    }
}

#[test]
fn a_block_although_we_called_seldom_is_a_sign_of_another_program() {
    for (config, told, event) in [
        (
            "{}",
            "another program uses the token up; give Wharf a token of its own",
            "the token is blocked by calls of others",
        ),
        (
            r#"{"calls_per_minute": 100}"#,
            "`calls_per_minute` is 100 and the vendor allows 100; lower it",
            "the token is blocked",
        ),
    ] {
        let host = FakeHost::new().now(NOW).config(config).answer(error("ERROR_BLOCKED_TOKEN", "")).install();
        let failure = baselinker::BaseLinker::pull("orders", None, Bounds::default()).expect_err("blocked");
        assert!(failure.message().ends_with(told), "{failure}");
        let log = host.log();
        assert_eq!(log.iter().map(|line| line.event.as_str()).collect::<Vec<_>>(), [event]);
    }
}

#[test]
fn another_zone_can_be_configured_for_block_messages() {
    let _host = FakeHost::new()
        .now(NOW)
        .config(r#"{"block_time_zone": "America/New_York"}"#)
        .answer(error("ERROR_BLOCKED_TOKEN", "token blocked until 2026-07-01 04:10:00"))
        .install();
    let failure = baselinker::BaseLinker::pull("orders", None, Bounds::default()).expect_err("blocked");
    let Cause::RateLimited(limit) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((limit.not_before, limit.told_by), (Some(NOW + 10 * MINUTE), ToldBy::Text));
}

#[test]
fn a_bad_token_is_a_matter_of_the_credential() {
    for code in ["ERROR_BAD_TOKEN", "ERROR_EMPTY_TOKEN", "ERROR_AUTH_TOKEN"] {
        for failure in [read(error(code, "No user token provided.")), write(error(code, ""))] {
            assert_eq!(failure.cause(), &Cause::AuthRevoked, "{code}");
            assert!(failure.message().contains("set a valid token"), "{failure}");
        }
    }
}

#[test]
fn other_errors_stay_and_carry_code_and_words() {
    assert_eq!(read(error("ERROR_UNKNOWN_METHOD", "")).cause(), &Cause::Unsupported("getOrders".to_owned()));
    let Cause::NotFound(missing) = read(error("ERROR_STORAGE_ID", "x")).cause().clone() else { panic!("not-found") };
    assert_eq!((missing.kind, missing.entity.as_str()), (MissingKind::Referenced, "inventory"));
    let failure = read(error("ERROR_NEW", "what is this"));
    assert!(matches!(failure.cause(), Cause::ContractChanged(_)));
    assert!(failure.message().contains("ERROR_NEW what is this"), "{failure}");
    for failure in [write(error("ERROR_NEW", "what is this")), create(error("ERROR_NEW", "what is this"))] {
        let Cause::InvalidRecord(violations) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(violations[0].code, "refused");
        assert!(failure.message().contains("ERROR_NEW what is this"), "{failure}");
    }
}

#[test]
fn codes_that_name_the_thing_name_it() {
    let Cause::NotFound(missing) = write(error("ERROR_ORDER_ID", "")).cause().clone() else { panic!("not-found") };
    assert_eq!((missing.kind, missing.key.as_str()), (MissingKind::Subject, "5001"));
    let Cause::NotFound(missing) = write(error("ERROR_STATUS_ID", "")).cause().clone() else { panic!("not-found") };
    assert_eq!((missing.entity.as_str(), missing.key.as_str()), ("order-status", "205"));
}

#[test]
fn the_status_in_the_body_decides_whatever_http_says() {
    let body = r#"{"status":"ERROR","error_code":"ERROR_BAD_TOKEN","error_message":""}"#;
    assert_eq!(read(Answer::json(500, body)).cause(), &Cause::AuthRevoked);
    let code_only = r#"{"error_code":"ERROR_BAD_TOKEN"}"#;
    assert_eq!(read(Answer::json(200, code_only)).cause(), &Cause::AuthRevoked);
    let empty_code = r#"{"status":"SUCCESS","error_code":"","orders":[]}"#;
    let _host = FakeHost::new().answer(Answer::json(200, empty_code)).install();
    assert!(baselinker::BaseLinker::pull("orders", None, Bounds::default()).is_ok());
}

#[test]
fn outages_are_unavailable_and_after_addorder_unknown() {
    for answer in [
        Answer::html(502, "<html>Bad gateway</html>"),
        Answer::html(200, "<!DOCTYPE html><p>Maintenance"),
        Answer::json(200, r#"{"status":"SUCCESS","orders":[{"order_id":1"#),
        Answer::json(200, ""),
        Answer::empty(503),
        Answer::lost(),
    ] {
        assert_eq!(read(answer.clone()).cause(), &Cause::Unavailable(None), "{answer:?}");
        assert_eq!(write(answer.clone()).cause(), &Cause::Unavailable(None), "{answer:?}");
        assert_eq!(create(answer.clone()).cause(), &Cause::OutcomeUnknown, "{answer:?}");
    }
    assert_eq!(create(Answer::unreachable()).cause(), &Cause::Unavailable(None));
    let limited = read(Answer::empty(429).header("Retry-After", "30"));
    let Cause::RateLimited(limit) = limited.cause() else { panic!("{limited:?}") };
    assert_eq!((limit.not_before, limit.told_by), (Some(NOW + 30_000), ToldBy::Header));
}

#[test]
fn an_unknown_shape_is_a_changed_contract_and_after_addorder_unknown() {
    for body in [
        r#"{"status":"SUCCESS"}"#,
        r#"{"orders":[]}"#,
        r#"{"status":"SUCCESS","orders":7}"#,
        r#"{"status":"SUCCESS","orders":[{"date_confirmed":1}]}"#,
        r#"{"status":"SUCCESS","orders":[{"order_id":"x"}]}"#,
        "[]",
        "7",
    ] {
        let failure = read(Answer::json(200, body));
        let Cause::ContractChanged(change) = failure.cause() else { panic!("{body}: {failure:?}") };
        assert_eq!(change.sample, body);
    }
    for body in [r#"{"status":"SUCCESS"}"#, r#"{"status":"SUCCESS","order_id":0}"#, "[]", r#"{"order_id":5}"#] {
        assert_eq!(create(Answer::json(200, body)).cause(), &Cause::OutcomeUnknown, "{body}");
    }
}

#[test]
fn a_wrong_configuration_is_named() {
    let _host = FakeHost::new().config(r#"{"base_url": 7}"#).install();
    let failure = baselinker::BaseLinker::pull("orders", None, Bounds::default()).expect_err("wrong");
    let Cause::ConfigInvalid(violations) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(violations[0].path, "/base_url");
}
