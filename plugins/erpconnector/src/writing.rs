//! The kinds of write, and what does each.

use wharf_sdk::{Action, Failure, Intent, Outcome, Preview, Result, Verdict};

use crate::client::Client;
use crate::posting::Posting;
use crate::{company, customers, entries, invoices, others, products, suppliers};

/// What makes a posting of an intent.
type Prepare = for<'a> fn(&Client, &'a Intent) -> Result<Posting<'a>>;

/// A kind of write.
enum Write {
    /// Makes something.
    Making {
        plan: fn(&Client, &Intent) -> Result<Preview>,
        apply: fn(&Client, &Intent) -> Result<Outcome>,
        verify: fn(&Client, &Intent) -> Result<Verdict>,
    },
    /// Books something.
    Booking(Prepare),
    /// Changes or removes what has a key.
    Changing {
        plan: fn(&Client, &Intent, &str) -> Result<Preview>,
        apply: fn(&Client, &Intent, &str) -> Result<Outcome>,
        verify: fn(&Client, &Intent, &str) -> Result<Verdict>,
    },
}

fn write_of(intent: &Intent) -> Result<Write> {
    Ok(match (intent.entity.as_str(), intent.action) {
        ("partner", Action::Create) => {
            Write::Making { plan: customers::plan, apply: customers::create, verify: customers::verify }
        }
        ("partner", Action::Update) => {
            Write::Changing { plan: customers::plan_update, apply: customers::update, verify: customers::verify_update }
        }
        ("product", Action::Create) => {
            Write::Making { plan: products::plan_create, apply: products::create, verify: products::verify_create }
        }
        ("product", Action::Update) => {
            Write::Changing { plan: products::plan_update, apply: products::update, verify: products::verify_update }
        }
        ("invoice", Action::Create) => {
            Write::Making { plan: invoices::plan, apply: invoices::create, verify: invoices::verify }
        }
        ("supplier-invoice", Action::Create) => Write::Booking(suppliers::invoice),
        ("supplier-order", Action::Create) => Write::Booking(suppliers::order),
        ("journal-entry", Action::Create) => Write::Booking(entries::entry),
        ("record", Action::Create) => {
            Write::Making { plan: others::plan_create, apply: others::create, verify: others::verify_create }
        }
        ("record", Action::Update) => {
            Write::Changing { plan: others::plan_update, apply: others::update, verify: others::verify_update }
        }
        ("record", Action::Delete) => {
            Write::Changing { plan: others::plan_delete, apply: others::delete, verify: others::verify_delete }
        }
        (entity @ ("invoice" | "supplier-invoice"), _) => {
            let message =
                "an invoice is never changed or removed once it is in the books; make a credit note in the ERP";
            return Err(Failure::unsupported(entity, message));
        }
        _ => return Err(Failure::no_write(intent)),
    })
}

/// Returns the request that [`apply`] sends first.
pub(crate) fn plan(intent: &Intent) -> Result<Preview> {
    let write = write_of(intent)?;
    let (client, key) = company::open(intent)?;
    match write {
        Write::Making { plan, .. } => plan(&client, intent),
        Write::Booking(prepare) => prepare(&client, intent)?.plan(&client),
        Write::Changing { plan, .. } => plan(&client, intent, required(intent, key)?),
    }
}

/// Does it.
pub(crate) fn apply(intent: &Intent) -> Result<Outcome> {
    let write = write_of(intent)?;
    let (client, key) = company::open(intent)?;
    match write {
        Write::Making { apply, .. } => apply(&client, intent),
        Write::Booking(prepare) => prepare(&client, intent)?.create(&client),
        Write::Changing { apply, .. } => apply(&client, intent, required(intent, key)?),
    }
}

/// Asks whether it was done.
pub(crate) fn verify(intent: &Intent) -> Result<Verdict> {
    let write = write_of(intent)?;
    let (client, key) = company::open(intent)?;
    match write {
        Write::Making { verify, .. } => verify(&client, intent),
        Write::Booking(prepare) => prepare(&client, intent)?.verify(&client),
        Write::Changing { verify, .. } => verify(&client, intent, required(intent, key)?),
    }
}

fn required<'a>(intent: &'a Intent, key: Option<&'a str>) -> Result<&'a str> {
    key.map_or_else(|| intent.target(), Ok)
}
