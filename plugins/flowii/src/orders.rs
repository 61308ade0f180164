//! Orders: making them, and finding what was made.
//!
//! FLOWii never repeats an order by itself and has no key of ours, so an order is recognised by the correlation in its
//! description. The list is read from the day before the order was placed: nothing can have been entered earlier.

pub(crate) mod change;

use std::ops::ControlFlow;

use wharf_sdk::batch::{all_failed, each};
use wharf_sdk::document::Order;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk, civil, log};

use crate::api::{Draft, Resource};
use crate::client::{Client, Refusal, envelope, refusal};
use crate::config::{Config, ItemsIn};
use crate::convert::item::{self, Item};
use crate::convert::order::{CUSTOM_VALUES, Surroundings, check, draft};
use crate::listing::walk;
use crate::search::{Found, Place, Search, search};
use crate::{correlation, items, partners};

/// Milliseconds of a day: more than any two time zones or clocks differ.
const DAY: u64 = 86_400_000;
/// The list of orders, and what they are recognised by.
const PLACE: Place<'static> =
    Place { entity: "order", path: "orders", attribute: "description", is_it: correlation::is_in };

fn applied(found: Found) -> Applied {
    let applied = Applied::new(found.id);
    match found.number {
        Some(number) => applied.number(number),
        None => applied,
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
    let preview = preview.note(format!("finds the partner by `{}`; without it nothing is written", key.text()));
    let preview = match client.config.check_before_create {
        Some(false) => preview,
        _ => preview.note("then looks whether the order is there already"),
    };
    Ok(preview.note(format!("then POST /orders with {}", draft.body())))
}

/// An order that is to be made.
struct Wanted<'a> {
    order: Order,
    items: Vec<Item>,
    partner: String,
    correlation: &'a str,
}

impl<'a> Wanted<'a> {
    /// The partner comes first: an order that waits for it does not read the list of orders in vain.
    fn of(client: &Client, intent: &'a Intent) -> Result<Self> {
        let order: Order = intent.document()?;
        check(&order)?;
        let items = item::of_order(&order.lines, &client.config)?;
        let partner = partners::find(client, &order.customer)?.ok_or_else(|| no_partner(&order.customer))?.id;
        Ok(Self { order, items, partner, correlation: &intent.correlation })
    }

    fn create(&self, client: &Client, known: &Search) -> Result<Outcome> {
        match known.of(self.correlation) {
            Walk::Found(found) => return resume(client, found, &self.items),
            Walk::TooLong if client.config.items_in != ItemsIn::Inline => return Err(too_many()),
            // The order is made by one request, and the host repeats that only after `verify` has said that it is not there.
            Walk::TooLong | Walk::Over => {}
        }
        let around =
            Surroundings { partner: &self.partner, order_type: client.order_type()?, correlation: self.correlation };
        let mut draft = draft(&self.order, inside(&self.items, &client.config), &around, &client.config);
        let made = send(client, &mut draft)?;
        items::complete(client, &made.id, &self.items)?;
        Ok(Outcome::Applied(applied(numbered(client, made))))
    }
}

/// Makes orders, or completes those that were left half-done. The list of orders is read once for all of them.
pub(crate) fn create_all(client: &Client, intents: &[Intent]) -> Vec<Result<Outcome>> {
    let wanted = each(intents.iter().map(Ok), |intent| Wanted::of(client, intent));
    let known = match client.config.check_before_create {
        Some(false) => Ok(Search::default()),
        _ => look(client, wanted.iter().flatten().map(|one| (&one.order, one.correlation))),
    };
    match known {
        Ok(known) => each(wanted, |one| one.create(client, &known)),
        Err(failure) => all_failed(wanted, &failure),
    }
}

/// Asks whether orders were made, with all their items.
pub(crate) fn verify_all(client: &Client, intents: &[Intent]) -> Vec<Result<Verdict>> {
    let documents =
        each(intents.iter().map(Ok), |intent| Ok((intent.document::<Order>()?, intent.correlation.as_str())));
    match look(client, documents.iter().flatten().map(|(order, correlation)| (order, *correlation))) {
        Ok(known) => each(documents, |(order, correlation)| verdict(client, &order, known.of(correlation))),
        Err(failure) => all_failed(documents, &failure),
    }
}

fn verdict(client: &Client, order: &Order, walked: Walk<Found>) -> Result<Verdict> {
    let found = match walked {
        Walk::Found(found) => found,
        Walk::Over => return Ok(Verdict::Absent),
        Walk::TooLong => return Ok(Verdict::Inconclusive(too_many().message().to_owned())),
    };
    let wanted = item::of_order(&order.lines, &client.config)?;
    // An order without all its items is as good as none: `apply` finds it and adds what is missing.
    match items::missing(client, &found.id, &wanted)?.is_empty() {
        true => Ok(Verdict::Found(applied(numbered(client, found)))),
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

/// Looks for orders by their correlations, in the list that begins a day before the earliest of them.
fn look<'a>(client: &Client, orders: impl Iterator<Item = (&'a Order, &'a str)>) -> Result<Search> {
    let (orders, correlations): (Vec<&Order>, Vec<&str>) = orders.unzip();
    let since: Option<Vec<u64>> = orders.iter().map(|order| earliest(order)).collect();
    let since = since.and_then(|times| times.into_iter().min());
    let query: Vec<_> =
        since.map(|time| ("filter[created-from]", (time.saturating_sub(DAY) / 1000).to_string())).into_iter().collect();
    search(client, PLACE, &query, &correlations)
}

/// Returns when the order was placed, as it says itself; none where it says nothing, so that the whole list is read.
fn earliest(order: &Order) -> Option<u64> {
    let times = [&order.created_at, &order.confirmed_at];
    times.into_iter().flatten().filter_map(|time| civil::parse_rfc3339(time)).min()
}

/// Finds the first order of a list for which `is_it` holds.
pub(crate) fn find_where(
    client: &Client,
    query: &[(&str, String)],
    is_it: impl Fn(&Resource<'_>) -> Result<bool>,
) -> Result<Walk<Found>> {
    walk(client, &["orders"], query, client.config.search_pages, |_, row| match is_it(row)? {
        true => Ok(ControlFlow::Break(Found::of(row)?)),
        false => Ok(ControlFlow::Continue(())),
    })
}

fn resume(client: &Client, found: Found, items: &[Item]) -> Result<Outcome> {
    let added = items::complete(client, &found.id, items)?;
    let applied = applied(numbered(client, found));
    Ok(if added == 0 { Outcome::AlreadyApplied(applied) } else { Outcome::Applied(applied) })
}

/// Sends the order. Refused with 400 or 422, which says that nothing was made, it is sent again without the parts that
/// are poorly documented: company data and custom fields, and items inside the order.
fn send(client: &Client, draft: &mut Draft) -> Result<Found> {
    loop {
        let response = client.post(&["orders"], draft)?;
        let refused = refusal(PLACE.entity, &response);
        if let Some(refused) = &refused
            && give_way(draft, refused, client.config.items_in)
        {
            log::info("order sent again without optional parts", &[("refused", &refused.pointers.join(" "))]);
            continue;
        }
        let response = client.written(PLACE.entity, response)?;
        let row = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?;
        if row.id.as_str().is_empty() {
            return Err(response.unreadable("the new order has no `id`"));
        }
        // The order is there: attributes that cannot be read are no reason to say that it may not be.
        return Ok(Found::of(&row).unwrap_or_else(|_| Found { id: row.id.to_string(), number: None }));
    }
}

/// Takes out what the refusal may be about; false when nothing is left to take out.
fn give_way(draft: &mut Draft, refused: &Refusal, items_in: ItemsIn) -> bool {
    let names = |name: &str| refused.pointers.iter().any(|pointer| pointer.contains(name));
    let blind = refused.pointers.is_empty();
    let mut gave = false;
    for name in ["company-data", CUSTOM_VALUES] {
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
        Found::of(&envelope(&response)?.resource()?)
    };
    match read() {
        Ok(found) => Found { number: found.number, ..made },
        Err(failure) => {
            log::warn("number of an order could not be read", &[("order", &made.id), ("reason", &failure)]);
            made
        }
    }
}
