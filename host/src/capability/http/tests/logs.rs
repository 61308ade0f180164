//! What this process and its libraries log at the finest level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::servers::{Seen, Server};
use super::tls;
use super::world::{World, get, loopback, manifest, post};
use crate::capability::log::{Level, Log};
use crate::capability::lookups::Room;
use crate::capability::schedule::Schedule;
use crate::capability::secrets::Secrets;
use crate::capability::{Connected, Rooms};
use crate::policy::{Grant, Policy};
use crate::surroundings::SystemRandomness;

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

/// A guest may have a secret from elsewhere: from its configuration, or from somebody who wrote it where it does not belong.
#[tokio::test]
async fn what_a_guest_logs_is_searched_before_and_after_it_is_cleaned() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "hush-hush-value");
    let slots = json!([{"name": "key", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let grant = loopback(&[server.address]).slot("key");
    let egress = world.egress("shop", &asked, &grant).unwrap();
    egress.send(&world.scope(), get(server.origin())).await.unwrap();
    let policy = Policy::effective("shop", &asked, &grant, &json!({})).unwrap();
    let connected = Connected {
        name: "shop".into(),
        config: "{}".into(),
        egress: Arc::new(egress),
        tokens: Arc::clone(&world.lasting.tokens),
        secrets: Secrets::new("shop", &policy, &[], Arc::clone(&world.secrets) as _),
        schedule: Schedule::new("shop", Arc::clone(&world.store), false),
        lookups: Room::default(),
        tape: None,
        files: None,
    };
    let (clock, randomness) = (Arc::clone(&world.clock) as _, Arc::new(SystemRandomness));
    let rooms = Rooms { connector: "tester".into(), connected: Some(connected), clock, randomness };

    let kept = Kept::default();
    let writer = kept.clone();
    let collector = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let scope = world.scope();
    tracing::subscriber::with_default(collector, || {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = [
            field("hush-hush-value", "in a name"),
            field("in", "a hush-hush-value"),
            field("cut", &format!("{}hush-hush-value", "x".repeat((8 << 10) - 7))),
            // What is taken out leaves the halves of another.
            field("around", "hush-hushhush-hush-value-value"),
        ];
        let mut log = Log::new("get", 10, 100_000);
        log.write((&rooms, &scope), Level::Warn, "said hush-hush-value", &fields);
        log.write((&rooms, &scope), Level::Warn, "harmless", &[]);
    });
    let logged = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert!(logged.contains("harmless") && logged.matches("[redacted]").count() >= 4, "{logged}");
    assert!(!logged.contains("hush-hush-value") && !logged.contains("xhush-h"), "{logged}");
    assert_eq!(scope.trace().leaks.iter().map(|leak| leak.place.as_str()).collect::<Vec<_>>(), ["log"]);
}
