//! `[connection.NAME.lookups]`: records of other connections that a serving one may look up, by role. Pure.

use std::time::Duration;

use wharf_flow::GrantedSource;

use super::flow::ACTIONS;
use super::name::Names;
use super::nearest;
use super::reader::{Node, Section};

/// Time for one look-up: of the three seconds that somebody waits, one is left for the others.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Reads the sources of every role, in the order of the file.
pub(super) fn read(node: &Node<'_>, names: &Names) -> Vec<GrantedSource> {
    let mut sources: Vec<GrantedSource> = Vec::new();
    for (role, node) in node.entries().unwrap_or_default() {
        for section in node.sections().unwrap_or_default() {
            let Some(source) = source(&role, &section, names) else { continue };
            if sources.iter().any(|other| other.name == source.name) {
                let fix = "give one of them a `name` of its own";
                section.wrong(format!("is the second source called `{}`", source.name), fix);
                continue;
            }
            sources.push(source);
        }
    }
    sources
}

fn source(role: &str, section: &Section<'_>, names: &Names) -> Option<GrantedSource> {
    let connection = section.required("connection", "connection = \"NAME\"");
    let connection = connection.and_then(|node| names.connection(&node));
    let entity = section.required("entity", "entity = \"NAME\"").and_then(|node| node.text());
    let name = section.optional("name").and_then(|node| node.text());
    let write = section.optional("write").map(|node| actions(&node)).unwrap_or_default();
    let timeout = section.optional("timeout").and_then(|node| node.duration());
    section.end();
    let connection = connection?;
    Some(GrantedSource {
        name: name.unwrap_or_else(|| connection.clone()),
        role: role.to_owned(),
        connection,
        entity: entity?,
        actions: write,
        timeout: timeout.unwrap_or(TIMEOUT),
    })
}

fn actions(node: &Node<'_>) -> Vec<wharf_host::model::Action> {
    let words = node.texts().unwrap_or_default();
    let read = |word: &String| {
        let found = ACTIONS.iter().find(|(name, _)| name == word).map(|(_, action)| *action);
        if found.is_none() {
            let fix = nearest::fix(word, ACTIONS.iter().map(|(name, _)| *name));
            node.wrong(format!("`{word}` is no action"), fix);
        }
        found
    };
    words.iter().filter_map(read).collect()
}
