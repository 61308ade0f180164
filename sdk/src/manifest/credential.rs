//! Credential slots.

use serde::Serialize;

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
enum Scheme {
    Basic {},
    Header { name: String },
    Bearer {},
    FormField { name: String },
    Query { name: String },
    Oauth2Password { token_url: Address, headers: Vec<HeaderPart>, fields: Vec<FixedField> },
    Mac {},
    Presented {},
}

#[derive(Debug, Clone, Serialize)]
struct Address {
    origin: Origin,
    path: String,
}

#[derive(Debug, Clone, Serialize)]
struct HeaderPart {
    name: String,
    part: String,
}

#[derive(Debug, Clone, Serialize)]
struct FixedField {
    name: String,
    value: String,
}

impl Slot {
    /// `Authorization: Basic`; the operator supplies `username` and `password`.
    pub fn basic(name: &str) -> Self {
        Self::of(name, Scheme::Basic {})
    }

    /// A header of its own.
    pub fn header(name: &str, header: &str) -> Self {
        Self::of(name, Scheme::Header { name: header.to_owned() })
    }

    /// `Authorization: Bearer`.
    pub fn bearer(name: &str) -> Self {
        Self::of(name, Scheme::Bearer {})
    }

    /// A field of a urlencoded body.
    pub fn form_field(name: &str, field: &str) -> Self {
        Self::of(name, Scheme::FormField { name: field.to_owned() })
    }

    /// A query parameter, where the vendor leaves no choice.
    pub fn query(name: &str, parameter: &str) -> Self {
        Self::of(name, Scheme::Query { name: parameter.to_owned() })
    }

    /// The OAuth2 password grant; the access token goes out as bearer.
    pub fn oauth2_password(name: &str, grant: Oauth2Password) -> Self {
        Self::of(name, grant.0)
    }

    /// A key for `secrets::verify_mac` and `secrets::sign_mac`.
    pub fn mac(name: &str) -> Self {
        Self::of(name, Scheme::Mac {})
    }

    /// A token that the other side presents, for `secrets::matches`.
    pub fn presented(name: &str) -> Self {
        Self::of(name, Scheme::Presented {})
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

/// Where and how tokens of the OAuth2 password grant are had. The operator supplies `username`, `password` and the
/// parts of the headers.
#[derive(Debug, Clone)]
pub struct Oauth2Password(Scheme);

impl Oauth2Password {
    /// Takes tokens from a path below an origin, with a leading slash; below a configured URL the path is appended to
    /// that URL's own path.
    pub fn new(origin: impl Into<Origin>, path: &str) -> Self {
        let token_url = Address { origin: origin.into(), path: path.to_owned() };
        Self(Scheme::Oauth2Password { token_url, headers: Vec::new(), fields: Vec::new() })
    }

    /// Adds a header, to the token request and to every request, whose value is a further part of the credential.
    #[must_use]
    pub fn header(mut self, header: &str, part: &str) -> Self {
        if let Scheme::Oauth2Password { headers, .. } = &mut self.0 {
            headers.push(HeaderPart { name: header.to_owned(), part: part.to_owned() });
        }
        self
    }

    /// Adds a fixed field to the token request.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        if let Scheme::Oauth2Password { fields, .. } = &mut self.0 {
            fields.push(FixedField { name: name.to_owned(), value: value.to_owned() });
        }
        self
    }
}
