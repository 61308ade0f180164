//! What is wrong with an installation file: every mistake, each with its place and its fix. Pure.

use std::cell::RefCell;
use std::fmt;

use super::key::{Key, Places, Position};

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// Where in the file.
    pub(crate) position: Position,
    /// Which key; empty for a mistake of the file's grammar.
    pub(crate) key: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position.line, self.position.column)?;
        if !self.key.is_empty() {
            write!(f, " {}", self.key)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.fix.is_empty() {
            write!(f, "; {}", self.fix)?;
        }
        Ok(())
    }
}

/// Collects mistakes while the file is read, so that all are told at once.
pub(crate) struct Problems {
    places: Places,
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    /// Starts with none; `places` says where keys stand.
    pub(crate) fn new(places: Places) -> Self {
        Self { places, found: RefCell::default() }
    }

    /// Adds a mistake of a key.
    pub(crate) fn add(&self, key: &Key, message: impl Into<String>, fix: impl Into<String>) {
        let position = self.places.nearest(key);
        self.add_at(position, key.to_string(), message, fix);
    }

    /// Returns where a key stands, or the nearest one around it that is written.
    pub(crate) fn position(&self, key: &Key) -> Position {
        self.places.nearest(key)
    }

    /// Adds a mistake at a position.
    pub(crate) fn add_at(&self, position: Position, key: String, message: impl Into<String>, fix: impl Into<String>) {
        let problem = Problem { position, key, message: message.into(), fix: fix.into() };
        self.found.borrow_mut().push(problem);
    }

    /// Adds a mistake whose sentence already ends with the fix after a semicolon.
    pub(crate) fn add_sentence(&self, key: &Key, sentence: &str) {
        let (message, fix) = crate::failure::split_fix(sentence);
        self.add(key, message, fix.unwrap_or_default());
    }

    /// Returns the key that further parts lead to. A part that is a number is a name where the file has such a name,
    /// else a place in a list.
    pub(crate) fn below<'a>(&self, key: &Key, parts: impl IntoIterator<Item = &'a str>) -> Key {
        parts.into_iter().fold(key.clone(), |key, part| match part.parse() {
            Ok(index) if !self.places.has(&key.name(part)) => key.index(index),
            _ => key.name(part),
        })
    }

    /// Returns the key that a JSON pointer below a key leads to.
    pub(crate) fn pointed_at(&self, key: &Key, pointer: &str) -> Key {
        let parts: Vec<String> =
            pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        self.below(key, parts.iter().map(String::as_str))
    }

    /// Tells whether something is wrong with a key or with what is below it.
    pub(crate) fn within(&self, key: &Key) -> bool {
        let (this, below, inside) = (key.to_string(), format!("{key}."), format!("{key}["));
        let found = self.found.borrow();
        found.iter().any(|one| one.key == this || one.key.starts_with(&below) || one.key.starts_with(&inside))
    }

    /// Tells whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Returns every mistake once, in the order of the file.
    pub(crate) fn list(&self) -> Vec<Problem> {
        let mut found = self.found.borrow().clone();
        found.sort();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn pointer_goes_through_lists_names_and_escapes() {
        let text = "config = { 7 = 1 }";
        let (root, _) = DeTable::parse_recoverable(text);
        let problems = Problems::new(Places::of(text, root.get_ref()));
        let config = Key::of(["config"]);
        let table = [("/a~1b/0/c~0d", r#"config."a/b"[0]."c~d""#), ("/7/0", "config.7[0]"), ("", "config")];
        for (pointer, key) in table {
            assert_eq!(problems.pointed_at(&config, pointer).to_string(), key);
        }
    }
}
