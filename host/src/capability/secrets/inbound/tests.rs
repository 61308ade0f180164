#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::*;
use crate::manifest::Manifest;
use crate::model::Instant;
use crate::policy::Grant;
use crate::secret::SecretUnavailable;

/// Values by slot and part.
#[derive(Default)]
struct Known(Mutex<HashMap<(String, String), String>>);

#[async_trait::async_trait]
impl SecretSource for Known {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        let known = self.0.lock().unwrap();
        let found = known.get(&(part.slot.to_owned(), part.part.to_owned()));
        found.map(|value| Secret::new(value.as_str())).ok_or_else(|| SecretUnavailable("`VARIABLE` is not set".into()))
    }
}

struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        bytes.fill(u8::try_from(self.0.fetch_add(1, Ordering::SeqCst) % 256).unwrap());
        Ok(())
    }
}

struct World {
    known: Arc<Known>,
    clock: Arc<Hand>,
    inbound: Inbound,
}

const NOW_S: u64 = 1_800_000_000;

fn world(slots: Value, values: &[(&str, &str, &str)]) -> World {
    connection("desk", slots, values)
}

fn connection(name: &str, slots: Value, values: &[(&str, &str, &str)]) -> World {
    let manifest: Manifest = serde_json::from_value(json!({
        "name": "tester", "version": "1.0.0", "summary": "Tests.",
        "config": {"version": 1, "schema": {"type": "object"}}, "credentials": slots,
    }))
    .unwrap();
    let names = manifest.credentials.iter().map(|slot| slot.name.as_str()).filter(|name| *name != "ungranted");
    let grant = names.fold(Grant::new(), Grant::slot);
    let config = json!({"paths": {"token": "/auth"}});
    let policy = Policy::effective(name, &manifest, &grant, &config).unwrap();
    let known = Arc::new(Known::default());
    for (slot, part, value) in values {
        known.0.lock().unwrap().insert(((*slot).to_owned(), (*part).to_owned()), (*value).to_owned());
    }
    let clock = Arc::new(Hand(AtomicU64::new(NOW_S * 1000)));
    let randomness = Arc::new(Counting(AtomicU64::new(0)));
    let inbound = Inbound::new(
        name,
        &policy,
        &manifest.credentials,
        &config,
        Arc::clone(&known) as _,
        (Arc::clone(&clock) as _, randomness),
    );
    World { known, clock, inbound }
}

fn slot(name: &str, scheme: Value) -> Value {
    json!({"name": name, "scheme": scheme})
}

fn delivery(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Delivery {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Delivery { method: method.into(), path: path.into(), headers, body: body.as_bytes().to_vec() }
}

fn get(authorization: &str) -> Delivery {
    delivery("GET", "/clientes?cpf=1", &[("authorization", authorization)], "")
}

fn post(path: &str, headers: &[(&str, &str)], body: &str) -> Delivery {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    delivery("POST", path, &[headers, &form].concat(), body)
}

impl World {
    async fn admits(&self, delivery: &Delivery) -> bool {
        match self.inbound.authenticate(delivery).await.unwrap() {
            Admission::Admitted => true,
            Admission::Refused { reply, reason } => {
                assert!(reply.status == 401 && !reason.is_empty());
                false
            }
            Admission::Answered(reply) => panic!("answered {reply:?}"),
        }
    }

    async fn answer(&self, delivery: &Delivery) -> (u16, Value) {
        match self.inbound.authenticate(delivery).await.unwrap() {
            Admission::Answered(reply) => (reply.status, serde_json::from_slice(&reply.body).unwrap()),
            other => panic!("not answered: {other:?}"),
        }
    }

    async fn token(&self, path: &str) -> String {
        let form = "grant_type=client_credentials&client_id=smart&client_secret=s3cret%2Fspace";
        let (status, body) = self.answer(&post(path, &[], form)).await;
        assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(600)));
        body["access_token"].as_str().unwrap().to_owned()
    }
}

fn basic_value(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn basic_admits_the_right_pair_only() {
    let values = [("login", "username", "smart"), ("login", "password", "p:ss wörd")];
    let world = world(json!([slot("login", json!({"type": "inbound-basic"}))]), &values);
    assert!(world.admits(&get(&basic_value("smart", "p:ss wörd"))).await);
    assert!(world.admits(&get(&basic_value("smart", "p:ss wörd").replace("Basic", "bAsIc"))).await);
    for (user, password) in [("smart", "p:ss"), ("Smart", "p:ss wörd"), ("", "p:ss wörd"), ("smart", "")] {
        assert!(!world.admits(&get(&basic_value(user, password))).await, "{user} {password}");
    }
    for other in ["", "Basic", "Basic ", "Basic %%%", "Bearer smart", "Digest x"] {
        assert!(!world.admits(&get(other)).await, "{other}");
    }
    let right = basic_value("smart", "p:ss wörd");
    let twice = delivery("GET", "/", &[("authorization", &right), ("authorization", "Basic eA==")], "");
    assert!(!world.admits(&twice).await);
    assert!(!world.admits(&delivery("GET", "/", &[], "")).await);
}

#[tokio::test]
async fn refusal_asks_for_what_is_taken_and_tells_nothing_of_the_secret() {
    let values = [("login", "username", "smart"), ("login", "password", "hush-hush"), ("token", "value", "tok-hush")];
    let slots =
        json!([slot("login", json!({"type": "inbound-basic"})), slot("token", json!({"type": "inbound-bearer"}))]);
    let world = world(slots, &values);
    assert!(world.admits(&get("Bearer tok-hush")).await);
    match world.inbound.authenticate(&get("Bearer tok-other")).await.unwrap() {
        Admission::Refused { reply, reason } => {
            let asked: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "www-authenticate").collect();
            assert_eq!(asked.len(), 2);
            let all = format!("{reply:?}{}{reason}", String::from_utf8_lossy(&reply.body));
            assert!(!all.contains("hush") && !all.contains("tok-other"), "{all}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_admitted_where_a_credential_is_declared_but_not_granted_or_not_set() {
    let ungranted =
        world(json!([slot("ungranted", json!({"type": "inbound-bearer"}))]), &[("ungranted", "value", "x")]);
    assert!(!ungranted.admits(&get("Bearer x")).await);
    let mut optional = slot("token", json!({"type": "inbound-bearer"}));
    optional["optional"] = json!(true);
    assert!(!world(json!([optional.clone()]), &[]).admits(&get("Bearer ")).await);
    assert!(!world(json!([optional]), &[("token", "value", "")]).admits(&get("Bearer ")).await);

    let unset = world(json!([slot("token", json!({"type": "inbound-bearer"}))]), &[]);
    let error = unset.inbound.authenticate(&get("Bearer x")).await.unwrap_err();
    assert!(error.message().contains("`VARIABLE` is not set"), "{error}");
    // Where nothing is declared the connector checks by itself.
    assert!(world(json!([slot("hook", json!({"type": "mac"}))]), &[]).admits(&get("")).await);
}

fn client_slots() -> Value {
    json!([slot("client", json!({"type": "inbound-client-credentials", "lifetime_s": 600}))])
}

const CLIENT: [(&str, &str, &str); 2] = [("client", "client-id", "smart"), ("client", "client-secret", "s3cret/space")];

#[tokio::test]
async fn token_counts_until_it_ends_and_only_where_it_was_made() {
    let world = world(client_slots(), &CLIENT);
    let token = world.token("/oauth/token").await;
    assert_ne!(token, world.token("/oauth/token?x=1").await);
    let bearer = |token: &str| get(&format!("Bearer {token}"));
    assert!(world.admits(&bearer(&token)).await);
    assert!(connection("desk", client_slots(), &CLIENT).admits(&bearer(&token)).await, "after a restart");
    assert!(!connection("other", client_slots(), &CLIENT).admits(&bearer(&token)).await);

    // Every byte counts.
    for at in 0..token.len() - 1 {
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(!world.admits(&bearer(&forged)).await, "{at}");
    }
    for other in ["", "AAAA", &token[..token.len() - 4], &format!("{token}AAAA")] {
        assert!(!world.admits(&bearer(other)).await, "{other}");
    }

    world.clock.0.fetch_add(599_999, Ordering::SeqCst);
    assert!(world.admits(&bearer(&token)).await);
    world.clock.0.fetch_add(1, Ordering::SeqCst);
    assert!(!world.admits(&bearer(&token)).await);

    let fresh = world.token("/oauth/token").await;
    let key = ("client".to_owned(), "client-secret".to_owned());
    world.known.0.lock().unwrap().insert(key, "another".into());
    assert!(!world.admits(&bearer(&fresh)).await, "a replaced secret ends its tokens");
}

#[tokio::test]
async fn token_endpoint_answers_as_oauth_has_it() {
    let world = world(client_slots(), &CLIENT);
    let right = basic_value("smart", "s3cret/space");
    let encoded = basic_value("smart", "s3cret%2Fspace");
    let granted = "grant_type=client_credentials";
    for (header, form) in [
        (Some(&right), granted.to_owned()),
        (Some(&encoded), granted.to_owned()),
        (Some(&right), format!("{granted}&client_id=smart")),
        (None, format!("{granted}&client_id=smart&client_secret=s3cret%2Fspace&scope=x")),
    ] {
        let headers: Vec<_> = header.iter().map(|value| ("authorization", value.as_str())).collect();
        assert_eq!(world.answer(&post("/oauth/token", &headers, &form)).await.0, 200, "{header:?} {form}");
    }
    let wrong = basic_value("smart", "wrong");
    let cases = [
        (Some(&wrong), granted.to_owned(), 401, "invalid_client"),
        (None, granted.to_owned(), 401, "invalid_client"),
        (None, format!("{granted}&client_id=smart"), 401, "invalid_client"),
        (None, format!("{granted}&client_id=smart&client_secret=wrong"), 401, "invalid_client"),
        (None, format!("{granted}&client_id=&client_secret="), 401, "invalid_client"),
        (Some(&right), format!("{granted}&client_secret=s3cret%2Fspace"), 400, "invalid_request"),
        (Some(&right), "grant_type=password".into(), 400, "unsupported_grant_type"),
        (Some(&right), String::new(), 400, "invalid_request"),
        (Some(&right), format!("{granted}&{granted}"), 400, "invalid_request"),
        (Some(&right), "x".repeat((16 << 10) + 1), 413, "invalid_request"),
    ];
    for (header, form, status, code) in cases {
        let headers: Vec<_> = header.iter().map(|value| ("authorization", value.as_str())).collect();
        let (found, body) = world.answer(&post("/oauth/token", &headers, &form)).await;
        assert_eq!((found, body["error"].as_str()), (status, Some(code)), "{header:?} {}", form.len());
    }
    let headers = [("authorization", right.as_str())];
    assert_eq!(world.answer(&delivery("GET", "/oauth/token", &headers, "")).await.0, 405);
    assert_eq!(world.answer(&delivery("POST", "/oauth/token", &headers, granted)).await.0, 400);
}

#[tokio::test]
async fn token_path_of_the_configuration_replaces_the_manifests() {
    let scheme = json!({"type": "inbound-client-credentials", "token_path_from": "/paths/token", "lifetime_s": 600});
    let slots = json!([slot("login", json!({"type": "inbound-basic"})), slot("client", scheme)]);
    let login = [("login", "username", "smart"), ("login", "password", "s3cret/space")];
    let world = world(slots, &[login, CLIENT].concat());
    world.token("/auth").await;
    // Not passed on to the connector, though the Basic of the other slot is right.
    let right = basic_value("smart", "s3cret/space");
    let asked = post("/auth", &[("authorization", &right)], "grant_type=client_credentials");
    assert_eq!(world.answer(&asked).await.0, 200);
    assert!(!world.admits(&post("/oauth/token", &[], "")).await);
}

fn signed(id: &str, seconds: u64, body: &str, keys: &[&[u8]]) -> Delivery {
    let message = format!("{id}.{seconds}.{body}");
    let tag = |key: &&[u8]| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    };
    let signatures = keys.iter().map(tag).collect::<Vec<_>>().join(" ");
    let seconds = seconds.to_string();
    let headers = [("webhook-id", id), ("webhook-timestamp", &seconds), ("webhook-signature", &signatures)];
    delivery("POST", "/hook", &headers, body)
}

#[tokio::test]
async fn webhook_signature_is_the_published_one() {
    // The example of the Standard Webhooks specification's reference libraries.
    let world = world(
        json!([slot("hook", json!({"type": "inbound-webhook-signature"}))]),
        &[("hook", "value", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    );
    world.clock.0.store(1_614_265_330_000, Ordering::SeqCst);
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    assert!(world.admits(&delivery("POST", "/hook", &headers, r#"{"test": 2432232314}"#)).await);
    assert!(!world.admits(&delivery("POST", "/hook", &headers, r#"{"test": 2432232315}"#)).await);
}

#[tokio::test]
async fn webhook_is_admitted_by_any_key_and_signature_within_the_tolerance() {
    let (old, new): (&[u8], &[u8]) = (b"the-old-key-of-24-bytes!", b"the-new-key-of-24-bytes!");
    let keys = format!("whsec_{} {}", STANDARD.encode(old), STANDARD.encode(new));
    let slots = json!([slot("hook", json!({"type": "inbound-webhook-signature", "tolerance_s": 60}))]);
    let world = world(slots, &[("hook", "value", &keys)]);
    for keys in [vec![old], vec![new], vec![b"another".as_slice(), new]] {
        assert!(world.admits(&signed("msg_1", NOW_S, "{}", &keys)).await, "{keys:?}");
    }
    for (seconds, expected) in [(NOW_S - 60, true), (NOW_S + 60, true), (NOW_S - 61, false), (NOW_S + 61, false)] {
        assert_eq!(world.admits(&signed("msg_1", seconds, "{}", &[old])).await, expected, "{seconds}");
    }
    assert!(!world.admits(&signed("msg_1", NOW_S, "{}", &[b"another"])).await);
    for header in 0..3 {
        let mut lacking = signed("msg_1", NOW_S, "{}", &[old]);
        lacking.headers.remove(header);
        assert!(!world.admits(&lacking).await, "{header}");
        let mut changed = signed("msg_1", NOW_S, "{}", &[old]);
        changed.headers[header].1.insert(0, '1');
        assert!(!world.admits(&changed).await, "{header}");
    }
    let mut moved = signed("msg_1", NOW_S, "{}", &[old]);
    moved.headers[0].1 = "msg_2".into();
    assert!(!world.admits(&moved).await);
}
