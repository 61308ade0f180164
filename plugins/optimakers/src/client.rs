//! The one place that makes requests: addresses, credential, and from answers to causes.

mod problems;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use wharf_sdk::document::Partner;
use wharf_sdk::http::{self, Effect, RequestBuilder, Response};
use wharf_sdk::{Failure, Preview, Result};

use crate::body::{Body, Fields};
use crate::config::Config;
use crate::references::{self, Currencies, VatRates};

/// Credential slot of the manifest.
pub(crate) const SLOT: &str = "api-key";

/// Name and value of query parameters.
pub(crate) type Query<'a> = &'a [(&'a str, String)];

/// A resource of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    EntityStatuses,
    Attributes,
    VatRates,
    Currencies,
    Products,
    Customers,
    Orders,
}

impl Resource {
    /// Returns what people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EntityStatuses => "entity statuses",
            Self::Attributes => "attributes",
            Self::VatRates => "VAT rates",
            Self::Currencies => "currencies",
            Self::Products => "products",
            Self::Customers => "customers",
            Self::Orders => "orders",
        }
    }

    /// Returns the entity of its common documents.
    pub(crate) fn entity(self) -> &'static str {
        match self {
            Self::Products => "product",
            Self::Customers => "partner",
            Self::Orders => "order",
            Self::EntityStatuses => "entity-status",
            Self::Attributes => "attribute",
            Self::VatRates => "vat-rate",
            Self::Currencies => "currency",
        }
    }
}

/// A connection to an instance, for one call. What it reads of reference lists and customers it reads once.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) config: Config,
    vat_rates: OnceCell<VatRates>,
    currencies: OnceCell<Currencies>,
    customers: RefCell<BTreeMap<String, Partner>>,
}

impl Client {
    /// Starts with the connection's configuration.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self {
            config: Config::load()?,
            vat_rates: OnceCell::new(),
            currencies: OnceCell::new(),
            customers: RefCell::default(),
        })
    }

    /// Reads a list.
    pub(crate) fn list(&self, resource: Resource, query: Query<'_>) -> Result<Response> {
        problems::accepted(self.list_request(resource, query).send()?, resource)
    }

    /// Returns the request that [`list`](Self::list) sends.
    pub(crate) fn list_preview(&self, resource: Resource, query: Query<'_>) -> Result<Preview> {
        self.list_request(resource, query).preview()
    }

    /// Asks for a list and returns any answer.
    pub(crate) fn try_list(&self, resource: Resource) -> Result<Response> {
        self.list_request(resource, &[]).send()
    }

    /// Reads one record; `not-found` when it is not there.
    pub(crate) fn get(&self, resource: Resource, id: &str) -> Result<Response> {
        self.found(self.get_request(resource, id).send()?, resource, id)
    }

    /// Returns the request that [`get`](Self::get) sends.
    pub(crate) fn get_preview(&self, resource: Resource, id: &str) -> Result<Preview> {
        self.get_request(resource, id).preview()
    }

    /// Makes a record. 409, which says that it is there already, is returned as a success is.
    pub(crate) fn post(&self, resource: Resource, body: &Body) -> Result<Response> {
        let response =
            self.request("POST", &self.url(resource, &[])).text("application/json", body.to_json()).send()?;
        if response.status() == 409 { Ok(response) } else { problems::accepted(response, resource) }
    }

    /// Replaces a record.
    pub(crate) fn put(&self, resource: Resource, id: &str, body: &Body) -> Result<Response> {
        let request = self.request("PUT", &self.url(resource, &[id])).text("application/json", body.to_json());
        self.found(request.send()?, resource, id)
    }

    /// Removes a record; `not-found` when it is not there.
    pub(crate) fn delete(&self, resource: Resource, id: &str) -> Result<Response> {
        self.found(self.delete_request(resource, id).send()?, resource, id)
    }

    /// Returns the request that [`delete`](Self::delete) sends.
    pub(crate) fn delete_preview(&self, resource: Resource, id: &str) -> Result<Preview> {
        self.delete_request(resource, id).preview()
    }

    /// Changes some fields of a record: it is read, and sent back whole, as a PUT may replace it. `change` makes the fields
    /// of what was read; true when there was something to do.
    pub(crate) fn change(
        &self,
        resource: Resource,
        id: &str,
        change: impl FnOnce(&Fields<'_>) -> Result<Body>,
    ) -> Result<bool> {
        let response = self.get(resource, id)?;
        let record: Fields<'_> = response.json()?;
        let change = change(&record)?;
        if change.is_in(&record) {
            return Ok(false);
        }
        self.put(resource, id, &Body::of(&record).overlaid(&change))?;
        Ok(true)
    }

    /// Moves an order to a status. Sent twice it leaves the same state.
    pub(crate) fn set_status(&self, order: &str, body: &Body) -> Result<Response> {
        self.found(self.status_request(order, body).send()?, Resource::Orders, order)
    }

    /// Returns the request that [`set_status`](Self::set_status) sends.
    pub(crate) fn set_status_preview(&self, order: &str, body: &Body) -> Result<Preview> {
        self.status_request(order, body).preview()
    }

    /// Returns the VAT rates, read at most once.
    pub(crate) fn vat_rates(&self) -> Result<&VatRates> {
        once(&self.vat_rates, || references::vat_rates(self))
    }

    /// Returns the currencies, read at most once.
    pub(crate) fn currencies(&self) -> Result<&Currencies> {
        once(&self.currencies, || references::currencies(self))
    }

    /// Returns a customer by id, each read at most once.
    pub(crate) fn customer(&self, id: &str, read: impl FnOnce(&Response) -> Result<Partner>) -> Result<Partner> {
        if let Some(known) = self.customers.borrow().get(id) {
            return Ok(known.clone());
        }
        let customer = read(&self.get(Resource::Customers, id)?)?;
        self.customers.borrow_mut().insert(id.to_owned(), customer.clone());
        Ok(customer)
    }

    fn found(&self, response: Response, resource: Resource, id: &str) -> Result<Response> {
        if matches!(response.status(), 404 | 410) {
            return Err(Failure::subject_not_found(resource.entity(), id).with_evidence(response.evidence()));
        }
        problems::accepted(response, resource)
    }

    fn list_request(&self, resource: Resource, query: Query<'_>) -> RequestBuilder {
        let request = self.request("GET", &self.url(resource, &[]));
        query.iter().fold(request, |request, (name, value)| request.query(name, value))
    }

    fn get_request(&self, resource: Resource, id: &str) -> RequestBuilder {
        self.request("GET", &self.url(resource, &[id]))
    }

    fn delete_request(&self, resource: Resource, id: &str) -> RequestBuilder {
        self.request("DELETE", &self.url(resource, &[id]))
    }

    fn status_request(&self, order: &str, body: &Body) -> RequestBuilder {
        let segments = self.config.paths.order_status.split('/').map(|part| if part == "{id}" { order } else { part });
        let request = self.request("POST", &self.below(segments, &[]));
        request.effect(Effect::IdempotentWrite).text("application/json", body.to_json())
    }

    fn request(&self, method: &str, url: &str) -> RequestBuilder {
        http::request(method, url).header("Accept", "application/json").credential(SLOT)
    }

    fn url(&self, resource: Resource, more: &[&str]) -> String {
        let paths = &self.config.paths;
        let path = match resource {
            Resource::EntityStatuses => &paths.entity_statuses,
            Resource::Attributes => &paths.attributes,
            Resource::VatRates => &paths.vat_rates,
            Resource::Currencies => &paths.currencies,
            Resource::Products => &paths.products,
            Resource::Customers => &paths.customers,
            Resource::Orders => &paths.orders,
        };
        self.below(path.split('/'), more)
    }

    fn below<'p>(&self, path: impl Iterator<Item = &'p str>, more: &[&'p str]) -> String {
        let segments: Vec<&str> = path.filter(|part| !part.is_empty()).chain(more.iter().copied()).collect();
        http::join(&self.config.base_url, &segments)
    }
}

/// Fills a cell with what may fail.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}
