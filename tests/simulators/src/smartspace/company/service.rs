//! Answers calls: who is it, then the path.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{Company, Options};

/// What is sent back.
pub(super) type Answer = Response<String>;

type Customer = Map<String, Value>;

/// Names of the search.
const KEYS: [&str; 5] = ["cpf", "cnpj", "email", "telefone", "codigo"];

/// Names of more than one word, as the vendor's list and as its sample have them.
const SPELLINGS: [(&str, &str); 9] = [
    ("dataNascimento", "data_nascimento"),
    ("enderecoLogradouro", "endereco_logradouro"),
    ("enderecoNumero", "endereco_numero"),
    ("enderecoComplemento", "endereco_complemento"),
    ("enderecoBairro", "endereco_bairro"),
    ("enderecoCidade", "endereco_cidade"),
    ("enderecoEstado", "endereco_estado"),
    ("enderecoCep", "endereco_cep"),
    ("enderecoPontoReferencia", "endereco_ponto_referencia"),
];

/// Why a call was not carried out.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: u16,
    body: Value,
}

impl Refusal {
    pub(super) fn new(status: u16, text: &str) -> Self {
        Self { status, body: json!({ "erro": text }) }
    }

    pub(super) fn answer(&self) -> Answer {
        let mut answer = reply(StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST), &self.body);
        if self.status == 401 {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"clientes\""));
        }
        answer
    }
}

fn reply(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(body.to_string());
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Names an operation, e.g. `GET /clientes/{codigo}`.
pub(super) fn operation(method: &str, path: &str) -> String {
    match path.strip_prefix("/clientes/") {
        Some(_) => format!("{method} /clientes/{{codigo}}"),
        None => format!("{method} {path}"),
    }
}

/// What the company holds.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: Options,
    pub(super) customers: Vec<Customer>,
    /// Access tokens, with when they end.
    pub(super) tokens: BTreeMap<String, Instant>,
    pub(super) tokens_made: u32,
    /// Changes that were sent, with the code.
    pub(super) edits: Vec<Value>,
}

/// The API.
#[derive(Debug)]
pub(super) struct Service {
    state: Mutex<State>,
}

impl Service {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answer(&self, parts: &Parts, body: &[u8]) -> Answer {
        self.state().admit(parts, body).unwrap_or_else(|refusal| refusal.answer())
    }
}

impl State {
    pub(super) fn new(options: Options) -> Self {
        Self { options, customers: Vec::new(), tokens: BTreeMap::new(), tokens_made: 0, edits: Vec::new() }
    }

    /// Returns where a customer is.
    pub(super) fn place(&self, code: &str) -> Option<usize> {
        self.customers.iter().position(|customer| text(customer, "codigo") == code)
    }

    /// Returns a customer to change.
    pub(super) fn customer_mut(&mut self, code: &str) -> Option<&mut Customer> {
        self.customers.iter_mut().find(|customer| text(customer, "codigo") == code)
    }

    fn admit(&mut self, parts: &Parts, body: &[u8]) -> Result<Answer, Refusal> {
        let path = parts.uri.path();
        if path == "/oauth/token" {
            return self.token(parts, body);
        }
        if !self.knows(parts) {
            return Err(Refusal::new(401, "não autorizado"));
        }
        match (&parts.method, path, path.strip_prefix("/clientes/")) {
            (&Method::GET, "/saude", _) => Ok(reply(StatusCode::OK, &json!({ "status": "ok" }))),
            (&Method::GET, "/clientes", _) => self.search(parts.uri.query().unwrap_or_default()),
            (&Method::GET, _, Some(code)) => self.one(&decoded(code)),
            (&Method::PUT, _, Some(code)) => self.edit(&decoded(code), body),
            (_, "/saude" | "/clientes", _) | (_, _, Some(_)) => Err(Refusal::new(405, "método não permitido")),
            _ => Err(Refusal::new(404, "caminho desconhecido")),
        }
    }

    fn knows(&self, parts: &Parts) -> bool {
        let sent = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_good = |token: &str| self.tokens.get(token).is_some_and(|ends| *ends > Instant::now());
        match sent.split_once(' ') {
            Some(("Basic", pair)) => pair == basic(Company::BASIC),
            Some(("Bearer", token)) => is_good(token),
            _ => false,
        }
    }

    fn token(&mut self, parts: &Parts, body: &[u8]) -> Result<Answer, Refusal> {
        if parts.method != Method::POST {
            return Err(Refusal::new(405, "método não permitido"));
        }
        let form: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let in_header = header.and_then(|sent| sent.strip_prefix("Basic ")) == Some(basic(Company::CLIENT).as_str());
        if field("grant_type") != "client_credentials" {
            return Err(Refusal { status: 400, body: json!({ "error": "unsupported_grant_type" }) });
        }
        if !in_header && (field("client_id"), field("client_secret")) != Company::CLIENT {
            return Err(Refusal { status: 401, body: json!({ "error": "invalid_client" }) });
        }
        self.tokens_made += 1;
        let token = format!("acesso-{:06}", self.tokens_made);
        self.tokens.insert(token.clone(), Instant::now() + self.options.token_life);
        let seconds = self.options.token_life.as_secs();
        Ok(reply(StatusCode::OK, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds })))
    }

    fn search(&self, query: &str) -> Result<Answer, Refusal> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let asked: Vec<_> = pairs.iter().filter(|(name, _)| KEYS.contains(&name.as_str())).collect();
        if asked.is_empty() && !self.options.lists_everybody {
            return Err(Refusal::new(400, "informe cpf, cnpj, email, telefone ou codigo"));
        }
        let holds = |customer: &&Customer| {
            asked.iter().all(|(name, value)| plain(name, value) == plain(name, &text(customer, name)))
        };
        let found = self.customers.iter().filter(holds).take(self.options.most_hits);
        Ok(self.reply(found))
    }

    fn one(&self, code: &str) -> Result<Answer, Refusal> {
        let found = self.customers.iter().find(|customer| text(customer, "codigo") == code);
        match found {
            None if self.options.unknown_code_is_404 => Err(Refusal::new(404, "cliente não encontrado")),
            found => Ok(self.reply(found)),
        }
    }

    /// Changes the fields that a customer has; what is not known is ignored.
    fn edit(&mut self, code: &str, body: &[u8]) -> Result<Answer, Refusal> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(Refusal::new(422, "envie um objeto"));
        };
        if fields.values().any(|value| value.is_object() || value.is_array()) {
            return Err(Refusal::new(422, "somente um nível"));
        }
        let customer = self.customer_mut(code).ok_or_else(|| Refusal::new(404, "cliente não encontrado"))?;
        for (name, value) in &fields {
            let name = SPELLINGS.iter().find(|(_, snake)| snake == name).map_or(name.as_str(), |(camel, _)| camel);
            if let Some(field) = customer.get_mut(name) {
                *field = value.clone();
            }
        }
        self.edits.push(json!({ "codigo": code, "fields": fields }));
        self.one(code)
    }

    fn reply<'a>(&self, customers: impl IntoIterator<Item = &'a Customer>) -> Answer {
        let shown: Vec<Value> = customers.into_iter().map(|customer| self.shown(customer)).collect();
        reply(StatusCode::OK, &Value::from(shown))
    }

    /// Writes a customer as this company does.
    fn shown(&self, customer: &Customer) -> Value {
        let fields = customer.iter().map(|(name, value)| {
            let snake = SPELLINGS.iter().find(|(camel, _)| camel == name).filter(|_| self.options.snake_case);
            let name = snake.map_or_else(|| name.clone(), |(_, snake)| (*snake).to_owned());
            (name, if self.options.typed_values { typed(value) } else { value.clone() })
        });
        Value::Object(fields.collect())
    }
}

/// Returns a value as programs write it that do not turn everything into text.
fn typed(value: &Value) -> Value {
    match value.as_str() {
        Some("") => Value::Null,
        Some("TRUE") => Value::Bool(true),
        // Numbers with leading zeros are none.
        Some(text) if !text.starts_with('0') => text.parse::<u64>().map_or_else(|_| value.clone(), Value::from),
        _ => value.clone(),
    }
}

fn basic((user, password): (&str, &str)) -> String {
    BASE64_STANDARD.encode(format!("{user}:{password}"))
}

fn text(customer: &Customer, name: &str) -> String {
    match customer.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(value) => value.to_string(),
    }
}

/// Returns a value in the form in which it is compared: punctuation does not count, nor does the country of a phone.
fn plain(name: &str, value: &str) -> String {
    match name {
        "cpf" | "cnpj" => value.chars().filter(char::is_ascii_alphanumeric).collect(),
        "telefone" => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            digits.strip_prefix("55").filter(|rest| rest.len() >= 10).map_or_else(|| digits.clone(), str::to_owned)
        }
        _ => value.trim().to_lowercase(),
    }
}

fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}
