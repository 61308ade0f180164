//! Carries out what the policy decided about a failure.

use std::time::Duration;

use wharf_host::model::{Applied, Cause, Failure, Instant};

use super::adoption::Said;
use super::ask::parked_unknown;
use super::decide::{refused, unmapped};
use super::explain::{Found, find};
use super::mint;
use super::policy::{Pace, Phase, Reaction, Situation, delay, is_doubtful, react};
use super::run::Run;
use crate::RunEvent;
use crate::ledger::{Effect, NewDependency, NewHold, NewIntent, Parking, StoredIntent};
use crate::mapping::{Path, document_at};
use crate::problem::Error;
use crate::report::{EffectKind, Hold, HoldScope};
use crate::schedule::mix;

/// How long a connection is held when the remote asked for fewer calls and did not say until when.
const RATE_LIMIT: Duration = Duration::from_secs(60);

/// Shortest time that a rate limit holds a connection.
const SHORTEST_HOLD: Duration = Duration::from_secs(1);

/// Largest document that is kept to show what stands in the way of another, in bytes.
const LARGEST_SIDE: usize = 256 << 10;

/// Failures in a row, over all documents, after which a remote counts as not there.
const BREAKER: u32 = 3;

/// Tells whether what others need is there, although it says something else than the document that it was to be made from:
/// who needs it asked for somebody who has that key, and gave the document only because nobody had.
fn is_met(intent: &StoredIntent, failure: &Failure) -> bool {
    intent.kind == EffectKind::Dependency && matches!(failure.cause, Cause::Conflict { existing_id: Some(_), .. })
}

impl Run<'_> {
    /// Decides and prepares what happens to an intent that failed. Holds are put here; the effect is to be recorded.
    pub(super) async fn react(&self, intent: &StoredIntent, failure: &Failure, at: Situation) -> Result<Effect, Error> {
        let reaction = react(&failure.cause, &at);
        if !matches!(reaction, Reaction::Unreachable { .. }) && failure.cause != Cause::OutcomeUnknown {
            self.remote_is_there(&intent.connection).await?;
        }
        let effect = match reaction {
            Reaction::Retry(pace) => self.again(intent, failure, self.later(intent, pace, at.attempts), true, at.phase),
            Reaction::Unreachable { until } => self.unreachable(intent, failure, until, &at).await?,
            Reaction::HoldConnection { until } => {
                let until = self.limit_end(until);
                self.hold_connection(&intent.connection, failure, Some(until), 0).await?;
                self.again(intent, failure, until, false, at.phase)
            }
            Reaction::PauseConnection => {
                self.pause_connection(&intent.connection, failure).await?;
                self.again(intent, failure, self.now(), false, at.phase)
            }
            Reaction::StopWrites | Reaction::StopFeed => {
                let scope = HoldScope::Writes(intent.connection.clone(), intent.entity.clone(), intent.action);
                self.hold(scope, failure, None, 0).await?;
                self.again(intent, failure, self.now(), false, at.phase)
            }
            Reaction::Verify => Effect::Unknown {
                ask_at: self.ask_at(0),
                // A call of many that broke off tells nothing about each: they are repeated one by one, if at all.
                alone: at.whole && at.size > 1,
                counts: true,
                message: failure.message.clone(),
            },
            Reaction::ParkUnknown => parked_unknown(intent, &format!("this remote cannot tell: {}", failure.message)),
            Reaction::Bind { id: Some(id) } => {
                self.adopt(intent, Applied { id, revision: None, number: None }, Said::Alike).await?
            }
            Reaction::Bind { id: None } => self.applied(intent, None),
            Reaction::Done => self.applied(intent, None),
            Reaction::Need { entity, key } => self.need(intent, failure, &entity, &key, at.attempts),
            // Under no id: the same record may be what another document was made into.
            Reaction::Park if is_met(intent, failure) => self.applied(intent, None),
            Reaction::Park | Reaction::Bisect | Reaction::ShrinkPage => {
                if let Cause::Conflict { existing_id: Some(id), .. } = &failure.cause {
                    self.note_conflict(intent, id).await?;
                }
                self.parked(failure)
            }
            Reaction::StopRun => {
                self.again(intent, failure, self.later(intent, Pace::Short, at.attempts), false, at.phase)
            }
        };
        Ok(if is_doubtful(&at) { self.asked_before(effect) } else { effect })
    }

    /// Has the remote asked before a create is sent again.
    fn asked_before(&self, effect: Effect) -> Effect {
        match effect {
            Effect::Again { not_before, counts, alone, message, .. } => {
                let message = format!("by its answer the remote may have done it, and the connector says: {message}");
                Effect::Unknown { ask_at: not_before.max(self.ask_at(0)), alone, counts, message }
            }
            other => other,
        }
    }

    /// Reads what stands in the way of an intent, so that both sides can be shown. That it cannot be read stops nothing.
    async fn note_conflict(&self, intent: &StoredIntent, existing_id: &str) -> Result<(), Error> {
        let endpoint = self.runner.endpoint(&intent.connection)?;
        let theirs = match find(endpoint.as_ref(), &intent.entity, existing_id).await {
            Found::Item(item) if item.document.len() <= LARGEST_SIDE => Some(item.document.as_bytes().to_vec()),
            _ => None,
        };
        self.runner.ledger.note_conflict(self.lease, intent.n, existing_id.to_owned(), theirs).await?;
        Ok(())
    }

    /// Returns until when a connection is held that was called too often. A time that is over already, from a remote
    /// whose clock is behind, would let everybody call again at once.
    pub(super) fn limit_end(&self, told: Option<Instant>) -> Instant {
        let now = self.now();
        told.map_or_else(|| now.after(RATE_LIMIT), |told| told.max(now.after(SHORTEST_HOLD)))
    }

    pub(super) fn later(&self, intent: &StoredIntent, pace: Pace, attempts: u32) -> Instant {
        let seed = u64::from_ne_bytes(intent.n.to_ne_bytes()) ^ mix(self.now().0);
        self.now().after(delay(pace, attempts, seed))
    }

    /// Again later: sent again, or asked about again.
    fn again(&self, intent: &StoredIntent, failure: &Failure, at: Instant, counts: bool, phase: Phase) -> Effect {
        let message = failure.message.clone();
        match phase {
            Phase::Verify => Effect::AskAgain { ask_at: at, counts: false, message },
            Phase::Apply | Phase::Pull => {
                let alone = intent.alone;
                Effect::Again { not_before: at, counts, alone, cause: failure.cause.code(), message }
            }
        }
    }

    pub(super) fn parked(&self, failure: &Failure) -> Effect {
        Effect::Parked {
            cause: failure.cause.code(),
            parkings: parkings_of(&failure.cause),
            message: failure.message.clone(),
        }
    }

    /// While the remote answers others, a document that it fails for is to blame and its failures count. When it
    /// answers nobody, nobody calls it for a while, and nothing counts.
    async fn unreachable(
        &self,
        intent: &StoredIntent,
        failure: &Failure,
        until: Option<Instant>,
        at: &Situation,
    ) -> Result<Effect, Error> {
        // A time that is over already says nothing.
        let until = until.filter(|until| *until > self.now());
        let streak = self.fail(&intent.connection, failure, until).await?;
        let counts = streak < BREAKER && until.is_none();
        if counts && at.phase == Phase::Apply && at.attempts >= POISON {
            return Ok(self.parked(failure));
        }
        let later = self.later(intent, Pace::Short, at.attempts);
        Ok(self.again(intent, failure, until.map_or(later, |until| until.max(later)), counts, at.phase))
    }

    /// Notes that a remote was not there; returns how many times in a row. Holds the connection when it goes on, or
    /// when the remote said until when.
    pub(super) async fn fail(&self, connection: &str, failure: &Failure, until: Option<Instant>) -> Result<u32, Error> {
        let before = self.hold_table().streak(connection);
        let streak = {
            let mut streaks = self.streaks();
            let streak = streaks.entry(connection.to_owned()).or_insert(before);
            *streak = streak.saturating_add(1);
            *streak
        };
        if until.is_some() || streak >= BREAKER {
            let opens = self.now().after(delay(Pace::Short, streak.saturating_sub(BREAKER), mix(self.now().0)));
            let until = until.map_or(opens, |until| until.max(self.now()));
            self.hold_connection(connection, failure, Some(until), streak).await?;
        }
        Ok(streak)
    }

    /// Notes that a remote answered.
    pub(super) async fn remote_is_there(&self, connection: &str) -> Result<(), Error> {
        let before = self.streaks().insert(connection.to_owned(), 0);
        let was_down = before.is_some_and(|streak| streak >= BREAKER) || self.hold_table().streak(connection) > 0;
        if was_down && before != Some(0) {
            self.runner.ledger.lift_outage(connection).await?;
            self.refresh_holds()?;
        }
        Ok(())
    }

    pub(super) async fn hold_connection(
        &self,
        connection: &str,
        failure: &Failure,
        until: Option<Instant>,
        streak: u32,
    ) -> Result<(), Error> {
        self.hold(HoldScope::Connection(connection.to_owned()), failure, until, streak).await
    }

    /// Stops a connection until a person changed something. When its credential was refused, so are the other connections
    /// that cannot do without the same one.
    pub(super) async fn pause_connection(&self, connection: &str, failure: &Failure) -> Result<(), Error> {
        self.hold_connection(connection, failure, None, 0).await?;
        if !matches!(failure.cause, Cause::AuthRevoked | Cause::AuthExpired) {
            return Ok(());
        }
        let all = &self.runner.settings.credentials;
        let Some(refused) = all.get(connection).filter(|names| !names.is_empty()) else { return Ok(()) };
        let shares = |names: &Vec<String>| refused.iter().all(|name| names.contains(name));
        for (other, _) in all.iter().filter(|(other, names)| *other != connection && shares(names)) {
            self.hold_connection(other, failure, None, 0).await?;
        }
        Ok(())
    }

    /// Puts a hold, and tells of it if it is another one than before.
    pub(super) async fn hold(
        &self,
        scope: HoldScope,
        failure: &Failure,
        until: Option<Instant>,
        streak: u32,
    ) -> Result<(), Error> {
        let mark = match (&scope, &failure.cause) {
            (HoldScope::Connection(name), Cause::AuthRevoked | Cause::AuthExpired) => {
                self.runner.settings.marks().remove(name)
            }
            _ => None,
        };
        let message = match until {
            Some(_) => failure.message.clone(),
            None => {
                format!("{}; once that is settled, `{}` lets it go on", failure.message, released_by(&scope, failure))
            }
        };
        let hold = Hold {
            scope: scope.clone(),
            cause: failure.cause.code().to_owned(),
            message: message.clone(),
            since: self.now(),
            until,
            who: None,
        };
        let cause = failure.cause.code();
        let news = self.runner.ledger.hold(NewHold { scope, cause, message, until, streak, mark }).await?;
        self.refresh_holds()?;
        if news {
            self.observer.event(&RunEvent::Held(hold));
        }
        Ok(())
    }

    fn need(&self, intent: &StoredIntent, failure: &Failure, entity: &str, key: &str, attempts: u32) -> Effect {
        let rules = &self.runner.definition.dependencies;
        let Some(rule) = rules.iter().find(|dependency| dependency.rule.entity == entity) else {
            return self.parked(failure);
        };
        let document = intent.document.as_ref().and_then(|document| {
            let keyed = rule.key.as_ref().map(|path: &Path| (path, key));
            document_at(document.as_bytes(), &rule.path, keyed)
        });
        let Some(document) = document else {
            let message = format!(
                "{}; the document has nothing at `{}` to make it from, correct `from` of the dependency",
                failure.message, rule.rule.from
            );
            return self.parked(&Failure { message, ..failure.clone() });
        };
        let installation = self.runner.ledger.installation();
        let wanted = NewIntent {
            id: self.runner.mint_id(),
            kind: EffectKind::Dependency,
            step: 0,
            connection: intent.connection.clone(),
            entity: entity.to_owned(),
            action: rule.rule.action,
            target: None,
            expected_revision: None,
            correlation: mint::correlation(installation, &["dependency", &intent.connection, entity, key]),
            document: Some(document),
        };
        Effect::Needs {
            dependency: Box::new(NewDependency { key: key.to_owned(), intent: wanted }),
            retry_at: (attempts < DEPENDENCY_ATTEMPTS).then(|| self.later(intent, Pace::Short, attempts)),
            message: failure.message.clone(),
        }
    }
}

/// Returns the command that lifts a hold without an end.
fn released_by(scope: &HoldScope, failure: &Failure) -> String {
    match scope {
        HoldScope::Connection(name) => format!("wharf release --connection {name}"),
        _ => format!("wharf release --cause {}", failure.cause.code()),
    }
}

/// Failures of one document, while the remote answers others, after which it is parked.
const POISON: u32 = 10;

/// How often a document is tried again whose dependency was made and is still said to be missing.
const DEPENDENCY_ATTEMPTS: u32 = 5;

/// Under what an item is filed that failed for a cause.
fn parkings_of(cause: &Cause) -> Vec<Parking> {
    let one = |place: &str, key: &str| {
        vec![Parking { cause: cause.code(), place: place.to_owned(), key: key.to_owned(), by_flow: false }]
    };
    match cause {
        Cause::MappingMissing { missing } if !missing.is_empty() => {
            missing.iter().map(|missing| unmapped(missing, false)).collect()
        }
        Cause::InvalidRecord { violations } => {
            let mut parkings = refused(violations).parkings;
            parkings.iter_mut().for_each(|parking| parking.by_flow = false);
            parkings
        }
        Cause::NotFound { entity, key, .. } | Cause::DependencyMissing { entity, key } => one(entity, key),
        Cause::Conflict { existing_id, .. } => one("", existing_id.as_deref().unwrap_or_default()),
        Cause::Precondition { state } => one(state, ""),
        Cause::Unsupported { capability } => one(capability, ""),
        Cause::EgressDenied { rule, target } => one(rule, target),
        _ => one("", ""),
    }
}
