//! Connections of the host are endpoints.
//!
//! Calls that compute much are tasks of their own, so that pages are read on one processor while the flow works on another.

use async_trait::async_trait;
use tokio::task::JoinHandle;
use wharf_host::manifest::Manifest;
use wharf_host::model::{
    Answer, Bounds, Cursor, Delivery, Failure, Intent, Item, Outcome, Page, Parsed, Preview, ReferencePage, Tally,
    Verdict,
};
use wharf_host::{Connection, Error};

use super::Endpoint;

#[async_trait]
impl Endpoint for Connection {
    fn manifest(&self) -> &Manifest {
        Self::manifest(self)
    }

    async fn pull(&self, feed: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Answer<Page>, Error> {
        let (connection, feed) = (self.clone(), feed.to_owned());
        let (cursor, bounds) = (cursor.cloned(), bounds.clone());
        Task::start(async move { connection.pull(&feed, cursor.as_ref(), &bounds).await }).end().await
    }

    async fn get(&self, entity: &str, id: &str) -> Result<Answer<Item>, Error> {
        Self::get(self, entity, id).await
    }

    async fn lookup(&self, entity: &str, query: &[(String, String)], limit: u32) -> Result<Answer<Vec<Item>>, Error> {
        Self::lookup(self, entity, query, limit).await
    }

    async fn reference_page(&self, list: &str, after: Option<&str>) -> Result<Answer<ReferencePage>, Error> {
        Self::reference_page(self, list, after).await
    }

    async fn count(&self, feed: &str, bounds: &Bounds) -> Result<Answer<Tally>, Error> {
        Self::count(self, feed, bounds).await
    }

    async fn plan(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Preview, Failure>>>, Error> {
        Self::plan(self, intents).await
    }

    async fn apply(&self, intents: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error> {
        let (connection, intents) = (self.clone(), intents.to_vec());
        Task::start(async move { connection.apply(&intents).await }).end().await
    }

    async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        Self::verify(self, intents).await
    }

    async fn wake(&self, name: &str, payload: &str) -> Result<Answer<()>, Error> {
        Self::wake(self, name, payload).await
    }

    async fn parse_webhook(&self, delivery: &Delivery) -> Result<Answer<Parsed>, Error> {
        Self::parse_webhook(self, delivery).await
    }

    async fn redact_delivery(&self, delivery: &Delivery) -> Delivery {
        Self::redact_delivery(self, delivery).await
    }
}

/// A task that ends when nobody waits for it any more.
struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    fn start(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    async fn end(mut self) -> T {
        match (&mut self.0).await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only dropping the task aborts it, and then nobody is here. A runtime that shuts down ends all of it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
