//! One connection cannot get at what belongs to another, by whatever name it asks.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::sync::Arc;

use serde_json::{Value, json};
use wharf_contract_tests::{Upstream, load_into};
use wharf_host::model::Instant;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::store::{MemoryStore, Store, StoreUnavailable, WakeUp};
use wharf_host::{Connection, Connector, Host};

/// Has secrets for the connection `theirs` only.
struct OfOne;

#[async_trait::async_trait]
impl SecretSource for OfOne {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        match part.connection {
            "theirs" => Ok(Secret::new("secret-of-theirs")),
            other => Err(SecretUnavailable(format!("`{other}` has none"))),
        }
    }
}

/// A store that can be looked into.
#[derive(Clone, Default)]
struct Shared(Arc<MemoryStore>);

#[async_trait::async_trait]
impl Store for Shared {
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable> {
        self.0.put_wake_up(wake_up).await
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable> {
        self.0.remove_wake_up(connection, name).await
    }

    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable> {
        self.0.wake_ups(connection).await
    }
}

async fn connect(connector: &Connector, name: &str, upstream: &Upstream) -> Connection {
    let grant = upstream.grant().slot("token").slot("signing").slot("hook");
    let builder = connector.connect(name).config(json!({ "base_url": upstream.origin() })).grant(grant);
    builder.build().await.unwrap()
}

/// Lets a connection reach for what belongs to `theirs`.
async fn reach(connection: &Connection, theirs: &Upstream) -> Value {
    let query = [("theirs", "theirs".to_owned()), ("their_url", theirs.origin())];
    let query = query.map(|(name, value)| (name.to_owned(), value));
    let found = connection.lookup("probe", &query, 1).await.unwrap().value;
    found.first().unwrap().document.parse().unwrap()
}

#[track_caller]
fn refused(told: &Value, why: &str) {
    let told = told.as_array().map_or(std::slice::from_ref(told), Vec::as_slice);
    assert!(!told.is_empty());
    for told in told {
        assert!(told.as_str().is_some_and(|told| told.contains(why)), "{told} does not say {why}");
    }
}

#[tokio::test]
async fn credentials_secrets_records_and_upstream_of_another_connection_are_out_of_reach() {
    let store = Shared::default();
    let host = Host::builder().secrets(OfOne).store(store.clone()).build().unwrap();
    let connector = load_into(&host, "reaches-over").await.unwrap();
    let (ours, theirs) = (Upstream::saying("{}").await.unwrap(), Upstream::saying("{}").await.unwrap());
    let neighbour = connect(&connector, "theirs", &theirs).await;
    let connection = connect(&connector, "ours", &ours).await;
    let poll = WakeUp {
        connection: "theirs".into(),
        name: "poll".into(),
        due: Instant(5),
        every_seconds: Some(60),
        payload: "of theirs".into(),
    };
    store.0.put_wake_up(poll.clone()).await.unwrap();

    let told = reach(&connection, &theirs).await;
    refused(&told["credentials"], "names a credential slot that the manifest does not declare");
    refused(&told["upstream"], "host-not-asked");
    refused(&told["signatures"], "unknown-slot");
    refused(&told["tokens"], "unknown-slot");
    refused(&told["records"], "nothing was granted");
    refused(&told["found"], "nothing was granted");
    assert_eq!((&told["sources"], &told["cancelled"], &told["replaced"]), (&json!(0), &json!(false), &json!(true)));
    assert_eq!((theirs.arrived().len(), ours.arrived().len()), (0, 0));
    assert_eq!(store.0.wake_ups("theirs").await.unwrap(), [poll]);
    assert_eq!(store.0.wake_ups("ours").await.unwrap().len(), 1);

    // The one that they belong to gets at them by their own names.
    let told = reach(&neighbour, &theirs).await;
    assert_eq!((&told["upstream"], &told["cancelled"]), (&json!(200), &json!(true)), "{told}");
    refused(&told["credentials"], "names a credential slot that the manifest does not declare");
}
