//! The host's clock; [`civil`](crate::civil) turns instants into dates.

/// Returns the time in milliseconds since 1970-01-01T00:00:00Z. In tests and replays it is simulated.
pub fn now() -> u64 {
    crate::host::with(|host| host.now())
}
