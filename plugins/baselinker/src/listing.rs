//! Lists that are read by the ids of their rows: returns, invoices, receipts. The vendor gives at most 100 rows at or
//! after an id, and ids grow with creation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wharf_sdk::{Bounds, Completeness, Cursor, Failure, Item, Page, PageBuilder, Result};

use crate::api::{Fields, Raw};
use crate::assumed::PAGE_ROWS;
use crate::client::{Answer, Client};
use crate::config::Config;
use crate::orders::question::whole;

/// Version of the cursors.
pub(crate) const CURSOR_VERSION: u32 = 1;

/// One such list.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Entity of its records.
    pub(crate) entity: &'static str,
    pub(crate) method: &'static str,
    /// Key of the rows in the answer.
    pub(crate) key: &'static str,
    /// Field with the id of a row.
    pub(crate) id: &'static str,
    /// The feed's filter.
    pub(crate) filter: Filter,
    /// Makes the item of a row.
    pub(crate) item: fn(&Config, &Row<'_>, &Answer) -> Result<Item>,
}

/// A filter of a feed: what the vendor's parameter and the field of a row are called.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) field: &'static str,
    /// Whether a row may come to have the value later. Then all rows are gone through again and again.
    pub(crate) changes: bool,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) id: u64,
    pub(crate) raw: Raw<'a>,
    pub(crate) fields: Fields<'a>,
}

impl Row<'_> {
    /// Returns when it was made, in seconds; zero where the row does not say.
    pub(crate) fn added(&self) -> u64 {
        self.fields.get("date_add").whole().unwrap_or(0)
    }
}

/// Where a feed is.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// Rows with this id or a higher one are still to come.
    id_from: u64,
}

impl Listing {
    /// Pulls a page.
    pub(crate) fn pull(&self, client: &Client, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
        let place = cursor.map(|cursor| cursor.decode::<Place>(CURSOR_VERSION)).transpose()?;
        let place = place.unwrap_or(Place { id_from: 1 });
        let values: Vec<&str> = bounds.filter_values(self.filter.name).collect();
        let answer = client.read_kept(self.method, &self.question(client, &place, &values, bounds)?)?;
        let mut rows = self.rows(&answer)?;
        let last = self.last(&place, &rows, &answer)?;
        rows.sort_by_key(|row| row.id);
        let mut page = PageBuilder::new(bounds);
        for row in rows.iter().filter(|row| row.id >= place.id_from) {
            let wanted = self.is_wanted(row, &values) && bounds.contain(row.added().saturating_mul(1000));
            if wanted && page.push((self.item)(&client.config, row, &answer)?).is_some() {
                return finish(page, row.id, Completeness::More);
            }
        }
        match last {
            Some(last) => finish(page, last.saturating_add(1), Completeness::More),
            None if self.filter.changes && !values.is_empty() => finish(page, 1, Completeness::CaughtUp),
            None => {
                let end = rows.iter().map(|row| row.id.saturating_add(1)).max().unwrap_or(0);
                finish(page, end.max(place.id_from), Completeness::CaughtUp)
            }
        }
    }

    /// Returns the records that the vendor has for one parameter, at most `limit`; those that fit, as a server that does
    /// not know the parameter returns everything.
    pub(crate) fn find(
        &self,
        client: &Client,
        (parameter, value): (&str, u64),
        limit: usize,
        fits: impl Fn(&Row<'_>) -> bool,
    ) -> Result<Vec<Item>> {
        let mut question = fixed(&client.config);
        question.insert(parameter.to_owned(), value.into());
        let answer = client.read_kept(self.method, &question)?;
        let rows = self.rows(&answer)?;
        let found = rows.iter().filter(|row| fits(row)).take(limit);
        found.map(|row| (self.item)(&client.config, row, &answer)).collect()
    }

    /// Returns the record with an id.
    pub(crate) fn get(&self, client: &Client, parameter: &str, id: &str) -> Result<Item> {
        let missing = || Failure::subject_not_found(self.entity, id);
        let number: u64 = id.parse().map_err(|_| missing())?;
        let found = self.find(client, (parameter, number), 1, |row| row.id == number)?;
        found.into_iter().next().ok_or_else(missing)
    }

    /// Asks for what is still to come. A filter with one value is the server's, one with several is ours.
    fn question(&self, client: &Client, place: &Place, values: &[&str], bounds: &Bounds) -> Result<Map<String, Value>> {
        let mut question = fixed(&client.config);
        question.insert("id_from".to_owned(), place.id_from.into());
        if let Some(since) = bounds.since {
            question.insert("date_from".to_owned(), since.div_ceil(1000).into());
        }
        if let [value] = values {
            let number = whole(&format!("/filter/{}", self.filter.name), value)?;
            question.insert(self.filter.field.to_owned(), number.into());
        }
        Ok(question)
    }

    fn rows<'a>(&self, answer: &'a Answer) -> Result<Vec<Row<'a>>> {
        let raws: Vec<Raw<'a>> = answer.rows(self.key)?;
        raws.into_iter().map(|raw| self.row(raw, answer)).collect()
    }

    fn row<'a>(&self, raw: Raw<'a>, answer: &'a Answer) -> Result<Row<'a>> {
        let fields: Fields<'a> = answer.read(raw)?;
        let id = fields.get(self.id);
        let no_id = || answer.response().unreadable(&format!("`{}` is `{}` and no whole number", self.id, id.json()));
        Ok(Row { id: id.whole().ok_or_else(no_id)?, raw, fields })
    }

    /// Returns the last id of a full answer; none when nothing more is to come. A full answer that is not the rows with the
    /// lowest ids stops the feed, as what is left out would be lost.
    fn last(&self, place: &Place, rows: &[Row<'_>], answer: &Answer) -> Result<Option<u64>> {
        if rows.len() < PAGE_ROWS {
            return Ok(None);
        }
        let last = rows.last().map(|row| row.id).filter(|last| *last >= place.id_from);
        let last = last.filter(|_| rows.is_sorted_by_key(|row| row.id));
        let wrong =
            || answer.response().unreadable(&format!("`{}` does not list rows by id from `id_from`", self.method));
        last.map(Some).ok_or_else(wrong)
    }

    fn is_wanted(&self, row: &Row<'_>, values: &[&str]) -> bool {
        let field = row.fields.get(self.filter.field);
        values.is_empty() || !field.is_present() || values.contains(&field.text().as_ref())
    }
}

fn finish(page: PageBuilder, id_from: u64, state: Completeness) -> Result<Page> {
    Ok(page.finish(Cursor::encode(CURSOR_VERSION, &Place { id_from })?, state))
}

/// Parameters that every question has; a method ignores those that it does not know.
fn fixed(config: &Config) -> Map<String, Value> {
    let wanted = [
        ("include_custom_extra_fields", config.include_custom_extra_fields),
        ("include_connect_data", config.include_connect_data),
    ];
    wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(name, _)| (name.to_owned(), json!(true))).collect()
}
