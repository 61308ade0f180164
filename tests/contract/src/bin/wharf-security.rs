//! Prints the table of attacks, and with `--figures` what hostile neighbours and the pipeline cost. Ends with 1 when an
//! attack does not come to the end that it has to.

use std::process::ExitCode;
use std::time::Duration;

use wharf_contract_tests::attacks::{self, Row};
use wharf_contract_tests::figures;

/// Most that the 99th percentile may grow beside hostile neighbours.
const NOISE_FACTOR: f64 = 2.0;

fn main() -> anyhow::Result<ExitCode> {
    // As `wharf` makes its own.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).event_interval(1).enable_all().build()?;
    runtime.block_on(all())
}

async fn all() -> anyhow::Result<ExitCode> {
    let rows = attacks::all().await?;
    table(&rows);
    let broken = rows.iter().filter(|row| !row.held()).count();
    println!("\n{} attacks, {} held, {broken} did not", rows.len(), rows.len() - broken);
    let mut fine = broken == 0;
    if std::env::args().any(|argument| argument == "--figures") {
        fine &= measured().await?;
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(rows: &[Row]) {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or_default();
    let (attack, expected) = (width(|row| &row.attack), width(|row| &row.expected));
    println!("{:attack$}  {:9}  {:expected$}  result", "attack", "import", "expected");
    for row in rows {
        let result = if row.held() { "held".to_owned() } else { format!("NOT HELD: {}", row.seen) };
        println!("{:attack$}  {:9}  {:expected$}  {result}", row.attack, row.import, row.expected);
    }
}

async fn measured() -> anyhow::Result<bool> {
    let noise = figures::noise(Duration::from_secs(15)).await?;
    let factor = noise.noisy.p99.as_secs_f64() / noise.quiet.p99.as_secs_f64();
    let calm = factor <= NOISE_FACTOR;
    println!(
        "\nnoise: a call takes {:?} (p99 {:?}) alone, {:?} (p99 {:?}) beside hostile neighbours, of whose calls {} were ended: {factor:.1} times, {}",
        noise.quiet.p50,
        noise.quiet.p99,
        noise.noisy.p50,
        noise.noisy.p99,
        noise.ended,
        if calm { "held" } else { "NOT HELD: more than twice" },
    );
    let cost = figures::cost(10).await?;
    println!(
        "cost: a request takes {} us (p99 {}) through the pipeline, {} us (p99 {}) by the client library alone: {} us more",
        cost.pipeline.p50.as_micros(),
        cost.pipeline.p99.as_micros(),
        cost.bare.p50.as_micros(),
        cost.bare.p99.as_micros(),
        cost.pipeline.p50.saturating_sub(cost.bare.p50).as_micros(),
    );
    Ok(calm)
}
