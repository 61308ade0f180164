//! Every write with its verify, and what is left when answers are lost.

use flowii::Flowii;
use serde_json::json;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Records, Writing};
use wharf_sdk_testing::{applied, document, verified};

use crate::bridge::{Bridge, intent, read};

const ORDER: &str = r#"{"number": "BL 1", "created_at": "2026-07-01T08:00:00Z", "customer_note": "soon",
    "customer": {"name": "ACME", "registration_number": "12345678"}, "extra": {"custom_fields": {"61": "red"}},
    "lines": [{"name": "Skrutka", "quantity": "2", "unit_price_gross": "12.30", "tax_rate": {"percent": "23"}}]}"#;

/// Entity, its table, what makes one, and what changes it.
const WRITES: [(&str, &str, &str, &str); 6] = [
    (
        "partner",
        "partners",
        r#"{"kind": "company", "name": "Nova", "registration_number": "87654321", "email": "n@x.sk", "note": "new",
            "address": {"street": "Hlavna 1", "city": "Kosice", "postcode": "04001", "country": "SK"}}"#,
        r#"{"name": "", "tax_number": "2020202020"}"#,
    ),
    (
        "order",
        "orders",
        ORDER,
        r#"{"status": "12", "internal_note": "done", "extra": {"custom_fields": {"62": "blue"}}}"#,
    ),
    (
        "task",
        "tasks",
        r#"{"caption": "Call", "deadline": "2026-07-01T08:00:00Z", "partner": {"name": "ACME", "registration_number": "12345678"}}"#,
        r#"{"description": "twice"}"#,
    ),
    (
        "event",
        "events",
        r#"{"caption": "Fair", "start": "2026-07-01T08:00:00Z", "end": "2026-07-01T10:00:00Z", "place": "Brno", "user_ids": ["12", "13"]}"#,
        r#"{"place": "Praha", "user_ids": ["13"]}"#,
    ),
    (
        "business-case",
        "businesscases",
        r#"{"name": "Deal", "amount": "10.50", "currency": "EUR", "probability": "40", "state": "41",
            "partner": {"name": "ACME", "registration_number": "12345678"}, "responsible_user_id": "12"}"#,
        r#"{"state": "42", "amount": "11"}"#,
    ),
    (
        "product",
        "products",
        r#"{"sku": "A-1", "name": "Skrutka", "unit": "ks", "category": "51", "active": true, "tax_rate": {"percent": "23"},
            "prices": [{"net": "1.50"}]}"#,
        r#"{"name": "", "prices": [{"net": "1.60"}]}"#,
    ),
];

fn with_acme(more: &str) -> Bridge {
    let bridge = Bridge::start(|_| {}, more);
    bridge.simulator.seed_partner("ACME", "12345678", "a@x.sk").unwrap();
    bridge
}

fn created(bridge: &Bridge, table: &str) -> u64 {
    bridge.simulator.counts()["records"][table]["created"].as_u64().unwrap()
}

#[test]
fn everything_is_made_once_verified_and_changed() {
    for (entity, table, document, change) in WRITES {
        let bridge = with_acme("");
        let create = intent(entity, Action::Create, "wh1", document);
        assert_eq!(verified::<Flowii>(&create), None, "{entity}");
        let id = applied::<Flowii>(&create);
        assert_eq!(verified::<Flowii>(&create).as_ref(), Some(&id), "{entity}");
        assert_eq!(created(&bridge, table), 1, "{entity}");
        let update = Intent { target: Some(id.clone()), ..intent(entity, Action::Update, "wh2", change) };
        assert_eq!(verified::<Flowii>(&update), None, "{entity}");
        assert_eq!(applied::<Flowii>(&update), id);
        assert_eq!(verified::<Flowii>(&update), Some(id.clone()), "{entity}");
        if entity != "partner" {
            assert_eq!(Flowii::apply(&update).unwrap(), Outcome::NothingToDo, "{entity}");
        }
        // The change has kept what the creation left: it is still found.
        if entity != "product" {
            assert_eq!(verified::<Flowii>(&create), Some(id), "{entity}");
        }
        assert_eq!(created(&bridge, table), 1, "{entity}");
    }
}

#[test]
fn a_lost_answer_leaves_one_record_that_verify_finds() {
    for (entity, table, document, _) in WRITES {
        let bridge = with_acme(r#", "items_in": "inline""#);
        bridge.simulator.faults().drop_response_of(&format!("POST /{table}"), 1);
        let create = intent(entity, Action::Create, "wh1", document);
        assert_eq!(Flowii::apply(&create).unwrap_err().cause(), &Cause::OutcomeUnknown, "{entity}");
        assert!(verified::<Flowii>(&create).is_some(), "{entity}");
        assert_eq!(created(&bridge, table), 1, "{entity}");
    }
}

#[test]
fn an_invoice_is_made_without_an_attribute_for_its_correlation_and_found_again() {
    let bridge = with_acme("");
    let invoice = r#"{"number": "20260001", "issued_on": "2026-07-01", "currency": "EUR",
        "partner": {"name": "ACME", "registration_number": "12345678"},
        "lines": [{"name": "x", "quantity": "3", "unit_price_net": "5.00", "tax_rate": {"percent": "23"}}]}"#;
    let create = intent("invoice", Action::Create, "wh1", invoice);
    assert_eq!(verified::<Flowii>(&create), None);
    bridge.simulator.faults().drop_response_of("POST /documents", 1);
    assert_eq!(Flowii::apply(&create).unwrap_err().cause(), &Cause::OutcomeUnknown);
    let id = verified::<Flowii>(&create).unwrap();
    let read = document(&read("invoices", 10)[0]);
    assert_eq!((&read["id"], &read["total_gross"]), (&json!(id), &json!("18.45")));
    assert!(matches!(Flowii::apply(&create).unwrap_err().cause(), Cause::Conflict(_)));
    let other = intent("invoice", Action::Create, "wh2", &invoice.replace("20260001", "20260002"));
    assert_eq!(verified::<Flowii>(&other), None);
    assert_ne!(applied::<Flowii>(&other), id);
    assert_eq!(created(&bridge, "documents"), 2);
}

#[test]
fn orders_keep_their_items_and_custom_fields_wherever_flowii_takes_them() {
    for (inline, path, custom) in [(true, true, true), (true, false, true), (false, true, false)] {
        let bridge = with_acme("");
        bridge.simulator.change(|options| {
            options.inline_items = inline;
            options.items_path = path;
            options.custom_fields_refused = !custom;
        });
        let create = intent("order", Action::Create, "wh1", ORDER);
        let id = applied::<Flowii>(&create);
        let read = document(&Flowii::get("order", &id).unwrap());
        assert_eq!(read["lines"][0]["name"], "Skrutka", "inline {inline}, path {path}");
        assert_eq!(read["lines"][0]["unit_price_net"], "10.0", "{read}");
        assert_eq!(read["extra"]["custom_fields"], if custom { json!({ "61": "red" }) } else { json!(null) });
        assert_eq!(read["created_at"], "2026-07-01T08:00:00Z");
        assert_eq!(applied::<Flowii>(&create), id);
        assert_eq!(created(&bridge, "orders"), 1);
    }
}

#[test]
fn a_batch_reads_the_list_of_orders_once_and_makes_every_order_once() {
    let bridge = with_acme(r#", "order_type_id": "1", "items_in": "inline""#);
    for number in 0..5 {
        applied::<Flowii>(&intent("order", Action::Create, &format!("old{number}"), ORDER));
    }
    let batch: Vec<Intent> =
        (0..5).map(|number| intent("order", Action::Create, &format!("wh{number}"), ORDER)).collect();
    let before = bridge.host.requests().len();
    assert!(Flowii::apply_batch(&batch).iter().all(|outcome| matches!(outcome, Ok(Outcome::Applied(_)))));
    let lists = bridge
        .host
        .requests()
        .iter()
        .skip(before)
        .filter(|request| request.url.contains("/orders?") && request.method == "GET")
        .count();
    assert_eq!(lists, 1);
    assert!(Flowii::apply_batch(&batch).iter().all(|outcome| matches!(outcome, Ok(Outcome::AlreadyApplied(_)))));
    assert_eq!(created(&bridge, "orders"), 10);
}
