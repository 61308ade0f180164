//! From what happened to a request to the cause that a connector reports.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails where it stands")]

use serde::Deserialize;
use wharf_sdk::failure::{Cause, LimitScope, RateLimit, ToldBy};
use wharf_sdk::host::Refusal;
use wharf_sdk::http::{self, Effect, Response};
use wharf_sdk::{Failure, MissingKind};
use wharf_sdk_testing::{Answer, FakeHost, json_body, text_body};

const NOW: u64 = 1_767_225_600_000;
const URL: &str = "https://shop.example/orders?token=in-the-query";

/// Sends one request of that effect and returns what its sender sees.
fn sent(effect: Effect, answer: Answer) -> Result<Response, Failure> {
    let _host = FakeHost::new().now(NOW).answer(answer).install();
    http::post(URL).effect(effect).send()
}

/// Returns the kebab-case name of a cause, as the contract writes it.
fn name(failure: &Failure) -> &'static str {
    match failure.cause() {
        Cause::AuthExpired => "auth-expired",
        Cause::AuthRevoked => "auth-revoked",
        Cause::Forbidden(_) => "forbidden",
        Cause::RateLimited(_) => "rate-limited",
        Cause::Unavailable(_) => "unavailable",
        Cause::OutcomeUnknown => "outcome-unknown",
        Cause::Conflict(_) => "conflict",
        Cause::NotFound(_) => "not-found",
        Cause::InvalidRecord(_) => "invalid-record",
        Cause::Precondition(_) => "precondition",
        Cause::Unsupported(_) => "unsupported",
        Cause::ContractChanged(_) => "contract-changed",
        Cause::TooLarge(_) => "too-large",
        Cause::Internal(_) => "internal",
        other => panic!("{other:?} is the cause of no answer"),
    }
}

#[test]
fn every_status_has_its_cause_by_the_effect_of_the_request() {
    for (status, read, idempotent, write) in [
        (301, "not-found", "not-found", "not-found"),
        (400, "contract-changed", "invalid-record", "invalid-record"),
        (401, "auth-expired", "auth-expired", "auth-expired"),
        (402, "forbidden", "forbidden", "forbidden"),
        (403, "forbidden", "forbidden", "forbidden"),
        (404, "not-found", "not-found", "not-found"),
        (405, "unsupported", "unsupported", "unsupported"),
        (408, "unavailable", "unavailable", "outcome-unknown"),
        (409, "conflict", "conflict", "conflict"),
        (412, "conflict", "conflict", "conflict"),
        (413, "too-large", "too-large", "too-large"),
        (418, "contract-changed", "contract-changed", "contract-changed"),
        (422, "contract-changed", "invalid-record", "invalid-record"),
        (423, "precondition", "precondition", "precondition"),
        (429, "rate-limited", "rate-limited", "rate-limited"),
        (500, "unavailable", "unavailable", "outcome-unknown"),
        (501, "unsupported", "unsupported", "unsupported"),
        (503, "unavailable", "unavailable", "outcome-unknown"),
    ] {
        for (effect, expected) in [(Effect::Read, read), (Effect::IdempotentWrite, idempotent), (Effect::Write, write)]
        {
            let response = sent(effect, Answer::json(status, r#"{"message": "no"}"#)).expect("an answer");
            let failure = response.expect_success().expect_err("no success");
            assert_eq!(name(&failure), expected, "{status} {effect:?}");
            let evidence = failure.evidence().expect("evidence");
            assert_eq!((evidence.request, evidence.http_status), (1, Some(status)));
            assert_eq!(evidence.excerpt.as_deref(), Some(r#"{"message": "no"}"#));
        }
    }
}

#[test]
fn every_refusal_has_its_cause_by_the_effect_of_the_request() {
    let denied = || Refusal::Denied(("egress-denied".to_owned(), "`x.example` is not granted".to_owned()));
    for (refusal, read, idempotent, write) in [
        (denied(), "internal", "internal", "internal"),
        (Refusal::WouldWrite, "internal", "internal", "internal"),
        (Refusal::BudgetExhausted(NOW + 1), "rate-limited", "rate-limited", "rate-limited"),
        (Refusal::CredentialUnavailable(true), "auth-revoked", "auth-revoked", "auth-revoked"),
        (Refusal::CredentialUnavailable(false), "unavailable", "unavailable", "unavailable"),
        (Refusal::NotSent("refused".to_owned()), "unavailable", "unavailable", "unavailable"),
        (Refusal::SentNoAnswer("reset".to_owned()), "unavailable", "unavailable", "outcome-unknown"),
        (Refusal::TooLarge(9), "too-large", "too-large", "outcome-unknown"),
        (Refusal::Deadline(true), "internal", "internal", "outcome-unknown"),
        (Refusal::Deadline(false), "internal", "internal", "internal"),
    ] {
        for (effect, expected) in [(Effect::Read, read), (Effect::IdempotentWrite, idempotent), (Effect::Write, write)]
        {
            let failure = sent(effect, Answer::refused(refusal.clone())).expect_err("no answer");
            assert_eq!(name(&failure), expected, "{refusal:?} {effect:?}");
            assert_eq!(failure.evidence().map(|evidence| evidence.request), Some(1));
            assert!(!failure.message().contains("in-the-query"), "a query value is in `{failure}`");
        }
    }
}

#[test]
fn a_body_that_is_not_the_json_expected_is_told_apart_from_a_passing_one() {
    for (answer, read, write) in [
        (Answer::html(200, "\n <!DOCTYPE html><h1>Maintenance</h1>"), "unavailable", "outcome-unknown"),
        (Answer::json(200, r#"{"ids": [1, 2"#), "unavailable", "outcome-unknown"),
        (Answer::empty(200), "unavailable", "outcome-unknown"),
        (Answer::json(200, r#"{"orders": []}"#), "contract-changed", "outcome-unknown"),
        (Answer::text(200, "text/plain", "OK"), "contract-changed", "outcome-unknown"),
        (Answer::bytes(200, [0xff, 0xfe]), "contract-changed", "outcome-unknown"),
    ] {
        #[derive(Debug, Deserialize)]
        struct Ids {
            #[expect(dead_code, reason = "only its shape is of interest")]
            ids: Vec<u32>,
        }
        for (effect, expected) in [(Effect::Read, read), (Effect::Write, write)] {
            let response = sent(effect, answer.clone()).expect("an answer").expect_success().expect("a success");
            let failure = response.json::<Ids>().expect_err("another shape");
            assert_eq!(name(&failure), expected, "{answer:?} {effect:?}");
        }
    }
}

#[test]
fn the_sample_of_a_changed_contract_is_what_came() {
    let response = sent(Effect::Read, Answer::json(200, r#"{"orders": []}"#)).expect("an answer");
    let failure = response.json::<Vec<u32>>().expect_err("another shape");
    let Cause::ContractChanged(change) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(change.sample, r#"{"orders": []}"#);
}

#[test]
fn retry_after_is_read_in_seconds_and_as_a_date() {
    for (value, not_before, told_by) in [
        (Some("120"), Some(NOW + 120_000), ToldBy::Header),
        (Some("Thu, 01 Jan 2026 00:05:00 GMT"), Some(NOW + 300_000), ToldBy::Header),
        (Some("soon"), None, ToldBy::Estimate),
        (None, None, ToldBy::Estimate),
    ] {
        let answer = Answer::empty(429);
        let answer = value.map_or_else(|| answer.clone(), |value| answer.clone().header("Retry-After", value));
        let host = FakeHost::new().now(NOW).answer(answer).install();
        let response = http::get(URL).send().expect("an answer");
        let failure = response.expect_success().expect_err("no success");
        let limit = RateLimit { scope: LimitScope::Credential, not_before, told_by };
        assert_eq!(failure.cause(), &Cause::RateLimited(limit), "{value:?}");
        assert_eq!(host.answers_left(), 0);
    }
}

#[test]
fn a_missing_document_is_the_subject_and_a_missing_address_is_not() {
    let response = || sent(Effect::Read, Answer::empty(404)).expect("an answer");
    let kind = |failure: Failure| match failure.cause() {
        Cause::NotFound(missing) => (missing.kind, missing.key.clone()),
        other => panic!("{other:?}"),
    };
    let subject = response().expect_found("order", "12").expect_err("not there");
    assert_eq!(kind(subject), (MissingKind::Subject, "12".to_owned()));
    let endpoint = response().expect_success().expect_err("not there");
    assert_eq!(kind(endpoint), (MissingKind::Endpoint, String::new()));
}

#[test]
fn what_is_built_is_what_is_sent_and_what_a_preview_shows() {
    let host = FakeHost::new().answer(Answer::empty(201)).install();
    let request = || {
        http::post(&http::join("https://shop.example/api", &["orders", "a/b"]))
            .query("companyId", 7)
            .query_if("page", None::<u32>)
            .header("If-None-Match", "*")
            .credential("token")
            .budget("writes")
            .json(&serde_json::json!({"note": "ž"}))
    };
    let preview = request().preview().expect("a preview").note("creates the partner first");
    request().send().expect("an answer");
    let sent = host.only_request();
    assert_eq!((sent.method.as_str(), sent.url.as_str()), (preview.method.as_str(), preview.url.as_str()));
    assert_eq!(sent.url, "https://shop.example/api/orders/a%2Fb?companyId=7");
    assert_eq!((text_body(&sent), preview.body.as_str()), (r#"{"note":"ž"}"#, r#"{"note":"ž"}"#));
    assert_eq!(json_body(&sent), serde_json::json!({"note": "ž"}));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(sent.headers, [header("If-None-Match", "*"), header("Content-Type", "application/json")]);
    assert_eq!((sent.credential.as_deref(), sent.budget.as_deref()), (Some("token"), Some("writes")));
    assert_eq!((sent.effect, sent.keep), (Effect::Write, false));
}

#[test]
fn the_effect_follows_the_method_until_it_is_said() {
    for (method, effect) in [
        ("get", Effect::Read),
        ("HEAD", Effect::Read),
        ("PUT", Effect::IdempotentWrite),
        ("DELETE", Effect::IdempotentWrite),
        ("POST", Effect::Write),
        ("PATCH", Effect::Write),
        ("MERGE", Effect::Write),
    ] {
        let host = FakeHost::new().answer(Answer::empty(204)).install();
        http::request(method, URL).send().expect("an answer");
        assert_eq!(host.only_request().effect, effect, "{method}");
    }
}

#[test]
fn a_body_that_cannot_be_json_is_a_bug_and_nothing_is_sent() {
    let host = FakeHost::new().install();
    let body = std::collections::BTreeMap::from([(vec![1], "lists cannot be keys")]);
    let failure = http::post(URL).json(&body).send().expect_err("no JSON");
    assert_eq!(name(&failure), "internal");
    assert!(host.requests().is_empty());
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let marked = "\u{feff} [7]";
    let response = sent(Effect::Read, Answer::json(200, marked)).expect("answered");
    assert_eq!((response.json::<Vec<u8>>().expect("reads"), response.text().expect("text")), (vec![7], " [7]"));
    let part = response.text().ok().and_then(|text| text.get(1..)).expect("a part");
    let item = wharf_sdk::Item::slice_of("order", "7", &response, part).expect("a part");
    assert!(
        matches!(&item.content, wharf_sdk::Content::Slice(slice) if (slice.start, slice.length) == (4, 3)),
        "{item:?}: counted in the bytes that came"
    );
    assert_eq!(response.into_text().expect("text"), " [7]");
}

#[test]
fn slices_are_counted_in_the_bytes_of_the_answer() {
    let body = r#"{"á": [{"a":1},{"b":2}]}"#;
    let response = sent(Effect::Read, Answer::json(200, body)).expect("an answer");
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow, rename = "á")]
        items: Vec<&'a serde_json::value::RawValue>,
    }
    let list: List<'_> = response.json().expect("the shape");
    let part = list.items.get(1).expect("two items").get();
    let item = wharf_sdk::Item::slice_of("order", "2", &response, part).expect("a part");
    let wharf_sdk::Content::Slice(slice) = item.content else { panic!("{item:?}") };
    let (start, length) = (slice.start as usize, slice.length as usize);
    assert_eq!(body.as_bytes().get(start..start + length), Some(r#"{"b":2}"#.as_bytes()));
    let copy = part.to_owned();
    assert!(wharf_sdk::Item::slice_of("order", "2", &response, &copy).is_err());
}
