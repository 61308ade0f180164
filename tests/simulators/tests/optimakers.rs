//! Optimakers as a client and a receiver of webhooks see it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use http::StatusCode;
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::fault::Kind;
use wharf_simulators::optimakers::{Casing, ListShape, Options, Paging, Paths, Simulator, Table, Webhook, lists};
use wharf_simulators::server::{Running, serve};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn ids(&self) -> Vec<i64> {
        let rows = self.body["items"].as_array().or(self.body.as_array()).expect("a list");
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    fn fields(&self) -> Vec<&str> {
        self.body["errors"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    fn id(&self) -> i64 {
        self.body["id"].as_i64().expect("an id")
    }
}

struct Caller {
    http: Client,
    url: String,
}

impl Caller {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/{path}", self.url)).header("X-Api-Key", "optimes-key")
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("a whole body");
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    async fn write(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header("Content-Type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.write(Method::POST, path, body).await
    }
}

async fn start(change: impl FnOnce(&mut Options)) -> (Simulator, Caller) {
    let authority = Authority::new().unwrap();
    let simulator = Simulator::builder().options(change).start(Some(&authority)).await.unwrap();
    let root = Certificate::from_pem(authority.root_pem().as_bytes()).unwrap();
    let http = Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let caller = Caller { http, url: simulator.url() };
    (simulator, caller)
}

fn order(number: &str, customer: i64) -> Value {
    json!({ "externalNumber": number, "statusId": lists::STATUS_NEW, "customerId": customer, "currencyId": lists::PLN,
        "orderDate": "2026-02-01T09:00:00", "note": "x",
        "items": [{ "name": "Kubek", "quantity": 2.0, "netPrice": 43.70, "vatRateId": lists::VAT_23 }],
        "attributes": [{ "attributeId": lists::ORDER_DELIVERY_METHOD, "value": "Kurier" }] })
}

fn with(mut record: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    record.pointer_mut(parent).expect("the parent is there")[name] = value;
    record
}

#[tokio::test]
async fn the_key_is_in_a_header_whose_name_is_a_switch() {
    let (simulator, caller) = start(|_| {}).await;
    for request in [
        caller.http.get(format!("{}/api/orders", caller.url)),
        caller.http.get(format!("{}/api/orders", caller.url)).header("X-Api-Key", "wrong"),
        caller.http.get(format!("{}/api/orders", caller.url)).bearer_auth("optimes-key"),
    ] {
        let answer = caller.send(request).await;
        assert_eq!((answer.status, &answer.body["title"]), (401, &json!("Unauthorized")));
    }
    assert_eq!(caller.get("orders").await.status, 200);
    simulator.change(|options| options.api_key_header = "Authorization-Key".to_owned());
    assert_eq!(caller.get("orders").await.status, 401);
    let request = caller.http.get(format!("{}/api/orders", caller.url)).header("Authorization-Key", "optimes-key");
    assert_eq!(caller.send(request).await.status, 200);
    simulator.change(|options| options.api_key_header = "X-Api-Key".to_owned());
    simulator.set_api_key("other");
    assert_eq!(caller.get("orders").await.status, 401);
}

#[tokio::test]
async fn paths_and_rights_are_switches() {
    let (simulator, caller) = start(|options| options.paths = Paths::below("/rest/v2")).await;
    assert_eq!(caller.get("orders").await.status, 404);
    let request = caller.http.get(format!("{}/rest/v2/orders", caller.url)).header("X-Api-Key", "optimes-key");
    assert_eq!(caller.send(request).await.status, 200);
    simulator.change(|options| {
        options.paths = Paths::below("/api");
        options.forbidden = BTreeSet::from(["POST /orders".to_owned()]);
    });
    assert_eq!(caller.get("orders").await.status, 200);
    assert_eq!(caller.post("orders", &json!({})).await.status, 403);
    assert_eq!(caller.write(Method::PATCH, "orders/1", &json!({})).await.status, 405);
    assert_eq!(caller.get("nothing").await.status, 404);
    assert_eq!(caller.get("orders/7").await.status, 404);
}

#[tokio::test]
async fn reference_lists_are_asked_for_by_entity() {
    let (_simulator, caller) = start(|_| {}).await;
    assert_eq!(caller.get("entity-statuses?entity=Order").await.ids(), [7, 8, 9]);
    assert_eq!(caller.get("entity-statuses").await.ids(), [7, 8, 9, 30]);
    assert_eq!(caller.get("attributes?Entity=order").await.ids(), [11, 12, 13, 14, 15, 16]);
    assert_eq!(caller.get("attributes?entity=Customer").await.ids(), [21]);
    let rates = caller.get("vat-rates").await;
    assert_eq!(rates.body["items"][0], json!({"id": 3, "name": "23%", "value": 23}));
    assert_eq!(rates.body["items"][4], json!({"id": 12, "name": "zw", "value": null}));
    assert_eq!(caller.get("currencies").await.body["items"][0]["code"], "PLN");
}

#[tokio::test]
async fn pages_count_from_one_and_lists_come_in_their_shapes() {
    let (simulator, caller) = start(|_| {}).await;
    for index in 1..=5 {
        simulator.seed_product(&format!("P{index}"), &format!("K{index}"), 10.0);
    }
    let first = 3_000_000_001;
    let page = caller.get("products?page=2&pageSize=2").await;
    assert_eq!(page.ids(), [first + 2, first + 3]);
    assert_eq!(
        (&page.body["page"], &page.body["pageSize"], &page.body["totalCount"]),
        (&json!(2), &json!(2), &json!(5))
    );
    assert_eq!(caller.get("products?page=4&pageSize=2").await.ids(), [] as [i64; 0]);
    assert_eq!(caller.get("products?page=0").await.fields(), ["page"]);
    assert_eq!(caller.get("products?pageSize=x").await.fields(), ["pageSize"]);
    simulator.change(|options| options.paging = Paging::Ignored);
    assert_eq!(caller.get("products?page=2&pageSize=2").await.ids().len(), 5);
    simulator.change(|options| options.list_shape = ListShape::Uncounted);
    assert_eq!(caller.get("products").await.body["totalCount"], Value::Null);
    simulator.change(|options| options.list_shape = ListShape::Bare);
    assert_eq!(caller.get("products?page=2&pageSize=2").await.body.as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn lists_are_filtered_by_what_is_documented_and_by_nothing_else() {
    let (simulator, caller) = start(|_| {}).await;
    let (jan, eva) = (simulator.seed_customer("Jan", "jan", "j@x.pl"), simulator.seed_customer("Eva", "eva", "e@x.pl"));
    assert_eq!(caller.get("customers?login=eva").await.ids(), [eva]);
    assert_eq!(caller.get("customers?login=ev").await.ids(), [] as [i64; 0]);
    assert_eq!(caller.get("customers?email=e%40x.pl").await.ids(), [jan, eva], "the parameter is not documented");
    let one = caller.post("orders", &order("BL-1", jan)).await.id();
    let two = caller.post("orders", &order("BL-2", jan)).await.id();
    assert_eq!(caller.get("orders?externalNumber=BL-2").await.ids(), [two]);
    caller.post(&format!("orders/{one}/status"), &json!({"statusId": 9})).await;
    assert_eq!(caller.get("orders?statusId=9").await.ids(), [one]);
    simulator.change(|options| options.ignored_filters = BTreeSet::from(["statusId".to_owned(), "login".to_owned()]));
    assert_eq!(caller.get("orders?statusId=9").await.ids(), [one, two]);
    assert_eq!(caller.get("customers?login=eva").await.ids(), [jan, eva]);
}

#[tokio::test]
async fn what_changed_since_a_local_time_is_found() {
    let (simulator, caller) = start(|options| options.modification_shown = true).await;
    let customer = simulator.seed_customer("Jan", "jan", "j@x.pl");
    let one = caller.post("orders", &order("BL-1", customer)).await;
    simulator.advance(Duration::from_secs(3600));
    let two = caller.post("orders", &order("BL-2", customer)).await;
    let since = two.body["modifiedAt"].as_str().unwrap().to_owned();
    assert_ne!(one.body["modifiedAt"], two.body["modifiedAt"]);
    assert_eq!(caller.get(&format!("orders?modifiedFrom={since}")).await.ids(), [two.id()]);
    simulator.advance(Duration::from_secs(3600));
    assert!(simulator.complete_order(one.id()));
    assert_eq!(caller.get(&format!("orders?modifiedFrom={since}")).await.ids(), [one.id(), two.id()]);
    assert_eq!(caller.get("orders?modifiedFrom=2026-02-01T09:00:00Z").await.fields(), ["modifiedFrom"]);
    assert!(two.headers["date"] != caller.get("orders").await.headers["date"], "the answers' date goes forward too");
}

#[tokio::test]
async fn an_order_gets_a_number_a_status_and_an_id_beyond_32_bits() {
    let (simulator, caller) = start(|_| {}).await;
    let customer = simulator.seed_customer("Jan", "jan", "j@x.pl");
    let mut body = order("BL-5001", customer);
    body.as_object_mut().unwrap().remove("statusId");
    let made = caller.post("orders", &body).await;
    assert_eq!(made.status, 201);
    assert!(made.id() > i64::from(u32::MAX >> 1));
    assert!(made.headers["location"].to_str().unwrap().ends_with(&format!("/api/orders/{}", made.id())));
    assert!(made.body["number"].as_str().unwrap().starts_with("ZAM/1/"), "{}", made.body["number"]);
    assert_eq!((&made.body["statusId"], &made.body["isCompleted"]), (&json!(7), &json!(false)));
    assert_eq!(made.body["items"][0]["id"], 1);
    assert_eq!(caller.get(&format!("orders/{}", made.id())).await.body, made.body);
    let again = caller.post("orders", &order("BL-5001", customer)).await;
    assert_eq!((again.status, &again.body["status"]), (409, &json!(409)));
    simulator.change(|options| options.duplicates_refused = false);
    assert_eq!(caller.post("orders", &order("BL-5001", customer)).await.status, 201);
    assert_eq!(simulator.duplicates()["BL-5001"], 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_told_by_field() {
    let (simulator, caller) = start(|_| {}).await;
    let customer = simulator.seed_customer("Jan", "jan", "j@x.pl");
    let good = order("BL-1", customer);
    for (pointer, value, field) in [
        ("/customerId", json!(5), "customerId"),
        ("/customerId", Value::Null, "customerId"),
        ("/currencyId", json!("1"), "currencyId"),
        ("/statusId", json!(30), "statusId"),
        ("/orderDate", json!("2026-02-01T09:00:00Z"), "orderDate"),
        ("/deadline", json!("tomorrow"), "deadline"),
        ("/items", json!([]), "items"),
        ("/items/0/vatRateId", json!(99), "items[0].vatRateId"),
        ("/items/0/quantity", json!(0), "items[0].quantity"),
        ("/items/0/quantity", json!("2"), "items[0].quantity"),
        ("/items/0/netPrice", json!(-1), "items[0].netPrice"),
        ("/items/0/name", json!(" "), "items[0].name"),
        ("/items/0/productId", json!(1), "items[0].productId"),
        ("/attributes/0/attributeId", json!(21), "attributes[0].attributeId"),
        ("/attributes/0/value", json!(5), "attributes[0].value"),
    ] {
        let answer = caller.post("orders", &with(good.clone(), pointer, value)).await;
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{pointer}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json; charset=utf-8");
    }
    assert!(simulator.records(Table::Orders).is_empty());
    for (path, body, field) in [
        ("customers", json!({"name": ""}), "name"),
        ("customers", json!({"name": "A", "email": "x"}), "email"),
        (
            "customers",
            json!({"name": "A", "attributes": [{"attributeId": 11, "value": "x"}]}),
            "attributes[0].attributeId",
        ),
        ("products", json!({"name": "A", "vatRateId": 99}), "vatRateId"),
        ("products", json!([]), "$"),
    ] {
        assert_eq!(caller.post(path, &body).await.fields(), [field], "{path} {body}");
    }
}

#[tokio::test]
async fn names_in_bodies_count_in_any_casing() {
    let (simulator, caller) = start(|_| {}).await;
    let made = caller.post("products", &json!({"NAME": "Kubek", "NetPrice": 1.5, "Nothing": 1})).await;
    assert_eq!(made.status, 201);
    let stored = simulator.record(Table::Products, made.id()).unwrap();
    assert_eq!(
        (&stored["name"], &stored["netPrice"], &stored["Nothing"]),
        (&json!("Kubek"), &json!(1.5), &Value::Null)
    );
}

#[tokio::test]
async fn a_put_replaces_or_changes_as_the_switch_says() {
    let (simulator, caller) = start(|_| {}).await;
    let id = simulator.seed_product("Kubek", "K1", 10.0);
    let path = format!("products/{id}");
    let answer = caller.write(Method::PUT, &path, &json!({"name": "Talerz"})).await;
    assert_eq!((&answer.body["name"], &answer.body["code"], answer.id()), (&json!("Talerz"), &Value::Null, id));
    simulator.change(|options| options.put_replaces = false);
    caller.write(Method::PUT, &path, &json!({"code": "K2"})).await;
    let answer = caller.get(&path).await;
    assert_eq!((&answer.body["name"], &answer.body["code"]), (&json!("Talerz"), &json!("K2")));
    assert_eq!(caller.write(Method::DELETE, &path, &json!({})).await.status, 204);
    assert_eq!(caller.get(&path).await.status, 404);
    let customer = simulator.seed_customer("Jan", "jan", "j@x.pl");
    let made = caller.post("orders", &order("BL-1", customer)).await;
    assert_eq!(
        caller.post(&format!("orders/{}/status", made.id()), &json!({"statusId": 99})).await.fields(),
        ["statusId"]
    );
    assert_eq!(caller.post("orders/5/status", &json!({"statusId": 9})).await.status, 404);
    let put = caller
        .write(Method::PUT, &format!("orders/{}", made.id()), &with(order("BL-1", customer), "/note", json!("new")))
        .await;
    assert_eq!((put.status, &put.body["note"], &put.body["number"]), (200, &json!("new"), &made.body["number"]));
}

#[tokio::test]
async fn faults_speak_the_systems_language() {
    let (simulator, caller) = start(|options| options.retry_after_seconds = Some(7)).await;
    simulator
        .faults()
        .nth("GET /orders", 1, Kind::RateLimit)
        .nth("GET /orders", 2, Kind::Vendor("maintenance".to_owned()))
        .nth("GET /orders", 3, Kind::Unauthorized)
        .nth("GET /orders", 4, Kind::Vendor("login_page".to_owned()))
        .drop_response_of("POST /customers", 1);
    for status in [429, 503] {
        let answer = caller.get("orders").await;
        assert_eq!((answer.status, &answer.headers["retry-after"]), (status, &"7".parse().unwrap()));
    }
    assert_eq!(caller.get("orders").await.status, 401);
    let page = caller.get("orders").await;
    assert_eq!((page.status, page.body), (200, Value::Null));
    let lost = caller.request(Method::POST, "customers").body(r#"{"name": "Jan"}"#).send().await;
    assert!(lost.is_err());
    assert_eq!(simulator.records(Table::Customers).len(), 1, "the work was done");
}

/// Receives webhooks and answers with the statuses given, the last one for ever.
struct Receiver {
    running: Running,
    seen: Arc<Mutex<Vec<Value>>>,
}

#[derive(Clone)]
struct Desk {
    seen: Arc<Mutex<Vec<Value>>>,
    statuses: Arc<Vec<u16>>,
}

async fn receive(State(desk): State<Desk>, body: String) -> StatusCode {
    let mut seen = desk.seen.lock().unwrap();
    let status = desk.statuses.get(seen.len()).or(desk.statuses.last()).copied().unwrap();
    seen.push(serde_json::from_str(&body).unwrap());
    StatusCode::from_u16(status).unwrap()
}

impl Receiver {
    async fn start(statuses: &[u16]) -> Self {
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let desk = Desk { seen: Arc::clone(&seen), statuses: Arc::new(statuses.to_vec()) };
        let running = serve(Router::new().fallback(receive).with_state(desk), None).await.unwrap();
        Self { running, seen }
    }

    fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }

    fn url(&self) -> String {
        format!("{}/hooks/optimakers", self.running.url())
    }
}

/// Waits for tries to deliver, and fails rather than wait for ever.
async fn tries(simulator: &Simulator, count: usize) {
    let waited = tokio::time::timeout(Duration::from_secs(20), simulator.wait_for_attempts(count)).await;
    assert!(waited.is_ok(), "{count} tries were expected: {:?}", simulator.attempts());
}

#[tokio::test]
async fn changes_are_told_to_those_who_want_them() {
    let (simulator, caller) = start(|_| {}).await;
    let receiver = Receiver::start(&[200]).await;
    simulator.register(Webhook::new(&receiver.url(), "my-secret").source("order.updated").source("product.deleted"));
    let customer = simulator.seed_customer("Jan", "jan", "j@x.pl");
    let made = caller.post("orders", &order("BL-1", customer)).await.id();
    simulator.complete_order(made);
    caller.post(&format!("orders/{made}/status"), &json!({"statusId": 9})).await;
    let product = simulator.seed_product("Kubek", "K1", 10.0);
    assert!(simulator.remove(Table::Products, product));
    tries(&simulator, 3).await;
    let seen = receiver.seen();
    let told: Vec<_> = seen.iter().map(|message| (message["EventSource"].as_str().unwrap(), &message["Ids"])).collect();
    assert_eq!(
        told,
        [("order.updated", &json!([made])), ("order.updated", &json!([made])), ("product.deleted", &json!([product]))]
    );
    assert_eq!((&seen[0]["Token"], &seen[0]["WebhookRegistrationId"]), (&json!("my-secret"), &json!(1)));
    assert_ne!(seen[0]["Id"], seen[1]["Id"]);
    assert_eq!(seen[0]["CreatedAt"].as_str().unwrap().len(), "2026-02-01T10:15:00".len());
}

#[tokio::test]
async fn messages_are_spelled_doubled_forged_and_lost_as_the_switches_say() {
    let (simulator, _caller) = start(|_| {}).await;
    let receiver = Receiver::start(&[200]).await;
    simulator.register(Webhook::new(&receiver.url(), "my-secret"));
    simulator.change(|options| options.webhooks.casing = Casing::Camel);
    simulator.emit("order.updated", &[3_000_000_001, 3_000_000_002]);
    tries(&simulator, 1).await;
    assert_eq!(receiver.seen()[0]["ids"], json!([3_000_000_001_i64, 3_000_000_002_i64]));
    simulator.change(|options| options.webhooks.copies = 2);
    simulator.emit("product.created", &[1]);
    tries(&simulator, 3).await;
    let seen = receiver.seen();
    assert_eq!(seen[1], seen[2], "a duplicate is the same message");
    simulator.change(|options| (options.webhooks.copies, options.webhooks.token_wrong) = (1, true));
    simulator.emit("product.created", &[1]);
    tries(&simulator, 4).await;
    assert_ne!(receiver.seen()[3]["token"], "my-secret");
    simulator.change(|options| options.webhooks.is_lost = true);
    simulator.emit("product.created", &[1]);
    assert_eq!(simulator.waiting_messages(), 0);
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_sent_again_after_10_seconds_a_minute_and_5_minutes() {
    let (simulator, _caller) = start(|_| {}).await;
    let receiver = Receiver::start(&[503, 500, 404, 200]).await;
    simulator.register(Webhook::new(&receiver.url(), "my-secret"));
    simulator.emit("order.updated", &[1]);
    tries(&simulator, 1).await;
    for (count, pause) in [(2, 10), (3, 60), (4, 300)] {
        // Real seconds pass, too, but no five of them.
        let left = simulator.next_try_in().expect("a message waits");
        let pause = Duration::from_secs(pause);
        assert!(left <= pause && left + Duration::from_secs(5) > pause, "{left:?} of {pause:?}");
        simulator.advance(pause);
        tries(&simulator, count).await;
    }
    let attempts = simulator.attempts();
    let found: Vec<_> = attempts.iter().map(|one| (one.number, one.status, one.is_repeated)).collect();
    assert_eq!(found, [(1, Some(503), true), (2, Some(500), true), (3, Some(404), true), (4, Some(200), false)]);
    assert_eq!(simulator.waiting_messages(), 0);
    assert!(attempts.iter().all(|one| one.message == attempts[0].message));
}

#[tokio::test]
async fn after_the_third_retry_a_message_is_given_up() {
    let (simulator, _caller) = start(|options| options.webhooks.retries = vec![Duration::ZERO; 3]).await;
    let receiver = Receiver::start(&[500]).await;
    let url = receiver.url();
    drop(receiver);
    simulator.register(Webhook::new(&url, "my-secret"));
    simulator.emit("order.updated", &[1]);
    tries(&simulator, 4).await;
    assert_eq!(simulator.waiting_messages(), 0);
    assert!(simulator.attempts().iter().all(|one| one.status.is_none()));
}

#[tokio::test]
async fn the_admin_does_what_a_person_does() {
    let (simulator, caller) = start(|_| {}).await;
    let receiver = Receiver::start(&[200]).await;
    let admin = serve(wharf_simulators::admin::router([simulator.system()]), None).await.unwrap();
    let customer = simulator.seed_customer("Jan", "jan", "j@x.pl");
    let made = caller.post("orders", &order("BL-1", customer)).await.id();
    let address = format!("{}/_sim/optimakers", admin.url());
    let command = |body: Value| {
        caller.send(
            caller
                .http
                .post(format!("{address}/command"))
                .header("Content-Type", "application/json")
                .body(body.to_string()),
        )
    };
    assert_eq!(command(json!({"register": {"url": receiver.url(), "token": "t"}})).await.status, 200);
    assert_eq!(
        command(json!({"edit": {"table": "orders", "id": made, "fields": {"isCompleted": true}}})).await.status,
        200
    );
    tries(&simulator, 1).await;
    assert_eq!(simulator.record(Table::Orders, made).unwrap()["isCompleted"], true);
    assert_eq!(command(json!({"attempts": null})).await.body[0]["status"], 200);
    for wrong in [
        json!({"edit": {"table": "orders", "id": 5, "fields": {}}}),
        json!({"remove": {"table": "nothing", "id": 5}}),
        json!({"dance": {}}),
    ] {
        let answer = command(wrong).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body["error"].is_string(), "{}", answer.body);
    }
    let counts = caller.send(caller.http.get(format!("{address}/counts"))).await.body;
    assert_eq!(counts["state"]["records"]["orders"], json!({"all": 1, "created": 1}));
    assert_eq!(counts["state"]["webhooks"]["delivered"], 1);
    let documents = caller.send(caller.http.get(format!("{address}/documents"))).await.body;
    assert_eq!((&documents[0]["entity"], &documents[0]["id"]), (&json!("orders"), &json!(made)));
}
