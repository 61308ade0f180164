//! Manifest, configuration, setup, reference lists, and what refused calls mean.

use operand::Operand;
use wharf_sdk::failure::{Cause, ToldBy};
use wharf_sdk::host::Refusal;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Describe, References, Setup, http::Effect};
use wharf_sdk_testing::Answer;

use crate::support::{host, records, sent};

#[test]
fn the_manifest_exchanges_the_panel_token_for_a_session() {
    let manifest = Operand::manifest().to_json();
    assert_eq!(manifest, Operand::manifest().to_json());
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let scheme = &manifest["credentials"][0]["scheme"];
    assert_eq!(scheme["type"], "token-exchange");
    assert_eq!(scheme["request"]["url"]["path"], "/login");
    assert_eq!(scheme["request"]["query"][0], serde_json::json!({"name": "tokenAccess", "part": "token"}));
    assert_eq!(scheme["attach"], serde_json::json!({"header": "Op-Auth-Token"}));
    assert_eq!(scheme["token"], "search");
    assert_eq!(scheme["revoked_by"], serde_json::json!([401, 403]));
    assert!(manifest["credentials"][0]["hint"].as_str().unwrap().contains("a new one, made by anybody, ends this one"));
}

#[test]
fn every_request_names_the_credential_and_reads() {
    let host = host("").answer(records("")).install();
    Operand::page("category", None).unwrap();
    let request = host.only_request();
    assert_eq!(request.url, "https://api.example/beta/finance/categories?limit=100&offset=0");
    assert_eq!((request.credential.as_deref(), request.effect), (Some("panel"), Effect::Read));
}

#[test]
fn refused_reads_become_their_causes() {
    type Check = fn(&Cause) -> bool;
    let cases: [(Answer, Check); 13] = [
        (Answer::json(401, r#"{"error":"invalid token"}"#), |cause| *cause == Cause::AuthRevoked),
        (Answer::refused(Refusal::CredentialUnavailable(true)), |cause| *cause == Cause::AuthRevoked),
        (Answer::refused(Refusal::CredentialUnavailable(false)), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(403, ""), |cause| *cause == Cause::Forbidden(None)),
        (Answer::json(404, "{}"), |cause| matches!(cause, Cause::NotFound(_))),
        (Answer::json(400, r#"{"error":"x"}"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (
            Answer::json(429, "").header("Retry-After", "7"),
            |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before == Some(1_767_225_607_000) && limit.told_by == ToldBy::Header),
        ),
        (Answer::json(429, ""), |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before.is_none())),
        (Answer::json(503, ""), |cause| *cause == Cause::Unavailable(None)),
        (Answer::html(200, "<html>manutenção</html>"), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, r#"{"records": [{"id""#), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, r#"{"rows": 5}"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::lost(), |cause| *cause == Cause::Unavailable(None)),
    ];
    for (answer, is_it) in cases {
        let _host = host("").answer(answer.clone()).install();
        let failure = Operand::page("account", None).unwrap_err();
        assert!(is_it(failure.cause()), "{answer:?}: {failure:?}");
    }
}

#[test]
fn a_token_that_was_replaced_in_the_panel_is_named_so() {
    for answer in
        [Answer::json(401, r#"{"error":"invalid token"}"#), Answer::refused(Refusal::CredentialUnavailable(true))]
    {
        let _host = host("").answer(answer).install();
        let failure = Operand::page("account", None).unwrap_err();
        assert!(failure.message().contains("was a new one generated there"), "{}", failure.message());
        assert!(failure.evidence().is_some(), "the host puts its own reason in by the number of the request");
    }
}

#[test]
fn lists_are_read_in_all_three_wrappers() {
    for body in [
        r#"[{"id": 1, "name": "A"}, {"id": "2", "name": "B", "type": "in"}]"#,
        r#"{"records": [{"id": 1, "name": "A"}, {"id": "2", "name": "B", "type": "in"}]}"#,
        r#"{"records": {"categories": [{"id": 1, "name": "A"}, {"id": "2", "name": "B", "type": "in"}], "total": 2}}"#,
    ] {
        let _host = host("").answer(Answer::json(200, body)).install();
        let page = Operand::page("category", None).unwrap();
        let read: Vec<_> =
            page.references.iter().map(|one| (one.id.as_str(), one.label.as_str(), one.code.as_deref())).collect();
        assert_eq!(read, [("1", "A", None), ("2", "B", Some("in"))], "{body}");
    }
    for empty in ["[]", r#"{"records": []}"#, r#"{"records": {}}"#, r#"{"records": {"categories": []}}"#] {
        let _host = host("").answer(Answer::json(200, empty)).install();
        assert!(Operand::page("category", None).unwrap().references.is_empty(), "{empty}");
    }
}

#[test]
fn statuses_are_gathered_of_jobs_and_situations_are_known() {
    let jobs = r#"{"id": 1, "taskType": "job", "statusId": 3, "statusName": "Em produção"},
        {"id": 2, "taskType": "job", "statusId": "3", "statusName": "Em produção"}, {"id": 3, "statusId": 0}"#;
    let _host = host("").answer(records(jobs)).install();
    let page = Operand::page("job-status", None).unwrap();
    let read: Vec<_> = page.references.iter().map(|one| (one.id.as_str(), one.label.as_str())).collect();
    assert_eq!(read, [("3", "Em produção")]);
    let situations = Operand::page("invoice-situation", None).unwrap().references;
    assert_eq!(situations.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["open", "paid", "late", "canceled"]);
    assert!(matches!(Operand::page("colour", None).unwrap_err().cause(), Cause::Unsupported(_)));
}

#[test]
fn the_check_goes_on_without_the_financial_module() {
    let host = host("")
        .answer(records(r#"{"idClient": 1}"#))
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(403, ""))
        .answer(Answer::json(404, ""))
        .install();
    let steps = Operand::check();
    let states: Vec<_> = steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [StepState::Ok, StepState::Ok, StepState::Warning, StepState::Warning]);
    assert_eq!(steps[1].detail, "there is no job yet");
    assert_eq!(sent(&host)[0], "GET /beta/entity/clients?limit=1&offset=0");
}

#[test]
fn a_refused_sign_in_skips_the_rest_and_says_what_to_do() {
    let host = host("").answer(Answer::refused(Refusal::CredentialUnavailable(true))).install();
    let steps = Operand::check();
    assert_eq!((steps[0].state, steps[1].state), (StepState::Failed, StepState::Skipped));
    assert!(steps[0].hint.as_deref().is_some_and(|hint| hint.contains("API Operand")));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn mistakes_of_the_configuration_are_named_by_their_place() {
    for (more, path) in [
        (r#", "time_zone": "Mars""#, "/time_zone"),
        (r#", "currency": "reais""#, "/currency"),
        (r#", "calls_per_minute": 0"#, "/calls_per_minute"),
        (r#", "search_pages": 0"#, "/search_pages"),
        (r#", "tax_percent": "much""#, "/tax_percent"),
    ] {
        let found = Operand::validate_config(&format!(r#"{{"base_url": "https://api.example"{more}}}"#));
        assert_eq!(found.first().map(|violation| violation.path.as_str()), Some(path), "{found:?}");
    }
    assert!(Operand::validate_config(r#"{"base_url": "https://api.example"}"#).is_empty());
    assert_eq!(Operand::validate_config("{}").len(), 1);
}
