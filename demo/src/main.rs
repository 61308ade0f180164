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
use wharf_demo::{
    Desk, Figure, Installation, Integration, Production, SignIn, Systems, Target, figures, partner_of_crm,
};

/// A client of the simulated agency.
const CLIENT: &str = "contato3@example.com";

/// Orders in the shop whose orders are produced.
const PRODUCED: u32 = 60;

/// Orders in the shop of each other template.
const CONNECTED: u32 = 40;

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
    agree("The same counts, from the systems themselves", &figures(&systems, &installation)?)?;
    println!("No order was lost, none was doubled.");
    look_up(&target, &systems)?;
    drop(systems);
    produce(&target, options.seed)?;
    Integration::ALL.into_iter().try_for_each(|integration| connect(&target, integration, options.seed))
}

/// Shows Smartspace looking customers up, and changing one.
fn look_up(target: &Target, systems: &Systems) -> Result<()> {
    let desk = Desk::open(target, &target.demo().join("desk"), systems)?;
    println!("\nSmartspace asks who is calling; FLOWii, the ERP and Operand answer (template smartspace-customers)");
    let partner = partner_of_crm(systems)?;
    for (whose, email, edit) in [
        ("a client of Operand", CLIENT, None),
        ("a partner of FLOWii, whose phone an agent changes", partner.as_str(), Some("telefone=83912345678")),
    ] {
        let seen = desk.inspect(SignIn::Basic, &[format!("email={email}")], edit)?;
        if !seen.errors.is_empty() {
            bail!("Smartspace cannot work with what it was told of {whose}: {}", seen.errors.join("; "));
        }
        println!("{whose}: {} requests, all as agreed, the slowest took {} ms", seen.requests, seen.slowest_ms);
    }
    desk.close()
}

/// Shows orders on their way into production and back, from a template and with webhooks.
fn produce(target: &Target, seed: u64) -> Result<()> {
    let directory = target.demo().join("production");
    let systems = Systems::start(target, &directory, PRODUCED, seed, &[])?;
    let production = Production::new(target, &directory, &systems)?;
    let installation = production.installation();
    println!(
        "\nanother installation, from `wharf init --template baselinker-optimakers`: {}",
        installation.file().display()
    );
    // The shop's orders are of last year.
    let sample = ["--since", "2025-01-01"];
    act("What is missing before the first write", installation, &[&["ready"], &sample[..]].concat())?;
    act("What the missing values mean in Optimakers", installation, &[&["map", "--write"], &sample[..]].concat())?;
    act("And now", installation, &[&["ready"], &sample[..]].concat())?;
    let took = production.serve()?;
    println!("\nServing: orders come in, half of them are completed in Optimakers, products come and go there.");
    println!(
        "{PRODUCED} orders of the shop: those to import were in Optimakers after {:.1} s",
        took.orders.as_secs_f64()
    );
    println!("completions: the last was in the shop {:.1} s after it", took.completion.as_secs_f64());
    println!("products: the shop's catalog was as in Optimakers after {:.1} s", took.products.as_secs_f64());
    println!("a forged webhook was refused");
    agree("The measured integration, from the systems themselves", &production.figures()?)
}

/// Shows what a template does as it is, between systems on which nothing goes wrong.
fn connect(target: &Target, integration: Integration, seed: u64) -> Result<()> {
    let directory = target.demo().join("integration");
    let systems = Systems::start(target, &directory, CONNECTED, seed, &["--no-faults"])?;
    let template = integration.template(&systems)?;
    let installation = Installation::from_template(target, &directory, &systems, &template)?;
    println!("\nanother installation, from `wharf init --template {}`", template.name);
    act("As the template has it", &installation, &["run"])?;
    agree("The same counts, from the systems themselves", &integration.figures(&systems, &installation)?)
}

/// Prints Wharf's figures beside those of the systems.
fn agree(title: &str, figures: &[Figure]) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    table.set_header(["", "expected", "Wharf", "the systems", ""]);
    for figure in figures {
        let numbers = [figure.expected, figure.wharf, figure.systems].map(|number| number.to_string());
        let [expected, wharf, systems] = &numbers;
        let verdict = if figure.agrees() { "agree" } else { "DISAGREE" };
        table.add_row([figure.what, expected, wharf, systems, verdict]);
    }
    println!("\n{title}\n{table}");
    let disagreeing: Vec<_> = figures.iter().filter(|figure| !figure.agrees()).map(|figure| figure.what).collect();
    if !disagreeing.is_empty() {
        bail!("figures disagree: {}", disagreeing.join(", "));
    }
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
