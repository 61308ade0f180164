//! Answers calls: who may, in which company, and what.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::answer::{self, Answer, MEDIA_TYPE, Refusal};
use super::clock::{Clock, http_date};
use super::company::{Company, Record};
use super::model::shape_of;
use super::options::{CreatedFilter, Options, RetryAfter};
use super::query::Query;
use super::route::Route;
use super::store::{Desk, INVOICE, missing};

/// Who may log in.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) api_key: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// All that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) credentials: Credentials,
    pub(crate) companies: Vec<Company>,
    pub(crate) users: Vec<(u64, String)>,
    pub(crate) last_id: u64,
    /// Tokens and the Unix second at which each ends.
    tokens: HashMap<String, i64>,
    tokens_given: u64,
    /// The minute that is counted, and the calls in it.
    minute: (i64, u32),
}

impl State {
    pub(crate) fn new(options: Options, credentials: Credentials, last_id: u64) -> Self {
        Self {
            options,
            credentials,
            companies: Vec::new(),
            users: Vec::new(),
            last_id,
            tokens: HashMap::new(),
            tokens_given: 0,
            minute: (0, 0),
        }
    }

    pub(crate) fn tokens_given(&self) -> u64 {
        self.tokens_given
    }

    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Lends what the work on a company needs; none when there is no such company.
    pub(crate) fn desk<'a>(&'a mut self, company: u64, clock: &'a Clock, seeding: bool) -> Option<Desk<'a>> {
        let company = self.companies.iter_mut().find(|one| one.id == company)?;
        let (users, options, last_id) = (&*self.users, &self.options, &mut self.last_id);
        Some(Desk { company, users, options, last_id, clock, seeding })
    }
}

/// One call, read as far as all calls are alike.
struct Call<'a> {
    parts: &'a Parts,
    query: Query,
    body: &'a [u8],
}

impl Call<'_> {
    fn is(&self, method: &Method) -> bool {
        self.parts.method == *method
    }

    /// Reads the resource that the body holds.
    fn resource(&self, options: &Options) -> Result<Value, Refusal> {
        let media_type = header_text(&self.parts.headers, header::CONTENT_TYPE.as_str());
        if options.content_type_required && media_type.split(';').next().map(str::trim) != Some(MEDIA_TYPE) {
            let detail = format!("the body must be `{MEDIA_TYPE}`, not `{media_type}`");
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let mut document: Value = serde_json::from_slice(self.body)
            .map_err(|error| Refusal::malformed(format!("the body is not JSON: {error}")))?;
        match document.get_mut("data").map(Value::take) {
            Some(data @ Value::Object(_)) => Ok(data),
            _ => Err(Refusal::malformed("the body needs one resource in `data`")),
        }
    }
}

/// The system: its state, its clock, its address.
#[derive(Debug)]
pub(crate) struct Service {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    base: OnceLock<String>,
    under_way: AtomicUsize,
}

/// Counts a call as under way until dropped.
pub(crate) struct Visit<'a> {
    service: &'a Service,
    number: usize,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.service.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Service {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), clock: Clock::new(), base: OnceLock::new(), under_way: AtomicUsize::new(0) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the address that `links.next` starts with; it is a path alone until then.
    pub(crate) fn set_base(&self, base: String) {
        self.base.get_or_init(|| base);
    }

    pub(crate) fn enter(&self) -> Visit<'_> {
        Visit { service: self, number: self.under_way.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    pub(crate) fn answer(&self, visit: &Visit<'_>, parts: &Parts, body: &[u8]) -> Answer {
        let mut state = self.state();
        if self.is_too_much(&mut state, visit) {
            return self.too_many_requests(state.options.retry_after);
        }
        let call = Call { parts, query: Query::parse(parts.uri.query()), body };
        self.admit(&mut state, &call).unwrap_or_else(|refusal| refusal.answer())
    }

    fn is_too_much(&self, state: &mut State, visit: &Visit<'_>) -> bool {
        let minute = self.clock.now() / 60;
        if state.minute.0 != minute {
            state.minute = (minute, 0);
        }
        state.minute.1 = state.minute.1.saturating_add(1);
        let over_minute = state.options.minute_limit.is_some_and(|limit| state.minute.1 > limit);
        over_minute || state.options.concurrent_limit.is_some_and(|limit| visit.number > limit)
    }

    /// Answers 429.
    pub(crate) fn too_many_requests(&self, retry_after: RetryAfter) -> Answer {
        let mut answer = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many requests").answer();
        let pause = match retry_after {
            RetryAfter::Absent => None,
            RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
            RetryAfter::HttpDate(seconds) => Some(http_date(self.clock.now() + i64::from(seconds))),
        };
        if let Some(pause) = pause.and_then(|pause| HeaderValue::try_from(pause).ok()) {
            answer.headers_mut().insert(header::RETRY_AFTER, pause);
        }
        answer
    }

    /// Answers 401 as for a token that has ended.
    pub(crate) fn unauthorized() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, "the access token is missing or has ended")
    }

    fn admit(&self, state: &mut State, call: &Call<'_>) -> Result<Answer, Refusal> {
        check_api_key(state, call)?;
        let path = call.parts.uri.path();
        let route = Route::of(path).ok_or_else(|| Refusal::not_found(format!("{path} does not exist")))?;
        if route == Route::Token {
            return self.log_in(state, call);
        }
        self.check_token(state, call)?;
        if route == Route::Companies {
            return companies(state, call);
        }
        let company = allowed_company(state, call)?;
        match call.parts.method {
            Method::GET => self.read(state, call, route, company),
            Method::POST => self.create(state, call, route, company),
            Method::PATCH => self.change(state, call, route, company),
            Method::DELETE => self.remove(state, route, company),
            _ => Err(not_offered(call)),
        }
    }

    fn check_token(&self, state: &State, call: &Call<'_>) -> Result<(), Refusal> {
        let sent = header_text(&call.parts.headers, "authorization");
        let token = sent.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let ends = token.and_then(|(_, token)| state.tokens.get(token.trim()));
        if ends.is_some_and(|ends| *ends > self.clock.now()) { Ok(()) } else { Err(Self::unauthorized()) }
    }

    fn log_in(&self, state: &mut State, call: &Call<'_>) -> Result<Answer, Refusal> {
        if !call.is(&Method::POST) {
            return Err(not_offered(call));
        }
        let form: HashMap<_, _> = form_urlencoded::parse(call.body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let failed = StatusCode::from_u16(state.options.failed_login_status).unwrap_or(StatusCode::BAD_REQUEST);
        let media_type = header_text(&call.parts.headers, "content-type");
        if !media_type.starts_with("application/x-www-form-urlencoded") {
            return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "the body must be a form"));
        }
        if field("grant_type") != "password" {
            return Ok(oauth_error(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type must be password"));
        }
        let known = &state.credentials;
        if field("username") != known.username || field("password") != known.password {
            return Ok(oauth_error(failed, "invalid_grant", "wrong user or password"));
        }
        Ok(self.give_token(state))
    }

    fn give_token(&self, state: &mut State) -> Answer {
        let (now, life) = (self.clock.now(), i64::try_from(state.options.token_life.as_secs()).unwrap_or(i64::MAX));
        state.tokens.retain(|_, ends| *ends > now);
        state.tokens_given += 1;
        let token = format!("tok-{:08x}-{}", now, state.tokens_given);
        state.tokens.insert(token.clone(), now.saturating_add(life));
        let mut body = json!({ "access_token": token, "token_type": state.options.token_type });
        if state.options.expires_in_stated {
            body["expires_in"] = json!(life);
        }
        answer::plain(StatusCode::OK, &body)
    }

    fn read(&self, state: &State, call: &Call<'_>, route: Route, company: u64) -> Result<Answer, Refusal> {
        let company = find(state, company)?;
        match route {
            Route::UserSelf => state.users.first().map(user_answer).ok_or_else(|| missing("user", 0)),
            Route::User(id) => {
                state.users.iter().find(|user| user.0 == id).map(user_answer).ok_or_else(|| missing("user", id))
            }
            Route::Users => Ok(unpaged(state.users.iter().map(user).collect())),
            Route::CodeList("orders/customfields") if state.options.custom_fields_unknown => Ok(unpaged(Vec::new())),
            Route::CodeList(path) => Ok(answer::list(company.codes(path).iter().map(|code| code.json()), &json!({}))),
            Route::Table("partners") => match call.query.get("filter[search-text]") {
                Some(text) => self.list(state, call, company.search_partners(text).into_iter()),
                None => self.list(state, call, company.records("partners").iter()),
            },
            Route::Table(table) => self.list(state, call, company.records(table).iter()),
            Route::Invoices => {
                let invoices =
                    company.records("documents").iter().filter(|one| one.facets.kind_number == Some(INVOICE));
                self.list(state, call, invoices)
            }
            Route::OrderDocuments(order) => {
                record(company, "orders", order)?;
                self.list(state, call, company.documents_of_order(order))
            }
            Route::OrderItems(order) if state.options.items_path => {
                let order = record(company, "orders", order)?;
                self.page(state, call, order.children_of("order-item"), |row| row)
            }
            Route::OrderItems(_) => Err(Refusal::not_found(format!("{} does not exist", call.parts.uri.path()))),
            Route::Contacts(partner) => {
                self.page(state, call, record(company, "partners", partner)?.children_of("contact"), |row| row)
            }
            Route::Record(table, id) => {
                let record = record(company, table, id)?;
                Ok(answer::one(StatusCode::OK, &record.json, record.children.iter().map(|child| &*child.json)))
            }
            Route::Token | Route::Companies => Err(not_offered(call)),
        }
    }

    fn list<'a>(
        &self,
        state: &State,
        call: &Call<'_>,
        records: impl Iterator<Item = &'a Record>,
    ) -> Result<Answer, Refusal> {
        let created_from = call.query.integer("filter[created-from]")?;
        let updated_from = call.query.integer("filter[updated-from]")?;
        let kind_number = call.query.integer("filter[type]")?;
        let json = |record: &'a Record| &*record.json;
        if created_from.or(updated_from).or(kind_number).is_none() {
            return self.page(state, call, records, json);
        }
        let by_stored = state.options.created_filter == CreatedFilter::Stored;
        let rows = records.filter(move |record| {
            let created = if by_stored { record.stored } else { record.created };
            created_from.is_none_or(|from| created >= from)
                && updated_from.is_none_or(|from| record.updated >= from)
                && (kind_number.is_none() || record.facets.kind_number.is_none_or(|kind| Some(kind) == kind_number))
        });
        self.page(state, call, rows, json)
    }

    fn page<'a, T>(
        &self,
        state: &State,
        call: &Call<'_>,
        rows: impl Iterator<Item = T>,
        json: impl Fn(T) -> &'a str,
    ) -> Result<Answer, Refusal> {
        let page = call.query.page(&state.options)?;
        let (rows, more) = page.cut(rows);
        let base = self.base.get().map_or("", String::as_str);
        let links = page.links(base, call.parts.uri.path(), &call.query, more, &state.options);
        Ok(answer::list(rows.into_iter().map(json), &links))
    }

    fn create(&self, state: &mut State, call: &Call<'_>, route: Route, company: u64) -> Result<Answer, Refusal> {
        let data = match route {
            Route::Table(_) | Route::Invoices | Route::OrderItems(_) => call.resource(&state.options)?,
            _ => return Err(not_offered(call)),
        };
        let items_path = state.options.items_path;
        let mut desk = self.desk(state, company)?;
        let table = match route {
            Route::OrderItems(order) if items_path => {
                let item = desk.add_item(order, &data)?;
                return Ok(answer::one(StatusCode::CREATED, &item.json, std::iter::empty()));
            }
            Route::OrderItems(_) => return Err(Refusal::not_found("order items have no path of their own")),
            Route::Table(table) => table,
            _ => "documents",
        };
        let id = desk.create(table, &data)?;
        let record = record(desk.company, table, id)?;
        Ok(answer::one(StatusCode::CREATED, &record.json, std::iter::empty()))
    }

    fn change(&self, state: &mut State, call: &Call<'_>, route: Route, company: u64) -> Result<Answer, Refusal> {
        let Route::Record(table, id) = route else { return Err(not_offered(call)) };
        let data = call.resource(&state.options)?;
        let mut desk = self.desk(state, company)?;
        desk.change(table, id, &data)?;
        let record = record(desk.company, table, id)?;
        Ok(answer::one(StatusCode::OK, &record.json, record.children.iter().map(|child| &*child.json)))
    }

    fn remove(&self, state: &mut State, route: Route, company: u64) -> Result<Answer, Refusal> {
        let Route::Record(table, id) = route else {
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "only records can be deleted"));
        };
        self.desk(state, company)?.remove(table, id)?;
        Ok(answer::reply(StatusCode::NO_CONTENT, String::new()))
    }

    fn desk<'a>(&'a self, state: &'a mut State, company: u64) -> Result<Desk<'a>, Refusal> {
        state.desk(company, &self.clock, false).ok_or_else(|| missing("company", company))
    }
}

fn check_api_key(state: &State, call: &Call<'_>) -> Result<(), Refusal> {
    match header_text(&call.parts.headers, "api-key") {
        "" => Err(Refusal::new(StatusCode::UNAUTHORIZED, "the header `Api-Key` is missing")),
        key if key == state.credentials.api_key => Ok(()),
        _ => Err(Refusal::new(StatusCode::FORBIDDEN, "the API key is not known")),
    }
}

fn allowed_company(state: &State, call: &Call<'_>) -> Result<u64, Refusal> {
    let sent = call.query.get("companyId").filter(|text| !text.is_empty());
    let text = sent.ok_or_else(|| Refusal::malformed("the parameter `companyId` is missing"))?;
    let id: u64 =
        text.parse().map_err(|_| Refusal::malformed(format!("`companyId` must be a number, not `{text}`")))?;
    let allowed = state.companies.iter().any(|company| company.id == id && company.allowed);
    let refused = || Refusal::new(StatusCode::FORBIDDEN, format!("company `{id}` is not in the access list"));
    if allowed { Ok(id) } else { Err(refused()) }
}

fn companies(state: &State, call: &Call<'_>) -> Result<Answer, Refusal> {
    if !call.is(&Method::GET) {
        return Err(not_offered(call));
    }
    let allowed: Vec<&Company> = state.companies.iter().filter(|company| company.allowed).collect();
    let name_of = |company: &Company| match allowed.first() {
        Some(first) if state.options.company_name_ambiguous => first.name.clone(),
        _ => company.name.clone(),
    };
    let row = |company: &&Company| json!({ "type": "company", "id": company.id.to_string(), "attributes": { "name": name_of(company) } });
    Ok(unpaged(allowed.iter().map(row).collect()))
}

fn unpaged(rows: Vec<Value>) -> Answer {
    answer::reply(StatusCode::OK, json!({ "data": rows }).to_string())
}

fn user((id, name): &(u64, String)) -> Value {
    json!({ "type": "user", "id": id.to_string(), "attributes": { "name": name } })
}

fn user_answer(one: &(u64, String)) -> Answer {
    answer::reply(StatusCode::OK, json!({ "data": user(one) }).to_string())
}

fn find(state: &State, id: u64) -> Result<&Company, Refusal> {
    state.companies.iter().find(|company| company.id == id).ok_or_else(|| missing("company", id))
}

fn record<'a>(company: &'a Company, table: &str, id: u64) -> Result<&'a Record, Refusal> {
    let kind = shape_of(table).map_or("record", |shape| shape.kind);
    company.record(table, id).ok_or_else(|| missing(kind, id))
}

fn not_offered(call: &Call<'_>) -> Refusal {
    let detail = format!("{} is not offered at {}", call.parts.method, call.parts.uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

fn oauth_error(status: StatusCode, error: &str, description: &str) -> Answer {
    answer::plain(status, &json!({ "error": error, "error_description": description }))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_beyond_the_concurrent_limit_are_refused_while_the_others_last() {
        let credentials = Credentials { api_key: "K".into(), username: "u".into(), password: "p".into() };
        let options = Options { concurrent_limit: Some(2), ..Options::default() };
        let service = Service::new(State::new(options, credentials, 0));
        let (parts, ()) = http::Request::new(()).into_parts();
        let status = |visit: &Visit<'_>| service.answer(visit, &parts, b"").status();
        let (first, second) = (service.enter(), service.enter());
        let third = service.enter();
        assert_eq!([&first, &second, &third].map(status), [401, 401, 429]);
        drop((second, third));
        assert_eq!(status(&service.enter()), 401);
    }
}
