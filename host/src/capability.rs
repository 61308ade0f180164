//! What the host gives to running connectors: one room per import.

pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod lookups;
pub(crate) mod schedule;
pub(crate) mod secrets;
pub(crate) mod wasi;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use self::http::{CallScope, Egress, Tokens};
use self::schedule::Schedule;
use self::secrets::Secrets;
use crate::model::{Cause, Evidence, Failure, Instant, LimitScope};
use crate::surroundings::{Clock, Randomness};
use crate::tape::{CallOnTape, Tape, Track};

/// Most random bytes that one `random.bytes` gives.
pub(crate) const RANDOM_BYTES: u32 = 4096;

/// The rooms of one connector, or of one connection.
pub(crate) struct Rooms {
    /// Name of the connector.
    pub(crate) connector: String,
    /// What only a connection has: none while a connector describes itself.
    pub(crate) connected: Option<Connected>,
    /// The host's clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The host's randomness.
    pub(crate) randomness: Arc<dyn Randomness>,
}

/// The rooms that a connection brings.
pub(crate) struct Connected {
    /// Name of the connection.
    pub(crate) name: String,
    /// Its configuration as JSON text.
    pub(crate) config: String,
    /// Its way out.
    pub(crate) egress: Arc<Egress>,
    /// Access tokens of all connections of the host.
    pub(crate) tokens: Arc<Tokens>,
    /// Its secrets.
    pub(crate) secrets: Secrets,
    /// Its wake-ups.
    pub(crate) schedule: Schedule,
    /// What it may look up on other connections.
    pub(crate) lookups: lookups::Room,
    /// What hears its calls.
    pub(crate) tape: Option<Arc<dyn Tape>>,
    /// Its directory, where it has one.
    pub(crate) files: Option<files::Room>,
}

impl Rooms {
    /// Returns the connector's name.
    pub(crate) fn connector(&self) -> &str {
        &self.connector
    }

    /// Returns the connection's name.
    pub(crate) fn connection(&self) -> Option<&str> {
        self.connected.as_ref().map(|connected| connected.name.as_str())
    }

    /// Begins the track of a call of the connection, where there is a tape.
    pub(crate) fn begin(&self, name: &'static str, arguments: impl FnOnce() -> Value) -> Option<Arc<dyn Track>> {
        let connected = self.connected.as_ref()?;
        let tape = connected.tape.as_ref()?;
        let (connection, connector) = (connected.name.clone(), self.connector.clone());
        Some(tape.begin(CallOnTape { connection, connector, name, arguments: arguments() }))
    }

    /// Returns what a connector gave without the secrets that the connection has used, and reports it; none when there is
    /// none in it.
    pub(crate) fn searched(&self, scope: &CallScope, place: &str, bytes: &[u8]) -> Option<Bytes> {
        let connected = self.connected.as_ref()?;
        let clean = connected.egress.search(bytes)?;
        let (connector, connection) = (&self.connector, &connected.name);
        tracing::warn!(%connector, %connection, place, "a secret value was taken out");
        scope.leaked(place, None);
        Some(clean)
    }

    /// Takes the secrets that the connection has used out of a text of our own.
    pub(crate) fn redacted(&self, text: String) -> String {
        match &self.connected {
            Some(connected) => connected.egress.redact(text),
            None => text,
        }
    }

    /// Takes secrets out of a text that a connector gave, and reports it.
    pub(crate) fn redact(&self, scope: &CallScope, place: &str, text: &mut String) {
        if let Some(clean) = self.searched(scope, place, text.as_bytes()) {
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }

    /// Takes secrets out of what a connector says of a failure.
    pub(crate) fn redact_failure(&self, scope: &CallScope, failure: &mut Failure) {
        let redact = |text: &mut String| self.redact(scope, "failure", text);
        redact(&mut failure.message);
        if let Some(Evidence { remote_code, excerpt, .. }) = &mut failure.evidence {
            remote_code.iter_mut().chain(excerpt).for_each(redact);
        }
        texts(&mut failure.cause).into_iter().for_each(redact);
    }

    /// Holds a budget because the remote asked for it.
    pub(crate) fn hold(&self, scope: &CallScope, request: u32, limit: LimitScope, until: Option<Instant>) {
        if let Some(connected) = &self.connected {
            connected.egress.hold(scope, request, limit, until);
        }
    }

    /// Drops the access tokens that the connection holds; false when it holds none, so that asking again is no use.
    pub(crate) fn renew_credentials(&self) -> bool {
        self.connected.as_ref().is_some_and(|connected| connected.tokens.forget(&connected.name))
    }
}

/// Returns every text of a cause that a connector may have written.
fn texts(cause: &mut Cause) -> Vec<&mut String> {
    match cause {
        Cause::ConfigInvalid { violations } | Cause::InvalidRecord { violations } => {
            violations.iter_mut().flat_map(|one| [&mut one.path, &mut one.code, &mut one.message]).collect()
        }
        Cause::MappingMissing { missing } => {
            missing.iter_mut().flat_map(|one| [&mut one.reference_list, &mut one.value]).collect()
        }
        Cause::NotFound { entity, key, .. } | Cause::DependencyMissing { entity, key } => vec![entity, key],
        Cause::ContractChanged { detail, sample } => vec![detail, sample],
        Cause::Forbidden { permission: text } | Cause::Conflict { existing_id: text, .. } => text.iter_mut().collect(),
        Cause::Internal { detail: text }
        | Cause::Precondition { state: text }
        | Cause::Unsupported { capability: text }
        | Cause::EgressDenied { target: text, .. } => vec![text],
        Cause::AuthExpired
        | Cause::AuthRevoked
        | Cause::RateLimited { .. }
        | Cause::Unavailable { .. }
        | Cause::OutcomeUnknown
        | Cause::TooLarge { .. }
        | Cause::Cancelled
        | Cause::Deadline { .. }
        | Cause::MemoryExceeded { .. }
        | Cause::WouldWrite
        | Cause::Fenced => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MissingKind, MissingMapping, Violation};

    #[test]
    fn every_text_of_a_cause_is_searched() {
        let text = || "told".to_owned();
        let violations = || vec![Violation { path: text(), code: text(), message: text() }];
        let causes = [
            (Cause::ConfigInvalid { violations: violations() }, 3),
            (Cause::InvalidRecord { violations: violations() }, 3),
            (Cause::Forbidden { permission: Some(text()) }, 1),
            (Cause::Conflict { existing_id: Some(text()), same_content: None }, 1),
            (Cause::NotFound { kind: MissingKind::Subject, entity: text(), key: text() }, 2),
            (Cause::DependencyMissing { entity: text(), key: text() }, 2),
            (Cause::MappingMissing { missing: vec![MissingMapping { reference_list: text(), value: text() }] }, 2),
            (Cause::Precondition { state: text() }, 1),
            (Cause::Unsupported { capability: text() }, 1),
            (Cause::ContractChanged { detail: text(), sample: text() }, 2),
            (Cause::Internal { detail: text() }, 1),
        ];
        for (mut cause, expected) in causes {
            let found = texts(&mut cause).into_iter().map(|text| *text = "searched".to_owned()).count();
            assert_eq!((found, format!("{cause:?}").contains("told")), (expected, false), "{cause:?}");
        }
    }
}
