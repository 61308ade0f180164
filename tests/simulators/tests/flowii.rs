//! FLOWii as a client sees it, over TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::fault::Kind;
use wharf_simulators::flowii::{
    COMPANY, CreatedFilter, HIDDEN_COMPANY, OTHER_COMPANY, Options, Paging, RetryAfter, Seed, Simulator, ZoneSuffix,
};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn id(&self) -> String {
        self.body["data"]["id"].as_str().expect("an id as text").to_owned()
    }

    fn ids(&self) -> Vec<&str> {
        self.body["data"].as_array().expect("a list").iter().map(|row| row["id"].as_str().unwrap()).collect()
    }

    fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().expect("a list of errors");
        errors.iter().map(|error| error["source"]["pointer"].as_str().unwrap_or_default()).collect()
    }
}

struct Caller {
    http: Client,
    url: String,
    token: String,
}

impl Caller {
    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("a whole body");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Answer { status, headers, body }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.header("Api-Key", "K1").header("Accept", "application/vnd.api+json").bearer_auth(&self.token)
    }

    /// Calls in [`COMPANY`].
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut request = self.request(method, &format!("{path}{joint}companyId={COMPANY}"));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/vnd.api+json").body(body.to_string());
        }
        self.send(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, data: Value) -> Answer {
        self.call(Method::POST, path, Some(json!({ "data": data }))).await
    }

    async fn patch(&self, path: &str, data: Value) -> Answer {
        self.call(Method::PATCH, path, Some(json!({ "data": data }))).await
    }

    async fn log_in(&self, password: &str) -> Answer {
        let form = format!("grant_type=password&username=api%40demo.sk&password={password}");
        let request = self.http.post(format!("{}/token", self.url)).header("Api-Key", "K1");
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form)).await
    }
}

async fn start(change: impl FnOnce(&mut Options)) -> (Simulator, Caller) {
    let authority = Authority::new().unwrap();
    let simulator = Simulator::builder().options(change).start(Some(&authority)).await.unwrap();
    // Already installed by another test of this process is as good.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = Certificate::from_pem(authority.root_pem().as_bytes()).unwrap();
    let http = Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let mut caller = Caller { http, url: simulator.url(), token: String::new() };
    let answer = caller.log_in("heslo").await;
    caller.token = answer.body["access_token"].as_str().unwrap().to_owned();
    (simulator, caller)
}

fn partner(name: &str) -> Value {
    json!({ "type": "partner", "attributes": { "name": name, "type": 1, "ico": "12345678" } })
}

fn full_partner() -> Value {
    json!({
        "type": "partner",
        "attributes": { "name": "ACME s.r.o.", "type": 1, "ico": "12345678", "dic": "2020202020", "ic-dph": "SK2020202020" },
        "relationships": {
            "billing-address": { "data": {
                "type": "address", "attributes": { "street": "Hlavna 1", "city": "Kosice", "zip": "04001" },
                "relationships": { "country": { "data": { "type": "country", "id": "1" } } } } },
            "responsible-user": { "data": { "type": "user", "id": "12" } },
            "key-contact": { "data": {
                "type": "contact", "attributes": { "first-name": "Eva", "last-name": "Mala", "email": "e@x.sk" } } },
        },
    })
}

fn order(partner: &str) -> Value {
    json!({
        "type": "order",
        "attributes": { "name": "Objednávka 1001", "created": "2026-02-01T08:00:00", "description": "wharf:abc" },
        "relationships": {
            "type": { "data": { "type": "order-type", "id": "1" } },
            "partner": { "data": { "type": "partner", "id": partner } },
        },
    })
}

fn with(mut resource: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    resource.pointer_mut(parent).expect("the parent is there")[name] = value;
    resource
}

#[tokio::test]
async fn token_has_the_vendors_form_and_the_set_life() {
    let (simulator, caller) = start(|options| options.token_life = Duration::from_secs(60)).await;
    let answer = caller.log_in("heslo").await;
    assert_eq!((answer.status, &answer.body["token_type"]), (200, &json!("bearer")));
    assert_eq!(answer.body["expires_in"], 60);
    assert_eq!(simulator.tokens_given(), 2);

    simulator.change(|options| options.expires_in_stated = false);
    assert!(caller.log_in("heslo").await.body.get("expires_in").is_none());

    assert_eq!(caller.get("/ordertypes").await.status, 200);
    simulator.advance(Duration::from_secs(61));
    assert_eq!(caller.get("/ordertypes").await.status, 401);
}

#[tokio::test]
async fn failed_login_is_an_oauth_error() {
    let (simulator, caller) = start(|_| {}).await;
    let answer = caller.log_in("wrong").await;
    assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_grant")));
    simulator.change(|options| options.failed_login_status = 401);
    assert_eq!(caller.log_in("wrong").await.status, 401);

    let request = caller.http.post(format!("{}/token", caller.url)).header("Api-Key", "K1");
    let form = request.header("Content-Type", "application/x-www-form-urlencoded").body("grant_type=refresh_token");
    assert_eq!(caller.send(form).await.body["error"], "unsupported_grant_type");
    let without_key = caller.http.post(format!("{}/token", caller.url)).body("grant_type=password");
    assert_eq!(caller.send(without_key).await.status, 401);
}

#[tokio::test]
async fn call_without_key_token_or_company_is_refused() {
    let (_simulator, caller) = start(|_| {}).await;
    let address = |query: &str| format!("{}/partners{query}", caller.url);
    let good = format!("?companyId={COMPANY}");
    let hidden = format!("?companyId={HIDDEN_COMPANY}");
    let bearer = format!("Bearer {}", caller.token);
    let cases = [
        (Some("K1"), Some(bearer.as_str()), good.as_str(), 200),
        (None, Some(&bearer), &good, 401),
        (Some("K2"), Some(&bearer), &good, 403),
        (Some("K1"), None, &good, 401),
        (Some("K1"), Some("Bearer nonsense"), &good, 401),
        (Some("K1"), Some(&bearer), "", 400),
        (Some("K1"), Some(&bearer), "?companyid=4711", 400),
        (Some("K1"), Some(&bearer), "?companyId=x", 400),
        (Some("K1"), Some(&bearer), &hidden, 403),
        (Some("K1"), Some(&bearer), "?companyId=1", 403),
    ];
    for (key, token, query, status) in cases {
        let mut request = caller.http.get(address(query));
        request = key.into_iter().fold(request, |request, key| request.header("Api-Key", key));
        request = token.into_iter().fold(request, |request, token| request.header("Authorization", token));
        assert_eq!(caller.send(request).await.status, status, "{key:?} {token:?} {query}");
    }
}

#[tokio::test]
async fn companies_of_the_user_are_listed_without_company_id() {
    let (simulator, caller) = start(|_| {}).await;
    let answer = caller.send(caller.request(Method::GET, "/companies")).await;
    assert_eq!(answer.ids(), [COMPANY, OTHER_COMPANY]);
    assert_eq!(answer.body["data"][0]["attributes"]["name"], "Demo s.r.o.");
    assert_ne!(answer.body["data"][0]["attributes"], answer.body["data"][1]["attributes"]);

    simulator.change(|options| options.company_name_ambiguous = true);
    let answer = caller.send(caller.request(Method::GET, "/companies")).await;
    assert_eq!(answer.body["data"][0]["attributes"], answer.body["data"][1]["attributes"]);
}

#[tokio::test]
async fn code_lists_ignore_pages_and_differ_by_company() {
    let (simulator, caller) = start(|_| {}).await;
    for list in
        ["ordertypes", "orderstates", "activitytypes", "countries", "companydata", "orders/customfields", "users"]
    {
        let all = caller.get(&format!("/{list}")).await;
        assert_eq!(all.status, 200, "{list}");
        assert!(!all.ids().is_empty(), "{list}");
        let page = caller.get(&format!("/{list}?page[size]=1&page[number]=7")).await;
        assert_eq!(page.body, all.body, "{list}");
    }
    assert_eq!(caller.get("/users/self").await.id(), "12");
    let types = caller.get("/ordertypes").await;
    let parent = types.body["data"].as_array().unwrap().iter().find(|row| row["id"] == "9").unwrap();
    assert_eq!(parent["relationships"]["parent"]["data"]["id"], "2");
    assert_eq!(caller.get("/orders/customfields").await.body["data"][0]["attributes"]["value-type"], 3);
    assert_ne!(simulator.code(COMPANY, "ordertypes", "Servis"), simulator.code(OTHER_COMPANY, "ordertypes", "Servis"));
}

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

async fn walk(caller: &Caller, first: &str, most: usize) -> (Vec<String>, usize) {
    let mut address = Some(format!("{}{first}", caller.url));
    let (mut ids, mut pages) = (Vec::new(), 0);
    while let Some(next) = address.take().filter(|_| pages < most) {
        let request = caller.http.get(next).header("Api-Key", "K1").bearer_auth(&caller.token);
        let answer = caller.send(request).await;
        ids.extend(answer.ids().into_iter().map(str::to_owned));
        address = answer.body["links"]["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    (ids, pages)
}

#[tokio::test]
async fn pages_start_at_zero_and_end_without_next() {
    let (simulator, caller) = start(|_| {}).await;
    let seeded: Vec<String> =
        (0..205).map(|number| simulator.seed_partner(&format!("P{number}"), "1", "e@x.sk").unwrap()).collect();
    for brackets in ["page[size]=100&page[number]=0", "page%5Bsize%5D=100&page%5Bnumber%5D=0"] {
        let (ids, pages) = walk(&caller, &format!("/partners?companyId={COMPANY}&{brackets}"), 10).await;
        assert_eq!((ids, pages), (seeded.clone(), 3), "{brackets}");
    }
    let default = caller.get("/partners").await;
    assert_eq!((default.ids().len(), default.body["links"]["next"].is_string()), (25, true));
    assert_eq!(caller.get("/partners?page[size]=500").await.ids().len(), 100);
    let last = caller.get("/partners?page[size]=100&page[number]=2").await;
    assert_eq!(last.body["links"], json!({ "next": null }));
    assert!(caller.get("/partners?page[size]=100&page[number]=3").await.ids().is_empty());
    simulator.change(|options| options.last_page_says_null = false);
    assert_eq!(caller.get("/partners?page[size]=100&page[number]=2").await.body["links"], json!({}));
    for bad in ["page[size]=0", "page[size]=x", "page[number]=-1"] {
        assert_eq!(caller.get(&format!("/partners?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn lists_that_ignore_pages_return_the_same_rows_again() {
    let (simulator, caller) = start(|options| options.paging = Paging::Ignored).await;
    for number in 0..3 {
        simulator.seed_partner(&format!("P{number}"), "1", "e@x.sk").unwrap();
    }
    let first = caller.get("/partners?page[size]=1&page[number]=0").await;
    let second = caller.get("/partners?page[size]=1&page[number]=1").await;
    assert_eq!((first.ids().len(), &first.body), (3, &second.body));
    simulator.change(|options| options.paging = Paging::IgnoredWithNext);
    let (ids, pages) = walk(&caller, &format!("/partners?companyId={COMPANY}&page[size]=1"), 5).await;
    assert_eq!((ids.len(), pages), (15, 5), "only the caller's own bound ends this");
}

#[tokio::test]
async fn lists_are_filtered_by_unix_seconds() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let mut ids = Vec::new();
    for created in ["2026-02-01T11:00:00", "2026-07-01T12:00:00"] {
        let resource = with(order(&partner), "/attributes/created", json!(created));
        ids.push(simulator.seed(&Seed { company: COMPANY, table: "orders", resource }).unwrap());
    }
    // The two moments of the local times above, in winter and in summer.
    let cases = [(1_769_940_000, 2), (1_769_940_001, 1), (1_782_900_000, 1), (1_782_900_001, 0)];
    for (from, count) in cases {
        for name in ["filter[created-from]", "filter%5Bcreated-from%5D"] {
            assert_eq!(caller.get(&format!("/orders?{name}={from}")).await.ids().len(), count, "{name}={from}");
        }
    }
    simulator.change(|options| options.created_filter = CreatedFilter::Stored);
    assert_eq!(caller.get("/orders?filter[created-from]=1782900001").await.ids().len(), 2);
    assert_eq!(caller.get("/orders?filter[created-from]=2026-02-01").await.status, 400);

    let later = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 30;
    let path = format!("/orders?filter[updated-from]={later}");
    assert!(caller.get(&path).await.ids().is_empty());
    simulator.advance(Duration::from_secs(60));
    let change = json!({ "type": "order", "attributes": { "description": "changed" } });
    assert_eq!(caller.patch(&format!("/orders/{}", ids[1]), change).await.status, 200);
    assert_eq!(caller.get(&path).await.ids(), [ids[1].as_str()]);
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
async fn companies_do_not_see_each_others_records() {
    let (simulator, caller) = start(|_| {}).await;
    let mine = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let other = |path: &str| caller.request(Method::GET, &format!("{path}?companyId={OTHER_COMPANY}"));
    assert_eq!(caller.send(other(&format!("/partners/{mine}"))).await.status, 404);
    assert!(caller.send(other("/partners")).await.ids().is_empty());
    assert_eq!(caller.get(&format!("/partners/{mine}")).await.status, 200);
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

#[tokio::test]
async fn too_many_calls_are_refused_with_and_without_a_time() {
    let (simulator, caller) = start(|_| {}).await;
    // The next minute starts with nothing counted.
    simulator.advance(Duration::from_secs(60));
    simulator.change(|options| options.minute_limit = Some(0));
    let answer = caller.get("/partners").await;
    assert_eq!((answer.status, answer.headers.get("retry-after")), (429, None));
    simulator.change(|options| options.retry_after = RetryAfter::Seconds(3));
    assert_eq!(caller.get("/partners").await.headers["retry-after"], "3");
    simulator.change(|options| options.retry_after = RetryAfter::HttpDate(3));
    let answer = caller.get("/partners").await;
    assert!(answer.headers["retry-after"].to_str().unwrap().ends_with(" GMT"));
    simulator.change(|options| options.minute_limit = None);
    assert_eq!(caller.get("/partners").await.status, 200);

    simulator.faults().nth("GET /partners", 1, Kind::Vendor("rate_limit_seconds".to_owned()));
    let answer = caller.get("/partners").await;
    assert_eq!((answer.status, &answer.headers["retry-after"]), (429, &"2".parse().unwrap()));
}

#[tokio::test]
async fn faults_strike_by_operation_and_a_lost_answer_leaves_a_record() {
    let (simulator, caller) = start(|_| {}).await;
    simulator.faults().drop_response_of("POST /partners", 1).unauthorized_at("GET /partners/{id}", 1);
    let body = json!({ "data": partner("ACME") }).to_string();
    let lost = caller.request(Method::POST, &format!("/partners?companyId={COMPANY}")).body(body).send().await;
    assert!(lost.is_err());
    assert_eq!(simulator.partners().len(), 1);
    let path = format!("/partners/{}", simulator.partners()[0].document.id);
    assert_eq!(caller.get(&path).await.status, 401);
    assert_eq!(caller.get(&path).await.status, 401, "the token is gone, not only refused once");
    assert_eq!(simulator.log().count("GET /partners/{id}"), 2);
}

#[tokio::test]
async fn unknown_paths_verbs_and_ids_are_refused_in_the_same_form() {
    let (_simulator, caller) = start(|_| {}).await;
    let cases = [
        (Method::GET, "/nothing", 404),
        (Method::GET, "/partners/77", 404),
        (Method::GET, "/orders/77/items", 404),
        (Method::GET, "/orders/77/documents", 404),
        (Method::PUT, "/partners/77", 405),
        (Method::POST, "/ordertypes", 405),
        (Method::DELETE, "/partners", 405),
    ];
    for (method, path, status) in cases {
        let answer = caller.call(method, path, None).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["status"]),
            (status, &json!(status.to_string())),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_was_created_twice_is_reported() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let mut ids = Vec::new();
    for correlation in ["wharf:abc", "ref [wharf:abc]", "wharf:abcd"] {
        let sent = with(order(&partner), "/attributes/description", json!(correlation));
        ids.push(caller.post("/orders", sent).await.id());
    }
    let found = simulator.duplicates("orders", &["wharf:abc", "wharf:abcd", "wharf:none"]);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("wharf:abc".to_owned(), ids[..2].to_vec())]);
    let by_name = simulator.duplicates_by("orders", |order| Some(order.text("name").to_owned()));
    assert_eq!(by_name["Objednávka 1001"], ids);

    let counts = simulator.counts();
    assert_eq!(counts["records"]["orders"], json!({ "all": 3, "created": 3 }));
    assert_eq!(counts["records"]["partners"], json!({ "all": 1, "created": 0 }));
    assert_eq!(simulator.log().count("POST /orders"), 3);
    let documents = simulator.documents();
    let documents = documents.as_array().unwrap();
    assert_eq!(documents.len(), 3, "what was seeded is not created");
    assert!(documents[0]["texts"].as_array().unwrap().contains(&json!("wharf:abc")));
    assert_eq!(documents[0]["id"], ids[0]);
}
