//! What the policy makes of a request, for a person who asks.

use std::net::SocketAddr;

use serde::Serialize;

use super::Denied;
use crate::manifest::Origin;

/// What the policy makes of a request, worked out by the rules that requests pass through. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Why it is refused; none when it may be sent.
    pub refused: Option<Refused>,
    /// The URL in its one spelling, without the values of its query; none when it cannot be read.
    pub url: Option<String>,
    /// The entry of the manifest's `hosts` that covers it.
    pub asked: Option<Origin>,
    /// The entry of the grant that covers it.
    pub granted: Option<Granted>,
    /// Addresses that its host leads to, of which every one has to pass.
    pub addresses: Vec<VettedAddress>,
    /// Why the host leads nowhere now, where that is so: no refusal, but nothing could be sent.
    pub unresolved: Option<String>,
    /// Every credential slot that goes out with requests, and whether it may go there.
    pub credentials: Vec<SlotUse>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Stable code, kebab-case, as in traces.
    pub code: &'static str,
    /// One sentence that ends with the fix.
    pub message: String,
}

/// An entry of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Granted {
    /// The list that it is in.
    pub list: GrantList,
    /// Its text, as it was granted.
    pub text: String,
}

/// A list of origins in a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantList {
    /// Origins with TLS.
    Origins,
    /// Origins without.
    PlainHttp,
}

/// An address that a host leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VettedAddress {
    /// The address, with the port of the request.
    pub address: SocketAddr,
    /// What is special about it; none for a public one. A special one that is not refused was granted by name.
    pub special: Option<&'static str>,
    /// Why it is refused.
    pub refused: Option<Refused>,
}

/// Whether a credential slot may go out with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlotUse {
    /// Name of the slot.
    pub slot: String,
    /// Why it may not go there.
    pub refused: Option<Refused>,
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self { code: denied.code, message: denied.message }
    }
}
