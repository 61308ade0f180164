//! The order feeds.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wharf_sdk::{Bounds, Completeness, Content};

use crate::shop::{Order, Shop, Sorting, at_most, call, drain, filtered, pull};

const SORTINGS: [Sorting; 2] = [Sorting::BySecond, Sorting::ById];

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids
}

#[test]
fn a_page_cut_inside_a_second_goes_on_inside_it() {
    // The 100th order shares its second with the five after it.
    let orders = (1..=95).map(|id| Order::new(id, 1_000 + id)).chain((96..=105).map(|id| Order::new(id, 2_000)));
    let shop = Shop::new(orders.chain([Order::new(106, 2_001)]));
    let host = shop.install("{}");
    let (ids, _, pulls) = drain("orders", None, &Bounds::default());
    assert_eq!((ids, pulls), ((1..=106).collect(), 2));
    let (_, second) = call(&host.requests()[1]);
    assert_eq!(second["date_confirmed_from"], 2_000);
    assert_eq!(second.get("id_from"), None);
}

#[test]
fn more_than_a_page_in_one_second_is_read_by_id_and_then_by_time_again() {
    for sorting in SORTINGS {
        let burst = (1..=250).map(|id| Order::new(id, 5_000));
        let shop = Shop::new(burst.chain((251..=300).map(|id| Order::new(id, 5_000 + id)))).sorted(sorting);
        let host = shop.install("{}");
        let (ids, _, pulls) = drain("orders", None, &Bounds::default());
        assert_eq!(ids, (1..=300).collect::<Vec<_>>(), "{sorting:?}");
        // The third answer ends with later orders; the fourth makes sure that no order of the second is behind them.
        assert_eq!(pulls, 5, "{sorting:?}");
        let asked: Vec<_> = host.requests().iter().map(|request| call(request).1).collect();
        assert_eq!((&asked[1]["date_confirmed_from"], &asked[1]["id_from"]), (&5_000.into(), &101.into()));
        assert_eq!((&asked[4]["date_confirmed_from"], asked[4].get("id_from")), (&5_001.into(), None));
    }
}

#[test]
fn a_burst_among_orders_confirmed_later_is_complete() {
    // Every second order of 600 is confirmed in one second, the others one by one after it.
    let confirmed = |id: u64| if id.is_multiple_of(2) { 5_000 } else { 6_000 + id };
    for sorting in SORTINGS {
        let orders = (1..=600).map(|id| Order { added: 4_000, ..Order::new(id, confirmed(id)) });
        let shop = Shop::new(orders).sorted(sorting);
        let _host = shop.install("{}");
        let (ids, ..) = drain("orders", None, &Bounds::default());
        assert_eq!(sorted(ids), (1..=600).collect::<Vec<_>>(), "{sorting:?}");
    }
}

#[test]
fn a_server_that_ignores_id_from_does_not_hold_the_feed() {
    let burst = (1..=150).map(|id| Order::new(id, 5_000));
    let shop = Shop::new(burst.chain([Order::new(151, 6_000)])).sorted(Sorting::IdFromIgnored);
    let host = shop.install("{}");
    let (ids, ..) = drain("orders", None, &Bounds::default());
    assert_eq!(ids, (1..=100).chain([151]).collect::<Vec<_>>());
    assert!(host.log().iter().any(|line| line.event.contains("cannot be read on by id")), "the loss is reported");
}

#[test]
fn what_is_confirmed_later_comes_and_the_newest_second_may_grow() {
    let shop = Shop::new([Order::new(5, 1_000), Order::new(7, 1_001)]);
    let _host = shop.install("{}");
    let (ids, cursor, _) = drain("orders", None, &Bounds::default());
    assert_eq!(ids, [5, 7]);
    let (ids, cursor, pulls) = drain("orders", Some(cursor), &Bounds::default());
    assert_eq!((ids.len(), pulls), (0, 1));
    shop.add(Order::new(3, 1_001));
    shop.add(Order::new(9, 1_002));
    assert_eq!(drain("orders", Some(cursor), &Bounds::default()).0, [3, 9]);
}

#[test]
fn a_burst_that_is_still_growing_loses_nothing() {
    for sorting in SORTINGS {
        let shop = Shop::new((101..=300).map(|id| Order::new(id, 5_000))).sorted(sorting);
        let _host = shop.install("{}");
        let (ids, cursor, _) = drain("orders", None, &Bounds::default());
        assert_eq!(ids.len(), 200);
        shop.add(Order::new(50, 5_000));
        shop.add(Order::new(301, 5_000));
        let (ids, cursor, _) = drain("orders", Some(cursor), &Bounds::default());
        assert!(ids.contains(&50) && ids.contains(&301), "{sorting:?}");
        shop.add(Order::new(302, 5_001));
        assert!(drain("orders", Some(cursor), &Bounds::default()).0.contains(&302), "{sorting:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However orders fall into seconds, however answers are sorted and pages are cut: each order comes, once.
    #[test]
    fn every_order_comes_once(
        seconds in prop::collection::vec((0_u64..12, 0_u64..4), 1..700),
        sorting in prop::sample::select(SORTINGS.to_vec()),
        max_items in prop::sample::select(vec![1_u32, 7, 99, 100, 250]),
        burst in 0_usize..700,
        raw in any::<bool>(),
    ) {
        let orders: Vec<Order> = seconds.iter().enumerate().map(|(index, (second, delay))| {
            let id = 1 + u64::try_from(index).unwrap();
            // Created one after the other; a burst is confirmed in one second, the rest a little after its creation.
            let added = 10_000 + id / 40;
            let confirmed = if index < burst { 10_100 } else { added + 100 + second * delay };
            Order { added, ..Order::new(id, confirmed) }
        }).collect();
        let expected: BTreeSet<u64> = orders.iter().map(|order| order.id).collect();
        let shop = Shop::new(orders).sorted(sorting);
        let _host = shop.install("{}");
        let feed = if raw { "raw-orders" } else { "orders" };
        let (ids, cursor, _) = drain(feed, None, &at_most(max_items));
        prop_assert_eq!(ids.len(), expected.len(), "nothing twice");
        prop_assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected);
        prop_assert!(cursor.bytes.len() < 4096);
    }
}

#[test]
fn the_same_cursor_gives_the_same_page() {
    let shop = Shop::new((1..=250).map(|id| Order::new(id, 5_000 + id / 120)));
    let _host = shop.install("{}");
    let mut cursor = None;
    for _ in 0..6 {
        let [once, twice] = [0, 1].map(|_| pull("orders", cursor.clone(), &at_most(60)).expect("a page"));
        assert_eq!(once.items, twice.items);
        assert_eq!(once.next, twice.next);
        cursor = Some(once.next);
    }
}

#[test]
fn a_window_has_its_start_and_not_its_end() {
    let shop = Shop::new((1..=10).map(|id| Order::new(id, 1_000 + id)));
    let host = shop.install("{}");
    let bounds = Bounds { since: Some(1_003_500), until: Some(1_008_000), ..Bounds::default() };
    let page = pull("orders", None, &bounds).expect("a page");
    let ids: Vec<_> = page.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["4", "5", "6", "7"]);
    assert_eq!(page.state, Completeness::CaughtUp);
    assert_eq!(call(&host.only_request()).1["date_confirmed_from"], 1_004);
}

#[test]
fn orders_that_enter_a_status_late_are_found_by_the_next_sweep() {
    let shop = Shop::new((1..=150).map(|id| Order::new(id, 1_000 + id).with("order_status_id", 200)));
    for id in 140..=150 {
        shop.set(id, "order_status_id", 201);
    }
    let host = shop.install("{}");
    let bounds = Bounds { since: Some(1_010_000), ..filtered(&[("status", "201")]) };
    let (ids, cursor, _) = drain("orders", None, &bounds);
    assert_eq!(ids, (140..=150).collect::<Vec<_>>());
    shop.set(20, "order_status_id", 201);
    shop.set(3, "order_status_id", 201);
    let later = Bounds { since: None, ..bounds };
    let (ids, ..) = drain("orders", Some(cursor), &later);
    assert_eq!(ids, [20].into_iter().chain(140..=150).collect::<Vec<_>>(), "order 3 is older than the window");
    assert_eq!(shop.status_of(20), 201);
    let (_, asked) = call(&host.requests()[0]);
    assert_eq!((&asked["status_id"], &asked["date_confirmed_from"]), (&201.into(), &1_010.into()));
}

#[test]
fn several_statuses_are_swept_one_after_the_other() {
    let status = |id: u64| if id.is_multiple_of(2) { 200 } else { 201 };
    let shop = Shop::new((1..=240).map(|id| Order::new(id, 5_000).with("order_status_id", status(id))));
    let _host = shop.install("{}");
    let bounds = filtered(&[("status", "200"), ("status", "201"), ("status", "200")]);
    for _ in 0..2 {
        let (ids, cursor, _) = drain("orders", None, &bounds);
        assert_eq!(
            ids,
            (1..=240)
                .filter(|id: &u64| id.is_multiple_of(2))
                .chain((1..=240).filter(|id| id % 2 == 1))
                .collect::<Vec<_>>()
        );
        let (again, ..) = drain("orders", Some(cursor), &bounds);
        assert_eq!(again, ids, "a new sweep begins");
    }
}

#[test]
fn another_filter_starts_the_reading_again() {
    let shop = Shop::new((1..=5).map(|id| Order::new(id, 1_000 + id)));
    let _host = shop.install("{}");
    let (_, cursor, _) = drain("orders", None, &Bounds::default());
    let (ids, cursor, _) = drain("orders", Some(cursor), &filtered(&[("status", "201")]));
    assert_eq!(ids.len(), 5);
    assert_eq!(drain("orders", Some(cursor), &Bounds::default()).0.len(), 5);
}

#[test]
fn one_source_is_the_servers_filter_and_several_are_ours() {
    let source = |id: u64, kind: &str, number: u64| {
        Order::new(id, 1_000 + id).with("order_source", kind).with("order_source_id", number)
    };
    let shop = Shop::new([source(1, "shop", 5), source(2, "shop", 6), source(3, "allegro", 5), source(4, "ebay", 1)]);
    let host = shop.install("{}");
    for (filter, expected) in [
        (&[("source", "shop")][..], &[1, 2][..]),
        (&[("source", "shop:6")], &[2]),
        (&[("source", "shop:6"), ("source", "allegro")], &[2, 3]),
        (&[("email", "a@example.org")], &[1, 2, 3, 4]),
        (&[("email", "x@example.org")], &[]),
        (&[("email", "x@example.org"), ("email", "A@example.org")], &[1, 2, 3, 4]),
    ] {
        assert_eq!(drain("orders", None, &filtered(filter)).0, expected, "{filter:?}");
    }
    let asked = call(&host.requests()[1]).1;
    assert_eq!((&asked["filter_order_source"], &asked["filter_order_source_id"]), (&"shop".into(), &6.into()));
    let wrong = pull("orders", None, &filtered(&[("source", "shop:x")])).expect_err("no number");
    assert!(wrong.message().contains("`x`"), "{wrong}");
}

#[test]
fn a_page_ends_at_its_bytes() {
    let shop = Shop::new((1..=10).map(|id| Order::new(id, 1_000).with("note", "x".repeat(1_000))));
    let _host = shop.install("{}");
    let bounds = Bounds { max_bytes: 3_000, ..Bounds::default() };
    let page = pull("orders", None, &bounds).expect("a page");
    assert_eq!((page.items.len(), page.state), (2, Completeness::More));
    assert_eq!(drain("orders", None, &bounds).0, (1..=10).collect::<Vec<_>>());
}

#[test]
fn raw_orders_are_pieces_of_the_answer() {
    let body = r#" {"orders": [ {"order_id": "7", "date_confirmed": "1000", "x" : 1.50} , {"date_confirmed":1001,"order_id":8}], "status":"SUCCESS"}"#;
    let host = wharf_sdk_testing::FakeHost::new().answer(wharf_sdk_testing::Answer::json(200, body)).install();
    let page = pull("raw-orders", None, &Bounds::default()).expect("a page");
    assert!(host.only_request().keep, "the host holds the answer");
    let pieces: Vec<&str> = page
        .items
        .iter()
        .map(|item| match &item.content {
            Content::Slice(slice) => {
                let start = usize::try_from(slice.start).unwrap();
                &body[start..start + usize::try_from(slice.length).unwrap()]
            }
            Content::Document(_) => panic!("a raw item is a slice"),
        })
        .collect();
    assert_eq!(
        pieces,
        [r#"{"order_id": "7", "date_confirmed": "1000", "x" : 1.50}"#, r#"{"date_confirmed":1001,"order_id":8}"#]
    );
    assert_eq!(page.items[0].id, "7");
}

#[test]
fn unconfirmed_orders_come_by_id_without_the_confirmed_ones() {
    let confirmed = |id: u64| if id.is_multiple_of(3) { 0 } else { 1_000 + id };
    let shop = Shop::new((1..=330).map(|id| Order { added: id, ..Order::new(id, confirmed(id)) }));
    let host = shop.install("{}");
    let (ids, cursor, pulls) = drain("unconfirmed-orders", None, &at_most(20));
    assert_eq!(ids, (1..=330).filter(|id: &u64| id.is_multiple_of(3)).collect::<Vec<_>>());
    assert!(pulls >= 6);
    assert_eq!(call(&host.requests()[0]).1["get_unconfirmed_orders"], true);
    shop.add(Order::new(331, 0));
    assert_eq!(drain("unconfirmed-orders", Some(cursor), &at_most(20)).0, [331]);
}

#[test]
fn unconfirmed_orders_are_complete_where_answers_are_not_sorted_by_id() {
    let confirmed = |id: u64| if id.is_multiple_of(30) { 0 } else { 9_000 - id };
    let shop = Shop::new((1..=330).map(|id| Order { added: id, ..Order::new(id, confirmed(id)) }));
    let shop = shop.sorted(Sorting::NeverById);
    let _host = shop.install("{}");
    assert_eq!(drain("unconfirmed-orders", None, &at_most(4)).0, (1..=11).map(|tens| tens * 30).collect::<Vec<_>>());
}

#[test]
fn optional_parts_are_asked_for_as_configured() {
    let shop = Shop::new([]);
    for (config, expected) in [
        ("{}", r#"{"date_confirmed_from":1,"include_custom_extra_fields":true}"#),
        (
            r#"{"include_custom_extra_fields": false, "include_commissions": true, "include_connect_data": true}"#,
            r#"{"date_confirmed_from":1,"include_commissions":true,"include_connect_data":true}"#,
        ),
    ] {
        let host = shop.install(config);
        pull("orders", None, &Bounds::default()).expect("a page");
        let (method, asked) = call(&host.only_request());
        assert_eq!((method.as_str(), asked.to_string().as_str()), ("getOrders", expected));
    }
}

#[test]
fn answers_out_of_order_stop_the_feed_instead_of_losing_orders() {
    let orders: Vec<_> =
        (1..=100).map(|id| serde_json::json!({"order_id": id, "date_confirmed": 2_000 - id})).collect();
    let body = serde_json::json!({"status": "SUCCESS", "orders": orders}).to_string();
    let _host = wharf_sdk_testing::FakeHost::new().answer(wharf_sdk_testing::Answer::json(200, body)).install();
    let failure = pull("orders", None, &Bounds::default()).expect_err("out of order");
    assert!(failure.message().contains("order of confirmation"), "{failure}");
}
