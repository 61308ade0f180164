//! Credential slots.

use serde::Serialize;

use super::grant::{Address, FixedField, NamedPart, Oauth2Client, Oauth2Password, TokenExchange};

/// An origin (scheme, host, port) written out, or taken from the connection's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Origin {
    /// The origin of the URL that the configuration has under this top-level key.
    FromConfig {
        /// Key of the configuration.
        config: String,
    },
    /// `https://api.example.com`, with `:port` unless it is the scheme's own; a leading `*.` covers one label.
    Fixed(String),
}

impl Origin {
    /// Takes the origin from the configuration: from the URL under this top-level key.
    pub fn config(key: &str) -> Self {
        Self::FromConfig { config: key.to_owned() }
    }
}

impl From<&str> for Origin {
    fn from(origin: &str) -> Self {
        Self::Fixed(origin.to_owned())
    }
}

/// A place for a secret.
#[derive(Debug, Clone, Serialize)]
pub struct Slot {
    name: String,
    scheme: Scheme,
    audience: Vec<Origin>,
    hint: String,
    optional: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Scheme {
    Basic {},
    Header {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name_from: Option<String>,
    },
    Bearer {},
    FormField {
        name: String,
    },
    BodyField {
        name: String,
    },
    Query {
        name: String,
    },
    Oauth2Password {
        token_url: Address,
        headers: Vec<NamedPart>,
        fields: Vec<FixedField>,
    },
    Oauth2ClientCredentials(Oauth2Client),
    Oauth2Refresh(Oauth2Client),
    TokenExchange(Box<TokenExchange>),
    Mac {},
    Presented {},
    Jwt {
        algorithm: JwtAlgorithm,
    },
    InboundBasic {},
    InboundBearer {},
    InboundClientCredentials {
        token_path: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        token_path_from: Option<String>,
        lifetime_s: u32,
    },
    InboundWebhookSignature {
        tolerance_s: u32,
    },
}

/// How a JWT is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256; the credential is the shared key.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256; the credential is a PKCS#8 private key in PEM.
    Rs256,
    /// ECDSA on P-256 with SHA-256; the credential is a PKCS#8 private key in PEM.
    Es256,
}

impl Slot {
    /// `Authorization: Basic`; the operator supplies `username` and `password`.
    pub fn basic(name: &str) -> Self {
        Self::of(name, Scheme::Basic {})
    }

    /// A header of its own.
    pub fn header(name: &str, header: &str) -> Self {
        Self::of(name, Scheme::Header { name: header.to_owned(), name_from: None })
    }

    /// A header of its own whose name the configuration may replace: by the string under this JSON pointer, where there is
    /// one.
    pub fn header_from(name: &str, header: &str, pointer: &str) -> Self {
        Self::of(name, Scheme::Header { name: header.to_owned(), name_from: Some(pointer.to_owned()) })
    }

    /// `Authorization: Bearer`.
    pub fn bearer(name: &str) -> Self {
        Self::of(name, Scheme::Bearer {})
    }

    /// A field of a urlencoded body.
    pub fn form_field(name: &str, field: &str) -> Self {
        Self::of(name, Scheme::FormField { name: field.to_owned() })
    }

    /// A top-level field of a body that is a JSON object.
    pub fn body_field(name: &str, field: &str) -> Self {
        Self::of(name, Scheme::BodyField { name: field.to_owned() })
    }

    /// A query parameter, where the vendor leaves no choice.
    pub fn query(name: &str, parameter: &str) -> Self {
        Self::of(name, Scheme::Query { name: parameter.to_owned() })
    }

    /// The OAuth2 password grant; the access token goes out as bearer.
    pub fn oauth2_password(name: &str, grant: Oauth2Password) -> Self {
        Self::of(name, grant.0)
    }

    /// The OAuth2 client credentials grant; the access token goes out as bearer. The operator supplies `client-id` and
    /// `client-secret`.
    pub fn oauth2_client_credentials(name: &str, grant: Oauth2Client) -> Self {
        Self::of(name, Scheme::Oauth2ClientCredentials(grant))
    }

    /// The OAuth2 refresh token grant; the access token goes out as bearer. The operator supplies `client-id`,
    /// `client-secret` and the first `refresh-token`; those that replace it are kept by the host.
    pub fn oauth2_refresh(name: &str, grant: Oauth2Client) -> Self {
        Self::of(name, Scheme::Oauth2Refresh(grant))
    }

    /// A request of the vendor's own kind that exchanges the credential for a token.
    pub fn token_exchange(name: &str, exchange: TokenExchange) -> Self {
        Self::of(name, Scheme::TokenExchange(Box::new(exchange)))
    }

    /// A key for `secrets::verify_mac` and `secrets::sign_mac`.
    pub fn mac(name: &str) -> Self {
        Self::of(name, Scheme::Mac {})
    }

    /// A token that the other side presents, for `secrets::matches`.
    pub fn presented(name: &str) -> Self {
        Self::of(name, Scheme::Presented {})
    }

    /// A signing key for `jwt::sign`.
    pub fn jwt(name: &str, algorithm: JwtAlgorithm) -> Self {
        Self::of(name, Scheme::Jwt { algorithm })
    }

    /// Who calls us shows `Authorization: Basic`; the operator supplies `username` and `password`. The host checks it.
    ///
    /// Of several inbound slots that are set, one is enough.
    pub fn inbound_basic(name: &str) -> Self {
        Self::of(name, Scheme::InboundBasic {})
    }

    /// Who calls us shows `Authorization: Bearer`. The host checks it.
    pub fn inbound_bearer(name: &str) -> Self {
        Self::of(name, Scheme::InboundBearer {})
    }

    /// Who calls us fetches an access token at this path below the connection's inbound address, by the OAuth2 client
    /// credentials grant; the operator supplies `client-id` and `client-secret`. The host answers that path and checks
    /// the tokens, which live for an hour.
    pub fn inbound_client_credentials(name: &str, token_path: &str) -> Self {
        let token_path = token_path.to_owned();
        Self::of(name, Scheme::InboundClientCredentials { token_path, token_path_from: None, lifetime_s: 3600 })
    }

    /// The same, with a path that the configuration may replace: by the string under this JSON pointer, where there is
    /// one.
    pub fn inbound_client_credentials_from(name: &str, token_path: &str, pointer: &str) -> Self {
        let (token_path, token_path_from) = (token_path.to_owned(), Some(pointer.to_owned()));
        Self::of(name, Scheme::InboundClientCredentials { token_path, token_path_from, lifetime_s: 3600 })
    }

    /// Who calls us signs by Standard Webhooks; the operator supplies one or more `whsec_` keys. The host checks it, and
    /// that the time of the message is within five minutes of ours.
    pub fn inbound_webhook_signature(name: &str) -> Self {
        Self::of(name, Scheme::InboundWebhookSignature { tolerance_s: 300 })
    }

    /// Adds an origin that may receive the secret; it has to be among the hosts too.
    #[must_use]
    pub fn audience(mut self, origin: impl Into<Origin>) -> Self {
        self.audience.push(origin.into());
        self
    }

    /// Says in one sentence how a person gets it.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = hint.to_owned();
        self
    }

    /// Says that the connector works without it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    fn of(name: &str, scheme: Scheme) -> Self {
        Self { name: name.to_owned(), scheme, audience: Vec::new(), hint: String::new(), optional: false }
    }
}
