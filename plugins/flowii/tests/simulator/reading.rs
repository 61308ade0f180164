//! Feeds, reference lists, the check, and the errors of the vendor.

use flowii::Flowii;
use serde_json::json;
use wharf_sdk::failure::Cause;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Action, Bounds, Feeds, Records, References, Setup, Writing};
use wharf_sdk_testing::document;
use wharf_simulators::flowii::{COMPANY, Paging, RetryAfter, Seed};

use crate::bridge::{Bridge, intent, read};

const FEEDS: [(&str, &str); 9] = [
    ("partners", "partners"),
    ("tasks", "tasks"),
    ("events", "events"),
    ("business-cases", "businesscases"),
    ("orders", "orders"),
    ("products", "products"),
    ("invoices", "documents"),
    ("payments", "payments"),
    ("attendances", "attendances"),
];

/// Fills every module with so many records.
fn fill(bridge: &Bridge, records: usize) {
    let to = |kind: &str, id: &str| json!({ "data": { "type": kind, "id": id } });
    for number in 0..records {
        let name = format!("N{number}");
        let partner = bridge.simulator.seed_partner(&name, &format!("{:08}", number), "e@x.sk").unwrap();
        let order = json!({ "type": "order", "attributes": { "name": name, "created": "2026-02-01T08:00:00" },
            "relationships": { "type": to("order-type", "1"), "partner": to("partner", &partner),
            "items": { "data": [{ "type": "order-item", "attributes": { "name": "x", "quantity": 1.5, "unit-price": 2 } }] } } });
        let task = json!({ "type": "task", "attributes": { "caption": name }, "relationships": { "activities": { "data": [
            { "type": "activity", "attributes": { "state": 4 }, "relationships": { "activity-type": to("activity-type", "21") } }] } } });
        let start = json!({ "caption": name, "start": "2026-02-01T08:00:00" });
        let payment = json!({ "date": "2026-02-01T08:00:00", "amount": 10.5, "direction": 1 });
        let rows = [
            ("orders", order),
            ("tasks", task),
            ("events", json!({ "type": "event", "attributes": start })),
            (
                "businesscases",
                json!({ "type": "business-case", "attributes": { "name": name }, "relationships": { "partner": to("partner", &partner) } }),
            ),
            ("products", json!({ "type": "product", "attributes": { "name": name, "code": name } })),
            (
                "documents",
                json!({ "type": "document", "attributes": { "type": 4 }, "relationships": { "partner": to("partner", &partner) } }),
            ),
            ("payments", json!({ "type": "payment", "attributes": payment })),
            (
                "attendances",
                json!({ "type": "attendance", "attributes": { "date": "2026-02-01T00:00:00" }, "relationships": { "user": to("user", "12") } }),
            ),
        ];
        for (table, resource) in rows {
            bridge.simulator.seed(&Seed { company: COMPANY, table, resource }).unwrap();
        }
    }
}

#[test]
fn every_feed_is_read_once_and_resumed_at_every_page_whatever_the_list_makes_of_pages() {
    for paging in [Paging::Honoured, Paging::Ignored, Paging::IgnoredWithNext] {
        let bridge = Bridge::start(|options| options.paging = paging, "");
        fill(&bridge, 5);
        for (feed, table) in FEEDS {
            for max_items in [1, 2, 5, 100] {
                let ids: Vec<String> = read(feed, max_items).into_iter().map(|item| item.id).collect();
                let there: Vec<String> = bridge.simulator.table(table).into_iter().map(|one| one.id).collect();
                assert_eq!(ids, there, "{feed} by {max_items}, {paging:?}");
            }
        }
    }
}

#[test]
fn a_list_that_knows_only_its_first_page_is_told_and_not_taken_for_whole() {
    let bridge = Bridge::start(|options| options.paging = Paging::FirstOnly, "");
    fill(&bridge, 3);
    let bounds = Bounds { max_items: 2, ..Bounds::default() };
    let first = Flowii::pull("products", None, bounds.clone()).unwrap();
    let failure = Flowii::pull("products", Some(first.next), bounds).unwrap_err();
    assert!(matches!(failure.cause(), Cause::ContractChanged(_)), "{failure:?}");
    assert_eq!(read("products", 100).len(), 3);
}

#[test]
fn each_record_can_be_read_by_itself_and_is_the_one_of_the_feed() {
    let bridge = Bridge::start(|_| {}, "");
    fill(&bridge, 1);
    for (feed, _) in FEEDS {
        let item = read(feed, 10).remove(0);
        let single = Flowii::get(&item.entity, &item.id).unwrap();
        assert_eq!(document(&single), document(&item), "{feed}");
        let failure = Flowii::get(&item.entity, "999999").unwrap_err();
        assert!(matches!(failure.cause(), Cause::NotFound(_)), "{feed}: {failure:?}");
    }
}

#[test]
fn the_check_passes_and_every_reference_list_has_entries() {
    let _bridge = Bridge::start(|_| {}, "");
    for step in Flowii::check() {
        assert_eq!(step.state, StepState::Ok, "{step:?}");
    }
    for list in [
        "order-type",
        "order-status",
        "activity-type",
        "business-case-state",
        "product-category",
        "country",
        "user",
        "company",
        "company-data",
        "order-field",
    ] {
        assert!(!Flowii::page(list, None).unwrap().references.is_empty(), "{list}");
    }
}

#[test]
fn too_many_calls_are_a_rate_limit_with_and_without_a_time() {
    let bridge = Bridge::start(|options| options.minute_limit = Some(1), "");
    for (retry_after, is_told) in
        [(RetryAfter::Absent, false), (RetryAfter::Seconds(7), true), (RetryAfter::HttpDate(7), true)]
    {
        bridge.simulator.change(|options| options.retry_after = retry_after);
        let failure = Flowii::pull("orders", None, Bounds::default()).unwrap_err();
        let Cause::RateLimited(limit) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(limit.not_before.is_some(), is_told, "{retry_after:?}");
        let task = intent("task", Action::Create, "wh1", r#"{"caption": "A"}"#);
        assert!(matches!(Flowii::apply(&task).unwrap_err().cause(), Cause::RateLimited(_)));
    }
    assert!(bridge.simulator.table("tasks").is_empty());
}

#[test]
fn a_dead_token_and_a_foreign_company_become_their_causes() {
    let bridge = Bridge::start(|_| {}, "");
    bridge.host.set_config(format!(r#"{{"base_url": "{}", "company_id": "4799"}}"#, bridge.simulator.url()));
    let failure = Flowii::pull("orders", None, Bounds::default()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::ConfigInvalid(found) if found[0].path == "/company_id"), "{failure:?}");
    bridge.simulator.forget_tokens();
    let failure = Flowii::get("partner", "1").unwrap_err();
    assert_eq!(failure.cause(), &Cause::AuthExpired);
}
