//! The connection's configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::{Result, Violation, connection, rules, violation};

use crate::assumed;
use crate::shape::STANDARD;

/// What the operator sets for a connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Paths that are answered; the company chooses them and types them into Smartspace.
    #[serde(default)]
    pub(crate) paths: Paths,
    /// Standard fields that leave. No other does: `codigo`, `nome`, `cpf`, `cnpj`, `dataNascimento`, `email`, `telefone`,
    /// `telefone2`, `ativo`, and `endereco` for the eight of the address.
    #[serde(default = "assumed::fields")]
    pub(crate) fields: Vec<String>,
    /// Further fields that leave: name to JSON pointer into the owner's document, such as `{ "genero" = "/extra/gender" }`.
    /// The name of a standard field takes its value from there.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
    /// How names of more than one word are spelled.
    #[serde(default)]
    pub(crate) spelling: Spelling,
    /// Names that are written another way, such as `{ "dataNascimento" = "data_nascimen" }`. ASCII.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
    /// Yes-or-no fields that are written `SIM` and `NAO`; others are `TRUE` and `FALSE`.
    #[serde(default)]
    pub(crate) sim_nao: Vec<String>,
    /// Standard fields that Smartspace may change.
    #[serde(default = "assumed::editable")]
    pub(crate) editable: Vec<String>,
    /// Milliseconds after which no further owner is asked, as an agent waits. The host ends the call after three seconds.
    #[serde(default = "assumed::answer_within_ms")]
    #[schemars(range(min = 100, max = 10000))]
    pub(crate) answer_within_ms: u64,
    /// Address of a company API of the same contract that is read; without it the connection only serves.
    #[serde(default)]
    pub(crate) base_url: Option<String>,
    /// How that API is signed in to.
    #[serde(default)]
    pub(crate) sign_in: SignIn,
    /// What the feed asks that API: each entry is one search, such as `{ "cpf" = "00000000191" }`; an empty one asks without a
    /// key, for an API that then returns everybody.
    #[serde(default = "everybody")]
    pub(crate) searches: Vec<BTreeMap<String, String>>,
    /// Calls of that API allowed in a minute; 120 unless set.
    #[serde(default)]
    pub(crate) calls_per_minute: Option<u32>,
}

fn everybody() -> Vec<BTreeMap<String, String>> {
    vec![BTreeMap::new()]
}

/// Paths below the connection's inbound address. The ones of a company API that is read are the same.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paths {
    /// Search by `cpf`, `cnpj`, `email`, `telefone` or `codigo`.
    #[serde(default = "assumed::search_path")]
    pub(crate) search: String,
    /// One customer; has `{codigo}` as one of its parts.
    #[serde(default = "assumed::customer_path")]
    pub(crate) customer: String,
    /// Connection test.
    #[serde(default = "assumed::health_path")]
    pub(crate) health: String,
    /// Access tokens.
    #[serde(default = "assumed::token_path")]
    pub(crate) token: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            search: assumed::search_path(),
            customer: assumed::customer_path(),
            health: assumed::health_path(),
            token: assumed::token_path(),
        }
    }
}

/// How names of more than one word are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Spelling {
    /// As the vendor's page has them: the address `enderecoCep`, everything else `data_nascimento`.
    #[default]
    AsGiven,
    /// `enderecoCep`, `dataNascimento`.
    Camel,
    /// `endereco_cep`, `data_nascimento`.
    Snake,
    /// Both spellings of each.
    Both,
}

/// How a company API that is read is signed in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SignIn {
    /// By user and password: slot `api-user`.
    #[default]
    Basic,
    /// By an access token: slot `api-client`.
    Oauth2,
}

impl Config {
    /// Reads the connection's configuration; `config-invalid` when it cannot work.
    pub(crate) fn load() -> Result<Self> {
        connection::checked(Self::violations)
    }

    /// Returns what is wrong that the JSON Schema cannot say.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = self.path_violations();
        found.extend(rules::not_zero("calls_per_minute", self.calls_per_minute));
        for (key, names) in [("fields", &self.fields), ("editable", &self.editable)] {
            for (index, name) in names.iter().enumerate() {
                if !STANDARD.contains(&name.as_str()) {
                    let message = format!("`{name}` is no standard field; use one of {}", STANDARD.join(", "));
                    found.push(violation(format!("/{key}/{index}"), "unknown-field", message));
                }
            }
        }
        for (name, written) in &self.names {
            if written.is_empty() || !written.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            {
                let message = format!("`{written}` is no name; write it with ASCII letters, digits, `_` and `-`");
                found.push(violation(format!("/names/{name}"), "not-a-name", message));
            }
        }
        for (name, pointer) in self.values.iter().filter(|(_, pointer)| !pointer.starts_with('/')) {
            let message = format!("`{pointer}` is no JSON pointer; write it like `/extra/gender`");
            found.push(violation(format!("/values/{name}"), "not-a-pointer", message));
        }
        found
    }

    fn path_violations(&self) -> Vec<Violation> {
        let paths = &self.paths;
        let mut found = Vec::new();
        for (key, path) in [
            ("search", &paths.search),
            ("customer", &paths.customer),
            ("health", &paths.health),
            ("token", &paths.token),
        ] {
            if !path.starts_with('/') || path.contains(['?', '#']) {
                let message = format!("`{path}` is no path; write it like `/clientes`");
                found.push(violation(format!("/paths/{key}"), "not-a-path", message));
            }
        }
        if paths.customer.split('/').filter(|part| *part == "{codigo}").count() != 1 {
            let message = "the path of one customer needs the part `{codigo}` once; write it like `/clientes/{codigo}`";
            found.push(violation("/paths/customer", "no-code", message));
        }
        found
    }
}
