//! Webhooks: what the instance tells of its changes, and how often it tries.
//!
//! Due times are those of the simulator's clock, so that a retry after five minutes needs no waiting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::options::{Casing, Emission};
use super::service::Service;

/// Token of a message that is forged.
const WRONG_TOKEN: &str = "not-the-token";

/// A registration of the settings page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Call URL.
    pub url: String,
    /// Security token.
    pub token: String,
    /// Event sources, such as `order.updated`; all where there is none.
    #[serde(default)]
    pub sources: Vec<String>,
}

impl Webhook {
    /// Registers a URL for all event sources.
    pub fn new(url: &str, token: &str) -> Self {
        Self { url: url.to_owned(), token: token.to_owned(), sources: Vec::new() }
    }

    /// Adds an event source.
    #[must_use]
    pub fn source(mut self, source: &str) -> Self {
        self.sources.push(source.to_owned());
        self
    }

    fn wants(&self, source: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|wanted| wanted == source)
    }
}

/// One try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// `Id` of the message.
    pub message: String,
    /// Number of the try, from 1.
    pub number: usize,
    /// Event source.
    pub source: String,
    /// Ids in the message.
    pub ids: Vec<i64>,
    /// Status of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// Whether it will be tried again.
    pub is_repeated: bool,
}

/// A message on its way.
#[derive(Clone, Debug)]
struct Pending {
    url: String,
    body: String,
    message: String,
    source: String,
    ids: Vec<i64>,
    number: usize,
    due: i64,
}

#[derive(Debug, Default)]
struct Posts {
    webhooks: Vec<Webhook>,
    pending: Vec<Pending>,
    attempts: Vec<Attempt>,
    messages: u64,
}

/// Messages that wait, and what became of the others.
#[derive(Debug)]
pub(crate) struct Outbox {
    posts: Mutex<Posts>,
    changed: Notify,
    count: watch::Sender<usize>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { posts: Mutex::default(), changed: Notify::new(), count: watch::Sender::new(0) }
    }
}

impl Outbox {
    fn posts(&self) -> MutexGuard<'_, Posts> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn register(&self, webhook: Webhook) {
        self.posts().webhooks.push(webhook);
    }

    /// Makes a message for each registration that wants the source.
    pub(crate) fn put(&self, source: &str, ids: &[i64], emission: &Emission, clock: &Clock) {
        if emission.is_lost {
            return;
        }
        let now = clock.now();
        let mut posts = self.posts();
        let wanting: Vec<(usize, Webhook)> =
            posts.webhooks.iter().cloned().enumerate().filter(|(_, webhook)| webhook.wants(source)).collect();
        for (index, webhook) in wanting {
            posts.messages += 1;
            let message = format!("3f0b7c1e-0000-4000-8000-{:012x}", posts.messages);
            let token = if emission.token_wrong { WRONG_TOKEN } else { &webhook.token };
            let body = body(emission.casing, &message, &clock.local(now), token, source, index + 1, ids).to_string();
            let (source, ids) = (source.to_owned(), ids.to_vec());
            let pending = Pending { url: webhook.url, body, message, source, ids, number: 1, due: now };
            posts.pending.extend(std::iter::repeat_n(pending, usize::try_from(emission.copies).unwrap_or(1)));
        }
        drop(posts);
        self.wake();
    }

    /// Looks at the clock again.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.posts().attempts.clone()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.posts().pending.len()
    }

    /// Waits until so many tries were made in all.
    pub(crate) async fn wait_for(&self, attempts: usize) {
        let mut count = self.count.subscribe();
        // The sender lives as long as this does, so there is always an answer.
        drop(count.wait_for(|count| *count >= attempts).await);
    }

    fn take_due(&self, now: i64) -> Vec<Pending> {
        let mut posts = self.posts();
        let (due, later) = std::mem::take(&mut posts.pending).into_iter().partition(|pending| pending.due <= now);
        posts.pending = later;
        due
    }

    /// Returns when the next message is due, in Unix milliseconds.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.posts().pending.iter().map(|pending| pending.due).min()
    }

    fn settle(&self, mut pending: Pending, status: Option<u16>, emission: &Emission, now: i64) {
        let is_done = status.is_some_and(|status| (200..300).contains(&status));
        let pause = emission.retries.get(pending.number - 1).filter(|_| !is_done);
        let mut posts = self.posts();
        posts.attempts.push(Attempt {
            message: pending.message.clone(),
            number: pending.number,
            source: pending.source.clone(),
            ids: pending.ids.clone(),
            status,
            is_repeated: pause.is_some(),
        });
        if let Some(pause) = pause {
            pending.number += 1;
            pending.due = now.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            posts.pending.push(pending);
        }
        let count = posts.attempts.len();
        drop(posts);
        self.count.send_replace(count);
    }
}

/// Writes the message of the manual.
fn body(
    casing: Casing,
    message: &str,
    created: &str,
    token: &str,
    source: &str,
    registration: usize,
    ids: &[i64],
) -> Value {
    let fields = [
        ("Id", json!(message)),
        ("CreatedAt", json!(created)),
        ("Token", json!(token)),
        ("EventSource", json!(source)),
        ("WebhookRegistrationId", json!(registration)),
        ("Ids", json!(ids)),
    ];
    let spelled = |name: &str| match casing {
        Casing::Pascal => name.to_owned(),
        Casing::Camel => name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect(),
    };
    fields.into_iter().map(|(name, value)| (spelled(name), value)).collect()
}

/// Sends messages until it is dropped.
#[derive(Debug)]
pub(crate) struct Emitter(JoinHandle<()>);

impl Emitter {
    /// Starts to send; `root_pem` is the root to trust over TLS, none for plain http only.
    pub(crate) fn start(service: Arc<Service>, root_pem: Option<&str>) -> Result<Self, reqwest::Error> {
        // Already installed by another part of this process is as good.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let roots = root_pem.map(|pem| reqwest::Certificate::from_pem(pem.as_bytes())).transpose()?;
        let client = reqwest::Client::builder().no_proxy().tls_certs_only(roots).build()?;
        Ok(Self(tokio::spawn(emit(service, client))))
    }
}

impl Drop for Emitter {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn emit(service: Arc<Service>, client: reqwest::Client) {
    loop {
        for pending in service.outbox.take_due(service.clock.now()) {
            let emission = service.state().options.webhooks.clone();
            let status = post(&client, &pending, emission.timeout).await;
            service.outbox.settle(pending, status, &emission, service.clock.now());
        }
        let pause = service.outbox.next_due().map(|due| due.saturating_sub(service.clock.now()).max(0));
        let changed = service.outbox.changed.notified();
        match pause.and_then(|ms| u64::try_from(ms).ok()) {
            None => changed.await,
            // Whichever comes first: the due time, or a change of the clock or the messages.
            Some(ms) => drop(tokio::time::timeout(Duration::from_millis(ms), changed).await),
        }
    }
}

async fn post(client: &reqwest::Client, pending: &Pending, timeout: Duration) -> Option<u16> {
    let request = client.post(&pending.url).header("Content-Type", "application/json; charset=utf-8");
    let answer = request.timeout(timeout).body(pending.body.clone()).send().await.ok()?;
    Some(answer.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_the_class_or_as_json() {
        for (casing, names) in [
            (Casing::Pascal, ["CreatedAt", "EventSource", "Id", "Ids", "Token", "WebhookRegistrationId"]),
            (Casing::Camel, ["createdAt", "eventSource", "id", "ids", "token", "webhookRegistrationId"]),
        ] {
            let message = body(casing, "m", "t", "k", "order.updated", 1, &[1, 2]);
            let found: Vec<&str> = message.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            assert_eq!(found, names);
        }
    }
}
