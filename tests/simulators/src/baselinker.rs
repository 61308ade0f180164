//! BaseLinker: an order hub. One endpoint, errors inside HTTP 200, values of mixed types.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use wharf_simulators::authority::Authority;
//! use wharf_simulators::baselinker::{Order, Simulator};
//!
//! let authority = Authority::new()?;
//! let simulator = Simulator::builder().start(Some(&authority)).await?;
//! simulator.add_order(Order { order_status_id: 202, date_confirmed: 1_760_000_100, ..Order::default() })?;
//! simulator.faults().drop_response_of("setOrderStatus", 1);
//! // ... work against `simulator.url()` with `simulator.token()` ...
//! assert_eq!(simulator.writes().len(), 1);
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::any;
use http::Method;
use http::request::Parts;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::admin::{Inspect, System};
use crate::authority::Authority;
use crate::fault::{Faults, Vendor, layer};
use crate::log::Log;
use crate::server::{Running, Server};

mod answer;
mod catalog;
mod clock;
mod code_list;
mod country;
mod external;
mod field;
mod handler;
mod invoice;
mod journal;
mod limiter;
mod order;
mod order_return;
mod parameters;
mod parcel;
mod read;
mod receipt;
mod request;
mod restructure;
mod state;
mod write;

pub use catalog::{Inventory, NoWarnings};
pub use code_list::{ExtraField, Series, Status};
pub use external::{EXTERNAL_PAGE, ExternalProduct, Storage};
pub use order::{Order, Product};
pub use read::PAGE;
pub use state::Write;

use answer::{Answer, Refusal};
use clock::Clock;
use limiter::{Limiter, Rules};
use order_return::Returns;
use parameters::Parameters;
use request::Form;
use state::{Options, State};

/// Path of the one endpoint.
pub const PATH: &str = "/connector.php";

/// Settings and first content of a simulated account.
#[derive(Debug, Clone)]
pub struct Builder {
    token: String,
    bad_token_code: String,
    port: u16,
    calls_per_minute: usize,
    block: Duration,
    block_growth: Duration,
    zone: String,
    options: Options,
    statuses: Vec<Status>,
    sources: BTreeMap<String, BTreeMap<i64, String>>,
    extra_fields: Vec<ExtraField>,
    series: Vec<Series>,
    inventories: Vec<Inventory>,
    tags: Vec<String>,
    return_statuses: Vec<Status>,
    storages: Vec<Storage>,
}

impl Builder {
    /// Starts from a free port, token `1-23-ABC`, 100 calls a minute, blocks of 600 s that grow by 60 s and are told in
    /// Warsaw time, the journal off, current types, and the statuses 201 `Nowe`, 202 `Do realizacji`, 203 `Przekazane`,
    /// 204 `Anulowane`; inventory 307 is empty, and `nowość` is the one product tag,
    /// 401 `Zgłoszony` and 402 `Przyjęty` are the statuses of returns.
    pub fn new() -> Self {
        let statuses = vec![
            Status::new(201, "Nowe").color("#bfbfbf"),
            Status::new(202, "Do realizacji").color("#3498db"),
            Status::new(203, "Przekazane"),
            Status::new(204, "Anulowane").color("#e74c3c"),
        ];
        Self {
            token: "1-23-ABC".to_owned(),
            bad_token_code: "ERROR_BAD_TOKEN".to_owned(),
            port: 0,
            calls_per_minute: 100,
            block: Duration::from_secs(600),
            block_growth: Duration::from_secs(60),
            zone: "Europe/Warsaw".to_owned(),
            options: Options {
                journal: false,
                journal_id_key: "log_id",
                maps_become_lists: false,
                legacy_types: false,
                no_warnings: NoWarnings::Text,
            },
            statuses,
            sources: BTreeMap::new(),
            extra_fields: Vec::new(),
            series: Vec::new(),
            inventories: vec![Inventory { is_default: true, ..Inventory::new(307, "Domyślny") }],
            tags: vec!["nowość".to_owned()],
            return_statuses: vec![Status::new(401, "Zgłoszony"), Status::new(402, "Przyjęty")],
            storages: Vec::new(),
        }
        .source("personal", 0, "Telefon")
        .source("shop", 8235, "Sklep A")
        .extra_field(135, "Uwagi magazynu", "text")
        .series(15, "INVOICE", "Faktury", "%N/%M/%Y")
    }

    /// Takes this token.
    pub fn token(mut self, token: &str) -> Self {
        self.token = token.to_owned();
        self
    }

    /// Names a wrong token so; `ERROR_AUTH_TOKEN` has been seen in clients as well.
    pub fn bad_token_code(mut self, code: &str) -> Self {
        self.bad_token_code = code.to_owned();
        self
    }

    /// Binds this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Allows so many calls within any 60 seconds.
    pub fn calls_per_minute(mut self, calls: usize) -> Self {
        self.calls_per_minute = calls;
        self
    }

    /// Blocks for so long, and for so much longer with every call during the block.
    pub fn block(mut self, block: Duration, growth: Duration) -> Self {
        (self.block, self.block_growth) = (block, growth);
        self
    }

    /// Tells the end of a block in this time zone, an IANA name; which one the vendor uses is not documented.
    pub fn zone(mut self, zone: &str) -> Self {
        self.zone = zone.to_owned();
        self
    }

    /// Switches the journal on, as the vendor's support does for an account.
    pub fn journal(mut self, is_on: bool) -> Self {
        self.options.journal = is_on;
        self
    }

    /// Calls a journal row's id `id`, as the vendor's field table does, instead of `log_id` as its sample does.
    pub fn journal_rows_have_id(mut self) -> Self {
        self.options.journal_id_key = "id";
        self
    }

    /// Prints a map with the keys 0, 1, 2 ... as a list, as PHP may.
    pub fn maps_become_lists(mut self, do_they: bool) -> Self {
        self.options.maps_become_lists = do_they;
        self
    }

    /// Sends nearly everything of an order as strings, as before August 2023.
    pub fn legacy_types(mut self, are_they: bool) -> Self {
        self.options.legacy_types = are_they;
        self
    }

    /// Replaces the order statuses.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = Status>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Adds a source of orders.
    pub fn source(mut self, kind: &str, id: i64, name: &str) -> Self {
        self.sources.entry(kind.to_owned()).or_default().insert(id, name.to_owned());
        self
    }

    /// Adds an extra field of orders.
    pub fn extra_field(mut self, id: i64, name: &str, editor_type: &str) -> Self {
        let (name, editor_type) = (name.to_owned(), editor_type.to_owned());
        self.extra_fields.push(ExtraField { extra_field_id: id, name, editor_type, options: Vec::new() });
        self
    }

    /// Adds a series of invoices.
    pub fn series(mut self, id: i64, kind: &str, name: &str, format: &str) -> Self {
        self.series.push(Series { id, kind: kind.to_owned(), name: name.to_owned(), format: format.to_owned() });
        self
    }

    /// Adds an inventory beside 307.
    pub fn inventory(mut self, inventory: Inventory) -> Self {
        self.inventories.push(inventory);
        self
    }

    /// Adds a connected shop or wholesaler.
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storages.push(storage);
        self
    }

    /// Prints "no warnings" of bulk updates so; `""` unless set.
    pub fn no_warnings(mut self, shape: NoWarnings) -> Self {
        self.options.no_warnings = shape;
        self
    }

    /// Starts the simulator: over TLS with an authority, over plain http without.
    pub async fn start(self, authority: Option<&Authority>) -> anyhow::Result<Simulator> {
        let zone = TimeZone::get(&self.zone).with_context(|| format!("time zone `{}` is unknown", self.zone))?;
        let (calls_per_minute, block, block_growth) = (self.calls_per_minute, self.block, self.block_growth);
        let limiter = Limiter::new(Rules { calls_per_minute, block, block_growth, zone });
        let returns = Returns::new(self.return_statuses, self.options.journal);
        let mut state = State::new(self.options);
        state.returns = returns;
        state.storages = self.storages;
        state.statuses = self.statuses;
        state.sources = self.sources;
        state.extra_fields = self.extra_fields;
        state.series = self.series;
        state.catalog.inventories = self.inventories;
        state.catalog.tags = self.tags.into_iter().collect();
        let account = Arc::new(Account {
            token: self.token,
            bad_token_code: self.bad_token_code,
            clock: Clock::default(),
            limiter: Mutex::new(limiter),
            state: Mutex::new(state),
        });
        let (faults, log) = (Faults::new(), Log::new());
        let router = Router::new().route(PATH, any(answer)).with_state(Arc::clone(&account));
        let router = layer(router, &account, &faults, &log);
        let running = Server::new().port(self.port).log(&log).start(router, authority).await?;
        Ok(Simulator { account, faults, log, running })
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// A simulated account at work; it stops when dropped.
pub struct Simulator {
    account: Arc<Account>,
    faults: Faults,
    log: Log,
    running: Running,
}

impl Simulator {
    /// Begins the settings; see [`Builder::new`] for the defaults.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Returns the base address without a final slash; calls go to [`PATH`] below it.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Returns the token that is accepted.
    pub fn token(&self) -> &str {
        &self.account.token
    }

    /// Returns the fault table; operations are method names such as `getOrders`.
    ///
    /// A rate limit begins a real block. [`Kind::Vendor`](crate::fault::Kind::Vendor) knows `account_blocked`.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the record of calls; its notes are error codes.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns this simulator for the admin's router.
    pub fn system(&self) -> System {
        System::new("baselinker", &self.account, &self.faults, &self.log)
    }

    /// Adds an order; ids that are 0 are given. Returns its id.
    pub fn add_order(&self, order: Order) -> anyhow::Result<i64> {
        Ok(self.account.state().bring(order, self.account.now())?)
    }

    /// Adds many orders.
    pub fn add_orders(&self, orders: impl IntoIterator<Item = Order>) -> anyhow::Result<()> {
        let mut state = self.account.state();
        let now = self.account.now();
        orders.into_iter().try_for_each(|order| state.bring(order, now).map(drop)).context("order could not be added")
    }

    /// Adds many orders given as the JSON text to be sent, each with at least `order_id` and `date_confirmed`: the fast
    /// path for benchmarks. They enter no journal.
    pub fn add_serialized<T: AsRef<str>>(&self, orders: impl IntoIterator<Item = T>) -> anyhow::Result<()> {
        let mut state = self.account.state();
        for text in orders {
            let order: state::Keys = serde_json::from_str(text.as_ref()).context("order text is not JSON")?;
            state.put(order.order_id, text.as_ref())?;
        }
        Ok(())
    }

    /// Returns an order as it stands now.
    pub fn order(&self, order_id: i64) -> Option<Order> {
        self.account.state().order(order_id).ok()
    }

    /// Returns all orders by id.
    pub fn orders(&self) -> Vec<Order> {
        let state = self.account.state();
        state.records.keys().filter_map(|id| state.order(*id).ok()).collect()
    }

    /// Adds a product to the catalog, or changes one, from the parameters of `addInventoryProduct`. Returns its id.
    pub fn add_product(&self, fields: &Value) -> anyhow::Result<i64> {
        let sent = Parameters::read(Some(&fields.to_string())).map_err(told)?;
        catalog::store_product(&mut self.account.state(), &sent).map_err(told)
    }

    /// Returns a product of the catalog with its fields as they are stored.
    pub fn product(&self, product_id: i64) -> Option<Value> {
        let state = self.account.state();
        state.catalog.products.get(&product_id).map(|product| Value::Object(product.fields.clone()))
    }

    /// Deletes a product of the catalog, as a person in the panel does.
    pub fn delete_product(&self, product_id: i64) -> bool {
        self.account.state().catalog.products.remove(&product_id).is_some()
    }

    /// Adds a return from the parameters of `addOrderReturn`. Returns its id.
    pub fn add_return(&self, fields: &Value) -> anyhow::Result<i64> {
        let sent = Parameters::read(Some(&fields.to_string())).map_err(told)?;
        let mut state = self.account.state();
        let text = order_return::add(&mut state, &sent, self.account.now()).map_err(told)?;
        // What a person does in the panel is no write of a caller's.
        state.writes.pop();
        let answer: Value = serde_json::from_str(&text).context("answer is not JSON")?;
        answer.get("return_id").and_then(Value::as_i64).context("answer has no `return_id`")
    }

    /// Returns a return with its fields as they are sent.
    pub fn order_return(&self, return_id: i64) -> Option<Value> {
        self.account.state().returns.fields(return_id).cloned().map(Value::Object)
    }

    /// Returns a connected shop or wholesaler as it stands now.
    pub fn storage(&self, storage_id: &str) -> Option<Storage> {
        self.account.state().storages.iter().find(|storage| storage.storage_id == storage_id).cloned()
    }

    /// Moves a parcel to a tracking status, as its courier does.
    pub fn track(&self, package_id: i64, status: i64) -> anyhow::Result<()> {
        parcel::track(&mut self.account.state(), package_id, status, self.account.now()).map_err(told)
    }

    /// Moves an order to a status, as a person in the panel does.
    pub fn set_status(&self, order_id: i64, status_id: i64) -> anyhow::Result<()> {
        let now = self.account.now();
        write::put_in_status(&mut self.account.state(), order_id, status_id, now).map_err(told)
    }

    /// Confirms an order at this Unix second.
    pub fn confirm(&self, order_id: i64, at: i64) -> anyhow::Result<()> {
        let mut state = self.account.state();
        let confirmed = state.edit(order_id, |fields| {
            fields.insert("confirmed".to_owned(), Value::from(true));
            fields.insert("date_confirmed".to_owned(), Value::from(at));
            Ok(())
        });
        state.journal.add(order_id, journal::Kind::Confirmed, 0, at);
        confirmed.map_err(told)
    }

    /// Sets a custom extra field of an order to any JSON value.
    pub fn set_custom_extra_field(&self, order_id: i64, field_id: i64, value: Value) -> anyhow::Result<()> {
        let mut state = self.account.state();
        let record = state.records.get_mut(&order_id).with_context(|| format!("order {order_id} does not exist"))?;
        record.custom_extra_fields.insert(field_id.to_string(), value);
        Ok(())
    }

    /// Returns the changes that calls made, in their order.
    pub fn writes(&self) -> Vec<Write> {
        self.account.state().writes.clone()
    }

    /// Returns orders that `addOrder` made more than once for one text in an extra field or admin comment.
    pub fn duplicates(&self) -> BTreeMap<String, Vec<i64>> {
        self.account.state().duplicates()
    }

    /// Returns how many calls were refused because they came during a block, and how many blocks there were.
    pub fn blocks(&self) -> Blocks {
        let limiter = self.account.limiter();
        Blocks { begun: limiter.blocks, calls_during: limiter.calls_during_block }
    }

    /// Returns the numbers that the admin shows.
    pub fn counts(&self) -> Value {
        self.account.counts()
    }

    /// Moves the account's time forward, e.g. past the end of a block or of the journal's three days.
    pub fn advance(&self, by: Duration) {
        self.account.clock.advance(by);
    }

    /// Returns the server, e.g. to [`pause`](Running::pause) it as an outage does.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Stops and waits until the port is free again.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// How often the limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    /// Blocks that began.
    pub begun: u64,
    /// Calls that came during a block and made it longer.
    pub calls_during: u64,
}

fn told(refusal: Refusal) -> anyhow::Error {
    anyhow::anyhow!("{}: {}", refusal.code, refusal.message)
}

struct Account {
    token: String,
    bad_token_code: String,
    clock: Clock,
    limiter: Mutex<Limiter>,
    state: Mutex<State>,
}

impl Account {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.clock.now_ms().div_euclid(1000)
    }

    fn call(&self, request: &Parts, body: &[u8]) -> Answer {
        let form = Form::read(request, body);
        match form.token.as_deref() {
            None | Some("") => return Err(Refusal::new("ERROR_EMPTY_TOKEN", "No user token provided.")),
            Some(token) if token != self.token => return Err(self.bad_token()),
            Some(_) => self.limiter().admit(self.clock.now_ms())?,
        }
        if request.method != Method::POST {
            return Err(Refusal::parameters("Use the POST method"));
        }
        let method = form.method.unwrap_or_default();
        let handler = handler::of(&method)
            .ok_or_else(|| Refusal::new("ERROR_UNKNOWN_METHOD", format!("Unknown method `{method}`")))?;
        let parameters = Parameters::read(form.parameters.as_deref())?;
        handler(&mut self.state(), &parameters, self.now())
    }

    fn bad_token(&self) -> Refusal {
        Refusal::new(&self.bad_token_code, "Invalid user token provided.")
    }
}

async fn answer(Shared(account): Shared<Arc<Account>>, request: Parts, body: Bytes) -> Response {
    match account.call(&request, &body) {
        Ok(text) => answer::response(text),
        Err(refusal) => refusal.into_response(),
    }
}

impl Vendor for Account {
    fn operation(&self, request: &Parts, body: &[u8]) -> String {
        let method = (request.uri.path() == PATH).then(|| Form::read(request, body).method).flatten();
        method.unwrap_or_else(|| format!("{} {}", request.method, request.uri.path()))
    }

    fn rate_limited(&self) -> Response {
        self.limiter().block(self.clock.now_ms()).into_response()
    }

    fn unauthorized(&self) -> Response {
        self.bad_token().into_response()
    }

    fn special(&self, name: &str) -> Option<Response> {
        // Seen in 2021: the whole account, its panel too, for about five minutes after too many calls.
        (name == "account_blocked").then(|| {
            Refusal::new("ERROR_USER_ACCOUNT_BLOCKED", "User account blocked, too many requests.").into_response()
        })
    }
}

impl Inspect for Account {
    fn counts(&self) -> Value {
        let mut counts = self.state().counts();
        let limiter = self.limiter();
        if let Value::Object(counts) = &mut counts {
            counts.insert("blocks".to_owned(), Value::from(limiter.blocks));
            counts.insert("calls_during_block".to_owned(), Value::from(limiter.calls_during_block));
        }
        counts
    }

    fn documents(&self) -> Value {
        serde_json::to_value(&self.state().writes).unwrap_or_default()
    }

    /// `{"products": null}` lists the catalog, each product with all its fields.
    fn command(&self, command: Value) -> Result<Value, String> {
        if command.get("products").is_none() {
            return Err("there is no such command; use `products`".to_owned());
        }
        Ok(self.state().catalog.products.values().map(|product| Value::Object(product.fields.clone())).collect())
    }
}
