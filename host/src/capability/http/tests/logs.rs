//! What this process and its libraries log at the finest level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::servers::{Seen, Server};
use super::tls;
use super::world::{World, get, loopback, manifest, post};
use crate::policy::Grant;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A logger is for a whole process, so the test runs itself in one of its own.
#[tokio::test]
async fn logs_at_trace_level_hold_no_secret() {
    const INNER: &str = "WHARF_TEST_LOGS_INNER";
    if std::env::var_os(INNER).is_none() {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "capability::http::tests::logs::logs_at_trace_level_hold_no_secret"]).env(INNER, "1");
        let output = command.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    let mut world = World::new();
    for part in ["value", "password", "api-key"] {
        world.secrets.set("key", part, "hush-hush-value");
    }
    world.secrets.set("key", "username", "robot");
    let server = Server::answering(|seen: &Seen| match seen.path_and_query.as_str() {
        "/token" => r#"{"access_token":"hush-hush-token"}"#.to_owned(),
        _ => format!("{seen:?}"),
    })
    .await;
    let authority = tls::Authority::new();
    let (address, _) = tls::serve(authority.acceptor("erp.example.com", false, &[b"h2"])).await;
    world.roots = authority.roots();
    world.resolver.set("erp.example.com", &[&[address]]);
    let over_tls = format!("https://erp.example.com:{}", address.port());
    let grant = loopback(&[server.address]).private_address(address.to_string()).slot("key");
    let grant = Grant::origin(grant, &over_tls);
    let token_url = json!({"origin": server.origin(), "path": "/token"});
    for scheme in [
        json!({"type": "basic"}),
        json!({"type": "bearer"}),
        json!({"type": "header", "name": "x-key"}),
        json!({"type": "query", "name": "key"}),
        json!({"type": "form-field", "name": "key"}),
        json!({"type": "oauth2-password", "token_url": token_url, "headers": [{"name": "x-key", "part": "api-key"}]}),
    ] {
        let slots = json!([{"name": "key", "scheme": scheme, "audience": [server.origin(), over_tls]}]);
        let asked = manifest(&[&server.origin(), &over_tls], slots, json!([]));
        let egress = world.egress("shop", &asked, &grant).unwrap();
        for origin in [server.origin(), over_tls.clone()] {
            let form = post(&origin, "x=1").header("content-type", "application/x-www-form-urlencoded").with("key");
            egress.send(&world.scope(), form).await.unwrap();
        }
    }
    assert!(
        world
            .egress("shop", &manifest(&[], json!([]), json!([])), &Grant::new())
            .unwrap()
            .send(&world.scope(), get("x"))
            .await
            .is_err()
    );
    let logged = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert!(logged.lines().count() > 50 && logged.contains("TRACE"), "the libraries log something: {logged}");
    assert!(
        logged.contains("the answer had a secret value in it connection=shop request=1 place=\"body\""),
        "{logged}"
    );
    for hidden in ["hush", "aHVzaC", "h1c2gta", "odXNoL"] {
        let line = logged.lines().find(|line| line.contains(hidden));
        assert_eq!(line, None);
    }
}
