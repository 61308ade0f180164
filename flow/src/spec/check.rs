//! Every mistake of a definition that can be found without calling anybody.

use std::collections::BTreeMap;

use wharf_host::manifest::Manifest;
use wharf_host::model::Action;

use super::{FlowSpec, ValueSource};
use crate::problem::Problem;
use crate::runner::definition;

impl FlowSpec {
    /// Returns every mistake: connections, feeds, filters, entities and actions that are not there, names that an
    /// expression does not know, paths that are none, tables that are missing. `manifests` are those of the
    /// installation's connections, by connection.
    pub fn check(&self, manifests: &BTreeMap<String, Manifest>) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.name.is_empty() {
            problems.push(Problem::new([], "a flow needs a name"));
        }
        self.check_source(manifests, &mut problems);
        let target = find(manifests, &self.target.connection, &["to", "connection"], &mut problems);
        if let Some(manifest) = target {
            check_write(manifest, &self.target.entity, self.target.action, &["to"], &mut problems);
            self.check_on_delete(manifest, &mut problems);
        }
        self.check_dependencies(target, &mut problems);
        self.check_write_backs(manifests, &mut problems);
        self.check_tables(manifests, &mut problems);
        self.check_names(&mut problems);
        problems.extend(definition::compile(self, target).err().unwrap_or_default());
        problems
    }

    fn check_source(&self, manifests: &BTreeMap<String, Manifest>, problems: &mut Vec<Problem>) {
        let Some(manifest) = find(manifests, &self.source.connection, &["from", "connection"], problems) else {
            return;
        };
        if self.source.is_handed_over() {
            return;
        }
        let Some(feed) = manifest.feeds.iter().find(|feed| feed.name == self.source.feed) else {
            let names = manifest.feeds.iter().map(|feed| feed.name.as_str());
            let text = format!("connector `{}` has no feed `{}`; {}", manifest.name, self.source.feed, choices(names));
            problems.push(Problem::new(["from", "feed"], text));
            return;
        };
        for (name, _) in &self.source.filter {
            if !feed.filters.iter().any(|filter| filter.name == *name) {
                let names = feed.filters.iter().map(|filter| filter.name.as_str());
                let text = format!("feed `{}` has no filter `{name}`; {}", feed.name, choices(names));
                problems.push(Problem::new(["from", "filter", name], text));
            }
        }
        if self.source.since.is_some() && !feed.windows {
            let text =
                format!("feed `{}` cannot start at a time; leave `since` out and filter by the document", feed.name);
            problems.push(Problem::new(["from", "since"], text));
        }
    }

    fn check_on_delete(&self, target: &Manifest, problems: &mut Vec<Problem>) {
        let Some(action) = self.on_delete else { return };
        check_write(target, &self.target.entity, action, &["on_delete"], problems);
        if !matches!(self.target.action, Action::Update | Action::Upsert) {
            let text = "only a flow that follows changes hears of deleted documents; use `upsert` or `update`, or remove `on_delete`";
            problems.push(at(&["on_delete"], text.to_owned()));
        }
        if action == Action::Create {
            problems.push(at(&["on_delete"], "a deleted document creates nothing; use `delete`".to_owned()));
        }
    }

    fn check_dependencies(&self, target: Option<&Manifest>, problems: &mut Vec<Problem>) {
        for (index, rule) in self.dependencies.iter().enumerate() {
            if let Some(manifest) = target {
                check_write(manifest, &rule.entity, rule.action, &["dependency", &index.to_string()], problems);
            }
        }
    }

    fn check_write_backs(&self, manifests: &BTreeMap<String, Manifest>, problems: &mut Vec<Problem>) {
        for (index, write_back) in self.write_backs.iter().enumerate() {
            let place = ["write_back", &index.to_string()];
            let connection = [place.as_slice(), &["connection"]].concat();
            if let Some(manifest) = find(manifests, &write_back.connection, &connection, problems) {
                check_write(manifest, &write_back.entity, write_back.action, &place, problems);
            }
            if write_back.target.is_none() && write_back.action != Action::Create {
                let text =
                    "it does not say which document to change; add `target`, e.g. `target = { from = \"source.id\" }`";
                problems.push(at(&place, text.to_owned()));
            }
        }
    }

    fn check_tables(&self, manifests: &BTreeMap<String, Manifest>, problems: &mut Vec<Problem>) {
        let rules = self.mapping.iter().chain(self.write_backs.iter().flat_map(|write_back| &write_back.mapping));
        let used = rules.filter_map(|(_, rule)| rule.table.as_ref());
        let mut used: Vec<&String> = used.collect();
        used.sort();
        used.dedup();
        for (name, table) in used.into_iter().filter_map(|name| self.tables.get_key_value(name)) {
            let (Some(connection), Some(list)) = (&table.connection, &table.reference_list) else { continue };
            let Some(manifest) = manifests.get(connection) else {
                let text = format!(
                    "table `{name}` names the connection `{connection}`, which is not there; {}",
                    choices(manifests.keys().map(String::as_str))
                );
                problems.push(Problem::new(["table", name, "connection"], text));
                continue;
            };
            if !manifest.reference_lists.iter().any(|known| known.name == *list) {
                let names = manifest.reference_lists.iter().map(|known| known.name.as_str());
                let text = format!("connector `{}` has no reference list `{list}`; {}", manifest.name, choices(names));
                problems.push(Problem::new(["table", name, "reference_list"], text));
            }
        }
    }

    /// What has the same name twice would be one thing in reports.
    fn check_names(&self, problems: &mut Vec<Problem>) {
        for (index, filter) in self.filters.iter().enumerate() {
            let first = self.filters.iter().position(|other| other.rule == filter.rule);
            if filter.rule.is_empty() || first != Some(index) {
                let text = format!("filter name `{}` is empty or used twice; give each filter its own", filter.rule);
                problems.push(Problem::new(["drop", &index.to_string(), "rule"], text));
            }
        }
        for (index, (path, rule)) in self.mapping.iter().enumerate() {
            if self.mapping.iter().position(|(other, _)| other == path) != Some(index) {
                problems.push(Problem::new(["map", path], format!("`{path}` has two rules; leave one")));
            }
            if matches!(&rule.value, ValueSource::From(source) if source.is_empty()) {
                problems.push(Problem::new(["map", path], "`from` is empty; name a path of the source document"));
            }
        }
    }
}

fn find<'m>(
    manifests: &'m BTreeMap<String, Manifest>,
    name: &str,
    path: &[&str],
    problems: &mut Vec<Problem>,
) -> Option<&'m Manifest> {
    let found = manifests.get(name);
    if found.is_none() {
        let text = format!("there is no connection `{name}`; {}", choices(manifests.keys().map(String::as_str)));
        problems.push(at(path, text));
    }
    found
}

fn check_write(manifest: &Manifest, entity: &str, action: Action, path: &[&str], problems: &mut Vec<Problem>) {
    if definition::write_of(manifest, entity, action).is_some() {
        return;
    }
    let offered = manifest
        .writes
        .iter()
        .flat_map(|write| write.actions.iter().map(move |action| format!("{} {}", write.entity, action.word())));
    let offered: Vec<String> = offered.collect();
    let wanted = format!("{entity} {}", action.word());
    let text =
        format!("connector `{}` cannot do `{wanted}`; {}", manifest.name, choices(offered.iter().map(String::as_str)));
    problems.push(at(path, text));
}

fn at(path: &[&str], message: String) -> Problem {
    Problem { path: path.iter().map(|key| (*key).to_owned()).collect(), message }
}

fn choices<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match quoted.len() {
        0 => "it has none".to_owned(),
        1 => format!("use {}", quoted.concat()),
        _ => format!("use one of {}", quoted.join(", ")),
    }
}
