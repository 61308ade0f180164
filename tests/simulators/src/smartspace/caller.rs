//! Smartspace's side of the wire: signing in, asking, asking again after 401.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::answer::{Answer, Raw};

/// How Smartspace signs in; one of the two that its screen offers.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// User and password with every request.
    Basic {
        /// User.
        user: String,
        /// Password.
        password: String,
    },
    /// An access token by client credentials, fetched once and again after 401.
    Client {
        /// Client id.
        id: String,
        /// Client secret.
        secret: String,
    },
}

impl SignIn {
    /// Signs in by user and password.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    /// Signs in by an access token.
    pub fn client(id: &str, secret: &str) -> Self {
        Self::Client { id: id.to_owned(), secret: secret.to_owned() }
    }
}

/// Paths that the company typed into Smartspace.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Search.
    pub search: String,
    /// One customer; `{codigo}` stands for the code.
    pub customer: String,
    /// Connection test.
    pub health: String,
    /// Access tokens.
    pub token: String,
}

/// What was typed into Smartspace's screen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the API without a slash at its end.
    pub base_url: String,
    /// How to sign in.
    pub sign_in: SignIn,
    /// Paths; `/clientes`, `/clientes/{codigo}`, `/saude`, `/oauth/token` unless set \[assumed\].
    pub paths: Paths,
    /// Names that every customer has to have; `nome` and `cpf` unless set \[assumed\].
    pub mandatory: Vec<String>,
    /// How long an agent waits; three seconds unless set \[assumed\].
    pub slow_after: Duration,
    /// A private root to trust beside none, in PEM.
    pub root_pem: Option<String>,
}

impl Settings {
    /// Starts from the documented defaults.
    pub fn new(base_url: &str, sign_in: SignIn) -> Self {
        let [search, customer, health, token] =
            ["/clientes", "/clientes/{codigo}", "/saude", "/oauth/token"].map(str::to_owned);
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            sign_in,
            paths: Paths { search, customer, health, token },
            mandatory: vec!["nome".to_owned(), "cpf".to_owned()],
            slow_after: Duration::from_secs(3),
            root_pem: None,
        }
    }
}

/// Smartspace, calling.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) settings: Settings,
    http: Client,
    token: Arc<Mutex<Option<String>>>,
    logins: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
}

impl Caller {
    /// Makes the caller; fails when the root is no certificate.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        // Already installed by another part of the process is as good.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let roots = match &settings.root_pem {
            Some(pem) => vec![Certificate::from_pem(pem.as_bytes()).context("the root is no certificate in PEM")?],
            None => Vec::new(),
        };
        let http = Client::builder()
            .tls_certs_only(roots)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(settings.slow_after.saturating_mul(4))
            .build()?;
        Ok(Self { settings, http, token: Arc::default(), logins: Arc::default(), requests: Arc::default() })
    }

    /// Returns how many access tokens were fetched.
    pub fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    /// Returns how many requests were sent, those for tokens too.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Searches by `cpf`, `cnpj`, `email`, `telefone` or `codigo`.
    pub async fn search(&self, key: &str, value: &str) -> Answer {
        let path = format!("{}?{key}={}", self.settings.paths.search, utf8_percent_encode(value, NON_ALPHANUMERIC));
        let name = format!("GET {}?{key}", self.settings.paths.search);
        self.customers(Method::GET, &path, &name, None).await
    }

    /// Reads one customer.
    pub async fn customer(&self, code: &str) -> Answer {
        let name = format!("GET {}", self.settings.paths.customer);
        self.customers(Method::GET, &self.customer_path(code), &name, None).await
    }

    /// Changes fields of a customer.
    pub async fn edit(&self, code: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        self.put(code, &Value::Object(fields.collect::<Map<_, _>>())).await
    }

    pub(super) async fn put(&self, code: &str, body: &Value) -> Answer {
        let name = format!("PUT {}", self.settings.paths.customer);
        self.customers(Method::PUT, &self.customer_path(code), &name, Some(body)).await
    }

    /// Tests the connection.
    pub async fn health(&self) -> Answer {
        let path = self.settings.paths.health.clone();
        match self.signed(Method::GET, &path, &format!("GET {path}"), None).await {
            Ok(raw) => Answer::of_anything(&raw, &self.settings),
            Err(lost) => *lost,
        }
    }

    fn customer_path(&self, code: &str) -> String {
        let code = utf8_percent_encode(code, NON_ALPHANUMERIC).to_string();
        self.settings.paths.customer.replace("{codigo}", &code)
    }

    pub(super) async fn customers(&self, method: Method, path: &str, name: &str, body: Option<&Value>) -> Answer {
        match self.signed(method, path, name, body).await {
            Ok(raw) => Answer::of_customers(&raw, &self.settings),
            Err(lost) => *lost,
        }
    }

    /// Sends with what signs in; a token that is refused is fetched again, once.
    async fn signed(&self, method: Method, path: &str, name: &str, body: Option<&Value>) -> Result<Raw, Box<Answer>> {
        let mut may_renew = true;
        loop {
            let request = self.request(method.clone(), path, body);
            let (request, token) = match &self.settings.sign_in {
                SignIn::Basic { user, password } => (request.basic_auth(user, Some(password)), None),
                SignIn::Client { .. } => {
                    let token = self.access_token().await?;
                    (request.bearer_auth(&token), Some(token))
                }
            };
            let (raw, _) = self.send(request, name).await?;
            match token {
                Some(token) if raw.status == 401 && may_renew => {
                    may_renew = false;
                    let mut kept = self.token.lock().await;
                    // Another request may have renewed it meanwhile.
                    kept.take_if(|kept| *kept == token);
                }
                _ => return Ok(raw),
            }
        }
    }

    async fn access_token(&self) -> Result<String, Box<Answer>> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref() {
            return Ok(token.clone());
        }
        let SignIn::Client { id, secret } = &self.settings.sign_in else { return Ok(String::new()) };
        let (raw, _) = self.ask_for_token(&[("client_id", id), ("client_secret", secret)], None).await?;
        let answer: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
        match answer["access_token"].as_str() {
            Some(token) if raw.status == 200 => {
                self.logins.fetch_add(1, Ordering::Relaxed);
                *kept = Some(token.to_owned());
                Ok(token.to_owned())
            }
            _ => Err(Box::new(Answer::lost(&raw.request, &format!("no token came, status {}", raw.status)))),
        }
    }

    /// Asks the token path, with the client in the form or as Basic.
    pub(super) async fn ask_for_token(
        &self,
        fields: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<(Raw, String), Box<Answer>> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials").extend_pairs(fields);
        let path = &self.settings.paths.token;
        let request = self.http.post(format!("{}{path}", self.settings.base_url));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.finish());
        let request = match basic {
            Some((id, secret)) => request.basic_auth(id, Some(secret)),
            None => request,
        };
        self.send(request, &format!("POST {path}")).await
    }

    pub(super) fn request(&self, method: Method, path: &str, body: Option<&Value>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.settings.base_url));
        match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        }
    }

    /// Sends as it is; returns the answer and its `WWW-Authenticate`.
    pub(super) async fn send(&self, request: RequestBuilder, name: &str) -> Result<(Raw, String), Box<Answer>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let lost = |error: &reqwest::Error| Box::new(Answer::lost(name, &error.to_string()));
        let answer = request.send().await.map_err(|error| lost(&error.without_url()))?;
        let text =
            |header: &str| answer.headers().get(header).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (content_type, challenge) = (text("content-type").to_owned(), text("www-authenticate").to_owned());
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|error| lost(&error.without_url()))?.to_vec();
        Ok((Raw { request: name.to_owned(), status, content_type, body, took: begun.elapsed() }, challenge))
    }
}
