//! Pages under way: while some are recorded, the next ones are read.

use futures::future::{BoxFuture, Either, select};
use futures::stream::FuturesUnordered;
use wharf_host::model::Cursor;

use super::pull::{Feed, Fetched, PageRequest};
use super::queue::Ended;
use super::run::Run;
use crate::problem::Error;

/// Pages that wait to be recorded at most. They share one commit, which on a busy disk takes as long as reading several.
const WAITING: usize = 8;

/// Pages of one run.
#[derive(Default)]
pub(super) struct Pages {
    fetching: bool,
    /// One behind the other.
    fetched: Vec<Fetched>,
    recording: Option<Recording>,
}

/// Pages that are being recorded.
struct Recording {
    items: usize,
    /// Where they were asked for.
    places: Vec<Cursor>,
    /// Where the feed goes on after them.
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
        self.fetched.push(page);
    }

    /// Notes that pages were recorded.
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
        if self.recording.is_none() {
            let pages = std::mem::take(&mut self.fetched);
            if let Some(last) = pages.last().filter(|_| pages.first().is_some_and(|first| feed.is_next(first))) {
                let items = pages.iter().map(Fetched::count).sum();
                let places = pages.iter().filter_map(|page| page.place().cloned()).collect();
                self.recording = Some(Recording { items, places, next: last.goes_on_at() });
                let feed = feed.clone();
                under_way.push(Box::pin(async move { feed.take(run, pages).await.map(Ended::Recorded) }));
            }
        }
        if self.fetching || self.is_full(run) || !feed.is_due(run) {
            return Ok(());
        }
        let (request, on_the_way) = match &self.recording {
            None => (Some(feed.next_request(run)), 0),
            Some(recording) => (self.request_ahead(run, feed, recording), recording.items),
        };
        let Some(request) = request else { return Ok(()) };
        let on_the_way = on_the_way + self.fetched.iter().map(Fetched::count).sum::<usize>();
        let room = run.runner.settings.backlog.saturating_sub(on_the_way);
        if room > 0 && !run.runner.ledger.has_backlog(run.flow, room)? {
            self.fetching = true;
            under_way.push(Box::pin(async move {
                // What a page brings is not recorded any more once the run is brought to its end.
                let (fetch, drain) = (std::pin::pin!(run.fetch(request)), std::pin::pin!(run.runner.drain.begun()));
                match select(fetch, drain).await {
                    Either::Left((fetched, _)) => fetched.map(Ended::Fetched),
                    Either::Right(_) => Ok(Ended::BrokenOff),
                }
            }));
        }
        Ok(())
    }

    /// Returns the request for the page after those that are on the way; none when that leads back to one of them.
    fn request_ahead(&self, run: &Run<'_>, feed: &Feed, recording: &Recording) -> Option<PageRequest> {
        let next = self.fetched.last().map_or_else(|| recording.next.clone(), Fetched::goes_on_at)?;
        let mut places = self.fetched.iter().filter_map(Fetched::place).chain(&recording.places);
        if places.any(|place| *place == next) { None } else { feed.request_ahead(run, &next) }
    }

    /// Tells whether enough waits to be recorded: so many pages, or as much as one page may hold.
    fn is_full(&self, run: &Run<'_>) -> bool {
        let most = usize::try_from(run.runner.settings.page_bytes).unwrap_or(usize::MAX);
        self.fetched.len() >= WAITING || self.fetched.iter().map(Fetched::bytes).sum::<usize>() >= most
    }
}
