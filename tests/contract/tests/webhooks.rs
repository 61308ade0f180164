//! Webhooks: read without network, their signatures checked with secrets that the guest never sees.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use aws_lc_rs::hmac;
use wharf_contract_tests::load_into;
use wharf_host::model::{Delivery, Event, Parsed};
use wharf_host::policy::Grant;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::{Connection, Host};

const KEY: &[u8] = b"signing key of the webhook";
const BODY: &[u8] = br#"{"events":[{"key":"1","entity":"order","id":"12"}]}"#;

struct Fixed;

#[async_trait::async_trait]
impl SecretSource for Fixed {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        match part.slot {
            "signing" => Ok(Secret::new(KEY)),
            _ => Err(SecretUnavailable(format!("`{}` is not set", part.slot))),
        }
    }
}

async fn connection() -> Connection {
    let host = Host::builder().secrets(Fixed).build().unwrap();
    let connector = load_into(&host, "webhook-mac").await.unwrap();
    connector.connect("test").grant(Grant::new().slot("signing").slot("token")).build().await.unwrap()
}

fn delivery(method: &str, header: &str, value: &str) -> Delivery {
    let headers = vec![(header.to_owned(), value.to_owned())];
    Delivery { method: method.into(), path: "/hook?x=1".into(), headers, body: BODY.to_vec() }
}

fn signature(key: &[u8]) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), BODY))
}

#[tokio::test]
async fn signed_delivery_gives_its_events() {
    let parsed = connection().await.parse_webhook(&delivery("POST", "x-signature", &signature(KEY))).await.unwrap();
    let event = Event { key: "1".into(), entity: "order".into(), id: "12".into(), deleted: false };
    assert_eq!(parsed.value, Parsed::Events(vec![event]));
    assert_eq!(parsed.trace.requests, []);
}

#[tokio::test]
async fn forged_delivery_is_rejected() {
    let connection = connection().await;
    let forged = signature(b"another key");
    for (header, value) in
        [("x-signature", forged.as_str()), ("x-signature", "zz"), ("x-token", "guess"), ("x-odd", "")]
    {
        let parsed = connection.parse_webhook(&delivery("POST", header, value)).await.unwrap().value;
        assert!(matches!(parsed, Parsed::Rejected(_)), "{header}: {parsed:?}");
    }
}

#[tokio::test]
async fn handshake_is_answered() {
    let parsed = connection().await.parse_webhook(&delivery("GET", "x-odd", "")).await.unwrap().value;
    let Parsed::Handshake(reply) = parsed else { panic!("{parsed:?}") };
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"/hook?x=1"[..]));
}
