//! Reads a feed, page by page.

use wharf_host::model::{Action, Answer, Bounds, Cause, Cursor, Failure, Instant, Item, Page};

use super::apply::{failure_of, internal};
use super::policy::{Pace, Phase, Reaction, Situation, Writes, delay, react};
use super::run::Run;
use super::trail::Trail;
use super::{RunEvent, Runner};
use crate::ledger::{FeedState, Held, PageCommit, PageItem, Verdict};
use crate::problem::Error;
use crate::report::HoldScope;
use crate::schedule::mix;

/// What is asked of a feed.
#[derive(Debug)]
pub(super) struct PageRequest {
    cursor: Option<Cursor>,
    bounds: Bounds,
}

/// What a feed answered.
#[derive(Debug)]
pub(super) struct Fetched {
    request: PageRequest,
    answer: Result<Page, Failure>,
    /// How often it had been told, when the page was asked for, that there is news in the feed.
    told: Option<i64>,
    /// How many records had been read by themselves then.
    followed: u64,
}

impl Fetched {
    /// Returns how many items it brought.
    pub(super) fn count(&self) -> usize {
        self.answer.as_ref().map_or(0, |page| page.items.len())
    }

    /// Returns where it was asked for; none at the start of the feed.
    pub(super) fn place(&self) -> Option<&Cursor> {
        self.request.cursor.as_ref()
    }

    /// Returns how many bytes of documents it brought.
    pub(super) fn bytes(&self) -> usize {
        self.answer.as_ref().map_or(0, |page| page.items.iter().map(|item| item.document.len()).sum())
    }

    /// Returns where the feed goes on after this page; none when that is not known, or there is nothing now.
    pub(super) fn goes_on_at(&self) -> Option<Cursor> {
        self.answer.as_ref().ok().filter(|page| !page.caught_up).map(|page| page.next.clone())
    }
}

/// A feed during one run.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    state: FeedState,
    /// Everything that was there has been read in this run.
    caught_up: bool,
    /// Where this run has been.
    trail: Trail,
}

impl Feed {
    pub(super) fn open(run: &Run<'_>) -> Result<Self, Error> {
        let state = run.runner.ledger.feed_state(&run.runner.spec.name)?;
        Ok(Self { state, caught_up: false, trail: Trail::default() })
    }

    /// Ends reading in this run.
    pub(super) fn close(&mut self) {
        self.caught_up = true;
    }

    /// Tells whether there is nothing more to read in this run.
    pub(super) fn is_closed(&self) -> bool {
        self.caught_up
    }

    /// Has it read on: there is news in it.
    pub(super) fn reopen(&mut self) {
        self.caught_up = false;
        self.trail = Trail::default();
    }

    /// Returns when it may be read next; none when there is nothing more to read in this run.
    pub(super) fn due(&self, run: &Run<'_>) -> Option<Instant> {
        if self.caught_up {
            return None;
        }
        run.runner.feed_opens(&run.hold_table(), self.state.not_before)
    }

    pub(super) fn is_due(&self, run: &Run<'_>) -> bool {
        self.due(run).is_some_and(|due| due <= run.now())
    }

    /// Returns the request for the page after the cursor that is recorded.
    pub(super) fn next_request(&self, run: &Run<'_>) -> PageRequest {
        PageRequest { cursor: self.state.cursor.clone(), bounds: run.runner.bounds(self.state.page_items) }
    }

    /// Returns the request for the page after one that is not recorded yet. None while it is not clear that there will be
    /// such a page, or how large it may be.
    pub(super) fn request_ahead(&self, run: &Run<'_>, next: &Cursor) -> Option<PageRequest> {
        let known = self.state.cursor.as_ref() == Some(next) || self.trail.has(next);
        let clear = !known && self.state.page_items.is_none();
        clear.then(|| PageRequest { cursor: Some(next.clone()), bounds: run.runner.bounds(None) })
    }

    /// Tells whether a page is the next one to be recorded. One that was read ahead is not when reading stopped, or went
    /// on with smaller pages, in the meantime.
    pub(super) fn is_next(&self, fetched: &Fetched) -> bool {
        !self.caught_up && fetched.request.cursor == self.state.cursor
    }

    /// Records pages that follow each other, in one commit, and why the one after them could not be read or is not
    /// believed.
    pub(super) async fn take(mut self, run: &Run<'_>, fetched: Vec<Fetched>) -> Result<Self, Error> {
        let (mut commits, mut end) = (Vec::new(), None);
        for Fetched { request, answer, told, followed } in fetched {
            match answer {
                Ok(page) => match self.trail.complaint(self.state.cursor.as_ref(), &page) {
                    Some(detail) => end = Some(End::Disbelieved(internal(detail))),
                    None => commits.push(self.pass(run, page, told, followed)),
                },
                Err(failure) => end = Some(End::Failed(failure, request.bounds.max_items)),
            }
            if end.is_some() {
                break;
            }
        }
        if !commits.is_empty() || matches!(end, Some(End::Disbelieved(_))) {
            run.remote_is_there(&run.runner.spec.source.connection).await?;
        }
        if !commits.is_empty() {
            record(run, commits).await?;
        }
        match end {
            Some(End::Failed(failure, max_items)) => self.failed(run, &failure, max_items).await?,
            Some(End::Disbelieved(failure)) => run.stop_feed(&failure).await?,
            None => {}
        }
        if self.is_stopped(run) {
            self.caught_up = true;
        }
        Ok(self)
    }

    fn is_stopped(&self, run: &Run<'_>) -> bool {
        run.hold_table().feed(&run.runner.spec.name, run.now()) == Held::UntilReleased
    }

    /// Steps over a page; returns what is to be recorded of it.
    fn pass(&mut self, run: &Run<'_>, page: Page, told: Option<i64>, followed: u64) -> PageCommit {
        let usual = run.runner.settings.page_items;
        let page_items = self.state.page_items.map(|items| items.saturating_mul(2)).filter(|items| *items < usual);
        let started = self.state.started;
        self.state = FeedState { cursor: Some(page.next.clone()), page_items, started, ..FeedState::default() };
        self.caught_up = page.caught_up;
        let with_rule = |item: Item| PageItem { rule: run.runner.rule_for(&item), item };
        PageCommit {
            read_meanwhile: run.followed_on(&page, followed),
            told,
            flow: run.flow,
            items: page.items.into_iter().map(with_rule).collect(),
            next: page.next,
            caught_up: page.caught_up,
            follows_changes: run.runner.follows_changes(),
            page_items,
        }
    }

    async fn failed(&mut self, run: &Run<'_>, failure: &Failure, page_items: u32) -> Result<(), Error> {
        if self.state.cursor.is_some() && is_place_lost(failure) {
            self.state.cursor = None;
            self.trail = Trail::default();
            run.observer.event(&RunEvent::FromStart { message: failure.message.clone() });
            return Ok(());
        }
        let connection = &run.runner.spec.source.connection;
        let at = Situation {
            phase: Phase::Pull,
            attempts: self.state.attempts,
            size: usize::try_from(page_items).unwrap_or(usize::MAX),
            whole: true,
            writes: Writes::NoneSent,
            repeatable: false,
            verifiable: false,
            action: Action::Update,
        };
        match react(&failure.cause, &at) {
            Reaction::Retry(pace) => self.later(run, pace).await,
            Reaction::Unreachable { until } => {
                run.fail(connection, failure, until).await?;
                self.later(run, Pace::Short).await
            }
            Reaction::HoldConnection { until } => {
                run.hold_connection(connection, failure, Some(run.limit_end(until)), 0).await
            }
            Reaction::PauseConnection => run.pause_connection(connection, failure).await,
            Reaction::ShrinkPage => {
                self.state.page_items = Some((page_items / 2).max(1));
                self.keep(run).await
            }
            Reaction::StopRun => {
                self.caught_up = true;
                Ok(())
            }
            _ => run.stop_feed(failure).await,
        }
    }

    async fn later(&mut self, run: &Run<'_>, pace: Pace) -> Result<(), Error> {
        self.state.not_before = run.now().after(delay(pace, self.state.attempts, mix(run.now().0)));
        self.state.attempts = self.state.attempts.saturating_add(1);
        self.keep(run).await
    }

    async fn keep(&self, run: &Run<'_>) -> Result<(), Error> {
        let state = &self.state;
        run.runner.ledger.pull_later(run.lease, run.flow, state.attempts, state.not_before, state.page_items).await?;
        Ok(())
    }
}

/// Tells whether a connector of another version cannot make anything of the place in its feed. Nobody else could, either; read
/// from the start, what is known is not written again.
pub(super) fn is_place_lost(failure: &Failure) -> bool {
    matches!(&failure.cause, Cause::Unsupported { capability } if capability == "migrate-cursor")
}

/// Why no further page is recorded.
enum End {
    /// It could not be read; with how many items it was asked for.
    Failed(Failure, u32),
    /// It cannot be what the remote has.
    Disbelieved(Failure),
}

async fn record(run: &Run<'_>, pages: Vec<PageCommit>) -> Result<(), Error> {
    let caught_up: Vec<_> = pages.iter().map(|page| page.caught_up).collect();
    let counts = run.runner.ledger.commit_pages(run.lease, pages).await?;
    for (counts, caught_up) in counts.into_iter().zip(caught_up) {
        {
            let mut tally = run.tally();
            tally.read += counts.read;
            tally.unchanged += counts.unchanged;
        }
        run.observer.event(&RunEvent::Read { items: counts.read, unchanged: counts.unchanged, caught_up });
        for PageItem { item, rule } in counts.filtered {
            run.tell_filed(item.entity, item.id, Verdict::Filtered(rule.unwrap_or_default()));
        }
    }
    Ok(())
}

impl Run<'_> {
    /// Reads one page. Nothing is recorded of it yet but the calls that it took.
    pub(super) async fn fetch(&self, request: PageRequest) -> Result<Fetched, Error> {
        let connection = &self.runner.spec.source.connection;
        let (told, followed) = (self.runner.ledger.poll_told(self.flow)?, self.followed_so_far());
        let answer = match self.runner.pull(request.cursor.as_ref(), &request.bounds).await? {
            Ok(Answer { value: page, trace }) => {
                self.count_calls(connection, &trace);
                Ok(page)
            }
            Err(error) => {
                self.count_calls(connection, error.trace());
                Err(failure_of(&error))
            }
        };
        Ok(Fetched { request, answer, told, followed })
    }

    async fn stop_feed(&self, failure: &Failure) -> Result<(), Error> {
        self.hold(HoldScope::Feed(self.runner.spec.name.clone()), failure, None, 0).await
    }
}

impl Runner {
    pub(super) fn bounds(&self, page_items: Option<u32>) -> Bounds {
        Bounds {
            since: self.spec.source.since,
            until: None,
            filter: self.spec.source.filter.clone(),
            max_items: page_items.unwrap_or(self.settings.page_items),
            max_bytes: self.settings.page_bytes,
        }
    }

    /// Reads the page after `cursor`.
    pub(super) async fn pull(
        &self,
        cursor: Option<&Cursor>,
        bounds: &Bounds,
    ) -> Result<Result<Answer<Page>, wharf_host::Error>, Error> {
        let endpoint = self.endpoint(&self.spec.source.connection)?;
        Ok(endpoint.pull(&self.spec.source.feed, cursor, bounds).await)
    }
}
