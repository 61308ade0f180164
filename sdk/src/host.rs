//! The seam between a connector and its host.
//!
//! In a component every import goes straight to the host. Built natively, for unit tests, the same calls go to a fake
//! that the test installed for its thread; `wharf-sdk-testing` has one. Connectors do not use this module.

use crate::Failure;
use crate::bindings::imports::wharf::connector;

pub use connector::http::{
    Body as RawBody, Effect, Refusal, Request as RawRequest, Response as RawResponse, SendError,
};
pub use connector::jwt::JwtError;
pub use connector::log::Level;
pub use connector::lookups::{Receipt, Source};
pub use connector::schedule::ScheduleError;
pub use connector::secrets::{Hash, SecretError};
pub use connector::types::{Action, Item};

/// What a host offers to a connector, one method per function of the contract's imports.
pub trait HostImports {
    /// Sends one request (`http.send`).
    fn send(&self, request: RawRequest) -> Result<RawResponse, SendError>;
    /// Checks an HMAC (`secrets.verify-mac`).
    fn verify_mac(&self, slot: &str, hash: Hash, message: &[u8], presented: &[u8]) -> Result<bool, SecretError>;
    /// Makes an HMAC (`secrets.sign-mac`).
    fn sign_mac(&self, slot: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, SecretError>;
    /// Compares a presented token (`secrets.matches`).
    fn matches(&self, slot: &str, presented: &str) -> Result<bool, SecretError>;
    /// Signs a JWT (`jwt.sign`).
    fn sign_jwt(&self, slot: &str, header: Option<&str>, claims: &str) -> Result<String, JwtError>;
    /// Asks for one wake-up (`schedule.wake-at`).
    fn wake_at(&self, name: &str, at: u64, payload: &str) -> Result<(), ScheduleError>;
    /// Asks for repeated wake-ups (`schedule.wake-every`).
    fn wake_every(&self, name: &str, seconds: u32, payload: &str) -> Result<(), ScheduleError>;
    /// Forgets a wake-up (`schedule.cancel`).
    fn cancel(&self, name: &str) -> Result<bool, ScheduleError>;
    /// Lists what may be looked up (`lookups.sources`).
    fn sources(&self) -> Vec<Source>;
    /// Finds records of another connection (`lookups.find`).
    fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure>;
    /// Reads a record of another connection (`lookups.get`).
    fn get(&self, source: &str, id: &str) -> Result<Item, Failure>;
    /// Hands an edit over to another connection (`lookups.submit`).
    fn submit(&self, source: &str, action: Action, id: Option<&str>, document: &str) -> Result<Receipt, Failure>;
    /// Returns the connection's configuration (`connection.config`).
    fn config(&self) -> String;
    /// Returns the time in milliseconds since 1970 (`clock.now`).
    fn now(&self) -> u64;
    /// Returns random bytes (`random.bytes`).
    fn random(&self, count: u32) -> Vec<u8>;
    /// Writes a log line (`log.write`).
    fn log(&self, level: Level, event: &str, fields: &[(String, String)]);
}

#[cfg(target_arch = "wasm32")]
mod current {
    //! The real host, through the generated imports.

    use super::{
        Action, Failure, Hash, Item, JwtError, Level, RawRequest, RawResponse, Receipt, ScheduleError, SecretError,
        SendError, Source,
    };
    use super::{HostImports, connector};

    /// The host that runs the component.
    struct Imported;

    impl HostImports for Imported {
        fn send(&self, request: RawRequest) -> Result<RawResponse, SendError> {
            connector::http::send(&request)
        }
        fn verify_mac(&self, slot: &str, hash: Hash, message: &[u8], presented: &[u8]) -> Result<bool, SecretError> {
            connector::secrets::verify_mac(slot, hash, message, presented)
        }
        fn sign_mac(&self, slot: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, SecretError> {
            connector::secrets::sign_mac(slot, hash, message)
        }
        fn matches(&self, slot: &str, presented: &str) -> Result<bool, SecretError> {
            connector::secrets::matches(slot, presented)
        }
        fn sign_jwt(&self, slot: &str, header: Option<&str>, claims: &str) -> Result<String, JwtError> {
            connector::jwt::sign(slot, header, claims)
        }
        fn wake_at(&self, name: &str, at: u64, payload: &str) -> Result<(), ScheduleError> {
            connector::schedule::wake_at(name, at, payload)
        }
        fn wake_every(&self, name: &str, seconds: u32, payload: &str) -> Result<(), ScheduleError> {
            connector::schedule::wake_every(name, seconds, payload)
        }
        fn cancel(&self, name: &str) -> Result<bool, ScheduleError> {
            connector::schedule::cancel(name)
        }
        fn sources(&self) -> Vec<Source> {
            connector::lookups::sources()
        }
        fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure> {
            connector::lookups::find(source, query, limit).map_err(Failure::from)
        }
        fn get(&self, source: &str, id: &str) -> Result<Item, Failure> {
            connector::lookups::get(source, id).map_err(Failure::from)
        }
        fn submit(&self, source: &str, action: Action, id: Option<&str>, document: &str) -> Result<Receipt, Failure> {
            connector::lookups::submit(source, action, id, document).map_err(Failure::from)
        }
        fn config(&self) -> String {
            connector::connection::config()
        }
        fn now(&self) -> u64 {
            connector::clock::now()
        }
        fn random(&self, count: u32) -> Vec<u8> {
            connector::random::bytes(count)
        }
        fn log(&self, level: Level, event: &str, fields: &[(String, String)]) {
            connector::log::write(level, event, fields);
        }
    }

    /// Calls `body` with the host.
    #[inline]
    pub(crate) fn with<T>(body: impl FnOnce(&dyn HostImports) -> T) -> T {
        body(&Imported)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod current {
    //! The fake that a test installed.

    use std::cell::RefCell;
    use std::rc::Rc;

    use super::HostImports;

    thread_local! {
        static INSTALLED: RefCell<Vec<Rc<dyn HostImports>>> = const { RefCell::new(Vec::new()) };
    }

    /// Keeps a fake host installed; dropping it brings the one before back.
    #[must_use = "the fake is removed when this is dropped"]
    #[derive(Debug)]
    pub struct Installed(());

    /// Makes `host` the host of this thread, until the returned value is dropped.
    pub fn install(host: Rc<dyn HostImports>) -> Installed {
        INSTALLED.with_borrow_mut(|stack| stack.push(host));
        Installed(())
    }

    impl Drop for Installed {
        fn drop(&mut self) {
            INSTALLED.with_borrow_mut(|stack| stack.pop());
        }
    }

    /// Calls `body` with the installed fake.
    #[expect(
        clippy::panic,
        reason = "native builds are unit tests, and one without a fake has to fail where it stands"
    )]
    pub(crate) fn with<T>(body: impl FnOnce(&dyn HostImports) -> T) -> T {
        match INSTALLED.with_borrow(|stack| stack.last().cloned()) {
            Some(host) => body(host.as_ref()),
            None => panic!("no host in this thread; install `wharf_sdk_testing::FakeHost` first"),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use current::{Installed, install};

pub(crate) use current::with;
