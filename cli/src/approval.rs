//! Which connectors may run here. Installing is approving: what a connector asks for is approved together with the digest
//! of its file, so neither another file nor another wish gets in under an approved name.

mod lock;
mod signature;
mod want;

pub(crate) use lock::{Approved, Change, Entry, Lock, LockFile};
pub(crate) use signature::{Signature, TrustedKey};
pub(crate) use want::{Want, added, origin as origin_words, wants};
