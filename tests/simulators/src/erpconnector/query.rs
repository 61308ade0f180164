//! The query options of a list: `$select`, `$filter`, `$expand`, `$orderby`, `$top`, `$skip`.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::filter::{Filter, is_path};

/// What a list is asked for, parsed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) select: Vec<String>,
    pub(crate) filter: Filter,
    pub(crate) expand: Vec<String>,
    /// Paths, and whether each goes down.
    pub(crate) order_by: Vec<(String, bool)>,
    pub(crate) top: Option<usize>,
    pub(crate) skip: usize,
}

impl Query {
    /// Parses a query string; the error names the option.
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, String> {
        let mut query = Self::default();
        let raw = raw.unwrap_or_default();
        if percent_encoding::percent_decode_str(raw).decode_utf8().is_err() {
            return Err("the query string is not UTF-8".to_owned());
        }
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            query.read(&name, &value).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(query)
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "$select" => self.select = paths(value)?,
            "$expand" => self.expand = paths(value)?,
            "$filter" => self.filter = Filter::parse(value)?,
            "$orderby" => self.order_by = value.split(',').map(ordering).collect::<Result<_, _>>()?,
            "$top" => self.top = Some(natural(value)?),
            "$skip" => self.skip = natural(value)?,
            name if name.starts_with('$') => return Err("the option is not supported".to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// Returns every path that must be known.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let filtered = self.filter.comparisons.iter().map(|one| &one.path);
        let ordered = self.order_by.iter().map(|(path, _)| path);
        self.select.iter().chain(&self.expand).chain(filtered).chain(ordered).map(String::as_str)
    }

    /// Compares two records by `$orderby`.
    pub(crate) fn compare(&self, one: &Value, other: &Value) -> Ordering {
        let by_path = self.order_by.iter().map(|(path, down)| {
            let order = compare(at(one, path), at(other, path));
            if *down { order.reverse() } else { order }
        });
        by_path.fold(Ordering::Equal, Ordering::then)
    }

    /// Cuts a record down to what is selected, and shows extra parts only when they are asked for.
    pub(crate) fn shown(&self, record: &Value) -> Value {
        let mut shown = record.clone();
        if shown.get("ExtendedProperties").is_some() && !self.expand.iter().any(|part| part == "ExtendedProperties") {
            shown["ExtendedProperties"] = Value::Null;
        }
        if self.select.is_empty() {
            return shown;
        }
        let chosen: Vec<&str> = self.select.iter().chain(&self.expand).map(String::as_str).collect();
        select(&shown, &chosen)
    }
}

fn paths(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(str::trim).map(path).collect()
}

fn path(text: &str) -> Result<String, String> {
    if is_path(text) { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a field name")) }
}

fn ordering(text: &str) -> Result<(String, bool), String> {
    let mut words = text.split_whitespace();
    let path = path(words.next().unwrap_or_default())?;
    match (words.next(), words.next()) {
        (None | Some("asc"), None) => Ok((path, false)),
        (Some("desc"), None) => Ok((path, true)),
        _ => Err(format!("`{}` is not a field name with `asc` or `desc`", text.trim())),
    }
}

fn natural(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a whole number from 0 up"))
}

fn at<'a>(record: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(record, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default())
        }
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        _ => rank(one).cmp(&rank(other)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) | Value::Object(_) => 4,
    }
}

/// Keeps the parts of a value that the dotted paths name, going into arrays.
fn select(value: &Value, paths: &[&str]) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(|element| select(element, paths)).collect(),
        Value::Object(members) => Value::Object(select_members(members, paths)),
        other => other.clone(),
    }
}

fn select_members(members: &Map<String, Value>, paths: &[&str]) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in members {
        if paths.contains(&name.as_str()) {
            kept.insert(name.clone(), value.clone());
            continue;
        }
        let inner: Vec<&str> = paths.iter().filter_map(|path| path.strip_prefix(name)?.strip_prefix('.')).collect();
        if !inner.is_empty() {
            kept.insert(name.clone(), select(value, &inner));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    #[test]
    fn select_follows_dots_and_arrays() {
        let record =
            json!({ "A": 1, "B": { "C": 2, "D": 3 }, "L": [{ "X": 1, "Y": 2 }, { "X": 3, "Y": 4 }], "Référence": "é" });
        let cases = [
            ("$select=A", json!({ "A": 1 })),
            ("$select=B.C,L.X", json!({ "B": { "C": 2 }, "L": [{ "X": 1 }, { "X": 3 }] })),
            ("$select=B", json!({ "B": { "C": 2, "D": 3 } })),
            ("$select=R%C3%A9f%C3%A9rence", json!({ "Référence": "é" })),
            ("$select=Z", json!({})),
        ];
        for (raw, shown) in cases {
            assert_eq!(Query::parse(Some(raw)).expect(raw).shown(&record), shown, "{raw}");
        }
    }

    #[test]
    fn bad_options_are_refused() {
        for raw in [
            "$top=-1",
            "$top=many",
            "$skip=1.5",
            "$orderby=A sideways",
            "$orderby=A asc desc",
            "$select=A,,B",
            "$select=B/C",
            "$count=true",
            "$filter=A%20gt%201",
            "$filter=A%20eq%20'%E9'",
        ] {
            assert!(Query::parse(Some(raw)).is_err(), "{raw}");
        }
    }
}
