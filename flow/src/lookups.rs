//! Look-ups of serving connections on others, as the operator granted them, and the way of edits into the ledger.
//!
//! An edit is an item of a flow of its own, one for each source and action, without a feed: it is written like every
//! other document, and the scheduler looks after it like after every other flow.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use wharf_host::lookups::{Edit, LookupSource, Lookups, Receipt};
use wharf_host::manifest::Manifest;
use wharf_host::model::{Action, Cause, Failure, Item, MissingKind, Violation};

use crate::endpoint::Endpoint;
use crate::ledger::{Handed, Ledger, Standing};
use crate::settings::Settings;
use crate::spec::{FlowSpec, Rule, Source, Target};

/// How often is looked whether an edit is settled, while somebody waits for it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A source that the operator granted to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedSource {
    /// Name, unique among the sources of the connection.
    pub name: String,
    /// What it is granted for.
    pub role: String,
    /// The connection that answers.
    pub connection: String,
    /// Entity of its records.
    pub entity: String,
    /// What edits may do.
    pub actions: Vec<Action>,
    /// Longest time that a look-up may take. 2 s.
    pub timeout: Duration,
}

/// The connections behind look-ups. They are made together with those that look them up, so they come afterwards.
#[derive(Default)]
pub struct Doors(RwLock<Option<Arc<Behind>>>);

/// Doors that are open until this is dropped. Connections hold the doors, and these the connections: somebody has to close
/// them, or neither is ever given back.
#[must_use]
pub struct OpenDoors(Arc<Doors>);

impl Drop for OpenDoors {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

struct Behind {
    endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
    edits: Option<(Ledger, Settings)>,
}

/// A granted source, and the connection behind it.
type Found<'a> = (Arc<Behind>, &'a GrantedSource, Arc<dyn Endpoint>);

impl Doors {
    /// Opens them. Without a ledger nothing can be edited.
    pub fn open(
        self: &Arc<Self>,
        endpoints: BTreeMap<String, Arc<dyn Endpoint>>,
        edits: Option<(Ledger, Settings)>,
    ) -> OpenDoors {
        self.set(Some(Arc::new(Behind { endpoints, edits })));
        OpenDoors(Arc::clone(self))
    }

    fn set(&self, behind: Option<Arc<Behind>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = behind;
    }

    fn behind(&self) -> Option<Arc<Behind>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The look-ups of one connection.
pub struct GrantedLookups {
    connection: String,
    sources: Vec<GrantedSource>,
    doors: Arc<Doors>,
}

impl GrantedLookups {
    /// Makes the look-ups of a connection.
    pub fn new(connection: &str, sources: Vec<GrantedSource>, doors: Arc<Doors>) -> Self {
        Self { connection: connection.to_owned(), sources, doors }
    }

    /// Returns the flows that edits of these sources go through; they have to be served.
    pub fn edit_flows(connection: &str, sources: &[GrantedSource]) -> Vec<FlowSpec> {
        let flows = |source: &GrantedSource| {
            let flow = |action: &Action| edit_flow(connection, source, *action);
            source.actions.iter().map(flow).collect::<Vec<_>>()
        };
        sources.iter().flat_map(flows).collect()
    }

    fn behind(&self, name: &str) -> Result<Found<'_>, Box<Failure>> {
        let behind = self.doors.behind().ok_or_else(|| Box::new(unavailable("the installation is not open")))?;
        let source = self.sources.iter().find(|source| source.name == name);
        let found = source.and_then(|source| Some((source, Arc::clone(behind.endpoints.get(&source.connection)?))));
        let (source, endpoint) = found.ok_or_else(|| Box::new(unavailable("its connection is not there")))?;
        Ok((behind, source, endpoint))
    }

    async fn settled(
        &self,
        (ledger, settings): (&Ledger, &Settings),
        (flow, source, id): (&str, &GrantedSource, &str),
        wait: Duration,
    ) -> Result<Receipt, Failure> {
        let end = ledger.now().after(wait);
        loop {
            match ledger.standing(flow, &source.entity, id).map_err(|error| unavailable(&error.to_string()))? {
                Standing::Done(Some(applied)) => return Ok(Receipt::Done(applied)),
                Standing::Done(None) => return Ok(Receipt::NothingToDo),
                Standing::Refused(cause, message) => {
                    let given_up = ledger.give_up(flow, &source.entity, id).await;
                    given_up.map_err(|error| unavailable(&error.to_string()))?;
                    return Err(refused(&cause, message, source, id));
                }
                Standing::UnderWay if ledger.now() >= end => {
                    return Ok(Receipt::Accepted(format!("{flow} {id}")));
                }
                Standing::UnderWay => {
                    settings.sleep.until(ledger.now().after(LOOK_AGAIN).min(end), ledger.clock().as_ref()).await;
                }
            }
        }
    }
}

#[async_trait::async_trait]
impl Lookups for GrantedLookups {
    fn sources(&self) -> Vec<LookupSource> {
        let Some(behind) = self.doors.behind() else { return Vec::new() };
        let source = |source: &GrantedSource| {
            let manifest = behind.endpoints.get(&source.connection)?.manifest();
            Some(listed(source, manifest, behind.edits.is_some()))
        };
        self.sources.iter().filter_map(source).collect()
    }

    async fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure> {
        let (_, source, endpoint) = self.behind(source).map_err(|failure| *failure)?;
        in_time(source, endpoint.lookup(&source.entity, query, limit)).await
    }

    async fn get(&self, source: &str, id: &str) -> Result<Item, Failure> {
        let (_, source, endpoint) = self.behind(source).map_err(|failure| *failure)?;
        in_time(source, endpoint.get(&source.entity, id)).await
    }

    async fn submit(&self, source: &str, edit: Edit, wait: Duration) -> Result<Receipt, Failure> {
        let (behind, source, _) = self.behind(source).map_err(|failure| *failure)?;
        let Some((ledger, settings)) = &behind.edits else {
            return Err(unavailable("edits are taken in while the installation is served only; use `wharf serve`"));
        };
        if (edit.action == Action::Create) != edit.id.is_none() {
            let message = "a create makes a new record, and everything else needs the id of one";
            return Err(failure(Cause::InvalidRecord { violations: Vec::new() }, message.to_owned()));
        }
        let flow = flow_name(&self.connection, source, edit.action);
        let handed = ledger
            .hand_over(&flow, &self.connection, &source.entity, edit.id.as_deref(), edit.document)
            .await
            .map_err(|error| unavailable(&error.to_string()))?;
        match handed {
            Handed::Taken(id) | Handed::Joined(id) => {
                self.settled((ledger, settings), (&flow, source, &id), wait).await
            }
            Handed::Busy => {
                let message = "an earlier edit of the record is still under way; make this one again after it";
                Err(failure(Cause::Precondition { state: "edit-under-way".to_owned() }, message.to_owned()))
            }
        }
    }
}

fn listed(source: &GrantedSource, manifest: &Manifest, edits: bool) -> LookupSource {
    let access = manifest.records.iter().find(|records| records.entity == source.entity);
    let writes = |action: &Action| {
        manifest.writes.iter().any(|write| write.entity == source.entity && write.actions.contains(action))
    };
    LookupSource {
        name: source.name.clone(),
        role: source.role.clone(),
        entity: source.entity.clone(),
        readable: access.is_some_and(|access| access.get),
        keys: access.map(|access| access.lookup_keys.clone()).unwrap_or_default(),
        actions: source.actions.iter().filter(|action| edits && writes(action)).copied().collect(),
    }
}

fn flow_name(connection: &str, source: &GrantedSource, action: Action) -> String {
    format!("{connection}:{}:{}", source.name, action.word())
}

fn edit_flow(connection: &str, source: &GrantedSource, action: Action) -> FlowSpec {
    let from = Source::handed_over(connection);
    let target = Target {
        connection: source.connection.clone(),
        entity: source.entity.clone(),
        action,
        id: (action != Action::Create).then(|| Rule::expression("item.id")),
    };
    FlowSpec::new(flow_name(connection, source, action), from, target)
}

async fn in_time<T>(
    source: &GrantedSource,
    answer: impl Future<Output = Result<wharf_host::model::Answer<T>, wharf_host::Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(source.timeout, answer).await {
        Ok(Ok(answer)) => Ok(answer.value),
        Ok(Err(error)) => {
            let cause = error.cause().cloned().unwrap_or(Cause::Unavailable { until: None });
            Err(failure(cause, error.message().to_owned()))
        }
        Err(_) => Err(unavailable(&format!("it did not answer within {:?}; ask it again later", source.timeout))),
    }
}

/// Puts the cause of an edit that was refused into the contract's words again.
fn refused(cause: &str, message: String, source: &GrantedSource, id: &str) -> Failure {
    let (entity, key) = (source.entity.clone(), id.to_owned());
    let violation = Violation { path: String::new(), code: cause.to_owned(), message: message.clone() };
    let cause = match cause {
        "not-found" => Cause::NotFound { kind: MissingKind::Subject, entity, key },
        "conflict" => Cause::Conflict { existing_id: None, same_content: None },
        "precondition" => Cause::Precondition { state: "refused".to_owned() },
        "unsupported" => Cause::Unsupported { capability: "edit".to_owned() },
        _ => Cause::InvalidRecord { violations: vec![violation] },
    };
    failure(cause, message)
}

fn unavailable(message: &str) -> Failure {
    failure(Cause::Unavailable { until: None }, message.to_owned())
}

fn failure(cause: Cause, message: String) -> Failure {
    Failure { cause, message, evidence: None }
}
