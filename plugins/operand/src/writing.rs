//! Writing to a receivable what became of it: invoice, bank slip, payment. All of it is [assumed], and may not exist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use wharf_sdk::civil::LocalTime;
use wharf_sdk::document::Decimal;
use wharf_sdk::http::Response;
use wharf_sdk::{Action, Applied, Failure, Intent, Outcome, Preview, Result, Verdict, violation};

use crate::api::{self, Entry};
use crate::client::{Client, accepted};
use crate::convert::instant;
use crate::source::{INVOICE, Source};

/// What is written to a receivable. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteBack {
    /// Number of the invoice (nota fiscal).
    #[serde(default)]
    pub(crate) invoice_number: Option<String>,
    /// Where the invoice can be seen.
    #[serde(default)]
    pub(crate) invoice_url: Option<String>,
    /// Where the bank slip (boleto) can be seen.
    #[serde(default)]
    pub(crate) bank_slip_url: Option<String>,
    /// Code of the bank slip, as it is typed (linha digitável).
    #[serde(default)]
    pub(crate) bank_slip_code: Option<String>,
    /// Date of payment, `YYYY-MM-DD`.
    #[serde(default)]
    pub(crate) paid_on: Option<String>,
    /// Amount that was paid.
    #[serde(default)]
    pub(crate) paid_value: Option<Decimal>,
}

/// The body of the request: only what is to be written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_slip_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_slip_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_value: Option<Box<RawValue>>,
}

/// Opens the connection and reads an intent: only receivables are written, and only changed.
fn opened(intent: &Intent) -> Result<(Client, WriteBack, &str)> {
    match (intent.entity.as_str(), intent.action) {
        (INVOICE, Action::Update) => Ok((Client::open()?, wanted(intent)?, receivable(intent)?)),
        _ => Err(Failure::no_write(intent)),
    }
}

/// Plans a change: the receivable is read first.
pub(crate) fn plan(intent: &Intent) -> Result<Preview> {
    let (client, wanted, id) = opened(intent)?;
    let preview = client.get_request(&path(&client, id), &[]).preview()?;
    Ok(preview
        .note("looks whether the receivable says so already")
        .note(format!("then PUT of the same address with {}, and reads it again", body(&wanted)?)))
}

/// Changes a receivable, unless it says so already, and reads what came of it.
pub(crate) fn apply(intent: &Intent) -> Result<Outcome> {
    let (client, wanted, id) = opened(intent)?;
    let path = path(&client, id);
    if wanted.differences(&read(&client, intent, &path)?)?.is_empty() {
        return Ok(Outcome::NothingToDo);
    }
    let response = client.put(&path, body(&wanted)?)?;
    if matches!(response.status(), 404 | 405 | 501) {
        // The receivable was read a moment ago, so it is the route that is not there.
        return Err(no_route(&response));
    }
    let answer = accepted(response)?;
    let now = read(&client, intent, &path)?;
    match wanted.differences(&now)?.as_slice() {
        [] => Ok(Outcome::Applied(applied(&client, intent, &now)?)),
        [first, ..] => {
            // What is no JSON object came from something on the way, and says nothing of what Operand can do.
            answer.json::<Map<String, Value>>()?;
            let message =
                format!("Operand took the change and left `{first}` as it was; take the write-back out of the flow");
            Err(Failure::unsupported("write-back", message).with_evidence(now.evidence()))
        }
    }
}

/// Asks whether a receivable says what was to be written.
pub(crate) fn verify(intent: &Intent) -> Result<Verdict> {
    let (client, wanted, id) = opened(intent)?;
    let now = read(&client, intent, &path(&client, id))?;
    match wanted.differences(&now)?.is_empty() {
        true => Ok(Verdict::Found(applied(&client, intent, &now)?)),
        false => Ok(Verdict::Absent),
    }
}

fn no_route(response: &Response) -> Failure {
    let message = format!(
        "Operand has no way to change a receivable (status {}); take the write-back out of the flow, reading works without",
        response.status()
    );
    Failure::unsupported("write-back", message).with_evidence(response.evidence())
}

fn path<'a>(client: &'a Client, id: &'a str) -> Vec<&'a str> {
    let mut path = Source::Receivables.path(&client.config);
    path.push(id);
    path
}

fn read(client: &Client, intent: &Intent, path: &[&str]) -> Result<Response> {
    client.get_one(INVOICE, path, intent.target()?)
}

fn applied(client: &Client, intent: &Intent, now: &Response) -> Result<Applied> {
    let entry: Entry<'_> = api::read(api::one(now)?)?;
    let applied = Applied::new(intent.target()?);
    let applied = match instant(client.config.zone(), entry.updated.get()) {
        Some(updated) => applied.revision(updated),
        None => applied,
    };
    Ok(match entry.invoice_number.filled() {
        Some(number) => applied.number(number),
        None => applied,
    })
}

/// Reads the document of an intent.
fn wanted(intent: &Intent) -> Result<WriteBack> {
    let wanted: WriteBack = intent.document()?;
    let mut found = Vec::new();
    if wanted == WriteBack::default() {
        let message = "nothing is to be written; give at least one field, such as `invoice_number`";
        found.push(violation("", "empty", message));
    }
    if let Some(day) = wanted.paid_on.as_deref().filter(|day| day.len() != 10 || day.parse::<LocalTime>().is_err()) {
        found.push(violation("/paid_on", "not-a-date", format!("`{day}` is no date; write it like `2026-02-01`")));
    }
    if found.is_empty() { Ok(wanted) } else { Err(Failure::invalid_record(found)) }
}

/// Returns Operand's id of the receivable that an intent names.
fn receivable(intent: &Intent) -> Result<&str> {
    let target = intent.target()?;
    match Source::of_invoice(target) {
        Some((Source::Receivables, id)) => Ok(id),
        Some(_) => {
            let message = format!("`{target}` is a payable, and only receivables can be changed; filter by the feed");
            Err(Failure::unsupported("payable", message))
        }
        None => Err(Failure::subject_not_found(INVOICE, target)),
    }
}

fn body(wanted: &WriteBack) -> Result<String> {
    // An amount goes out digit by digit, never through a float.
    let amount = wanted.paid_value.map(|amount| RawValue::from_string(amount.to_string())).transpose();
    let body = amount.map(|paid_value| Body {
        invoice_number: wanted.invoice_number.as_deref(),
        invoice_url: wanted.invoice_url.as_deref(),
        bank_slip_url: wanted.bank_slip_url.as_deref(),
        bank_slip_code: wanted.bank_slip_code.as_deref(),
        payment_date: wanted.paid_on.as_deref(),
        paid_value,
    });
    body.and_then(|body| serde_json::to_string(&body))
        .map_err(|error| Failure::internal(format!("a write-back cannot be written as JSON: {error}")))
}

impl WriteBack {
    /// Returns the fields of the receivable that say something else.
    fn differences(&self, response: &Response) -> Result<Vec<&'static str>> {
        let entry: Entry<'_> = api::read(api::one(response)?)?;
        let paid = entry.paid.get().map(|day| day.to_string().chars().take(10).collect::<String>());
        let differs = |wanted: &Option<String>, there: &str| wanted.as_deref().is_some_and(|wanted| wanted != there);
        let all = [
            ("invoiceNumber", differs(&self.invoice_number, entry.invoice_number.as_str())),
            ("invoiceUrl", differs(&self.invoice_url, entry.invoice_url.as_str())),
            ("bankSlipUrl", differs(&self.bank_slip_url, entry.slip_url.as_str())),
            ("bankSlipCode", differs(&self.bank_slip_code, entry.slip_code.as_str())),
            ("paymentDate", differs(&self.paid_on, paid.as_deref().unwrap_or_default())),
            ("paidValue", self.paid_value.is_some() && self.paid_value != entry.paid_value.get()),
        ];
        Ok(all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect())
    }
}
