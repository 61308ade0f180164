//! What comes in: messages and requests of remotes, and what becomes of them.

use serde::Serialize;

/// A message of the remote, or a request that it makes of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Method.
    pub method: String,
    /// Path and query below our address.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An answer to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Whether who sent a delivery is who they have to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// They are, or the connector declares no inbound credential and checks by itself.
    Admitted,
    /// They are not.
    Refused {
        /// What to answer.
        reply: Reply,
        /// Why, for the operator: holds no secret and nothing of the request.
        reason: String,
    },
    /// The request was for the host itself (a token endpoint); answer this and pass nothing on.
    Answered(Reply),
}

/// A hint that a record changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The same for every delivery of the same event.
    pub key: String,
    /// Entity.
    pub entity: String,
    /// The remote's id of the record.
    pub id: String,
    /// The record is gone.
    pub deleted: bool,
}

/// What a webhook turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Answer with this and do nothing else.
    Handshake(Reply),
    /// Something changed.
    Events(Vec<Event>),
    /// Not from the remote, or not intact; why.
    Rejected(String),
}

/// A webhook registration at the remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// The remote's id.
    pub id: String,
    /// Where it sends to.
    pub url: String,
    /// What it sends.
    pub topics: Vec<String>,
}
