use serde_json::json;
use wharf_simulators::baselinker::Simulator;

use crate::client::{Account, error_code, order};

async fn account() -> Account {
    let account = Account::start(Simulator::builder().calls_per_minute(10_000).journal(true)).await;
    account.simulator.add_order(order(5001, 1_760_000_100)).unwrap();
    account
}

#[tokio::test]
async fn a_courier_gives_number_label_and_history() {
    let account = account().await;
    let sent = json!({"order_id": 5001, "courier_code": "dpd", "account_id": 1201, "fields": [], "packages": [{}]});
    let made = account.call("createPackage", sent).await;
    assert_eq!(
        (&made["package_id"], &made["package_number"], &made["courier_inner_number"]),
        (&json!(30_001), &json!("DPD0000030001"), &json!("IN30001"))
    );
    let label = account.call("getLabel", json!({"courier_code": "dpd", "package_number": "DPD0000030001"})).await;
    assert_eq!(label["extension"], "pdf");
    account.simulator.track(30_001, 5).unwrap();
    let packages = account.call("getOrderPackages", json!({"order_id": "5001"})).await;
    let package = &packages["packages"][0];
    assert_eq!((&package["tracking_status"], &package["account_id"]), (&json!("5"), &json!("1201")), "strings");
    assert!(package.get("history").is_none() && package.get("order_id").is_none());
    let history = account.call("getCourierPackagesStatusHistory", json!({"package_ids": [30_001, 9]})).await;
    assert_eq!(history["packages_history"]["30001"][0]["tracking_status"], 5);
    let gone = account.call("deleteCourierPackage", json!({"courier_code": "dpd", "package_id": 30_001})).await;
    assert_eq!(gone, json!({"status": "SUCCESS"}));
    let logs = account.call("getJournalList", json!({"logs_types": [9, 10, 22]})).await;
    let types: Vec<_> = logs["logs"].as_array().unwrap().iter().map(|row| row["log_type"].as_i64().unwrap()).collect();
    assert_eq!(types, [9, 22, 10]);
    assert_eq!(account.simulator.order(5001).unwrap().delivery_package_nr, "DPD0000030001");
}

#[tokio::test]
async fn a_courier_outside_the_list_is_another_one_by_its_name() {
    let account = account().await;
    let sent = json!({"order_id": 5001, "courier_code": "Wózek", "package_number": "W1"});
    assert_eq!(account.call("createPackageManual", sent).await["package_number"], "W1");
    let package = account.call("getOrderPackages", json!({"order_id": 5001})).await["packages"][0].clone();
    assert_eq!((&package["courier_code"], &package["courier_other_name"]), (&json!("other"), &json!("Wózek")));
    let sent = json!({"order_id": 5001, "courier_code": "Wózek", "packages": []});
    assert_eq!(error_code(&account.call("createPackage", sent).await), "ERROR_COURIER_CODE");
    for (method, key) in
        [("getCourierAccounts", "accounts"), ("getCourierFields", "fields"), ("getCourierServices", "services")]
    {
        assert!(account.call(method, json!({"courier_code": "dpd"})).await.get(key).is_some(), "{method}");
    }
    assert_eq!(
        error_code(&account.call("getLabel", json!({"courier_code": "dpd", "package_id": 7})).await),
        "ERROR_PACKAGE_ID"
    );
}
