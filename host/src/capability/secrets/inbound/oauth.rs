//! The token endpoint that others call: OAuth2 client credentials (RFC 6749, section 4.4), and the tokens it gives out.
//!
//! A token says itself until when it counts and is signed with a key made from the client's secret. So it outlives a
//! restart and counts in every process of the installation, and a replaced secret ends all tokens at once.

use std::time::Duration;

use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Verdict, authorization, header, json_reply, same};
use crate::model::{Delivery, Instant, Reply};
use crate::secret::Secret;
use crate::surroundings::Randomness;

/// Longest form that is read.
const MAX_FORM_BYTES: usize = 16 << 10;

/// Bytes of a token before its signature: the instant at which it ends, and randomness.
const CLAIM_BYTES: usize = 8 + 16;

/// Gives out tokens of one client and checks them.
pub(super) struct Issuer<'a> {
    id: &'a Secret,
    secret: &'a Secret,
    key: Option<hmac::Key>,
    lifetime_s: u32,
}

/// What a client calls itself.
struct Client {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
}

impl<'a> Issuer<'a> {
    pub(super) fn new(connection: &str, slot: &str, id: &'a Secret, secret: &'a Secret, lifetime_s: u32) -> Self {
        Self { id, secret, key: key(connection, slot, id, secret), lifetime_s }
    }

    /// Answers the token endpoint, and checks the token of any other request.
    pub(super) fn verdict(
        &self,
        delivery: &Delivery,
        token_path: &str,
        now: Instant,
        randomness: &dyn Randomness,
    ) -> Verdict {
        let path = delivery.path.split('?').next().unwrap_or_default();
        if path == token_path {
            return Verdict::Answered(self.answer(delivery, now, randomness).unwrap_or_else(|refusal| refusal));
        }
        match authorization(delivery, "bearer") {
            None => Verdict::Refused("the request shows no `Authorization: Bearer`".into()),
            Some(token) if self.admits(token, now) => Verdict::Admitted,
            Some(_) => Verdict::Refused("the access token is none of ours, or over".into()),
        }
    }

    fn admits(&self, token: &str, now: Instant) -> bool {
        let (Some(key), Ok(bytes)) = (&self.key, URL_SAFE_NO_PAD.decode(token)) else { return false };
        let Some((claim, tag)) = bytes.split_at_checked(CLAIM_BYTES) else { return false };
        let Some(end) = claim.first_chunk::<8>() else { return false };
        hmac::verify(key, claim, tag).is_ok() && now < Instant(u64::from_be_bytes(*end))
    }

    fn answer(&self, delivery: &Delivery, now: Instant, randomness: &dyn Randomness) -> Result<Reply, Reply> {
        if delivery.method != "POST" {
            let mut reply = error(405, "invalid_request", "ask for a token by `POST`");
            reply.headers.push(("allow".into(), "POST".into()));
            return Err(reply);
        }
        let form = form(delivery)?;
        if !clients(delivery, &form)?.iter().any(|client| self.is_ours(client)) {
            return Err(invalid_client());
        }
        match field(&form, "grant_type")? {
            Some("client_credentials") => self.grant(now, randomness),
            Some(_) => Err(error(400, "unsupported_grant_type", "use `client_credentials`")),
            None => Err(error(400, "invalid_request", "`grant_type` is missing")),
        }
    }

    fn is_ours(&self, client: &Client) -> bool {
        same(client.id.as_bytes(), &self.id.expose()) & same(client.secret.as_bytes(), &self.secret.expose())
    }

    fn grant(&self, now: Instant, randomness: &dyn Randomness) -> Result<Reply, Reply> {
        let broken = || error(500, "server_error", "no token can be made now; try again");
        let end = now.after(Duration::from_secs(self.lifetime_s.into()));
        let mut nonce = [0; CLAIM_BYTES - 8];
        randomness.fill(&mut nonce).map_err(|_| broken())?;
        let claim = [end.0.to_be_bytes().as_slice(), &nonce].concat();
        let tag = hmac::sign(self.key.as_ref().ok_or_else(broken)?, &claim);
        let token = URL_SAFE_NO_PAD.encode([claim.as_slice(), tag.as_ref()].concat());
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime_s});
        Ok(json_reply(200, &body))
    }
}

/// Makes the signing key of a client. Another name, slot or secret makes another key.
fn key(connection: &str, slot: &str, id: &Secret, secret: &Secret) -> Option<hmac::Key> {
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"wharf inbound access token");
    // A byte that no name has keeps `a`, `bc` apart from `ab`, `c`.
    let id = id.expose();
    let info: [&[u8]; 5] = [connection.as_bytes(), b"\0", slot.as_bytes(), b"\0", &id];
    let extracted = salt.extract(&secret.expose());
    extracted.expand(&info, hmac::HMAC_SHA256).ok().map(hmac::Key::from)
}

fn error(status: u16, code: &str, description: &str) -> Reply {
    json_reply(status, &json!({"error": code, "error_description": description}))
}

fn invalid_client() -> Reply {
    let mut reply = json_reply(401, &json!({"error": "invalid_client"}));
    reply.headers.push(("www-authenticate".into(), "Basic realm=\"wharf\"".into()));
    reply
}

type Form = Vec<(Zeroizing<String>, Zeroizing<String>)>;

fn form(delivery: &Delivery) -> Result<Form, Reply> {
    let kind = header(delivery, "content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    if !kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(error(400, "invalid_request", "send a form: `application/x-www-form-urlencoded`"));
    }
    if delivery.body.len() > MAX_FORM_BYTES {
        return Err(error(413, "invalid_request", "the form is too long"));
    }
    let pairs = form_urlencoded::parse(&delivery.body);
    Ok(pairs.map(|(name, value)| (Zeroizing::new(name.into_owned()), Zeroizing::new(value.into_owned()))).collect())
}

/// Returns a field; one that is there twice is a mistake (RFC 6749, section 3.2).
fn field<'a>(form: &'a Form, name: &str) -> Result<Option<&'a str>, Reply> {
    let mut values = form.iter().filter(|(known, _)| known.as_str() == name);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(error(400, "invalid_request", "a field is there twice")),
        (found, None) => Ok(found.map(|(_, value)| value.as_str())),
    }
}

/// Reads what the client calls itself, in the header or in the form, not in both. More than one reading may be right.
fn clients(delivery: &Delivery, form: &Form) -> Result<Vec<Client>, Reply> {
    let shown = authorization(delivery, "basic");
    let (id, secret) = (field(form, "client_id")?, field(form, "client_secret")?);
    match (shown, id, secret) {
        (Some(_), _, Some(_)) => Err(error(400, "invalid_request", "the client names itself twice")),
        (Some(shown), _, None) => in_header(shown).ok_or_else(invalid_client),
        (None, Some(id), Some(secret)) => Ok(vec![Client::of(id, secret)]),
        _ => Err(invalid_client()),
    }
}

/// Reads `Authorization: Basic` of a client. Its halves are form-encoded (RFC 6749, section 2.3.1), which many clients
/// leave out.
fn in_header(shown: &str) -> Option<Vec<Client>> {
    let pair = Zeroizing::new(STANDARD.decode(shown).ok()?);
    let (id, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    let mut readings = vec![Client::of(id, secret)];
    if let (Some(id), Some(secret)) = (form_decoded(id), form_decoded(secret)) {
        readings.push(Client { id, secret });
    }
    Some(readings)
}

impl Client {
    fn of(id: &str, secret: &str) -> Self {
        Self { id: Zeroizing::new(id.to_owned()), secret: Zeroizing::new(secret.to_owned()) }
    }
}

fn form_decoded(text: &str) -> Option<Zeroizing<String>> {
    let spaced = Zeroizing::new(text.replace('+', " "));
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(Zeroizing::new(decoded.into_owned()))
}
