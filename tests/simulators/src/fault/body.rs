//! The answers that faults give.

use std::io::Write;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::server::Cut;

const CHUNK_BYTES: usize = 64 << 10;

pub(super) fn refusal(status: u16, text: &str) -> Response {
    custom(status, text, "text/plain", &[])
}

pub(super) fn custom(status: u16, text: &str, content_type: &str, headers: &[(String, String)]) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let standing = [(header::CONTENT_TYPE.as_str(), content_type)];
    let further = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in standing.into_iter().chain(further) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

pub(super) fn bad_gateway_page() -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
                Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    custom(502, page, "text/html", &[])
}

pub(super) fn cut(mut response: Response) -> Response {
    response.extensions_mut().insert(Cut);
    response
}

pub(super) fn echo(status: u16, parts: &Parts, request_body: &[u8]) -> Response {
    let mut text = String::from("request refused, it was:");
    for (name, value) in &parts.headers {
        text.push_str(&format!(" {name}: {};", String::from_utf8_lossy(value.as_bytes())));
    }
    text.push_str(&format!(" body: {}", String::from_utf8_lossy(request_body)));
    // One body that is an error in the shape of every system.
    let body = json!({
        "status": "ERROR", "error_code": "ERROR_ECHO", "error_message": text, "Message": text,
        "error": "invalid_request", "error_description": text,
        "errors": [{"status": status.to_string(), "title": "Refused", "detail": text}],
    });
    custom(status, &body.to_string(), "application/json", &[])
}

pub(super) fn huge(bytes: u64) -> Response {
    let head = Bytes::from_static(b"{\"status\":\"SUCCESS\",\"padding\":\"");
    let middle = stream::unfold(bytes, |left| async move {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        (length > 0).then(|| (Bytes::from(vec![b'x'; length]), left - length as u64))
    });
    let tail = Bytes::from_static(b"\"}");
    let pieces = stream::iter([head]).chain(middle).chain(stream::iter([tail])).map(Ok::<_, std::io::Error>);
    let mut response = custom(200, "", "application/json", &[]);
    *response.body_mut() = Body::from_stream(pieces);
    response
}

pub(super) fn gzip_bomb(bytes: u64) -> Response {
    match packed_zeros(bytes) {
        Err(error) => refusal(500, &error.to_string()),
        Ok(packed) => {
            let encoding = [("content-encoding".to_owned(), "gzip".to_owned())];
            let mut response = custom(200, "", "application/json", &encoding);
            *response.body_mut() = Body::from(packed);
            response
        }
    }
}

fn packed_zeros(bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let chunk = vec![b' '; CHUNK_BYTES];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        encoder.write_all(chunk.get(..length).unwrap_or_default())?;
        left -= length as u64;
    }
    encoder.finish()
}

pub(super) async fn truncated(response: Response) -> Response {
    let (mut parts, whole) = gathered(response).await;
    parts.headers.remove(header::CONTENT_LENGTH);
    let half = whole.slice(..whole.len() / 2);
    Response::from_parts(parts, Body::from(half))
}

pub(super) async fn slow(response: Response, chunk_bytes: usize, pause_ms: u64) -> Response {
    let (parts, whole) = gathered(response).await;
    let pieces = stream::unfold(whole, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let piece = rest.split_to(chunk_bytes.clamp(1, rest.len()));
        Some((Ok::<_, std::io::Error>(piece), rest))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

async fn gathered(response: Response) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // Bodies made by a simulator's own handler are in memory already and cannot fail.
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, whole)
}
