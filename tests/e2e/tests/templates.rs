//! Installations from templates, at work between the simulated systems.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use serde_json::Value;
use tempfile::TempDir;
use wharf_demo::{Desk, Installation, Production, Systems, Target, Template, partner_of_crm};

const FAST: &str = "60000";

/// The systems, with a directory of their own.
fn systems(orders: u32, seed: u64) -> (Systems, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let systems = Systems::start(&Target::of_this_program().unwrap(), directory.path(), orders, seed, &[]).unwrap();
    (systems, directory)
}

fn install(systems: &Systems, directory: &TempDir, template: &Template) -> Installation {
    Installation::from_template(&Target::of_this_program().unwrap(), directory.path(), systems, template).unwrap()
}

fn text(systems: &Systems, pointer: &str) -> String {
    systems.text(pointer).unwrap().to_owned()
}

fn status(systems: &Systems, name: &str) -> String {
    systems.number(&format!("/statuses/{name}")).unwrap().to_string()
}

fn count(systems: &Systems, system: &str, pointer: &str) -> u64 {
    systems.ask(system, "counts").unwrap().pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// Returns how many items of a flow are in a state after a run.
fn total(report: &Value, flow: &str, state: &str) -> u64 {
    let flows = report["flows"].as_array().unwrap();
    let report = flows.iter().find(|report| report["flow"] == flow).unwrap();
    report["totals"][state].as_u64().unwrap()
}

/// Orders that are not cancelled.
fn wanted(systems: &Systems) -> u64 {
    systems.number("/expected/read").unwrap() - systems.number("/expected/cancelled").unwrap()
}

#[test]
fn orders_are_produced_and_come_back_by_webhook_and_products_follow() {
    let (systems, directory) = systems(40, 11);
    let production = Production::new(&Target::of_this_program().unwrap(), directory.path(), &systems).unwrap();
    let installation = production.installation();
    let ready = |code: i32| installation.json(&["ready", "orders-to-production", "--since", "2025-01-01"], &[code]);
    let before = ready(1).unwrap()["flows"][0].clone();
    assert_eq!((before["looked_at"].as_u64(), before["ready"].as_u64()), (Some(wanted(&systems)), Some(0)));
    let mapped = installation.json(&["map", "--write", "--since", "2025-01-01"], &[0]).unwrap();
    assert!(mapped["written"].as_u64().unwrap() >= 5, "{mapped}");
    let after = ready(0).unwrap()["flows"][0].clone();
    assert_eq!(after["ready"].as_u64(), Some(wanted(&systems)), "{after}");
    let file = std::fs::read_to_string(installation.file()).unwrap();
    assert!(file.contains("# VAT rate of the shop = id in Optimakers."), "comments stay: {file}");
    production.serve().unwrap();
    let figures = production.figures().unwrap();
    let disagreeing: Vec<_> = figures.iter().filter(|figure| !figure.agrees()).collect();
    assert!(disagreeing.is_empty(), "{disagreeing:#?}");
}

fn flowii(systems: &Systems) -> Template {
    Template {
        name: "baselinker-flowii",
        connectors: &["baselinker", "flowii"],
        values: vec![
            ("baselinkerUrl", text(systems, "/baselinker")),
            ("baselinkerOrderStatusToImport", status(systems, "to_process")),
            ("baselinkerOrderStatusTakenOver", status(systems, "handed_over")),
            ("baselinkerOrderStatusToSend", status(systems, "cancelled")),
            ("baselinkerCallsPerMinute", FAST.to_owned()),
            ("flowiiUrl", text(systems, "/flowii")),
            ("flowiiCompany", text(systems, "/companies/flowii")),
            ("flowiiCallsPerMinute", FAST.to_owned()),
        ],
    }
}

#[test]
fn orders_reach_the_crm_and_their_state_comes_back() {
    let (systems, directory) = systems(40, 12);
    let installation = install(&systems, &directory, &flowii(&systems));
    let report = installation.json(&["run"], &[0, 1]).unwrap();
    let expected = wanted(&systems) - systems.number("/expected/unknown_country").unwrap();
    let handed_over = format!("/state/orders_by_status/{}", status(&systems, "handed_over"));
    assert_eq!(total(&report, "orders-to-crm", "done"), expected, "{report:#}");
    assert_eq!(count(&systems, "flowii", "/state/records/orders/created"), expected);
    assert_eq!(count(&systems, "baselinker", &handed_over), expected);
    // Whatever state an order has in FLOWii means finished now.
    let file = std::fs::read_to_string(installation.file()).unwrap();
    let finished = file.replace("doc.status != '5'", "not doc.status");
    assert_ne!(file, finished);
    std::fs::write(installation.file(), finished).unwrap();
    installation.json(&["run"], &[0, 1]).unwrap();
    let report = installation.json(&["backfill", "finished-to-shop", "--from", "2020-01-01"], &[0, 1, 3]).ok();
    let sent = format!("/state/orders_by_status/{}", status(&systems, "cancelled"));
    let back = count(&systems, "baselinker", &sent) - systems.number("/expected/cancelled").unwrap();
    assert_eq!(back, expected, "{report:?}");
    assert_eq!(count(&systems, "baselinker", &handed_over), 0);
}

#[test]
fn orders_are_invoiced_and_stock_and_prices_come_back() {
    let (systems, directory) = systems(40, 13);
    let template = Template {
        name: "baselinker-erpconnector",
        connectors: &["baselinker", "erpconnector"],
        values: vec![
            ("baselinkerUrl", text(&systems, "/baselinker")),
            ("baselinkerOrderStatusToImport", status(&systems, "to_process")),
            ("baselinkerOrderStatusToSend", status(&systems, "handed_over")),
            ("baselinkerCallsPerMinute", FAST.to_owned()),
            ("erpUrl", text(&systems, "/erpconnector")),
            ("erpCallsPerMinute", FAST.to_owned()),
        ],
    };
    let installation = install(&systems, &directory, &template);
    let report = installation.json(&["run"], &[0, 1]).unwrap();
    let expected = wanted(&systems);
    assert_eq!(total(&report, "orders-to-invoices", "done"), expected, "{report:#}");
    assert_eq!(count(&systems, "erpconnector", "/state/records/CustomerInvoice/created"), expected);
    assert_eq!(count(&systems, "baselinker", "/state/orders_written/setOrderFields"), expected);
    let handed_over = format!("/state/orders_by_status/{}", status(&systems, "handed_over"));
    assert_eq!(count(&systems, "baselinker", &handed_over), expected);
    // The shop has four of the ERP's five products.
    for flow in ["stock-to-catalog", "prices-to-catalog"] {
        assert_eq!((total(&report, flow, "done"), total(&report, flow, "parked")), (4, 1), "{flow}: {report:#}");
    }
    for operation in ["updateInventoryProductsStock", "updateInventoryProductsPrices"] {
        let calls = count(&systems, "baselinker", &format!("/requests/by_operation/{operation}"));
        assert_eq!(calls, 1, "{operation}: four products are one call");
    }
    let again = installation.json(&["run"], &[0, 1]).unwrap();
    assert_eq!(total(&again, "stock-to-catalog", "done"), 4);
    let calls = count(&systems, "baselinker", "/requests/by_operation/updateInventoryProductsStock");
    assert_eq!(calls, 1, "what did not change is not written");
}

fn operand(systems: &Systems) -> Template {
    Template {
        name: "operand-flowii",
        connectors: &["operand", "flowii"],
        values: vec![
            ("operandUrl", text(systems, "/operand")),
            ("operandCallsPerMinute", FAST.to_owned()),
            ("flowiiUrl", text(systems, "/flowii")),
            ("flowiiCompany", text(systems, "/companies/flowii")),
            ("flowiiCallsPerMinute", FAST.to_owned()),
        ],
    }
}

/// Runs a few times, as a write whose outcome is unknown and a limit take their time.
fn run_to_the_end(installation: &Installation, flow: &str) -> Value {
    for _ in 0..5 {
        let report = installation.json(&["run", flow], &[0, 1, 5]).unwrap();
        if total(&report, flow, "waiting") == 0 {
            return report;
        }
    }
    installation.json(&["run", flow], &[0, 1, 5]).unwrap()
}

#[test]
fn receivables_become_invoices_and_their_numbers_come_back() {
    let (systems, directory) = systems(4, 14);
    let installation = install(&systems, &directory, &operand(&systems));
    let flow = "receivables-to-invoices";
    let report = run_to_the_end(&installation, flow);
    let all = count(&systems, "operand", "/state/records/receivables/all");
    assert!(all > 100, "more than a page");
    assert_eq!(total(&report, flow, "done"), all, "{report:#}");
    assert_eq!(count(&systems, "flowii", "/state/records/documents/created"), all);
    assert_eq!(count(&systems, "operand", "/state/records/receivables/changed"), all);
    let documents = systems.ask("operand", "documents").unwrap();
    let numbered = documents.as_array().unwrap().iter().filter(|document| document["value"]["invoiceNumber"] != "");
    assert_eq!(u64::try_from(numbered.count()).unwrap(), all);
}

#[test]
fn account_that_takes_no_numbers_has_its_invoices_all_the_same() {
    let (systems, directory) = systems(4, 15);
    systems.command("operand", &serde_json::json!({ "refuse_write_back": 405 })).unwrap();
    let installation = install(&systems, &directory, &operand(&systems));
    let flow = "receivables-to-invoices";
    let report = run_to_the_end(&installation, flow);
    let all = count(&systems, "operand", "/state/records/receivables/all");
    assert_eq!(count(&systems, "flowii", "/state/records/documents/created"), all, "{report:#}");
    assert_eq!(count(&systems, "operand", "/state/records/receivables/changed"), 0);
    let parked = installation.json(&["parked"], &[0, 1]).unwrap().to_string();
    assert!(parked.contains("unsupported"), "{parked}");
    // Without the write-back the flow is complete.
    let file = std::fs::read_to_string(installation.file()).unwrap();
    let (without, _) = file.split_once("[[flow.receivables-to-invoices.write_back]]").unwrap();
    std::fs::write(installation.file(), without).unwrap();
    installation.json(&["run"], &[0, 1, 5]).unwrap();
    assert_eq!(count(&systems, "flowii", "/state/records/documents/created"), all, "nothing is made twice");
}

#[test]
fn smartspace_finds_customers_of_every_owner_and_changes_one() {
    let (systems, directory) = systems(12, 16);
    let installation = install(&systems, &directory, &flowii(&systems));
    installation.json(&["run", "orders-to-crm"], &[0, 1]).unwrap();
    let partner = partner_of_crm(&systems).unwrap();
    let own = tempfile::tempdir().unwrap();
    let desk = Desk::open(&Target::of_this_program().unwrap(), own.path(), &systems).unwrap();
    for (email, edit) in [("contato3@example.com", None), (partner.as_str(), Some("telefone=5583912345678"))] {
        let seen = desk.inspect(email, edit).unwrap();
        assert_eq!(seen.errors, Vec::<String>::new(), "{email}");
        assert!(seen.requests > 10, "{seen:?}");
    }
    desk.close().unwrap();
}
