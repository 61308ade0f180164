//! A remote system that remembers every effect, finds documents by their correlation, and fails as it is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use wharf_host::manifest::Manifest;
use wharf_host::model::{
    Answer, Applied, Bounds, Cause, Cursor, Delivery, Document, Effect, Event, Failure, Instant, Intent, Item,
    MissingKind, Outcome, Page, Parsed, Preview, ReferencePage, RequestTrace, Tally, Trace, Verdict,
};
use wharf_host::surroundings::Clock;
use wharf_host::{Blame, Error};

use super::time::VirtualTime;
use crate::{Endpoint, Sleep};

/// How one intent of a call goes.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// It takes effect, and that is said.
    Applied,
    /// It takes effect, and the answer is lost.
    AnswerLost,
    /// It takes no effect, and nothing is known of that.
    RequestLost,
    /// It fails for a cause, without effect.
    Fails(Cause),
    /// It takes effect, and the connector says that it failed although a request was not answered.
    Lies(Cause),
    /// It takes effect, the remote answers so, and the connector says that it failed.
    Denies(Cause),
    /// The whole call breaks off before anything was sent.
    CallFails(Cause),
    /// It takes effect, and then the whole call breaks off.
    CallFailsAfter(Cause),
    /// A request that writes is sent, it takes no effect, and the connector says this.
    Says(Outcome),
    /// Nothing is sent, and the connector says this.
    SaysIdly(Outcome),
    /// It takes effect after so long.
    Slow(Duration),
    /// The process ends before it takes effect.
    CrashBefore,
    /// The process ends after it took effect.
    CrashAfter,
}

/// An effect that happened.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) entity: String,
    pub(super) target: Option<String>,
    pub(super) correlation: String,
    pub(super) id: String,
    pub(super) document: Value,
}

/// How the reading of one record goes.
#[derive(Debug, Clone)]
pub(super) enum Reading {
    /// As it is now.
    Now,
    /// As it was so long ago.
    Late(Duration),
    /// It fails.
    Fails(Cause),
}

type Script = Box<dyn FnMut(&Intent, usize) -> Fate + Send>;
type VerifyScript = Box<dyn FnMut(&Intent, usize) -> Option<Result<Verdict, Failure>> + Send>;
type PageScript = Box<dyn FnMut(usize) -> Option<Page> + Send>;
type GetScript = Box<dyn FnMut(&str, usize) -> Reading + Send>;
type PullScript = Box<dyn FnMut(usize, &Bounds) -> Option<Cause> + Send>;

pub(super) struct State {
    pub(super) items: Vec<Item>,
    pub(super) written: Vec<Written>,
    pub(super) script: Script,
    pub(super) verify_script: VerifyScript,
    pub(super) pull_script: PullScript,
    pub(super) page_script: PageScript,
    /// Windows that pages were asked for.
    pub(super) windows: Vec<(Option<Instant>, Option<Instant>)>,
    pub(super) get_script: GetScript,
    pub(super) gets: Vec<String>,
    pub(super) applies: BTreeMap<String, usize>,
    pub(super) verifies: BTreeMap<String, usize>,
    /// Sizes of the batches that were sent.
    pub(super) batches: Vec<usize>,
    pub(super) pulls: Vec<(Option<usize>, u32)>,
    pub(super) woken: Vec<(String, String)>,
    pub(super) in_flight: usize,
    pub(super) most_in_flight: usize,
    pub(super) page: usize,
    /// How long a page takes.
    pub(super) pull_time: Duration,
}

pub(super) struct Remote {
    manifest: Manifest,
    time: Arc<VirtualTime>,
    state: Mutex<State>,
    crashed: AtomicBool,
}

/// Manifest of a remote that can do everything here.
pub(super) fn manifest(name: &str, verifiable: bool, batch: u32) -> Manifest {
    let write = |entity: &str, actions: &[&str]| json!({ "entity": entity, "actions": actions, "document": "raw", "verifiable": verifiable, "batch": batch });
    serde_json::from_value(json!({
        "name": name, "version": "1.0.0", "summary": "a remote for tests",
        "config": { "version": 1, "schema": {} },
        "feeds": [{ "name": "orders", "entity": "order", "summary": "all", "document": "raw", "cursor_version": 1,
                    "windows": true, "countable": true, "filters": [{ "name": "status" }] }],
        "writes": [
            write("order", &["create", "update", "upsert", "transition", "delete"]),
            write("partner", &["create"]),
        ],
        "records": [{ "entity": "order", "get": true }],
        "reference_lists": [{ "name": "vat-rate", "label": "VAT rates" }],
    }))
    .unwrap()
}

impl Remote {
    pub(super) fn new(manifest: Manifest, time: &Arc<VirtualTime>) -> Arc<Self> {
        Arc::new(Self {
            manifest,
            time: Arc::clone(time),
            state: Mutex::new(State {
                items: Vec::new(),
                written: Vec::new(),
                script: Box::new(|_, _| Fate::Applied),
                verify_script: Box::new(|_, _| None),
                pull_script: Box::new(|_, _| None),
                page_script: Box::new(|_| None),
                windows: Vec::new(),
                get_script: Box::new(|_, _| Reading::Now),
                gets: Vec::new(),
                applies: BTreeMap::new(),
                verifies: BTreeMap::new(),
                batches: Vec::new(),
                pulls: Vec::new(),
                woken: Vec::new(),
                in_flight: 0,
                most_in_flight: 0,
                page: 5,
                pull_time: Duration::ZERO,
            }),
            crashed: AtomicBool::new(false),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn script(&self, script: impl FnMut(&Intent, usize) -> Fate + Send + 'static) {
        self.state().script = Box::new(script);
    }

    pub(super) fn verify_script(
        &self,
        script: impl FnMut(&Intent, usize) -> Option<Result<Verdict, Failure>> + Send + 'static,
    ) {
        self.state().verify_script = Box::new(script);
    }

    pub(super) fn pull_script(&self, script: impl FnMut(usize, &Bounds) -> Option<Cause> + Send + 'static) {
        self.state().pull_script = Box::new(script);
    }

    pub(super) fn page_script(&self, script: impl FnMut(usize) -> Option<Page> + Send + 'static) {
        self.state().page_script = Box::new(script);
    }

    /// Removes a document that was written, as a person would.
    pub(super) fn remove_written(&self, id: &str) {
        self.state().written.retain(|written| written.id != id);
    }

    pub(super) fn get_script(&self, script: impl FnMut(&str, usize) -> Reading + Send + 'static) {
        self.state().get_script = Box::new(script);
    }

    /// Takes a record away; the feed says so at its end.
    pub(super) fn remove(&self, id: &str) {
        self.put(id, json!({}));
        if let Some(last) = self.state().items.last_mut() {
            last.deleted = true;
        }
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    pub(super) fn restart(&self) {
        self.crashed.store(false, Ordering::SeqCst);
    }

    /// The item of a number: order `o1`, `o2` and so on.
    pub(super) fn put(&self, id: &str, document: Value) {
        self.put_at(id, document, None);
    }

    pub(super) fn put_at(&self, id: &str, document: Value, updated: Option<Instant>) {
        let item = Item {
            entity: "order".into(),
            id: id.into(),
            revision: None,
            updated,
            deleted: false,
            document: Document::new(document.to_string()),
        };
        let mut state = self.state();
        // A record that changed moves to the end of the feed.
        state.items.push(item);
    }

    pub(super) fn written(&self) -> Vec<Written> {
        self.state().written.clone()
    }

    /// Effects by correlation.
    pub(super) fn effects(&self) -> BTreeMap<String, usize> {
        let mut effects = BTreeMap::new();
        for written in self.written() {
            *effects.entry(format!("{} {}", written.entity, written.correlation)).or_default() += 1;
        }
        effects
    }

    pub(super) fn total_applies(&self) -> usize {
        self.state().applies.values().sum()
    }

    pub(super) fn total_verifies(&self) -> usize {
        self.state().verifies.values().sum()
    }

    async fn vanish<T>(&self) -> T {
        self.crashed.store(true, Ordering::SeqCst);
        std::future::pending().await
    }

    fn take_effect(&self, intent: &Intent) -> Applied {
        let mut state = self.state();
        let number = state.written.len() + 1;
        let id = intent.target.clone().unwrap_or_else(|| format!("{}-{number}", self.manifest.name));
        state.written.push(Written {
            entity: intent.entity.clone(),
            target: intent.target.clone(),
            correlation: intent.correlation.clone(),
            id: id.clone(),
            document: intent.document.parse().unwrap(),
        });
        Applied { id, revision: None, number: Some(format!("N/{number}")) }
    }
}

pub(super) fn failure(cause: Cause) -> Failure {
    Failure { message: format!("told to fail with {}", cause.code()), cause, evidence: None }
}

fn request(number: usize, answered: bool, effect: Effect) -> RequestTrace {
    RequestTrace {
        number: u32::try_from(number).unwrap(),
        method: "POST".into(),
        url: "https://remote.example/orders".into(),
        effect,
        status: answered.then_some(200),
        refusal: (!answered).then(|| "sent-no-answer".into()),
        sent: true,
        sent_bytes: 100,
        received_bytes: 100,
        micros: 1500,
        clock_ahead_seconds: None,
    }
}

fn failed(cause: Cause, requests: Vec<RequestTrace>) -> Error {
    Error::failed(cause, Blame::Connector, "told to fail").with_trace(Trace { requests, ..Trace::default() })
}

/// Reads `[key, entity, id, deleted]` rows.
fn events(body: &[u8]) -> Vec<Event> {
    let rows: Vec<(String, String, String, bool)> = serde_json::from_slice(body).unwrap();
    rows.into_iter().map(|(key, entity, id, deleted)| Event { key, entity, id, deleted }).collect()
}

fn is_within(item: &Item, bounds: &Bounds) -> bool {
    item.updated.is_none_or(|updated| {
        bounds.since.is_none_or(|since| updated >= since) && bounds.until.is_none_or(|until| updated < until)
    })
}

fn unsupported<T>() -> Result<Answer<T>, Error> {
    Err(failed(Cause::Unsupported { capability: "this".into() }, Vec::new()))
}

#[async_trait]
impl Endpoint for Remote {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn pull(&self, _: &str, cursor: Option<&Cursor>, bounds: &Bounds) -> Result<Answer<Page>, Error> {
        let pull_time = self.state().pull_time;
        self.time.until(self.time.now().after(pull_time), self.time.as_ref()).await;
        let mut state = self.state();
        let start = cursor.map(|cursor| String::from_utf8(cursor.bytes.clone()).unwrap().parse().unwrap());
        let number = state.pulls.len();
        state.pulls.push((start, bounds.max_items));
        if let Some(cause) = (state.pull_script)(number, bounds) {
            return Err(failed(cause, Vec::new()));
        }
        state.windows.push((bounds.since, bounds.until));
        if let Some(page) = (state.page_script)(number) {
            return Ok(Answer {
                value: page,
                trace: Trace { requests: vec![request(1, true, Effect::Read)], ..Trace::default() },
            });
        }
        let start: usize = start.unwrap_or(0);
        let size = state.page.min(usize::try_from(bounds.max_items).unwrap());
        let end = (start + size).min(state.items.len());
        let page = Page {
            items: state.items[start..end].iter().filter(|item| is_within(item, bounds)).cloned().collect(),
            next: Cursor { version: 1, bytes: end.to_string().into_bytes() },
            caught_up: end == state.items.len(),
        };
        Ok(Answer { value: page, trace: Trace { requests: vec![request(1, true, Effect::Read)], ..Trace::default() } })
    }

    async fn get(&self, entity: &str, id: &str) -> Result<Answer<Item>, Error> {
        let (item, reading) = {
            let mut state = self.state();
            let number = state.gets.len();
            state.gets.push(id.to_owned());
            let written = state.written.iter().find(|written| written.entity == entity && written.id == id);
            let written = written.map(|written| Item {
                entity: entity.into(),
                id: id.into(),
                revision: None,
                updated: None,
                deleted: false,
                document: Document::new(written.document.to_string()),
            });
            let item = state.items.iter().rev().find(|item| item.entity == entity && item.id == id).cloned();
            (item.or(written), (state.get_script)(id, number))
        };
        match reading {
            Reading::Now => {}
            Reading::Late(duration) => {
                use wharf_host::surroundings::Clock;
                self.time.until(self.time.now().after(duration), self.time.as_ref()).await;
            }
            Reading::Fails(cause) => return Err(failed(cause, Vec::new())),
        }
        let requests = vec![request(1, true, Effect::Read)];
        let missing = Cause::NotFound { kind: MissingKind::Subject, entity: entity.into(), key: id.into() };
        let item = item.filter(|item| !item.deleted).ok_or_else(|| failed(missing, requests.clone()))?;
        Ok(Answer { value: item, trace: Trace { requests, ..Trace::default() } })
    }

    async fn parse_webhook(&self, delivery: &Delivery) -> Result<Answer<Parsed>, Error> {
        let genuine = delivery.headers.contains(&("x-token".to_owned(), "good".to_owned()));
        let value = match (genuine, delivery.body.as_slice()) {
            (false, _) => Parsed::Rejected("the token is wrong".into()),
            (true, b"broken") => return Err(failed(Cause::Internal { detail: "trap".into() }, Vec::new())),
            (true, body) => Parsed::Events(events(body)),
        };
        Ok(Answer { value, trace: Trace::default() })
    }

    async fn lookup(&self, _: &str, _: &[(String, String)], _: u32) -> Result<Answer<Vec<Item>>, Error> {
        unsupported()
    }

    async fn reference_page(&self, _: &str, _: Option<&str>) -> Result<Answer<ReferencePage>, Error> {
        unsupported()
    }

    /// Counts what it has, whatever its feed says.
    async fn count(&self, _: &str, bounds: &Bounds) -> Result<Answer<Tally>, Error> {
        let count = self.state().items.iter().filter(|item| is_within(item, bounds)).count();
        let trace = Trace { requests: vec![request(1, true, Effect::Read)], ..Trace::default() };
        Ok(Answer { value: Tally { count: u64::try_from(count).unwrap(), digest: None }, trace })
    }

    async fn plan(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Preview, Failure>>>, Error> {
        let preview = |intent: &Intent| {
            Ok(Preview {
                method: "POST".into(),
                url: "https://remote.example/orders".into(),
                body: String::from_utf8(intent.document.as_bytes().to_vec()).unwrap(),
                notes: Vec::new(),
            })
        };
        Ok(Answer { value: intents.iter().map(preview).collect(), trace: Trace::default() })
    }

    async fn apply(&self, intents: &[Intent]) -> Result<Answer<Vec<Outcome>>, Error> {
        {
            let mut state = self.state();
            state.batches.push(intents.len());
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
        }
        let (mut outcomes, mut requests) = (Vec::new(), Vec::new());
        let mut broken = None;
        for intent in intents {
            let fate = {
                let mut state = self.state();
                let key = format!("{}/{}", intent.entity, intent.correlation);
                let before = *state.applies.entry(key).and_modify(|count| *count += 1).or_insert(1) - 1;
                (state.script)(intent, before)
            };
            let number = requests.len() + 1;
            match fate {
                Fate::Applied => {
                    requests.push(request(number, true, Effect::Write));
                    outcomes.push(Outcome::Applied(self.take_effect(intent)));
                }
                Fate::Slow(duration) => {
                    self.time.until(self.time.now().after(duration), self.time.as_ref()).await;
                    requests.push(request(number, true, Effect::Write));
                    outcomes.push(Outcome::Applied(self.take_effect(intent)));
                }
                Fate::AnswerLost => {
                    self.take_effect(intent);
                    requests.push(request(number, false, Effect::Write));
                    outcomes.push(Outcome::Failed(failure(Cause::OutcomeUnknown)));
                }
                Fate::RequestLost => {
                    requests.push(request(number, false, Effect::Write));
                    outcomes.push(Outcome::Failed(failure(Cause::OutcomeUnknown)));
                }
                Fate::Fails(cause) => outcomes.push(Outcome::Failed(failure(cause))),
                Fate::Lies(cause) => {
                    self.take_effect(intent);
                    requests.push(request(number, false, Effect::Write));
                    outcomes.push(Outcome::Failed(failure(cause)));
                }
                Fate::Denies(cause) => {
                    self.take_effect(intent);
                    requests.push(request(number, true, Effect::Write));
                    outcomes.push(Outcome::Failed(failure(cause)));
                }
                Fate::Says(outcome) => {
                    requests.push(request(number, true, Effect::Write));
                    outcomes.push(outcome);
                }
                Fate::SaysIdly(outcome) => outcomes.push(outcome),
                Fate::CallFails(cause) => {
                    broken = Some(cause);
                    break;
                }
                Fate::CallFailsAfter(cause) => {
                    self.take_effect(intent);
                    requests.push(request(number, true, Effect::Write));
                    broken = Some(cause);
                    break;
                }
                Fate::CrashBefore => return self.vanish().await,
                Fate::CrashAfter => {
                    self.take_effect(intent);
                    return self.vanish().await;
                }
            }
        }
        self.state().in_flight -= 1;
        match broken {
            Some(cause) => Err(failed(cause, requests)),
            None => Ok(Answer { value: outcomes, trace: Trace { requests, ..Trace::default() } }),
        }
    }

    async fn verify(&self, intents: &[Intent]) -> Result<Answer<Vec<Result<Verdict, Failure>>>, Error> {
        let mut state = self.state();
        let mut verdicts = Vec::new();
        for intent in intents {
            let key = format!("{}/{}", intent.entity, intent.correlation);
            let before = *state.verifies.entry(key).and_modify(|count| *count += 1).or_insert(1) - 1;
            if let Some(told) = (state.verify_script)(intent, before) {
                verdicts.push(told);
                continue;
            }
            let found = state
                .written
                .iter()
                .find(|written| written.entity == intent.entity && written.correlation == intent.correlation);
            verdicts.push(Ok(match found {
                Some(written) => {
                    let number = Some(format!("found {}", written.id));
                    Verdict::Found(Applied { id: written.id.clone(), revision: None, number })
                }
                None => Verdict::Absent,
            }));
        }
        Ok(Answer {
            value: verdicts,
            trace: Trace { requests: vec![request(1, true, Effect::Read)], ..Trace::default() },
        })
    }

    async fn wake(&self, name: &str, payload: &str) -> Result<Answer<()>, Error> {
        self.state().woken.push((name.into(), payload.into()));
        Ok(Answer { value: (), trace: Trace::default() })
    }
}
