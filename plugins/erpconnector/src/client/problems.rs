//! From refused requests to causes. The vendor's pages say nothing of errors: the bodies are those of ASP.NET [assumed].

use serde_json::value::RawValue;
use wharf_sdk::http::{Effect, Response};
use wharf_sdk::quirks::Entries;
use wharf_sdk::{Failure, Result, Violation, violation};

use crate::assumed::{CLOSED_WORDS, LOCKED_WORDS, PERIOD_WORDS};
use crate::verbs::Entity;

/// What ASP.NET says when it has nothing to say.
const EMPTY_PHRASE: &str = "an error has occurred";

/// The fields of a body.
type Fields<'a> = Entries<'a, &'a RawValue>;

/// The body of a refusal.
#[derive(Default)]
struct Said {
    message: Option<String>,
    /// Field to sentences.
    fields: Vec<(String, Vec<String>)>,
}

/// Returns the answer when it is a success, and else its cause.
pub(super) fn accepted(response: Response, entity: Entity<'_>, company: &str) -> Result<Response> {
    if response.is_success() {
        return Ok(response);
    }
    let said = said(&response);
    match cause(&response, &said, entity, company) {
        Some(failure) => Err(failure.with_evidence(response.evidence())),
        None => {
            let status = response.status();
            response.expect_success().map_err(|failure| match said.message {
                Some(message) => failure.with_message(format!("the ERP answered with status {status}: {message}")),
                None => failure,
            })
        }
    }
}

/// Returns the cause where the body tells more than the status; none for the status' own.
fn cause(response: &Response, said: &Said, entity: Entity<'_>, company: &str) -> Option<Failure> {
    let message = said.message.as_deref();
    match response.status() {
        403 => {
            let words = message.unwrap_or("the licence may not use it");
            let sentence = format!("company `{company}` is refused: {words}; set `company_id` to one of the licence's");
            Some(Failure::forbidden(Some(&format!("company {company}")), sentence))
        }
        405 | 501 => {
            let words = message.unwrap_or("the ERP does not offer that");
            Some(Failure::unsupported(&format!("status {}", response.status()), words))
        }
        400 | 422 if response.effect() == Effect::Read => {
            let words = message.unwrap_or("the query is refused");
            Some(Failure::unsupported("query", format!("the ERP refuses the query: {words}")))
        }
        400 => Some(Failure::invalid_record(violations(said, entity))),
        422 => Some(refused(said, entity)),
        // A 500 with words of its own is the ERP's refusal; one without may have happened after the work was done.
        500 if response.effect() != Effect::Read && message.is_some_and(is_telling) => Some(refused(said, entity)),
        _ => None,
    }
}

fn is_telling(message: &str) -> bool {
    !message.trim().is_empty() && !message.to_lowercase().contains(EMPTY_PHRASE)
}

/// The ERP refuses: because of the books' state, or because of the document.
fn refused(said: &Said, entity: Entity<'_>) -> Failure {
    let message = said.message.as_deref().unwrap_or_default();
    let text = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&PERIOD_WORDS) && has(&CLOSED_WORDS) {
        return Failure::precondition("period-closed", format!("the ERP refuses: {message}; open the period"));
    }
    if has(&LOCKED_WORDS) {
        return Failure::precondition("record-locked", format!("the ERP refuses: {message}"));
    }
    Failure::invalid_record(violations(said, entity))
}

fn violations(said: &Said, entity: Entity<'_>) -> Vec<Violation> {
    let of_field = |(field, sentences): &(String, Vec<String>)| {
        let text = if sentences.is_empty() { "refused".to_owned() } else { sentences.join(" ") };
        violation(
            place(entity, field),
            "refused",
            format!("`{field}`: {}; correct the document", text.trim_end_matches('.')),
        )
    };
    let found: Vec<Violation> = said.fields.iter().map(of_field).collect();
    if !found.is_empty() {
        return found;
    }
    let message = said.message.as_deref().unwrap_or("the ERP refuses the document without a reason");
    vec![violation("", "refused", format!("{}; correct the document", message.trim_end_matches('.')))]
}

/// Translates the ERP's name of a field to the place of the document that it was made from.
fn place(entity: Entity<'_>, field: &str) -> String {
    let (head, rest) = field.split_once(['.', '[']).unwrap_or((field, ""));
    let line = rest.split(']').next().and_then(|index| index.parse::<u32>().ok());
    match (entity, head) {
        (Entity::Other(_), _) => return format!("/fields/{head}"),
        (Entity::SupplierInvoice, "NoFournisseur") => return format!("/partner/extra/{head}"),
        (Entity::Customer, "NoClient") => return format!("/extra/{head}"),
        (Entity::Product, "Description") => return "/name".to_owned(),
        _ => {}
    }
    match (head, line) {
        ("Lignes", Some(line)) => format!("/lines/{line}"),
        ("Lignes", None) => "/lines".to_owned(),
        ("Client" | "NoClient", _) => "/partner".to_owned(),
        ("NoFournisseur", _) => "/supplier".to_owned(),
        ("NoFacture" | "NoCommande" | "NoEcriture", _) => "/number".to_owned(),
        ("DateFacture", _) => "/issued_on".to_owned(),
        ("DateEcheance", _) => "/due_on".to_owned(),
        ("DateCommande", _) => "/ordered_on".to_owned(),
        ("DateEcriture", _) => "/date".to_owned(),
        ("NomClient", _) => "/name".to_owned(),
        ("Courriel", _) => "/email".to_owned(),
        ("Adresse", _) => "/address".to_owned(),
        ("NoProduit", _) => "/sku".to_owned(),
        ("PrixVente", _) => "/prices".to_owned(),
        _ => String::new(),
    }
}

fn said(response: &Response) -> Said {
    let body = response.text_if_any().and_then(|text| serde_json::from_str::<Fields<'_>>(text).ok());
    let Some(body) = body else { return Said::default() };
    let message = ["ExceptionMessage", "Message", "message"].into_iter().find_map(|name| {
        let text: String = serde_json::from_str(body.get(name)?.get()).ok()?;
        Some(text).filter(|text| !text.trim().is_empty())
    });
    Said { message, fields: fields(&body).unwrap_or_default() }
}

fn fields(body: &Fields<'_>) -> Option<Vec<(String, Vec<String>)>> {
    let state = body.get("ModelState").or_else(|| body.get("modelState"))?;
    let fields: Entries<'_, Vec<String>> = serde_json::from_str(state.get()).ok()?;
    Some(fields.into_iter().map(|(name, sentences)| (name.into_owned(), sentences)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_the_erp_is_a_place_of_the_document_that_was_sent() {
        for (entity, field, expected) in [
            (Entity::SupplierOrder, "NoFournisseur", "/supplier"),
            (Entity::SupplierInvoice, "NoFournisseur", "/partner/extra/NoFournisseur"),
            (Entity::CustomerInvoice, "Client.NoClient", "/partner"),
            (Entity::Customer, "NoClient", "/extra/NoClient"),
            (Entity::GLJournalEntry, "Lignes[2].Sens", "/lines/2"),
            (Entity::GLJournalEntry, "DateEcriture", "/date"),
            (Entity::Other("Payroll"), "Montant", "/fields/Montant"),
            (Entity::CustomerInvoice, "Autre", ""),
        ] {
            assert_eq!(place(entity, field), expected, "{entity:?} {field}");
        }
    }
}
