//! Which outcomes are believed. What a connector says is held against what the host saw on the wire, against what the
//! ledger knows, and now and then against the remote itself.

use std::hash::{DefaultHasher, Hash, Hasher};

use wharf_host::model::{Action, Applied, Cause, Document, Failure, Instant, Intent, Outcome, Trace, Verdict};

use super::apply::internal;
use super::ask::parked_unknown;
use super::policy::{Writes, writes_of};
use super::run::Run;
use crate::ledger::{Effect, StoredIntent, Teller, Told};
use crate::problem::Error;
use crate::report::HoldScope;

/// What is thought of a success that a connector reports.
pub(super) enum Belief {
    /// It is taken at its word.
    Believed(Option<Applied>),
    /// It cannot be true as it is told.
    Refused(Failure),
    /// It may be true; the remote is asked.
    Checked(Effect),
}

/// Draws a number for an intent: by its correlation, so that a run that is replayed draws the same.
fn draw(correlation: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    correlation.hash(&mut hasher);
    hasher.finish()
}

impl Run<'_> {
    /// Judges an outcome that says that an intent took effect.
    pub(super) fn judge(&self, intent: &StoredIntent, outcome: Outcome, trace: &Trace) -> Result<Belief, Error> {
        let creates = intent.action == Action::Create;
        let (applied, wrote) = match outcome {
            Outcome::Applied(applied) => (applied, true),
            Outcome::AlreadyApplied(applied) => (applied, false),
            Outcome::NothingToDo | Outcome::Failed(_) if creates => {
                return Ok(refused("it says that there was nothing to do for a create, and names no document"));
            }
            Outcome::NothingToDo | Outcome::Failed(_) => return Ok(Belief::Believed(None)),
        };
        if creates && applied.id.is_empty() {
            return Ok(refused("it says that it created a document, and does not say which"));
        }
        if creates && !wrote && trace.requests.iter().all(|request| !request.sent) {
            return Ok(refused("it says that the document is there already, and asked nobody"));
        }
        if wrote && writes_of(trace) == Writes::NoneSent {
            return Ok(refused("it says that it wrote, and sent nothing that writes"));
        }
        if let Some(lie) = self.names_another(intent, &applied)? {
            return Ok(refused(&lie));
        }
        if !wrote {
            return Ok(Belief::Believed(Some(applied)));
        }
        Ok(match self.suspicion(intent, &applied)? {
            Some((by, ask_at, message)) => {
                let told = Told { id: applied.id.clone(), by };
                Belief::Checked(Effect::Claimed { told, applied, ask_at, message })
            }
            None => Belief::Believed(Some(applied)),
        })
    }

    /// Says that a change of one document is told of as one of another document of the flow. A document that is written
    /// anew because it was gone may have any other id.
    pub(super) fn names_another(&self, intent: &StoredIntent, applied: &Applied) -> Result<Option<String>, Error> {
        let Some(target) = intent.target.as_deref().filter(|target| *target != applied.id) else { return Ok(None) };
        let another = self.of_another(intent, &applied.id)?.is_some();
        let lie = || format!("it was to change `{target}` and says that it is `{}`, another document", applied.id);
        Ok(another.then(lie))
    }

    /// Tells whether a connector that gave one id for two documents finds it as both of them. Where the older one is gone, the
    /// remote gives its ids anew, as one does that was set up again.
    pub(super) async fn finds_both(&self, intent: &StoredIntent, found: &Applied) -> Result<bool, Error> {
        let again = intent.told.as_ref().is_some_and(|told| told.by == Teller::ConnectorAgain && told.id == found.id);
        let other = if again { self.runner.ledger.bound_elsewhere(intent, &found.id)? } else { None };
        match other {
            Some(other) => self.is_there_as_well(intent, other, found).await,
            None => Ok(false),
        }
    }

    /// Tells whether another document of the flow, whose id is told of for a change of this one, is still there under it.
    pub(super) async fn is_another_there(&self, intent: &StoredIntent, found: &Applied) -> Result<bool, Error> {
        match self.of_another(intent, &found.id)? {
            Some(other) => self.is_there_as_well(intent, other, found).await,
            None => Ok(false),
        }
    }

    fn of_another(&self, intent: &StoredIntent, id: &str) -> Result<Option<(String, String)>, Error> {
        let known = if id.is_empty() { None } else { self.runner.ledger.of_another_item(self.flow, intent, id)? };
        Ok(known)
    }

    /// Tells whether a connector finds an older document, by intent and correlation text, as this one too.
    async fn is_there_as_well(
        &self,
        intent: &StoredIntent,
        (id, correlation): (String, String),
        found: &Applied,
    ) -> Result<bool, Error> {
        // Only its correlation text tells them apart: what was written is not kept.
        let older = Intent { id, correlation, document: Document::new("{}"), ..intent.to_host() };
        let answer = self.runner.endpoint(&intent.connection)?.verify(&[older]).await;
        let verdicts = answer.map(|answer| {
            self.count_calls(&intent.connection, &answer.trace);
            answer.value
        });
        let found_as_well =
            |verdict: &Result<Verdict, Failure>| matches!(verdict, Ok(Verdict::Found(one)) if one.id == found.id);
        Ok(verdicts.is_ok_and(|verdicts| verdicts.first().is_some_and(found_as_well)))
    }

    /// Says why the remote is asked although the connector said that it wrote.
    /// And when.
    fn suspicion(&self, intent: &StoredIntent, applied: &Applied) -> Result<Option<(Teller, Instant, String)>, Error> {
        let (connection, entity, id) = (&intent.connection, &intent.entity, &applied.id);
        let known = || self.runner.ledger.bound_elsewhere(intent, id);
        if intent.action == Action::Create && (!self.note_made(intent, id) || known()?.is_some()) {
            let text = format!("the connector says that it made `{id}`, which it said of another document before");
            return Ok(Some((Teller::ConnectorAgain, self.ask_at(0), text)));
        }
        let one_in = self.runner.settings.check_one_in;
        if one_in == 0 || !self.is_verifiable(connection, entity, intent.action) {
            return Ok(None);
        }
        if intent.action == Action::Create && !self.is_proven(connection, entity)? {
            let text =
                format!("the connector says that it is `{id}`; the first ones of a flow are checked with the remote");
            // At once: what follows is believed as soon as the remote has shown one.
            return Ok(Some((Teller::Connector, self.now(), text)));
        }
        let drawn = self.is_drawn(intent);
        let text = || format!("the connector says that it is `{id}`; one in {one_in} is checked with the remote");
        Ok(drawn.then(|| (Teller::Connector, self.ask_at(0), text())))
    }

    /// Tells whether an intent is one of those that the remote is asked about, whoever the connector is.
    pub(super) fn is_drawn(&self, intent: &StoredIntent) -> bool {
        draw(&intent.correlation).checked_rem(u64::from(self.runner.settings.check_one_in)) == Some(0)
    }

    /// Tells whether the remote has shown a document that the connector said it made: in this run, or in one before, as
    /// something of this flow is done, and lately with this connector on this connection.
    pub(super) fn is_proven(&self, connection: &str, entity: &str) -> Result<bool, Error> {
        let kind = (connection.to_owned(), entity.to_owned());
        if self.proven().contains(&kind) {
            return Ok(true);
        }
        let ledger = &self.runner.ledger;
        let worked_before = !self.runner.settings.prove_first
            || (ledger.totals(self.flow)?.done > 0 && ledger.has_worked(connection)?);
        if worked_before {
            self.proven().insert(kind);
        }
        Ok(worked_before)
    }

    /// Notes that the remote showed a document that the connector said it made.
    pub(super) fn note_proven(&self, intent: &StoredIntent) {
        self.proven().insert((intent.connection.clone(), intent.entity.clone()));
    }

    /// Notes that a document of that id was made and is not recorded yet; false when another one was.
    pub(super) fn note_made(&self, intent: &StoredIntent, id: &str) -> bool {
        self.made().insert((intent.connection.clone(), intent.entity.clone(), id.to_owned()))
    }

    /// Forgets what was made, once it is recorded.
    pub(super) fn forget_made(&self, effects: &[(StoredIntent, Effect)]) {
        let mut made = self.made();
        for (intent, effect) in effects {
            if let Effect::Applied { applied: Some(applied), .. } = effect {
                made.remove(&(intent.connection.clone(), intent.entity.clone(), applied.id.clone()));
            }
        }
    }

    /// Ends a check: the remote said again and again that what the connector claims is not there. Nothing of that kind is written
    /// until somebody has looked at the connector.
    pub(super) async fn caught(&self, intent: &StoredIntent, told: &Told) -> Result<Effect, Error> {
        let detail = format!(
            "the connector of `{}` said that it wrote `{}` as `{}`, and the remote says each time that it is not there",
            intent.connection, intent.entity, told.id
        );
        let failure = self.accuse(intent, detail).await?;
        Ok(self.parked(&failure))
    }

    /// Stops writes of a kind until a person has looked at the connector; returns why.
    pub(super) async fn accuse(&self, intent: &StoredIntent, detail: String) -> Result<Failure, Error> {
        let message =
            format!("{detail}; install a corrected connector, and let `wharf reconcile` name what else is not there");
        let cause = Cause::ContractChanged { detail, sample: String::new() };
        let failure = Failure { cause, message, evidence: None };
        let scope = HoldScope::Writes(intent.connection.clone(), intent.entity.clone(), intent.action);
        self.hold(scope, &failure, None, 0).await?;
        Ok(failure)
    }

    /// Ends a check that the remote could not answer. An id that two documents have is not believed without an answer.
    pub(super) fn unchecked(&self, intent: &StoredIntent, told: &Told, why: &str) -> Effect {
        match told.by {
            Teller::Connector => self.applied(intent, Some(claimed(intent, told))),
            Teller::ConnectorAgain | Teller::Person => {
                let text = format!("the connector gave `{}` for two documents; the remote says: {why}", told.id);
                parked_unknown(intent, &text)
            }
        }
    }
}

/// Returns what a change ended in: a document keeps its id, so what a connector says of that is not needed.
pub(super) fn under_its_id(intent: &StoredIntent, applied: Applied) -> Applied {
    match (intent.action, &intent.target) {
        (Action::Update | Action::Transition | Action::Delete, Some(target)) => {
            Applied { id: target.clone(), ..applied }
        }
        _ => applied,
    }
}

/// What somebody says that an intent ended in.
pub(super) fn claimed(intent: &StoredIntent, told: &Told) -> Applied {
    let number = intent.item.as_ref().and_then(|item| item.result.number.clone());
    Applied { id: told.id.clone(), revision: None, number }
}

fn refused(detail: &str) -> Belief {
    Belief::Refused(internal(detail.to_owned()))
}
