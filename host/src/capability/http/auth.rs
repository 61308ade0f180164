//! Credentials: which slot may go where, and how each scheme puts its secret into a request.
//!
//! This is one of the two rooms that see secret values; the other is the secrets capability.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;
use zeroize::Zeroizing;

use super::redact::Redactor;
use super::send::Outgoing;
use super::{Refusal, allow, body};
use crate::error::{Blame, Error, ErrorKind};
use crate::manifest::{Attachment, CredentialSlot, HeaderPart, Scheme};
use crate::policy::origin::{OriginPattern, resolve_address};
use crate::policy::{self, Denied};
use crate::secret::{Exposed, Secret, SecretRef, SecretSource};

/// Time for the sources of secrets to give all values before the first request.
const TEACHING: Duration = Duration::from_secs(2);

/// The credential slots of a connection.
pub(super) struct Credentials {
    connection: String,
    slots: Vec<Slot>,
    source: Arc<dyn SecretSource>,
    /// Whether the redactor has been taught all values once.
    taught: tokio::sync::OnceCell<()>,
}

/// A slot whose audience is worked out.
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) scheme: Scheme,
    audience: Vec<OriginPattern>,
    /// Where tokens come from, for schemes that fetch them.
    pub(super) token_url: Option<Url>,
    /// How a person gets the credential, as the manifest says it.
    pub(super) hint: String,
}

impl Slot {
    /// Returns what says that two tokens are one: the same values, fetched by the same scheme from the same place for the same
    /// audience. In this process only.
    pub(super) fn fingerprint(&self, values: &Values) -> [u8; 32] {
        let declared = format!("{:?} {:?} {:?}", self.scheme, self.token_url, self.audience);
        fingerprint(&[("values", &values.fingerprint), ("declared", declared.as_bytes())])
    }
}

/// The secret values of a slot, for the time of one request.
pub(super) struct Values {
    parts: Vec<(String, Exposed)>,
    /// The same for the same values, in this process only.
    pub(super) fingerprint: [u8; 32],
}

impl Credentials {
    /// Works out the slots.
    ///
    /// # Errors
    /// `Connect`, with every slot whose audience, headers or token address cannot be used.
    pub(super) fn new(
        connection: &str,
        slots: &[CredentialSlot],
        config: &serde_json::Value,
        source: Arc<dyn SecretSource>,
    ) -> Result<Self, Error> {
        let (mut usable, mut problems) = (Vec::new(), Vec::new());
        for declared in slots {
            match slot(declared, config) {
                Ok(slot) => usable.push(slot),
                Err(problem) => problems.push(format!("credential `{}`: {problem}", declared.name)),
            }
        }
        if problems.is_empty() {
            let (connection, taught) = (connection.to_owned(), tokio::sync::OnceCell::new());
            return Ok(Self { connection, slots: usable, source, taught });
        }
        let message = problems.join("; ");
        Err(Error::new(ErrorKind::Connect, "credential-invalid", Blame::Operator, message).with_connection(connection))
    }

    /// Returns the headers that any of the slots sets: the guest may set none of them.
    pub(super) fn header_names(&self) -> HashSet<HeaderName> {
        let names = self.slots.iter().flat_map(|slot| scheme_headers(&slot.scheme));
        names.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect()
    }

    /// Returns the names of the slots that go out with requests.
    pub(super) fn outgoing(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().filter(|slot| slot.scheme.goes_out()).map(|slot| slot.name.as_str())
    }

    /// Finds the slot that a request names, and makes sure that it goes only where it belongs.
    pub(super) fn slot(&self, name: &str, url: &Url) -> Result<&Slot, Denied> {
        let Some(slot) = self.slots.iter().find(|slot| slot.name == name) else {
            return Err(Denied::new(
                "slot-unknown",
                "the request names a credential slot that the manifest does not declare; declare it under `credentials`",
            ));
        };
        if !slot.scheme.goes_out() {
            return Err(Denied::new(
                "slot-not-for-requests",
                format!("credential `{name}` does not go out with requests; name a slot of a scheme that does"),
            ));
        }
        if slot.audience.iter().any(|origin| origin.covers(url)) {
            return Ok(slot);
        }
        Err(Denied::new(
            "credential-audience",
            format!(
                "credential `{name}` does not go to `{}`; add the origin to its `audience` in the manifest",
                policy::target::origin_text(url)
            ),
        ))
    }

    /// Makes the redactor look for the values of all granted slots, once, before anything is sent: a remote may give back
    /// what another process sent it. What cannot be had in time is learnt when it is used.
    pub(super) async fn teach_all(&self, redactor: &Redactor, granted: impl Fn(&str) -> bool) {
        let teach = async {
            for slot in self.slots.iter().filter(|slot| granted(&slot.name)) {
                self.known(slot).await.teach(redactor);
            }
        };
        let in_time = || async { tokio::time::timeout(TEACHING, teach).await.unwrap_or(()) };
        self.taught.get_or_init(in_time).await;
    }

    /// Makes the redactor look for the values of granted slots that do not go out. Each time: they are not learnt by being
    /// used, and may have been replaced since.
    pub(super) async fn teach_callers(&self, redactor: &Redactor, granted: impl Fn(&str) -> bool) {
        let comes_in = |slot: &&Slot| !slot.scheme.goes_out() && granted(&slot.name);
        let teach = async {
            for slot in self.slots.iter().filter(comes_in) {
                self.known(slot).await.teach(redactor);
            }
        };
        tokio::time::timeout(TEACHING, teach).await.unwrap_or(());
    }

    /// Gets those values of a slot that are there.
    async fn known(&self, slot: &Slot) -> Values {
        let mut parts = Vec::new();
        for part in slot.scheme.parts() {
            let wanted = SecretRef { connection: &self.connection, slot: &slot.name, part };
            if let Ok(value) = self.source.secret(wanted).await {
                parts.push((part.to_owned(), value.expose()));
            }
        }
        Values { parts, fingerprint: [0; 32] }
    }

    /// Gets the values of a slot from their source.
    pub(super) async fn values(&self, slot: &Slot) -> Result<Values, Refusal> {
        let mut parts: Vec<(String, Exposed)> = Vec::new();
        for part in slot.scheme.parts() {
            if parts.iter().any(|(known, _)| known == part) {
                continue;
            }
            let wanted = SecretRef { connection: &self.connection, slot: &slot.name, part };
            let value = self.source.secret(wanted).await.map_err(|error| {
                let (connection, slot) = (&self.connection, &slot.name);
                tracing::warn!(%connection, %slot, %part, "credential is not there: {error}");
                Refusal::CredentialUnavailable(false)
            })?;
            parts.push((part.to_owned(), value.expose()));
        }
        let exposed: Vec<(&str, &[u8])> = parts.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
        let fingerprint = fingerprint(&exposed);
        Ok(Values { parts, fingerprint })
    }
}

fn slot(declared: &CredentialSlot, config: &serde_json::Value) -> Result<Slot, String> {
    let scheme = configured(&declared.scheme, config)?;
    let token_url = match scheme.token_url() {
        Some(token_url) => resolve_address(token_url, config)?,
        None => None,
    };
    for name in scheme_headers(&scheme) {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{name}` is no header name; use letters, digits and `-`"))?;
        if !allow::credential_may_set(&parsed) {
            return Err(format!("header `{name}` belongs to the host; name one that a credential can be sent in"));
        }
    }
    let audience = policy::origins(&declared.audience, config)?;
    Ok(Slot { name: declared.name.clone(), scheme, audience, token_url, hint: declared.hint.clone() })
}

/// Returns the scheme with what the configuration puts in the place of the manifest's.
fn configured(scheme: &Scheme, config: &serde_json::Value) -> Result<Scheme, String> {
    let Scheme::Header { name_from: Some(pointer), .. } = scheme else { return Ok(scheme.clone()) };
    match config.pointer(pointer) {
        None | Some(serde_json::Value::Null) => Ok(scheme.clone()),
        Some(serde_json::Value::String(name)) => Ok(Scheme::Header { name: name.clone(), name_from: None }),
        Some(_) => Err(format!("`{pointer}` of the configuration is no text; write the name of the header")),
    }
}

fn scheme_headers(scheme: &Scheme) -> Vec<&str> {
    let own = scheme.headers().iter().map(|header| header.name.as_str());
    match scheme {
        Scheme::Basic {} | Scheme::Bearer {} => vec!["authorization"],
        Scheme::Header { name, .. } => vec![name],
        Scheme::TokenExchange { attach, request, .. } => {
            let sent = match attach {
                Attachment::Bearer => Some("authorization"),
                Attachment::Header(name) => Some(name.as_str()),
                Attachment::Query(_) => None,
            };
            request.headers.iter().map(|header| header.name.as_str()).chain(sent).collect()
        }
        Scheme::Oauth2Password { .. } | Scheme::Oauth2ClientCredentials { .. } | Scheme::Oauth2Refresh { .. } => {
            own.chain(["authorization"]).collect()
        }
        _ => Vec::new(),
    }
}

/// Says that two slots hold the same values, without holding them. The key never leaves the process, so that the
/// fingerprint of a short password cannot be searched for elsewhere.
fn fingerprint(parts: &[(&str, &[u8])]) -> [u8; 32] {
    static KEY: OnceLock<hmac::Key> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut random = Zeroizing::new([0; 32]);
        // Without randomness the fingerprint still tells values apart, which is all that it is needed for.
        let _ = aws_lc_rs::rand::fill(random.as_mut());
        hmac::Key::new(hmac::HMAC_SHA256, random.as_ref())
    });
    let mut context = hmac::Context::with_key(key);
    for (name, value) in parts {
        for bytes in [name.as_bytes(), value] {
            context.update(&bytes.len().to_le_bytes());
            context.update(bytes);
        }
    }
    // Pushes what is left of the last value out of the context's buffer, which lies on a stack and is moved.
    context.update(&[0; 64]);
    let mut print = [0; 32];
    for (to, from) in print.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    print
}

impl Values {
    pub(super) fn part(&self, name: &str) -> Result<&[u8], Refusal> {
        let found = self.parts.iter().find(|(part, _)| part == name);
        found.map(|(_, value)| &**value).ok_or(Refusal::CredentialUnavailable(false))
    }

    /// Tells whether one of the values is exactly this.
    pub(super) fn has(&self, text: &[u8]) -> bool {
        self.parts.iter().any(|(_, value)| **value == *text)
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, Refusal> {
        std::str::from_utf8(self.part(name)?).map_err(|_| unusable(name, "is not UTF-8 text"))
    }

    /// Makes the redactor look for these values, and for what they are on the wire: a remote may encode what it was sent once
    /// more. The name of a user or client is no secret: people's addresses are in many documents rightly. Where the password is
    /// empty, the user name is the key, and looked for.
    pub(super) fn teach(&self, redactor: &Redactor) {
        let password_is_empty = self.part("password").is_ok_and(<[u8]>::is_empty);
        let secret = |name: &str| name != "client-id" && (name != "username" || password_is_empty);
        let values = || self.parts.iter().filter(|(name, _)| secret(name)).map(|(_, value)| &**value);
        redactor.learn(values());
        let on_the_wire: Vec<_> = values().map(form_encoded).chain(self.pairs()).collect();
        redactor.learn(on_the_wire.iter().map(|value| value.as_slice()));
    }

    /// Returns what Basic makes of the names and passwords.
    fn pairs(&self) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
        let pair = |name, secret| Some((self.part(name).ok()?, self.part(secret).ok()?));
        let user = pair("username", "password").map(|(name, secret)| in_base64(name, secret));
        // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        let client = pair("client-id", "client-secret")
            .map(|(name, secret)| in_base64(&form_encoded(name), &form_encoded(secret)));
        user.into_iter().chain(client)
    }

    /// Puts the values into a request. `token` is the access token of schemes that fetch one.
    pub(super) fn attach(
        &self,
        scheme: &Scheme,
        token: Option<&Secret>,
        request: &mut Outgoing,
    ) -> Result<(), Refusal> {
        match scheme {
            Scheme::Basic {} => set(&mut request.headers, header::AUTHORIZATION, &self.basic()?, "password"),
            Scheme::Bearer {} => set_bearer(&mut request.headers, self.part("value")?),
            Scheme::Header { name, .. } => set_named(&mut request.headers, name, self.part("value")?, "value"),
            Scheme::FormField { name } => body::add_form_field(request, name, self.text("value")?),
            Scheme::BodyField { name } => body::add_json_field(request, name, self.text("value")?),
            Scheme::Query { name } => add_query(request, name, self.text("value")?),
            Scheme::Oauth2Password { headers, .. }
            | Scheme::Oauth2ClientCredentials { headers, .. }
            | Scheme::Oauth2Refresh { headers, .. } => {
                self.attach_headers(headers, &mut request.headers)?;
                set_bearer(&mut request.headers, &token.ok_or(Refusal::CredentialUnavailable(false))?.expose())
            }
            Scheme::TokenExchange { attach, .. } => {
                attach_token(attach, token.ok_or(Refusal::CredentialUnavailable(false))?, request)
            }
            _ => Err(Refusal::CredentialUnavailable(false)),
        }
    }

    fn basic(&self) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let username = self.part("username")?;
        if username.contains(&b':') {
            return Err(unusable("username", "contains `:`, which Basic cannot carry"));
        }
        Ok(basic(username, self.part("password")?))
    }

    pub(super) fn attach_headers(&self, headers: &[HeaderPart], to: &mut HeaderMap) -> Result<(), Refusal> {
        for header in headers {
            set_named(to, &header.name, self.part(&header.part)?, &header.part)?;
        }
        Ok(())
    }
}

/// Makes the value of an `Authorization: Basic`.
pub(super) fn basic(user: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([b"Basic ", in_base64(user, password).as_slice()].concat())
}

fn in_base64(user: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
    let pair = Zeroizing::new([user, b":", password].concat());
    Zeroizing::new(STANDARD.encode(&*pair).into_bytes())
}

fn form_encoded(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(value.len() * 3));
    form_urlencoded::byte_serialize(value).for_each(|part| encoded.extend_from_slice(part.as_bytes()));
    encoded
}

fn attach_token(attach: &Attachment, token: &Secret, request: &mut Outgoing) -> Result<(), Refusal> {
    match attach {
        Attachment::Bearer => set_bearer(&mut request.headers, &token.expose()),
        Attachment::Header(name) => set_named(&mut request.headers, name, &token.expose(), "token"),
        Attachment::Query(name) => {
            let token = token.expose();
            let token = std::str::from_utf8(&token).map_err(|_| unusable("token", "is not UTF-8 text"))?;
            add_query(request, name, token)
        }
    }
}

pub(super) fn unusable(part: &str, why: &str) -> Refusal {
    tracing::warn!(part, "credential cannot be used: its part {why}");
    Refusal::CredentialUnavailable(false)
}

fn set_bearer(headers: &mut HeaderMap, token: &[u8]) -> Result<(), Refusal> {
    let value = Zeroizing::new([b"Bearer ", token].concat());
    set(headers, header::AUTHORIZATION, &value, "value")
}

fn set_named(headers: &mut HeaderMap, name: &str, value: &[u8], part: &str) -> Result<(), Refusal> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable(part, "has no usable header"))?;
    set(headers, name, value, part)
}

pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &[u8], part: &str) -> Result<(), Refusal> {
    // The header takes a buffer that is wiped when the last use of it ends.
    let mut value = HeaderValue::from_maybe_shared(wiped(value.to_vec()))
        .map_err(|_| unusable(part, "has a line break or control character, which no header can carry"))?;
    // Kept out of debug output and of the header compression's tables.
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn add_query(request: &mut Outgoing, name: &str, value: &str) -> Result<(), Refusal> {
    if request.url.query_pairs().any(|(parameter, _)| parameter == name) {
        return Err(already_there(name));
    }
    request.url.query_pairs_mut().append_pair(name, value);
    Ok(())
}

/// Makes a body or header out of a buffer with a secret in it; the buffer is wiped when the last use of it ends.
pub(super) fn wiped(buffer: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(buffer))
}

pub(super) fn already_there(name: &str) -> Refusal {
    Refusal::denied(
        "credential-set-by-guest",
        format!("`{name}` is set by the credential; leave it out of the request"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use http::Method;

    use super::*;

    #[test]
    fn attached_headers_do_not_show_their_value() {
        let value = |part: &str| (part.to_owned(), Secret::new("hush-hush").expose());
        let values = Values { parts: ["value", "username", "password"].map(value).into(), fingerprint: [0; 32] };
        for scheme in [Scheme::Basic {}, Scheme::Bearer {}, Scheme::Header { name: "x-key".into(), name_from: None }] {
            let url = Url::parse("https://api.example.com").unwrap();
            let mut request = Outgoing { method: Method::GET, url, headers: HeaderMap::new(), body: None };
            values.attach(&scheme, None, &mut request).unwrap();
            assert_eq!(request.headers.len(), 1);
            assert!(request.headers.values().all(HeaderValue::is_sensitive), "{scheme:?}");
        }
    }

    #[test]
    fn fingerprint_tells_values_and_parts_apart() {
        let of = |parts: &[(&str, &str)]| {
            let parts: Vec<_> = parts.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            fingerprint(&parts)
        };
        assert_eq!(of(&[("value", "a")]), of(&[("value", "a")]));
        assert_ne!(of(&[("value", "a")]), of(&[("value", "b")]));
        assert_ne!(of(&[("username", "ab"), ("password", "c")]), of(&[("username", "a"), ("password", "bc")]));
    }
}
