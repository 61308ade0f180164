use std::time::Duration;

use serde_json::{Value, json};
use wharf_simulators::baselinker::{Blocks, Order, PATH, Simulator};

use crate::client::{Account, answer, error_code, order};

async fn account() -> Account {
    Account::start(Simulator::builder().calls_per_minute(10_000)).await
}

#[tokio::test]
async fn order_has_the_mixed_types_of_the_api() {
    let account = account().await;
    account.simulator.add_order(Order { payment_method_cod: true, ..order(5001, 1_760_000_100) }).unwrap();
    let answer = account.call("getOrders", json!({})).await;
    let read = &answer["orders"][0];
    let expected = json!({
        "order_id": 5001, "confirmed": true, "payment_method_cod": "1", "want_invoice": "0", "payment_done": 0,
        "order_source_info": "-", "delivery_country": "Polska", "delivery_country_code": "PL", "pick_state": 0,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&read[name], value, "{name}");
    }
    let row = &read["products"][0];
    let expected = json!({
        "product_id": "77", "variant_id": "0", "auction_id": "0", "price_brutto": 53.75, "tax_rate": 23,
        "quantity": 2, "storage": "db", "name": "Kubek „Żółw”", "bundle_id": 0,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name}");
    }
    assert!(answer.get("error_code").is_none());
    assert!(read.get("custom_extra_fields").is_none());
}

#[tokio::test]
async fn what_was_seeded_is_read_back_unchanged() {
    let account = account().await;
    let seeded = Order { extra_field_1: "\"cudzysłów\" i \\".to_owned(), star: 3, ..order(5001, 1_760_000_100) };
    account.simulator.add_order(seeded.clone()).unwrap();
    let read = account.simulator.order(5001).unwrap();
    assert_eq!(read.extra_field_1, seeded.extra_field_1);
    assert_eq!(read.star, 3);
    assert_eq!(read.total(), 107.5);
    assert_eq!(read.date_in_status, seeded.date_confirmed);
}

#[tokio::test]
async fn legacy_types_are_strings() {
    let account = Account::start(Simulator::builder().legacy_types(true)).await;
    account.simulator.add_order(order(5001, 1_760_000_100)).unwrap();
    let answer = account.call("getOrders", json!({})).await;
    assert_eq!(answer["orders"][0]["order_id"], json!("5001"));
    assert_eq!(answer["orders"][0]["products"][0]["price_brutto"], json!("53.75"));
    assert_eq!(answer["orders"][0]["confirmed"], json!(true));
}

#[tokio::test]
async fn page_holds_100_orders_by_confirmation_then_id() {
    let account = account().await;
    // Ids run against time, and 150 orders share a second.
    account.simulator.add_orders((0..150).map(|index| order(9000 - index, 2000))).unwrap();
    account.simulator.add_orders((0..20).map(|index| order(100 - index, 3000 + index))).unwrap();
    account.simulator.add_order(order(9500, 1000)).unwrap();
    let first = account.ids(json!({"date_confirmed_from": 0})).await;
    assert_eq!((first.len(), first[0], first[1], first[99]), (100, 9500, 8851, 8949));
    let same_second = account.ids(json!({"date_confirmed_from": 2000})).await;
    assert_eq!((same_second.len(), same_second[0]), (100, 8851), "the bound is inclusive");
    let rest = account.ids(json!({"date_confirmed_from": 2000, "id_from": 8951})).await;
    assert_eq!((rest.len(), rest[0], rest[49]), (50, 8951, 9000), "by confirmation and id, both inclusive");
    let after = account.ids(json!({"date_confirmed_from": 2001})).await;
    assert_eq!(after, (81..=100).rev().collect::<Vec<_>>());
    assert_eq!(account.ids(json!({"date_confirmed_from": 3020})).await, Vec::<i64>::new());
}

#[tokio::test]
async fn id_from_alone_pages_by_id() {
    let account = account().await;
    account.simulator.add_orders((0..120).map(|index| order(5000 + index, 9000 - index))).unwrap();
    let ids = account.ids(json!({"id_from": "5010"})).await;
    assert_eq!(ids, (5010..5110).collect::<Vec<_>>());
}

#[tokio::test]
async fn unconfirmed_orders_are_hidden_unless_asked_for() {
    let account = account().await;
    account.simulator.add_order(Order { confirmed: false, date_confirmed: 0, ..order(5001, 0) }).unwrap();
    account.simulator.add_order(order(5002, 2000)).unwrap();
    assert_eq!(account.ids(json!({})).await, [5002]);
    assert_eq!(account.ids(json!({"order_id": 5001})).await, Vec::<i64>::new());
    assert_eq!(account.ids(json!({"order_id": 5001, "get_unconfirmed_orders": true})).await, [5001]);
    assert_eq!(account.ids(json!({"id_from": 1, "get_unconfirmed_orders": true})).await, [5001, 5002]);
    account.simulator.confirm(5001, 3000).unwrap();
    assert_eq!(account.ids(json!({"date_confirmed_from": 1})).await, [5002, 5001]);
}

#[tokio::test]
async fn filters_combine() {
    let account = account().await;
    let allegro =
        Order { order_source: "allegro".into(), order_source_id: 7, external_order_id: "A-1".into(), ..order(1, 10) };
    account.simulator.add_orders([allegro, Order { order_status_id: 204, ..order(2, 20) }, order(3, 30)]).unwrap();
    let cases = [
        (json!({"status_id": 204}), vec![2]),
        (json!({"status_id": "202", "date_confirmed_from": 30}), vec![3]),
        (json!({"filter_email": "kupiec3@example.org"}), vec![3]),
        (json!({"filter_order_source": "allegro", "filter_order_source_id": 7}), vec![1]),
        (json!({"filter_order_source": "allegro", "filter_order_source_id": 8}), vec![]),
        (json!({"filter_order_source_id": 8}), vec![1, 2, 3]),
        (json!({"filter_external_order_id": "A-1"}), vec![1]),
        (json!({"order_id": 777}), vec![]),
        (json!({"date_from": -80, "no_such_filter": [1, 2]}), vec![2, 3]),
    ];
    for (parameters, expected) in cases {
        assert_eq!(account.ids(parameters.clone()).await, expected, "{parameters}");
    }
}

#[tokio::test]
async fn custom_extra_fields_come_when_asked_and_an_empty_map_is_a_list() {
    let account = account().await;
    account.simulator.add_orders([order(1, 10), order(2, 20)]).unwrap();
    account.simulator.set_custom_extra_field(2, 135, json!("1760000000")).unwrap();
    let answer =
        account.call("getOrders", json!({"include_custom_extra_fields": true, "include_commissions": 1})).await;
    assert_eq!(answer["orders"][0]["custom_extra_fields"], json!([]));
    assert_eq!(answer["orders"][0]["commissions"], json!([]));
    assert_eq!(answer["orders"][1]["custom_extra_fields"], json!({"135": "1760000000"}));
}

#[tokio::test]
async fn errors_come_inside_http_200() {
    let account = account().await;
    let cases = [
        ("getNothing", json!({}), "ERROR_UNKNOWN_METHOD"),
        ("setOrderStatus", json!({"status_id": 203}), "ERROR_INVALID_PARAMETERS"),
        ("setOrderStatus", json!({"order_id": 5, "status_id": 203}), "ERROR_ORDER_ID"),
        ("setOrderStatus", json!({"order_id": 5, "status_id": 999}), "ERROR_STATUS_ID"),
        ("addOrder", json!({"order_status_id": 201, "date_add": 1}), "ERROR_INVALID_PARAMETERS"),
        ("getOrders", json!([1]), "ERROR_INVALID_PARAMETERS"),
    ];
    for (method, parameters, code) in cases {
        assert_eq!(error_code(&account.call(method, parameters).await), code, "{method}");
    }
    let form = "method=getOrderStatusList&parameters=%5B%5D".to_owned();
    let nameless = answer(account.post(form.clone())).await;
    assert_eq!(error_code(&nameless), "ERROR_EMPTY_TOKEN");
    assert_eq!(nameless["error_message"], "No user token provided.");
    assert_eq!(error_code(&answer(account.post(form.clone()).header("x-bltoken", "other")).await), "ERROR_BAD_TOKEN");
    assert_eq!(answer(account.post(format!("{form}&token=1-23-ABC"))).await["status"], "SUCCESS");
    let url = format!("{}{PATH}?token=1-23-ABC", account.simulator.url());
    let get = answer(account.http.get(url).header("x-bltoken", "1-23-ABC")).await;
    assert_eq!(error_code(&get), "ERROR_INVALID_PARAMETERS");
}

#[tokio::test]
async fn multipart_form_with_a_token_field_is_accepted() {
    let account = account().await;
    let parts = ["token\"\r\n\r\n1-23-ABC", "method\"\r\n\r\ngetOrderStatusList", "parameters\"\r\n\r\n[]"]
        .map(|part| format!("--x1\r\nContent-Disposition: form-data; name=\"{part}\r\n"));
    let request = account
        .http
        .post(format!("{}{PATH}", account.simulator.url()))
        .header("content-type", "multipart/form-data; boundary=x1")
        .body(format!("{}--x1--\r\n", parts.concat()));
    assert_eq!(answer(request).await["statuses"][3]["id"], 204);
}

#[tokio::test]
async fn code_lists_have_their_shapes() {
    let account = account().await;
    let statuses = account.call("getOrderStatusList", json!({})).await;
    assert_eq!(
        statuses["statuses"][0],
        json!({"id": 201, "name": "Nowe", "name_for_customer": "Nowe", "color": "#bfbfbf"})
    );
    assert!(statuses["statuses"][2].get("color").is_none(), "some rows have none");
    let sources = account.call("getOrderSources", json!({})).await;
    assert_eq!(sources["sources"], json!({"personal": {"0": "Telefon"}, "shop": {"8235": "Sklep A"}}));
    let fields = account.call("getOrderExtraFields", json!({})).await;
    assert_eq!(
        fields["extra_fields"][0],
        json!({"extra_field_id": 135, "name": "Uwagi magazynu", "editor_type": "text"})
    );
    let series = account.call("getSeries", json!({})).await;
    assert_eq!(series["series"][0]["id"], json!("15"), "a string");
    let listed = Account::start(Simulator::builder().maps_become_lists(true)).await;
    assert_eq!(listed.call("getOrderSources", json!({})).await["sources"]["personal"], json!(["Telefon"]));
}

#[tokio::test]
async fn status_change_is_stored_journaled_and_recorded() {
    let account = Account::start(Simulator::builder().journal(true)).await;
    account.simulator.add_orders([order(1, 10), order(2, 20)]).unwrap();
    assert_eq!(
        account.call("setOrderStatus", json!({"order_id": 1, "status_id": 203})).await,
        json!({"status": "SUCCESS"})
    );
    let both = json!({"order_ids": [1, "2"], "status_id": "204"});
    assert_eq!(account.call("setOrderStatuses", both).await, json!({"status": "SUCCESS"}));
    let stored = account.simulator.order(1).unwrap();
    assert_eq!(stored.order_status_id, 204);
    assert!(stored.date_in_status > 1_700_000_000);
    let logs = account.call("getJournalList", json!({"logs_types": [18]})).await;
    let rows = logs["logs"].as_array().unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row["order_id"].clone(), row["object_id"].clone())).collect();
    assert_eq!(seen, [(json!(1), json!(203)), (json!(1), json!(204)), (json!(2), json!(204))]);
    let rest = account.call("getJournalList", json!({"last_log_id": rows[0]["log_id"], "order_id": 1})).await;
    assert_eq!(rest["logs"].as_array().unwrap().len(), 1);
    let writes: Vec<_> =
        account.simulator.writes().iter().map(|write| (write.method.clone(), write.order_id)).collect();
    let expected = [("setOrderStatus", 1), ("setOrderStatuses", 1), ("setOrderStatuses", 2)];
    assert_eq!(writes, expected.map(|(method, id)| (method.to_owned(), id)));
}

#[tokio::test]
async fn journal_is_empty_when_off_and_forgets_after_three_days() {
    let off = account().await;
    off.simulator.add_order(order(1, 10)).unwrap();
    assert_eq!(off.call("getJournalList", json!({"last_log_id": 0})).await, json!({"status": "SUCCESS", "logs": []}));
    let on = Account::start(Simulator::builder().journal(true).journal_rows_have_id()).await;
    on.simulator.add_order(order(1, 10)).unwrap();
    let logs = on.call("getJournalList", json!({})).await;
    assert_eq!((&logs["logs"][0]["id"], &logs["logs"][1]["log_type"]), (&json!(456_001), &json!(2)));
    on.simulator.advance(Duration::from_secs(3 * 86_400 + 10));
    assert_eq!(on.call("getJournalList", json!({})).await["logs"], json!([]));
}

fn new_order(key: &str) -> Value {
    json!({
        "order_status_id": "202", "date_add": 1_760_000_000, "currency": "PLN", "payment_method": "Przelew bankowy bardzo \
        długi, za długi", "payment_method_cod": true, "paid": true, "email": "a@example.org", "phone": "600",
        "delivery_price": "15.50", "delivery_fullname": "Ewa Żak", "delivery_country_code": "SK", "extra_field_1": key,
        "custom_extra_fields": {"135": "delikatne"}, "unknown": 1,
        "products": [{"product_id": 77, "name": "Kubek", "price_brutto": 53.75, "tax_rate": -1, "quantity": "2"}],
    })
}

#[tokio::test]
async fn added_order_is_confirmed_paid_and_readable() {
    let account = account().await;
    let id = account.call("addOrder", new_order("k-1")).await["order_id"].as_i64().unwrap();
    let answer = account.call("getOrders", json!({"order_id": id, "include_custom_extra_fields": true})).await;
    let read = &answer["orders"][0];
    let expected = json!({
        "order_source": "personal", "order_source_id": 0, "confirmed": true, "payment_method_cod": "1",
        "payment_done": 123, "delivery_price": 15.5, "delivery_country": "Słowacja", "want_invoice": "0",
        "payment_method": "Przelew bankowy bardzo długi, ", "custom_extra_fields": {"135": "delikatne"},
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&read[name], value, "{name}");
    }
    assert_eq!(read["products"][0]["product_id"], json!("77"));
    assert_eq!(read["products"][0]["tax_rate"], json!(-1));
    assert!(read["date_confirmed"].as_i64().unwrap() > 1_760_000_000);
}

#[tokio::test]
async fn order_added_twice_is_told_as_a_duplicate() {
    let account = account().await;
    for key in ["k-1", "k-2", "k-1"] {
        account.call("addOrder", new_order(key)).await;
    }
    let duplicates = account.simulator.duplicates();
    assert_eq!(duplicates.keys().collect::<Vec<_>>(), ["extra_field_1=k-1"]);
    assert_eq!(duplicates["extra_field_1=k-1"].len(), 2);
}

#[tokio::test]
async fn only_sent_fields_change_and_long_texts_are_cut() {
    let account = Account::start(Simulator::builder().journal(true)).await;
    account.simulator.add_order(order(1, 10)).unwrap();
    let before = account.simulator.order(1).unwrap();
    let change = json!({"order_id": 1, "extra_field_2": "F".repeat(60), "want_invoice": true, "currency": "EUR"});
    assert_eq!(account.call("setOrderFields", change).await, json!({"status": "SUCCESS"}));
    let after = account.simulator.order(1).unwrap();
    let expected = Order { extra_field_2: "F".repeat(50), want_invoice: true, ..before };
    assert_eq!(after, expected, "the currency cannot be set");
    account.call("setOrderFields", json!({"order_id": 1, "delivery_city": "Łódź"})).await;
    let logs = account.call("getJournalList", json!({"logs_types": [11, 16]})).await;
    let types: Vec<_> = logs["logs"].as_array().unwrap().iter().map(|row| row["log_type"].clone()).collect();
    assert_eq!(types, [json!(16), json!(11)]);
}

#[tokio::test]
async fn payment_replaces_the_total_and_enters_the_history_as_strings() {
    let account = account().await;
    account.simulator.add_order(order(1, 10)).unwrap();
    account
        .call(
            "setOrderPayment",
            json!({"order_id": 1, "payment_done": 50, "payment_date": 20, "payment_comment": "raty"}),
        )
        .await;
    let gateway = json!({"order_id": 1, "payment_done": 107.5, "payment_date": 30, "external_payment_id": "g-1"});
    account.call("setOrderPayment", gateway).await;
    assert_eq!(account.simulator.order(1).unwrap().payment_done, 107.5);
    let short = account.call("getOrderPaymentsHistory", json!({"order_id": 1})).await;
    let expected = json!([{"paid_before": "50.00", "paid_after": "107.50", "total_price": "107.50", "currency": "PLN",
                           "external_payment_id": "g-1", "date": "30", "comment": ""}]);
    assert_eq!(short["payments"], expected);
    let full = account.call("getOrderPaymentsHistory", json!({"order_id": 1, "show_full_history": true})).await;
    assert_eq!(full["payments"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn search_by_email_and_phone_gives_short_rows_of_strings() {
    let account = account().await;
    account
        .simulator
        .add_order(Order { phone: "600100200".into(), delivery_fullname: "Ewa Lis".into(), ..order(1, 200) })
        .unwrap();
    let row = json!({"order_id": "1", "order_status_id": "202", "date_in_status": "200", "date_add": "100"});
    let by_email = account.call("getOrdersByEmail", json!({"email": "KUPIEC1@example.org"})).await;
    assert_eq!(by_email["orders"], json!([row]));
    let by_phone = account.call("getOrdersByPhone", json!({"phone": "600100200"})).await;
    assert_eq!(by_phone["orders"][0]["delivery_fullname"], "Ewa Lis");
    assert_eq!(account.call("getOrdersByPhone", json!({"phone": "1"})).await["orders"], json!([]));
}

#[tokio::test]
async fn rows_of_an_order_are_added_changed_and_removed() {
    let account = account().await;
    account.simulator.add_order(order(1, 10)).unwrap();
    let added = account
        .call("addOrderProduct", json!({"order_id": 1, "name": "Talerz", "price_brutto": 9.9, "tax_rate": 5}))
        .await;
    let row_id = added["order_product_id"].clone();
    account.call("setOrderProductFields", json!({"order_id": 1, "order_product_id": row_id, "quantity": 4})).await;
    let rows = account.simulator.order(1).unwrap().products;
    assert_eq!((rows.len(), rows[1].quantity, rows[1].price_brutto), (2, 4, 9.9));
    account.call("deleteOrderProduct", json!({"order_id": 1, "order_product_id": row_id})).await;
    assert_eq!(account.simulator.order(1).unwrap().products.len(), 1);
    let gone = account.call("deleteOrderProduct", json!({"order_id": 1, "order_product_id": row_id})).await;
    assert_eq!(error_code(&gone), "ERROR_ORDER_PRODUCT_ID");
}

#[tokio::test]
async fn orders_are_copied_and_deleted() {
    let account = account().await;
    account.simulator.add_order(order(7, 10)).unwrap();
    assert_eq!(account.call("addOrderDuplicate", json!({"order_id": 7})).await["order_id"], 8);
    let deleted = account.call("deleteOrders", json!({"order_ids": [7, 99]})).await;
    assert_eq!(deleted["deleted_order_ids"], json!([7]));
    assert_eq!(account.ids(json!({})).await, [8]);
}

#[tokio::test]
async fn invoice_has_net_prices_and_pages_by_id() {
    let account = account().await;
    account
        .simulator
        .add_order(Order { delivery_price: 12.3, delivery_method: "Kurier".into(), ..order(1, 10) })
        .unwrap();
    let sent = json!({"order_id": 1, "series_id": 15, "vat_rate": "ITEM"});
    let id = account.call("addInvoice", sent).await["invoice_id"].as_i64().unwrap();
    let listed = account.call("getInvoices", json!({"order_id": 1})).await;
    let invoice = &listed["invoices"][0];
    assert_eq!(invoice["invoice_id"], json!(id));
    assert_eq!((&invoice["total_price_brutto"], &invoice["total_price_netto"]), (&json!(119.8), &json!(97.4)));
    assert_eq!((&invoice["exchange_rate"], &invoice["external_id"]), (&json!(""), &json!("")));
    assert_eq!(invoice["items"][1]["is_shipment"], 1);
    assert_eq!(account.call("getInvoices", json!({"id_from": id + 1})).await["invoices"], json!([]));
    let unknown = account.call("addInvoice", json!({"order_id": 1, "series_id": 1, "vat_rate": "23"})).await;
    assert_eq!(error_code(&unknown), "ERROR_SERIES_ID");
}

#[tokio::test]
async fn uploaded_invoice_file_is_given_back_when_asked_for() {
    let account = account().await;
    account.simulator.add_order(order(1, 10)).unwrap();
    let sent = json!({"order_id": 1, "series_id": 15, "vat_rate": "DEFAULT"});
    let id = account.call("addInvoice", sent).await["invoice_id"].clone();
    let file = json!({"invoice_id": id, "file": "data:++//QUJD", "external_invoice_number": "F-1"});
    assert_eq!(account.call("addOrderInvoiceFile", file).await, json!({"status": "SUCCESS"}));
    let external = account.call("getInvoiceFile", json!({"invoice_id": id, "get_external": true})).await;
    assert_eq!(external["invoice"], "data:++//QUJD", "the plus signs survive");
    let own = account.call("getInvoiceFile", json!({"invoice_id": id})).await;
    assert_ne!(own["invoice"], external["invoice"]);
    let listed = account.call("getInvoices", json!({})).await;
    assert_eq!(listed["invoices"][0]["external_invoice_number"], "F-1");
    assert_eq!(account.call("getInvoices", json!({"get_external_invoices": false})).await["invoices"], json!([]));
    let broken = account.call("addOrderInvoiceFile", json!({"invoice_id": id, "file": "data:%%"})).await;
    assert_eq!(error_code(&broken), "ERROR_INVALID_PARAMETERS");
}

#[tokio::test]
async fn receipt_waits_until_it_is_printed() {
    let account = account().await;
    account.simulator.add_order(order(1, 10)).unwrap();
    let id = account.call("addReceipt", json!({"order_id": 1, "series_id": 15})).await["receipt_id"].clone();
    let waiting = async || account.call("getNewReceipts", json!({})).await["orders"].as_array().unwrap().len();
    account.call("setOrderReceipt", json!({"receipt_id": id, "receipt_nr": "", "printer_error": true})).await;
    assert_eq!(waiting().await, 1);
    account.call("setOrderReceipt", json!({"receipt_id": id, "receipt_nr": "77/2026", "date": 20})).await;
    assert_eq!(waiting().await, 0);
    assert_eq!(account.call("getReceipt", json!({"order_id": 1})).await["receipt_full_nr"], "77/2026");
    assert_eq!(account.call("getReceipts", json!({"id_from": id})).await["receipts"][0]["receipt_id"], id);
}

#[tokio::test]
async fn status_is_added_and_changed() {
    let account = account().await;
    let id = account.call("addOrderStatus", json!({"name": "Zwrot", "color": "#123456"})).await["status_id"].clone();
    assert_eq!(id, 205);
    account.call("addOrderStatus", json!({"status_id": id, "name_for_customer": "Zwrócone"})).await;
    let statuses = account.call("getOrderStatusList", json!({})).await;
    let expected = json!({"id": 205, "name": "Zwrot", "name_for_customer": "Zwrócone", "color": "#123456"});
    assert_eq!(statuses["statuses"][4], expected);
}

#[tokio::test]
async fn parcel_enters_the_order_and_is_listed_with_strings() {
    let account = account().await;
    account.simulator.add_order(order(1, 10)).unwrap();
    let sent = json!({"order_id": 1, "courier_code": "dpd", "package_number": "00123", "pickup_date": "1487006161"});
    let made = account.call("createPackageManual", sent).await;
    assert_eq!(made["package_number"], "00123");
    let stored = account.simulator.order(1).unwrap();
    assert_eq!((stored.delivery_package_module.as_str(), stored.delivery_package_nr.as_str()), ("dpd", "00123"));
    let listed = account.call("getOrderPackages", json!({"order_id": 1})).await;
    assert_eq!(listed["packages"][0]["tracking_status_date"], json!("1487006161"));
    assert_eq!(listed["packages"][0]["package_id"], made["package_id"]);
    assert!(listed["packages"][0].get("order_id").is_none());
}

#[tokio::test]
async fn too_many_calls_block_the_token_and_calling_on_lengthens_it() {
    let builder = Simulator::builder().calls_per_minute(3).block(Duration::from_secs(600), Duration::from_secs(60));
    let account = Account::start(builder.zone("UTC")).await;
    for _ in 0..3 {
        assert_eq!(account.call("getOrderStatusList", json!({})).await["status"], "SUCCESS");
    }
    let mut ends = Vec::new();
    for _ in 0..3 {
        let blocked = account.call("getOrderStatusList", json!({})).await;
        assert_eq!(error_code(&blocked), "ERROR_BLOCKED_TOKEN");
        ends.push(blocked["error_message"].as_str().unwrap().to_owned());
    }
    assert!(ends[0].starts_with("Query limit exceeded, token blocked until 2"), "{ends:?}");
    assert!(ends.is_sorted() && ends[0] != ends[1] && ends[1] != ends[2], "{ends:?}");
    assert_eq!(account.simulator.blocks(), Blocks { begun: 1, calls_during: 2 });
    account.simulator.advance(Duration::from_secs(600));
    assert_eq!(error_code(&account.call("getOrderStatusList", json!({})).await), "ERROR_BLOCKED_TOKEN");
    account.simulator.advance(Duration::from_secs(200));
    assert_eq!(account.call("getOrderStatusList", json!({})).await["status"], "SUCCESS");
}

#[tokio::test]
async fn hundred_thousand_serialized_orders_are_paged_without_loss() {
    let account = Account::start(Simulator::builder().calls_per_minute(1_000_000)).await;
    let template = serde_json::to_string(&order(0, 0)).unwrap();
    let texts = (0..100_000).map(|index| {
        template.replacen("\"order_id\":0", &format!("\"order_id\":{index}"), 1).replacen(
            "\"date_confirmed\":0",
            &format!("\"date_confirmed\":{}", 1_700_000_000 + index / 40),
            1,
        )
    });
    account.simulator.add_serialized(texts).unwrap();
    let (mut from, mut seen) = (0, 0);
    loop {
        let body = account.request("getOrders", &json!({"id_from": from})).send().await.unwrap().text().await.unwrap();
        let ids: Vec<i64> = ids_in(&body);
        seen += ids.len();
        match ids.last() {
            Some(last) => from = last + 1,
            None => break,
        }
    }
    assert_eq!(seen, 100_000);
}

#[derive(serde::Deserialize)]
struct Page {
    orders: Vec<OrderId>,
}

#[derive(serde::Deserialize)]
struct OrderId {
    order_id: i64,
}

fn ids_in(body: &str) -> Vec<i64> {
    serde_json::from_str::<Page>(body).unwrap().orders.iter().map(|order| order.order_id).collect()
}
