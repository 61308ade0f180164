//! Feeds, reference lists, the check, queries, and the errors of the vendor.

use erpconnector::ErpConnector;
use serde_json::json;
use wharf_sdk::failure::Cause;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Bounds, Feeds, Records, References, Setup};
use wharf_sdk_testing::document;
use wharf_simulators::erpconnector::{COMPANY, Entity, OTHER_COMPANY, Robot};

use crate::bridge::{Bridge, read};

const FEEDS: [(&str, Entity, &str); 6] = [
    ("products", Entity::Product, "acomba"),
    ("customers", Entity::Customer, "acomba"),
    ("customer-invoices", Entity::CustomerInvoice, "acomba"),
    ("supplier-invoices", Entity::SupplierInvoice, "acomba"),
    ("supplier-orders", Entity::SupplierOrder, "acomba"),
    ("journal-entries", Entity::GLJournalEntry, "sage50"),
];

/// Fills a company with so many records of an entity.
fn fill(bridge: &Bridge, company: &str, entity: Entity, records: usize) {
    for number in 0..records {
        let key = format!("N{number:03}");
        let mut record = json!({ entity.key(): key, "Description": "L'été" });
        if entity == Entity::SupplierInvoice {
            // Two suppliers share each number.
            record[entity.key()] = json!(format!("N{:03}", number / 2));
            record["NoFournisseur"] = json!(format!("V{}", number % 2));
        }
        bridge.simulator.seed(company, entity, record).unwrap();
    }
}

#[test]
fn every_feed_is_read_once_and_resumed_at_every_page() {
    for (feed, entity, erp) in FEEDS {
        for wrapped in [false, true] {
            let bridge = Bridge::start(erp, |options| options.lists_wrapped = wrapped, "");
            fill(&bridge, COMPANY, entity, 6);
            for max_items in [1, 2, 4, 6, 100] {
                let items = read(feed, max_items, &[]);
                let mut ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
                ids.sort_unstable();
                ids.dedup();
                assert_eq!((items.len(), ids.len()), (6, 6), "{feed} by {max_items}");
            }
        }
    }
}

#[test]
fn an_erp_that_gives_less_than_is_asked_for_is_read_to_its_end() {
    for (feed, entity, erp) in FEEDS {
        let bridge = Bridge::start(erp, |options| options.largest_page = Some(2), "");
        fill(&bridge, COMPANY, entity, 7);
        for max_items in [1, 3, 100] {
            assert_eq!(read(feed, max_items, &[]).len(), 7, "{feed} by {max_items}");
        }
    }
    let bridge = Bridge::start("qbo", |options| options.largest_page = Some(2), "");
    fill(&bridge, COMPANY, Entity::GLAccount, 5);
    let mut ids: Vec<String> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = ErpConnector::page("account", after.as_deref()).unwrap();
        ids.extend(page.references.into_iter().map(|account| account.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["N000", "N001", "N002", "N003", "N004"]);
}

#[test]
fn each_record_can_be_read_by_itself_and_is_the_one_of_the_feed() {
    for (feed, entity, erp) in FEEDS {
        let bridge = Bridge::start(erp, |_| {}, "");
        fill(&bridge, COMPANY, entity, 3);
        for item in read(feed, 10, &[]) {
            let single = ErpConnector::get(&item.entity, &item.id).unwrap();
            assert_eq!((&single.id, document(&single)), (&item.id, document(&item)), "{feed}");
        }
        let failure = ErpConnector::get(&read(feed, 1, &[])[0].entity, "V0/none").unwrap_err();
        assert!(matches!(failure.cause(), Cause::NotFound(_)), "{feed}: {failure:?}");
    }
}

#[test]
fn an_erp_that_ignores_skip_is_found_out() {
    let bridge = Bridge::start("acomba", |options| options.skip_ignored = true, "");
    fill(&bridge, COMPANY, Entity::Product, 5);
    let bounds = Bounds { max_items: 2, ..Bounds::default() };
    let first = ErpConnector::pull("products", None, bounds.clone()).unwrap();
    let failure = ErpConnector::pull("products", Some(first.next), bounds).unwrap_err();
    assert!(matches!(failure.cause(), Cause::ContractChanged(_)), "{failure:?}");
}

#[test]
fn companies_are_read_apart() {
    let bridge = Bridge::start("acomba", |_| {}, r#", "company_ids": ["1"]"#);
    fill(&bridge, COMPANY, Entity::Product, 1);
    fill(&bridge, OTHER_COMPANY, Entity::Product, 3);
    let ids = |filter: &[(&str, &str)]| -> Vec<String> {
        read("products", 2, filter).into_iter().map(|item| item.id).collect()
    };
    assert_eq!(ids(&[]), ["N000"]);
    assert_eq!(ids(&[("company", "1")]), ["1:N000", "1:N001", "1:N002"]);
    assert_eq!(ErpConnector::get("product", "1:N002").unwrap().id, "1:N002");
    assert!(matches!(ErpConnector::get("product", "N002").unwrap_err().cause(), Cause::NotFound(_)));
}

#[test]
fn any_entity_is_read_by_its_name_and_lists_come_of_it() {
    let bridge = Bridge::start("qbo", |_| {}, "");
    fill(&bridge, COMPANY, Entity::GLAccount, 3);
    let items = read("records", 2, &[("entity", "GLAccount")]);
    assert_eq!(
        items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(),
        ["GLAccount/N000", "GLAccount/N001", "GLAccount/N002"]
    );
    assert_eq!(document(&items[0])["fields"]["Description"], "L'été");
    assert_eq!(ErpConnector::page("account", None).unwrap().references.len(), 3);
    bridge
        .simulator
        .seed(COMPANY, Entity::Tax, json!({ "CodeTaxe": "TPS", "Description": "Fédérale", "Taux": 5 }))
        .unwrap();
    let taxes = ErpConnector::page("vat-rate", None).unwrap().references;
    assert_eq!((taxes[0].id.as_str(), taxes[0].value.as_deref()), ("TPS", Some("5")));
    let failure = ErpConnector::page("supplier", None).unwrap();
    assert!(failure.references.is_empty());
}

#[test]
fn no_text_breaks_out_of_a_query() {
    let bridge = Bridge::start("acomba", |_| {}, "");
    bridge.simulator.seed_customer("C-1", "Tremblay inc", "a@x.ca").unwrap();
    let odd = [
        "' or NomClient eq 'Tremblay inc",
        "x' and NoClient eq 'C-1",
        "''",
        "O'Hara & Fils #1 + 2%",
        "é\\'",
        "a\"b",
        "$top=0",
    ];
    for (number, name) in odd.iter().enumerate() {
        bridge.simulator.seed_customer(&format!("X-{number}"), name, "b@x.ca").unwrap();
    }
    for (number, name) in odd.iter().enumerate() {
        let found = ErpConnector::lookup("partner", &[("name".to_owned(), (*name).to_owned())], 10).unwrap();
        let ids: Vec<&str> = found.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, [format!("X-{number}")], "{name}");
    }
    let by_phone = |phone: &str| ErpConnector::lookup("partner", &[("phone".to_owned(), phone.to_owned())], 100);
    assert!(by_phone("4185550000").unwrap().len() >= odd.len());
    assert_eq!(by_phone("4185550001").unwrap().len(), 0);
}

#[test]
fn the_check_reads_what_each_erp_offers() {
    for erp in ["acomba", "qbo", "avantage", "sage50", "servicentre"] {
        let more = if erp == "servicentre" { r#", "verbs": {"Customer": ["GET"]}"# } else { "" };
        let _bridge = Bridge::start(erp, |_| {}, more);
        for step in ErpConnector::check() {
            assert_eq!(step.state, StepState::Ok, "{erp}: {step:?}");
        }
    }
}

#[test]
fn a_robot_that_is_away_or_slow_is_unavailable_for_every_read() {
    let bridge = Bridge::start("acomba", |_| {}, "");
    for robot in [Robot::Offline, Robot::Slow { works: true }, Robot::Slow { works: false }] {
        bridge.simulator.change(|options| options.robot = robot);
        for failure in [
            ErpConnector::pull("products", None, Bounds::default()).unwrap_err(),
            ErpConnector::get("partner", "C-1").unwrap_err(),
            ErpConnector::lookup("invoice", &[("number".to_owned(), "F-1".to_owned())], 1).unwrap_err(),
            ErpConnector::page("account", None).unwrap_err(),
        ] {
            assert!(matches!(failure.cause(), Cause::Unavailable(_)), "{robot:?}: {failure:?}");
        }
    }
}
