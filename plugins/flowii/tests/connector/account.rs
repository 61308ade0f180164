//! Company, code lists, setup, configuration, and what refused calls mean.

use flowii::Flowii;
use wharf_sdk::failure::{Cause, ToldBy};
use wharf_sdk::setup::StepState;
use wharf_sdk::{Describe, Records, References, Setup, http::Effect};
use wharf_sdk_testing::{Answer, FakeHost, document};

use crate::support::{host, list, one, sent};

const COMPANIES: &str = r#"{"type": "company", "id": "4711", "attributes": {"name": "Demo s.r.o."}},
    {"type": "company", "id": "4712", "attributes": {"name": "Other a.s."}}"#;

fn bare(more: &str) -> FakeHost {
    FakeHost::new().config(format!(r#"{{"base_url": "https://crm.example/"{more}}}"#))
}

#[test]
fn every_call_names_the_company_and_the_media_type() {
    let host = host("").answer(list("")).install();
    Flowii::page("country", None).unwrap();
    let request = host.only_request();
    assert_eq!(request.url, "https://crm.example/countries?companyId=4711");
    assert_eq!(request.credential.as_deref(), Some("account"));
    assert_eq!(request.headers, [("Accept".to_owned(), "application/vnd.api+json".to_owned())]);
    assert_eq!(request.effect, Effect::Read);
}

#[test]
fn the_only_company_and_a_named_one_are_found() {
    let only = r#"{"type": "company", "id": 4711, "attributes": {"name": "Demo s.r.o."}}"#;
    for (more, companies) in [("", only), (r#", "company_id": "Demo s.r.o.""#, COMPANIES)] {
        let host = bare(more).answer(list(companies)).answer(list("")).install();
        Flowii::page("user", None).unwrap();
        assert_eq!(host.requests()[0].url, "https://crm.example/companies");
        assert_eq!(host.requests()[1].url, "https://crm.example/users?companyId=4711");
    }
}

#[test]
fn a_company_that_cannot_be_told_is_a_mistake_of_the_configuration() {
    for more in ["", r#", "company_id": "Nobody""#] {
        let host = bare(more).answer(list(COMPANIES)).install();
        let failure = Flowii::page("user", None).unwrap_err();
        let Cause::ConfigInvalid(found) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(found[0].path, "/company_id");
        assert!(found[0].message.contains("4711 (Demo s.r.o.), 4712 (Other a.s.)"), "{}", found[0].message);
        assert_eq!(host.requests().len(), 1);
    }
    let _host = bare("").answer(list("")).install();
    assert!(matches!(Flowii::page("user", None).unwrap_err().cause(), Cause::Forbidden(_)));
}

#[test]
fn a_company_id_out_of_reach_is_told_from_a_wrong_key() {
    let refused = || Answer::json(403, r#"{"errors": [{"title": "Forbidden"}]}"#);
    let others = r#"{"type": "company", "id": "1", "attributes": {"name": "A"}}"#;
    let _host = host("").answer(refused()).answer(list(others)).install();
    assert!(matches!(Flowii::page("user", None).unwrap_err().cause(), Cause::ConfigInvalid(_)));
    let _host = host("").answer(refused()).answer(list(COMPANIES)).install();
    assert_eq!(Flowii::page("user", None).unwrap_err().cause(), &Cause::Forbidden(None));
}

#[test]
fn refused_reads_become_their_causes() {
    type Check = fn(&Cause) -> bool;
    let cases: [(Answer, Check); 11] = [
        (Answer::json(401, r#"{"message": "token"}"#), |cause| *cause == Cause::AuthExpired),
        (Answer::json(404, "{}"), |cause| matches!(cause, Cause::NotFound(_))),
        (
            Answer::json(429, "").header("Retry-After", "7"),
            |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before == Some(1_767_225_607_000) && limit.told_by == ToldBy::Header),
        ),
        (Answer::json(429, ""), |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before.is_none())),
        (Answer::json(503, "").header("Retry-After", "7"), |cause| {
            *cause == Cause::Unavailable(Some(1_767_225_607_000))
        }),
        (Answer::html(200, "<html>maintenance</html>"), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, r#"{"data": [{"type""#), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, r#"{"errors": [{"title": "no"}]}"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::json(200, r#"{"rows": []}"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::json(400, r#"{"errors": [{"detail": "companyId"}]}"#), |cause| {
            matches!(cause, Cause::ContractChanged(_))
        }),
        (Answer::lost(), |cause| *cause == Cause::Unavailable(None)),
    ];
    for (answer, is_it) in cases {
        let _host = host("").answer(answer.clone()).install();
        let failure = Flowii::page("order-type", None).unwrap_err();
        assert!(is_it(failure.cause()), "{answer:?}: {failure:?}");
    }
    let _host = host("").answer(Answer::json(404, "{}")).install();
    let failure = Flowii::get("partner", "9").unwrap_err();
    assert!(matches!(failure.cause(), Cause::NotFound(missing) if missing.key == "9"), "{failure:?}");
}

#[test]
fn code_lists_become_references_and_countries_get_their_codes() {
    let rows = r#"{"type": "country", "id": "1", "attributes": {"name": "Slovensko"}},
        {"type": "country", "id": "2", "attributes": {"name": "X", "code": "pl"}},
        {"type": "country", "id": "3", "attributes": {"name": "Atlantis"}}"#;
    let _host = host("").answer(list(rows)).install();
    let page = Flowii::page("country", None).unwrap();
    let codes: Vec<_> = page.references.iter().map(|one| (one.id.as_str(), one.code.as_deref())).collect();
    assert_eq!(codes, [("1", Some("SK")), ("2", Some("PL")), ("3", None)]);
    assert_eq!(page.next, None);
}

#[test]
fn a_code_list_that_ignores_paging_is_read_once() {
    let rows = r#"{"data": [{"type": "user", "id": "1", "attributes": {"name": "Mala Eva"}}], "links": {"next": "https://x"}}"#;
    let host = host("").respond(move |_| Answer::json(200, rows)).install();
    assert_eq!(Flowii::page("user", None).unwrap().references.len(), 1);
    assert_eq!(sent(&host), ["GET /users", "GET /users?page[number]=1"]);
}

#[test]
fn the_check_signs_in_and_reads_what_flows_need() {
    let types = r#"{"type": "order-type", "id": "5", "attributes": {"name": "Sub"}, "relationships": {"parent": {"data": {"type": "order-type", "id": "4"}}}},
        {"type": "order-type", "id": "4", "attributes": {"name": "Top"}, "relationships": {"parent": {"data": null}}}"#;
    let _host = host("")
        .answer(list(COMPANIES))
        .answer(list(COMPANIES))
        .answer(list(""))
        .answer(list(types))
        .answer(list(types))
        .install();
    let steps = Flowii::check();
    assert!(steps.iter().all(|step| step.state == StepState::Ok), "{steps:?}");
    assert_eq!(steps[3].detail, "2 order types; new orders get 4");
}

#[test]
fn a_failed_step_says_what_to_do() {
    let refused = Answer::refused(wharf_sdk::host::Refusal::CredentialUnavailable(true));
    let _host = host("").answer(refused).install();
    let steps = Flowii::check();
    assert_eq!((steps[0].state, steps[1].state), (StepState::Failed, StepState::Skipped));
    assert!(steps[0].hint.as_deref().is_some_and(|hint| hint.contains("API key")));
}

#[test]
fn discovery_lists_companies_first() {
    let _host = bare("").answer(list(COMPANIES)).install();
    let found = Flowii::discover().unwrap().to_json();
    assert_eq!(
        found,
        r#"{"company_id":[{"value":"4711","label":"Demo s.r.o."},{"value":"4712","label":"Other a.s."}]}"#
    );
}

#[test]
fn mistakes_of_the_configuration_are_named_by_their_place() {
    for (more, path) in [
        (r#", "time_zone": "Mars""#, "/time_zone"),
        (r#", "calls_per_minute": 0"#, "/calls_per_minute"),
        (r#", "countries": {"Poland": "1"}"#, "/countries/Poland"),
        (r#", "items_in": "nowhere""#, "/items_in"),
        (r#", "check_before_create": false"#, "/check_before_create"),
    ] {
        let found = Flowii::validate_config(&format!(r#"{{"base_url": "https://crm.example"{more}}}"#));
        assert_eq!(found.first().map(|violation| violation.path.as_str()), Some(path), "{found:?}");
    }
    assert!(Flowii::validate_config(r#"{"base_url": "https://crm.example"}"#).is_empty());
    assert_eq!(Flowii::validate_config("{}").len(), 1);
}

#[test]
fn the_manifest_is_the_same_at_every_call_and_names_the_token_address() {
    let manifest = Flowii::manifest().to_json();
    assert_eq!(manifest, Flowii::manifest().to_json());
    let token = r#""token_url":{"origin":{"config":"base_url"},"path":"/token"},"headers":[{"name":"Api-Key","part":"api-key"}]"#;
    assert!(manifest.contains(token), "{manifest}");
}

#[test]
fn a_single_partner_comes_with_address_country_and_contacts() {
    let partner = r#"{"data": {"type": "partner", "id": 7, "attributes": {"name": "ACME", "type": 1, "ico": 12345678, "dic": "2020", "rating": 5},
        "relationships": {"billing-address": {"data": {"type": "address", "id": "1"}}}},
        "included": [
            {"type": "address", "id": "1", "attributes": {"street": "Hlavna 1", "city": "Kosice", "zip": "04001"},
             "relationships": {"country": {"data": {"type": "country", "id": "1"}}}},
            {"type": "contact", "id": "2", "attributes": {"first-name": "Eva", "last-name": "Mala", "email": "e@x.sk"}}]}"#;
    let countries = r#"{"type": "country", "id": "1", "attributes": {"name": "Slovakia"}}"#;
    let _host = host("").answer(Answer::json(200, partner)).answer(list(countries)).install();
    let document = document(&Flowii::get("partner", "7").unwrap());
    assert_eq!(document["kind"], "company");
    assert_eq!(document["registration_number"], "12345678");
    assert_eq!(document["email"], "e@x.sk");
    assert_eq!(document["address"]["country"], "SK");
    assert_eq!(document["extra"]["rating"], 5);
}

#[test]
fn an_order_is_looked_up_by_its_number_exactly() {
    let rows = r#"{"type": "order", "id": "1", "attributes": {"serial-nr": "Z20260010"}}, {"type": "order", "id": "2", "attributes": {"serial-nr": "Z2026001"}}"#;
    let order =
        r#"{"type": "order", "id": "2", "attributes": {"serial-nr": "Z2026001", "created": "2026-07-01T09:30:00"}}"#;
    let items = r#"{"type": "order-item", "id": "1", "attributes": {"name": "A", "quantity": 2, "unit-price": 1.50, "vat-rate": 23}}"#;
    let _host = host("").answer(list(rows)).answer(one(200, order)).answer(list(items)).install();
    let query = [("number".to_owned(), "Z2026001".to_owned())];
    let found = Flowii::lookup("order", &query, 5).unwrap();
    assert_eq!(found.len(), 1);
    let document = document(&found[0]);
    assert_eq!(document["created_at"], "2026-07-01T07:30:00Z");
    assert_eq!(document["lines"][0]["unit_price_net"], "1.50");
}
