//! A window of time, as commands take it.

use wharf_host::model::Instant;

use crate::time;

/// From when on, and until when.
#[derive(Debug, clap::Args)]
pub(crate) struct Window {
    /// Start: `2026-01-31`, `2026-01-31T08:00:00Z`, or so long ago as in `7d` or `12h`.
    #[arg(long, value_name = "WHEN", value_parser = time::parse)]
    pub(crate) from: Instant,
    /// End, which is not part of it. Default: now.
    #[arg(long, value_name = "WHEN", value_parser = time::parse)]
    pub(crate) to: Option<Instant>,
}

impl Window {
    /// Returns both ends.
    pub(crate) fn ends(&self) -> (Instant, Instant) {
        (self.from, self.to.unwrap_or_else(time::now))
    }
}
