//! What a run would do: real reads, real mapping, nothing written.

use std::collections::BTreeMap;

use wharf_host::model::{Intent, Item, Trace};

use super::Runner;
use super::apply::failure_of;
use super::decide::Decision;
use crate::ledger::{NewIntent, StoredItem, Verdict, version_of};
use crate::problem::Error;
use crate::report::{PlanReport, PlannedWrite, Unmapped};

pub(super) async fn plan(runner: &Runner, limit: u32) -> Result<PlanReport, Error> {
    let mut planner = Planner { runner, report: PlanReport::default(), unmapped: BTreeMap::new() };
    planner.report.flow.clone_from(&runner.spec.name);
    planner.report.may_duplicate = runner.may_duplicate();
    planner.read(limit).await?;
    Ok(planner.finish())
}

struct Planner<'r> {
    runner: &'r Runner,
    report: PlanReport,
    unmapped: BTreeMap<(String, String), u64>,
}

impl Planner<'_> {
    async fn read(&mut self, limit: u32) -> Result<(), Error> {
        let state = self.runner.ledger.feed_state(&self.runner.spec.name)?;
        let mut cursor = state.cursor;
        let mut left = limit;
        while left > 0 {
            let mut bounds = self.runner.bounds(state.page_items);
            bounds.max_items = bounds.max_items.min(left);
            let answer = self.runner.pull(cursor.as_ref(), &bounds).await??;
            self.count(&self.runner.spec.source.connection, &answer.trace);
            let page = answer.value;
            left = left.saturating_sub(u32::try_from(page.items.len()).unwrap_or(u32::MAX));
            let stands_still = cursor.as_ref() == Some(&page.next);
            self.look_at(page.items).await?;
            self.report.more = !page.caught_up;
            if page.caught_up || stands_still {
                break;
            }
            cursor = Some(page.next);
        }
        Ok(())
    }

    fn count(&mut self, connection: &str, trace: &Trace) {
        let sent = trace.requests.iter().filter(|request| request.sent).count();
        *self.report.calls.entry(connection.to_owned()).or_default() += u64::try_from(sent).unwrap_or(0);
    }

    async fn look_at(&mut self, items: Vec<Item>) -> Result<(), Error> {
        let mut writes = Vec::new();
        for item in items {
            self.report.read += 1;
            if !self.runner.ledger.is_news(&self.runner.spec.name, &item)? {
                self.report.unchanged += 1;
                continue;
            }
            let item = as_stored(item);
            match self.runner.decide(&item) {
                Decision::File(verdict) => self.file(verdict),
                Decision::Write(intent) => writes.push((item, *intent)),
            }
        }
        self.preview(writes).await
    }

    fn file(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Filtered(rule) => *self.report.filtered.entry(rule).or_default() += 1,
            Verdict::Parked { parkings, .. } => {
                let cause = parkings.first().map_or("internal", |parking| parking.cause);
                *self.report.parked.entry(cause.to_owned()).or_default() += 1;
                for parking in parkings.into_iter().filter(|parking| parking.cause == "mapping-missing") {
                    *self.unmapped.entry((parking.place, parking.key)).or_default() += 1;
                }
            }
        }
    }

    async fn preview(&mut self, writes: Vec<(StoredItem, NewIntent)>) -> Result<(), Error> {
        if writes.is_empty() {
            return Ok(());
        }
        let intents: Vec<Intent> = writes.iter().map(|(item, intent)| to_host(item, intent)).collect();
        let endpoint = self.runner.endpoint(&self.runner.spec.target.connection)?;
        let previews = match endpoint.plan(&intents).await {
            Ok(answer) => answer.value.into_iter().map(|preview| preview.map_err(|failure| failure.message)).collect(),
            Err(error) => vec![Err(failure_of(&error).message); writes.len()],
        };
        let missing = std::iter::repeat_with(|| Err("the connector returned no preview for it".to_owned()));
        for (((item, intent), host_intent), preview) in
            writes.into_iter().zip(intents).zip(previews.into_iter().chain(missing))
        {
            self.report.writes.push(PlannedWrite {
                entity: item.entity,
                id: item.remote,
                connection: intent.connection,
                target_entity: intent.entity,
                action: intent.action,
                document: String::from_utf8_lossy(host_intent.document.as_bytes()).into_owned(),
                preview,
            });
        }
        Ok(())
    }

    fn finish(mut self) -> PlanReport {
        let entry = |((table, value), items)| Unmapped { table, value, items };
        self.report.unmapped = self.unmapped.into_iter().map(entry).collect();
        self.report.unmapped.sort_by_key(|unmapped| std::cmp::Reverse(unmapped.items));
        self.report
    }
}

pub(super) fn as_stored(item: Item) -> StoredItem {
    let version = version_of(&item);
    StoredItem {
        n: 0,
        entity: item.entity,
        remote: item.id,
        version,
        deleted: item.deleted,
        document: item.document,
        bound: None,
    }
}

pub(super) fn to_host(item: &StoredItem, intent: &NewIntent) -> Intent {
    Intent {
        id: intent.id.clone(),
        entity: intent.entity.clone(),
        action: intent.action,
        target: intent.target.clone(),
        expected_revision: intent.expected_revision.clone(),
        correlation: intent.correlation.clone(),
        document: intent.document.clone().unwrap_or_else(|| item.document.clone()),
    }
}

impl Runner {
    /// Tells whether any write of the flow may happen twice because its remote cannot be asked.
    pub(super) fn may_duplicate(&self) -> bool {
        let target = &self.spec.target;
        let target = (&target.connection, &target.entity, target.action);
        let write_backs = self.spec.write_backs.iter().map(|write| (&write.connection, &write.entity, write.action));
        std::iter::once(target).chain(write_backs).any(|(connection, entity, action)| {
            let manifest = self.endpoints.get(connection).map(|endpoint| endpoint.manifest());
            let write = manifest.and_then(|manifest| super::definition::write_of(manifest, entity, action));
            action == wharf_host::model::Action::Create && write.is_some_and(|write| !write.verifiable)
        })
    }
}
