//! Changes the text of an installation file and leaves everything else in it as it is, comments too. Pure.

use toml_edit::{DocumentMut, Item, TableLike, value};

/// An entry for a lookup table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NewEntry {
    /// Name of the table.
    pub(crate) table: String,
    /// Value of the documents.
    pub(crate) key: String,
    /// What it becomes.
    pub(crate) result: String,
}

/// Adds entries to lookup tables; a key that is there already keeps its result.
///
/// # Errors
/// When the text has no such table; what is wrong, and the fix.
pub(crate) fn with_entries(text: &str, entries: &[NewEntry]) -> Result<String, String> {
    let parsed = text.parse::<DocumentMut>();
    let mut document = parsed.map_err(|error| format!("the file cannot be edited ({error}); correct it by hand"))?;
    for entry in entries {
        let table = entries_of(&mut document, &entry.table)
            .ok_or_else(|| format!("[table.{}] has no `entries`; add entries = {{}}", entry.table))?;
        if !table.contains_key(&entry.key) {
            table.insert(&entry.key, value(entry.result.as_str()));
        }
    }
    Ok(document.to_string())
}

fn entries_of<'d>(document: &'d mut DocumentMut, table: &str) -> Option<&'d mut dyn TableLike> {
    let tables = document.get_mut("table").and_then(Item::as_table_like_mut)?;
    let table = tables.get_mut(table).and_then(Item::as_table_like_mut)?;
    table.get_mut("entries").and_then(Item::as_table_like_mut)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn entry(table: &str, key: &str, result: &str) -> NewEntry {
        NewEntry { table: table.to_owned(), key: key.to_owned(), result: result.to_owned() }
    }

    #[test]
    fn entries_are_added_and_comments_and_order_stay() {
        let text = "# VAT\n[table.vat] # rates\nentries = { \"23\" = \"3\" } # by hand\n\n[table.currency]\n[table.currency.entries]\n# ISO\nPLN = \"1\"\n\n[flow.x] # last\n";
        let entries = [entry("vat", "8", "4"), entry("vat", "23", "99"), entry("currency", "EUR", "2")];
        let edited = with_entries(text, &entries).unwrap();
        let expected = "# VAT\n[table.vat] # rates\nentries = { \"23\" = \"3\" , 8 = \"4\" } # by hand\n\n[table.currency]\n[table.currency.entries]\n# ISO\nPLN = \"1\"\nEUR = \"2\"\n\n[flow.x] # last\n";
        assert_eq!(edited.replace(" }", "}").replace(" ,", ","), expected.replace(" }", "}").replace(" ,", ","));
    }

    #[test]
    fn keys_that_are_no_words_are_quoted() {
        let edited =
            with_entries("[table.delivery.entries]\n", &[entry("delivery", "Kurier \"DPD\" 24h", "7")]).unwrap();
        let parsed: toml::Table = edited.parse().unwrap();
        assert_eq!(parsed["table"]["delivery"]["entries"]["Kurier \"DPD\" 24h"].as_str(), Some("7"), "{edited}");
    }

    #[test]
    fn table_that_is_not_there_is_named() {
        let error = with_entries("[table.vat]\n", &[entry("vat", "8", "4")]).unwrap_err();
        assert_eq!(error, "[table.vat] has no `entries`; add entries = {}");
    }
}
