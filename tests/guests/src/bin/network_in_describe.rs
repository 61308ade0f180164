//! Sends a request while its configuration is validated. The host denies it, as `describe` runs without network, and
//! the violation that the guest reports carries the host's words.

use wharf_sdk::{Describe, Manifest, Violation, http, violation};

struct NetworkInDescribe;

impl Describe for NetworkInDescribe {
    fn manifest() -> Manifest {
        wharf_guests::with_upstream(wharf_guests::manifest("network-in-describe"))
    }

    fn validate_config(config: &str) -> Vec<Violation> {
        let config: Option<wharf_guests::Upstream> = serde_json::from_str(config).ok();
        let base = config.map(|config| config.base_url).unwrap_or_default();
        match http::get(&base).send() {
            Ok(_) => Vec::new(),
            Err(failure) => vec![violation("/base_url", "unreachable", failure.message())],
        }
    }
}

wharf_sdk::export!(NetworkInDescribe: describe);

fn main() {}
