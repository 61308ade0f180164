//! Orders: making them, and finding what was made.
//!
//! FLOWii never repeats an order by itself and has no key of ours, so an order is recognised by the correlation in its
//! description. The list is read from the day before the order was placed: nothing can have been entered earlier.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use wharf_sdk::document::Order;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, civil, log};

use crate::api::{self, Draft, Resource};
use crate::client::{Client, Refusal, envelope, refusal};
use crate::config::{Config, ItemsIn};
use crate::convert::item::{self, Item};
use crate::convert::order::{Surroundings, check, draft};
use crate::listing::{Walk, walk};
use crate::{correlation, items, partners};

/// Milliseconds of a day: more than any two time zones or clocks differ.
const DAY: u64 = 86_400_000;
/// Most orders that are read one by one to find one: a call of the host sends 200 requests at most.
const MOST_SINGLE_READS: usize = 50;

/// An order that is in FLOWii.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
}

impl Found {
    fn applied(self) -> Applied {
        let applied = Applied::new(self.id);
        match self.number {
            Some(number) => applied.number(number),
            None => applied,
        }
    }
}

/// Plans the making of an order.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let order: Order = intent.document()?;
    check(&order)?;
    let items = item::of_order(&order.lines, &client.config)?;
    let order_type = client.config.order_type_id.as_deref().unwrap_or("<first order type>");
    let around = Surroundings { partner: "<partner>", order_type, correlation: &intent.correlation };
    let draft = draft(&order, inside(&items, &client.config), &around, &client.config);
    let preview = partners::first_search(client, &order.customer)?;
    let key = partners::Key::of(&order.customer);
    Ok(preview
        .note(format!("finds the partner by `{}`; without it nothing is written", key.text()))
        .note("then looks whether the order is there already")
        .note(format!("then POST /orders with {}", draft.body())))
}

/// Makes an order, or completes one that was left half-done.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let order: Order = intent.document()?;
    check(&order)?;
    let items = item::of_order(&order.lines, &client.config)?;
    // The partner comes first: an order that waits for it does not read the list of orders in vain.
    let partner = partners::find(client, &order.customer)?.ok_or_else(|| no_partner(&order.customer))?;
    match find(client, &order, &intent.correlation)? {
        Walk::Found(found) => return resume(client, found, &items),
        Walk::TooLong if client.config.items_in != ItemsIn::Inline => return Err(too_many()),
        // The order is made by one request, and the host repeats that only after `verify` has said that it is not there.
        Walk::TooLong | Walk::Over => {}
    }
    let around =
        Surroundings { partner: &partner.id, order_type: client.order_type()?, correlation: &intent.correlation };
    let mut draft = draft(&order, inside(&items, &client.config), &around, &client.config);
    let made = send(client, &mut draft)?;
    items::complete(client, &made.id, &items)?;
    Ok(Outcome::Applied(numbered(client, made).applied()))
}

/// Asks whether an order was made, with all its items.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let order: Order = intent.document()?;
    let found = match find(client, &order, &intent.correlation)? {
        Walk::Found(found) => found,
        Walk::Over => return Ok(Verdict::Absent),
        Walk::TooLong => return Ok(Verdict::Inconclusive(too_many().message().to_owned())),
    };
    let wanted = item::of_order(&order.lines, &client.config)?;
    // An order without all its items is as good as none: `apply` finds it and adds what is missing.
    match items::missing(client, &found.id, &wanted)?.is_empty() {
        true => Ok(Verdict::Found(numbered(client, found).applied())),
        false => Ok(Verdict::Absent),
    }
}

/// The dependency that an order or an invoice lacks.
pub(crate) fn no_partner(partner: &wharf_sdk::document::Partner) -> Failure {
    let key = partners::Key::of(partner);
    let message = format!("FLOWii has no partner with `{}`; make it first", key.text());
    Failure::dependency_missing("partner", key.text(), message)
}

fn too_many() -> Failure {
    let message = "more orders came after this one than are read to find it; raise `search_pages`";
    Failure::precondition("search-too-long", message)
}

/// Returns the items that go inside the order.
fn inside<'a>(items: &'a [Item], config: &Config) -> &'a [Item] {
    if config.items_in == ItemsIn::Endpoint { &[] } else { items }
}

/// Returns the filter of the list in which the order is, if it is there.
fn since(order: &Order) -> Vec<(&'static str, String)> {
    let times = [&order.created_at, &order.confirmed_at];
    let earliest = times.into_iter().flatten().filter_map(|time| civil::parse_rfc3339(time)).min();
    earliest.map(|time| ("filter[created-from]", (time.saturating_sub(DAY) / 1000).to_string())).into_iter().collect()
}

/// Finds the order that an intent made.
fn find(client: &Client, order: &Order, correlation: &str) -> Result<Walk<Found>> {
    let described = Cell::new(false);
    let bare = RefCell::new(Vec::new());
    let walked = find_where(client, &since(order), |row| {
        if !row.mentions("description") {
            bare.borrow_mut().push(row.id.to_string());
            return Ok(false);
        }
        described.set(true);
        let attributes: api::Order<'_> = row.attributes()?;
        Ok(correlation::is_in(attributes.description.as_str(), correlation))
    })?;
    match walked {
        // A list that leaves out every description says nothing: the orders themselves are read.
        Walk::Over if !described.get() => find_among(client, &bare.into_inner(), correlation),
        walked => Ok(walked),
    }
}

fn find_among(client: &Client, ids: &[String], correlation: &str) -> Result<Walk<Found>> {
    for id in ids.iter().take(MOST_SINGLE_READS) {
        let response = client.get_one("order", &["orders", id], id)?;
        let row = envelope(&response)?.resource()?;
        if correlation::is_in(row.attributes::<api::Order<'_>>()?.description.as_str(), correlation) {
            return Ok(Walk::Found(found(&row)?));
        }
    }
    Ok(if ids.len() > MOST_SINGLE_READS { Walk::TooLong } else { Walk::Over })
}

/// Finds the first order of a list for which `is_it` holds.
pub(crate) fn find_where(
    client: &Client,
    query: &[(&str, String)],
    is_it: impl Fn(&Resource<'_>) -> Result<bool>,
) -> Result<Walk<Found>> {
    walk(client, &["orders"], query, client.config.search_pages, |_, row| match is_it(row)? {
        true => Ok(ControlFlow::Break(found(row)?)),
        false => Ok(ControlFlow::Continue(())),
    })
}

fn found(row: &Resource<'_>) -> Result<Found> {
    Ok(Found { id: row.id.to_string(), number: row.attributes::<api::Order<'_>>()?.number.filled() })
}

fn resume(client: &Client, found: Found, items: &[Item]) -> Result<Outcome> {
    let added = items::complete(client, &found.id, items)?;
    let applied = numbered(client, found).applied();
    Ok(if added == 0 { Outcome::AlreadyApplied(applied) } else { Outcome::Applied(applied) })
}

/// Sends the order. Refused with 400 or 422, which says that nothing was made, it is sent again without the parts that
/// are poorly documented: company data and custom fields, and items inside the order.
fn send(client: &Client, draft: &mut Draft) -> Result<Found> {
    loop {
        let response = client.post(&["orders"], draft)?;
        let refused = refusal(&response);
        if let Some(refused) = &refused
            && give_way(draft, refused, client.config.items_in)
        {
            log::info("order sent again without optional parts", &[("refused", &refused.pointers.join(" "))]);
            continue;
        }
        let response = client.accepted(response)?;
        let row = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?;
        if row.id.as_str().is_empty() {
            return Err(response.unreadable("the new order has no `id`"));
        }
        // The order is there: attributes that cannot be read are no reason to say that it may not be.
        return Ok(found(&row).unwrap_or_else(|_| Found { id: row.id.to_string(), number: None }));
    }
}

/// Takes out what the refusal may be about; false when nothing is left to take out.
fn give_way(draft: &mut Draft, refused: &Refusal, items_in: ItemsIn) -> bool {
    let names = |name: &str| refused.pointers.iter().any(|pointer| pointer.contains(name));
    let blind = refused.pointers.is_empty();
    let mut gave = false;
    for name in ["company-data", "custom-field-string-values"] {
        gave |= (blind || names(name)) && draft.drop_relation(name);
    }
    let items_may_go = items_in == ItemsIn::Auto && (names("/items") || blind);
    if !gave && items_may_go {
        gave = draft.drop_relation("items");
    }
    gave
}

/// Adds the number that FLOWii gave the order, which can be read right after it was made.
fn numbered(client: &Client, made: Found) -> Found {
    if made.number.is_some() {
        return made;
    }
    let read = || -> Result<Found> {
        let response = client.get_one("order", &["orders", &made.id], &made.id)?;
        found(&envelope(&response)?.resource()?)
    };
    match read() {
        Ok(found) => Found { number: found.number, ..made },
        Err(failure) => {
            log::warn("number of an order could not be read", &[("order", &made.id), ("reason", &failure)]);
            made
        }
    }
}
