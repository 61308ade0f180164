//! `[table.NAME]`: a lookup table of mappings. Pure.

use wharf_flow::Table;

use super::name::Names;
use super::reader::{Node, Section};

pub(super) fn read(section: &Section<'_>, names: &Names) -> Option<Table> {
    let connection = section.optional("connection");
    let list = section.optional("reference_list");
    if connection.is_some() && list.is_none() {
        section.wrong("names a connection and no reference list of it", "add reference_list = \"NAME\"");
    }
    let connection = connection.and_then(|node| names.connection(&node));
    let reference_list = list.as_ref().and_then(Node::text);
    let entries = section.required("entries", "entries = { \"SOURCE\" = \"RESULT\" }");
    let entries = entries.and_then(|node| node.entries()).unwrap_or_default();
    let default = section.optional("default").as_ref().and_then(Node::scalar);
    section.end();
    let entry = |(source, node): (String, Node<'_>)| Some((source, node.scalar()?));
    let entries = entries.into_iter().filter_map(entry).collect();
    Some(Table { connection, reference_list, entries, default })
}
