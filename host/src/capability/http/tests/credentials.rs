//! Which requests get a credential, and in what place.

use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use super::super::Refusal;
use super::super::scope::Allowance;
use super::servers::Server;
use super::world::{World, denied, get, hosts, loopback, manifest, post};

fn slot(scheme: Value, audience: &str) -> Value {
    json!([{"name": "key", "scheme": scheme, "audience": [audience]}])
}

#[tokio::test]
async fn credential_goes_to_its_audience_only() {
    let (world, server, other) = (World::new(), Server::ok().await, Server::ok().await);
    world.secrets.set("key", "value", "s3cret-value");
    let credentials = slot(json!({"type": "header", "name": "X-Key"}), &server.origin());
    let asked = manifest(&[&server.origin(), &other.origin()], credentials, json!([]));
    let grant = loopback(&[server.address, other.address]);
    let egress = world.egress("shop", &asked, &grant.clone().slot("key")).unwrap();
    let scope = world.scope();

    egress.send(&scope, get(server.origin()).with("key")).await.unwrap();
    assert_eq!(server.seen()[0].header("x-key"), Some("s3cret-value"));
    egress.send(&scope, get(other.origin())).await.unwrap();
    assert_eq!(other.seen()[0].header("x-key"), None);
    assert_eq!(denied(egress.send(&scope, get(other.origin()).with("key")).await).0, "credential-audience");
    assert_eq!(denied(egress.send(&scope, get(server.origin()).with("keys")).await).0, "slot-unknown");

    let without_slot = world.egress("shop", &asked, &grant).unwrap();
    let (code, message) = denied(without_slot.send(&scope, get(server.origin()).with("key")).await);
    assert_eq!(code, "slot-not-granted");
    assert!(message.contains("`credentials` under `[connection.shop.grant]`"), "{message}");
    assert_eq!((server.seen().len(), other.seen().len()), (1, 1));
}

#[tokio::test]
async fn each_scheme_puts_its_secret_in_its_place() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "a+b/c é");
    world.secrets.set("key", "username", "łukasz");
    world.secrets.set("key", "password", "pa:ss");
    let form = "application/x-www-form-urlencoded";
    let scope = world.scope();
    let send = async |scheme: Value, request: super::super::Request| {
        let asked = manifest(&[&server.origin()], slot(scheme, &server.origin()), json!([]));
        let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("key")).unwrap();
        egress.send(&scope, request.with("key")).await.map(|_| server.seen().pop().unwrap())
    };

    let seen = send(json!({"type": "basic"}), get(server.origin())).await.unwrap();
    let basic = base64::engine::general_purpose::STANDARD.encode("łukasz:pa:ss");
    assert_eq!(seen.header("authorization"), Some(format!("Basic {basic}").as_str()));

    let field = json!({"type": "form-field", "name": "token"});
    let seen = send(field.clone(), post(server.origin(), "method=get&x=1").header("content-type", form)).await.unwrap();
    assert_eq!(seen.text(), "method=get&x=1&token=a%2Bb%2Fc+%C3%A9");
    let seen = send(field.clone(), super::world::request("POST", server.origin(), crate::model::Effect::Read)).await;
    let seen = seen.unwrap();
    assert_eq!((seen.text().as_str(), seen.header("content-type")), ("token=a%2Bb%2Fc+%C3%A9", Some(form)));
    for (request, code) in [
        (post(server.origin(), "{}").header("content-type", "application/json"), "credential-needs-form"),
        (post(server.origin(), "x=1"), "credential-needs-form"),
        (get(server.origin()), "credential-needs-form"),
        (post(server.origin(), "t%6fken=mine").header("content-type", form), "credential-set-by-guest"),
    ] {
        assert_eq!(send(field.clone(), request).await.unwrap_err().refusal.code(), code);
    }

    let query = json!({"type": "query", "name": "pass"});
    let seen = send(query.clone(), get(format!("{}/login?user=x", server.origin()))).await.unwrap();
    assert_eq!(seen.path_and_query, "/login?user=x&pass=a%2Bb%2Fc+%C3%A9");
    assert!(scope.trace().requests.last().unwrap().url.ends_with("/login?user="));
    let refused = send(query, get(format!("{}/login?pass=mine", server.origin()))).await.unwrap_err();
    assert_eq!(refused.refusal.code(), "credential-set-by-guest");

    world.secrets.set("key", "value", "tok-1");
    let seen = send(json!({"type": "bearer"}), get(server.origin())).await.unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer tok-1"));
    let seen = send(json!({"type": "header", "name": "Authorization"}), get(server.origin())).await.unwrap();
    assert_eq!(seen.header("authorization"), Some("tok-1"));
}

#[tokio::test]
async fn secret_that_is_missing_or_cannot_be_sent_is_unavailable() {
    let (world, server) = (World::new(), Server::ok().await);
    let credentials = slot(json!({"type": "header", "name": "X-Key"}), &server.origin());
    let asked = manifest(&[&server.origin()], credentials, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("key")).unwrap();
    for value in [None, Some("line\r\nX-Other: injected"), Some("null\0byte")] {
        if let Some(value) = value {
            world.secrets.set("key", "value", value);
        }
        let error = egress.send(&world.scope(), get(server.origin()).with("key")).await.unwrap_err();
        assert_eq!(error.refusal, Refusal::CredentialUnavailable(false), "{value:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn secret_source_that_hangs_ends_with_the_call() {
    let (world, server) = (World::new(), Server::ok().await);
    let slots = json!([{"name": "vault-that-hangs", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("vault-that-hangs")).unwrap();
    let scope = world.scope_for(Allowance::Writes, Duration::from_millis(100));
    let error = egress.send(&scope, get(server.origin()).with("vault-that-hangs")).await.unwrap_err();
    assert_eq!(error.refusal, Refusal::Deadline(false));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn guest_sets_no_header_of_the_host_or_of_a_credential() {
    let (world, server) = (World::new(), Server::ok().await);
    let credentials = slot(json!({"type": "header", "name": "X-Key"}), &server.origin());
    let asked = manifest(&[&server.origin()], credentials, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("key")).unwrap();
    let owned = [
        "Host",
        "host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Accept-Encoding",
        "Cookie",
        "Authorization",
        "AUTHORIZATION",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "HTTP2-Settings",
        "Content_Length",
        "X-HTTP-Method-Override",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Original-Host",
        "True-Client-IP",
        "X-Key",
        "x-kEY",
        "x_key",
    ];
    for name in owned {
        let result = egress.send(&world.scope(), get(server.origin()).header(name, "x")).await;
        assert_eq!(denied(result).0, "header-owned-by-host", "{name}");
    }
    let broken = [
        ("x-a", "1\r\nx-b: 2"),
        ("x-a", "1\n"),
        ("x-a", "\r"),
        ("x-a", "nul\0"),
        ("x-a: 1\r\nx-b", "2"),
        ("", "x"),
        ("x a", "1"),
        (":authority", "evil.example.com"),
        ("x-ż", "1"),
    ];
    for (name, value) in broken {
        let result = egress.send(&world.scope(), get(server.origin()).header(name, value)).await;
        assert_eq!(denied(result).0, "header-invalid", "{name:?} {value:?}");
    }
    let many = (0..101).fold(get(server.origin()), |request, _| request.header("x-a", "1"));
    assert_eq!(denied(egress.send(&world.scope(), many).await).0, "headers-too-large");
    assert!(server.seen().is_empty());

    egress.send(&world.scope(), get(server.origin()).header("X-Lang", "zażółć").header("Accept", "a/b")).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].headers.get("x-lang").unwrap().as_bytes(), "zażółć".as_bytes());
    assert_eq!(seen[0].header("accept"), Some("a/b"));
}

#[tokio::test]
async fn ambiguous_urls_and_methods_are_refused() {
    let (world, server) = (World::new(), Server::ok().await);
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    for path in ["/a\r\nHost: x", "/a b", "/a\tb", "\\a", "/\u{a0}", "/a\n"] {
        let result = egress.send(&world.scope(), get(format!("{}{path}", server.origin()))).await;
        assert_eq!(denied(result).0, "url-invalid", "{path:?}");
    }
    for method in ["get", "CONNECT", "TRACE", "", "GET / HTTP/1.1\r\nX: y", "G T", "GÉT"] {
        let result = egress
            .send(&world.scope(), super::world::request(method, server.origin(), crate::model::Effect::Write))
            .await;
        assert_eq!(denied(result).0, "method-invalid", "{method:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn slots_that_cannot_work_are_refused_when_the_connection_is_made() {
    let world = World::new();
    for (scheme, word) in [
        (json!({"type": "header", "name": "Host"}), "belongs to the host"),
        (json!({"type": "header", "name": "Content-Length"}), "belongs to the host"),
        (json!({"type": "header", "name": "x y"}), "no header name"),
    ] {
        let asked = manifest(&["https://a.example.com"], slot(scheme, "https://a.example.com"), json!([]));
        let error = world.egress("shop", &asked, &crate::policy::Grant::new()).err().unwrap();
        assert_eq!(error.code(), "credential-invalid");
        assert!(error.to_string().contains(word), "{error}");
    }
}
