//! What a connector returns is searched for secrets, whatever it is for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::fmt::Debug;

use serde_json::json;
use wharf_contract_tests::{Upstream, load_into};
use wharf_host::model::{Action, Answer, Delivery, Document, Intent};
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::{Connection, Host};

const SECRET: &str = "correct-horse-battery-staple";

struct OneSecret;

#[async_trait::async_trait]
impl SecretSource for OneSecret {
    async fn secret(&self, _: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        Ok(Secret::new(SECRET))
    }
}

/// Makes a connection that has used its secret.
async fn connection(upstream: &Upstream) -> Connection {
    let host = Host::builder().secrets(OneSecret).build().unwrap();
    let connector = load_into(&host, "tells-secrets").await.unwrap();
    let config = json!({ "base_url": upstream.origin() });
    let grant = upstream.grant().slot("token");
    let connection = connector.connect("shop").config(config).grant(grant).build().await.unwrap();
    connection.get("probe", "first").await.unwrap();
    connection
}

fn intents() -> Vec<Intent> {
    vec![Intent {
        id: "1".into(),
        entity: "probe".into(),
        action: Action::Create,
        target: None,
        expected_revision: None,
        correlation: SECRET.into(),
        document: Document::new("{}"),
    }]
}

fn delivery(path: &str) -> Delivery {
    Delivery { method: "POST".into(), path: path.into(), headers: Vec::new(), body: SECRET.into() }
}

#[track_caller]
fn clean<T: Debug>(place: &str, texts: usize, answer: &Answer<T>) {
    let shown = format!("{:?}", answer.value);
    assert!(!shown.contains(SECRET), "{place}: {shown}");
    assert_eq!(shown.matches("[redacted]").count(), texts, "{place}: {shown}");
    let places: Vec<&str> = answer.trace.leaks.iter().map(|leak| leak.place.as_str()).collect();
    assert_eq!(places, [place], "{shown}");
}

#[tokio::test]
async fn secret_is_taken_out_of_everything_that_a_connector_returns() {
    let upstream = Upstream::saying("{}").await.unwrap();
    let connection = connection(&upstream).await;
    clean("document", 2, &connection.get("probe", SECRET).await.unwrap());
    clean("reference", 5, &connection.reference_page("told", Some(SECRET)).await.unwrap());
    clean("preview", 3, &connection.plan(&intents()).await.unwrap());
    clean("outcome", 3, &connection.apply(&intents()).await.unwrap());
    clean("verdict", 1, &connection.verify(&intents()).await.unwrap());
    clean("event", 2, &connection.parse_webhook(&delivery("/")).await.unwrap());
    clean("event", 1, &connection.parse_webhook(&delivery("/rejected")).await.unwrap());
    let url = format!("https://hooks.example.com/{SECRET}");
    clean("subscription", 3, &connection.subscribe(&url, &[SECRET.to_owned()]).await.unwrap());
}
