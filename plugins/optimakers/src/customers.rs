//! Customers: finding and making them.
//!
//! A customer has no field for a text of ours, and is recognised by what it is: the login, else the e-mail address, else the
//! number for tax.

use std::ops::ControlFlow;

use wharf_sdk::document::Partner;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk, violation};

use crate::api::{self, row};
use crate::body::Fields;
use crate::client::{Client, Resource};
use crate::config::Config;
use crate::convert::customer::{body, check, read, tax_number};
use crate::convert::words;
use crate::listing::{page_of, walk};

/// What a customer is recognised by: the strongest thing that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Login(String),
    Email(String),
    TaxNumber(String),
}

impl Key {
    /// Returns the key of a partner; none where it has nothing to be recognised by. A login counts where the
    /// configuration names the attribute that keeps it.
    pub(crate) fn of(partner: &Partner, config: &Config) -> Option<Self> {
        let login = filled(partner.login.as_deref()).filter(|_| config.customer_attribute_login.is_some());
        let tax_number = || tax_number(partner).map(plain_number).map(Self::TaxNumber);
        login.map(Self::Login).or_else(|| Self::email(partner)).or_else(tax_number)
    }

    fn email(partner: &Partner) -> Option<Self> {
        let contact = partner.contacts.first().and_then(|contact| contact.email.as_deref());
        filled(partner.email.as_deref()).or_else(|| filled(contact)).map(|email| Self::Email(email.to_lowercase()))
    }

    /// Returns the key's text.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Login(text) | Self::Email(text) | Self::TaxNumber(text) => text,
        }
    }

    /// Returns the parameter of the list that asks for it.
    pub(crate) fn parameter(&self) -> &'static str {
        match self {
            Self::Login(_) => "login",
            Self::Email(_) => "email",
            Self::TaxNumber(_) => "taxNumber",
        }
    }

    /// Tells whether a customer has this key.
    pub(crate) fn fits(&self, customer: &Partner) -> bool {
        match self {
            Self::Login(login) => customer.login.as_deref().is_some_and(|found| found.trim() == login),
            Self::Email(email) => customer.email.as_deref().is_some_and(|found| found.trim().to_lowercase() == *email),
            Self::TaxNumber(number) => {
                customer.tax_number.as_deref().is_some_and(|found| plain_number(found) == *number)
            }
        }
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Takes out what people put between digits: `PL 525-000-00-00` is `PL5250000000`.
fn plain_number(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}

/// A customer that nothing recognises.
pub(crate) fn no_key() -> Failure {
    let message = "the customer has no login, e-mail address or number for tax to be recognised by; map one of them";
    Failure::invalid_record(vec![violation("/customer", "required", message)])
}

/// A customer that is in Optimakers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) customer: Partner,
}

/// Finds the customer of a document by its key; none when no customer has it. A customer without a login who has the e-mail
/// address is the same one, entered by hand.
pub(crate) fn find(client: &Client, partner: &Partner) -> Result<Option<Found>> {
    let key = Key::of(partner, &client.config).ok_or_else(no_key)?;
    let found = by_key(client, &key, |_| true)?;
    let email = match (&found, &key) {
        (None, Key::Login(_)) => Key::email(partner),
        _ => None,
    };
    match email {
        Some(email) => by_key(client, &email, |customer| customer.login.is_none()),
        None => Ok(found),
    }
}

/// Finds the first customer that has a key and pleases. The filter is not trusted: each row is looked at.
fn by_key(client: &Client, key: &Key, pleases: impl Fn(&Partner) -> bool) -> Result<Option<Found>> {
    let query = [(key.parameter(), key.text().to_owned())];
    let walked: Walk<Found> = walk(client, Resource::Customers, &query, |raw| {
        let customer = read(&row::<api::Customer<'_>>(raw)?, &client.config);
        match &customer.id {
            Some(id) if key.fits(&customer) && pleases(&customer) => {
                Ok(ControlFlow::Break(Found { id: id.clone(), customer }))
            }
            _ => Ok(ControlFlow::Continue(())),
        }
    })?;
    walked.found(Resource::Customers.name(), "search_pages")
}

/// Returns the first request of [`find`].
fn first_search(client: &Client, key: &Key) -> Result<Preview> {
    let query = [(key.parameter(), key.text().to_owned())];
    client.list_preview(Resource::Customers, &page_of(&query, 1, client.config.page_size))
}

fn document(client: &Client, intent: &Intent) -> Result<(Partner, Key)> {
    let partner: Partner = intent.document()?;
    check(&partner)?;
    let key = Key::of(&partner, &client.config).ok_or_else(no_key)?;
    Ok((partner, key))
}

/// Plans the making of a customer.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let (partner, key) = document(client, intent)?;
    let body = body(&partner, &client.config).to_json();
    Ok(first_search(client, &key)?
        .note("looks for the customer first, and makes it only if it is not there")
        .note(format!("then POST {} with {body}", client.config.paths.customers)))
}

/// Makes a customer, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (partner, key) = document(client, intent)?;
    if let Some(found) = find(client, &partner)? {
        return already(&partner, &key, found);
    }
    let response = client.post(Resource::Customers, &body(&partner, &client.config))?;
    if response.status() == 409 {
        return match find(client, &partner)? {
            Some(found) => already(&partner, &key, found),
            None => {
                let message =
                    format!("Optimakers says that customer `{}` is there already, and does not show it", key.text());
                Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
            }
        };
    }
    let made: api::Identified<'_> = response.json()?;
    made.id.filled().map(Outcome::applied).ok_or_else(|| response.unreadable("the new customer has no `id`"))
}

/// Who has the key is the customer; what differs besides is for a person to look at.
fn already(partner: &Partner, key: &Key, found: Found) -> Result<Outcome> {
    let same = words(&found.customer.name).to_lowercase() == words(&partner.name).to_lowercase();
    let message = format!("customer {} is found by `{}`; use it, or change it", found.id, key.text());
    Err(Failure::conflict(Some(found.id), Some(same), message))
}

/// Asks whether a customer was made: whether somebody has its key.
pub(crate) fn verify_create(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (partner, _) = document(client, intent)?;
    let found = find(client, &partner)?;
    Ok(found.map_or(Verdict::Absent, |found| Verdict::Found(Applied::new(found.id))))
}

/// Plans the change of a customer.
pub(crate) fn plan_update(client: &Client, intent: &Intent) -> Result<Preview> {
    let (partner, target) = (intent.document::<Partner>()?, intent.target()?);
    let change = body(&partner, &client.config).to_json();
    let path = &client.config.paths.customers;
    let preview = client.get_preview(Resource::Customers, target)?;
    Ok(preview.note(format!("then PUT {path}/{target} with the whole customer, changed by {change}")))
}

/// Changes a customer: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (partner, target) = (intent.document::<Partner>()?, intent.target()?);
    let changed = client.change(Resource::Customers, target, |_| Ok(body(&partner, &client.config)))?;
    Ok(if changed { Outcome::applied(target) } else { Outcome::NothingToDo })
}

/// Asks whether a customer says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (partner, target) = (intent.document::<Partner>()?, intent.target()?);
    let response = client.get(Resource::Customers, target)?;
    let record: Fields<'_> = response.json()?;
    let is_there = body(&partner, &client.config).is_in(&record);
    Ok(if is_there { Verdict::Found(Applied::new(target)) } else { Verdict::Absent })
}
