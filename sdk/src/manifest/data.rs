//! What can be read and written.

use serde::Serialize;

use super::owned;
pub use crate::bindings::imports::wharf::connector::types::Action;

/// Shape of a document.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum DocumentShape {
    Common,
    Raw,
}

/// A feed.
#[derive(Debug, Clone, Serialize)]
pub struct Feed {
    name: String,
    entity: String,
    summary: String,
    document: DocumentShape,
    cursor_version: u32,
    filters: Vec<Filter>,
    windows: bool,
    countable: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Filter {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_list: Option<String>,
}

impl Feed {
    /// Makes a feed of common documents. The summary says what is in it, in what order, what it cannot see;
    /// `cursor_version` is the version of its cursors.
    pub fn new(name: &str, entity: &str, summary: &str, cursor_version: u32) -> Self {
        Self {
            name: name.to_owned(),
            entity: entity.to_owned(),
            summary: summary.to_owned(),
            document: DocumentShape::Common,
            cursor_version,
            filters: Vec::new(),
            windows: false,
            countable: false,
        }
    }

    /// Says that its documents are JSON as the remote wrote it.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.document = DocumentShape::Raw;
        self
    }

    /// Adds a filter.
    #[must_use]
    pub fn filter(mut self, name: &str) -> Self {
        self.filters.push(Filter { name: name.to_owned(), reference_list: None });
        self
    }

    /// Adds a filter whose values come from a reference list.
    #[must_use]
    pub fn filter_from(mut self, name: &str, reference_list: &str) -> Self {
        self.filters.push(Filter { name: name.to_owned(), reference_list: Some(reference_list.to_owned()) });
        self
    }

    /// Says that `since` and `until` are honoured.
    #[must_use]
    pub fn windows(mut self) -> Self {
        self.windows = true;
        self
    }

    /// Says that `Counts::count` can count it; the component exports `counts`.
    #[must_use]
    pub fn countable(mut self) -> Self {
        self.countable = true;
        self
    }
}

/// Records of an entity that can be read one by one.
#[derive(Debug, Clone, Serialize)]
pub struct Records {
    entity: String,
    get: bool,
    lookup_keys: Vec<String>,
}

impl Records {
    /// Makes the entry of an entity whose records can be had by their id.
    pub fn get(entity: &str) -> Self {
        Self { entity: entity.to_owned(), get: true, lookup_keys: Vec::new() }
    }

    /// Makes the entry of an entity whose records can only be looked up.
    pub fn lookup_only<'a>(entity: &str, keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self { entity: entity.to_owned(), get: false, lookup_keys: owned(keys) }
    }

    /// Adds the keys that `Records::lookup` takes.
    #[must_use]
    pub fn lookup<'a>(mut self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.lookup_keys = owned(keys);
        self
    }
}

/// A kind of write.
#[derive(Debug, Clone, Serialize)]
pub struct Write {
    entity: String,
    actions: Vec<&'static str>,
    document: DocumentShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<serde_json::Value>,
    verifiable: bool,
    batch: u32,
}

impl Write {
    /// Makes a kind of write that takes common documents, one at once.
    ///
    /// `verifiable` says whether the remote can be asked, after an unknown outcome, if a create took effect. Where it
    /// cannot, a repeated create may double the document, and every listing says so.
    pub fn new(entity: &str, actions: impl IntoIterator<Item = Action>, verifiable: bool) -> Self {
        Self {
            entity: entity.to_owned(),
            actions: actions.into_iter().map(word).collect(),
            document: DocumentShape::Common,
            schema: None,
            verifiable,
            batch: 1,
        }
    }

    /// Says that its documents are the connector's own, with a JSON Schema.
    #[must_use]
    pub fn raw(mut self, schema: serde_json::Value) -> Self {
        self.document = DocumentShape::Raw;
        self.schema = Some(schema);
        self
    }

    /// Says that its documents are the connector's own type.
    #[must_use]
    pub fn raw_of<T: schemars::JsonSchema>(self) -> Self {
        self.raw(schemars::schema_for!(T).to_value())
    }

    /// Says how many intents `apply` takes at once.
    #[must_use]
    pub fn batch(mut self, intents: u32) -> Self {
        self.batch = intents;
        self
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Upsert => "upsert",
        Action::Transition => "transition",
        Action::Delete => "delete",
        Action::Attach => "attach",
    }
}

/// What the remote can tell on its own account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Webhooks {
    topics: Vec<String>,
    slots: Vec<String>,
}

impl Webhooks {
    /// Names the slots that `Webhooks::parse` checks with.
    pub fn new<'a>(slots: impl IntoIterator<Item = &'a str>) -> Self {
        Self { topics: Vec::new(), slots: owned(slots) }
    }

    /// Names the topics that can be subscribed to.
    #[must_use]
    pub fn topics<'a>(mut self, topics: impl IntoIterator<Item = &'a str>) -> Self {
        self.topics = owned(topics);
        self
    }
}
