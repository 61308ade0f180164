//! Operand as a client sees it, over TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::fault::Kind;
use wharf_simulators::operand::{LoginWrapper, Options, Order, Simulator, Table, Wrapper, WriteBack};

struct Agency {
    simulator: Simulator,
    http: Client,
    session: String,
}

impl Agency {
    async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let authority = Authority::new().unwrap();
        let simulator = Simulator::builder().options(change).start(Some(&authority)).await.unwrap();
        // Already installed by another test of this process is as good.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = Certificate::from_pem(authority.root_pem().as_bytes()).unwrap();
        let http = Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
        let mut agency = Self { simulator, http, session: String::new() };
        agency.log_in().await;
        agency
    }

    async fn log_in(&mut self) -> u16 {
        let token = self.simulator.token().unwrap_or_default();
        let (status, body) = self.send(self.get_request(&format!("/login?tokenAccess={token}"))).await;
        if let Some(session) = body["records"]["token"].as_str() {
            session.clone_into(&mut self.session);
        }
        status
    }

    fn get_request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.simulator.url()))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.get_request(path).header("Op-Auth-Token", &self.session)).await
    }

    async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.put(format!("{}{path}", self.simulator.url())).header("Op-Auth-Token", &self.session);
        self.send(request.header("Content-Type", "application/json").body(body.to_string())).await
    }

    async fn ids(&self, path: &str) -> Vec<u64> {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        rows(&body).iter().map(|row| row["id"].as_u64().unwrap()).collect()
    }
}

/// Finds the rows in whatever they are wrapped in.
fn rows(body: &Value) -> &Vec<Value> {
    let named = || body["records"].as_object()?.values().next()?.as_array();
    body.as_array().or_else(|| body["records"].as_array()).or_else(named).expect("a list")
}

#[tokio::test]
async fn calls_need_a_session_that_came_of_the_live_token() {
    let agency = Agency::start(|_| {}).await;
    assert_eq!(agency.get("/beta/jobs").await.0, 200);
    for request in [
        agency.get_request("/beta/jobs"),
        agency.get_request("/beta/jobs").header("Op-Auth-Token", "sess-wrong"),
        agency.get_request("/beta/jobs").bearer_auth(&agency.session),
        agency.get_request("/login?tokenAccess=wrong"),
        agency.get_request("/login"),
    ] {
        assert_eq!(agency.send(request).await, (401, json!({ "error": "invalid token" })));
    }
}

#[tokio::test]
async fn a_new_token_in_the_panel_ends_the_old_one_and_its_sessions() {
    let mut agency = Agency::start(|_| {}).await;
    let old = agency.simulator.token().unwrap();
    let new = agency.simulator.generate_token();
    assert_ne!(old, new);
    assert_eq!(agency.get("/beta/jobs").await.0, 401);
    assert_eq!(agency.send(agency.get_request(&format!("/login?tokenAccess={old}"))).await.0, 401);
    assert_eq!((agency.log_in().await, agency.get("/beta/jobs").await.0), (200, 200));
    agency.simulator.deactivate_token();
    assert_eq!((agency.get("/beta/jobs").await.0, agency.log_in().await), (401, 401));
}

#[tokio::test]
async fn a_session_ends_after_its_life() {
    let mut agency = Agency::start(|options| {
        options.session_life = Duration::from_secs(600);
        options.refused_session_status = 403;
    })
    .await;
    agency.simulator.advance(Duration::from_secs(590));
    assert_eq!(agency.get("/beta/jobs").await.0, 200);
    agency.simulator.advance(Duration::from_secs(10));
    assert_eq!(agency.get("/beta/jobs").await.0, 403);
    assert_eq!((agency.log_in().await, agency.get("/beta/jobs").await.0), (200, 200));
    assert_eq!(agency.simulator.logins(), 2);
}

#[tokio::test]
async fn the_answer_to_a_log_in_has_three_shapes() {
    let agency = Agency::start(|_| {}).await;
    for (wrapper, pointer) in [
        (LoginWrapper::Records, "/records/token"),
        (LoginWrapper::Bare, "/token"),
        (LoginWrapper::Data, "/data/authToken"),
    ] {
        agency.simulator.change_options(|options| options.login_wrapper = wrapper);
        let (_, body) = agency.send(agency.get_request("/login?tokenAccess=panel-token-0001")).await;
        assert!(body.pointer(pointer).and_then(Value::as_str).is_some_and(|token| token.len() > 8), "{body}");
    }
}

#[tokio::test]
async fn lists_are_wrapped_by_route() {
    let agency = Agency::start(|_| {}).await;
    agency.simulator.populate(4).unwrap();
    let (_, clients) = agency.get("/beta/entity/clients").await;
    assert_eq!(clients["records"][0]["idClient"], 1);
    let (_, jobs) = agency.get("/beta/jobs").await;
    assert_eq!(jobs["records"]["jobs"].as_array().unwrap().len(), 4);
    let (_, tasks) = agency.get("/beta/jobs/2/tasks").await;
    assert_eq!(tasks.as_array().unwrap().len(), 2);
    assert_eq!(agency.get("/beta/jobs/99/tasks").await.0, 404);
    agency.simulator.change_options(|options| options.finance_in = Wrapper::Named);
    let (_, accounts) = agency.get("/beta/finance/accounts").await;
    assert_eq!(accounts["records"]["accounts"][0]["name"], "Banco do Brasil");
    for probed in ["/beta/clients", "/beta/entity/persons", "/beta/projects", "/beta/tasks", "/beta/finance/other"] {
        assert_eq!(agency.get(probed).await.0, 404, "{probed}");
    }
}

#[tokio::test]
async fn a_page_has_a_hundred_rows_at_most() {
    let agency = Agency::start(|_| {}).await;
    agency.simulator.populate(130).unwrap();
    assert_eq!(agency.ids("/beta/finance/receivables").await.len(), 100);
    assert_eq!(agency.ids("/beta/finance/receivables?limit=500").await.len(), 100);
    assert_eq!(agency.ids("/beta/finance/receivables?limit=100&offset=100").await.len(), 30);
    assert_eq!(agency.ids("/beta/finance/receivables?limit=2&offset=1").await, [1002, 1003]);
    assert!(agency.ids("/beta/finance/receivables?offset=130").await.is_empty());
    for wrong in ["limit=0", "limit=x", "offset=-1"] {
        assert_eq!(agency.get(&format!("/beta/jobs?{wrong}")).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn filters_take_lists_with_brackets_escaped_or_not() {
    let agency = Agency::start(|_| {}).await;
    for (id, client, situation, due, updated) in [
        (1, 7, "open", "2026-02-01", "2026-01-01 10:00:00"),
        (2, 7, "paid", "2026-02-10", "2026-01-02 10:00:00"),
        (3, 8, "late", "2026-02-20 00:00:00", "2026-01-03 10:00:00"),
    ] {
        let record = json!({ "id": id, "clientId": client, "situation": situation, "dueDate": due, "updatedAt": updated, "statusId": id });
        agency.simulator.seed(Table::Receivables, record.clone()).unwrap();
        agency.simulator.seed(Table::Jobs, record).unwrap();
    }
    for (query, found) in [
        ("receivables?clientIds[]=7", &[1, 2][..]),
        ("receivables?clientIds%5B%5D=7&situations%5B%5D=open&situations[]=late", &[1]),
        ("receivables?situations[]=open&situations[]=late", &[1, 3]),
        ("receivables?dueDateFrom=2026-02-10&dueDateTo=2026-02-20", &[2, 3]),
        ("receivables?updatedFrom=2026-01-02+10:00:00", &[2, 3]),
        ("receivables?updatedFrom=2026-01-02%2010%3A00%3A01", &[3]),
        ("receivables?colour=red", &[1, 2, 3]),
    ] {
        assert_eq!(agency.ids(&format!("/beta/finance/{query}")).await, found, "{query}");
    }
    assert_eq!(agency.ids("/beta/jobs?statusIds[]=3&clientIds[]=8").await, [3]);
    assert_eq!(agency.ids("/beta/jobs?updatedFrom=2027-01-01+00:00:00").await, [1, 2, 3], "jobs do not know it");
    agency.simulator.change_options(|options| options.updated_from_ignored = true);
    assert_eq!(agency.ids("/beta/finance/receivables?updatedFrom=2027-01-01+00:00:00").await, [1, 2, 3]);
}

#[tokio::test]
async fn no_date_is_zeros_and_ids_and_amounts_have_two_spellings() {
    let agency = Agency::start(|_| {}).await;
    let record =
        json!({ "id": 5, "clientId": 7, "value": 1234.5, "paymentDate": null, "updatedAt": "2026-01-01 10:00:00" });
    agency.simulator.seed(Table::Receivables, record).unwrap();
    let one = || async { agency.get("/beta/finance/receivables/5").await.1["records"].clone() };
    let before = one().await;
    assert_eq!((&before["id"], &before["value"]), (&json!(5), &json!(1234.5)));
    assert_eq!(before["paymentDate"], "0000-00-00 00:00:00");
    agency.simulator.change_options(|options| (options.ids_as_text, options.money_as_text) = (true, true));
    let after = one().await;
    assert_eq!((&after["id"], &after["clientId"], &after["value"]), (&json!("5"), &json!("7"), &json!("1.234,50")));
}

#[tokio::test]
async fn among_the_jobs_are_entries_that_are_none() {
    let agency = Agency::start(|_| {}).await;
    agency.simulator.populate(20).unwrap();
    let (_, jobs) = agency.get("/beta/jobs").await;
    let kinds: Vec<&str> = rows(&jobs).iter().map(|job| job["taskType"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind != "job").count(), 2);
    let numbers: std::collections::BTreeSet<String> = rows(&jobs).iter().map(|job| job["itemId"].to_string()).collect();
    assert!(numbers.len() < 20, "the number per client is no id");
}

#[tokio::test]
async fn what_changes_bears_a_later_time_and_may_move() {
    let agency = Agency::start(|options| options.order = Order::NewestChangeFirst).await;
    agency.simulator.populate(3).unwrap();
    assert_eq!(agency.ids("/beta/finance/receivables").await, [1003, 1002, 1001]);
    let (_, clients) = agency.get("/beta/entity/clients").await;
    assert_eq!(rows(&clients).len(), 1, "clients bear no time and are listed all the same");
    assert!(agency.simulator.change(Table::Receivables, "1001", json!({ "situation": "late" })));
    assert_eq!(agency.ids("/beta/finance/receivables").await, [1001, 1003, 1002]);
    assert!(agency.simulator.remove(Table::Receivables, "1003"));
    assert_eq!(agency.ids("/beta/finance/receivables").await, [1001, 1002]);
    assert!(!agency.simulator.remove(Table::Receivables, "1003"));
}

#[tokio::test]
async fn a_receivable_takes_what_became_of_it_where_that_exists() {
    let agency = Agency::start(|_| {}).await;
    agency.simulator.seed(Table::Receivables, json!({ "id": 5, "value": 10.5, "situation": "open" })).unwrap();
    let (path, body) = ("/beta/finance/receivables/5", json!({ "invoiceNumber": "2026001", "paidValue": 10.5 }));
    for status in [404, 405] {
        agency.simulator.change_options(|options| options.write_back = WriteBack::Refused(status));
        assert_eq!(agency.put(path, &body).await.0, status);
    }
    agency.simulator.change_options(|options| options.write_back = WriteBack::Ignored);
    assert_eq!(agency.put(path, &body).await.0, 200);
    assert_eq!(agency.simulator.record(Table::Receivables, "5").unwrap()["invoiceNumber"], Value::Null);
    agency.simulator.change_options(|options| options.write_back = WriteBack::Works);
    let (status, after) = agency.put(path, &body).await;
    assert_eq!((status, &after["records"]["invoiceNumber"]), (200, &json!("2026001")));
    assert_eq!(after["records"]["situation"], "paid");
    assert_eq!(agency.simulator.documents()[0]["id"], 5);
    assert_eq!(agency.put(path, &json!({ "value": 1 })).await.0, 400);
    assert_eq!(agency.put(path, &json!([])).await.0, 400);
    assert_eq!(agency.put("/beta/finance/receivables/6", &body).await.0, 404);
    assert_eq!(agency.put("/beta/finance/payables/5", &body).await.0, 405);
}

#[tokio::test]
async fn an_account_without_the_financial_module_is_refused_there_only() {
    let agency = Agency::start(|options| options.has_finance = false).await;
    assert_eq!(agency.get("/beta/finance/receivables").await.0, 403);
    assert_eq!(agency.get("/beta/finance/receivables/1").await.0, 403);
    assert_eq!(agency.get("/beta/jobs").await.0, 200);
}

#[tokio::test]
async fn too_many_calls_in_a_minute_are_refused() {
    let agency = Agency::start(|options| {
        options.calls_per_minute = Some(3);
        options.retry_after_seconds = Some(7);
    })
    .await;
    // The minute of the log-in may be over, so a new one is begun.
    agency.simulator.advance(Duration::from_secs(60));
    let mut refused = 0;
    for _ in 0..8 {
        let answer = agency.get_request("/beta/jobs").header("Op-Auth-Token", &agency.session).send().await.unwrap();
        if answer.status() == 429 {
            assert_eq!(answer.headers()["retry-after"], "7");
            refused += 1;
        }
    }
    assert!(refused >= 2, "eight calls in two minutes at most");
}

#[tokio::test]
async fn faults_speak_as_operand_does() {
    let mut agency = Agency::start(|_| {}).await;
    agency.simulator.faults().unauthorized_at("GET /beta/jobs", 1).nth(
        "GET /beta/jobs",
        2,
        Kind::Vendor("forbidden".into()),
    );
    assert_eq!(agency.get("/beta/jobs").await, (401, json!({ "error": "invalid token" })));
    assert_eq!(agency.get("/beta/finance/accounts").await.0, 401, "the session is gone");
    assert_eq!(agency.log_in().await, 200);
    assert_eq!(agency.get("/beta/jobs").await, (403, json!({ "error": "not allowed" })));
    agency.simulator.faults().nth("GET /beta/finance/receivables/{id}", 1, Kind::RateLimit);
    assert_eq!(agency.get("/beta/finance/receivables/1").await.0, 429);
    assert_eq!(agency.simulator.log().count("GET /beta/jobs"), 2);
    assert!(agency.simulator.log().entries().iter().all(|entry| !entry.operation.contains("panel-token")));
}

#[tokio::test]
async fn an_id_is_given_once() {
    let agency = Agency::start(|_| {}).await;
    assert_eq!(agency.simulator.seed(Table::Clients, json!({ "person": "A" })).unwrap(), "1");
    assert!(agency.simulator.seed(Table::Clients, json!({ "idClient": 1 })).unwrap_err().contains("give a new one"));
    assert!(agency.simulator.seed(Table::Clients, json!([])).is_err());
    assert_eq!(agency.simulator.counts()["records"]["clients"], json!({ "all": 1, "changed": 0 }));
}

#[tokio::test]
async fn another_process_does_what_people_do() {
    let mut agency = Agency::start(|_| {}).await;
    let admin = wharf_simulators::server::serve(wharf_simulators::admin::router([agency.simulator.system()]), None);
    let admin = admin.await.unwrap();
    let command = |command: Value| {
        let request = agency.http.post(format!("{}/_sim/operand/command", admin.url()));
        agency.send(request.header("Content-Type", "application/json").body(command.to_string()))
    };
    assert_eq!(
        command(json!({ "add": { "table": "receivables", "record": { "id": 7 } } })).await,
        (200, json!({ "id": "7" }))
    );
    let edit = json!({ "edit": { "table": "receivables", "id": "7", "fields": { "situation": "late" } } });
    assert_eq!(command(edit).await, (200, json!({ "done": true })));
    assert_eq!(agency.simulator.record(Table::Receivables, "7").unwrap()["situation"], "late");
    assert_eq!(command(json!({ "refuse_write_back": 405 })).await.0, 200);
    assert_eq!(agency.put("/beta/finance/receivables/7", &json!({ "invoiceNumber": "1" })).await.0, 405);
    assert_eq!(command(json!({ "refuse_write_back": null })).await.0, 200);
    assert_eq!(agency.put("/beta/finance/receivables/7", &json!({ "invoiceNumber": "1" })).await.0, 200);
    assert_eq!(command(json!({ "remove": { "table": "receivables", "id": "7" } })).await.0, 200);
    for wrong in [
        json!({ "remove": { "table": "receivables", "id": "7" } }),
        json!({ "remove": { "table": "nothing", "id": "7" } }),
        json!({ "dance": null }),
    ] {
        let (status, body) = command(wrong).await;
        assert_eq!((status, body["error"].is_string()), (400, true), "{body}");
    }
    let (_, made) = command(json!({ "generate_token": null })).await;
    assert_eq!(made["token"].as_str(), agency.simulator.token().as_deref());
    assert_eq!(agency.get("/beta/jobs").await.0, 401);
    assert_eq!(command(json!({ "advance_seconds": 60 })).await.0, 200);
    assert_eq!(command(json!({ "deactivate_token": null })).await.0, 200);
    assert_eq!(agency.log_in().await, 401);
}
