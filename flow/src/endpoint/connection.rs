//! Connections of the host are endpoints.

use async_trait::async_trait;
use wharf_host::manifest::Manifest;
use wharf_host::model::{
    Answer, Bounds, Cursor, Failure, Intent, Item, Outcome, Page, Preview, ReferencePage, Tally, Verdict,
};
use wharf_host::{Connection, Error};

use super::Endpoint;

#[async_trait]
impl Endpoint for Connection {
    fn manifest(&self) -> &Manifest {
        Self::manifest(self)
    }

    async fn pull(&self, feed: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Answer<Page>, Error> {
        Self::pull(self, feed, cursor, bounds).await
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
        Self::apply(self, intents).await
    }

    async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        Self::verify(self, intents).await
    }

    async fn wake(&self, name: &str, payload: &str) -> Result<Answer<()>, Error> {
        Self::wake(self, name, payload).await
    }
}
