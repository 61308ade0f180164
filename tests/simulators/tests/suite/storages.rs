use serde_json::{Value, json};
use wharf_simulators::baselinker::{ExternalProduct, Simulator, Storage};

use crate::client::{Account, error_code};

async fn account() -> Account {
    let mug = ExternalProduct {
        name: "Kubek".into(),
        sku: "KB-1".into(),
        category_id: 3,
        price: 53.75,
        quantity: 5,
        variants: [("v1".to_owned(), 2)].into(),
        ..ExternalProduct::default()
    };
    let shop = Storage::new("shop_2444", "Sklep").product("a-1", mug).product("b-2", ExternalProduct::default());
    let wholesaler = Storage::new("warehouse_7", "Hurtownia").methods(["getExternalStorageProductsQuantity"]);
    Account::start(Simulator::builder().calls_per_minute(10_000).storage(shop).storage(wholesaler)).await
}

#[tokio::test]
async fn storages_say_what_they_support() {
    let account = account().await;
    let answer = account.call("getExternalStoragesList", json!({})).await;
    assert_eq!(answer["storages"][1]["storage_id"], "warehouse_7");
    assert_eq!(answer["storages"][1]["methods"], json!(["getExternalStorageProductsQuantity"]));
    let unknown = account.call("getExternalStorageProductsList", json!({"storage_id": "shop_1"})).await;
    assert_eq!(error_code(&unknown), "ERROR_STORAGE_ID");
}

#[tokio::test]
async fn products_of_a_storage_are_rows_and_their_data_a_map_of_strings() {
    let account = account().await;
    let call = async |method: &str, more: Value| {
        let mut parameters = more;
        parameters["storage_id"] = json!("shop_2444");
        account.call(method, parameters).await
    };
    let list = call("getExternalStorageProductsList", json!({"filter_sku": "KB-1"})).await;
    assert_eq!(
        list["products"],
        json!([{"product_id": "a-1", "name": "Kubek", "quantity": 5, "price": 53.75, "sku": "KB-1", "ean": ""}])
    );
    assert_eq!(call("getExternalStorageProductsList", json!({"page": 2})).await["products"], json!([]));
    let data = call("getExternalStorageProductsData", json!({"products": ["a-1", "nothing"]})).await;
    assert_eq!(data["products"]["a-1"]["quantity"], "5");
    assert_eq!(data["products"].as_object().unwrap().len(), 1);
    assert_eq!(call("getExternalStorageProductsData", json!({"products": ["nothing"]})).await["products"], json!([]));
    let quantities = call("getExternalStorageProductsQuantity", json!({})).await;
    assert_eq!(quantities["products"][0]["variants"], json!([{"variant_id": "v1", "quantity": 2}]));
    assert_eq!(call("getExternalStorageProductsPrices", json!({})).await["products"][0]["price"], json!(53.75));
    assert_eq!(call("getExternalStorageCategories", json!({})).await["categories"][0]["category_id"], 3);
}

#[tokio::test]
async fn quantities_are_set_by_rows_and_what_fails_is_a_warning() {
    let account = account().await;
    let rows = json!([["a-1", 0, 9], ["a-1", "v1", "4"], ["a-1", "v2", 1], ["c", 0, 1]]);
    let sent = json!({"storage_id": "shop_2444", "products": rows});
    let answer = account.call("updateExternalStorageProductsQuantity", sent).await;
    assert_eq!(answer["counter"], 2);
    assert_eq!(answer["warnings"], json!({"a-1": "Variant not found", "c": "Product not found"}));
    let shop = account.simulator.storage("shop_2444").unwrap();
    assert_eq!((shop.products["a-1"].quantity, shop.products["a-1"].variants["v1"]), (9, 4));
    let many: Vec<_> = (0..1001).map(|number| json!([number, 0, 1])).collect();
    let sent = json!({"storage_id": "shop_2444", "products": many});
    assert_eq!(
        error_code(&account.call("updateExternalStorageProductsQuantity", sent).await),
        "ERROR_INVALID_PARAMETERS"
    );
}
