//! Several companies on one licence.

use crate::support::{header, host, sent};
use erpconnector::ErpConnector;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Bounds, Feeds, Outcome, Records, References, Writing};
use wharf_sdk_testing::{Answer, document, intent};

const TWO: &str = r#""erp": "acomba", "company_ids": ["1"]"#;

fn product(extra: &str) -> String {
    format!(r#"{{"sku": "P-1", "name": "Vis", "extra": {{{extra}}}}}"#)
}

fn of_company(company: &str) -> Bounds {
    Bounds { filter: vec![("company".to_owned(), company.to_owned())], ..Bounds::default() }
}

#[test]
fn a_document_goes_to_the_company_that_it_names_and_comes_back_with_it() {
    for (extra, company, id) in
        [("", "0", "P-1"), (r#""COMPANY_ID": "1""#, "1", "1:P-1"), (r#""COMPANY_ID": 1"#, "1", "1:P-1")]
    {
        let host = host(TWO).answer(Answer::json(200, "[]")).answer(Answer::json(201, "{}")).install();
        let outcome = ErpConnector::apply(&intent("product", Action::Create, &product(extra))).unwrap();
        assert!(
            matches!(outcome, Outcome::Applied(applied) if applied.id == id && applied.number.as_deref() == Some("P-1"))
        );
        assert!(host.requests().iter().all(|request| header(request, "COMPANY_ID") == Some(company)));
    }
}

#[test]
fn a_company_that_is_not_the_connections_is_refused_before_a_request() {
    let host = host(TWO).install();
    let document = product(r#""COMPANY_ID": "2""#);
    let failure = ErpConnector::apply(&intent("product", Action::Create, &document)).unwrap_err();
    assert!(
        matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/extra/COMPANY_ID"),
        "{failure:?}"
    );
    let failure = ErpConnector::pull("products", None, of_company("2")).unwrap_err();
    assert!(matches!(failure.cause(), Cause::ConfigInvalid(found) if found[0].path == "/company_ids"), "{failure:?}");
    assert!(host.requests().is_empty());
}

#[test]
fn a_feed_of_another_company_has_it_in_its_ids_and_they_are_read_back() {
    let row = r#"{"NoProduit": "P-1", "Description": "Vis"}"#;
    let host = host(TWO).answer(Answer::json(200, format!("[{row}]"))).answer(Answer::json(200, row)).install();
    let page = ErpConnector::pull("products", None, of_company("1")).unwrap();
    assert_eq!(page.items[0].id, "1:P-1");
    let item = ErpConnector::get("product", "1:P-1").unwrap();
    assert_eq!((item.id.as_str(), document(&item)["sku"].as_str()), ("1:P-1", Some("P-1")));
    assert_eq!(sent(&host)[1], "GET https://erp.example/api/Entity/Product/P-1");
    assert!(host.requests().iter().all(|request| header(request, "COMPANY_ID") == Some("1")));
}

#[test]
fn a_change_goes_to_the_company_of_its_target() {
    let mut change = intent("product", Action::Update, r#"{"name": "Vis 2"}"#);
    change.target = Some("1:P-1".to_owned());
    let host = host(TWO).answer(Answer::json(200, r#"{"NoProduit": "P-1"}"#)).answer(Answer::json(200, "{}")).install();
    assert!(matches!(ErpConnector::apply(&change), Ok(Outcome::Applied(applied)) if applied.id == "1:P-1"));
    assert_eq!(sent(&host)[1], "PUT https://erp.example/api/Entity/Product/P-1");
    assert!(host.requests().iter().all(|request| header(request, "COMPANY_ID") == Some("1")));
    change.document = product(r#""COMPANY_ID": "0""#);
    let failure = ErpConnector::apply(&change).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(_)), "{failure:?}");
}

#[test]
fn the_companies_of_the_configuration_are_a_reference_list() {
    let host = host(TWO).install();
    let page = ErpConnector::page("company", None).unwrap();
    let ids: Vec<&str> = page.references.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["0", "1"]);
    assert!(host.requests().is_empty());
}
