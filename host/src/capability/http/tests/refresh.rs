//! Refresh tokens that count once, against a server that ends the whole family when one is used twice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::super::{Egress, Refusal};
use super::world::{World, get, loopback, manifest, post};
use crate::store::{KeptToken, MemoryStore, Store, StoreUnavailable, WakeUp};
use crate::surroundings::Clock as _;

/// The family of one refresh token: `ref-0` first, then `ref-1`, ...; access tokens `acc-1`, ...
#[derive(Default)]
struct Family {
    issued: AtomicUsize,
    dead: AtomicBool,
    /// Access tokens up to this one are not taken.
    refused: AtomicUsize,
    /// When set, answers of the token endpoint wait for `go`, the first one tells `asked`.
    slow: AtomicBool,
    asked: Notify,
    go: Notify,
    clients: Mutex<Vec<String>>,
}

struct Api {
    family: Arc<Family>,
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Asked {
    grant_type: String,
    refresh_token: String,
}

async fn token(State(family): State<Arc<Family>>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    assert_eq!(asked.grant_type, "refresh_token");
    family.clients.lock().unwrap().push(headers["authorization"].to_str().unwrap().to_owned());
    let current = format!("ref-{}", family.issued.load(Ordering::SeqCst));
    if asked.refresh_token != current {
        family.dead.store(true, Ordering::SeqCst);
    }
    if family.dead.load(Ordering::SeqCst) {
        return (StatusCode::BAD_REQUEST, axum::Json(json!({"error": "invalid_grant"}))).into_response();
    }
    let number = family.issued.fetch_add(1, Ordering::SeqCst) + 1;
    if family.slow.load(Ordering::SeqCst) {
        family.asked.notify_one();
        family.go.notified().await;
    }
    let answer = json!({
        "access_token": format!("acc-{number}"), "refresh_token": format!("ref-{number}"), "expires_in": 600,
    });
    axum::Json(answer).into_response()
}

async fn orders(State(family): State<Arc<Family>>, headers: HeaderMap) -> Response {
    let shown = headers.get("authorization").map(|value| value.to_str().unwrap());
    let number = shown.and_then(|value| value.strip_prefix("Bearer acc-")).and_then(|number| number.parse().ok());
    let is_taken = number.is_some_and(|number: usize| number > family.refused.load(Ordering::SeqCst));
    if is_taken && !family.dead.load(Ordering::SeqCst) {
        format!("fine by {}", number.unwrap_or_default()).into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

impl Api {
    async fn new() -> Self {
        let family = Arc::new(Family::default());
        let router =
            Router::new().route("/token", axum::routing::post(token)).fallback(orders).with_state(Arc::clone(&family));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { family, address }
    }

    fn issued(&self) -> usize {
        assert!(!self.family.dead.load(Ordering::SeqCst), "a refresh token was used twice");
        self.family.issued.load(Ordering::SeqCst)
    }

    fn egress(&self, world: &World) -> Egress {
        let origin = format!("http://{}", self.address);
        let slots = json!([{
            "name": "account", "hint": "Sign in again.",
            "scheme": {"type": "oauth2-refresh", "token_url": {"origin": origin, "path": "/token"}},
            "audience": [origin],
        }]);
        let asked = manifest(&[&origin], slots, json!([]));
        world.egress("crm", &asked, &loopback(&[self.address]).slot("account")).unwrap()
    }

    async fn asked(&self, egress: &Egress, world: &World) -> Result<String, Refusal> {
        let url = format!("http://{}/orders", self.address);
        let answer = egress.send(&world.scope(), get(url).with("account")).await;
        answer.map(|answer| answer.text()).map_err(|error| error.refusal)
    }
}

/// A host of its own on `store`, with the secrets that the operator set once.
fn host(store: &Arc<impl Store + 'static>) -> World {
    let mut world = World::new();
    world.store = Arc::clone(store) as _;
    world.limits.concurrent_requests = 64;
    world.secrets.set("account", "client-id", "wharf");
    world.secrets.set("account", "client-secret", "s3cret:of/ours");
    world.secrets.set("account", "refresh-token", "ref-0");
    world
}

#[tokio::test]
async fn rotated_token_is_used_next_and_survives_a_restart() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let world = host(&store);
    let egress = api.egress(&world);
    assert_eq!(api.asked(&egress, &world).await.unwrap(), "fine by 1");
    world.clock.advance(Duration::from_secs(541));
    assert_eq!(api.asked(&egress, &world).await.unwrap(), "fine by 2");

    // Another process on the same store: first with the access token that is there, then with the refresh token.
    let other = host(&store);
    other.clock.advance(Duration::from_secs(541));
    let egress = api.egress(&other);
    assert_eq!((api.asked(&egress, &other).await.unwrap().as_str(), api.issued()), ("fine by 2", 2));
    other.clock.advance(Duration::from_secs(541));
    assert_eq!((api.asked(&egress, &other).await.unwrap().as_str(), api.issued()), ("fine by 3", 3));
    // RFC 6749, section 2.3.1: form-encoded, then joined.
    let expected = format!(
        "Basic {}",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "wharf:s3cret%3Aof%2Fours")
    );
    assert_eq!(*api.family.clients.lock().unwrap(), vec![expected; 3]);
}

#[tokio::test]
async fn two_hosts_with_twenty_waiters_each_refresh_once_per_expiry() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let hosts = [host(&store), host(&store)];
    let egresses = hosts.each_ref().map(|world| api.egress(world));
    for round in 1..=10 {
        let asking = (0..40).map(|number| api.asked(&egresses[number % 2], &hosts[number % 2]));
        for answer in futures::future::join_all(asking).await {
            assert_eq!(answer.unwrap(), format!("fine by {round}"));
        }
        assert_eq!(api.issued(), round);
        hosts.iter().for_each(|world| world.clock.advance(Duration::from_secs(541)));
    }
}

#[tokio::test]
async fn refused_access_token_is_refreshed_once_for_all_hosts() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let hosts = [host(&store), host(&store)];
    let egresses = hosts.each_ref().map(|world| api.egress(world));
    for (egress, world) in egresses.iter().zip(&hosts) {
        assert_eq!(api.asked(egress, world).await.unwrap(), "fine by 1");
    }
    api.family.refused.store(1, Ordering::SeqCst);
    for (egress, world) in egresses.iter().zip(&hosts) {
        assert_eq!(api.asked(egress, world).await.unwrap(), "fine by 2");
    }
    assert_eq!(api.issued(), 2);
    // A connector that says that its token has expired does not get the kept one again.
    api.family.refused.store(2, Ordering::SeqCst);
    assert!(hosts[0].lasting.tokens.forget("crm"));
    assert_eq!((api.asked(&egresses[0], &hosts[0]).await.unwrap().as_str(), api.issued()), ("fine by 3", 3));
}

#[tokio::test]
async fn refresh_goes_on_when_its_call_is_dropped() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let world = host(&store);
    let egress = api.egress(&world);
    api.family.slow.store(true, Ordering::SeqCst);
    tokio::select! {
        answer = api.asked(&egress, &world) => panic!("answered {answer:?}"),
        () = api.family.asked.notified() => {}
    }
    // Nobody waits for it any more; another host asks meanwhile, and then it is answered.
    let kept = tokio::time::timeout(Duration::from_millis(50), crate::tokens_kept());
    assert!(kept.await.is_err(), "a program that ends now would lose the token");
    let other = host(&store);
    let waiting = api.egress(&other);
    let (answer, ()) = tokio::join!(api.asked(&waiting, &other), async {
        tokio::task::yield_now().await;
        api.family.go.notify_one();
    });
    assert_eq!((answer.unwrap().as_str(), api.issued()), ("fine by 1", 1));
    assert_eq!(api.asked(&egress, &world).await.unwrap(), "fine by 1");
    crate::tokens_kept().await;
}

#[tokio::test]
async fn host_that_died_while_refreshing_is_waited_for_no_longer_than_its_announcement() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let world = host(&store);
    let until = world.clock.now().after(Duration::from_secs(30));
    let announced = KeptToken { version: 1, sealed: Vec::new(), busy_until: Some(until) };
    assert!(store.keep_token("crm", "account", announced).await.unwrap());
    let egress = api.egress(&world);
    let waiting = tokio::time::timeout(Duration::from_millis(200), api.asked(&egress, &world));
    assert!(waiting.await.is_err());
    assert_eq!(api.issued(), 0);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(api.asked(&egress, &world).await.unwrap(), "fine by 1");
}

#[tokio::test]
async fn what_is_kept_shows_no_token() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let world = host(&store);
    api.asked(&api.egress(&world), &world).await.unwrap();
    let kept = store.kept_token("crm", "account").await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&kept.sealed).into_owned();
    assert!(kept.busy_until.is_none() && !kept.sealed.is_empty());
    assert!(!text.contains("ref-") && !text.contains("acc-"), "{text}");
}

#[tokio::test]
async fn token_that_the_operator_sets_anew_replaces_what_is_kept() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let world = host(&store);
    let egress = api.egress(&world);
    api.asked(&egress, &world).await.unwrap();
    // The remote has ended the family: signing in again gives the token that is `ref-1` here.
    world.clock.advance(Duration::from_secs(600));
    api.family.dead.store(true, Ordering::SeqCst);
    assert_eq!(api.asked(&egress, &world).await.unwrap_err(), Refusal::CredentialUnavailable(true));
    api.family.dead.store(false, Ordering::SeqCst);
    world.secrets.set("account", "refresh-token", "ref-1");
    assert_eq!(api.asked(&egress, &world).await.unwrap(), "fine by 2");
    world.clock.advance(Duration::from_secs(541));
    assert_eq!((api.asked(&egress, &world).await.unwrap().as_str(), api.issued()), ("fine by 3", 3));
}

#[tokio::test]
async fn revoked_token_is_told_with_the_manifests_hint() {
    let (store, api) = (Arc::new(MemoryStore::default()), Api::new().await);
    let world = host(&store);
    api.family.dead.store(true, Ordering::SeqCst);
    let scope = world.scope();
    let url = format!("http://{}/orders", api.address);
    let error = api.egress(&world).send(&scope, post(url, "x").with("account")).await.unwrap_err();
    assert_eq!(error.refusal, Refusal::CredentialUnavailable(true));
    assert_eq!(scope.note_of(error.request).unwrap(), "credential `account` was refused. Sign in again.");
    // The announcement was taken back.
    assert_eq!(store.kept_token("crm", "account").await.unwrap().unwrap().busy_until, None);
}

/// A store that takes announcements, and nothing more as long as it is full.
#[derive(Default)]
struct Full {
    inner: MemoryStore,
    is_full: AtomicBool,
    kept: AtomicUsize,
}

#[async_trait::async_trait]
impl Store for Full {
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable> {
        self.inner.put_wake_up(wake_up).await
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable> {
        self.inner.remove_wake_up(connection, name).await
    }

    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable> {
        self.inner.wake_ups(connection).await
    }

    async fn kept_token(&self, connection: &str, slot: &str) -> Result<Option<KeptToken>, StoreUnavailable> {
        self.inner.kept_token(connection, slot).await
    }

    async fn keep_token(&self, connection: &str, slot: &str, kept: KeptToken) -> Result<bool, StoreUnavailable> {
        if kept.busy_until.is_none() && self.is_full.load(Ordering::SeqCst) {
            self.kept.fetch_add(1, Ordering::SeqCst);
            return Err(StoreUnavailable("the disk is full".into()));
        }
        self.inner.keep_token(connection, slot, kept).await
    }
}

#[tokio::test]
async fn access_token_is_not_used_before_its_refresh_token_is_durable() {
    let (store, api) = (Arc::new(Full::default()), Api::new().await);
    let world = host(&store);
    let egress = api.egress(&world);
    store.is_full.store(true, Ordering::SeqCst);
    assert_eq!(api.asked(&egress, &world).await.unwrap_err(), Refusal::CredentialUnavailable(false));
    assert_eq!((api.issued(), store.kept.load(Ordering::SeqCst)), (1, 5));
}
