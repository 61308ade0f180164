//! The one place that makes requests: addresses, credential, and from answers to causes.

use wharf_sdk::failure::Cause;
use wharf_sdk::http::{self, RequestBuilder, Response};
use wharf_sdk::{Failure, Result};

use crate::config::Config;

/// Credential slot of the manifest.
pub(crate) const SLOT: &str = "panel";

/// Name and value of query parameters.
pub(crate) type Query<'a> = &'a [(&'a str, String)];

/// What a refused token most likely means: an account has one live token, and a new one ends all integrations that use
/// the old one (vendor's help article).
const REPLACED: &str = "Operand refuses the token of the panel: was a new one generated there, or was it deactivated? an \
                        account has one live token; set the one that the panel shows under API Operand";

/// A connection to Operand, for one call.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) config: Config,
}

impl Client {
    /// Starts with the connection's configuration.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self { config: Config::load()? })
    }

    /// Reads something.
    pub(crate) fn get(&self, path: &[&str], query: Query<'_>) -> Result<Response> {
        accepted(sent(self.get_request(path, query))?)
    }

    /// Reads one record; `not-found` when it is not there.
    pub(crate) fn get_one(&self, entity: &str, path: &[&str], id: &str) -> Result<Response> {
        let response = sent(self.get_request(path, &[]))?;
        if matches!(response.status(), 404 | 410) {
            return Err(Failure::subject_not_found(entity, id).with_evidence(response.evidence()));
        }
        accepted(response)
    }

    /// Returns the request for a read.
    pub(crate) fn get_request(&self, path: &[&str], query: Query<'_>) -> RequestBuilder {
        let request = self.request("GET", path);
        query.iter().fold(request, |request, (name, value)| request.query(name, value))
    }

    /// Changes fields of a record; sent twice it leaves the same state. Any answer is returned.
    pub(crate) fn put(&self, path: &[&str], body: String) -> Result<Response> {
        sent(self.request("PUT", path).effect(http::Effect::IdempotentWrite).text("application/json", body))
    }

    fn request(&self, method: &str, path: &[&str]) -> RequestBuilder {
        http::request(method, &http::join(&self.config.base_url, path)).credential(SLOT)
    }
}

/// Sends; where the host could not get a session, the panel's token is what was refused.
fn sent(request: RequestBuilder) -> Result<Response> {
    request.send().map_err(|failure| match failure.cause() {
        Cause::AuthRevoked => failure.with_message(REPLACED),
        _ => failure,
    })
}

/// Returns the answer when it is a success, and else its cause. Only the status counts: nothing is known of the bodies of
/// errors. The host has renewed the session once before it hands out 401 or 403.
pub(crate) fn accepted(response: Response) -> Result<Response> {
    match response.status() {
        401 => Err(Failure::auth_revoked(REPLACED).with_evidence(response.evidence())),
        403 => {
            let message =
                "Operand refuses this with a new session too; the account lacks the module or the right for it";
            Err(Failure::forbidden(None, message).with_evidence(response.evidence()))
        }
        _ => response.expect_success(),
    }
}
