//! Answers calls: the hub's checks, then the robot's, then the books.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, reply};
use super::books::{Books, key_of};
use super::options::{Options, Robot};
use super::profile::{Entity, Verb};
use super::query::Query;
use super::rules;

/// All that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) licence: String,
    pub(crate) secret: String,
    /// Books by `COMPANY_ID`.
    pub(crate) companies: BTreeMap<String, Books>,
}

/// The system.
#[derive(Debug)]
pub(crate) struct Service {
    state: Mutex<State>,
}

/// Entity and key of a path.
struct Target {
    entity: Entity,
    key: Option<String>,
}

impl Service {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answer(&self, parts: &Parts, body: &[u8]) -> Answer {
        self.state().admit(parts, body).unwrap_or_else(|refusal| refusal.answer())
    }
}

impl State {
    fn admit(&mut self, parts: &Parts, body: &[u8]) -> Result<Answer, Refusal> {
        self.check_licence(parts)?;
        let target = target(parts.uri.path())?;
        let robot = self.options.robot;
        match robot {
            Robot::Offline => return Err(robot_offline()),
            Robot::Slow { works: false } => return Err(robot_slow()),
            Robot::Slow { works: true } | Robot::Online => {}
        }
        let company = self.company(parts)?;
        let verb = Verb::of(&parts.method);
        let offered = self.options.verbs(target.entity);
        let Some(verb) = verb.filter(|verb| offered.contains(verb)) else {
            return Ok(not_offered(parts, target.entity, offered, self.options.refused_verb_status));
        };
        let answer = self.work(verb, &target, &company, parts, body);
        // The hub stopped waiting, whatever came of it.
        if robot == Robot::Online { answer } else { Err(robot_slow()) }
    }

    fn check_licence(&self, parts: &Parts) -> Result<(), Refusal> {
        let expected = BASE64_STANDARD.encode(format!("{}:{}", self.licence, self.secret));
        let sent = header_text(parts, "authorization").unwrap_or_default();
        let basic = sent.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        if basic.is_some_and(|(_, sent)| sent.trim() == expected) { Ok(()) } else { Err(denied()) }
    }

    fn company(&self, parts: &Parts) -> Result<String, Refusal> {
        let company = header_text(parts, "company_id").unwrap_or("0");
        if self.companies.contains_key(company) {
            return Ok(company.to_owned());
        }
        Err(Refusal::new(403, format!("The company '{company}' is not accessible with this licence.")))
    }

    fn work(
        &mut self,
        verb: Verb,
        target: &Target,
        company: &str,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let entity = target.entity;
        let Some(books) = self.companies.get_mut(company) else { return Err(not_found(entity, company)) };
        match (verb, &target.key) {
            (Verb::Get, None) => list(books, entity, parts, &self.options),
            (Verb::Get, Some(key)) => {
                let found = books.by_key(entity, key).next().ok_or_else(|| not_found(entity, key))?;
                Ok(reply(StatusCode::OK, &Query::default().shown(&found.value)))
            }
            (Verb::Post, None) => {
                let record = read_body(parts, body, &self.options)?;
                let only_new = header_text(parts, "if-none-match") == Some("*");
                create(books, entity, record, only_new, &self.options).map(|record| reply(StatusCode::CREATED, &record))
            }
            (Verb::Put, key) => {
                let change = read_body(parts, body, &self.options)?;
                update(books, entity, key.as_deref(), &change, &self.options)
            }
            (Verb::Post, Some(_)) => Err(Refusal::new(404, "A record is created without a key in the path.")),
            (Verb::Delete, None) => Err(Refusal::new(400, "The key is missing in the path.")),
            // Only a switch can offer it.
            (Verb::Delete, Some(key)) => remove(books, entity, key),
        }
    }
}

fn list(books: &Books, entity: Entity, parts: &Parts, options: &Options) -> Result<Answer, Refusal> {
    let mut query = Query::parse(parts.uri.query()).map_err(|error| Refusal::new(400, error))?;
    let unknown = query.paths().find(|path| !options.unknown_fields_accepted && !books.knows_path(entity, path));
    if let Some(path) = unknown {
        let message = format!("Could not find a property named '{path}' on type '{}'.", entity.name());
        return Err(Refusal::new(400, message));
    }
    if options.skip_ignored {
        query.skip = 0;
    }
    if let Some(largest) = options.largest_page {
        query.top = Some(query.top.map_or(largest, |top| top.min(largest)));
    }
    let rows = Value::from(books.list(entity, &query));
    let body = if options.lists_wrapped { json!({ "value": rows }) } else { rows };
    Ok(reply(StatusCode::OK, &body))
}

/// Books a new record; `only_new` is the header `If-None-Match: *`.
pub(crate) fn create(
    books: &mut Books,
    entity: Entity,
    mut record: Value,
    only_new: bool,
    options: &Options,
) -> Result<Value, Refusal> {
    rules::check_form(entity, &record, books, options)?;
    let numbered = !key_of(entity, &record).is_empty();
    if numbered && books.has_same(entity, &record) {
        let message = format!("{} '{}' already exists.", entity.name(), key_of(entity, &record));
        match options.same_number_status {
            _ if only_new => return Err(Refusal::new(412, message)),
            // Products and customers are known by their key alone and cannot be there twice.
            _ if entity.date().is_none() => return Err(Refusal::new(409, message)),
            Some(status) => return Err(Refusal::new(status, message)),
            None => {}
        }
    }
    rules::check_new(entity, &record, books, options)?;
    let today = jiff::Zoned::now().date().to_string();
    rules::complete(entity, &mut record, books, options, &today);
    books.add(entity, record.clone(), false);
    Ok(record)
}

fn update(
    books: &mut Books,
    entity: Entity,
    key: Option<&str>,
    change: &Value,
    options: &Options,
) -> Result<Answer, Refusal> {
    rules::check_form(entity, change, books, options)?;
    let in_body = key_of(entity, change);
    let key = match key {
        Some(key) if in_body.is_empty() || in_body == key => key,
        Some(key) => {
            let problem = format!("The key '{in_body}' is not that of the path, '{key}'.");
            return Err(Refusal::of_field(400, entity.key(), problem));
        }
        None if in_body.is_empty() => return Err(Refusal::of_field(400, entity.key(), "The field is required.")),
        None => in_body,
    };
    let record = books.update(entity, key, change).ok_or_else(|| not_found(entity, key))?;
    Ok(reply(StatusCode::OK, &Query::default().shown(&record)))
}

/// Customers and documents are in use for good.
fn remove(books: &mut Books, entity: Entity, key: &str) -> Result<Answer, Refusal> {
    if entity == Entity::Customer || entity.date().is_some() {
        return Err(Refusal::new(422, format!("'{key}' is in use.")));
    }
    let removed = books.remove(entity, key).ok_or_else(|| not_found(entity, key))?;
    Ok(reply(StatusCode::OK, &removed))
}

fn read_body(parts: &Parts, body: &[u8], options: &Options) -> Result<Value, Refusal> {
    let media_type = header_text(parts, "content-type").unwrap_or_default();
    if options.content_type_required && media_type.split(';').next().map(str::trim) != Some("application/json") {
        let message = format!("The request entity's media type '{media_type}' is not supported for this resource.");
        return Err(Refusal::new(415, message));
    }
    match serde_json::from_slice(body) {
        Ok(record @ Value::Object(_)) => Ok(record),
        Ok(_) => Err(Refusal::of_field(400, "", "A JSON object is required.")),
        Err(_) if body.is_empty() => Err(Refusal::of_field(400, "", "A body is required.")),
        Err(error) => Err(Refusal::of_field(400, "", error.to_string())),
    }
}

/// Splits a path into its decoded parts below `Entity`.
fn parts_below_entity(path: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix("/api/Entity/")?;
    let parts = rest.split('/').filter(|part| !part.is_empty());
    parts.map(|part| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned())).collect()
}

fn target(path: &str) -> Result<Target, Refusal> {
    let unknown = || Refusal::new(404, format!("No HTTP resource was found that matches the request URI '{path}'."));
    let mut parts = parts_below_entity(path).ok_or_else(unknown)?.into_iter();
    let entity = parts.next().and_then(|name| Entity::named(&name)).ok_or_else(unknown)?;
    let key = parts.next();
    if parts.next().is_some() { Err(unknown()) } else { Ok(Target { entity, key }) }
}

/// Names an operation, e.g. `GET /Product` or `PUT /Product/{id}`.
pub(crate) fn operation(method: &str, path: &str) -> String {
    let Some(parts) = parts_below_entity(path) else { return format!("{method} {path}") };
    let entity = parts.first().map_or("", String::as_str);
    let key = if parts.len() > 1 { "/{id}" } else { "" };
    format!("{method} /{entity}{key}")
}

/// Refuses as for wrong or missing credentials.
pub(crate) fn denied() -> Refusal {
    Refusal::new(401, "Authorization has been denied for this request.")
}

/// Refuses as the hub does without a robot.
pub(crate) fn robot_offline() -> Refusal {
    Refusal::new(503, "The robot of this licence is not connected.")
}

/// Refuses as the hub does when the robot takes too long.
pub(crate) fn robot_slow() -> Refusal {
    Refusal::new(504, "The robot of this licence did not answer in time.")
}

fn not_found(entity: Entity, key: &str) -> Refusal {
    Refusal::new(404, format!("{} '{key}' was not found.", entity.name()))
}

fn not_offered(parts: &Parts, entity: Entity, offered: &[Verb], status: u16) -> Answer {
    let message = format!("{} of {} is not offered by this accounting system.", parts.method, entity.name());
    let mut answer = Refusal::new(status, message).answer();
    let names: Vec<&str> = offered.iter().map(|verb| verb.name()).collect();
    if let Ok(allow) = HeaderValue::try_from(names.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

fn header_text<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::operation;

    #[test]
    fn operation_is_verb_and_entity() {
        let cases = [
            ("GET", "/api/Entity/Product/", "GET /Product"),
            ("GET", "/api/Entity/Product", "GET /Product"),
            ("PUT", "/api/Entity/Product/P%2F1", "PUT /Product/{id}"),
            ("GET", "/other", "GET /other"),
        ];
        for (method, path, name) in cases {
            assert_eq!(operation(method, path), name);
        }
    }
}
