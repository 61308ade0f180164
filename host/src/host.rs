//! The embedder's entry point: builds the host and loads connectors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::CodeCache;
use crate::capability::http::{Lasting, Roots};
use crate::connector::Connector;
use crate::engine::Engine;
use crate::error::Error;
use crate::limits::Limits;
use crate::network::Network;
use crate::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use crate::store::{MemoryStore, Store};
use crate::surroundings::{Clock, Randomness, Resolver, SystemClock, SystemRandomness, SystemResolver};
use crate::tape::Tape;

/// The host: loads connectors and is the ground that their connections stand on. Cheap to clone; all clones are one.
///
/// Everything that is counted over connections is counted per host, and goes on in one that takes its place: call budgets,
/// access tokens, running instances.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Ground>);

/// What all connectors of a host share.
pub(crate) struct Ground {
    pub(crate) engine: Engine,
    pub(crate) cache: Option<CodeCache>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) secrets: Arc<dyn SecretSource>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) network: Option<Arc<dyn Network>>,
    pub(crate) tape: Option<Arc<dyn Tape>>,
    pub(crate) roots: Roots,
    pub(crate) lasting: Arc<Lasting>,
}

impl Host {
    /// Starts to build a host; see [`HostBuilder`] for what each part is by default.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Loads a connector: inspects it, compiles it or takes it from the cache, asks it for its manifest, and checks that
    /// against what it exports. Takes about 50 ms per 100 KB of component, or 1 ms from the cache.
    ///
    /// Has to be called within a tokio runtime, as every call of a connector.
    ///
    /// # Errors
    /// [`ErrorKind::Load`](crate::ErrorKind::Load): what [`inspect`](crate::inspect()) refuses, code that does not
    /// compile, exports of the wrong types, a manifest that is wrong or does not match the exports.
    pub async fn load(&self, component: &[u8]) -> Result<Connector, Error> {
        Connector::load(Arc::clone(&self.0), component).await
    }
}

/// Builds a [`Host`].
#[must_use]
pub struct HostBuilder {
    secrets: Arc<dyn SecretSource>,
    store: Arc<dyn Store>,
    cache: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    resolver: Arc<dyn Resolver>,
    network: Option<Arc<dyn Network>>,
    tape: Option<Arc<dyn Tape>>,
    root_certificates: Vec<u8>,
    limits: Limits,
    before: Option<Host>,
}

impl Default for HostBuilder {
    /// No secrets, a store that forgets, no cache, the system's clock, randomness and resolver, nothing between calls and
    /// the network, the system's root certificates, the default [`Limits`].
    fn default() -> Self {
        Self {
            secrets: Arc::new(NoSecrets),
            store: Arc::new(MemoryStore::default()),
            cache: None,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            resolver: Arc::new(SystemResolver),
            network: None,
            tape: None,
            root_certificates: Vec::new(),
            limits: Limits::default(),
            before: None,
        }
    }
}

impl HostBuilder {
    /// Sets where secret values come from. Default: nowhere, so that only connectors without credentials work.
    pub fn secrets(mut self, source: impl SecretSource + 'static) -> Self {
        self.secrets = Arc::new(source);
        self
    }

    /// Sets where wake-ups are kept. Default: [`MemoryStore`], which forgets them at the end of the process.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Sets the directory of compiled code. It is made where it is missing, and has to belong to this user and be
    /// writable by nobody else. Default: none, so that every load compiles.
    pub fn cache(mut self, directory: impl AsRef<Path>) -> Self {
        self.cache = Some(directory.as_ref().to_owned());
        self
    }

    /// Sets the clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the source of connectors' randomness. Default: the system's.
    pub fn randomness(mut self, randomness: impl Randomness + 'static) -> Self {
        self.randomness = Arc::new(randomness);
        self
    }

    /// Sets how names are resolved. Default: the system's resolver. The address rules hold for its answers all the same.
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Sets what happens to requests between the pipeline and the remote. Default: they pass.
    pub fn network(mut self, network: impl Network + 'static) -> Self {
        self.network = Some(Arc::new(network));
        self
    }

    /// Sets what hears the calls of connections, or answers them in the host's place. Default: nothing.
    pub fn tape(mut self, tape: impl Tape + 'static) -> Self {
        self.tape = Some(Arc::new(tape));
        self
    }

    /// Adds root certificates, PEM, to the system's own: for an in-house certificate authority. May be called again.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.root_certificates.extend_from_slice(pem.as_ref());
        self.root_certificates.push(b'\n');
        self
    }

    /// Sets the limits of calls, where a connection does not set its own. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes the place of another host, as after a change of what it was built with. What its accounts have used of their
    /// budgets, holds that remotes asked for, access tokens and pauses after a refused sign-in go on, and so does the search for
    /// the secrets of connections that are still there; the engine is the same one. Default: a host of its own.
    pub fn in_place_of(mut self, host: &Host) -> Self {
        self.before = Some(host.clone());
        self
    }

    /// Builds the host and starts the thread that interrupts guests; it ends with the last use of the host.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`](crate::ErrorKind::Setup), when the engine cannot be built, the cache directory cannot be
    /// used, or a root certificate cannot be read.
    pub fn build(self) -> Result<Host, Error> {
        let engine = self.before.as_ref().map_or_else(Engine::new, |before| Ok(before.0.engine.clone()))?;
        Ok(Host(Arc::new(Ground {
            engine,
            cache: self.cache.as_deref().map(CodeCache::open).transpose()?,
            limits: Arc::new(self.limits),
            secrets: self.secrets,
            store: self.store,
            clock: self.clock,
            randomness: self.randomness,
            resolver: self.resolver,
            network: self.network,
            tape: self.tape,
            roots: Roots::with_added(&self.root_certificates)?,
            lasting: self.before.map(|before| Arc::clone(&before.0.lasting)).unwrap_or_default(),
        })))
    }
}

/// Stands where the embedder gave no source of secrets.
struct NoSecrets;

#[async_trait::async_trait]
impl SecretSource for NoSecrets {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        Err(SecretUnavailable(format!("the host was built without secrets, so `{}` has no value", part.slot)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;

    #[test]
    fn what_lasts_goes_on_in_a_host_that_takes_the_place_of_another_and_not_in_any_other() {
        let first = Host::builder().build().unwrap();
        let second = Host::builder().in_place_of(&first).build().unwrap();
        assert!(Arc::ptr_eq(&first.0.lasting, &second.0.lasting));
        assert!(!Arc::ptr_eq(&first.0.lasting, &Host::builder().build().unwrap().0.lasting));
    }
}
