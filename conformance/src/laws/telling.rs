//! Webhooks: whatever becomes of the messages on their way, it ends as with polling only.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use wharf_flow::{Received, Webhooks};
use wharf_host::model::{Bounds, Cursor, Delivery};

use crate::report::Law;
use crate::scenario::WebhookEntry;
use crate::stage::{REMOTE, Stage};

/// Pages that are read at most to learn the ids of a feed.
const MAX_PAGES: usize = 200;

/// Times that the run which follows the messages waits before its process ends.
const WAITS_BEFORE_THE_END: usize = 12;

/// What becomes of the messages on their way.
#[derive(Debug, Clone, Copy)]
enum Way {
    AsSent,
    Reversed,
    Twice,
    ThirdLost,
    AllLost,
}

const WAYS: [Way; 5] = [Way::AsSent, Way::Reversed, Way::Twice, Way::ThirdLost, Way::AllLost];

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::AsSent => "messages as they were sent",
            Self::Reversed => "messages reversed",
            Self::Twice => "each message twice",
            Self::ThirdLost => "every third message lost",
            Self::AllLost => "all messages lost",
        }
    }

    fn arranged(self, sent: Vec<Delivery>) -> Vec<Delivery> {
        match self {
            Self::AsSent => sent,
            Self::Reversed => sent.into_iter().rev().collect(),
            // The second round comes when the first is over, as a remote does that heard no answer.
            Self::Twice => sent.iter().chain(&sent).cloned().collect(),
            Self::ThirdLost => sent.into_iter().enumerate().filter(|(at, _)| at % 3 != 0).map(|(_, one)| one).collect(),
            Self::AllLost => Vec::new(),
        }
    }
}

pub(super) async fn webhooks(stage: &Stage, law: &mut Law) -> Result<()> {
    for webhook in &stage.scenario.webhooks {
        for way in WAYS {
            for polled_before in [false, true] {
                let seen = told(stage, webhook, way, polled_before).await?;
                let when = if polled_before { "after" } else { "before" };
                let case = || format!("`{}`: {}, {when} the feed was read", webhook.feed, way.name());
                law.case(case, seen, stage.trouble.requests());
            }
        }
    }
    let exports = stage.connector.inspection().exports_interface("webhooks");
    law.not_tried(if exports { "the scenario has no webhook" } else { "the connector takes no webhooks" });
    Ok(())
}

/// Delivers messages, ends the process that follows them, lets another go on, and compares with polling only.
async fn told(stage: &Stage, webhook: &WebhookEntry, way: Way, polled_before: bool) -> Result<Option<String>> {
    stage.trouble.plan(None);
    let (flow, sink) = stage.reading(&webhook.feed, 500)?;
    if polled_before {
        flow.recover().await?;
    }
    if let Some(write) = &webhook.write {
        stage.put(write, &stage.mark(), 0).await?;
    }
    let sent: Vec<_> =
        ids(stage, &webhook.feed).await?.iter().map(|id| message(&webhook.body, webhook, id, &stage.mark())).collect();
    let (ledger, mut seen) = (flow.ledger()?, None);
    let desk = flow.webhooks(&ledger);
    let first_ones = sent.len();
    for (number, delivery) in way.arranged(sent).into_iter().enumerate() {
        seen = seen.or(refused(&desk, &delivery, number < first_ones).await?);
        seen = seen.or(believed(&desk, webhook, stage).await?);
    }
    drop((desk, ledger));
    flow.run(Some(WAITS_BEFORE_THE_END)).await?;
    flow.recover().await?;
    stage.witness.search("a ledger", &std::fs::read(flow.path())?);
    let (polling, polled) = stage.reading(&webhook.feed, 500)?;
    polling.recover().await?;
    Ok(seen.or_else(|| difference(&polled.documents(), &sink.documents())))
}

fn message(body: &str, webhook: &WebhookEntry, id: &str, mark: &str) -> Delivery {
    Delivery {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: webhook.headers.clone(),
        body: body.replace("{id}", id).replace("{mark}", mark).into_bytes(),
    }
}

/// Reads the ids of a feed to its end.
async fn ids(stage: &Stage, feed: &str) -> Result<Vec<String>> {
    let (mut cursor, mut ids): (Option<Cursor>, Vec<String>) = (None, Vec::new());
    for _ in 0..MAX_PAGES {
        let page = stage.pull(feed, cursor.as_ref(), &Bounds::default()).await?;
        ids.extend(page.items.into_iter().map(|item| item.id));
        if page.caught_up {
            return Ok(ids);
        }
        cursor = Some(page.next);
    }
    bail!("feed `{feed}` does not end within {MAX_PAGES} pages; give the scenario less data")
}

/// Delivers an honest message, which comes for the first time or again; says how it was not taken.
async fn refused(desk: &Webhooks, delivery: &Delivery, first: bool) -> Result<Option<String>> {
    Ok(match desk.receive(REMOTE, delivery).await? {
        Received::Accepted { events: 0, .. } => Some("an honest message tells nothing".to_owned()),
        Received::Accepted { new: 0, .. } if first => {
            Some("a message is taken for one that came before; its key has to tell them apart".to_owned())
        }
        Received::Accepted { .. } => None,
        other => Some(format!("an honest message is not taken: {other:?}")),
    })
}

/// Delivers a forged message and a cut one; says which was believed.
async fn believed(desk: &Webhooks, webhook: &WebhookEntry, stage: &Stage) -> Result<Option<String>> {
    let forged = message(&webhook.forged, webhook, "1", &stage.mark());
    let mut cut = message(&webhook.body, webhook, "1", &stage.mark());
    cut.body.truncate(cut.body.len() / 2);
    for (what, delivery) in [("forged", forged), ("cut", cut)] {
        if let Received::Accepted { .. } = desk.receive(REMOTE, &delivery).await? {
            return Ok(Some(format!("a {what} message is believed")));
        }
    }
    Ok(None)
}

fn difference(polled: &BTreeMap<String, usize>, told: &BTreeMap<String, usize>) -> Option<String> {
    let lost = polled.keys().find(|document| !told.contains_key(*document));
    let odd = told.iter().find(|(document, times)| **times > 1 || !polled.contains_key(*document));
    match (lost, odd) {
        (Some(lost), _) => Some(format!("polling brings what messages do not: {lost}")),
        (None, Some((odd, times))) => Some(format!("{times} times, and otherwise with polling only: {odd}")),
        (None, None) => None,
    }
}
