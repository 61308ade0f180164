//! Making and changing products.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{intent, text_body};

use crate::support::{host, list, one, posts, sent};

const PRODUCT: &str = r#"{"sku": "A-1", "name": "Skrutka", "ean": "858", "unit": "ks", "active": true, "category": "51",
    "tax_rate": {"percent": "23"}, "prices": [{"net": "1.50", "gross": "1.845"}], "stock": [{"quantity": "7"}]}"#;
const THERE: &str = r#"{"type": "product", "id": "5", "attributes": {"name": "Skrutka", "code": "a-1", "ean": "858", "unit": "ks",
    "type": 1, "price": 1.5, "taxed-price": 1.8450, "vat-rate": 23.0, "active": true},
    "relationships": {"category": {"data": {"type": "category", "id": "51"}}}}"#;

fn create() -> Intent {
    intent("product", Action::Create, PRODUCT)
}

#[test]
fn a_product_is_made_once_its_code_is_free() {
    let host = host("").answer(list("")).answer(one(201, r#"{"id": "5"}"#)).install();
    let Ok(Outcome::Applied(applied)) = Flowii::apply(&create()) else { panic!("not applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("5", Some("A-1")));
    assert_eq!(sent(&host), ["GET /products?page[size]=100&page[number]=0", "POST /products"]);
    assert_eq!(
        text_body(&host.requests()[1]),
        r#"{"data":{"type":"product","attributes":{"active":true,"code":"A-1","ean":"858","name":"Skrutka","price":1.50,"taxed-price":1.845,"type":1,"unit":"ks","vat-rate":23},"relationships":{"category":{"data":{"type":"category","id":"51"}}}}}"#
    );
}

#[test]
fn a_product_that_is_there_is_compared() {
    for (row, same) in [(THERE.to_owned(), true), (THERE.replace("1.5,", "1.6,"), false)] {
        let host =
            host("").answer(list(&row)).answer(one(200, &row)).answer(list(&row)).answer(one(200, &row)).install();
        let failure = Flowii::apply(&create()).unwrap_err();
        let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("5"), Some(same)));
        assert_eq!(matches!(Flowii::verify(&create()), Ok(Verdict::Found(_))), same);
        assert_eq!(posts(&host), 0);
    }
    let _host = host("").answer(list("")).install();
    assert!(matches!(Flowii::verify(&create()), Ok(Verdict::Absent)));
}

#[test]
fn without_looking_before_a_product_is_one_request() {
    let host =
        host(r#""check_before_create": false, "items_in": "inline""#).answer(one(201, r#"{"id": "5"}"#)).install();
    assert_eq!(Flowii::plan(&create()).unwrap().method, "POST");
    assert!(matches!(Flowii::apply(&create()), Ok(Outcome::Applied(_))));
    assert_eq!(sent(&host), ["POST /products"]);
}

#[test]
fn a_change_has_only_what_the_document_says() {
    let change =
        |document: &str| Intent { target: Some("5".to_owned()), ..intent("product", Action::Update, document) };
    let changed = host("").answer(one(200, THERE)).answer(one(200, THERE)).install();
    let document = r#"{"name": "Skrutka", "prices": [{"net": "2"}]}"#;
    assert!(matches!(Flowii::apply(&change(document)), Ok(Outcome::Applied(_))));
    assert_eq!(
        text_body(&changed.requests()[1]),
        r#"{"data":{"type":"product","id":"5","attributes":{"name":"Skrutka","price":2}}}"#
    );
    drop(changed);
    let host = host("").answer(one(200, THERE)).answer(one(200, THERE)).install();
    assert_eq!(Flowii::apply(&change(r#"{"name": "Skrutka", "kind": "goods"}"#)).unwrap(), Outcome::NothingToDo);
    assert!(matches!(Flowii::verify(&change(r#"{"name": "", "kind": "service"}"#)), Ok(Verdict::Absent)));
    assert!(host.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn a_product_without_a_code_or_with_a_rate_without_a_percentage_is_refused_before_a_request() {
    let host = host("").install();
    let failure = Flowii::apply(&intent("product", Action::Create, r#"{"name": "A"}"#)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/sku"));
    let document = r#"{"name": "A", "sku": "1", "tax_rate": {"code": "exempt"}}"#;
    let failure = Flowii::apply(&intent("product", Action::Create, document)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::MappingMissing(_)));
    assert!(host.requests().is_empty());
}
