//! The wasm engine: the only place that builds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::Thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::{Blame, Error, ErrorKind};

/// How often the epoch advances: the unit in which guests' computing time is counted, and the longest time for which a
/// guest that computes keeps its thread before others get a turn.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// How often the ticker looks whether its engine is still there, while no instance runs.
const REST: Duration = Duration::from_secs(1);

/// Memories of running instances at once, over all connections. A connector in Rust has one. Calls beyond queue.
const MEMORIES: u32 = 256;

/// Tables of running instances at once. A component has one per core module.
const TABLES: u32 = 4 * MEMORIES;

/// Elements of a table. The largest that other languages' tools were seen to make has 12,000 (Python).
const TABLE_ELEMENTS: usize = 64 << 10;

/// Bytes of a memory that stay mapped for the next instance, which saves it a page fault for every 4 KiB. A page of a feed
/// takes one to three times its size. The kernel tells which pages were touched, and only those are cleared; one that
/// cannot (before Linux 6.7) would clear all of this every time, so there nothing is kept.
const KEPT: usize = 2 << 20;

/// Stack of a guest, in bytes. Twice the engine's default: the interpreters that other languages bring along recurse
/// through several frames per level of nesting.
const WASM_STACK: usize = 1 << 20;

/// Stack on which a guest's call runs: its own, and 1 MiB for the host functions above it.
const CALL_STACK: usize = 2 << 20;

/// The engine, its ticker, and the places for running instances.
#[derive(Clone)]
pub(crate) struct Engine {
    wasm: wasmtime::Engine,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    ticker: Arc<Ticker>,
}

impl Engine {
    /// Builds the engine and starts its ticker thread, which ends when the last user of the engine is gone.
    pub(crate) fn new() -> Result<Self, Error> {
        let wasm = pooled().or_else(|reason| {
            tracing::warn!(%reason, "no address space for a pool of instances; each call maps its own memory");
            wasmtime::Engine::new(&config()).map_err(|source| setup("the wasm engine cannot be built", source))
        })?;
        let places = Arc::new(Semaphore::new(MEMORIES as usize));
        let weak = wasm.weak();
        let ticker = Ticker::start(Arc::clone(&places), move || {
            weak.upgrade().inspect(wasmtime::Engine::increment_epoch).is_some()
        });
        let ticker = Arc::new(ticker?);
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let turns = Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)));
        Ok(Self { wasm, places, turns, ticker })
    }

    /// Returns the engine itself.
    pub(crate) fn wasm(&self) -> &wasmtime::Engine {
        &self.wasm
    }

    /// Returns the turns of connections that have used their share of the processors up: one for every processor but one. So
    /// they never keep every thread of the async runtime, and others, and what arrives from the network, do not wait for them.
    pub(crate) fn turns(&self) -> &Arc<Semaphore> {
        &self.turns
    }

    /// Waits for a place to run an instance of that weight; see [`weight`].
    pub(crate) async fn place(&self, weight: u32) -> Option<OwnedSemaphorePermit> {
        // None only if the semaphore were closed, which nothing does.
        let place = Arc::clone(&self.places).acquire_many_owned(weight).await.ok();
        self.ticker.wake();
        place
    }
}

/// Returns how many places an instance of the component takes, by its memories and tables. Components that need more
/// than all of them were refused when they were compiled.
pub(crate) fn weight(component: &wasmtime::component::Component) -> u32 {
    component.resources_required().map_or(1, |needed| {
        let by_tables = needed.num_tables.div_ceil(TABLES / MEMORIES);
        needed.num_memories.max(by_tables).clamp(1, MEMORIES)
    })
}

/// What advances the epoch while instances run, and rests while none does, so that a program that has nothing to do does
/// nothing. A thread of its own, because the tasks that it has to interrupt may keep every thread of the async runtime busy.
struct Ticker {
    thread: Thread,
    rest: Arc<AtomicBool>,
}

impl Ticker {
    /// Starts the thread. It calls `tick` once in a [`TICK`] while a place is taken, and ends when that says that there is
    /// nothing to tick for any more.
    fn start(places: Arc<Semaphore>, mut tick: impl FnMut() -> bool + Send + 'static) -> Result<Self, Error> {
        let rest = Arc::new(AtomicBool::new(false));
        let resting = Arc::clone(&rest);
        let all = places.available_permits();
        let ticking = move || {
            let is_idle = || places.available_permits() == all;
            while tick() {
                if !is_idle() {
                    std::thread::sleep(TICK);
                    continue;
                }
                resting.store(true, Ordering::SeqCst);
                fence(Ordering::SeqCst);
                if is_idle() {
                    std::thread::park_timeout(REST);
                }
                resting.store(false, Ordering::SeqCst);
            }
        };
        let thread = std::thread::Builder::new().name("wharf-ticker".into()).spawn(ticking);
        let thread = thread.map_err(|source| setup("the thread that interrupts guests cannot be started", source))?;
        Ok(Self { thread: thread.thread().clone(), rest })
    }

    /// Ends the rest; has to be called whenever a place was taken.
    fn wake(&self) {
        // Either the ticker sees that the place is taken, or this sees that it rests.
        fence(Ordering::SeqCst);
        if self.rest.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }
}

/// Builds the engine with a pool: instances reuse mapped memory, which halves the time to make one (15 against 27
/// microseconds). It reserves about 2 TiB of address space, which a limit on it (`ulimit -v`) may not allow.
fn pooled() -> wasmtime::Result<wasmtime::Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(MEMORIES)
        .total_core_instances(64 * MEMORIES)
        .total_memories(MEMORIES)
        .total_tables(TABLES)
        .total_stacks(2 * MEMORIES)
        .table_elements(TABLE_ELEMENTS)
        .max_memories_per_component(16)
        .max_tables_per_component(64)
        .max_core_instances_per_component(256)
        .max_component_instance_size(8 << 20)
        .max_core_instance_size(4 << 20);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(wasmtime::Enabled::Yes).linear_memory_keep_resident(KEPT).table_keep_resident(KEPT);
    }
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    wasmtime::Engine::new(&config)
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // The contract is synchronous; without the machinery for async guests an export call costs a third.
        .concurrency_support(false)
        .epoch_interruption(true)
        // Connectors are stripped, so offsets into their code say nothing; the map would be a third of what is cached.
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(CALL_STACK);
    config
}

fn setup(what: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let source = source.into();
    let message = format!("{what}: {source}; check the machine's limits on address space and threads");
    Error::new(ErrorKind::Setup, "engine", Blame::Host, message).with_source(source)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use std::sync::atomic::AtomicU64;

    use super::*;

    /// A ticker over one place, and how often it ticked.
    fn ticker() -> (Ticker, Arc<Semaphore>, Arc<AtomicU64>) {
        let (places, ticks) = (Arc::new(Semaphore::new(1)), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&ticks);
        let tick = move || counted.fetch_add(1, Ordering::SeqCst) < 10_000;
        (Ticker::start(Arc::clone(&places), tick).unwrap(), places, ticks)
    }

    #[test]
    fn ticker_rests_while_nothing_runs_and_ticks_while_something_does() {
        let (ticker, places, ticks) = ticker();
        std::thread::sleep(TICK * 200);
        // Once when it starts, and a few more on a machine on which that took seconds.
        assert!(ticks.load(Ordering::SeqCst) < 20);
        let _place = places.try_acquire().unwrap();
        ticker.wake();
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while ticks.load(Ordering::SeqCst) < 100 {
            assert!(std::time::Instant::now() < end, "it does not tick");
            std::thread::sleep(TICK);
        }
    }
}
