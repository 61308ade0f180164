//! Says what would become of a request: the steps of the pipeline up to the address, in their order, and nothing is sent.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::{Egress, allow};
use crate::policy::{Denied, Explanation, Refused, SlotUse, VettedAddress, address, target};
use crate::surroundings::Resolver;

impl Egress {
    /// Explains a request without headers and body. Looks its host up, by the same resolver as requests.
    pub(crate) async fn explain(&self, resolver: &dyn Resolver, method: &str, raw: &str) -> Explanation {
        let mut explanation = Explanation {
            refused: None,
            url: None,
            asked: None,
            granted: None,
            addresses: Vec::new(),
            unresolved: None,
            credentials: Vec::new(),
        };
        let url = match target::parse(raw) {
            Ok(url) => url,
            Err(denied) => return Explanation { refused: Some(denied.into()), ..explanation },
        };
        explanation.url = Some(target::without_query_values(&url));
        explanation.credentials = self.slot_uses(&url);
        match allow::method(method).and_then(|method| self.policy.rules(method.as_str(), &url)) {
            Ok(rules) => (explanation.asked, explanation.granted) = (Some(rules.asked), Some(rules.granted)),
            // Its name is not looked up: a refused request asks no resolver either.
            Err(denied) => return Explanation { refused: Some(denied.into()), ..explanation },
        }
        match self.found(resolver, &url).await {
            Ok(found) => explanation.addresses = self.vetted(&url, &found),
            Err(reason) => explanation.unresolved = Some(reason),
        }
        explanation.refused = explanation.addresses.iter().find_map(|address| address.refused.clone());
        explanation
    }

    fn slot_uses(&self, url: &Url) -> Vec<SlotUse> {
        let uses = self.credentials.outgoing().map(|name| {
            let refused: Option<Denied> = self.granted_slot(name, url).err();
            SlotUse { slot: name.to_owned(), refused: refused.map(Refused::from) }
        });
        uses.collect()
    }

    async fn found(&self, resolver: &dyn Resolver, url: &Url) -> Result<Vec<SocketAddr>, String> {
        let port = url.port_or_known_default().unwrap_or_default();
        let name = match url.host() {
            Some(Host::Ipv4(address)) => return Ok(vec![SocketAddr::new(IpAddr::V4(address), port)]),
            Some(Host::Ipv6(address)) => return Ok(vec![SocketAddr::new(IpAddr::V6(address), port)]),
            Some(Host::Domain(name)) => name,
            None => return Err("the URL has no host".to_owned()),
        };
        let patience = self.limits.connect;
        match tokio::time::timeout(patience, resolver.lookup(name, port)).await {
            Ok(Ok(found)) if found.is_empty() => Err("the name has no address".to_owned()),
            Ok(Ok(found)) => Ok(found.into_iter().map(|found| SocketAddr::new(found.ip(), port)).collect()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {patience:?}")),
        }
    }

    fn vetted(&self, url: &Url, found: &[SocketAddr]) -> Vec<VettedAddress> {
        let host = url.host_str().unwrap_or_default();
        let vetted = found.iter().map(|found| VettedAddress {
            address: *found,
            special: address::special(found.ip()).map(address::Special::words),
            refused: self.policy.address(host, *found).err().map(Refused::from),
        });
        vetted.collect()
    }
}
