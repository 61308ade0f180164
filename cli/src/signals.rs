//! The signals that end the program.

use crate::failure::{Exit, Failure};

/// Waits for the first signal that asks the program to end: SIGINT or SIGTERM.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes the signals over from the system.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| Failure::internal(format!("no signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Takes the signals over from the system.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for one.
    #[cfg(unix)]
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for one.
    #[cfg(not(unix))]
    pub(crate) async fn wait(&mut self) {
        // Where the signal cannot be heard the system ends the program itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Returns why a command that was interrupted did not finish.
pub(crate) fn interrupted() -> Failure {
    let message = "stopped by a signal; the next run goes on from here, and asks about writes that had no answer yet";
    Failure::new(Exit::Interrupted, "interrupted", message)
}
