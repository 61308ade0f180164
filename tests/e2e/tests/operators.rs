//! What operators do all year: add a mapping that is missing, and set a credential that was replaced.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_demo::{Daemon, Installation, Integration, Production, Systems, Target};

/// The shop's orders are of last year.
const SAMPLE: [&str; 2] = ["--since", "2025-01-01"];

/// Longest that something may take that takes seconds, on a machine that has much else to do.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(240);

/// The systems, on which nothing goes wrong by itself.
fn systems(orders: u32, seed: u64) -> (Systems, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let target = Target::of_this_program().unwrap();
    let systems = Systems::start(&target, directory.path(), orders, seed, &["--no-faults"]).unwrap();
    (systems, directory)
}

fn count(systems: &Systems, system: &str, pointer: &str) -> u64 {
    systems.ask(system, "counts").unwrap().pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// Runs a flow until nothing of it is on its way.
fn run(installation: &Installation, flow: &str) {
    for _ in 0..10 {
        let report = installation.json(&["run", flow], &[0, 1, 5]).unwrap();
        if report["flows"][0]["totals"]["waiting"] == 0 {
            return;
        }
    }
    panic!("`{flow}` does not come to its end");
}

/// Returns the keys under which documents wait for a mapping, each with how many.
fn waiting(installation: &Installation) -> Vec<(String, u64)> {
    let parked = installation.json(&["parked"], &[0, 1]).unwrap();
    let groups = parked["parked"].as_array().unwrap().iter().filter(|group| group["cause"] == "mapping-missing");
    groups.map(|group| (group["key"].as_str().unwrap().to_owned(), group["items"].as_u64().unwrap())).collect()
}

fn edit(installation: &Installation, change: impl FnOnce(String) -> String) {
    let before = std::fs::read_to_string(installation.file()).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "nothing was changed");
    std::fs::write(installation.file(), after).unwrap();
}

#[test]
fn documents_without_a_mapping_wait_under_its_key_and_go_on_by_themselves_once_it_is_there() {
    let (systems, directory) = systems(30, 21);
    let production = Production::new(&Target::of_this_program().unwrap(), directory.path(), &systems).unwrap();
    let (installation, flow) = (production.installation(), "orders-to-production");
    let wanted = systems.number("/expected/read").unwrap() - systems.number("/expected/cancelled").unwrap();
    let made = || count(&systems, "optimakers", "/state/records/orders/created");

    installation.json(&[&["map", "--write"], &SAMPLE[..]].concat(), &[0]).unwrap();
    let rate = "23 = ";
    let mut line = String::new();
    edit(installation, |file| {
        let written = file.lines().find(|line| line.replace('"', "").starts_with(rate)).unwrap();
        line = format!("{written}\n");
        file.replace(&line, "")
    });
    run(installation, flow);
    let [(key, items)] = waiting(installation).try_into().unwrap();
    assert_eq!((key.as_str(), items), ("23", wanted - made()));
    assert!(items > 0, "orders of that rate wait");
    run(installation, flow);
    assert_eq!(made(), wanted - items, "a run without the mapping changes nothing");

    edit(installation, |file| file.replace("[table.vat-rate.entries]\n", &format!("[table.vat-rate.entries]\n{line}")));
    run(installation, flow);
    assert_eq!((waiting(installation), made()), (Vec::new(), wanted));
}

#[test]
fn mapping_that_is_added_while_it_serves_releases_its_documents_at_once() {
    let (systems, directory) = systems(30, 24);
    let production = Production::new(&Target::of_this_program().unwrap(), directory.path(), &systems).unwrap();
    let installation = production.installation();
    let wanted = systems.number("/expected/read").unwrap() - systems.number("/expected/cancelled").unwrap();
    let made = || count(&systems, "optimakers", "/state/records/orders/created");
    installation.json(&[&["map", "--write"], &SAMPLE[..]].concat(), &[0]).unwrap();
    installation.poll_seldom().unwrap();
    let correct = std::fs::read_to_string(installation.file()).unwrap();
    let is_rate = |line: &&str| line.replace('"', "").starts_with("23 = ");
    edit(installation, |file| file.lines().filter(|line| !is_rate(line)).collect::<Vec<_>>().join("\n"));

    let daemon = Daemon::start(installation).unwrap();
    let come_to = |what: &str, there: &dyn Fn() -> bool| {
        let start = std::time::Instant::now();
        while !there() {
            assert!(start.elapsed() < PATIENCE, "{what}");
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    };
    come_to("the orders with a mapping do not arrive", &|| {
        made() > 0
            && matches!(waiting(installation).as_slice(), [(key, items)] if key == "23" && made() + items == wanted)
    });
    let before = made();
    edit(installation, |file| file.replacen("[wharf]", "[wharf]\nconectors = 1", 1));
    std::thread::sleep(std::time::Duration::from_secs(3));
    std::net::TcpStream::connect(daemon.address()).unwrap();
    assert_eq!(made(), before);
    std::fs::write(installation.file(), correct).unwrap();
    come_to("the orders do not go on", &|| made() == wanted);
    std::net::TcpStream::connect(daemon.address()).unwrap();
    daemon.stop().unwrap();
    assert_eq!(waiting(installation), Vec::new());
}

fn agency(systems: &Systems, directory: &TempDir) -> Installation {
    let template = Integration::ReceivablesToCrm.template(systems).unwrap();
    let target = Target::of_this_program().unwrap();
    let installation = Installation::from_template(&target, directory.path(), systems, &template).unwrap();
    let key = directory.path().join("secrets.key");
    installation.json(&["secret", "key", key.to_str().unwrap()], &[0]).unwrap();
    edit(&installation, |file| {
        let settings = format!("[wharf]\nsecrets_key = {{ file = \"{}\" }}", key.display());
        let file = file.replacen("[wharf]", &settings, 1);
        file.replace("token = { env = \"OPERAND_TOKEN\" }", "token = { secret = \"operand-token\" }")
    });
    installation
}

/// Sets the token of the panel, as a person does who pastes it.
fn set_token(installation: &Installation, token: &str) {
    let mut command = installation.command(&["secret", "set", "operand-token"]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
    assert!(process.wait().unwrap().success());
}

/// Returns what `status` raises about the connection.
fn alerts(installation: &Installation) -> Vec<String> {
    let status = installation.json(&["status"], &[0, 1]).unwrap();
    let alerts = status["alerts"].as_array().unwrap().iter().filter(|alert| alert.to_string().contains("agency"));
    alerts.map(|alert| alert["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn replaced_token_pauses_the_agency_with_one_alert_and_the_new_one_resumes_it_where_it_stood() {
    let (systems, directory) = systems(4, 22);
    let (installation, flow) = (agency(&systems, &directory), "receivables-to-invoices");
    set_token(&installation, systems.text("/credentials/operand/token").unwrap());
    run(&installation, flow);
    let all = count(&systems, "operand", "/state/records/receivables/all");
    let invoices = || count(&systems, "flowii", "/state/records/documents/created");
    assert_eq!((invoices(), alerts(&installation)), (all, Vec::new()));

    let generated = systems.command("operand", &json!({ "generate_token": null })).unwrap();
    let record = json!({ "clientId": 1, "clientName": "Cliente 1", "description": "Novo", "value": 10.5, "situation": "open",
        "documentNumber": "REC-99999", "issueDate": "2026-11-01 00:00:00", "dueDate": "2026-12-01 00:00:00", "invoiceNumber": "" });
    systems.command("operand", &json!({ "add": { "table": "receivables", "record": record } })).unwrap();
    for _ in 0..2 {
        installation.json(&["run", flow], &[0, 1, 3, 5]).unwrap();
        let alerts = alerts(&installation);
        assert!(matches!(alerts.as_slice(), [only] if only.contains("was a new one generated there")), "{alerts:?}");
    }
    assert_eq!(invoices(), all, "nothing moves while the connection is paused");
    let refused = count(&systems, "operand", "/requests/by_operation/GET ~1login");

    set_token(&installation, generated["token"].as_str().unwrap());
    run(&installation, flow);
    assert_eq!((invoices(), alerts(&installation)), (all + 1, Vec::new()));
    assert!(count(&systems, "operand", "/requests/by_operation/GET ~1login") > refused);
}
