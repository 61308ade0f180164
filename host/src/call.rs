//! One call into a connector: its limits, what it holds meanwhile, and what its end means.

mod ending;
mod meter;
mod share;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Moment;

use bytes::Bytes;
use futures::FutureExt;
use tokio::time::timeout_at;
use wasmtime::{Store, UpdateDeadline};

use self::ending::Ended;
pub(crate) use self::ending::{unsupported, while_loading};
use self::meter::{Computing, Memory};
pub(crate) use self::share::Share;
use crate::abi::{Ask, Program, Told};
use crate::capability::Rooms;
use crate::capability::http::CallScope;
use crate::capability::http::scope::Allowance;
use crate::capability::log::Log;
use crate::capability::wasi::Wasi;
use crate::engine::{Engine, TICK};
use crate::error::Error;
use crate::limits::Limits;
use crate::model::{Answer, Cause, Failure};
use crate::tape::Track;

/// Name of the call that answers a request: somebody waits for it, and edits may be handed over in it.
pub(crate) const SERVE: &str = "serve";

/// Why the host ended a call, or why what came out of it is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// The connector did what the contract forbids.
    #[error("{0}")]
    Misuse(String),
    /// The program that made the call gave something that cannot be passed on.
    #[error("{0}")]
    Caller(String),
    /// The instance wanted more memory than the limit.
    #[error("the instance wanted more than its {0} bytes of memory")]
    Memory(usize),
    /// The call made the host hold more than the limit.
    #[error("the call made the host hold more than {0} bytes")]
    Held(usize),
    /// The guest computed for longer than the limit.
    #[error("the guest computed for longer than {0:?}")]
    Computing(std::time::Duration),
    /// Something of the host's own failed.
    #[error("{0}")]
    Host(String),
}

/// Bodies of responses that the host holds until the end of the call.
#[derive(Default)]
pub(crate) struct Kept {
    bodies: HashMap<u32, Bytes>,
    bytes: usize,
}

impl Kept {
    /// Holds a body, if all that is held stays within `limit` bytes.
    pub(crate) fn hold(&mut self, request: u32, body: Bytes, limit: usize) -> Result<(), Stop> {
        let bytes = self.bytes.saturating_add(body.len());
        if bytes > limit {
            return Err(Stop::Held(limit));
        }
        self.bytes = bytes;
        self.bodies.insert(request, body);
        Ok(())
    }

    /// Returns the body of that request's response.
    pub(crate) fn body(&self, request: u32) -> Option<&Bytes> {
        self.bodies.get(&request)
    }
}

/// What a call of one connector, or of one connection, runs with.
pub(crate) struct Setting {
    /// The engine.
    pub(crate) engine: Engine,
    /// Places that an instance takes.
    pub(crate) weight: u32,
    /// What its calls have had of the processors.
    pub(crate) share: Share,
    /// Limits of its calls.
    pub(crate) limits: Arc<Limits>,
    /// What its imports lead to.
    pub(crate) rooms: Arc<Rooms>,
}

/// The state of one call: what its imports work on.
pub(crate) struct Call {
    scope: Arc<CallScope>,
    name: &'static str,
    dry: bool,
    looked_up: u32,
    limits: Arc<Limits>,
    rooms: Arc<Rooms>,
    kept: Kept,
    log: Arc<Mutex<Log>>,
    memory: Memory,
    computing: Computing,
    wasi: Option<Box<Wasi>>,
}

impl Call {
    fn new(setting: &Setting, scope: &Arc<CallScope>, name: &'static str, dry: bool) -> Self {
        let limits = Arc::clone(&setting.limits);
        Self {
            scope: Arc::clone(scope),
            name,
            dry,
            looked_up: 0,
            rooms: Arc::clone(&setting.rooms),
            kept: Kept::default(),
            log: Arc::new(Mutex::new(Log::new(name, limits.log_lines, limits.log_bytes))),
            memory: Memory::new(limits.memory_bytes),
            computing: Computing::new(limits.cpu),
            wasi: None,
            limits,
        }
    }

    /// Returns the limits of the call.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the responses that are held.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Returns the responses that are held, to hold one more.
    pub(crate) fn kept_mut(&mut self) -> &mut Kept {
        &mut self.kept
    }

    /// Returns the scope of the call's requests.
    pub(crate) fn scope(&self) -> &Arc<CallScope> {
        &self.scope
    }

    /// Returns what the imports lead to.
    pub(crate) fn rooms(&self) -> &Arc<Rooms> {
        &self.rooms
    }

    /// Returns the call's log, and what it writes through.
    pub(crate) fn log(&self) -> (MutexGuard<'_, Log>, &Rooms) {
        (self.log.lock().unwrap_or_else(PoisonError::into_inner), &self.rooms)
    }

    /// Tells whether the call is a dry run.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry
    }

    /// Returns the name of the call: `serve`.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Counts a look-up; false when the call has made as many as it may make requests.
    pub(crate) fn count_look_up(&mut self) -> bool {
        self.looked_up = self.looked_up.saturating_add(1);
        self.looked_up <= self.limits.requests
    }

    /// Tells whether the call is pure: no network, no clock, no randomness.
    pub(crate) fn is_pure(&self) -> bool {
        self.scope.allowance() == Allowance::Nothing
    }

    /// Returns the WASI world of the call; made at its first use.
    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        let (rooms, scope, log) = (&self.rooms, &self.scope, &self.log);
        let (name, limits) = (self.name, &self.limits);
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new(rooms, scope, (name, log), limits)))
    }

    /// Notes that the guest waited for the host since then, so that the wait does not count as computing.
    pub(crate) fn waited_since(&mut self, start: Moment) {
        if start.elapsed() >= TICK {
            self.computing.forgive();
        }
    }
}

/// Makes a call. Dropping the future ends it.
///
/// A connector that says that its credential expired is asked once more with a renewed one, as long as nothing was
/// written: the second attempt goes on in the same call, with the same deadline and the same count of requests.
pub(crate) async fn make<A: Ask>(
    setting: &Setting,
    program: &Program,
    ceiling: Allowance,
    ask: &A,
) -> Result<Answer<A::Output>, Error> {
    if let Some(connected) = &setting.rooms.connected {
        connected.egress.learn().await;
    }
    let time = if A::NAME == SERVE { setting.limits.serve } else { setting.limits.deadline };
    let deadline = tokio::time::Instant::now() + time;
    let track = setting.rooms.begin(A::NAME, || ask.arguments());
    let _searching = setting.rooms.connected.as_ref().map(|connected| connected.egress.searching());
    let _taped = Taped { track: track.clone(), rooms: &setting.rooms };
    let scope = CallScope::new(A::ALLOWANCE.min(ceiling), deadline, Arc::clone(&setting.limits));
    let scope = Arc::new(scope.on(track));
    let dry = ceiling < Allowance::Writes;
    let mut ended = attempt(setting, program, &scope, dry, ask).await;
    if expired::<A>(&mut ended) && !wrote(&scope) && setting.rooms.renew_credentials() {
        ended = attempt(setting, program, &scope, dry, ask).await;
    }
    let ending = ending::Ending { call: A::NAME, setting, scope: &scope };
    match ended {
        Ended::Told(Ok(Ok(mut value))) => {
            A::failures(&mut value).into_iter().for_each(|failure| ending.judge(failure));
            Ok(Answer { value, trace: scope.trace() })
        }
        Ended::Told(Ok(Err(failure))) => Err(ending.failed(failure)),
        Ended::Told(Err(error)) => Err(ending.stopped(&error)),
        Ended::TimedOut => Err(ending.timed_out()),
        Ended::Panicked(what) => Err(ending.panicked(&what)),
    }
}

/// Tells the track that its call is over, also when the call was given up.
struct Taped<'a> {
    track: Option<Arc<dyn Track>>,
    rooms: &'a Rooms,
}

impl Drop for Taped<'_> {
    fn drop(&mut self) {
        if let Some(track) = &self.track {
            track.ended(&|text| self.rooms.redacted(text));
        }
    }
}

/// Makes an instance, only to see that it can be made and that its exports have the right types.
pub(crate) async fn check(setting: &Setting, program: &Program) -> Result<(), Error> {
    let deadline = tokio::time::Instant::now() + setting.limits.deadline;
    let scope = Arc::new(CallScope::new(Allowance::Nothing, deadline, Arc::clone(&setting.limits)));
    let mut store = store(setting, &scope, "load", true);
    let ending = ending::Ending { call: "load", setting, scope: &scope };
    let _place = setting.engine.place(setting.weight).await;
    program.check(&mut store).await.map_err(|error| ending.stopped(&error))
}

async fn attempt<A: Ask>(
    setting: &Setting,
    program: &Program,
    scope: &Arc<CallScope>,
    dry: bool,
    ask: &A,
) -> Ended<A::Output> {
    let running = async {
        let _place = setting.engine.place(setting.weight).await;
        let mut store = store(setting, scope, A::NAME, dry);
        ask.call(program, &mut store).await
    };
    let running = share::sharing(&setting.share, setting.engine.turns(), running);
    // What a host function panics with passes through the guest's frames and arrives here; it ends this call alone.
    match AssertUnwindSafe(timeout_at(scope.deadline(), running)).catch_unwind().await {
        Ok(Ok(told)) => Ended::Told(told),
        Ok(Err(_)) => Ended::TimedOut,
        Err(panic) => Ended::Panicked(ending::panic_text(panic.as_ref())),
    }
}

fn store(setting: &Setting, scope: &Arc<CallScope>, name: &'static str, dry: bool) -> Store<Call> {
    let mut store = Store::new(setting.engine.wasm(), Call::new(setting, scope, name, dry));
    store.limiter(|call| &mut call.memory);
    store.set_hostcall_fuel(setting.limits.host_bytes);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().computing.tick()?;
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// Tells whether a connector says that its credential expired: for the call, or for everything in its batch.
fn expired<A: Ask>(ended: &mut Ended<A::Output>) -> bool {
    let says = |failure: &Failure| failure.cause == Cause::AuthExpired;
    match ended {
        Ended::Told(Ok(Err(failure))) => says(failure),
        Ended::Told(Ok(Ok(output))) => A::failures(output).iter().any(|failure| says(failure)),
        _ => false,
    }
}

fn wrote(scope: &CallScope) -> bool {
    scope.trace().wrote()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;

    #[test]
    fn bodies_over_the_limit_together_are_not_held() {
        let mut kept = Kept::default();
        kept.hold(1, Bytes::from_static(b"1234"), 6).unwrap();
        assert_eq!(kept.hold(2, Bytes::from_static(b"567"), 6), Err(Stop::Held(6)));
        kept.hold(3, Bytes::from_static(b"56"), 6).unwrap();
        assert_eq!(kept.body(3).unwrap(), "56");
        assert!(kept.body(2).is_none());
    }
}
