//! The other end of a flow: where documents come from, or where they go, in this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use wharf_flow::Endpoint;
use wharf_host::manifest::Manifest;
use wharf_host::model::{
    Answer, Applied, Bounds, Cause, Cursor, Delivery, Document, Effect, Failure, Intent, Item, Outcome, Page, Parsed,
    Preview, ReferencePage, RequestTrace, Tally, Trace, Verdict,
};
use wharf_host::{Blame, Connection, Error};

use crate::time::VirtualTime;

fn manifest(name: &str, feeds: &Value, writes: &Value) -> Manifest {
    let text = json!({
        "name": name, "version": "0.1.0", "summary": "The other end of a flow.",
        "config": {"version": 1, "schema": {"type": "object"}},
        "feeds": feeds, "writes": writes,
    });
    Manifest::parse(&text.to_string()).unwrap_or_else(|violations| {
        // Written here, and tested: there is nobody else to tell.
        let text: Vec<String> = violations.iter().map(|violation| violation.message.clone()).collect();
        unreachable!("the manifest of `{name}` is wrong: {}", text.join("; "))
    })
}

fn text(document: &Document) -> String {
    String::from_utf8_lossy(document.as_bytes()).into_owned()
}

fn answer<T>(value: T) -> Answer<T> {
    Answer { value, trace: Trace::default() }
}

/// Answers as if one request had been sent: a write that sent nothing is no write.
fn sent<T>(value: T, effect: Effect) -> Answer<T> {
    let request = RequestTrace {
        number: 1,
        method: "POST".to_owned(),
        url: "https://sink.example/".to_owned(),
        effect,
        status: Some(200),
        refusal: None,
        sent: true,
        sent_bytes: 0,
        received_bytes: 0,
        micros: 0,
        clock_ahead_seconds: None,
    };
    Answer { value, trace: Trace { requests: vec![request], ..Trace::default() } }
}

fn unsupported<T>(what: &str) -> Result<T, Error> {
    let cause = Cause::Unsupported { capability: what.to_owned() };
    Err(Error::failed(cause, Blame::Caller, format!("this end of the flow has no `{what}`; use the other")))
}

/// Has one document.
pub(crate) struct Feeder {
    manifest: Manifest,
    item: Item,
}

impl Feeder {
    pub(crate) fn of(id: &str, document: Value) -> Self {
        let feeds = json!([{"name": "documents", "entity": "document", "document": "raw", "cursor_version": 1,
                            "summary": "One document.", "windows": false, "countable": false}]);
        let item = Item {
            entity: "document".to_owned(),
            id: id.to_owned(),
            revision: Some("1".to_owned()),
            updated: None,
            deleted: false,
            document: Document::new(document.to_string()),
        };
        Self { manifest: manifest("feeder", &feeds, &json!([])), item }
    }
}

/// Takes whatever comes.
#[derive(Clone)]
pub(crate) struct Sink {
    manifest: Arc<Manifest>,
    arrived: Arc<Mutex<Vec<(String, String)>>>,
}

impl Default for Sink {
    fn default() -> Self {
        let writes =
            json!([{"entity": "any", "actions": ["create"], "verifiable": true, "batch": 50, "document": "raw"}]);
        Self { manifest: Arc::new(manifest("sink", &json!([]), &writes)), arrived: Arc::default() }
    }
}

impl Sink {
    /// Returns the correlation texts of what arrived, each as often as it did.
    pub(crate) fn arrived(&self) -> Vec<String> {
        self.all().iter().map(|(correlation, _)| correlation.clone()).collect()
    }

    /// Returns the documents that arrived, each with how often it did.
    pub(crate) fn documents(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        self.all().iter().for_each(|(_, document)| *counts.entry(document.clone()).or_default() += 1);
        counts
    }

    fn all(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! end {
    ($end:ident, { $($own:item)* }) => {
        #[async_trait]
        impl Endpoint for $end {
            fn manifest(&self) -> &Manifest { &self.manifest }
            async fn get(&self, _: &str, _: &str) -> Result<Answer<Item>, Error> { unsupported("get") }
            async fn lookup(&self, _: &str, _: &[(String, String)], _: u32) -> Result<Answer<Vec<Item>>, Error> {
                unsupported("lookup")
            }
            async fn reference_page(&self, _: &str, _: Option<&str>) -> Result<Answer<ReferencePage>, Error> {
                unsupported("references")
            }
            async fn count(&self, _: &str, _: &Bounds) -> Result<Answer<Tally>, Error> { unsupported("count") }
            async fn plan(&self, _: &[Intent]) -> Result<Answer<Vec<Result<Preview, Failure>>>, Error> {
                unsupported("plan")
            }
            async fn wake(&self, _: &str, _: &str) -> Result<Answer<()>, Error> { unsupported("wake") }
            $($own)*
        }
    };
}

end!(Feeder, {
    async fn pull(&self, _: &str, cursor: Option<&Cursor>, _: &Bounds) -> Result<Answer<Page>, Error> {
        let items = if cursor.is_none() { vec![self.item.clone()] } else { Vec::new() };
        let next = Cursor { version: 1, bytes: b"end".to_vec() };
        Ok(answer(Page { items, next, caught_up: true }))
    }
    async fn apply(&self, _: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error> {
        unsupported("apply")
    }
    async fn verify(&self, _: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        unsupported("verify")
    }
});

end!(Sink, {
    async fn pull(&self, _: &str, _: Option<&Cursor>, _: &Bounds) -> Result<Answer<Page>, Error> {
        unsupported("pull")
    }
    async fn apply(&self, intents: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error> {
        let take = |intent: &Intent| {
            self.all().push((intent.correlation.clone(), text(&intent.document)));
            Outcome::Applied(Applied { id: intent.correlation.clone(), revision: None, number: None })
        };
        Ok(sent(intents.iter().map(take).collect(), Effect::Write))
    }
    async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        let told = |intent: &Intent| {
            let id = intent.correlation.clone();
            let is_there = self.arrived().contains(&id);
            if is_there { Verdict::Found(Applied { id, revision: None, number: None }) } else { Verdict::Absent }
        };
        Ok(sent(intents.iter().map(told).map(Ok).collect(), Effect::Read))
    }
});

/// A connection whose calls take real time: virtual time stands still meanwhile.
pub struct Timed {
    connection: Connection,
    time: VirtualTime,
}

impl Timed {
    /// Puts a connection under a time.
    pub fn new(connection: Connection, time: &VirtualTime) -> Self {
        Self { connection, time: time.clone() }
    }
}

macro_rules! timed {
    ($($name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        impl Endpoint for Timed {
            fn manifest(&self) -> &Manifest {
                self.connection.manifest()
            }

            $(async fn $name(&self, $($arg: $type),*) -> Result<Answer<$output>, Error> {
                let _busy = self.time.busy();
                self.connection.$name($($arg),*).await
            })*

            async fn parse_webhook(&self, delivery: &Delivery) -> Result<Answer<Parsed>, Error> {
                let _busy = self.time.busy();
                Endpoint::parse_webhook(&self.connection, delivery).await
            }

            async fn redact_delivery(&self, delivery: &Delivery) -> Delivery {
                Endpoint::redact_delivery(&self.connection, delivery).await
            }
        }
    };
}

timed! {
    pull(feed: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Page;
    get(entity: &str, id: &str) -> Item;
    lookup(entity: &str, query: &[(String, String)], limit: u32) -> Vec<Item>;
    reference_page(list: &str, after: Option<&str>) -> ReferencePage;
    count(feed: &str, bounds: &Bounds) -> Tally;
    plan(intents: &[Intent]) -> Vec<Result<Preview, Failure>>;
    apply(intents: &[Intent]) -> Vec<Outcome>;
    verify(intents: &[Intent]) -> Vec<Result<Verdict, Failure>>;
    wake(name: &str, payload: &str) -> ();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_say_what_they_are() {
        assert_eq!(Feeder::of("1", json!({})).manifest().feeds.len(), 1);
        assert!(Sink::default().manifest().writes.iter().all(|write| write.verifiable));
    }
}
