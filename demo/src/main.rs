//! The demo: orders leave a shop, arrive in a CRM and in an ERP, and what came of them goes back.
//!
//! Everything is real but the three systems: the program, its connectors in their sandbox, HTTPS over loopback, the
//! ledger's file. The systems are simulated in a process of their own, and asked for their own figures in the end.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use comfy_table::{Table, presets};
use wharf_demo::{Installation, Systems, Target, figures};

/// Runs the demo; start it with `cargo xtask demo`, which builds what it needs.
#[derive(Parser)]
struct Options {
    /// Cargo's target directory
    #[arg(long)]
    target: PathBuf,
    /// Orders in the shop
    #[arg(long, default_value_t = 1000)]
    orders: u32,
    /// Seed of the orders and of the trouble on the way
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

fn main() -> ExitCode {
    match show(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn show(options: Options) -> Result<()> {
    let target = Target::new(options.target);
    let systems = Systems::start(&target, &target.demo(), options.orders, options.seed, &[])?;
    let installation = Installation::write(&target, &target.demo(), &systems)?;
    println!("installation: {}", installation.file().display());

    act("What the operator wrote, checked", &installation, &["validate"])?;
    act("Each connection, tried step by step", &installation, &["check"])?;
    act("What would be sent; nothing is", &installation, &["plan", "orders-to-crm", "--limit", "3"])?;
    act("All orders to both systems", &installation, &["run"])?;
    act("What waits, and for what", &installation, &["parked"])?;
    for kind in ["done", "cancelled", "unmapped_vat", "unknown_country"] {
        let document = format!("shop/order/{}", systems.number(&format!("/expected/examples/{kind}"))?);
        act(&format!("Where is this order? ({})", kind.replace('_', " ")), &installation, &["why", &document])?;
    }
    act("A second time: nothing is left to do", &installation, &["run"])?;
    agree(&systems, &installation)
}

/// Prints Wharf's figures beside those of the systems.
fn agree(systems: &Systems, installation: &Installation) -> Result<()> {
    let figures = figures(systems, installation)?;
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    table.set_header(["", "expected", "Wharf", "the systems", ""]);
    for figure in &figures {
        let numbers = [figure.expected, figure.wharf, figure.systems].map(|number| number.to_string());
        let [expected, wharf, systems] = &numbers;
        let verdict = if figure.agrees() { "agree" } else { "DISAGREE" };
        table.add_row([figure.what, expected, wharf, systems, verdict]);
    }
    println!("\nThe same counts, from the systems themselves\n{table}");
    let disagreeing: Vec<_> = figures.iter().filter(|figure| !figure.agrees()).map(|figure| figure.what).collect();
    if !disagreeing.is_empty() {
        bail!("figures disagree: {}", disagreeing.join(", "));
    }
    println!("No order was lost, none was doubled.");
    Ok(())
}

/// Shows one command of the program at work. Exit code 1 says that something is parked, as it has to be here.
fn act(title: &str, installation: &Installation, arguments: &[&str]) -> Result<()> {
    let style = anstyle::AnsiColor::Cyan.on_default().bold();
    let plain = !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some();
    let (on, off) = if plain { (String::new(), String::new()) } else { (format!("{style}"), format!("{style:#}")) };
    println!("\n{on}{title}{off}\n$ wharf {}", arguments.join(" "));
    installation.show(arguments, &[0, 1])
}
