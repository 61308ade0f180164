//! What rules and filters see: the documents by name, read once and as late as possible.

use std::cell::OnceCell;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use serde_json::value::RawValue;

use super::path::Path;
use super::tree::{Found, Reader};

/// Names in filters and mappings; paths start in the first.
pub(crate) const DOCUMENT_NAMES: &[&str] = &["doc", "item"];

/// Names in write-backs.
pub(crate) const WRITE_BACK_NAMES: &[&str] = &["source", "item", "result"];

/// The documents of one item.
pub(crate) struct Scene<'d> {
    roots: Vec<Root<'d>>,
    context: OnceCell<Result<Value, String>>,
}

/// The documents by name, as expressions see them.
#[derive(Debug)]
struct Documents(Vec<(&'static str, Value)>);

impl Object for Documents {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.iter().find(|(name, _)| key.as_str() == Some(name)).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(*name)).collect())
    }
}

struct Root<'d> {
    name: &'static str,
    text: &'d [u8],
    reader: OnceCell<Result<Reader<'d>, String>>,
}

impl<'d> Scene<'d> {
    /// Makes the scene of `documents`, one per name, each JSON text.
    pub(crate) fn new(names: &[&'static str], documents: &[&'d [u8]]) -> Self {
        let root = |(name, text): (&&'static str, &&'d [u8])| Root { name, text, reader: OnceCell::new() };
        Self { roots: names.iter().zip(documents).map(root).collect(), context: OnceCell::new() }
    }

    /// Returns the text of the first document.
    pub(super) fn document(&self) -> Result<&'d RawValue, String> {
        self.roots.first().map_or_else(|| Err("there is no document".to_owned()), Root::raw)
    }

    pub(super) fn find(&self, root: usize, path: &Path) -> Vec<Found<'d>> {
        self.reader(root).map(|reader| reader.find(path.steps())).unwrap_or_default()
    }

    pub(super) fn one(&self, root: usize, path: Option<&Path>) -> Option<&'d RawValue> {
        self.reader(root)?.one(path.map_or(&[], Path::steps))
    }

    fn reader(&self, root: usize) -> Option<&Reader<'d>> {
        self.roots.get(root)?.reader().as_ref().ok()
    }

    /// Returns what expressions see.
    pub(super) fn context(&self) -> Result<Value, String> {
        self.context.get_or_init(|| self.build()).clone()
    }

    /// Returns what expressions see that make a value for one element of a list.
    pub(super) fn context_of_element(&self, index: usize, element: &RawValue) -> Result<Value, String> {
        let element: Value = serde_json::from_str(element.get()).map_err(|error| error.to_string())?;
        let around = self.context()?;
        Ok(minijinja::context! { element => element, index => index, ..around })
    }

    fn build(&self) -> Result<Value, String> {
        let mut names = Vec::with_capacity(self.roots.len());
        for root in &self.roots {
            let value: Value = serde_json::from_slice(root.text)
                .map_err(|error| format!("`{}` is not a JSON document: {error}", root.name))?;
            names.push((root.name, value));
        }
        Ok(Value::from_object(Documents(names)))
    }
}

impl<'d> Root<'d> {
    fn raw(&self) -> Result<&'d RawValue, String> {
        serde_json::from_slice(self.text).map_err(|error| format!("`{}` is not a JSON document: {error}", self.name))
    }

    fn reader(&self) -> &Result<Reader<'d>, String> {
        self.reader.get_or_init(|| self.raw().map(Reader::new))
    }
}
