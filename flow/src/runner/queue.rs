//! What a run does next, and what it has under way.

use std::collections::{HashSet, VecDeque};

use wharf_host::model::Action;

use super::decide::Decided;
use super::definition;
use super::pages::Pages;
use super::pull::{Feed, Fetched};
use super::run::Run;
use crate::ledger::StoredIntent;
use crate::problem::Error;

/// How many documents are looked at in one go. Bounds memory, and how long anything else waits for it.
const CHUNK: usize = 64;

/// What is done next.
pub(super) enum Unit {
    /// Items that are to be filed, and nothing sent.
    File(Vec<Decided>),
    /// Items whose target intents are to be sent for the first time.
    First(Vec<Decided>),
    /// Intents that are to be sent again.
    Again(Vec<StoredIntent>),
    /// Intents whose outcome is unknown.
    Ask(Vec<StoredIntent>),
}

/// What ended.
pub(super) enum Ended {
    Fetched(Fetched),
    /// A page that nobody needs any more.
    BrokenOff,
    Recorded(Feed),
    Hint(i64),
    Unit(Ends),
}

/// What may be taken up again.
pub(super) struct Ends {
    items: Vec<i64>,
    intents: Vec<i64>,
}

/// What is under way.
#[derive(Default)]
pub(super) struct Busy {
    items: HashSet<i64>,
    intents: HashSet<i64>,
    pub(super) hints: HashSet<i64>,
    pub(super) queue: VecDeque<Unit>,
    pub(super) reading: Pages,
}

impl Run<'_> {
    /// Takes what is due out of the ledger: first what is on its way already, then what was read.
    pub(super) fn refill(&self, busy: &mut Busy) -> Result<(), Error> {
        let ledger = &self.runner.ledger;
        let holds = self.hold_table();
        let mut intents = ledger.due_intents(self.flow, busy.intents.len() + CHUNK, &holds)?;
        intents.retain(|intent| busy.intents.insert(intent.n));
        let (unknown, planned): (Vec<_>, Vec<_>) = intents.into_iter().partition(|intent| intent.unknown);
        busy.queue.extend(self.batches(unknown).into_iter().map(Unit::Ask));
        busy.queue.extend(self.batches(planned).into_iter().map(Unit::Again));
        if !busy.queue.is_empty() || !self.target_is_open() {
            return Ok(());
        }
        let mut items = ledger.due_items(self.flow, self.runner.spec.target.place(), busy.items.len() + CHUNK)?;
        items.retain(|item| busy.items.insert(item.n));
        let (to_send, to_file): (Vec<_>, Vec<_>) =
            items.into_iter().map(|item| self.decide(item)).partition(Decided::is_written);
        if !to_file.is_empty() {
            busy.queue.push_back(Unit::File(to_file));
        }
        let size = self.batch_size(
            &self.runner.spec.target.connection,
            &self.runner.spec.target.entity,
            self.runner.spec.target.action,
        );
        let mut to_send = to_send.into_iter().peekable();
        while to_send.peek().is_some() {
            busy.queue.push_back(Unit::First(to_send.by_ref().take(size).collect()));
        }
        Ok(())
    }

    /// Puts intents into calls: the same kind of write on the same connection, as many as the connector takes.
    fn batches(&self, intents: Vec<StoredIntent>) -> Vec<Vec<StoredIntent>> {
        let mut batches: Vec<Vec<StoredIntent>> = Vec::new();
        for intent in intents {
            let size = self.batch_size(&intent.connection, &intent.entity, intent.action);
            let fits = |batch: &&mut Vec<StoredIntent>| {
                batch.len() < size && batch.first().is_some_and(|first| !first.alone && first.goes_with(&intent))
            };
            match batches.iter_mut().find(fits) {
                Some(batch) if !intent.alone => batch.push(intent),
                _ => batches.push(vec![intent]),
            }
        }
        batches
    }

    fn batch_size(&self, connection: &str, entity: &str, action: Action) -> usize {
        let manifest = self.runner.endpoints.get(connection).map(|endpoint| endpoint.manifest());
        let write = manifest.and_then(|manifest| definition::write_of(manifest, entity, action));
        let most = write.and_then(|write| usize::try_from(write.batch).ok()).unwrap_or(1);
        most.min(self.runner.settings.batch).max(1)
    }
}

impl Unit {
    pub(super) fn ended(&self) -> Ends {
        match self {
            Self::File(items) | Self::First(items) => {
                Ends { items: items.iter().map(|item| item.item.n).collect(), intents: Vec::new() }
            }
            Self::Again(intents) | Self::Ask(intents) => {
                Ends { items: Vec::new(), intents: intents.iter().map(|intent| intent.n).collect() }
            }
        }
    }
}

impl Busy {
    pub(super) fn end(&mut self, ended: Ended, feed: &mut Feed) {
        match ended {
            Ended::Fetched(page) => self.reading.fetched(page),
            Ended::BrokenOff => {}
            Ended::Recorded(read) => {
                self.reading.recorded();
                *feed = read;
            }
            Ended::Hint(hint) => {
                self.hints.remove(&hint);
            }
            Ended::Unit(ends) => self.let_go(ends),
        }
    }

    pub(super) fn let_go(&mut self, ends: Ends) {
        for item in ends.items {
            self.items.remove(&item);
        }
        for intent in ends.intents {
            self.intents.remove(&intent);
        }
    }
}
