//! What the tests of the host against real components share: connections to guest programs, and an upstream that
//! remembers what arrived.

pub mod attacks;
pub mod figures;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri};
use serde_json::json;
use wharf_host::policy::Grant;
use wharf_host::{Connection, Connector, Host, Limits};

/// Loads a guest program by its name, with a host of its own.
pub async fn load(name: &str) -> anyhow::Result<Connector> {
    load_into(&Host::builder().build()?, name).await
}

/// Loads a guest program by its name into a host.
pub async fn load_into(host: &Host, name: &str) -> anyhow::Result<Connector> {
    let component = wharf_test_support::component(name)?;
    host.load(&component).await.with_context(|| format!("guest `{name}`"))
}

/// Makes a connection to a guest program that needs neither configuration nor grant.
pub async fn connect(name: &str) -> anyhow::Result<Connection> {
    connect_with(name, Limits::default()).await
}

/// Makes a connection to a guest program with limits of its own.
pub async fn connect_with(name: &str, limits: Limits) -> anyhow::Result<Connection> {
    Ok(load(name).await?.connect("test").limits(limits).build().await?)
}

/// A server on loopback that answers as it is told and remembers what arrived.
pub struct Upstream {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Upstream {
    /// Starts a server; `answer` gets method, path and body.
    pub async fn start<F>(answer: F) -> anyhow::Result<Self>
    where
        F: Fn(&Method, &Uri, &Bytes) -> (StatusCode, Vec<u8>) + Clone + Send + Sync + 'static,
    {
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&arrived);
        let respond = move |method: Method, uri: Uri, body: Bytes| {
            let line = format!("{method} {uri}");
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            let answer = answer(&method, &uri, &body);
            async move { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, Router::new().fallback(respond)).await {
                eprintln!("upstream: {error}");
            }
        });
        Ok(Self { address, arrived, serving })
    }

    /// Starts a server that answers everything with 200 and this body.
    pub async fn saying(body: &'static str) -> anyhow::Result<Self> {
        Self::start(move |_, _, _| (StatusCode::OK, body.as_bytes().to_vec())).await
    }

    /// Returns its origin.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests that arrived, as method and path.
    pub fn arrived(&self) -> Vec<String> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns a grant that approves this server, and nothing else.
    pub fn grant(&self) -> Grant {
        Grant::new().plain_http(self.origin()).private_address(self.address.to_string())
    }

    /// Makes a connection of a connector to this server.
    pub async fn connect(&self, connector: &Connector) -> anyhow::Result<Connection> {
        let config = json!({ "base_url": self.origin() });
        Ok(connector.connect("test").config(config).grant(self.grant()).build().await?)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
