//! Installations from templates, at work between the simulated systems.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use serde_json::Value;
use tempfile::TempDir;
use wharf_demo::{Desk, Installation, Integration, Production, SignIn, Systems, Target, partner_of_crm};

/// The systems, with a directory of their own.
fn systems(orders: u32, seed: u64) -> (Systems, TempDir) {
    systems_with(orders, seed, &[])
}

fn systems_with(orders: u32, seed: u64, arguments: &[&str]) -> (Systems, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let target = Target::of_this_program().unwrap();
    let systems = Systems::start(&target, directory.path(), orders, seed, arguments).unwrap();
    (systems, directory)
}

fn install(systems: &Systems, directory: &TempDir, integration: Integration) -> Installation {
    let (target, template) = (Target::of_this_program().unwrap(), integration.template(systems).unwrap());
    Installation::from_template(&target, directory.path(), systems, &template).unwrap()
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

#[test]
fn orders_reach_the_crm_and_their_state_comes_back() {
    let (systems, directory) = systems(40, 12);
    let installation = install(&systems, &directory, Integration::OrdersToCrm);
    let report = installation.json(&["run"], &[0, 1]).unwrap();
    // All of these need a partner that has to be made.
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
    let installation = install(&systems, &directory, Integration::OrdersToErp);
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
    let installation = install(&systems, &directory, Integration::ReceivablesToCrm);
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
    let installation = install(&systems, &directory, Integration::ReceivablesToCrm);
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

/// The desk's installation in a directory of its own, after `change` has been at its file.
fn desk(systems: &Systems, directory: &TempDir, change: impl FnOnce(String) -> String) -> Desk {
    let target = Target::of_this_program().unwrap();
    Desk::open_changed(&target, &directory.path().join("desk"), systems, change).unwrap()
}

#[test]
fn smartspace_finds_customers_of_every_owner_and_changes_one() {
    let (systems, directory) = systems(12, 16);
    let installation = install(&systems, &directory, Integration::OrdersToCrm);
    installation.json(&["run", "orders-to-crm"], &[0, 1]).unwrap();
    let partner = partner_of_crm(&systems).unwrap();
    let desk = desk(&systems, &directory, |file| file);
    let client =
        ["cnpj=00.000.000/0001-91", "email=contato1@example.com", "telefone=+55 (83) 90001-0000", "codigo=agency:1"];
    let partner = [format!("email={partner}")];
    for (keys, edit) in [(&client.map(str::to_owned)[..], None), (&partner[..], Some("telefone=83912345678"))] {
        let seen = desk.inspect(SignIn::Basic, keys, edit).unwrap();
        assert_eq!(seen.errors, Vec::<String>::new(), "{keys:?}");
        assert!(seen.requests > 10, "{seen:?}");
    }
    desk.close().unwrap();
    assert!(
        count(&systems, "flowii", "/requests/by_operation/PATCH ~1partners~1{id}") >= 2,
        "changed and changed back"
    );
}

#[test]
fn smartspace_signs_in_by_token_and_reads_the_names_that_its_setup_has() {
    let (systems, directory) = systems_with(4, 17, &["--no-faults"]);
    let desk = desk(&systems, &directory, |file| {
        let client = "[connection.desk.credential.caller-client]\nclient-id = { env = \"SMARTSPACE_CLIENT_ID\" }\n\
                      client-secret = { env = \"SMARTSPACE_CLIENT_SECRET\" }\n\n# The owners";
        let file = file.replace("# The owners", client);
        file.replace("spelling = \"as-given\"", "spelling = \"snake\"\nnames = { nome = \"nome_completo\" }")
    });
    let client = ["cnpj=00000000000191".to_owned()];
    let seen = desk.inspect(SignIn::Client, &client, None).unwrap();
    let nameless = seen.errors.iter().all(|error| error.contains("`nome`"));
    assert!(nameless && !seen.errors.is_empty(), "its setup wants `nome`, and there is none: {seen:?}");
    let (status, body, _) = desk.ask("/clientes?cnpj=00000000000191").unwrap();
    assert_eq!(status, 200, "user and password stay good: {body}");
    for name in ["nome_completo", "endereco_cep", "endereco_ponto_referencia"] {
        assert!(body.contains(&format!("\"{name}\":\"")), "{name}: {body}");
    }
    desk.close().unwrap();
}

#[test]
fn smartspace_finds_a_person_by_cpf_and_reads_camel_case() {
    let (systems, directory) = systems_with(4, 19, &["--no-faults"]);
    let desk = desk(&systems, &directory, |file| {
        let file = file.replace("spelling = \"as-given\"", "spelling = \"camel\"");
        file.replace(
            "\"telefone\", \"endereco\", \"ativo\"]",
            "\"telefone2\", \"dataNascimento\", \"endereco\", \"ativo\"]",
        )
    });
    let written = ["00000000191", "000.000.001-91"];
    for cpf in written {
        let seen = desk.inspect(SignIn::Basic, &[format!("cpf={cpf}")], None).unwrap();
        assert_eq!(seen.errors, Vec::<String>::new(), "{cpf}");
    }
    let found = |cpf: &str| -> Vec<serde_json::Map<String, Value>> {
        let (status, body, _) = desk.ask(&format!("/clientes?cpf={cpf}")).unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    };
    let [plain, dotted] = written.map(found);
    assert_eq!(plain, dotted);
    assert!(!plain.is_empty());
    for customer in plain {
        assert_eq!(customer["cpf"], "00000000191", "{customer:?}");
        for name in ["dataNascimento", "telefone2", "enderecoCep", "enderecoPontoReferencia"] {
            assert!(customer[name].is_string(), "{name}: {customer:?}");
        }
        assert!(customer.keys().all(|name| !name.contains('_') && name != "telefone"), "{customer:?}");
    }
    assert!(found("52998224725").is_empty(), "a CPF that nobody has");
    desk.close().unwrap();
}

#[test]
fn agent_hears_in_time_that_an_owner_does_not_answer() {
    let (systems, directory) = systems_with(4, 18, &["--no-faults"]);
    let desk = desk(&systems, &directory, |file| file);
    let slow = serde_json::json!({ "operation": "GET /beta/entity/clients", "hits": "all", "kind": { "delay": { "ms": 60000 } } });
    systems.fault("operand", &slow).unwrap();
    let (status, body, took) = desk.ask("/clientes?cpf=11144477735").unwrap();
    assert!(matches!(status, 500 | 504), "{status}: {body}");
    let said: Value = serde_json::from_str(&body).unwrap();
    let sentence = said["erro"].as_str().or(said["error"].as_str()).unwrap();
    assert!(sentence.contains("não respondeu") || sentence.contains("in time"), "{sentence}");
    assert!(
        took < std::time::Duration::from_secs(30),
        "the deadline is three seconds, the owner's delay a minute: {took:?}"
    );
    desk.close().unwrap();
}
