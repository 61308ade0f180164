//! The host's own steps of `check`: whether the names of the origins lead somewhere that the connection may go.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use url::{Host, Url};

use crate::manifest::Manifest;
use crate::model::{Step, StepState};
use crate::policy::{Policy, origin};
use crate::surroundings::Resolver;

/// Where a connection's requests go.
pub(super) struct Reach {
    policy: Policy,
    origins: Vec<Url>,
}

impl Reach {
    /// Takes the origins that the manifest names, by themselves or through the configuration, and that are granted: a
    /// vendor's own address says nothing about a connection that goes elsewhere. A wildcard has no name to look up.
    pub(super) fn new(policy: Policy, manifest: &Manifest, config: &Value) -> Self {
        let named = manifest.hosts.iter().filter_map(|host| origin::resolve(&host.origin, config).ok().flatten());
        let named = named.filter(|origin| !origin.is_wildcard());
        let urls = named.filter_map(|origin| Url::parse(&origin.to_string()).ok());
        let origins = urls.filter(|origin| policy.reaches(origin)).collect();
        Self { policy, origins }
    }

    /// Looks every name up and holds the addresses against the policy.
    pub(super) async fn steps(&self, resolver: &dyn Resolver, patience: Duration) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.origins.len());
        for origin in &self.origins {
            if let (Some(host), Some(port)) = (origin.host(), origin.port_or_known_default()) {
                steps.push(self.step(resolver, patience, host, port).await);
            }
        }
        steps
    }

    async fn step(&self, resolver: &dyn Resolver, patience: Duration, host: Host<&str>, port: u16) -> Step {
        let found = match host {
            Host::Ipv4(address) => Ok(vec![SocketAddr::new(IpAddr::V4(address), port)]),
            Host::Ipv6(address) => Ok(vec![SocketAddr::new(IpAddr::V6(address), port)]),
            Host::Domain(name) => match tokio::time::timeout(patience, resolver.lookup(name, port)).await {
                Ok(found) => found.map_err(|error| error.to_string()),
                Err(_) => Err(format!("no answer within {patience:?}")),
            },
        };
        let host = host.to_string();
        match found {
            Ok(addresses) if !addresses.is_empty() => self.vetted(&host, &addresses),
            Ok(_) => failed(&host, "the name has no address".into()),
            Err(reason) => failed(&host, reason),
        }
    }

    fn vetted(&self, host: &str, addresses: &[SocketAddr]) -> Step {
        let refused = addresses.iter().find_map(|address| self.policy.address(host, *address).err());
        match refused {
            Some(denied) => step(StepState::Failed, format!("`{host}`: {}", denied.message), None),
            None => {
                let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
                step(StepState::Ok, format!("`{host}` is {}", list.join(", ")), None)
            }
        }
    }
}

fn failed(host: &str, reason: String) -> Step {
    let hint = "check the name in the configuration, and this machine's name resolution".to_owned();
    step(StepState::Failed, format!("`{host}`: {reason}"), Some(hint))
}

fn step(state: StepState, detail: String, hint: Option<String>) -> Step {
    Step { name: "resolve name".into(), state, detail, hint }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use std::io;

    use serde_json::json;

    use super::*;
    use crate::policy::Grant;

    struct Names;

    #[async_trait::async_trait]
    impl Resolver for Names {
        async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
            match host {
                "public.example" => Ok(vec![SocketAddr::from(([93, 184, 215, 14], port))]),
                "private.example" => Ok(vec![SocketAddr::from(([10, 0, 0, 1], port))]),
                "slow.example" => std::future::pending().await,
                _ => Err(io::Error::other("no such name")),
            }
        }
    }

    #[tokio::test]
    async fn each_granted_origin_gets_a_step_of_its_own() {
        let origins =
            ["public", "private", "absent", "slow", "ungranted"].map(|name| format!("https://{name}.example"));
        let manifest = json!({
            "name": "shop", "version": "1.0.0", "summary": "A shop.",
            "config": { "version": 1, "schema": { "type": "object" } },
            "hosts": origins.iter().map(|origin| json!({ "origin": origin })).collect::<Vec<_>>(),
        });
        let manifest = Manifest::parse(&manifest.to_string()).unwrap();
        let granted = origins.iter().filter(|origin| !origin.contains("ungranted"));
        let grant = granted.fold(Grant::new(), |grant, origin| grant.origin(origin.as_str()));
        let policy = Policy::effective("shop", &manifest, &grant, &json!({})).unwrap();
        let reach = Reach::new(policy, &manifest, &json!({}));
        let steps = reach.steps(&Names, Duration::from_millis(20)).await;
        let expected = [
            (StepState::Ok, "93.184.215.14"),
            (StepState::Failed, "10.0.0.1"),
            (StepState::Failed, "no such name"),
            (StepState::Failed, "no answer"),
        ];
        assert_eq!(steps.len(), expected.len());
        for (step, (state, detail)) in steps.iter().zip(expected) {
            assert!(step.state == state && step.detail.contains(detail), "{step:?}");
        }
    }
}
