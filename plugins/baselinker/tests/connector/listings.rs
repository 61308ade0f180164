//! Returns, invoices and receipts; payments and packages.

use serde_json::{Value, json};
use wharf_sdk::failure::Cause;
use wharf_sdk::host::RawRequest;
use wharf_sdk::{Completeness, Content, Counts, Item, Records};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};

use crate::shop::{at_most, call, drain, filtered, pull};

fn success(payload: Value) -> Answer {
    let mut body = payload;
    body["status"] = "SUCCESS".into();
    Answer::json(200, body.to_string())
}

/// Answers a list by id, as the vendor does: at most 100 rows from `id_from` on.
fn listing(key: &'static str, id: &'static str, rows: Vec<Value>) -> impl FnMut(&RawRequest) -> Answer {
    move |request| {
        let (_, asked) = call(request);
        let is = |row: &Value, name: &str| asked.get(name).is_none_or(|wanted| text(wanted) == text(&row[name]));
        let from = asked["id_from"].as_u64().unwrap_or(0);
        let found = rows.iter().filter(|row| row[id].as_u64().unwrap() >= from);
        let found =
            found.filter(|row| is(row, "status_id") && is(row, "series_id") && is(row, "order_id") && is(row, id));
        success(json!({key: found.take(100).collect::<Vec<_>>()}))
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or(value.to_string(), str::to_owned)
}

fn returns() -> InstalledHost {
    let rows = (1..=230).map(|id| {
        json!({"return_id": id, "order_id": 5000 + id, "status_id": if id % 2 == 0 { "402" } else { "401" },
               "date_add": 1_760_000_000 + id, "refunded": "0.00", "products": []})
    });
    FakeHost::new().respond(listing("returns", "return_id", rows.collect())).install()
}

fn document(item: &Item) -> Value {
    match &item.content {
        Content::Document(text) => serde_json::from_str(text).expect("JSON"),
        Content::Slice(_) => panic!("a document is written"),
    }
}

#[test]
fn returns_come_by_id_whatever_the_size_of_a_page() {
    let _host = returns();
    for size in [1, 37, 100, 500] {
        let (ids, cursor, _) = drain("order-returns", None, &at_most(size));
        assert_eq!(ids, (1..=230).collect::<Vec<_>>(), "{size}");
        let (again, ..) = drain("order-returns", Some(cursor), &at_most(size));
        assert!(again.is_empty(), "each return comes once");
    }
    assert_eq!(baselinker::BaseLinker::count("order-returns", at_most(1)).expect("a number").count, 230);
}

#[test]
fn returns_of_a_status_come_again_and_again() {
    let host = returns();
    let (ids, cursor, _) = drain("order-returns", None, &filtered(&[("status", "402")]));
    assert_eq!(ids.len(), 115);
    assert_eq!(call(&host.requests()[0]).1["status_id"], 402, "one value is the vendor's filter");
    assert_eq!(drain("order-returns", Some(cursor.clone()), &filtered(&[("status", "402")])).0.len(), 115);
    let both = filtered(&[("status", "401"), ("status", "402")]);
    assert_eq!(drain("order-returns", Some(cursor), &both).0.len(), 230, "several are compared here");
    let failure = pull("order-returns", None, &filtered(&[("status", "new")])).expect_err("no number");
    assert!(failure.message().contains("`new`"), "{failure}");
}

#[test]
fn a_window_leaves_out_what_is_older_and_what_is_newer() {
    let host = returns();
    let bounds = wharf_sdk::Bounds {
        since: Some(1_760_000_010_000),
        until: Some(1_760_000_020_000),
        ..wharf_sdk::Bounds::default()
    };
    assert_eq!(drain("order-returns", None, &bounds).0, (10..20).collect::<Vec<_>>());
    assert_eq!(call(&host.requests()[0]).1["date_from"], 1_760_000_010);
}

#[test]
fn a_list_that_cannot_be_read_on_stops_the_feed_instead_of_losing_rows() {
    let full: Vec<Value> = (1..=100).map(|id| json!({"receipt_id": id})).collect();
    let reversed: Vec<Value> = full.iter().rev().cloned().collect();
    // The first does not go on by `id_from`, the second leaves out who knows what.
    for (rows, pages) in [(full, 1), (reversed, 0)] {
        let host = FakeHost::new().respond(move |_| success(json!({"receipts": rows}))).install();
        let mut cursor = None;
        for _ in 0..pages {
            cursor = Some(pull("receipts", cursor, &at_most(500)).expect("a page").next);
        }
        let failure = pull("receipts", cursor, &at_most(500)).expect_err("lost rows");
        assert!(matches!(failure.cause(), Cause::ContractChanged(_)), "{failure}");
        assert!(failure.message().contains("`getReceipts`"), "{failure}");
        drop(host);
    }
}

#[test]
fn an_invoice_becomes_the_common_document() {
    let invoice = json!({
        "invoice_id": 7, "order_id": 5001, "series_id": 15, "type": "correcting", "number": "2/9/2021", "month": 9,
        "date_add": 1_760_047_200, "date_sell": 1_760_047_200, "date_pay_to": 0, "currency": "pln",
        "total_price_brutto": "107.50", "total_price_netto": 87.4, "payment": "Przelew", "additional_info": "thanks",
        "invoice_fullname": "Ewa Lis", "invoice_company": "", "invoice_nip": "676", "invoice_address": "Prosta 3",
        "invoice_postcode": "30-003", "invoice_city": "Kraków", "invoice_country": "Polska", "invoice_country_code": "PL",
        "exchange_rate": "", "external_id": "X", "correcting_to_invoice_id": 5,
        "items": [
            {"name": "Kubek", "sku": "KB", "price_brutto": 53.75, "price_netto": "43.70", "tax_rate": "23", "quantity": 2,
             "is_shipment": 0, "order_product_id": 9001},
            {"name": "Free", "price_brutto": 1, "price_netto": "?", "tax_rate": -0.02, "quantity": "1"}
        ]
    });
    let _host = FakeHost::new().answer(success(json!({"invoices": [invoice]}))).install();
    let item = baselinker::BaseLinker::get("invoice", "7").expect("the invoice");
    assert_eq!(
        document(&item),
        json!({
            "id": "7", "kind": "credit", "number": "2/9/2021", "order_number": "5001", "issued_on": "2025-10-10",
            "delivered_on": "2025-10-10", "currency": "PLN",
            "partner": {
                "kind": "company", "name": "Ewa Lis", "tax_number": "676",
                "address": {"name": "Ewa Lis", "street": "Prosta 3", "postcode": "30-003", "city": "Kraków", "country": "PL"}
            },
            "lines": [
                {"sku": "KB", "name": "Kubek", "quantity": "2", "unit_price_net": "43.70", "unit_price_gross": "53.75",
                 "tax_rate": {"percent": "23"}, "extra": {"is_shipment": 0, "order_product_id": 9001}},
                {"name": "Free", "quantity": "1", "unit_price_gross": "1", "tax_rate": {"code": "not-subject"},
                 "extra": {"price_netto": "?"}}
            ],
            "total_net": "87.4", "total_gross": "107.50", "note": "thanks",
            "extra": {"series_id": 15, "type": "correcting", "month": 9, "payment": "Przelew",
                      "external_id": "X", "correcting_to_invoice_id": 5}
        }),
        "22:00 UTC is the next day in Warsaw"
    );
}

#[test]
fn documents_are_looked_up_by_their_order() {
    let host = returns();
    let query = [("order_id".to_owned(), "5007".to_owned())];
    let found = baselinker::BaseLinker::lookup("order-return", &query, 5).expect("found");
    assert_eq!(found.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["7"]);
    assert_eq!(call(&host.requests()[0]).1["order_id"], 5007);
    let missing = baselinker::BaseLinker::get("order-return", "999").expect_err("none");
    assert!(matches!(missing.cause(), Cause::NotFound(_)));
    for query in [vec![("colour".to_owned(), "red".to_owned())], vec![]] {
        let failure = baselinker::BaseLinker::lookup("invoice", &query, 5).expect_err("no key");
        assert!(matches!(failure.cause(), Cause::InvalidRecord(_)), "{query:?}");
    }
}

/// Orders 5001 and 5003 have payments; the vendor does not know 5002 any more.
fn paying() -> InstalledHost {
    FakeHost::new()
        .respond(|request| {
            let (method, asked) = call(request);
            match (method.as_str(), asked["order_id"].as_u64()) {
                ("getJournalList", _) if asked["last_log_id"].as_u64() < Some(12) => success(json!({"logs": [
                    {"log_id": 12, "order_id": 5003, "log_type": 3, "date": 1_760_000_002},
                    {"id": "10", "order_id": "5001", "log_type": 3, "date": 1_760_000_000},
                    {"log_id": 11, "order_id": 5002, "log_type": 3, "date": 1_760_000_001}
                ]})),
                ("getJournalList", _) => success(json!({"logs": []})),
                (_, Some(5002)) => {
                    Answer::json(200, r#"{"status":"ERROR","error_code":"ERROR_ORDER_ID","error_message":"gone"}"#)
                }
                ("getOrderPaymentsHistory", Some(5001)) => success(json!({"payments": [
                    {"paid_before": "0.00", "paid_after": "10.00", "currency": "PLN", "external_payment_id": "",
                     "date": "1760000000", "comment": "cash"},
                    {"paid_before": "10.00", "paid_after": "7.50", "currency": "PLN", "external_payment_id": "GW-1",
                     "date": "1760000500", "comment": ""}
                ]})),
                ("getOrderPackages", Some(order)) => success(json!({"packages": [
                    {"package_id": order + 1, "courier_package_nr": "P", "tracking_status": "5"}
                ]})),
                _ => success(json!({"payments": []})),
            }
        })
        .install()
}

#[test]
fn payments_follow_the_journal_and_an_order_that_is_gone_does_not_hold_them() {
    let host = paying();
    for size in [1, 100] {
        let mut cursor = None;
        let mut items = Vec::new();
        loop {
            let page = pull("payments", cursor, &at_most(size)).expect("a page");
            items.extend(page.items);
            cursor = Some(page.next);
            if page.state == Completeness::CaughtUp {
                break;
            }
        }
        assert_eq!(
            items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(),
            ["5001:1760000000:10.00", "5001:GW-1"]
        );
        assert_eq!(
            document(&items[1]),
            json!({
                "id": "5001:GW-1", "direction": "out", "amount": "2.50", "currency": "PLN",
                "paid_at": "2025-10-09T09:01:40Z", "order_id": "5001", "reference": "GW-1",
                "extra": {"paid_before": "10.00", "paid_after": "7.50"}
            })
        );
        let last = pull("payments", cursor, &at_most(size)).expect("nothing new");
        assert!(last.items.is_empty() && last.state == Completeness::CaughtUp);
    }
    assert_eq!(call(&host.requests()[0]).1, json!({"last_log_id": 0, "logs_types": [3]}));
    assert!(host.log().iter().any(|line| line.event == "an order of the journal cannot be read"));
}

#[test]
fn packages_say_of_which_order_they_are() {
    let _host = paying();
    let query = [("order_id".to_owned(), "5001".to_owned())];
    let found = baselinker::BaseLinker::lookup("package", &query, 5).expect("found");
    assert_eq!(found[0].id, "5002");
    assert_eq!(
        document(&found[0]),
        json!({"package_id": 5002, "courier_package_nr": "P", "tracking_status": "5", "order_id": 5001})
    );
}
