//! What a call uses of the machine: memory of its instance, computing time of its guest.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use super::Stop;
use crate::engine::TICK;

/// Bytes of a table's element.
const ELEMENT: usize = size_of::<usize>();

/// Counts all memories and tables of an instance together.
pub(super) struct Memory {
    limit: usize,
    used: usize,
    last: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: 0, last: 0 }
    }

    /// Takes more bytes. Beyond the limit the call ends at once: a guest that is told "no" aborts a little later, and
    /// then nobody can tell why.
    fn take(&mut self, bytes: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            return Err(Stop::Memory(self.limit).into());
        }
        self.used = used;
        self.last = bytes;
        Ok(true)
    }

    /// Gives back what was taken last: the growth failed after all.
    fn give_back(&mut self) {
        self.used = self.used.saturating_sub(self.last);
        self.last = 0;
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        self.take(desired.saturating_sub(current))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        self.take(desired.saturating_sub(current).saturating_mul(ELEMENT))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back();
        Ok(())
    }
}

/// Counts the ticks in which a guest computed.
pub(super) struct Computing {
    limit: Duration,
    ticks: u32,
    forgiven: bool,
}

impl Computing {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, ticks: 0, forgiven: false }
    }

    /// Does not count the next tick: it passed while the guest waited for the host.
    pub(super) fn forgive(&mut self) {
        self.forgiven = true;
    }

    /// Counts a tick that found the guest computing.
    pub(super) fn tick(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.forgiven) {
            return Ok(());
        }
        self.ticks = self.ticks.saturating_add(1);
        if TICK.saturating_mul(self.ticks) > self.limit {
            return Err(Stop::Computing(self.limit));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;

    #[test]
    fn memories_and_tables_count_together() {
        let mut memory = Memory::new(1000);
        assert!(memory.memory_growing(0, 500, None).unwrap());
        assert!(memory.table_growing(0, 50, None).unwrap());
        assert!(memory.memory_growing(500, 600, None).unwrap());
        assert!(memory.memory_growing(0, 1, None).is_err());
    }

    #[test]
    fn growth_that_failed_does_not_count() {
        let mut memory = Memory::new(100);
        assert!(memory.memory_growing(0, 80, None).unwrap());
        memory.memory_grow_failed(wasmtime::Error::msg("no")).unwrap();
        assert!(memory.memory_growing(0, 100, None).unwrap());
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        let mut memory = Memory::new(usize::MAX - 1);
        assert!(memory.table_growing(0, usize::MAX, None).is_err());
    }

    #[test]
    fn ticks_count_up_to_the_limit_and_forgiven_ones_do_not() {
        let mut computing = Computing::new(TICK * 2);
        computing.tick().unwrap();
        computing.forgive();
        computing.tick().unwrap();
        computing.tick().unwrap();
        assert_eq!(computing.tick(), Err(Stop::Computing(TICK * 2)));
    }
}
