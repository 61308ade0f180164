//! Helping the operator to get a connection going.

use wharf_sdk::setup::{Checks, Discovery, Step, StepState};
use wharf_sdk::{Result, civil, clock};

use crate::api::Sheet;
use crate::client::{Client, Resource};
use crate::config::RemoteId;
use crate::listing::page_of;
use crate::references::{self, Entry};

/// Seconds by which two clocks may differ.
const MOST_SKEW_SECONDS: u64 = 60;

const KEY_HINT: &str = "set the API key of an employee: Employees, edit, Additional information, API key";

/// Reaches the instance, signs in, and tries each right and each mapping that flows need.
pub(crate) fn check() -> Vec<Step> {
    let mut first = Checks::new()
        .step(
            "reach",
            "set `base_url` to the address that people log in at, and `paths` where the API has others",
            reach,
        )
        .step("sign in", KEY_HINT, sign_in)
        .finish();
    let is_in = first.iter().all(|step| step.state == StepState::Ok);
    for (name, hint, body) in RIGHTS {
        first.push(if is_in { tried(name, hint, body) } else { skipped(name) });
    }
    first.push(if is_in { clock_step() } else { skipped("clock") });
    first
}

/// A step after the sign-in: its name, what to do when it fails, and what it tries. None depends on another.
type Right = (&'static str, &'static str, fn(&Client) -> Result<String>);

const RIGHTS: [Right; 8] = [
    (
        "read order statuses",
        "grant the right to read entity statuses, and set `order_status` to one of them",
        |client| {
            let entries = references::read(client, "order-status")?;
            known(&entries, [("order_status", client.config.order_status.as_ref())])
        },
    ),
    ("read order attributes", "make the attributes (Settings, Attributes) and set `order_attribute_...`", |client| {
        known(&references::read(client, "order-attribute")?, client.config.order_attributes())
    }),
    ("read customer attributes", "make the attribute for the login and set `customer_attribute_login`", |client| {
        let entries = references::read(client, "customer-attribute")?;
        known(&entries, [("customer_attribute_login", client.config.customer_attribute_login.as_ref())])
    }),
    ("read VAT rates", "set `vat_rates`: each rate of the source to the id of a VAT rate", |client| {
        let mapped = client.config.vat_rates.iter().map(|(rate, id)| (rate.as_str(), Some(id)));
        known(&references::read(client, "vat-rate")?, mapped)
    }),
    ("read currencies", "set `currencies`: each currency of the source to the id of a currency", |client| {
        let mapped = client.config.currencies.iter().map(|(code, id)| (code.as_str(), Some(id)));
        known(&references::read(client, "currency")?, mapped)
    }),
    ("read orders", "give the employee's role the right to read orders", |client| one_of(client, Resource::Orders)),
    ("read customers", "give the employee's role the right to read customers", |client| {
        one_of(client, Resource::Customers)
    }),
    ("read products", "give the employee's role the right to read products", |client| {
        one_of(client, Resource::Products)
    }),
];

/// Any answer but a missing address says that the API is there.
fn reach() -> Result<String> {
    let client = Client::open()?;
    let response = client.try_list(Resource::VatRates)?;
    let status = response.status();
    if matches!(status, 401 | 403) {
        return Ok(format!("an API answers with status {status}"));
    }
    let response = response.expect_success()?;
    Sheet::of(&response)?;
    Ok("the API answers".to_owned())
}

fn sign_in() -> Result<String> {
    use wharf_sdk::failure::Cause;
    let client = Client::open()?;
    match client.list(Resource::VatRates, &[]) {
        // A right that is missing is another step's matter: the key was taken.
        Err(failure) if !matches!(failure.cause(), Cause::Forbidden(_)) => Err(failure),
        _ => Ok("the API key is taken".to_owned()),
    }
}

fn one_of(client: &Client, resource: Resource) -> Result<String> {
    let response = client.list(resource, &page_of(&[], 1, 1))?;
    let sheet = Sheet::of(&response)?;
    let count = sheet.total().unwrap_or_else(|| u64::try_from(sheet.items.len()).unwrap_or(u64::MAX));
    Ok(format!("{count} {}", resource.name()))
}

/// Says how many entries there are; fails for ids of the configuration that are not among them.
fn known<'a>(entries: &[Entry], ids: impl IntoIterator<Item = (&'a str, Option<&'a RemoteId>)>) -> Result<String> {
    let strangers: Vec<String> = ids
        .into_iter()
        .filter_map(|(key, id)| Some((key, id?)))
        .filter(|(_, id)| entries.iter().all(|entry| entry.id != id.as_str()))
        .map(|(key, id)| format!("`{key}` is {id}"))
        .collect();
    if strangers.is_empty() {
        return Ok(format!("{} entries", entries.len()));
    }
    let message = format!("{}, which is not among the {} entries", strangers.join(", "), entries.len());
    Err(wharf_sdk::Failure::precondition("unknown-id", message))
}

fn tried(name: &str, hint: &str, body: fn(&Client) -> Result<String>) -> Step {
    match Client::open().and_then(|client| body(&client)) {
        Ok(detail) => Step::new(name, StepState::Ok, detail),
        Err(failure) => Step::new(name, StepState::Failed, failure.message()).hint(hint),
    }
}

fn skipped(name: &str) -> Step {
    Step::new(name, StepState::Skipped, "not tried, as a step before failed")
}

/// Feeds ask by the server's clock, in the local time of the instance.
fn clock_step() -> Step {
    let seen = Client::open().and_then(|client| Ok((client.try_list(Resource::VatRates)?, client.config.time_zone)));
    let (response, zone) = match seen {
        Ok(seen) => seen,
        Err(failure) => return Step::new("clock", StepState::Warning, failure.message()),
    };
    let Some(server) = response.header("date").and_then(civil::parse_http_date) else {
        let detail = format!("the server tells no time; dates are taken for `{zone}`");
        return Step::new("clock", StepState::Warning, detail).hint("compare an order's date, and set `time_zone`");
    };
    let seconds = server.abs_diff(clock::now()) / 1000;
    if seconds > MOST_SKEW_SECONDS {
        let detail = format!("the server's clock is {seconds} s off; dates are taken for `{zone}`");
        return Step::new("clock", StepState::Warning, detail).hint("set both clocks by a time server");
    }
    Step::new("clock", StepState::Ok, format!("{seconds} s between both clocks; dates are taken for `{zone}`"))
}

/// Lists what the configuration may choose from.
pub(crate) fn discover() -> Result<Discovery> {
    let client = Client::open()?;
    let mut discovery = Discovery::new();
    for entry in references::read(&client, "order-status")? {
        discovery = discovery.choice("order_status", entry.id, entry.name);
    }
    let attributes = references::read(&client, "order-attribute")?;
    for (key, _) in client.config.order_attributes() {
        let choices = attributes.iter().cloned();
        discovery = choices.fold(discovery, |all, entry| all.choice(key, entry.id, entry.name));
    }
    for entry in references::read(&client, "customer-attribute")? {
        discovery = discovery.choice("customer_attribute_login", entry.id, entry.name);
    }
    for (key, list) in [("vat_rates", "vat-rate"), ("currencies", "currency")] {
        for entry in references::read(&client, list)? {
            let label = entry.code.unwrap_or(entry.name);
            discovery = discovery.choice(key, entry.id, label);
        }
    }
    Ok(discovery)
}
