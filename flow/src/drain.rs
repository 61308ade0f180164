//! Bringing work to an end: nothing new is started, and what is under way ends.

use tokio::sync::watch;

/// Whether work is being brought to an end. Set once, and never taken back.
#[derive(Debug)]
pub(crate) struct Drain(watch::Sender<bool>);

impl Default for Drain {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Drain {
    /// Starts to bring the work to its end.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Tells whether it has begun.
    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins; not at all when it has begun already.
    pub(crate) async fn begun(&self) {
        // The sender is here, so there is one to hear of.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
