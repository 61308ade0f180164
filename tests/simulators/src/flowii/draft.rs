//! Reads a resource that was sent: checks it against its shape and gives ids to the children inside it.

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use super::answer::Problem;
use super::company::{Child, Company};
use super::model::{Attribute, Holds, Link, Shape, Target};
use super::options::{Options, ZoneSuffix};

/// A resource that passed all checks, its children taken out and replaced by their identifiers.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) attributes: Map<String, Value>,
    pub(crate) relationships: Map<String, Value>,
    pub(crate) children: Vec<Child>,
}

/// Whether a whole resource is expected or only what changes in one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode<'a> {
    Create,
    /// A partial change of a record that has these children.
    Change(&'a [Child]),
}

/// What a resource is checked against; collects every problem, not only the first.
pub(crate) struct Intake<'a> {
    pub(crate) company: &'a Company,
    pub(crate) users: &'a [(u64, String)],
    pub(crate) options: &'a Options,
    pub(crate) last_id: &'a mut u64,
    pub(crate) problems: Vec<Problem>,
}

impl Intake<'_> {
    /// Reads the resource at `pointer`; what comes back counts only if no problem was found.
    pub(crate) fn read(&mut self, resource: &Value, shape: &Shape, pointer: &str, mode: Mode<'_>) -> Draft {
        let mut draft = Draft::default();
        if resource["type"] != shape.kind {
            self.refuse(format!("{pointer}/type"), format!("type must be `{}`", shape.kind));
        }
        self.read_attributes(resource, shape, pointer, mode, &mut draft);
        self.read_links(resource, shape, pointer, mode, &mut draft);
        draft
    }

    fn refuse(&mut self, pointer: String, detail: String) {
        self.problems.push(Problem::at(pointer, detail));
    }

    fn read_attributes(&mut self, resource: &Value, shape: &Shape, base: &str, mode: Mode<'_>, draft: &mut Draft) {
        let Some(sent) = self.members(resource, "attributes", base) else { return };
        for (name, value) in &sent {
            match shape.attribute(name) {
                Some(attribute) => self.read_attribute(attribute, value, base, draft),
                None => self.unknown(format!("{base}/attributes/{name}"), name, shape),
            }
        }
        if matches!(mode, Mode::Create) {
            for missing in shape.attributes.iter().filter(|field| field.required && !sent.contains_key(field.name)) {
                self.refuse(format!("{base}/attributes/{}", missing.name), format!("{} is required", missing.name));
            }
        }
    }

    fn members(&mut self, resource: &Value, part: &str, base: &str) -> Option<Map<String, Value>> {
        match resource.get(part) {
            None | Some(Value::Null) => Some(Map::new()),
            Some(Value::Object(members)) => Some(members.clone()),
            Some(_) => {
                self.refuse(format!("{base}/{part}"), format!("{part} must be an object"));
                None
            }
        }
    }

    fn unknown(&mut self, pointer: String, name: &str, shape: &Shape) {
        if !self.options.unknown_members_ignored {
            self.refuse(pointer, format!("{name} is not known of type `{}`", shape.kind));
        }
    }

    fn read_attribute(&mut self, attribute: &Attribute, value: &Value, base: &str, draft: &mut Draft) {
        let name = attribute.name;
        match self.checked(attribute, value) {
            Ok(Some(value)) => drop(draft.attributes.insert(name.to_owned(), value)),
            Ok(None) => {}
            Err(detail) => self.refuse(format!("{base}/attributes/{name}"), detail),
        }
    }

    /// Returns the value to store, or nothing for what only the system sets.
    fn checked(&self, attribute: &Attribute, value: &Value) -> Result<Option<Value>, String> {
        let name = attribute.name;
        let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        if attribute.required && (value.is_null() || blank) {
            return Err(format!("{name} is required"));
        }
        let fits = match attribute.holds {
            Holds::ReadOnly => return Ok(None),
            _ if value.is_null() => true,
            Holds::DateTime => return self.date_time(name, value).map(Some),
            Holds::Text => value.is_string(),
            Holds::Choice(numbers) => value.as_i64().is_some_and(|number| numbers.contains(&number)),
            Holds::Integer => value.is_i64(),
            Holds::Number => value.is_number(),
            Holds::Flag => value.is_boolean(),
        };
        if fits { Ok(Some(value.clone())) } else { Err(format!("{name} must be {}", wanted(attribute.holds))) }
    }

    fn date_time(&self, name: &str, value: &Value) -> Result<Value, String> {
        let form = || format!("{name} must be a date-time like 2026-02-01T08:00:00");
        let text = value.as_str().ok_or_else(form)?;
        let (local, zone) = split_zone(text);
        if zone.is_some() && self.options.zone_suffix == ZoneSuffix::Refuse {
            return Err(format!("{name} must be local time without a zone"));
        }
        DateTime::strptime("%Y-%m-%dT%H:%M:%S", local).map_err(|_| form())?;
        Ok(Value::from(local))
    }

    fn read_links(&mut self, resource: &Value, shape: &Shape, base: &str, mode: Mode<'_>, draft: &mut Draft) {
        let Some(sent) = self.members(resource, "relationships", base) else { return };
        for (name, value) in &sent {
            let pointer = format!("{base}/relationships/{name}");
            match shape.link(name).filter(|link| self.is_offered(link, shape)) {
                Some(link) => self.read_link(link, value, &pointer, mode, draft),
                None => self.unknown(pointer, name, shape),
            }
        }
        if matches!(mode, Mode::Create) {
            for missing in shape.links.iter().filter(|link| link.required && !sent.contains_key(link.name)) {
                self.refuse(format!("{base}/relationships/{}", missing.name), format!("{} is required", missing.name));
            }
        }
    }

    fn is_offered(&self, link: &Link, shape: &Shape) -> bool {
        self.options.inline_items || (shape.kind, link.name) != ("order", "items")
    }

    fn read_link(&mut self, link: &'static Link, value: &Value, pointer: &str, mode: Mode<'_>, draft: &mut Draft) {
        if let Some(detail) = self.refused_by_switch(link) {
            return self.refuse(pointer.to_owned(), detail);
        }
        let sent: Vec<&Value> = match value.get("data") {
            Some(Value::Array(many)) if link.many => many.iter().collect(),
            Some(Value::Null) if !link.many => Vec::new(),
            Some(one @ Value::Object(_)) if !link.many => vec![one],
            _ => return self.refuse(pointer.to_owned(), format!("{} has no usable data", link.name)),
        };
        if link.required && sent.is_empty() {
            return self.refuse(pointer.to_owned(), format!("{} is required", link.name));
        }
        let mut linkage: Vec<Value> = Vec::with_capacity(sent.len());
        for (index, value) in sent.into_iter().enumerate() {
            let place = if link.many { format!("{pointer}/data/{index}") } else { pointer.to_owned() };
            linkage.extend(self.read_target(link, value, &place, mode, draft));
        }
        let data = if link.many { Value::from(linkage) } else { linkage.pop().unwrap_or_default() };
        draft.relationships.insert(link.name.to_owned(), json!({ "data": data }));
    }

    fn refused_by_switch(&self, link: &Link) -> Option<String> {
        let refused = match link.name {
            "company-data" => self.options.company_data_refused,
            "custom-field-string-values" => self.options.custom_fields_refused,
            _ => false,
        };
        refused.then(|| format!("{} is not accepted", link.name))
    }

    fn read_target(
        &mut self,
        link: &'static Link,
        value: &Value,
        pointer: &str,
        mode: Mode<'_>,
        draft: &mut Draft,
    ) -> Option<Value> {
        let id = value.get("id").map(|id| id.as_str().and_then(|id| id.parse::<u64>().ok()));
        match (link.target, id) {
            (Target::Child(shape), None) => Some(self.read_child(link, shape, value, pointer, draft)),
            (target, Some(Some(id))) if value["type"] == target.kind() => {
                let found = self.find(link, id, mode);
                if let Err(detail) = &found {
                    self.refuse(pointer.to_owned(), detail.clone());
                }
                found.ok().map(|()| json!({ "type": target.kind(), "id": id.to_string() }))
            }
            (target, _) => {
                let detail = format!("{} must name type `{}` and a numeric id as text", link.name, target.kind());
                self.refuse(pointer.to_owned(), detail);
                None
            }
        }
    }

    fn read_child(
        &mut self,
        link: &'static Link,
        shape: &'static Shape,
        value: &Value,
        pointer: &str,
        draft: &mut Draft,
    ) -> Value {
        // A many-link's place is inside `data` already; a single one's is the relationship itself.
        let base = if link.many { pointer.to_owned() } else { format!("{pointer}/data") };
        let inner = self.read(value, shape, &base, Mode::Create);
        *self.last_id += 1;
        let child = child(*self.last_id, link.name, shape.kind, inner);
        let identifier = json!({ "type": shape.kind, "id": child.id.to_string() });
        draft.children.push(child);
        identifier
    }

    fn find(&self, link: &Link, id: u64, mode: Mode<'_>) -> Result<(), String> {
        let unknown = || Err(format!("{} `{id}` does not exist", link.name));
        match link.target {
            Target::Record(path) if self.company.record(path, id).is_some() => Ok(()),
            Target::User if self.users.iter().any(|(user, _)| *user == id) => Ok(()),
            Target::Code("orders/customfields") if self.options.custom_fields_unknown => unknown(),
            Target::Code(path) => match self.company.code(path, id) {
                Some(code) if path == "ordertypes" && code.has_parent => {
                    Err(format!("{} `{id}` is not a top-level type", link.name))
                }
                Some(_) => Ok(()),
                None => unknown(),
            },
            Target::Child(shape) => match mode {
                Mode::Change(children) if children.iter().any(|child| (child.id, child.kind) == (id, shape.kind)) => {
                    Ok(())
                }
                _ => unknown(),
            },
            Target::Record(_) | Target::User => unknown(),
        }
    }
}

/// Serializes a child under its own id.
pub(crate) fn child(id: u64, link: &'static str, kind: &'static str, inner: Draft) -> Child {
    let json = resource(kind, id, &inner.attributes, &inner.relationships);
    Child { id, kind, link, json: json.into_boxed_str() }
}

/// Serializes a resource.
pub(crate) fn resource(
    kind: &str,
    id: u64,
    attributes: &Map<String, Value>,
    relationships: &Map<String, Value>,
) -> String {
    let mut resource = json!({ "type": kind, "id": id.to_string(), "attributes": attributes });
    if !relationships.is_empty() {
        resource["relationships"] = json!(relationships);
    }
    resource.to_string()
}

/// Splits a date-time into its local part and the zone after it.
fn split_zone(text: &str) -> (&str, Option<&str>) {
    let time = text.find('T').map_or(text.len(), |at| at + 1);
    let zone = text.get(time..).and_then(|rest| rest.find(['Z', 'z', '+', '-']));
    match zone.map(|at| text.split_at(time + at)) {
        Some((local, zone)) => (local, Some(zone)),
        None => (text, None),
    }
}

fn wanted(holds: Holds) -> String {
    match holds {
        Holds::Text => "a text".to_owned(),
        Holds::Choice(numbers) => format!("one of {numbers:?}"),
        Holds::Integer => "a whole number".to_owned(),
        Holds::Number => "a number".to_owned(),
        Holds::Flag => "true or false".to_owned(),
        Holds::DateTime => "a date-time".to_owned(),
        Holds::ReadOnly => "left out".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_is_split_from_local_time() {
        let cases = [
            ("2026-02-01T08:00:00", ("2026-02-01T08:00:00", None)),
            ("2026-02-01T08:00:00Z", ("2026-02-01T08:00:00", Some("Z"))),
            ("2026-02-01T08:00:00+01:00", ("2026-02-01T08:00:00", Some("+01:00"))),
            ("2026-02-01", ("2026-02-01", None)),
        ];
        for (text, parts) in cases {
            assert_eq!(split_zone(text), parts);
        }
    }
}
