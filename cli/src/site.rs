//! An installation that was opened: its file read, its connectors loaded and checked against it, its connections made.

mod late_ledger;
mod loading;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wharf_conformance::{Timed, VirtualTime};
use wharf_flow::{Doors, Endpoint, FlowSpec, GrantedLookups, Ledger, OpenDoors, Runner, Settings, Webhooks};
use wharf_host::tape::Tape;
use wharf_host::{Blame, Connection, Host};

use self::late_ledger::LateLedger;
use self::loading::Loading;
use crate::approval::LockFile;
use crate::clock::ProgramClock;
use crate::failure::{Exit, Failure};
use crate::installation::{self, ConnectionEntry, File, Key, Problems, agreement, nearest};
use crate::secrets::{InstallationSecrets, SharedSecrets};

/// An installation file that was read.
pub(crate) struct Installation {
    shown: String,
    /// Its folder: what it names is relative to that.
    pub(crate) base: PathBuf,
    /// What it says.
    pub(crate) file: File,
    problems: Problems,
    /// Whether connectors run without approval: in a replay, where nothing can be reached.
    unreached: bool,
}

impl Installation {
    /// Reads an installation file. Its mistakes are kept for [`require_correct`](Self::require_correct).
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&shown, &error))?;
        let (file, problems) = installation::parse(&text);
        let base = path.parent().unwrap_or(Path::new(""));
        Ok(Self { base: base.to_owned(), shown, file, problems, unreached: false })
    }

    /// Reads the settings of an installation file: enough to approve connectors, which comes before connections are
    /// written. Without a file these are the defaults.
    pub(crate) fn settings(path: &Path) -> Result<Self, Failure> {
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        if !path.exists() {
            let (file, problems) = installation::parse("");
            return Ok(Self { shown: path.display().to_string(), base, file, problems, unreached: false });
        }
        let read = Self::read(path)?;
        let misread = read.problems.list().iter().any(|problem| problem.key.is_empty());
        if misread || read.problems.within(&Key::of(["wharf"])) {
            read.require_correct()?;
        }
        Ok(read)
    }

    /// Fails with every mistake found so far.
    pub(crate) fn require_correct(&self) -> Result<(), Failure> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Failure::of_installation(&self.shown, &self.problems.list()))
    }

    /// Returns a path of the file, seen from where the program runs.
    pub(crate) fn path(&self, relative: &Path) -> PathBuf {
        self.base.join(relative)
    }

    /// Reads an installation that is not where it was: its connectors are in `connectors`, and all else that it keeps is
    /// below `base`, an empty directory in the place of each that is granted.
    pub(crate) fn elsewhere(text: &str, base: &Path, connectors: &Path) -> Self {
        let (mut file, problems) = installation::parse(text);
        file.settings = installation::Settings {
            connectors: std::path::absolute(connectors).unwrap_or_else(|_| connectors.to_owned()),
            ..installation::Settings::default()
        };
        for (name, entry) in &mut file.connections {
            if let Some(directory) = &mut entry.grant.directory {
                // An empty one: the files that were there are not recorded, and those of today are none of its business.
                directory.path = format!("files-{name}").into();
                if let Err(error) = std::fs::create_dir(base.join(&directory.path)) {
                    tracing::warn!(connection = name, "a directory for its files could not be made: {error}");
                }
            }
        }
        let shown = "the recorded installation".to_owned();
        Self { base: base.to_owned(), shown, file, problems, unreached: true }
    }

    /// Returns the name under which the file was given.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns a connection that the command line names.
    pub(crate) fn connection(&self, name: &str) -> Result<&ConnectionEntry, Failure> {
        let known = self.file.connections.keys().map(String::as_str);
        self.file.connections.get(name).ok_or_else(|| unknown("connection", name, known))
    }

    /// Returns a flow that the command line names.
    pub(crate) fn flow(&self, name: &str) -> Result<&FlowSpec, Failure> {
        let known = self.file.flows.keys().map(String::as_str);
        self.file.flows.get(name).ok_or_else(|| unknown("flow", name, known))
    }

    /// Returns the name of a credential that the command line names as `CONNECTION/SLOT`. Slots that get their values from
    /// the same places are one credential, and have one name.
    pub(crate) fn credential(&self, written: &str) -> Result<String, Failure> {
        let Some((connection, slot)) = written.split_once('/') else {
            let message = format!("`{written}` is no credential; write CONNECTION/SLOT, such as shop/token");
            return Err(Failure::usage(message));
        };
        let entry = self.connection(connection)?;
        let Some(places) = entry.credentials.get(slot) else {
            return Err(unknown("credential", slot, entry.credentials.keys().map(String::as_str)));
        };
        let slots = self.file.connections.iter().flat_map(|(name, entry)| {
            entry.credentials.iter().map(move |(slot, places)| (format!("{name}/{slot}"), places))
        });
        let same = slots.filter(|(_, other)| *other == places).map(|(name, _)| name).next();
        Ok(same.unwrap_or_else(|| written.to_owned()))
    }

    /// Returns the names of the credentials that each connection uses.
    fn credentials(&self) -> BTreeMap<String, Vec<String>> {
        let names = |(connection, entry): (&String, &ConnectionEntry)| {
            let slots =
                entry.credentials.keys().filter_map(|slot| self.credential(&format!("{connection}/{slot}")).ok());
            (connection.clone(), slots.collect())
        };
        self.file.connections.iter().map(names).collect()
    }

    /// Returns the flows that the command line names, or all when it names none.
    pub(crate) fn flows(&self, names: &[String]) -> Result<Vec<&FlowSpec>, Failure> {
        if names.is_empty() {
            return Ok(self.file.flows.values().collect());
        }
        names.iter().map(|name| self.flow(name)).collect()
    }

    /// Returns where a key stands, or the nearest one around it that is written, as `file:line`.
    pub(crate) fn place(&self, key: &Key) -> String {
        format!("{}:{}", self.shown, self.problems.position(key).line)
    }

    /// Returns the file of approvals.
    pub(crate) fn approvals(&self) -> LockFile {
        LockFile::new(self.path(&self.file.settings.lock))
    }

    /// Opens the ledger.
    pub(crate) fn ledger(&self) -> Result<Ledger, Failure> {
        Ok(Ledger::open(self.path(&self.file.settings.state), Arc::new(ProgramClock))?)
    }
}

fn unreadable(shown: &str, error: &io::Error) -> Failure {
    let text = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no `{shown}`; write it, or name another with --file"),
        io::ErrorKind::InvalidData => format!("`{shown}` is not UTF-8 text; save it as such"),
        _ => format!("`{shown}` cannot be read ({error}); make it readable, or name another with --file"),
    };
    Failure::new(Exit::Installation, "installation-unreadable", text).at(shown)
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    Failure::usage(format!("no {kind} is called `{name}`; {}", nearest::fix(name, known)))
}

/// Reads the file and opens its ledger: enough for questions about what has happened. Loads no connector.
pub(crate) fn ledger(path: &Path) -> Result<(Installation, Ledger), Failure> {
    let installation = Installation::read(path)?;
    installation.require_correct()?;
    let ledger = installation.ledger()?;
    Ok((installation, ledger))
}

/// An installation with its connectors loaded.
pub(crate) struct Site {
    /// The file.
    pub(crate) installation: Installation,
    host: Host,
    secrets: Arc<InstallationSecrets>,
    connections: BTreeMap<String, Connection>,
    doors: Arc<Doors>,
    time: Option<VirtualTime>,
    /// Whether a tape hears its calls, or answers them.
    is_taped: bool,
}

/// What an installation is opened with besides its file.
#[derive(Default)]
pub(crate) struct Equipment {
    /// What hears the calls of its connections, or answers them.
    pub(crate) tape: Option<Arc<dyn Tape>>,
    /// Its time, where that is not the machine's.
    pub(crate) time: Option<VirtualTime>,
    /// The host in whose place its own comes.
    pub(crate) before: Option<Host>,
}

impl Site {
    /// Opens an installation without state: connectors may not ask to be woken. Fails with every mistake.
    pub(crate) async fn without_state(path: &Path) -> Result<Self, Failure> {
        Self::open(Installation::read(path)?, None, Equipment::default()).await
    }

    /// Opens an installation with its ledger. Fails with every mistake.
    pub(crate) async fn with_state(path: &Path) -> Result<(Self, Ledger), Failure> {
        Self::with_its_state(Installation::read(path)?).await
    }

    /// Opens an installation that was read, with its ledger. Fails with every mistake.
    pub(crate) async fn with_its_state(installation: Installation) -> Result<(Self, Ledger), Failure> {
        // Mistakes before state: what is wrong here may be the path of the state.
        if !installation.problems.is_empty() {
            let site = Self::open(installation, None, Equipment::default()).await?;
            return site.installation.ledger().map(|ledger| (site, ledger));
        }
        let ledger = installation.ledger()?;
        let site = Self::open(installation, Some(ledger.clone()), Equipment::default()).await?;
        Ok((site, ledger))
    }

    /// Opens an installation that may have changed since it was opened before. The ledger is the same one, and budgets go on.
    /// A file that names another ledger is refused: there everything would be written again.
    pub(crate) async fn in_place_of(
        installation: Installation,
        before: &Self,
        ledger: &Ledger,
    ) -> Result<Self, Failure> {
        installation.require_correct()?;
        let state = |installation: &Installation| installation.path(&installation.file.settings.state);
        if state(&installation) != state(&before.installation) {
            let message = "`state` names another file than the one that is served, where nothing is known of what was written; \
                           put it back, or restart `wharf serve` if it is meant";
            let place = installation.place(&Key::of(["wharf", "state"]));
            return Err(Failure::new(Exit::Installation, "state-changed", message).at(place));
        }
        let equipment = Equipment { before: Some(before.host.clone()), ..Equipment::default() };
        Self::open(installation, Some(ledger.clone()), equipment).await
    }

    /// Opens an installation that was read, with this ledger and equipment. Fails with every mistake.
    pub(crate) async fn open(
        installation: Installation,
        ledger: Option<Ledger>,
        equipment: Equipment,
    ) -> Result<Self, Failure> {
        let secrets = Arc::new(InstallationSecrets::new(&installation.base, &installation.file));
        let host = host(&installation, &secrets, ledger.clone(), &equipment)?;
        let mut loading = Loading::new(&installation, &host, ledger);
        let connectors = loading.connectors().await;
        let (refused, doors) = (loading.refused.take(), Arc::clone(&loading.doors));
        let manifests = connectors.iter().map(|(name, connector)| (name.clone(), connector.manifest().clone()));
        agreement::check(&installation.file, &manifests.collect(), &installation.problems);
        let connections = loading.connections(&connectors).await;
        let problems = installation.problems.list();
        if let Some((_, failure)) = refused.filter(|(count, _)| *count == problems.len()) {
            // Nothing but connectors that do not load: theirs is the code to end with.
            let problems = Failure::of_installation(&installation.shown, &problems).problems;
            return Err(Failure { problems, ..failure });
        }
        installation.require_correct()?;
        let (time, is_taped) = (equipment.time, equipment.tape.is_some());
        Ok(Self { installation, host, secrets, connections, doors, time, is_taped })
    }

    /// Returns where its secrets come from.
    pub(crate) fn secrets(&self) -> &InstallationSecrets {
        &self.secrets
    }

    /// Returns the digest of each connection's connector.
    pub(crate) fn connector_digests(&self) -> BTreeMap<String, String> {
        let digest = |connection: &Connection| connection.connector().digest().to_owned();
        self.connections.iter().map(|(name, connection)| (name.clone(), digest(connection))).collect()
    }

    /// Returns a connection.
    pub(crate) fn connection(&self, name: &str) -> Result<&Connection, Failure> {
        self.installation.connection(name)?;
        self.connections.get(name).ok_or_else(|| Failure::internal(format!("connection `{name}` was not made")))
    }

    /// Makes flows ready to run.
    pub(crate) fn runners(&self, flows: &[&FlowSpec], ledger: &Ledger) -> Result<Vec<Runner>, Failure> {
        self.refuse_renamed(flows, ledger)?;
        refuse_turned(flows, ledger)?;
        self.runners_on(flows, ledger, |connection| self.endpoint(connection))
    }

    /// Refuses a flow that is another one under a new name: it would write everything again.
    fn refuse_renamed(&self, flows: &[&FlowSpec], ledger: &Ledger) -> Result<(), Failure> {
        let named: Vec<&str> = self.installation.file.flows.keys().map(String::as_str).collect();
        for flow in flows.iter().filter(|flow| named.contains(&flow.name.as_str())) {
            let Some(old) = ledger.predecessor(flow, &named)? else { continue };
            let new = &flow.name;
            let message = format!(
                "flow `{new}` never ran, and reads and writes what `{old}` did, which is not in the file any more: it would write \
                 everything again; `wharf rename {old} {new}` if it is the same flow, else point `state` at a new ledger"
            );
            return Err(Failure::new(Exit::Installation, "flow-renamed", message).at(format!("flow.{new}")));
        }
        Ok(())
    }

    /// Makes flows ready to be planned: the host refuses everything but reads.
    pub(crate) fn planners(&self, flows: &[&FlowSpec], ledger: &Ledger) -> Result<Vec<Runner>, Failure> {
        self.runners_on(flows, ledger, |connection| Arc::new(connection.dry_run()))
    }

    fn runners_on(
        &self,
        flows: &[&FlowSpec],
        ledger: &Ledger,
        endpoint: impl Fn(&Connection) -> Arc<dyn Endpoint>,
    ) -> Result<Vec<Runner>, Failure> {
        let endpoints = self.connections.iter().map(|(name, connection)| (name.clone(), endpoint(connection)));
        let endpoints: BTreeMap<_, _> = endpoints.collect();
        let settings = self.flow_settings();
        let runner =
            |flow: &&FlowSpec| Ok(Runner::new((*flow).clone(), endpoints.clone(), ledger.clone(), settings.clone())?);
        flows.iter().map(runner).collect()
    }

    /// Returns the flows that edits go through which serving connections hand over.
    pub(crate) fn edit_flows(&self) -> Vec<FlowSpec> {
        let entries = self.installation.file.connections.iter();
        entries.flat_map(|(name, entry)| GrantedLookups::edit_flows(name, &entry.lookups)).collect()
    }

    /// Lets connections look up what was granted to them, until what it returns is dropped; with a ledger edits are taken in,
    /// and somebody has to run their flows.
    pub(crate) fn open_doors(&self, ledger: Option<&Ledger>) -> OpenDoors {
        let edits = ledger.map(|ledger| (ledger.clone(), self.flow_settings()));
        self.doors.open(self.endpoints(), edits)
    }

    /// Makes what takes webhooks in, for every flow of the file.
    pub(crate) fn webhooks(&self, ledger: &Ledger) -> Webhooks {
        Webhooks::new(ledger.clone(), self.endpoints(), self.installation.file.flows.values())
    }

    /// Returns the connections by name.
    pub(crate) fn connections(&self) -> &BTreeMap<String, Connection> {
        &self.connections
    }

    /// Returns the address under which others reach the listener.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.installation.file.serve.as_ref().and_then(|serve| serve.public_url.as_deref())
    }

    fn endpoints(&self) -> BTreeMap<String, Arc<dyn Endpoint>> {
        self.connections.iter().map(|(name, connection)| (name.clone(), self.endpoint(connection))).collect()
    }

    fn endpoint(&self, connection: &Connection) -> Arc<dyn Endpoint> {
        match &self.time {
            // Else time would go on while a call computes, and what is due later would come before its answer.
            Some(time) => Arc::new(Timed::new(connection.clone(), time)),
            None => Arc::new(connection.clone()),
        }
    }

    /// Returns how flows run here.
    pub(crate) fn flow_settings(&self) -> Settings {
        let mut settings = Settings::default();
        let secrets = Arc::clone(&self.secrets);
        settings.live_credential_marks = Some(Arc::new(move || secrets.marks()));
        if let Some(time) = self.time.clone() {
            settings.sleep = Arc::new(time);
        }
        if self.is_taped {
            // Which documents are due together depends on how fast everything is; one by one it is the same each time.
            settings.batch = 1;
            settings.prove_first = false;
        }
        settings.credentials = self.installation.credentials();
        settings.keep_done = self.installation.file.settings.keep_done;
        settings
    }
}

/// Builds the host. What is wrong with the certificates or the cache is reported, and the host built without them, so
/// that the rest of the file is checked all the same.
fn host(
    installation: &Installation,
    secrets: &Arc<InstallationSecrets>,
    ledger: Option<Ledger>,
    equipment: &Equipment,
) -> Result<Host, Failure> {
    let settings = &installation.file.settings;
    let mut builder = Host::builder().secrets(SharedSecrets(Arc::clone(secrets)));
    builder = builder.cache(installation.path(&settings.cache));
    builder = match ledger {
        Some(ledger) => builder.store(ledger),
        None => builder.store(LateLedger::new(installation.path(&settings.state))),
    };
    if let Some(tape) = equipment.tape.clone() {
        builder = builder.tape(tape);
    }
    builder = match equipment.time.clone() {
        Some(time) => builder.clock(time),
        None => builder.clock(ProgramClock),
    };
    if let Some(before) = &equipment.before {
        builder = builder.in_place_of(before);
    }
    if let Some(pem) = settings.root_certificates.as_ref().and_then(|path| root_certificates(installation, path)) {
        builder = builder.root_certificates(pem);
    }
    match builder.build() {
        Err(error) if error.blame() == Blame::Operator => {
            let named = if error.code() == "cache" { "cache" } else { "root_certificates" };
            installation.problems.add_sentence(&Key::of(["wharf", named]), &error.to_string());
            Ok(Host::builder().build()?)
        }
        built => Ok(built?),
    }
}

fn root_certificates(installation: &Installation, path: &Path) -> Option<Vec<u8>> {
    let read = std::fs::read(installation.path(path));
    if let Err(error) = &read {
        let message = format!("`{}` cannot be read ({error})", path.display());
        let key = Key::of(["wharf", "root_certificates"]);
        installation.problems.add(&key, message, "name a PEM file, relative to this file");
    }
    read.ok()
}
/// Refuses a flow that reads another connection than before: it would take documents of the one for those of the other.
fn refuse_turned(flows: &[&FlowSpec], ledger: &Ledger) -> Result<(), Failure> {
    for flow in flows {
        let Some(before) = ledger.read_before(flow)? else { continue };
        let (name, now) = (&flow.name, &flow.source.connection);
        let message = format!(
            "flow `{name}` read `{before}` so far, and ids of `{now}` may mean other documents; give the flow another name if `{now}` \
             is another system, else call the connection `{before}` again"
        );
        return Err(Failure::new(Exit::Installation, "flow-turned", message).at(format!("flow.{name}.from.connection")));
    }
    Ok(())
}
