//! Answers calls: the key, the right, the route, and then the records.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use http::{Method, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, empty, reply, set};
use super::clock::{Clock, http_date};
use super::options::{ListShape, Options, Paging};
use super::rules;
use super::store::{Record, Store, Table};
use super::webhook::Outbox;

/// All that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) api_key: String,
    pub(crate) store: Store,
}

/// The system.
#[derive(Debug)]
pub(crate) struct Service {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) outbox: Outbox,
}

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    List(Table),
    One(Table, i64),
    Status(i64),
}

impl Service {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), clock: Clock::new(), outbox: Outbox::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answer(&self, parts: &Parts, body: &[u8]) -> Answer {
        let mut answer = self.admit(parts, body).unwrap_or_else(|refusal| refusal.answer());
        set(&mut answer, header::DATE, &http_date(self.clock.now()));
        answer
    }

    fn admit(&self, parts: &Parts, body: &[u8]) -> Result<Answer, Refusal> {
        let mut state = self.state();
        let route = route(&state.options, parts.uri.path());
        let sent = parts.headers.get(&state.options.api_key_header).and_then(|value| value.to_str().ok());
        if sent != Some(state.api_key.as_str()) {
            return Err(Refusal::unauthorized());
        }
        let route = route.ok_or_else(Refusal::not_found)?;
        if state.options.forbidden.contains(&named(&parts.method, Some(&route), parts.uri.path())) {
            return Err(Refusal::new(403, "Forbidden"));
        }
        let query = parts.uri.query().unwrap_or_default();
        match (&parts.method, route) {
            (&Method::GET, Route::List(table)) => state.list(table, query, &self.clock),
            (&Method::GET, Route::One(table, id)) => {
                let record = state.store.get(table, id).ok_or_else(Refusal::not_found)?;
                Ok(reply(200, &state.shown(record, &self.clock)))
            }
            (&Method::POST, Route::List(table)) if table.entity().is_some() => self.create(&mut state, table, body),
            (&Method::PUT, Route::One(table, id)) if table.entity().is_some() => {
                self.replace(&mut state, table, id, body)
            }
            (&Method::DELETE, Route::One(Table::Products, id)) => self.delete(&mut state, id),
            (&Method::POST, Route::Status(id)) => self.move_to(&mut state, id, body),
            _ => Err(Refusal::new(405, "Method Not Allowed")),
        }
    }

    fn create(&self, state: &mut State, table: Table, body: &[u8]) -> Result<Answer, Refusal> {
        let now = self.clock.now();
        let local = self.clock.local(now);
        let mut record = rules::complete(table, rules::read(table, body)?, &state.store, &local);
        rules::check(table, &record, &state.store, &self.clock)?;
        state.check_number(table, &record, None)?;
        if table == Table::Orders {
            record["number"] = json!(state.store.next_order_number(local.get(..4).unwrap_or_default()));
        }
        let id = state.store.add(table, record, now, false);
        self.tell(state, table, "created", &[id]);
        let record = state.store.get(table, id).ok_or_else(Refusal::not_found)?;
        let mut answer = reply(201, &state.shown(record, &self.clock));
        set(&mut answer, header::LOCATION, &format!("{}/{id}", state.options.path(table)));
        Ok(answer)
    }

    fn replace(&self, state: &mut State, table: Table, id: i64, body: &[u8]) -> Result<Answer, Refusal> {
        let now = self.clock.now();
        let before = state.store.get(table, id).ok_or_else(Refusal::not_found)?.value.clone();
        let members = rules::read(table, body)?;
        let mut record = if state.options.put_replaces {
            rules::complete(table, members, &state.store, &self.clock.local(now))
        } else {
            let kept = before.as_object().cloned().unwrap_or_default();
            let merged = kept.into_iter().chain(members).collect();
            rules::complete(table, merged, &state.store, &self.clock.local(now))
        };
        // What the system gives is not the caller's to change.
        if table == Table::Orders {
            record["number"] = before["number"].clone();
        }
        rules::check(table, &record, &state.store, &self.clock)?;
        state.check_number(table, &record, Some(id))?;
        state.store.replace(table, id, record, now);
        self.tell(state, table, "updated", &[id]);
        let record = state.store.get(table, id).ok_or_else(Refusal::not_found)?;
        Ok(reply(200, &state.shown(record, &self.clock)))
    }

    fn delete(&self, state: &mut State, id: i64) -> Result<Answer, Refusal> {
        state.store.remove(Table::Products, id).ok_or_else(Refusal::not_found)?;
        self.tell(state, Table::Products, "deleted", &[id]);
        Ok(empty())
    }

    fn move_to(&self, state: &mut State, id: i64, body: &[u8]) -> Result<Answer, Refusal> {
        let members = rules::read(Table::Orders, body)?;
        let status = members.get("statusId").cloned().unwrap_or(Value::Null);
        let mut order = state.store.get(Table::Orders, id).ok_or_else(Refusal::not_found)?.value.clone();
        rules::check_status(&status, &state.store, &self.clock)?;
        order["statusId"] = status;
        state.store.replace(Table::Orders, id, order, self.clock.now());
        self.tell(state, Table::Orders, "updated", &[id]);
        let order = state.store.get(Table::Orders, id).ok_or_else(Refusal::not_found)?;
        Ok(reply(200, &state.shown(order, &self.clock)))
    }

    /// Has the webhooks tell of a change.
    pub(crate) fn tell(&self, state: &State, table: Table, action: &str, ids: &[i64]) {
        if let Some(entity) = table.entity() {
            self.outbox.put(&format!("{entity}.{action}"), ids, &state.options.webhooks, &self.clock);
        }
    }
}

impl State {
    fn check_number(&self, table: Table, record: &Value, except: Option<i64>) -> Result<(), Refusal> {
        let number = record["externalNumber"].as_str().filter(|number| !number.is_empty());
        let Some(number) = number.filter(|_| table == Table::Orders && self.options.duplicates_refused) else {
            return Ok(());
        };
        match self.store.order_numbered(number, except) {
            Some(_) => Err(Refusal::new(409, format!("An order with the external number '{number}' exists."))),
            None => Ok(()),
        }
    }

    fn shown(&self, record: &Record, clock: &Clock) -> Value {
        let mut value = record.value.clone();
        if self.options.modification_shown {
            value["modifiedAt"] = json!(clock.local(record.modified));
        }
        value
    }

    fn list(&self, table: Table, query: &str, clock: &Clock) -> Result<Answer, Refusal> {
        let query = Query::read(query, &self.options, clock)?;
        let found: Vec<&Record> = self
            .store
            .records(table)
            .map(|(_, record)| record)
            .filter(|record| self.accepts(table, record, &query))
            .collect();
        let total = found.len();
        let bare = self.options.list_shape == ListShape::Bare;
        let (skipped, taken) = match self.options.paging {
            Paging::Honoured if !bare => ((query.page - 1).saturating_mul(query.page_size), query.page_size),
            _ => (0, usize::MAX),
        };
        let rows = found.into_iter().skip(skipped).take(taken).map(|record| self.shown(record, clock));
        let rows: Value = rows.collect();
        let mut body = json!({ "items": rows, "page": query.page, "pageSize": query.page_size });
        match self.options.list_shape {
            ListShape::Counted => body["totalCount"] = json!(total),
            ListShape::Uncounted => {}
            ListShape::Bare => body = body["items"].take(),
        }
        Ok(reply(200, &body))
    }

    fn accepts(&self, table: Table, record: &Record, query: &Query) -> bool {
        let value = &record.value;
        let changes = table.entity().is_some();
        query.modified_from.is_none_or(|from| !changes || record.modified >= from)
            && query.filters.iter().all(|(name, wanted)| match (table, name.as_str()) {
                (Table::EntityStatuses | Table::Attributes, "entity") => {
                    value["entity"].as_str().is_some_and(|entity| entity.eq_ignore_ascii_case(wanted))
                }
                (Table::Orders, "externalNumber") => value["externalNumber"].as_str() == Some(wanted),
                (Table::Orders, "statusId") => value["statusId"].as_i64() == wanted.parse().ok(),
                (Table::Customers, "login") => self.login(value) == Some(wanted),
                // What nobody documented is ignored.
                _ => true,
            })
    }

    /// Returns the login of a customer: the value of the attribute that is called so.
    fn login<'v>(&self, customer: &'v Value) -> Option<&'v str> {
        let is_login = |id: &Value| {
            let attribute = id.as_i64().and_then(|id| self.store.get(Table::Attributes, id));
            attribute.and_then(|one| one.value["name"].as_str()).is_some_and(|name| name.eq_ignore_ascii_case("login"))
        };
        let mut attributes = customer["attributes"].as_array()?.iter();
        attributes.find(|one| is_login(&one["attributeId"]))?["value"].as_str()
    }
}

/// The query of a list.
struct Query {
    page: usize,
    page_size: usize,
    modified_from: Option<i64>,
    filters: Vec<(String, String)>,
}

impl Query {
    fn read(text: &str, options: &Options, clock: &Clock) -> Result<Self, Refusal> {
        let mut query = Self { page: 1, page_size: options.page_size, modified_from: None, filters: Vec::new() };
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let name = canonical(&name);
            let number = || value.parse::<usize>().ok().filter(|number| *number > 0);
            let wrong = || Refusal::of_field(&name, format!("The value '{value}' is not valid."));
            match name.as_str() {
                "page" => query.page = number().ok_or_else(wrong)?,
                "pageSize" => query.page_size = number().ok_or_else(wrong)?.min(options.page_size_limit),
                ignored if options.ignored_filters.contains(ignored) => {}
                "modifiedFrom" => query.modified_from = Some(clock.unix_ms(&value).ok_or_else(wrong)?),
                _ => query.filters.push((name, value.into_owned())),
            }
        }
        Ok(query)
    }
}

/// Spells the name of a query parameter as the facts do; names count in any casing.
fn canonical(name: &str) -> String {
    let known = ["page", "pageSize", "modifiedFrom", "externalNumber", "statusId", "login", "entity"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name).to_owned()
}

impl Options {
    pub(crate) fn path(&self, table: Table) -> &str {
        match table {
            Table::EntityStatuses => &self.paths.entity_statuses,
            Table::Attributes => &self.paths.attributes,
            Table::VatRates => &self.paths.vat_rates,
            Table::Currencies => &self.paths.currencies,
            Table::Products => &self.paths.products,
            Table::Customers => &self.paths.customers,
            Table::Orders => &self.paths.orders,
        }
    }
}

fn route(options: &Options, path: &str) -> Option<Route> {
    let path = percent_decode_str(path.trim_end_matches('/')).decode_utf8().ok()?;
    let below = |table: &Table| Some((*table, path.strip_prefix(options.path(*table))?));
    let (table, rest) =
        Table::ALL.iter().filter_map(below).find(|(_, rest)| rest.is_empty() || rest.starts_with('/'))?;
    let mut parts = rest.split('/').skip(1);
    let id = parts.next().map(str::parse::<i64>);
    match (id, parts.next(), parts.next()) {
        (None, ..) => Some(Route::List(table)),
        (Some(Ok(id)), None, _) => Some(Route::One(table, id)),
        (Some(Ok(id)), Some("status"), None) if table == Table::Orders => Some(Route::Status(id)),
        _ => None,
    }
}

fn named(method: &Method, route: Option<&Route>, path: &str) -> String {
    match route {
        Some(Route::List(table)) => format!("{method} /{}", table.name()),
        Some(Route::One(table, _)) => format!("{method} /{}/{{id}}", table.name()),
        Some(Route::Status(_)) => format!("{method} /orders/{{id}}/status"),
        None => format!("{method} {path}"),
    }
}

/// Names an operation, e.g. `GET /orders` or `POST /orders/{id}/status`.
pub(crate) fn operation(options: &Options, method: &Method, path: &str) -> String {
    named(method, route(options, path).as_ref(), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_method_and_path_with_ids_left_out() {
        let options = Options::default();
        for (method, path, name) in [
            (Method::GET, "/api/orders", "GET /orders"),
            (Method::GET, "/api/orders/", "GET /orders"),
            (Method::PUT, "/api/products/3000000001", "PUT /products/{id}"),
            (Method::POST, "/api/orders/1/status", "POST /orders/{id}/status"),
            (Method::GET, "/api/orders/x", "GET /api/orders/x"),
            (Method::GET, "/api/ordersx", "GET /api/ordersx"),
            (Method::GET, "/other", "GET /other"),
        ] {
            assert_eq!(operation(&options, &method, path), name);
        }
    }
}
