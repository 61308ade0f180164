//! What crossing the boundary costs.

use std::time::Instant;

use anyhow::{Context, Result};
use wharf_host::model::Bounds;
use wharf_host::{Connection, Host};

use crate::bare::{self, Bare};
use crate::report::{Figure, median};

/// Bytes of the page that goes in and out.
const PAGE_BYTES: usize = 200_000;

/// Measures calls: with nothing, with a page, and what one import adds.
pub(crate) async fn figures(rounds: usize) -> Result<Vec<Figure>> {
    let host = Host::builder().build()?;
    let echo = connection(&host, "echo").await?;
    let bare = Bare::new(&wharf_test_support::component("echo")?)?;
    Ok(vec![
        first_call(&echo, &bare, rounds).await?,
        live_call(&bare, rounds)?,
        page(&echo, &bare, rounds).await?,
        import(&host, rounds).await?,
    ])
}

async fn connection(host: &Host, name: &str) -> Result<Connection> {
    let connector = host.load(&wharf_test_support::component(name)?).await?;
    Ok(connector.connect(name).config(serde_json::json!({})).build().await?)
}

/// Every call of the host has an instance of its own, so this is what any call costs at the least.
async fn first_call(echo: &Connection, bare: &Bare, rounds: usize) -> Result<Figure> {
    let (mut value, mut control) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        echo.get("probe", "1").await?;
        value.push(micros(start));
        let start = Instant::now();
        let (mut store, instance) = bare.instance()?;
        bare.get(&mut store, &instance, "1")?;
        drop(store);
        control.push(micros(start));
    }
    Ok(Figure {
        what: "instantiate and first call",
        unit: "us",
        value: median(value),
        control_is: "bare engine, pooled",
        control: Some(median(control)),
        goal: "25 us or less".to_owned(),
    })
}

/// The host keeps no instance from one call to the next; this says what it would save at the most.
fn live_call(bare: &Bare, rounds: usize) -> Result<Figure> {
    let (mut store, instance) = bare.instance()?;
    let mut values = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        for _ in 0..100 {
            bare.get(&mut store, &instance, "1")?;
        }
        values.push(micros(start) / 100.0);
    }
    Ok(Figure {
        what: "call on a live instance (bare engine only)",
        unit: "us",
        value: median(values),
        control_is: "",
        control: None,
        goal: "1 us or less".to_owned(),
    })
}

async fn page(echo: &Connection, bare: &Bare, rounds: usize) -> Result<Figure> {
    let text = format!("\"{}\"", "x".repeat(PAGE_BYTES - 2));
    let filter = vec![("document".to_owned(), text)];
    let bounds = Bounds { filter: filter.clone(), ..Bounds::default() };
    let (max_items, max_bytes) = (bounds.max_items, bounds.max_bytes);
    let bare_bounds = bare::Bounds { since: None, until: None, filter, max_items, max_bytes };
    let (mut value, mut control) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let items = echo.pull("echo", None, &bounds).await?.value.items.len();
        value.push(micros(start));
        anyhow::ensure!(items == 1, "the page came back with {items} items");
        let start = Instant::now();
        let (mut store, instance) = bare.instance()?;
        bare.pull(&mut store, &instance, &bare_bounds)?;
        drop(store);
        control.push(micros(start));
    }
    Ok(Figure {
        what: "instantiate, 200 KB page in and out",
        unit: "us",
        value: median(value),
        control_is: "bare engine, pooled",
        control: Some(median(control)),
        goal: "65 us or less (25 + 40)".to_owned(),
    })
}

async fn import(host: &Host, rounds: usize) -> Result<Figure> {
    const CALLS: f64 = 10_000.0;
    let clock = connection(host, "asks-the-clock").await?;
    let (mut with, mut without, mut native) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds.div_ceil(20) {
        for (id, values) in [("10000", &mut with), ("0", &mut without)] {
            let start = Instant::now();
            clock.get("probe", id).await.context("the clock is not asked")?;
            values.push(micros(start));
        }
        let start = Instant::now();
        for _ in 0..10_000 {
            std::hint::black_box(std::time::SystemTime::now());
        }
        native.push(micros(start));
    }
    Ok(Figure {
        what: "import call (clock)",
        unit: "us",
        value: (median(with) - median(without)) / CALLS,
        control_is: "the clock, natively",
        control: Some(median(native) / CALLS),
        goal: "0.07 us on a bare engine".to_owned(),
    })
}

fn micros(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}
