//! `wharf retry`.

use serde_json::json;
use wharf_flow::{ItemState, Selector, Story};

use super::Context;
use super::selection::{Selection, who};
use crate::failure::{Exit, Failure};
use crate::site;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Selection,
}

/// Makes what is selected due with the next run.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (installation, ledger) = site::ledger(&context.file)?;
    let selector = arguments.which.selector(&installation)?;
    let retried = ledger.retry(selector.clone(), &who()).await?;
    let why_not = if retried == 0 { why_not(&ledger, &selector)? } else { Vec::new() };
    context.output.result(&json!({ "retried": retried, "why_not": why_not }), |page| match retried {
        0 if why_not.is_empty() => page.line("nothing like that waits; `wharf status` tells what does"),
        0 => why_not.iter().for_each(|reason| page.line(reason)),
        1 => page.line("1 item is tried again with the next run"),
        count => page.line(&format!("{count} items are tried again with the next run")),
    });
    Ok(Exit::Fine)
}

/// Says for a document why there is nothing to try again.
fn why_not(ledger: &wharf_flow::Ledger, selector: &Selector) -> Result<Vec<String>, Failure> {
    let Some((connection, entity, id)) = &selector.document else { return Ok(Vec::new()) };
    Ok(ledger.why(connection, entity, id)?.iter().map(reason).collect())
}

fn reason(story: &Story) -> String {
    let flow = &story.flow;
    match (story.state, &story.under) {
        (ItemState::Done, _) => format!("{flow}: it is done; there is nothing to try again"),
        (ItemState::Filtered, Some(rule)) => {
            format!(
                "{flow}: rule `{rule}` filtered it; change the rule, then `wharf backfill {flow}` looks at it again"
            )
        }
        _ => format!("{flow}: it is due already, or the remote is being asked about it; the next run goes on with it"),
    }
}
