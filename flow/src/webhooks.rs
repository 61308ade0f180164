//! Webhooks: what remotes tell on their own account.
//!
//! An event is a hint and never the record itself: the record is read again, under the flow's lease, and goes the way
//! of everything that a feed brings. So it does not matter in which order events arrive, how often, or whether at all:
//! polling brings what webhooks miss.

use std::collections::BTreeMap;
use std::sync::Arc;

use wharf_host::manifest::{DocumentShape, Manifest};
use wharf_host::model::{Delivery, Event, Parsed, Reply};

use crate::endpoint::Endpoint;
use crate::ledger::{Ledger, Meaning, NewDelivery, Reader, Reads};
use crate::problem::Error;
use crate::spec::FlowSpec;

/// Headers that are never kept: they carry credentials by definition.
const UNKEPT: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It is durable. Answer with success.
    Accepted {
        /// Events in it.
        events: usize,
        /// Those that had not been told before.
        new: usize,
    },
    /// Answer with this: the remote tests the address.
    Handshake(Reply),
    /// It is not from the remote, or not intact; why. Answer with 401.
    Rejected(String),
    /// The connector could not read it; why. Have the remote send it again later: answer with 503.
    Failed(String),
}

/// Takes webhooks in, for the flows of an installation.
pub struct Webhooks {
    ledger: Ledger,
    endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
    readers: Vec<Reader>,
}

impl Webhooks {
    /// Makes a receiver. `flows` are all flows of the installation: an event concerns those that read its entity, and
    /// is taken up the next time that they run.
    pub fn new<'f>(
        ledger: Ledger,
        endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
        flows: impl IntoIterator<Item = &'f FlowSpec>,
    ) -> Self {
        let reader = |flow: &FlowSpec| reader(flow, endpoints.get(&flow.source.connection)?.manifest());
        let readers = flows.into_iter().filter_map(reader).collect();
        Self { ledger, endpoints, readers }
    }

    /// Takes a delivery in. It is durable, with what it told, when this returns.
    ///
    /// # Errors
    /// When the ledger cannot be written: nothing was taken in, and the remote has to send it again.
    pub async fn receive(&self, connection: &str, delivery: &Delivery) -> Result<Received, Error> {
        let Some(endpoint) = self.endpoints.get(connection) else {
            return Ok(Received::Rejected(format!("there is no connection `{connection}`; correct the address")));
        };
        let (meaning, mut received) = match endpoint.parse_webhook(delivery).await {
            Ok(answer) => self.meaning(connection, answer.value),
            Err(error) => (Meaning::Failed(error.to_string()), Received::Failed(error.message().to_owned())),
        };
        let shown = endpoint.redact_delivery(delivery).await;
        let brought = self.ledger.deliver(kept(connection, shown, meaning)).await?;
        if let Received::Accepted { events, new } = &mut received {
            (*events, *new) = (brought.events, brought.new);
        }
        Ok(received)
    }

    /// Records a delivery that was refused before anybody read it, e.g. because its sender did not sign in.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn refuse(&self, connection: &str, delivery: &Delivery, why: &str) -> Result<(), Error> {
        // What it carries is the attempt of somebody unknown; the body is not worth keeping.
        let shown = Delivery { headers: Vec::new(), body: Vec::new(), ..delivery.clone() };
        self.ledger.deliver(kept(connection, shown, Meaning::Rejected(why.to_owned()))).await?;
        Ok(())
    }

    fn meaning(&self, connection: &str, parsed: Parsed) -> (Meaning, Received) {
        match parsed {
            Parsed::Handshake(reply) => (Meaning::Handshake, Received::Handshake(reply)),
            Parsed::Rejected(why) => (Meaning::Rejected(why.clone()), Received::Rejected(why)),
            Parsed::Events(events) => {
                let with_readers = |event: Event| {
                    let concerned = |reader: &&Reader| reader.connection == connection && reader.entity == event.entity;
                    let readers = self.readers.iter().filter(concerned).cloned().collect();
                    (event, readers)
                };
                let events = events.into_iter().map(with_readers).collect();
                (Meaning::Events(events), Received::Accepted { events: 0, new: 0 })
            }
        }
    }
}

/// Says how a flow follows hints. What its feed leaves out must not come in by another door: with a filter only the
/// feed itself can tell, and with a start only for records that it has brought.
fn reader(flow: &FlowSpec, manifest: &Manifest) -> Option<Reader> {
    let feed = manifest.feed(&flow.source.feed)?;
    let readable = manifest.records.iter().any(|records| records.entity == feed.entity && records.get);
    let alike = feed.document == DocumentShape::Common;
    let reads = match (readable && alike && flow.source.filter.is_empty(), flow.source.since) {
        (false, _) => Reads::None,
        (true, Some(_)) => Reads::Known,
        (true, None) => Reads::All,
    };
    Some(Reader {
        flow: flow.name.clone(),
        connection: flow.source.connection.clone(),
        feed: flow.source.feed.clone(),
        entity: feed.entity.clone(),
        reads,
    })
}

fn kept(connection: &str, delivery: Delivery, meaning: Meaning) -> NewDelivery {
    let shown = delivery.headers.iter().filter(|(name, _)| !UNKEPT.contains(&name.to_ascii_lowercase().as_str()));
    let headers: Vec<&(String, String)> = shown.collect();
    NewDelivery {
        connection: connection.to_owned(),
        headers: serde_json::to_string(&headers).unwrap_or_else(|_| "[]".to_owned()),
        method: delivery.method,
        path: delivery.path,
        body: delivery.body,
        meaning,
    }
}
