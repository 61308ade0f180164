//! Somebody who sends webhooks, and sends each again until it is answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;

use crate::WEBHOOK_TOKEN;

/// Messages that are on their way at once.
const THREADS: usize = 4;

/// Longest that one message is sent again.
const PATIENCE: Duration = Duration::from_secs(300);

/// A message about one product.
#[derive(Debug, Clone)]
pub(super) struct Message {
    number: u64,
    token: String,
    source: &'static str,
    id: i64,
}

impl Message {
    pub(super) fn new(number: u64, token: &str, source: &'static str, id: i64) -> Self {
        Self { number, token: token.to_owned(), source, id }
    }

    pub(super) fn is_forged(&self) -> bool {
        self.token != WEBHOOK_TOKEN
    }

    pub(super) fn id(&self) -> i64 {
        self.id
    }

    fn body(&self) -> serde_json::Value {
        json!({ "Id": format!("m-{}", self.number), "CreatedAt": "2026-01-01T00:00:00", "Token": self.token,
                "EventSource": self.source, "WebhookRegistrationId": 1, "Ids": [self.id] })
    }
}

/// What became of the messages.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sent {
    /// Answered with success.
    pub accepted: u64,
    /// Answered with 401.
    pub refused: u64,
    /// Sent once more, because nobody answered or the program was asked for too much at once.
    pub again: u64,
}

#[derive(Default)]
struct Counters {
    accepted: AtomicU64,
    refused: AtomicU64,
    again: AtomicU64,
}

/// Sends from threads of its own.
pub(super) struct Sender {
    queue: SyncSender<Message>,
    url: Arc<RwLock<String>>,
    counters: Arc<Counters>,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Sender {
    pub(super) fn start(url: &str) -> Self {
        let (queue, messages) = sync_channel(THREADS * 4);
        let (messages, url) = (Arc::new(Mutex::new(messages)), Arc::new(RwLock::new(url.to_owned())));
        let counters = Arc::new(Counters::default());
        let start = |_| {
            let (messages, url, counters) = (Arc::clone(&messages), Arc::clone(&url), Arc::clone(&counters));
            std::thread::spawn(move || work(&messages, &url, &counters))
        };
        Self { queue, threads: (0..THREADS).map(start).collect(), url, counters }
    }

    /// Tells where the program listens now.
    pub(super) fn redirect(&self, url: &str) {
        url.clone_into(&mut self.url.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Sends a message, after waiting for a free place.
    pub(super) fn send(&self, message: Message) -> Result<()> {
        self.queue.send(message).map_err(|_| anyhow!("nobody sends any more; an earlier message failed"))
    }

    /// Waits until every message is answered.
    pub(super) fn finish(self) -> Result<Sent> {
        drop(self.queue);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a sender panicked"))??;
        }
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Ok(Sent {
            accepted: count(&counters.accepted),
            refused: count(&counters.refused),
            again: count(&counters.again),
        })
    }
}

fn work(messages: &Mutex<Receiver<Message>>, url: &RwLock<String>, counters: &Counters) -> Result<()> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().new_agent();
    loop {
        let next = messages.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(message) = next else { return Ok(()) };
        deliver(&agent, &message, url, counters).with_context(|| format!("message {}", message.number))?;
    }
}

fn deliver(agent: &ureq::Agent, message: &Message, url: &RwLock<String>, counters: &Counters) -> Result<()> {
    let began = Instant::now();
    let add = |counter: &AtomicU64| {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    loop {
        let url = url.read().unwrap_or_else(PoisonError::into_inner).clone();
        match (agent.post(&url).send_json(message.body()), message.is_forged()) {
            (Ok(_), false) => break add(&counters.accepted),
            (Ok(_), true) => bail!("a forged message is taken in"),
            (Err(ureq::Error::StatusCode(401)), true) => break add(&counters.refused),
            (Err(ureq::Error::StatusCode(status)), _) if status < 500 => bail!("it is answered with {status}"),
            (Err(error), _) if began.elapsed() > PATIENCE => return Err(error).context("nobody answers"),
            (Err(_), _) => add(&counters.again),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
