//! The one place that makes requests: one address, two form fields, an envelope with the verdict inside HTTP 200.

use serde::Serialize;
use wharf_sdk::http::{self, Effect, RequestBuilder, Response};
use wharf_sdk::{Result, connection};

use crate::api::{Envelope, Payload};
use crate::config::Config;

mod refusal;

/// Slot of the token.
pub(crate) const TOKEN: &str = "token";

/// Makes requests for one connection.
#[derive(Debug)]
pub(crate) struct Client {
    /// What the operator set.
    pub(crate) config: Config,
}

impl Client {
    /// Reads the connection's configuration.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self { config: connection::config()? })
    }

    /// Builds the request of a method.
    pub(crate) fn request<T: Serialize + ?Sized>(
        &self,
        method: &str,
        parameters: &T,
        effect: Effect,
    ) -> Result<RequestBuilder> {
        let parameters = serde_json::to_string(parameters).map_err(|error| {
            wharf_sdk::Failure::internal(format!("the parameters of `{method}` cannot be written: {error}"))
        })?;
        let form = [("method", method), ("parameters", parameters.as_str())];
        Ok(http::post(&self.config.endpoint()).credential(TOKEN).effect(effect).form(form))
    }

    /// Asks, without changing anything.
    pub(crate) fn read<T: Serialize + ?Sized>(&self, method: &'static str, parameters: &T) -> Result<Answer> {
        let response = self.request(method, parameters, Effect::Read)?.send()?;
        Ok(self.answer(method, response))
    }

    /// Asks, and has the host keep the answer so that items can be pieces of it.
    pub(crate) fn read_kept<T: Serialize + ?Sized>(&self, method: &'static str, parameters: &T) -> Result<Answer> {
        let response = self.request(method, parameters, Effect::Read)?.keep().send()?;
        Ok(self.answer(method, response))
    }

    /// Changes something.
    pub(crate) fn write<T: Serialize + ?Sized>(
        &self,
        method: &'static str,
        parameters: &T,
        effect: Effect,
    ) -> Result<Answer> {
        let response = self.request(method, parameters, effect)?.send()?;
        Ok(self.answer(method, response))
    }

    fn answer(&self, method: &'static str, response: Response) -> Answer {
        Answer { response, method, reading: self.config.block_reading() }
    }
}

/// An answer whose envelope has not been looked at yet.
#[derive(Debug)]
pub(crate) struct Answer {
    response: Response,
    method: &'static str,
    reading: crate::config::BlockReading,
}

impl Answer {
    /// Returns the answer as it came.
    pub(crate) fn response(&self) -> &Response {
        &self.response
    }

    /// Returns what was asked for, or why the vendor refused.
    ///
    /// The status in the body comes before the status of HTTP, which is 200 for both.
    pub(crate) fn payload<'a, P: Payload<'a>>(&'a self) -> Result<P> {
        let envelope: Envelope<'a, P> = match self.response.json() {
            Ok(envelope) => envelope,
            Err(failure) => {
                self.response.clone().expect_success()?;
                return Err(failure);
            }
        };
        self.opened(envelope)
    }

    fn opened<'a, P: Payload<'a>>(&'a self, envelope: Envelope<'a, P>) -> Result<P> {
        let status = envelope.status.text();
        if status.eq_ignore_ascii_case("SUCCESS") {
            let missing = || self.response.unreadable(&format!("`{}` has no `{}`", self.method, P::KEY));
            return envelope.payload.or_else(P::missing).ok_or_else(missing);
        }
        if status.eq_ignore_ascii_case("ERROR") || !envelope.error_code.is_blank() {
            let refusal = refusal::Refusal {
                method: self.method,
                code: &envelope.error_code.text(),
                message: &envelope.error_message.text(),
            };
            return Err(refusal.failure(&self.response, self.reading));
        }
        self.response.clone().expect_success()?;
        Err(self.response.unreadable(&format!("the answer to `{}` has no `status`", self.method)))
    }
}
