//! The control of the boundary: the same components on a bare engine, without limits, policy, interruption or traces.

use std::fmt;

use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Store};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "wharf:bench/probe",
        inline: "
            package wharf:bench;
            world probe {
                export wharf:connector/records@0.1.0;
                export wharf:connector/feeds@0.1.0;
            }
        ",
    });
}

use bindings::exports::wharf::connector::{feeds, records};
pub(crate) use feeds::Bounds;

/// The engine's error, as one that other errors can be made of.
#[derive(Debug)]
pub(crate) struct Failed(String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bare engine failed: {}", self.0)
    }
}

impl std::error::Error for Failed {}

impl From<wasmtime::Error> for Failed {
    fn from(error: wasmtime::Error) -> Self {
        Self(format!("{error:?}"))
    }
}

type Result<T> = std::result::Result<T, Failed>;

/// A component on a bare engine.
pub(crate) struct Bare {
    engine: Engine,
    component: Component,
    linker: Linker<()>,
    records: records::GuestIndices,
    feeds: Option<feeds::GuestIndices>,
}

impl Bare {
    /// Compiles a component; what it imports traps.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self> {
        let engine = engine()?;
        let component = Component::new(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let pre = linker.instantiate_pre(&component)?;
        let records = records::GuestIndices::new(&pre)?;
        let feeds = feeds::GuestIndices::new(&pre).ok();
        Ok(Self { engine, component, linker, records, feeds })
    }

    /// Makes an instance.
    pub(crate) fn instance(&self) -> Result<(Store<()>, Instance)> {
        let mut store = Store::new(&self.engine, ());
        let instance = self.linker.instantiate(&mut store, &self.component)?;
        Ok((store, instance))
    }

    /// Calls `records.get`.
    pub(crate) fn get(&self, store: &mut Store<()>, instance: &Instance, id: &str) -> Result<usize> {
        let guest = self.records.load(&mut *store, instance)?;
        let item = guest.call_get(store, "probe", id)?.map_err(|failure| Failed(failure.message))?;
        Ok(item.id.len())
    }

    /// Calls `feeds.pull`.
    pub(crate) fn pull(&self, store: &mut Store<()>, instance: &Instance, bounds: &Bounds) -> Result<usize> {
        let feeds = self.feeds.as_ref().ok_or_else(|| Failed("the component exports no feeds".to_owned()))?;
        let guest = feeds.load(&mut *store, instance)?;
        let page = guest.call_pull(store, "echo", None, bounds)?;
        Ok(page.map_err(|failure| Failed(failure.message))?.items.len())
    }
}

/// Builds an engine with nothing but a pool.
pub(crate) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.concurrency_support(false);
    config.allocation_strategy(InstanceAllocationStrategy::pooling());
    Ok(Engine::new(&config)?)
}
