//! Taking fields out of a record of the vendor's, and keeping count of them, so that what is left goes to `extra`.

use std::cell::RefCell;

use wharf_sdk::civil::{Zone, rfc3339};
use wharf_sdk::document::{Decimal, Extra, TaxRate};

use super::{LAST_SECOND, tax_code};
use crate::api::{Fields, Raw};

/// The fields of a record, and which of them were used.
pub(super) struct Source<'a> {
    fields: &'a Fields<'a>,
    used: RefCell<Vec<&'static str>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(fields: &'a Fields<'a>) -> Self {
        Self { fields, used: RefCell::default() }
    }

    /// Returns a field without using it.
    pub(super) fn peek(&self, name: &str) -> Raw<'a> {
        self.fields.get(name)
    }

    /// Takes text; none where nothing is said.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.take(name, |value| (!value.is_nested()).then(|| value.text().into_owned()))
    }

    /// Takes text in upper case, as ISO codes have to be.
    pub(super) fn upper(&self, name: &'static str) -> Option<String> {
        self.text(name).map(|text| text.to_uppercase())
    }

    /// Takes an id; zero is none.
    pub(super) fn id(&self, name: &'static str) -> Option<String> {
        let id = self.text(name);
        id.filter(|_| !self.peek(name).is_no_id())
    }

    /// Takes a number; one that cannot be read stays in `extra` as it is.
    pub(super) fn number(&self, name: &'static str) -> Option<Decimal> {
        self.take(name, |value| number(value))
    }

    /// Takes an instant, in seconds, as RFC 3339; zero says that it has not happened.
    pub(super) fn instant(&self, name: &'static str) -> Option<String> {
        let seconds = self.take(name, |value| value.whole().filter(|seconds| *seconds <= LAST_SECOND))?;
        (seconds > 0).then(|| rfc3339(seconds * 1000))
    }

    /// Takes the day of an instant, in a zone.
    pub(super) fn day(&self, name: &'static str, zone: Zone) -> Option<String> {
        let seconds = self.take(name, |value| value.whole().filter(|seconds| *seconds <= LAST_SECOND))?;
        let (year, month, day) = zone.local(seconds * 1000).filter(|_| seconds > 0)?.date();
        Some(format!("{year:04}-{month:02}-{day:02}"))
    }

    /// Takes a rate of tax: a percentage, or the code of a case in which none applies.
    pub(super) fn tax_rate(&self, name: &'static str) -> Option<TaxRate> {
        self.take(name, tax_rate)
    }

    /// Marks a field as used.
    pub(super) fn done_with(&self, name: &'static str) {
        self.used.borrow_mut().push(name);
    }

    /// Returns what was not used and says something, by the vendor's names.
    pub(super) fn rest(&self) -> Extra {
        let used = self.used.borrow();
        let left = self.fields.iter().filter(|(name, value)| !used.contains(name) && !value.is_blank());
        left.filter_map(|(name, value)| Some((name.to_owned(), serde_json::from_str(value.json()).ok()?))).collect()
    }

    /// Takes a field: what `read` cannot read stays.
    fn take<T>(&self, name: &'static str, read: impl FnOnce(Raw<'a>) -> Option<T>) -> Option<T> {
        let value = self.peek(name);
        if value.is_blank() {
            return None;
        }
        let taken = read(value)?;
        self.done_with(name);
        Some(taken)
    }
}

/// Reads a number, whether in quotes or not.
pub(super) fn number(value: Raw<'_>) -> Option<Decimal> {
    value.unquoted().trim().parse().ok()
}

fn tax_rate(value: Raw<'_>) -> Option<TaxRate> {
    if let Some(code) = tax_code(value) {
        return Some(TaxRate { percent: None, code: Some(code.to_owned()) });
    }
    match number(value) {
        Some(percent) => Some(TaxRate { percent: Some(percent), code: None }),
        None => (!value.is_nested()).then(|| TaxRate { percent: None, code: Some(value.text().into_owned()) }),
    }
}
