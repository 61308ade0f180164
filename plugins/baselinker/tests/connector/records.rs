//! Single orders.

use serde_json::json;
use wharf_sdk::failure::Cause;
use wharf_sdk::{MissingKind, Records};
use wharf_sdk_testing::{Answer, FakeHost};

use crate::shop::{Order, Shop, call};

fn lookup(query: &[(&str, &str)], limit: u32) -> wharf_sdk::Result<Vec<String>> {
    let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let items = baselinker::BaseLinker::lookup("order", &query, limit)?;
    Ok(items.into_iter().map(|item| item.id).collect())
}

#[test]
fn an_order_is_read_whether_confirmed_or_not() {
    let shop = Shop::new([Order::new(5, 0), Order::new(6, 1_000)]);
    let host = shop.install("{}");
    for id in ["5", "6"] {
        assert_eq!(baselinker::BaseLinker::get("order", id).expect(id).id, id);
    }
    let (_, asked) = call(&host.requests()[0]);
    assert_eq!(asked, json!({"order_id": 5, "get_unconfirmed_orders": true, "include_custom_extra_fields": true}));
    for id in ["7", "x"] {
        let failure = baselinker::BaseLinker::get("order", id).expect_err("unknown");
        let Cause::NotFound(missing) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((missing.kind, missing.key.as_str()), (MissingKind::Subject, id));
    }
    assert!(baselinker::BaseLinker::get("partner", "1").is_err());
}

#[test]
fn orders_are_looked_up_by_what_is_known() {
    let now = 1_760_100_000;
    let order = |id: u64| Order { added: now - 3_600, ..Order::new(id, now) };
    let shop = Shop::new([
        order(1).with("email", "b@example.org").with("external_order_id", "AL-1"),
        order(2).with("shop_order_id", 77).with("external_order_id", ""),
        order(3).with("extra_field_1", "wh-abc"),
        Order { confirmed: 0, ..order(4) }.with("email", "b@example.org").with("extra_field_1", "wh-abc"),
        Order { added: now - 30 * 86_400, ..order(5) }.with("extra_field_1", "wh-old"),
    ]);
    let _host = shop.install("{}");
    for (query, expected) in [
        (&[("id", "3")][..], &["3"][..]),
        (&[("id", "99")], &[]),
        (&[("email", "b@example.org")], &["1", "4"]),
        (&[("external_number", "AL-1")], &["1"]),
        (&[("external_number", "77")], &["2"]),
        (&[("external_number", "78")], &[]),
        (&[("extra_field_1", "wh-abc")], &["3", "4"]),
        (&[("extra_field_1", "wh-old")], &[]),
        (&[("email", "b@example.org"), ("extra_field_1", "wh-abc")], &["4"]),
        (&[("id", "3"), ("extra_field_1", "other")], &[]),
    ] {
        assert_eq!(lookup(query, 10).expect("found"), expected, "{query:?}");
    }
    assert_eq!(lookup(&[("email", "b@example.org")], 1).expect("found"), ["1"]);
    for query in [&[("colour", "red")][..], &[("email", "")], &[]] {
        assert!(matches!(lookup(query, 1).expect_err("no key").cause(), Cause::InvalidRecord(_)), "{query:?}");
    }
}

#[test]
fn a_server_that_does_not_know_a_filter_finds_nothing_wrong() {
    let orders = json!({"status": "SUCCESS", "orders": [{"order_id": 1, "external_order_id": "A"}, {"order_id": 2}]});
    let _host = FakeHost::new().respond(move |_| Answer::json(200, orders.to_string())).install();
    assert_eq!(lookup(&[("external_number", "A")], 10).expect("found"), ["1"]);
    assert!(lookup(&[("external_number", "B")], 10).expect("nothing").is_empty());
}

#[test]
fn telephone_numbers_and_long_addresses_go_through_their_own_methods() {
    let long = format!("{}@example.org", "a".repeat(60));
    for (key, value, method, written) in [
        ("phone", "600 100 200", "getOrdersByPhone", json!({"phone": "+48600100200"})),
        ("email", long.as_str(), "getOrdersByEmail", json!({"email": long})),
    ] {
        let mut order = written.clone();
        order["order_id"] = 7.into();
        let host = FakeHost::new()
            .answer(Answer::json(200, r#"{"status":"SUCCESS","orders":[{"order_id":"7","date_add":"1"}]}"#))
            .answer(Answer::json(200, json!({"status": "SUCCESS", "orders": [order]}).to_string()))
            .install();
        assert_eq!(lookup(&[(key, value)], 10).expect("found"), ["7"]);
        assert_eq!(call(&host.requests()[0]), (method.to_owned(), json!({key: value})));
    }
}

#[test]
fn a_search_that_takes_too_long_says_so() {
    let now = 1_760_100_000;
    let shop = Shop::new((1..=300).map(|id| Order { added: now, ..Order::new(id, now) }));
    let host = shop.install(r#"{"search_pages": 2}"#);
    let failure = lookup(&[("extra_field_1", "x")], 10).expect_err("too many");
    assert!(matches!(failure.cause(), Cause::TooLarge(_)));
    assert!(failure.message().contains("search_pages"), "{failure}");
    assert_eq!(host.requests().len(), 2);
    drop(host);
    let _host = shop.install("{}");
    assert!(lookup(&[("extra_field_1", "x")], 10).expect("nothing").is_empty());
}
