//! From refused requests to causes. Errors are those of ASP.NET, as ProblemDetails [assumed].

use serde_json::value::RawValue;
use wharf_sdk::http::{Effect, Response};
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Failure, Result, Violation, violation};

use super::Resource;

/// What a refusal says.
#[derive(Default)]
struct Said {
    sentence: Option<String>,
    /// Field to sentences.
    fields: Vec<(String, Vec<String>)>,
}

/// Returns the answer when it is a success, and else its cause.
pub(super) fn accepted(response: Response, resource: Resource) -> Result<Response> {
    if response.is_success() {
        return Ok(response);
    }
    let said = said(&response);
    if let Some(failure) = cause(&response, &said, resource) {
        return Err(failure.with_evidence(response.evidence()));
    }
    let status = response.status();
    response.expect_success().map_err(|failure| match said.sentence {
        Some(sentence) => failure.with_message(format!("Optimakers answered with status {status}: {sentence}")),
        None => failure,
    })
}

/// Returns the cause where more is known than the status says.
fn cause(response: &Response, said: &Said, resource: Resource) -> Option<Failure> {
    let reads = response.effect() == Effect::Read;
    match response.status() {
        // A key that is not taken will not be taken later: the employee has a new one, or is gone.
        401 => Some(Failure::auth_revoked(
            "Optimakers refuses the API key; copy or make one (Employees, edit, Additional information) and set it",
        )),
        403 => {
            let permission = format!("{} {}", if reads { "read" } else { "write" }, resource.name());
            let message = format!("the API key's employee may not {permission}; give the role that right");
            Some(Failure::forbidden(Some(&permission), message))
        }
        400 | 422 if !reads => Some(Failure::invalid_record(violations(said, resource))),
        _ => None,
    }
}

fn violations(said: &Said, resource: Resource) -> Vec<Violation> {
    let of_field = |(field, sentences): &(String, Vec<String>)| {
        let text = if sentences.is_empty() { "refused".to_owned() } else { sentences.join(" ") };
        let message = format!("`{field}`: {}; correct the document", text.trim_end_matches('.'));
        violation(place(field, resource), "refused", message)
    };
    let found: Vec<Violation> = said.fields.iter().map(of_field).collect();
    if !found.is_empty() {
        return found;
    }
    let sentence = said.sentence.as_deref().unwrap_or("Optimakers refuses the document without a reason");
    vec![violation("", "refused", format!("{}; correct the document", sentence.trim_end_matches('.')))]
}

/// Translates the name of a field, such as `items[0].vatRateId` or `$.Items[0]`, to the place of the document that it was
/// made from.
fn place(field: &str, resource: Resource) -> String {
    let path = field.trim_start_matches("$.").to_ascii_lowercase();
    let (head, rest) = path.split_once(['.', '[']).unwrap_or((&path, ""));
    let index = rest.split(']').next().and_then(|index| index.parse::<u32>().ok());
    let known = match (resource, head, index) {
        (Resource::Orders, "items", Some(index)) => return format!("/lines/{index}"),
        (Resource::Orders, "items", None) => "/lines",
        (Resource::Orders, "externalnumber", _) => "/number",
        (Resource::Orders, "customerid", _) => "/customer",
        (Resource::Orders, "orderdate", _) => "/created_at",
        (Resource::Orders, "statusid", _) => "/status",
        (Resource::Orders, "deadline", _) => "/deadline",
        (Resource::Orders, "note", _) => "/internal_note",
        (Resource::Customers, "taxnumber", _) => "/tax_number",
        (Resource::Customers, "attributes", _) => "/login",
        (Resource::Products, "code", _) => "/sku",
        (Resource::Products, "netprice" | "grossprice", _) => "/prices/0",
        (Resource::Products, "vatrateid", _) => "/tax_rate",
        (Resource::Products, "isactive", _) => "/active",
        (_, "currencyid", _) => "/currency",
        (_, "name", _) => "/name",
        (_, "email", _) => "/email",
        (_, "phone", _) => "/phone",
        (_, "address", _) => "/address",
        (_, "ean", _) => "/ean",
        (_, "unit", _) => "/unit",
        _ => "",
    };
    known.to_owned()
}

fn said(response: &Response) -> Said {
    type Body<'a> = Entries<'a, &'a RawValue>;
    let body = response.text_if_any().and_then(|text| serde_json::from_str::<Body<'_>>(text).ok());
    let Some(body) = body else { return Said::default() };
    let text = |name: &str| -> Option<String> {
        let text: String = serde_json::from_str(body.get(name)?.get()).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let sentence = match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (title, detail) => title.or(detail).or_else(|| text("message")),
    };
    let fields = body.get("errors").and_then(|raw| serde_json::from_str::<Entries<'_, Vec<String>>>(raw.get()).ok());
    let fields = fields.unwrap_or_default().into_iter().map(|(name, sentences)| (name.into_owned(), sentences));
    Said { sentence, fields: fields.collect() }
}
