//! The kinds of write, and what does each. Those that save reads by it take several intents at once.

use wharf_sdk::batch::each;
use wharf_sdk::{Action, Failure, Intent, Outcome, Preview, Result, Verdict};

use crate::client::Client;
use crate::{invoices, orders, partners, plain, products};

/// A kind of write.
struct Write {
    plan: fn(&Client, &Intent) -> Result<Preview>,
    doing: Doing,
}

/// How a kind of write is done.
enum Doing {
    /// One after the other.
    Each { apply: fn(&Client, &Intent) -> Result<Outcome>, verify: fn(&Client, &Intent) -> Result<Verdict> },
    /// All at once.
    All {
        apply: fn(&Client, &[Intent]) -> Vec<Result<Outcome>>,
        verify: fn(&Client, &[Intent]) -> Vec<Result<Verdict>>,
    },
}

fn write_of(intent: &Intent) -> Result<Write> {
    use Action::{Create, Transition, Update};
    use Doing::{All, Each};
    Ok(match (intent.entity.as_str(), intent.action) {
        ("partner", Create) => Write {
            plan: partners::plan_create,
            doing: Each { apply: partners::create, verify: partners::verify_create },
        },
        ("partner", Update) => Write {
            plan: partners::plan_update,
            doing: Each { apply: partners::update, verify: partners::verify_update },
        },
        ("order", Create) => {
            Write { plan: orders::plan, doing: All { apply: orders::create_all, verify: orders::verify_all } }
        }
        ("order", Update | Transition) => Write {
            plan: orders::change::plan,
            doing: Each { apply: orders::change::apply, verify: orders::change::verify },
        },
        ("task" | "event" | "business-case", Create) => {
            Write { plan: plain::plan_create, doing: All { apply: plain::create_all, verify: plain::verify_all } }
        }
        ("task" | "event" | "business-case", Update) => {
            Write { plan: plain::plan_update, doing: Each { apply: plain::update, verify: plain::verify_update } }
        }
        ("product", Create) => Write {
            plan: products::plan_create,
            doing: All { apply: products::create_all, verify: products::verify_all },
        },
        ("product", Update) => Write {
            plan: products::plan_update,
            doing: Each { apply: products::update, verify: products::verify_update },
        },
        ("invoice", Create) => {
            Write { plan: invoices::plan, doing: Each { apply: invoices::create, verify: invoices::verify } }
        }
        _ => return Err(Failure::no_write(intent)),
    })
}

/// Returns the request that [`apply`] sends first.
pub(crate) fn plan(intent: &Intent) -> Result<Preview> {
    (write_of(intent)?.plan)(&Client::open()?, intent)
}

/// Does it, for a batch of one kind of write.
pub(crate) fn apply(intents: &[Intent]) -> Vec<Result<Outcome>> {
    opened(intents, |client, doing, alike| match doing {
        Doing::Each { apply, .. } => each(alike.iter().map(Ok), |intent| apply(client, intent)),
        Doing::All { apply, .. } => apply(client, alike),
    })
}

/// Asks whether it was done, for a batch of one kind of write.
pub(crate) fn verify(intents: &[Intent]) -> Vec<Result<Verdict>> {
    opened(intents, |client, doing, alike| match doing {
        Doing::Each { verify, .. } => each(alike.iter().map(Ok), |intent| verify(client, intent)),
        Doing::All { verify, .. } => verify(client, alike),
    })
}

/// Goes through runs of intents of the same kind of write: the host's batches are one run.
fn opened<T>(intents: &[Intent], act: impl Fn(&Client, &Doing, &[Intent]) -> Vec<Result<T>>) -> Vec<Result<T>> {
    let runs = intents.chunk_by(|one, other| one.entity == other.entity && one.action == other.action);
    let run = |alike: &[Intent]| {
        let ready = alike.first().map(|first| Ok((write_of(first)?.doing, Client::open()?)));
        match ready {
            None => Vec::new(),
            Some(Ok((doing, client))) => act(&client, &doing, alike),
            Some(Err(failure)) => alike.iter().map(|_| Err(Failure::clone(&failure))).collect(),
        }
    };
    runs.flat_map(run).collect()
}
