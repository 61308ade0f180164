//! The way out: one pipeline for every request, whichever import the guest used.
//!
//! guest request -> what the call may do -> policy -> slot and audience -> budget -> credential -> vetted address ->
//! send once -> cap -> redact -> typed outcome. The guest names a credential slot; it never holds a key.

mod allow;
mod auth;
mod body;
pub(crate) mod budget;
mod connected;
mod decoded;
mod doubt;
mod exchanged;
mod explain;
mod grant;
mod lasting;
pub(crate) mod redact;
mod refresh;
mod refusal;
pub(crate) mod scope;
mod seal;
mod send;
mod taped;
mod token;
mod way;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use tokio::sync::Semaphore;
use tokio::time::{Instant as Moment, timeout_at};
use url::Url;

use self::auth::{Credentials, Slot, Values};
use self::budget::{Allotment, BudgetKey, Budgets, DEFAULT_HOLD, MAX_WAIT, Permit};
pub(crate) use self::lasting::Lasting;
use self::redact::{InUse, Redactor};
pub use self::refresh::tokens_kept;
use self::refusal::before_sending;
pub(crate) use self::refusal::{Refusal, SendError};
use self::scope::Begun;
pub(crate) use self::scope::CallScope;
pub(crate) use self::send::Roots;
use self::send::{Outgoing, Received, Transport};
pub(crate) use self::token::Tokens;
use self::token::{Granted, Token};
use self::way::Way;
use crate::error::Error;
use crate::limits::Limits;
use crate::manifest::{BudgetRequest, CredentialSlot, Scheme};
use crate::model::{Effect, Instant, LimitScope};
use crate::network::Network;
use crate::policy::{Denied, Policy, target};
use crate::secret::SecretSource;
use crate::store::Store;
use crate::surroundings::{Clock, Resolver};

/// The budget of requests that name none.
const DEFAULT_BUDGET: &str = "default";

/// Stands in the place of a header's name that has a secret in it. `[redacted]` would be no name.
const REDACTED_NAME: &str = "redacted";

/// What the pipeline of one connection needs.
pub(crate) struct EgressSettings {
    /// Name of the connection.
    pub(crate) connection: String,
    /// What it may reach.
    pub(crate) policy: Policy,
    /// Credential slots of the manifest.
    pub(crate) slots: Vec<CredentialSlot>,
    /// Budgets of the manifest.
    pub(crate) budget_requests: Vec<BudgetRequest>,
    /// The connection's configuration.
    pub(crate) config: serde_json::Value,
    /// One per host, and for those that take its place.
    pub(crate) lasting: Arc<Lasting>,
    /// Where secret values come from.
    pub(crate) secrets: Arc<dyn SecretSource>,
    /// Where tokens that replace a secret are kept.
    pub(crate) store: Arc<dyn Store>,
    /// Resolves names.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// What happens on the way, in tests of that.
    pub(crate) network: Option<Arc<dyn Network>>,
    /// One per host.
    pub(crate) roots: Roots,
    /// Limits of the connection's calls.
    pub(crate) limits: Arc<Limits>,
    /// Time for budgets and tokens.
    pub(crate) clock: Arc<dyn Clock>,
}

/// A request as the guest made it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) credential: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) budget: Option<String>,
}

/// An answer as the guest may see it.
#[derive(Debug)]
pub(crate) struct Response {
    /// Number of the request within the call, from 1.
    pub(crate) number: u32,
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Decompressed and redacted.
    pub(crate) body: Bytes,
}

/// The pipeline of one connection, with its own sockets.
pub(crate) struct Egress {
    connection: String,
    policy: Arc<Policy>,
    credentials: Credentials,
    credential_headers: HashSet<HeaderName>,
    allotments: Vec<(String, Allotment)>,
    budgets: Arc<Budgets>,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
    places: Semaphore,
    redactor: Arc<Redactor>,
    way: Arc<Way>,
    store: Arc<dyn Store>,
}

/// A request that may be sent, before it has its credential.
struct Admitted<'a> {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
    slot: Option<&'a Slot>,
    allotment: Allotment,
    budget: String,
}

impl Egress {
    /// Makes the pipeline of a connection. Opens nothing yet.
    ///
    /// # Errors
    /// `Connect`, when a credential slot cannot be used as it is declared.
    pub(crate) fn new(settings: EgressSettings) -> Result<Self, Error> {
        let credentials = Credentials::new(&settings.connection, &settings.slots, &settings.config, settings.secrets)?;
        let policy = Arc::new(settings.policy);
        let limits = settings.limits;
        let allotment = |request: &BudgetRequest| (request.name.clone(), Allotment::of(request, &settings.config));
        Ok(Self {
            redactor: settings.lasting.redactor(&settings.connection),
            connection: settings.connection,
            credential_headers: credentials.header_names(),
            credentials,
            allotments: settings.budget_requests.iter().map(allotment).collect(),
            budgets: Arc::clone(&settings.lasting.budgets),
            tokens: Arc::clone(&settings.lasting.tokens),
            clock: settings.clock,
            places: Semaphore::new(limits.concurrent_requests.clamp(1, Semaphore::MAX_PERMITS)),
            way: Arc::new(Way::new(
                settings.network,
                Transport::new(Arc::clone(&policy), settings.resolver, settings.roots, Arc::clone(&limits)),
            )),
            store: settings.store,
            policy,
            limits,
        })
    }

    /// Sends one request and returns its whole answer. Redirects are not followed; any status is an answer.
    ///
    /// Cancel-safe: dropped, it closes what it opened and gives back its places; the trace keeps whether it had left.
    pub(crate) async fn send(&self, scope: &CallScope, request: Request) -> Result<Response, SendError> {
        match scope.track() {
            Some(track) => self.send_on_track(scope, request, track).await,
            None => self.send_for_real(scope, request).await,
        }
    }

    async fn send_for_real(&self, scope: &CallScope, request: Request) -> Result<Response, SendError> {
        let url = target::parse(&request.url);
        let shown = match &url {
            Ok(url) => target::without_query_values(url),
            Err(_) => target::showable(&request.url),
        };
        let begun = scope.begin(&request.method, shown, allow::effect(&request.method, request.effect));
        let number = begun.number;
        match self.admitted(scope, &begun, request, url).await {
            Ok(received) => Ok(self.response(scope, number, received)),
            Err(refusal) => Err(begun.refused(self.redacted(refusal))),
        }
    }

    /// Holds the budget of a request of this call until `until`, because the remote said so to the connector. The
    /// whole account for limits of credential or account; all budgets of the call when the request is not known.
    pub(crate) fn hold(&self, scope: &CallScope, request: u32, limit: LimitScope, until: Option<Instant>) {
        let now = self.clock.now();
        let until = until.unwrap_or(now.after(DEFAULT_HOLD));
        for key in scope.budgets_of(request) {
            match limit {
                LimitScope::Endpoint => self.budgets.hold(&key, until, now),
                LimitScope::Credential | LimitScope::Account => self.budgets.hold_account(&key.account, until, now),
            }
        }
    }

    /// Returns the text without the secret values that this connection has used: for what a guest logs or reports.
    pub(crate) fn redact(&self, text: String) -> String {
        self.redactor.text(text)
    }

    /// Makes the redactor look for the values of all granted slots, once per connection. A call begins with this: what a
    /// remote knew before, and what comes in from outside, may have them in it before this process has sent any.
    pub(crate) async fn learn(&self) {
        self.credentials.teach_all(&self.redactor, |slot| self.policy.slot(slot).is_ok()).await;
    }

    /// Makes the redactor look for the values of granted slots that do not go out, as they are now: those that come in.
    pub(crate) async fn learn_callers(&self) {
        self.credentials.teach_callers(&self.redactor, |slot| self.policy.slot(slot).is_ok()).await;
    }

    /// Keeps the search for secret values at hand until what it returns is dropped: for the time of a call.
    pub(crate) fn searching(&self) -> InUse<'_> {
        self.redactor.in_use()
    }

    /// Returns the bytes without the secret values that this connection has used; none when there is none in them.
    pub(crate) fn search(&self, bytes: &[u8]) -> Option<Bytes> {
        self.redactor.bytes(bytes)
    }

    async fn admitted(
        &self,
        scope: &CallScope,
        begun: &Begun<'_>,
        request: Request,
        url: Result<Url, Denied>,
    ) -> Result<Received, Refusal> {
        begun.admit()?;
        let admitted = self.check(request, url?)?;
        let doubt = scope.doubts().begin(begun.effect, &admitted.method, &admitted.url, admitted.body.as_ref())?;
        let outcome = self.sent(scope, begun, &admitted).await;
        if let Some(doubt) = doubt {
            doubt.settle(&outcome);
        }
        outcome
    }

    async fn sent(&self, scope: &CallScope, begun: &Begun<'_>, admitted: &Admitted<'_>) -> Result<Received, Refusal> {
        self.learn().await;
        let Some(slot) = admitted.slot else {
            let key = self.budget_key(None, &admitted.budget);
            let permit = self.permit(scope, begun, &key, admitted.allotment).await?;
            return self.exchange(scope, begun, admitted.outgoing(), permit).await;
        };
        let values = timeout_at(scope.deadline(), self.credentials.values(slot));
        let values = values.await.map_err(|_| Refusal::Deadline(false))??;
        values.teach(&self.redactor);
        self.with_credential(scope, begun, admitted, slot, &Arc::new(values)).await
    }

    fn check(&self, request: Request, url: Url) -> Result<Admitted<'_>, Denied> {
        let method = allow::method(&request.method)?;
        let headers = allow::headers(&request.headers, &self.credential_headers)?;
        allow::body(request.body.as_ref().map_or(0, Bytes::len), self.limits.request_bytes)?;
        self.policy.decide(method.as_str(), &url)?;
        let slot = match &request.credential {
            Some(name) => Some(self.granted_slot(name, &url)?),
            None => None,
        };
        let budget = request.budget.unwrap_or_else(|| DEFAULT_BUDGET.to_owned());
        let allotment = self.allotment(&budget)?;
        Ok(Admitted { method, url, headers, body: request.body, slot, allotment, budget })
    }

    fn granted_slot(&self, name: &str, url: &Url) -> Result<&Slot, Denied> {
        let slot = self.credentials.slot(name, url)?;
        self.policy.slot(name)?;
        Ok(slot)
    }

    fn allotment(&self, budget: &str) -> Result<Allotment, Denied> {
        match self.allotments.iter().find(|(name, _)| name == budget) {
            Some((_, allotment)) => Ok(*allotment),
            None if budget == DEFAULT_BUDGET => Ok(Allotment::UNDECLARED),
            None => Err(Denied::new(
                "budget-unknown",
                "the request names a budget that the manifest does not declare; declare it under `budgets`",
            )),
        }
    }

    /// Says what a request counts against: the account that the operator named, else the secret itself, so that
    /// connections with the same token share its budget; the connection where there is no credential.
    fn budget_key(&self, credential: Option<(&Slot, &Values)>, budget: &str) -> BudgetKey {
        let account = match credential {
            None => format!("connection:{}", self.connection),
            Some((slot, values)) => match self.policy.account(&slot.name) {
                Some(account) => format!("account:{account}"),
                None => format!("secret:{}", hex::encode(values.fingerprint)),
            },
        };
        BudgetKey { account, budget: budget.to_owned() }
    }

    /// Sends with a credential; when a fetched token is answered by 401, fetches a new one and repeats once. Writes
    /// too: 401 says that the request was refused before it was processed.
    async fn with_credential(
        &self,
        scope: &CallScope,
        begun: &Begun<'_>,
        admitted: &Admitted<'_>,
        slot: &Slot,
        values: &Arc<Values>,
    ) -> Result<Received, Refusal> {
        let key = self.budget_key(Some((slot, values)), &admitted.budget);
        let mut stale = None;
        loop {
            let token = self.token(scope, begun, slot, values, stale.clone()).await?;
            let permit = self.permit(scope, begun, &key, admitted.allotment).await?;
            let mut outgoing = admitted.outgoing();
            values.attach(&slot.scheme, token.as_deref().map(|token| &token.value), &mut outgoing)?;
            let received = self.exchange(scope, begun, outgoing, permit).await?;
            match token {
                Some(token) if stale.is_none() && token::refuses(&slot.scheme, received.status) => stale = Some(token),
                _ => return Ok(received),
            }
        }
    }

    async fn token(
        &self,
        scope: &CallScope,
        begun: &Begun<'_>,
        slot: &Slot,
        values: &Arc<Values>,
        stale: Option<Arc<Token>>,
    ) -> Result<Option<Arc<Token>>, Refusal> {
        let Some(url) = &slot.token_url else { return Ok(None) };
        let place = self.tokens.slot(&self.connection, &slot.name, slot.fingerprint(values));
        let generation = stale.as_ref().map(|token| token.generation);
        let refused = stale.or_else(|| place.refused());
        let fetching = place.get(generation, self.clock.as_ref(), async {
            match slot.scheme {
                Scheme::Oauth2Refresh { .. } => self.refreshed(scope, slot, values, url, refused).await,
                _ => self.fetch_token(scope, slot, values, url).await,
            }
        });
        let token = timeout_at(scope.deadline(), fetching).await.map_err(|_| Refusal::Deadline(false))?;
        if let Err(Refusal::CredentialUnavailable(true)) = &token {
            begun.note(format!("credential `{}` was refused. {}", slot.name, slot.hint));
        }
        let token = token?;
        self.redactor.learn_tokens([&*token.value.expose()]);
        Ok(Some(token))
    }

    /// Fetches a token through the same pipeline. It counts as a request of the call, but not against its budgets.
    async fn fetch_token(
        &self,
        scope: &CallScope,
        slot: &Slot,
        values: &Arc<Values>,
        url: &Url,
    ) -> Result<Granted, Refusal> {
        let request = grant::request(&slot.scheme, values, url.clone(), None);
        let method = request.as_ref().map_or(Method::POST, |request| request.method.clone());
        let begun = scope.begin(method.as_str(), target::without_query_values(url), Effect::Read);
        let fetched = self.ask_for_token(scope, &begun, slot, values, request).await;
        fetched.map_err(|refusal| {
            let refusal = before_sending(refusal);
            begun.refused(refusal.clone());
            refusal
        })
    }

    async fn ask_for_token(
        &self,
        scope: &CallScope,
        begun: &Begun<'_>,
        slot: &Slot,
        values: &Values,
        request: Result<Outgoing, Refusal>,
    ) -> Result<Granted, Refusal> {
        begun.admit()?;
        let request = request?;
        self.policy.decide(request.method.as_str(), &request.url)?;
        let received = self.transfer(scope, begun, request).await?;
        let now = self.clock.now();
        token::read(&slot.scheme, values, &received, || {
            retry_after(&received.headers, now).unwrap_or(now.after(DEFAULT_HOLD))
        })
    }

    /// Waits for the budget when that is short, and says when to come again when it is not.
    async fn permit(
        &self,
        scope: &CallScope,
        begun: &Begun<'_>,
        key: &BudgetKey,
        allotment: Allotment,
    ) -> Result<BudgetPlace, Refusal> {
        begun.counts_against(key);
        let give_up = Moment::now() + MAX_WAIT.min(scope.remaining());
        loop {
            let now = self.clock.now();
            let free = match self.budgets.take(key, allotment, now) {
                Ok(permit) => return Ok(BudgetPlace { key: key.clone(), _permit: permit }),
                Err(free) => free,
            };
            let wait = free.since(now).max(Duration::from_millis(1));
            if Moment::now() + wait > give_up {
                return Err(Refusal::BudgetExhausted(free));
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn exchange(
        &self,
        scope: &CallScope,
        begun: &Begun<'_>,
        outgoing: Outgoing,
        place: BudgetPlace,
    ) -> Result<Received, Refusal> {
        let received = self.transfer(scope, begun, outgoing).await?;
        let now = self.clock.now();
        if matches!(received.status, 429 | 503)
            && let Some(until) = retry_after(&received.headers, now)
        {
            self.budgets.hold(&place.key, until, now);
        }
        Ok(received)
    }

    async fn transfer(&self, scope: &CallScope, begun: &Begun<'_>, outgoing: Outgoing) -> Result<Received, Refusal> {
        let place = timeout_at(scope.deadline(), self.places.acquire()).await.map_err(|_| Refusal::Deadline(false))?;
        let _place = place.map_err(|_| Refusal::NotSent("the connection is closed".into()))?;
        begun.leaves(outgoing.body.as_ref().map_or(0, Bytes::len));
        let sent = self.way.send(&self.connection, outgoing, scope.deadline()).await;
        let transferred = sent.map_err(Refusal::from);
        match &transferred {
            Ok(received) => {
                begun.answered(received.status, received.body.len());
                if let Some(seconds) = clock_ahead(&received.headers, self.clock.now()) {
                    begun.clock_ahead(seconds);
                }
            }
            Err(refusal) if !refusal.may_have_left() => begun.did_not_leave(),
            Err(_) => {}
        }
        transferred
    }

    fn response(&self, scope: &CallScope, number: u32, received: Received) -> Response {
        let header = |(name, value): (&HeaderName, &http::HeaderValue)| {
            let name = self.searched_name(scope, number, name);
            let value = self.searched(scope, number, &name, Bytes::copy_from_slice(value.as_bytes()));
            (name, String::from_utf8_lossy(&value).into_owned())
        };
        Response {
            number,
            status: received.status,
            headers: received.headers.iter().map(header).collect(),
            body: self.searched(scope, number, "body", received.body),
        }
    }

    /// Takes secrets out of a part of an answer, and reports that the remote gave one back: the operator should know.
    fn searched(&self, scope: &CallScope, request: u32, place: &str, bytes: Bytes) -> Bytes {
        match self.redactor.bytes(&bytes) {
            Some(clean) => {
                tracing::warn!(connection = %self.connection, request, place, "the answer had a secret value in it");
                scope.leaked(place, Some(request));
                clean
            }
            None => bytes,
        }
    }

    /// Returns the name of a header of an answer, or another one where a secret is in it.
    fn searched_name(&self, scope: &CallScope, request: u32, name: &HeaderName) -> String {
        if self.redactor.has_in_lower_case(name.as_str()) {
            tracing::warn!(connection = %self.connection, request, "the name of a header had a secret value in it");
            scope.leaked("header name", Some(request));
            return REDACTED_NAME.to_owned();
        }
        name.as_str().to_owned()
    }

    fn redacted(&self, refusal: Refusal) -> Refusal {
        match refusal {
            Refusal::NotSent(text) => Refusal::NotSent(self.redactor.text(text)),
            Refusal::SentNoAnswer(text) => Refusal::SentNoAnswer(self.redactor.text(text)),
            Refusal::Denied { code, message } => Refusal::Denied { code, message: self.redactor.text(message) },
            other => other,
        }
    }
}

/// A place in a budget, held until the answer is there.
struct BudgetPlace {
    key: BudgetKey,
    _permit: Permit,
}

impl Admitted<'_> {
    fn outgoing(&self) -> Outgoing {
        Outgoing {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Instant) -> Option<Instant> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(now.after(Duration::from_secs(seconds)));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    u64::try_from(date.as_millisecond()).ok().map(Instant)
}

/// Returns how many seconds a remote's clock is ahead of `now`, by its `Date`.
fn clock_ahead(headers: &HeaderMap, now: Instant) -> Option<i64> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let now = i64::try_from(now.0).ok()?;
    Some(date.as_millisecond().checked_sub(now)? / 1_000)
}

#[cfg(test)]
mod tests;
