//! Answers who calls: the host lets callers in by the inbound slots `client` (tokens from `/oauth/token`) and `signed`
//! (Standard Webhooks), and the answer is a JSON Web Token about the path, signed by the slot `signer`. Neither the callers'
//! credentials nor the key enter the guest.

use serde_json::json;
use wharf_sdk::manifest::{JwtAlgorithm, Slot, Webhooks as Hooks};
use wharf_sdk::{Delivery, Describe, Manifest, Parsed, Reply, Result, Serving, Webhooks, jwt};

struct AnswersCallers;

impl Describe for AnswersCallers {
    fn manifest() -> Manifest {
        wharf_guests::manifest("answers-callers")
            .credential(Slot::inbound_client_credentials("client", "/oauth/token").optional())
            .credential(Slot::inbound_webhook_signature("signed").optional())
            .credential(Slot::jwt("signer", JwtAlgorithm::Hs256).optional())
            .webhooks(Hooks::new([]))
            .serve("GET", "/whoami")
    }
}

impl Webhooks for AnswersCallers {
    fn parse(_: Delivery) -> Parsed {
        Parsed::Rejected("this remote sends none".to_owned())
    }
}

impl Serving for AnswersCallers {
    fn serve(request: Delivery) -> Result<Reply> {
        let claims = json!({"sub": request.path}).to_string();
        Ok(Reply::text(200, "application/jwt", jwt::sign("signer", None, &claims)?))
    }
}

wharf_sdk::export!(AnswersCallers: describe, webhooks, serving);

fn main() {}
