//! Takes the coding off the body of an answer: one coding, of those that were asked for.
//!
//! A body that stays encoded cannot be searched for secrets, so an answer with any other coding is refused. The client library
//! would take the first of several away and forget the others.

use std::convert::Infallible;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use tower::{Service as _, service_fn};
use tower_http::decompression::{Decompression, DecompressionBody};

/// Codings that are asked for.
pub(super) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, br, zstd");

/// An answer whose body has no coding any more.
pub(super) type Decoded = http::Response<DecompressionBody<reqwest::Body>>;

/// Returns the coding of an answer that nobody asked for, or that is one of several.
pub(super) fn foreign(headers: &HeaderMap) -> Option<String> {
    let shown = |value: &HeaderValue| format!("{value:?}");
    let framing = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = framing.into_iter().find(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Some(shown(coding));
    }
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => None,
        (Some(coding), None) if ["identity", "gzip", "br", "zstd"].iter().any(|known| coding == known) => None,
        (Some(coding), None) => Some(shown(coding)),
        (Some(first), Some(second)) => Some(format!("{first:?} and {second:?}")),
    }
}

/// Returns how long the body is said to be; none where that is the length before its coding is taken off.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    let coded = headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    let length = headers.get(CONTENT_LENGTH).filter(|_| !coded)?;
    length.to_str().ok()?.parse().ok()
}

/// Takes the coding off.
pub(super) async fn decoded(answer: reqwest::Response) -> Decoded {
    let mut answer = Some(http::Response::<reqwest::Body>::from(answer));
    let mut decompression = Decompression::new(service_fn(move |_: http::Request<()>| {
        let answer = answer.take().unwrap_or_default();
        async { Ok::<_, Infallible>(answer) }
    }));
    match decompression.call(http::Request::new(())).await {
        Ok(decoded) => decoded,
        Err(never) => match never {},
    }
}
