//! Hears every call: what was asked in which order, and whether a secret value was in it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use wharf_host::model::Instant;
use wharf_host::surroundings::{Clock, Randomness};
use wharf_host::tape::{Asked, CallOnTape, Tape, Told, Track};

/// Values shorter than this stand in any text.
const MIN_BYTES: usize = 4;

/// The witness. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Witness(Arc<Mutex<Seen>>);

struct Seen {
    secrets: Vec<String>,
    calls: Vec<(&'static str, Vec<Asked>)>,
    leaks: Vec<String>,
    texts: u64,
}

impl Witness {
    pub(crate) fn new(secrets: impl Iterator<Item = String>) -> Self {
        let long = secrets.filter(|secret| secret.len() >= MIN_BYTES);
        let forms = long.flat_map(|secret| {
            [
                STANDARD.encode(&secret),
                hex::encode(&secret),
                utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string(),
                secret,
            ]
        });
        let seen = Seen { secrets: forms.collect(), calls: Vec::new(), leaks: Vec::new(), texts: 0 };
        Self(Arc::new(Mutex::new(seen)))
    }

    /// Forgets the calls so far.
    pub(crate) fn forget(&self) {
        self.seen().calls.clear();
    }

    /// Returns the calls since then, each with its requests.
    pub(crate) fn calls(&self) -> Vec<(&'static str, Vec<Asked>)> {
        self.seen().calls.clone()
    }

    /// Returns the requests of the calls of that name.
    pub(crate) fn asked(&self, name: &str) -> Vec<Asked> {
        let seen = self.seen();
        seen.calls.iter().filter(|(call, _)| *call == name).flat_map(|(_, asked)| asked.clone()).collect()
    }

    /// Looks for secrets in a text.
    pub(crate) fn search(&self, place: &str, bytes: &[u8]) {
        let mut seen = self.seen();
        seen.texts += 1;
        let found = |secret: &String| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        if seen.secrets.iter().any(found) {
            seen.leaks.push(place.to_owned());
        }
    }

    /// Returns where secrets were found, and how many texts were searched.
    pub(crate) fn leaks(&self) -> (Vec<String>, u64) {
        let seen = self.seen();
        (seen.leaks.clone(), seen.texts)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape for Witness {
    fn begin(&self, call: CallOnTape) -> Arc<dyn Track> {
        let number = {
            let mut seen = self.seen();
            seen.calls.push((call.name, Vec::new()));
            seen.calls.len() - 1
        };
        // A message of the remote carries what it is known by; what is kept of it is searched in the ledger.
        if call.name != "parse_webhook" {
            self.search(&format!("arguments of `{}`", call.name), call.arguments.to_string().as_bytes());
        }
        Arc::new(Heard { witness: self.clone(), number, name: call.name })
    }
}

struct Heard {
    witness: Witness,
    number: usize,
    name: &'static str,
}

impl Track for Heard {
    fn now(&self, clock: &dyn Clock) -> Instant {
        clock.now()
    }

    fn fill(&self, bytes: &mut [u8], source: &dyn Randomness) -> io::Result<()> {
        source.fill(bytes)
    }

    fn answer(&self, asked: &Asked) -> Option<Told> {
        if let Some((_, all)) = self.witness.seen().calls.get_mut(self.number) {
            all.push(asked.clone());
        }
        let body = asked.body.clone().unwrap_or_default();
        let text = format!("{} {:?} {}", asked.url, asked.headers, String::from_utf8_lossy(&body));
        self.witness.search(&format!("a request of `{}`", self.name), text.as_bytes());
        None
    }

    fn heard(&self, _: &Asked, told: &Told) {
        let text = match told {
            Told::Answered { headers, body, .. } => format!("{headers:?} {}", String::from_utf8_lossy(body)),
            Told::Refused { message, .. } => message.clone().unwrap_or_default(),
        };
        self.witness.search(&format!("an answer to `{}`", self.name), text.as_bytes());
    }

    fn ended(&self, _: &dyn Fn(String) -> String) {}
}
