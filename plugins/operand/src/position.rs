//! Where a feed stands, and how pages of a list that changes meanwhile are joined.
//!
//! Operand pages by `limit` and `offset`, and nothing says in what order. So a page begins some rows before the end of the
//! one before, and is joined at the last row that both have: a row that was removed meanwhile moves the others towards the
//! start, but not past the overlap. Pages without a row in common are not joined; the list is read again from its start.
//! What moves within the list, because it changes, is read by the next round, which begins before this one began.

use serde::{Deserialize, Serialize};
use wharf_sdk::{Bounds, Cursor, Result};

/// Version of the cursors of all feeds.
pub(crate) const CURSOR_VERSION: u32 = 1;
/// Most rows that Operand returns at once (seen by a client).
pub(crate) const MOST_ROWS: u32 = 100;
/// Rows that a page repeats of the one before.
pub(crate) const OVERLAP: u32 = 10;
/// Times that a round begins anew; a list that changes faster is read on as it is.
const MOST_RESTARTS: u8 = 3;

/// Where a feed stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// This round reads what changed at or after this time, in milliseconds since 1970.
    pub(crate) from: Option<u64>,
    /// When this round began, by the remote's clock.
    started: Option<u64>,
    /// Newest time of change that was seen.
    newest: Option<u64>,
    /// Rows of the list that are done.
    offset: u64,
    /// New rows of a page.
    size: u32,
    /// Ids of the last rows that are done.
    tail: Vec<String>,
    restarts: u8,
    /// A job of which only some tasks are done, and the last of these.
    within: Option<(String, String)>,
}

impl Position {
    /// Stands at the start of the list.
    pub(crate) fn start(from: Option<u64>, newest: Option<u64>, rows: u32) -> Self {
        let size = rows.clamp(1, MOST_ROWS - OVERLAP);
        Self { from, started: None, newest, offset: 0, size, tail: Vec::new(), restarts: 0, within: None }
    }

    /// Returns `offset` and `limit` of the next request.
    pub(crate) fn window(&self) -> (u64, u32) {
        let overlap = self.tail.len().try_into().unwrap_or(OVERLAP);
        (self.offset.saturating_sub(u64::from(overlap)), self.size.saturating_add(overlap).min(MOST_ROWS))
    }

    /// Notes the remote's time at the first answer of a round.
    pub(crate) fn begun(&mut self, now: u64) {
        self.started.get_or_insert(now);
    }

    /// Returns the index of the first row that is not done; none when the page cannot be joined to the one before.
    pub(crate) fn joint(&self, ids: &[&str]) -> Option<usize> {
        if self.tail.is_empty() || self.restarts >= MOST_RESTARTS {
            return Some(ids.iter().rposition(|id| self.is_done(id)).map_or(0, |last| last + 1));
        }
        ids.iter().rposition(|id| self.is_done(id)).map(|last| last + 1)
    }

    fn is_done(&self, id: &str) -> bool {
        self.tail.iter().any(|done| done == id)
    }

    /// Goes back to the start of the list.
    pub(crate) fn restarted(self) -> Self {
        Self { offset: 0, tail: Vec::new(), restarts: self.restarts.saturating_add(1), within: None, ..self }
    }

    /// Stands after the first `done` rows of a page with these ids.
    pub(crate) fn after(mut self, ids: &[&str], done: usize) -> Self {
        let (start, _) = self.window();
        self.offset = start.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
        let seen = ids.iter().take(done).map(|id| (*id).to_owned());
        let mut tail: Vec<String> = self.tail.iter().filter(|id| !ids.contains(&id.as_str())).cloned().collect();
        tail.extend(seen);
        let keep = usize::try_from(OVERLAP).unwrap_or_default().min(tail.len());
        self.tail = tail.split_off(tail.len() - keep);
        // A window may not begin before the list.
        let most = usize::try_from(self.offset).unwrap_or(usize::MAX).min(self.tail.len());
        self.tail = self.tail.split_off(self.tail.len() - most);
        self.within = None;
        self
    }

    /// Stands inside a job, after a task of it.
    pub(crate) fn inside(self, job: &str, task: &str) -> Self {
        Self { within: Some((job.to_owned(), task.to_owned())), ..self }
    }

    /// Returns the last task of a job that is done.
    pub(crate) fn last_task_of(&self, job: &str) -> Option<&str> {
        self.within.as_ref().filter(|(inside, _)| inside == job).map(|(_, task)| task.as_str())
    }

    /// Notes the time of a change.
    pub(crate) fn saw(&mut self, updated: Option<u64>) {
        self.newest = self.newest.max(updated);
    }

    /// Stands at the start of the next round. It begins a while before the newest change, and before this round began:
    /// what changed during a round may have moved past it.
    pub(crate) fn next_round(self, overlap_minutes: u32, rows: u32) -> Self {
        let safe = match (self.newest, self.started) {
            (Some(newest), Some(started)) => Some(newest.min(started)),
            (newest, _) => newest,
        };
        let from = safe.map(|safe| safe.saturating_sub(u64::from(overlap_minutes) * 60_000)).max(self.from);
        Self::start(from, self.newest, rows)
    }

    /// Makes the cursor.
    pub(crate) fn cursor(&self) -> Result<Cursor> {
        Cursor::encode(CURSOR_VERSION, self)
    }
}

/// Reads the cursor; at the start of the list without one.
pub(crate) fn from_cursor(cursor: Option<Cursor>, rows: u32, bounds: &Bounds) -> Result<Position> {
    match cursor {
        Some(cursor) => cursor.decode(CURSOR_VERSION),
        None => Ok(Position::start(bounds.since, None, rows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_at_the_rows_that_both_pages_have() {
        let first = Position::start(None, None, 3);
        assert_eq!(first.window(), (0, 3));
        let second = first.after(&["a", "b", "c"], 3);
        assert_eq!(second.window(), (0, 6));
        let many: Vec<String> = (0..30).map(|id| id.to_string()).collect();
        let ids: Vec<&str> = many.iter().map(String::as_str).collect();
        let third = Position::start(None, None, 30).after(&ids, 30);
        assert_eq!(third.window(), (20, 40));
        assert_eq!(third.joint(&["28", "29", "30"]), Some(2));
        assert_eq!(third.joint(&["30", "31"]), None);
    }

    #[test]
    fn a_list_that_cannot_be_joined_is_begun_anew_a_few_times() {
        let mut position = Position::start(None, None, 5).after(&["a", "b"], 2);
        for _ in 0..MOST_RESTARTS {
            assert_eq!(position.joint(&["x"]), None);
            position = position.restarted();
            assert_eq!(position.window().0, 0);
            position = position.after(&["a", "b"], 2);
        }
        assert_eq!(position.joint(&["x"]), Some(0));
    }

    #[test]
    fn the_next_round_begins_before_this_one_began() {
        let mut position = Position::start(Some(5), None, 5);
        position.begun(1_000_000);
        position.begun(9_000_000);
        position.saw(Some(4_000_000));
        let next = position.next_round(10, 5);
        assert_eq!(next.from, Some(400_000));
        assert_eq!(Position::start(Some(5), None, 5).next_round(10, 5).from, Some(5));
    }
}
