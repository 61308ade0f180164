//! Writes, what becomes of them when answers are lost, and what they leave in the system.

use optimakers::Optimakers;
use serde_json::{Value, json};
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Records, Verdict, Writing};
use wharf_sdk_testing::applied;
use wharf_simulators::fault::Kind;
use wharf_simulators::optimakers::{Table, lists};

use crate::bridge::{Bridge, MAPPED, intent};

const CUSTOMER: &str = r#"{"name": "Jan Kowalski", "login": "jan", "email": "jan@x.pl", "tax_number": "5250000000",
    "address": {"street": "Prosta 1", "postcode": "00-001", "city": "Warszawa", "country": "PL"}}"#;
const PRODUCT: &str = r#"{"name": "Kubek", "sku": "KUB-1", "unit": "szt", "tax_rate": {"percent": "23"},
    "prices": [{"currency": "PLN", "gross": "53.75"}], "active": true}"#;

fn order(id: &str) -> String {
    format!(
        r#"{{"id": "{id}", "currency": "PLN", "created_at": "2026-02-01T08:00:00Z", "customer": {CUSTOMER},
        "delivery": {{"method": "Kurier", "price_gross": "15.5"}}, "payment": {{"method": "Przelew"}},
        "customer_note": "Proszę szybko", "extra": {{"extra_field_1": "A1", "extra_field_2": "A2"}},
        "lines": [
            {{"name": "Kubek", "sku": "KUB-1", "quantity": "2", "unit_price_gross": "53.75", "tax_rate": {{"percent": "23"}}}},
            {{"name": "Rada", "quantity": "1.5", "unit_price_gross": "10", "tax_rate": {{"code": "exempt"}}}}]}}"#
    )
}

fn create_order() -> Intent {
    intent("order", Action::Create, None, &order("5001"))
}

fn bridge() -> Bridge {
    let bridge = Bridge::start(MAPPED, |_| {});
    bridge.simulator.seed_customer("Jan Kowalski", "jan", "jan@x.pl");
    bridge
}

fn made(bridge: &Bridge, table: Table) -> Vec<Value> {
    bridge.simulator.records(table).into_iter().filter(|one| !one.seeded).map(|one| one.value).collect()
}

#[test]
fn an_order_waits_for_its_customer_and_arrives_whole() {
    let bridge = Bridge::start(MAPPED, |_| {});
    let _host = bridge.host("optimes-key");
    let failure = Optimakers::apply(&create_order()).unwrap_err();
    let Cause::DependencyMissing(missing) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((missing.entity.as_str(), missing.key.as_str()), ("partner", "jan"));
    let customer = applied::<Optimakers>(&intent("partner", Action::Create, None, CUSTOMER));
    let id = applied::<Optimakers>(&create_order());
    let order = bridge.simulator.record(Table::Orders, id.parse().unwrap()).unwrap();
    assert_eq!(order["customerId"].to_string(), customer);
    assert_eq!((&order["externalNumber"], &order["statusId"]), (&json!("BL-5001"), &json!(lists::STATUS_NEW)));
    assert_eq!(order["orderDate"], "2026-02-01T09:00:00");
    assert_eq!(order["currencyId"], lists::PLN);
    assert_eq!(
        order["items"],
        json!([
            {"id": 1, "productId": null, "name": "Kubek", "quantity": 2, "netPrice": 43.70, "vatRateId": lists::VAT_23},
            {"id": 2, "productId": null, "name": "Rada", "quantity": 1.5, "netPrice": 10, "vatRateId": lists::VAT_EXEMPT}])
    );
    assert_eq!(
        order["attributes"],
        json!([{"attributeId": 11, "value": "Kurier"}, {"attributeId": 12, "value": "15.50"},
            {"attributeId": 13, "value": "Przelew"}, {"attributeId": 14, "value": "A1"}, {"attributeId": 15, "value": "A2"},
            {"attributeId": 16, "value": "Proszę szybko"}])
    );
    let item = Optimakers::get("order", &id).unwrap();
    let wharf_sdk::Content::Document(text) = &item.content else { panic!("a document was expected") };
    let read: Value = serde_json::from_str(text).unwrap();
    assert_eq!(read["delivery"], json!({"method": "Kurier", "price_gross": "15.50"}));
    assert_eq!((&read["customer_note"], &read["extra"]["extra_field_2"]), (&json!("Proszę szybko"), &json!("A2")));
    assert_eq!(read["lines"][1]["tax_rate"], json!({"code": "exempt"}));
}

#[test]
fn applied_twice_there_is_one_of_each() {
    let bridge = bridge();
    let _host = bridge.host("optimes-key");
    let create = create_order();
    assert_eq!(applied::<Optimakers>(&create), applied::<Optimakers>(&create));
    let product = intent("product", Action::Create, None, PRODUCT);
    let id = applied::<Optimakers>(&product);
    let failure = Optimakers::apply(&product).unwrap_err();
    assert!(
        matches!(failure.cause(), Cause::Conflict(found) if found.existing_id.as_deref() == Some(id.as_str()) && found.same_content == Some(true))
    );
    assert_eq!((made(&bridge, Table::Orders).len(), made(&bridge, Table::Products).len()), (1, 1));
    assert_eq!(made(&bridge, Table::Products)[0]["netPrice"], 43.70);
}

#[test]
fn an_answer_lost_at_any_write_is_found_again_and_one_never_sent_is_absent() {
    for (operation, create) in [
        ("POST /orders", create_order()),
        ("POST /customers", intent("partner", Action::Create, None, &CUSTOMER.replace("jan", "eva"))),
        ("POST /products", intent("product", Action::Create, None, PRODUCT)),
    ] {
        for (kind, is_there) in [
            (Kind::DropResponse, true),
            (Kind::TruncatedJson, true),
            (Kind::ResetBefore, false),
            (Kind::HtmlInsteadOfJson, false),
            (Kind::Vendor("maintenance".to_owned()), false),
        ] {
            let bridge = bridge();
            let _host = bridge.host("optimes-key");
            bridge.simulator.faults().nth(operation, 1, kind.clone());
            let failure = Optimakers::apply(&create).unwrap_err();
            assert_eq!(failure.cause(), &Cause::OutcomeUnknown, "{operation} {kind:?}: {failure:?}");
            let verdict = Optimakers::verify(&create).unwrap();
            assert_eq!(matches!(verdict, Verdict::Found(_)), is_there, "{operation} {kind:?}: {verdict:?}");
            if !is_there {
                applied::<Optimakers>(&create);
            }
            let table = [Table::Orders, Table::Customers, Table::Products];
            assert_eq!(table.iter().map(|table| made(&bridge, *table).len()).sum::<usize>(), 1, "{operation} {kind:?}");
        }
    }
}

#[test]
fn an_order_that_another_made_is_adopted_or_refused_by_its_content() {
    let bridge = bridge();
    let _host = bridge.host("optimes-key");
    let id = applied::<Optimakers>(&create_order());
    let number: i64 = id.parse().unwrap();
    bridge.simulator.edit(Table::Orders, number, &json!({"note": "edited", "statusId": lists::STATUS_DONE}));
    let failure = Optimakers::apply(&create_order()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Conflict(found) if found.same_content == Some(true)), "{failure:?}");
    assert!(matches!(Optimakers::verify(&create_order()), Ok(Verdict::Found(_))));
    bridge.simulator.edit(Table::Orders, number, &json!({"currencyId": lists::EUR}));
    let failure = Optimakers::apply(&create_order()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Conflict(found) if found.same_content == Some(false)), "{failure:?}");
    assert!(matches!(Optimakers::verify(&create_order()), Ok(Verdict::Absent)));
    assert_eq!(made(&bridge, Table::Orders).len(), 1);
}

#[test]
fn a_change_survives_a_put_that_replaces() {
    let bridge = bridge();
    let _host = bridge.host("optimes-key");
    let id = applied::<Optimakers>(&create_order());
    let before = bridge.simulator.record(Table::Orders, id.parse().unwrap()).unwrap();
    let update =
        intent("order", Action::Update, Some(&id), r#"{"internal_note": "VIP", "payment": {"method": "Karta"}}"#);
    assert!(matches!(Optimakers::verify(&update), Ok(Verdict::Absent)));
    applied::<Optimakers>(&update);
    assert!(matches!(Optimakers::verify(&update), Ok(Verdict::Found(_))));
    assert!(matches!(Optimakers::apply(&update), Ok(Outcome::NothingToDo)));
    let after = bridge.simulator.record(Table::Orders, id.parse().unwrap()).unwrap();
    for field in ["externalNumber", "number", "items", "customerId", "currencyId", "orderDate", "statusId"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    assert_eq!(after["note"], "Ref: wh7m2k4q9x3c5v8b\nVIP");
    assert_eq!(after["attributes"].as_array().map(Vec::len), Some(6));
    let customer = bridge.simulator.records(Table::Customers)[0].id.to_string();
    let update = intent("partner", Action::Update, Some(&customer), r#"{"name": "Jan K.", "phone": "600"}"#);
    applied::<Optimakers>(&update);
    let customer = bridge.simulator.record(Table::Customers, customer.parse().unwrap()).unwrap();
    assert_eq!((&customer["name"], &customer["email"]), (&json!("Jan K."), &json!("jan@x.pl")));
    assert_eq!(customer["attributes"][0]["value"], "jan");
}

#[test]
fn an_order_is_moved_and_a_product_is_taken_out_of_use() {
    let bridge = bridge();
    let _host = bridge.host("optimes-key");
    let id = applied::<Optimakers>(&create_order());
    let done = intent("order", Action::Transition, Some(&id), r#"{"status": "9"}"#);
    assert!(matches!(Optimakers::verify(&done), Ok(Verdict::Absent)));
    applied::<Optimakers>(&done);
    assert!(matches!(Optimakers::verify(&done), Ok(Verdict::Found(_))));
    let unknown = intent("order", Action::Transition, Some(&id), r#"{"status": "30"}"#);
    let failure = Optimakers::apply(&unknown).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/status"), "{failure:?}");
    let product = applied::<Optimakers>(&intent("product", Action::Create, None, PRODUCT));
    let delete = intent("product", Action::Delete, Some(&product), "{}");
    applied::<Optimakers>(&delete);
    assert_eq!(made(&bridge, Table::Products)[0]["isActive"], false);
    assert!(matches!(Optimakers::apply(&delete), Ok(Outcome::NothingToDo)));
    assert!(matches!(Optimakers::verify(&delete), Ok(Verdict::Found(_))));
}

#[test]
fn what_the_system_refuses_is_told_by_the_places_of_the_document() {
    let bridge = bridge();
    let _host = bridge.host("optimes-key");
    let wrong = order("5002").replace("\"1.5\"", "\"0\"");
    let failure = Optimakers::apply(&intent("order", Action::Create, None, &wrong)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::InvalidRecord(found) if found[0].path == "/lines/1"), "{failure:?}");
    bridge.simulator.change(|options| {
        options.forbidden.insert("POST /orders".to_owned());
    });
    let failure = Optimakers::apply(&create_order()).unwrap_err();
    assert_eq!(failure.cause(), &Cause::Forbidden(Some("write orders".to_owned())));
    bridge.simulator.set_api_key("other");
    assert_eq!(Optimakers::apply(&create_order()).unwrap_err().cause(), &Cause::AuthRevoked);
    assert!(made(&bridge, Table::Orders).is_empty());
}
