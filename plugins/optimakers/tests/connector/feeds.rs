//! Feeds: rounds, pages, and what must not be lost between them.

use std::cell::RefCell;
use std::rc::Rc;

use optimakers::Optimakers;
use wharf_sdk::{Bounds, Completeness, Cursor, Feeds, Page, Records};
use wharf_sdk_testing::{Answer, InstalledHost, document};

use crate::support::{BASE, CURRENCIES, MAPPED, VAT, host, list, page, sent};

const DATE: &str = "Sun, 01 Feb 2026 09:00:30 GMT";

const ORDER: &str = r#"{"id": 3000001201, "number": "ZAM/12/2026", "externalNumber": "BL-5001", "statusId": 7,
    "isCompleted": true, "customerId": 33, "currencyId": 1, "orderDate": "2026-02-01T09:00:00", "deadline": null,
    "note": "Ref: x", "branch": "W1",
    "items": [{"id": 1, "productId": 501, "name": "Kubek", "quantity": 2.0, "netPrice": 43.70, "vatRateId": 3},
              {"id": 2, "productId": null, "name": "Rada", "quantity": 1, "netPrice": 10, "vatRateId": 5}],
    "attributes": [{"attributeId": 11, "value": "Kurier"}, {"attributeId": 12, "value": "15,50"},
                   {"attributeId": 14, "value": "A1"}, {"attributeId": 16, "value": "Dzień dobry"},
                   {"attributeId": 99, "value": "other"}]}"#;

/// Customers of a server that keeps to paging.
#[derive(Default)]
struct Server {
    ids: Vec<u64>,
    ignores_paging: bool,
    tells_total: bool,
    /// Rows that a page may have at most; the answer says so.
    most: Option<usize>,
}

impl Server {
    fn answer(&self, url: &str) -> Answer {
        let number = |name: &str| -> usize {
            let (_, rest) = url.split_once(&format!("{name}=")).unwrap();
            rest.split('&').next().unwrap().parse().unwrap()
        };
        let (page, asked) = (number("page"), number("pageSize"));
        let size = self.most.map_or(asked, |most| asked.min(most));
        let shown: Vec<String> = match self.ignores_paging {
            true => self.ids.iter().map(row).collect(),
            false => self.ids.iter().skip((page - 1) * size).take(size).map(row).collect(),
        };
        let mut total = if self.tells_total { format!(r#", "totalCount": {}"#, self.ids.len()) } else { String::new() };
        total += &self.most.map(|_| format!(r#", "pageSize": "{size}""#)).unwrap_or_default();
        Answer::json(200, format!(r#"{{"items": [{}]{total}}}"#, shown.join(","))).header("Date", DATE)
    }
}

fn row(id: &u64) -> String {
    format!(r#"{{"id": {id}, "name": "C{id}", "modifiedAt": "2026-02-01T09:00:00"}}"#)
}

fn serving(config: &str, server: Server) -> (InstalledHost, Rc<RefCell<Server>>) {
    let server = Rc::new(RefCell::new(server));
    let shared = Rc::clone(&server);
    (host(config).respond(move |request| shared.borrow().answer(&request.url)).install(), server)
}

fn ids(page: &Page) -> Vec<u64> {
    page.items.iter().map(|item| item.id.parse().unwrap()).collect()
}

fn bounds(max_items: u32) -> Bounds {
    Bounds { max_items, ..Bounds::default() }
}

/// Pulls until the end of the round; `before` is called before each page with the number of pages pulled.
fn round(cursor: Option<Cursor>, bounds: &Bounds, mut before: impl FnMut(usize)) -> (Vec<u64>, Cursor) {
    let (mut all, mut cursor) = (Vec::new(), cursor);
    for pages in 0..100 {
        before(pages);
        let page = Optimakers::pull("customers", cursor.clone(), bounds.clone()).unwrap();
        all.extend(ids(&page));
        if page.state == Completeness::CaughtUp {
            return (all, page.next);
        }
        assert_ne!(Some(&page.next), cursor.as_ref(), "a page must move on");
        cursor = Some(page.next);
    }
    panic!("the round does not end");
}

fn position(cursor: &Cursor) -> serde_json::Value {
    serde_json::from_slice(&cursor.bytes).unwrap()
}

#[test]
fn server_that_allows_fewer_rows_than_are_asked_for_is_read_whole() {
    for tells_total in [false, true] {
        let server = Server { ids: (1..=23).collect(), tells_total, most: Some(5), ..Server::default() };
        let (_host, _server) = serving("", server);
        let (read, _) = round(None, &bounds(100), |_| {});
        assert_eq!(read, (1..=23).collect::<Vec<u64>>(), "total told: {tells_total}");
    }
}

#[test]
fn every_row_comes_once_at_any_size_of_page_though_all_have_the_same_time() {
    for (tells_total, size) in [(true, 1), (true, 3), (true, 7), (true, 100), (false, 3), (false, 7), (false, 100)] {
        let (_host, _server) =
            serving(r#""page_size": 3"#, Server { ids: (1..=7).collect(), tells_total, ..Server::default() });
        let (all, _) = round(None, &bounds(size), |_| {});
        assert_eq!(all, (1..=7).collect::<Vec<_>>(), "{size} a page, total {tells_total}");
    }
}

#[test]
fn a_page_cut_by_its_bytes_goes_on_in_the_middle_of_the_remote_page() {
    let (host, _server) = serving("", Server { ids: (1..=4).collect(), tells_total: true, ..Server::default() });
    let small = Bounds { max_bytes: 70, ..Bounds::default() };
    let (all, _) = round(None, &small, |_| {});
    assert_eq!(all, [1, 2, 3, 4]);
    assert!(host.requests().len() > 2);
}

#[test]
fn the_same_cursor_gives_the_same_page() {
    let (_host, _server) =
        serving(r#""page_size": 2"#, Server { ids: (1..=5).collect(), tells_total: true, ..Server::default() });
    let first = Optimakers::pull("customers", None, Bounds::default()).unwrap();
    let pull = || Optimakers::pull("customers", Some(first.next.clone()), Bounds::default()).unwrap();
    let (one, other) = (pull(), pull());
    assert_eq!((ids(&one), &one.next), (ids(&other), &other.next));
}

#[test]
fn the_next_round_begins_hours_before_this_one_began_by_the_servers_clock() {
    let (host, _server) =
        serving(r#""page_size": 2"#, Server { ids: vec![1, 2, 3], tells_total: true, ..Server::default() });
    let (_, cursor) = round(None, &bounds(100), |_| {});
    // 09:00 UTC less 180 minutes.
    assert_eq!(position(&cursor)["from"], 1_769_925_600_000_u64);
    host.start_call();
    Optimakers::pull("customers", Some(cursor), Bounds::default()).unwrap();
    assert_eq!(sent(&host), ["GET /api/customers?modifiedFrom=2026-02-01T07%3A00%3A00&page=1&pageSize=2"]);
}

#[test]
fn without_a_date_the_hosts_clock_is_taken_and_a_round_never_begins_before_the_one_before() {
    let host = host(r#""overlap_minutes": 30, "time_zone": "UTC""#).respond(|_| list("")).install();
    let pull =
        |cursor| Optimakers::pull("products", cursor, Bounds { since: Some(1_767_225_000_000), ..Bounds::default() });
    let next = pull(None).unwrap().next;
    assert_eq!(sent(&host), ["GET /api/products?modifiedFrom=2025-12-31T23%3A50%3A00&page=1&pageSize=100"]);
    // The clock says 2026-01-01T00:00:00Z, and half an hour less would be before the begin.
    assert_eq!(position(&next)["from"], 1_767_225_000_000_u64);
    host.advance_seconds(3600);
    assert_eq!(position(&pull(Some(next)).unwrap().next)["from"], 1_767_227_400_000_u64);
}

#[test]
fn local_times_follow_the_zone_of_the_instance_in_summer_and_winter() {
    for (since, asked) in
        [(1_769_940_000_000_u64, "2026-02-01T11%3A00%3A00"), (1_782_900_000_000, "2026-07-01T12%3A00%3A00")]
    {
        let host = host("").respond(|_| list("")).install();
        Optimakers::pull("products", None, Bounds { since: Some(since), ..Bounds::default() }).unwrap();
        assert!(host.only_request().url.contains(asked), "{}", host.only_request().url);
    }
}

#[test]
fn rows_that_move_forward_because_others_are_removed_are_not_lost() {
    let (_host, server) =
        serving(r#""page_size": 2"#, Server { ids: (1..=8).collect(), tells_total: true, ..Server::default() });
    let (all, _) = round(None, &bounds(100), |pages| {
        if pages == 2 {
            server.borrow_mut().ids.retain(|id| ![1, 2, 3].contains(id));
        }
    });
    for id in 4..=8 {
        assert!(all.contains(&id), "{id} of {all:?}");
    }
}

#[test]
fn rows_that_come_in_during_a_round_are_read_and_lose_none() {
    let (_host, server) =
        serving(r#""page_size": 2"#, Server { ids: (11..=16).collect(), tells_total: true, ..Server::default() });
    let (all, _) = round(None, &bounds(100), |pages| {
        if pages == 1 {
            server.borrow_mut().ids.insert(0, 5);
        }
    });
    for id in 11..=16 {
        assert!(all.contains(&id), "{id} of {all:?}");
    }
}

#[test]
fn a_list_that_ignores_paging_ends() {
    for tells_total in [true, false] {
        let (_host, _server) = serving(
            r#""page_size": 3"#,
            Server { ids: (1..=7).collect(), tells_total, ignores_paging: true, most: None },
        );
        assert_eq!(round(None, &bounds(100), |_| {}).0, (1..=7).collect::<Vec<_>>());
    }
}

#[test]
fn a_failure_moves_nothing() {
    let host = host("").answer(Answer::json(503, "")).answer(list(r#"{"id": 1, "name": "A"}"#)).install();
    assert!(Optimakers::pull("customers", None, Bounds::default()).is_err());
    assert_eq!(ids(&Optimakers::pull("customers", None, Bounds::default()).unwrap()), [1]);
    assert_eq!(sent(&host)[0], sent(&host)[1]);
}

#[test]
fn an_order_becomes_the_common_document_with_its_attributes() {
    let host = host(MAPPED).answer(list(ORDER)).answer(list(VAT)).answer(list(CURRENCIES)).install();
    let page = Optimakers::pull("orders", None, Bounds::default()).unwrap();
    let order = document(&page.items[0]);
    assert_eq!(page.items[0].id, "3000001201");
    assert_eq!(
        order,
        serde_json::json!({
            "id": "3000001201", "number": "ZAM/12/2026", "external_number": "BL-5001", "status": "7",
            "created_at": "2026-02-01T08:00:00Z", "currency": "PLN",
            "customer": {"id": "33", "kind": "person", "name": ""},
            "delivery": {"method": "Kurier", "price_gross": "15.50"},
            "customer_note": "Dzień dobry", "internal_note": "Ref: x",
            "lines": [
                {"id": "1", "product_id": "501", "name": "Kubek", "quantity": "2.0", "unit_price_net": "43.70",
                 "tax_rate": {"percent": "23"}, "extra": {"vatRateId": "3"}},
                {"id": "2", "name": "Rada", "quantity": "1", "unit_price_net": "10", "tax_rate": {"code": "exempt"},
                 "extra": {"vatRateId": "5"}}],
            "extra": {"branch": "W1", "isCompleted": true, "currencyId": "1", "extra_field_1": "A1", "attributes": {"99": "other"}}
        })
    );
    host.start_call();
    host.answer(Answer::json(200, ORDER));
    host.answer(list(VAT));
    host.answer(list(CURRENCIES));
    assert_eq!(document(&Optimakers::get("order", "3000001201").unwrap()), order, "one by one it is the same document");
}

#[test]
fn orders_come_with_their_customers_where_it_is_asked_for_each_read_once() {
    let customer = r#"{"id": 33, "name": "ACME", "taxNumber": "525", "email": "a@x.pl", "phone": "1",
        "address": {"street": "S 1", "postCode": "00-001", "city": "W", "countryCode": "pl"},
        "attributes": [{"attributeId": 21, "value": "acme"}, {"attributeId": 22, "value": "z"}]}"#;
    let two = format!("{ORDER}, {}", ORDER.replace("3000001201", "3000001202"));
    let host = host(&format!(r#"{MAPPED}, "read_customers": true"#))
        .answer(list(&two))
        .answer(Answer::json(200, customer))
        .answer(list(VAT))
        .answer(list(CURRENCIES))
        .install();
    let page = Optimakers::pull("orders", None, Bounds::default()).unwrap();
    assert_eq!(
        document(&page.items[1])["customer"],
        serde_json::json!({"id": "33", "kind": "company", "name": "ACME", "tax_number": "525", "login": "acme",
            "email": "a@x.pl", "phone": "1",
            "address": {"street": "S 1", "postcode": "00-001", "city": "W", "country": "PL"},
            "extra": {"attributes": {"22": "z"}}})
    );
    assert_eq!(host.requests().len(), 4);
}

#[test]
fn orders_are_left_out_by_status_completion_and_date() {
    let orders = [(1, 7, true, "2026-02-01"), (2, 8, false, "2026-02-01"), (3, 7, false, "2026-02-03")];
    let rows: Vec<String> = orders
        .iter()
        .map(|(id, status, completed, date)| {
            format!(
                r#"{{"id": {id}, "statusId": {status}, "isCompleted": {completed}, "orderDate": "{date}T09:00:00"}}"#
            )
        })
        .collect();
    let rows = rows.join(",");
    let day = |day: u64| Some(1_769_904_000_000 + (day - 1) * 86_400_000);
    for (filter, since, until, expected) in [
        (vec![("status", "7")], None, None, vec![1, 3]),
        (vec![("status", "7"), ("status", "8")], None, None, vec![1, 2, 3]),
        (vec![("completed", "true")], None, None, vec![1]),
        (vec![("completed", "false"), ("status", "7")], None, None, vec![3]),
        (vec![], None, day(2), vec![1, 2]),
        (vec![], day(2), None, vec![3]),
    ] {
        let host = host("").answer(list(&rows)).respond(|_| list("")).install();
        let filter = filter.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let bounds = Bounds { filter, since, until, ..Bounds::default() };
        let page = Optimakers::pull("orders", None, bounds).unwrap();
        assert_eq!(ids(&page), expected);
        assert!(!host.requests()[0].url.contains("statusId"));
    }
}

#[test]
fn products_and_customers_become_common_documents() {
    let product = r#"{"id": 501, "name": "Kubek", "code": "KUB-1", "ean": "590", "unit": "szt", "netPrice": 43.70,
        "grossPrice": 53.75, "vatRateId": 3, "currencyId": 1, "isActive": true, "modifiedAt": "2026-02-01T09:00:00.5", "x": 1}"#;
    let _host = host("").answer(list(product)).answer(list(VAT)).answer(list(CURRENCIES)).install();
    let page = Optimakers::pull("products", None, Bounds::default()).unwrap();
    assert_eq!(
        document(&page.items[0]),
        serde_json::json!({"id": "501", "kind": "goods", "sku": "KUB-1", "ean": "590", "name": "Kubek", "unit": "szt",
            "tax_rate": {"percent": "23"}, "prices": [{"currency": "PLN", "gross": "53.75", "net": "43.70"}],
            "active": true, "extra": {"vatRateId": "3", "currencyId": "1", "x": 1}})
    );
    assert_eq!(page.items[0].updated, Some(1_769_932_800_000));
}

#[test]
fn records_are_looked_up_exactly_though_the_filter_is_ignored() {
    let orders = r#"{"id": 1, "externalNumber": "BL-50011", "number": "Z1"}, {"id": 2, "externalNumber": "BL-5001", "number": "Z2"}"#;
    let customers = r#"{"id": 5, "email": "other@x.pl", "attributes": [{"attributeId": 21, "value": "jan"}]},
        {"id": 6, "email": "JAN@x.pl", "taxNumber": "525-000", "attributes": [{"attributeId": 21, "value": "jan"}]}"#;
    let products = r#"{"id": 8, "code": "K", "ean": "1"}, {"id": 9, "code": "K1", "ean": "1"}"#;
    for (entity, query, rows, asked, expected) in [
        ("order", vec![("external_number", "BL-5001")], orders, "/api/orders?externalNumber=BL-5001&", vec!["2"]),
        ("order", vec![("number", "Z1")], orders, "/api/orders?page=1", vec!["1"]),
        ("order", vec![("external_number", "BL-5001"), ("number", "Z1")], orders, "/api/orders?externalNumber", vec![]),
        ("partner", vec![("login", "jan")], customers, "/api/customers?login=jan&", vec!["5", "6"]),
        ("partner", vec![("email", "Jan@X.pl")], customers, "/api/customers?email=jan%40x.pl&", vec!["6"]),
        (
            "partner",
            vec![("login", "jan"), ("tax_number", "525000")],
            customers,
            "/api/customers?login=jan&",
            vec!["6"],
        ),
        ("partner", vec![("email", " ")], customers, "", vec![]),
        ("product", vec![("sku", "K")], products, "/api/products?code=K&", vec!["8"]),
        ("product", vec![("ean", "1")], products, "/api/products?ean=1&", vec!["8", "9"]),
    ] {
        let host = host(MAPPED).answer(list(rows)).respond(|_| list("")).install();
        let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let found = Optimakers::lookup(entity, &query, 9).unwrap();
        assert_eq!(found.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), expected, "{query:?}");
        let first = host.requests().first().map(|request| request.url.replace(BASE, "")).unwrap_or_default();
        assert!(first.starts_with(asked), "{first}");
    }
}

#[test]
fn a_look_up_stops_at_its_limit_and_says_when_the_list_is_too_long() {
    let _host =
        host(MAPPED).answer(page(r#"{"id": 1, "ean": "1"}, {"id": 2, "ean": "1"}"#, 2)).respond(|_| list("")).install();
    assert_eq!(Optimakers::lookup("product", &[("ean".to_owned(), "1".to_owned())], 1).unwrap().len(), 1);
    let _host = host(r#""search_pages": 1, "page_size": 1"#).answer(page(r#"{"id": 1, "code": "a"}"#, 5)).install();
    let failure = Optimakers::lookup("product", &[("sku".to_owned(), "b".to_owned())], 1).unwrap_err();
    assert!(failure.message().contains("search_pages"), "{failure}");
    let _host = host("").install();
    assert!(
        Optimakers::lookup("partner", &[("login".to_owned(), "x".to_owned())], 1)
            .unwrap_err()
            .message()
            .contains("customer_attribute_login")
    );
    assert!(Optimakers::lookup("order", &[("colour".to_owned(), "x".to_owned())], 1).is_err());
}
