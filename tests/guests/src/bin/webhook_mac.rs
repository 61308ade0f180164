//! Reads webhooks: a body like `{"events": [{"key": "1", "entity": "order", "id": "12"}]}`, signed with HMAC-SHA256 in
//! hexadecimal in the header `x-signature`, by the slot `signing`; or, without a signature, a token in the header
//! `x-token`, for the slot `token`. `GET` is the handshake. The host checks signatures and tokens with secrets that
//! never enter the guest; what does not pass comes back as rejected.

use serde::Deserialize;
use wharf_sdk::manifest::{Slot, Webhooks as Hooks};
use wharf_sdk::secrets::{self, Hash, SecretError};
use wharf_sdk::{Delivery, Describe, Event, Manifest, Parsed, Reply, Webhooks};

struct WebhookMac;

#[derive(Deserialize)]
struct Body {
    events: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    key: String,
    entity: String,
    id: String,
    #[serde(default)]
    deleted: bool,
}

impl Describe for WebhookMac {
    fn manifest() -> Manifest {
        wharf_guests::manifest("webhook-mac")
            .credential(Slot::mac("signing").optional())
            .credential(Slot::presented("token").optional())
            .webhooks(Hooks::new(["signing", "token"]))
    }
}

impl Webhooks for WebhookMac {
    fn parse(delivery: Delivery) -> Parsed {
        if delivery.method == "GET" {
            return Parsed::Handshake(Reply::text(200, "text/plain", delivery.path));
        }
        match is_genuine(&delivery) {
            Ok(true) => events(&delivery.body),
            Ok(false) => Parsed::Rejected("the signature or token is wrong".to_owned()),
            Err(error) => Parsed::Rejected(format!("the secret cannot be used: {error:?}")),
        }
    }
}

fn is_genuine(delivery: &Delivery) -> Result<bool, SecretError> {
    match delivery.header("x-signature") {
        Some(signature) => {
            let tag = secrets::from_hex(signature).unwrap_or_default();
            secrets::verify_mac("signing", Hash::Sha256, &delivery.body, &tag)
        }
        None => secrets::matches("token", delivery.header("x-token").unwrap_or_default()),
    }
}

fn events(body: &[u8]) -> Parsed {
    let event =
        |change: Change| Event { key: change.key, entity: change.entity, id: change.id, deleted: change.deleted };
    match serde_json::from_slice::<Body>(body) {
        Ok(body) => Parsed::Events(body.events.into_iter().map(event).collect()),
        Err(error) => Parsed::Rejected(format!("the body is not what was agreed: {error}")),
    }
}

wharf_sdk::export!(WebhookMac: describe, webhooks);

fn main() {}
