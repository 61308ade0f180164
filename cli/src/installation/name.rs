//! Names that the operator chooses, and whether a name that is used is one of them. Pure.

use super::nearest;
use super::reader::{Node, Section};

/// Longest name of a connection, table or flow, in characters. Names are columns of listings and parts of log lines.
const LONGEST: usize = 64;

/// The names that the file declares, complete even where the declared thing has mistakes.
pub(super) struct Names {
    connections: Vec<String>,
    tables: Vec<String>,
}

impl Names {
    pub(super) fn of(root: &Section<'_>) -> Self {
        let names = |kind| root.table_keys(kind);
        Self { connections: names("connection"), tables: names("table") }
    }

    /// Reads the name of a connection of this file.
    pub(super) fn connection(&self, node: &Node<'_>) -> Option<String> {
        known(node, "connection", &self.connections)
    }

    /// Reads the name of a lookup table of this file.
    pub(super) fn table(&self, node: &Node<'_>) -> Option<String> {
        known(node, "table", &self.tables)
    }
}

fn known(node: &Node<'_>, kind: &str, names: &[String]) -> Option<String> {
    let name = node.text()?;
    if names.contains(&name) {
        return Some(name);
    }
    let fix = if names.is_empty() {
        format!("declare it under [{kind}.{name}]")
    } else {
        nearest::fix(&name, names.iter().map(String::as_str))
    };
    node.wrong(format!("no {kind} is called `{name}`"), fix);
    None
}

/// Reports a chosen name that could not be told apart in listings and addresses such as `CONNECTION/ENTITY/ID`.
pub(super) fn check(name: &str, node: &Node<'_>) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = !name.is_empty() && name.chars().count() <= LONGEST;
    if !(fits && name.chars().all(allowed)) {
        node.wrong("is no name", format!("use 1 to {LONGEST} lower-case letters, digits and `-`"));
    }
}

/// Tells whether it can be the name of a connector: the manifest allows no other, and none leads out of a directory.
pub(crate) fn is_connector(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST).contains(&name.len()) && name.chars().all(allowed)
}
