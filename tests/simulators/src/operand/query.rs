//! The query string: filters, of which some are lists, and the page.

use serde_json::Value;

use super::answer::Refusal;
use super::options::Options;
use super::route::Table;

/// Rows of a page, and the most that there can be.
const LIMIT: usize = 100;

/// The parameters of a call, decoded. Brackets may be escaped or not; parameters that are not known are ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(raw: Option<&str>) -> Self {
        Self { pairs: form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned().collect() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the values of a list: `NAME[]=1&NAME[]=2`.
    fn values(&self, name: &str) -> Vec<&str> {
        let is_it = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'));
        self.pairs.iter().filter(|(key, _)| is_it(key)).map(|(_, value)| value.as_str()).collect()
    }

    fn natural(&self, name: &str, default: usize) -> Result<usize, Refusal> {
        let Some(text) = self.get(name) else { return Ok(default) };
        text.parse().map_err(|_| Refusal::new(400, format!("{name} must be a whole number")))
    }

    /// Reads offset and limit.
    pub(crate) fn page(&self) -> Result<(usize, usize), Refusal> {
        let limit = self.natural("limit", LIMIT)?;
        if limit == 0 {
            return Err(Refusal::new(400, "limit must be at least 1"));
        }
        Ok((self.natural("offset", 0)?, limit.min(LIMIT)))
    }

    /// Tells whether a record passes the filters.
    pub(crate) fn admits(&self, table: Table, record: &Value, options: &Options) -> bool {
        let text = |field: &str| super::state::text_of(&record[field]);
        let among = |name: &str, field: &str| {
            let values = self.values(name);
            values.is_empty() || values.contains(&text(field).as_str())
        };
        let day = |field: &str| text(field).chars().take(10).collect::<String>();
        let due = self.get("dueDateFrom").is_none_or(|from| day("dueDate").as_str() >= from)
            && self.get("dueDateTo").is_none_or(|to| day("dueDate").as_str() <= to);
        let updated = self.get("updatedFrom").is_none_or(|from| text("updatedAt").as_str() >= from);
        match table {
            Table::Jobs => {
                among("clientIds", "clientId") && among("situations", "situation") && among("statusIds", "statusId")
            }
            Table::Receivables | Table::Payables => {
                among("clientIds", "clientId")
                    && among("situations", "situation")
                    && due
                    && (options.updated_from_ignored || updated)
            }
            _ => true,
        }
    }
}
