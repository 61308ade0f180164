//! When there is something to do for a flow next.

use wharf_host::model::Instant;

use super::Runner;
use crate::ledger::{Held, HoldTable};
use crate::problem::Error;
use crate::report::{Hold, HoldScope};
use crate::schedule::Schedule;

/// What the ledger has of a flow from runs that ended before they were through, whatever ended them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LeftOver {
    /// When the feed can be read on; none when it was read to its end, or has no schedule.
    pub(crate) feed: Option<Instant>,
    /// When documents or questions are due; also a time that is over.
    pub(crate) work: Option<Instant>,
}

impl Runner {
    /// Returns what earlier runs have left.
    pub(crate) fn left_over(&self) -> Result<LeftOver, Error> {
        let Some((flow, _)) = self.ledger.known_flow(&self.spec.name)? else { return Ok(LeftOver::default()) };
        let holds = self.holds()?;
        let state = self.ledger.feed_state(&self.spec.name)?;
        let is_read = self.spec.schedule == Schedule::Manual || !state.is_unread();
        let feed = if is_read { None } else { self.feed_opens(&holds, state.not_before) };
        let now = self.ledger.now();
        let sent = self.ledger.connections_sent_to(flow)?.into_iter();
        let to_ask = sent.filter_map(|connection| holds.connection(&connection, now).opens(now));
        let work = self.work_times(flow, &holds)?.into_iter().chain(to_ask).min();
        Ok(LeftOver { feed, work })
    }

    /// Tells whether a run would find documents or questions to take up now, or a credential that was replaced, and nobody is at
    /// it.
    pub(crate) fn has_work(&self) -> Result<bool, Error> {
        let (name, ledger) = (&self.spec.name, &self.ledger);
        let Some((flow, _)) = ledger.known_flow(name)? else { return Ok(false) };
        if ledger.is_run(name)? {
            return Ok(false);
        }
        let (holds, now, target) = (self.holds()?, ledger.now(), &self.spec.target);
        let is_open = holds.connection(&target.connection, now) == Held::No
            && holds.writes(&target.connection, &target.entity, target.action, now) == Held::No;
        Ok((is_open && !ledger.due_items(flow, target.place(), 1)?.is_empty())
            || !ledger.due_intents(flow, 1, &holds)?.is_empty()
            || self.replaced_credentials(&holds).iter().any(|scope| self.concerns(scope)))
    }

    /// Returns the connections that are held for a credential which is another one by now.
    pub(super) fn replaced_credentials(&self, holds: &HoldTable) -> Vec<HoldScope> {
        let mut marked = holds.marked().peekable();
        if marked.peek().is_none() {
            return Vec::new();
        }
        let marks = self.settings.marks();
        let is_replaced = |hold: &Hold, mark: &str| match &hold.scope {
            HoldScope::Connection(name) => marks.get(name).is_some_and(|now| now != mark),
            _ => false,
        };
        marked.filter(|(hold, mark)| is_replaced(hold, mark)).map(|(hold, _)| hold.scope.clone()).collect()
    }

    fn concerns(&self, scope: &HoldScope) -> bool {
        matches!(scope, HoldScope::Connection(name) if self.spec.connections().contains(&name.as_str()))
    }

    /// Returns when the feed may be read that may not be read before `due`; none until a person lets it go on.
    pub(super) fn feed_opens(&self, holds: &HoldTable, due: Instant) -> Option<Instant> {
        let now = self.ledger.now();
        let held = [holds.connection(&self.spec.source.connection, now), holds.feed(&self.spec.name, now)];
        held.into_iter().try_fold(due, |due, held| held.opens(due))
    }

    /// Returns when documents, questions and hints are due that no person has to let go on first.
    pub(super) fn work_times(&self, flow: i64, holds: &HoldTable) -> Result<Vec<Instant>, Error> {
        let (now, spec) = (self.ledger.now(), &self.spec);
        let hint = self.ledger.next_hint(flow)?.map(|due| (spec.source.connection.clone(), due));
        let work = self.ledger.due_times(flow, &spec.target.connection)?.into_iter().chain(hint);
        Ok(work.filter_map(|(connection, due)| holds.connection(&connection, now).opens(due)).collect())
    }
}
