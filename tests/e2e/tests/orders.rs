//! Orders of a shop through the built program, against simulated systems in a process of their own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wharf_demo::{Installation, Systems, Target, figures};

struct Stage {
    systems: Systems,
    installation: Installation,
    directory: TempDir,
}

impl Stage {
    fn new(orders: u32, seed: u64) -> Self {
        let target = Target::of_this_program().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let systems = Systems::start(&target, directory.path(), orders, seed, &[]).unwrap();
        let installation = Installation::write(&target, directory.path(), &systems).unwrap();
        Self { systems, installation, directory }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.installation.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn run_to_the_end(&self) {
        self.installation.json(&["run"], &[0, 1]).unwrap();
    }

    #[track_caller]
    fn everything_agrees(&self) {
        let figures = figures(&self.systems, &self.installation).unwrap();
        let disagreeing: Vec<_> = figures.iter().filter(|figure| !figure.agrees()).collect();
        assert!(disagreeing.is_empty(), "{disagreeing:#?}");
    }

    fn count(&self, system: &str, pointer: &str) -> u64 {
        self.systems.ask(system, "counts").unwrap().pointer(pointer).and_then(|count| count.as_u64()).unwrap_or(0)
    }

    fn requests(&self) -> Vec<u64> {
        ["baselinker", "flowii", "erpconnector"].map(|system| self.count(system, "/requests/total")).to_vec()
    }

    /// Waits until so many orders and invoices were created; the process may end before.
    fn wait_for_writes(&self, process: &mut Child, writes: u64) {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end && process.try_wait().unwrap().is_none() {
            let orders = self.count("flowii", "/state/records/orders/created");
            let invoices = self.count("erpconnector", "/state/records/CustomerInvoice/created");
            if orders + invoices >= writes {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn every_order_arrives_once_although_much_goes_wrong() {
    let stage = Stage::new(250, 1);
    stage.run_to_the_end();
    stage.everything_agrees();
}

#[test]
fn a_second_run_writes_nothing() {
    let stage = Stage::new(120, 2);
    stage.run_to_the_end();
    let writes = |stage: &Stage| {
        ["/state/records/orders/created", "/state/records/partners/created"].map(|what| stage.count("flowii", what))
    };
    let before = writes(&stage);
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    let report = stage.installation.json(&["run"], &[0, 1]).unwrap();
    assert_eq!(writes(&stage), before);
    for flow in report["flows"].as_array().unwrap() {
        assert_eq!(flow["done"], 0, "{flow}");
    }
}

#[test]
fn a_killed_run_is_taken_up_where_it_stood() {
    let stage = Stage::new(200, 3);
    for writes in [1, 20, 60, 110, 170, 240] {
        let mut process = stage.start(&["run"]);
        stage.wait_for_writes(&mut process, writes);
        process.kill().unwrap();
        process.wait().unwrap();
    }
    stage.run_to_the_end();
    stage.everything_agrees();
}

#[test]
fn two_processes_on_one_ledger_do_not_double() {
    let stage = Stage::new(150, 4);
    let mut processes = [stage.start(&["run"]), stage.start(&["run"]), stage.start(&["run"])];
    for process in &mut processes {
        process.wait().unwrap();
    }
    stage.run_to_the_end();
    stage.everything_agrees();
}

#[test]
fn a_new_mapping_lets_its_orders_go_on_by_itself() {
    let stage = Stage::new(250, 5);
    stage.run_to_the_end();
    let created = stage.count("flowii", "/state/records/orders/created");
    let file = std::fs::read_to_string(stage.installation.file()).unwrap();
    let unmapped = stage.systems.number("/vat_rates/unmapped").unwrap();
    let mapped = file.replace(r#"{ "23" = "23","#, &format!(r#"{{ "{unmapped}" = "{unmapped}", "23" = "23","#));
    assert_ne!(mapped, file);
    std::fs::write(stage.installation.file(), mapped).unwrap();
    stage.run_to_the_end();
    let waited = stage.systems.number("/expected/unmapped_vat").unwrap();
    assert!(waited > 0);
    assert_eq!(stage.count("flowii", "/state/records/orders/created"), created + waited);
}

#[test]
fn a_plan_writes_nothing() {
    let stage = Stage::new(60, 6);
    let report = stage.installation.json(&["plan"], &[0, 1]).unwrap();
    assert!(report.to_string().contains("/orders"), "{report}");
    for (system, what) in [("flowii", "orders"), ("flowii", "partners"), ("erpconnector", "CustomerInvoice")] {
        assert_eq!(stage.count(system, &format!("/state/records/{what}/created")), 0, "{system} {what}");
    }
    assert!(stage.requests().iter().any(|requests| *requests > 0));
}

#[test]
fn no_secret_is_in_the_output_the_log_or_the_files() {
    let stage = Stage::new(60, 7);
    // Everything that handles requests; the compiler's own lines would be millions.
    let log = "wharf=trace,hyper=trace,hyper_util=trace,h2=trace,reqwest=trace,rustls=trace,rusqlite=trace";
    let mut command = stage.installation.command(&["--log", log, "run", "--json"]);
    let output = command.output().unwrap();
    let pointers =
        ["/credentials/baselinker/token", "/credentials/flowii/password", "/credentials/erpconnector/secret"];
    let mut places = vec![("output".to_owned(), output.stdout), ("log".to_owned(), output.stderr)];
    for entry in std::fs::read_dir(stage.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    assert!(places[1].1.len() > 100_000, "there is a log to look at");
    for pointer in pointers {
        let secret = stage.systems.text(pointer).unwrap();
        for (place, bytes) in &places {
            // Lossy, because a search in text is fast even without optimisation, and the secrets are ASCII.
            assert!(!String::from_utf8_lossy(bytes).contains(secret), "{pointer} is in {place}");
        }
    }
}

#[test]
fn a_renamed_flow_does_not_write_everything_again() {
    let stage = Stage::new(30, 8);
    stage.run_to_the_end();
    let created = stage.count("flowii", "/state/records/orders/created");
    let file = std::fs::read_to_string(stage.installation.file()).unwrap();
    std::fs::write(stage.installation.file(), file.replace("flow.orders-to-crm", "flow.crm")).unwrap();
    let refused = stage.installation.json(&["run"], &[3]).unwrap();
    assert_eq!(refused["error"]["code"], "flow-renamed", "{refused}");
    stage.installation.json(&["rename", "orders-to-crm", "crm"], &[0]).unwrap();
    stage.run_to_the_end();
    assert!(created > 0);
    assert_eq!(stage.count("flowii", "/state/records/orders/created"), created);
}
