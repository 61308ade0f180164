//! A connector: inspected, compiled, described. Not running; connections make it run.

use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::Component;

use crate::abi::{Ask, Program, ask};
use crate::call::{self, Setting, Share};
use crate::capability::Rooms;
use crate::capability::http::scope::Allowance;
use crate::connection::ConnectionBuilder;
use crate::engine;
use crate::error::{Blame, Error, ErrorKind};
use crate::host::Ground;
use crate::inspect::{Inspection, inspect};
use crate::manifest::Manifest;
use crate::model::{Answer, Cause, Cursor, Violation};
use crate::schema::Schema;

/// A loaded connector. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Connector(pub(crate) Arc<Loaded>);

/// What a loaded connector consists of.
pub(crate) struct Loaded {
    pub(crate) ground: Arc<Ground>,
    pub(crate) program: Program,
    pub(crate) setting: Setting,
    pub(crate) manifest: Manifest,
    inspection: Inspection,
    config: Schema,
}

impl Connector {
    pub(crate) async fn load(ground: Arc<Ground>, bytes: &[u8]) -> Result<Self, Error> {
        let inspection = inspect(bytes)?;
        let component = compiled(&ground, bytes, &inspection).await?;
        let program = Program::link(&ground.engine, &component, &inspection)?;
        let weight = engine::weight(&component);
        let unnamed = setting(&ground, weight, short(&inspection.digest));
        call::check(&unnamed, &program).await.map_err(|error| call::while_loading(&error))?;
        let described = call::make(&unnamed, &program, Allowance::Nothing, &ask::Manifest::new()).await;
        let manifest = checked(&described.map_err(|error| call::while_loading(&error))?.value, &inspection)?;
        let config = Schema::compile(&manifest.config.schema).map_err(|reason| {
            let message = format!("the configuration's schema does not compile: {reason}; correct the manifest");
            Error::new(ErrorKind::Load, "manifest-invalid", Blame::Connector, message)
        })?;
        let setting = setting(&ground, weight, &manifest.name);
        Ok(Self(Arc::new(Loaded { ground, program, setting, manifest, inspection, config })))
    }

    /// Returns what the connector says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Returns the digest of the component: SHA-256, in hex.
    pub fn digest(&self) -> &str {
        &self.0.inspection.digest
    }

    /// Returns what is known of the component without compiling it.
    pub fn inspection(&self) -> &Inspection {
        &self.0.inspection
    }

    /// Checks a configuration: against the manifest's schema first, then by the connector itself. Nothing is wrong when
    /// the list is empty.
    ///
    /// # Errors
    /// `Call`, when the connector breaks off.
    pub async fn validate_config(&self, config: &Value) -> Result<Vec<Violation>, Error> {
        let found = self.0.config.violations(config);
        if !found.is_empty() {
            return Ok(found);
        }
        Ok(self.describe(&ask::ValidateConfig::new(&config.to_string())).await?.value)
    }

    /// Brings a configuration of version `from` to the manifest's version. One of that version is returned as it is.
    ///
    /// # Errors
    /// `Call`, when the connector cannot, or what it returns is not JSON.
    pub async fn migrate_config(&self, from: u32, config: &Value) -> Result<Value, Error> {
        if from == self.0.manifest.config.version {
            return Ok(config.clone());
        }
        let migrated = self.describe(&ask::MigrateConfig::new(from, &config.to_string())).await?.value;
        serde_json::from_str(&migrated).map_err(|error| {
            let detail = format!("`migrate-config` returned what is not JSON: {error}");
            let message = format!("{detail}; the connector has to be corrected");
            Error::failed(Cause::Internal { detail }, Blame::Connector, message).with_connector(&self.0.manifest.name)
        })
    }

    /// Brings a cursor of an older version to the one that the manifest gives for the feed. One of that version is
    /// returned as it is. [`Connection::pull`](crate::Connection::pull) does this by itself.
    ///
    /// # Errors
    /// `Call`, when there is no such feed, or the connector cannot.
    pub async fn migrate_cursor(&self, feed: &str, cursor: &Cursor) -> Result<Cursor, Error> {
        let version = self.feed(feed)?.cursor_version;
        if cursor.version == version {
            return Ok(cursor.clone());
        }
        let migrated = self.describe(&ask::MigrateCursor::new(feed, cursor)).await?.value;
        if migrated.version == version {
            return Ok(migrated);
        }
        let detail = format!(
            "`migrate-cursor` returned version {} where the manifest says {version} for feed `{feed}`",
            migrated.version
        );
        let message = format!("{detail}; the connector has to be corrected");
        Err(Error::failed(Cause::Internal { detail }, Blame::Connector, message).with_connector(&self.0.manifest.name))
    }

    /// Starts to make a connection of that name: 1 to 64 characters of `[a-z0-9-]`, unique among those that share
    /// secrets and a store.
    pub fn connect(&self, name: impl Into<String>) -> ConnectionBuilder {
        ConnectionBuilder::new(self.clone(), name.into())
    }

    pub(crate) fn feed(&self, name: &str) -> Result<&crate::manifest::Feed, Error> {
        self.0.manifest.feed(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.manifest.feeds.iter().map(|feed| feed.name.as_str()).collect();
            let message = format!("there is no feed `{name}`; use one of: {}", known.join(", "));
            call::unsupported(name, Blame::Caller, message).with_connector(&self.0.manifest.name)
        })
    }

    async fn describe<A: Ask>(&self, ask: &A) -> Result<Answer<A::Output>, Error> {
        call::make(&self.0.setting, &self.0.program, Allowance::Nothing, ask).await
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("name", &self.0.manifest.name).field("digest", &self.digest()).finish()
    }
}

/// Compiles, or loads what was compiled before, on a thread where that may take its time.
async fn compiled(ground: &Arc<Ground>, bytes: &[u8], inspection: &Inspection) -> Result<Component, Error> {
    let (ground, bytes, digest) = (Arc::clone(ground), bytes.to_vec(), inspection.digest.clone());
    let compiling = tokio::task::spawn_blocking(move || {
        let engine = ground.engine.wasm();
        if let Some(known) = ground.cache.as_ref().and_then(|cache| cache.load(engine, &digest)) {
            return Ok(known);
        }
        let component = Component::from_binary(engine, &bytes)?;
        if let Some(cache) = &ground.cache {
            cache.store(engine, &digest, &component);
        }
        Ok(component)
    });
    let failed = |blame, reason: String| {
        let message = format!("the component does not compile: {reason}; build it again, with tools of this year");
        Error::new(ErrorKind::Load, "does-not-compile", blame, message)
    };
    match compiling.await {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(failed(Blame::Connector, wasm_text(&error))),
        Err(error) => Err(failed(Blame::Host, error.to_string())),
    }
}

fn wasm_text(error: &wasmtime::Error) -> String {
    format!("{error:#}")
}

fn checked(json: &str, inspection: &Inspection) -> Result<Manifest, Error> {
    let wrong = |code, violations: &[Violation]| {
        let text = |one: &Violation| format!("`{}`: {}", one.path, one.message);
        let all: Vec<String> = violations.iter().map(text).collect();
        Error::new(ErrorKind::Load, code, Blame::Connector, format!("the manifest is wrong: {}", all.join("; ")))
    };
    let manifest = Manifest::parse(json).map_err(|violations| wrong("manifest-invalid", &violations))?;
    let disagreements = manifest.disagreements(inspection);
    if disagreements.is_empty() {
        return Ok(manifest);
    }
    Err(wrong("manifest-mismatch", &disagreements).with_connector(manifest.name))
}

/// Makes the setting of calls without a connection.
fn setting(ground: &Ground, weight: u32, name: &str) -> Setting {
    let rooms = Rooms {
        connector: name.to_owned(),
        connected: None,
        clock: Arc::clone(&ground.clock),
        randomness: Arc::clone(&ground.randomness),
    };
    let (engine, limits, rooms) = (ground.engine.clone(), Arc::clone(&ground.limits), Arc::new(rooms));
    Setting { engine, weight, share: Share::default(), limits, rooms }
}

/// Names a connector that has not said its name yet.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
