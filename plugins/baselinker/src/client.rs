//! The one place that makes requests: one address, two form fields, an envelope with the verdict inside HTTP 200.

use serde::{Deserialize, Serialize};
use wharf_sdk::http::{self, Effect, RequestBuilder, Response};
use wharf_sdk::{Result, connection};

use crate::api::{Envelope, Fields, Payload, Raw, Rows};
use crate::config::Config;

mod refusal;

/// Slot of the token.
pub(crate) const TOKEN: &str = "token";

/// Makes requests for one connection.
#[derive(Debug)]
pub(crate) struct Client {
    /// What the operator set.
    pub(crate) config: Config,
    /// Whether the host keeps answers that items are pieces of; a count throws its items away.
    keeps: bool,
}

impl Client {
    /// Reads the connection's configuration.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self { config: connection::config()?, keeps: true })
    }

    /// Has the host forget each answer, for a call that reads many and returns none of them.
    pub(crate) fn forgetful(mut self) -> Self {
        self.keeps = false;
        self
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
        let request = self.request(method, parameters, Effect::Read)?;
        let response = if self.keeps { request.keep() } else { request }.send()?;
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
        let envelope: Envelope<'a, P> = self.parsed()?;
        self.verdict(envelope.status, envelope.error_code, envelope.error_message)?;
        envelope.payload.or_else(P::missing).ok_or_else(|| self.lacks(P::KEY))
    }

    /// Returns all fields of the answer, or why the vendor refused.
    pub(crate) fn fields(&self) -> Result<Fields<'_>> {
        let fields: Fields<'_> = self.parsed()?;
        self.verdict(fields.get("status"), fields.get("error_code"), fields.get("error_message"))?;
        Ok(fields)
    }

    /// Returns what is under a key of the answer, or why the vendor refused. For everything but long lists of orders.
    pub(crate) fn under<'a, T: Deserialize<'a>>(&'a self, key: &str) -> Result<T> {
        let found = self.fields()?.get(key);
        if !found.is_present() {
            return Err(self.lacks(key));
        }
        self.read(found)
    }

    /// Returns the rows under a key.
    pub(crate) fn rows<'a, T: Deserialize<'a>>(&'a self, key: &str) -> Result<Vec<T>> {
        self.under::<Rows<T>>(key).map(|Rows(rows)| rows)
    }

    /// Reads a piece of the answer.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self, piece: Raw<'a>) -> Result<T> {
        let detail = |error| format!("`{}`: {error}", self.method);
        serde_json::from_str(piece.json()).map_err(|error| self.response.unreadable(&detail(error)))
    }

    fn parsed<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        match self.response.json() {
            Ok(parsed) => Ok(parsed),
            Err(failure) => {
                self.response.clone().expect_success()?;
                Err(failure)
            }
        }
    }

    fn verdict(&self, status: Raw<'_>, code: Raw<'_>, message: Raw<'_>) -> Result<()> {
        let status = status.text();
        if status.eq_ignore_ascii_case("SUCCESS") {
            return Ok(());
        }
        if status.eq_ignore_ascii_case("ERROR") || !code.is_blank() {
            let (code, message) = (code.text(), message.text());
            let refusal = refusal::Refusal { method: self.method, code: &code, message: &message };
            return Err(refusal.failure(&self.response, self.reading));
        }
        self.response.clone().expect_success()?;
        Err(self.response.unreadable(&format!("the answer to `{}` has no `status`", self.method)))
    }

    fn lacks(&self, key: &str) -> wharf_sdk::Failure {
        self.response.unreadable(&format!("`{}` has no `{key}`", self.method))
    }
}
