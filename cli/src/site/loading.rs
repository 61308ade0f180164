//! Loading an installation's connectors and making its connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use wharf_flow::{Doors, GrantedLookups, Ledger};
use wharf_host::files::Folder;
use wharf_host::manifest::Manifest;
use wharf_host::model::Cause;
use wharf_host::policy::Grant;
use wharf_host::{Connection, ConnectionBuilder, Connector, Error, Host, Limits};

use super::Installation;
use crate::approval::{Lock, added, wants};
use crate::connectors::Connectors;
use crate::failure::{Exit, Failure};
use crate::installation::{ConnectionEntry, Key};

/// Builds the grant that an entry spells out.
///
/// Slots that the connector does not have are left out: they are mistakes of their own.
fn grant(entry: &ConnectionEntry, manifest: &Manifest) -> Grant {
    let written = &entry.grant;
    let grant = written.origins.iter().fold(Grant::new(), Grant::origin);
    let grant = written.plain_http.iter().fold(grant, Grant::plain_http);
    let grant = written.private_addresses.iter().fold(grant, Grant::private_address);
    let configured = || entry.credentials.keys().cloned().collect();
    let slots: Vec<String> = written.credentials.clone().unwrap_or_else(configured);
    let known = |slot: &String| manifest.credentials.iter().any(|declared| declared.name == *slot);
    slots.into_iter().filter(known).fold(grant, Grant::slot)
}

/// Opens the directory that a grant names. One that cannot be opened is reported, and there is none.
fn folder(installation: &Installation, name: &str, entry: &ConnectionEntry) -> Option<Folder> {
    let written = entry.grant.directory.as_ref()?;
    let path = installation.path(&written.path);
    match Dir::open_ambient_dir(&path, ambient_authority()) {
        Ok(directory) => {
            let folder = Folder::new(directory, written.access);
            let folder = written.quota_bytes.into_iter().fold(folder, Folder::quota_bytes);
            Some(written.files.map(u64::from).into_iter().fold(folder, Folder::most_files))
        }
        Err(error) => {
            let key = Key::of(["connection", name, "grant", "directory", "path"]);
            let message = format!("`{}` cannot be opened ({error})", written.path.display());
            installation.problems.add(
                &key,
                message,
                "name a directory, relative to this file, and make it if it is missing",
            );
            None
        }
    }
}

/// A configuration as the connector of now takes it.
struct CurrentConfig {
    value: serde_json::Value,
    /// Version that the file's text is written for.
    written_for: u32,
}

/// Loads the connectors of an installation, each once, and reports what is wrong with them or with their connections.
pub(super) struct Loading<'a> {
    installation: &'a Installation,
    host: &'a Host,
    ledger: Option<Ledger>,
    lock: Lock,
    loaded: BTreeMap<String, Option<Connector>>,
    pub(super) doors: Arc<Doors>,
    /// How many problems are refused connectors, and why the first was.
    pub(super) refused: Option<(usize, Failure)>,
}

impl<'a> Loading<'a> {
    pub(super) fn new(installation: &'a Installation, host: &'a Host, ledger: Option<Ledger>) -> Self {
        let lock = installation.approvals().read().unwrap_or_else(|reason| {
            let path = &installation.file.settings.lock;
            let message = format!("the approvals in `{}` cannot be read ({reason})", path.display());
            let fix = "bring back the file that `wharf install` wrote, or install the connectors again";
            installation.problems.add(&Key::of(["wharf", "lock"]), message, fix);
            Lock::default()
        });
        Self { installation, host, ledger, lock, loaded: BTreeMap::new(), doors: Arc::default(), refused: None }
    }

    pub(super) async fn connectors(&mut self) -> BTreeMap<String, Connector> {
        let entries = &self.installation.file.connections;
        if entries.is_empty() {
            return BTreeMap::new();
        }
        let Some(directory) = self.directory() else { return BTreeMap::new() };
        let mut connectors = BTreeMap::new();
        for (name, entry) in entries {
            let key = Key::of(["connection", name]);
            if let Some(connector) = self.connector(&directory, &key, &entry.connector).await {
                connectors.insert(name.clone(), connector);
            }
        }
        connectors
    }

    fn directory(&self) -> Option<Connectors> {
        let path = &self.installation.file.settings.connectors;
        let opened = Connectors::open(&self.installation.path(path));
        if let Err(error) = &opened {
            let message = format!("connectors directory `{}` cannot be opened ({error})", path.display());
            let key = Key::of(["wharf", "connectors"]);
            self.installation.problems.add(&key, message, "create it, or name another, relative to this file");
        }
        opened.ok()
    }

    async fn connector(&mut self, directory: &Connectors, key: &Key, name: &str) -> Option<Connector> {
        if let Some(known) = self.loaded.get(name) {
            return known.clone();
        }
        let connector = self.load(directory, &key.name("connector"), name).await;
        self.loaded.insert(name.to_owned(), connector.clone());
        connector
    }

    async fn load(&mut self, directory: &Connectors, key: &Key, name: &str) -> Option<Connector> {
        let bytes = match directory.read(name) {
            Ok(bytes) => bytes,
            Err(unreadable) => {
                self.installation.problems.add(key, unreadable.message, unreadable.fix);
                return None;
            }
        };
        if let Err(failure) = self.approve(name, &bytes) {
            self.refuse(key, failure);
            return None;
        }
        let loaded = self.host.load(&bytes).await.map_err(Failure::from);
        match loaded.and_then(|connector| self.asks_as_approved(name, &connector).map(|()| connector)) {
            Ok(connector) => {
                tracing::info!(connector = name, digest = connector.digest(), "connector loaded");
                Some(connector)
            }
            Err(failure) => {
                self.refuse(key, failure);
                None
            }
        }
    }

    /// Fails when a connector asks for more than it did when it was approved: what it says of itself is what its program
    /// answers, which may not be the same each time.
    fn asks_as_approved(&self, name: &str, connector: &Connector) -> Result<(), Failure> {
        let Some(approved) = self.lock.approved(name).filter(|_| !self.installation.unreached) else { return Ok(()) };
        let more = added(&wants(connector.inspection(), connector.manifest()), Some(&approved.wants));
        if more.is_empty() {
            return Ok(());
        }
        let path = self.installation.file.settings.connectors.join(format!("{name}.wasm"));
        let listed: Vec<String> = more.iter().map(|want| format!("{} {want}", want.kind())).collect();
        let text = format!(
            "connector `{name}` asks for more than was approved: {}; look at it, and approve it: `wharf install {}`",
            listed.join("; "),
            path.display()
        );
        Err(Failure::new(Exit::Connector, "not-approved", text))
    }

    /// Fails unless exactly this file was approved.
    fn approve(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        if self.installation.unreached {
            return Ok(());
        }
        let path = self.installation.file.settings.connectors.join(format!("{name}.wasm"));
        let path = path.display();
        let refused = |code, text: String| Err(Failure::new(Exit::Connector, code, text));
        let Some(approved) = self.lock.approved(name) else {
            let text = format!("connector `{name}` is not approved; look at what it asks for: `wharf install {path}`");
            return refused("not-approved", text);
        };
        let digest = wharf_host::inspect::inspect(bytes)?.digest;
        if digest == approved.digest {
            return Ok(());
        }
        let text = format!(
            "`{path}` is another file than the one that was approved: its digest is {digest}, that of version {} is {}; \
             put the approved file back, or approve this one: `wharf install {path}`",
            approved.version, approved.digest
        );
        refused("connector-changed", text)
    }

    fn refuse(&mut self, key: &Key, failure: Failure) {
        self.installation.problems.add(key, &failure.message, failure.fix.as_deref().unwrap_or_default());
        let (count, first) = self.refused.take().unwrap_or((0, failure));
        self.refused = Some((count + 1, first));
    }

    /// Makes the connections whose connectors are there, and reports those that cannot be made. Nothing is sent.
    pub(super) async fn connections(&self, connectors: &BTreeMap<String, Connector>) -> BTreeMap<String, Connection> {
        let mut connections = BTreeMap::new();
        for (name, connector) in connectors {
            let Some(entry) = self.installation.file.connections.get(name) else { continue };
            let Some(config) = self.current_config(name, entry, connector).await else { continue };
            let folder = folder(self.installation, name, entry);
            let grant = folder.into_iter().fold(grant(entry, connector.manifest()), Grant::directory);
            let builder = connector.connect(name).config(config.value).grant(grant);
            let builder = self.serving(name, entry, builder);
            match builder.build().await {
                Ok(connection) => {
                    self.note(&connection, config.written_for).await;
                    connections.insert(name.clone(), connection);
                }
                Err(error) => self.cannot_connect(&Key::of(["connection", name]), &error),
            }
        }
        connections
    }

    /// Brings a configuration that was written for an earlier release of the connector to the one of now. The file says for
    /// which one, or the ledger knows with which one it was used last and it does not fit the one of now.
    async fn current_config(
        &self,
        name: &str,
        entry: &ConnectionEntry,
        connector: &Connector,
    ) -> Option<CurrentConfig> {
        let current = connector.manifest().config.version;
        let key = Key::of(["connection", name]);
        let as_it_is = || CurrentConfig { value: entry.config.clone(), written_for: current };
        let written_for = match entry.config_version {
            Some(written) if written > current => {
                let message = format!(
                    "is {written}, and connector `{}` {} knows configurations up to version {current}",
                    connector.manifest().name,
                    connector.manifest().version
                );
                self.installation.problems.add(&key.name("config_version"), message, "install the newer connector");
                return None;
            }
            Some(written) => written,
            None => match self.used_last(name).filter(|used| *used < current) {
                Some(used) if !self.fits(connector, &entry.config).await => used,
                _ => current,
            },
        };
        if written_for == current {
            return Some(as_it_is());
        }
        match connector.migrate_config(written_for, &entry.config).await {
            Ok(value) => {
                tracing::warn!(
                    connection = name,
                    "its configuration of version {written_for} was brought to {current} for this run; write the new one into the file"
                );
                Some(CurrentConfig { value, written_for })
            }
            Err(error) => {
                self.cannot_connect(&key.name("config"), &error);
                None
            }
        }
    }

    /// Returns the version that a connection's configuration was written for when it was used last.
    fn used_last(&self, name: &str) -> Option<u32> {
        // A ledger that cannot be read says so itself when it is used.
        self.ledger.as_ref()?.config_version(name).ok().flatten()
    }

    async fn fits(&self, connector: &Connector, config: &serde_json::Value) -> bool {
        connector.validate_config(config).await.is_ok_and(|violations| violations.is_empty())
    }

    async fn note(&self, connection: &Connection, written_for: u32) {
        let Some(ledger) = &self.ledger else { return };
        let manifest = connection.manifest();
        let noted = ledger.note_connector(connection.name(), &manifest.name, &manifest.version, written_for).await;
        if let Err(error) = noted {
            tracing::warn!(connection = connection.name(), "its connector could not be noted: {error}");
        }
    }

    /// Adds what a connection that answers requests has besides.
    fn serving(&self, name: &str, entry: &ConnectionEntry, builder: ConnectionBuilder) -> ConnectionBuilder {
        let mut limits = Limits::default();
        if let Some(serve) = &self.installation.file.serve {
            limits.serve = serve.deadline;
        }
        let builder = builder.limits(limits);
        if entry.lookups.is_empty() {
            return builder;
        }
        builder.lookups(Arc::new(GrantedLookups::new(name, entry.lookups.clone(), Arc::clone(&self.doors))))
    }

    fn cannot_connect(&self, key: &Key, error: &Error) {
        let problems = &self.installation.problems;
        match (error.code(), error.cause()) {
            (_, Some(Cause::ConfigInvalid { violations })) => {
                for violation in violations {
                    let key = problems.pointed_at(&key.name("config"), &violation.path);
                    problems.add_sentence(&key, &violation.message);
                }
            }
            // The parts of a grant that can be told apart without the connector are told apart where they are read.
            ("grant-invalid", _) if problems.within(&key.name("grant")) => {}
            ("grant-invalid", _) => problems.add_sentence(&key.name("grant"), &error.to_string()),
            _ => problems.add_sentence(key, &error.to_string()),
        }
    }
}
