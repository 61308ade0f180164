//! Body fields, configured headers, OAuth2 clients and exchanges of a vendor's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::super::{Egress, Refusal};
use super::servers::{Seen, Server};
use super::world::{World, denied, get, loopback, manifest, post};
use crate::manifest::Manifest;

fn of_scheme(server: &Server, scheme: Value) -> Manifest {
    let origin = server.origin();
    let slots = json!([{"name": "key", "scheme": scheme, "audience": [origin], "hint": "Was it replaced?"}]);
    manifest(&[&origin], slots, json!([]))
}

fn egress(world: &World, server: &Server, scheme: Value, config: Value) -> Egress {
    let grant = loopback(&[server.address]).slot("key");
    world.egress_with("shop", &of_scheme(server, scheme), &grant, config).unwrap()
}

#[tokio::test]
async fn body_field_is_added_and_the_rest_stays_as_it_was() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "a \"quoted\" key");
    let egress = egress(&world, &server, json!({"type": "body-field", "name": "api\"Key"}), json!({}));
    let field = r#""api\"Key":"a \"quoted\" key""#;
    for (body, expected) in [
        ("", format!("{{{field}}}")),
        ("{}", format!("{{{field}}}")),
        (" { \"a\" : 1.50, \"b\":[ ] } ", format!("{{{field}, \"a\" : 1.50, \"b\":[ ] }}")),
    ] {
        let mut request = post(server.origin(), body).with("key");
        if !body.is_empty() {
            request = request.header("content-type", "application/json; charset=utf-8");
        }
        egress.send(&world.scope(), request).await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.text(), expected);
        assert!(seen.header("content-type").unwrap().starts_with("application/json"));
        assert!(serde_json::from_str::<Value>(&seen.text()).is_ok());
    }
}

#[tokio::test]
async fn body_that_cannot_take_a_field_is_denied() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "hush-hush");
    let egress = egress(&world, &server, json!({"type": "body-field", "name": "key"}), json!({}));
    let json_post = |body| post(server.origin(), body).with("key").header("content-type", "application/json");
    let cases = [
        (json_post("[]"), "credential-needs-json"),
        (json_post("{"), "credential-needs-json"),
        (json_post("{} {}"), "credential-needs-json"),
        (json_post(r#"{"key":"mine"}"#), "credential-set-by-guest"),
        (json_post(r#"{"k\u0065y":"mine"}"#), "credential-set-by-guest"),
        (post(server.origin(), "{}").with("key"), "credential-needs-json"),
        (post(server.origin(), "{}").with("key").header("content-type", "text/plain"), "credential-needs-json"),
        (json_post("{}").header("content-encoding", "gzip"), "credential-needs-json"),
        (get(server.origin()).with("key"), "credential-needs-json"),
    ];
    for (request, expected) in cases {
        let (code, message) = denied(egress.send(&world.scope(), request).await);
        assert_eq!(code, expected, "{message}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn header_takes_its_name_from_the_configuration() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "hush-hush");
    let scheme = json!({"type": "header", "name": "X-Api-Key", "name_from": "/auth/header"});
    for (config, name, other) in [
        (json!({}), "x-api-key", "x-optimes"),
        (json!({"auth": {"header": null}}), "x-api-key", "x-optimes"),
        (json!({"auth": {"header": "X-Optimes"}}), "x-optimes", "x-api-key"),
    ] {
        let egress = egress(&world, &server, scheme.clone(), config.clone());
        egress.send(&world.scope(), get(server.origin()).with("key")).await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.header(name), seen.header(other)), (Some("hush-hush"), None), "{config}");
        // The guest may not set it by itself, under whatever name it goes out.
        let (code, _) = denied(egress.send(&world.scope(), get(server.origin()).header(name, "mine")).await);
        assert_eq!(code, "header-owned-by-host");
    }
    for name in [json!("X Key"), json!(""), json!("Content-Length"), json!("Host"), json!(7)] {
        let config = json!({"auth": {"header": name}});
        let asked = of_scheme(&server, scheme.clone());
        let error = world.egress_with("shop", &asked, &loopback(&[server.address]).slot("key"), config).err().unwrap();
        assert_eq!(error.code(), "credential-invalid", "{name}");
        assert!(error.message().contains("credential `key`"), "{error}");
    }
}

#[tokio::test]
async fn client_credentials_are_sent_where_the_manifest_says() {
    let world = World::new();
    world.secrets.set("key", "client-id", "our client");
    world.secrets.set("key", "client-secret", "s3cret:&/");
    world.secrets.set("key", "tenant", "tenant-7");
    let server = Server::answering(|seen: &Seen| match seen.path_and_query.as_str() {
        "/token" => axum::Json(json!({"access_token": "acc-token-1", "expires_in": 60})).into_response(),
        _ => "fine".into_response(),
    })
    .await;
    for (client, authorization, form) in [
        (
            "basic",
            Some("Basic b3VyK2NsaWVudDpzM2NyZXQlM0ElMjYlMkY="),
            "grant_type=client_credentials&scope=orders&audience=api",
        ),
        (
            "body",
            None,
            "grant_type=client_credentials&scope=orders&audience=api&client_id=our+client\
             &client_secret=s3cret%3A%26%2F",
        ),
    ] {
        let scheme = json!({
            "type": "oauth2-client-credentials", "client": client, "scope": "orders",
            "token_url": {"origin": server.origin(), "path": "/token"},
            "headers": [{"name": "X-Tenant", "part": "tenant"}], "fields": [{"name": "audience", "value": "api"}],
        });
        let egress = egress(&world, &server, scheme, json!({}));
        world.lasting.tokens.forget("shop");
        egress.send(&world.scope(), get(format!("{}/orders", server.origin())).with("key")).await.unwrap();
        let seen = server.seen();
        let [.., asked, used] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((asked.header("authorization"), asked.text().as_str()), (authorization, form));
        assert_eq!((asked.header("x-tenant"), used.header("x-tenant")), (Some("tenant-7"), Some("tenant-7")));
        assert_eq!(used.header("authorization"), Some("Bearer acc-token-1"));
    }
}

/// A server with a login of its own: sessions `session-1`, ..., of which those before `oldest` are over.
struct Panel {
    server: Server,
    logins: Arc<AtomicUsize>,
    oldest: Arc<AtomicUsize>,
}

impl Panel {
    async fn new(login: impl Fn(usize, &Seen) -> Response + Clone + Send + Sync + 'static) -> Self {
        let (logins, oldest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let (counting, taken) = (Arc::clone(&logins), Arc::clone(&oldest));
        let server = Server::answering(move |seen: &Seen| {
            if seen.path_and_query.starts_with("/login") {
                return login(counting.fetch_add(1, Ordering::SeqCst) + 1, seen);
            }
            let number = seen.header("op-auth-token").and_then(|value| value.strip_prefix("session-"));
            match number.and_then(|number| number.parse::<usize>().ok()) {
                Some(number) if number >= taken.load(Ordering::SeqCst) => "fine".into_response(),
                _ => StatusCode::FORBIDDEN.into_response(),
            }
        })
        .await;
        Self { server, logins, oldest }
    }

    fn scheme(&self) -> Value {
        json!({
            "type": "token-exchange", "attach": {"header": "Op-Auth-Token"},
            "request": {
                "url": {"origin": self.server.origin(), "path": "/login"},
                "query": [{"name": "tokenAccess", "part": "token"}],
            },
        })
    }

    fn egress(&self, world: &World) -> Egress {
        egress(world, &self.server, self.scheme(), json!({}))
    }

    fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    fn url(&self) -> String {
        format!("{}/beta/jobs?limit=100", self.server.origin())
    }
}

fn panel_world() -> World {
    let world = World::new();
    world.secrets.set("key", "token", "panel&token");
    world
}

#[tokio::test]
async fn exchange_is_made_once_and_renewed_once_when_the_session_is_over() {
    let world = panel_world();
    let panel = Panel::new(|number, seen| {
        assert_eq!((seen.method.as_str(), seen.path_and_query.as_str()), ("GET", "/login?tokenAccess=panel%26token"));
        axum::Json(json!({"records": {"token": format!("session-{number}"), "name": "Jo"}})).into_response()
    })
    .await;
    let egress = panel.egress(&world);
    let scope = world.scope();
    for _ in 0..3 {
        assert_eq!(egress.send(&scope, get(panel.url()).with("key")).await.unwrap().text(), "fine");
    }
    assert_eq!(panel.logins(), 1);
    // It lives until it is refused.
    world.clock.advance(std::time::Duration::from_secs(24 * 3600));
    egress.send(&scope, get(panel.url()).with("key")).await.unwrap();
    assert_eq!(panel.logins(), 1);
    panel.oldest.store(2, Ordering::SeqCst);
    assert_eq!(egress.send(&scope, get(panel.url()).with("key")).await.unwrap().text(), "fine");
    assert_eq!(panel.logins(), 2);
    // When the new one is refused as well, the connector gets the answer.
    panel.oldest.store(99, Ordering::SeqCst);
    assert_eq!(egress.send(&scope, get(panel.url()).with("key")).await.unwrap().status, 403);
    assert_eq!(panel.logins(), 3);
    // No line of the trace shows a value of a query.
    for line in scope.trace().requests {
        assert!(!line.url.contains("panel") && !line.url.contains("100"), "{}", line.url);
    }
}

#[tokio::test]
async fn login_that_is_refused_revokes_with_the_manifests_hint() {
    for (status, expected) in [(401, true), (403, true), (404, false), (500, false)] {
        let world = panel_world();
        let panel = Panel::new(move |_, _| StatusCode::from_u16(status).unwrap().into_response()).await;
        let scope = world.scope();
        let error = panel.egress(&world).send(&scope, get(panel.url()).with("key")).await.unwrap_err();
        assert_eq!(error.refusal, Refusal::CredentialUnavailable(expected), "{status}");
        let note = scope.note_of(error.request);
        assert_eq!(note.as_deref(), expected.then_some("credential `key` was refused. Was it replaced?"), "{status}");
    }
}

#[tokio::test]
async fn token_is_found_in_every_wrapper_and_nowhere_else() {
    let cases = [
        (json!("search"), json!({"records": {"token": "session-1"}}), true),
        (json!("search"), json!({"token": "session-1"}), true),
        (json!("search"), json!({"data": {"authToken": "session-1"}}), true),
        (json!("search"), json!([{"x": [{"sessionHash": "session-1"}]}]), true),
        // The shorter one is no token, an echo of the credential neither, and `token` is surer than `auth`.
        (json!("search"), json!({"token": "short", "a": {"token": "session-1"}}), true),
        (json!("search"), json!({"tokenAccess": "panel&token", "a": {"token": "session-1"}}), true),
        (json!("search"), json!({"authType": "standard-one", "a": {"token": "session-1"}}), true),
        (json!("search"), json!({"records": {"id": "session-1"}}), false),
        (json!("search"), json!({"token": 12345678}), false),
        (json!("search"), json!({"token": "with a line\nbreak"}), false),
        (json!("search"), json!("session-1"), false),
        (json!(["/a/b", "/token"]), json!({"token": "session-1"}), true),
        (json!(["/a/b", "/token"]), json!({"a": {"b": "session-1"}, "token": "other"}), true),
        (json!(["/a/b"]), json!({"token": "session-1"}), false),
        (json!([""]), json!("session-1"), true),
    ];
    for (place, answer, expected) in cases {
        let world = panel_world();
        let shown = format!("{place} in {answer}");
        let panel = Panel::new(move |_, _| axum::Json(answer.clone()).into_response()).await;
        let mut scheme = panel.scheme();
        scheme["token"] = place;
        let egress = egress(&world, &panel.server, scheme, json!({}));
        let answer = egress.send(&world.scope(), get(panel.url()).with("key")).await;
        match answer {
            Ok(answer) => assert!(expected && answer.text() == "fine", "{shown}: {answer:?}"),
            Err(error) => {
                assert!(!expected, "{shown}");
                assert_eq!(error.refusal, Refusal::CredentialUnavailable(false), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn exchange_by_post_sends_form_and_headers_and_attaches_by_query() {
    let world = World::new();
    for (part, value) in [("user", "jo@example.com"), ("password", "p w"), ("key", "the-app-key")] {
        world.secrets.set("key", part, value);
    }
    let server = Server::answering(|seen: &Seen| match seen.path_and_query.as_str() {
        "/sign-in" => axum::Json(json!({"session": "sess&ion-1"})).into_response(),
        _ => seen.path_and_query.clone().into_response(),
    })
    .await;
    let scheme = json!({
        "type": "token-exchange", "attach": {"query": "session"}, "token": ["/session"], "lifetime_s": 100,
        "request": {
            "url": {"origin": server.origin(), "path": "/sign-in"}, "method": "POST",
            "form": [{"name": "login", "part": "user"}, {"name": "pass", "part": "password"}],
            "headers": [{"name": "X-App", "part": "key"}], "fields": [{"name": "mode", "value": "api"}],
        },
    });
    let egress = egress(&world, &server, scheme, json!({}));
    let send = async || egress.send(&world.scope(), get(format!("{}/a?b=1", server.origin())).with("key")).await;
    // The session is a secret from then on, as the remote shows by echoing it.
    assert_eq!(send().await.unwrap().text(), "/a?b=1&session=[redacted]");
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].header("x-app")), ("POST", Some("the-app-key")));
    assert_eq!(seen[0].text(), "login=jo%40example.com&pass=p+w&mode=api");
    assert_eq!(seen[1].path_and_query, "/a?b=1&session=sess%26ion-1");
    // Renewed a tenth before its end.
    world.clock.advance(std::time::Duration::from_secs(91));
    send().await.unwrap();
    assert_eq!(server.seen().iter().filter(|seen| seen.path_and_query == "/sign-in").count(), 2);
}
