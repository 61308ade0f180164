//! Documents that a connector says are there already, in place of what it was asked to make. They are taken as that once
//! the remote bears it out.

use wharf_host::model::{Action, Applied, Document, Failure, Intent, Verdict};

use super::explain::{Found, find};
use super::mint;
use super::policy::Pace;
use super::run::Run;
use crate::ledger::{Effect, StoredIntent};
use crate::problem::Error;
use crate::report::EffectKind;

/// What a connector says of a document that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// This very intent made it.
    Ours,
    /// It says the same, whoever made it.
    Alike,
}

/// What the remote says to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// It has it.
    Yes,
    /// It does not.
    No,
    /// It could not be asked.
    None,
}

/// Attempts after which a document is parked that the remote cannot be asked about.
const ATTEMPTS: u32 = 10;

/// Says that the connector names a document that another item was made into.
pub(super) fn taken_for_another(id: &str) -> String {
    format!("the connector names `{id}`, which another document was made into, and knows it by its content alone")
}

impl Run<'_> {
    /// Takes a document that is there already for the one that was to be made, or stops the connector that made it up.
    pub(super) async fn adopt(&self, intent: &StoredIntent, applied: Applied, said: Said) -> Result<Effect, Error> {
        let id = &applied.id;
        let again = !self.note_made(intent, id) || self.runner.ledger.bound_elsewhere(intent, id)?.is_some();
        if !self.is_doubted(intent, again)? {
            return Ok(self.applied(intent, Some(applied)));
        }
        if self.finds_anything(intent, id, again).await? {
            let why = self.distrust(intent, id).await?;
            return Ok(self.parked(&why));
        }
        // Two documents may be alike. That both made the same one cannot be.
        let twice = again && said == Said::Ours;
        match self.word_on(intent, id, said, twice).await? {
            Word::No => {
                let detail = format!(
                    "the connector of `{}` says that `{id}` is the `{}` that it was asked for, and the remote does not have it as that",
                    intent.connection, intent.entity
                );
                let why = self.accuse(intent, detail).await?;
                Ok(self.parked(&why))
            }
            Word::None if twice => Ok(self.later_again(intent, id)),
            Word::Yes if twice && self.knows_by_content(intent, id).await? => {
                Ok(super::ask::parked_unknown(intent, &taken_for_another(id)))
            }
            Word::Yes | Word::None => Ok(self.applied(intent, Some(applied))),
        }
    }

    fn is_doubted(&self, intent: &StoredIntent, again: bool) -> Result<bool, Error> {
        let StoredIntent { connection, entity, action, .. } = intent;
        if *action != Action::Create || !self.is_verifiable(connection, entity, *action) {
            return Ok(false);
        }
        let checks = self.runner.settings.check_one_in > 0;
        Ok(again || (checks && (self.is_drawn(intent) || !self.is_proven(connection, entity)?)))
    }

    async fn word_on(&self, intent: &StoredIntent, id: &str, said: Said, twice: bool) -> Result<Word, Error> {
        let endpoint = self.runner.endpoint(&intent.connection)?;
        let Ok(answer) = endpoint.verify(&[intent.to_host()]).await else { return Ok(Word::None) };
        self.count_calls(&intent.connection, &answer.trace);
        match answer.value.into_iter().next() {
            Some(Ok(Verdict::Found(_))) => {
                self.note_proven(intent);
                Ok(Word::Yes)
            }
            Some(Ok(Verdict::Absent)) if twice => Ok(Word::No),
            Some(Ok(Verdict::Absent)) => Ok(match find(endpoint.as_ref(), &intent.entity, id).await {
                Found::Item(_) => Word::Yes,
                Found::Nothing => Word::No,
                Found::NotAsked(_) if said == Said::Ours => Word::No,
                Found::NotAsked(_) => Word::None,
            }),
            _ => Ok(Word::None),
        }
    }

    fn later_again(&self, intent: &StoredIntent, id: &str) -> Effect {
        let (cause, alone) = ("outcome-unknown", intent.alone);
        let message =
            format!("the connector gave `{id}` for two documents, and the remote could not be asked about it");
        if intent.attempts >= ATTEMPTS {
            return super::ask::parked_unknown(intent, &message);
        }
        Effect::Again {
            not_before: self.later(intent, Pace::Short, intent.attempts),
            counts: true,
            alone,
            cause,
            message,
        }
    }

    /// Tells whether a connector finds a document for a text that nobody wrote, as one does whose remote does not know its
    /// filter: then nothing that it finds can be believed. Asked where it finds what was made for another item, or found for
    /// one (`again`), and of a connector that has not made anything yet.
    pub(super) async fn finds_anything(&self, intent: &StoredIntent, id: &str, again: bool) -> Result<bool, Error> {
        let StoredIntent { connection, entity, action, .. } = intent;
        if *action != Action::Create || !self.is_verifiable(connection, entity, *action) {
            return Ok(false);
        }
        let kind = (connection.clone(), entity.clone());
        let again = again || self.runner.ledger.bound_elsewhere(intent, id)?.is_some();
        let new = self.runner.settings.check_one_in > 0 && !self.is_proven(connection, entity)?;
        if self.sober().contains(&kind) || !(again || new) {
            return Ok(false);
        }
        let stranger = Intent { document: Document::new("{}"), ..self.stranger(intent) };
        let Ok(answer) = self.runner.endpoint(connection)?.verify(&[stranger]).await else { return Ok(false) };
        self.count_calls(connection, &answer.trace);
        let finds = matches!(answer.value.first(), Some(Ok(Verdict::Found(_))));
        if !finds {
            self.sober().insert(kind);
        }
        Ok(finds)
    }

    /// Returns an intent with the content of another and a text that nobody wrote.
    fn stranger(&self, intent: &StoredIntent) -> Intent {
        let installation = self.runner.ledger.installation();
        let correlation = mint::correlation(installation, &["nobody", &intent.correlation]);
        Intent { id: self.runner.mint_id(), correlation, ..intent.to_host() }
    }

    /// Tells whether a document that was made for another item is found for the content of this one alone, whatever text it
    /// carries: by a number that two shops gave, say. Then it does not follow that this one was made. What others need first is
    /// asked for by its key, so any that has it will do.
    pub(super) async fn knows_by_content(&self, intent: &StoredIntent, id: &str) -> Result<bool, Error> {
        let is_target = intent.kind == EffectKind::Target && intent.action == Action::Create;
        if !is_target || self.runner.ledger.bound_elsewhere(intent, id)?.is_none() {
            return Ok(false);
        }
        let stranger = self.stranger(intent);
        let Ok(answer) = self.runner.endpoint(&intent.connection)?.verify(&[stranger]).await else { return Ok(false) };
        self.count_calls(&intent.connection, &answer.trace);
        Ok(matches!(answer.value.first(), Some(Ok(Verdict::Found(found))) if found.id == id))
    }

    /// Stops writes of a kind whose connector finds what nobody wrote; returns why.
    pub(super) async fn distrust(&self, intent: &StoredIntent, id: &str) -> Result<Failure, Error> {
        let detail = format!(
            "the connector of `{}` says that `{id}` is the `{}` that it was asked for, and finds one as well for a text that nobody wrote",
            intent.connection, intent.entity
        );
        self.accuse(intent, detail).await
    }
}
