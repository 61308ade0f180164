//! The feeds of confirmed orders, `orders` and `raw-orders`.
//!
//! Without a status filter a pull goes on by time of confirmation, so that each order comes once.
//!
//! With a status filter that would not do: an order may enter the status long after its confirmation, behind the place
//! where the cursor is. So the feed *sweeps*: it goes through all orders of the status from the start of its window,
//! status by status, and when it has caught up the next pull begins anew. Who reads it drops what has not changed, which
//! the host's ledger does anyway. The vendor's own way for this, the journal, is switched off for most accounts and
//! forgets after three days.

use serde::{Deserialize, Serialize};
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result, log};

use crate::api::order::{Head, Order, Orders, RawOrders};
use crate::api::{Raw, Rows};
use crate::client::{Answer, Client};
use crate::convert::order_document;

pub(crate) mod question;
pub(crate) mod walk;

use question::{Question, Source};
use walk::{Position, Row, Trouble};

/// Entity of orders.
pub(crate) const ENTITY: &str = "order";
/// Version of the cursors of the order feeds.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// Where a feed of orders is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Second that a sweep begins at.
    since: u64,
    /// Status that a sweep is at; none in a walk over all orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Place in the walk.
    position: Position,
}

/// Pulls a page of common documents.
pub(crate) fn pull(client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let pull = Pull::new(client, cursor, bounds)?;
    let answer = client.read("getOrders", &pull.question()?)?;
    let Orders(Rows(orders)) = answer.payload()?;
    pull.page(&answer, &orders)
}

/// Pulls a page of orders as they are written: pieces of the answer that the host keeps.
pub(crate) fn pull_raw(client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    let pull = Pull::new(client, cursor, bounds)?;
    let answer = client.read_kept("getOrders", &pull.question()?)?;
    let RawOrders(Rows(orders)) = answer.payload()?;
    let orders: Vec<_> = orders.into_iter().map(|order| RawOrder::of(order, &answer)).collect::<Result<_>>()?;
    pull.page(&answer, &orders)
}

/// One pull: what is asked for, and where from.
struct Pull<'a> {
    client: &'a Client,
    bounds: &'a Bounds,
    statuses: Vec<&'a str>,
    sources: Vec<Source<'a>>,
    emails: Vec<&'a str>,
    place: Place,
}

impl<'a> Pull<'a> {
    fn new(client: &'a Client, cursor: Option<Cursor>, bounds: &'a Bounds) -> Result<Self> {
        let mut statuses: Vec<&str> = Vec::new();
        for status in bounds.filter_values("status") {
            if !statuses.contains(&status) {
                statuses.push(status);
            }
        }
        let sources = bounds.filter_values("source").map(Source::of).collect::<Result<_>>()?;
        let emails = bounds.filter_values("email").collect();
        let since = bounds.since.map_or(1, |instant| instant.div_ceil(1000).max(1));
        let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
        let place = place.map_or_else(|| Place::start(since, &statuses), |place| place.for_statuses(&statuses));
        Ok(Self { client, bounds, statuses, sources, emails, place })
    }

    /// Returns the parameters of the question. A filter with one value is the server's, one with several is ours.
    fn question(&self) -> Result<Question<'_>> {
        let position = &self.place.position;
        let mut question = Question::with_includes(&self.client.config);
        question.date_confirmed_from = Some(position.second);
        question.id_from = position.inside;
        if let Some(status) = &self.place.status {
            question.status_id = Some(question::whole("/filter/status", status)?);
        }
        if let [source] = self.sources.as_slice() {
            question.filter_order_source = Some(source.kind);
            question.filter_order_source_id = source.id;
        }
        if let [email] = self.emails.as_slice() {
            question.filter_email = Some(email);
        }
        Ok(question)
    }

    fn page<T: Listed>(&self, answer: &Answer, orders: &[T]) -> Result<Page> {
        let rows: Vec<Row> = orders.iter().map(|order| order.row(answer)).collect::<Result<_>>()?;
        let step = self.place.position.step(&rows);
        self.report(step.trouble, answer)?;
        let mut page = PageBuilder::new(self.bounds);
        let mut passed: Vec<Row> = Vec::with_capacity(step.take.len());
        for index in step.take {
            let (Some(order), Some(row)) = (orders.get(index), rows.get(index)) else { continue };
            if self.bounds.until.is_some_and(|until| row.confirmed.saturating_mul(1000) >= until) {
                return self.end(page, self.place.position.after(&passed));
            }
            if self.wants(order) && page.push(order.item(answer)?).is_some() {
                let next = self.place.at(self.place.position.after(&passed));
                return Ok(page.finish(next.cursor()?, Completeness::More));
            }
            passed.push(*row);
        }
        match step.more {
            true => Ok(page.finish(self.place.at(step.next).cursor()?, Completeness::More)),
            false => self.end(page, step.next),
        }
    }

    /// Ends the walk, or goes on to the next status, or gets ready for the next sweep.
    fn end(&self, page: PageBuilder, position: Position) -> Result<Page> {
        let Some(status) = &self.place.status else {
            return Ok(page.finish(self.place.at(position).cursor()?, Completeness::CaughtUp));
        };
        let mut rest = self.statuses.iter().skip_while(|known| *known != status).skip(1);
        match rest.next() {
            Some(next) => Ok(page.finish(self.place.sweep(next).cursor()?, Completeness::More)),
            None => {
                let first = self.statuses.first().copied().unwrap_or(status);
                Ok(page.finish(self.place.sweep(first).cursor()?, Completeness::CaughtUp))
            }
        }
    }

    fn wants<T: Listed>(&self, order: &T) -> bool {
        let source = self.sources.len() < 2 || self.sources.iter().any(|source| source.is_of(order.source()));
        let email = || {
            let written = order.email().text();
            self.emails.len() < 2 || self.emails.iter().any(|email| email.eq_ignore_ascii_case(&written))
        };
        source && email()
    }

    fn report(&self, trouble: Option<Trouble>, answer: &Answer) -> Result<()> {
        match trouble {
            None => Ok(()),
            Some(Trouble::IdFromIgnored) => {
                let second = self.place.position.second;
                log::warn("orders of one second cannot be read on by id", &[("date_confirmed", &second)]);
                Ok(())
            }
            Some(Trouble::NotInOrder) => {
                Err(answer.response().unreadable("`getOrders` does not list orders in the order of confirmation"))
            }
        }
    }
}

impl Place {
    fn start(since: u64, statuses: &[&str]) -> Self {
        let status = statuses.first().map(|status| (*status).to_owned());
        Self { since, status, position: Position::at(since) }
    }

    /// Keeps the place, unless the filter is another one now: then the reading starts again.
    fn for_statuses(self, statuses: &[&str]) -> Self {
        let fits = match &self.status {
            Some(status) => statuses.contains(&status.as_str()),
            None => statuses.is_empty(),
        };
        if fits { self } else { Self::start(self.since, statuses) }
    }

    fn at(&self, position: Position) -> Self {
        Self { since: self.since, status: self.status.clone(), position }
    }

    fn sweep(&self, status: &str) -> Self {
        Self { since: self.since, status: Some(status.to_owned()), position: Position::at(self.since) }
    }

    fn cursor(&self) -> Result<Cursor> {
        Cursor::encode(CURSOR_VERSION, self)
    }
}

/// An order of a list, in either shape.
trait Listed {
    /// Returns what the walk needs.
    fn row(&self, answer: &Answer) -> Result<Row>;
    /// Returns type and id of the source.
    fn source(&self) -> (Raw<'_>, Raw<'_>);
    /// Returns the buyer's address of e-mail.
    fn email(&self) -> Raw<'_>;
    /// Makes the item.
    fn item(&self, answer: &Answer) -> Result<Item>;
}

impl Listed for Order<'_> {
    fn row(&self, answer: &Answer) -> Result<Row> {
        row(self.order_id, self.date_confirmed, self.date_add, answer)
    }
    fn source(&self) -> (Raw<'_>, Raw<'_>) {
        (self.order_source, self.order_source_id)
    }
    fn email(&self) -> Raw<'_> {
        self.email
    }
    fn item(&self, _: &Answer) -> Result<Item> {
        Ok(item(self))
    }
}

/// An order as it is written, and the fields of it that are needed.
struct RawOrder<'a> {
    raw: Raw<'a>,
    head: Head<'a>,
}

impl<'a> RawOrder<'a> {
    fn of(raw: Raw<'a>, answer: &Answer) -> Result<Self> {
        let head =
            serde_json::from_str(raw.json()).map_err(|error| answer.response().unreadable(&error.to_string()))?;
        Ok(Self { raw, head })
    }
}

impl Listed for RawOrder<'_> {
    fn row(&self, answer: &Answer) -> Result<Row> {
        row(self.head.order_id, self.head.date_confirmed, self.head.date_add, answer)
    }
    fn source(&self) -> (Raw<'_>, Raw<'_>) {
        (self.head.order_source, self.head.order_source_id)
    }
    fn email(&self) -> Raw<'_> {
        self.head.email
    }
    fn item(&self, answer: &Answer) -> Result<Item> {
        Item::slice_of(ENTITY, self.head.order_id.text(), answer.response(), self.raw.json())
    }
}

/// Makes the item of an order.
pub(crate) fn item(order: &Order<'_>) -> Item {
    // A document is about as long as the order it is made of; two KiB are a usual one.
    Item::from_text(ENTITY, order.order_id.text(), order_document(order, 2560))
}

/// Reads what paging rests on: without it nothing can be read on from here.
pub(crate) fn row(id: Raw<'_>, confirmed: Raw<'_>, added: Raw<'_>, answer: &Answer) -> Result<Row> {
    let id = id.whole().ok_or_else(|| no_number("order_id", id, answer))?;
    let seconds = |name, value: Raw<'_>| match value.is_blank() {
        true => Ok(0),
        false => value.whole().ok_or_else(|| no_number(name, value, answer)),
    };
    Ok(Row { id, confirmed: seconds("date_confirmed", confirmed)?, added: seconds("date_add", added)? })
}

fn no_number(name: &str, value: Raw<'_>, answer: &Answer) -> Failure {
    answer.response().unreadable(&format!("`{name}` of an order is `{}` and no whole number", value.json()))
}
