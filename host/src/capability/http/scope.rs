//! What one call may do over HTTP, and what it did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant as Moment;

use super::budget::BudgetKey;
use super::doubt::{Doubts, REPEATED};
use super::{Refusal, SendError};
use crate::capability::Rooms;
use crate::limits::Limits;
use crate::model::{Cause, Effect, FileRefusal, FileUse, Leak, LimitScope, RequestTrace, ToldBy, Trace};
use crate::surroundings::{Clock, Randomness};
use crate::tape::{OnTrack, Track};

/// Leaks of a call that are kept.
const MAX_LEAKS: usize = 32;

/// What the requests of a call may do in the remote system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Allowance {
    /// Nothing leaves the host.
    Nothing,
    /// Reads.
    Reads,
    /// Reads, and writes that may be repeated.
    IdempotentWrites,
    /// Everything that the policy allows.
    Writes,
}

impl Allowance {
    fn covers(self, effect: Effect) -> bool {
        match effect {
            Effect::Read => self >= Self::Reads,
            Effect::IdempotentWrite => self >= Self::IdempotentWrites,
            Effect::Write => self >= Self::Writes,
        }
    }
}

/// One call: its allowance, deadline and limits, its requests so far, and why the host refused some of them.
pub(crate) struct CallScope {
    allowance: Allowance,
    deadline: Moment,
    limits: Arc<Limits>,
    track: Option<Arc<dyn Track>>,
    record: Mutex<Record>,
    doubts: Doubts,
}

#[derive(Default)]
struct Record {
    requests: Vec<RequestTrace>,
    causes: HashMap<u32, Cause>,
    budgets: HashMap<u32, BudgetKey>,
    notes: HashMap<u32, String>,
    leaks: Vec<Leak>,
    files: FileUse,
    /// Whether a body was refused because the host would have held too much.
    held_too_much: bool,
    /// Requests that were asked for after the limit was reached; they are refused and not traced one by one.
    beyond_limit: u32,
}

impl CallScope {
    /// Starts the scope of a call that ends at `deadline` at the latest.
    pub(crate) fn new(allowance: Allowance, deadline: Moment, limits: Arc<Limits>) -> Self {
        Self { allowance, deadline, limits, track: None, record: Mutex::default(), doubts: Doubts::default() }
    }

    /// Puts the call on a track.
    pub(crate) fn on(mut self, track: Option<Arc<dyn Track>>) -> Self {
        self.track = track;
        self
    }

    /// Returns the track that the call is on.
    pub(crate) fn track(&self) -> Option<&Arc<dyn Track>> {
        self.track.as_ref()
    }

    /// Returns the call's time and randomness: the track's, where it is on one.
    pub(crate) fn surroundings(&self, rooms: &Rooms) -> (Arc<dyn Clock>, Arc<dyn Randomness>) {
        let (clock, randomness) = (Arc::clone(&rooms.clock), Arc::clone(&rooms.randomness));
        let Some(track) = self.track.clone() else { return (clock, randomness) };
        let taped = Arc::new(OnTrack { track, clock, randomness });
        (Arc::clone(&taped) as Arc<dyn Clock>, taped)
    }

    /// Returns what the call did so far.
    pub(crate) fn trace(&self) -> Trace {
        let record = self.record();
        Trace { requests: record.requests.clone(), leaks: record.leaks.clone(), files: record.files.clone() }
    }

    /// Returns why the host refused a request, when it was the host's own doing: the policy, the kind of call, its
    /// deadline, its limits, its budget, its credential. None for what happened on the way or at the remote.
    pub(crate) fn cause_of(&self, request: u32) -> Option<Cause> {
        self.record().causes.get(&request).cloned()
    }

    /// Returns what the operator should know about a request that failed: how its credential is had.
    pub(crate) fn note_of(&self, request: u32) -> Option<String> {
        self.record().notes.get(&request).cloned()
    }

    /// Notes that a secret value was found there and taken out.
    pub(crate) fn leaked(&self, place: &str, request: Option<u32>) {
        let mut record = self.record();
        let leak = Leak { place: place.to_owned(), request };
        if record.leaks.len() < MAX_LEAKS && !record.leaks.contains(&leak) {
            record.leaks.push(leak);
        }
    }

    /// Notes a change of a file, before it is made.
    pub(crate) fn changes_file(&self, bytes: usize) {
        let mut record = self.record();
        record.files.changes = record.files.changes.saturating_add(1);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        record.files.written_bytes = record.files.written_bytes.saturating_add(bytes);
    }

    /// Notes a change of a file that was refused; false when it was noted before.
    pub(crate) fn refused_file(&self, code: &str, message: String) -> bool {
        let mut record = self.record();
        let refusals = &mut record.files.refusals;
        if refusals.iter().any(|known| known.code == code) {
            return false;
        }
        refusals.push(FileRefusal { code: code.to_owned(), message });
        true
    }

    /// Returns what is wrong with the quota of the connection's directory, where that refused a change.
    pub(crate) fn quota_note(&self) -> Option<String> {
        let record = self.record();
        let quota = record.files.refusals.iter().find(|refusal| refusal.code.starts_with("quota-"));
        quota.map(|refusal| refusal.message.clone())
    }

    /// Notes that a body was refused because the host would have held too much for this call.
    pub(crate) fn holds_too_much(&self) {
        self.record().held_too_much = true;
    }

    /// Tells whether a body was refused for that.
    pub(crate) fn held_too_much(&self) -> bool {
        self.record().held_too_much
    }

    /// Tells whether a write has left in this call and was not answered.
    pub(crate) fn write_unanswered(&self) -> bool {
        self.record()
            .requests
            .iter()
            .any(|request| request.sent && request.status.is_none() && request.effect != Effect::Read)
    }

    /// Returns the moment at which the call ends.
    pub(crate) fn deadline(&self) -> Moment {
        self.deadline
    }

    /// Returns how long the call may still take.
    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Moment::now())
    }

    /// Returns the writes of the call that are in doubt.
    pub(super) fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// Returns the call's allowance.
    pub(crate) fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Gives the next request its number and its line in the trace.
    pub(super) fn begin(&self, method: &str, url: String, effect: Effect) -> Begun<'_> {
        let mut record = self.record();
        let number = u32::try_from(record.requests.len()).unwrap_or(u32::MAX).saturating_add(1);
        if number > self.limits.requests {
            record.beyond_limit = record.beyond_limit.saturating_add(1);
            let number = self.limits.requests.saturating_add(record.beyond_limit);
            return Begun { scope: self, number, traced: false, started: Moment::now(), effect };
        }
        record.requests.push(RequestTrace {
            number,
            method: method.chars().take(32).filter(|character| !character.is_control()).collect(),
            url,
            effect,
            status: None,
            refusal: None,
            sent: false,
            sent_bytes: 0,
            received_bytes: 0,
            micros: 0,
            clock_ahead_seconds: None,
        });
        Begun { scope: self, number, traced: true, started: Moment::now(), effect }
    }

    /// Returns the budget that a request counted against; of any request when `request` is 0 or has none.
    pub(super) fn budgets_of(&self, request: u32) -> Vec<BudgetKey> {
        let record = self.record();
        match record.budgets.get(&request) {
            Some(key) => vec![key.clone()],
            None => record.budgets.values().cloned().collect(),
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that has its number. Dropped without an end it stays in the trace as cancelled.
pub(super) struct Begun<'a> {
    scope: &'a CallScope,
    pub(super) number: u32,
    traced: bool,
    started: Moment,
    pub(super) effect: Effect,
}

impl Begun<'_> {
    /// Checks what can be said without looking at the request: its number, the call's allowance and time.
    pub(super) fn admit(&self) -> Result<(), Refusal> {
        let limits = &self.scope.limits;
        if !self.traced {
            return Err(Refusal::denied(
                "request-limit",
                format!(
                    "the call has sent {} requests, its limit; return what there is and go on in the next call",
                    limits.requests
                ),
            ));
        }
        if self.scope.allowance == Allowance::Nothing {
            return Err(Refusal::denied(
                "no-network",
                "this kind of call works without network; take what it needs from its arguments",
            ));
        }
        if !self.scope.allowance.covers(self.effect) {
            return Err(Refusal::WouldWrite);
        }
        if self.scope.remaining().is_zero() {
            return Err(Refusal::Deadline(false));
        }
        Ok(())
    }

    pub(super) fn counts_against(&self, key: &BudgetKey) {
        self.scope.record().budgets.insert(self.number, key.clone());
    }

    /// Keeps what the operator should know when the request fails.
    pub(super) fn note(&self, text: String) {
        self.scope.record().notes.insert(self.number, text);
    }

    /// Notes that the request may have left the host.
    pub(super) fn leaves(&self, body_bytes: usize) {
        self.change(|line| {
            line.sent = true;
            line.sent_bytes = u64::try_from(body_bytes).unwrap_or(u64::MAX);
        });
    }

    /// Notes that nothing left the host after all, or that it was provably not processed.
    pub(super) fn did_not_leave(&self) {
        self.change(|line| {
            line.sent = false;
            line.sent_bytes = 0;
        });
    }

    /// Notes the answer.
    pub(super) fn answered(&self, status: u16, received_bytes: usize) {
        self.change(|line| {
            line.status = Some(status);
            line.received_bytes = u64::try_from(received_bytes).unwrap_or(u64::MAX);
        });
    }

    /// Notes how far the remote's clock is ahead of ours.
    pub(super) fn clock_ahead(&self, seconds: i64) {
        self.change(|line| line.clock_ahead_seconds = Some(seconds));
    }

    /// Notes why there is no answer and makes the guest's error of it.
    pub(super) fn refused(&self, refusal: Refusal) -> SendError {
        self.change(|line| line.refusal = Some(refusal.code().to_owned()));
        let target = self.line(|line| line.url.clone()).unwrap_or_default();
        if let Some(cause) = host_cause(&refusal, target, self.effect) {
            self.scope.record().causes.insert(self.number, cause);
        }
        SendError { request: self.number, refusal }
    }

    fn change(&self, change: impl FnOnce(&mut RequestTrace)) {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut record = self.scope.record();
        if let Some(line) = record.line_mut(self.number) {
            line.micros = micros;
            change(line);
        }
    }

    fn line<T>(&self, read: impl FnOnce(&RequestTrace) -> T) -> Option<T> {
        self.scope.record().line_mut(self.number).map(|line| read(line))
    }
}

impl Record {
    fn line_mut(&mut self, number: u32) -> Option<&mut RequestTrace> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.requests.get_mut(index)
    }
}

/// Says what a refusal is the cause of, where the host alone knows: what the remote did is the connector's to judge.
fn host_cause(refusal: &Refusal, target: String, effect: Effect) -> Option<Cause> {
    match refusal {
        // Not a question of what is granted: of the write that it repeats nobody knows the end.
        Refusal::Denied { code, .. } if *code == REPEATED => Some(Cause::OutcomeUnknown),
        Refusal::Denied { code, .. } => Some(Cause::EgressDenied { rule: (*code).to_owned(), target }),
        Refusal::WouldWrite => Some(Cause::WouldWrite),
        Refusal::Deadline(sent) => Some(Cause::Deadline { write_in_flight: *sent && effect != Effect::Read }),
        Refusal::BudgetExhausted(until) => Some(Cause::RateLimited {
            scope: LimitScope::Credential,
            not_before: Some(*until),
            told_by: ToldBy::Estimate,
        }),
        Refusal::CredentialUnavailable(true) => Some(Cause::AuthRevoked),
        Refusal::CredentialUnavailable(false) => Some(Cause::Unavailable { until: None }),
        Refusal::NotSent(_) | Refusal::SentNoAnswer(_) | Refusal::TooLarge(_) => None,
    }
}
