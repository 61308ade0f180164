//! The wanted names and the fields that leave.

use serde_json::{Map, Value};

use crate::assumed::{ADDRESS, OTHERS};
use crate::config::{Config, Spelling};
use crate::customer::{day_first, text_of};
use crate::reply::Flat;

/// The standard fields that can be configured; `endereco` stands for the eight of the address.
pub(crate) const STANDARD: [&str; 10] =
    ["codigo", "nome", "cpf", "cnpj", "dataNascimento", "email", "telefone", "telefone2", "endereco", "ativo"];

/// Returns the names under which a field is written.
pub(crate) fn written<'a>(name: &'a str, config: &'a Config) -> Vec<&'a str> {
    if let Some(own) = config.names.get(name) {
        return vec![own];
    }
    let in_address = ADDRESS.iter().find(|(camel, _)| *camel == name);
    let pair = in_address.or_else(|| OTHERS.iter().find(|(camel, _)| *camel == name));
    match (pair, config.spelling) {
        (None, _) => vec![name],
        (Some((camel, snake)), Spelling::Both) => vec![camel, snake],
        (Some((camel, _)), Spelling::Camel) => vec![camel],
        (Some((_, snake)), Spelling::Snake) => vec![snake],
        (Some((camel, snake)), Spelling::AsGiven) => vec![if in_address.is_some() { camel } else { snake }],
    }
}

/// Tells whether a list of standard fields has a field.
pub(crate) fn lists(fields: &[String], name: &str) -> bool {
    let name = if name.starts_with("endereco") { "endereco" } else { name };
    fields.iter().any(|field| field == name)
}

/// Makes a customer as it leaves: only configured fields, one level, all texts.
pub(crate) fn flat(standard: &[(&str, String)], document: &Value, config: &Config) -> Flat {
    let mut flat = Map::new();
    let mut put = |name: &str, text: String| {
        for written in written(name, config) {
            flat.insert(written.to_owned(), Value::String(text.clone()));
        }
    };
    for (name, text) in standard {
        if lists(&config.fields, name) && !config.values.contains_key(*name) {
            put(name, yes_or_no(name, text.clone(), config));
        }
    }
    for (name, pointer) in &config.values {
        let text = document.pointer(pointer).map(text_of).unwrap_or_default();
        let text = if name == "dataNascimento" { day_first(&text) } else { text };
        put(name, yes_or_no(name, text, config));
    }
    flat
}

fn yes_or_no(name: &str, text: String, config: &Config) -> String {
    match text.as_str() {
        "TRUE" if config.sim_nao.iter().any(|field| field == name) => "SIM".to_owned(),
        "FALSE" if config.sim_nao.iter().any(|field| field == name) => "NAO".to_owned(),
        _ => text,
    }
}

/// Returns the text of a field in an object that was received, under any of its names.
pub(crate) fn received(object: &Map<String, Value>, name: &str, config: &Config) -> Option<String> {
    let pairs = ADDRESS.iter().chain(&OTHERS).filter(|(camel, _)| *camel == name);
    let spellings = pairs.flat_map(|(camel, snake)| [*camel, *snake]);
    let mut names = written(name, config).into_iter().chain(spellings).chain([name]);
    names.find_map(|name| object.get(name)).map(text_of)
}

/// Tells whether a name that was received is one of a standard field.
pub(crate) fn is_standard(received: &str, config: &Config) -> bool {
    let address = ADDRESS.iter().map(|(camel, _)| *camel);
    STANDARD.into_iter().filter(|name| *name != "endereco").chain(address).any(|name| {
        let pair = ADDRESS.iter().chain(&OTHERS).find(|(camel, _)| *camel == name);
        name == received
            || pair.is_some_and(|(_, snake)| *snake == received)
            || written(name, config).contains(&received)
    })
}
