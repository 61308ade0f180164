//! Smartspace as a caller: a good API is not faulted, and each way to be wrong is found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use serde_json::{Map, Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::server::{Running, serve};
use wharf_simulators::smartspace::{Caller, Probe, Report, Settings, Severity, SignIn};

/// How the API is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flaw {
    #[default]
    None,
    BareObject,
    Nested,
    Numbers,
    Twice,
    NoName,
    Html,
    NoCharset,
    NotJson,
    TooMany,
    Slow,
    EveryoneMayRead,
    NoChallenge,
    KeyNotNeeded,
    AnyPath,
    AnyMethod,
    SomebodyElse,
    ForgetsEdits,
    LiesAboutEdits,
    TakesAnything,
    OtherErrors,
    NotInvalidClient,
}

/// A company's API over one customer.
#[derive(Debug)]
struct Company {
    flaw: Flaw,
    customer: Map<String, Value>,
    tokens: Vec<String>,
    /// How many requests a token is good for.
    token_life: usize,
}

type Shared = Arc<Mutex<Company>>;

fn text(status: u16, kind: &str, body: String) -> Response {
    Response::builder().status(status).header("content-type", kind).body(Body::from(body)).unwrap()
}

fn reply(status: u16, body: &Value) -> Response {
    text(status, "application/json; charset=utf-8", body.to_string())
}

async fn handle(State(company): State<Shared>, parts: Parts, body: Bytes) -> Response {
    if company.lock().unwrap().flaw == Flaw::Slow && parts.uri.path() == "/clientes" {
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    company.lock().unwrap().answer(&parts, &body)
}

impl Company {
    fn answer(&mut self, parts: &Parts, body: &[u8]) -> Response {
        if parts.uri.path() == "/oauth/token" {
            return self.token(parts, body);
        }
        if self.flaw != Flaw::EveryoneMayRead && !self.knows(parts) {
            let mut refused = self.refuse(401, "entre primeiro");
            if self.flaw != Flaw::NoChallenge {
                refused.headers_mut().insert("www-authenticate", "Basic".parse().unwrap());
            }
            return refused;
        }
        let code = parts.uri.path().strip_prefix("/clientes/").map(|code| code.replace("%3A", ":"));
        match (parts.method.as_str(), parts.uri.path(), code) {
            ("GET", "/saude", _) => reply(200, &json!({})),
            ("GET", "/clientes", _) => self.search(parts.uri.query().unwrap_or_default()),
            ("GET", _, Some(code)) => self.customers(usize::from(code == "crm:77")),
            ("PUT", _, Some(code)) if code == "crm:77" => self.edit(body),
            ("PUT", _, Some(_)) => self.refuse(404, "nao existe"),
            (_, "/clientes", _) if self.flaw == Flaw::AnyMethod => reply(200, &json!([])),
            (_, "/clientes", _) => self.refuse(405, "metodo"),
            _ if self.flaw == Flaw::AnyPath => reply(200, &json!([])),
            _ => self.refuse(404, "caminho"),
        }
    }

    fn refuse(&self, status: u16, why: &str) -> Response {
        let name = if self.flaw == Flaw::OtherErrors { "mensagem" } else { "erro" };
        reply(status, &json!({ name: why }))
    }

    fn knows(&mut self, parts: &Parts) -> bool {
        let sent = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if sent == format!("Basic {}", BASE64_STANDARD.encode("user:secret")) {
            return true;
        }
        let good = self.tokens.iter().any(|token| sent == format!("Bearer {token}"));
        if good {
            self.token_life -= 1;
            if self.token_life == 0 {
                self.tokens.clear();
            }
        }
        good
    }

    fn token(&mut self, parts: &Parts, body: &[u8]) -> Response {
        let form: std::collections::HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let basic = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        let in_form = form.get("client_id").zip(form.get("client_secret"));
        let good = in_form.is_some_and(|(id, secret)| id == "user" && secret == "secret")
            || basic == Some(&format!("Basic {}", BASE64_STANDARD.encode("user:secret")));
        if !good {
            let error = if self.flaw == Flaw::NotInvalidClient { "no" } else { "invalid_client" };
            return reply(401, &json!({ "error": error }));
        }
        let token = format!("token-{}", self.tokens.len());
        self.tokens.push(token.clone());
        self.token_life = 5;
        reply(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 }))
    }

    fn search(&self, query: &str) -> Response {
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let Some((key, value)) = query.first() else {
            return if self.flaw == Flaw::KeyNotNeeded { reply(200, &json!([])) } else { self.refuse(400, "chave") };
        };
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let there = self.customer.get(key).and_then(Value::as_str).unwrap_or_default();
        let found = there == value || (key == "cpf" && there == digits) || self.flaw == Flaw::SomebodyElse;
        self.customers(usize::from(found))
    }

    fn customers(&self, number: usize) -> Response {
        let mut customer = self.customer.clone();
        match self.flaw {
            Flaw::Nested => drop(customer.insert("endereco".into(), json!({ "cep": "58000000" }))),
            Flaw::Numbers => drop(customer.insert("idade".into(), json!(36))),
            Flaw::NoName => drop(customer.remove("nome")),
            _ => {}
        }
        let number = if self.flaw == Flaw::TooMany && number > 0 { 21 } else { number };
        let rows = vec![Value::Object(customer); number];
        let body = match (self.flaw, rows.as_slice()) {
            (Flaw::BareObject, [only]) => only.to_string(),
            (Flaw::Twice, [_]) => {
                r#"[{"codigo": "crm:77", "nome": "A", "nome": "B", "cpf": "00000000191", "email": "x"}]"#.to_owned()
            }
            (Flaw::NotJson, _) => "[{“nome”: “A”}]".to_owned(),
            _ => Value::from(rows).to_string(),
        };
        match self.flaw {
            Flaw::Html => text(200, "text/html", body),
            Flaw::NoCharset => text(200, "application/json", body),
            _ => text(200, "application/json; charset=utf-8", body),
        }
    }

    fn edit(&mut self, body: &[u8]) -> Response {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return if self.flaw == Flaw::TakesAnything { self.customers(1) } else { self.refuse(422, "corpo") };
        };
        if fields.values().any(|value| !value.is_string()) && self.flaw != Flaw::TakesAnything {
            return self.refuse(422, "nivel");
        }
        let old = self.customer.clone();
        for (name, value) in fields {
            if let Some(field) = self.customer.get_mut(&name).filter(|_| value.is_string()) {
                *field = value;
            }
        }
        let answer = if self.flaw == Flaw::LiesAboutEdits { reply(200, &json!([old])) } else { self.customers(1) };
        if self.flaw == Flaw::ForgetsEdits {
            self.customer = old;
        }
        answer
    }
}

struct Played {
    running: Running,
    company: Shared,
    authority: Authority,
}

impl Played {
    async fn start(flaw: Flaw) -> Self {
        let customer = json!({ "codigo": "crm:77", "nome": "ANA LIMA", "cpf": "00000000191", "email": "ana@ex.com" });
        let Value::Object(customer) = customer else { panic!("an object") };
        let company = Arc::new(Mutex::new(Company { flaw, customer, tokens: Vec::new(), token_life: 0 }));
        let authority = Authority::new().unwrap();
        let router = Router::new().fallback(handle).with_state(Arc::clone(&company));
        let running = serve(router, Some(&authority)).await.unwrap();
        Self { running, company, authority }
    }

    fn caller(&self, sign_in: SignIn) -> Caller {
        let mut settings = Settings::new(&self.running.url(), sign_in);
        settings.root_pem = Some(self.authority.root_pem().to_owned());
        if self.company.lock().unwrap().flaw == Flaw::Slow {
            settings.slow_after = Duration::from_millis(100);
        }
        Caller::new(settings).unwrap()
    }

    async fn inspect(&self, sign_in: SignIn) -> Report {
        let ana = Probe::new("cpf", "000.000.001-91")
            .key("email", "ana@ex.com")
            .key("codigo", "crm:77")
            .edit("email", "b@ex.com");
        self.caller(sign_in).inspect(&[ana]).await
    }
}

fn user() -> SignIn {
    SignIn::basic("user", "secret")
}

#[tokio::test]
async fn a_good_api_is_not_faulted_whatever_way_it_is_signed_in_to() {
    for sign_in in [user(), SignIn::client("user", "secret")] {
        let played = Played::start(Flaw::None).await;
        let report = played.inspect(sign_in).await;
        assert!(report.violations.is_empty(), "{report}");
        assert!(report.requests > 20, "{report}");
        assert_eq!(played.company.lock().unwrap().customer["email"], "ana@ex.com", "the change is undone");
    }
}

#[tokio::test]
async fn each_way_to_be_wrong_is_found() {
    use Flaw as F;
    use Severity::{Error, Warning};
    for (flaw, check, severity) in [
        (F::BareObject, "array", Error),
        (F::Nested, "nested", Error),
        (F::Numbers, "not-text", Warning),
        (F::Twice, "duplicate-name", Error),
        (F::NoName, "missing-name", Error),
        (F::Html, "content-type", Error),
        (F::NoCharset, "content-type", Warning),
        (F::NotJson, "not-json", Error),
        (F::TooMany, "too-many", Error),
        (F::Slow, "slow", Error),
        (F::EveryoneMayRead, "authentication", Error),
        (F::NoChallenge, "challenge", Error),
        (F::KeyNotNeeded, "no-key", Error),
        (F::AnyPath, "unknown-path", Error),
        (F::AnyMethod, "method", Error),
        (F::SomebodyElse, "nobody", Error),
        (F::ForgetsEdits, "read-back", Error),
        (F::LiesAboutEdits, "edit", Error),
        (F::TakesAnything, "bad-edit", Error),
        (F::OtherErrors, "error-body", Warning),
    ] {
        let report = Played::start(flaw).await.inspect(user()).await;
        let found = report.violations.iter().find(|violation| violation.check == check);
        assert_eq!(found.map(|violation| violation.severity), Some(severity), "{flaw:?}: {report}");
    }
    let report = Played::start(F::NotInvalidClient).await.inspect(SignIn::client("user", "secret")).await;
    assert!(report.has("wrong-client"), "{report}");
}

#[tokio::test]
async fn wrong_secrets_and_a_dead_address_are_reported() {
    let played = Played::start(Flaw::None).await;
    let report = played.inspect(SignIn::basic("user", "wrong")).await;
    assert!(report.has("health") && report.has("search"), "{report}");
    let report = played.inspect(SignIn::client("user", "wrong")).await;
    assert!(report.has("no-answer") && report.has("token"), "{report}");
    played.running.pause().await;
    let report = played.inspect(user()).await;
    assert!(report.errors().all(|violation| violation.check == "no-answer" || violation.check == "one"), "{report}");
    assert!(report.has("no-answer"));
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_again() {
    let played = Played::start(Flaw::None).await;
    let caller = played.caller(SignIn::client("user", "secret"));
    for _ in 0..12 {
        assert_eq!(caller.search("cpf", "00000000191").await.status, 200);
    }
    assert_eq!((caller.logins(), caller.requests()), (3, 12 + 3 + 2), "a token is good for five");
}

#[tokio::test]
async fn plain_http_is_warned_of_and_an_unknown_root_is_refused() {
    let company = Played::start(Flaw::None).await;
    let router = Router::new().fallback(handle).with_state(Arc::clone(&company.company));
    let plain = serve(router, None).await.unwrap();
    let report = Caller::new(Settings::new(&plain.url(), user())).unwrap().inspect(&[]).await;
    assert!(report.has("tls") && report.errors().next().is_none(), "{report}");
    let stranger = Caller::new(Settings::new(&company.running.url(), user())).unwrap();
    assert_eq!(stranger.health().await.status, 0);
}

#[tokio::test]
async fn no_value_of_a_customer_is_in_a_report() {
    let report = Played::start(Flaw::Nested).await.inspect(user()).await;
    let text = format!("{report}{}", serde_json::to_string(&report).unwrap());
    assert!(!report.violations.is_empty());
    for value in ["00000000191", "000.000.001-91", "ana@ex.com", "ANA"] {
        assert!(!text.contains(value), "{value} in {text}");
    }
}
