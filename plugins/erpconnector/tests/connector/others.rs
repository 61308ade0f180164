//! Records of any entity, reference lists, changes of customers.

use crate::support::{acomba, host, sent};
use erpconnector::ErpConnector;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Bounds, Feeds, Intent, Outcome, Records, References, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, document, intent, text_body};

const PAYROLL: &str = r#""erp": "acomba", "entities": {"Payroll": {"key": "NoPaie", "verbs": ["GET", "POST", "PUT", "DELETE"], "correlation": "Note"}}"#;
const CHEQUE: &str = r#"{"entity": "Payroll", "fields": {"NoPaie": "P1", "Montant": 10.50}}"#;

fn change(action: Action, document: &str) -> Intent {
    Intent { target: Some("Payroll/P1".to_owned()), ..intent("record", action, document) }
}

#[test]
fn any_entity_is_read_by_name_with_its_own_fields_and_digits() {
    let bounds = Bounds { filter: vec![("entity".to_owned(), "GLAccount".to_owned())], ..Bounds::default() };
    let rows = r#"[{"NoCompteGL": "5100", "Solde": 10.50, "Interne": {"a": [1]}}]"#;
    let host =
        acomba().answer(Answer::json(200, rows)).answer(Answer::json(200, r#"{"NoCompteGL": "5100"}"#)).install();
    let page = ErpConnector::pull("records", None, bounds).unwrap();
    assert_eq!(page.items[0].id, "GLAccount/5100");
    let wharf_sdk::Content::Document(text) = &page.items[0].content else { panic!("a document was expected") };
    assert_eq!(text, r#"{"entity":"GLAccount","fields":{"NoCompteGL":"5100","Solde":10.50,"Interne":{"a": [1]}}}"#);
    assert_eq!(document(&ErpConnector::get("record", "GLAccount/5100").unwrap())["fields"]["NoCompteGL"], "5100");
    assert_eq!(
        sent(&host),
        [
            "GET https://erp.example/api/Entity/GLAccount/?$orderby=NoCompteGL&$top=100",
            "GET https://erp.example/api/Entity/GLAccount/5100"
        ]
    );
}

#[test]
fn an_entity_that_nobody_described_is_refused_before_a_request() {
    let host = acomba().install();
    for entity in ["Payroll", "Product?x=", ""] {
        let bounds = Bounds { filter: vec![("entity".to_owned(), entity.to_owned())], ..Bounds::default() };
        let failure = ErpConnector::pull("records", None, bounds).unwrap_err();
        assert!(matches!(failure.cause(), Cause::Unsupported(_)), "{entity}: {failure:?}");
    }
    assert!(matches!(
        ErpConnector::pull("records", None, Bounds::default()).unwrap_err().cause(),
        Cause::Unsupported(_)
    ));
    assert!(matches!(ErpConnector::get("record", "5100").unwrap_err().cause(), Cause::InvalidRecord(_)));
    assert!(host.requests().is_empty());
}

#[test]
fn a_record_is_made_changed_and_removed_as_the_configuration_allows() {
    let there = r#"{"NoPaie": "P1", "Montant": 9, "Autre": 1.0}"#;
    let host = host(PAYROLL)
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(201, there))
        .answer(Answer::json(200, there))
        .answer(Answer::json(200, there))
        .answer(Answer::empty(204))
        .install();
    let made = ErpConnector::apply(&intent("record", Action::Create, CHEQUE)).unwrap();
    assert!(matches!(made, Outcome::Applied(applied) if applied.id == "Payroll/P1"));
    assert!(matches!(ErpConnector::apply(&change(Action::Update, CHEQUE)), Ok(Outcome::Applied(_))));
    assert!(matches!(
        ErpConnector::apply(&change(Action::Delete, r#"{"entity": "Payroll"}"#)),
        Ok(Outcome::Applied(_))
    ));
    let requests = host.requests();
    assert_eq!(text_body(&requests[1]), r#"{"Montant":10.50,"NoPaie":"P1","Note":"wh7m2k4q9x3c5v8b"}"#);
    assert_eq!(text_body(&requests[3]), r#"{"Autre":1.0,"Montant":10.50,"NoPaie":"P1"}"#);
    assert_eq!(sent(&host)[4], "DELETE https://erp.example/api/Entity/Payroll/P1");
}

#[test]
fn a_record_without_a_key_needs_a_field_for_the_correlation() {
    let document = r#"{"entity": "Payroll", "fields": {"Montant": 1}}"#;
    let without = PAYROLL.replace(r#", "correlation": "Note""#, "");
    let refused = host(&without).install();
    let failure = ErpConnector::apply(&intent("record", Action::Create, document)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/fields/NoPaie"), "{failure:?}");
    assert!(refused.requests().is_empty());
    drop(refused);
    let there = format!(r#"[{{"NoPaie": "P9", "Note": "{CORRELATION}", "Montant": 1}}]"#);
    let host = host(PAYROLL).answer(Answer::json(200, there)).install();
    let verdict = ErpConnector::verify(&intent("record", Action::Create, document)).unwrap();
    assert!(matches!(verdict, Verdict::Found(applied) if applied.id == "Payroll/P9"));
    assert_eq!(
        sent(&host),
        ["GET https://erp.example/api/Entity/Payroll/?$filter=Note%20eq%20%27wh7m2k4q9x3c5v8b%27&$top=2"]
    );
}

#[test]
fn a_record_that_is_there_is_compared() {
    for (rows, expected) in [
        (r#"[{"NoPaie": "p1", "Montant": 10.5}]"#, "found"),
        (r#"[{"NoPaie": "P1", "Montant": 11}]"#, "inconclusive"),
        ("[]", "absent"),
    ] {
        let _host = host(PAYROLL).answer(Answer::json(200, rows)).install();
        let verdict = match ErpConnector::verify(&intent("record", Action::Create, CHEQUE)).unwrap() {
            Verdict::Found(_) => "found",
            Verdict::Inconclusive(_) => "inconclusive",
            Verdict::Absent => "absent",
        };
        assert_eq!(verdict, expected, "{rows}");
    }
}

#[test]
fn a_removed_record_is_verified_by_its_absence() {
    for (status, found) in [(404, true), (200, false)] {
        let _host = host(PAYROLL).answer(Answer::json(status, r#"{"NoPaie": "P1"}"#)).install();
        let verdict = ErpConnector::verify(&change(Action::Delete, r#"{"entity": "Payroll"}"#)).unwrap();
        assert_eq!(matches!(verdict, Verdict::Found(_)), found, "{status}");
    }
}

#[test]
fn an_entity_with_rules_of_its_own_is_not_written_as_a_record() {
    let host = acomba().install();
    let document = r#"{"entity": "GLJournalEntry", "fields": {"Description": "x"}}"#;
    let failure = ErpConnector::apply(&intent("record", Action::Create, document)).unwrap_err();
    assert!(
        failure.message().contains("journal-entry")
            || matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].message.contains("journal-entry"))
    );
    let failure = ErpConnector::apply(&change(Action::Update, r#"{"entity": "Tax", "fields": {}}"#)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/entity"), "{failure:?}");
    assert!(host.requests().is_empty());
}

#[test]
fn reference_lists_go_on_until_nothing_new_comes() {
    let account = |number: u32| format!(r#"{{"NoCompteGL": "{number}", "Description": "Compte {number}"}}"#);
    let full: Vec<String> = (0..100).map(account).collect();
    let host = acomba()
        .answer(Answer::json(200, format!("[{}]", full.join(","))))
        .answer(Answer::json(200, format!("[{}]", account(100))))
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(200, r#"[{"CodeTaxe": "TPS", "Description": "Taxe fédérale", "Taux": 5.0}]"#))
        .install();
    let first = ErpConnector::page("account", None).unwrap();
    assert_eq!((first.references.len(), first.next.as_deref()), (100, Some("100 99")));
    let short = ErpConnector::page("account", first.next.as_deref()).unwrap();
    assert_eq!((short.references[0].label.as_str(), short.next.as_deref()), ("Compte 100", Some("101 100")));
    let last = ErpConnector::page("account", short.next.as_deref()).unwrap();
    assert_eq!((last.references.len(), last.next), (0, None));
    let taxes = ErpConnector::page("vat-rate", None).unwrap();
    assert_eq!(taxes.references[0].value.as_deref(), Some("5.0"));
    assert_eq!(sent(&host)[1], "GET https://erp.example/api/Entity/GLAccount/?$orderby=NoCompteGL&$top=100&$skip=100");
}

#[test]
fn a_reference_list_that_knows_no_paging_comes_once() {
    let accounts = r#"[{"NoCompteGL": "1"}, {"NoCompteGL": "2"}]"#;
    let _host = acomba().respond(move |_| Answer::json(200, accounts)).install();
    let first = ErpConnector::page("account", None).unwrap();
    assert_eq!(first.references.len(), 2);
    let last = ErpConnector::page("account", first.next.as_deref()).unwrap();
    assert_eq!((last.references.len(), last.next), (0, None));
}

#[test]
fn a_changed_customer_keeps_what_the_document_does_not_say() {
    let row = r#"{"NoClient": "C-1", "NomClient": "Tremblay", "Courriel": "a@x.ca", "Solde": 1.50,
        "Adresse": {"Ligne1": "1 rue A", "Ville": "Québec", "Etage": 2}}"#;
    let mut change = intent("partner", Action::Update, r#"{"name": "Tremblay inc", "address": {"city": "Lévis"}}"#);
    change.target = Some("C-1".to_owned());
    let host = acomba().answer(Answer::json(200, row)).answer(Answer::json(200, row)).install();
    assert!(matches!(ErpConnector::apply(&change), Ok(Outcome::Applied(_))));
    assert_eq!(
        text_body(&host.requests()[1]),
        r#"{"Adresse":{"Etage":2,"Ligne1":"1 rue A","Ville":"Lévis"},"Courriel":"a@x.ca","NoClient":"C-1","NomClient":"Tremblay inc","Solde":1.50}"#
    );
    drop(host);
    change.document = r#"{"name": "Tremblay", "email": "A@x.ca"}"#.to_owned();
    let host = acomba().answer(Answer::json(200, row)).answer(Answer::json(200, row)).install();
    assert_eq!(ErpConnector::apply(&change).unwrap(), Outcome::NothingToDo);
    assert!(matches!(ErpConnector::verify(&change), Ok(Verdict::Found(_))));
    assert!(host.requests().iter().all(|request| request.method == "GET"));
}
