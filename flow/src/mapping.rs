//! From a source document to what is written: filters, rules, tables. Pure.

mod expression;
mod path;
mod scene;
mod table;
mod tree;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use wharf_host::model::{Document, MissingMapping, Violation};

use crate::spec::{Base, FilterRule, Rule, Table, ValueSource};
pub(crate) use expression::Expression;
pub(crate) use path::{Path, Step};
pub(crate) use scene::{DOCUMENT_NAMES, Scene, WRITE_BACK_NAMES};
use table::Lookup;
use tree::{Draft, Found, Made};

/// Which documents a mapping's rules may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The source document is what paths start in.
    Document,
    /// Paths start with `source`, `item` or `result`.
    WriteBack,
}

impl Stage {
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Document => DOCUMENT_NAMES,
            Self::WriteBack => WRITE_BACK_NAMES,
        }
    }
}

/// Why a document could not be mapped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MapFailure {
    /// Values without an entry in their table; each once.
    Unmapped(Vec<MissingMapping>),
    /// What is wrong with the document, or with a rule for it.
    Invalid(Vec<Violation>),
}

/// Compiled filters.
#[derive(Debug, Default)]
pub(crate) struct Filters(Vec<(String, Expression)>);

impl Filters {
    /// Compiles filters. Mistakes come with the index of the filter.
    pub(crate) fn new(rules: &[FilterRule]) -> Result<Self, Vec<(usize, String)>> {
        let (mut filters, mut mistakes) = (Vec::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate() {
            match Expression::new(&rule.when, DOCUMENT_NAMES) {
                Ok(expression) => filters.push((rule.rule.clone(), expression)),
                Err(mistake) => mistakes.push((index, mistake)),
            }
        }
        if mistakes.is_empty() { Ok(Self(filters)) } else { Err(mistakes) }
    }

    /// Returns the first rule that is true of the document.
    pub(crate) fn first(&self, scene: &Scene<'_>) -> Result<Option<&str>, MapFailure> {
        for (rule, expression) in &self.0 {
            let context = scene.context().map_err(|why| invalid("", "not-json", why))?;
            let failed = |why| invalid("", "filter-failed", format!("filter `{rule}`: {why}; change the filter"));
            if expression.is_true(context).map_err(failed)? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}

/// A compiled mapping.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: Base,
    rules: Vec<CompiledRule>,
}

#[derive(Debug)]
struct CompiledRule {
    target: Path,
    value: CompiledValue,
}

/// What makes a value, without the place that it goes to.
#[derive(Debug)]
pub(crate) struct CompiledValue {
    source: CompiledSource,
    table: Option<Lookup>,
}

#[derive(Debug)]
enum CompiledSource {
    From { root: usize, path: Option<Path> },
    Constant(Box<RawValue>),
    Expression(Expression),
}

impl CompiledValue {
    /// Compiles a rule. `lists` tells whether it goes below a `[]`.
    pub(crate) fn new(
        rule: &Rule,
        tables: &BTreeMap<String, Table>,
        stage: Stage,
        lists: bool,
    ) -> Result<Self, String> {
        let table = match &rule.table {
            None => None,
            Some(name) => {
                let table = tables.get(name).ok_or_else(|| {
                    format!("there is no table `{name}`; add `[table.{name}]` with its `entries`, or correct the name")
                })?;
                Some(Lookup::new(name, table))
            }
        };
        let source = match &rule.value {
            ValueSource::From(text) => compile_from(text, stage)?,
            ValueSource::Constant(value) => CompiledSource::Constant(
                serde_json::value::to_raw_value(value)
                    .map_err(|error| format!("the value cannot be written: {error}"))?,
            ),
            ValueSource::Expression(text) => {
                let mut names = stage.names().to_vec();
                if lists {
                    names.extend(["element", "index"]);
                }
                CompiledSource::Expression(Expression::new(text, &names)?)
            }
        };
        Ok(Self { source, table })
    }

    /// Tells whether a table has an entry for a value.
    pub(crate) fn has_entry(name: &str, table: &Table, value: &str) -> bool {
        Lookup::new(name, table).get(value).is_some()
    }

    fn each_count(&self) -> usize {
        match &self.source {
            CompiledSource::From { path: Some(path), .. } => path.each_count(),
            _ => 0,
        }
    }

    /// Returns the value as text, for ids; none when there is nothing or null.
    pub(crate) fn text(&self, scene: &Scene<'_>) -> Result<Option<String>, MapFailure> {
        let mut problems = Problems::default();
        let made = self.single(scene, None, "", &mut problems);
        problems.finish()?;
        Ok(made.and_then(|made| scalar_text(raw_of(&made))))
    }

    /// Makes one value; `place` is the element of the source that it goes with.
    fn single<'d>(
        &self,
        scene: &Scene<'d>,
        place: Option<(usize, &'d RawValue)>,
        at: &str,
        problems: &mut Problems,
    ) -> Option<Made<'d>> {
        let made = match &self.source {
            CompiledSource::Constant(value) => Some(Made::Own(value.clone())),
            CompiledSource::From { root, path } => scene.one(*root, path.as_ref()).map(Made::Copied),
            CompiledSource::Expression(expression) => {
                let context = match place {
                    Some((index, element)) => scene.context_of_element(index, element),
                    None => scene.context(),
                };
                match context.and_then(|context| expression.value(context)) {
                    Ok(value) => value.map(Made::Own),
                    Err(why) => {
                        problems.violation(at, "expression-failed", format!("{why}; change the expression"));
                        None
                    }
                }
            }
        };
        self.looked_up(made?, at, problems)
    }

    fn looked_up<'d>(&self, made: Made<'d>, at: &str, problems: &mut Problems) -> Option<Made<'d>> {
        let Some(lookup) = &self.table else { return Some(made) };
        let raw = raw_of(&made);
        if raw.get() == "null" {
            return Some(made);
        }
        let Some(key) = scalar_text(raw) else {
            problems.violation(
                at,
                "not-a-key",
                "only text, numbers and yes or no can be looked up; name a path below".into(),
            );
            return None;
        };
        match lookup.get(&key) {
            Some(value) => serde_json::value::to_raw_value(value).ok().map(Made::Own),
            None => {
                problems.miss(lookup.name(), key);
                None
            }
        }
    }
}

fn compile_from(text: &str, stage: Stage) -> Result<CompiledSource, String> {
    let path = Path::parse(text).map_err(|error| error.to_string())?;
    if stage == Stage::Document {
        return Ok(CompiledSource::From { root: 0, path: Some(path) });
    }
    let names = stage.names();
    let found =
        path.split_first().and_then(|(first, rest)| Some((names.iter().position(|name| *name == first)?, rest)));
    let Some((root, rest)) = found else {
        return Err(format!("`{text}` starts with none of `source`, `item` and `result`; write e.g. `source.id`"));
    };
    Ok(CompiledSource::From { root, path: Some(rest).filter(|rest| !rest.steps().is_empty()) })
}

impl Mapping {
    /// Compiles a mapping. Mistakes come with the target path of their rule.
    pub(crate) fn new(
        base: Base,
        rules: &[(String, Rule)],
        tables: &BTreeMap<String, Table>,
        stage: Stage,
    ) -> Result<Self, Vec<(String, String)>> {
        let (mut compiled, mut mistakes) = (Vec::new(), Vec::new());
        for (target, rule) in rules {
            match compile_rule(target, rule, tables, stage) {
                Ok(rule) => compiled.push(rule),
                Err(mistake) => mistakes.push((target.clone(), mistake)),
            }
        }
        if mistakes.is_empty() { Ok(Self { base, rules: compiled }) } else { Err(mistakes) }
    }

    /// Maps a document; none when it stays as it is.
    pub(crate) fn apply(&self, scene: &Scene<'_>) -> Result<Option<Document>, MapFailure> {
        if self.base == Base::Copy && self.rules.is_empty() {
            return Ok(None);
        }
        let source = scene.document().map_err(|why| invalid("", "not-json", why))?;
        let mut draft = match self.base {
            Base::Copy => Draft::Copied(source),
            Base::Empty => Draft::empty(),
        };
        let mut problems = Problems::default();
        for rule in &self.rules {
            rule.apply(scene, &mut draft, &mut problems);
        }
        problems.finish()?;
        let text = serde_json::to_vec(&draft).map_err(|error| invalid("", "not-json", error.to_string()))?;
        Ok(Some(Document::new(text)))
    }
}

fn compile_rule(
    target: &str,
    rule: &Rule,
    tables: &BTreeMap<String, Table>,
    stage: Stage,
) -> Result<CompiledRule, String> {
    let target = Path::parse(target).map_err(|error| error.to_string())?;
    let lists = target.each_count();
    let value = CompiledValue::new(rule, tables, stage, lists > 0)?;
    let found = value.each_count();
    let fits = match (lists, found) {
        (0, _) => true,
        (lists, 0) => stage == Stage::Document && lists > 0,
        (lists, found) => lists == found,
    };
    if fits {
        return Ok(CompiledRule { target, value });
    }
    Err(match stage {
        Stage::Document => format!(
            "`{target}` and its source do not have the same number of `[]`; write one in the source for each in the target"
        ),
        Stage::WriteBack => format!("`{target}` has `[]` and its source has not; name an element, e.g. `[0]`"),
    })
}

impl CompiledRule {
    fn apply<'d>(&self, scene: &Scene<'d>, draft: &mut Draft<'d>, problems: &mut Problems) {
        let at = self.target.to_string();
        match (&self.value.source, self.target.each_count(), self.value.each_count()) {
            (CompiledSource::From { root, path: Some(path) }, 0, 1..) => {
                let list = self.list(scene.find(*root, path), &at, problems);
                self.put(draft, &[], list, &at, problems);
            }
            (CompiledSource::From { root, path: Some(path) }, 1.., 1..) => {
                for found in scene.find(*root, path) {
                    let value = found.raw.and_then(|raw| self.value.looked_up(Made::Copied(raw), &at, problems));
                    self.put(draft, &found.indices, value, &at, problems);
                }
            }
            (_, 0, _) => {
                let value = self.value.single(scene, None, &at, problems);
                self.put(draft, &[], value, &at, problems);
            }
            _ => self.apply_to_each(scene, draft, &at, problems),
        }
    }

    /// Puts a value below each element that the source has at the same place.
    fn apply_to_each<'d>(&self, scene: &Scene<'d>, draft: &mut Draft<'d>, at: &str, problems: &mut Problems) {
        let Some(elements) = self.target.up_to_last_each() else { return };
        for Found { indices, raw } in scene.find(0, &elements) {
            let place = indices.last().copied().zip(raw);
            let value = self.value.single(scene, place, at, problems);
            self.put(draft, &indices, value, at, problems);
        }
    }

    fn list<'d>(&self, found: Vec<Found<'d>>, at: &str, problems: &mut Problems) -> Option<Made<'d>> {
        let values = found.into_iter().filter_map(|found| found.raw);
        let looked_up = values.filter_map(|raw| self.value.looked_up(Made::Copied(raw), at, problems));
        let list = Draft::List(looked_up.map(Draft::from).collect());
        serde_json::value::to_raw_value(&list).ok().map(Made::Own)
    }

    fn put<'d>(
        &self,
        draft: &mut Draft<'d>,
        indices: &[usize],
        value: Option<Made<'d>>,
        at: &str,
        problems: &mut Problems,
    ) {
        if let Err(obstacle) = draft.put(self.target.steps(), indices, value) {
            problems.violation(at, "no-place", format!("{}; correct the target path", obstacle.0));
        }
    }
}

fn raw_of<'a>(made: &'a Made<'_>) -> &'a RawValue {
    match made {
        Made::Copied(raw) => raw,
        Made::Own(raw) => raw,
    }
}

/// The text of a scalar: what a string says, a number's digits as they are written. None for the rest.
pub(crate) fn scalar_text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.get().to_owned()),
    }
}

/// Cuts a sub-document out of a document. Where the path leads to several, `key` names the field that tells them apart
/// and the value that it must have.
pub(crate) fn document_at(document: &[u8], path: &Path, key: Option<(&Path, &str)>) -> Option<Document> {
    let scene = Scene::new(DOCUMENT_NAMES, &[document]);
    let fits = |raw: &&RawValue| {
        key.is_none_or(|(path, wanted)| {
            let found = Scene::new(DOCUMENT_NAMES, &[raw.get().as_bytes()]).one(0, Some(path)).and_then(scalar_text);
            found.as_deref() == Some(wanted)
        })
    };
    let found = scene.find(0, path).into_iter().filter_map(|found| found.raw).find(fits)?;
    found.get().starts_with('{').then(|| Document::new(found.get().to_owned()))
}

fn invalid(path: &str, code: &str, message: String) -> MapFailure {
    MapFailure::Invalid(vec![Violation { path: path.to_owned(), code: code.to_owned(), message }])
}

#[derive(Default)]
struct Problems {
    missing: Vec<MissingMapping>,
    violations: Vec<Violation>,
}

impl Problems {
    fn miss(&mut self, table: &str, value: String) {
        let missing = MissingMapping { reference_list: table.to_owned(), value };
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
    }

    fn violation(&mut self, path: &str, code: &str, message: String) {
        self.violations.push(Violation { path: pointer(path), code: code.to_owned(), message });
    }

    /// A document that is wrong stays wrong with another mapping, so that comes first.
    fn finish(self) -> Result<(), MapFailure> {
        if !self.violations.is_empty() {
            return Err(MapFailure::Invalid(self.violations));
        }
        if !self.missing.is_empty() {
            return Err(MapFailure::Unmapped(self.missing));
        }
        Ok(())
    }
}

/// Writes a target path as a JSON pointer; elements that go over a list stay `[]`, which no field is called.
fn pointer(path: &str) -> String {
    let Ok(path) = Path::parse(path) else { return String::new() };
    let part = |step: &Step| match step {
        Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Step::Index(index) => format!("/{index}"),
        Step::Each => "/[]".to_owned(),
    };
    path.steps().iter().map(part).collect()
}

#[cfg(test)]
mod tests;
