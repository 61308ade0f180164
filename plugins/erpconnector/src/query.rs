//! Query options of lists: OData in look, with a dot instead of a slash for parts of a field.
//!
//! A query is made of fields and values and written in one place: a value can never become a part of the language, and a
//! field that is no name is refused. Only what the vendor's pages show is built: `eq` and `and`; `$skip` is [assumed].

use wharf_sdk::{Failure, Result, violation};

/// A query in the making.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query {
    select: Vec<String>,
    conditions: Vec<(String, Literal)>,
    expand: Vec<String>,
    order_by: Vec<String>,
    top: Option<u32>,
    skip: u32,
}

/// A value that a field is compared with.
#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Text(String),
    Flag(bool),
}

impl Query {
    /// Starts without options.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Asks for this field only, and for those asked for so before.
    pub(crate) fn select(mut self, field: &str) -> Self {
        self.select.push(field.to_owned());
        self
    }

    fn is(mut self, field: &str, value: Literal) -> Self {
        self.conditions.push((field.to_owned(), value));
        self
    }

    /// Wants a field to be a text, besides what was wanted before.
    pub(crate) fn text_is(self, field: &str, text: &str) -> Self {
        self.is(field, Literal::Text(text.to_owned()))
    }

    /// Wants a field to be true or false, besides what was wanted before.
    pub(crate) fn flag_is(self, field: &str, flag: bool) -> Self {
        self.is(field, Literal::Flag(flag))
    }

    /// Asks for a part that comes only when asked for.
    pub(crate) fn expand(mut self, part: &str) -> Self {
        self.expand.push(part.to_owned());
        self
    }

    /// Sorts by a field, after those asked for before.
    pub(crate) fn order_by(mut self, field: &str) -> Self {
        self.order_by.push(field.to_owned());
        self
    }

    /// Asks for so many rows at most.
    pub(crate) fn top(mut self, rows: u32) -> Self {
        self.top = Some(rows);
        self
    }

    /// Leaves out the first rows. Nothing is sent for 0, so that lists of one page need no `$skip`.
    pub(crate) fn skip(mut self, rows: u32) -> Self {
        self.skip = rows;
        self
    }

    /// Returns names and values, values not encoded; `config-invalid` where a field is no name.
    pub(crate) fn options(&self) -> Result<Vec<(&'static str, String)>> {
        let conditions =
            self.conditions.iter().map(|(field, value)| Ok(format!("{} eq {}", name(field)?, value.written())));
        let all = [
            ("$select", names(&self.select)?.join(",")),
            ("$filter", conditions.collect::<Result<Vec<_>>>()?.join(" and ")),
            ("$expand", names(&self.expand)?.join(",")),
            ("$orderby", names(&self.order_by)?.join(",")),
            ("$top", self.top.map(|rows| rows.to_string()).unwrap_or_default()),
            ("$skip", Some(self.skip).filter(|rows| *rows > 0).map(|rows| rows.to_string()).unwrap_or_default()),
        ];
        Ok(all.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }
}

impl Literal {
    /// A quote inside a text is written twice, as in OData [assumed].
    fn written(&self) -> String {
        match self {
            Self::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// Tells whether a text is the name of a field: words of letters, digits and `_`, joined by dots. Letters may have
/// accents: the vendor's older pages have `Référence`.
pub(crate) fn is_name(text: &str) -> bool {
    let is_word = |word: &str| {
        word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && word.chars().all(|char| char.is_alphanumeric() || char == '_')
    };
    text.split('.').all(is_word)
}

fn name(field: &str) -> Result<&str> {
    if is_name(field) {
        return Ok(field);
    }
    let message = format!("`{field}` is no name of a field; use letters, digits, `_`, and `.` between parts");
    Err(Failure::config_invalid(vec![violation("/fields", "not-a-name", message)]))
}

fn names(fields: &[String]) -> Result<Vec<&str>> {
    fields.iter().map(|field| name(field)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
    use super::*;

    #[test]
    fn options_are_written_as_the_vendor_shows_them() {
        let query = Query::new()
            .select("NoClient")
            .select("InfoAgeDesComptes.MontantDu_Cycle1_Courant")
            .text_is("NomClient", "L'Épicerie d'Émile")
            .flag_is("EstActif", true)
            .expand("ExtendedProperties")
            .order_by("NomClient")
            .order_by("Référence")
            .top(50)
            .skip(100);
        let expected = [
            ("$select", "NoClient,InfoAgeDesComptes.MontantDu_Cycle1_Courant"),
            ("$filter", "NomClient eq 'L''Épicerie d''Émile' and EstActif eq true"),
            ("$expand", "ExtendedProperties"),
            ("$orderby", "NomClient,Référence"),
            ("$top", "50"),
            ("$skip", "100"),
        ];
        let options = query.options().unwrap();
        let written: Vec<(&str, &str)> = options.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(written, expected);
        assert!(Query::new().skip(0).options().unwrap().is_empty());
    }

    #[test]
    fn a_value_stays_one_text_whatever_is_in_it() {
        for value in [
            "' or 1 eq 1",
            "x' and NoClient eq 'C-1",
            "''",
            "'",
            "a\\' or true",
            "x&$top=1",
            "x#y",
            "%27",
            "$filter=",
            "a\nb\0c",
            "é'\u{2019}",
        ] {
            let options = Query::new().text_is("NomClient", value).options().unwrap();
            let filter = &options[0].1;
            let inside = filter.strip_prefix("NomClient eq '").and_then(|rest| rest.strip_suffix('\'')).unwrap();
            // Without its doubled quotes the text has none: it cannot have ended before its end.
            assert!(!inside.replace("''", "").contains('\''), "{filter}");
            assert_eq!(inside.replace("''", "'"), value);
        }
    }

    #[test]
    fn a_field_that_is_no_name_is_refused_wherever_it_stands() {
        for field in
            ["", "a b", "NoClient eq 'x' or NoClient", "a,b", "a/b", "a..b", ".a", "a'", "1a", "$top", "a&b", "a=b"]
        {
            for query in [
                Query::new().text_is(field, "x"),
                Query::new().flag_is(field, true),
                Query::new().select(field),
                Query::new().expand(field),
                Query::new().order_by(field),
            ] {
                assert!(query.options().is_err(), "{query:?}");
            }
        }
        assert!(is_name("InfoAgeDesComptes.MontantDu_Cycle1_Courant") && is_name("Référence"));
    }
}
