//! Follows what webhooks told: reads the record again and records it as a page would have.

use std::collections::HashMap;
use std::sync::PoisonError;

use wharf_host::model::{Action, Cause, Document, Failure, Item, MissingKind, Page};

use super::RunEvent;
use super::apply::{failure_of, internal};
use super::policy::{Pace, Phase, Reaction, Situation, Writes, delay, react};
use super::run::Run;
use crate::ledger::{Followed, Known, StoredHint};
use crate::problem::Error;
use crate::schedule::mix;

/// How often a record is read again that was told of and is not there: for about a minute in all.
const SHOWN_LATE: u32 = 4;

impl Run<'_> {
    /// Reads a record that a webhook told of.
    pub(super) async fn follow(&self, hint: StoredHint) -> Result<(), Error> {
        let source = &self.runner.spec.source.connection;
        let before = self.runner.ledger.known(self.flow, &hint)?;
        let read = self.runner.endpoint(source)?.get(&hint.entity, &hint.remote).await;
        let item = match read {
            Ok(answer) => {
                self.count_calls(source, &answer.trace);
                self.remote_is_there(source).await?;
                if answer.value.entity != hint.entity || answer.value.id != hint.remote {
                    let detail = format!("`get` of `{}` returned `{}`", hint.remote, answer.value.id);
                    return self.not_read(hint, &internal(detail)).await;
                }
                answer.value
            }
            Err(error) => {
                self.count_calls(source, error.trace());
                let failure = failure_of(&error);
                match (is_gone(&failure), hint.deleted) {
                    (true, true) => gone(&hint),
                    // Many remotes tell of a record before they show it.
                    (true, false) if hint.attempts < SHOWN_LATE => {
                        return self.follow_later(&hint, Pace::Short, true).await;
                    }
                    // Made and gone again, or never there: nothing that the feed could bring either.
                    (true, false) => return Ok(self.runner.ledger.drop_hint(self.lease, hint).await?),
                    (false, true) if is_unreadable(&failure) => gone(&hint),
                    (false, _) => return self.not_read(hint, &failure).await,
                }
            }
        };
        self.record_followed(hint, before, item).await
    }

    async fn record_followed(&self, hint: StoredHint, before: Known, item: Item) -> Result<(), Error> {
        let (entity, id) = (hint.entity.clone(), hint.remote.clone());
        let follows_changes = self.runner.follows_changes();
        self.note_followed(&entity, &id);
        let followed = self.runner.ledger.follow(self.lease, self.flow, hint, before, item, follows_changes).await?;
        // What changed meanwhile is still to be read: the hint stays.
        let Followed::Recorded(news) = followed else { return Ok(()) };
        {
            let mut tally = self.tally();
            tally.read += u64::from(news);
            tally.unchanged += u64::from(!news);
        }
        self.observer.event(&RunEvent::Told { entity, id, news });
        Ok(())
    }

    /// Decides what happens to a hint whose record could not be read.
    async fn not_read(&self, hint: StoredHint, failure: &Failure) -> Result<(), Error> {
        let source = &self.runner.spec.source.connection;
        let at = Situation {
            phase: Phase::Pull,
            attempts: hint.attempts,
            size: 1,
            whole: true,
            writes: Writes::NoneSent,
            repeatable: false,
            verifiable: false,
            action: Action::Update,
        };
        match react(&failure.cause, &at) {
            Reaction::Retry(pace) => self.follow_later(&hint, pace, true).await,
            Reaction::Unreachable { until } => {
                self.fail(source, failure, until).await?;
                self.follow_later(&hint, Pace::Short, true).await
            }
            Reaction::HoldConnection { until } => {
                self.hold_connection(source, failure, Some(self.limit_end(until)), 0).await
            }
            Reaction::PauseConnection => self.hold_connection(source, failure, None, 0).await,
            Reaction::StopRun => self.follow_later(&hint, Pace::Short, false).await,
            // It cannot be read by itself; in the feed it is one of many, and there its cause has consequences.
            _ => Ok(self.runner.ledger.poll_instead(self.lease, self.flow, hint).await?),
        }
    }

    async fn follow_later(&self, hint: &StoredHint, pace: Pace, counts: bool) -> Result<(), Error> {
        let seed = u64::from_ne_bytes(hint.n.to_ne_bytes()) ^ mix(self.now().0);
        let at = self.now().after(delay(pace, hint.attempts, seed));
        Ok(self.runner.ledger.follow_later(self.lease, hint.n, at, counts).await?)
    }

    /// Returns how many records have been read by themselves.
    pub(super) fn followed_so_far(&self) -> u64 {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    fn note_followed(&self, entity: &str, id: &str) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.count = followed.count.saturating_add(1);
        let count = followed.count;
        followed.last.insert((entity.to_owned(), id.to_owned()), count);
    }

    /// Returns what of a page was read by itself since the page was asked for.
    pub(super) fn followed_on(&self, page: &Page, since: u64) -> Vec<(String, String)> {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = page.items.iter().map(|item| (item.entity.clone(), item.id.clone()));
        keys.filter(|key| followed.last.get(key).is_some_and(|count| *count > since)).collect()
    }
}

/// Records that were read by themselves in a run, each with its place in their order.
#[derive(Debug, Default)]
pub(super) struct FollowedRecords {
    count: u64,
    last: HashMap<(String, String), u64>,
}

fn is_gone(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::NotFound { kind: MissingKind::Subject, .. })
}

/// A remote that says that a record is gone and cannot be asked for it has to be believed.
fn is_unreadable(failure: &Failure) -> bool {
    matches!(failure.cause, Cause::Unsupported { .. })
}

fn gone(hint: &StoredHint) -> Item {
    Item {
        entity: hint.entity.clone(),
        id: hint.remote.clone(),
        revision: None,
        updated: None,
        deleted: true,
        document: Document::new("{}"),
    }
}
