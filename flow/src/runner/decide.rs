//! What becomes of an item before anything is sent: filtered, parked, or an intent.

use serde_json::json;
use wharf_host::model::{Action, Document, Item, MissingMapping, Violation};

use super::Runner;
use super::mint;
use super::run::Run;
use crate::RunEvent;
use crate::ledger::{ItemOfIntent, NewIntent, Parking, StoredIntent, StoredItem, TargetResult, Verdict};
use crate::mapping::{DOCUMENT_NAMES, MapFailure, Scene, WRITE_BACK_NAMES};
use crate::problem::Error;
use crate::report::EffectKind;

/// The rule under which records are filed that are gone at the source.
pub(crate) const GONE: &str = "deleted-at-source";

/// An item and what becomes of it.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) item: StoredItem,
    pub(super) decision: Decision,
}

#[derive(Debug)]
pub(super) enum Decision {
    Write(Box<NewIntent>),
    File(Verdict),
}

impl Decided {
    pub(super) fn is_written(&self) -> bool {
        matches!(self.decision, Decision::Write(_))
    }
}

/// Why an item is parked before anything is sent.
pub(super) struct Refusal {
    pub(super) parkings: Vec<Parking>,
    pub(super) message: String,
}

impl From<MapFailure> for Refusal {
    fn from(failure: MapFailure) -> Self {
        match failure {
            MapFailure::Unmapped(missing) => Self {
                message: format!("{}; add the entries to the tables, and the item goes on by itself", listed(&missing)),
                parkings: missing.iter().map(|missing| unmapped(missing, true)).collect(),
            },
            MapFailure::Invalid(violations) => refused(&violations),
        }
    }
}

pub(super) fn unmapped(missing: &MissingMapping, by_flow: bool) -> Parking {
    Parking { cause: "mapping-missing", place: missing.reference_list.clone(), key: missing.value.clone(), by_flow }
}

fn listed(missing: &[MissingMapping]) -> String {
    let each = |missing: &MissingMapping| format!("`{}` has no entry in `{}`", missing.value, missing.reference_list);
    missing.iter().map(each).collect::<Vec<_>>().join(", ")
}

pub(super) fn refused(violations: &[Violation]) -> Refusal {
    let each = |violation: &Violation| match violation.path.as_str() {
        "" => violation.message.clone(),
        path => format!("`{path}`: {}", violation.message),
    };
    let place = violations.first().map(|violation| violation.path.clone()).unwrap_or_default();
    let key = violations.first().map(|violation| violation.code.clone()).unwrap_or_default();
    Refusal {
        parkings: vec![Parking { cause: "invalid-record", place, key, by_flow: true }],
        message: violations.iter().map(each).collect::<Vec<_>>().join("; "),
    }
}

impl Runner {
    /// Decides what becomes of an item. Pure but for the id that it mints.
    pub(super) fn decide(&self, item: &StoredItem) -> Decision {
        if item.deleted && self.spec.target.action != Action::Delete {
            return self.when_gone(item);
        }
        match self.intent_of(item) {
            Ok(decision) => decision,
            Err(Refusal { parkings, message }) => Decision::File(Verdict::Parked { parkings, message }),
        }
    }

    /// Decides what becomes of an item that is gone at the source: what was written of it follows where the flow says so.
    fn when_gone(&self, item: &StoredItem) -> Decision {
        match (self.spec.on_delete, &item.bound) {
            (Some(action), Some((id, _))) => {
                let target = Some(id.clone());
                let intent = NewIntent { action, ..self.target_intent(item, target, Some(Document::new("{}"))) };
                Decision::Write(Box::new(intent))
            }
            _ => Decision::File(Verdict::Filtered(GONE.to_owned())),
        }
    }

    /// Returns the rule that filters an item, of those that can be told from the item alone. None for what cannot be
    /// told now: that comes up again when the item is decided about.
    pub(super) fn rule_for(&self, item: &Item) -> Option<String> {
        if item.deleted && self.spec.target.action != Action::Delete {
            // With `on_delete` it depends on whether something was written of it.
            return self.spec.on_delete.is_none().then(|| GONE.to_owned());
        }
        if self.spec.filters.is_empty() {
            return None;
        }
        let about = about(&item.entity, &item.id, item.deleted);
        let scene = Scene::new(DOCUMENT_NAMES, &[item.document.as_bytes(), about.as_bytes()]);
        self.definition.filters.first(&scene).ok().flatten().map(str::to_owned)
    }

    fn intent_of(&self, item: &StoredItem) -> Result<Decision, Refusal> {
        let about = about(&item.entity, &item.remote, item.deleted);
        let scene = Scene::new(DOCUMENT_NAMES, &[item.document.as_bytes(), about.as_bytes()]);
        if let Some(rule) = self.definition.filters.first(&scene)? {
            return Ok(Decision::File(Verdict::Filtered(rule.to_owned())));
        }
        let document = self.definition.mapping.apply(&scene)?;
        let violations = document.as_ref().map(|document| self.definition.violations(document)).unwrap_or_default();
        if !violations.is_empty() {
            return Err(refused(&violations));
        }
        let target = self.target_of(item, &scene)?;
        Ok(Decision::Write(Box::new(self.target_intent(item, target, document))))
    }

    fn target_intent(&self, item: &StoredItem, target: Option<String>, document: Option<Document>) -> NewIntent {
        let spec = &self.spec;
        NewIntent {
            id: self.mint_id(),
            kind: EffectKind::Target,
            step: 0,
            connection: spec.target.connection.clone(),
            entity: spec.target.entity.clone(),
            action: spec.target.action,
            target,
            expected_revision: None,
            correlation: mint::correlation(self.ledger.installation(), &[&spec.name, &item.entity, &item.remote]),
            document,
        }
    }

    /// Finds the remote document to change. None where it is made, or where a document of the connector's own shape may name
    /// what it changes.
    fn target_of(&self, item: &StoredItem, scene: &Scene<'_>) -> Result<Option<String>, Refusal> {
        let action = self.spec.target.action;
        if action == Action::Create {
            return Ok(None);
        }
        let told = self.definition.target_id.as_ref().map(|rule| rule.text(scene)).transpose()?.flatten();
        match told.or_else(|| item.bound.as_ref().map(|(id, _)| id.clone())) {
            None if action != Action::Upsert && !self.definition.names_its_target => {
                Err(no_target("`id` of the flow's `to`"))
            }
            target => Ok(target),
        }
    }

    pub(super) fn mint_id(&self) -> String {
        mint::intent_id(self.ledger.now(), self.settings.randomness.as_ref())
    }

    /// Returns the write-backs that follow an item's target intent. They are mapped when they are due.
    pub(super) fn write_backs_of(&self, item: &ItemOfIntent) -> Vec<NewIntent> {
        let steps = 1_u32..;
        steps
            .zip(&self.spec.write_backs)
            .map(|(step, write_back)| NewIntent {
                id: self.mint_id(),
                kind: EffectKind::WriteBack,
                step,
                connection: write_back.connection.clone(),
                entity: write_back.entity.clone(),
                action: write_back.action,
                target: None,
                expected_revision: None,
                correlation: mint::correlation(
                    self.ledger.installation(),
                    &[&self.spec.name, &item.entity, &item.remote, &step.to_string()],
                ),
                document: None,
            })
            .collect()
    }

    /// Maps a write-back: which document it changes, and what it says.
    pub(super) fn map_write_back(&self, intent: &StoredIntent) -> Result<(Option<String>, Document), Refusal> {
        let (Some(item), Some(source)) = (&intent.item, intent.item.as_ref().and_then(|item| item.document.as_ref()))
        else {
            return Err(refused(&[violation("its source document is no longer there; read the item again")]));
        };
        let index = usize::try_from(intent.step).ok().and_then(|step| step.checked_sub(1));
        let Some(compiled) = index.and_then(|index| self.definition.write_backs.get(index)) else {
            let gone = "the flow has no such write-back any more; bring it back, or `wharf skip` the document once it is settled by hand";
            return Err(refused(&[violation(gone)]));
        };
        let (about, result) = (about(&item.entity, &item.remote, false), result(&item.result));
        let scene = Scene::new(WRITE_BACK_NAMES, &[source.as_bytes(), about.as_bytes(), result.as_bytes()]);
        let target = compiled.target.as_ref().map(|rule| rule.text(&scene)).transpose()?.flatten();
        if target.is_none() && intent.action != Action::Create {
            return Err(no_target("`target` of the write-back"));
        }
        let document = compiled.mapping.apply(&scene)?.unwrap_or_else(|| Document::new("{}"));
        Ok((target, document))
    }
}

fn no_target(which: &str) -> Refusal {
    refused(&[violation(&format!("{which} leads to nothing in this document; correct the path"))])
}

fn violation(message: &str) -> Violation {
    Violation { path: String::new(), code: "no-target".to_owned(), message: message.to_owned() }
}

fn about(entity: &str, id: &str, deleted: bool) -> String {
    json!({ "entity": entity, "id": id, "deleted": deleted }).to_string()
}

fn result(result: &TargetResult) -> String {
    let fields = [("id", &result.id), ("revision", &result.revision), ("number", &result.number)];
    let known = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    serde_json::Value::Object(known.collect()).to_string()
}

impl Run<'_> {
    pub(super) fn decide(&self, item: StoredItem) -> Decided {
        Decided { decision: self.runner.decide(&item), item }
    }

    /// Files items that are not written.
    pub(super) async fn file(&self, items: Vec<Decided>) -> Result<(), Error> {
        let (mut verdicts, mut told) = (Vec::new(), Vec::new());
        for Decided { item, decision } in items {
            let Decision::File(verdict) = decision else { continue };
            verdicts.push((item.n, item.version, verdict.clone()));
            told.push((item.entity, item.remote, verdict));
        }
        let filed = self.runner.ledger.file_items(self.lease, verdicts).await?;
        for ((entity, id, verdict), _) in told.into_iter().zip(filed).filter(|(_, filed)| *filed) {
            self.tell_filed(entity, id, verdict);
        }
        Ok(())
    }

    pub(super) fn tell_filed(&self, entity: String, id: String, verdict: Verdict) {
        match verdict {
            Verdict::Filtered(rule) => {
                *self.tally().filtered.entry(rule.clone()).or_default() += 1;
                self.observer.event(&RunEvent::Filtered { entity, id, rule });
            }
            Verdict::Parked { parkings, message } => {
                let cause = parkings.first().map_or("internal", |parking| parking.cause);
                self.observer.event(&RunEvent::Parked { entity, id, cause, message });
            }
        }
    }
}
