//! How much of what a source has would be written: asked before the first write, and after every change of a mapping.

use std::collections::{BTreeMap, VecDeque};

use wharf_host::model::{Bounds, Cause, Failure, Instant, Intent, Item, MissingMapping, Trace};

use super::Runner;
use super::apply::failure_of;
use super::decide::Decision;
use super::preview::{as_stored, to_host};
use crate::ledger::{Parking, StoredItem, Verdict};
use crate::problem::Error;
use crate::report::{Readiness, Refused, Unmapped};

/// Documents that the target's connector is asked about at once.
const PREVIEWS: usize = 100;

pub(super) async fn readiness(runner: &Runner, last: u32, since: Instant, most: u32) -> Result<Readiness, Error> {
    let mut look = Look { runner, report: Readiness::default(), missing: BTreeMap::new(), refused: BTreeMap::new() };
    look.report.flow.clone_from(&runner.spec.name);
    let items = look.read(last, since, most).await?;
    look.look_at(items).await?;
    Ok(look.finish())
}

struct Look<'r> {
    runner: &'r Runner,
    report: Readiness,
    missing: BTreeMap<(String, String), u64>,
    /// By cause and place.
    refused: BTreeMap<(String, String), Refused>,
}

impl Look<'_> {
    /// Reads the feed and keeps the last items.
    async fn read(&mut self, last: u32, since: Instant, most: u32) -> Result<VecDeque<Item>, Error> {
        let keep = usize::try_from(last).unwrap_or(usize::MAX);
        let (mut items, mut cursor, mut left) = (VecDeque::new(), None, most);
        while left > 0 {
            let bounds = self.bounds(since, left);
            let answer = self.runner.pull(cursor.as_ref(), &bounds).await??;
            self.count(&answer.trace);
            let page = answer.value;
            let read = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
            self.report.read += u64::from(read);
            left = left.saturating_sub(read);
            items.extend(page.items);
            items.drain(..items.len().saturating_sub(keep));
            self.report.more = !page.caught_up;
            if page.caught_up || cursor.as_ref() == Some(&page.next) {
                break;
            }
            cursor = Some(page.next);
        }
        Ok(items)
    }

    fn bounds(&self, since: Instant, left: u32) -> Bounds {
        let source = &self.runner.spec.source;
        let manifest = self.runner.endpoints.get(&source.connection).map(|endpoint| endpoint.manifest());
        let feed = manifest.and_then(|manifest| manifest.feeds.iter().find(|feed| feed.name == source.feed));
        let bounds = self.runner.bounds(None);
        let since = match feed {
            Some(feed) if feed.windows => Some(source.since.map_or(since, |given| given.max(since))),
            _ => bounds.since,
        };
        Bounds { since, max_items: bounds.max_items.min(left), ..bounds }
    }

    fn count(&mut self, trace: &Trace) {
        let sent = trace.requests.iter().filter(|request| request.sent).count();
        let connection = self.runner.spec.source.connection.clone();
        *self.report.calls.entry(connection).or_default() += u64::try_from(sent).unwrap_or(0);
    }

    async fn look_at(&mut self, items: VecDeque<Item>) -> Result<(), Error> {
        let mut writes = Vec::new();
        for item in items {
            self.report.looked_at += 1;
            let item = as_stored(item);
            match self.runner.decide(&item) {
                Decision::File(Verdict::Filtered(rule)) => *self.report.filtered.entry(rule).or_default() += 1,
                Decision::File(Verdict::Parked { parkings, message }) => self.parked(&item, &parkings, &message),
                Decision::Write(intent) => {
                    let asked = to_host(&item, &intent);
                    writes.push((item, asked));
                }
            }
        }
        for chunk in writes.chunks(PREVIEWS) {
            self.ask(chunk).await?;
        }
        Ok(())
    }

    /// Asks the target's connector whether it could send these: it maps, too.
    async fn ask(&mut self, writes: &[(StoredItem, Intent)]) -> Result<(), Error> {
        let endpoint = self.runner.endpoint(&self.runner.spec.target.connection)?;
        let intents: Vec<Intent> = writes.iter().map(|(_, intent)| intent.clone()).collect();
        let previews: Vec<Option<Failure>> = match endpoint.plan(&intents).await {
            Ok(answer) => answer.value.into_iter().map(Result::err).collect(),
            Err(error) => vec![Some(failure_of(&error)); writes.len()],
        };
        for ((item, _), failure) in writes.iter().zip(previews) {
            match failure {
                Some(failure) => self.failed(item, &failure),
                None => self.report.ready += 1,
            }
        }
        Ok(())
    }

    fn parked(&mut self, item: &StoredItem, parkings: &[Parking], message: &str) {
        let first = parkings.first();
        let cause = first.map_or("internal", |parking| parking.cause);
        *self.report.parked.entry(cause.to_owned()).or_default() += 1;
        for parking in parkings.iter().filter(|parking| parking.cause == "mapping-missing") {
            *self.missing.entry((parking.place.clone(), parking.key.clone())).or_default() += 1;
        }
        if cause != "mapping-missing" {
            self.refused(item, cause, first.map_or("", |parking| parking.place.as_str()), message);
        }
    }

    fn failed(&mut self, item: &StoredItem, failure: &Failure) {
        let code = failure.cause.code();
        // A preview cannot see what is missing remotely, and what it cannot show may be fine all the same.
        if matches!(failure.cause, Cause::Unsupported { .. }) {
            self.report.ready += 1;
            return;
        }
        *self.report.parked.entry(code.to_owned()).or_default() += 1;
        match &failure.cause {
            Cause::MappingMissing { missing } => missing.iter().for_each(|one| self.unmapped(one)),
            Cause::InvalidRecord { violations } => {
                let place = violations.first().map_or("", |violation| violation.path.as_str());
                self.refused(item, code, place, &failure.message);
            }
            _ => self.refused(item, code, "", &failure.message),
        }
    }

    fn unmapped(&mut self, missing: &MissingMapping) {
        let key = (missing.reference_list.clone(), missing.value.clone());
        *self.missing.entry(key).or_default() += 1;
    }

    fn refused(&mut self, item: &StoredItem, cause: &str, place: &str, message: &str) {
        let first = || Refused {
            cause: cause.to_owned(),
            message: message.to_owned(),
            items: 0,
            example: (item.entity.clone(), item.remote.clone()),
        };
        self.refused.entry((cause.to_owned(), place.to_owned())).or_insert_with(first).items += 1;
    }

    fn finish(mut self) -> Readiness {
        let entry = |((table, value), items)| Unmapped { table, value, items };
        self.report.missing = self.missing.into_iter().map(entry).collect();
        self.report.missing.sort_by_key(|missing| std::cmp::Reverse(missing.items));
        self.report.refused = self.refused.into_values().collect();
        self.report.refused.sort_by_key(|refused| std::cmp::Reverse(refused.items));
        self.report
    }
}
