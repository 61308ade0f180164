//! Query options of lists: OData in look, with a dot instead of a slash for parts of a field.

/// A query in the making. Only what the vendor's pages show is built: `eq` and `and` in filters; `$skip` is [assumed].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    select: Vec<String>,
    conditions: Vec<String>,
    expand: Vec<String>,
    order_by: Option<String>,
    top: Option<u32>,
    skip: u32,
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

    /// Wants a field to be a text.
    pub(crate) fn text_is(mut self, field: &str, text: &str) -> Self {
        // A quote inside a text is written twice, as in OData [assumed].
        self.conditions.push(format!("{field} eq '{}'", text.replace('\'', "''")));
        self
    }

    /// Wants a field to be true or false.
    pub(crate) fn flag_is(mut self, field: &str, flag: bool) -> Self {
        self.conditions.push(format!("{field} eq {flag}"));
        self
    }

    /// Asks for a part that comes only when asked for.
    pub(crate) fn expand(mut self, part: &str) -> Self {
        self.expand.push(part.to_owned());
        self
    }

    /// Sorts by a field.
    pub(crate) fn order_by(mut self, field: &str) -> Self {
        self.order_by = Some(field.to_owned());
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

    /// Returns names and values, values not encoded.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let listed = |texts: &[String], separator: &str| Some(texts.join(separator)).filter(|text| !text.is_empty());
        let skip = Some(self.skip).filter(|rows| *rows > 0);
        let all = [
            ("$select", listed(&self.select, ",")),
            ("$filter", listed(&self.conditions, " and ")),
            ("$expand", listed(&self.expand, ",")),
            ("$orderby", self.order_by.clone()),
            ("$top", self.top.map(|rows| rows.to_string())),
            ("$skip", skip.map(|rows| rows.to_string())),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

#[cfg(test)]
mod tests {
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
            .top(50)
            .skip(100);
        let expected = [
            ("$select", "NoClient,InfoAgeDesComptes.MontantDu_Cycle1_Courant"),
            ("$filter", "NomClient eq 'L''Épicerie d''Émile' and EstActif eq true"),
            ("$expand", "ExtendedProperties"),
            ("$orderby", "NomClient"),
            ("$top", "50"),
            ("$skip", "100"),
        ];
        let options = query.options();
        let written: Vec<(&str, &str)> = options.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(written, expected);
        assert!(Query::new().skip(0).options().is_empty());
    }
}
