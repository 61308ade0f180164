//! Records one by one.

use operand::Operand;
use wharf_sdk::Records;
use wharf_sdk::failure::{Cause, MissingKind};
use wharf_sdk_testing::{Answer, document};

use crate::support::{fields, host, parameter, records, sent};

const CLIENTS: &str = r#"{"idClient": 1, "person": "Padaria Sol", "nationalDocument": "00.000.000/0001-00"},
    {"idClient": 2, "person": "Ana Lima", "nationalDocument": "000.000.001-91", "email": "Ana@Ex.com", "phone": "(83) 90000-0000"},
    {"idClient": 3, "person": "ana lima", "nationalDocument": ""}"#;

#[test]
fn clients_are_looked_up_by_what_they_are_known_by() {
    for (query, found) in [
        (&[("registration_number", "00000000000100")][..], &["1"][..]),
        (&[("tax_number", "00000000191")], &["2"]),
        (&[("email", " ana@ex.com ")], &["2"]),
        (&[("phone", "+55 83 90000-0000")], &["2"]),
        (&[("phone", "083 90000 0000")], &["2"]),
        (&[("name", "Ana Lima")], &["2", "3"]),
        (&[("name", "Ana Lima"), ("tax_number", "000.000.001-91")], &["2"]),
        (&[("tax_number", "")], &[]),
        (&[("name", "Nobody")], &[]),
    ] {
        let _host = host("").answer(records(CLIENTS)).install();
        let items = Operand::lookup("partner", &fields(query), 20).unwrap();
        assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), found, "{query:?}");
    }
}

#[test]
fn a_look_up_stops_at_its_limit_and_refuses_other_keys() {
    let host = host("").answer(records(CLIENTS)).install();
    assert_eq!(Operand::lookup("partner", &fields(&[("name", "ana lima")]), 1).unwrap().len(), 1);
    for (entity, key) in [("partner", "colour"), ("job", "name"), ("invoice", "name"), ("task", "id")] {
        let failure = Operand::lookup(entity, &fields(&[(key, "x")]), 1).unwrap_err();
        assert!(matches!(failure.cause(), Cause::Unsupported(_)), "{failure:?}");
    }
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn jobs_and_invoices_are_narrowed_by_operand_and_compared_here() {
    let jobs = r#"{"id": 1, "clientId": "7", "situation": "open", "statusId": 3}, {"id": 2, "clientId": 8, "situation": "open"}"#;
    let host = host("")
        .answer(records(jobs))
        .answer(records(r#"{"id": 5, "documentNumber": "F-1", "clientId": 7}, {"id": 6, "documentNumber": "F-10"}"#))
        .answer(records(r#"{"id": 5, "documentNumber": "F-1", "supplierId": 9}"#))
        .install();
    let found = Operand::lookup("job", &fields(&[("client", "7"), ("situation", "open")]), 5).unwrap();
    assert_eq!(found.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["1"]);
    assert_eq!(sent(&host)[0], "GET /beta/jobs?clientIds%5B%5D=7&situations%5B%5D=open&limit=100&offset=0");
    let found = Operand::lookup("invoice", &fields(&[("number", "F-1")]), 5).unwrap();
    assert_eq!(found.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["receivable:5", "payable:5"]);
}

#[test]
fn a_client_and_a_job_are_found_in_their_lists() {
    let many = |request: &wharf_sdk::host::RawRequest| {
        let offset = parameter(&request.url, "offset").unwrap();
        let rows = (offset + 1..251).take(parameter(&request.url, "limit").unwrap());
        records(&rows.map(|id| format!(r#"{{"id": {id}, "person": "P{id}"}}"#)).collect::<Vec<_>>().join(","))
    };
    let host = host("").respond(many).install();
    assert_eq!(document(&Operand::get("partner", "250").unwrap())["name"], "P250");
    assert_eq!(host.requests().len(), 3);
    assert_eq!(Operand::get("job", "5").unwrap().id, "5");
    let failure = Operand::get("job", "251").unwrap_err();
    assert!(matches!(failure.cause(), Cause::NotFound(missing) if missing.kind == MissingKind::Subject));
}

#[test]
fn a_search_that_is_cut_short_does_not_say_that_there_is_nothing() {
    let rows: Vec<String> = (1..101).map(|id| format!(r#"{{"id": {id}}}"#)).collect();
    let _host = host(r#""search_pages": 2"#).respond(move |_| records(&rows.join(","))).install();
    let failure = Operand::get("partner", "900").unwrap_err();
    assert!(matches!(failure.cause(), Cause::Precondition(code) if code == "search-too-long"), "{failure:?}");
}

#[test]
fn an_invoice_is_read_by_its_kind_and_id() {
    for body in [
        r#"{"id": 5, "documentNumber": "F-1"}"#,
        r#"{"records": {"id": 5, "documentNumber": "F-1"}}"#,
        r#"{"records": [{"id": 5, "documentNumber": "F-1"}]}"#,
        r#"{"records": {"receivable": {"id": 5, "documentNumber": "F-1"}}}"#,
    ] {
        let host = host("").answer(Answer::json(200, body)).install();
        assert_eq!(document(&Operand::get("invoice", "payable:5").unwrap())["number"], "F-1", "{body}");
        assert_eq!(sent(&host), ["GET /beta/finance/payables/5"]);
    }
    let host = host("").answer(Answer::json(404, "{}")).install();
    for id in ["receivable:9", "9", "receivable:", "other:9"] {
        let failure = Operand::get("invoice", id).unwrap_err();
        assert!(matches!(failure.cause(), Cause::NotFound(missing) if missing.key == id), "{failure:?}");
    }
    assert_eq!(host.requests().len(), 1);
}
