//! Making, changing and taking products out of use.

use optimakers::Optimakers;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, text_body};

use crate::support::{MAPPED, VAT, host, intent, list, sent, writes};

const PRODUCT: &str = r#"{"name": "Kubek", "sku": "KUB-1", "ean": "590", "unit": "szt", "tax_rate": {"percent": "23.00"},
    "prices": [{"currency": "pln", "gross": "53.75"}], "active": true}"#;
const NOW: &str =
    r#"{"id": 501, "name": "Kubek", "code": "KUB-1", "netPrice": 43.70, "isActive": true, "x": {"y": 1.0}}"#;

fn create(document: &str) -> Intent {
    intent("product", Action::Create, None, document)
}

fn delete() -> Intent {
    intent("product", Action::Delete, Some("501"), "{}")
}

#[test]
fn a_product_is_made_with_the_net_price_of_its_rate() {
    let host = host(MAPPED).answer(list("")).answer(list(VAT)).answer(Answer::json(201, r#"{"id": 501}"#)).install();
    let intent = create(PRODUCT);
    let plan = Optimakers::plan(&intent).unwrap();
    assert!(host.requests().is_empty());
    assert!(matches!(Optimakers::apply(&intent), Ok(Outcome::Applied(applied)) if applied.id == "501"));
    assert_eq!(plan.url, host.requests()[0].url);
    assert_eq!(
        sent(&host),
        [
            "GET /api/products?code=KUB-1&page=1&pageSize=100",
            "GET /api/vat-rates?page=1&pageSize=100",
            "POST /api/products"
        ]
    );
    assert_eq!(
        text_body(&host.requests()[2]),
        r#"{"code":"KUB-1","currencyId":1,"ean":"590","grossPrice":53.75,"isActive":true,"name":"Kubek","netPrice":43.70,"unit":"szt","vatRateId":3}"#
    );
}

#[test]
fn what_is_not_mapped_or_missing_is_told_before_anything_is_sent() {
    type Check = fn(&Cause) -> bool;
    let cases: [(&str, Check); 4] = [
        (
            r#"{"name": "A", "sku": "A", "tax_rate": {"percent": "5"}, "prices": [{"currency": "HUF", "net": "1"}]}"#,
            |cause| {
                let Cause::MappingMissing(missing) = cause else { return false };
                let found: Vec<_> =
                    missing.iter().map(|one| (one.reference_list.as_str(), one.value.as_str())).collect();
                found == [("vat-rate", "5"), ("currency", "HUF")]
            },
        ),
        (r#"{"name": "A"}"#, |cause| matches!(cause, Cause::InvalidRecord(found) if found[0].path == "/sku")),
        (
            r#"{"name": "", "sku": "A"}"#,
            |cause| matches!(cause, Cause::InvalidRecord(found) if found[0].path == "/name"),
        ),
        (
            r#"{"name": "A", "sku": "A", "prices": [{"price_list": "1", "net": "1"}, {"price_list": "2", "net": "2"}]}"#,
            |cause| matches!(cause, Cause::InvalidRecord(found) if found[0].path == "/prices"),
        ),
    ];
    for (document, is_it) in cases {
        let host = host(MAPPED).install();
        let failure = Optimakers::apply(&create(document)).unwrap_err();
        assert!(is_it(failure.cause()), "{failure:?}");
        assert!(host.requests().is_empty());
    }
}

#[test]
fn a_product_of_the_same_code_is_a_conflict() {
    for (rows, same) in [(NOW.to_owned(), true), (NOW.replace("Kubek", "Talerz"), false)] {
        let host = host(MAPPED).answer(list(&rows)).install();
        let failure = Optimakers::apply(&create(PRODUCT)).unwrap_err();
        let is_it = matches!(failure.cause(), Cause::Conflict(found) if found.existing_id.as_deref() == Some("501") && found.same_content == Some(same));
        assert!(is_it, "{failure:?}");
        assert_eq!(writes(&host), 0);
    }
    let _host = host(MAPPED).answer(list(NOW)).answer(list("")).install();
    assert!(matches!(Optimakers::verify(&create(PRODUCT)), Ok(Verdict::Found(applied)) if applied.id == "501"));
    assert!(matches!(Optimakers::verify(&create(PRODUCT)), Ok(Verdict::Absent)));
}

#[test]
fn a_change_keeps_what_the_document_does_not_name() {
    let update = intent("product", Action::Update, Some("501"), r#"{"name": "Kubek 2", "prices": [{"net": "44"}]}"#);
    let host = host(MAPPED).answer(Answer::json(200, NOW)).answer(Answer::empty(204)).install();
    assert!(matches!(Optimakers::apply(&update), Ok(Outcome::Applied(_))));
    assert_eq!(
        text_body(&host.requests()[1]),
        r#"{"code":"KUB-1","id":501,"isActive":true,"name":"Kubek 2","netPrice":44,"x":{"y": 1.0}}"#
    );
}

#[test]
fn a_deleted_product_is_deactivated_and_once_is_enough() {
    let inactive = NOW.replace("true", "false");
    let fake = host("").answer(Answer::json(200, NOW)).answer(Answer::json(200, "{}")).install();
    assert!(matches!(Optimakers::apply(&delete()), Ok(Outcome::Applied(_))));
    assert!(text_body(&fake.requests()[1]).contains(r#""isActive":false"#));
    drop(fake);
    let fake = host("").answer(Answer::json(200, inactive.clone())).answer(Answer::json(404, "{}")).install();
    assert!(matches!(Optimakers::apply(&delete()), Ok(Outcome::NothingToDo)));
    assert!(matches!(Optimakers::apply(&delete()), Ok(Outcome::NothingToDo)));
    assert_eq!(writes(&fake), 0);
    drop(fake);
    for (answer, gone) in
        [(Answer::json(200, inactive), true), (Answer::json(200, NOW), false), (Answer::json(404, "{}"), true)]
    {
        let _host = host("").answer(answer).install();
        assert_eq!(matches!(Optimakers::verify(&delete()), Ok(Verdict::Found(_))), gone);
    }
}

#[test]
fn a_deleted_product_is_removed_where_the_configuration_says_so() {
    let remove = r#""deleted_products": "remove""#;
    let fake = host(remove).answer(Answer::empty(204)).answer(Answer::json(404, "{}")).install();
    let plan = Optimakers::plan(&delete()).unwrap();
    assert_eq!((plan.method.as_str(), fake.requests().len()), ("DELETE", 0));
    assert!(matches!(Optimakers::apply(&delete()), Ok(Outcome::Applied(_))));
    assert!(matches!(Optimakers::apply(&delete()), Ok(Outcome::NothingToDo)));
    assert_eq!(sent(&fake), ["DELETE /api/products/501", "DELETE /api/products/501"]);
    drop(fake);
    for (answer, gone) in [(Answer::json(200, NOW), false), (Answer::json(404, "{}"), true)] {
        let _host = host(remove).answer(answer).install();
        assert_eq!(matches!(Optimakers::verify(&delete()), Ok(Verdict::Found(_))), gone);
    }
}
