//! The installation file: connections, lookup tables and flows, as the operator writes them.
//!
//! Reading is pure: [`parse`] takes text and returns what could be understood together with every mistake. What needs
//! connectors (their manifests, their opinion of a configuration) is in [`agreement`].

pub(crate) mod agreement;
mod connection;
pub(crate) mod edit;
mod flow;
mod key;
mod lookups;
mod name;
pub(crate) mod nearest;
mod problem;
mod reader;
mod serve;
mod settings;
mod table;

use std::collections::BTreeMap;

use toml::de::DeTable;
use wharf_flow::{FlowSpec, Table};

pub(crate) use agreement::origin_of;
pub(crate) use connection::{ConnectionEntry, SecretPlace};
pub(crate) use key::{Key, Places, Position};
pub(crate) use name::is_connector;
pub(crate) use problem::{Problem, Problems};
pub(crate) use serve::ServeSettings;
pub(crate) use settings::Settings;

use name::Names;
use reader::Section;

/// What is written in an installation file. Entries with mistakes may be missing or incomplete; their mistakes are
/// among the problems that come with it.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// `[wharf]`.
    pub(crate) settings: Settings,
    /// `[serve]`. Nothing listens without it.
    pub(crate) serve: Option<ServeSettings>,
    /// `[connection.NAME]`.
    pub(crate) connections: BTreeMap<String, ConnectionEntry>,
    /// `[table.NAME]`.
    pub(crate) tables: BTreeMap<String, Table>,
    /// `[flow.NAME]`.
    pub(crate) flows: BTreeMap<String, FlowSpec>,
}

/// Reads the text of an installation file.
pub(crate) fn parse(text: &str) -> (File, Problems) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let problems = Problems::new(Places::of(text, root.get_ref()));
    for (position, message) in first_of_each_line(text, &errors) {
        problems.add_at(position, String::new(), message, "correct the TOML");
    }
    let file = if errors.is_empty() { read(root.get_ref(), &problems) } else { File::default() };
    (file, problems)
}

/// Returns the first mistake of each line: what comes after it on that line mostly follows from it.
fn first_of_each_line(text: &str, errors: &[toml::de::Error]) -> Vec<(Position, String)> {
    let mut lines = BTreeMap::new();
    for error in errors {
        let position = Position::of(text, error.span().map_or(0, |span| span.start));
        let message = error.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
        let first = lines.entry(position.line).or_insert_with(|| (position, message.clone()));
        if position < first.0 {
            *first = (position, message);
        }
    }
    lines.into_values().collect()
}

fn read(root: &DeTable<'_>, problems: &Problems) -> File {
    let root = Section::new(root, Key::default(), problems);
    let names = Names::of(&root);
    let mut file = File {
        settings: root.optional("wharf").and_then(|node| node.section()).map(settings::read).unwrap_or_default(),
        serve: root.optional("serve").and_then(|node| node.section()).and_then(serve::read),
        connections: named(&root, "connection", |_, section| connection::read(section, &names)),
        tables: named(&root, "table", |_, section| table::read(section, &names)),
        flows: named(&root, "flow", |name, section| flow::read(name, section, &names)),
    };
    root.end();
    for flow in file.flows.values_mut() {
        flow.tables = file.tables.clone();
    }
    file
}

/// Reads the tables of one kind, each under the name that the operator chose.
fn named<T>(
    root: &Section<'_>,
    kind: &'static str,
    read: impl Fn(&str, &Section<'_>) -> Option<T>,
) -> BTreeMap<String, T> {
    let entries = root.optional(kind).and_then(|node| node.entries()).unwrap_or_default();
    let entry = |(name, node): (String, reader::Node<'_>)| {
        name::check(&name, &node);
        let entry = read(&name, &node.section()?)?;
        Some((name, entry))
    };
    entries.into_iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../demo/src/installation.toml");

    #[test]
    fn damaged_files_are_read_or_refused_with_places_inside_of_them() {
        let mut wrong = 0;
        for mut damage in wharf_test_support::damage::Rounds::of("installation file", 400) {
            let text = damage.text(SAMPLE);
            let (_, problems) = parse(&text);
            for problem in problems.list() {
                wrong += 1;
                assert!(problem.position.line <= text.lines().count().max(1), "{problem}");
                assert!(!problem.message.is_empty(), "{problem}");
            }
        }
        assert!(wrong > 0, "nothing was found wrong with damaged files");
    }
}
