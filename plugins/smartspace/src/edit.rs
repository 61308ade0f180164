//! Changes that Smartspace sends: from flat fields to the owner's document. Pure.

use serde_json::{Map, Value};
use wharf_sdk::document::{Address, Partner};

use crate::assumed::ADDRESS;
use crate::config::Config;
use crate::customer::{self, Street};
use crate::question::{Key, national};
use crate::reply::Refusal;
use crate::shape::{STANDARD, lists, received};

/// What is to be changed, and how the customer is afterwards.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    /// Id, kind, name, and the fields that change.
    pub(crate) document: Partner,
    pub(crate) after: Partner,
}

/// Works out what a body changes; none when it says what is there. Fields that are not known are ignored.
pub(crate) fn change(
    body: &[u8],
    fields: &[(&'static str, String)],
    current: &Partner,
    config: &Config,
) -> Result<Option<Change>, Refusal> {
    let object = object(body)?;
    let mut after = current.clone();
    let mut document =
        Partner { id: current.id.clone(), kind: current.kind, name: current.name.clone(), ..Partner::default() };
    let mut changes = false;
    for name in known_fields() {
        let Some(wanted) = received(&object, name, config) else { continue };
        let there = fields.iter().find(|(field, _)| *field == name).map_or("", |(_, text)| text.as_str());
        if comparable(name, &wanted) == comparable(name, there) {
            continue;
        }
        if !lists(&config.editable, name) {
            return Err(Refusal::new(422, format!("`{name}` não pode ser alterado aqui")));
        }
        set(&mut after, name, check(name, wanted)?)?;
        changes = true;
    }
    copy_changed(current, &after, &mut document);
    Ok(changes.then_some(Change { document, after }))
}

fn known_fields() -> impl Iterator<Item = &'static str> {
    let address = ADDRESS.iter().map(|(camel, _)| *camel);
    STANDARD.into_iter().filter(|name| *name != "endereco").chain(address)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let object = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => object,
        // An array of one is what the answers have.
        Ok(Value::Array(all)) => match all.as_slice() {
            [Value::Object(only)] => only.clone(),
            _ => return Err(Refusal::new(422, "envie um objeto com os campos alterados")),
        },
        _ => return Err(Refusal::new(422, "envie um objeto JSON com os campos alterados")),
    };
    match object.iter().find(|(_, value)| value.is_object() || value.is_array()) {
        Some((name, _)) => Err(Refusal::new(422, format!("`{name}` tem mais de um nível; envie texto"))),
        None => Ok(object),
    }
}

/// Returns a value in the form in which it is compared.
fn comparable(name: &str, text: &str) -> String {
    match name {
        "cpf" | "cnpj" => Key::Cpf.plain(text),
        "telefone" | "telefone2" => national(text),
        "enderecoCep" => text.chars().filter(char::is_ascii_digit).collect(),
        "dataNascimento" => customer::day_first(text),
        _ => text.trim().to_owned(),
    }
}

/// Checks a new value; an empty one removes what is there, but for the name.
fn check(name: &str, text: String) -> Result<String, Refusal> {
    let text = comparable(name, &text);
    let is_good = match name {
        _ if text.chars().any(char::is_control) => false,
        "nome" => !text.is_empty(),
        "email" => {
            text.is_empty() || text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        }
        "telefone" => text.is_empty() || (10..=11).contains(&text.len()),
        "enderecoCep" => text.is_empty() || text.len() == 8,
        _ => true,
    };
    if is_good { Ok(text) } else { Err(Refusal::new(422, format!("`{name}` não é válido"))) }
}

fn set(partner: &mut Partner, name: &str, text: String) -> Result<(), Refusal> {
    // An empty text says that there is none; a missing field would leave what is there.
    let filled = Some(text.clone());
    match name {
        "nome" => partner.name = text,
        "email" => partner.email = filled,
        "telefone" => partner.phone = filled,
        "enderecoCidade" => address(partner).city = filled,
        "enderecoEstado" => address(partner).state = filled,
        "enderecoCep" => address(partner).postcode = filled,
        "enderecoLogradouro" | "enderecoNumero" | "enderecoComplemento" => {
            let address = address(partner);
            let mut street = Street::read(address.street.as_deref().unwrap_or_default());
            match name {
                "enderecoLogradouro" => street.name = text,
                "enderecoNumero" => street.number = text,
                _ => street.complement = text,
            }
            address.street = Some(street.text());
        }
        _ => return Err(Refusal::new(422, format!("`{name}` não tem lugar no sistema de origem"))),
    }
    Ok(())
}

fn address(partner: &mut Partner) -> &mut Address {
    partner.address.get_or_insert_default()
}

fn copy_changed(current: &Partner, after: &Partner, document: &mut Partner) {
    document.name.clone_from(&after.name);
    if current.email != after.email {
        document.email.clone_from(&after.email);
    }
    if current.phone != after.phone {
        document.phone.clone_from(&after.phone);
    }
    if current.address != after.address {
        // An address is one thing to most systems, so it goes whole.
        document.address.clone_from(&after.address);
    }
}
