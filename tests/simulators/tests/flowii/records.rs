//! Records: making, changing and reading them.

use crate::support::{full_partner, order, partner, start, with};
use reqwest::Method;
use serde_json::{Value, json};
use wharf_simulators::flowii::{COMPANY, OTHER_COMPANY, Options, Seed, ZoneSuffix};

#[tokio::test]
async fn children_inside_relationships_get_their_own_ids() {
    let (simulator, caller) = start(|_| {}).await;
    let created = caller.post("/partners", full_partner()).await;
    assert_eq!(created.status, 201);
    let read = caller.get(&format!("/partners/{}", created.id())).await;
    let contact = read.body.pointer("/data/relationships/key-contact/data/id").expect("an id was given").clone();
    let included = read.body["included"].as_array().unwrap();
    let found = included.iter().find(|one| one["type"] == "contact").unwrap();
    assert_eq!((&found["id"], &found["attributes"]["email"]), (&contact, &json!("e@x.sk")));
    let contacts = caller.get(&format!("/partners/{}/contacts", created.id())).await;
    assert_eq!(contacts.ids(), [contact.as_str().unwrap()]);
    let stored = simulator.partners();
    assert_eq!((stored[0].name.as_str(), stored[0].ico.as_str()), ("ACME s.r.o.", "12345678"));
    assert_eq!(stored[0].emails, ["e@x.sk"]);
}

#[tokio::test]
async fn partners_are_found_by_words_of_name_number_and_contact() {
    let (simulator, caller) = start(|_| {}).await;
    let acme = simulator.seed_partner("ACME s.r.o.", "12345678", "eva@acme.sk").unwrap();
    let trade = simulator.seed_partner("Acme Trade a.s.", "12345999", "info@trade.sk").unwrap();
    let other = simulator.seed_partner("Čučoriedka", "87654321", "eva@iny.sk").unwrap();
    let cases: [(&str, Vec<&str>); 9] = [
        ("acme", vec![&acme, &trade]),
        ("acme%20eva", vec![&acme]),
        ("ACME%20s.r.o.", vec![&acme]),
        ("12345", vec![&acme, &trade]),
        ("12345678", vec![&acme]),
        ("eva@acme.sk", vec![&acme]),
        ("eva", vec![&acme, &other]),
        ("%C4%8Du%C4%8Doriedka", vec![&other]),
        ("nobody", vec![]),
    ];
    for (text, ids) in cases {
        for name in ["filter[search-text]", "filter%5Bsearch-text%5D"] {
            assert_eq!(caller.get(&format!("/partners?{name}={text}")).await.ids(), ids, "{name}={text}");
        }
    }
    caller.patch(&format!("/partners/{other}"), json!({ "type": "partner", "attributes": { "name": "Malina" } })).await;
    assert_eq!(caller.get("/partners?filter[search-text]=malina").await.ids(), [other.as_str()]);
    assert!(caller.get("/partners?filter[search-text]=%C4%8Du%C4%8Do").await.ids().is_empty());
}

#[tokio::test]
async fn order_has_a_number_at_once_and_its_parts_are_reported() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let sent = with(
        order(&partner),
        "/relationships/custom-field-string-values",
        json!({ "data": [{
        "type": "custom-field-string-value", "attributes": { "value": "BL-1001" },
        "relationships": { "custom-field": { "data": { "type": "custom-field", "id": "61" } } } }] }),
    );
    let sent = with(sent, "/relationships/company-data", json!({ "data": { "type": "company-data", "id": "31" } }));
    let sent = with(sent, "/relationships/responsible-users", json!({ "data": [{ "type": "user", "id": "13" }] }));
    let sent = with(
        sent,
        "/relationships/items",
        json!({ "data": [
        { "type": "order-item", "attributes": { "name": "Tričko", "quantity": 2, "unit-price": 9.9, "vat-rate": 23 } }] }),
    );
    let created = caller.post("/orders", sent).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let read = caller.get(&format!("/orders/{}", created.id())).await;
    assert!(read.body["data"]["attributes"]["serial-nr"].as_str().unwrap().starts_with("ZAK"));
    assert_eq!(read.body["data"]["relationships"]["state"]["data"]["id"], "11");

    let item = json!({ "type": "order-item", "attributes": { "name": "Doprava", "quantity": 1, "unit-price": 3.5 } });
    let item = caller.post(&format!("/orders/{}/items", created.id()), item).await;
    assert_eq!((item.status, &item.body["data"]["type"]), (201, &json!("order-item")));
    let items = caller.get(&format!("/orders/{}/items", created.id())).await;
    assert_eq!(items.ids().len(), 2);
    assert_eq!(items.ids()[1], item.id());

    let stored = simulator.orders().remove(0);
    assert_eq!((stored.name.as_str(), stored.description.as_str()), ("Objednávka 1001", "wharf:abc"));
    assert_eq!(stored.partner, partner);
    assert_eq!(stored.custom_fields["61"], "BL-1001");
    assert_eq!(
        stored.items.iter().map(|item| item["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Tričko", "Doprava"]
    );
    assert_eq!(stored.serial_nr, read.body["data"]["attributes"]["serial-nr"]);
}

#[tokio::test]
async fn wrong_orders_are_refused_with_a_pointer_and_not_stored() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let foreign = Seed { company: OTHER_COMPANY, table: "partners", resource: self::partner("Iný") };
    let foreign = simulator.seed(&foreign).unwrap();
    let good = order(&partner);
    let link = |kind: &str, id: &str| json!({ "data": { "type": kind, "id": id } });
    let cases = [
        ("/type", json!("orders"), "/data/type"),
        ("/attributes/name", Value::Null, "/data/attributes/name"),
        ("/attributes/name", json!("  "), "/data/attributes/name"),
        ("/attributes/name", json!(7), "/data/attributes/name"),
        ("/attributes/serial_nr", json!("x"), "/data/attributes/serial_nr"),
        ("/attributes/created", json!("2026-02-01T08:00:00Z"), "/data/attributes/created"),
        ("/attributes/created", json!("2026-02-01T08:00:00+01:00"), "/data/attributes/created"),
        ("/attributes/deadline", json!("2026-02-30T08:00:00"), "/data/attributes/deadline"),
        ("/attributes/deadline", json!("1.2.2026"), "/data/attributes/deadline"),
        ("/relationships/partner", link("partner", &foreign), "/data/relationships/partner"),
        ("/relationships/partner", link("contact", &partner), "/data/relationships/partner"),
        ("/relationships/partner", json!({ "data": null }), "/data/relationships/partner"),
        ("/relationships/partner", json!({ "data": { "type": "partner", "id": 7 } }), "/data/relationships/partner"),
        ("/relationships/type", link("order-type", "9"), "/data/relationships/type"),
        ("/relationships/type", link("order-type", "101"), "/data/relationships/type"),
        ("/relationships/customer", link("partner", &partner), "/data/relationships/customer"),
        (
            "/relationships/items",
            json!({ "data": [{ "type": "order-item", "attributes": { "name": "A", "quantity": "2", "unit-price": 1 } }] }),
            "/data/relationships/items/data/0/attributes/quantity",
        ),
    ];
    for (place, value, pointer) in cases {
        let answer = caller.post("/orders", with(good.clone(), place, value.clone())).await;
        assert_eq!(answer.status, 422, "{place} {value}");
        assert_eq!(answer.pointers(), [pointer], "{place} {value}");
    }
    let empty = caller.post("/orders", json!({ "type": "order" })).await;
    assert_eq!(
        empty.pointers(),
        ["/data/attributes/name", "/data/relationships/type", "/data/relationships/partner"],
        "all problems at once"
    );
    for body in ["{", "[]", "{\"data\":[]}", ""] {
        let request = caller.request(Method::POST, &format!("/orders?companyId={COMPANY}")).body(body);
        assert_eq!(caller.send(request).await.status, 400, "{body}");
    }
    assert!(simulator.orders().is_empty());
}

#[tokio::test]
async fn switches_refuse_parts_that_working_clients_leave_out_then() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let company_data = json!({ "data": { "type": "company-data", "id": "31" } });
    let custom = json!({ "data": [{ "type": "custom-field-string-value", "attributes": { "value": "x" },
        "relationships": { "custom-field": { "data": { "type": "custom-field", "id": "61" } } } }] });
    let items =
        json!({ "data": [{ "type": "order-item", "attributes": { "name": "A", "quantity": 1, "unit-price": 1 } }] });
    type Change = fn(&mut Options);
    let cases: [(Change, &str, Value); 4] = [
        (|options| options.company_data_refused = true, "company-data", company_data),
        (|options| options.custom_fields_refused = true, "custom-field-string-values", custom.clone()),
        (|options| options.custom_fields_unknown = true, "custom-field-string-values", custom),
        (|options| options.inline_items = false, "items", items),
    ];
    for (change, name, value) in cases {
        let sent = with(order(&partner), &format!("/relationships/{name}"), value);
        assert_eq!(caller.post("/orders", sent.clone()).await.status, 201, "{name}");
        simulator.change(change);
        let refused = caller.post("/orders", sent).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.pointers()[0].starts_with(&format!("/data/relationships/{name}")), "{name}");
        assert_eq!(caller.post("/orders", order(&partner)).await.status, 201, "{name} left out");
        simulator.change(|options| *options = Options::default());
    }
    simulator.change(|options| options.custom_fields_unknown = true);
    assert!(caller.get("/orders/customfields").await.ids().is_empty());
    simulator.change(|options| options.items_path = false);
    let order = simulator.orders()[0].document.id.clone();
    assert_eq!(caller.get(&format!("/orders/{order}/items")).await.status, 404);
    simulator.change(|options| options.unknown_members_ignored = true);
    let odd = with(self::partner("X"), "/attributes/colour", json!("red"));
    assert_eq!(caller.post("/partners", odd).await.status, 201);
    simulator.change(|options| options.content_type_required = true);
    let plain = caller.request(Method::POST, &format!("/partners?companyId={COMPANY}")).body("{}");
    assert_eq!(caller.send(plain.header("Content-Type", "application/json")).await.status, 415);
}

#[tokio::test]
async fn zone_can_be_ignored_instead_of_refused() {
    let (simulator, caller) = start(|options| options.zone_suffix = ZoneSuffix::Ignore).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let sent = with(order(&partner), "/attributes/created", json!("2026-02-01T08:00:00Z"));
    assert_eq!(caller.post("/orders", sent).await.status, 201);
    assert_eq!(simulator.orders()[0].document.text("created"), "2026-02-01T08:00:00");
}

#[tokio::test]
async fn patch_changes_what_it_names_and_keeps_the_rest() {
    let (simulator, caller) = start(|_| {}).await;
    let id = caller.post("/partners", full_partner()).await.id();
    let path = format!("/partners/{id}");
    let contact = json!({ "data": { "type": "contact", "attributes": { "email": "nova@x.sk" } } });
    let change = json!({ "type": "partner", "id": id, "attributes": { "comment": "VIP", "dic": null },
        "relationships": { "key-contact": contact } });
    let changed = caller.patch(&path, change).await;
    assert_eq!((changed.status, &changed.body["data"]["attributes"]["name"]), (200, &json!("ACME s.r.o.")));
    assert_eq!(changed.body["data"]["attributes"]["dic"], Value::Null);
    let stored = simulator.partners().remove(0);
    assert_eq!((stored.document.text("comment"), stored.emails), ("VIP", vec!["nova@x.sk".to_owned()]));
    assert_eq!(stored.document.children_of("address").count(), 1);
    assert_eq!(caller.get("/partners?filter[search-text]=nova@x.sk").await.ids(), [id.as_str()]);

    let cases = [
        (path.clone(), json!({ "type": "partner", "attributes": { "name": null } }), 422),
        (path.clone(), json!({ "type": "partner", "id": "1" }), 422),
        (path.clone(), json!({ "type": "order" }), 422),
        ("/partners/999999".to_owned(), json!({ "type": "partner" }), 404),
        ("/partners".to_owned(), json!({ "type": "partner" }), 405),
    ];
    for (path, change, status) in cases {
        assert_eq!(caller.patch(&path, change.clone()).await.status, status, "{path} {change}");
    }
    assert_eq!(caller.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(caller.get(&path).await.status, 404);
}

#[tokio::test]
async fn invoices_of_an_order_add_up_and_close_with_their_payment() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let order = caller.post("/orders", order(&partner)).await.id();
    let invoice = json!({ "type": "document", "attributes": { "variable-symbol": "2026", "currency": "EUR" },
        "relationships": { "partner": { "data": { "type": "partner", "id": partner } },
            "order": { "data": { "type": "order", "id": order } },
            "items": { "data": [{ "type": "document-item",
                "attributes": { "name": "A", "quantity": 2, "unit-price": 50, "vat-rate": 23 } }] } } });
    let invoice = caller.post("/invoices", invoice).await;
    assert_eq!(invoice.status, 201, "{}", invoice.body);
    let documents = caller.get(&format!("/orders/{order}/documents?page[size]=100")).await;
    assert_eq!(documents.ids(), [invoice.id().as_str()]);
    let attributes = &documents.body["data"][0]["attributes"];
    assert_eq!((&attributes["type"], &attributes["invoice-state"]), (&json!(4), &json!(2)));
    assert_eq!(attributes["gross-amount"], 100.0, "without VAT, whatever the name says");
    assert_eq!((&attributes["taxed-gross-amount"], &attributes["unpaid"]), (&json!(123.0), &json!(123.0)));
    assert_eq!(caller.get("/documents?filter[type]=4").await.ids().len(), 1);
    assert!(caller.get("/documents?filter[type]=1").await.ids().is_empty());

    let payment = json!({ "type": "payment", "attributes": { "date": "2026-02-10T00:00:00", "amount": 123, "direction": 1 },
        "relationships": { "document": { "data": { "type": "document", "id": invoice.id() } } } });
    assert_eq!(caller.post("/payments", payment).await.status, 201);
    let paid = caller.get(&format!("/invoices/{}", invoice.id())).await.body["data"]["attributes"].clone();
    assert_eq!((&paid["invoice-state"], &paid["unpaid"]), (&json!(6), &json!(0.0)));
    assert_eq!(paid["paid-date"], "2026-02-10T00:00:00");
    assert_eq!(caller.get("/payments").await.ids().len(), 1);
}

#[tokio::test]
async fn tasks_events_cases_products_and_attendances_are_kept() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let link = |kind: &str, id: &str| json!({ "data": { "type": kind, "id": id } });
    let activity = json!({ "type": "activity", "attributes": { "state": 4, "deadline": "2026-02-01T08:00:00" },
        "relationships": { "activity-type": link("activity-type", "21"), "user": link("user", "13") } });
    let task = json!({ "type": "task", "attributes": { "caption": "Zavolať" },
        "relationships": { "activities": { "data": [activity] }, "partner": link("partner", &partner) } });
    let cases = [
        ("tasks", task.clone()),
        (
            "events",
            json!({ "type": "event", "attributes": { "caption": "Stretnutie", "start": "2026-02-01T08:00:00" } }),
        ),
        (
            "businesscases",
            json!({ "type": "business-case", "attributes": { "name": "Dopyt", "amount": 10.5 },
            "relationships": { "partner": link("partner", &partner) } }),
        ),
        ("products", json!({ "type": "product", "attributes": { "name": "Tričko", "code": "T1", "price": 9.9 } })),
        (
            "attendances",
            json!({ "type": "attendance", "attributes": { "date": "2026-02-01T00:00:00" },
            "relationships": { "user": link("user", "12") } }),
        ),
    ];
    for (table, resource) in cases {
        let created = caller.post(&format!("/{table}"), resource).await;
        assert_eq!(created.status, 201, "{table}: {}", created.body);
        assert_eq!(caller.get(&format!("/{table}/{}", created.id())).await.status, 200, "{table}");
        assert_eq!(caller.get(&format!("/{table}")).await.ids(), [created.id().as_str()], "{table}");
    }
    let without_type = with(task, "/relationships/activities/data/0/relationships", json!({}));
    assert_eq!(
        caller.post("/tasks", without_type).await.pointers(),
        ["/data/relationships/activities/data/0/relationships/activity-type"]
    );
}
