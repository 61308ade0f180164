//! How long it takes to get going, and what an idle connection holds.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wharf_demo::Systems;
use wharf_host::Host;
use wharf_host::model::Bounds;
use wharf_host::policy::Grant;

use crate::pull::Secret;
use crate::report::{Figure, median};

/// Measures loading from the cache, process start to first order, and memory per connection.
pub(crate) async fn figures(systems: &Systems, rounds: usize) -> Result<Vec<Figure>> {
    let cache = tempfile::tempdir()?;
    Ok(vec![
        load(cache.path(), rounds).await?,
        first_order(systems, cache.path(), rounds, true)?,
        first_order(systems, cache.path(), rounds, false)?,
        idle(200).await?,
    ])
}

async fn load(cache: &Path, rounds: usize) -> Result<Figure> {
    let bytes = wharf_test_support::component("baselinker")?;
    let (mut cached, mut compiled) = (Vec::new(), Vec::new());
    Host::builder().cache(cache).build()?.load(&bytes).await?;
    for _ in 0..rounds.clamp(3, 20) {
        let (with, without) = (Host::builder().cache(cache).build()?, Host::builder().build()?);
        let start = Instant::now();
        with.load(&bytes).await?;
        cached.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        without.load(&bytes).await?;
        compiled.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Figure {
        what: "connector ready, from the cache",
        unit: "ms",
        value: median(cached),
        control_is: "compiled",
        control: Some(median(compiled)),
        goal: "1 ms or less".to_owned(),
    })
}

/// Starts this program again as one that reads a page and ends.
fn first_order(systems: &Systems, cache: &Path, rounds: usize, cached: bool) -> Result<Figure> {
    let (mut request, mut order) = (Vec::new(), Vec::new());
    for _ in 0..rounds.clamp(3, 20) {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--child", "start"]).arg(systems.text("/baselinker")?).arg(systems.text("/root_pem")?);
        command.arg(systems.text("/credentials/baselinker/token")?);
        let start = Instant::now();
        let output = command.args(cached.then_some(cache)).output().context("cannot start the child")?;
        let whole = start.elapsed().as_secs_f64() * 1e3;
        ensure!(output.status.success(), "the child failed: {}", String::from_utf8_lossy(&output.stderr));
        request.push(String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().context("the child's figure")?);
        order.push(whole);
    }
    Ok(Figure {
        what: if cached { "start to ready, with the cache" } else { "start to ready, without" },
        unit: "ms",
        value: median(request),
        control_is: "the whole process, first page read",
        control: Some(median(order)),
        goal: if cached { "15 ms or less".to_owned() } else { String::new() },
    })
}

/// What the child does: gets a connection ready, prints after how many milliseconds, reads one page.
pub(crate) async fn child(
    url: &str,
    root_pem: &Path,
    token: &str,
    cache: Option<&String>,
    started: Instant,
) -> Result<()> {
    let builder = Host::builder().root_certificates(std::fs::read(root_pem)?).secrets(Secret(token.to_owned()));
    let host = match cache {
        Some(cache) => builder.cache(cache).build()?,
        None => builder.build()?,
    };
    let connection = crate::pull::connection(&host, url).await?;
    println!("{}", started.elapsed().as_secs_f64() * 1e3);
    let page = connection.pull("orders", None, &Bounds::default()).await?;
    ensure!(!page.value.items.is_empty(), "the first page is empty");
    Ok(())
}

async fn idle(count: usize) -> Result<Figure> {
    let host = Host::builder().build()?;
    let connector = host.load(&wharf_test_support::component("baselinker")?).await?;
    let make = async |number: usize| {
        let grant = Grant::new().origin("https://api.baselinker.com");
        connector.connect(format!("shop-{number}")).config(serde_json::json!({})).grant(grant).build().await
    };
    let first = make(0).await?;
    let before = resident_kb()?;
    let mut connections = vec![first];
    for number in 1..=count {
        connections.push(make(number).await?);
    }
    let grown = resident_kb()? - before;
    Ok(Figure {
        what: "an idle connection",
        unit: "KB",
        value: grown / count as f64,
        control_is: "",
        control: None,
        goal: "4 KB or less".to_owned(),
    })
}

/// Returns the memory of this process, in KB.
pub(crate) fn resident_kb() -> Result<f64> {
    status("VmRSS:")
}

/// Returns the most memory that this process ever had, in KB.
pub(crate) fn peak_kb() -> Result<f64> {
    status("VmHWM:")
}

fn status(name: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line in the process status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
