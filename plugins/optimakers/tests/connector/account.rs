//! Configuration, manifest, reference lists, and the steps of `check`.

use optimakers::Optimakers;
use wharf_sdk::failure::Cause;
use wharf_sdk::http::Effect;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Describe, References, Setup};
use wharf_sdk_testing::{Answer, FakeHost};

use crate::support::{BASE, CURRENCIES, MAPPED, VAT, host, list, page, sent};

#[test]
fn a_call_carries_the_key_slot_and_nothing_secret() {
    let host = host("").answer(list(VAT)).install();
    Optimakers::page("vat-rate", None).unwrap();
    let request = host.only_request();
    assert_eq!(request.url, format!("{BASE}/api/vat-rates?page=1&pageSize=100"));
    assert_eq!(request.credential.as_deref(), Some("api-key"));
    assert_eq!(request.headers, [("Accept".to_owned(), "application/json".to_owned())]);
    assert_eq!(request.effect, Effect::Read);
}

#[test]
fn mistakes_of_the_configuration_are_named_by_their_place() {
    for (more, path) in [
        (r#""time_zone": "Mars""#, "/time_zone"),
        (r#""calls_per_minute": 0"#, "/calls_per_minute"),
        (r#""api_key_header": "X Key""#, "/api_key_header"),
        (r#""page_size": 0"#, "/page_size"),
        (r#""page_size": 501"#, "/page_size"),
        (r#""gross_tolerance": "-1""#, "/gross_tolerance"),
        (r#""paths": {"orders": "api/orders"}"#, "/paths/orders"),
        (r#""paths": {"orders": "/api/../orders"}"#, "/paths/orders"),
        (r#""paths": {"orders": "/api/orders?x=1"}"#, "/paths/orders"),
        (r#""paths": {"order_status": "/api/orders/status"}"#, "/paths/order_status"),
        (r#""paths": {"nothing": "/x"}"#, "/paths/nothing"),
        (r#""order_status": "new""#, "/order_status"),
        (r#""order_status": 0"#, "/order_status"),
        (r#""vat_rates": {"23": -3}"#, "/vat_rates/23"),
        (r#""order_attribute_note": 5, "order_attribute_payment_method": "5""#, "/order_attribute_note"),
    ] {
        let found = Optimakers::validate_config(&format!(r#"{{"base_url": "{BASE}", {more}}}"#));
        assert_eq!(found.first().map(|violation| violation.path.as_str()), Some(path), "{more}: {found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
    }
    assert!(Optimakers::validate_config(&format!(r#"{{"base_url": "{BASE}", {MAPPED}}}"#)).is_empty());
    assert_eq!(Optimakers::validate_config("{}").len(), 1);
}

#[test]
fn a_configuration_that_cannot_work_stops_before_anything_is_sent() {
    let host = host(r#""time_zone": "Mars""#).install();
    assert!(matches!(Optimakers::page("currency", None).unwrap_err().cause(), Cause::ConfigInvalid(_)));
    assert!(host.requests().is_empty());
}

#[test]
fn the_manifest_is_the_same_at_every_call_and_names_both_slots() {
    let manifest = Optimakers::manifest().to_json();
    assert_eq!(manifest, Optimakers::manifest().to_json());
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["credentials"][0]["scheme"]["name"], "X-Api-Key");
    assert_eq!(manifest["credentials"][0]["scheme"]["name_from"], "/api_key_header");
    assert!(manifest["config"]["schema"]["properties"]["api_key_header"].is_object());
    assert_eq!(manifest["credentials"][1]["scheme"]["type"], "presented");
    assert_eq!(manifest["webhooks"]["slots"][0], "webhook");
}

#[test]
fn every_reference_list_is_read_with_its_codes_and_values() {
    let statuses =
        r#"{"id": 7, "name": "Nowe", "entity": "Order", "isDefault": true}, {"id": 9, "name": "X", "entity": "Task"}"#;
    let attributes = r#"{"id": 3000000011, "name": "Dostawa", "entity": "order", "type": "text"}"#;
    for (name, answer, asked, expected) in [
        (
            "order-status",
            list(statuses),
            "/api/entity-statuses?entity=Order&page=1&pageSize=100",
            vec![("7", None, "Nowe", None)],
        ),
        (
            "order-attribute",
            list(attributes),
            "/api/attributes?entity=Order&page=1&pageSize=100",
            vec![("3000000011", None, "Dostawa", None)],
        ),
        (
            "customer-attribute",
            list(r#"{"id": 21, "name": "Login"}"#),
            "/api/attributes?entity=Customer&page=1&pageSize=100",
            vec![("21", None, "Login", None)],
        ),
        (
            "vat-rate",
            list(VAT),
            "/api/vat-rates?page=1&pageSize=100",
            vec![("3", None, "23%", Some("23")), ("4", None, "8%", Some("8.00")), ("5", None, "zw", None)],
        ),
        (
            "currency",
            list(CURRENCIES),
            "/api/currencies?page=1&pageSize=100",
            vec![("1", Some("PLN"), "złoty", None), ("2", Some("eur"), "euro", None)],
        ),
    ] {
        let host = host("").answer(answer).install();
        let references = Optimakers::page(name, None).unwrap();
        let found: Vec<_> = references
            .references
            .iter()
            .map(|one| (one.id.as_str(), one.code.as_deref(), one.label.as_str(), one.value.as_deref()))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(sent(&host), [format!("GET {asked}")]);
    }
    let _host = host("").install();
    assert!(matches!(Optimakers::page("nothing", None).unwrap_err().cause(), Cause::Unsupported(_)));
}

#[test]
fn a_reference_list_is_read_whole_however_it_is_paged() {
    let two = r#"{"id": 1, "name": "a", "value": 1}, {"id": 2, "name": "b", "value": 2}"#;
    let three = r#"{"id": 3, "name": "c", "value": 3}"#;
    for (answers, pages, rows) in [
        (vec![page(two, 3), page(three, 3)], 2, 3),
        (vec![Answer::json(200, format!("[{two}]"))], 1, 2),
        (
            vec![
                Answer::json(200, format!(r#"{{"items": [{two}]}}"#)),
                Answer::json(200, format!(r#"{{"items": [{three}]}}"#)),
            ],
            2,
            3,
        ),
        // Paging is ignored, and the count is of something else: the page that comes again ends it.
        (vec![page(two, 9), page(two, 9)], 2, 2),
        (vec![page("", 0)], 1, 0),
    ] {
        let host = answers.into_iter().fold(host(r#""page_size": 2"#), FakeHost::answer).install();
        assert_eq!(Optimakers::page("vat-rate", None).unwrap().references.len(), rows);
        assert_eq!(host.requests().len(), pages);
    }
}

#[test]
fn paths_are_those_of_the_configuration() {
    let host = host(r#""paths": {"vat_rates": "/rest/v2/vat/"}"#).answer(list(VAT)).install();
    Optimakers::page("vat-rate", None).unwrap();
    assert_eq!(sent(&host), ["GET /rest/v2/vat?page=1&pageSize=100"]);
}

fn names(steps: &[wharf_sdk::setup::Step]) -> Vec<(&str, StepState)> {
    steps.iter().map(|step| (step.name.as_str(), step.state)).collect()
}

#[test]
fn the_check_tries_every_right_and_every_mapping() {
    let answer = |request: &wharf_sdk::host::RawRequest| {
        let rows = match request.url.trim_start_matches(BASE).split('&').next().unwrap() {
            "/api/entity-statuses?entity=Order" => r#"{"id": 7, "name": "Nowe"}"#,
            "/api/attributes?entity=Order" => {
                r#"{"id": 11}, {"id": 12}, {"id": 13}, {"id": 14}, {"id": 15}, {"id": 16}"#
            }
            "/api/attributes?entity=Customer" => r#"{"id": 21}"#,
            path if path.starts_with("/api/vat-rates") => VAT,
            path if path.starts_with("/api/currencies") => CURRENCIES,
            _ => "",
        };
        list(rows).header("Date", "Thu, 01 Jan 2026 00:00:02 GMT")
    };
    let _host = host(MAPPED).respond(answer).install();
    let steps = Optimakers::check();
    assert!(steps.iter().all(|step| step.state == StepState::Ok), "{steps:?}");
    let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "reach",
            "sign in",
            "read order statuses",
            "read order attributes",
            "read customer attributes",
            "read VAT rates",
            "read currencies",
            "read orders",
            "read customers",
            "read products",
            "clock"
        ]
    );
    assert_eq!(steps[10].detail, "2 s between both clocks; dates are taken for `Europe/Warsaw`");
}

#[test]
fn a_right_that_is_missing_and_an_id_that_is_not_there_do_not_hide_the_other_steps() {
    let answer = |request: &wharf_sdk::host::RawRequest| match request.url.as_str() {
        url if url.contains("/api/orders") => Answer::json(403, r#"{"title": "Forbidden", "status": 403}"#),
        url if url.contains("/api/vat-rates") => list(VAT).header("Date", "Thu, 01 Jan 2026 01:00:00 GMT"),
        _ => list(""),
    };
    let _host = host(r#""order_status": 9, "vat_rates": {"23": 3, "5": 77}"#).respond(answer).install();
    let steps = Optimakers::check();
    let failed: Vec<_> =
        steps.iter().filter(|step| step.state != StepState::Ok).map(|step| (step.name.as_str(), step.state)).collect();
    assert_eq!(
        failed,
        [
            ("read order statuses", StepState::Failed),
            ("read VAT rates", StepState::Failed),
            ("read orders", StepState::Failed),
            ("clock", StepState::Warning)
        ]
    );
    assert_eq!(steps[2].detail, "`order_status` is 9, which is not among the 0 entries");
    assert_eq!(steps[5].detail, "`5` is 77, which is not among the 3 entries");
    assert!(steps[10].detail.starts_with("the server's clock is 3600 s off"));
}

#[test]
fn without_sign_in_the_rest_is_skipped() {
    for (answer, expected) in [
        (Answer::json(401, "{}"), [("reach", StepState::Ok), ("sign in", StepState::Failed)]),
        (Answer::json(404, "{}"), [("reach", StepState::Failed), ("sign in", StepState::Skipped)]),
        (Answer::html(200, "<html>log in</html>"), [("reach", StepState::Failed), ("sign in", StepState::Skipped)]),
        (Answer::unreachable(), [("reach", StepState::Failed), ("sign in", StepState::Skipped)]),
    ] {
        let _host = host("").respond(move |_| answer.clone()).install();
        let steps = Optimakers::check();
        assert_eq!(names(&steps)[..2], expected);
        assert!(steps[2..].iter().all(|step| step.state == StepState::Skipped), "{steps:?}");
        assert!(steps.iter().any(|step| step.hint.is_some()));
    }
}

#[test]
fn a_key_without_the_right_to_vat_rates_is_signed_in() {
    let _host = host("")
        .respond(|request| match request.url.contains("vat-rates") {
            true => Answer::json(403, "{}"),
            false => list(""),
        })
        .install();
    let steps = Optimakers::check();
    assert_eq!(names(&steps)[..2], [("reach", StepState::Ok), ("sign in", StepState::Ok)]);
    assert_eq!(names(&steps)[5], ("read VAT rates", StepState::Failed));
}

#[test]
fn discovery_offers_statuses_attributes_rates_and_currencies() {
    let _host = host("")
        .answer(list(r#"{"id": 7, "name": "Nowe"}"#))
        .answer(list(r#"{"id": 11, "name": "Dostawa"}"#))
        .answer(list(r#"{"id": 21, "name": "Login"}"#))
        .answer(list(r#"{"id": 3, "name": "23%", "value": 23}"#))
        .answer(list(r#"{"id": 1, "code": "PLN", "name": "złoty"}"#))
        .install();
    let found: serde_json::Value = serde_json::from_str(&Optimakers::discover().unwrap().to_json()).unwrap();
    assert_eq!(found["order_status"], serde_json::json!([{"value": "7", "label": "Nowe"}]));
    assert_eq!(found["order_attribute_additional_field_2"][0]["value"], "11");
    assert_eq!(found["customer_attribute_login"][0]["label"], "Login");
    assert_eq!(found["vat_rates"][0]["label"], "23%");
    assert_eq!(found["currencies"][0]["label"], "PLN");
}
