//! Feeds, their pages and their ends; setup and manifest.

use crate::support::{acomba, host, sent};
use erpconnector::ErpConnector;
use wharf_sdk::failure::Cause;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Bounds, Completeness, Cursor, Describe, Feeds, Page, Records, References, Result, Setup};
use wharf_sdk_testing::{Answer, FakeHost, document};

fn product(number: usize) -> String {
    format!(r#"{{"NoProduit": "P-{number:04}", "Description": "Vis {number}", "PrixVente": 1.25}}"#)
}

fn option(url: &str, name: &str) -> Option<usize> {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok())
}

/// An ERP with so many products that honours `$top`, `$skip`, both or none, and gives `most` rows at once.
fn erp(products: usize, honours_top: bool, honours_skip: bool, most: usize) -> FakeHost {
    acomba().respond(move |request| {
        let skip = if honours_skip { option(&request.url, "$skip").unwrap_or(0) } else { 0 };
        let top = if honours_top { option(&request.url, "$top").unwrap_or(usize::MAX) } else { usize::MAX };
        let rows: Vec<String> = (0..products).skip(skip).take(top.min(most)).map(product).collect();
        Answer::json(200, format!("[{}]", rows.join(",")))
    })
}

fn read_all(bounds: &Bounds) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..100 {
        let page: Page = ErpConnector::pull("products", cursor, bounds.clone())?;
        ids.extend(page.items.into_iter().map(|item| item.id));
        if page.state == Completeness::CaughtUp {
            return Ok(ids);
        }
        cursor = Some(page.next);
    }
    panic!("the feed does not end")
}

#[test]
fn every_record_is_read_once_whatever_the_pages() {
    for products in [0, 1, 2, 3, 4, 9, 10] {
        for (max_items, max_bytes) in [(3, 1 << 20), (100, 1 << 20), (3, 10), (100, 250)] {
            for (top, skip) in [(true, true), (false, true), (false, false)] {
                if !skip && u32::try_from(products) == Ok(max_items) {
                    // A full page that comes again may be all there is, or the start of more.
                    continue;
                }
                let _host = erp(products, top, skip, usize::MAX).install();
                let bounds = Bounds { max_items, max_bytes, ..Bounds::default() };
                let wanted: Vec<String> = (0..products).map(|number| format!("P-{number:04}")).collect();
                let read = read_all(&bounds).unwrap();
                assert_eq!(read, wanted, "{products} by {max_items}/{max_bytes}, top {top}, skip {skip}");
            }
        }
    }
}

#[test]
fn an_erp_with_a_largest_page_of_its_own_is_read_to_its_end() {
    for products in [1, 2, 3, 4, 7, 20] {
        for (most, max_items, max_bytes) in [(2, 100, 1 << 20), (2, 3, 1 << 20), (3, 100, 100), (7, 5, 1 << 20)] {
            for honours_top in [true, false] {
                let _host = erp(products, honours_top, true, most).install();
                let bounds = Bounds { max_items, max_bytes, ..Bounds::default() };
                let wanted: Vec<String> = (0..products).map(|number| format!("P-{number:04}")).collect();
                let read = read_all(&bounds).unwrap();
                assert_eq!(read, wanted, "{products}, {most} at most, by {max_items}/{max_bytes}, top {honours_top}");
            }
        }
    }
}

#[test]
fn an_erp_that_refuses_skip_is_read_where_a_short_page_is_its_list() {
    let refusing = |products: usize| {
        acomba().respond(move |request| match option(&request.url, "$skip") {
            Some(_) => Answer::json(400, r#"{"Message": "$skip is not supported"}"#),
            None => {
                let top = option(&request.url, "$top").unwrap_or(usize::MAX);
                let rows: Vec<String> = (0..products).take(top).map(product).collect();
                Answer::json(200, format!("[{}]", rows.join(",")))
            }
        })
    };
    let host = refusing(2).install();
    assert_eq!(read_all(&Bounds { max_items: 3, ..Bounds::default() }).unwrap(), ["P-0000", "P-0001"]);
    drop(host);
    // Behind a full page the rest would be lost.
    let _host = refusing(4).install();
    let failure = read_all(&Bounds { max_items: 3, ..Bounds::default() }).unwrap_err();
    assert_eq!(failure.cause(), &Cause::Unsupported("query".into()));
}

#[test]
fn an_erp_that_ignores_skip_is_found_out_and_neither_loops_nor_loses() {
    let host = erp(7, true, false, usize::MAX).install();
    let failure = read_all(&Bounds { max_items: 3, ..Bounds::default() }).unwrap_err();
    assert!(
        matches!(failure.cause(), Cause::ContractChanged(change) if change.detail.contains("$skip")),
        "{failure:?}"
    );
    assert_eq!(host.requests().len(), 2);
}

#[test]
fn the_same_cursor_gives_the_same_page_and_filters_are_sent() {
    let host = acomba().respond(|_| Answer::json(200, format!("[{}]", product(1)))).install();
    let filter = vec![("group".to_owned(), "L'A".to_owned()), ("active".to_owned(), "true".to_owned())];
    let bounds = Bounds { filter, ..Bounds::default() };
    let once = ErpConnector::pull("products", None, bounds.clone()).unwrap();
    let again = ErpConnector::pull("products", None, bounds).unwrap();
    assert_eq!(once.items, again.items);
    assert_eq!(once.next, again.next);
    assert_eq!(
        sent(&host)[0],
        "GET https://erp.example/api/Entity/Product/?$filter=GroupeProduit.CodeGroupe%20eq%20%27L%27%27A%27%20and%20EstActif%20eq%20true&$orderby=NoProduit&$top=100"
    );
}

#[test]
fn a_feed_that_the_erp_does_not_offer_is_refused_before_a_request() {
    let host = host(r#""erp": "sage50""#).install();
    let failure = ErpConnector::pull("customer-invoices", None, Bounds::default()).unwrap_err();
    assert_eq!(failure.cause(), &Cause::Unsupported("GET CustomerInvoice".into()));
    assert!(host.requests().is_empty());
}

#[test]
fn a_record_without_its_key_names_the_setting_that_helps() {
    let _host = acomba().answer(Answer::json(200, r#"[{"Numero": "C-1"}]"#)).install();
    let failure = ErpConnector::pull("customers", None, Bounds::default()).unwrap_err();
    assert!(failure.message().contains("`fields`"), "{failure:?}");
}

#[test]
fn the_check_reads_what_the_erp_offers() {
    let host = host(r#""erp": "avantage""#)
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(200, r#"[{"NoClient": "C-1"}]"#))
        .answer(Answer::json(500, r#"{"Message": "An error has occurred."}"#))
        .answer(Answer::json(200, r#"[{"NoFacture": "S-5", "NoFournisseur": "V-9"}]"#))
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(200, "[]"))
        .install();
    let steps = ErpConnector::check();
    let states: Vec<_> = steps.iter().map(|step| (step.name.as_str(), step.state)).collect();
    assert_eq!(
        states,
        [
            ("sign in", StepState::Ok),
            ("read customers", StepState::Ok),
            ("read products", StepState::Ok),
            ("read invoices", StepState::Warning),
            ("read supplier invoices", StepState::Ok),
            ("read supplier orders", StepState::Ok),
            ("read journal entries", StepState::Ok),
            ("reach other companies", StepState::Ok),
        ]
    );
    assert!(steps[4].detail.contains("V-9/S-5"), "{:?}", steps[4]);
    assert_eq!(sent(&host)[1], "GET https://erp.example/api/Entity/Customer/?$select=NoClient&$top=1");
}

#[test]
fn a_wrong_key_fails_the_first_step() {
    let _host = acomba().answer(Answer::json(401, r#"{"Message": "denied"}"#)).install();
    let steps = ErpConnector::check();
    assert_eq!((steps[0].state, steps[1].state), (StepState::Failed, StepState::Skipped));
    assert!(steps[0].hint.as_deref().is_some_and(|hint| hint.contains("licence")));
}

#[test]
fn mistakes_of_the_configuration_are_named_by_their_place() {
    for (config, path) in [
        (r#"{"erp": "acomba", "calls_per_minute": 0}"#, "/calls_per_minute"),
        (r#"{"erp": "acomba", "company_id": "a b"}"#, "/company_id"),
        (r#"{"erp": "acomba", "price_places": 3}"#, "/price_places"),
        (r#"{"erp": "acomba", "verbs": {"Supplier": ["GET"]}}"#, "/verbs/Supplier"),
        (r#"{"erp": "acomba", "fields": {"Customer.Nom": "Name"}}"#, "/fields/Customer.Nom"),
        (r#"{"erp": "acomba", "fields": {"Customer.Courriel": "Email eq 'x' or Email"}}"#, "/fields/Customer.Courriel"),
        (r#"{"erp": "acomba", "expand_products": ["A", "B&C"]}"#, "/expand_products/1"),
        (r#"{"erp": "acomba", "company_ids": ["1", "a:b"]}"#, "/company_ids/1"),
        (r#"{"erp": "acomba", "entities": {"Product": {"key": "NoProduit"}}}"#, "/entities/Product"),
        (r#"{"erp": "acomba", "entities": {"A/B": {"key": "No"}}}"#, "/entities/A/B"),
        (r#"{"erp": "acomba", "entities": {"Payroll": {"key": "No Paie"}}}"#, "/entities/Payroll/key"),
        (r#"{"erp": "sap"}"#, "/erp"),
    ] {
        let found = ErpConnector::validate_config(config);
        assert_eq!(found.first().map(|violation| violation.path.as_str()), Some(path), "{config}: {found:?}");
    }
    assert!(ErpConnector::validate_config(r#"{"erp": "qbo"}"#).is_empty());
}

#[test]
fn the_manifest_is_the_same_at_every_call() {
    let manifest = ErpConnector::manifest().to_json();
    assert_eq!(manifest, ErpConnector::manifest().to_json());
    for part in [r#""name":"erpconnector""#, r#""basic""#, r#""calls_from_config":"calls_per_minute""#] {
        assert!(manifest.contains(part), "{part}");
    }
}

#[test]
fn feeds_of_suppliers_and_of_the_ledger_make_documents_and_keep_every_digit() {
    let cases = [
        (
            "supplier-invoices",
            r#"[{"NoFacture": "S-5", "NoFournisseur": "V-9", "DateFacture": "2026-02-01T00:00:00", "DateEcheance": "2026-03-01",
                "Lignes": [{"NoCompteGL": "5100", "Montant": 100.50, "Description": "Achat"}], "Autre": "x"}]"#,
            "V-9/S-5",
            serde_json::json!({
                "id": "S-5", "kind": "purchase", "number": "S-5", "issued_on": "2026-02-01", "due_on": "2026-03-01",
                "partner": {"id": "V-9", "kind": "person", "name": ""},
                "lines": [{"name": "Achat", "quantity": "1", "unit_price_net": "100.50", "account": "5100"}],
                "extra": {"Autre": "x"}
            }),
        ),
        (
            "supplier-orders",
            r#"[{"NoCommande": "BC-1", "NoFournisseur": "V-9", "DateCommande": "2026-02-01",
                "Lignes": [{"NoProduit": "P-100", "Qte": 10.0, "PrixUnitaire": 1.250}]}]"#,
            "BC-1",
            serde_json::json!({
                "id": "BC-1", "number": "BC-1", "supplier": "V-9", "ordered_on": "2026-02-01",
                "lines": [{"sku": "P-100", "quantity": "10.0", "unit_price_net": "1.250"}]
            }),
        ),
        (
            "journal-entries",
            r#"[{"NoEcriture": "E-1", "DateEcriture": "2026-02-01", "Description": "Paie", "Lignes": [
                {"NoCompteGL": "5300", "Montant": 50.00, "Sens": "Debit"}, {"NoCompteGL": "1010", "Montant": 50, "Sens": "credit"},
                {"NoCompteGL": "1", "Montant": 1, "Sens": "X"}]}]"#,
            "E-1",
            serde_json::json!({
                "id": "E-1", "number": "E-1", "date": "2026-02-01", "description": "Paie",
                "lines": [{"account": "5300", "debit": "50.00"}, {"account": "1010", "credit": "50"},
                    {"account": "1", "extra": {"Montant": 1, "Sens": "X"}}]
            }),
        ),
    ];
    for (feed, rows, id, expected) in cases {
        let _host = host(r#""erp": "avantage""#).answer(Answer::json(200, rows)).install();
        let page = ErpConnector::pull(feed, None, Bounds::default()).unwrap();
        assert_eq!(page.items[0].id, id);
        assert_eq!(document(&page.items[0]), expected, "{feed}");
    }
}

#[test]
fn a_slow_or_absent_robot_is_unavailable_for_every_read() {
    for answer in [
        Answer::json(503, r#"{"Message": "Robot hors ligne"}"#),
        Answer::json(504, r#"{"Message": "Robot trop lent"}"#),
        Answer::json(500, r#"{"Message": "An error has occurred."}"#),
        Answer::lost(),
        Answer::html(200, "<html>proxy</html>"),
        Answer::json(200, r#"[{"NoProduit": "P-1"#),
    ] {
        let host = acomba().respond(move |_| answer.clone()).install();
        let read = [
            ErpConnector::pull("products", None, Bounds::default()).map(drop),
            ErpConnector::get("product", "P-1").map(drop),
            ErpConnector::lookup("product", &[("sku".to_owned(), "P-1".to_owned())], 1).map(drop),
            ErpConnector::page("account", None).map(drop),
        ];
        for result in read {
            let failure = result.unwrap_err();
            assert!(matches!(failure.cause(), Cause::Unavailable(_)), "{failure:?}");
        }
        assert_eq!(host.requests().len(), 4);
    }
}
