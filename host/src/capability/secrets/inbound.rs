//! Who calls us: the inbound schemes, checked before a connector sees what was sent.

mod oauth;
mod signature;

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zeroize::Zeroizing;

use crate::capability::http::redact::Redactor;
use crate::error::{Blame, Error};
use crate::manifest::{CredentialSlot, Scheme};
use crate::model::{Admission, Cause, Delivery, Reply};
use crate::policy::Policy;
use crate::secret::{Secret, SecretRef, SecretSource};
use crate::surroundings::{Clock, Randomness};

/// Headers by which callers sign in. They are for the host alone.
const SIGNING_IN: [&str; 2] = ["authorization", "proxy-authorization"];

/// The inbound slots of one connection.
pub(crate) struct Inbound {
    connection: String,
    /// Whether the manifest declares any, granted or not.
    declared: bool,
    slots: Vec<CredentialSlot>,
    source: Arc<dyn SecretSource>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    redactor: Redactor,
}

/// What one slot says of a delivery.
enum Verdict {
    Admitted,
    Answered(Reply),
    Refused(String),
}

/// Why a slot cannot say anything.
enum Unset {
    /// It is optional and has no value.
    Optional,
    /// It has to have a value.
    Missing(String),
}

impl Inbound {
    /// Takes the inbound slots that the policy grants.
    pub(crate) fn new(
        connection: &str,
        policy: &Policy,
        slots: &[CredentialSlot],
        config: &serde_json::Value,
        source: Arc<dyn SecretSource>,
        (clock, randomness): (Arc<dyn Clock>, Arc<dyn Randomness>),
    ) -> Self {
        let inbound = slots.iter().filter(|slot| slot.scheme.is_inbound());
        let granted = inbound.clone().filter(|slot| policy.slot(&slot.name).is_ok());
        let mut slots: Vec<_> = granted.map(|slot| configured(slot, config)).collect();
        // Those with a token endpoint first, so that no other slot passes a request for a token on to the connector.
        slots.sort_by_key(|slot| !matches!(slot.scheme, Scheme::InboundClientCredentials { .. }));
        let (connection, declared, redactor) = (connection.to_owned(), inbound.count() > 0, Redactor::default());
        Self { connection, declared, slots, source, clock, randomness, redactor }
    }

    /// Returns a delivery as the connector gets it: without the header by which its sender signed in, and without the values
    /// of the inbound slots, wherever else the sender wrote them. None when that changes nothing: where the manifest
    /// declares no inbound slot, the connector checks by itself what is shown.
    pub(crate) async fn passed_on(&self, delivery: &Delivery) -> Option<Delivery> {
        if !self.declared {
            return None;
        }
        for slot in &self.slots {
            self.learn(slot).await;
        }
        let _in_use = self.redactor.in_use();
        let signs_in = |name: &str| SIGNING_IN.iter().any(|known| name.eq_ignore_ascii_case(known));
        let shown = delivery.headers.iter().filter(|(name, _)| !signs_in(name)).cloned().collect();
        Some(self.redactor.delivery(&Delivery { headers: shown, ..delivery.clone() }))
    }

    /// Has the values of a slot looked for. One that cannot be had admits nobody either.
    async fn learn(&self, slot: &CredentialSlot) {
        let secret = slot.scheme.parts().into_iter().filter(|part| !matches!(*part, "username" | "client-id"));
        for part in secret {
            if let Ok([value]) = self.values(slot, [part]).await {
                self.redactor.learn([&*value.expose()]);
            }
        }
    }

    /// Checks who sent a delivery: one of the slots is enough.
    ///
    /// # Errors
    /// When no slot admits it and one that has to have a value cannot be read now.
    pub(crate) async fn authenticate(&self, delivery: &Delivery) -> Result<Admission, Error> {
        if !self.declared {
            return Ok(Admission::Admitted);
        }
        let (mut reasons, mut missing) = (Vec::new(), Vec::new());
        for slot in &self.slots {
            match self.ask(slot, delivery).await {
                Ok(Verdict::Admitted) => return Ok(Admission::Admitted),
                Ok(Verdict::Answered(reply)) => return Ok(Admission::Answered(reply)),
                Ok(Verdict::Refused(why)) => reasons.push(format!("credential `{}`: {why}", slot.name)),
                Err(Unset::Optional) => {}
                Err(Unset::Missing(why)) => missing.push(format!("credential `{}`: {why}", slot.name)),
            }
        }
        if !missing.is_empty() {
            return Err(self.unavailable(&missing.join("; ")));
        }
        if reasons.is_empty() {
            reasons.push("no inbound credential is granted and set; grant one and set its secret".into());
        }
        Ok(Admission::Refused { reply: self.refusal(), reason: reasons.join("; ") })
    }

    async fn ask(&self, slot: &CredentialSlot, delivery: &Delivery) -> Result<Verdict, Unset> {
        match &slot.scheme {
            Scheme::InboundBasic {} => {
                let [username, password] = self.values(slot, ["username", "password"]).await?;
                Ok(basic(delivery, &username, &password))
            }
            Scheme::InboundBearer {} => {
                let [value] = self.values(slot, ["value"]).await?;
                Ok(bearer(delivery, &value))
            }
            Scheme::InboundClientCredentials { token_path, lifetime_s, .. } => {
                let [id, secret] = self.values(slot, ["client-id", "client-secret"]).await?;
                let issuer = oauth::Issuer::new(&self.connection, &slot.name, &id, &secret, *lifetime_s);
                Ok(issuer.verdict(delivery, token_path, self.clock.now(), self.randomness.as_ref()))
            }
            Scheme::InboundWebhookSignature { tolerance_s } => {
                let [value] = self.values(slot, ["value"]).await?;
                Ok(signature::verdict(delivery, &value, *tolerance_s, self.clock.now()))
            }
            _ => Err(Unset::Optional),
        }
    }

    /// Gets the values of a slot. An empty one counts as none: it would match what anybody sends.
    async fn values<const N: usize>(&self, slot: &CredentialSlot, parts: [&str; N]) -> Result<[Secret; N], Unset> {
        let mut values = Vec::with_capacity(N);
        for part in parts {
            let wanted = SecretRef { connection: &self.connection, slot: &slot.name, part };
            match self.source.secret(wanted).await {
                Ok(secret) if !secret.expose().is_empty() => values.push(secret),
                Ok(_) if !slot.optional => return Err(Unset::Missing(format!("its part `{part}` is empty; set it"))),
                Err(error) if !slot.optional => return Err(Unset::Missing(error.to_string())),
                Ok(_) | Err(_) => return Err(Unset::Optional),
            }
        }
        values.try_into().map_err(|_| Unset::Optional)
    }

    fn unavailable(&self, why: &str) -> Error {
        let message = format!("who calls cannot be checked: {why}");
        let error = Error::failed(Cause::Unavailable { until: None }, Blame::Operator, message);
        error.with_connection(&self.connection)
    }

    /// Asks for what would be taken.
    fn refusal(&self) -> Reply {
        let takes = |wanted: fn(&Scheme) -> bool| self.slots.iter().any(|slot| wanted(&slot.scheme));
        let mut reply = json_reply(401, &json!({"error": "unauthorized"}));
        let mut challenge = |text: &str| reply.headers.push(("www-authenticate".into(), text.into()));
        if takes(|scheme| matches!(scheme, Scheme::InboundBasic {})) {
            challenge("Basic realm=\"wharf\", charset=\"UTF-8\"");
        }
        if takes(|scheme| matches!(scheme, Scheme::InboundBearer {} | Scheme::InboundClientCredentials { .. })) {
            challenge("Bearer realm=\"wharf\"");
        }
        reply
    }
}

fn configured(slot: &CredentialSlot, config: &serde_json::Value) -> CredentialSlot {
    let mut slot = slot.clone();
    if let Scheme::InboundClientCredentials { token_path, token_path_from: Some(pointer), .. } = &mut slot.scheme
        && let Some(path) = config.pointer(pointer).and_then(|path| path.as_str())
    {
        *token_path = path.to_owned();
    }
    slot
}

fn basic(delivery: &Delivery, username: &Secret, password: &Secret) -> Verdict {
    let Some(text) = authorization(delivery, "basic") else {
        return Verdict::Refused("the request shows no `Authorization: Basic`".into());
    };
    let Ok(pair) = STANDARD.decode(text).map(Zeroizing::new) else {
        return Verdict::Refused("its `Authorization: Basic` is no base64".into());
    };
    let expected = Zeroizing::new([&*username.expose(), b":", &*password.expose()].concat());
    if same(&pair, &expected) { Verdict::Admitted } else { Verdict::Refused("user or password is another".into()) }
}

fn bearer(delivery: &Delivery, value: &Secret) -> Verdict {
    match authorization(delivery, "bearer") {
        None => Verdict::Refused("the request shows no `Authorization: Bearer`".into()),
        Some(token) if same(token.as_bytes(), &value.expose()) => Verdict::Admitted,
        Some(_) => Verdict::Refused("the token is another".into()),
    }
}

/// Compares in constant time. Digests have one length, so that the time does not tell the secret's.
fn same(given: &[u8], expected: &[u8]) -> bool {
    let [given, expected] = [given, expected].map(|value| digest::digest(&digest::SHA256, value));
    constant_time::verify_slices_are_equal(given.as_ref(), expected.as_ref()).is_ok()
}

/// Returns the header of that name when it is there once: of two nobody knows which one counts.
fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a str> {
    let mut values = delivery.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.trim()),
        _ => None,
    }
}

fn authorization<'a>(delivery: &'a Delivery, kind: &str) -> Option<&'a str> {
    let (shown, rest) = header(delivery, "authorization")?.split_once(' ')?;
    shown.eq_ignore_ascii_case(kind).then(|| rest.trim())
}

fn json_reply(status: u16, body: &serde_json::Value) -> Reply {
    let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
    Reply {
        status,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests;
