//! The one place that makes requests: addresses, headers, credential, and from answers to causes.

mod problems;

use wharf_sdk::http::{self, RequestBuilder, Response};
use wharf_sdk::{Applied, Failure, Preview, Result};

use crate::body::Body;
use crate::company;
use crate::config::Config;
use crate::query::Query;
use crate::row::Row;
use crate::verbs::{self, Entity, Verb};

/// Credential slot of the manifest.
pub(crate) const SLOT: &str = "account";

/// A connection to one company of an ERP, for one call.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) config: Config,
    /// Company whose books it works with.
    company: String,
}

impl Client {
    /// Starts with the connection's configuration and its own company.
    pub(crate) fn open() -> Result<Self> {
        let config = Config::load()?;
        Ok(Self { company: config.company_id.clone(), config })
    }

    /// Goes to another company of the licence; `config-invalid` when the configuration does not have it.
    pub(crate) fn of_company(self, company: Option<&str>) -> Result<Self> {
        match company {
            None => Ok(self),
            Some(company) => Ok(Self { company: company::known(&self.config, company)?.to_owned(), ..self }),
        }
    }

    /// Returns the id of a record by its key: the key, with the company where it is not the connection's own.
    pub(crate) fn id(&self, key: &str) -> String {
        company::id(&self.config, &self.company, key)
    }

    /// Names a record by its key.
    pub(crate) fn applied(&self, key: &str) -> Applied {
        Applied::new(self.id(key)).number(key)
    }

    /// Reads a list.
    pub(crate) fn list(&self, entity: Entity<'_>, query: &Query) -> Result<Response> {
        self.accepted(entity, self.list_request(entity, query)?.send()?)
    }

    /// Returns the request that [`list`](Self::list) sends.
    pub(crate) fn list_preview(&self, entity: Entity<'_>, query: &Query) -> Result<Preview> {
        self.list_request(entity, query)?.preview()
    }

    /// Reads one record; `not-found` when it is not there.
    pub(crate) fn get(&self, entity: Entity<'_>, id: &str) -> Result<Response> {
        let response = self.get_request(entity, id)?.send()?;
        if matches!(response.status(), 404 | 410) {
            return Err(Failure::subject_not_found(entity.document(), id).with_evidence(response.evidence()));
        }
        self.accepted(entity, response)
    }

    /// Returns the request that [`get`](Self::get) sends.
    pub(crate) fn get_preview(&self, entity: Entity<'_>, id: &str) -> Result<Preview> {
        self.get_request(entity, id)?.preview()
    }

    /// Makes a record, unless one with its key is there: then the answer is 412, and that is returned as any other.
    pub(crate) fn post(&self, entity: Entity<'_>, body: &Body) -> Result<Response> {
        verbs::require(&self.config, entity, Verb::Post)?;
        let response = self.post_request(entity, body).send()?;
        if response.status() == 412 { Ok(response) } else { self.accepted(entity, response) }
    }

    /// Replaces a record. The id is in the path and in the body, as the vendor's pages show either.
    pub(crate) fn put(&self, entity: Entity<'_>, id: &str, body: &Body) -> Result<Response> {
        verbs::require(&self.config, entity, Verb::Put)?;
        self.accepted(entity, self.request("PUT", &self.address_of(entity, id)).json(body).send()?)
    }

    /// Removes a record. One that is not there is removed already.
    pub(crate) fn delete(&self, entity: Entity<'_>, id: &str) -> Result<()> {
        verbs::require(&self.config, entity, Verb::Delete)?;
        let response = self.request("DELETE", &self.address_of(entity, id)).send()?;
        if matches!(response.status(), 404 | 410) { Ok(()) } else { self.accepted(entity, response).map(drop) }
    }

    /// Returns the request that [`delete`](Self::delete) sends.
    pub(crate) fn delete_preview(&self, entity: Entity<'_>, id: &str) -> Result<Preview> {
        verbs::require(&self.config, entity, Verb::Delete)?;
        self.request("DELETE", &self.address_of(entity, id)).preview()
    }

    /// Returns the request that [`post`](Self::post) sends.
    pub(crate) fn post_preview(&self, entity: Entity<'_>, body: &Body) -> Result<Preview> {
        verbs::require(&self.config, entity, Verb::Post)?;
        self.post_request(entity, body).preview()
    }

    /// Returns what `read` makes of the records that a query finds. A filter is not trusted: `read` looks at each record
    /// and takes what it wants; records of which it takes none say that the filter is ignored.
    pub(crate) fn find<T>(
        &self,
        entity: Entity<'_>,
        query: &Query,
        read: impl Fn(&Row<'_>) -> Result<Option<T>>,
    ) -> Result<Vec<T>> {
        let response = self.list(entity, query)?;
        let rows = rows(&response)?;
        let mut found = Vec::new();
        for row in &rows {
            found.extend(read(row)?);
        }
        if found.is_empty() && !rows.is_empty() {
            let detail = format!("the list of `{}` does not keep to its `$filter`", entity.name());
            let sample = response.text_if_any().unwrap_or_default();
            return Err(Failure::contract_changed(detail, sample).with_evidence(response.evidence()));
        }
        Ok(found)
    }

    fn list_request(&self, entity: Entity<'_>, query: &Query) -> Result<RequestBuilder> {
        verbs::require(&self.config, entity, Verb::Get)?;
        let request = self.request("GET", &self.address(entity));
        Ok(query.options()?.into_iter().fold(request, |request, (name, value)| request.query(name, value)))
    }

    fn get_request(&self, entity: Entity<'_>, id: &str) -> Result<RequestBuilder> {
        verbs::require(&self.config, entity, Verb::Get)?;
        Ok(self.request("GET", &self.address_of(entity, id)))
    }

    fn post_request(&self, entity: Entity<'_>, body: &Body) -> RequestBuilder {
        // Documented for supplier invoices, where it protects against booking twice; sent with every creation.
        self.request("POST", &self.address(entity)).header("If-None-Match", "*").json(body)
    }

    /// Lists and creations have a slash at the end, as the vendor writes them.
    fn address(&self, entity: Entity<'_>) -> String {
        http::join(&self.config.base_url, &["Entity", entity.name(), ""])
    }

    fn address_of(&self, entity: Entity<'_>, id: &str) -> String {
        http::join(&self.config.base_url, &["Entity", entity.name(), id])
    }

    fn request(&self, method: &str, url: &str) -> RequestBuilder {
        http::request(method, url)
            .header("Accept", "application/json")
            .header("COMPANY_ID", self.company.as_str())
            .credential(SLOT)
    }

    fn accepted(&self, entity: Entity<'_>, response: Response) -> Result<Response> {
        problems::accepted(response, entity, &self.company)
    }
}

/// Reads the rows of a list.
pub(crate) fn rows(response: &Response) -> Result<Vec<Row<'_>>> {
    Row::read_all(response.text()?).map_err(|failure| unreadable(response, failure))
}

/// Reads the one record of an answer.
pub(crate) fn row(response: &Response) -> Result<Row<'_>> {
    Row::read(response.text()?).map_err(|failure| unreadable(response, failure))
}

/// A page of markup or half an answer is no new shape: something on the way answered.
fn unreadable(response: &Response, failure: Failure) -> Failure {
    let json = response.json::<serde::de::IgnoredAny>();
    json.err().unwrap_or_else(|| failure.with_evidence(response.evidence()))
}

/// Returns the key of what was made; the one that was sent where the answer tells none.
///
/// Made is answered with 201 [assumed], and then its body may be empty. An empty answer with 200 is what something on the
/// way says as well, such as a proxy: it proves nothing, and the ERP is asked before anything is repeated.
pub(crate) fn made_key(response: &Response, key: &str, sent: &str) -> Result<String> {
    if response.text_if_any().is_some_and(|body| body.trim().is_empty()) {
        return match response.status() {
            200 => Err(response.unreadable("it is empty, with status 200")),
            _ => Ok(sent.to_owned()),
        };
    }
    let row: Row<'_> = response
        .json::<&serde_json::value::RawValue>()
        .and_then(|raw| Row::read(raw.get()).map_err(|failure| response.unreadable(failure.message())))?;
    Ok(row.text(key).ok().flatten().unwrap_or_else(|| sent.to_owned()))
}
