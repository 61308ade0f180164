//! Access tokens by OAuth2 password grant.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::super::{Egress, Refusal};
use super::servers::{Seen, Server};
use super::world::{World, get, loopback, manifest, post};
use crate::model::Effect;

/// A server that gives out `tok-1`, `tok-2`, ... at `/token` and takes those that are no older than `oldest` elsewhere.
struct Api {
    server: Server,
    issued: Arc<AtomicUsize>,
    oldest: Arc<AtomicUsize>,
}

impl Api {
    async fn giving(answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static) -> Self {
        let (issued, oldest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let (issuing, oldest_taken) = (Arc::clone(&issued), Arc::clone(&oldest));
        let server = Server::answering(move |seen: &Seen| {
            if seen.path_and_query == "/token" {
                return answer(issuing.fetch_add(1, Ordering::SeqCst) + 1);
            }
            let number = seen.header("authorization").and_then(|value| value.strip_prefix("Bearer tok-number-"));
            match number.and_then(|number| number.parse::<usize>().ok()) {
                Some(number) if number >= oldest_taken.load(Ordering::SeqCst) => "fine".into_response(),
                _ => StatusCode::UNAUTHORIZED.into_response(),
            }
        })
        .await;
        Self { server, issued, oldest }
    }

    async fn living(seconds: Value) -> Self {
        Self::giving(move |number| token(number, &seconds)).await
    }

    fn issued(&self) -> usize {
        self.issued.load(Ordering::SeqCst)
    }

    fn egress(&self, world: &World, name: &str) -> Egress {
        let origin = self.server.origin();
        let slots = json!([{
            "name": "account",
            "scheme": {
                "type": "oauth2-password",
                "token_url": {"origin": origin, "path": "/token"},
                "headers": [{"name": "Api-Key", "part": "api-key"}],
                "fields": [{"name": "scope", "value": "all of it"}],
            },
            "audience": [origin],
        }]);
        let asked = manifest(&[&origin], slots, json!([]));
        world.egress(name, &asked, &loopback(&[self.server.address]).slot("account")).unwrap()
    }

    fn url(&self) -> String {
        format!("{}/orders", self.server.origin())
    }
}

fn token(number: usize, expires_in: &Value) -> Response {
    let mut body = json!({"access_token": format!("tok-number-{number}"), "token_type": "bearer"});
    if !expires_in.is_null() {
        body["expires_in"] = expires_in.clone();
    }
    axum::Json(body).into_response()
}

fn world() -> World {
    let world = World::new();
    world.secrets.set("account", "username", "jan@example.com");
    world.secrets.set("account", "password", "p&ss=w ord");
    world.secrets.set("account", "api-key", "the-api-key");
    world
}

#[tokio::test]
async fn token_is_fetched_with_all_fields_and_used_with_all_headers() {
    let (world, api) = (world(), Api::living(json!(600)).await);
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    let response = egress.send(&scope, get(api.url()).with("account")).await.unwrap();
    assert_eq!((response.number, response.text().as_str()), (1, "fine"));
    let seen = api.server.seen();
    assert_eq!(
        seen[0].text(),
        "grant_type=password&username=jan%40example.com&password=p%26ss%3Dw+ord&scope=all+of+it"
    );
    assert_eq!((seen[0].header("api-key"), seen[0].header("authorization")), (Some("the-api-key"), None));
    assert_eq!(seen[1].header("api-key"), Some("the-api-key"));
    assert_eq!(seen[1].header("authorization"), Some("Bearer tok-number-1"));
    let trace = scope.trace();
    let lines: Vec<_> = trace.requests.iter().map(|line| (line.number, line.method.as_str(), line.status)).collect();
    assert_eq!(lines, [(1, "GET", Some(200)), (2, "POST", Some(200))]);
    assert_eq!(trace.requests[1].effect, Effect::Read);
}

#[tokio::test]
async fn fifty_who_wait_share_one_fetch() {
    let (mut world, api) = (world(), Api::living(json!(600)).await);
    world.limits.concurrent_requests = 64;
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    let sending = (0..50).map(|_| egress.send(&scope, get(api.url()).with("account")));
    for result in futures::future::join_all(sending).await {
        assert_eq!(result.unwrap().text(), "fine");
    }
    assert_eq!(api.issued(), 1);
}

#[tokio::test]
async fn fifty_who_wait_share_one_failure() {
    let api = Api::giving(|_| StatusCode::SERVICE_UNAVAILABLE.into_response()).await;
    let world = world();
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    let sending = (0..50).map(|_| egress.send(&scope, get(api.url()).with("account")));
    for result in futures::future::join_all(sending).await {
        assert_eq!(result.unwrap_err().refusal, Refusal::CredentialUnavailable(false));
    }
    assert_eq!(api.issued(), 1);
}

#[tokio::test]
async fn token_is_renewed_early_and_the_old_one_serves_while_the_endpoint_is_down() {
    let world = world();
    let api = Api::giving(|number| match number {
        2 => StatusCode::BAD_GATEWAY.into_response(),
        _ => token(number, &json!(600)),
    })
    .await;
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    let send = async || egress.send(&scope, get(api.url()).with("account")).await.unwrap().text();
    assert_eq!((send().await.as_str(), api.issued()), ("fine", 1));
    world.clock.advance(Duration::from_secs(539));
    assert_eq!((send().await.as_str(), api.issued()), ("fine", 1));
    world.clock.advance(Duration::from_secs(2));
    for text in futures::future::join_all((0..5).map(|_| send())).await {
        assert_eq!((text.as_str(), api.issued()), ("fine", 2));
    }
    world.clock.advance(Duration::from_secs(9));
    assert_eq!((send().await.as_str(), api.issued()), ("fine", 2));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!((send().await.as_str(), api.issued()), ("fine", 3));
    assert_eq!(api.server.seen().last().unwrap().header("authorization"), Some("Bearer tok-number-3"));
}

#[tokio::test]
async fn life_is_read_in_every_shape() {
    // Life in the answer; still used after; renewed after.
    let table = [
        (json!(100), 89, 91),
        (json!("100"), 89, 91),
        (Value::Null, 269, 271),
        (json!("soon"), 269, 271),
        (json!(-5), 0, 1),
    ];
    for (life, used, renewed) in table {
        let (world, api) = (world(), Api::living(life.clone()).await);
        let egress = api.egress(&world, "crm");
        let scope = world.scope();
        egress.send(&scope, get(api.url()).with("account")).await.unwrap();
        world.clock.advance(Duration::from_secs(used));
        if used > 0 {
            egress.send(&scope, get(api.url()).with("account")).await.unwrap();
            assert_eq!(api.issued(), 1, "{life}");
        }
        world.clock.advance(Duration::from_secs(renewed - used));
        egress.send(&scope, get(api.url()).with("account")).await.unwrap();
        assert_eq!(api.issued(), 2, "{life}");
    }
}

#[tokio::test]
async fn refused_token_is_renewed_once_and_the_request_repeated_once() {
    let (world, api) = (world(), Api::living(json!(600)).await);
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    egress.send(&scope, get(api.url()).with("account")).await.unwrap();
    api.oldest.store(2, Ordering::SeqCst);
    // A write too: 401 says that nothing was processed.
    let response = egress.send(&scope, post(api.url(), "new order").with("account")).await.unwrap();
    assert_eq!((response.text().as_str(), api.issued()), ("fine", 2));
    let writes = api.server.seen().into_iter().filter(|seen| seen.text() == "new order").count();
    assert_eq!(writes, 2);

    // When the new one is refused as well, the connector gets the 401 and nothing is repeated again.
    api.oldest.store(99, Ordering::SeqCst);
    let response = egress.send(&scope, get(api.url()).with("account")).await.unwrap();
    assert_eq!((response.status, api.issued()), (401, 3));
}

#[tokio::test]
async fn many_refused_at_once_renew_once() {
    let (mut world, api) = (world(), Api::living(json!(600)).await);
    world.limits.concurrent_requests = 64;
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    egress.send(&scope, get(api.url()).with("account")).await.unwrap();
    api.oldest.store(2, Ordering::SeqCst);
    let sending = (0..20).map(|_| egress.send(&scope, get(api.url()).with("account")));
    for result in futures::future::join_all(sending).await {
        assert_eq!(result.unwrap().text(), "fine");
    }
    assert_eq!(api.issued(), 2);
}

#[tokio::test]
async fn answers_of_the_token_endpoint_become_their_refusal() {
    let json = |status: u16, body: Value| (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
    let html = |status: u16| (StatusCode::from_u16(status).unwrap(), axum::response::Html("<p>no</p>")).into_response();
    type Case = (&'static str, Box<dyn Fn() -> Response + Send + Sync>, Refusal);
    let cases: Vec<Case> = vec![
        (
            "invalid_grant",
            Box::new(move || json(400, json!({"error": "invalid_grant"}))),
            Refusal::CredentialUnavailable(true),
        ),
        (
            "other 400",
            Box::new(move || json(400, json!({"error": "invalid_request"}))),
            Refusal::CredentialUnavailable(false),
        ),
        ("html 400", Box::new(move || html(400)), Refusal::CredentialUnavailable(false)),
        ("401", Box::new(move || html(401)), Refusal::CredentialUnavailable(true)),
        ("403", Box::new(move || html(403)), Refusal::CredentialUnavailable(true)),
        ("404", Box::new(move || html(404)), Refusal::CredentialUnavailable(false)),
        ("500", Box::new(move || html(500)), Refusal::CredentialUnavailable(false)),
        (
            "redirect",
            Box::new(move || (StatusCode::FOUND, [("location", "/login")]).into_response()),
            Refusal::CredentialUnavailable(false),
        ),
        ("html 200", Box::new(move || html(200)), Refusal::CredentialUnavailable(false)),
        (
            "empty token",
            Box::new(move || json(200, json!({"access_token": ""}))),
            Refusal::CredentialUnavailable(false),
        ),
        (
            "line break",
            Box::new(move || json(200, json!({"access_token": "a\r\nb: c"}))),
            Refusal::CredentialUnavailable(false),
        ),
        (
            "not bearer",
            Box::new(move || json(200, json!({"access_token": "x", "token_type": "mac"}))),
            Refusal::CredentialUnavailable(false),
        ),
    ];
    for (name, answer, expected) in cases {
        let answer = Arc::new(answer);
        let api = Api::giving(move |_| answer()).await;
        let world = world();
        let egress = api.egress(&world, "crm");
        let scope = world.scope();
        let error = egress.send(&scope, get(api.url()).with("account")).await.unwrap_err();
        assert_eq!((error.request, error.refusal), (1, expected), "{name}");
        assert!(!scope.trace().requests[0].sent, "{name}");
    }
}

#[tokio::test]
async fn unreachable_token_endpoint_is_not_sent() {
    let (world, api) = (world(), Server::ok().await);
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let slots = json!([{
        "name": "account",
        "scheme": {"type": "oauth2-password", "token_url": {"origin": format!("http://{gone}"), "path": "/token"}},
        "audience": [api.origin()],
    }]);
    let asked = manifest(&[&api.origin(), &format!("http://{gone}")], slots.clone(), json!([]));
    let egress = world.egress("crm", &asked, &loopback(&[api.address, gone]).slot("account")).unwrap();
    let error = egress.send(&world.scope(), post(api.origin(), "x").with("account")).await.unwrap_err();
    assert!(matches!(&error.refusal, Refusal::NotSent(text) if text.starts_with("no access token")), "{error:?}");

    // The token request passes the same policy.
    let egress = world.egress("crm", &asked, &loopback(&[api.address]).slot("account")).unwrap();
    let error = egress.send(&world.scope(), post(api.origin(), "x").with("account")).await.unwrap_err();
    assert_eq!(error.refusal.code(), "plain-http-not-granted");
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn refused_credential_is_not_tried_again_until_it_changes() {
    let world = world();
    let api = Api::giving(|number| match number {
        1 => (StatusCode::BAD_REQUEST, axum::Json(json!({"error": "invalid_grant"}))).into_response(),
        _ => token(number, &json!(600)),
    })
    .await;
    let egress = api.egress(&world, "crm");
    let scope = world.scope();
    for _ in 0..5 {
        let error = egress.send(&scope, get(api.url()).with("account")).await.unwrap_err();
        assert_eq!(error.refusal, Refusal::CredentialUnavailable(true));
    }
    assert_eq!(api.issued(), 1);
    world.secrets.set("account", "password", "the new one");
    assert_eq!(egress.send(&scope, get(api.url()).with("account")).await.unwrap().text(), "fine");
    assert_eq!(api.issued(), 2);
}

#[tokio::test]
async fn token_endpoint_that_asks_for_a_pause_gets_it() {
    let world = world();
    let api = Api::giving(|number| match number {
        1 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "45")]).into_response(),
        _ => token(number, &json!(600)),
    })
    .await;
    let egress = api.egress(&world, "crm");
    let until = crate::surroundings::Clock::now(world.clock.as_ref()).after(Duration::from_secs(45));
    let scope = world.scope();
    for _ in 0..3 {
        let error = egress.send(&scope, get(api.url()).with("account")).await.unwrap_err();
        assert_eq!((error.refusal, api.issued()), (Refusal::BudgetExhausted(until), 1));
    }
    world.clock.advance(Duration::from_secs(45));
    assert_eq!(egress.send(&scope, get(api.url()).with("account")).await.unwrap().text(), "fine");
}

#[tokio::test]
async fn fetch_that_was_given_up_is_taken_over_by_the_next() {
    let world = world();
    let hang = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let hanging = Arc::clone(&hang);
    let address = super::servers::raw(move |_, mut stream| {
        let hanging = Arc::clone(&hanging);
        async move {
            while super::servers::read_request(&mut stream).await.is_some() {
                if hanging.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                let body = r#"{"access_token":"tok-number-1"}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                super::servers::write(&mut stream, &answer).await;
            }
        }
    })
    .await;
    let origin = format!("http://{address}");
    let slots = json!([{
        "name": "account",
        "scheme": {"type": "oauth2-password", "token_url": {"origin": origin, "path": "/token"}},
        "audience": [origin],
    }]);
    let egress =
        world.egress("crm", &manifest(&[&origin], slots, json!([])), &loopback(&[address]).slot("account")).unwrap();
    let scope = world.scope();
    let given_up = tokio::time::timeout(Duration::from_millis(200), egress.send(&scope, get(&origin).with("account")));
    assert!(given_up.await.is_err());
    hang.store(false, Ordering::SeqCst);
    assert_eq!(egress.send(&scope, get(&origin).with("account")).await.unwrap().status, 200);
}

#[tokio::test]
async fn token_echo_is_redacted() {
    let world = world();
    let server = Server::answering(|seen: &Seen| match seen.path_and_query.as_str() {
        "/token" => token(1, &json!(600)),
        _ => format!("{} {}", seen.header("authorization").unwrap(), seen.header("api-key").unwrap()).into_response(),
    })
    .await;
    let api = Api { server, issued: Arc::default(), oldest: Arc::default() };
    let response = api.egress(&world, "crm").send(&world.scope(), get(api.url()).with("account")).await.unwrap();
    assert_eq!(response.text(), "Bearer [redacted] [redacted]");
}

#[tokio::test]
async fn connections_do_not_share_tokens() {
    let (world, api) = (world(), Api::living(json!(600)).await);
    for name in ["crm", "other", "crm"] {
        api.egress(&world, name).send(&world.scope(), get(api.url()).with("account")).await.unwrap();
    }
    assert_eq!(api.issued(), 2);
}

#[tokio::test]
async fn token_goes_to_no_other_system_when_a_connection_is_turned_to_one() {
    let (world, of_before) = (world(), Api::living(json!(600)).await);
    let before = of_before.egress(&world, "crm");
    before.send(&world.scope(), get(of_before.url()).with("account")).await.unwrap();
    let of_after = Api::living(json!(600)).await;
    let after = of_after.egress(&world, "crm");
    after.send(&world.scope(), get(of_after.url()).with("account")).await.unwrap();
    assert_eq!((of_before.issued(), of_after.issued()), (1, 1));
}
