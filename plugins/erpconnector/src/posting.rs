//! Documents of the books that are made once and never changed: invoices of suppliers, orders to them, entries of the
//! ledger. They are found again by their number, and by the correlation in their description.

use std::ops::ControlFlow;

use wharf_sdk::{Applied, Failure, Outcome, Preview, Result, Verdict, Walk};

use crate::assumed::Field;
use crate::assumed::supplier_invoice::SUPPLIER;
use crate::body::Body;
use crate::client::{Client, made_key};
use crate::convert;
use crate::convert::supplier::invoice_key;
use crate::listing::walk;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::{Entity, Verb, is_offered, require};

/// Rows that a look-up asks for: an ERP that numbers by year may have a number again.
const SOME: u32 = 20;

/// A document that is to be made.
pub(crate) struct Posting<'a> {
    pub(crate) entity: Entity<'static>,
    /// Field that has the ERP's key.
    pub(crate) key: Field,
    /// What makes the document the one that it is, where it has a number of its own: fields and their texts.
    pub(crate) identity: Option<Vec<(Field, String)>>,
    /// Field that takes the correlation, and the text in it.
    pub(crate) description: (Field, String),
    /// Field of its date, and the date.
    pub(crate) dated: Option<(Field, String)>,
    pub(crate) correlation: &'a str,
    pub(crate) body: Body,
}

/// A document of the books that may be the one that is to be made.
struct There {
    key: String,
    /// Whether it carries the correlation.
    ours: bool,
    /// Whether it says the same, its numbers and its description aside.
    same: bool,
}

impl Posting<'_> {
    /// Returns the first request of [`create`](Self::create).
    pub(crate) fn plan(&self, client: &Client) -> Result<Preview> {
        require(&client.config, self.entity, Verb::Post)?;
        let text = serde_json::to_string(&self.body).unwrap_or_default();
        let then = format!("then POST /Entity/{}/ with If-None-Match: * and {text}", self.entity.name());
        match self.by_identity(client).filter(|_| self.can_be_read(client)) {
            Some(query) => {
                let preview = client.list_preview(self.entity, &query)?;
                Ok(preview.note("looks for the document's number first").note(then))
            }
            None => client.post_preview(self.entity, &self.body),
        }
    }

    /// Makes it, unless it is there.
    pub(crate) fn create(&self, client: &Client) -> Result<Outcome> {
        require(&client.config, self.entity, Verb::Post)?;
        if let Some(there) = self.find_by_identity(client)? {
            return self.there_already(client, &there);
        }
        let response = client.post(self.entity, &self.body)?;
        if response.status() == 412 {
            return match self.find_by_identity(client)? {
                Some(there) => self.there_already(client, &there),
                None => {
                    let message =
                        format!("the ERP says that this {} is there, and does not show it", self.entity.document());
                    Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
                }
            };
        }
        let sent = self.number().unwrap_or_default();
        let key = made_key(&response, client.config.name(self.key), sent)?;
        if key.is_empty() {
            return Err(response.unreadable("the answer tells no number of what was made"));
        }
        Ok(Outcome::Applied(self.applied(client, &key)))
    }

    /// Asks whether it was made: by its number, by its description, and, as an ERP may cut that, by its date.
    pub(crate) fn verify(&self, client: &Client) -> Result<Verdict> {
        if !self.can_be_read(client) {
            let (erp, entity) = (client.config.erp.name(), self.entity.name());
            let why = format!("{erp} does not let `{entity}` be read; look in it for `{}`", self.correlation);
            return Ok(Verdict::Inconclusive(why));
        }
        if let Some(there) = self.find_by_identity(client)? {
            return Ok(match there.ours || there.same {
                true => Verdict::Found(self.applied(client, &there.key)),
                false => {
                    let message = format!("`{}` is there with other content; compare them", there.key);
                    Verdict::Inconclusive(message)
                }
            });
        }
        self.ask_by_correlation(client)
    }

    /// Names the document by its number. Two suppliers may use the same number, so their invoices have both in their ids.
    fn applied(&self, client: &Client, number: &str) -> Applied {
        let supplier = self.identity.iter().flatten().find(|(field, _)| *field == SUPPLIER).map(|(_, text)| text);
        let key = supplier.map_or_else(|| number.to_owned(), |supplier| invoice_key(supplier, number));
        Applied::new(client.id(&key)).number(number)
    }

    fn can_be_read(&self, client: &Client) -> bool {
        is_offered(&client.config, self.entity, Verb::Get)
    }

    fn number(&self) -> Option<&str> {
        let identity = self.identity.as_deref()?;
        identity.iter().find(|(field, _)| *field == self.key).map(|(_, text)| text.as_str())
    }

    fn by_identity(&self, client: &Client) -> Option<Query> {
        let fields = self.identity.as_deref()?.iter();
        let query = fields.fold(Query::new(), |query, (field, text)| query.text_is(client.config.name(*field), text));
        Some(query.top(SOME))
    }

    /// Finds the document of the same identity; ours before another's.
    fn find_by_identity(&self, client: &Client) -> Result<Option<There>> {
        let Some(query) = self.by_identity(client).filter(|_| self.can_be_read(client)) else { return Ok(None) };
        let mut found = client.find(self.entity, &query, |row| {
            for (field, text) in self.identity.as_deref().unwrap_or_default() {
                let there = row.text(client.config.name(*field))?;
                if !there.is_some_and(|there| there.eq_ignore_ascii_case(text.trim())) {
                    return Ok(None);
                }
            }
            self.read(client, row).map(Some)
        })?;
        found.sort_by_key(|there| (!there.ours, !there.same));
        Ok(found.into_iter().next())
    }

    fn ask_by_correlation(&self, client: &Client) -> Result<Verdict> {
        let (field, text) = &self.description;
        let described = Query::new().text_is(client.config.name(*field), text).top(2);
        let by_description = client.find(self.entity, &described, |row| {
            let there = self.read(client, row)?;
            Ok(there.ours.then_some(there.key))
        })?;
        if let Some(key) = by_description.into_iter().next() {
            return Ok(Verdict::Found(self.applied(client, &key)));
        }
        let Some((date, day)) = &self.dated else { return Ok(Verdict::Absent) };
        let dated = Query::new().text_is(client.config.name(*date), day);
        let of_the_day = walk(client, self.entity, &dated, |row| {
            let there = self.read(client, row)?;
            Ok(if there.ours { ControlFlow::Break(there.key) } else { ControlFlow::Continue(()) })
        })?;
        Ok(match of_the_day {
            Walk::Found(key) => Verdict::Found(self.applied(client, &key)),
            Walk::Over => Verdict::Absent,
            Walk::TooLong => Verdict::Inconclusive(format!(
                "there are more documents of {day} than are read to find one; look in the ERP for `{}`",
                self.correlation
            )),
        })
    }

    fn read(&self, client: &Client, row: &Row<'_>) -> Result<There> {
        let description = client.config.name(self.description.0);
        // Numbers were compared already, and an ERP may not mind their case.
        let numbers = self.identity.iter().flatten().map(|(field, _)| client.config.name(*field));
        let content = numbers.chain([description]).fold(self.body.clone(), |body, name| body.without(name));
        Ok(There {
            key: convert::key(row, self.key, &client.config)?,
            ours: convert::carries(row.text(description)?.as_deref(), self.correlation),
            same: content.is_said_by(row)?,
        })
    }

    fn there_already(&self, client: &Client, there: &There) -> Result<Outcome> {
        if there.ours {
            return Ok(Outcome::AlreadyApplied(self.applied(client, &there.key)));
        }
        let message = format!(
            "{} `{}` is there already, made by another; compare them, or give another number",
            self.entity.document(),
            there.key
        );
        Err(Failure::conflict(Some(self.applied(client, &there.key).id), Some(there.same), message))
    }
}
