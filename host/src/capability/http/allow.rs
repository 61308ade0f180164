//! What the guest may put into a request: method, headers, size. Pure.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::model::Effect;
use crate::policy::Denied;

/// Headers of a request, at most.
const MAX_HEADERS: usize = 100;

/// Bytes of the headers of a request together, at most. Servers refuse more.
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Headers that the host writes, or that would change what the other side takes for the end of the message, for the method
/// that was granted, or for the host and the sender of the request.
const OWNED_BY_HOST: [&str; 34] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "accept-encoding",
    "cookie",
    "authorization",
    "proxy-authorization",
    "proxy-connection",
    "proxy-authenticate",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-forwarded",
    "x-forwarded-server",
    "x-host",
    "x-original-host",
    "forwarded-for",
    "client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
];

/// Headers that a credential may set although the guest may not.
const LEFT_TO_CREDENTIALS: [&str; 2] = ["authorization", "cookie"];

/// Tells whether a credential slot may set this header.
pub(super) fn credential_may_set(name: &HeaderName) -> bool {
    LEFT_TO_CREDENTIALS.contains(&name.as_str()) || !is_owned_by_host(name)
}

fn is_owned_by_host(name: &HeaderName) -> bool {
    let name = as_programs_see_it(name);
    OWNED_BY_HOST.contains(&name.as_str()) || name.starts_with(':')
}

/// Returns the name as programs behind a gateway interface get it (RFC 3875, section 4.1.18), to whom `-` and `_` are the same.
fn as_programs_see_it(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// Reads the method: upper case, and none that opens a tunnel or echoes the request with its credential.
pub(super) fn method(text: &str) -> Result<Method, Denied> {
    if text.is_empty() || text.len() > 32 || !text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(Denied::new("method-invalid", "the method is not a word in upper case; write it like `GET`"));
    }
    if matches!(text, "CONNECT" | "TRACE" | "TRACK") {
        return Err(Denied::new("method-invalid", format!("method `{text}` never leaves the host; use another one")));
    }
    Method::from_bytes(text.as_bytes())
        .map_err(|_| Denied::new("method-invalid", "the method cannot be read; write it like `GET`"))
}

/// Returns the effect that a request counts as: what it declares, but no less than its method means. GET, HEAD and
/// OPTIONS may be anything and POST may be a read; PUT, PATCH and DELETE are writes whatever is declared.
pub(super) fn effect(method: &str, declared: Effect) -> Effect {
    let least = match method {
        "GET" | "HEAD" | "OPTIONS" | "POST" | "QUERY" => Effect::Read,
        "PUT" | "PATCH" | "DELETE" => Effect::IdempotentWrite,
        _ => Effect::Write,
    };
    declared.max(least)
}

/// Reads the guest's headers. `of_credentials` are those that any credential of the connection sets.
pub(super) fn headers(fields: &[(String, String)], of_credentials: &HashSet<HeaderName>) -> Result<HeaderMap, Denied> {
    let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    if fields.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Denied::new(
            "headers-too-large",
            format!("the request has more than {MAX_HEADERS} headers or {MAX_HEADER_BYTES} bytes of them; send less"),
        ));
    }
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let (name, value) = header(name, value)?;
        let is_of_credential = || {
            let seen = as_programs_see_it(&name);
            of_credentials.iter().any(|of_credential| as_programs_see_it(of_credential) == seen)
        };
        if is_owned_by_host(&name) || is_of_credential() {
            return Err(Denied::new(
                "header-owned-by-host",
                format!("header `{name}` is set by the host; leave it out, and name a credential slot for a secret"),
            ));
        }
        headers.append(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Denied> {
    let shown: String = name.chars().filter(|character| character.is_ascii_graphic()).take(60).collect();
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Denied::new("header-invalid", format!("`{shown}` is no header name; use letters, digits and `-`"))
    })?;
    let value = HeaderValue::from_str(value).or_else(|_| HeaderValue::from_bytes(value.as_bytes())).map_err(|_| {
        Denied::new(
            "header-invalid",
            format!("the value of header `{name}` has a line break or control character; take it out"),
        )
    })?;
    Ok((name, value))
}

/// Checks the size of the body.
pub(super) fn body(bytes: usize, limit: usize) -> Result<(), Denied> {
    if bytes <= limit {
        return Ok(());
    }
    Err(Denied::new(
        "request-too-large",
        format!("the request body has {bytes} bytes, the limit is {limit}; send less at once"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_name_another_method_host_or_sender_are_the_hosts_in_either_spelling() {
        let code =
            |name: &str| headers(&[(name.to_owned(), "x".to_owned())], &HashSet::new()).err().map(|denied| denied.code);
        for name in
            ["x-http-method-override", "x-real-ip", "x-original-host", "x-host", "true-client-ip", "cf-connecting-ip"]
        {
            assert_eq!(code(name), Some("header-owned-by-host"), "{name}");
            assert_eq!(code(&name.replace('-', "_")), Some("header-owned-by-host"), "{name}");
        }
        assert_eq!(code("x-requested-with"), None);
    }
}
