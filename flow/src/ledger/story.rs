//! Where a document is and why; where flows stand.

use rusqlite::{Connection, OptionalExtension, Row, params};
use wharf_host::model::Instant;

use super::{Ledger, Result, counted, holds, intents, loaded, stored};
use crate::report::{EffectStory, FlowStatus, ItemState, Status, Story, StoryEvent, Totals};

pub(super) fn why(connection: &Connection, name: &str, entity: &str, id: &str) -> Result<Vec<Story>> {
    let items = items_of(connection, name, entity, id)?;
    items.into_iter().map(|item| story(connection, item)).collect()
}

fn items_of(connection: &Connection, name: &str, entity: &str, id: &str) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT i.n FROM flows f JOIN items i ON i.flow = f.n AND i.entity = ?2 AND i.remote = ?3 WHERE f.connection = ?1
         UNION
         SELECT t.item FROM intents t WHERE t.connection = ?1 AND t.result_id = ?3 AND t.entity = ?2 AND t.item IS NOT NULL
         UNION
         SELECT u.item FROM intents d JOIN waits w ON w.dependency = d.n JOIN intents u ON u.n = w.intent
         WHERE d.connection = ?1 AND d.entity = ?2 AND d.dependency_key = ?3 AND u.item IS NOT NULL",
    )?;
    let rows = statement.query_map([name, entity, id], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn story(connection: &Connection, item: i64) -> Result<Story> {
    let mut story = connection
        .prepare_cached(
            "SELECT f.name, f.connection, i.entity, i.remote, i.state, i.under, i.message, i.not_before, i.read, i.settled
             FROM items i JOIN flows f ON f.n = i.flow WHERE i.n = ?1",
        )?
        .query_row([item], load)?;
    story.effects = effects(connection, item)?;
    if story.state == ItemState::Working {
        story.message =
            story.effects.iter().rev().find_map(|effect| effect.failure.as_ref().map(|(_, text)| text.clone()));
        story.due = due(connection, item)?;
    }
    let recorded = recorded_events(connection, item)?;
    story.events.splice(1..1, recorded);
    story.events.sort_by_key(|event| event.at);
    Ok(story)
}

fn load(row: &Row<'_>) -> rusqlite::Result<Story> {
    let state: ItemState = row.get(4)?;
    let under: Option<String> = row.get(5)?;
    let not_before = loaded(row.get(7)?);
    let read = StoryEvent { at: loaded(row.get(8)?), what: "read".to_owned(), detail: String::new() };
    let settled: Option<i64> = row.get(9)?;
    // Parking has an event of its own, with its sentence.
    let ended = settled.filter(|_| matches!(state, ItemState::Done | ItemState::Filtered)).map(|at| StoryEvent {
        at: loaded(at),
        what: state.word().to_owned(),
        detail: under.as_ref().map(|rule| format!("rule `{rule}`")).unwrap_or_default(),
    });
    Ok(Story {
        flow: row.get(0)?,
        connection: row.get(1)?,
        entity: row.get(2)?,
        id: row.get(3)?,
        state,
        under,
        message: row.get(6)?,
        due: Some(not_before).filter(|at| state == ItemState::New && at.0 > 0),
        effects: Vec::new(),
        events: std::iter::once(read).chain(ended).collect(),
    })
}

fn due(connection: &Connection, item: i64) -> Result<Option<Instant>> {
    let due: Option<i64> = connection
        .prepare_cached("SELECT min(not_before) FROM intents WHERE item = ?1 AND state IN ('planned', 'unknown')")?
        .query_row([item], |row| row.get(0))?;
    Ok(due.map(loaded))
}

fn recorded_events(connection: &Connection, item: i64) -> Result<Vec<StoryEvent>> {
    let mut statement = connection.prepare_cached("SELECT at, what, detail FROM events WHERE item = ?1 ORDER BY n")?;
    let rows = statement
        .query_map([item], |row| Ok(StoryEvent { at: loaded(row.get(0)?), what: row.get(1)?, detail: row.get(2)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const EFFECTS: &str = "
    SELECT id, kind, connection, entity, action, correlation, state, result_id, result_number, attempts, sent, settled,
           requests, cause, message, round, step, n
    FROM intents WHERE item = ?1
    UNION ALL
    SELECT d.id, d.kind, d.connection, d.entity, d.action, d.correlation, d.state, d.result_id, d.result_number,
           d.attempts, d.sent, d.settled, d.requests, d.cause, d.message, t.round, t.step, d.n
    FROM intents t JOIN waits w ON w.intent = t.n JOIN intents d ON d.n = w.dependency
    WHERE t.item = ?1 AND d.kind = 'dependency'
    ORDER BY 16, 17, 18";

fn effects(connection: &Connection, item: i64) -> Result<Vec<EffectStory>> {
    let mut statement = connection.prepare_cached(EFFECTS)?;
    let rows = statement.query_map([item], load_effect)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn load_effect(row: &Row<'_>) -> rusqlite::Result<EffectStory> {
    let requests: Option<String> = row.get(12)?;
    let cause: Option<String> = row.get(13)?;
    let message: Option<String> = row.get(14)?;
    Ok(EffectStory {
        intent: row.get(0)?,
        kind: row.get(1)?,
        connection: row.get(2)?,
        entity: row.get(3)?,
        action: intents::action(row, 4)?,
        correlation: row.get(5)?,
        state: row.get(6)?,
        id: row.get(7)?,
        number: row.get(8)?,
        attempts: row.get(9)?,
        sent: row.get::<_, Option<i64>>(10)?.map(loaded),
        settled: row.get::<_, Option<i64>>(11)?.map(loaded),
        requests: requests.unwrap_or_default().lines().map(str::to_owned).collect(),
        failure: cause.map(|cause| (cause, message.unwrap_or_default())),
    })
}

pub(super) fn status(connection: &Connection, now: Instant) -> Result<Status> {
    let mut statement = connection.prepare_cached(
        "SELECT f.n, f.name, f.connection, f.feed, f.started, f.caught_up, l.label, l.expires
         FROM flows f LEFT JOIN leases l ON l.flow = f.name AND l.owner <> '' AND l.expires > ?1 ORDER BY f.name",
    )?;
    let rows = statement.query_map([stored(now)], |row| {
        let holder: Option<String> = row.get(6)?;
        let flow = FlowStatus {
            flow: row.get(1)?,
            connection: row.get(2)?,
            feed: row.get(3)?,
            totals: Totals::default(),
            oldest_waiting: None,
            started: row.get::<_, Option<i64>>(4)?.map(loaded),
            caught_up: row.get::<_, Option<i64>>(5)?.map(loaded),
            holder: holder.zip(row.get::<_, Option<i64>>(7)?.map(loaded)),
        };
        Ok((row.get(0)?, flow))
    })?;
    let mut flows = Vec::new();
    for row in rows {
        let (n, mut flow): (i64, FlowStatus) = row?;
        flow.totals = totals(connection, n)?;
        flow.oldest_waiting = oldest_waiting(connection, n)?;
        flows.push(flow);
    }
    Ok(Status { flows, holds: holds::active(connection, now)? })
}

fn totals(connection: &Connection, flow: i64) -> Result<Totals> {
    let mut statement =
        connection.prepare_cached("SELECT state, count(*) FROM items WHERE flow = ?1 GROUP BY state")?;
    let rows = statement.query_map([flow], |row| Ok((row.get(0)?, counted(row.get(1)?))))?;
    let mut totals = Totals::default();
    for row in rows {
        let (state, count): (ItemState, u64) = row?;
        match state {
            ItemState::Done => totals.done = count,
            ItemState::Filtered => totals.filtered = count,
            ItemState::Parked => totals.parked = count,
            ItemState::New | ItemState::Working => totals.waiting += count,
        }
    }
    Ok(totals)
}

fn oldest_waiting(connection: &Connection, flow: i64) -> Result<Option<Instant>> {
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT min(read) FROM items WHERE flow = ?1 AND state IN ('new', 'working')")?
        .query_row([flow], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(oldest.map(loaded))
}

impl Ledger {
    /// Counts the items of a flow by state.
    pub(crate) fn totals(&self, flow: i64) -> Result<Totals> {
        totals(&self.reader(), flow)
    }

    /// Tells whether at least `limit` items of a flow wait to be filtered and mapped.
    pub(crate) fn has_backlog(&self, flow: i64, limit: usize) -> Result<bool> {
        // Every row up to the limit is counted: not worth it for one that no ledger reaches.
        let Some(before) = u32::try_from(limit).ok().map(|limit| limit.saturating_sub(1)) else { return Ok(false) };
        Ok(self
            .reader()
            .prepare_cached("SELECT 1 FROM items WHERE flow = ?1 AND state = 'new' LIMIT 1 OFFSET ?2")?
            .exists(params![flow, before])?)
    }
}
