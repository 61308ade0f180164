//! Feeds: cursors, boundaries, failures in between.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use wharf_host::model::{Bounds, Cursor, Page};

use crate::report::Law;
use crate::scenario::FeedEntry;
use crate::stage::{Ended, Stage, ends, written_by};
use crate::trouble::{Happening, catalogue};

/// Pages that are walked at most; a feed of a scenario is short.
const MAX_PAGES: usize = 200;

/// Pages of the walk with the smallest ones, at most: each of their boundaries is resumed at.
const MAX_BOUNDARIES: usize = 40;

/// Points at which a run is ended, at most: the rest is spread evenly over them.
const MAX_POINTS: usize = 60;

async fn pull(stage: &Stage, feed: &FeedEntry, cursor: Option<&Cursor>, page_items: u32) -> Result<Page> {
    let bounds = Bounds { max_items: page_items, ..Bounds::default() };
    stage.pull(&feed.name, cursor, &bounds).await
}

/// Reads a feed to its end.
async fn walk(stage: &Stage, feed: &FeedEntry, from: Option<Cursor>, page_items: u32) -> Result<Vec<Page>> {
    let (mut cursor, mut pages) = (from, Vec::new());
    while pages.len() < MAX_PAGES {
        let page = pull(stage, feed, cursor.as_ref(), page_items).await?;
        if !page.caught_up && cursor.as_ref() == Some(&page.next) {
            bail!("feed `{}` stands still: page {} leads to where it was asked for", feed.name, pages.len());
        }
        if !page.items.is_empty() && pages.last().is_some_and(|before: &Page| before.items == page.items) {
            bail!("feed `{}` brings the same page again: page {}, for another cursor", feed.name, pages.len());
        }
        cursor = Some(page.next.clone());
        let ends = page.caught_up;
        pages.push(page);
        if ends {
            return Ok(pages);
        }
    }
    bail!(
        "feed `{}` does not end within {MAX_PAGES} pages of {page_items}; give the scenario less data, or let the connector tell where the feed ends",
        feed.name
    )
}

/// Counts every item of pages by what it says.
fn counted<'p>(pages: impl IntoIterator<Item = &'p Page>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for item in pages.into_iter().flat_map(|page| &page.items) {
        let revision = item.revision.clone().unwrap_or_default();
        *counts.entry(format!("{}/{} {revision}", item.entity, item.id)).or_default() += 1;
    }
    counts
}

fn difference(expected: &BTreeMap<String, usize>, found: &BTreeMap<String, usize>) -> Option<String> {
    let lost = expected.keys().find(|item| !found.contains_key(*item));
    let doubled = found.iter().find(|(item, count)| **count > expected.get(*item).copied().unwrap_or(0));
    match (lost, doubled) {
        (Some(lost), _) => Some(format!("lost: {lost}")),
        (None, Some((item, count))) => Some(format!("{count} times: {item}")),
        (None, None) => None,
    }
}

pub(super) async fn same_page(stage: &Stage, law: &mut Law) -> Result<()> {
    for feed in &stage.scenario.feeds {
        let before = stage.documents().await?;
        let pages = walk(stage, feed, None, feed.page_items).await?;
        let seen = written_by("reading", before, stage.documents().await?);
        law.case(|| format!("`{}` leaves the remote as it is", feed.name), seen, stage.trouble.requests());
        let cursors = std::iter::once(None).chain(pages.iter().map(|page| Some(page.next.clone())));
        for (number, (page, cursor)) in pages.iter().zip(cursors).enumerate() {
            stage.trouble.plan(None);
            stage.witness.search("a cursor", &page.next.bytes);
            let again = pull(stage, feed, cursor.as_ref(), feed.page_items).await?;
            let seen = other_page(stage, feed, page, &again).await?;
            law.case(|| format!("page {number} of `{}`", feed.name), seen, stage.trouble.requests());
        }
    }
    law.not_tried("the scenario reads no feed");
    Ok(())
}

/// Says how two pages of one cursor differ. Their next cursors may tell when they were read, if they lead to the same.
async fn other_page(stage: &Stage, feed: &FeedEntry, page: &Page, again: &Page) -> Result<Option<String>> {
    if (&page.items, page.caught_up) != (&again.items, again.caught_up) {
        return Ok(Some("the page is another one".to_owned()));
    }
    if page.next == again.next {
        return Ok(None);
    }
    let one = pull(stage, feed, Some(&page.next), feed.page_items).await?;
    let other = pull(stage, feed, Some(&again.next), feed.page_items).await?;
    let differs = (&one.items, one.caught_up) != (&other.items, other.caught_up);
    Ok(differs.then(|| "the next page is another one".to_owned()))
}

pub(super) async fn resumes(stage: &Stage, law: &mut Law) -> Result<()> {
    for feed in &stage.scenario.feeds {
        let pages = walk(stage, feed, None, 500).await?;
        let whole = counted(&pages);
        if whole.is_empty() {
            bail!("feed `{}` is empty; let the simulator have something to read", feed.name);
        }
        complete(stage, feed, &pages, law).await?;
        let smallest = u32::try_from(whole.len().div_ceil(MAX_BOUNDARIES)).unwrap_or(feed.page_items);
        for size in [smallest, feed.page_items] {
            let pages = walk(stage, feed, None, size).await?;
            for boundary in 0..=pages.len() {
                stage.trouble.plan(None);
                let (read, _) = pages.split_at(boundary);
                let ended = read.last().is_some_and(|page| page.caught_up);
                let from = read.last().map(|page| page.next.clone());
                let rest = if ended { Vec::new() } else { walk(stage, feed, from, size).await? };
                let seen = difference(&whole, &counted(read.iter().chain(&rest)));
                let case = || format!("`{}` resumed after page {boundary} of {size}", feed.name);
                law.case(case, seen, stage.trouble.requests());
            }
        }
        ended_anywhere(stage, feed, &whole, law).await?;
    }
    law.not_tried("the scenario reads no feed");
    Ok(())
}

/// Holds what a feed brings against what the remote counts, and against what the scenario says that it has.
async fn complete(stage: &Stage, feed: &FeedEntry, pages: &[Page], law: &mut Law) -> Result<()> {
    let ids: BTreeSet<_> = pages.iter().flat_map(|page| &page.items).map(|item| (&item.entity, &item.id)).collect();
    let read = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let manifest = stage.connector.manifest();
    let countable = manifest.feeds.iter().any(|known| known.name == feed.name && known.countable);
    let counted =
        if countable { Some(stage.rested().count(&feed.name, &Bounds::default()).await?.value.count) } else { None };
    for (who, there) in [("the remote counts", counted), ("the scenario says", feed.records)] {
        let Some(there) = there else { continue };
        let seen = (there != read).then(|| format!("{who} {there} records, and the feed brings {read}"));
        law.case(|| format!("`{}` is complete", feed.name), seen, stage.trouble.requests());
    }
    Ok(())
}

/// Ends a run that reads at every request, and wherever it waits; another goes on.
async fn ended_anywhere(stage: &Stage, feed: &FeedEntry, whole: &BTreeMap<String, usize>, law: &mut Law) -> Result<()> {
    stage.trouble.plan(None);
    let (flow, _) = stage.reading(&feed.name, feed.page_items)?;
    flow.recover().await?;
    let requests = stage.trouble.requests().len();
    for (request, (when, happening)) in (0..requests).flat_map(|at| ends().map(|end| (at, end))) {
        let (flow, sink) = stage.reading(&feed.name, feed.page_items)?;
        stage.trouble.plan(Some((request, happening)));
        flow.run(None).await?;
        let trace = stage.trouble.requests();
        stage.trouble.plan(None);
        flow.recover().await?;
        let seen = arrived(whole.len(), &sink.arrived());
        law.case(|| format!("reading `{}` ended {when} request {request}", feed.name), seen, trace);
    }
    let (flow, _) = stage.reading(&feed.name, feed.page_items)?;
    let waits = waits(&flow).await?;
    for point in (1..waits).step_by((waits / MAX_POINTS).max(1)) {
        let (flow, sink) = stage.reading(&feed.name, feed.page_items)?;
        stage.trouble.plan(None);
        if let Ended::Report(_) = flow.run(Some(point)).await? {
            break;
        }
        flow.recover().await?;
        let seen = arrived(whole.len(), &sink.arrived());
        law.case(|| format!("reading `{}` ended where it waits, time {point}", feed.name), seen, Vec::new());
    }
    Ok(())
}

/// Counts how often a run waits.
async fn waits(flow: &crate::stage::Flow<'_>) -> Result<usize> {
    flow.run(None).await?;
    Ok(flow.waited())
}

/// Compares what arrived at the other end with what there is: each item once.
fn arrived(expected: usize, arrived: &[String]) -> Option<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    arrived.iter().for_each(|one| *counts.entry(one).or_default() += 1);
    let doubled = counts.values().filter(|count| **count > 1).count();
    (doubled > 0 || counts.len() != expected)
        .then(|| format!("{} of {expected} items arrived, {doubled} of them more than once", counts.len()))
}

pub(super) async fn failures(stage: &Stage, law: &mut Law) -> Result<()> {
    for feed in &stage.scenario.feeds {
        let whole = counted(&walk(stage, feed, None, 500).await?);
        stage.trouble.plan(None);
        let (flow, _) = stage.reading(&feed.name, feed.page_items)?;
        flow.recover().await?;
        let requests = stage.trouble.requests().len();
        let lost = [("answer lost", Happening::AnswerLost)];
        let faults: Vec<_> = catalogue().into_iter().map(|fault| (fault.name, fault.happening)).chain(lost).collect();
        for (request, (name, happening)) in (0..requests).flat_map(|at| faults.iter().map(move |fault| (at, fault))) {
            let (flow, sink) = stage.reading(&feed.name, feed.page_items)?;
            stage.trouble.plan(Some((request, happening.clone())));
            let report = flow.recover().await.with_context(|| format!("{name} at request {request}"))?;
            let trace = stage.trouble.requests();
            let seen = arrived(whole.len(), &sink.arrived());
            let seen = seen.or_else(|| (report.totals.waiting > 0).then(|| "something waits for ever".to_owned()));
            law.case(|| format!("{name} at request {request} of `{}`", feed.name), seen, trace);
        }
    }
    law.not_tried("the scenario reads no feed");
    Ok(())
}
