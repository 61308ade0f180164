//! Keys of the installation file, and where in the text they stand. Pure.

use std::collections::BTreeMap;
use std::fmt;

use toml::de::{DeTable, DeValue};

/// The way from the root of the file to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(Vec<Part>);

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// Into a table.
    Name(String),
    /// Into an array, from 0.
    Index(usize),
}

impl Key {
    /// Makes a key of table names only.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(|name| Part::Name(name.to_owned())).collect())
    }

    /// Returns the key of a value of this table.
    pub(crate) fn name(&self, name: &str) -> Self {
        self.with(Part::Name(name.to_owned()))
    }

    /// Returns the key of an element of this array.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Part::Index(index))
    }

    fn with(&self, part: Part) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        Self(parts)
    }

    fn up(&self) -> Option<Self> {
        let (_, parents) = self.0.split_last()?;
        Some(Self(parents.to_vec()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            match part {
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Name(name) => {
                    f.write_str(if at == 0 { "" } else { "." })?;
                    f.write_str(&quoted(name))?;
                }
            }
        }
        Ok(())
    }
}

/// Writes a name as TOML would: bare where that is allowed.
fn quoted(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { format!("{name:?}") }
}

/// A position in the text; both numbers count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub(crate) struct Position {
    /// Line.
    pub(crate) line: usize,
    /// Column.
    pub(crate) column: usize,
}

impl Position {
    /// Returns the position of a byte offset of `text`.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

/// Where every key of a file stands.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<Key, Position>);

impl Places {
    /// Walks a parsed file. The position of a key is that of its name; that of an array's element is its own.
    pub(crate) fn of(text: &str, root: &DeTable<'_>) -> Self {
        let mut places = Self::default();
        places.walk_table(text, &Key::default(), root);
        places
    }

    fn walk_table(&mut self, text: &str, key: &Key, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = key.name(name.get_ref());
            self.0.insert(key.clone(), Position::of(text, name.span().start));
            self.walk(text, &key, value.get_ref());
        }
    }

    fn walk(&mut self, text: &str, key: &Key, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.walk_table(text, key, table),
            DeValue::Array(array) => {
                for (index, element) in array.iter().enumerate() {
                    let key = key.index(index);
                    self.0.insert(key.clone(), Position::of(text, element.span().start));
                    self.walk(text, &key, element.get_ref());
                }
            }
            _ => {}
        }
    }

    /// Tells whether the file has that key.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// Returns where the key stands, or else the nearest key around it that is written in the file.
    pub(crate) fn nearest(&self, key: &Key) -> Position {
        let mut around = Some(key.clone());
        while let Some(key) = around {
            if let Some(position) = self.0.get(&key) {
                return *position;
            }
            around = key.up();
        }
        Position { line: 1, column: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_bare_are_quoted() {
        let key = Key::of(["flow", "a-b", "map"]).name("lines[].rate").name("x").index(2);
        assert_eq!(key.to_string(), r#"flow.a-b.map."lines[].rate".x[2]"#);
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(Position::of("a\nžé = 1", 6), Position { line: 2, column: 3 });
        assert_eq!(Position::of("a", 99), Position { line: 1, column: 2 });
    }
}
