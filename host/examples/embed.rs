//! Embeds the host: own secrets, own store, one page of a feed.
//!
//! `cargo run -p wharf-host --example embed -- target/components/echo.wasm echo '{}'`

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

use anyhow::Context as _;
use wharf_host::model::Bounds;
use wharf_host::policy::Grant;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::store::{Store, StoreUnavailable, WakeUp};
use wharf_host::{Host, Limits};

/// Secrets in memory. A real source asks a vault, or the environment.
struct Secrets(Vec<(String, String)>);

#[async_trait::async_trait]
impl SecretSource for Secrets {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        let name = format!("{}/{}/{}", part.connection, part.slot, part.part);
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| Secret::new(value.as_str())).ok_or_else(|| SecretUnavailable(format!("no `{name}`")))
    }
}

/// Wake-ups in memory. A real store keeps them over a restart.
#[derive(Default)]
struct WakeUps(Mutex<BTreeMap<(String, String), WakeUp>>);

impl WakeUps {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(String, String), WakeUp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Store for WakeUps {
    async fn put_wake_up(&self, wake_up: WakeUp) -> Result<(), StoreUnavailable> {
        self.all().insert((wake_up.connection.clone(), wake_up.name.clone()), wake_up);
        Ok(())
    }

    async fn remove_wake_up(&self, connection: &str, name: &str) -> Result<bool, StoreUnavailable> {
        Ok(self.all().remove(&(connection.to_owned(), name.to_owned())).is_some())
    }

    async fn wake_ups(&self, connection: &str) -> Result<Vec<WakeUp>, StoreUnavailable> {
        Ok(self.all().values().filter(|wake_up| wake_up.connection == connection).cloned().collect())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let [path, feed, config] = env::args().skip(1).collect::<Vec<_>>().try_into().ok().context("PATH FEED CONFIG")?;
    let secrets = Secrets(vec![("shop/token/value".into(), "not a real token".into())]);
    let host = Host::builder().secrets(secrets).store(WakeUps::default()).limits(Limits::default()).build()?;

    let connector = host.load(&fs::read(path)?).await?;
    println!("{} {}: {}", connector.manifest().name, connector.manifest().version, connector.manifest().summary);

    let config = serde_json::from_str(&config)?;
    let grant = Grant::as_asked(connector.manifest(), &config)?;
    let connection = connector.connect("shop").config(config).grant(grant).build().await?;

    let answer = connection.pull(&feed, None, &Bounds::default()).await?;
    for item in &answer.value.items {
        println!("{} {}: {}", item.entity, item.id, String::from_utf8_lossy(item.document.as_bytes()));
    }
    println!("{} requests were made, more to read: {}", answer.trace.requests.len(), !answer.value.caught_up);
    Ok(())
}
