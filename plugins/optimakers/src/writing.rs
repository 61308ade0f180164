//! The kinds of write, and what does each.

use wharf_sdk::{Action, Failure, Intent, Outcome, Preview, Result, Verdict};

use crate::client::Client;
use crate::{customers, orders, products};

/// A kind of write.
struct Write {
    plan: fn(&Client, &Intent) -> Result<Preview>,
    apply: fn(&Client, &Intent) -> Result<Outcome>,
    verify: fn(&Client, &Intent) -> Result<Verdict>,
}

fn write_of(intent: &Intent) -> Result<Write> {
    use {customers as c, orders as o, products as p};
    Ok(match (intent.entity.as_str(), intent.action) {
        ("order", Action::Create) => Write { plan: o::plan_create, apply: o::create, verify: o::verify_create },
        ("order", Action::Update) => Write { plan: o::plan_update, apply: o::update, verify: o::verify_update },
        ("order", Action::Transition) => Write { plan: o::plan_status, apply: o::set_status, verify: o::verify_status },
        ("partner", Action::Create) => Write { plan: c::plan_create, apply: c::create, verify: c::verify_create },
        ("partner", Action::Update) => Write { plan: c::plan_update, apply: c::update, verify: c::verify_update },
        ("product", Action::Create) => Write { plan: p::plan_create, apply: p::create, verify: p::verify_create },
        ("product", Action::Update) => Write { plan: p::plan_update, apply: p::update, verify: p::verify_update },
        ("product", Action::Delete) => Write { plan: p::plan_delete, apply: p::delete, verify: p::verify_delete },
        _ => return Err(Failure::no_write(intent)),
    })
}

/// Returns the request that [`apply`] sends first.
pub(crate) fn plan(intent: &Intent) -> Result<Preview> {
    (write_of(intent)?.plan)(&Client::open()?, intent)
}

/// Does it.
pub(crate) fn apply(intent: &Intent) -> Result<Outcome> {
    (write_of(intent)?.apply)(&Client::open()?, intent)
}

/// Asks whether it was done.
pub(crate) fn verify(intent: &Intent) -> Result<Verdict> {
    (write_of(intent)?.verify)(&Client::open()?, intent)
}
