//! Compares a window of the source with the target, and with what the ledger says of both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use futures::stream::{self, StreamExt};
use wharf_host::model::{Bounds, Cause, Instant, Item};

use super::Runner;
use super::explain::{Found, try_find};
use super::trail::Trail;
use crate::endpoint::Endpoint;
use crate::ledger::{Placed, version_of};
use crate::problem::{Error, Problem};
use crate::report::{Asked, Difference, DifferenceKind, ItemState, ReconcileReport, Side};

/// Questions to the target at the same time.
const PARALLEL: usize = 4;

/// How often a question is put again that the remote had no time for.
const PATIENCE: u32 = 10;

/// How long is waited when the remote did not say.
const PAUSE: Duration = Duration::from_secs(5);

impl Runner {
    /// Reads a window of the feed and asks the target for every document that it should have led to. Sends reads only, and
    /// changes nothing.
    ///
    /// # Errors
    /// When the feed cannot be read by time, a call fails, or the ledger.
    pub async fn reconcile(&self, from: Instant, to: Instant) -> Result<ReconcileReport, Error> {
        let source = self.read_window(from, to).await?;
        let mut comparison = Comparison::new(self, from, to);
        for item in &source {
            let placed = self.ledger.placed(&self.spec.name, (&item.entity, &item.id), self.spec.target.place())?;
            comparison.place(item, placed);
        }
        comparison.ask_target().await?;
        comparison.count_source().await?;
        Ok(comparison.finish())
    }

    async fn read_window(&self, from: Instant, to: Instant) -> Result<Vec<Item>, Error> {
        let source = &self.spec.source;
        let endpoint = self.endpoint(&source.connection)?;
        let by_time = endpoint.manifest().feeds.iter().any(|feed| feed.name == source.feed && feed.windows);
        if !by_time || from >= to {
            let text = match by_time {
                true => "the window ends before it starts; give an earlier `--from`".to_owned(),
                false => format!("feed `{}` cannot be read by time, so no window of it can be compared", source.feed),
            };
            let problems = vec![Problem::new(["from", "feed"], text)];
            return Err(Error::Definition { flow: self.spec.name.clone(), problems });
        }
        let bounds = self.window(from, to);
        self.read_all(endpoint.as_ref(), &source.feed, &bounds).await
    }

    fn window(&self, from: Instant, to: Instant) -> Bounds {
        Bounds { since: Some(from), until: Some(to), ..self.bounds(None) }
    }

    /// Reads a feed to its end; of a record that comes twice the last state counts.
    async fn read_all(&self, endpoint: &dyn Endpoint, feed: &str, bounds: &Bounds) -> Result<Vec<Item>, Error> {
        let mut items: BTreeMap<(String, String), Item> = BTreeMap::new();
        let (mut cursor, mut trail) = (None, Trail::default());
        loop {
            let page = self.patiently(|| endpoint.pull(feed, cursor.as_ref(), bounds)).await?.value;
            if let Some(detail) = trail.complaint(cursor.as_ref(), &page) {
                let failure = super::apply::internal(detail);
                let blame = wharf_host::Blame::Connector;
                return Err(wharf_host::Error::failed(failure.cause, blame, failure.message).into());
            }
            items.extend(page.items.into_iter().map(|item| ((item.entity.clone(), item.id.clone()), item)));
            if page.caught_up {
                return Ok(items.into_values().collect());
            }
            cursor = Some(page.next);
        }
    }

    /// Puts a question again while the remote asks for patience.
    async fn patiently<T, F>(&self, mut question: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, wharf_host::Error>>,
    {
        let mut left = PATIENCE;
        loop {
            let error = match question().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let now = self.ledger.now();
            let until = match error.cause() {
                Some(Cause::RateLimited { not_before, .. }) => *not_before,
                Some(Cause::Unavailable { until }) => *until,
                _ => return Err(error.into()),
            };
            let until = until.unwrap_or(now).max(now.after(PAUSE));
            if left == 0 || until > now.after(self.settings.settle.max(self.settings.call)) {
                return Err(error.into());
            }
            left -= 1;
            self.settings.sleep.until(until, self.ledger.clock().as_ref()).await;
        }
    }
}

/// A document that should be at the target.
struct Expected {
    entity: String,
    id: String,
    target: String,
}

struct Comparison<'r> {
    runner: &'r Runner,
    report: ReconcileReport,
    source: BTreeSet<String>,
    target: BTreeSet<String>,
    expected: Vec<Expected>,
}

impl<'r> Comparison<'r> {
    fn new(runner: &'r Runner, from: Instant, to: Instant) -> Self {
        let report = ReconcileReport { flow: runner.spec.name.clone(), from, to, ..ReconcileReport::default() };
        Self { runner, report, source: BTreeSet::new(), target: BTreeSet::new(), expected: Vec::new() }
    }

    /// Holds one record of the source against the ledger.
    fn place(&mut self, item: &Item, placed: Option<Placed>) {
        self.report.read += 1;
        let state = placed.as_ref().map(|placed| placed.state);
        match state {
            Some(ItemState::Done) => self.report.ledger.done += 1,
            Some(ItemState::Filtered) => self.report.ledger.filtered += 1,
            Some(ItemState::Parked) => self.report.ledger.parked += 1,
            Some(ItemState::New | ItemState::Working) => self.report.ledger.waiting += 1,
            None => self.report.not_in_ledger += 1,
        }
        if state != Some(ItemState::Filtered) {
            self.source.insert(key(&item.entity, &item.id));
        }
        let Some(placed) = placed else {
            return self.differs(item, None, DifferenceKind::NotRead, "the flow has not read it; backfill the window");
        };
        let stale = placed.version != version_of(item);
        let (kind, detail) = match placed.state {
            ItemState::Filtered => return,
            ItemState::Parked => (DifferenceKind::Parked, placed.under.clone().unwrap_or_default()),
            ItemState::New | ItemState::Working => (DifferenceKind::Waiting, "its effects are under way".to_owned()),
            ItemState::Done if stale && self.runner.follows_changes() => {
                (DifferenceKind::Changed, "the source has another version than was written".to_owned())
            }
            ItemState::Done => return self.expect(item, placed.target),
        };
        self.expect_if_bound(item, placed.target.clone());
        self.differs(item, placed.target, kind, &detail);
    }

    fn expect(&mut self, item: &Item, target: Option<String>) {
        match target {
            Some(target) => self.expect_if_bound(item, Some(target)),
            None => {
                let text = "the ledger says that it is done, and has no id of it at the target";
                self.differs(item, None, DifferenceKind::Missing, text);
            }
        }
    }

    fn expect_if_bound(&mut self, item: &Item, target: Option<String>) {
        if let Some(target) = target {
            self.expected.push(Expected { entity: item.entity.clone(), id: item.id.clone(), target });
        }
    }

    fn differs(&mut self, item: &Item, target: Option<String>, what: DifferenceKind, detail: &str) {
        let (entity, id) = (item.entity.clone(), item.id.clone());
        self.report.differences.push(Difference { entity, id, target, what, detail: detail.to_owned() });
    }

    /// Asks the target for what should be there: one by one where it can be asked so, else by reading its feed.
    async fn ask_target(&mut self) -> Result<(), Error> {
        let target = &self.runner.spec.target;
        let endpoint = self.runner.endpoint(&target.connection)?;
        let manifest = endpoint.manifest();
        let access = manifest.records.iter().find(|record| record.entity == target.entity);
        let one_by_one = access.is_some_and(|access| access.get || access.lookup_keys.iter().any(|key| key == "id"));
        let expected = std::mem::take(&mut self.expected);
        if one_by_one {
            self.report.asked = Asked::OneByOne;
            return self.ask_one_by_one(endpoint.as_ref(), expected).await;
        }
        let feed = manifest.feeds.iter().find(|feed| feed.entity == target.entity).map(|feed| feed.name.clone());
        match feed {
            Some(feed) => {
                self.report.asked = Asked::ByFeed;
                let bounds = Bounds { filter: Vec::new(), since: None, ..self.runner.bounds(None) };
                let items = self.runner.read_all(endpoint.as_ref(), &feed, &bounds).await?;
                let there: BTreeSet<String> = items.into_iter().map(|item| item.id).collect();
                for expected in expected {
                    let found = there.contains(&expected.target);
                    self.found(expected, found);
                }
            }
            // What the ledger says is all that is known.
            None => expected.into_iter().for_each(|expected| self.found(expected, true)),
        }
        Ok(())
    }

    async fn ask_one_by_one(&mut self, endpoint: &dyn Endpoint, expected: Vec<Expected>) -> Result<(), Error> {
        let (runner, entity) = (self.runner, &self.runner.spec.target.entity);
        let questions = stream::iter(expected).map(|expected| async move {
            let found = runner.patiently(|| try_find(endpoint, entity, &expected.target)).await?;
            Ok::<_, Error>((expected, !matches!(found, Found::Nothing)))
        });
        let mut answers = std::pin::pin!(questions.buffered(PARALLEL));
        while let Some(answer) = answers.next().await {
            let (expected, found) = answer?;
            self.found(expected, found);
        }
        Ok(())
    }

    fn found(&mut self, expected: Expected, found: bool) {
        if found {
            self.target.insert(key(&expected.entity, &expected.id));
            return;
        }
        let detail = "the ledger says that it was written, and the target does not have it any more".to_owned();
        self.report.differences.push(Difference {
            entity: expected.entity,
            id: expected.id,
            target: Some(expected.target),
            what: DifferenceKind::Missing,
            detail,
        });
    }

    /// Asks the source for its own count, where it has one.
    async fn count_source(&mut self) -> Result<(), Error> {
        let source = &self.runner.spec.source;
        let endpoint = self.runner.endpoint(&source.connection)?;
        let countable = endpoint.manifest().feeds.iter().any(|feed| feed.name == source.feed && feed.countable);
        if countable {
            let bounds = self.runner.window(self.report.from, self.report.to);
            let tally = self.runner.patiently(|| endpoint.count(&source.feed, &bounds)).await?.value;
            self.report.counted = Some(tally.count);
        }
        Ok(())
    }

    fn finish(mut self) -> ReconcileReport {
        self.report.source = side(&self.source);
        self.report.target = side(&self.target);
        self.report.differences.sort_by(|a, b| (&a.entity, &a.id).cmp(&(&b.entity, &b.id)));
        let counts_agree = self.report.counted.is_none_or(|counted| counted == self.report.read);
        self.report.agrees =
            counts_agree && self.report.differences.is_empty() && self.report.source == self.report.target;
        self.report
    }
}

fn key(entity: &str, id: &str) -> String {
    format!("{entity}/{id}")
}

/// Counts keys, and digests them in their order: the same keys, the same digest.
fn side(keys: &BTreeSet<String>) -> Side {
    let mut digest = Context::new(&SHA256);
    for key in keys {
        digest.update(&key.len().to_be_bytes());
        digest.update(key.as_bytes());
    }
    let hex = digest.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Side { count: u64::try_from(keys.len()).unwrap_or(u64::MAX), digest: hex }
}
