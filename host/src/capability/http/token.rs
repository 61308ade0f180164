//! Access tokens: fetched once for all who wait, renewed early, kept by the host alone.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::auth::Values;
use super::budget::MAX_HOLD;
use super::send::Received;
use super::{Refusal, exchanged};
use crate::manifest::Scheme;
use crate::model::Instant;
use crate::secret::Secret;
use crate::surroundings::Clock;

/// Life of a token whose endpoint does not tell (FLOWii's may leave it out; its tokens live about ten minutes).
const LIFE_UNTOLD: Duration = Duration::from_secs(5 * 60);

/// Longest life that is believed.
const MAX_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A token is renewed so long before its end, or after nine tenths of its life when that is later.
const EARLY: Duration = Duration::from_secs(60);

/// After the endpoint refused the credential, so long nobody asks it again with the same values: systems lock
/// accounts after a few wrong passwords.
const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// After renewing failed while the old token is still good, so long it serves without another try, so that not every
/// request waits for an endpoint that is down.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// Longest token that is taken.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// An access token.
pub(super) struct Token {
    pub(super) value: Secret,
    /// Which fetch brought it; a token that was refused is never taken again.
    pub(super) generation: u64,
    renew_at: Instant,
    expires_at: Instant,
}

/// What a token endpoint gave.
pub(super) struct Granted {
    value: Secret,
    life: Duration,
    /// Renewed so long before its end.
    early: Duration,
}

/// The access tokens of all connections of a host.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<(String, String), Arc<TokenSlot>>>);

/// The token of one credential: at most one fetch at a time.
pub(super) struct TokenSlot {
    fingerprint: [u8; 32],
    /// What the slot before had when a connector said that it had expired.
    refused: Option<Arc<Token>>,
    last: Mutex<Option<Arc<Token>>>,
    /// Fetches that have ended. Who waited for one takes its result, good or bad, instead of asking again.
    ended: AtomicU64,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    last_failure: Option<Refusal>,
    /// Until when the endpoint is not asked, and what callers get meanwhile.
    pause: Option<(Instant, Refusal)>,
}

impl Tokens {
    /// Returns the place of a credential's token. Other secret values make a new, empty place.
    pub(super) fn slot(&self, connection: &str, slot: &str, fingerprint: [u8; 32]) -> Arc<TokenSlot> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.entry((connection.to_owned(), slot.to_owned())).or_insert_with(|| TokenSlot::new(fingerprint));
        if place.fingerprint != fingerprint {
            *place = TokenSlot::new(fingerprint);
        }
        Arc::clone(place)
    }

    /// Forgets the access tokens of a connection, because a connector says that they have expired; false when there are
    /// none, so that nothing would be renewed.
    pub(crate) fn forget(&self, connection: &str) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_connection = all.iter_mut().filter(|((of, _), _)| of == connection).peekable();
        let had_any = of_connection.peek().is_some();
        of_connection.for_each(|(_, place)| *place = place.emptied());
        had_any
    }
}

impl TokenSlot {
    fn new(fingerprint: [u8; 32]) -> Arc<Self> {
        Self::after(fingerprint, None)
    }

    fn after(fingerprint: [u8; 32], refused: Option<Arc<Token>>) -> Arc<Self> {
        let (ended, state) = (AtomicU64::new(0), tokio::sync::Mutex::default());
        Arc::new(Self { fingerprint, refused, last: Mutex::default(), ended, state })
    }

    /// Returns an empty place that knows which token is not taken any more.
    fn emptied(&self) -> Arc<Self> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self::after(self.fingerprint, last.or_else(|| self.refused.clone()))
    }

    /// Returns the token that a connector said had expired.
    pub(super) fn refused(&self) -> Option<Arc<Token>> {
        self.refused.clone()
    }

    /// Returns a token that is good for now, and not the one of generation `stale`; fetches it when nobody else does.
    pub(super) async fn get(
        &self,
        stale: Option<u64>,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<Granted, Refusal>>,
    ) -> Result<Arc<Token>, Refusal> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let waited = self.ended.load(Ordering::Acquire) > seen;
        if let Some(known) = state.known(stale, waited, clock.now()) {
            return known;
        }
        // Dropped while fetching, this leaves everything as it was, and the next in line fetches.
        let fetched = fetch.await;
        if let Err(failure) = &fetched
            && is_of_one_call(failure)
        {
            return Err(failure.clone());
        }
        let generation = self.ended.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        let kept = state.keep(fetched, generation, stale, clock.now());
        if let Ok(token) = &kept {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(token));
        }
        kept
    }
}

/// Tells whether a failure says something about the call that fetched only, not about the endpoint.
fn is_of_one_call(failure: &Refusal) -> bool {
    matches!(failure, Refusal::Denied { .. } | Refusal::Deadline(_) | Refusal::WouldWrite)
}

impl State {
    /// Returns what is known without asking the endpoint; none when it has to be asked.
    fn known(&self, stale: Option<u64>, waited: bool, now: Instant) -> Option<Result<Arc<Token>, Refusal>> {
        let token = self.token.as_ref().filter(|token| Some(token.generation) != stale);
        let pause = self.pause.as_ref().filter(|(until, _)| now < *until).map(|(_, refusal)| refusal);
        if let Some(token) = token {
            let just_fetched = waited && self.last_failure.is_none();
            let cannot_renew = (waited || pause.is_some()) && now < token.expires_at;
            if now < token.renew_at || just_fetched || cannot_renew {
                return Some(Ok(Arc::clone(token)));
            }
        }
        let failure = self.last_failure.as_ref().filter(|_| waited).or(pause)?;
        Some(Err(failure.clone()))
    }

    fn keep(
        &mut self,
        fetched: Result<Granted, Refusal>,
        generation: u64,
        stale: Option<u64>,
        now: Instant,
    ) -> Result<Arc<Token>, Refusal> {
        let failure = match fetched {
            Ok(granted) => {
                let token = Arc::new(granted.into_token(generation, now));
                (self.last_failure, self.pause) = (None, None);
                self.token = Some(Arc::clone(&token));
                return Ok(token);
            }
            Err(failure) => failure,
        };
        if matches!(failure, Refusal::CredentialUnavailable(true)) {
            self.token = None;
        }
        // Renewing is early on purpose: the old token is still good when the endpoint is down for a moment.
        let old = self.token.as_ref().filter(|token| Some(token.generation) != stale && now < token.expires_at);
        let old = old.map(Arc::clone);
        self.pause = pause(&failure, old.is_some(), now);
        self.last_failure = Some(failure.clone());
        old.ok_or(failure)
    }
}

fn pause(failure: &Refusal, has_token: bool, now: Instant) -> Option<(Instant, Refusal)> {
    let until = match failure {
        Refusal::CredentialUnavailable(true) => now.after(REFUSED_PAUSE),
        Refusal::BudgetExhausted(until) => (*until).min(now.after(MAX_HOLD)),
        _ if has_token => now.after(RENEWAL_PAUSE),
        _ => return None,
    };
    Some((until, failure.clone()))
}

impl Granted {
    fn new(value: Secret, life: Duration) -> Self {
        Self { value, life, early: EARLY.min(life / 10) }
    }

    /// Takes over a token that was granted before.
    pub(super) fn kept(value: &str, renew_at: Instant, expires_at: Instant, now: Instant) -> Self {
        Self { value: Secret::new(value), life: expires_at.since(now), early: expires_at.since(renew_at) }
    }

    pub(super) fn value(&self) -> &Secret {
        &self.value
    }

    /// Returns when it is to be renewed, and when it ends.
    pub(super) fn times(&self, now: Instant) -> (Instant, Instant) {
        (now.after(self.life.saturating_sub(self.early)), now.after(self.life))
    }

    fn into_token(self, generation: u64, now: Instant) -> Token {
        let (renew_at, expires_at) = self.times(now);
        Token { value: self.value, generation, renew_at, expires_at }
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

#[derive(Deserialize)]
struct TokenError {
    error: String,
}

/// Tells whether an answer of that status says that the token is not taken any more.
pub(super) fn refuses(scheme: &Scheme, status: u16) -> bool {
    match scheme {
        Scheme::TokenExchange { revoked_by, .. } => revoked_by.contains(&status),
        _ => status == 401,
    }
}

/// Reads the answer of a token endpoint.
pub(super) fn read(
    scheme: &Scheme,
    values: &Values,
    answer: &Received,
    until: impl FnOnce() -> Instant,
) -> Result<Granted, Refusal> {
    match (scheme, answer.status) {
        (Scheme::TokenExchange { token, lifetime_s, .. }, 200..=299) => {
            let life = lifetime_s.map_or(MAX_LIFE, |seconds| Duration::from_secs(seconds.into()));
            exchanged::find(token, values, &answer.body)
                .and_then(|found| granted(found, life))
                .ok_or(Refusal::CredentialUnavailable(false))
        }
        (_, 200..=299) => read_token(&answer.body),
        (_, 429) => Err(Refusal::BudgetExhausted(until())),
        (Scheme::TokenExchange { revoked_by, .. }, status) => {
            Err(Refusal::CredentialUnavailable(revoked_by.contains(&status)))
        }
        (_, 401 | 403) => Err(Refusal::CredentialUnavailable(true)),
        (_, 400) => Err(Refusal::CredentialUnavailable(refuses_credential(&answer.body))),
        _ => Err(Refusal::CredentialUnavailable(false)),
    }
}

/// Returns the refresh token that replaces the one that was used; none when that one stays.
pub(super) fn replaced(body: &[u8]) -> Option<Zeroizing<String>> {
    #[derive(Deserialize)]
    struct Replacing {
        refresh_token: Option<String>,
    }
    let answer: Replacing = serde_json::from_slice(body).ok()?;
    answer.refresh_token.map(Zeroizing::new).filter(|token| !token.is_empty() && token.len() <= MAX_TOKEN_BYTES)
}

fn refuses_credential(body: &[u8]) -> bool {
    let error = serde_json::from_slice::<TokenError>(body).map(|answer| answer.error).unwrap_or_default();
    matches!(error.as_str(), "invalid_grant" | "invalid_client" | "unauthorized_client" | "access_denied")
}

fn read_token(body: &[u8]) -> Result<Granted, Refusal> {
    let answer: TokenAnswer = serde_json::from_slice(body).map_err(|_| Refusal::CredentialUnavailable(false))?;
    let value = Zeroizing::new(answer.access_token);
    if !answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(Refusal::CredentialUnavailable(false));
    }
    granted(value, life(&answer.expires_in)).ok_or(Refusal::CredentialUnavailable(false))
}

/// Takes a text for a token; none when it cannot be one.
fn granted(value: Zeroizing<String>, life: Duration) -> Option<Granted> {
    let is_token =
        !value.is_empty() && value.len() <= MAX_TOKEN_BYTES && value.bytes().all(|byte| byte.is_ascii_graphic());
    is_token.then(|| Granted::new(Secret::new(value.as_bytes()), life))
}

/// Reads `expires_in`: seconds, as a number or as text.
fn life(expires_in: &Value) -> Duration {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    match seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0))) {
        Some(Ok(life)) => life.min(MAX_LIFE),
        _ => LIFE_UNTOLD,
    }
}
