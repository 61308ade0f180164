//! Reading an account's orders: through the host, through host and ledger, and with native loops as controls.
//!
//! Each reading is a process of its own, so that peak memory is that of one reading.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use wharf_demo::Systems;
use wharf_flow::{Endpoint, FilterRule, FlowSpec, Ledger, Runner, Settings, Source, Target};
use wharf_host::manifest::Action;
use wharf_host::model::Bounds;
use wharf_host::policy::Grant;
use wharf_host::secret::{SecretRef, SecretSource, SecretUnavailable};
use wharf_host::surroundings::SystemClock;
use wharf_host::{Connection, Host};

use crate::native::{self, Account, Read};
use crate::report::{Figure, median};
use crate::start;

/// What one process measured.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reading {
    seconds: f64,
    orders: u64,
    bytes: u64,
    peak_kb: f64,
}

/// The one secret of the account.
pub(crate) struct Secret(pub String);

#[async_trait::async_trait]
impl SecretSource for Secret {
    async fn secret(&self, _: SecretRef<'_>) -> Result<wharf_host::secret::Secret, SecretUnavailable> {
        Ok(wharf_host::secret::Secret::new(self.0.clone()))
    }
}

/// Measures so many rounds of every way to read the account's orders.
pub(crate) fn figures(systems: &Systems, orders: u64, rounds: usize) -> Result<Vec<Figure>> {
    let ways = ["host", "ledger", "trees", "host-raw", "raw"];
    let mut readings: BTreeMap<&str, Vec<Reading>> = BTreeMap::new();
    for _ in 0..rounds {
        for way in ways {
            let reading = in_process_of_its_own(systems, way)?;
            let expected = orders;
            ensure!(reading.orders == expected, "`{way}` read {} orders instead of {expected}", reading.orders);
            readings.entry(way).or_default().push(reading);
        }
    }
    let per_second = |way: &str| of(&readings, way, |reading| reading.orders as f64 / reading.seconds);
    let peak_mb = |way: &str| of(&readings, way, |reading| reading.peak_kb / 1024.0);
    let figure = |what, unit, value, control_is, control, goal: &str| Figure {
        what,
        unit,
        value,
        control_is,
        control: Some(control),
        goal: goal.to_owned(),
    };
    let (trees, raw) = ("native loop, serde_json::Value", "native loop, RawValue");
    Ok(vec![
        figure("pull, common documents", "orders/s", per_second("host"), trees, per_second("trees"), "1.0x or more"),
        figure("pull into the ledger", "orders/s", per_second("ledger"), trees, per_second("trees"), "1.0x or more"),
        figure("pull, raw documents", "orders/s", per_second("host-raw"), raw, per_second("raw"), "0.5x or more"),
        figure("peak memory of a pull", "MB", peak_mb("host"), trees, peak_mb("trees"), ""),
        figure("peak memory with the ledger", "MB", peak_mb("ledger"), trees, peak_mb("trees"), ""),
    ])
}

fn of(readings: &BTreeMap<&str, Vec<Reading>>, way: &str, value: impl Fn(&Reading) -> f64) -> f64 {
    median(readings.get(way).into_iter().flatten().map(value).collect())
}

fn in_process_of_its_own(systems: &Systems, way: &str) -> Result<Reading> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--child").arg(way).arg(systems.text("/baselinker")?).arg(systems.text("/root_pem")?);
    let output =
        command.arg(systems.text("/credentials/baselinker/token")?).output().context("cannot start a child")?;
    ensure!(output.status.success(), "`{way}` failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("the child's figures")
}

/// What the child does: reads everything in one way, and prints what it measured.
pub(crate) async fn child(way: &str, url: &str, root_pem: &Path, token: &str) -> Result<()> {
    let pem = std::fs::read(root_pem)?;
    let account = Account::new(url, token, &pem)?;
    let host = Host::builder().root_certificates(&pem).secrets(Secret(token.to_owned())).build()?;
    let connection = connection(&host, url).await?;
    let start = Instant::now();
    let read = match way {
        "host" => through_host(&connection, "orders").await?,
        "host-raw" => through_host(&connection, "raw-orders").await?,
        "ledger" => through_ledger(connection).await?,
        "trees" => native::trees(&account).await?,
        "raw" => native::raw(&account).await?,
        other => bail!("`{other}` is no way to read"),
    };
    let seconds = start.elapsed().as_secs_f64();
    let reading = Reading { seconds, orders: read.orders, bytes: read.bytes, peak_kb: start::peak_kb()? };
    println!("{}", serde_json::to_string(&reading)?);
    Ok(())
}

/// Makes a connection to the simulated account.
pub(crate) async fn connection(host: &Host, url: &str) -> Result<Connection> {
    let connector = host.load(&wharf_test_support::component("baselinker")?).await?;
    let port = url.rsplit(':').next().context("an address without a port")?;
    let grant = Grant::new().origin(url).slot("token");
    let grant = grant.private_address(format!("127.0.0.1:{port}")).private_address(format!("[::1]:{port}"));
    let config = serde_json::json!({ "base_url": url, "calls_per_minute": 10_000_000 });
    Ok(connector.connect("shop").config(config).grant(grant).build().await?)
}

async fn through_host(connection: &Connection, feed: &str) -> Result<Read> {
    let mut read = Read::default();
    let mut cursor = None;
    let mut seen = std::collections::HashSet::new();
    loop {
        let page = connection.pull(feed, cursor.as_ref(), &Bounds::default()).await?.value;
        for item in page.items {
            read.bytes += item.document.len() as u64;
            read.orders += u64::from(seen.insert(item.id));
        }
        if page.caught_up {
            return Ok(read);
        }
        cursor = Some(page.next);
    }
}

/// A flow whose only rule leaves everything out: each order is read, recorded and filed, none is written anywhere.
async fn through_ledger(connection: Connection) -> Result<Read> {
    let directory = tempfile::tempdir()?;
    let ledger = Ledger::open(directory.path().join("wharf.sqlite"), Arc::new(SystemClock))?;
    let source = Source { connection: "shop".into(), feed: "orders".into(), filter: Vec::new(), since: None };
    let target = Target { connection: "shop".into(), entity: "order".into(), action: Action::Create, id: None };
    let mut spec = FlowSpec::new("orders", source, target);
    spec.filters.push(FilterRule { rule: "all".into(), when: "doc.id != ''".into() });
    let shop: Arc<dyn Endpoint> = Arc::new(connection);
    let endpoints = BTreeMap::from([("shop".to_owned(), shop)]);
    let report = Runner::new(spec, endpoints, ledger, Settings::default())?.run(&()).await?;
    Ok(Read { orders: report.filtered.values().sum(), bytes: 0 })
}
