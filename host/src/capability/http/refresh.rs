//! Refresh tokens that count once: the one that replaces another is durable before its access token is used, and one
//! refresh serves all who wait, in every process that shares the store.
//!
//! Who refreshes says so in the store first; the others wait for what it puts there. A refresh whose request has left goes
//! on when its call is dropped, because what it brings is the only token that the remote still takes.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant as Moment, sleep};
use url::Url;
use zeroize::Zeroizing;

use super::auth::{Slot, Values};
use super::seal::{Seal, Tokens};
use super::send::{Outgoing, Received};
use super::token::{self, Granted, Token};
use super::way::Way;
use super::{Begun, CallScope, DEFAULT_HOLD, Egress, Refusal, before_sending, grant, retry_after};
use crate::manifest::Scheme;
use crate::model::Effect;
use crate::policy::target;
use crate::secret::Secret;
use crate::store::{KeptToken, Store, StoreUnavailable};
use crate::surroundings::Clock;

/// A refresh takes so long at most.
const REFRESH_TIME: Duration = Duration::from_secs(20);

/// After so long another host may refresh, because the one that said so has died.
const BUSY: Duration = Duration::from_secs(30);

/// Who waits for another host looks again after so long.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A new token is put into the store so often at most, until the store takes it.
const KEEP_ATTEMPTS: u32 = 5;

/// Refreshes whose request is about to leave or has left, in this process.
static RUNNING: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Waits until every refresh token that is being replaced is kept, in all hosts of this process. It takes 25 s at most, and no
/// time when there is none. A program that ends without it may leave a token behind that counts no more.
pub async fn tokens_kept() {
    // It would fail if the sender were gone, which is there for ever.
    let mut running = RUNNING.subscribe();
    let _none = running.wait_for(|running| *running == 0).await;
}

/// Counts a refresh as running until it is dropped.
struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.send_modify(|running| *running += 1);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.send_modify(|running| *running = running.saturating_sub(1));
    }
}

/// One refresh that was announced in the store: everything that it needs to end without its call.
struct Refresh {
    place: Place,
    way: Arc<Way>,
    clock: Arc<dyn Clock>,
    scheme: Scheme,
    values: Arc<Values>,
    seal: Seal,
    /// What the announcement put there.
    announced: KeptToken,
    used: Zeroizing<String>,
}

/// Where tokens are kept.
#[derive(Clone)]
struct Place {
    connection: String,
    slot: String,
    store: Arc<dyn Store>,
}

/// The end of a refresh, as its call hears of it.
struct Ended {
    /// Status and bytes of the answer; none when there was none.
    answer: Option<(u16, usize)>,
    may_have_left: bool,
    result: Result<(Granted, Secret), Refusal>,
}

impl Egress {
    /// Returns the access token that is kept, or refreshes it. `refused` is one that the remote does not take any more.
    pub(super) async fn refreshed(
        &self,
        scope: &CallScope,
        slot: &Slot,
        values: &Arc<Values>,
        url: &Url,
        refused: Option<Arc<Token>>,
    ) -> Result<Granted, Refusal> {
        let place =
            Place { connection: self.connection.clone(), slot: slot.name.clone(), store: Arc::clone(&self.store) };
        let (seal, first) = (self.seal(slot, values)?, values.text("refresh-token")?);
        loop {
            let kept = place.kept().await?;
            let tokens = kept.as_ref().and_then(|kept| seal.open(&kept.sealed));
            let now = self.clock.now();
            if let Some(tokens) = &tokens {
                self.redactor.learn_tokens([tokens.refresh.as_bytes(), tokens.access.as_bytes()]);
                let is_refused =
                    refused.as_ref().is_some_and(|token| *token.value.expose() == *tokens.access.as_bytes());
                if now < tokens.renew_at() && !is_refused {
                    return Ok(Granted::kept(&tokens.access, tokens.renew_at(), tokens.expires_at(), now));
                }
            }
            let is_busy = kept.as_ref().and_then(|kept| kept.busy_until).is_some_and(|until| now < until);
            if is_busy {
                sleep(LOOK_AGAIN).await;
                continue;
            }
            let Some(announced) = place.announce(kept, now.after(BUSY)).await? else { continue };
            let used = Zeroizing::new(tokens.as_ref().map_or(first, |tokens| &tokens.refresh).to_owned());
            let refresh = Refresh {
                place,
                way: Arc::clone(&self.way),
                clock: Arc::clone(&self.clock),
                scheme: slot.scheme.clone(),
                values: Arc::clone(values),
                seal,
                announced,
                used,
            };
            return self.refresh(scope, refresh, url).await;
        }
    }

    fn seal(&self, slot: &Slot, values: &Values) -> Result<Seal, Refusal> {
        Seal::new(&self.connection, &slot.name, values.part("refresh-token")?).map_err(|error| {
            tracing::error!(connection = %self.connection, slot = %slot.name, "refresh token: {error}");
            Refusal::CredentialUnavailable(false)
        })
    }

    /// Refreshes as one request of the call.
    async fn refresh(&self, scope: &CallScope, refresh: Refresh, url: &Url) -> Result<Granted, Refusal> {
        let begun = scope.begin("POST", target::without_query_values(url), Effect::Read);
        let refreshed = self.refresh_begun(&begun, refresh, url).await;
        refreshed.map_err(|refusal| {
            let refusal = before_sending(refusal);
            begun.refused(refusal.clone());
            refusal
        })
    }

    async fn refresh_begun(&self, begun: &Begun<'_>, refresh: Refresh, url: &Url) -> Result<Granted, Refusal> {
        let request = self.refresh_request(begun, &refresh, url);
        let request = match request {
            Ok(request) => request,
            Err(refusal) => {
                refresh.give_up().await;
                return Err(refusal);
            }
        };
        begun.leaves(request.body.as_ref().map_or(0, bytes::Bytes::len));
        // Not a part of the call from here on: dropped with it, the new token would be lost.
        let counted = Running::begin();
        let running = tokio::spawn(async move {
            let ended = refresh.run(request).await;
            drop(counted);
            ended
        });
        let Ok(ended) = running.await else { return Err(Refusal::CredentialUnavailable(false)) };
        match ended.answer {
            Some((status, bytes)) => begun.answered(status, bytes),
            None if !ended.may_have_left => begun.did_not_leave(),
            None => {}
        }
        let (granted, refresh) = ended.result?;
        self.redactor.learn_tokens([&*refresh.expose()]);
        Ok(granted)
    }

    fn refresh_request(&self, begun: &Begun<'_>, refresh: &Refresh, url: &Url) -> Result<Outgoing, Refusal> {
        begun.admit()?;
        let request = grant::request(&refresh.scheme, &refresh.values, url.clone(), Some(&refresh.used))?;
        self.policy.decide(request.method.as_str(), &request.url)?;
        Ok(request)
    }
}

impl Place {
    async fn kept(&self) -> Result<Option<KeptToken>, Refusal> {
        self.store.kept_token(&self.connection, &self.slot).await.map_err(|error| self.unavailable(&error))
    }

    /// Says that this host refreshes now; none when another was faster.
    async fn announce(
        &self,
        kept: Option<KeptToken>,
        until: crate::model::Instant,
    ) -> Result<Option<KeptToken>, Refusal> {
        let (version, sealed) = kept.map_or((0, Vec::new()), |kept| (kept.version, kept.sealed));
        let announced = KeptToken { version: version.saturating_add(1), sealed, busy_until: Some(until) };
        let put = self.store.keep_token(&self.connection, &self.slot, announced.clone()).await;
        Ok(put.map_err(|error| self.unavailable(&error))?.then_some(announced))
    }

    /// Puts a new token there, whatever has happened to the announcement: it is the one that the remote takes.
    async fn keep(&self, sealed: &[u8]) -> Result<(), StoreUnavailable> {
        let mut last = StoreUnavailable("another host changes it all the time".into());
        for attempt in 0..KEEP_ATTEMPTS {
            match self.keep_once(sealed).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    last = error;
                    sleep(LOOK_AGAIN * (attempt + 1)).await;
                }
            }
        }
        Err(last)
    }

    async fn keep_once(&self, sealed: &[u8]) -> Result<bool, StoreUnavailable> {
        let version = self.store.kept_token(&self.connection, &self.slot).await?.map_or(0, |kept| kept.version);
        let kept = KeptToken { version: version.saturating_add(1), sealed: sealed.to_vec(), busy_until: None };
        self.store.keep_token(&self.connection, &self.slot, kept).await
    }

    fn unavailable(&self, error: &StoreUnavailable) -> Refusal {
        let (connection, slot) = (&self.connection, &self.slot);
        tracing::error!(%connection, %slot, "refresh token cannot be read or kept: {error}");
        Refusal::CredentialUnavailable(false)
    }
}

impl Refresh {
    async fn run(self, request: Outgoing) -> Ended {
        let sent = self.way.send(&self.place.connection, request, Moment::now() + REFRESH_TIME).await;
        let received = match sent.map_err(Refusal::from) {
            Ok(received) => received,
            Err(refusal) => {
                self.give_up().await;
                return Ended { answer: None, may_have_left: refusal.may_have_left(), result: Err(refusal) };
            }
        };
        let answer = Some((received.status, received.body.len()));
        Ended { answer, may_have_left: true, result: self.taken(&received).await }
    }

    async fn taken(self, received: &Received) -> Result<(Granted, Secret), Refusal> {
        let now = self.clock.now();
        let until = || retry_after(&received.headers, now).unwrap_or(now.after(DEFAULT_HOLD));
        let granted = match token::read(&self.scheme, &self.values, received, until) {
            Ok(granted) => granted,
            Err(refusal) => {
                self.give_up().await;
                return Err(refusal);
            }
        };
        let refresh = token::replaced(&received.body).unwrap_or_else(|| self.used.clone());
        let (renew_at, expires_at) = granted.times(now);
        let access = String::from_utf8_lossy(&granted.value().expose()).into_owned();
        let tokens = Tokens::new(refresh.to_string(), access, renew_at, expires_at);
        let sealed = self.seal.seal(&tokens).map_err(|error| self.lost(&error))?;
        self.place.keep(&sealed).await.map_err(|error| self.lost(&error))?;
        Ok((granted, Secret::new(refresh.as_bytes())))
    }

    /// Takes the announcement back, so that the next may try.
    async fn give_up(self) {
        let Self { place, announced, .. } = self;
        let kept =
            KeptToken { version: announced.version.saturating_add(1), sealed: announced.sealed, busy_until: None };
        // When this fails the announcement ends by itself.
        if let Err(error) = place.store.keep_token(&place.connection, &place.slot, kept).await {
            tracing::warn!(connection = %place.connection, slot = %place.slot, "refresh: {error}");
        }
    }

    fn lost(&self, error: &dyn std::error::Error) -> Refusal {
        let (connection, slot) = (&self.place.connection, &self.place.slot);
        tracing::error!(
            %connection, %slot,
            "a new refresh token could not be kept ({error}); sign in again and set `refresh-token` if the remote refuses"
        );
        Refusal::CredentialUnavailable(false)
    }
}
