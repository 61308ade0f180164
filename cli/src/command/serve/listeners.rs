//! Listeners that answer: the one of now, and those before it that still have requests under way.

use std::future::pending;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wharf_flow::{OpenDoors, Settings};

use crate::failure::Failure;
use crate::listener::Listener;

/// Listeners that answer. Dropping it breaks off what they have under way.
#[derive(Default)]
pub(super) struct Listeners {
    tasks: JoinSet<()>,
    /// How long the program waits for them once it is told to end.
    until: Option<Instant>,
}

impl Listeners {
    /// Starts a listener, where there is one. Once what it returns is dropped it accepts nothing more, and answers what it has
    /// accepted. Look-ups are answered as long as that takes.
    pub(super) fn start(&mut self, listener: Option<Listener>, doors: OpenDoors) -> watch::Sender<bool> {
        let (stop, mut stopped) = watch::channel(false);
        self.tasks.spawn(async move {
            match listener {
                Some(listener) => listener.serve(stopped).await,
                // Nobody listening any more is as good as having stopped.
                None => drop(stopped.wait_for(|stop| *stop).await),
            }
            drop(doors);
        });
        stop
    }

    /// Stops a listener because the program ends. From now on what is under way has the time of a farewell.
    pub(super) fn stop(&mut self, stop: watch::Sender<bool>) {
        drop(stop);
        self.until = Some(Instant::now() + Settings::default().farewell);
    }

    /// Waits for nobody any more.
    pub(super) fn give_up(&mut self) {
        self.until = Some(Instant::now());
    }

    /// Waits until one breaks off, and returns why. Does not end as long as all are well.
    pub(super) async fn broken(&mut self) -> Failure {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                return broke_off(&error);
            }
        }
        pending().await
    }

    /// Waits until all have ended, or their time is over. What takes longer is dropped: deliveries are durable by then, or were
    /// not answered.
    pub(super) async fn ended(mut self) -> Result<(), Failure> {
        let until = self.until.unwrap_or_else(|| Instant::now() + Settings::default().farewell);
        while let Ok(Some(ended)) = tokio::time::timeout_at(until, self.tasks.join_next()).await {
            ended.map_err(|error| broke_off(&error))?;
        }
        Ok(())
    }
}

fn broke_off(error: &tokio::task::JoinError) -> Failure {
    Failure::internal(format!("the listener broke off: {error}"))
}
