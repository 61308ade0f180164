//! The lookups import: records of other connections, as far as the operator granted them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant as Moment;

use crate::lookups::{Edit, LookupSource, Lookups, Receipt};
use crate::model::{Cause, Failure, Item};

/// Of the time that a call has left, what a look-up may take: the rest is for the connector to answer without it.
const SHARE: (u32, u32) = (4, 5);

tokio::task_local! {
    /// Set while a look-up is answered: whoever answers cannot look anything up.
    static ANSWERING: ();
}

/// The look-ups of one connection.
#[derive(Clone, Default)]
pub(crate) struct Room(Option<Arc<dyn Lookups>>);

impl Room {
    /// Makes the room; without look-ups nothing is granted.
    pub(crate) fn new(lookups: Option<Arc<dyn Lookups>>) -> Self {
        Self(lookups)
    }

    /// Lists what may be looked up in this call.
    pub(crate) fn sources(&self) -> Vec<LookupSource> {
        if is_answering() { Vec::new() } else { self.0.as_ref().map(|lookups| lookups.sources()).unwrap_or_default() }
    }

    /// Finds records. `end` is the end of the call.
    pub(crate) async fn find(
        &self,
        source: &str,
        query: &[(String, String)],
        limit: u32,
        end: Moment,
    ) -> Result<Vec<Item>, Failure> {
        let (lookups, granted) = self.granted(source).map_err(|failure| *failure)?;
        if let Some((key, _)) = query.iter().find(|(key, _)| !granted.keys.contains(key)) {
            let keys = granted.keys.join("`, `");
            return Err(unsupported(&format!("source `{source}` cannot be asked by `{key}`; ask by one of `{keys}`")));
        }
        let limit = limit.max(1);
        let mut items = in_time(lookups.find(source, query, limit), end, source).await?;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(items)
    }

    /// Reads a record.
    pub(crate) async fn get(&self, source: &str, id: &str, end: Moment) -> Result<Item, Failure> {
        let (lookups, granted) = self.granted(source).map_err(|failure| *failure)?;
        if !granted.readable {
            return Err(unsupported(&format!("records of source `{source}` cannot be read by id; find them by a key")));
        }
        in_time(lookups.get(source, id), end, source).await
    }

    /// Hands an edit over.
    pub(crate) async fn submit(&self, source: &str, edit: Edit, end: Moment) -> Result<Receipt, Failure> {
        let (lookups, granted) = self.granted(source).map_err(|failure| *failure)?;
        if !granted.actions.contains(&edit.action) {
            let message = "was not granted that action; add it to `write` of the source";
            return Err(unsupported(&format!("source `{source}` {message}")));
        }
        let wait = share_of(end);
        ANSWERING.scope((), lookups.submit(source, edit, wait)).await.map_err(|failure| told(failure, source))
    }

    fn granted(&self, name: &str) -> Result<(&dyn Lookups, LookupSource), Box<Failure>> {
        if is_answering() {
            return Err(refused("this connection answers a look-up itself; look up where the request came in"));
        }
        let lookups =
            self.0.as_deref().ok_or_else(|| refused("nothing was granted; add `lookups` to the connection"))?;
        let found = lookups.sources().into_iter().find(|source| source.name == name);
        let source = found.ok_or_else(|| refused(&format!("no source `{name}` was granted; use one of `sources`")))?;
        Ok((lookups, source))
    }
}

fn is_answering() -> bool {
    ANSWERING.try_with(|()| ()).is_ok()
}

/// What a look-up may take of the time until `end`.
fn share_of(end: Moment) -> Duration {
    let (part, whole) = SHARE;
    end.saturating_duration_since(Moment::now()) * part / whole
}

async fn in_time<T>(answer: impl Future<Output = Result<T, Failure>>, end: Moment, source: &str) -> Result<T, Failure> {
    match tokio::time::timeout(share_of(end), ANSWERING.scope((), answer)).await {
        Ok(answer) => answer.map_err(|failure| told(failure, source)),
        Err(_) => Err(unavailable(format!("source `{source}` did not answer in time; ask it again later"), None)),
    }
}

/// Puts what happened at another connection into words that are true at this one: a dead credential there is none
/// here, and request numbers are those of another call.
fn told(failure: Failure, source: &str) -> Failure {
    let until = match failure.cause {
        Cause::NotFound { .. }
        | Cause::Conflict { .. }
        | Cause::InvalidRecord { .. }
        | Cause::MappingMissing { .. }
        | Cause::Precondition { .. }
        | Cause::DependencyMissing { .. }
        | Cause::Unsupported { .. }
        | Cause::TooLarge { .. } => return Failure { evidence: None, ..failure },
        Cause::Unavailable { until } | Cause::RateLimited { not_before: until, .. } => until,
        _ => None,
    };
    unavailable(format!("source `{source}`: {}", failure.message), until)
}

fn unavailable(message: String, until: Option<crate::model::Instant>) -> Failure {
    Failure { cause: Cause::Unavailable { until }, message, evidence: None }
}

fn unsupported(message: &str) -> Failure {
    let cause = Cause::Unsupported { capability: "lookups".to_owned() };
    Failure { cause, message: message.to_owned(), evidence: None }
}

fn refused(message: &str) -> Box<Failure> {
    Box::new(unsupported(message))
}

/// The failure of a call in which nothing can be handed over.
pub(crate) fn not_here() -> Failure {
    unsupported("edits can be handed over in `serving.serve` only; nothing was done")
}

/// The failure of a look-up in a call without network.
pub(crate) fn without_network() -> Failure {
    unsupported("this kind of call works without network; take what it needs from its arguments")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;
    use crate::model::{Action, Applied, Document};

    /// Grants one source, whose answers are what it is made with, and looks itself up when asked to.
    #[derive(Clone)]
    struct Crm {
        answer: Result<Vec<Item>, Failure>,
        nested: bool,
        slow: bool,
    }

    fn item(id: &str) -> Item {
        let entity = "partner".to_owned();
        let document = Document::new("{}");
        Item { entity, id: id.to_owned(), revision: None, updated: None, deleted: false, document }
    }

    fn crm() -> Crm {
        Crm { answer: Ok(vec![item("1"), item("2")]), nested: false, slow: false }
    }

    fn room(crm: Crm) -> Room {
        Room::new(Some(Arc::new(crm)))
    }

    #[async_trait::async_trait]
    impl Lookups for Crm {
        fn sources(&self) -> Vec<LookupSource> {
            vec![LookupSource {
                name: "crm".into(),
                role: "customers".into(),
                entity: "partner".into(),
                readable: true,
                keys: vec!["email".into()],
                actions: vec![Action::Update],
            }]
        }

        async fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure> {
            if self.slow {
                std::future::pending::<()>().await;
            }
            if self.nested {
                let again = room(Crm { nested: false, ..self.clone() });
                assert_eq!(again.sources(), []);
                return again.find(source, query, limit, in_a_minute()).await;
            }
            self.answer.clone()
        }

        async fn get(&self, _: &str, id: &str) -> Result<Item, Failure> {
            Ok(item(id))
        }

        async fn submit(&self, _: &str, edit: Edit, _: Duration) -> Result<Receipt, Failure> {
            Ok(Receipt::Done(Applied { id: edit.id.unwrap_or_default(), revision: None, number: None }))
        }
    }

    fn in_a_minute() -> Moment {
        Moment::now() + Duration::from_secs(60)
    }

    async fn found(crm: Crm, source: &str, key: &str, limit: u32) -> Result<Vec<Item>, Failure> {
        room(crm).find(source, &[(key.to_owned(), "x".to_owned())], limit, in_a_minute()).await
    }

    #[tokio::test]
    async fn only_granted_sources_keys_and_actions_are_reached() {
        assert_eq!(found(crm(), "crm", "email", 1).await.unwrap().len(), 1);
        for (source, key) in [("erp", "email"), ("crm", "phone")] {
            assert_eq!(found(crm(), source, key, 1).await.unwrap_err().cause.code(), "unsupported", "{source} {key}");
        }
        let edit = |action| Edit { action, id: Some("7".into()), document: Document::new("{}") };
        assert!(room(crm()).submit("crm", edit(Action::Update), in_a_minute()).await.is_ok());
        let refused = room(crm()).submit("crm", edit(Action::Delete), in_a_minute()).await.unwrap_err();
        assert!(refused.message.contains("`write`"), "{}", refused.message);
        assert_eq!(Room::default().get("crm", "1", in_a_minute()).await.unwrap_err().cause.code(), "unsupported");
    }

    #[tokio::test]
    async fn who_answers_a_look_up_cannot_look_up() {
        let failure = found(Crm { nested: true, ..crm() }, "crm", "email", 1).await.unwrap_err();
        assert!(failure.message.contains("answers a look-up itself"), "{}", failure.message);
    }

    #[tokio::test]
    async fn source_that_does_not_answer_leaves_time_to_go_on_without_it() {
        let end = Moment::now() + Duration::from_millis(500);
        let query = [("email".to_owned(), "x".to_owned())];
        let failure = room(Crm { slow: true, ..crm() }).find("crm", &query, 1, end).await.unwrap_err();
        assert_eq!(failure.cause, Cause::Unavailable { until: None });
        assert!(Moment::now() < end, "the call had time left");
    }

    #[tokio::test]
    async fn credential_that_died_elsewhere_is_none_of_this_connection() {
        let failed = |cause| Crm { answer: Err(Failure { cause, message: "no".into(), evidence: None }), ..crm() };
        let failure = found(failed(Cause::AuthRevoked), "crm", "email", 1).await.unwrap_err();
        assert_eq!(failure.cause, Cause::Unavailable { until: None });
        let state = Cause::Precondition { state: "locked".into() };
        assert_eq!(found(failed(state.clone()), "crm", "email", 1).await.unwrap_err().cause, state);
    }
}
