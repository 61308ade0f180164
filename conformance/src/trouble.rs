//! What happens between the host and the remote: nothing, or one thing at one request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;
use wharf_host::network::{Leaving, Network, Passage};

/// What happens at a request.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// The process ends before the request leaves.
    EndBefore,
    /// The process ends after the remote has done its work.
    EndAfter,
    /// The process stands still after the remote has done its work, until it is let go on.
    StandStill,
    /// The remote does its work, and its answer is lost.
    AnswerLost,
    /// The remote does its work, and half of its answer arrives.
    Halved,
    /// This happens instead.
    Instead(Passage),
}

/// Looks at the world as a request leaves; says what is wrong with it.
pub(crate) type Look = Box<dyn Fn() -> Option<String> + Send>;

/// The network of a case. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Trouble(Arc<State>);

#[derive(Default)]
struct State {
    plan: Mutex<Plan>,
    /// The process has ended, or stands still.
    stopped: Notify,
    go_on: Notify,
}

#[derive(Default)]
struct Plan {
    at: Option<(usize, Happening)>,
    requests: Vec<String>,
    look: Option<Look>,
    seen: Option<String>,
}

impl Trouble {
    /// Starts a case: requests are counted from 0, and `at` is what happens.
    pub(crate) fn plan(&self, at: Option<(usize, Happening)>) {
        *self.state() = Plan { at, ..Plan::default() };
    }

    /// Looks whenever a request leaves.
    pub(crate) fn look(&self, look: Look) {
        self.state().look = Some(look);
    }

    /// Returns what a look saw first.
    pub(crate) fn seen(&self) -> Option<String> {
        self.state().seen.clone()
    }

    /// Returns the requests of the case so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    /// Waits until the process ends or stands still.
    pub(crate) async fn stopped(&self) {
        self.0.stopped.notified().await;
    }

    /// Lets what stands still go on.
    pub(crate) fn go_on(&self) {
        self.0.go_on.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, Plan> {
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what happens at the request that leaves now.
    fn next(&self, request: &Leaving) -> Option<Happening> {
        let mut plan = self.state();
        let number = plan.requests.len();
        plan.requests.push(format!("{} {}", request.method, request.url));
        let seen = plan.look.as_ref().and_then(|look| look());
        plan.seen = plan.seen.take().or(seen);
        match &plan.at {
            Some((at, happening)) if *at == number => Some(happening.clone()),
            _ => None,
        }
    }

    async fn end(&self) -> Passage {
        self.0.stopped.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Network for Trouble {
    async fn leaving(&self, request: &Leaving) -> Passage {
        match self.next(request) {
            Some(Happening::EndBefore) => self.end().await,
            Some(Happening::Instead(passage)) => {
                self.state().at = None;
                passage
            }
            _ => Passage::Through,
        }
    }

    async fn arriving(&self, _: &Leaving, _: u16) -> Passage {
        // Requests of a call come one after the other, and a case has one document: this is the one that left last.
        let happening = {
            let mut plan = self.state();
            let now = plan.requests.len();
            let due = plan.at.as_ref().is_some_and(|(at, _)| at + 1 == now);
            if due { plan.at.take().map(|(_, happening)| happening) } else { None }
        };
        match happening {
            Some(Happening::EndAfter) => self.end().await,
            Some(Happening::StandStill) => {
                self.0.stopped.notify_one();
                self.0.go_on.notified().await;
                Passage::Through
            }
            Some(Happening::AnswerLost) => Passage::NoAnswer("the answer was lost on the way".to_owned()),
            Some(Happening::Halved) => Passage::Halved,
            _ => Passage::Through,
        }
    }
}

/// A fault of the catalogue, and the causes that say it honestly.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) happening: Happening,
    pub(crate) causes: &'static [&'static str],
}

/// Returns the catalogue of faults.
pub(crate) fn catalogue() -> Vec<Fault> {
    let page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    let html = [("content-type", "text/html")];
    let json = [("content-type", "application/json")];
    let answer = |status, headers: &[(&str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Happening::Instead(Passage::Replaced { status, headers, body: body.as_bytes().to_vec() })
    };
    let fault = |name, happening, causes| Fault { name, happening, causes };
    const AWAY: &[&str] = &["unavailable", "outcome-unknown", "rate-limited"];
    const ODD: &[&str] = &["unavailable", "outcome-unknown", "contract-changed", "rate-limited"];
    const KEY: &[&str] = &["auth-expired", "auth-revoked", "forbidden", "unavailable"];
    vec![
        fault("429 with Retry-After", answer(429, &[("retry-after", "120")], "{}"), &["rate-limited"]),
        fault("429 without a time", answer(429, &json, r#"{"message":"too many requests"}"#), &["rate-limited"]),
        fault("503", answer(503, &[], "down for maintenance"), AWAY),
        fault("500 in JSON", answer(500, &json, r#"{"error":"internal"}"#), ODD),
        fault("HTML page with 502", answer(502, &html, page), AWAY),
        fault("HTML page with 200", answer(200, &html, page), ODD),
        fault("200 with an empty body", answer(200, &json, ""), ODD),
        fault("200 with JSON of another shape", answer(200, &json, r#""surprise""#), ODD),
        fault("truncated JSON", Happening::Halved, ODD),
        fault("401", answer(401, &json, r#"{"error":"invalid_token"}"#), KEY),
        fault("403", answer(403, &json, r#"{"error":"forbidden"}"#), KEY),
        fault("connection refused", Happening::Instead(Passage::NotSent("connection refused".to_owned())), AWAY),
        fault("name not found", Happening::Instead(Passage::NotSent("the name has no address".to_owned())), AWAY),
        fault("reset before an answer", Happening::Instead(Passage::NoAnswer("connection reset".to_owned())), AWAY),
        fault("answer that stands still", Happening::AnswerLost, AWAY),
    ]
}
