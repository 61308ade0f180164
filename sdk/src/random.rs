//! The host's randomness.

/// Returns `count` random bytes, at most 4096. In tests and replays they are simulated.
pub fn bytes(count: u32) -> Vec<u8> {
    crate::host::with(|host| host.random(count))
}
