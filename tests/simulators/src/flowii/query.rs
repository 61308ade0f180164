//! The query string: company, pages and filters, with brackets escaped or not.

use super::answer::Refusal;
use super::options::{Options, Paging};
use serde_json::{Value, json};

/// The parameters of a call, decoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(raw: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned().collect();
        Self { pairs }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads a parameter that is a whole number, such as Unix seconds.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.trim().parse();
        number.map(Some).map_err(|_| Refusal::malformed(format!("`{name}` must be a whole number, not `{text}`")))
    }

    fn natural(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(number) = self.integer(name)? else { return Ok(None) };
        let natural = usize::try_from(number);
        natural.map(Some).map_err(|_| Refusal::malformed(format!("`{name}` must not be negative")))
    }

    /// Reads which part of a list is asked for.
    pub(crate) fn page(&self, options: &Options) -> Result<Page, Refusal> {
        let size = self.natural("page[size]")?.unwrap_or(options.page_size);
        if size == 0 {
            return Err(Refusal::malformed("`page[size]` must be at least 1"));
        }
        let number = self.natural("page[number]")?.unwrap_or(0);
        Ok(Page { number, size: size.min(options.page_size_limit), paging: options.paging })
    }

    /// Writes the query of another page of the same list, brackets unescaped as the known clients send them.
    fn of_page(&self, number: usize, size: usize) -> String {
        let mut text = String::new();
        for (key, value) in self.pairs.iter().filter(|(key, _)| !key.starts_with("page[")) {
            text.push_str(key);
            text.push('=');
            text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
            text.push('&');
        }
        text + &format!("page[size]={size}&page[number]={number}")
    }
}

/// One page of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    number: usize,
    size: usize,
    paging: Paging,
}

impl Page {
    /// Cuts the rows of this page and tells whether more follow.
    pub(crate) fn cut<T>(self, rows: impl Iterator<Item = T>) -> (Vec<T>, bool) {
        match self.paging {
            Paging::Honoured => self.cut_honoured(rows),
            Paging::Ignored => (rows.collect(), false),
            Paging::IgnoredWithNext => (rows.collect(), true),
            Paging::FirstOnly => Page { number: 0, ..self }.cut_honoured(rows),
        }
    }

    fn cut_honoured<T>(self, rows: impl Iterator<Item = T>) -> (Vec<T>, bool) {
        let mut rows = rows.skip(self.number.saturating_mul(self.size));
        let page = rows.by_ref().take(self.size).collect();
        (page, rows.next().is_some())
    }

    /// Builds `links` for this page.
    pub(crate) fn links(self, base: &str, path: &str, query: &Query, more: bool, options: &Options) -> Value {
        let address = |number| format!("{base}{path}?{}", query.of_page(number, self.size));
        match (more, options.last_page_says_null) {
            (true, _) => json!({ "next": address(self.number.saturating_add(1)) }),
            (false, true) => json!({ "next": null }),
            (false, false) => json!({}),
        }
    }
}
