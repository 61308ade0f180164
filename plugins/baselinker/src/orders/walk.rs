//! Where a walk through the orders by confirmation time stands, and where it goes on. Pure.
//!
//! `getOrders` has no page number: one asks for what was confirmed at or after a second and gets at most 100 rows, in
//! the order of confirmation. The documentation says to ask for the next second then. That loses orders when the answer
//! ends in the middle of a second, so the walk asks for the *same* second again and drops what it had.
//!
//! When a whole answer is one second, asking again gives the same rows. Then the walk goes on *inside* that second, by
//! `id_from`. Whether such an answer is sorted by id alone or by second and id is not documented, so both are taken:
//! inside, only rows of that second are used, and it is over
//! - when an answer is not full;
//! - when an answer is visibly sorted by second, and later seconds have come;
//! - when a full answer has no row of that second, and all its orders were created after it: ids grow with creation, and
//!   an order is created before it is confirmed;
//! - when the server ignores `id_from`, as the walk would never end.
//!
//! The newest second may still grow. It is asked for again as long as nothing later is there; an order that is confirmed
//! later never has an earlier second (documented), so a second is complete once a later one is there. One that was read
//! inside is read inside again then, as what comes to it may have any id: so a few orders come twice.

use serde::{Deserialize, Serialize};

use crate::assumed::PAGE_ROWS;

/// Where the walk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Confirmed at or after this second, since 1970.
    pub(crate) second: u64,
    /// Orders of that second that were taken already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen: Vec<u64>,
    /// While the walk is inside the second: orders of it with this id or a higher one are still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inside: Option<u64>,
    /// The second before, read inside, which may still grow unless something later is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unfinished: Option<u64>,
}

/// What the walk needs of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: u64,
    /// Second of confirmation; 0 for an order that is not confirmed.
    pub(crate) confirmed: u64,
    /// Second of creation.
    pub(crate) added: u64,
}

/// What an answer means for the walk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Indices of the rows to take, in this order.
    pub(crate) take: Vec<usize>,
    /// Where the walk stands when all of them are taken.
    pub(crate) next: Position,
    /// Whether there is more to ask for now.
    pub(crate) more: bool,
    /// What the server does that it should not.
    pub(crate) trouble: Option<Trouble>,
}

/// What a server does that makes a walk incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It does not honour `id_from`: orders of one second may be missing.
    IdFromIgnored,
    /// A full answer is not in the order of confirmation: there is no telling what is still to come.
    NotInOrder,
}

impl Position {
    /// Starts at a second.
    pub(crate) fn at(second: u64) -> Self {
        // Zero could pass for a missing parameter, and with it the order of rows is another one.
        Self { second: second.max(1), seen: Vec::new(), inside: None, unfinished: None }
    }

    /// Says what an answer to the question for this position means.
    pub(crate) fn step(&self, rows: &[Row]) -> Step {
        match self.inside {
            Some(id_from) => self.step_inside(id_from, rows),
            None => self.step_over(rows),
        }
    }

    /// Returns the position after the rows `taken` of an answer, which are the first of those to take.
    pub(crate) fn after(&self, taken: &[Row]) -> Self {
        let Some(last) = taken.last() else { return self.clone() };
        if self.inside.is_some() {
            return Self { inside: Some(last.id.saturating_add(1)), ..Self::at(self.second) };
        }
        let before = if last.confirmed == self.second { self.seen.as_slice() } else { &[] };
        let now = taken.iter().filter(|row| row.confirmed == last.confirmed).map(|row| row.id);
        Self { seen: before.iter().copied().chain(now).collect(), ..Self::at(last.confirmed) }
    }

    fn step_over(&self, rows: &[Row]) -> Step {
        let take = order_of(rows, |row| self.is_new(row), |row| (row.confirmed, row.id));
        let taken: Vec<Row> = take.iter().filter_map(|index| rows.get(*index).copied()).collect();
        let full = rows.len() >= PAGE_ROWS;
        let next = match (self.unfinished, self.after(&taken)) {
            (Some(second), _) if taken.is_empty() => Self::at(second),
            (_, next) if full && one_second(rows) == Some(next.second) => {
                Self { inside: Some(first_inside(rows)), ..Self::at(next.second) }
            }
            (_, next) => next,
        };
        let in_order = rows.is_sorted_by_key(|row| row.confirmed) && next != *self;
        let trouble = (full && !in_order).then_some(Trouble::NotInOrder);
        Step { take, next, more: full, trouble }
    }

    fn is_new(&self, row: Row) -> bool {
        row.confirmed > self.second || (row.confirmed == self.second && !self.seen.contains(&row.id))
    }

    fn step_inside(&self, id_from: u64, rows: &[Row]) -> Step {
        let is_ours = |row: &Row| row.confirmed == self.second;
        let take = order_of(rows, |row| is_ours(&row) && row.id >= id_from, |row| (0, row.id));
        let asked: Vec<Row> = rows.iter().copied().filter(|row| row.id >= id_from).collect();
        let full = rows.len() >= PAGE_ROWS;
        let ignored = full && asked.is_empty();
        let trouble = ignored.then_some(Trouble::IdFromIgnored);
        if !full || ignored || self.is_over(&asked) {
            // What is confirmed in this second from now on may have any id. Whether anything can be shows the next step.
            let next = Self { unfinished: Some(self.second), ..Self::at(self.second.saturating_add(1)) };
            return Step { take, next, more: true, trouble };
        }
        let last_ours = asked.iter().filter(|row| is_ours(row)).map(|row| row.id).max();
        let last = last_ours.or_else(|| asked.iter().map(|row| row.id).max()).unwrap_or(id_from);
        let next = Self { inside: Some(last.saturating_add(1)), ..Self::at(self.second) };
        Step { take, next, more: true, trouble }
    }

    /// Tells whether a full answer shows that the second has no further row.
    fn is_over(&self, rows: &[Row]) -> bool {
        let later = rows.iter().any(|row| row.confirmed > self.second);
        let by_second = rows.is_sorted_by_key(|row| row.confirmed) && !rows.is_sorted_by_key(|row| row.id);
        let past = rows.iter().all(|row| row.confirmed > self.second && row.added > self.second);
        later && (by_second || past)
    }
}

/// Returns the indices of the rows that are wanted, sorted by a key.
fn order_of(rows: &[Row], wanted: impl Fn(Row) -> bool, key: impl Fn(Row) -> (u64, u64)) -> Vec<usize> {
    let mut found: Vec<(usize, Row)> = rows.iter().copied().enumerate().filter(|(_, row)| wanted(*row)).collect();
    found.sort_by_key(|(_, row)| key(*row));
    found.into_iter().map(|(index, _)| index).collect()
}

/// Returns the second that all rows have.
fn one_second(rows: &[Row]) -> Option<u64> {
    let first = rows.first()?.confirmed;
    rows.iter().all(|row| row.confirmed == first).then_some(first)
}

/// Returns the first id to ask for inside a second of which a full answer came: after its last row where rows of equal
/// time are sorted by id, else from the very start.
fn first_inside(rows: &[Row]) -> u64 {
    let sorted = rows.is_sorted_by_key(|row| row.id);
    rows.last().filter(|_| sorted).map_or(1, |row| row.id.saturating_add(1))
}
