//! The one place that makes requests: addresses, headers, credential, and from answers to causes.

mod places;
mod problems;

use std::cell::OnceCell;

use wharf_sdk::http::{self, RequestBuilder, Response};
use wharf_sdk::{Failure, Preview, Result};

use crate::api::{Draft, Envelope, MEDIA_TYPE};
use crate::company;
use crate::config::Config;
use crate::references::Entry;

pub(crate) use problems::{Refusal, refusal};

/// Credential slot of the manifest.
pub(crate) const SLOT: &str = "account";

/// Name and value of query parameters.
pub(crate) type Query<'a> = &'a [(&'a str, String)];

/// A connection to FLOWii, for one call. What it reads of companies and code lists it reads once.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) config: Config,
    company: OnceCell<String>,
    countries: OnceCell<Vec<Entry>>,
    order_type: OnceCell<String>,
    activity_type: OnceCell<String>,
}

impl Client {
    /// Starts with the connection's configuration.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self {
            config: Config::load()?,
            company: OnceCell::new(),
            countries: OnceCell::new(),
            order_type: OnceCell::new(),
            activity_type: OnceCell::new(),
        })
    }

    /// Asks for the companies that the user may use; the only business call without `companyId`.
    pub(crate) fn companies_request(&self) -> RequestBuilder {
        request("GET", &http::join(&self.config.base_url, &["companies"]))
    }

    /// Reads something.
    pub(crate) fn get(&self, path: &[&str], query: Query<'_>) -> Result<Response> {
        self.accepted(self.request("GET", path, query)?.send()?)
    }

    /// Reads one record; `not-found` when it is not there.
    pub(crate) fn get_one(&self, entity: &str, path: &[&str], id: &str) -> Result<Response> {
        let response = self.request("GET", path, &[])?.send()?;
        if matches!(response.status(), 404 | 410) {
            return Err(Failure::subject_not_found(entity, id).with_evidence(response.evidence()));
        }
        self.accepted(response)
    }

    /// Sends a new resource. Any answer is returned, so that the caller can tell a refusal of its optional parts.
    pub(crate) fn post(&self, path: &[&str], draft: &Draft) -> Result<Response> {
        self.request("POST", path, &[])?.text(MEDIA_TYPE, draft.body()).send()
    }

    /// Changes fields of a resource. Sent twice it leaves the same state.
    pub(crate) fn patch(&self, path: &[&str], draft: &Draft) -> Result<Response> {
        let request = self.request("PATCH", path, &[])?.effect(http::Effect::IdempotentWrite);
        request.text(MEDIA_TYPE, draft.body()).send()
    }

    /// Returns the first request of a call that begins with this read: without a company in the configuration that is
    /// the question for companies.
    pub(crate) fn first_read(&self, path: &[&str], query: Query<'_>) -> Result<Preview> {
        match self.company_id_at_hand() {
            Some(company) => request("GET", &self.address(company, path, query)).preview(),
            None => self.companies_preview(),
        }
    }

    /// Returns the first request of a call that begins with this change.
    pub(crate) fn first_patch(&self, path: &[&str], draft: &Draft) -> Result<Preview> {
        match self.company_id_at_hand() {
            Some(company) => {
                request("PATCH", &self.address(company, path, &[])).text(MEDIA_TYPE, draft.body()).preview()
            }
            None => self.companies_preview(),
        }
    }

    /// Returns the first request of a call that begins with making this.
    pub(crate) fn first_post(&self, path: &[&str], draft: &Draft) -> Result<Preview> {
        match self.company_id_at_hand() {
            Some(company) => {
                request("POST", &self.address(company, path, &[])).text(MEDIA_TYPE, draft.body()).preview()
            }
            None => self.companies_preview(),
        }
    }

    /// Returns the company that every call names.
    pub(crate) fn company(&self) -> Result<&str> {
        once(&self.company, || match self.company_id_at_hand() {
            Some(id) => Ok(id.to_owned()),
            None => company::choose(&company::list(self)?, self.config.company_id.as_deref()),
        })
        .map(String::as_str)
    }

    /// Returns the countries, read at most once.
    pub(crate) fn countries(&self) -> Result<&[Entry]> {
        once(&self.countries, || crate::references::read(self, "countries")).map(Vec::as_slice)
    }

    /// Returns the id of the type of new orders.
    pub(crate) fn order_type(&self) -> Result<&str> {
        once(&self.order_type, || match &self.config.order_type_id {
            Some(id) => Ok(id.clone()),
            None => crate::references::first_order_type(self),
        })
        .map(String::as_str)
    }

    /// Returns the id of the type of new tasks' activities.
    pub(crate) fn activity_type(&self) -> Result<&str> {
        once(&self.activity_type, || match &self.config.activity_type_id {
            Some(id) => Ok(id.clone()),
            None => crate::references::first_activity_type(self),
        })
        .map(String::as_str)
    }

    /// Returns the answer to a write when it is a success, and else its cause, with the places of the entity's document.
    pub(crate) fn written(&self, entity: &str, response: Response) -> Result<Response> {
        self.require_company(&response)?;
        problems::written(entity, response)
    }

    /// Returns the answer to a read when it is a success, and else its cause.
    fn accepted(&self, response: Response) -> Result<Response> {
        self.require_company(&response)?;
        problems::accepted(response)
    }

    /// Fails where the company is what was refused.
    fn require_company(&self, response: &Response) -> Result<()> {
        if response.status() == 403 && self.config.company_id.is_some() {
            // FLOWii says 403 for a wrong Api-Key and for a company out of reach; the access list tells which it is.
            company::choose(&company::list(self)?, self.config.company_id.as_deref())?;
        }
        Ok(())
    }

    fn request(&self, method: &str, path: &[&str], query: Query<'_>) -> Result<RequestBuilder> {
        Ok(request(method, &self.address(self.company()?, path, query)))
    }

    /// Brackets stay as they are: a client un-escapes them, so the server may not read them otherwise.
    fn address(&self, company: &str, path: &[&str], query: Query<'_>) -> String {
        let mut url = http::join(&self.config.base_url, path);
        url.push_str("?companyId=");
        url.push_str(&http::percent_encoded(company));
        for (name, value) in query {
            url.push('&');
            url.push_str(name);
            url.push('=');
            url.push_str(&http::percent_encoded(value));
        }
        url
    }

    fn companies_preview(&self) -> Result<Preview> {
        Ok(self.companies_request().preview()?.note("finds the company first; set `company_id` to save that"))
    }

    /// Returns the configured company where it is an id; a name has to be looked up.
    fn company_id_at_hand(&self) -> Option<&str> {
        let is_id = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        self.config.company_id.as_deref().filter(is_id)
    }
}

/// Reads an answer's envelope. An error inside a success counts as an error.
pub(crate) fn envelope(response: &Response) -> Result<Envelope<'_>> {
    let envelope: Envelope<'_> = response.json()?;
    match (&envelope.data, &envelope.errors) {
        (None, Some(errors)) if !errors.is_empty() => Err(response.unreadable("a success with `errors` and no `data`")),
        (None, _) => Err(response.unreadable("there is no `data`")),
        (Some(_), _) => Ok(envelope),
    }
}

fn request(method: &str, url: &str) -> RequestBuilder {
    http::request(method, url).header("Accept", MEDIA_TYPE).credential(SLOT)
}

/// Fills a cell with what may fail.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}
