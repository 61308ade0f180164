//! Answers calls: log-in, session, then the route.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::request::Parts;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{self, Answer, Refusal, reply};
use super::options::{LoginWrapper, Wrapper, WriteBack};
use super::query::Query;
use super::route::{Route, Table};
use super::state::State;

/// Header that carries the session.
const SESSION: &str = "op-auth-token";
/// Fields of a receivable that a call may change [assumed].
const WRITABLE: [&str; 6] = ["invoiceNumber", "invoiceUrl", "bankSlipUrl", "bankSlipCode", "paymentDate", "paidValue"];

/// The system.
#[derive(Debug)]
pub(crate) struct Service {
    state: Mutex<State>,
    ahead_seconds: AtomicI64,
}

impl Service {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), ahead_seconds: AtomicI64::new(0) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.ahead_seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Returns Unix seconds: real time plus what a test has added.
    pub(crate) fn now(&self) -> i64 {
        Timestamp::now().as_second().saturating_add(self.ahead_seconds.load(Ordering::Relaxed))
    }

    pub(crate) fn answer(&self, parts: &Parts, body: &[u8]) -> Answer {
        self.state().admit(parts, body, self.now()).unwrap_or_else(|refusal| refusal.answer())
    }
}

impl State {
    fn admit(&mut self, parts: &Parts, body: &[u8], now: i64) -> Result<Answer, Refusal> {
        self.count(now)?;
        let query = Query::parse(parts.uri.query());
        let route = Route::of(parts.uri.path()).ok_or_else(|| Refusal::new(404, "route not found"))?;
        if route == Route::Login {
            return self.log_in(parts, &query, now);
        }
        self.check_session(parts, now)?;
        let table = match &route {
            Route::List(table) | Route::One(table, _) => Some(*table),
            _ => None,
        };
        if table.is_some_and(Table::is_finance) && !self.options.has_finance {
            return Err(Refusal::new(403, "module not available"));
        }
        match (&parts.method, route) {
            (&Method::GET, Route::List(table)) => self.list(table, &query),
            (&Method::GET, Route::TasksOf(job)) => self.tasks(&job, &query),
            (&Method::GET, Route::One(table, id)) => self.one(table, &id),
            (&Method::PUT, Route::One(Table::Receivables, id)) => self.write_back(&id, body, now),
            _ => Err(Refusal::new(405, "method not allowed")),
        }
    }

    fn count(&mut self, now: i64) -> Result<(), Refusal> {
        if self.minute.0 != now / 60 {
            self.minute = (now / 60, 0);
        }
        self.minute.1 = self.minute.1.saturating_add(1);
        match self.options.calls_per_minute {
            Some(limit) if self.minute.1 > limit => Err(Refusal::too_many(self.options.retry_after_seconds)),
            _ => Ok(()),
        }
    }

    fn log_in(&mut self, parts: &Parts, query: &Query, now: i64) -> Result<Answer, Refusal> {
        if parts.method != Method::GET {
            return Err(Refusal::new(405, "method not allowed"));
        }
        let sent = query.get("tokenAccess");
        if sent.is_none() || sent != self.panel_token.as_deref() {
            return Err(Refusal::invalid_token(401));
        }
        self.sessions_made += 1;
        let session = format!("sess-{now:010x}-{:04}", self.sessions_made);
        let life = i64::try_from(self.options.session_life.as_secs()).unwrap_or(i64::MAX);
        self.sessions.insert(session.clone(), now.saturating_add(life));
        let body = match self.options.login_wrapper {
            LoginWrapper::Records => json!({ "records": { "token": session } }),
            LoginWrapper::Bare => json!({ "token": session }),
            LoginWrapper::Data => json!({ "data": { "authToken": session } }),
        };
        Ok(reply(StatusCode::OK, &body))
    }

    fn check_session(&self, parts: &Parts, now: i64) -> Result<(), Refusal> {
        let sent = parts.headers.get(SESSION).and_then(|value| value.to_str().ok());
        let ends = sent.and_then(|session| self.sessions.get(session));
        match ends {
            Some(ends) if *ends > now => Ok(()),
            _ => Err(Refusal::invalid_token(self.options.refused_session_status)),
        }
    }

    fn list(&self, table: Table, query: &Query) -> Result<Answer, Refusal> {
        let admitted = |value: &Map<String, Value>| query.admits(table, &Value::Object(value.clone()), &self.options);
        let rows = self.ordered(table).into_iter().filter(|stored| admitted(&stored.value));
        let (offset, limit) = query.page()?;
        let rows = rows.skip(offset).take(limit).map(|stored| self.shown(stored)).collect();
        Ok(answer::list(rows, self.wrapper(table), table.name()))
    }

    fn wrapper(&self, table: Table) -> Wrapper {
        match table {
            Table::Clients => self.options.clients_in,
            Table::Jobs => self.options.jobs_in,
            Table::Tasks => self.options.tasks_in,
            _ => self.options.finance_in,
        }
    }

    fn tasks(&self, job: &str, query: &Query) -> Result<Answer, Refusal> {
        if self.find(Table::Jobs, job).is_none() {
            return Err(Refusal::new(404, "job not found"));
        }
        let (offset, limit) = query.page()?;
        let of_job = |value: &Map<String, Value>| value.get("jobId").is_some_and(|id| super::state::text_of(id) == job);
        let rows = self.ordered(Table::Tasks).into_iter().filter(|stored| of_job(&stored.value));
        let rows = rows.skip(offset).take(limit).map(|stored| self.shown(stored)).collect();
        Ok(answer::list(rows, self.options.tasks_in, "tasks"))
    }

    fn one(&self, table: Table, id: &str) -> Result<Answer, Refusal> {
        let stored = self.find(table, id).ok_or_else(|| Refusal::new(404, "record not found"))?;
        Ok(reply(StatusCode::OK, &json!({ "records": self.shown(stored) })))
    }

    fn write_back(&mut self, id: &str, body: &[u8], now: i64) -> Result<Answer, Refusal> {
        if let WriteBack::Refused(status) = self.options.write_back {
            return Err(Refusal::new(status, "not available"));
        }
        let fields = match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => fields,
            _ => return Err(Refusal::new(400, "the body must be a JSON object")),
        };
        if let Some(name) = fields.keys().find(|name| !WRITABLE.contains(&name.as_str())) {
            return Err(Refusal::new(400, format!("{name} cannot be changed")));
        }
        let stored = self.find(Table::Receivables, id).ok_or_else(|| Refusal::new(404, "record not found"))?;
        if self.options.write_back == WriteBack::Works {
            let fields = settled(&stored.value, fields);
            self.change(Table::Receivables, id, fields, now);
        }
        self.one(Table::Receivables, id)
    }
}

/// A receivable whose whole value is paid changes its situation [assumed].
fn settled(old: &Map<String, Value>, mut fields: Map<String, Value>) -> Map<String, Value> {
    let amount = |value: Option<&Value>| value.and_then(Value::as_f64);
    if let (Some(value), Some(paid)) = (amount(old.get("value")), amount(fields.get("paidValue")))
        && paid >= value
    {
        fields.insert("situation".to_owned(), json!("paid"));
    }
    fields
}
