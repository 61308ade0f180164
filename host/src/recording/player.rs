//! The tape that replays.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::file::{Body, Call, Recording, Request, Step};
use crate::model::Instant;
use crate::surroundings::{Clock, Randomness};
use crate::tape::{Asked, CallOnTape, Tape, Told, Track};

/// Answers every call as it was answered when it was recorded. Nothing is sent: what the recording does not have is
/// refused, and is a divergence. Cheap to clone.
///
/// Calls are found by their arguments, so that they may come in another order than they were recorded in; ids of intents
/// do not count, because they are minted anew.
#[derive(Clone)]
pub struct Player(Arc<Mutex<State>>);

struct State {
    calls: HashMap<String, VecDeque<Call>>,
    left: usize,
    first: Option<Divergence>,
}

/// Where a replay left the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The call, for people: connection, function and what it was about.
    pub call: String,
    /// Number of the step in the call, from 1; 0 for the call itself.
    pub step: usize,
    /// What the recording has there.
    pub recorded: String,
    /// What the replay came to.
    pub replayed: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, step, recorded, replayed } = self;
        match step {
            0 => write!(f, "{call}: recorded {recorded}, replayed {replayed}"),
            _ => write!(f, "{call}, step {step}: recorded {recorded}, replayed {replayed}"),
        }
    }
}

impl Player {
    /// Makes a player of a recording.
    pub fn new(recording: &Recording) -> Self {
        let mut calls: HashMap<String, VecDeque<Call>> = HashMap::new();
        for call in &recording.calls {
            calls.entry(key(&call.connection, &call.name, &call.arguments)).or_default().push_back(call.clone());
        }
        Self(Arc::new(Mutex::new(State { calls, left: recording.calls.len(), first: None })))
    }

    /// Returns where the replay left the recording first; none when it did not.
    pub fn divergence(&self) -> Option<Divergence> {
        self.state().first.clone()
    }

    /// Returns how many recorded calls were not asked for.
    pub fn left(&self) -> usize {
        self.state().left
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn diverged(&self, divergence: Divergence) {
        self.state().first.get_or_insert(divergence);
    }
}

impl Tape for Player {
    fn begin(&self, call: CallOnTape) -> Arc<dyn Track> {
        let about = shown(&call);
        let recorded = {
            let mut state = self.state();
            let known = state.calls.get_mut(&key(&call.connection, call.name, &call.arguments));
            let recorded = known.and_then(VecDeque::pop_front);
            state.left = state.left.saturating_sub(usize::from(recorded.is_some()));
            recorded
        };
        let Some(recorded) = recorded else {
            let (recorded, replayed) = ("no such call, or fewer of them".to_owned(), "this call".to_owned());
            self.diverged(Divergence { call: about.clone(), step: 0, recorded, replayed });
            return Arc::new(Played::new(self, about, Vec::new(), Vec::new()));
        };
        let ids = ids(&call.arguments).into_iter().zip(ids(&recorded.arguments)).collect();
        Arc::new(Played::new(self, about, recorded.steps, ids))
    }
}

/// A call that is being replayed.
struct Played {
    player: Player,
    about: String,
    /// Steps that were not taken yet, and how many were.
    steps: Mutex<(VecDeque<Step>, usize)>,
    /// Ids of intents: now, and in the recording.
    ids: Vec<(String, String)>,
}

impl Played {
    fn new(player: &Player, about: String, steps: Vec<Step>, ids: Vec<(String, String)>) -> Self {
        Self { player: player.clone(), about, steps: Mutex::new((steps.into(), 0)), ids }
    }

    fn next(&self) -> (Option<Step>, usize) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.1 += 1;
        (steps.0.pop_front(), steps.1)
    }

    fn diverged(&self, step: usize, recorded: String, replayed: String) {
        self.player.diverged(Divergence { call: self.about.clone(), step, recorded, replayed });
    }

    fn as_recorded(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (now, then)| text.replace(now, then))
    }

    /// Returns a request with the ids that its intents had in the recording.
    fn request(&self, asked: &Asked) -> Request {
        let mut request = Request::from(asked);
        request.url = self.as_recorded(&request.url);
        request.headers.iter_mut().for_each(|(_, value)| *value = self.as_recorded(value));
        if let Some(Body::Text(text)) = &mut request.body {
            *text = self.as_recorded(text);
        }
        request
    }
}

impl Track for Played {
    fn now(&self, clock: &dyn Clock) -> Instant {
        match self.next() {
            (Some(Step::Now(now)), _) => now,
            (other, step) => {
                self.diverged(step, expected(other.as_ref()), "the time".to_owned());
                clock.now()
            }
        }
    }

    fn fill(&self, bytes: &mut [u8], source: &dyn Randomness) -> io::Result<()> {
        let (recorded, step) = self.next();
        if let Some(Step::Random(text)) = &recorded
            && hex::decode_to_slice(text, bytes).is_ok()
        {
            return Ok(());
        }
        self.diverged(step, expected(recorded.as_ref()), format!("{} random bytes", bytes.len()));
        source.fill(bytes)
    }

    fn answer(&self, asked: &Asked) -> Option<Told> {
        let (recorded, step) = self.next();
        let request = self.request(asked);
        if let Some(Step::Request { asked: then, .. }) = &recorded
            && *then == request
        {
            return recorded.as_ref().and_then(Step::told);
        }
        let replayed = difference(recorded.as_ref(), &request);
        self.diverged(step, expected(recorded.as_ref()), replayed);
        let (rule, message) = ("not-on-tape", "the recording has no such request here; a replay sends nothing");
        Some(Told::Refused {
            code: "denied".to_owned(),
            rule: Some(rule.to_owned()),
            message: Some(message.to_owned()),
            number: None,
            flag: None,
        })
    }

    fn heard(&self, _: &Asked, _: &Told) {}

    fn ended(&self, _: &dyn Fn(String) -> String) {
        let (recorded, step) = self.next();
        if let Some(recorded) = recorded {
            self.diverged(step, recorded.shown(), "the end of the call".to_owned());
        }
    }
}

fn expected(step: Option<&Step>) -> String {
    step.map_or_else(|| "the end of the call".to_owned(), Step::shown)
}

/// Says in what a request differs, as far as its method and address do not say it.
fn difference(recorded: Option<&Step>, request: &Request) -> String {
    let shown = format!("{} {}", request.method, request.url);
    let Some(Step::Request { asked: then, .. }) = recorded else { return shown };
    if (&then.method, &then.url) != (&request.method, &request.url) {
        return shown;
    }
    if then.body != request.body {
        return format!("{shown} with another body: {}", body_difference(then.body.as_ref(), request.body.as_ref()));
    }
    format!("{shown} with other headers, credential, effect or budget")
}

/// Bytes of a body around the first difference that are shown.
const SHOWN: usize = 80;

fn body_difference(recorded: Option<&Body>, replayed: Option<&Body>) -> String {
    let (Some(Body::Text(then)), Some(Body::Text(now))) = (recorded, replayed) else {
        return "one has none, or is not text".to_owned();
    };
    let same = then.chars().zip(now.chars()).take_while(|(then, now)| then == now).count();
    let around = |text: &str| text.chars().skip(same.saturating_sub(SHOWN / 4)).take(SHOWN).collect::<String>();
    format!("`{}` instead of `{}`", around(now), around(then))
}

/// Under what a call is found.
fn key(connection: &str, name: &str, arguments: &Value) -> String {
    let mut arguments = arguments.clone();
    for intent in intents_mut(&mut arguments) {
        intent.as_object_mut().map(|intent| intent.remove("id"));
    }
    format!("{connection} {name} {arguments}")
}

fn intents_mut(arguments: &mut Value) -> impl Iterator<Item = &mut Value> {
    arguments.get_mut("intents").and_then(Value::as_array_mut).into_iter().flatten()
}

fn ids(arguments: &Value) -> Vec<String> {
    let intents = arguments.get("intents").and_then(Value::as_array).into_iter().flatten();
    intents.filter_map(|intent| Some(intent.get("id")?.as_str()?.to_owned())).collect()
}

/// Names a call for people.
fn shown(call: &CallOnTape) -> String {
    let CallOnTape { connection, name, arguments, .. } = call;
    let intents = arguments.get("intents").and_then(Value::as_array).into_iter().flatten();
    let about: Vec<String> = intents
        .map(|intent| {
            let word = |field: &str| intent.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{} {} {}", word("action"), word("entity"), word("correlation"))
        })
        .collect();
    let about = if about.is_empty() { arguments.to_string() } else { about.join(", ") };
    format!("`{connection}` {name}({})", about.chars().take(200).collect::<String>())
}
