//! Answers requests: `/webhook/CONNECTION/...`, `/serve/CONNECTION/...` and `/health`.

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::json;
use wharf_flow::{Received, Webhooks};
use wharf_host::model::{Admission, Cause, Delivery, Reply};
use wharf_host::{Connection, Error};

/// A request that was read whole.
pub(crate) struct Asked {
    /// Method, address and headers.
    pub(crate) head: Parts,
    /// Body.
    pub(crate) body: Bytes,
}

/// What answers.
pub(crate) struct Desk {
    connections: BTreeMap<String, Connection>,
    webhooks: Webhooks,
}

type Answer = Response<Full<Bytes>>;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Webhook,
    Serve,
}

impl Desk {
    /// Makes the desk of an installation.
    pub(crate) fn new(connections: BTreeMap<String, Connection>, webhooks: Webhooks) -> Self {
        Self { connections, webhooks }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, asked: Asked) -> Answer {
        if asked.head.uri.path() == "/health" {
            return said(StatusCode::OK, &json!({ "status": "ok" }));
        }
        let whole = asked.head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let Some((purpose, name, path)) = address(&whole) else {
            return refusal(StatusCode::NOT_FOUND, "nothing is here; correct the address");
        };
        let interface = if purpose == Purpose::Webhook { "webhooks" } else { "serving" };
        let connection = self.connections.get(name);
        let Some(connection) =
            connection.filter(|connection| connection.connector().inspection().exports_interface(interface))
        else {
            return refusal(StatusCode::NOT_FOUND, "no connection answers here; correct the address");
        };
        let delivery = delivery(asked, path);
        match (connection.authenticate(&delivery).await, purpose) {
            (Err(error), _) => {
                tracing::warn!(connection = name, "nobody can sign in: {error}");
                refusal(StatusCode::SERVICE_UNAVAILABLE, "the sender cannot be checked now; try again later")
            }
            (Ok(Admission::Answered(reply)), _) => replied(reply),
            (Ok(Admission::Refused { reply, reason }), purpose) => {
                tracing::info!(connection = name, "refused: {reason}");
                if purpose == Purpose::Webhook && self.webhooks.refuse(name, &delivery, &reason).await.is_err() {
                    return unwritable();
                }
                replied(reply)
            }
            (Ok(Admission::Admitted), Purpose::Webhook) => self.received(name, &delivery).await,
            (Ok(Admission::Admitted), Purpose::Serve) => served(connection, &delivery).await,
        }
    }

    async fn received(&self, name: &str, delivery: &Delivery) -> Answer {
        match self.webhooks.receive(name, delivery).await {
            Ok(Received::Accepted { .. }) => said(StatusCode::OK, &json!({ "status": "accepted" })),
            Ok(Received::Handshake(reply)) => replied(reply),
            Ok(Received::Rejected(why)) => {
                tracing::info!(connection = name, "webhook rejected: {why}");
                refusal(StatusCode::UNAUTHORIZED, "it is not accepted; sign it with the agreed secret")
            }
            Ok(Received::Failed(why)) => {
                tracing::warn!(connection = name, "webhook not read: {why}");
                refusal(StatusCode::SERVICE_UNAVAILABLE, "it cannot be read now; send it again later")
            }
            Err(error) => {
                tracing::error!(connection = name, "webhook not stored: {error}");
                unwritable()
            }
        }
    }
}

async fn served(connection: &Connection, delivery: &Delivery) -> Answer {
    match connection.serve(delivery).await {
        Ok(answer) => replied(answer.value),
        Err(error) => {
            tracing::warn!(connection = connection.name(), "not served: {error}");
            not_served(&error)
        }
    }
}

/// Says that there is no answer. What the error says may be about the installation, so a stranger does not hear it.
fn not_served(error: &Error) -> Answer {
    match error.cause() {
        Some(Cause::Deadline { .. }) => refusal(StatusCode::GATEWAY_TIMEOUT, "there was no answer in time; try again"),
        Some(Cause::Unavailable { .. } | Cause::RateLimited { .. }) => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, "the system behind it does not answer now; try again later")
        }
        _ => refusal(StatusCode::INTERNAL_SERVER_ERROR, "it could not be answered; the operator's log says why"),
    }
}

/// Takes an address apart: `/webhook/NAME/rest?query`.
fn address(whole: &str) -> Option<(Purpose, &str, String)> {
    let (purpose, rest) = match (whole.strip_prefix("/webhook/"), whole.strip_prefix("/serve/")) {
        (Some(rest), _) => (Purpose::Webhook, rest),
        (None, Some(rest)) => (Purpose::Serve, rest),
        (None, None) => return None,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (name, below) = rest.split_at_checked(end)?;
    let below = if below.starts_with('/') { below.to_owned() } else { format!("/{below}") };
    Some((purpose, name, below))
}

fn delivery(asked: Asked, path: String) -> Delivery {
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Delivery {
        method: asked.head.method.as_str().to_owned(),
        path,
        headers: asked.head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: Vec::from(asked.body),
    }
}

/// Sends a reply, as the host has checked it.
fn replied(reply: Reply) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        let value = hyper::header::HeaderValue::from_str(&value);
        // Length and framing are the listener's.
        if let (Ok(name), Ok(value)) = (name, value)
            && !FRAMING.contains(&name.as_str())
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Headers that say how the answer is sent.
const FRAMING: [&str; 4] = ["content-length", "transfer-encoding", "connection", "upgrade"];

fn unwritable() -> Answer {
    refusal(StatusCode::SERVICE_UNAVAILABLE, "nothing can be stored now; send it again later")
}

/// Answers with a sentence.
pub(super) fn refusal(status: StatusCode, sentence: &str) -> Answer {
    let mut response = said(status, &json!({ "error": sentence }));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert("retry-after", hyper::header::HeaderValue::from_static("10"));
    }
    response
}

fn said(status: StatusCode, json: &serde_json::Value) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(json.to_string())));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert("content-type", kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_names_a_connection_and_what_is_below() {
        let cases = [
            ("/webhook/shop", Some((Purpose::Webhook, "shop", "/"))),
            ("/webhook/shop/a/b?c=d", Some((Purpose::Webhook, "shop", "/a/b?c=d"))),
            ("/serve/desk?cpf=1", Some((Purpose::Serve, "desk", "/?cpf=1"))),
            ("/serve/desk/../crm", Some((Purpose::Serve, "desk", "/../crm"))),
            ("/serve", None),
            ("/", None),
            ("/webhooks/shop", None),
        ];
        for (whole, expected) in cases {
            let found = address(whole);
            let found = found.as_ref().map(|(purpose, name, path)| (*purpose, *name, path.as_str()));
            assert_eq!(found, expected, "{whole}");
        }
    }
}
