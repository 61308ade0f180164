//! Customers: finding and making them.

use wharf_sdk::document::Partner;
use wharf_sdk::{Failure, Intent, Outcome, Preview, Result, Verdict, violation};

use crate::assumed::customer::{EMAIL, NAME, NUMBER};
use crate::body::Body;
use crate::client::{Client, made_key, row};
use crate::config::Config;
use crate::convert;
use crate::convert::customer::{body, changes, check, email};
use crate::query::Query;
use crate::verbs::{Entity, Verb, require};

/// Rows that a look-up asks for: enough to see that a name is there twice.
const SOME: u32 = 20;

/// What a customer is recognised by: the strongest thing that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Number(String),
    Email(String),
    Name(String),
}

impl Key {
    /// Returns the key of a partner: the ERP's number where the document has it under `extra`, else e-mail, else name.
    pub(crate) fn of(partner: &Partner, config: &Config) -> Self {
        match (given_number(partner, config), email(partner)) {
            (Some(number), _) => Self::Number(number),
            (None, Some(email)) => Self::Email(email),
            (None, None) => Self::Name(partner.name.trim().to_owned()),
        }
    }

    /// Returns the key's text.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Number(text) | Self::Email(text) | Self::Name(text) => text,
        }
    }

    fn query(&self, config: &Config) -> Query {
        let field = match self {
            Self::Number(_) => NUMBER,
            Self::Email(_) => EMAIL,
            Self::Name(_) => NAME,
        };
        Query::new().text_is(config.name(field), self.text()).top(SOME)
    }

    /// An ERP's `eq` may not mind the case, and so does this.
    fn fits(&self, customer: &Partner) -> bool {
        let same =
            |text: Option<&str>| text.is_some_and(|text| text.trim().to_lowercase() == self.text().to_lowercase());
        match self {
            Self::Number(_) => same(customer.id.as_deref()),
            Self::Email(_) => same(customer.email.as_deref()),
            Self::Name(_) => same(Some(&customer.name)),
        }
    }
}

fn given_number(partner: &Partner, config: &Config) -> Option<String> {
    let number = partner.extra.get(config.name(NUMBER))?;
    let text = number.as_str().map_or_else(|| number.to_string(), |text| text.trim().to_owned());
    Some(text).filter(|text| !text.is_empty() && text != "null")
}

/// Returns the request that [`find`] sends.
pub(crate) fn first_search(client: &Client, key: &Key) -> Result<Preview> {
    client.list_preview(Entity::Customer, &key.query(&client.config))
}

/// Returns the customers that have a key.
pub(crate) fn all_with(client: &Client, key: &Key) -> Result<Vec<Partner>> {
    client.find(Entity::Customer, &key.query(&client.config), |row| {
        let customer = convert::customer::read(row, &client.config)?;
        Ok(Some(customer).filter(|customer| key.fits(customer)))
    })
}

/// Finds the customer of a document; none when there is none. Two of the same name are refused: either may be the wrong
/// one. Of two with the same e-mail address the one with the lower number is taken.
pub(crate) fn find(client: &Client, partner: &Partner) -> Result<Option<Partner>> {
    let key = Key::of(partner, &client.config);
    let mut found = all_with(client, &key)?;
    if let (Key::Name(name), [first, second, ..]) = (&key, found.as_slice()) {
        let number = |customer: &Partner| customer.id.clone().unwrap_or_default();
        let message = format!(
            "customers {} and {} are both called `{name}`; give an e-mail address",
            number(first),
            number(second)
        );
        return Err(Failure::invalid_record(vec![violation("/partner", "ambiguous", message)]));
    }
    found.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(found.into_iter().next())
}

/// Returns the number of a new customer: the given one, or the end of the correlation, which differs for every intent.
fn number_for(partner: &Partner, intent: &Intent, config: &Config) -> String {
    given_number(partner, config).unwrap_or_else(|| {
        let length = usize::try_from(config.customer_number_length).unwrap_or(usize::MAX);
        let letters: Vec<char> = intent.correlation.chars().collect();
        letters.iter().skip(letters.len().saturating_sub(length)).collect()
    })
}

/// Plans the making of a customer.
pub(crate) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let (partner, number) = prepared(client, intent)?;
    let preview = first_search(client, &Key::Number(number.clone()))?;
    let body = serde_json::to_string(&body(&partner, &number, &client.config)).unwrap_or_default();
    let preview =
        preview.note("looks for the customer's number and e-mail first, and makes it only if neither is there");
    Ok(preview.note(format!("then POST /Entity/Customer/ with {body}")))
}

/// Makes a customer, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (partner, number) = prepared(client, intent)?;
    if let Some(existing) = existing(client, &partner, &number)? {
        return there_already(client, &partner, &number, &existing);
    }
    let response = client.post(Entity::Customer, &body(&partner, &number, &client.config))?;
    if response.status() == 412 {
        let there = all_with(client, &Key::Number(number.clone()))?.into_iter().next();
        return match there {
            Some(there) => there_already(client, &partner, &number, &there),
            None => {
                let message = format!("the ERP says that customer `{number}` is there, and does not show it");
                Err(Failure::conflict(None, None, message).with_evidence(response.evidence()))
            }
        };
    }
    let key = made_key(&response, client.config.name(NUMBER), &number)?;
    Ok(Outcome::Applied(client.applied(&key)))
}

/// Asks whether a customer was made.
pub(crate) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (partner, number) = prepared(client, intent)?;
    if let Some(there) = existing(client, &partner, &number)? {
        let id = there.id.unwrap_or(number);
        return Ok(Verdict::Found(client.applied(&id)));
    }
    if email(&partner).is_none() && !all_with(client, &Key::Name(partner.name.trim().to_owned()))?.is_empty() {
        let why = format!("a customer is called `{}`, under another number; compare them", partner.name.trim());
        return Ok(Verdict::Inconclusive(why));
    }
    Ok(Verdict::Absent)
}

/// Plans the changing of a customer.
pub(crate) fn plan_update(client: &Client, intent: &Intent, number: &str) -> Result<Preview> {
    let changes = changed(client, intent)?;
    let text = serde_json::to_string(&changes).unwrap_or_default();
    let preview = client.get_preview(Entity::Customer, number)?;
    let note = "reads the customer first, as a PUT replaces it whole, and keeps the fields that the document has not";
    Ok(preview.note(note).note(format!("then PUT /Entity/Customer/{number} with {text} over what was read")))
}

/// Changes a customer: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent, number: &str) -> Result<Outcome> {
    let changes = changed(client, intent)?;
    let response = client.get(Entity::Customer, number)?;
    let there = row(&response)?;
    if changes.is_said_by(&there)? {
        return Ok(Outcome::NothingToDo);
    }
    let whole = changes.text(client.config.name(NUMBER), Some(number)).over(&there)?;
    client.put(Entity::Customer, number, &whole)?;
    Ok(Outcome::Applied(client.applied(number)))
}

/// Asks whether a customer says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent, number: &str) -> Result<Verdict> {
    let changes = changed(client, intent)?;
    let response = client.get(Entity::Customer, number)?;
    Ok(match changes.is_said_by(&row(&response)?)? {
        true => Verdict::Found(client.applied(number)),
        false => Verdict::Absent,
    })
}

fn changed(client: &Client, intent: &Intent) -> Result<Body> {
    require(&client.config, Entity::Customer, Verb::Get)?;
    require(&client.config, Entity::Customer, Verb::Put)?;
    Ok(changes(&intent.document()?, &client.config))
}

fn prepared(client: &Client, intent: &Intent) -> Result<(Partner, String)> {
    require(&client.config, Entity::Customer, Verb::Get)?;
    require(&client.config, Entity::Customer, Verb::Post)?;
    let partner: Partner = intent.document()?;
    check(&partner, "")?;
    let number = number_for(&partner, intent, &client.config);
    Ok((partner, number))
}

fn existing(client: &Client, partner: &Partner, number: &str) -> Result<Option<Partner>> {
    let by_number = all_with(client, &Key::Number(number.to_owned()))?.into_iter().next();
    match (by_number, email(partner)) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(email)) => Ok(all_with(client, &Key::Email(email))?.into_iter().min_by(|a, b| a.id.cmp(&b.id))),
        (None, None) => Ok(None),
    }
}

fn there_already(client: &Client, partner: &Partner, number: &str, there: &Partner) -> Result<Outcome> {
    let id = there.id.clone().unwrap_or_default();
    let made_up = given_number(partner, &client.config).is_none();
    if made_up && id == number {
        return Ok(Outcome::AlreadyApplied(client.applied(&id)));
    }
    let same = there.name.trim().to_lowercase() == partner.name.trim().to_lowercase();
    let message = format!("customer {id} is there already; use it, or change it");
    Err(Failure::conflict(Some(client.id(&id)), Some(same), message))
}
