use serde_json::{Map, Value, json};
use wharf_simulators::baselinker::{Inventory, NoWarnings, Simulator};

use crate::client::{Account, error_code, order};

async fn account() -> Account {
    let with_shop = Inventory { warehouses: vec!["bl_205".into(), "shop_23".into()], ..Inventory::new(308, "Drugi") };
    Account::start(Simulator::builder().calls_per_minute(10_000).inventory(with_shop)).await
}

fn mug(account: &Account) -> i64 {
    let fields = json!({
        "inventory_id": "307", "sku": "KB-1", "ean": "5900000000017", "tax_rate": 23, "category_id": 3,
        "prices": {"105": 53.75}, "stock": {"bl_205": 14}, "text_fields": {"name": "Kubek Żółw"},
    });
    account.simulator.add_product(&fields).unwrap()
}

#[tokio::test]
async fn products_come_as_maps_in_pages_of_1000_and_an_empty_one_is_a_list() {
    let account = account().await;
    for number in 0..1001 {
        let fields = json!({"inventory_id": 307, "sku": format!("S-{number}"), "stock": {"bl_205": number}});
        account.simulator.add_product(&fields).unwrap();
    }
    let page = async |parameters: Value| account.call("getInventoryProductsList", parameters).await["products"].clone();
    let size = |products: &Value| products.as_object().map(Map::len);
    assert_eq!(size(&page(json!({"inventory_id": 307})).await), Some(1000));
    assert_eq!(size(&page(json!({"inventory_id": 307, "page": "2"})).await), Some(1));
    assert_eq!(page(json!({"inventory_id": 307, "page": 3})).await, json!([]));
    assert_eq!(page(json!({"inventory_id": 308})).await, json!([]));
    assert_eq!(
        size(&page(json!({"inventory_id": 307, "filter_stock_from": 990, "filter_stock_to": 993.5})).await),
        Some(4)
    );
    let one = page(json!({"inventory_id": 307, "filter_sku": "S-7"})).await;
    assert_eq!(one["2692"]["stock"], json!({"bl_205": 7}));
    assert_eq!(one["2692"]["prices"], json!([]), "an empty map");
    let unknown = account.call("getInventoryProductsList", json!({"inventory_id": 1})).await;
    assert_eq!(error_code(&unknown), "ERROR_STORAGE_ID");
}

#[tokio::test]
async fn product_data_has_string_ids_and_its_variants() {
    let account = account().await;
    let id = mug(&account);
    let variant = json!({"inventory_id": 307, "parent_id": id, "sku": "KB-1-R", "text_fields": {"name": "Czerwony"}});
    let variant = account.simulator.add_product(&variant).unwrap();
    let answer = account.call("getInventoryProductsData", json!({"inventory_id": 307, "products": [id, 999]})).await;
    let products = answer["products"].as_object().unwrap();
    assert_eq!(products.len(), 1, "unknown ids are left out");
    let product = &products[&id.to_string()];
    assert_eq!((&product["category_id"], &product["manufacturer_id"]), (&json!("3"), &json!("0")));
    assert_eq!(product["text_fields"]["name"], "Kubek Żółw");
    assert_eq!(product["links"], json!([]));
    assert_eq!(product["variants"][variant.to_string()]["sku"], "KB-1-R");
    let listed = account.call("getInventoryProductsList", json!({"inventory_id": 307})).await;
    assert_eq!(listed["products"].as_object().unwrap().len(), 1, "variants only when asked for");
    let listed = account.call("getInventoryProductsList", json!({"inventory_id": 307, "include_variants": true})).await;
    assert_eq!(listed["products"].as_object().unwrap().len(), 2);
    let stock = account.call("getInventoryProductsStock", json!({"inventory_id": 307})).await;
    let expected = json!({"product_id": id, "stock": {"bl_205": 14}, "variants": {variant.to_string(): []}});
    assert_eq!(stock["products"][id.to_string()], expected);
}

#[tokio::test]
async fn only_sent_fields_of_a_product_change() {
    let account = account().await;
    let id = mug(&account);
    let change =
        json!({"inventory_id": 307, "product_id": id, "tax_rate": 8, "prices": {"105": "60.10"}, "tags": ["nowość"]});
    let answer = account.call("addInventoryProduct", change).await;
    assert_eq!(answer, json!({"status": "SUCCESS", "product_id": id, "warnings": ""}));
    let product = account.simulator.product(id).unwrap();
    assert_eq!(
        (&product["sku"], &product["tax_rate"], &product["tags"]),
        (&json!("KB-1"), &json!(8), &json!(["nowość"]))
    );
    let strange = json!({"inventory_id": 307, "product_id": id, "tags": ["obcy"]});
    let refused = account.call("addInventoryProduct", strange).await;
    assert!(refused["error_message"].as_str().unwrap().contains("does not exist"));
    let elsewhere = json!({"inventory_id": 308, "product_id": id});
    assert_eq!(error_code(&account.call("addInventoryProduct", elsewhere).await), "ERROR_STORAGE_ID");
    assert_eq!(account.call("deleteInventoryProduct", json!({"product_id": id})).await, json!({"status": "SUCCESS"}));
    assert!(account.simulator.product(id).is_none());
}

#[tokio::test]
async fn stock_and_prices_are_updated_with_warnings_by_product() {
    let account = account().await;
    let id = mug(&account);
    let second = json!({"inventory_id": 308, "sku": "X"});
    let second = account.simulator.add_product(&second).unwrap();
    let stock = json!({"inventory_id": 307, "products": {id.to_string(): {"bl_206": "5"}, "1": {"bl_205": 0}}});
    let answer = account.call("updateInventoryProductsStock", stock).await;
    assert_eq!(answer, json!({"status": "SUCCESS", "counter": 1, "warnings": {"1": "Product not found"}}));
    assert_eq!(account.simulator.product(id).unwrap()["stock"], json!({"bl_205": 14, "bl_206": 5}));
    let prices = json!({"inventory_id": 307, "products": {id.to_string(): {"105": 20.99}}});
    assert_eq!(account.call("updateInventoryProductsPrices", prices).await["warnings"], json!(""));
    let of_shop = json!({"inventory_id": 308, "products": {second.to_string(): {"shop_23": 1}}});
    let answer = account.call("updateInventoryProductsStock", of_shop).await;
    assert_eq!(answer["warnings"][second.to_string()], "shop_23 cannot be changed");
    let many: Map<String, Value> = (0..1001).map(|id| (id.to_string(), json!({"bl_205": 1}))).collect();
    let answer = account.call("updateInventoryProductsStock", json!({"inventory_id": 307, "products": many})).await;
    assert_eq!(error_code(&answer), "ERROR_INVALID_PARAMETERS");
}

#[tokio::test]
async fn no_warnings_have_three_shapes() {
    let account = Account::start(Simulator::builder().no_warnings(NoWarnings::Alternating)).await;
    let mut shapes = Vec::new();
    for _ in 0..3 {
        let answer = account.call("updateInventoryProductsStock", json!({"inventory_id": 307, "products": []})).await;
        shapes.push(answer["warnings"].clone());
    }
    assert_eq!(shapes, [json!(""), json!([]), json!({})]);
}

#[tokio::test]
async fn catalog_code_lists_have_their_shapes() {
    let account = account().await;
    mug(&account);
    let inventories = account.call("getInventories", json!({})).await;
    assert_eq!(inventories["inventories"][0]["warehouses"], json!(["bl_205", "bl_206"]));
    let warehouses = account.call("getInventoryWarehouses", json!({})).await;
    assert_eq!(warehouses["warehouses"][2]["warehouse_type"], "shop");
    assert_eq!(warehouses["warehouses"][2]["stock_edition"], false);
    let groups = account.call("getInventoryPriceGroups", json!({})).await;
    assert_eq!(groups["price_groups"][0]["price_group_id"], 105);
    let categories = account.call("getInventoryCategories", json!({"inventory_id": 307})).await;
    assert_eq!(categories["categories"][0]["category_id"], 3);
}

#[tokio::test]
async fn orders_are_split_and_merged() {
    let account = Account::start(Simulator::builder().journal(true)).await;
    account.simulator.add_order(order(1, 10)).unwrap();
    let row = account.simulator.order(1).unwrap().products[0].order_product_id;
    let split = json!({"order_id": 1, "items_to_split": [{"order_product_id": row, "quantity": 1}]});
    let new_id = account.call("addOrderBySplit", split).await["new_order_id"].as_i64().unwrap();
    let quantity = |id| account.simulator.order(id).unwrap().products[0].quantity;
    assert_eq!((quantity(1), quantity(new_id)), (1, 1));
    assert_eq!(account.ids(json!({"date_confirmed_from": 11})).await, [new_id], "a later page shows the new order");
    let merge = json!({"main_order_id": 1, "order_ids_to_merge": [new_id], "merge_mode": "into_main_order"});
    assert_eq!(account.call("setOrdersMerge", merge).await["merged_order_id"], 1);
    assert_eq!(account.ids(json!({})).await, [1]);
    assert_eq!(account.simulator.order(1).unwrap().products.len(), 2);
    let logs = account.call("getJournalList", json!({"logs_types": [5, 6]})).await;
    let seen: Vec<_> = logs["logs"].as_array().unwrap().iter().map(|row| row["log_type"].as_i64().unwrap()).collect();
    assert_eq!(seen, [6, 5]);
}
