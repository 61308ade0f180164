//! The imports of the contract, forwarded to the rooms of the call.

use std::sync::Arc;
use std::time::Instant as Moment;

use bytes::Bytes;

use super::bindings::wharf::connector::{clock, connection, http, jwt, log, lookups, random, schedule, secrets, types};
use super::convert;
use crate::abi::json;
use crate::call::{Call, SERVE, Stop};
use crate::capability::http::{Refusal, Request, Response, SendError};
use crate::capability::log::Level;
use crate::capability::lookups::{self as look_ups, Room};
use crate::capability::schedule::Refused;
use crate::capability::secrets::jwt::JwtError;
use crate::capability::secrets::{Hash, SecretError};
use crate::capability::{Connected, RANDOM_BYTES};
use crate::lookups::Edit;
use crate::model::{Cause, Document, Effect, Failure, Instant, Item};

impl types::Host for Call {}

impl connection::Host for Call {
    fn config(&mut self) -> wasmtime::Result<String> {
        let Some(connected) = &self.rooms().connected else { return Err(no_connection("connection.config")) };
        let mut config = connected.config.clone();
        // A secret that the operator wrote where it does not belong.
        self.rooms().redact(self.scope(), "configuration", &mut config);
        Ok(config)
    }
}

impl clock::Host for Call {
    fn now(&mut self) -> wasmtime::Result<u64> {
        impure(self, "clock.now")?;
        Ok(self.scope().surroundings(self.rooms()).0.now().0)
    }
}

impl random::Host for Call {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        impure(self, "random.bytes")?;
        let length = usize::try_from(count.min(RANDOM_BYTES)).unwrap_or_default();
        if count > RANDOM_BYTES {
            let message = format!("it asked for {count} random bytes; ask for {RANDOM_BYTES} at most");
            return Err(Stop::Misuse(message).into());
        }
        let mut bytes = vec![0; length];
        let (_, randomness) = self.scope().surroundings(self.rooms());
        randomness.fill(&mut bytes).map_err(|error| Stop::Host(format!("no randomness: {error}")))?;
        Ok(bytes)
    }
}

impl log::Host for Call {
    fn write(&mut self, level: log::Level, event: String, fields: Vec<types::Field>) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        let scope = Arc::clone(self.scope());
        let (mut log, rooms) = self.log();
        log.write((rooms, &scope), level, &event, &fields);
        Ok(())
    }
}

impl http::Host for Call {
    async fn send(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::SendError>> {
        let start = Moment::now();
        let keep = request.keep;
        let sent = match &self.rooms().connected {
            Some(connected) => connected.egress.send(self.scope(), to_request(request)).await,
            None => Err(SendError { request: 0, refusal: no_network() }),
        };
        self.waited_since(start);
        match sent {
            Ok(response) => Ok(Ok(handed_over(self, response, keep)?)),
            Err(error) => Ok(Err(send_error(error))),
        }
    }
}

impl secrets::Host for Call {
    async fn verify_mac(
        &mut self,
        slot: String,
        hash: secrets::Hash,
        message: Vec<u8>,
        presented: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, secrets::SecretError>> {
        let room = &connected(self, "secrets.verify-mac")?.secrets;
        Ok(room.verify_mac(&slot, to_hash(hash), &message, &presented).await.map_err(secret_error))
    }

    async fn sign_mac(
        &mut self,
        slot: String,
        hash: secrets::Hash,
        message: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, secrets::SecretError>> {
        let room = &connected(self, "secrets.sign-mac")?.secrets;
        Ok(room.sign_mac(&slot, to_hash(hash), &message).await.map_err(secret_error))
    }

    async fn matches(
        &mut self,
        slot: String,
        presented: String,
    ) -> wasmtime::Result<Result<bool, secrets::SecretError>> {
        let room = &connected(self, "secrets.matches")?.secrets;
        Ok(room.matches(&slot, &presented).await.map_err(secret_error))
    }
}

impl jwt::Host for Call {
    async fn sign(
        &mut self,
        slot: String,
        header: Option<String>,
        claims: String,
    ) -> wasmtime::Result<Result<String, jwt::JwtError>> {
        let room = &connected(self, "jwt.sign")?.secrets;
        Ok(room.sign_jwt(&slot, header.as_deref(), &claims).await.map_err(jwt_error))
    }
}

impl schedule::Host for Call {
    async fn wake_at(
        &mut self,
        name: String,
        at: u64,
        payload: String,
    ) -> wasmtime::Result<Result<(), schedule::ScheduleError>> {
        let room = match changeable(self) {
            Ok(connected) => &connected.schedule,
            Err(refused) => return Ok(Err(schedule_error(refused))),
        };
        Ok(room.wake_at(name, Instant(at), payload).await.map_err(schedule_error))
    }

    async fn wake_every(
        &mut self,
        name: String,
        seconds: u32,
        payload: String,
    ) -> wasmtime::Result<Result<(), schedule::ScheduleError>> {
        let room = match changeable(self) {
            Ok(connected) => &connected.schedule,
            Err(refused) => return Ok(Err(schedule_error(refused))),
        };
        let now = self.rooms().clock.now();
        Ok(room.wake_every(name, seconds, payload, now).await.map_err(schedule_error))
    }

    async fn cancel(&mut self, name: String) -> wasmtime::Result<Result<bool, schedule::ScheduleError>> {
        let room = match changeable(self) {
            Ok(connected) => &connected.schedule,
            Err(refused) => return Ok(Err(schedule_error(refused))),
        };
        Ok(room.cancel(&name).await.map_err(schedule_error))
    }
}

impl lookups::Host for Call {
    async fn sources(&mut self) -> wasmtime::Result<Vec<lookups::Source>> {
        let Ok(room) = room(self) else { return Ok(Vec::new()) };
        Ok(room.sources().into_iter().map(convert::to_source).collect())
    }

    async fn find(
        &mut self,
        source: String,
        query: Vec<types::Field>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<types::Item>, types::Failure>> {
        let (start, end) = (Moment::now(), self.scope().deadline());
        let limit = limit.min(u32::try_from(self.limits().page_items).unwrap_or(u32::MAX));
        let found = match look_up(self) {
            Ok(room) => room.find(&source, &query, limit, end).await,
            Err(failure) => Err(*failure),
        };
        self.waited_since(start);
        Ok(match found {
            Ok(items) => within_limits(self, items).map_err(|failure| convert::to_failure(*failure)),
            Err(failure) => Err(convert::to_failure(failure)),
        })
    }

    async fn get(&mut self, source: String, id: String) -> wasmtime::Result<Result<types::Item, types::Failure>> {
        let (start, end) = (Moment::now(), self.scope().deadline());
        let found = match look_up(self) {
            Ok(room) => room.get(&source, &id, end).await,
            Err(failure) => Err(*failure),
        };
        self.waited_since(start);
        Ok(match found {
            Ok(item) => convert::to_item(item).map_err(|failure| convert::to_failure(*failure)),
            Err(failure) => Err(convert::to_failure(failure)),
        })
    }

    async fn submit(
        &mut self,
        source: String,
        action: types::Action,
        id: Option<String>,
        document: types::Document,
    ) -> wasmtime::Result<Result<lookups::Receipt, types::Failure>> {
        if self.name() != SERVE || self.is_dry() {
            return Ok(Err(convert::to_failure(look_ups::not_here())));
        }
        if let Err(problem) = json::check(document.as_bytes()) {
            return Err(Stop::Misuse(format!("the document of an edit {problem}; hand one JSON value over")).into());
        }
        let (start, end) = (Moment::now(), self.scope().deadline());
        let edit = Edit { action: convert::action(action), id, document: Document::new(document) };
        let receipt = match look_up(self) {
            Ok(room) => room.submit(&source, edit, end).await,
            Err(failure) => Err(*failure),
        };
        self.waited_since(start);
        Ok(receipt.map(convert::to_receipt).map_err(convert::to_failure))
    }
}

/// Returns the look-ups of the connection, in calls with network.
fn room(call: &Call) -> Result<Room, Box<Failure>> {
    match &call.rooms().connected {
        Some(connected) if !call.is_pure() => Ok(connected.lookups.clone()),
        _ => Err(Box::new(look_ups::without_network())),
    }
}

/// Counts a look-up, and returns where it is made.
fn look_up(call: &mut Call) -> Result<Room, Box<Failure>> {
    if !call.count_look_up() {
        let requests = call.limits().requests;
        let message = format!("the call has looked up {requests} times and may no more; ask for less");
        let cause = Cause::Unsupported { capability: "lookups".to_owned() };
        return Err(Box::new(Failure { cause, message, evidence: None }));
    }
    room(call)
}

/// Hands items over, as many bytes as a page may have.
fn within_limits(call: &Call, items: Vec<Item>) -> Result<Vec<types::Item>, Box<Failure>> {
    let bytes = items.iter().map(|item| item.document.len()).fold(0, usize::saturating_add);
    let limit = call.limits().page_bytes;
    if bytes > limit {
        let message = format!("what was found has {bytes} bytes and may have {limit}; ask for fewer records");
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        return Err(Box::new(Failure { cause: Cause::TooLarge { bytes }, message, evidence: None }));
    }
    items.into_iter().map(convert::to_item).collect()
}

/// Ends a pure call that asks for what changes from call to call.
fn impure(call: &Call, import: &str) -> wasmtime::Result<()> {
    if call.is_pure() {
        let message =
            format!("it called `{import}` where the contract wants a pure function; take it from the arguments");
        return Err(Stop::Misuse(message).into());
    }
    Ok(())
}

fn connected<'a>(call: &'a Call, import: &str) -> wasmtime::Result<&'a Connected> {
    call.rooms().connected.as_ref().ok_or_else(|| no_connection(import))
}

fn no_connection(import: &str) -> wasmtime::Error {
    let message =
        format!("it called `{import}` while it describes itself; there is no connection yet, only `log` works");
    Stop::Misuse(message).into()
}

/// Returns the rooms of the connection, in calls that may change something.
fn changeable(call: &Call) -> Result<&Connected, Refused> {
    let refused = |why: &str| Refused::Unavailable(why.to_owned());
    if call.is_pure() {
        return Err(refused("this kind of call is pure"));
    }
    if call.is_dry() {
        return Err(refused("this is a dry run"));
    }
    call.rooms().connected.as_ref().ok_or_else(|| refused("there is no connection"))
}

fn no_network() -> Refusal {
    Refusal::Denied {
        code: "no-network",
        message: "this kind of call works without network; take what it needs from its arguments".into(),
    }
}

fn to_request(request: http::Request) -> Request {
    let body = request.body.map(|body| match body {
        http::Body::Text(text) => Bytes::from(text),
        http::Body::Bytes(bytes) => Bytes::from(bytes),
    });
    Request {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body,
        credential: request.credential,
        effect: match request.effect {
            http::Effect::Read => Effect::Read,
            http::Effect::IdempotentWrite => Effect::IdempotentWrite,
            http::Effect::Write => Effect::Write,
        },
        budget: request.budget,
    }
}

/// Makes the guest's response, and holds the body where the guest will name parts of it. A body that is not held is not
/// copied on its way into the guest's memory.
fn handed_over(call: &mut Call, response: Response, keep: bool) -> Result<http::Response, Stop> {
    if keep {
        let limit = call.limits().host_bytes;
        call.kept_mut().hold(response.number, response.body.clone(), limit)?;
    }
    let body = match String::from_utf8(Vec::from(response.body)) {
        Ok(text) => http::Body::Text(text),
        Err(error) => http::Body::Bytes(error.into_bytes()),
    };
    Ok(http::Response { number: response.number, status: response.status, headers: response.headers, body })
}

fn send_error(error: SendError) -> http::SendError {
    let reason = match error.refusal {
        Refusal::Denied { code, message } => http::Refusal::Denied((code.to_owned(), message)),
        Refusal::WouldWrite => http::Refusal::WouldWrite,
        Refusal::BudgetExhausted(until) => http::Refusal::BudgetExhausted(until.0),
        Refusal::CredentialUnavailable(refused) => http::Refusal::CredentialUnavailable(refused),
        Refusal::NotSent(why) => http::Refusal::NotSent(why),
        Refusal::SentNoAnswer(why) => http::Refusal::SentNoAnswer(why),
        Refusal::TooLarge(limit) => http::Refusal::TooLarge(limit),
        Refusal::Deadline(left) => http::Refusal::Deadline(left),
    };
    http::SendError { request: error.request, reason }
}

fn to_hash(hash: secrets::Hash) -> Hash {
    match hash {
        secrets::Hash::Sha1 => Hash::Sha1,
        secrets::Hash::Sha256 => Hash::Sha256,
        secrets::Hash::Sha512 => Hash::Sha512,
    }
}

fn secret_error(error: SecretError) -> secrets::SecretError {
    match error {
        SecretError::UnknownSlot => secrets::SecretError::UnknownSlot,
        SecretError::Unavailable => secrets::SecretError::Unavailable,
        SecretError::TooLarge => secrets::SecretError::TooLarge,
    }
}

fn jwt_error(error: JwtError) -> jwt::JwtError {
    match error {
        JwtError::UnknownSlot => jwt::JwtError::UnknownSlot,
        JwtError::Unavailable => jwt::JwtError::Unavailable,
        JwtError::KeyInvalid(why) => jwt::JwtError::KeyInvalid(why),
        JwtError::Invalid(why) => jwt::JwtError::Invalid(why),
        JwtError::TooLarge => jwt::JwtError::TooLarge,
    }
}

fn schedule_error(refused: Refused) -> schedule::ScheduleError {
    match refused {
        Refused::NameInvalid => schedule::ScheduleError::NameInvalid,
        Refused::TooMany => schedule::ScheduleError::TooMany,
        Refused::PayloadTooLarge => schedule::ScheduleError::PayloadTooLarge,
        Refused::TooFrequent => schedule::ScheduleError::TooFrequent,
        Refused::Unavailable(why) => schedule::ScheduleError::Unavailable(why),
    }
}
