//! How tokens are had: OAuth2 grants, and exchanges of a vendor's own.

use serde::Serialize;

use super::credential::{Origin, Scheme};

/// A URL whose origin may come from the configuration.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Address {
    origin: Origin,
    path: String,
}

impl Address {
    fn new(origin: impl Into<Origin>, path: &str) -> Self {
        Self { origin: origin.into(), path: path.to_owned() }
    }
}

/// A name whose value is a part of the credential.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NamedPart {
    name: String,
    part: String,
}

impl NamedPart {
    fn new(name: &str, part: &str) -> Self {
        Self { name: name.to_owned(), part: part.to_owned() }
    }
}

/// A field with a fixed value.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FixedField {
    name: String,
    value: String,
}

impl FixedField {
    fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned() }
    }
}

/// Where and how tokens of the OAuth2 password grant are had. The operator supplies `username`, `password` and the
/// parts of the headers.
#[derive(Debug, Clone)]
pub struct Oauth2Password(pub(super) Scheme);

impl Oauth2Password {
    /// Takes tokens from a path below an origin, with a leading slash; below a configured URL the path is appended to
    /// that URL's own path.
    pub fn new(origin: impl Into<Origin>, path: &str) -> Self {
        let token_url = Address::new(origin, path);
        Self(Scheme::Oauth2Password { token_url, headers: Vec::new(), fields: Vec::new() })
    }

    /// Adds a header, to the token request and to every request, whose value is a further part of the credential.
    #[must_use]
    pub fn header(mut self, header: &str, part: &str) -> Self {
        if let Scheme::Oauth2Password { headers, .. } = &mut self.0 {
            headers.push(NamedPart::new(header, part));
        }
        self
    }

    /// Adds a fixed field to the token request.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        if let Scheme::Oauth2Password { fields, .. } = &mut self.0 {
            fields.push(FixedField::new(name, value));
        }
        self
    }
}

/// Where and how tokens of the OAuth2 grants of a client are had: client credentials, or a refresh token. The operator
/// supplies `client-id`, `client-secret`, for the latter `refresh-token`, and the parts of the headers.
#[derive(Debug, Clone, Serialize)]
pub struct Oauth2Client {
    token_url: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    headers: Vec<NamedPart>,
    fields: Vec<FixedField>,
    client: ClientPlace,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
enum ClientPlace {
    Basic,
    Body,
}

impl Oauth2Client {
    /// Takes tokens from a path below an origin, with a leading slash; below a configured URL the path is appended to
    /// that URL's own path. The client names itself by `Authorization: Basic`.
    pub fn new(origin: impl Into<Origin>, path: &str) -> Self {
        let token_url = Address::new(origin, path);
        Self { token_url, scope: None, headers: Vec::new(), fields: Vec::new(), client: ClientPlace::Basic }
    }

    /// Asks for a scope.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    /// Adds a header, to the token request and to every request, whose value is a further part of the credential.
    #[must_use]
    pub fn header(mut self, header: &str, part: &str) -> Self {
        self.headers.push(NamedPart::new(header, part));
        self
    }

    /// Adds a fixed field to the token request.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push(FixedField::new(name, value));
        self
    }

    /// Lets the client name itself by `client_id` and `client_secret` in the body.
    #[must_use]
    pub fn client_in_body(mut self) -> Self {
        self.client = ClientPlace::Body;
        self
    }
}

/// A request that exchanges the credential for a token, and how that token goes out. The operator supplies the parts that
/// the request names.
///
/// ```
/// use wharf_sdk::manifest::{Origin, Slot, TokenExchange};
///
/// // GET {base_url}/login?tokenAccess=..., the token of its answer goes out in `Op-Auth-Token`.
/// let login = TokenExchange::get(Origin::config("base_url"), "/login").query("tokenAccess", "token");
/// let slot = Slot::token_exchange("panel", login.into_header("Op-Auth-Token"));
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct TokenExchange {
    request: ExchangeRequest,
    token: TokenPlace,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime_s: Option<u32>,
    attach: Attachment,
    revoked_by: Vec<u16>,
}

#[derive(Debug, Clone, Serialize)]
struct ExchangeRequest {
    url: Address,
    method: &'static str,
    query: Vec<NamedPart>,
    headers: Vec<NamedPart>,
    form: Vec<NamedPart>,
    fields: Vec<FixedField>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum TokenPlace {
    At(Vec<String>),
    Wherever(&'static str),
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Attachment {
    Bearer,
    Header(String),
    Query(String),
}

impl TokenExchange {
    /// Exchanges by a `GET` of a path below an origin. The token is searched for in the answer, goes out as bearer, lives
    /// until it is refused, and 401 and 403 refuse.
    pub fn get(origin: impl Into<Origin>, path: &str) -> Self {
        Self::of("GET", origin.into(), path)
    }

    /// Exchanges by a `POST` of a form; the rest as with [`get`](Self::get).
    pub fn post(origin: impl Into<Origin>, path: &str) -> Self {
        Self::of("POST", origin.into(), path)
    }

    fn of(method: &'static str, origin: Origin, path: &str) -> Self {
        let url = Address::new(origin, path);
        let (query, headers, form, fields) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self {
            request: ExchangeRequest { url, method, query, headers, form, fields },
            token: TokenPlace::Wherever("search"),
            lifetime_s: None,
            attach: Attachment::Bearer,
            revoked_by: vec![401, 403],
        }
    }

    /// Adds a query parameter with a part of the credential.
    #[must_use]
    pub fn query(mut self, name: &str, part: &str) -> Self {
        self.request.query.push(NamedPart::new(name, part));
        self
    }

    /// Adds a header with a part of the credential.
    #[must_use]
    pub fn header(mut self, name: &str, part: &str) -> Self {
        self.request.headers.push(NamedPart::new(name, part));
        self
    }

    /// Adds a form field with a part of the credential, to a `POST`.
    #[must_use]
    pub fn form(mut self, name: &str, part: &str) -> Self {
        self.request.form.push(NamedPart::new(name, part));
        self
    }

    /// Adds a fixed field: to the form of a `POST`, to the query of a `GET`.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.request.fields.push(FixedField::new(name, value));
        self
    }

    /// Names JSON pointers into the answer; the token is at the first that leads to a text.
    #[must_use]
    pub fn token_at<'a>(mut self, pointers: impl IntoIterator<Item = &'a str>) -> Self {
        self.token = TokenPlace::At(super::owned(pointers));
        self
    }

    /// Says how long a token lives.
    #[must_use]
    pub fn lifetime_s(mut self, seconds: u32) -> Self {
        self.lifetime_s = Some(seconds);
        self
    }

    /// Sends the token in a header of its own.
    #[must_use]
    pub fn into_header(mut self, name: &str) -> Self {
        self.attach = Attachment::Header(name.to_owned());
        self
    }

    /// Sends the token in a query parameter.
    #[must_use]
    pub fn into_query(mut self, name: &str) -> Self {
        self.attach = Attachment::Query(name.to_owned());
        self
    }

    /// Names the statuses that refuse the token of a request, or the credential of the exchange.
    #[must_use]
    pub fn revoked_by(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.revoked_by = statuses.into_iter().collect();
        self
    }
}
