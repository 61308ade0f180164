use serde_json::{Value, json};
use wharf_simulators::baselinker::Simulator;

use crate::client::{Account, error_code, order};

async fn account() -> Account {
    let account = Account::start(Simulator::builder().calls_per_minute(10_000).journal(true)).await;
    account.simulator.add_order(order(5001, 1_760_000_100)).unwrap();
    account
}

fn fields(order_id: i64) -> Value {
    json!({
        "order_id": order_id, "status_id": "401", "date_add": 1_760_000_500, "currency": "PLN", "email": "a@example.org",
        "delivery_country_code": "PL",
        "products": [{"name": "Kubek", "sku": "KB-1", "price_brutto": 53.75, "tax_rate": 23, "quantity": 1,
                      "return_reason_id": 2}],
    })
}

#[tokio::test]
async fn a_return_has_the_types_of_the_sample() {
    let account = account().await;
    let added = account.call("addOrderReturn", fields(5001)).await;
    assert_eq!(added, json!({"status": "SUCCESS", "return_id": 8001}));
    let answer = account.call("getOrderReturns", json!({"include_custom_extra_fields": true})).await;
    let read = &answer["returns"][0];
    let expected = json!({
        "return_id": 8001, "order_id": 5001, "status_id": "401", "refunded": "0.00", "delivery_country": "Polska",
        "date_add": 1_760_000_500, "custom_extra_fields": [],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&read[name], value, "{name}");
    }
    let row = &read["products"][0];
    assert_eq!(
        (&row["return_reason_id"], &row["sku"], &row["price_brutto"]),
        (&json!(2), &json!("KB-1"), &json!(53.75))
    );
    assert!(row["order_return_product_id"].is_i64() && row.get("order_product_id").is_none());
}

#[tokio::test]
async fn returns_come_in_pages_of_100_by_id_and_filters_combine() {
    let account = account().await;
    for number in 0..120 {
        let mut fields = fields(if number % 2 == 0 { 5001 } else { 0 });
        fields["date_add"] = json!(1_760_000_000 + number);
        account.simulator.add_return(&fields).unwrap();
    }
    let ids = async |parameters: Value| -> Vec<i64> {
        let answer = account.call("getOrderReturns", parameters).await;
        answer["returns"].as_array().unwrap().iter().map(|row| row["return_id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(json!({})).await, (8001..8101).collect::<Vec<_>>());
    assert_eq!(ids(json!({"id_from": "8101"})).await, (8101..8121).collect::<Vec<_>>());
    assert_eq!(ids(json!({"date_from": 1_760_000_119})).await, [8120]);
    assert_eq!(ids(json!({"order_id": 5001, "id_from": 8117})).await, [8117, 8119]);
    assert_eq!(ids(json!({"return_id": 8007})).await, [8007]);
    assert_eq!(ids(json!({"return_id": 9999})).await, Vec::<i64>::new());
    account.call("setOrderReturnStatus", json!({"return_id": 8003, "status_id": 402})).await;
    assert_eq!(ids(json!({"status_id": 402})).await, [8003]);
    assert_eq!(account.simulator.writes().len(), 1, "what the panel does is no write of a caller's");
}

#[tokio::test]
async fn changes_of_a_return_are_stored_and_journaled() {
    let account = account().await;
    let id = account.simulator.add_return(&fields(5001)).unwrap();
    for (method, parameters) in [
        ("setOrderReturnStatuses", json!({"return_ids": [id], "status_id": "402"})),
        ("setOrderReturnFields", json!({"return_id": id, "admin_comments": "checked"})),
        ("setOrderReturnRefund", json!({"return_id": id, "refund_done": 53.75})),
    ] {
        assert_eq!(account.call(method, parameters).await, json!({"status": "SUCCESS"}), "{method}");
    }
    let added = account.call("addOrderReturnProduct", json!({"return_id": id, "name": "x", "quantity": 1})).await;
    let row = added["order_return_product_id"].clone();
    account
        .call("setOrderReturnProductFields", json!({"return_id": id, "order_return_product_id": row, "status_id": 2}))
        .await;
    account.call("deleteOrderReturnProduct", json!({"return_id": id, "order_return_product_id": row})).await;
    let read = account.simulator.order_return(id).unwrap();
    assert_eq!(
        (&read["status_id"], &read["refunded"], &read["admin_comments"], read["products"].as_array().unwrap().len()),
        (&json!("402"), &json!("53.75"), &json!("checked"), 1)
    );
    let logs = account.call("getOrderReturnJournalList", json!({"last_log_id": 0})).await;
    let types: Vec<i64> =
        logs["logs"].as_array().unwrap().iter().map(|row| row["log_type"].as_i64().unwrap()).collect();
    assert_eq!(types, [1, 11, 10, 5, 7, 8, 9]);
    let paid = account.call("getOrderReturnPaymentsHistory", json!({"return_id": id})).await;
    assert_eq!(paid["payments"][0]["paid_after"], "53.75");
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let account = account().await;
    for (method, parameters, code) in [
        ("addOrderReturn", json!({"status_id": 999}), "ERROR_STATUS_ID"),
        ("addOrderReturn", json!({"status_id": 401, "order_id": 7}), "ERROR_ORDER_ID"),
        ("setOrderReturnStatus", json!({"return_id": 7, "status_id": 401}), "ERROR_RETURN_ID"),
        ("deleteOrderReturnProduct", json!({"return_id": 7, "order_return_product_id": 1}), "ERROR_RETURN_ID"),
    ] {
        assert_eq!(error_code(&account.call(method, parameters).await), code, "{method}");
    }
    for (method, key) in [
        ("getOrderReturnStatusList", "statuses"),
        ("getOrderReturnReasonsList", "return_reasons"),
        ("getOrderReturnProductStatuses", "order_return_product_statuses"),
    ] {
        assert_eq!(account.call(method, json!([])).await[key].as_array().map(Vec::len), Some(2), "{method}");
    }
}
