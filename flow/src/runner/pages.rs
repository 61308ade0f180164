//! Pages under way: while one is recorded, the next is read.

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use wharf_host::model::Cursor;

use super::pull::{Feed, Fetched};
use super::run::{Ended, Run};
use crate::problem::Error;

/// Pages of one run.
#[derive(Default)]
pub(super) struct Pages {
    fetching: bool,
    fetched: Option<Fetched>,
    recording: Option<Recording>,
}

/// A page that is being recorded.
struct Recording {
    items: usize,
    /// Where the feed goes on after it.
    next: Option<Cursor>,
}

impl Pages {
    /// Returns how many things are under way.
    pub(super) fn under_way(&self) -> usize {
        usize::from(self.fetching) + usize::from(self.recording.is_some())
    }

    /// Notes a page that was read.
    pub(super) fn fetched(&mut self, page: Fetched) {
        self.fetching = false;
        self.fetched = Some(page);
    }

    /// Notes that a page was recorded.
    pub(super) fn recorded(&mut self) {
        self.recording = None;
    }

    /// Starts to record what was read, and to read what comes after it.
    pub(super) fn start<'f>(
        &mut self,
        run: &'f Run<'f>,
        feed: &Feed,
        under_way: &mut FuturesUnordered<BoxFuture<'f, Result<Ended, Error>>>,
    ) -> Result<(), Error> {
        if self.recording.is_none()
            && let Some(fetched) = self.fetched.take().filter(|fetched| feed.is_next(fetched))
        {
            self.recording = Some(Recording { items: fetched.count(), next: fetched.goes_on_at() });
            let feed = feed.clone();
            under_way.push(Box::pin(async move { feed.take(run, fetched).await.map(Ended::Recorded) }));
        }
        if self.fetching || self.fetched.is_some() || !feed.is_due(run) {
            return Ok(());
        }
        let (request, on_the_way) = match &self.recording {
            None => (Some(feed.next_request(run)), 0),
            Some(Recording { items, next }) => (next.as_ref().and_then(|next| feed.request_ahead(run, next)), *items),
        };
        let Some(request) = request else { return Ok(()) };
        let room = run.runner.settings.backlog.saturating_sub(on_the_way);
        if room > 0 && !run.runner.ledger.has_backlog(run.flow, room)? {
            self.fetching = true;
            under_way.push(Box::pin(async move { run.fetch(request).await.map(Ended::Fetched) }));
        }
        Ok(())
    }
}
