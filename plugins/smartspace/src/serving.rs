//! Answers to Smartspace's requests. The host has checked the caller, answers the token path, and ends what takes too long.

use wharf_sdk::document::Partner;
use wharf_sdk::lookups::{self, Receipt};
use wharf_sdk::{Action, Delivery, Reply, Result, log};

use crate::config::Config;
use crate::edit::{Change, change};
use crate::owner::{self, Customer};
use crate::question::{Target, search, target};
use crate::reply::{Refusal, customers, json};

/// Answers a request; refusals are answers too.
pub(crate) fn serve(request: &Delivery) -> Result<Reply> {
    let config = Config::load()?;
    Ok(answer(request, &config).unwrap_or_else(|refusal| refusal.reply()))
}

fn answer(request: &Delivery, config: &Config) -> std::result::Result<Reply, Refusal> {
    let target = target(request, &config.paths).ok_or_else(|| Refusal::new(404, "caminho desconhecido"))?;
    match (target, request.method.as_str()) {
        (Target::Health, "GET") => health(),
        (Target::Search, "GET") => find(request, config),
        (Target::Customer(code), "GET") => one(&code, config),
        (Target::Customer(code), "PUT") => edit(&code, &request.body, config),
        (Target::Customer(_), _) => Err(Refusal::method("GET, PUT")),
        (Target::Health | Target::Search, _) => Err(Refusal::method("GET")),
    }
}

fn health() -> std::result::Result<Reply, Refusal> {
    let sources = owner::sources()?;
    Ok(json(200, &serde_json::json!({ "status": "ok", "fontes": sources.len().to_string() })))
}

fn find(request: &Delivery, config: &Config) -> std::result::Result<Reply, Refusal> {
    let asked = search(request)?;
    let found = owner::find(&owner::sources()?, &asked, config)?;
    let keys: Vec<&str> = asked.iter().map(|(key, _)| key.name()).collect();
    // What was asked for is a customer's own data and stays out of the log.
    log::info("customers searched", &[("by", &keys.join(",")), ("hits", &found.len())]);
    Ok(customers(200, found.iter().map(|one| one.flat(config)).collect()))
}

/// A code that nobody has is an empty array, as in a search.
fn one(code: &str, config: &Config) -> std::result::Result<Reply, Refusal> {
    let sources = owner::sources()?;
    let found = owner::of_code(&sources, code)?;
    Ok(customers(200, found.iter().map(|(_, one)| one.flat(config)).collect()))
}

/// Hands a change over to the customer's owner, and answers with what the customer is then.
fn edit(code: &str, body: &[u8], config: &Config) -> std::result::Result<Reply, Refusal> {
    let unknown = || Refusal::new(404, "cliente não encontrado");
    let sources = owner::sources()?;
    let mut found = owner::of_code(&sources, code)?.into_iter();
    let (source, customer) = found.next().ok_or_else(unknown)?;
    if found.next().is_some() {
        return Err(Refusal::new(422, "vários sistemas têm este código; use o `codigo` da busca"));
    }
    if !source.allows(Action::Update) {
        return Err(Refusal::new(405, format!("`{}` não permite alterações", source.name)));
    }
    let partner =
        customer.partner.as_ref().ok_or_else(|| Refusal::new(405, "este cliente não pode ser alterado aqui"))?;
    let Some(change) = change(body, &customer.fields(), partner, config)? else {
        return Ok(customers(200, vec![customer.flat(config)]));
    };
    let receipt = lookups::submit(&source.name, Action::Update, Some(&customer.id), &change.document);
    let status = match receipt.map_err(|failure| owner::failed(source, &failure))? {
        Receipt::Done(_) | Receipt::NothingToDo => 200,
        // It goes on by itself, and is not done yet.
        Receipt::Accepted(_) => 202,
    };
    log::info("customer changed", &[("source", &source.name), ("status", &status)]);
    let now = if status == 200 { owner::get(source, &customer.id).ok().flatten() } else { None };
    // What cannot be read again is as it was wanted.
    let now = now.unwrap_or_else(|| wanted(customer, change));
    Ok(customers(status, vec![now.flat(config)]))
}

fn wanted(customer: Customer, change: Change) -> Customer {
    let document = serde_json::to_value::<&Partner>(&change.after).unwrap_or_default();
    Customer { document, partner: Some(change.after), ..customer }
}
