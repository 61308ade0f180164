//! Records of any other entity, by the ERP's own names of fields: making, changing and removing them.

use serde_json::value::RawValue;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, violation};

use crate::assumed::GUESSES;
use crate::body::Body;
use crate::client::{Client, row};
use crate::config::Config;
use crate::document::AnyRecord;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::{Entity, Verb, is_offered, require};

/// Returns the field that has the key of an entity's records.
pub(crate) fn key_field<'a>(config: &'a Config, entity: &str) -> Result<&'a str> {
    let guessed = || GUESSES.iter().find(|guess| guess.entity == entity).map(|guess| guess.key);
    let configured = config.entities.get(entity).map(|other| other.key.as_str());
    configured.or_else(guessed).ok_or_else(|| {
        let message = format!("nothing is known of `{entity}`; add it to `entities` with the field that has its key");
        Failure::unsupported(entity, message)
    })
}

/// Splits the id of a record into its entity and its key.
pub(crate) fn split(id: &str) -> Result<(&str, &str)> {
    id.split_once('/').ok_or_else(|| {
        let message = format!("`{id}` names no record; write it like `GLAccount/5100`");
        Failure::invalid_record(vec![violation("", "not-an-id", message)])
    })
}

/// Returns the key of a record; `contract-changed` without one.
pub(crate) fn key_of(row: &Row<'_>, config: &Config, entity: &str) -> Result<String> {
    let name = key_field(config, entity)?;
    row.text(name)?.ok_or_else(|| {
        let fields: Vec<&str> = row.fields().map(|(name, _)| name).collect();
        let detail = format!("a `{entity}` has no `{name}`; correct its `key` under `entities` of the configuration");
        Failure::contract_changed(detail, &fields.join(", "))
    })
}

/// A record that is to be made.
struct Wanted {
    entity: String,
    key: Option<String>,
    /// Field and text that it is found by where its key is the ERP's choice.
    mark: Option<(String, String)>,
    body: Body,
}

impl Wanted {
    fn of(client: &Client, intent: &Intent) -> Result<Self> {
        let record = document(intent)?;
        let config = &client.config;
        let entity = Entity::Other(&record.entity);
        require(config, entity, Verb::Post)?;
        require(config, entity, Verb::Get)?;
        let fields = fields(&record.fields)?;
        let field = key_field(config, &record.entity)?;
        let key = fields.text(field)?;
        let marked = config.entities.get(&record.entity).and_then(|other| other.correlation.as_deref());
        if key.is_none() && marked.is_none() {
            let message = format!(
                "the record has no `{field}` and could not be found again; give one, or name a text field in `correlation` of `{}` under `entities`",
                record.entity
            );
            return Err(Failure::invalid_record(vec![violation(format!("/fields/{field}"), "required", message)]));
        }
        let mut body = written(&fields);
        let mark = match marked {
            Some(name) => {
                let text = crate::convert::marked(&intent.correlation, &[fields.text(name)?.as_deref()]);
                body = body.text(name, Some(text.as_str()));
                Some((name.to_owned(), text))
            }
            None => None,
        };
        Ok(Self { key, mark, body, entity: record.entity.clone() })
    }

    fn entity(&self) -> Entity<'_> {
        Entity::Other(&self.entity)
    }

    fn query(&self, client: &Client) -> Result<Query> {
        let (name, text) = match (&self.key, &self.mark) {
            (Some(key), _) => (key_field(&client.config, &self.entity)?, key.as_str()),
            (None, Some((name, text))) => (name.as_str(), text.as_str()),
            (None, None) => return Err(Failure::internal("a record without key and mark")),
        };
        Ok(Query::new().text_is(name, text).top(2))
    }

    /// Finds it: its key, whether this intent made it, and whether it says the same.
    fn find(&self, client: &Client, correlation: &str) -> Result<Option<(String, bool, bool)>> {
        let found = client.find(self.entity(), &self.query(client)?, |row| {
            let key = key_of(row, &client.config, &self.entity)?;
            let marked = match &self.mark {
                Some((name, _)) => crate::convert::carries(row.text(name)?.as_deref(), correlation),
                None => false,
            };
            let is_it = self.key.as_deref().is_none_or(|wanted| key.eq_ignore_ascii_case(wanted.trim()));
            let mark = self.mark.iter().map(|(name, _)| name.as_str());
            let known = mark.chain([key_field(&client.config, &self.entity)?]);
            let body = known.fold(self.body.clone(), |body, name| body.without(name));
            Ok(if is_it { Some((key, marked, body.is_said_by(row)?)) } else { None })
        })?;
        Ok(found.into_iter().next())
    }
}

fn document(intent: &Intent) -> Result<AnyRecord> {
    let record: AnyRecord = intent.document()?;
    match Entity::named(&record.entity) {
        Entity::Other(_) => Ok(record),
        known => {
            let message = format!("`{}` is written as `{}`; use that write", record.entity, known.document());
            Err(Failure::invalid_record(vec![violation("/entity", "known-entity", message)]))
        }
    }
}

fn fields(raw: &RawValue) -> Result<Row<'_>> {
    let unreadable = || {
        let message = "the fields are no object; write them like `{\"NoCompteGL\": \"5100\"}`";
        Failure::invalid_record(vec![violation("/fields", "not-an-object", message)])
    };
    if !raw.get().starts_with('{') {
        return Err(unreadable());
    }
    Row::read(raw.get()).map_err(|_| unreadable())
}

fn written(fields: &Row<'_>) -> Body {
    fields.fields().fold(Body::new(), |body, (name, raw)| body.written(name, raw))
}

fn applied(client: &Client, entity: &str, key: &str) -> Applied {
    Applied::new(client.id(&format!("{entity}/{key}"))).number(key)
}

/// Plans the making of a record.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let wanted = Wanted::of(client, intent)?;
    let text = serde_json::to_string(&wanted.body).unwrap_or_default();
    let preview = client.list_preview(wanted.entity(), &wanted.query(client)?)?;
    Ok(preview.note("looks for the record first").note(format!("then POST /Entity/{}/ with {text}", wanted.entity)))
}

/// Makes a record, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let wanted = Wanted::of(client, intent)?;
    if let Some(there) = wanted.find(client, &intent.correlation)? {
        return there_already(client, &wanted.entity, there);
    }
    let response = client.post(wanted.entity(), &wanted.body)?;
    if response.status() == 412 {
        return match wanted.find(client, &intent.correlation)? {
            Some(there) => there_already(client, &wanted.entity, there),
            None => {
                let message = "the ERP says that the record is there, and does not show it";
                Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
            }
        };
    }
    let sent = wanted.key.as_deref().unwrap_or_default();
    let key = crate::client::made_key(&response, key_field(&client.config, &wanted.entity)?, sent)?;
    if key.is_empty() {
        return Err(response.unreadable("the answer tells no key of what was made"));
    }
    Ok(Outcome::Applied(applied(client, &wanted.entity, &key)))
}

fn there_already(client: &Client, entity: &str, (key, ours, same): (String, bool, bool)) -> Result<Outcome> {
    if ours {
        return Ok(Outcome::AlreadyApplied(applied(client, entity, &key)));
    }
    let message = format!("`{entity}` `{key}` is there already; use it, or change it");
    Err(Failure::conflict(Some(applied(client, entity, &key).id), Some(same), message))
}

/// Asks whether a record was made.
pub(crate) fn verify_create(client: &Client, intent: &Intent) -> Result<Verdict> {
    let wanted = Wanted::of(client, intent)?;
    Ok(match wanted.find(client, &intent.correlation)? {
        None => Verdict::Absent,
        Some((key, ours, same)) if ours || same => Verdict::Found(applied(client, &wanted.entity, &key)),
        Some((key, ..)) => {
            Verdict::Inconclusive(format!("`{}` `{key}` is there with other content; compare them", wanted.entity))
        }
    })
}

/// Returns entity and key of a target, and the entity of the document if that is there: they have to agree.
fn target_of<'a>(client: &Client, intent: &Intent, target: &'a str, verb: Verb) -> Result<(Entity<'a>, &'a str)> {
    let (name, key) = split(target)?;
    let record = document(intent)?;
    if record.entity != name {
        let message = format!("the document is of `{}` and the target of `{name}`; correct one of them", record.entity);
        return Err(Failure::invalid_record(vec![violation("/entity", "other-entity", message)]));
    }
    let entity = Entity::Other(name);
    require(&client.config, entity, verb)?;
    Ok((entity, key))
}

/// Plans the changing of a record.
pub(crate) fn plan_update(client: &Client, intent: &Intent, target: &str) -> Result<Preview> {
    let (entity, key) = target_of(client, intent, target, Verb::Put)?;
    let record = document(intent)?;
    let text = serde_json::to_string(&written(&fields(&record.fields)?)).unwrap_or_default();
    let preview = client.get_preview(entity, key)?.note("reads the record first, as a PUT replaces it whole");
    Ok(preview.note(format!("then PUT /Entity/{}/{key} with {text} over what was read", entity.name())))
}

/// Changes a record: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent, target: &str) -> Result<Outcome> {
    let (entity, key) = target_of(client, intent, target, Verb::Put)?;
    let record = document(intent)?;
    let changes = written(&fields(&record.fields)?);
    let response = client.get(entity, key)?;
    let there = row(&response)?;
    if changes.is_said_by(&there)? {
        return Ok(Outcome::NothingToDo);
    }
    let whole = changes.text(key_field(&client.config, entity.name())?, Some(key)).over(&there)?;
    client.put(entity, key, &whole)?;
    Ok(Outcome::Applied(applied(client, entity.name(), key)))
}

/// Asks whether a record says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent, target: &str) -> Result<Verdict> {
    let (entity, key) = target_of(client, intent, target, Verb::Put)?;
    let record = document(intent)?;
    let response = client.get(entity, key)?;
    Ok(match written(&fields(&record.fields)?).is_said_by(&row(&response)?)? {
        true => Verdict::Found(applied(client, entity.name(), key)),
        false => Verdict::Absent,
    })
}

/// Plans the removing of a record.
pub(crate) fn plan_delete(client: &Client, intent: &Intent, target: &str) -> Result<Preview> {
    let (entity, key) = target_of(client, intent, target, Verb::Delete)?;
    client.delete_preview(entity, key)
}

/// Removes a record.
pub(crate) fn delete(client: &Client, intent: &Intent, target: &str) -> Result<Outcome> {
    let (entity, key) = target_of(client, intent, target, Verb::Delete)?;
    client.delete(entity, key)?;
    Ok(Outcome::Applied(applied(client, entity.name(), key)))
}

/// Asks whether a record is gone.
pub(crate) fn verify_delete(client: &Client, intent: &Intent, target: &str) -> Result<Verdict> {
    let (entity, key) = target_of(client, intent, target, Verb::Delete)?;
    if !is_offered(&client.config, entity, Verb::Get) {
        return Ok(Verdict::Inconclusive(format!("`{}` cannot be read; look for `{key}` in the ERP", entity.name())));
    }
    Ok(match client.get(entity, key) {
        Ok(_) => Verdict::Absent,
        Err(failure) if matches!(failure.cause(), wharf_sdk::failure::Cause::NotFound(_)) => {
            Verdict::Found(applied(client, entity.name(), key))
        }
        Err(failure) => return Err(failure),
    })
}
