//! The one place that makes requests: to a company API of the same contract.

use serde_json::{Map, Value};
use wharf_sdk::document::Partner;
use wharf_sdk::http::{self, Response};
use wharf_sdk::{Failure, Item, Result, violation};

use crate::config::{Config, SignIn};
use crate::customer::{self, PARTNER};
use crate::shape::{is_standard, received};

/// Slot of user and password.
pub(crate) const API_USER: &str = "api-user";
/// Slot of the client of OAuth2.
pub(crate) const API_CLIENT: &str = "api-client";

/// A company API.
#[derive(Debug)]
pub(crate) struct Client {
    config: Config,
    base_url: String,
}

impl Client {
    /// Starts with the connection's configuration; `config-invalid` where it names no API.
    pub(crate) fn open() -> Result<Self> {
        let config = Config::load()?;
        let base_url = config.base_url.clone().ok_or_else(|| {
            let message = "this connection only serves; set `base_url` to a company API to read one";
            Failure::config_invalid(vec![violation("/base_url", "required", message)])
        })?;
        Ok(Self { config, base_url })
    }

    /// Returns what the feed asks.
    pub(crate) fn searches(&self) -> &[std::collections::BTreeMap<String, String>] {
        &self.config.searches
    }

    /// Searches customers.
    pub(crate) fn search<'a>(&self, query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Vec<Item>> {
        let path: Vec<&str> = parts(&self.config.paths.search).collect();
        self.items(&self.read(&path, query)?)
    }

    /// Reads the customer with that code; none when it is not there.
    pub(crate) fn one(&self, code: &str) -> Result<Option<Item>> {
        let path: Vec<&str> =
            parts(&self.config.paths.customer).map(|part| if part == "{codigo}" { code } else { part }).collect();
        Ok(self.items(&self.read(&path, [])?)?.into_iter().next())
    }

    /// Asks for the connection test.
    pub(crate) fn health(&self) -> Result<()> {
        let path: Vec<&str> = parts(&self.config.paths.health).collect();
        self.read(&path, []).map(drop)
    }

    fn read<'a>(&self, path: &[&str], query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Response> {
        let slot = match self.config.sign_in {
            SignIn::Basic => API_USER,
            SignIn::Oauth2 => API_CLIENT,
        };
        let request = http::get(&http::join(&self.base_url, path)).credential(slot);
        let request = query.into_iter().fold(request, |request, (name, value)| request.query(name, value));
        request.send()?.expect_success()
    }

    fn items(&self, response: &Response) -> Result<Vec<Item>> {
        let rows: Vec<Map<String, Value>> = response.json()?;
        rows.into_iter().map(|row| self.item(row, response)).collect()
    }

    fn item(&self, mut row: Map<String, Value>, response: &Response) -> Result<Item> {
        let found: Map<String, Value> = row.clone();
        row.retain(|name, value| !is_standard(name, &self.config) && !value.is_null() && value != "");
        let get = |name: &str| received(&found, name, &self.config).filter(|text| !text.is_empty());
        let partner: Partner = customer::partner(get, row);
        // Without a code the number is what tells customers apart.
        let ids = [&partner.id, &partner.tax_number, &partner.registration_number];
        let id = ids.into_iter().flatten().next().ok_or_else(|| response.unreadable("a customer has no `codigo`"))?;
        Item::new(PARTNER, id, &partner)
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}
