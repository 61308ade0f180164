//! The ledger: items through the whole path against an endpoint that answers at once, what they take on disk, and how it
//! behaves when it has grown large.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use serde_json::json;
use wharf_flow::{Endpoint, FlowSpec, Ledger, Rule, Runner, Settings, Source, Target, WriteBack};
use wharf_host::Error;
use wharf_host::manifest::{Action, Manifest};
use wharf_host::model::{
    Answer, Applied, Bounds, Cause, Cursor, Document, Effect, Failure, Intent, Item, Outcome, Page, Preview,
    ReferencePage, RequestTrace, Tally, Trace, Verdict,
};
use wharf_host::surroundings::SystemClock;

use crate::report::{Figure, median};

/// Bytes of one order: a middling one of a web shop.
const ORDER_BYTES: usize = 2_000;

/// A remote system in this process that answers in no time: a feed of so many orders, and writes that always work.
struct Instantly {
    manifest: Manifest,
    orders: u64,
    filling: String,
}

impl Instantly {
    fn new(name: &str, orders: u64) -> Result<Self> {
        let manifest = serde_json::from_value(json!({
            "name": name, "version": "1.0.0", "summary": "answers at once",
            "config": { "version": 1, "schema": {} },
            "feeds": [{ "name": "orders", "entity": "order", "summary": "all", "document": "raw", "cursor_version": 1 }],
            "writes": [{ "entity": "order", "actions": ["create", "transition"], "document": "raw", "verifiable": true,
                         "batch": 1 }],
        }));
        Ok(Self { manifest: manifest.context("the manifest")?, orders, filling: "x".repeat(ORDER_BYTES) })
    }

    fn order(&self, number: u64) -> Item {
        let document = format!("{{\"id\":\"{number}\",\"total\":\"10.50\",\"note\":\"{}\"}}", self.filling);
        Item {
            entity: "order".to_owned(),
            id: number.to_string(),
            revision: Some("1".to_owned()),
            updated: None,
            deleted: false,
            document: Document::new(document),
        }
    }
}

fn request(effect: Effect) -> Trace {
    let request = RequestTrace {
        number: 1,
        method: "POST".to_owned(),
        url: "https://remote.example/api/orders".to_owned(),
        effect,
        status: Some(200),
        refusal: None,
        sent: true,
        sent_bytes: 2_000,
        received_bytes: 200,
        micros: 10,
        clock_ahead_seconds: None,
    };
    Trace { requests: vec![request], ..Trace::default() }
}

fn unsupported<T>() -> Result<Answer<T>, Error> {
    let cause = Cause::Unsupported { capability: "this".to_owned() };
    Err(Error::failed(cause, wharf_host::Blame::Connector, "not here"))
}

#[async_trait]
impl Endpoint for Instantly {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn pull(&self, _: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Answer<Page>, Error> {
        let start = cursor.and_then(|cursor| cursor.bytes.as_slice().try_into().ok()).map_or(0, u64::from_be_bytes);
        let end = (start + u64::from(bounds.max_items)).min(self.orders);
        let page = Page {
            items: (start..end).map(|number| self.order(number)).collect(),
            next: Cursor { version: 1, bytes: end.to_be_bytes().to_vec() },
            caught_up: end == self.orders,
        };
        Ok(Answer { value: page, trace: request(Effect::Read) })
    }

    async fn get(&self, _: &str, _: &str) -> Result<Answer<Item>, Error> {
        unsupported()
    }

    async fn lookup(&self, _: &str, _: &[(String, String)], _: u32) -> Result<Answer<Vec<Item>>, Error> {
        unsupported()
    }

    async fn reference_page(&self, _: &str, _: Option<&str>) -> Result<Answer<ReferencePage>, Error> {
        unsupported()
    }

    async fn count(&self, _: &str, _: &Bounds) -> Result<Answer<Tally>, Error> {
        unsupported()
    }

    async fn plan(&self, _: &[Intent]) -> Result<Answer<Vec<Result<Preview, Failure>>>, Error> {
        unsupported()
    }

    async fn apply(&self, intents: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error> {
        let applied = |intent: &Intent| {
            let id = intent.target.clone().unwrap_or_else(|| format!("T{}", intent.correlation));
            Outcome::Applied(Applied { id, revision: None, number: None })
        };
        Ok(Answer { value: intents.iter().map(applied).collect(), trace: request(Effect::Write) })
    }

    async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        let found = |intent: &Intent| {
            Verdict::Found(Applied { id: format!("T{}", intent.correlation), revision: None, number: None })
        };
        Ok(Answer { value: intents.iter().map(found).map(Ok).collect(), trace: request(Effect::Read) })
    }

    async fn wake(&self, _: &str, _: &str) -> Result<Answer<()>, Error> {
        unsupported()
    }
}

fn spec(write_back: bool) -> FlowSpec {
    let source = Source { connection: "shop".into(), feed: "orders".into(), filter: Vec::new(), since: None };
    let target = Target { connection: "target".into(), entity: "order".into(), action: Action::Create, id: None };
    let mut spec = FlowSpec::new("orders", source, target);
    spec.concurrency = std::num::NonZeroU32::MIN.saturating_add(15);
    if write_back {
        spec.write_backs.push(WriteBack {
            connection: "shop".into(),
            entity: "order".into(),
            action: Action::Transition,
            target: Some(Rule::from_path("source.id")),
            mapping: vec![("status".to_owned(), Rule::constant("sent"))],
        });
    }
    spec
}

/// Takes orders through the whole path; returns the seconds that it took.
async fn path(ledger: &Ledger, orders: u64, write_back: bool, keep_done: Option<Duration>) -> Result<f64> {
    let shop: Arc<dyn Endpoint> = Arc::new(Instantly::new("shop", orders)?);
    let target: Arc<dyn Endpoint> = Arc::new(Instantly::new("target", 0)?);
    let endpoints = BTreeMap::from([("shop".to_owned(), shop), ("target".to_owned(), target)]);
    let mut settings = Settings::default();
    settings.check_one_in = 0;
    settings.keep_done = keep_done;
    let runner = Runner::new(spec(write_back), endpoints, ledger.clone(), settings)?;
    let start = Instant::now();
    let report = runner.run(&()).await?;
    ensure!(report.totals.done == orders, "{} of {orders} orders are done", report.totals.done);
    Ok(start.elapsed().as_secs_f64())
}

fn open(directory: &Path) -> Result<Ledger> {
    Ok(Ledger::open(directory.join("wharf.sqlite"), Arc::new(SystemClock))?)
}

fn bytes(directory: &Path) -> Result<f64> {
    Ok(std::fs::metadata(directory.join("wharf.sqlite"))?.len() as f64)
}

/// Measures the path with `orders`, and a ledger that `many` items went through.
pub(crate) async fn figures(orders: u64, many: u64) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let directory = tempfile::tempdir()?;
    let ledger = open(directory.path())?;
    let with_write_back = path(&ledger, orders, true, None).await?;
    drop(ledger);
    let kept = bytes(directory.path())? / orders as f64;
    let ledger = open(directory.path())?;
    path(&ledger, orders, true, Some(Duration::ZERO)).await?;
    drop(ledger);
    let copy = tempfile::tempdir()?;
    open(directory.path())?.backup(&copy.path().join("wharf.sqlite"))?;
    let compacted = bytes(copy.path())? / orders as f64;
    let plain = |what, unit, value, control_is, control, goal: &str| Figure {
        what,
        unit,
        value,
        control_is,
        control,
        goal: goal.to_owned(),
    };
    let per_second = |seconds: f64| orders as f64 / seconds;
    let directory = tempfile::tempdir()?;
    let ledger = open(directory.path())?;
    let alone = path(&ledger, orders, false, None).await?;
    drop((ledger, directory));
    figures.push(plain(
        "whole path with a write-back",
        "items/s",
        per_second(with_write_back),
        "the same without a write-back",
        Some(per_second(alone)),
        "1000 or more",
    ));
    figures.push(plain("on disk, done", "bytes/item", kept, "after compaction", Some(compacted), "2000 or less"));
    figures.extend(large(many).await?);
    Ok(figures)
}

/// Items that go through the path to fill a ledger; the others are copies of what they left there.
const SEED: u32 = 50_000;

/// Rows that an item leaves, with what of them is another one's in a copy: `{}` is by how much its number differs. A copy of
/// all rows, not of the file's pages: the indexes grow as they do when items come one by one.
const ROWS: [(&str, &[(&str, &str)]); 3] = [
    ("items", &[("n", "n + {}"), ("remote", "remote + {}")]),
    (
        "intents",
        &[
            ("n", "n + {}"),
            ("id", "id || '-' || {}"),
            ("item", "item + {}"),
            ("correlation", "correlation || '-' || {}"),
            ("result_id", "result_id || '-' || {}"),
        ],
    ),
    ("events", &[("n", "n + {}"), ("item", "item + {}")]),
];

/// Copies what the seed left until there are `many` items.
fn multiply(directory: &Path, many: u64) -> Result<()> {
    let mut file = rusqlite::Connection::open(directory.join("wharf.sqlite"))?;
    file.pragma_update(None, "cache_size", -2_000_000)?;
    file.pragma_update(None, "synchronous", "off")?;
    let rows = |table: &str| {
        file.query_row(&format!("SELECT coalesce(max(n), 0) FROM {table}"), [], |row| row.get::<_, i64>(0))
    };
    let strides = ROWS.map(|(table, _)| rows(table).map(|rows| (table, rows)));
    let strides = strides.into_iter().collect::<rusqlite::Result<BTreeMap<&str, i64>>>()?;
    ensure!(strides["items"] == i64::from(SEED), "the seed left {} items", strides["items"]);
    for copy in 1..i64::try_from(many)? / i64::from(SEED) {
        let tx = file.transaction()?;
        for (table, changed) in ROWS {
            let seed = strides[table];
            let columns: Vec<String> = tx
                .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let values: Vec<String> = columns
                .iter()
                .map(|column| {
                    let value =
                        changed.iter().find(|(name, _)| name == column).map_or(column.as_str(), |(_, value)| value);
                    // Of items everything but the row's own number counts in items.
                    let by = if column == "n" { seed * copy } else { i64::from(SEED) * copy };
                    value.replace("{}", &by.to_string())
                })
                .collect();
            let (columns, values) = (columns.join(", "), values.join(", "));
            tx.execute(&format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE n <= {seed}"), [])?;
        }
        tx.commit()?;
        if copy % 20 == 0 {
            eprintln!("filled {} of {many} items", (copy + 1) * i64::from(SEED));
        }
    }
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Fills a ledger, and asks it what people ask.
async fn large(many: u64) -> Result<Vec<Figure>> {
    let directory = tempfile::tempdir()?;
    let ledger = open(directory.path())?;
    path(&ledger, SEED.into(), false, None).await?;
    drop(ledger);
    multiply(directory.path(), many)?;
    let small = tempfile::tempdir()?;
    path(&open(small.path())?, 1_000, false, None).await?;
    let measured = |directory: &Path, items: u64| -> Result<[f64; 3]> {
        let start = Instant::now();
        let ledger = open(directory)?;
        let opened = start.elapsed().as_secs_f64() * 1e3;
        let mut why = Vec::new();
        for number in 0..100 {
            let id = (number * 7_919 % items).to_string();
            let start = Instant::now();
            let stories = ledger.why("shop", "order", &id)?;
            why.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!(stories.len() == 1, "order {id} has {} stories", stories.len());
        }
        let start = Instant::now();
        let status = ledger.status()?;
        ensure!(status.flows.iter().any(|flow| flow.totals.done == items), "not everything is done");
        Ok([opened, median(why), start.elapsed().as_secs_f64() * 1e3])
    };
    let [opened, why, status] = measured(directory.path(), many)?;
    let [opened_small, why_small, status_small] = measured(small.path(), 1_000)?;
    let figure = |what, value, control, goal: &str| Figure {
        what,
        unit: "ms",
        value,
        control_is: "a ledger of 1,000 items",
        control: Some(control),
        goal: goal.to_owned(),
    };
    Ok(vec![
        figure("open a large ledger", opened, opened_small, "100 ms or less"),
        figure("`why` in a large ledger", why, why_small, "10 ms or less"),
        figure("`status` of a large ledger", status, status_small, "10 ms or less"),
    ])
}
