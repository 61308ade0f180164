//! Where a document is and why; where flows stand.

use rusqlite::{Connection, Row, params};
use wharf_host::model::Instant;

use super::{Lease, Ledger, Result, backfills, conflicts, counted, holds, intents, loaded, parked, stored};
use crate::report::{Alert, EffectStory, FlowStatus, Hold, ItemState, ParkedGroup, Status, Story, StoryEvent, Totals};

pub(super) fn why(connection: &Connection, name: &str, entity: &str, id: &str) -> Result<Vec<Story>> {
    let items = items_of(connection, name, entity, id)?;
    items.into_iter().map(|item| story(connection, item)).collect()
}

fn items_of(connection: &Connection, name: &str, entity: &str, id: &str) -> Result<Vec<i64>> {
    // The few flows first, each item by its key: the other way round would be every item there is.
    let mut statement = connection.prepare_cached(
        "SELECT i.n FROM flows f CROSS JOIN items i ON i.flow = f.n AND i.entity = ?2 AND i.remote = ?3
         WHERE f.connection = ?1
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
            "SELECT f.name, f.connection, i.entity, i.remote, i.state, i.under, i.message, i.not_before, i.read, i.settled,
                    i.compacted
             FROM items i JOIN flows f ON f.n = i.flow WHERE i.n = ?1",
        )?
        .query_row([item], load)?;
    story.effects = effects(connection, item)?;
    for effect in &mut story.effects {
        if effect.failure.as_ref().is_some_and(|(code, _)| code == "conflict") {
            effect.conflict = conflicts::of_intent(connection, &effect.intent, item)?;
        }
    }
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
    let compacted = StoryEvent {
        at: settled.map(loaded).unwrap_or_default(),
        what: "compacted".to_owned(),
        detail: "it was done so long ago that the details of its way were removed".to_owned(),
    };
    let compacted = row.get::<_, bool>(10)?.then_some(compacted);
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
        events: std::iter::once(read).chain(ended).chain(compacted).collect(),
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
        conflict: None,
    })
}

pub(super) fn status(connection: &Connection, now: Instant) -> Result<Status> {
    let mut statement = connection.prepare_cached(
        "SELECT f.n, f.name, f.connection, f.feed, f.started, f.caught_up, l.label, l.expires, f.may_duplicate,
                f.pull_attempts, f.pull_not_before
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
            lag_ms: None,
            may_duplicate: row.get(8)?,
            read_failures: row.get(9)?,
            read_again: Some(loaded(row.get(10)?)).filter(|at| *at > now),
        };
        Ok((row.get(0)?, flow))
    })?;
    let mut flows = Vec::new();
    for row in rows {
        let (n, mut flow): (i64, FlowStatus) = row?;
        flow.totals = totals(connection, n)?;
        flow.oldest_waiting = oldest_waiting(connection, n)?;
        flow.lag_ms =
            flow.oldest_waiting.map(|oldest| u64::try_from(now.since(oldest).as_millis()).unwrap_or(u64::MAX));
        flows.push(flow);
    }
    let holds = holds::active(connection, now)?;
    let alerts = alerts(&holds, &parked::groups(connection)?);
    Ok(Status { flows, holds, alerts, backfills: backfills::all(connection)? })
}

/// One alert for each cause that a person has to look at, however many items it concerns; the oldest first.
fn alerts(holds: &[Hold], groups: &[ParkedGroup]) -> Vec<Alert> {
    let held = holds.iter().filter(|hold| hold.until.is_none()).map(|hold| Alert {
        about: hold.scope.to_string(),
        cause: hold.cause.clone(),
        since: hold.since,
        items: 0,
        message: hold.message.clone(),
    });
    let mut alerts: Vec<Alert> = held.collect();
    for group in groups {
        let about = format!("flow {}", group.flow);
        match alerts.iter_mut().find(|alert| alert.about == about && alert.cause == group.cause) {
            Some(alert) => {
                alert.items = alert.items.saturating_add(group.items);
                if group.oldest < alert.since {
                    (alert.since, alert.message) = (group.oldest, group.message.clone());
                }
            }
            None => alerts.push(Alert {
                about,
                cause: group.cause.clone(),
                since: group.oldest,
                items: group.items,
                message: group.message.clone(),
            }),
        }
    }
    alerts.sort_by_key(|alert| alert.since);
    alerts
}

fn totals(connection: &Connection, flow: i64) -> Result<Totals> {
    let mut statement = connection.prepare_cached("SELECT state, items FROM counts WHERE flow = ?1")?;
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
        .prepare_cached(
            "SELECT min(oldest) FROM (
                 SELECT min(coalesce(version_read, read)) AS oldest FROM items WHERE flow = ?1 AND state = 'new'
                 UNION ALL
                 SELECT min(coalesce(version_read, read)) FROM items WHERE flow = ?1 AND state = 'working')",
        )?
        .query_row([flow], |row| row.get(0))?;
    Ok(oldest.map(loaded))
}

impl Ledger {
    /// Notes whether writes of a flow may double a document. Writes only when that is news.
    pub(crate) async fn note_may_duplicate(&self, lease: &Lease, flow: i64, may_duplicate: bool) -> Result<()> {
        let known: bool = self
            .reader()
            .prepare_cached("SELECT may_duplicate FROM flows WHERE n = ?1")?
            .query_row([flow], |row| row.get(0))?;
        if known == may_duplicate {
            return Ok(());
        }
        self.write_under(lease, move |tx| {
            tx.execute("UPDATE flows SET may_duplicate = ?2 WHERE n = ?1", params![flow, may_duplicate])?;
            Ok(())
        })
        .await
    }

    /// Counts the items of a flow by state.
    pub(crate) fn totals(&self, flow: i64) -> Result<Totals> {
        totals(&self.reader(), flow)
    }

    /// Tells whether at least `limit` items of a flow wait to be filtered and mapped.
    pub(crate) fn has_backlog(&self, flow: i64, limit: usize) -> Result<bool> {
        let Ok(limit) = i64::try_from(limit) else { return Ok(false) };
        Ok(self
            .reader()
            .prepare_cached("SELECT 1 FROM counts WHERE flow = ?1 AND state = 'new' AND items >= ?2")?
            .exists(params![flow, limit])?)
    }
}
