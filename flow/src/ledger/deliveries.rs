//! Webhooks as they arrived: durable before they are answered, bounded however many come.

use std::time::Duration;

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use wharf_host::model::{Event, Instant};

use super::hints::{self, Reader};
use super::{Ledger, Result, counted, loaded, stored};

/// Deliveries that are kept per connection; beyond, the oldest rejected go first, then the oldest of the others.
const KEPT: i64 = 1_000;

/// How long an accepted event is known by its key.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// Deliveries between two rounds of clearing out.
const ROUND: i64 = 64;

/// Bytes of a body that are kept; of a rejected one less, as anybody can send those.
const BODY_BYTES: usize = 64 << 10;
const REJECTED_BYTES: usize = 4 << 10;

/// What a delivery came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryOutcome {
    /// It told something new.
    Accepted,
    /// Everything that it told had been told before.
    Repeated,
    /// The remote tested the address.
    Handshake,
    /// It is not from the remote, or not intact.
    Rejected,
    /// The connector could not read it now; the remote was asked to send it again.
    Failed,
}

impl DeliveryOutcome {
    const ALL: [Self; 5] = [Self::Accepted, Self::Repeated, Self::Handshake, Self::Rejected, Self::Failed];

    /// Returns the word for it, as listings and the ledger have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Handshake => "handshake",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// How many deliveries of a connection came to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryCount {
    /// Connection.
    pub connection: String,
    /// What they came to.
    pub outcome: DeliveryOutcome,
    /// How many.
    pub count: u64,
    /// When the last one arrived.
    pub last: Instant,
}

/// A delivery that is to be made durable. Secrets are not in it any more.
#[derive(Debug, Clone)]
pub(crate) struct NewDelivery {
    pub(crate) connection: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// JSON.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
    pub(crate) meaning: Meaning,
}

/// What a connector made of a delivery.
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    /// Events, each with the flows that read its entity.
    Events(Vec<(Event, Vec<Reader>)>),
    Handshake,
    Rejected(String),
    Failed(String),
}

/// What a delivery brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Brought {
    pub(crate) events: usize,
    pub(crate) new: usize,
    pub(crate) unread: usize,
}

impl Ledger {
    /// Makes a delivery durable, with what it told: in one transaction, which many deliveries share.
    pub(crate) async fn deliver(&self, delivery: NewDelivery) -> Result<Brought> {
        let now = self.now();
        let brought = self.write(move |tx| deliver(tx, delivery, now)).await?;
        if brought.new > 0 {
            self.tell();
        }
        Ok(brought)
    }

    /// Returns how many webhooks came to what, by connection.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries(&self) -> Result<Vec<DeliveryCount>> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT connection, outcome, count, last FROM delivery_counts ORDER BY 1, 2")?;
        let rows = statement.query_map([], |row| {
            let word: String = row.get(1)?;
            let outcome = DeliveryOutcome::from_word(&word);
            Ok(outcome.map(|outcome| (row.get(0), outcome, row.get(2), row.get(3))))
        })?;
        let mut counts = Vec::new();
        for (connection, outcome, count, last) in rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten() {
            counts.push(DeliveryCount {
                connection: connection?,
                outcome,
                count: counted(count?),
                last: loaded(last?),
            });
        }
        Ok(counts)
    }

    /// Returns how many records wait to be read again because a webhook told of them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn hints_waiting(&self) -> Result<u64> {
        let count: i64 = self
            .reader()
            .prepare_cached("SELECT (SELECT count(*) FROM hints) + (SELECT count(*) FROM polls)")?
            .query_row([], |row| row.get(0))?;
        Ok(counted(count))
    }
}

fn deliver(tx: &Connection, delivery: NewDelivery, now: Instant) -> Result<Brought> {
    let mut brought = Brought::default();
    let (outcome, detail) = match &delivery.meaning {
        Meaning::Events(events) => {
            for (event, readers) in events {
                take(tx, &delivery.connection, event, readers, &mut brought, now)?;
            }
            let outcome = if brought.new > 0 || events.is_empty() {
                DeliveryOutcome::Accepted
            } else {
                DeliveryOutcome::Repeated
            };
            (outcome, summary(events, brought))
        }
        Meaning::Handshake => (DeliveryOutcome::Handshake, String::new()),
        Meaning::Rejected(why) => (DeliveryOutcome::Rejected, why.clone()),
        Meaning::Failed(why) => (DeliveryOutcome::Failed, why.clone()),
    };
    keep(tx, &delivery, outcome, &detail, now)?;
    Ok(brought)
}

fn take(
    tx: &Connection,
    connection: &str,
    event: &Event,
    readers: &[Reader],
    brought: &mut Brought,
    now: Instant,
) -> Result<()> {
    brought.events += 1;
    let inserted = tx
        .prepare_cached("INSERT INTO seen_events (connection, key, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![connection, digest_of(&event.key), stored(now)])?;
    if inserted == 0 {
        return Ok(());
    }
    brought.new += 1;
    if hints::tell(tx, readers, &event.id, event.deleted, now)? == 0 {
        brought.unread += 1;
    }
    Ok(())
}

fn digest_of(key: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, key.as_bytes()).as_ref().iter().take(16).copied().collect()
}

fn summary(events: &[(Event, Vec<Reader>)], brought: Brought) -> String {
    let mut text = format!("{} events, {} new", brought.events, brought.new);
    let mut unread: Vec<&str> =
        events.iter().filter(|(_, readers)| readers.is_empty()).map(|(event, _)| event.entity.as_str()).collect();
    unread.sort_unstable();
    unread.dedup();
    for entity in unread {
        text.push_str(&format!("; no flow reads `{entity}`"));
    }
    text
}

fn keep(tx: &Connection, delivery: &NewDelivery, outcome: DeliveryOutcome, detail: &str, now: Instant) -> Result<()> {
    let limit = if outcome == DeliveryOutcome::Rejected { REJECTED_BYTES } else { BODY_BYTES };
    let body = delivery.body.get(..limit).unwrap_or(&delivery.body);
    let headers = if outcome == DeliveryOutcome::Rejected { "[]" } else { delivery.headers.as_str() };
    let cut = |text: &str, limit: usize| text.get(..text.floor_char_boundary(limit)).unwrap_or(text).to_owned();
    tx.prepare_cached(
        "INSERT INTO deliveries (connection, at, outcome, detail, method, path, headers, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        delivery.connection,
        stored(now),
        outcome.word(),
        cut(detail, 2_000),
        cut(&delivery.method, 16),
        cut(&delivery.path, 2_000),
        headers,
        body
    ])?;
    let n = tx.last_insert_rowid();
    tx.prepare_cached(
        "INSERT INTO delivery_counts (connection, outcome, count, last) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT DO UPDATE SET count = count + 1, last = excluded.last",
    )?
    .execute(params![delivery.connection, outcome.word(), stored(now)])?;
    if n % ROUND == 0 { clear_out(tx, &delivery.connection, now) } else { Ok(()) }
}

fn clear_out(tx: &Connection, connection: &str, now: Instant) -> Result<()> {
    let kept: Option<i64> = tx
        .prepare_cached("SELECT count(*) FROM deliveries WHERE connection = ?1")?
        .query_row([connection], |row| row.get(0))
        .optional()?;
    let excess = kept.unwrap_or(0) - KEPT;
    if excess > 0 {
        tx.prepare_cached(
            "DELETE FROM deliveries WHERE n IN
                (SELECT n FROM deliveries WHERE connection = ?1 ORDER BY outcome <> 'rejected', n LIMIT ?2)",
        )?
        .execute(params![connection, excess])?;
    }
    let oldest = Instant(now.0.saturating_sub(u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX)));
    tx.prepare_cached("DELETE FROM seen_events WHERE at < ?1")?.execute([stored(oldest)])?;
    Ok(())
}
