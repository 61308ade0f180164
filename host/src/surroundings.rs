//! What the host takes from the world around it, behind traits, so that tests and replays can put their own in place.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::Instant;

/// The time of day. Connectors see it through their `clock` import; budgets and wake-ups count by it.
pub trait Clock: Send + Sync {
    /// Returns the time now.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        // A clock before 1970 is wrong anyway; 1970 is as good an answer as any.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Instant(0).after(since)
    }
}

/// Randomness. Connectors see it through their `random` import.
pub trait Randomness: Send + Sync {
    /// Fills `bytes` with random bytes.
    ///
    /// # Errors
    /// When the source has none now; the call that asked fails.
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()>;
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| io::Error::other("the system has no randomness now"))
    }
}

/// Name resolution. Its answers are vetted by the address rules before anything is connected to.
#[async_trait::async_trait]
pub trait Resolver: Send + Sync {
    /// Returns every address of `host`, each with `port`. Called for names only, never for address literals.
    ///
    /// # Errors
    /// When the name cannot be resolved now.
    async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolver for SystemResolver {
    async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}
