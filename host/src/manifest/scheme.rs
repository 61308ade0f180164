//! How the host attaches, uses or checks a credential.

use serde::{Deserialize, Serialize};

use super::Address;

/// How the host attaches, uses or checks a credential. The parts named in `Scheme::parts` are what the operator supplies.
///
/// Schemes go out with requests, serve the `secrets` and `jwt` imports, or, when they begin with `inbound`, check who sends to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Scheme {
    /// `Authorization: Basic`; parts `username`, `password`.
    Basic {},
    /// A header of its own; part `value`.
    Header {
        /// Name of the header.
        name: String,
        /// JSON pointer into the configuration to a string that replaces `name`, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name_from: Option<String>,
    },
    /// `Authorization: Bearer`; part `value`.
    Bearer {},
    /// A field of a urlencoded body; part `value`.
    FormField {
        /// Name of the field.
        name: String,
    },
    /// A top-level field of a JSON object that is the body; part `value`.
    BodyField {
        /// Name of the field.
        name: String,
    },
    /// A query parameter, where the vendor leaves no choice; part `value`.
    Query {
        /// Name of the parameter.
        name: String,
    },
    /// OAuth2 password grant; parts `username`, `password` and those of `headers`. The access token goes out as bearer.
    Oauth2Password {
        /// Where tokens come from.
        token_url: Address,
        /// Headers sent with the token request and with every request, name to part.
        #[serde(default)]
        headers: Vec<HeaderPart>,
        /// Fixed fields added to the token request.
        #[serde(default)]
        fields: Vec<FixedField>,
    },
    /// OAuth2 client credentials grant; parts `client-id`, `client-secret` and those of `headers`. The access token goes out
    /// as bearer.
    Oauth2ClientCredentials {
        /// Where tokens come from.
        token_url: Address,
        /// Scope that is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// Headers sent with the token request and with every request, name to part.
        #[serde(default)]
        headers: Vec<HeaderPart>,
        /// Fixed fields added to the token request.
        #[serde(default)]
        fields: Vec<FixedField>,
        /// Where the client names itself.
        #[serde(default)]
        client: ClientPlace,
    },
    /// OAuth2 refresh token grant; parts `client-id`, `client-secret`, `refresh-token` and those of `headers`. A refresh token
    /// that the endpoint replaces is kept by the host, sealed, before its access token is used.
    Oauth2Refresh {
        /// Where tokens come from.
        token_url: Address,
        /// Scope that is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// Headers sent with the token request and with every request, name to part.
        #[serde(default)]
        headers: Vec<HeaderPart>,
        /// Fixed fields added to the token request.
        #[serde(default)]
        fields: Vec<FixedField>,
        /// Where the client names itself.
        #[serde(default)]
        client: ClientPlace,
    },
    /// A request of its own that exchanges the credential for a token; the parts are those that the request names.
    TokenExchange {
        /// The request.
        request: ExchangeRequest,
        /// Where the token is in its answer.
        #[serde(default)]
        token: TokenPlace,
        /// How long the token lives, in seconds, where that is known; else until it is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifetime_s: Option<u32>,
        /// How the token goes out.
        attach: Attachment,
        /// Statuses that refuse: the token, when a request is answered so (it is renewed once and the request repeated
        /// once), and the credential itself, when the exchange is.
        #[serde(default = "refusals")]
        revoked_by: Vec<u16>,
    },
    /// A key for `secrets.verify-mac` and `secrets.sign-mac`; part `value`.
    Mac {},
    /// A token that the other side presents, for `secrets.matches`; part `value`.
    Presented {},
    /// A signing key for `jwt.sign`; part `value`: the shared key of HS256, or a PKCS#8 private key in PEM.
    Jwt {
        /// How it signs.
        algorithm: JwtAlgorithm,
    },
    /// Who calls us shows `Authorization: Basic`; parts `username`, `password`.
    InboundBasic {},
    /// Who calls us shows `Authorization: Bearer`; part `value`.
    InboundBearer {},
    /// Who calls us fetches an access token from us by the OAuth2 client credentials grant; parts `client-id`,
    /// `client-secret`. The host answers the token endpoint and checks the tokens.
    InboundClientCredentials {
        /// Path of the token endpoint below the connection's inbound address.
        #[serde(default = "token_path")]
        token_path: String,
        /// JSON pointer into the configuration to a string that replaces `token_path`, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_path_from: Option<String>,
        /// How long a token lives, in seconds.
        #[serde(default = "hour")]
        lifetime_s: u32,
    },
    /// Who calls us signs by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`); part `value`: one
    /// or more `whsec_` keys with spaces between.
    InboundWebhookSignature {
        /// How far the time of the message may be from ours, in seconds.
        #[serde(default = "five_minutes")]
        tolerance_s: u32,
    },
}

fn refusals() -> Vec<u16> {
    vec![401, 403]
}

fn token_path() -> String {
    "/oauth/token".into()
}

fn hour() -> u32 {
    3600
}

fn five_minutes() -> u32 {
    300
}

/// A header whose value is a part of the credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderPart {
    /// Name of the header.
    pub name: String,
    /// Name of the part.
    pub part: String,
}

/// A form field with a fixed value that is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedField {
    /// Name of the field.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where an OAuth2 client names itself to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientPlace {
    /// `Authorization: Basic`, as RFC 6749 prefers it.
    #[default]
    Basic,
    /// Fields `client_id` and `client_secret` of the body.
    Body,
}

/// The request that exchanges a credential for a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRequest {
    /// Where it goes.
    pub url: Address,
    /// `GET` or `POST`.
    #[serde(default)]
    pub method: ExchangeMethod,
    /// Query parameters, name to part.
    #[serde(default)]
    pub query: Vec<HeaderPart>,
    /// Headers, name to part.
    #[serde(default)]
    pub headers: Vec<HeaderPart>,
    /// Form fields of a `POST`, name to part.
    #[serde(default)]
    pub form: Vec<HeaderPart>,
    /// Fixed form fields of a `POST`, or query parameters of a `GET`.
    #[serde(default)]
    pub fields: Vec<FixedField>,
}

/// Method of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExchangeMethod {
    /// Without a body.
    #[default]
    Get,
    /// With a form.
    Post,
}

/// Where the token is in the answer of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TokenPlace {
    /// At the first of these JSON pointers that leads to a text.
    At(Vec<String>),
    /// Wherever it is.
    Wherever(Wherever),
}

impl Default for TokenPlace {
    fn default() -> Self {
        Self::Wherever(Wherever::Search)
    }
}

/// How a token is found whose place is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wherever {
    /// The first text of eight characters or more under a key with `token`, `auth` or `hash` in it, outermost first.
    Search,
}

/// How the token of an exchange goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attachment {
    /// As bearer.
    Bearer,
    /// In this header.
    Header(String),
    /// In this query parameter.
    Query(String),
}

/// How a JWT is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl JwtAlgorithm {
    /// Returns the name as JWTs have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl Scheme {
    /// Returns the names of the secret values that the operator supplies for this scheme, each once.
    pub fn parts(&self) -> Vec<&str> {
        let mut parts = match self {
            Self::Basic {} | Self::Oauth2Password { .. } | Self::InboundBasic {} => vec!["username", "password"],
            Self::Oauth2ClientCredentials { .. } | Self::InboundClientCredentials { .. } => {
                vec!["client-id", "client-secret"]
            }
            Self::Oauth2Refresh { .. } => vec!["client-id", "client-secret", "refresh-token"],
            Self::TokenExchange { request, .. } => request.parts(),
            _ => vec!["value"],
        };
        for header in self.headers() {
            if !parts.contains(&header.part.as_str()) {
                parts.push(&header.part);
            }
        }
        parts
    }

    /// Returns the headers of OAuth2 schemes whose values are parts of the credential.
    pub(crate) fn headers(&self) -> &[HeaderPart] {
        match self {
            Self::Oauth2Password { headers, .. }
            | Self::Oauth2ClientCredentials { headers, .. }
            | Self::Oauth2Refresh { headers, .. } => headers,
            _ => &[],
        }
    }

    /// Returns where tokens come from, of schemes that fetch them.
    pub(crate) fn token_url(&self) -> Option<&Address> {
        match self {
            Self::Oauth2Password { token_url, .. }
            | Self::Oauth2ClientCredentials { token_url, .. }
            | Self::Oauth2Refresh { token_url, .. } => Some(token_url),
            Self::TokenExchange { request, .. } => Some(&request.url),
            _ => None,
        }
    }

    /// Tells whether requests can name a slot of this scheme.
    pub fn goes_out(&self) -> bool {
        !matches!(self, Self::Mac {} | Self::Presented {} | Self::Jwt { .. }) && !self.is_inbound()
    }

    /// Tells whether the host checks with it who sends to us.
    pub fn is_inbound(&self) -> bool {
        matches!(
            self,
            Self::InboundBasic {}
                | Self::InboundBearer {}
                | Self::InboundClientCredentials { .. }
                | Self::InboundWebhookSignature { .. }
        )
    }
}

impl ExchangeRequest {
    fn parts(&self) -> Vec<&str> {
        let mut parts = Vec::new();
        for part in self.query.iter().chain(&self.headers).chain(&self.form).map(|named| named.part.as_str()) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }
}
