//! Products, stock, prices and external storages.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value, json};
use wharf_sdk::host::RawRequest;
use wharf_sdk::{Content, Counts, Records};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};

use crate::shop::{at_most, call, drain, filtered, pull};

/// A fake of the catalog: the ids of two inventories, pages of 1,000.
#[derive(Clone)]
struct Catalog(Rc<RefCell<[BTreeSet<u64>; 2]>>);

fn success(payload: Value) -> Answer {
    let mut body = payload;
    body["status"] = "SUCCESS".into();
    Answer::json(200, body.to_string())
}

/// A map as PHP writes it.
fn map(entries: Map<String, Value>) -> Value {
    if entries.is_empty() { json!([]) } else { Value::Object(entries) }
}

impl Catalog {
    fn new(first: impl IntoIterator<Item = u64>, second: impl IntoIterator<Item = u64>) -> Self {
        Self(Rc::new(RefCell::new([first.into_iter().collect(), second.into_iter().collect()])))
    }

    fn install(&self, config: &str) -> InstalledHost {
        let catalog = self.clone();
        FakeHost::new().config(config).respond(move |request| catalog.answer(request)).install()
    }

    fn answer(&self, request: &RawRequest) -> Answer {
        let (method, asked) = call(request);
        let inventories = self.0.borrow();
        let ids = if asked["inventory_id"] == 308 { &inventories[1] } else { &inventories[0] };
        let page = usize::try_from(asked["page"].as_u64().unwrap_or(1)).unwrap() - 1;
        let of_page = ids.iter().skip(page * 1000).take(1000);
        match method.as_str() {
            "getInventories" => success(json!({"inventories": [
                {"inventory_id": 307, "name": "a"}, {"inventory_id": "308", "name": "b"}
            ]})),
            "getInventoryProductsList" => {
                let sku = asked.get("filter_sku").and_then(Value::as_str);
                let rows = of_page.filter(|id| sku.is_none_or(|sku| sku == format!("S{id}")));
                let row =
                    |id: &u64| (id.to_string(), json!({"id": id, "sku": format!("S{id}"), "name": format!("P{id}")}));
                success(json!({"products": map(rows.map(row).collect())}))
            }
            "getInventoryProductsData" => {
                let asked: Vec<u64> =
                    asked["products"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
                let found = asked.iter().filter(|id| ids.contains(id));
                let row = |id: &u64| {
                    (
                        id.to_string(),
                        json!({"sku": format!("S{id}"), "prices": {"105": 1.50}, "stock": {"bl_206": "5"},
                                            "text_fields": {"name": format!("P{id}")}}),
                    )
                };
                success(json!({"products": map(found.map(row).collect())}))
            }
            "getInventoryProductsStock" => {
                let row = |id: &u64| (id.to_string(), json!({"stock": {"bl_206": id}}));
                success(json!({"products": map(of_page.map(row).collect())}))
            }
            other => panic!("the fake does not know {other}"),
        }
    }
}

#[test]
fn products_come_whole_once_a_round_from_all_inventories() {
    let catalog = Catalog::new(1..=2100, 5001..=5003);
    let host = catalog.install("{}");
    for size in [30, 1000] {
        let before = host.requests().len();
        let (ids, cursor, _) = drain("products", None, &at_most(size));
        assert_eq!(ids, (1..=2100).chain(5001..=5003).collect::<Vec<_>>(), "{size}");
        let lists = host.requests().split_off(before);
        let lists = lists.iter().filter(|request| call(request).0 == "getInventoryProductsList").count();
        assert_eq!(lists, 7 + 3, "each page once, and the one before once more");
        let (again, ..) = drain("products", Some(cursor), &at_most(1000));
        assert_eq!(again.len(), 2103, "a round is followed by the next");
    }
}

#[test]
fn a_product_that_moves_up_a_page_while_it_is_read_is_not_lost() {
    let catalog = Catalog::new(1..=2500, []);
    let _host = catalog.install(r#"{"inventory_id": 307}"#);
    let mut ids = BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = pull("products", cursor, &at_most(100)).expect("a page");
        ids.extend(page.items.iter().map(|item| item.id.parse::<u64>().unwrap()));
        if page.state == wharf_sdk::Completeness::CaughtUp {
            break;
        }
        if ids.len() == 500 {
            // Product 1001, the first of page 2, is on page 1 now, which was read.
            catalog.0.borrow_mut()[0].retain(|id| *id > 7);
        }
        cursor = Some(page.next);
    }
    assert_eq!(ids, (1..=2500).collect());
}

#[test]
fn a_filter_or_the_configuration_says_which_inventory_is_read() {
    let catalog = Catalog::new(1..=3, 11..=12);
    let host = catalog.install(r#"{"inventory_id": 307}"#);
    assert_eq!(drain("products", None, &at_most(10)).0, [1, 2, 3]);
    assert_eq!(drain("products", None, &filtered(&[("inventory", "308")])).0, [11, 12]);
    assert_eq!(drain("product-stock", None, &filtered(&[("inventory", "308")])).0, [11, 12]);
    assert!(host.requests().iter().all(|request| call(request).0 != "getInventories"));
    pull("products", None, &filtered(&[("category", "4")])).expect("a page");
    assert_eq!(call(&host.requests()[host.requests().len() - 2]).1["filter_category_id"], 4);
    assert!(pull("products", None, &filtered(&[("category", "4"), ("category", "5")])).is_err());
}

#[test]
fn products_are_counted_without_their_data() {
    let catalog = Catalog::new(1..=2100, []);
    let host = catalog.install(r#"{"inventory_id": 307}"#);
    assert_eq!(baselinker::BaseLinker::count("products", at_most(1)).expect("a number").count, 2100);
    assert!(host.requests().iter().all(|request| call(request).0 == "getInventoryProductsList"));
    host.set_config(r#"{"inventory_id": 307, "count_pages": 2}"#);
    let failure = baselinker::BaseLinker::count("products", at_most(1)).expect_err("too many");
    assert!(failure.message().contains("raise `count_pages`"), "{failure}");
}

#[test]
fn stock_is_passed_on_with_its_product_and_resumes_inside_a_page() {
    let catalog = Catalog::new(1..=1500, []);
    let _host = catalog.install(r#"{"inventory_id": 307}"#);
    for size in [400, 1000] {
        let (mut ids, ..) = drain("product-stock", None, &at_most(size));
        ids.sort_unstable();
        assert!(ids == (1..=1500).collect::<Vec<_>>(), "each product once, {size} at a time");
    }
    let page = pull("product-stock", None, &at_most(1)).expect("a page");
    let Content::Document(text) = &page.items[0].content else { panic!("text") };
    assert_eq!(text, r#"{"inventory_id":"307","product_id":"1","stock":{"bl_206":1}}"#);
}

#[test]
fn a_list_that_ignores_page_numbers_ends_all_the_same() {
    let answer = json!({"products": [{"product_id": "a", "name": "x"}, {"product_id": "b"}]});
    let host = FakeHost::new().respond(move |_| success(answer.clone())).install();
    let mut cursor = None;
    for pulls in 1.. {
        let page = pull("external-products", cursor, &filtered(&[("storage", "shop_1")])).expect("a page");
        let ids: Vec<_> = page.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, if pulls == 1 { vec!["shop_1:a", "shop_1:b"] } else { vec![] });
        cursor = Some(page.next);
        if page.state == wharf_sdk::Completeness::CaughtUp {
            break;
        }
    }
    assert_eq!(host.requests().len(), 2);
    assert!(host.log().iter().any(|line| line.event == "a list does not go on by page"));
}

#[test]
fn only_storages_that_can_be_listed_are_read() {
    let storages = json!({"storages": [
        {"storage_id": "shop_1", "methods": ["getExternalStorageProductsList"]},
        {"storage_id": "shop_2", "methods": ["updateExternalStorageProductsQuantity"]},
        {"storage_id": "warehouse_3"}
    ]});
    let host = FakeHost::new()
        .respond(move |request| match call(request).0.as_str() {
            "getExternalStoragesList" => success(storages.clone()),
            _ => success(json!({"products": []})),
        })
        .install();
    let (ids, ..) = drain("external-products", None, &at_most(10));
    assert!(ids.is_empty());
    let asked: Vec<_> = host.requests().iter().skip(1).map(|request| call(request).1["storage_id"].clone()).collect();
    assert_eq!(asked, ["shop_1", "warehouse_3"]);
}

#[test]
fn a_product_with_the_vendors_quirks_becomes_the_common_document() {
    let row = json!({
        "is_bundle": false, "sku": "KB-1", "ean": "", "tags": [], "tax_rate": -1, "weight": "0.40", "category_id": "3",
        "manufacturer_id": "7", "prices": {"105": 53.75, "106": "49.990"}, "stock": [], "locations": [], "links": [],
        "text_fields": {"name|de": "Tasse", "description": "<p>x</p>", "features": "{\"cut", "extra_field_75": "clay"},
        "images": {"1": "https://img.example/1.jpg"}, "variants": {"78": {"sku": "KB-2", "stock": {"bl_206": 1}}}
    });
    let _host = FakeHost::new()
        .config(r#"{"inventory_id": 307}"#)
        .answer(success(json!({"products": {"77": row}})))
        .answer(success(json!({"products": []})))
        .install();
    let item = baselinker::BaseLinker::get("product", "77").expect("the product");
    let Content::Document(text) = &item.content else { panic!("text") };
    assert_eq!(
        serde_json::from_str::<Value>(text).expect("JSON"),
        json!({
            "id": "77", "kind": "goods", "sku": "KB-1", "name": "Tasse", "description": "<p>x</p>", "category": "3",
            "tax_rate": {"code": "exempt"}, "weight_kg": "0.40",
            "prices": [{"price_list": "105", "gross": "53.75"}, {"price_list": "106", "gross": "49.990"}],
            "extra": {
                "inventory_id": 307, "is_bundle": false, "manufacturer_id": "7",
                "text_fields": {"name|de": "Tasse", "features": "{\"cut", "extra_field_75": "clay"},
                "images": {"1": "https://img.example/1.jpg"}, "variants": {"78": {"sku": "KB-2", "stock": {"bl_206": 1}}}
            }
        })
    );
    let missing = baselinker::BaseLinker::get("product", "78").expect_err("none");
    assert!(matches!(missing.cause(), wharf_sdk::failure::Cause::NotFound(_)));
}

#[test]
fn products_are_looked_up_by_what_is_known_in_all_inventories() {
    let catalog = Catalog::new(1..=3, 11..=12);
    let _host = catalog.install("{}");
    let find = |key: &str, value: &str| {
        let query = [(key.to_owned(), value.to_owned())];
        let items = baselinker::BaseLinker::lookup("product", &query, 5).expect("found");
        items.into_iter().map(|item| item.id).collect::<Vec<_>>()
    };
    assert_eq!(find("sku", "S2"), ["2"]);
    assert_eq!(find("sku", "S12"), ["12"]);
    assert!(find("sku", "S9").is_empty());
    assert_eq!(find("name", "P1"), ["1"], "a part of a name is not the name");
}
