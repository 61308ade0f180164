//! The way to the remote: the sockets, and what stands before them in tests of what goes wrong.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant as Moment;

use super::send::{Failure, Outgoing, Received, Transport};
use crate::network::{Leaving, Network, Passage};
use crate::policy::target;

/// The way of one connection's requests.
pub(super) struct Way {
    network: Option<Arc<dyn Network>>,
    sockets: Transport,
}

impl Way {
    pub(super) fn new(network: Option<Arc<dyn Network>>, sockets: Transport) -> Self {
        Self { network, sockets }
    }

    /// Sends a request once and returns the whole answer, unless something happens on the way.
    pub(super) async fn send(
        &self,
        connection: &str,
        outgoing: Outgoing,
        deadline: Moment,
    ) -> Result<Received, Failure> {
        let Some(network) = &self.network else { return self.sockets.send(outgoing, deadline).await };
        let request = Leaving {
            connection: connection.to_owned(),
            method: outgoing.method.to_string(),
            url: target::without_query_values(&outgoing.url),
        };
        if let Some(happened) = happened(network.leaving(&request).await, None) {
            return happened;
        }
        let received = self.sockets.send(outgoing, deadline).await?;
        let passage = network.arriving(&request, received.status).await;
        happened(passage, Some(&received)).unwrap_or(Ok(received))
    }
}

/// Returns what comes of a passage; none where everything goes on.
fn happened(passage: Passage, received: Option<&Received>) -> Option<Result<Received, Failure>> {
    match (passage, received) {
        (Passage::Through, _) | (Passage::Halved, None) => None,
        (Passage::Halved, Some(whole)) => {
            let body = whole.body.slice(..whole.body.len() / 2);
            Some(Ok(Received { status: whole.status, headers: whole.headers.clone(), body }))
        }
        (Passage::Replaced { status, headers, body }, _) => {
            let headers = headers.iter().filter_map(|(name, value)| header(name, value)).collect::<HeaderMap>();
            Some(Ok(Received { status, headers, body: Bytes::from(body) }))
        }
        // What has arrived at the remote has left, whatever is told of it.
        (Passage::NotSent(why), Some(_)) | (Passage::NoAnswer(why), _) => Some(Err(Failure::SentNoAnswer(why))),
        (Passage::NotSent(why), None) => Some(Err(Failure::NotSent(why))),
    }
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
}
