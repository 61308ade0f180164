//! Credentials that go into the body of a request.

use http::{HeaderValue, Method, header};
use serde_json::Value;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::Refusal;
use super::auth::{already_there, wiped};
use super::send::Outgoing;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

const JSON: &str = "application/json";

/// Adds a field to a urlencoded form.
pub(super) fn add_form_field(request: &mut Outgoing, name: &str, value: &str) -> Result<(), Refusal> {
    let body = request.body.take().unwrap_or_default();
    let is_form = kind(request).map_or(body.is_empty(), |kind| kind.eq_ignore_ascii_case(FORM));
    if !is_form || request.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::denied(
            "credential-needs-form",
            format!("the credential goes into field `{name}` of a form; send `content-type: {FORM}`"),
        ));
    }
    if matches!(request.method, Method::GET | Method::HEAD) {
        return Err(Refusal::denied(
            "credential-needs-form",
            format!(
                "the credential goes into field `{name}` of a form, which `{}` does not send; use `POST`",
                request.method
            ),
        ));
    }
    if form_urlencoded::parse(&body).any(|(field, _)| field == name) {
        return Err(already_there(name));
    }
    let mut form = Zeroizing::new(String::new());
    form_urlencoded::Serializer::new(&mut *form).append_pair(name, value);
    let separator: &[u8] = if body.is_empty() || body.ends_with(b"&") { b"" } else { b"&" };
    request.body = Some(wiped([&body, separator, form.as_bytes()].concat()));
    request.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(FORM));
    Ok(())
}

/// Adds a field to the JSON object that the body is. The rest of it stays as the guest wrote it.
pub(super) fn add_json_field(request: &mut Outgoing, name: &str, value: &str) -> Result<(), Refusal> {
    let body = request.body.take().unwrap_or_default();
    let is_json = kind(request).map_or(body.is_empty(), |kind| is_json(&kind));
    let usable = is_json && !request.headers.contains_key(header::CONTENT_ENCODING);
    if !usable || matches!(request.method, Method::GET | Method::HEAD) {
        return Err(needs_json(name));
    }
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let fields: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(|_| needs_json(name))?;
    if fields.contains_key(name) {
        return Err(already_there(name));
    }
    let field = Zeroizing::new(format!("{}:{}", Value::from(name), *Zeroizing::new(Value::from(value).to_string())));
    let rest = body.trim_ascii().strip_prefix(b"{").ok_or_else(|| needs_json(name))?;
    let comma: &[u8] = if fields.is_empty() { b"" } else { b"," };
    request.body = Some(wiped([b"{", field.as_bytes(), comma, rest].concat()));
    request.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(JSON));
    Ok(())
}

fn needs_json(name: &str) -> Refusal {
    Refusal::denied(
        "credential-needs-json",
        format!("the credential goes into field `{name}` of a JSON object; send one with `content-type: {JSON}`"),
    )
}

/// Returns the media type of the body; none when the request does not say.
fn kind(request: &Outgoing) -> Option<String> {
    let kind = request.headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
    Some(kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn is_json(kind: &str) -> bool {
    kind == JSON || (kind.starts_with("application/") && kind.ends_with("+json"))
}
