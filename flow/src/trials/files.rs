//! The file itself: of an earlier release, of a later one, damaged, full, read-only, copied, and grown old.

use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use wharf_host::surroundings::Clock;

use super::remote::Fate;
use super::world::{World, order, world};
use crate::{DependencyRule, Ledger, LedgerError};

/// A file of schema 1, written by the first release: seven orders that ended (one filtered, one parked), and five that
/// were on their way when the process was killed.
const SCHEMA_1: &[u8] = include_bytes!("fixtures/v1.sqlite");

fn open(world: &World) -> Result<Ledger, LedgerError> {
    Ledger::open(world.path(), Arc::clone(&world.time) as Arc<dyn Clock>)
}

fn rows<T: rusqlite::types::FromSql>(world: &World, sql: &str) -> Vec<T> {
    let connection = Connection::open(world.path()).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[track_caller]
fn counts_are_right(world: &World) {
    let wrong: Vec<String> = rows(
        world,
        "SELECT c.flow || ' ' || c.state || ' ' || c.items FROM counts c
         WHERE c.items <> (SELECT count(*) FROM items i WHERE i.flow = c.flow AND i.state = c.state)
         UNION ALL
         SELECT i.flow || ' ' || i.state || ' is not counted' FROM items i
         WHERE NOT EXISTS (SELECT 1 FROM counts c WHERE c.flow = i.flow AND c.state = i.state)",
    );
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn file_of_the_first_release_is_brought_up_and_goes_on() {
    let mut world = world().with_everything();
    world.spec.dependencies = vec![DependencyRule {
        entity: "partner".into(),
        action: wharf_host::model::Action::Create,
        from: "customer".into(),
        key: None,
    }];
    for number in 1..=12 {
        let mut order = order(number);
        match number {
            2 => order["status"] = "209".into(),
            3 => order["rate"] = "8".into(),
            9 => order["rate"] = "5".into(),
            _ => {}
        }
        world.shop.put(&format!("o{number}"), order);
    }
    std::fs::write(world.path(), SCHEMA_1).unwrap();
    let ledger = open(&world).unwrap();
    let totals = ledger.status().unwrap().flows[0].totals;
    assert_eq!(
        (totals.done, totals.filtered, totals.done + totals.filtered + totals.parked + totals.waiting),
        (5, 1, 12)
    );
    assert_eq!(ledger.why("shop", "order", "o1").unwrap()[0].effects.len(), 3);
    drop(ledger);
    counts_are_right(&world);
    let report = world.run_to_the_end();
    let totals = report.totals;
    assert_eq!((totals.done, totals.filtered, totals.parked, totals.waiting), (9, 1, 2, 0));
    assert!(world.target.effects().values().all(|count| *count == 1));
    counts_are_right(&world);
}

#[test]
fn file_of_a_newer_program_is_refused_with_both_versions_and_left_alone() {
    let world = world();
    drop(world.ledger());
    let connection = Connection::open(world.path()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    connection.execute("UPDATE installation SET program = '7.3.0'", []).unwrap();
    drop(connection);
    let error = open(&world).err().unwrap();
    let text = error.to_string();
    assert_eq!(error.code(), "ledger-newer");
    for part in ["schema 99 of wharf 7.3.0", &format!("wharf {}", env!("CARGO_PKG_VERSION")), "nothing was changed"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert_eq!(rows::<i64>(&world, "PRAGMA user_version"), [99]);
}

#[test]
fn counts_stay_right_through_everything() {
    let world = world().with_orders(9).with_everything();
    world.target.script(|intent, before| match (intent.n(), before) {
        (3, _) => Fate::Fails(wharf_host::model::Cause::InvalidRecord { violations: Vec::new() }),
        (_, 0) => Fate::AnswerLost,
        _ => Fate::Applied,
    });
    world.run_to_the_end();
    let mut changed = order(3);
    changed["total"] = "1.00".into();
    world.shop.put("o3", changed);
    let mut cancelled = order(4);
    cancelled["status"] = "209".into();
    world.shop.put("o10", cancelled);
    world.run_to_the_end();
    counts_are_right(&world);
}

trait Number {
    /// The number in the id of the order that an intent is for; 0 for others.
    fn n(&self) -> usize;
}

impl Number for wharf_host::model::Intent {
    fn n(&self) -> usize {
        let document: serde_json::Value = self.document.parse().unwrap();
        document["id"].as_str().and_then(|id| id.strip_prefix('o')).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

#[test]
fn full_disk_stops_cleanly_and_nothing_is_lost_or_doubled_when_there_is_room_again() {
    for room in [0, 1, 2, 4, 7, 11] {
        let world = world().with_orders(40).with_everything();
        world.shop.state().page = 40;
        let ledger = world.ledger();
        let limit = ledger.write(move |tx| {
            let pages: i64 = tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
            tx.pragma_update(None, "max_page_count", pages + room)?;
            Ok(())
        });
        world.time.drive(&[&ledger], || false, limit).unwrap().unwrap();
        if let Err(error) = world.run_on(&ledger) {
            assert_eq!(error.code(), "ledger-full", "{error}");
            assert!(error.to_string().contains("is safe"), "{error}");
        }
        drop(ledger);
        let report = world.run_to_the_end();
        assert_eq!(report.totals.done, 40, "room for {room} pages");
        for effects in [world.target.effects(), world.shop.effects()] {
            assert!(effects.values().all(|count| *count == 1), "room for {room} pages: {effects:?}");
        }
        counts_are_right(&world);
    }
}

#[test]
fn id_of_an_installation_is_in_its_file_and_not_only_in_the_log() {
    let world = world();
    let ledger = world.ledger();
    let without_log = world.path().with_file_name("without-log.sqlite");
    std::fs::copy(world.path(), &without_log).unwrap();
    let other = Ledger::open(&without_log, Arc::clone(&world.time) as Arc<dyn Clock>).unwrap();
    assert_eq!(other.installation(), ledger.installation());
}

#[test]
fn ledger_that_another_program_locks_is_read_all_the_same() {
    let world = world().with_orders(1);
    world.run();
    let other = Connection::open(world.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ledger = world.ledger();
    assert_eq!(ledger.status().unwrap().flows[0].totals.done, 1);
    other.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn read_only_ledger_is_refused_and_says_what_to_do() {
    let world = world().with_orders(2);
    let ledger = world.ledger();
    let freeze = ledger.write(|tx| Ok(tx.pragma_update(None, "query_only", true)?));
    world.time.drive(&[&ledger], || false, freeze).unwrap().unwrap();
    let error = world.run_on(&ledger).unwrap_err();
    assert_eq!(error.code(), "ledger-read-only", "{error}");
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(world.target.total_applies(), 0);
}

#[test]
fn damaged_file_stops_with_a_named_error_wherever_the_damage_is() {
    let whole = world().with_orders(60).with_everything();
    whole.run();
    let connection = Connection::open(whole.path()).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let bytes = std::fs::read(whole.path()).unwrap();
    let (pages, mut refused) = (bytes.len() / (16 << 10), 0);
    for page in (0..pages).step_by(2) {
        let world = world().with_orders(70).with_everything();
        std::fs::write(world.path(), &bytes).unwrap();
        let mut file = std::fs::File::options().write(true).open(world.path()).unwrap();
        file.seek(SeekFrom::Start((page * (16 << 10)) as u64)).unwrap();
        file.write_all(&[0xA5; 200]).unwrap();
        drop(file);
        let ended = open(&world).map_err(crate::Error::from).and_then(|ledger| world.run_on(&ledger));
        if let Err(error) = ended {
            refused += 1;
            let known = ["ledger-damaged", "ledger-open", "ledger-foreign", "ledger-storage"];
            assert!(known.contains(&error.code()), "page {page}: {} {error}", error.code());
        }
    }
    assert!(refused * 4 > pages, "of {pages} damaged pages {refused} were noticed by one run");
}

#[cfg(unix)]
#[test]
fn file_that_is_removed_or_replaced_while_it_is_used_stops_the_run_before_anything_is_sent() {
    for replaced in [false, true] {
        let world = world();
        let ledger = world.ledger();
        world.run_on(&ledger).unwrap();
        world.shop.put("o1", order(1));
        for end in ["", "-wal", "-shm"] {
            std::fs::remove_file(world.path().with_file_name(format!("wharf.sqlite{end}"))).unwrap();
        }
        if replaced {
            std::fs::write(world.path(), b"").unwrap();
        }
        let error = world.run_on(&ledger).unwrap_err();
        assert_eq!(error.code(), "ledger-gone", "{error}");
        assert!(error.to_string().contains("put it back"), "{error}");
        assert_eq!(world.target.total_applies(), 0);
    }
}

#[test]
fn file_that_is_no_database_is_called_damaged_and_not_unwritable() {
    let world = world();
    std::fs::write(world.path(), vec![b'x'; 40_000]).unwrap();
    let error = open(&world).err().unwrap();
    assert_eq!(error.code(), "ledger-damaged");
    assert!(error.to_string().contains("wharf.sqlite") && error.to_string().contains("backup"), "{error}");
}

#[test]
fn log_that_was_cut_off_keeps_whole_transactions_only() {
    let whole = world().with_orders(30).with_everything();
    let ledger = whole.ledger();
    whole.run_on(&ledger).unwrap();
    let log = |world: &World| world.path().with_file_name("wharf.sqlite-wal");
    let (file, wal) = (std::fs::read(whole.path()).unwrap(), std::fs::read(log(&whole)).unwrap());
    assert!(wal.len() > 100_000, "there is a log to cut");
    for part in 1..10 {
        let world = world().with_orders(30).with_everything();
        std::fs::write(world.path(), &file).unwrap();
        std::fs::write(log(&world), &wal[..wal.len() / 10 * part - 7]).unwrap();
        drop(open(&world).unwrap());
        counts_are_right(&world);
        let lost: Vec<i64> = rows(
            &world,
            "SELECT n FROM items WHERE state IN ('new', 'working') AND n NOT IN (SELECT item FROM item_documents)",
        );
        assert!(lost.is_empty(), "{part}/10: items without their documents: {lost:?}");
        let integrity: Vec<String> = rows(&world, "PRAGMA integrity_check");
        assert_eq!(integrity, ["ok"], "{part}/10");
    }
}

#[test]
fn backup_is_a_whole_ledger_and_does_not_overwrite() {
    let world = world().with_orders(10).with_everything();
    let ledger = world.ledger();
    world.run_on(&ledger).unwrap();
    let copy = world.path().with_file_name("copy.sqlite");
    ledger.backup(&copy).unwrap();
    let again = ledger.backup(&copy).unwrap_err();
    assert!(again.to_string().contains("not overwritten"), "{again}");
    let installation = ledger.installation().to_owned();
    let of_copy = Ledger::open(&copy, Arc::clone(&world.time) as Arc<dyn Clock>).unwrap();
    assert_eq!(of_copy.installation(), installation);
    assert_eq!(of_copy.status().unwrap().flows[0].totals.done, 10);
}

#[test]
fn backup_that_fails_names_the_file_that_is_to_blame_and_leaves_nothing_behind() {
    let world = world().with_orders(60).with_everything();
    world.run();
    let copy = world.path().with_file_name("copy.sqlite");
    let missing = world.path().with_file_name("nowhere").join("copy.sqlite");
    let error = world.ledger().backup(&missing).unwrap_err();
    assert_eq!(error.code(), "backup-unwritable", "{error}");
    assert!(error.to_string().contains("nowhere/copy.sqlite"), "{error}");

    let connection = Connection::open(world.path()).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let page: i64 =
        connection.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'items'", [], |row| row.get(0)).unwrap();
    drop(connection);
    let mut file = std::fs::File::options().write(true).open(world.path()).unwrap();
    file.seek(SeekFrom::Start(u64::try_from(page - 1).unwrap() * (16 << 10))).unwrap();
    file.write_all(&[0xA5; 200]).unwrap();
    drop(file);
    let error = world.ledger().backup(&copy).unwrap_err();
    assert_eq!(error.code(), "ledger-damaged", "{error}");
    assert!(error.to_string().contains("wharf.sqlite") && !error.to_string().contains("copy.sqlite"), "{error}");
    assert!(!copy.exists());
}

#[test]
fn old_items_keep_their_names_and_lose_their_details() {
    let mut world = world().with_orders(30).with_everything();
    world.run();
    let rows_of = |world: &World, table: &str| rows::<i64>(world, &format!("SELECT count(*) FROM {table}"))[0];
    assert_eq!((rows_of(&world, "items"), rows_of(&world, "intents")), (30, 90));
    world.settings.keep_done = Some(Duration::from_secs(90 * 86_400));
    world.time.advance(Duration::from_secs(60 * 86_400));
    world.shop.put("o31", order(31));
    world.run();
    assert_eq!(rows_of(&world, "intents"), 93, "nothing is old enough yet");
    world.time.advance(Duration::from_secs(40 * 86_400));
    world.run();
    assert_eq!((rows_of(&world, "items"), rows_of(&world, "intents")), (31, 33));
    let story = world.ledger().why("shop", "order", "o1").unwrap().remove(0);
    assert_eq!((story.state, story.effects.len()), (crate::ItemState::Done, 1));
    assert!(story.events.iter().any(|event| event.what == "compacted"));
    let id = story.effects[0].id.clone().unwrap();
    assert_eq!(world.ledger().why("target", "order", &id).unwrap().len(), 1, "found by the target's id as well");
    // The source reports all of them once more: nothing is written again.
    let written = world.target.written().len();
    let ledger = world.ledger();
    let forget = ledger.write(|tx| Ok(tx.execute("UPDATE flows SET cursor = NULL, cursor_version = NULL", [])?));
    world.time.drive(&[&ledger], || false, forget).unwrap().unwrap();
    drop(ledger);
    let report = world.run();
    assert_eq!((report.unchanged, report.done), (31, 0));
    assert_eq!(world.target.written().len(), written);
    counts_are_right(&world);
}

#[test]
fn compacted_item_is_updated_in_place_when_it_changes() {
    let mut world = world().with_orders(3);
    world.spec.target.action = wharf_host::model::Action::Upsert;
    world.settings.keep_done = Some(Duration::ZERO);
    world.run();
    world.time.advance(Duration::from_secs(5));
    world.run();
    let id = world.target.written()[0].id.clone();
    let mut changed = order(1);
    changed["total"] = "11.00".into();
    world.shop.put("o1", changed);
    assert_eq!(world.run().done, 1);
    assert_eq!(world.target.written().last().unwrap().target.as_deref(), Some(id.as_str()));
}

/// Every question that is put for one document, one flow or a status, however large the ledger is.
const QUESTIONS: &[&str] = &[
    "SELECT state, items FROM counts WHERE flow = 1",
    "SELECT i.n FROM flows f CROSS JOIN items i ON i.flow = f.n AND i.entity = 'e' AND i.remote = 'r' WHERE f.connection = 'c'",
    "SELECT t.item FROM intents t WHERE t.connection = 'c' AND t.result_id = 'r' AND t.entity = 'e' AND t.item IS NOT NULL",
    "SELECT n FROM intents WHERE item = 7",
    "SELECT at FROM events WHERE item = 7 ORDER BY n",
    "SELECT min(coalesce(version_read, read)) FROM items WHERE flow = 1 AND state = 'new'",
    "SELECT min(coalesce(version_read, read)) FROM items WHERE flow = 1 AND state = 'working'",
    "SELECT n FROM intents WHERE flow = 1 AND state = 'sent'",
    "SELECT connection, min(not_before) FROM intents WHERE flow = 1 AND state IN ('planned', 'unknown') GROUP BY connection",
    "SELECT n FROM intents WHERE kind = 'dependency' AND flow <> 1 AND state IN ('planned', 'sent', 'unknown')",
    "SELECT n FROM items WHERE flow = 1 AND state = 'done' AND compacted = 0 AND settled < 5 ORDER BY settled LIMIT 200",
    "SELECT i.under, count(*) FROM (SELECT DISTINCT item FROM parkings WHERE since >= 5) p
     CROSS JOIN items i ON i.n = p.item WHERE i.flow = 1 AND i.state = 'parked' GROUP BY i.under",
    "SELECT id FROM intents WHERE connection = 'c' AND result_id = 'r' AND entity = 'e' AND action = 'create' AND n <> 4
     AND (item IS NULL OR item IS NOT (SELECT item FROM intents WHERE n = 4)) ORDER BY n DESC LIMIT 1",
    "SELECT 1 FROM intents WHERE connection = 'c' AND result_id = 'r' AND entity = 'e' AND flow = 1 AND kind = 'target'
     AND item IS NOT (SELECT item FROM intents WHERE n = 4)",
];

#[test]
fn no_question_goes_through_all_items_or_intents() {
    let world = world();
    drop(world.ledger());
    let connection = Connection::open(world.path()).unwrap();
    for question in QUESTIONS {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
        let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        for step in steps.map(Result::unwrap) {
            // A partial index holds only what is open: going through that is no scan of everything.
            let open_only = ["items_due", "items_working", "intents_due", "intents_sent", "intents_open_dependencies"];
            let scans = ["SCAN i", "SCAN t", "SCAN items", "SCAN intents", "SCAN events"];
            let scanned = scans.iter().any(|scan| step == *scan || step.starts_with(&format!("{scan} ")));
            let whole = step.starts_with("SEARCH items USING INDEX items_by_remote (flow=?)");
            let allowed = open_only.iter().any(|index| step.contains(index));
            assert!(!(scanned || whole) || allowed, "{question}\n{step}");
        }
    }
}
