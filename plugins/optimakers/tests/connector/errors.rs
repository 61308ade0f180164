//! Every way in which Optimakers refuses, and what it means.

use optimakers::Optimakers;
use wharf_sdk::failure::{Cause, ToldBy};
use wharf_sdk::{Action, Bounds, Feeds, Records, Writing};
use wharf_sdk_testing::Answer;

use crate::support::{host, intent, list};

type Check = fn(&Cause) -> bool;

#[test]
fn refused_reads_become_their_causes() {
    let cases: [(Answer, Check); 12] = [
        (Answer::json(401, "{}"), |cause| *cause == Cause::AuthRevoked),
        (Answer::json(403, "{}"), |cause| *cause == Cause::Forbidden(Some("read customers".to_owned()))),
        (Answer::json(404, "{}"), |cause| matches!(cause, Cause::NotFound(_))),
        (
            Answer::json(429, "").header("Retry-After", "7"),
            |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before == Some(1_767_225_607_000) && limit.told_by == ToldBy::Header),
        ),
        (Answer::json(429, ""), |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before.is_none())),
        (Answer::json(503, "").header("Retry-After", "7"), |cause| {
            *cause == Cause::Unavailable(Some(1_767_225_607_000))
        }),
        (Answer::json(500, r#"{"title": "An error occurred"}"#), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(400, r#"{"title": "One or more validation errors occurred."}"#), |cause| {
            matches!(cause, Cause::ContractChanged(_))
        }),
        (Answer::html(200, "<html>log in</html>"), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, r#"{"items": [{"id""#), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, r#"{"rows": []}"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::lost(), |cause| *cause == Cause::Unavailable(None)),
    ];
    for (answer, is_it) in cases {
        let _host = host("").answer(answer.clone()).install();
        let failure = Optimakers::pull("customers", None, Bounds::default()).unwrap_err();
        assert!(is_it(failure.cause()), "{answer:?}: {failure:?}");
    }
}

#[test]
fn a_row_without_id_is_a_change_of_the_contract_with_its_sample() {
    let _host = host("").answer(list(r#"{"name": "A"}"#)).install();
    let failure = Optimakers::pull("customers", None, Bounds::default()).unwrap_err();
    let Cause::ContractChanged(change) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(change.sample, r#"{"name": "A"}"#);
}

#[test]
fn a_record_that_is_not_there_is_told_from_an_address_that_is_not() {
    for (entity, path) in [("order", "orders"), ("partner", "customers"), ("product", "products")] {
        let host = host("").answer(Answer::json(404, "{}")).install();
        let failure = Optimakers::get(entity, "3000000009").unwrap_err();
        let is_it = matches!(failure.cause(), Cause::NotFound(missing) if missing.entity == entity && missing.key == "3000000009");
        assert!(is_it, "{failure:?}");
        assert!(host.only_request().url.ends_with(&format!("/api/{path}/3000000009")));
    }
}

#[test]
fn refused_writes_become_their_causes() {
    let problem = r#"{"type": "x", "title": "One or more validation errors occurred.", "status": 400,
        "errors": {"taxNumber": ["Bad checksum.", "Too short."], "$.Address.street": ["Required."]}}"#;
    let cases: [(Answer, Check); 8] = [
        (Answer::json(401, "{}"), |cause| *cause == Cause::AuthRevoked),
        (Answer::json(403, "{}"), |cause| *cause == Cause::Forbidden(Some("write customers".to_owned()))),
        (Answer::json(429, ""), |cause| matches!(cause, Cause::RateLimited(_))),
        (Answer::json(503, ""), |cause| *cause == Cause::OutcomeUnknown),
        (Answer::html(200, "<html></html>"), |cause| *cause == Cause::OutcomeUnknown),
        (Answer::json(201, "{}"), |cause| *cause == Cause::OutcomeUnknown),
        (Answer::lost(), |cause| *cause == Cause::OutcomeUnknown),
        (Answer::unreachable(), |cause| *cause == Cause::Unavailable(None)),
    ];
    let create = intent("partner", Action::Create, None, r#"{"name": "A", "email": "a@x.pl"}"#);
    for (answer, is_it) in cases {
        let _host = host("").answer(list("")).answer(answer.clone()).install();
        let failure = Optimakers::apply(&create).unwrap_err();
        assert!(is_it(failure.cause()), "{answer:?}: {failure:?}");
    }
    let _host = host("").answer(list("")).answer(Answer::json(400, problem)).install();
    let failure = Optimakers::apply(&create).unwrap_err();
    let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
    let places: Vec<_> = found.iter().map(|one| (one.path.as_str(), one.message.as_str())).collect();
    assert_eq!(
        places,
        [
            ("/tax_number", "`taxNumber`: Bad checksum. Too short; correct the document"),
            ("/address", "`$.Address.street`: Required; correct the document")
        ]
    );
}

#[test]
fn a_refusal_without_fields_says_its_title() {
    let _host = host("").answer(list("")).answer(Answer::json(422, r#"{"title": "No."}"#)).install();
    let create = intent("partner", Action::Create, None, r#"{"name": "A", "email": "a@x.pl"}"#);
    let failure = Optimakers::apply(&create).unwrap_err();
    assert_eq!(failure.message(), "the document cannot be used: No; correct the document");
}

#[test]
fn a_write_that_is_not_offered_is_refused_without_a_request() {
    let host = host("").install();
    let failure = Optimakers::apply(&intent("order", Action::Delete, Some("1"), "{}")).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Unsupported(_)));
    assert!(host.requests().is_empty());
}
