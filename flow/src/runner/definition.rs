//! A definition made ready to run: compiled filters, mappings and checks.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest;
use jsonschema::Validator;
use wharf_host::manifest::{DocumentShape, Manifest, Write};
use wharf_host::model::{Action, Document, Violation};

use crate::mapping::{CompiledValue, Filters, Mapping, Path, Stage};
use crate::problem::Problem;
use crate::spec::{Base, DependencyRule, FlowSpec, Table};

/// A flow's definition, compiled.
pub(crate) struct Definition {
    pub(super) filters: Filters,
    pub(super) mapping: Mapping,
    pub(super) target_id: Option<CompiledValue>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) write_backs: Vec<CompiledWriteBack>,
    /// Whether the target's documents have a shape of their connector's own, in which they may name what they change.
    pub(super) names_its_target: bool,
    /// Shape that mapped documents must have.
    schema: Option<Validator>,
    /// Changes with everything that decides about items.
    pub(super) digest: Vec<u8>,
}

pub(super) struct Dependency {
    pub(super) rule: DependencyRule,
    pub(super) path: Path,
    pub(super) key: Option<Path>,
}

pub(super) struct CompiledWriteBack {
    pub(super) target: Option<CompiledValue>,
    pub(super) mapping: Mapping,
}

/// Compiles a definition; every mistake that can be seen without manifests is reported.
pub(crate) fn compile(spec: &FlowSpec, target: Option<&Manifest>) -> Result<Definition, Vec<Problem>> {
    let mut problems = Vec::new();
    let filters = Filters::new(&spec.filters).unwrap_or_else(|mistakes| {
        let located = |(index, text): (usize, String)| Problem::new(["drop", &index.to_string(), "when"], text);
        problems.extend(mistakes.into_iter().map(located));
        Filters::default()
    });
    let mapping = Mapping::new(spec.base, &spec.mapping, &spec.tables, Stage::Document);
    let mapping = mapping.map_err(|mistakes| {
        problems.extend(mistakes.into_iter().map(|(path, text)| Problem::new(["map", &path], text)));
    });
    let target_id = spec.target.id.as_ref().map(|rule| CompiledValue::new(rule, &spec.tables, Stage::Document, false));
    let target_id = target_id.transpose().map_err(|text| problems.push(Problem::new(["to", "target"], text)));
    let dependencies = compile_dependencies(&spec.dependencies, &mut problems);
    let write_backs = compile_write_backs(spec, &mut problems);
    let schema = target.and_then(|manifest| shape(spec, manifest));
    match (mapping, target_id) {
        (Ok(mapping), Ok(target_id)) if problems.is_empty() => Ok(Definition {
            filters,
            mapping,
            target_id,
            dependencies,
            write_backs,
            names_its_target: target.is_some_and(|manifest| has_own_shape(spec, manifest)),
            schema,
            digest: digest_of(spec, target),
        }),
        _ => Err(problems),
    }
}

fn compile_dependencies(rules: &[DependencyRule], problems: &mut Vec<Problem>) -> Vec<Dependency> {
    let mut compiled = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let index = index.to_string();
        let path = Path::parse(&rule.from).map_err(|error| {
            problems.push(Problem::new(["dependency", &index, "from"], error.to_string()));
        });
        let key = rule.key.as_deref().map(Path::parse).transpose().map_err(|error| {
            problems.push(Problem::new(["dependency", &index, "key"], error.to_string()));
        });
        let (Ok(path), Ok(key)) = (path, key) else { continue };
        if path.each_count() > 0 && key.is_none() {
            let text = format!(
                "`{path}` leads to several documents; add `key`, the field that holds what the target asks for"
            );
            problems.push(Problem::new(["dependency", &index], text));
        }
        compiled.push(Dependency { rule: rule.clone(), path, key });
    }
    compiled
}

fn compile_write_backs(spec: &FlowSpec, problems: &mut Vec<Problem>) -> Vec<CompiledWriteBack> {
    let mut compiled = Vec::new();
    for (index, write_back) in spec.write_backs.iter().enumerate() {
        let index = index.to_string();
        let target =
            write_back.target.as_ref().map(|rule| CompiledValue::new(rule, &spec.tables, Stage::WriteBack, false));
        let target = target.transpose().map_err(|text| {
            problems.push(Problem::new(["write_back", &index, "target"], text));
        });
        let mapping = Mapping::new(Base::Empty, &write_back.mapping, &spec.tables, Stage::WriteBack);
        let mapping = mapping.map_err(|mistakes| {
            let located = |(path, text): (String, String)| Problem::new(["write_back", &index, "map", &path], text);
            problems.extend(mistakes.into_iter().map(located));
        });
        if let (Ok(target), Ok(mapping)) = (target, mapping) {
            compiled.push(CompiledWriteBack { target, mapping });
        }
    }
    compiled
}

/// Returns the kind of write of a manifest.
pub(crate) fn write_of<'m>(manifest: &'m Manifest, entity: &str, action: Action) -> Option<&'m Write> {
    manifest.writes.iter().find(|write| write.entity == entity && write.actions.contains(&action))
}

fn has_own_shape(spec: &FlowSpec, manifest: &Manifest) -> bool {
    let write = write_of(manifest, &spec.target.entity, spec.target.action);
    write.is_some_and(|write| write.document == DocumentShape::Raw && write.schema.is_some())
}

/// Only whole documents have to have the shape; what changes one may leave fields out.
fn shape(spec: &FlowSpec, manifest: &Manifest) -> Option<Validator> {
    if !matches!(spec.target.action, Action::Create | Action::Upsert) {
        return None;
    }
    let write = write_of(manifest, &spec.target.entity, spec.target.action)?;
    let schema = match (&write.schema, write.document) {
        (Some(schema), _) => schema.clone(),
        (None, DocumentShape::Common) => wharf_documents::schema_of(&spec.target.entity)?.to_value(),
        (None, DocumentShape::Raw) => return None,
    };
    jsonschema::validator_for(&schema).ok()
}

/// How many violations of one document are kept.
const VIOLATIONS: usize = 20;

impl Definition {
    /// Checks a mapped document against the target's shape.
    pub(super) fn violations(&self, document: &Document) -> Vec<Violation> {
        let Some(schema) = &self.schema else { return Vec::new() };
        let value: serde_json::Value = match document.parse() {
            Ok(value) => value,
            Err(error) => return vec![violation(String::new(), "not-json", error.to_string())],
        };
        let errors = schema.iter_errors(&value).take(VIOLATIONS);
        errors.map(|error| violation(error.instance_path().to_string(), "shape", error.to_string())).collect()
    }
}

fn violation(path: String, code: &str, message: String) -> Violation {
    Violation { path, code: code.to_owned(), message: format!("{message}; change the mapping or the source document") }
}

/// Tells whether every value is in a table by now.
pub(super) fn is_mapped(tables: &BTreeMap<String, Table>, list: &str, value: &str) -> bool {
    tables
        .iter()
        .filter(|(name, table)| *name == list || table.reference_list.as_deref() == Some(list))
        .any(|(name, table)| CompiledValue::has_entry(name, table, value))
}

fn digest_of(spec: &FlowSpec, target: Option<&Manifest>) -> Vec<u8> {
    // What decides when a flow runs does not decide what becomes of an item.
    let decisive = FlowSpec {
        schedule: crate::schedule::Schedule::Manual,
        concurrency: std::num::NonZeroU32::MIN,
        verify_after: Duration::ZERO,
        ..spec.clone()
    };
    let connector = target.map(|manifest| (&manifest.name, &manifest.version));
    let text = serde_json::to_vec(&(decisive, connector)).unwrap_or_default();
    digest::digest(&digest::SHA256, &text).as_ref().to_vec()
}
