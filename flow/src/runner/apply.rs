//! Sends intents, and records what became of them.

use wharf_host::model::{Action, Answer, Applied, Cause, Failure, Outcome, Trace};

use super::adoption::Said;
use super::belief::{Belief, under_its_id};
use super::decide::{Decided, Decision, Refusal};
use super::definition;
use super::policy::{Phase, Situation, is_repeatable, writes_of};
use super::run::Run;
use crate::RunEvent;
use crate::ledger::{Effect, Ending, ItemOfIntent, Resend, Settlement, StoredIntent, TargetResult};
use crate::problem::Error;
use crate::report::EffectKind;

impl Run<'_> {
    /// Makes the target intents of items durable, and sends them.
    pub(super) async fn begin(&self, items: Vec<Decided>) -> Result<(), Error> {
        let target = &self.runner.spec.target;
        // What is marked as sent but waits for its turn is asked about after a crash. Where the remote cannot be asked,
        // nothing is marked before its turn.
        let verifiable = self.is_verifiable(&target.connection, &target.entity, target.action);
        let early = if verifiable { None } else { self.permits.acquire().await.ok() };
        if self.runner.drain.has_begun() {
            return Ok(());
        }
        let mut begins = Vec::new();
        let mut intents = Vec::new();
        for Decided { item, decision } in items {
            let Decision::Write(intent) = decision else { continue };
            begins.push((item.n, item.version, (*intent).clone()));
            intents.push(StoredIntent {
                n: 0,
                id: intent.id,
                kind: EffectKind::Target,
                step: 0,
                connection: intent.connection,
                entity: intent.entity,
                action: intent.action,
                target: intent.target,
                expected_revision: intent.expected_revision,
                correlation: intent.correlation,
                unknown: false,
                alone: false,
                attempts: 0,
                asked: 0,
                absences: 0,
                told: None,
                document: Some(intent.document.unwrap_or_else(|| item.document.clone())),
                item: Some(ItemOfIntent {
                    entity: item.entity,
                    remote: item.remote,
                    document: Some(item.document),
                    result: TargetResult::default(),
                }),
            });
        }
        #[cfg(feature = "mutation")]
        if crate::mutation::is(crate::mutation::Mutation::SwappedOrder) {
            // What it tells is lost: the same intent is sent once more below, after it was made durable.
            let early: Vec<_> = intents.iter().map(StoredIntent::to_host).collect();
            drop(self.runner.endpoint(&target.connection)?.apply(&early).await);
        }
        let sent = self.runner.ledger.begin_items(self.lease, self.flow, begins).await?;
        let mut batch = Vec::new();
        for (mut intent, sent) in intents.into_iter().zip(sent) {
            let Some(sent) = sent else { continue };
            intent.n = sent.n;
            intent.id = sent.id;
            intent.correlation = sent.correlation;
            intent.attempts = sent.attempts;
            intent.alone = sent.alone;
            batch.push(intent);
        }
        let (alone, together): (Vec<_>, Vec<_>) = batch.into_iter().partition(|intent| intent.alone);
        let batches = alone.into_iter().map(|intent| vec![intent]).chain(Some(together));
        self.send(batches.filter(|batch| !batch.is_empty()).collect(), early).await
    }

    /// Sends intents that were planned before; write-backs are mapped first.
    pub(super) async fn send_again(&self, intents: Vec<StoredIntent>) -> Result<(), Error> {
        let (mut batch, mut refusals) = (Vec::new(), Vec::new());
        for mut intent in intents {
            let mapped = match intent.document {
                Some(_) => None,
                None => match self.runner.map_write_back(&intent) {
                    Ok(mapped) => Some(mapped),
                    Err(refusal) => {
                        refusals.push((intent, refusal));
                        continue;
                    }
                },
            };
            if let Some((target, document)) = &mapped {
                intent.target.clone_from(target);
                intent.document = Some(document.clone());
            }
            batch.push((intent, mapped));
        }
        self.refuse(refusals).await?;
        let Some((first, _)) = batch.first() else { return Ok(()) };
        let verifiable = self.is_verifiable(&first.connection, &first.entity, first.action);
        let early = if verifiable { None } else { self.permits.acquire().await.ok() };
        if self.runner.drain.has_begun() {
            return Ok(());
        }
        let (intents, resends): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|(intent, mapped)| (intent.clone(), Resend { intent: intent.n, mapped })).unzip();
        let sent = self.runner.ledger.send_again(self.lease, resends).await?;
        let batch: Vec<StoredIntent> =
            intents.into_iter().zip(sent).filter(|(_, sent)| *sent).map(|(intent, _)| intent).collect();
        self.send(Some(batch).filter(|batch| !batch.is_empty()).into_iter().collect(), early).await
    }

    async fn refuse(&self, refusals: Vec<(StoredIntent, Refusal)>) -> Result<(), Error> {
        let settlements = refusals.into_iter().map(|(intent, Refusal { parkings, message })| {
            let cause = parkings.first().map_or("invalid-record", |parking| parking.cause);
            (intent, Effect::Parked { cause, parkings, message })
        });
        self.settle(settlements.collect(), &Trace::default()).await
    }

    pub(super) fn is_verifiable(&self, connection: &str, entity: &str, action: Action) -> bool {
        let manifest = self.runner.endpoints.get(connection).map(|endpoint| endpoint.manifest());
        manifest
            .and_then(|manifest| definition::write_of(manifest, entity, action))
            .is_some_and(|write| write.verifiable)
    }

    /// Sends batches one after the other. A batch that fails as a whole without having written anything is halved until
    /// the one intent is found that it fails for.
    async fn send(
        &self,
        mut batches: Vec<Vec<StoredIntent>>,
        early: Option<tokio::sync::SemaphorePermit<'_>>,
    ) -> Result<(), Error> {
        let mut permit = early;
        while let Some(mut batch) = batches.pop() {
            if permit.is_none() {
                permit = self.permits.acquire().await.ok();
            }
            if self.lease.is_over(self.now()) {
                // This process was stopped for a while: somebody else may be at it.
                self.lease.renew().await?;
            }
            if self.lease.has_lapsed() {
                batch = self.runner.ledger.still_sent(self.flow, batch)?;
            }
            let draining = self.runner.drain.has_begun().then(|| self.now());
            if let Some(not_before) = draining.or_else(|| batch.first().and_then(|first| self.held_until(first))) {
                // Calls that were under way brought a hold, or the run comes to its end: this one is not made any more.
                let postponed = batch.into_iter().map(|intent| (intent, Effect::Postponed { not_before }));
                self.settle(postponed.collect(), &Trace::default()).await?;
                continue;
            }
            let (effects, trace, halves) = self.send_batch(batch).await?;
            batches.extend(halves);
            if batches.is_empty() {
                // The call is over; its record need not keep others from calling.
                drop(permit.take());
            }
            self.settle(effects, &trace).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, batch: Vec<StoredIntent>) -> Result<Sent, Error> {
        let Some(first) = batch.first() else { return Ok(Sent::default()) };
        let connection = first.connection.clone();
        let Ok(endpoint) = self.runner.endpoint(&connection) else {
            let message = format!("there is no connection `{connection}` any more; bring it back, then release");
            let failure = Failure { cause: Cause::ConfigInvalid { violations: Vec::new() }, message, evidence: None };
            let effects = batch.into_iter().map(|intent| (intent, self.parked(&failure)));
            return Ok((effects.collect(), Trace::default(), Vec::new()));
        };
        let intents: Vec<_> = batch.iter().map(StoredIntent::to_host).collect();
        let answer = endpoint.apply(&intents).await;
        match answer {
            Ok(Answer { value, trace }) if value.len() == batch.len() => {
                self.count_calls(&connection, &trace);
                let mut effects = Vec::with_capacity(batch.len());
                let size = batch.len();
                for (intent, outcome) in batch.into_iter().zip(value) {
                    let effect = self.effect_of(&intent, outcome, size, &trace).await?;
                    effects.push((intent, effect));
                }
                Ok((effects, trace, Vec::new()))
            }
            Ok(Answer { value, trace }) => {
                self.count_calls(&connection, &trace);
                let detail = format!("{} outcomes for {} intents", value.len(), batch.len());
                self.whole_batch_failed(batch, &internal(detail), trace).await
            }
            Err(error) => {
                self.count_calls(&connection, error.trace());
                let failure = failure_of(&error);
                let trace = error.trace().clone();
                self.whole_batch_failed(batch, &failure, trace).await
            }
        }
    }

    async fn effect_of(
        &self,
        intent: &StoredIntent,
        outcome: Outcome,
        size: usize,
        trace: &Trace,
    ) -> Result<Effect, Error> {
        let at = situation(intent, size, false, trace, self);
        if let Outcome::Failed(failure) = outcome {
            return self.react(intent, &failure, at).await;
        }
        self.remote_is_there(&intent.connection).await?;
        let found = matches!(outcome, Outcome::AlreadyApplied(_));
        match self.judge(intent, outcome, trace)? {
            Belief::Believed(Some(applied)) if found => self.adopt(intent, applied, Said::Ours).await,
            Belief::Believed(applied) => Ok(self.applied(intent, applied)),
            Belief::Refused(failure) => self.react(intent, &failure, at).await,
            Belief::Checked(effect) => Ok(effect),
        }
    }

    async fn whole_batch_failed(
        &self,
        batch: Vec<StoredIntent>,
        failure: &Failure,
        trace: Trace,
    ) -> Result<Sent, Error> {
        let size = batch.len();
        if let Some(first) = batch.first() {
            let at = situation(first, size, true, &trace, self);
            if super::policy::react(&failure.cause, &at) == super::policy::Reaction::Bisect {
                return Ok((Vec::new(), trace, halves(batch)));
            }
        }
        let mut effects = Vec::with_capacity(size);
        for intent in batch {
            let at = situation(&intent, size, true, &trace, self);
            let effect = self.react(&intent, failure, at).await?;
            effects.push((intent, effect));
        }
        Ok((effects, trace, Vec::new()))
    }

    pub(super) fn applied(&self, intent: &StoredIntent, applied: Option<Applied>) -> Effect {
        let item = intent.item.as_ref().filter(|_| intent.kind == EffectKind::Target);
        let write_backs = item.map(|item| self.runner.write_backs_of(item)).unwrap_or_default();
        Effect::Applied { applied: applied.map(|applied| under_its_id(intent, applied)), write_backs }
    }

    /// Records what became of intents, and tells how their items ended.
    pub(super) async fn settle(&self, effects: Vec<(StoredIntent, Effect)>, trace: &Trace) -> Result<(), Error> {
        if effects.is_empty() {
            return Ok(());
        }
        let requests = told(trace);
        let settlements = effects
            .iter()
            .map(|(intent, effect)| Settlement { intent: intent.n, effect: effect.clone(), requests: requests.clone() })
            .collect();
        let endings = self.runner.ledger.settle(self.lease, self.settler(), settlements).await?;
        self.forget_made(&effects);
        for ((intent, effect), ending) in effects.into_iter().zip(endings) {
            self.tell(intent, effect, ending);
        }
        Ok(())
    }

    fn tell(&self, intent: StoredIntent, effect: Effect, ending: Ending) {
        let Some(item) = intent.item else { return };
        let (entity, id) = (item.entity, item.remote);
        match (ending, effect) {
            (Ending::Open, _) => {}
            (Ending::Done, _) => {
                self.tally().done += 1;
                self.observer.event(&RunEvent::Done { entity, id });
            }
            (Ending::Parked(cause), Effect::Parked { message, .. } | Effect::Needs { message, .. }) => {
                self.observer.event(&RunEvent::Parked { entity, id, cause, message });
            }
            (Ending::Parked(cause), _) => {
                self.observer.event(&RunEvent::Parked { entity, id, cause, message: String::new() });
            }
        }
    }
}

/// What a call came to: an effect per intent, what was done, and batches that are still to be sent.
type Sent = (Vec<(StoredIntent, Effect)>, Trace, Vec<Vec<StoredIntent>>);

fn halves(mut batch: Vec<StoredIntent>) -> Vec<Vec<StoredIntent>> {
    let second = batch.split_off(batch.len() / 2);
    // The first half is sent first: batches are taken from the end.
    vec![second, batch]
}

pub(super) fn internal(detail: String) -> Failure {
    let message = format!("the connector does not keep the contract: {detail}; tell its author");
    Failure { cause: Cause::Internal { detail }, message, evidence: None }
}

pub(super) fn failure_of(error: &wharf_host::Error) -> Failure {
    let cause = error.cause().cloned().unwrap_or_else(|| Cause::Internal { detail: error.code().to_owned() });
    Failure { cause, message: error.to_string(), evidence: error.evidence().cloned() }
}

fn situation(intent: &StoredIntent, size: usize, whole: bool, trace: &Trace, run: &Run<'_>) -> Situation {
    Situation {
        phase: Phase::Apply,
        attempts: intent.attempts,
        size,
        whole,
        writes: writes_of(trace),
        repeatable: is_repeatable(trace, intent.action),
        verifiable: run.is_verifiable(&intent.connection, &intent.entity, intent.action),
        action: intent.action,
    }
}

/// How many requests of a call are kept for `why`.
const REQUESTS: usize = 20;

/// Writes the requests of a call, one a line.
pub(super) fn told(trace: &Trace) -> String {
    let line = |request: &wharf_host::model::RequestTrace| {
        let answer = match (request.status, &request.refusal) {
            (Some(status), _) => status.to_string(),
            (None, Some(refusal)) => refusal.clone(),
            (None, None) => "no answer".to_owned(),
        };
        format!("{} {} -> {answer} in {} ms", request.method, request.url, request.micros / 1000)
    };
    trace.requests.iter().take(REQUESTS).map(line).collect::<Vec<_>>().join("\n")
}
