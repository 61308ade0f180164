//! Feeds, their pages and their ends.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Bounds, Completeness, Cursor, Feeds, Records};
use wharf_sdk_testing::{Answer, FakeHost, document};

use crate::support::{host, list, sent};

fn parameter(url: &str, name: &str) -> Option<usize> {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok())
}

/// A FLOWii with so many partners.
fn flowii(partners: usize, pages: bool) -> FakeHost {
    host("").respond(move |request| {
        let size = parameter(&request.url, "page[size]").unwrap_or(20);
        let page = if pages { parameter(&request.url, "page[number]").unwrap_or(0) } else { 0 };
        let rows = (page * size..partners).take(size);
        let rows: Vec<String> = rows
            .map(|id| format!(r#"{{"type": "partner", "id": "{id}", "attributes": {{"name": "Partner {id}"}}}}"#))
            .collect();
        let more = !pages || (page + 1) * size < partners;
        let next = if more { r#""https://crm.example/next""# } else { "null" };
        Answer::json(200, format!(r#"{{"data": [{}], "links": {{"next": {next}}}}}"#, rows.join(",")))
    })
}

fn read_all(feed: &str, bounds: &Bounds) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..100 {
        let page = Flowii::pull(feed, cursor, bounds.clone()).unwrap();
        ids.extend(page.items.into_iter().map(|item| item.id));
        if page.state == Completeness::CaughtUp {
            return ids;
        }
        cursor = Some(page.next);
    }
    panic!("the feed does not end")
}

#[test]
fn every_partner_is_read_once_whatever_the_pages() {
    for partners in [0, 1, 3, 4, 9, 10] {
        for (max_items, max_bytes) in [(3, 1 << 20), (100, 1 << 20), (3, 10), (100, 120)] {
            let _host = flowii(partners, true).install();
            let read = read_all("partners", &Bounds { max_items, max_bytes, ..Bounds::default() });
            let wanted: Vec<String> = (0..partners).map(|id| id.to_string()).collect();
            assert_eq!(read, wanted, "{partners} by {max_items}/{max_bytes}");
        }
    }
}

#[test]
fn a_list_that_ignores_paging_ends_when_it_brings_nothing_new() {
    let host = flowii(3, false).install();
    assert_eq!(read_all("partners", &Bounds { max_items: 3, ..Bounds::default() }), ["0", "1", "2"]);
    // Page 0, page 1 which is the same, and a larger page that brings no more.
    assert_eq!(host.requests().len(), 3);
}

#[test]
fn a_list_that_knows_only_its_first_page_is_found_out_instead_of_losing_the_rest() {
    for (partners, max_items) in [(4, 3), (101, 3), (300, 100)] {
        let host = flowii(partners, false).install();
        let bounds = Bounds { max_items, ..Bounds::default() };
        let first = Flowii::pull("products", None, bounds.clone()).unwrap();
        assert_eq!(first.state, Completeness::More);
        let failure = Flowii::pull("products", Some(first.next), bounds).unwrap_err();
        assert!(
            matches!(failure.cause(), Cause::ContractChanged(change) if change.detail.contains("page[number]")),
            "{failure:?}"
        );
        assert_eq!(host.requests().len(), 3);
    }
}

#[test]
fn a_list_that_ignores_paging_whole_is_read_whole() {
    for rows in [1, 3, 100, 150] {
        let all: Vec<String> =
            (0..rows).map(|id| format!(r#"{{"type": "product", "id": "{id}", "attributes": {{}}}}"#)).collect();
        let answer = Answer::json(200, format!(r#"{{"data": [{}], "links": {{"next": "x"}}}}"#, all.join(",")));
        let _host = host("").respond(move |_| answer.clone()).install();
        let read = read_all("products", &Bounds { max_items: 1000, ..Bounds::default() });
        assert_eq!(read.len(), rows);
    }
}

#[test]
fn pages_count_from_zero_and_brackets_stay() {
    let host = host("").answer(list("")).answer(list("")).install();
    let bounds = Bounds { since: Some(1_760_000_000_000), ..Bounds::default() };
    Flowii::pull("orders", None, bounds.clone()).unwrap();
    Flowii::pull("invoices", None, bounds).unwrap();
    assert_eq!(
        sent(&host),
        [
            "GET /orders?filter[created-from]=1760000000&page[size]=25&page[number]=0",
            "GET /documents?filter[type]=4&page[size]=100&page[number]=0"
        ]
    );
}

#[test]
fn the_same_cursor_gives_the_same_page() {
    let _host = flowii(10, true).install();
    let bounds = Bounds { max_items: 4, ..Bounds::default() };
    let first = Flowii::pull("partners", None, bounds.clone()).unwrap();
    let once = Flowii::pull("partners", Some(first.next.clone()), bounds.clone()).unwrap();
    let again = Flowii::pull("partners", Some(first.next.clone()), bounds).unwrap();
    assert_eq!((&once.items, &once.next), (&again.items, &again.next));
    assert_ne!(once.next, first.next);
}

#[test]
fn the_next_round_of_orders_begins_days_before_the_newest() {
    let order = |id: u32, day: u32, state: u32| {
        format!(
            r#"{{"type": "order", "id": "{id}", "attributes": {{"serial-nr": "Z{id}", "name": "Job", "created": "2026-02-{day}T01:00:00"}},
               "relationships": {{"state": {{"data": {{"type": "order-state", "id": "{state}"}}}}, "partner": {{"data": {{"type": "partner", "id": "7"}}}}}}}}"#
        )
    };
    let rows = [order(1, 20, 1), order(2, 25, 1), order(3, 10, 2)].join(",");
    let host = host("").answer(list(&rows)).answer(list("")).install();
    let bounds = Bounds { filter: vec![("status".to_owned(), "1".to_owned())], ..Bounds::default() };
    let page = Flowii::pull("orders", None, bounds.clone()).unwrap();
    assert_eq!(page.state, Completeness::CaughtUp);
    let ids: Vec<&str> = page.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);
    let first = document(&page.items[0]);
    assert_eq!((&first["created_at"], &first["customer"]["id"]), (&"2026-02-20T00:00:00Z".into(), &"7".into()));
    Flowii::pull("orders", Some(page.next), bounds).unwrap();
    // 2026-02-18T00:00:00Z, seven days before the newest.
    assert_eq!(parameter(&host.requests()[1].url, "filter[created-from]"), Some(1_771_372_800));
}

#[test]
fn what_a_list_only_names_is_read_by_itself() {
    let partner = r#"{"type": "partner", "id": "7", "attributes": {"name": "A"}, "relationships": {"key-contact": {"data": {"type": "contact", "id": "1"}}}}"#;
    let whole = format!(
        r#"{{"data": {partner}, "included": [{{"type": "contact", "id": "1", "attributes": {{"email": "a@x.sk"}}}}]}}"#
    );
    let order = r#"{"type": "order", "id": "9", "attributes": {}, "relationships": {"items": {"data": [{"type": "order-item", "id": "1"}]}}}"#;
    let items = r#"{"type": "order-item", "id": "1", "attributes": {"name": "Skrutka", "quantity": 2}}"#;
    let host = host("")
        .answer(list(partner))
        .answer(Answer::json(200, whole))
        .answer(list(order))
        .answer(list(items))
        .install();
    let partner = document(&Flowii::pull("partners", None, Bounds::default()).unwrap().items[0]);
    assert_eq!(partner["email"], "a@x.sk");
    let order = document(&Flowii::pull("orders", None, Bounds::default()).unwrap().items[0]);
    assert_eq!(order["lines"][0]["name"], "Skrutka");
    let asked = sent(&host);
    assert_eq!(
        (asked[1].as_str(), asked[3].as_str()),
        ("GET /partners/7", "GET /orders/9/items?page[size]=100&page[number]=0")
    );
}

#[test]
fn invoices_are_documents_of_type_4_with_amounts_as_written() {
    let rows = r#"{"type": "document", "id": "900", "attributes": {"type": 4, "serial-nr": "20260001", "issued-date": "2026-02-01T00:00:00",
            "paid-date": null, "gross-amount": 100.0, "taxed-gross-amount": 123.00, "unpaid": 123.00, "invoice-state": 2}},
        {"type": "document", "id": "901", "attributes": {"type": 5, "issued-date": "2026-02-01T00:00:00"}}"#;
    let _host = host("").answer(list(rows)).install();
    let page = Flowii::pull("invoices", None, Bounds::default()).unwrap();
    assert_eq!(page.items.len(), 1);
    let invoice = document(&page.items[0]);
    assert_eq!((&invoice["total_net"], &invoice["total_gross"]), (&"100.0".into(), &"123.00".into()));
    assert_eq!((&invoice["issued_on"], &invoice["extra"]["invoice-state"]), (&"2026-02-01".into(), &2.into()));
}

#[test]
fn products_and_payments_are_read() {
    let product = r#"{"type": "product", "id": "1", "attributes": {"name": "A", "code": "A-1", "price": 1.50, "taxed-price": 1.845,
        "vat-rate": 23, "stock-quantity": 7.5, "active": true, "type": 2, "colour": "red"}}"#;
    let payment = r#"{"type": "payment", "id": "2", "attributes": {"date": "2026-02-01T12:00:00", "amount": 10.10, "currency": "EUR",
        "direction": 2, "variable-symbol": "20260001"}}"#;
    let _host = host("").answer(list(product)).answer(list(payment)).install();
    let product = document(&Flowii::pull("products", None, Bounds::default()).unwrap().items[0]);
    assert_eq!(
        (&product["kind"], &product["sku"], &product["prices"][0]["gross"]),
        (&"service".into(), &"A-1".into(), &"1.845".into())
    );
    assert_eq!(product["extra"]["colour"], "red");
    let payment = document(&Flowii::pull("payments", None, Bounds::default()).unwrap().items[0]);
    assert_eq!((&payment["direction"], &payment["amount"]), (&"out".into(), &"10.10".into()));
    assert_eq!(payment["paid_at"], "2026-02-01T11:00:00Z");
}

#[test]
fn an_unknown_feed_and_a_foreign_cursor_are_refused() {
    let _host = host("").install();
    let failure = Flowii::pull("payrolls", None, Bounds::default()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Unsupported(_)));
    let cursor = Cursor::encode(9, &1).unwrap();
    assert!(matches!(
        Flowii::pull("orders", Some(cursor), Bounds::default()).unwrap_err().cause(),
        Cause::Unsupported(_)
    ));
}

#[test]
fn every_module_has_a_feed_with_times_in_utc_and_nothing_lost() {
    let cases = [
        (
            "tasks",
            r#"{"type": "task", "id": "1", "attributes": {"caption": "Call", "description": "x", "deadline": "2026-07-01T10:00:00", "colour": "red"},
                "relationships": {"order": {"data": {"type": "order", "id": "9"}}, "partner": {"data": null},
                "activities": {"data": [{"type": "activity", "id": "2", "attributes": {"state": 4, "deadline": "2026-02-01T10:00:00"},
                "relationships": {"activity-type": {"data": {"type": "activity-type", "id": "21"}}, "user": {"data": {"type": "user", "id": "12"}}}}]}}}"#,
            serde_json::json!({"id": "1", "caption": "Call", "description": "x", "deadline": "2026-07-01T08:00:00Z", "order_id": "9",
                "activities": [{"id": "2", "activity_type": "21", "user_id": "12", "state": 4, "deadline": "2026-02-01T09:00:00Z"}],
                "extra": {"colour": "red"}}),
        ),
        (
            "events",
            r#"{"type": "event", "id": "1", "attributes": {"caption": "Fair", "start": "2026-02-01T10:00:00", "end": "2026-02-01T12:00:00", "place": "Brno"},
                "relationships": {"users": {"data": [{"type": "user", "id": "12"}, {"type": "user", "id": "13"}]}}}"#,
            serde_json::json!({"id": "1", "caption": "Fair", "start": "2026-02-01T09:00:00Z", "end": "2026-02-01T11:00:00Z",
                "place": "Brno", "user_ids": ["12", "13"]}),
        ),
        (
            "business-cases",
            r#"{"type": "business-case", "id": "1", "attributes": {"name": "Deal", "serial-nr": "OP1", "created": "2026-02-01T10:00:00",
                "amount": 10.50, "currency": "EUR", "probability": 40}, "relationships": {"state": {"data": {"type": "s", "id": "41"}},
                "partner": {"data": {"type": "partner", "id": "7"}}, "responsible-user": {"data": {"type": "user", "id": "12"}}}}"#,
            serde_json::json!({"id": "1", "name": "Deal", "number": "OP1", "created_at": "2026-02-01T09:00:00Z", "amount": "10.50",
                "currency": "EUR", "probability": "40", "partner_id": "7", "state": "41", "responsible_user_id": "12"}),
        ),
        (
            "attendances",
            r#"{"type": "attendance", "id": "1", "attributes": {"date": "2026-02-01T00:00:00", "from": "08:00", "to": "16:30", "type": 1},
                "relationships": {"user": {"data": {"type": "user", "id": "12"}}}}"#,
            serde_json::json!({"id": "1", "date": "2026-02-01", "from": "08:00", "to": "16:30", "kind": 1, "user_id": "12"}),
        ),
        (
            "attendances",
            r#"{"type": "attendance", "id": "1", "attributes": {"date": "2026-02-01", "type": "sick"}, "relationships": {"user": null}}"#,
            serde_json::json!({"id": "1", "date": "2026-02-01", "extra": {"type": "sick"}}),
        ),
        (
            "attendances",
            r#"{"type": "attendance", "id": "1", "attributes": [], "relationships": null}"#,
            serde_json::json!({"id": "1"}),
        ),
    ];
    for (feed, row, expected) in cases {
        let host = host("").answer(list(row)).install();
        let page = Flowii::pull(feed, None, Bounds::default()).unwrap();
        assert_eq!(document(&page.items[0]), expected, "{feed}");
        assert_eq!(page.state, Completeness::CaughtUp);
        assert_eq!(host.requests().len(), 1);
    }
}

#[test]
fn a_task_whose_activities_are_only_named_is_read_by_itself() {
    let task = r#"{"type": "task", "id": "1", "attributes": {"caption": "Call"}, "relationships": {"activities": {"data": [{"type": "activity", "id": "2"}]}}}"#;
    let whole =
        format!(r#"{{"data": {task}, "included": [{{"type": "activity", "id": "2", "attributes": {{"state": 4}}}}]}}"#);
    let host =
        host("").answer(list(task)).answer(Answer::json(200, whole.clone())).answer(Answer::json(200, whole)).install();
    let page = Flowii::pull("tasks", None, Bounds::default()).unwrap();
    assert_eq!(document(&page.items[0])["activities"][0]["state"], 4);
    assert_eq!(page.items[0], Flowii::get("task", "1").unwrap());
    assert_eq!(sent(&host)[1], "GET /tasks/1");
}

#[test]
fn values_of_custom_fields_are_read_by_the_ids_of_their_fields() {
    let order = r#"{"type": "order", "id": "9", "attributes": {}, "relationships": {"custom-field-string-values": {"data": [
        {"type": "custom-field-string-value", "id": "5", "attributes": {"value": "red"}, "relationships": {"custom-field": {"data": {"type": "custom-field", "id": "61"}}}}]}}}"#;
    let named = r#"{"type": "order", "id": "9", "attributes": {}, "relationships": {"custom-field-string-values": {"data": [{"type": "custom-field-string-value", "id": "5"}]}}}"#;
    let _host = host("").answer(list(order)).answer(list(named)).install();
    let read = document(&Flowii::pull("orders", None, Bounds::default()).unwrap().items[0]);
    assert_eq!(read["extra"]["custom_fields"], serde_json::json!({"61": "red"}));
    let read = document(&Flowii::pull("orders", None, Bounds::default()).unwrap().items[0]);
    assert_eq!(read["extra"]["custom-field-string-values"][0]["id"], "5");
}

#[test]
fn with_the_filter_of_changes_a_round_reads_what_changed_since_the_one_before_began() {
    let host = host(r#""updated_filter": true"#).respond(|_| list("")).install();
    let first = Flowii::pull("orders", None, Bounds { since: Some(1_760_000_000_000), ..Bounds::default() }).unwrap();
    Flowii::pull("orders", Some(first.next), Bounds::default()).unwrap();
    // The fake host's time is 2026-01-01T00:00:00Z; an hour before that.
    assert_eq!(
        sent(&host),
        [
            "GET /orders?filter[created-from]=1760000000&page[size]=25&page[number]=0",
            "GET /orders?filter[updated-from]=1767222000&page[size]=25&page[number]=0"
        ]
    );
}
