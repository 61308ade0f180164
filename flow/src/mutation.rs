//! Promises that tests make the runner break, to see that a law of the contract notices. Only with the feature
//! `mutation`, which nothing that ships has.

use std::sync::atomic::{AtomicU8, Ordering};

/// A promise that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mutation {
    /// None.
    None,
    /// The cursor moves in a commit of its own, before the items of its page are recorded.
    CursorEarly,
    /// A write whose outcome is unknown is repeated without asking.
    NoVerify,
    /// A request leaves before its intent is durable.
    SwappedOrder,
    /// A worker whose lease was taken commits all the same.
    LostFence,
}

static BROKEN: AtomicU8 = AtomicU8::new(0);

/// Breaks a promise, in this whole process, until another call.
pub fn set(mutation: Mutation) {
    BROKEN.store(mutation as u8, Ordering::SeqCst);
}

pub(crate) fn is(mutation: Mutation) -> bool {
    BROKEN.load(Ordering::SeqCst) == mutation as u8
}
