//! Making a connection.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::reach::Reach;
use super::{Bound, Connection};
use crate::call::{Setting, Share};
use crate::capability::http::scope::Allowance;
use crate::capability::http::{Egress, EgressSettings};
use crate::capability::lookups::Room;
use crate::capability::schedule::Schedule;
use crate::capability::secrets::Secrets;
use crate::capability::secrets::inbound::Inbound;
use crate::capability::{Connected, Rooms, files};
use crate::connector::Connector;
use crate::error::{Blame, Error, ErrorKind};
use crate::limits::Limits;
use crate::lookups::Lookups;
use crate::model::{Cause, Violation};
use crate::policy::{Grant, Policy};

/// Makes a [`Connection`].
#[must_use]
pub struct ConnectionBuilder {
    connector: Connector,
    name: String,
    config: Value,
    grant: Grant,
    limits: Option<Limits>,
    lookups: Option<Arc<dyn Lookups>>,
}

impl ConnectionBuilder {
    /// An empty configuration, a grant of nothing, the host's limits.
    pub(crate) fn new(connector: Connector, name: String) -> Self {
        Self { connector, name, config: Value::Object(Map::new()), grant: Grant::new(), limits: None, lookups: None }
    }

    /// Sets the configuration, of the manifest's version; see [`Connector::migrate_config`]. Default: an empty object.
    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// Sets what the operator approves. Default: nothing.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }

    /// Sets the limits of the connection's calls. Default: the host's.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets what the connection may look up on others. Default: nothing.
    pub fn lookups(mut self, lookups: Arc<dyn Lookups>) -> Self {
        self.lookups = Some(lookups);
        self
    }

    /// Checks name, configuration and grant, and makes the connection. Nothing is sent and no secret is read.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`]: a name that is none; a configuration that is wrong, with
    /// [`Cause::ConfigInvalid`] and all its violations; a grant that cannot be understood.
    pub async fn build(self) -> Result<Connection, Error> {
        check_name(&self.name)?;
        self.check_config().await?;
        let manifest = self.connector.manifest();
        let policy = Policy::effective(&self.name, manifest, &self.grant, &self.config)?;
        let limits = self.limits.clone().map_or_else(|| Arc::clone(&self.connector.0.ground.limits), Arc::new);
        let egress = Arc::new(self.egress(policy.clone(), &limits)?);
        let setting = self.setting(&policy, limits, Arc::clone(&egress));
        let inbound = self.inbound(&policy);
        let reach = Reach::new(policy, manifest, &self.config);
        let bound = Bound { name: self.name, connector: self.connector, setting, egress, reach, inbound };
        Ok(Connection { bound: Arc::new(bound), ceiling: Allowance::Writes })
    }

    async fn check_config(&self) -> Result<(), Error> {
        let violations = self.connector.validate_config(&self.config).await;
        let violations = violations.map_err(|error| error.with_connection(&self.name))?;
        if violations.is_empty() {
            return Ok(());
        }
        let text = |one: &Violation| format!("`{}`: {}", one.path, one.message);
        let all: Vec<String> = violations.iter().map(text).collect();
        let message = format!("the configuration is wrong: {}", all.join("; "));
        let error = Error::new(ErrorKind::Connect, "config-invalid", Blame::Operator, message);
        Err(error.with_cause(Cause::ConfigInvalid { violations }).with_connection(&self.name))
    }

    fn setting(&self, policy: &Policy, limits: Arc<Limits>, egress: Arc<Egress>) -> Setting {
        let loaded = &self.connector.0;
        let ground = &loaded.ground;
        let slots = &loaded.manifest.credentials;
        let connected = Connected {
            name: self.name.clone(),
            config: self.config.to_string(),
            tokens: Arc::clone(&ground.lasting.tokens),
            secrets: Secrets::new(&self.name, policy, slots, Arc::clone(&ground.secrets)),
            schedule: Schedule::new(&self.name, Arc::clone(&ground.store), self.wakes()),
            lookups: Room::new(self.lookups.clone()),
            egress,
            tape: ground.tape.clone(),
            files: self.files(),
        };
        let rooms = Rooms {
            connector: loaded.manifest.name.clone(),
            connected: Some(connected),
            clock: Arc::clone(&ground.clock),
            randomness: Arc::clone(&ground.randomness),
        };
        let (engine, weight) = (ground.engine.clone(), loaded.setting.weight);
        Setting { engine, weight, share: Share::default(), limits, rooms: Arc::new(rooms) }
    }

    fn inbound(&self, policy: &Policy) -> Inbound {
        let loaded = &self.connector.0;
        let ground = &loaded.ground;
        let world = (Arc::clone(&ground.clock), Arc::clone(&ground.randomness));
        let slots = &loaded.manifest.credentials;
        Inbound::new(&self.name, policy, slots, &self.config, Arc::clone(&ground.secrets), world)
    }

    /// Works out the directory: what the connector asks for, as far as the operator approves it.
    fn files(&self) -> Option<files::Room> {
        let asked = self.connector.manifest().files.as_ref()?;
        let folder = self.grant.folder()?.clone();
        Some(files::Room { access: asked.access.min(folder.access()), folder })
    }

    fn wakes(&self) -> bool {
        self.connector.inspection().exports_interface("wakeups")
    }

    fn egress(&self, policy: Policy, limits: &Arc<Limits>) -> Result<Egress, Error> {
        let loaded = &self.connector.0;
        let ground = &loaded.ground;
        Egress::new(EgressSettings {
            connection: self.name.clone(),
            policy,
            slots: loaded.manifest.credentials.clone(),
            budget_requests: loaded.manifest.budgets.clone(),
            config: self.config.clone(),
            lasting: Arc::clone(&ground.lasting),
            secrets: Arc::clone(&ground.secrets),
            store: Arc::clone(&ground.store),
            resolver: Arc::clone(&ground.resolver),
            network: ground.network.clone(),
            roots: ground.roots.clone(),
            limits: Arc::clone(limits),
            clock: Arc::clone(&ground.clock),
        })
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let message = format!("`{}` is no name of a connection; use 1 to 64 of `a-z`, `0-9` and `-`", name.escape_debug());
    Err(Error::new(ErrorKind::Connect, "name-invalid", Blame::Operator, message))
}
