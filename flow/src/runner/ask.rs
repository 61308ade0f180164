//! Asks the remote what became of writes whose outcome is unknown.

use wharf_host::model::{Action, Answer, Cause, Failure, Trace, Verdict};

use super::adoption::taken_for_another;
use super::apply::{failure_of, internal};
use super::belief::claimed;
use super::policy::{Phase, Reaction, Situation, Writes, react};
use super::run::Run;
use crate::ledger::{Effect, Parking, StoredIntent, Teller};
use crate::problem::Error;

/// How often a write may be repeated whose outcome stays unknown each time.
const REPEATS: u32 = 5;

/// From the first answer "not there" to the second question, in first delays: the remote may be slow to show it.
const SECOND_QUESTION: u32 = 2;

/// Answers "not there" after which a connector that said that it is there is accused. One more than a repetition takes,
/// as the first question may have come at once.
const ACCUSED: u32 = 3;

impl Run<'_> {
    /// Asks about intents. Those that the remote cannot be asked about are parked for a person.
    pub(super) async fn ask(&self, intents: Vec<StoredIntent>) -> Result<(), Error> {
        let (told, intents): (Vec<_>, Vec<_>) = intents.into_iter().partition(is_told_by_a_person);
        let bound = told.into_iter().filter_map(|intent| {
            let applied = claimed(&intent, intent.told.as_ref()?);
            let effect = self.applied(&intent, Some(applied));
            Some((intent, effect))
        });
        self.settle(bound.collect(), &Trace::default()).await?;
        let (to_ask, silent): (Vec<_>, Vec<_>) = intents
            .into_iter()
            .partition(|intent| self.is_verifiable(&intent.connection, &intent.entity, intent.action));
        let parked = silent.into_iter().map(|intent| {
            let effect = parked_unknown(&intent, "this remote cannot be asked");
            (intent, effect)
        });
        self.settle(parked.collect(), &Trace::default()).await?;
        let mut batches = vec![to_ask];
        while let Some(batch) = batches.pop() {
            if !batch.is_empty() {
                batches.extend(self.ask_batch(batch).await?);
            }
        }
        Ok(())
    }

    async fn ask_batch(&self, batch: Vec<StoredIntent>) -> Result<Vec<Vec<StoredIntent>>, Error> {
        #[cfg(feature = "mutation")]
        if crate::mutation::is(crate::mutation::Mutation::NoVerify) {
            let repeated = batch.into_iter().map(|intent| (intent, Effect::Repeat)).collect();
            self.settle(repeated, &Trace::default()).await?;
            return Ok(Vec::new());
        }
        let Some(first) = batch.first() else { return Ok(Vec::new()) };
        let connection = first.connection.clone();
        let permit = self.permits.acquire().await.ok();
        if self.runner.drain.has_begun() {
            return Ok(Vec::new());
        }
        let intents: Vec<_> = batch.iter().map(StoredIntent::to_host).collect();
        let answer = self.runner.endpoint(&connection)?.verify(&intents).await;
        drop(permit);
        let (verdicts, trace) = match answer {
            Ok(Answer { value, trace }) if value.len() == batch.len() => (value, trace),
            Ok(Answer { value, trace }) => {
                let failure = internal(format!("{} verdicts for {} intents", value.len(), batch.len()));
                return self.whole_question_failed(batch, &failure, &trace).await;
            }
            Err(error) => return self.whole_question_failed(batch, &failure_of(&error), error.trace()).await,
        };
        self.count_calls(&connection, &trace);
        let size = batch.len();
        let mut effects = Vec::with_capacity(size);
        for (intent, verdict) in batch.into_iter().zip(verdicts) {
            let effect = match verdict {
                Ok(verdict) => {
                    self.remote_is_there(&connection).await?;
                    self.answered(&intent, verdict).await?
                }
                Err(failure) => self.react(&intent, &failure, situation(&intent, size, false)).await?,
            };
            effects.push((intent, effect));
        }
        self.settle(effects, &trace).await?;
        Ok(Vec::new())
    }

    async fn whole_question_failed(
        &self,
        mut batch: Vec<StoredIntent>,
        failure: &Failure,
        trace: &Trace,
    ) -> Result<Vec<Vec<StoredIntent>>, Error> {
        let size = batch.len();
        if let Some(first) = batch.first() {
            self.count_calls(&first.connection, trace);
            if react(&failure.cause, &situation(first, size, true)) == Reaction::Bisect {
                let second = batch.split_off(size / 2);
                return Ok(vec![second, batch]);
            }
        }
        let mut effects = Vec::with_capacity(size);
        for intent in batch {
            let effect = self.react(&intent, failure, situation(&intent, size, true)).await?;
            effects.push((intent, effect));
        }
        self.settle(effects, trace).await?;
        Ok(Vec::new())
    }

    async fn answered(&self, intent: &StoredIntent, verdict: Verdict) -> Result<Effect, Error> {
        if let Some(told) = &intent.told {
            match verdict {
                Verdict::Absent if intent.absences + 1 >= ACCUSED => return self.caught(intent, told).await,
                Verdict::Absent => {
                    return Ok(Effect::Absent { ask_at: self.ask_at(intent.absences * SECOND_QUESTION) });
                }
                Verdict::Inconclusive(why) => return Ok(self.unchecked(intent, told, &why)),
                _ => {}
            }
        }
        Ok(match verdict {
            Verdict::Found(applied) if applied.id.is_empty() && intent.action == Action::Create => {
                parked_unknown(intent, "the connector says that it is there, and not as what")
            }
            Verdict::Found(applied) => {
                if self.finds_both(intent, &applied).await? {
                    let text = format!("the connector finds `{}` for two documents", applied.id);
                    return Ok(parked_unknown(intent, &text));
                }
                if let Some(lie) = self.names_another(intent, &applied)?
                    && self.is_another_there(intent, &applied).await?
                {
                    return Ok(parked_unknown(intent, &format!("the connector does not keep the contract: {lie}")));
                }
                if self.finds_anything(intent, &applied.id, false).await? {
                    let why = self.distrust(intent, &applied.id).await?;
                    return Ok(parked_unknown(intent, &why.message));
                }
                if self.knows_by_content(intent, &applied.id).await? {
                    return Ok(parked_unknown(intent, &taken_for_another(&applied.id)));
                }
                self.note_proven(intent);
                self.applied(intent, Some(applied))
            }
            Verdict::Absent if intent.absences == 0 => Effect::Absent { ask_at: self.ask_at(SECOND_QUESTION) },
            Verdict::Absent if intent.attempts >= REPEATS => {
                parked_unknown(intent, &format!("it was repeated {REPEATS} times and is never there"))
            }
            Verdict::Absent => Effect::Repeat,
            Verdict::Inconclusive(why) => parked_unknown(intent, &why),
        })
    }
}

fn is_told_by_a_person(intent: &StoredIntent) -> bool {
    intent.told.as_ref().is_some_and(|told| told.by == Teller::Person)
}

fn situation(intent: &StoredIntent, size: usize, whole: bool) -> Situation {
    Situation {
        phase: Phase::Verify,
        attempts: intent.asked,
        size,
        whole,
        writes: Writes::NoneSent,
        repeatable: false,
        verifiable: true,
        action: intent.action,
    }
}

/// Parks an intent until a person says whether it took effect.
pub(super) fn parked_unknown(intent: &StoredIntent, why: &str) -> Effect {
    let cause = Cause::OutcomeUnknown.code();
    let message = format!(
        "it may have taken effect, and {why}; look for `{}` in `{}`, then `wharf resolve` it as absent or with its id",
        intent.correlation, intent.connection
    );
    let parkings = vec![Parking { cause, place: intent.connection.clone(), key: String::new(), by_flow: false }];
    Effect::Parked { cause, parkings, message }
}
