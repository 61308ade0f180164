//! Bodies that the host holds for one call: of requests until they are answered, of responses until the guest gives them up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// How much the host holds for a call, of how much it may.
#[derive(Clone)]
pub(super) struct Held {
    bytes: Arc<AtomicUsize>,
    limit: usize,
}

impl Held {
    /// Starts with nothing.
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Arc::default(), limit }
    }

    /// Begins a part of it, which is empty.
    pub(super) fn part(&self) -> Part {
        Part { of: self.clone(), bytes: 0 }
    }
}

/// A part of what is held, given back when it is dropped.
pub(super) struct Part {
    of: Held,
    bytes: usize,
}

impl Part {
    /// Takes more; false, and nothing is taken, where all parts together would be over the limit.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let within = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.of.limit);
        let taken = self.of.bytes.try_update(Ordering::AcqRel, Ordering::Acquire, within).is_ok();
        if taken {
            self.bytes = self.bytes.saturating_add(bytes);
        }
        taken
    }

    /// Makes bytes that count until the last use of them ends.
    pub(super) fn counting(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Counted { bytes, _part: self })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.of.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

struct Counted {
    bytes: Bytes,
    _part: Part,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_count_together_and_until_their_last_use() {
        let held = Held::new(10);
        let (mut one, mut other) = (held.part(), held.part());
        assert!(one.take(6) && other.take(4));
        assert!(!one.take(1) && !one.take(usize::MAX));
        drop(other);
        assert!(one.take(2));
        let bytes = one.counting(Bytes::from_static(b"12345678"));
        let rest = bytes.slice(4..);
        drop(bytes);
        assert!(!held.part().take(3), "some of it is still in use");
        drop(rest);
        assert!(held.part().take(10));
    }
}
