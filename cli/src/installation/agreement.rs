//! Whether what the file says agrees with what the connectors say of themselves. Pure.

use std::collections::BTreeMap;

use wharf_host::manifest::{CredentialSlot, Manifest, Origin, Write};

use super::key::Key;
use super::nearest;
use super::{ConnectionEntry, File, Problems, SecretPlace};

/// Reports everything in the file that the manifests do not bear out. `manifests` has those that could be read, by
/// connection; what needs another one is not checked.
pub(crate) fn check(file: &File, manifests: &BTreeMap<String, Manifest>, problems: &Problems) {
    for (name, entry) in &file.connections {
        if let Some(manifest) = manifests.get(name) {
            let check = Check { key: Key::of(["connection", name]), entry, manifest, problems };
            check.credentials();
            check.granted_slots();
            check.origins();
            check.lookups(manifests);
            check.files();
        }
    }
    tables(file, manifests, problems);
    flows(file, manifests, problems);
}

struct Check<'a> {
    key: Key,
    entry: &'a ConnectionEntry,
    manifest: &'a Manifest,
    problems: &'a Problems,
}

impl Check<'_> {
    fn credentials(&self) {
        let key = self.key.name("credential");
        for (slot, parts) in &self.entry.credentials {
            match self.slot(slot) {
                Some(declared) => self.parts(&key.name(slot), declared, parts),
                None => self.unknown_slot(&key.name(slot), slot),
            }
        }
        let missing = self.manifest.credentials.iter().filter(|slot| !slot.optional);
        for slot in missing.filter(|slot| !self.entry.credentials.contains_key(&slot.name)) {
            let hint = if slot.hint.is_empty() { String::new() } else { format!(" ({})", slot.hint) };
            let message = format!("credential `{}` is missing{hint}", slot.name);
            let example: Vec<_> = slot.scheme.parts().iter().map(|part| written(part)).collect();
            self.problems.add(
                &self.key,
                message,
                format!("add [{}] with {}", key.name(&slot.name), example.join(", ")),
            );
        }
    }

    fn parts(&self, key: &Key, slot: &CredentialSlot, given: &BTreeMap<String, SecretPlace>) {
        let known = slot.scheme.parts();
        for part in given.keys().filter(|part| !known.contains(&part.as_str())) {
            self.problems.add(&key.name(part), "unknown key", nearest::fix(part, known.iter().copied()));
        }
        for part in known.iter().filter(|part| !given.contains_key(**part)) {
            self.problems.add(key, format!("`{part}` is missing"), format!("add {}", written(part)));
        }
    }

    fn granted_slots(&self) {
        let key = self.key.name("grant").name("credentials");
        for (at, slot) in self.entry.grant.credentials.iter().flatten().enumerate() {
            if self.slot(slot).is_none() {
                self.unknown_slot(&key.index(at), slot);
            }
        }
    }

    fn slot(&self, name: &str) -> Option<&CredentialSlot> {
        self.manifest.credentials.iter().find(|slot| slot.name == name)
    }

    fn unknown_slot(&self, key: &Key, name: &str) {
        let slots = self.manifest.credentials.iter().map(|slot| slot.name.as_str());
        let message = format!("connector `{}` has no credential slot `{name}`", self.manifest.name);
        self.problems.add(key, message, nearest::fix(name, slots));
    }

    /// Reports sources that the connector behind them does not have.
    fn lookups(&self, manifests: &BTreeMap<String, Manifest>) {
        for source in &self.entry.lookups {
            let key = self.key.name("lookups").name(&source.role);
            let Some(manifest) = manifests.get(&source.connection) else { continue };
            if !manifest.records.iter().any(|records| records.entity == source.entity) {
                let entities = manifest.records.iter().map(|records| records.entity.as_str());
                let message = format!("connector `{}` looks up no `{}`", manifest.name, source.entity);
                self.problems.add(&key, message, nearest::fix(&source.entity, entities));
            }
            for action in &source.actions {
                let does = |write: &Write| write.entity == source.entity && write.actions.contains(action);
                if !manifest.writes.iter().any(does) {
                    let message = format!("connector `{}` cannot do that to `{}`", manifest.name, source.entity);
                    self.problems.add(&key, message, "leave the action out of `write`");
                }
            }
        }
    }

    /// Reports a directory for a connector that asks for none, and a connector that asks for one and has none.
    fn files(&self) {
        let (key, connector) = (self.key.name("grant"), &self.manifest.name);
        match (&self.manifest.files, &self.entry.grant.directory) {
            (None, Some(_)) => {
                let message = format!("connector `{connector}` does not ask for files");
                self.problems.add(&key.name("directory"), message, "take it out");
            }
            (Some(asked), None) => {
                let message = format!("has no files, connector `{connector}` asks for them ({})", asked.summary);
                let fix = format!(
                    "if that is approved, add directory = {{ path = \"DIR\", access = \"{}\" }} under [{key}]",
                    asked.access
                );
                self.problems.add(&self.key, message, fix);
            }
            _ => {}
        }
    }

    /// Reports a connection that can reach nothing: the grant is its operator's to write, and easily forgotten.
    fn origins(&self) {
        let grant = &self.entry.grant;
        let asked = asked_origins(self.manifest, &self.entry.config);
        if asked.is_empty() || !grant.origins.is_empty() || !grant.plain_http.is_empty() {
            return;
        }
        let list: Vec<String> = asked.iter().map(|origin| format!("{origin:?}")).collect();
        let message = format!("may reach nothing, connector `{}` asks for {}", self.manifest.name, asked.join(", "));
        let fix =
            format!("if that is approved, add origins = [{}] under [{}]", list.join(", "), self.key.name("grant"));
        self.problems.add(&self.key, message, fix);
    }
}

/// Returns the origins that a connector asks for with a configuration, each once.
fn asked_origins(manifest: &Manifest, config: &serde_json::Value) -> Vec<String> {
    let asked = |origin: &Origin| match origin {
        Origin::Fixed(origin) => Some(origin.clone()),
        Origin::FromConfig { config: key } => config.get(key).and_then(serde_json::Value::as_str).map(origin_of),
    };
    let mut origins: Vec<String> = manifest.hosts.iter().filter_map(|host| asked(&host.origin)).collect();
    origins.sort();
    origins.dedup();
    origins
}

/// Returns scheme, host and port of a URL; the URL itself where it has none.
pub(crate) fn origin_of(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    format!("{scheme}://{}", rest.get(..end).unwrap_or(rest))
}

fn written(part: &str) -> String {
    format!("{part} = {{ env = \"NAME\" }}")
}

fn tables(file: &File, manifests: &BTreeMap<String, Manifest>, problems: &Problems) {
    for (name, table) in &file.tables {
        let (Some(connection), Some(list)) = (&table.connection, &table.reference_list) else { continue };
        let Some(manifest) = manifests.get(connection) else { continue };
        if manifest.reference_lists.iter().all(|known| known.name != *list) {
            let key = Key::of(["table", name, "reference_list"]);
            let message = format!("connector `{}` has no reference list `{list}`", manifest.name);
            let lists = manifest.reference_lists.iter().map(|list| list.name.as_str());
            problems.add(&key, message, nearest::fix(list, lists));
        }
    }
}

fn flows(file: &File, manifests: &BTreeMap<String, Manifest>, problems: &Problems) {
    for (name, flow) in &file.flows {
        if flow.connections().into_iter().any(|connection| !manifests.contains_key(connection)) {
            continue;
        }
        for problem in flow.check(manifests) {
            let key = problems.below(&Key::of(["flow", name]), problem.path.iter().map(String::as_str));
            problems.add_sentence(&key, &problem.message);
        }
    }
}
