//! The fake host itself.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use wharf_sdk::Failure;
use wharf_sdk::host::{
    self, Action, Hash, HostImports, Installed, Item, JwtError, Level, RawRequest, RawResponse, Receipt, Refusal,
    ScheduleError, SecretError, SendError, Source,
};

use crate::lookups::{Edit, FakeSource, Sources};
use crate::{Answer, secret};

/// A function that answers requests, where a script of answers is not enough.
type Responder = Box<dyn FnMut(&RawRequest) -> Answer>;

/// A fake host in the making.
pub struct FakeHost(State);

/// The fake host of this thread, until it is dropped. It tells what the connector did.
pub struct InstalledHost {
    state: Rc<State>,
    _installed: Installed,
}

/// A log line.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Its level.
    pub level: Level,
    /// The constant text.
    pub event: String,
    /// What varies.
    pub fields: Vec<(String, String)>,
}

/// A wake-up that the connector asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeUp {
    /// When.
    pub time: WakeUpTime,
    /// What comes back with it.
    pub payload: String,
}

/// When a wake-up is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeUpTime {
    /// Once, at so many milliseconds since 1970.
    At(u64),
    /// Every so many seconds.
    EverySeconds(u32),
}

struct State {
    config: RefCell<String>,
    now: Cell<u64>,
    random: Cell<u64>,
    secrets: BTreeMap<String, String>,
    answers: RefCell<VecDeque<Answer>>,
    responder: RefCell<Option<Responder>>,
    requests: RefCell<Vec<RawRequest>>,
    wake_ups: RefCell<BTreeMap<String, WakeUp>>,
    log: RefCell<Vec<LogLine>>,
    sources: Sources,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// Starts with an empty configuration `{}`, the time 2026-01-01T00:00:00Z, no secrets and no answers.
    pub fn new() -> Self {
        Self(State {
            config: RefCell::new("{}".to_owned()),
            now: Cell::new(1_767_225_600_000),
            random: Cell::new(0x5745_4c4c_2d4d_4958),
            secrets: BTreeMap::new(),
            answers: RefCell::default(),
            responder: RefCell::default(),
            requests: RefCell::default(),
            wake_ups: RefCell::default(),
            log: RefCell::default(),
            sources: Sources::default(),
        })
    }

    /// Sets the connection's configuration, JSON text.
    #[must_use]
    pub fn config(mut self, json: impl Into<String>) -> Self {
        self.0.config = RefCell::new(json.into());
        self
    }

    /// Sets the time, in milliseconds since 1970.
    #[must_use]
    pub fn now(self, instant: u64) -> Self {
        self.0.now.set(instant);
        self
    }

    /// Sets the secret of a slot, for the functions of `secrets`.
    #[must_use]
    pub fn secret(mut self, slot: &str, value: &str) -> Self {
        self.0.secrets.insert(slot.to_owned(), value.to_owned());
        self
    }

    /// Grants a source of look-ups. Sources are listed in the order added.
    #[must_use]
    pub fn source(mut self, source: FakeSource) -> Self {
        self.0.sources.add(source);
        self
    }

    /// Adds an answer. Answers are given in the order added.
    #[must_use]
    pub fn answer(self, answer: Answer) -> Self {
        self.0.answers.borrow_mut().push_back(answer);
        self
    }

    /// Answers from a function, once the added answers are used up. A fake of the whole remote fits in here.
    #[must_use]
    pub fn respond(self, responder: impl FnMut(&RawRequest) -> Answer + 'static) -> Self {
        *self.0.responder.borrow_mut() = Some(Box::new(responder));
        self
    }

    /// Makes this the host of the current thread, until what is returned is dropped.
    pub fn install(self) -> InstalledHost {
        let state = Rc::new(self.0);
        InstalledHost { _installed: host::install(state.clone()), state }
    }
}

impl InstalledHost {
    /// Returns the requests sent so far, those without an answer too.
    pub fn requests(&self) -> Vec<RawRequest> {
        self.state.requests.borrow().clone()
    }

    /// Returns the request when there was exactly one; panics otherwise.
    #[expect(clippy::panic, reason = "a test fails where it stands")]
    pub fn only_request(&self) -> RawRequest {
        match self.state.requests.borrow().as_slice() {
            [only] => only.clone(),
            others => {
                let sent: Vec<_> = others.iter().map(|request| format!("{} {}", request.method, request.url)).collect();
                panic!("one request was expected, there were {}: {sent:?}", others.len());
            }
        }
    }

    /// Adds an answer after the others.
    pub fn answer(&self, answer: Answer) {
        self.state.answers.borrow_mut().push_back(answer);
    }

    /// Returns how many of the added answers are left.
    pub fn answers_left(&self) -> usize {
        self.state.answers.borrow().len()
    }

    /// Forgets the requests sent so far; the next one has the number 1, as in a new call.
    pub fn start_call(&self) {
        self.state.requests.borrow_mut().clear();
    }

    /// Replaces the connection's configuration.
    pub fn set_config(&self, json: impl Into<String>) {
        *self.state.config.borrow_mut() = json.into();
    }

    /// Moves the clock.
    pub fn advance_seconds(&self, seconds: u64) {
        self.state.now.set(self.state.now.get().saturating_add(seconds.saturating_mul(1000)));
    }

    /// Returns the wake-up of a name.
    pub fn wake_up(&self, name: &str) -> Option<WakeUp> {
        self.state.wake_ups.borrow().get(name).cloned()
    }

    /// Returns the edits that the connector handed over, refused ones too.
    pub fn edits(&self) -> Vec<Edit> {
        self.state.sources.edits()
    }

    /// Returns what was logged.
    pub fn log(&self) -> Vec<LogLine> {
        self.state.log.borrow().clone()
    }
}

impl State {
    fn next_answer(&self, request: &RawRequest) -> Answer {
        if let Some(answer) = self.answers.borrow_mut().pop_front() {
            return answer;
        }
        if let Some(responder) = self.responder.borrow_mut().as_mut() {
            return responder(request);
        }
        let sentence = format!("the test has no answer for `{} {}`; add one", request.method, request.url);
        Answer::refused(Refusal::Denied(("no-answer".to_owned(), sentence)))
    }

    fn secret(&self, slot: &str) -> Result<&str, SecretError> {
        self.secrets.get(slot).map(String::as_str).ok_or(SecretError::UnknownSlot)
    }

    fn plan_wake_up(&self, name: &str, time: WakeUpTime, payload: &str) -> Result<(), ScheduleError> {
        let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let mut wake_ups = self.wake_ups.borrow_mut();
        if name.is_empty() || name.len() > 64 || !name.bytes().all(valid) {
            return Err(ScheduleError::NameInvalid);
        }
        if payload.len() > 4096 {
            return Err(ScheduleError::PayloadTooLarge);
        }
        if wake_ups.len() >= 64 && !wake_ups.contains_key(name) {
            return Err(ScheduleError::TooMany);
        }
        wake_ups.insert(name.to_owned(), WakeUp { time, payload: payload.to_owned() });
        Ok(())
    }
}

impl HostImports for State {
    fn send(&self, request: RawRequest) -> Result<RawResponse, SendError> {
        self.requests.borrow_mut().push(request.clone());
        let number = u32::try_from(self.requests.borrow().len()).unwrap_or(u32::MAX);
        let answer = self.next_answer(&request);
        answer.into_response(number).map_err(|reason| SendError { request: number, reason })
    }

    fn verify_mac(&self, slot: &str, hash: Hash, message: &[u8], presented: &[u8]) -> Result<bool, SecretError> {
        secret::verify(self.secret(slot)?, hash, message, presented)
    }

    fn sign_mac(&self, slot: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, SecretError> {
        secret::sign(self.secret(slot)?, hash, message)
    }

    fn matches(&self, slot: &str, presented: &str) -> Result<bool, SecretError> {
        Ok(self.secret(slot)? == presented)
    }

    fn sign_jwt(&self, slot: &str, header: Option<&str>, claims: &str) -> Result<String, JwtError> {
        secret::sign_jwt(self.secret(slot).map_err(|_| JwtError::UnknownSlot)?, header, claims)
    }

    fn wake_at(&self, name: &str, at: u64, payload: &str) -> Result<(), ScheduleError> {
        self.plan_wake_up(name, WakeUpTime::At(at), payload)
    }

    fn wake_every(&self, name: &str, seconds: u32, payload: &str) -> Result<(), ScheduleError> {
        if seconds < 10 {
            return Err(ScheduleError::TooFrequent);
        }
        self.plan_wake_up(name, WakeUpTime::EverySeconds(seconds), payload)
    }

    fn cancel(&self, name: &str) -> Result<bool, ScheduleError> {
        Ok(self.wake_ups.borrow_mut().remove(name).is_some())
    }

    fn sources(&self) -> Vec<Source> {
        self.sources.list()
    }

    fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure> {
        self.sources.find(source, query, limit)
    }

    fn get(&self, source: &str, id: &str) -> Result<Item, Failure> {
        self.sources.get(source, id)
    }

    fn submit(&self, source: &str, action: Action, id: Option<&str>, document: &str) -> Result<Receipt, Failure> {
        self.sources.submit(source, action, id, document)
    }

    fn config(&self) -> String {
        self.config.borrow().clone()
    }

    fn now(&self) -> u64 {
        self.now.get()
    }

    /// The same bytes in every run: a xorshift generator.
    fn random(&self, count: u32) -> Vec<u8> {
        let next = || {
            let mut state = self.random.get();
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            self.random.set(state);
            let [first, ..] = state.to_be_bytes();
            first
        };
        (0..count.min(4096)).map(|_| next()).collect()
    }

    fn log(&self, level: Level, event: &str, fields: &[(String, String)]) {
        self.log.borrow_mut().push(LogLine { level, event: event.to_owned(), fields: fields.to_vec() });
    }
}

impl std::fmt::Debug for FakeHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeHost").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for InstalledHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstalledHost").field("requests", &self.state.requests.borrow()).finish_non_exhaustive()
    }
}
