//! What is left of secrets in the process's memory, and what the system keeps of it: nothing, because secrets pass through it.

use std::alloc::{GlobalAlloc, Layout, System};

/// Memory, by default the system's, wiped when it is given back.
///
/// The host wipes what it makes of a secret. Libraries on the way (TLS, HTTP, the readers of JSON) have buffers of their own
/// that nobody could wipe otherwise, and memory that is given back would show them until it is used again.
pub(crate) struct Wiped<A = System>(pub(crate) A);

#[expect(unsafe_code, reason = "there is no other way to stand where memory is given back")]
// SAFETY: memory comes from the other allocator and goes back to it with the layout that it was asked for with. Growing is
// the trait's own: other memory, a copy, and the old one given back here.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiped<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of the trait, which are the same there.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above; `place` has `layout.size()` bytes, which nobody reads any more.
        unsafe {
            place.write_bytes(0, layout.size());
            // Writing what nobody reads would be left out.
            std::hint::black_box(place);
            self.0.dealloc(place, layout);
        }
    }
}

/// Switches core dumps off, and on Linux that other programs of the same user look into the memory.
///
/// A system that refuses is logged: the program runs all the same.
pub(crate) fn keep_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
            tracing::warn!("core dumps cannot be switched off ({error}); switch them off by `ulimit -c 0`");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!("other programs of this user can look into the memory ({error})");
        }
    }
}

#[cfg(test)]
mod wiping {
    #![expect(
        unsafe_code,
        clippy::unwrap_used,
        reason = "an allocator is asked in no other way; tests fail by panicking"
    )]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts what is given back, and of that the bytes that still say something.
    #[derive(Default)]
    struct Looking {
        given_back: AtomicUsize,
        telling: AtomicUsize,
    }

    // SAFETY: everything goes on to the system's allocator; what is given back is read before it is.
    unsafe impl GlobalAlloc for Looking {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller keeps the promises of the trait.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
            // SAFETY: as above; it was written to by the test, and is given back with its layout.
            let telling = unsafe { std::slice::from_raw_parts(place, layout.size()) }.iter().filter(|byte| **byte != 0);
            self.telling.fetch_add(telling.count(), Ordering::Relaxed);
            self.given_back.fetch_add(layout.size(), Ordering::Relaxed);
            // SAFETY: as above.
            unsafe { System.dealloc(place, layout) }
        }
    }

    #[test]
    fn memory_that_is_given_back_says_nothing_any_more() {
        let memory = Wiped(Looking::default());
        let [small, large] = [1000, 5000].map(|bytes| Layout::array::<u8>(bytes).unwrap());
        // SAFETY: each place is written to within its layout and given back once, with the layout that it has then.
        unsafe {
            let place = memory.alloc(small);
            place.write_bytes(b's', small.size());
            // Growing gives the old place back.
            let place = memory.realloc(place, small, large.size());
            place.write_bytes(b's', large.size());
            memory.dealloc(place, large);
        }
        assert_eq!(memory.0.given_back.load(Ordering::Relaxed), 6000);
        assert_eq!(memory.0.telling.load(Ordering::Relaxed), 0);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn process_leaves_no_core_and_cannot_be_looked_into() {
        super::keep_private();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
