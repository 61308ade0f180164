//! The world of the attacks: one host, a guest for each import, and two hostile upstreams of which one is granted.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use wharf_host::policy::Grant;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::surroundings::Resolver;
use wharf_host::{Connection, Connector, Host, Limits};
use wharf_simulators::hostile::{Hostile, Root};

/// The secret of every slot.
pub(super) const SECRET: &str = "s3cr3t+of/the=shop-4711";

/// The name that is granted.
pub(super) const SHOP: &str = "shop.example.com";

/// The two ways to a remote, and the guest of each.
const IMPORTS: [(&str, &str); 2] = [("http", "http-get"), ("wasi:http", "wasi-http-get")];

pub(super) struct World {
    host: Host,
    guests: Vec<(&'static str, Connector)>,
    pub(super) names: Names,
    /// The root that the host trusts.
    pub(super) root: Root,
    /// The granted upstream.
    pub(super) upstream: Hostile,
    /// Another one, that no connection is granted.
    pub(super) other: Hostile,
}

impl World {
    pub(super) async fn new() -> anyhow::Result<Self> {
        let names = Names::default();
        let root = Root::new()?;
        let host = Host::builder().secrets(OneSecret).resolver(names.clone()).limits(limits());
        let host = host.root_certificates(root.pem()).build()?;
        let mut guests = Vec::new();
        for (import, guest) in IMPORTS {
            guests.push((import, crate::load_into(&host, guest).await?));
        }
        let (upstream, other) = (Hostile::start().await?, Hostile::start().await?);
        Ok(Self { host, guests, names, root, upstream, other })
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the origin of the granted upstream under a name.
    pub(super) fn origin(&self, name: &str) -> String {
        format!("http://{name}:{}", self.port())
    }

    pub(super) fn port(&self) -> u16 {
        self.upstream.address().port()
    }

    /// Makes a connection for each import, with the upstream under `name` granted, and its address.
    pub(super) async fn connections(&self, name: &str) -> anyhow::Result<Vec<(&'static str, Connection)>> {
        let grant = Grant::new().plain_http(self.origin(name)).slot("token");
        self.connections_with(name, grant.private_address(self.upstream.address().to_string())).await
    }

    pub(super) async fn connections_with(
        &self,
        name: &str,
        grant: Grant,
    ) -> anyhow::Result<Vec<(&'static str, Connection)>> {
        let mut connections = Vec::new();
        for (import, connector) in &self.guests {
            let config = json!({ "base_url": self.origin(name) });
            connections.push((*import, connector.connect("shop").config(config).grant(grant.clone()).build().await?));
        }
        Ok(connections)
    }

    /// Makes a connection for each import to an upstream over TLS, under the name of the shop.
    pub(super) async fn connections_to(&self, upstream: &Hostile) -> anyhow::Result<Vec<(&'static str, Connection)>> {
        let origin = format!("https://{SHOP}:{}", upstream.address().port());
        let grant = Grant::new().origin(&origin).private_address(upstream.address().to_string()).slot("token");
        let mut connections = Vec::new();
        for (import, connector) in &self.guests {
            let builder = connector.connect("shop").config(json!({ "base_url": origin })).grant(grant.clone());
            connections.push((*import, builder.build().await?));
        }
        Ok(connections)
    }

    /// Makes a connection whose calls end soon.
    pub(super) async fn impatient(&self, import: &str, name: &str) -> anyhow::Result<Connection> {
        let connector = self.guests.iter().find(|(of, _)| *of == import).map(|(_, connector)| connector);
        let connector = connector.context("no guest for that import")?;
        let grant = Grant::new().plain_http(self.origin(name)).private_address(self.upstream.address().to_string());
        let mut limits = limits();
        limits.deadline = Duration::from_millis(1500);
        let builder = connector.connect("shop").config(json!({ "base_url": self.origin(name) })).grant(grant);
        Ok(builder.limits(limits).build().await?)
    }
}

/// Limits that attacks reach soon; the times leave room for a machine that is busy with other things.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.response_bytes = 1 << 20;
    limits.deadline = Duration::from_secs(60);
    limits.cpu = Duration::from_secs(5);
    limits
}

/// Names: loopback, unless other addresses were set; one after the other, the last again and again.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>);

impl Names {
    pub(super) fn set(&self, name: &str, addresses: &[&str]) -> anyhow::Result<()> {
        let addresses = addresses.iter().map(|text| text.parse()).collect::<Result<Vec<IpAddr>, _>>()?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), addresses);
        Ok(())
    }
}

#[async_trait::async_trait]
impl Resolver for Names {
    async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = match names.get_mut(host) {
            Some(addresses) if addresses.len() > 1 => addresses.remove(0),
            Some(addresses) => addresses.first().copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        Ok(vec![SocketAddr::new(address, port)])
    }
}

struct OneSecret;

#[async_trait::async_trait]
impl SecretSource for OneSecret {
    async fn secret(&self, _: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        Ok(Secret::new(SECRET))
    }
}
