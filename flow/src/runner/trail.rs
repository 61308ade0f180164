//! Where a feed has led so far. A connector whose cursors lead back, or that gives the same page for ever, is caught here.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use wharf_host::model::{Cursor, Page};

use crate::ledger::version_of;

/// How often one and the same page may come at different places of a feed. Once is a record that comes twice, as feeds
/// may do; more is a feed that stands still.
const SAME_PAGES: u32 = 3;

/// Empty pages one after the other. A feed may step through years without a record, by hours if it has to.
const EMPTY_PAGES: u32 = 50_000;

/// The cursors and pages of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    /// Where it began; none at the start of the feed.
    began: Option<Option<u64>>,
    cursors: HashSet<u64>,
    pages: HashMap<u64, u32>,
    empty: u32,
}

impl Trail {
    /// Notes the page that came for `given`; says what is wrong with it, if something is.
    pub(super) fn complaint(&mut self, given: Option<&Cursor>, page: &Page) -> Option<String> {
        let given_at = given.map(place);
        let began = *self.began.get_or_insert(given_at);
        self.cursors.extend(given_at);
        let next = Some(place(&page.next));
        // At its end a feed stays where it is, or begins its round anew: one that sweeps through all there is.
        let may_return = page.caught_up && (next == given_at || next == began);
        if self.has(&page.next) && !may_return {
            return Some("its cursor leads back to a place that was read already".to_owned());
        }
        if let Some(item) = page.items.iter().find(|item| item.id.is_empty() || item.entity.is_empty()) {
            return Some(format!("it reports a record of `{}` without an id", item.entity));
        }
        self.repeated(page)
    }

    /// Tells whether the feed was at this place before.
    pub(super) fn has(&self, cursor: &Cursor) -> bool {
        self.cursors.contains(&place(cursor))
    }

    fn repeated(&mut self, page: &Page) -> Option<String> {
        if page.caught_up {
            return None;
        }
        if page.items.is_empty() {
            self.empty = self.empty.saturating_add(1);
            return (self.empty > EMPTY_PAGES)
                .then(|| format!("it gave {EMPTY_PAGES} empty pages one after the other"));
        }
        self.empty = 0;
        let items: Vec<_> = page.items.iter().map(|item| (&item.entity, &item.id, version_of(item))).collect();
        let times = self.pages.entry(fingerprint(&items)).or_default();
        *times = times.saturating_add(1);
        (*times >= SAME_PAGES).then(|| format!("it gave the same page {times} times at different places"))
    }
}

fn place(cursor: &Cursor) -> u64 {
    fingerprint(&(cursor.version, &cursor.bytes))
}

fn fingerprint(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
