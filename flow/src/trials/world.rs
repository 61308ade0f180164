//! A shop that orders come from, a target that they go to, and a ledger in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use wharf_host::model::Action;
use wharf_host::surroundings::Clock;

use super::remote::{Remote, manifest};
use super::time::VirtualTime;
use crate::{
    Endpoint, Error, FilterRule, FlowSpec, Ledger, Rule, RunEvent, RunObserver, RunReport, Runner, Scheduler,
    ServeObserver, Settings, Source, Table, Target, WriteBack,
};

pub(super) struct World {
    directory: TempDir,
    pub(super) time: Arc<VirtualTime>,
    pub(super) shop: Arc<Remote>,
    pub(super) target: Arc<Remote>,
    pub(super) spec: FlowSpec,
    pub(super) settings: Settings,
    pub(super) events: Arc<Events>,
}

#[derive(Default)]
pub(super) struct Events(Mutex<Vec<RunEvent>>);

impl Events {
    pub(super) fn all(&self) -> Vec<RunEvent> {
        self.0.lock().unwrap().clone()
    }
}

impl RunObserver for Events {
    fn event(&self, event: &RunEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// What orders look like at the shop.
pub(super) fn order(number: usize) -> serde_json::Value {
    json!({ "id": format!("o{number}"), "status": "201", "total": "10.50", "rate": "23",
            "customer": { "key": "ann", "name": "Ann" } })
}

pub(super) fn spec() -> FlowSpec {
    let source = Source { connection: "shop".into(), feed: "orders".into(), filter: Vec::new(), since: None };
    let target = Target { connection: "target".into(), entity: "order".into(), action: Action::Create, id: None };
    FlowSpec::new("orders", source, target)
}

/// Two connections, no orders, and a flow that copies every order.
pub(super) fn world() -> World {
    world_of(true, 1)
}

pub(super) fn world_of(verifiable: bool, batch: u32) -> World {
    let time = VirtualTime::new();
    // Each test says itself what is checked besides, so that its own questions can be counted.
    let settings = Settings { sleep: Arc::new(Arc::clone(&time)), check_one_in: 0, ..Settings::default() };
    World {
        directory: tempfile::tempdir().unwrap(),
        shop: Remote::new(manifest("shop", true, 1), &time),
        target: Remote::new(manifest("target", verifiable, batch), &time),
        time,
        spec: spec(),
        settings,
        events: Arc::default(),
    }
}

impl World {
    pub(super) fn with_orders(self, count: usize) -> Self {
        for number in 1..=count {
            self.shop.put(&format!("o{number}"), order(number));
        }
        self
    }

    /// Adds everything that a flow can have: a filter, a table that misses a value, and a write-back.
    pub(super) fn with_everything(mut self) -> Self {
        self.spec.filters = vec![FilterRule { rule: "cancelled".into(), when: "doc.status == '209'".into() }];
        let entries = [("23".to_owned(), "3".to_owned())].into();
        let vat = Table {
            connection: Some("target".into()),
            reference_list: Some("vat-rate".into()),
            entries,
            default: None,
        };
        self.spec.tables = [("vat".to_owned(), vat)].into();
        self.spec.mapping = vec![("rate".into(), Rule::from_path("rate").in_table("vat"))];
        self.spec.write_backs = vec![write_back("205", None), write_back("206", Some("result.number"))];
        self
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("wharf.sqlite")
    }

    pub(super) fn ledger(&self) -> Ledger {
        Ledger::open(self.path(), Arc::clone(&self.time) as Arc<dyn Clock>).unwrap()
    }

    pub(super) fn endpoints(&self) -> BTreeMap<String, Arc<dyn Endpoint>> {
        let shop = Arc::clone(&self.shop) as Arc<dyn Endpoint>;
        let target = Arc::clone(&self.target) as Arc<dyn Endpoint>;
        [("shop".to_owned(), shop), ("target".to_owned(), target)].into()
    }

    pub(super) fn runner(&self, ledger: &Ledger) -> Runner {
        Runner::new(self.spec.clone(), self.endpoints(), ledger.clone(), self.settings.clone()).unwrap()
    }

    /// Runs once in a process of its own.
    pub(super) fn run(&self) -> RunReport {
        self.try_run().unwrap()
    }

    pub(super) fn try_run(&self) -> Result<RunReport, Error> {
        let ledger = self.ledger();
        self.run_on(&ledger)
    }

    pub(super) fn run_on(&self, ledger: &Ledger) -> Result<RunReport, Error> {
        let runner = self.runner(ledger);
        self.time.drive(&[ledger], || false, runner.run(self.events.as_ref())).expect("nothing stops it")
    }

    /// Serves the flow in a process of its own, and tells it to stop after so long.
    pub(super) fn serve_for(&self, duration: Duration, observer: &dyn ServeObserver) {
        let ledger = self.ledger();
        let runners = [self.runner(&ledger)];
        let scheduler = Scheduler::new(ledger.clone(), self.settings.clone());
        let end = self.settings.sleep.until(ledger.now().after(duration), ledger.clock().as_ref());
        self.time.drive(&[&ledger], || false, scheduler.serve(&runners, observer, end)).unwrap().unwrap();
    }

    /// Runs until nothing waits any more, each time a while later; returns the last report.
    pub(super) fn run_to_the_end(&self) -> RunReport {
        for _ in 0..50 {
            let report = self.run();
            if report.waiting == 0 {
                return report;
            }
            self.time.advance(Duration::from_secs(600));
        }
        panic!("something waits for ever: {:?}", self.run());
    }

    /// Runs in a process that may end at any moment; true when it did.
    pub(super) fn run_until_crash(&self, stop_at: usize) -> bool {
        let ledger = self.ledger();
        let faults = Arc::clone(&ledger.writer().faults);
        faults.stop_at.store(stop_at, std::sync::atomic::Ordering::SeqCst);
        let stopped = || {
            faults.stopped.load(std::sync::atomic::Ordering::SeqCst)
                || self.target.has_crashed()
                || self.shop.has_crashed()
        };
        let runner = self.runner(&ledger);
        let ended = self.time.drive(&[&ledger], stopped, runner.run(self.events.as_ref()));
        let crashed = stopped();
        assert!(crashed || ended.is_some_and(|ended| ended.is_ok()));
        self.target.restart();
        self.shop.restart();
        if crashed {
            // The lock file goes with the process; what was in the air is gone.
            ledger.writer().faults.stop_at.store(0, std::sync::atomic::Ordering::SeqCst);
        }
        crashed
    }
}

pub(super) fn write_back(status: &str, extra: Option<&str>) -> WriteBack {
    let mut mapping = vec![("status".to_owned(), Rule::constant(status))];
    mapping.extend(extra.map(|path| ("extra.number".to_owned(), Rule::from_path(path))));
    WriteBack {
        connection: "shop".into(),
        entity: "order".into(),
        action: Action::Transition,
        target: Some(Rule::from_path("source.id")),
        mapping,
    }
}
