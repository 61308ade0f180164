//! From the vendor's orders to common documents.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use wharf_sdk::document::Order;
use wharf_sdk::{Content, Records};
use wharf_sdk_testing::{Answer, FakeHost};

/// Reads one order through the connector.
fn document_text(order: &str) -> String {
    let body = format!(r#"{{"status":"SUCCESS","orders":[{order}]}}"#);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(order).unwrap();
    let id = fields["order_id"].get();
    let _host = FakeHost::new().answer(Answer::json(200, body)).install();
    let item = baselinker::BaseLinker::get("order", id.trim_matches('"')).expect("the order");
    match item.content {
        Content::Document(text) => text,
        Content::Slice(_) => panic!("a common document is written"),
    }
}

fn document(order: &Value) -> Value {
    serde_json::from_str(&document_text(&order.to_string())).expect("JSON")
}

fn sample() -> Value {
    json!({
        "order_id": 5001, "shop_order_id": 0, "external_order_id": "AL-7", "order_source": "personal",
        "order_source_id": 0, "order_source_info": "-", "order_status_id": 201, "confirmed": true,
        "date_confirmed": 1_760_000_100, "date_add": 1_760_000_000, "date_in_status": 1_760_000_200,
        "user_login": "ewa", "phone": "600100200", "email": "a@example.org", "user_comments": "ring \"twice\"",
        "admin_comments": "", "currency": "pln", "payment_method": "Przelew", "payment_method_cod": "0",
        "payment_done": 123.0, "delivery_method": "Kurier", "delivery_price": 15.5, "delivery_package_module": "dpd",
        "delivery_package_nr": "X1", "delivery_fullname": "Ewa Lis", "delivery_company": "",
        "delivery_address": "Długa 1", "delivery_city": "Kraków", "delivery_state": "", "delivery_postcode": "30-001",
        "delivery_country_code": "PL", "delivery_point_id": "KRA01", "delivery_point_name": "Locker",
        "delivery_point_address": "Krótka 2", "delivery_point_postcode": "30-002", "delivery_point_city": "Kraków",
        "invoice_fullname": "Ewa Lis", "invoice_company": "Lis sp. z o.o.", "invoice_nip": "6760000000",
        "invoice_address": "Prosta 3", "invoice_city": "Kraków", "invoice_state": "", "invoice_postcode": "30-003",
        "invoice_country_code": "PL", "want_invoice": "1", "extra_field_1": "", "extra_field_2": "B",
        "custom_extra_fields": {"11": "x"}, "order_page": "https://orders.example/x", "pick_state": 0, "pack_state": 1,
        "delivery_country": "Polska", "invoice_country": "Polska",
        "products": [{
            "storage": "db", "storage_id": 11, "order_product_id": 9001, "product_id": "77", "variant_id": "0",
            "name": "Kubek", "attributes": "Colour: red", "sku": "KB-1", "ean": "5900000000017", "location": "",
            "warehouse_id": 205, "auction_id": "0", "price_brutto": 53.75, "tax_rate": 23, "quantity": 2,
            "weight": 0.4, "bundle_id": 0
        }]
    })
}

#[test]
fn an_order_becomes_the_common_document() {
    let invoice = json!({
        "name": "Ewa Lis", "company": "Lis sp. z o.o.", "street": "Prosta 3", "postcode": "30-003", "city": "Kraków",
        "country": "PL"
    });
    let expected = json!({
        "id": "5001", "number": "5001", "external_number": "AL-7", "status": "201", "source": "personal:0",
        "created_at": "2025-10-09T08:53:20Z", "confirmed_at": "2025-10-09T08:55:00Z", "currency": "PLN",
        "customer": {
            "kind": "company", "name": "Lis sp. z o.o.", "tax_number": "6760000000", "login": "ewa",
            "email": "a@example.org", "phone": "600100200", "address": invoice
        },
        "invoice_address": invoice, "wants_invoice": true,
        "delivery": {
            "method": "Kurier", "price_gross": "15.5",
            "address": {
                "name": "Ewa Lis", "street": "Długa 1", "postcode": "30-001", "city": "Kraków", "country": "PL"
            },
            "pickup_point": {
                "id": "KRA01",
                "address": {"name": "Locker", "street": "Krótka 2", "postcode": "30-002", "city": "Kraków"}
            },
            "carrier": "dpd", "tracking_number": "X1"
        },
        "payment": {"method": "Przelew", "cash_on_delivery": false, "paid": "123.0"},
        "lines": [{
            "id": "9001", "product_id": "77", "sku": "KB-1", "ean": "5900000000017", "name": "Kubek",
            "quantity": "2", "unit_price_gross": "53.75", "tax_rate": {"percent": "23"},
            "extra": {
                "storage": "db", "storage_id": 11, "attributes": "Colour: red", "location": "", "warehouse_id": 205,
                "auction_id": "0", "weight": 0.4, "bundle_id": 0
            }
        }],
        "customer_note": "ring \"twice\"",
        "extra": {
            "shop_order_id": 0, "order_source": "personal", "order_source_id": 0, "confirmed": true,
            "custom_extra_fields": {"11": "x"}, "order_source_info": "-", "date_in_status": 1_760_000_200,
            "extra_field_1": "", "extra_field_2": "B", "order_page": "https://orders.example/x", "pick_state": 0,
            "pack_state": 1, "delivery_country": "Polska", "invoice_country": "Polska"
        }
    });
    let written = document(&sample());
    assert_eq!(written, expected);
    let order: Order = serde_json::from_value(written).expect("the common order");
    assert_eq!(order.lines[0].unit_price_gross.map(|price| price.to_string()).as_deref(), Some("53.75"));
}

#[test]
fn what_is_empty_is_left_out_and_what_is_required_is_there() {
    assert_eq!(
        document(&json!({"order_id": "7"})),
        json!({"id": "7", "number": "7", "customer": {"kind": "person", "name": ""}, "lines": []})
    );
    let sparse = json!({
        "order_id": 7, "external_order_id": "", "shop_order_id": "0", "date_add": 0, "date_confirmed": "0",
        "currency": null, "user_comments": [], "products": [], "payment_method_cod": "", "custom_extra_fields": []
    });
    assert_eq!(
        document(&sparse),
        json!({
            "id": "7", "number": "7", "customer": {"kind": "person", "name": ""}, "lines": [],
            "extra": {"shop_order_id": "0", "custom_extra_fields": {}}
        })
    );
}

#[test]
fn values_are_read_whatever_their_type() {
    let written = document(&json!({
        "order_id": "7", "shop_order_id": "12", "order_status_id": "201", "date_add": "1760000000",
        "date_confirmed": "1760000100", "payment_method_cod": true, "want_invoice": 1, "payment_done": "12.50",
        "delivery_price": "0.00", "phone": 600_100_200, "order_source": "shop", "order_source_id": "8235",
        "products": {"0": {"order_product_id": "1", "product_id": 77, "variant_id": 5, "name": 10, "quantity": "3",
            "price_brutto": "53.750", "tax_rate": "8.00"}}
    }));
    assert_eq!(written["external_number"], "12");
    assert_eq!(written["source"], "shop:8235");
    assert_eq!(written["status"], "201");
    assert_eq!(written["created_at"], "2025-10-09T08:53:20Z");
    assert_eq!(written["payment"], json!({"cash_on_delivery": true, "paid": "12.50"}));
    assert_eq!(written["wants_invoice"], true);
    assert_eq!(written["delivery"], json!({"price_gross": "0.00"}));
    assert_eq!(written["customer"]["phone"], "600100200");
    assert_eq!(
        written["lines"],
        json!([{"id": "1", "product_id": "77", "variant_id": "5", "name": "10", "quantity": "3",
            "unit_price_gross": "53.750", "tax_rate": {"percent": "8.00"}}])
    );
    let order: Order = serde_json::from_value(written).expect("the common order");
    assert_eq!(order.id.as_deref(), Some("7"));
}

#[test]
fn maps_that_php_wrote_as_lists_are_maps() {
    for (json, expected) in [
        (r"[]", json!({})),
        (r"null", json!({})),
        (r#"["a", "b"]"#, json!({"0": "a", "1": "b"})),
        (r#"{"5": {"title": "t", "url": "u"}}"#, json!({"5": {"title": "t", "url": "u"}})),
        (r#""odd""#, json!("odd")),
    ] {
        let text = document_text(&format!(r#"{{"order_id": 1, "custom_extra_fields": {json}}}"#));
        let written: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(written["extra"]["custom_extra_fields"], expected, "{json}");
    }
}

#[test]
fn special_tax_rates_have_a_code_and_no_percentage() {
    for (rate, expected) in [
        ("-1", json!({"code": "exempt"})),
        ("\"-1.00\"", json!({"code": "exempt"})),
        ("-0.02", json!({"code": "not-subject"})),
        ("-0.03", json!({"code": "reverse-charge"})),
        ("\"ZW\"", json!({"code": "exempt"})),
        ("\"odd\"", json!({"code": "odd"})),
        ("0", json!({"percent": "0"})),
        ("23", json!({"percent": "23"})),
        ("\"5.50\"", json!({"percent": "5.50"})),
        ("-7", json!({"percent": "-7"})),
    ] {
        let text = document_text(&format!(
            r#"{{"order_id": 1, "products": [{{"name": "a", "quantity": 1, "tax_rate": {rate}}}]}}"#
        ));
        let written: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(written["lines"][0]["tax_rate"], expected, "{rate}");
    }
}

#[test]
fn prices_are_exact_and_what_is_no_number_is_refused_by_name_later() {
    for (price, expected) in [
        ("0.30000000000000004", "0.30000000000000004"),
        ("19.90", "19.90"),
        ("1e3", "1000"),
        ("\"1,5\"", "1,5"),
        ("12345678901234567890123456789012", "12345678901234567890123456789012"),
    ] {
        let text = document_text(&format!(r#"{{"order_id": 1, "delivery_price": {price}}}"#));
        let written: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(written["delivery"]["price_gross"], expected);
    }
    let written = document(&json!({"order_id": 1, "delivery_price": "1,5"}));
    let refused = serde_json::from_value::<Order>(written).expect_err("no number").to_string();
    assert!(refused.contains("`1,5` is not a decimal number"), "{refused}");
}

#[test]
fn who_buys_is_found_wherever_it_stands() {
    for (fields, kind, name) in [
        (json!({"invoice_company": "A", "invoice_fullname": "B"}), "company", "A"),
        (json!({"invoice_fullname": "B", "delivery_company": "C"}), "person", "B"),
        (json!({"invoice_fullname": "B", "invoice_nip": "1"}), "company", "B"),
        (json!({"delivery_company": "C", "delivery_fullname": "D"}), "company", "C"),
        (json!({"delivery_fullname": "D", "user_login": "e"}), "person", "D"),
        (json!({"user_login": "e", "email": "f@example.org"}), "person", "e"),
        (json!({"email": "f@example.org"}), "person", "f@example.org"),
    ] {
        let mut order = fields.clone();
        order["order_id"] = 1.into();
        let customer = &document(&order)["customer"];
        assert_eq!((customer["kind"].as_str(), customer["name"].as_str()), (Some(kind), Some(name)), "{fields}");
    }
}

#[test]
fn a_country_alone_is_no_invoice_address() {
    let written = document(&json!({
        "order_id": 1, "invoice_country_code": "PL", "delivery_city": "Brno", "delivery_country_code": "cz"
    }));
    assert_eq!(written.get("invoice_address"), None);
    assert_eq!(written["extra"]["invoice_country_code"], "PL");
    assert_eq!(written["customer"]["address"], json!({"city": "Brno", "country": "CZ"}));
}

#[test]
fn values_that_do_not_fit_their_place_go_to_extra() {
    let written = document(&json!({
        "order_id": 1, "email": {"a": 1}, "want_invoice": "maybe", "date_add": "yesterday", "date_confirmed": 1e15 as u64,
        "products": [{"name": "a", "quantity": 1, "sku": [1]}]
    }));
    let extra =
        json!({"email": {"a": 1}, "want_invoice": "maybe", "date_add": "yesterday", "date_confirmed": 1e15 as u64});
    assert_eq!(written["extra"], extra);
    assert_eq!(written["lines"][0]["extra"], json!({"sku": [1]}));
}

#[test]
fn half_a_character_does_not_spoil_the_document() {
    let text = document_text(r#"{"order_id": 1, "user_comments": "cut \ud83d", "x\u0022y": "\u0142\ud83d\ude00"}"#);
    let written: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(written["customer_note"], "cut \u{fffd}");
    assert_eq!(written["extra"]["x\"y"], "ł😀");
}

/// All plain values of a document, as text.
fn scalars(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|value| scalars(value, found)),
        Value::Array(list) => list.iter().for_each(|value| scalars(value, found)),
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Null => {}
        other => {
            found.insert(other.to_string());
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (2_u32..4_000_000_000).prop_map(Value::from),
        (2_u32..4_000_000_000).prop_map(|number| Value::from(number.to_string())),
        (1_u32..100_000).prop_map(|cents| Value::from(format!("{}.{:02}", cents / 100, cents % 100))),
        "[a-zł\"\\\\\n ]{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({"nested": ["deep", 7]})),
    ]
}

/// Tells whether a value of the input is found in the output, in one of the spellings that a field may get.
fn is_kept(name: &str, value: &Value, output: &BTreeSet<String>, extra: &Value) -> bool {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let date = text.parse::<u64>().ok().map(|seconds| wharf_sdk::civil::rfc3339(seconds * 1000));
    let says_nothing = value.is_null() || text.is_empty() || text == "[]";
    says_nothing
        || extra.get(name) == Some(value)
        || output.contains(&text)
        || output.contains(&text.to_ascii_uppercase())
        || date.is_some_and(|date| output.contains(&date))
}

proptest! {
    #[test]
    fn no_field_of_an_order_is_lost(
        values in prop::collection::vec(any_value(), 60),
        line_values in prop::collection::vec(any_value(), 20),
        unknown in any_value(),
    ) {
        let refill = |fields: &Value, values: &[Value]| {
            let names = fields.as_object().unwrap().keys().filter(|name| *name != "products" && *name != "order_id");
            names.cloned().zip(values.iter().cloned()).collect::<Map<String, Value>>()
        };
        let sample = sample();
        let line = refill(&sample["products"][0], &line_values);
        let mut order = refill(&sample, &values);
        order.insert("brand_new".to_owned(), unknown);
        let fields = order.clone();
        order.insert("order_id".to_owned(), 5001.into());
        order.insert("products".to_owned(), json!([line.clone()]));
        let written = document(&Value::from(order));
        let mut output = BTreeSet::new();
        scalars(&written, &mut output);
        for (name, value) in &fields {
            prop_assert!(is_kept(name, value, &output, &written["extra"]), "{name}: {value} is not in {written}");
        }
        let mut output = BTreeSet::new();
        scalars(&written["lines"][0], &mut output);
        for (name, value) in &line {
            let kept = is_kept(name, value, &output, &written["lines"][0]["extra"]);
            prop_assert!(kept, "{name}: {value} is not in {}", written["lines"][0]);
        }
    }
}
