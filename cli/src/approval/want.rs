//! What a connector asks for, as far as installing approves it. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};
use wharf_host::inspect::Inspection;
use wharf_host::manifest::{BudgetRequest, FileAccess, Manifest, Origin};

/// One thing that a connector asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Want {
    /// Requests to an origin.
    Host {
        /// Origin, or where in the configuration it stands.
        origin: String,
        /// Method; none for any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
    },
    /// Requests with a credential.
    Credential {
        /// Slot.
        slot: String,
        /// How it is attached, as the manifest says it.
        scheme: String,
        /// Where it may go; empty for every origin that is granted.
        audience: Vec<String>,
    },
    /// Calls of a budget.
    Budget {
        /// Budget.
        name: String,
        /// Calls per time.
        calls: u32,
        /// The time, in seconds.
        seconds: u32,
        /// Requests under way at once; none for no limit but the host's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        concurrent: Option<u32>,
    },
    /// Files in one directory.
    Files {
        /// What it does with them.
        access: FileAccess,
    },
    /// An interface of WASI.
    Wasi {
        /// Interface.
        interface: String,
    },
    /// An interface of the contract through which a connector gets at more than its own remote.
    Import {
        /// Interface.
        interface: String,
    },
    /// Requests from outside: an interface that the listener passes them to.
    Inbound {
        /// Interface.
        interface: String,
    },
}

/// Interfaces whose export has the listener pass on what comes from outside.
const INBOUND: [&str; 2] = ["webhooks", "serving"];

/// Interfaces of the contract that every connector may import without being asked about: they lead nowhere by themselves.
const HARMLESS: [&str; 8] = ["types", "http", "secrets", "schedule", "connection", "clock", "random", "log"];

impl Want {
    /// Tells whether who may do this may do `other`.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Host { origin, method: None }, Self::Host { origin: wanted, .. }) => origin == wanted,
            (
                Self::Budget { name, calls, seconds, concurrent },
                Self::Budget {
                    name: wanted,
                    calls: wanted_calls,
                    seconds: wanted_seconds,
                    concurrent: wanted_concurrent,
                },
            ) => {
                let rate = u64::from(*calls) * u64::from(*wanted_seconds);
                let fewer = u64::from(*wanted_calls) * u64::from(*seconds) <= rate && wanted_calls <= calls;
                let narrower = concurrent.is_none_or(|places| wanted_concurrent.is_some_and(|wanted| wanted <= places));
                name == wanted && fewer && narrower
            }
            (Self::Credential { slot, scheme, audience }, Self::Credential { slot: to, scheme: by, audience: at }) => {
                let narrower = audience.is_empty() || (!at.is_empty() && at.iter().all(|one| audience.contains(one)));
                slot == to && scheme == by && narrower
            }
            (Self::Files { access }, Self::Files { access: wanted }) => wanted <= access,
            _ => self == other,
        }
    }

    /// Returns the kind of thing, for listings.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Host { .. } => "host",
            Self::Credential { .. } => "credential",
            Self::Budget { .. } => "budget",
            Self::Files { .. } => "files",
            Self::Wasi { .. } => "WASI",
            Self::Import { .. } => "import",
            Self::Inbound { .. } => "inbound",
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { origin, method } => write!(f, "{origin}, {}", method.as_deref().unwrap_or("any method")),
            Self::Credential { slot, scheme, audience } if audience.is_empty() => write!(f, "{slot}: {scheme}"),
            Self::Credential { slot, scheme, audience } => {
                write!(f, "{slot}: {scheme}, sent to {}", audience.join(", "))
            }
            Self::Budget { name, calls, seconds, concurrent } => {
                write!(f, "{name}: {calls} calls in {seconds} s")?;
                concurrent.iter().try_for_each(|places| write!(f, ", {places} at once"))
            }
            Self::Files { access } => write!(f, "{access}, in one directory that the connection grants"),
            Self::Wasi { interface } | Self::Import { interface } => write!(f, "{interface}"),
            Self::Inbound { interface } => write!(f, "{interface}, for what comes in through the listener"),
        }
    }
}

/// Returns everything that a connector asks for.
pub(crate) fn wants(inspection: &Inspection, manifest: &Manifest) -> Vec<Want> {
    let hosts = manifest.hosts.iter().flat_map(|host| {
        let methods: Vec<Option<String>> = match host.methods.is_empty() {
            true => vec![None],
            false => host.methods.iter().cloned().map(Some).collect(),
        };
        methods.into_iter().map(|method| Want::Host { origin: origin(&host.origin), method })
    });
    let credentials = manifest.credentials.iter().map(|slot| Want::Credential {
        slot: slot.name.clone(),
        // The manifest's own words: whatever changes in them is another scheme.
        scheme: serde_json::to_string(&slot.scheme).unwrap_or_default(),
        audience: slot.audience.iter().map(origin).collect(),
    });
    let budgets = manifest.budgets.iter().map(budget);
    let files = manifest.files.iter().map(|files| Want::Files { access: files.access });
    let wasi = inspection.wasi().map(|name| Want::Wasi { interface: name.to_owned() });
    let imports = inspection.contract_imports().filter(|name| !HARMLESS.contains(name));
    let imports = imports.map(|name| Want::Import { interface: name.to_owned() });
    let inbound = inspection.interfaces().filter(|name| INBOUND.contains(name));
    let inbound = inbound.map(|name| Want::Inbound { interface: name.to_owned() });
    let asked = hosts.chain(credentials).chain(budgets).chain(files);
    asked.chain(wasi).chain(imports).chain(inbound).collect()
}

fn budget(budget: &BudgetRequest) -> Want {
    Want::Budget {
        name: budget.name.clone(),
        calls: budget.calls,
        seconds: budget.seconds,
        concurrent: budget.concurrent,
    }
}

/// Returns what of `wanted` is not covered by what was approved; all of it when nothing was.
pub(crate) fn added(wanted: &[Want], approved: Option<&[Want]>) -> Vec<Want> {
    let Some(approved) = approved else { return wanted.to_vec() };
    let (wanted, approved) = (with_default_budget(wanted), with_default_budget(approved));
    wanted.into_iter().filter(|want| !approved.iter().any(|known| known.covers(want))).collect()
}

/// Adds the budget that the host gives where the manifest declares none: who leaves a small one out asks for more.
fn with_default_budget(wants: &[Want]) -> Vec<Want> {
    let undeclared = BudgetRequest::undeclared();
    let is_declared = |want: &Want| matches!(want, Want::Budget { name, .. } if *name == undeclared.name);
    let added = (!wants.iter().any(is_declared)).then(|| budget(&undeclared));
    wants.iter().cloned().chain(added).collect()
}

/// Writes an origin of a manifest as approvals do.
pub(crate) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Fixed(origin) => origin.clone(),
        Origin::FromConfig { config } => format!("origin of config.{config}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(origin: &str, method: Option<&str>) -> Want {
        Want::Host { origin: origin.to_owned(), method: method.map(str::to_owned) }
    }

    fn files(access: FileAccess) -> Want {
        Want::Files { access }
    }

    fn budget(calls: u32, seconds: u32) -> Want {
        Want::Budget { name: "api".to_owned(), calls, seconds, concurrent: None }
    }

    fn at_once(concurrent: Option<u32>) -> Want {
        Want::Budget { name: "default".to_owned(), calls: 10, seconds: 60, concurrent }
    }

    fn credential(scheme: &str, audience: &[&str]) -> Want {
        let audience = audience.iter().map(|&one| one.to_owned()).collect();
        Want::Credential { slot: "token".to_owned(), scheme: scheme.to_owned(), audience }
    }

    #[test]
    fn what_was_approved_covers_less_and_nothing_else() {
        let covered = [
            (host("https://a.example", None), host("https://a.example", Some("POST"))),
            (host("https://a.example", Some("GET")), host("https://a.example", Some("GET"))),
            (files(FileAccess::ReadWrite), files(FileAccess::Read)),
            (budget(100, 60), budget(50, 60)),
            (budget(100, 60), budget(100, 120)),
            (at_once(Some(2)), at_once(Some(1))),
            (at_once(None), at_once(Some(9))),
            (credential("basic", &[]), credential("basic", &["https://a.example"])),
            (
                credential("basic", &["https://a.example", "https://b.example"]),
                credential("basic", &["https://b.example"]),
            ),
        ];
        for (approved, wanted) in covered {
            assert!(approved.covers(&wanted), "{approved} covers {wanted}");
        }
        let more = [
            (host("https://a.example", Some("GET")), host("https://a.example", Some("POST"))),
            (host("https://a.example", Some("GET")), host("https://a.example", None)),
            (host("https://a.example", None), host("https://b.example", None)),
            (files(FileAccess::Read), files(FileAccess::ReadWrite)),
            (host("https://a.example", None), files(FileAccess::Read)),
            (budget(100, 60), budget(101, 60)),
            (budget(100, 60), budget(100, 59)),
            (budget(100, 60), budget(6000, 3600)),
            (at_once(Some(2)), at_once(Some(3))),
            (at_once(Some(2)), at_once(None)),
            (credential("basic", &["https://a.example"]), credential("basic", &[])),
            (credential("basic", &["https://a.example"]), credential("basic", &["https://b.example"])),
            (credential("basic", &[]), credential("bearer", &[])),
        ];
        for (approved, wanted) in more {
            assert!(!approved.covers(&wanted), "{approved} does not cover {wanted}");
        }
    }

    #[test]
    fn only_what_is_more_is_told() {
        let approved = [host("https://a.example", None), budget(10, 1)];
        let wanted = [host("https://a.example", Some("GET")), host("https://b.example", None)];
        assert_eq!(added(&wanted, Some(&approved)), [wanted[1].clone()]);
        assert_eq!(added(&wanted, None), wanted);
    }

    #[test]
    fn leaving_a_small_budget_out_asks_for_more_and_declaring_one_for_less() {
        let more = added(&[], Some(&[at_once(Some(1))]));
        assert!(matches!(more.as_slice(), [Want::Budget { name, .. }] if name == "default"), "{more:?}");
        assert_eq!(added(&[at_once(Some(1))], Some(&[])), []);
    }
}
