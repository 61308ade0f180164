//! Patterns of origins: scheme, host and port, with at most one label left open.

use std::fmt;

use serde_json::Value;
use url::{Host, Url};

use super::target;
use crate::manifest::{Address, Origin};

/// An origin, or all origins that differ from it in the first label only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OriginPattern {
    scheme: String,
    /// Without the leading `*.`.
    host: String,
    port: u16,
    wildcard: bool,
}

impl OriginPattern {
    /// Reads `https://api.example.com`, `https://*.example.com:8443`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let pattern = Self::parse_with_path(text)?;
        let rest = text.split_once("://").map_or("", |(_, rest)| rest).trim_end_matches('/');
        if rest.contains(['/', '?', '#']) {
            return Err(format!("`{text}` has a path; write the origin only, like `{pattern}`"));
        }
        Ok(pattern)
    }

    /// Reads the origin of a URL that may have a path.
    fn parse_with_path(text: &str) -> Result<Self, String> {
        let (text_without_star, wildcard) = match text.split_once("://*.") {
            Some((scheme, rest)) => (format!("{scheme}://{rest}"), true),
            None => (text.to_owned(), false),
        };
        let url = target::parse(&text_without_star).map_err(|denied| {
            format!("`{text}` is not an origin like `https://api.example.com`: {}", denied.message)
        })?;
        let pattern = Self::of(&url, wildcard);
        if pattern.host.contains('*') {
            return Err(format!(
                "`{text}` has a `*` elsewhere than at the start of the host; write `https://*.example.com`"
            ));
        }
        if wildcard && !is_name_of_two_labels(&url) {
            return Err(format!("`{text}` leaves too much open; `*.` needs a name of two labels or more after it"));
        }
        Ok(pattern)
    }

    fn of(url: &Url, wildcard: bool) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
            wildcard,
        }
    }

    /// Returns the origin of a URL that `target::parse` accepted.
    pub(crate) fn exact(url: &Url) -> Self {
        Self::of(url, false)
    }

    pub(crate) fn is_plain_http(&self) -> bool {
        self.scheme == "http"
    }

    pub(crate) fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Tells whether a URL that `target::parse` accepted is of this origin.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        self.scheme == url.scheme() && Some(self.port) == url.port_or_known_default() && self.covers_host(url)
    }

    pub(crate) fn covers_host(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(name)) if self.wildcard => is_one_label_below(name, &self.host),
            Some(_) => !self.wildcard && url.host_str() == Some(self.host.as_str()),
            None => false,
        }
    }
}

fn is_one_label_below(name: &str, parent: &str) -> bool {
    let label = name.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.'));
    label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
}

fn is_name_of_two_labels(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(name)) if name.contains('.'))
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.wildcard { "*." } else { "" };
        write!(f, "{}://{star}{}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

/// Works out an origin of the manifest; none when the configuration leaves out the key that it comes from.
pub(crate) fn resolve(origin: &Origin, config: &Value) -> Result<Option<OriginPattern>, String> {
    match origin {
        Origin::Fixed(text) => {
            OriginPattern::parse(text).map(Some).map_err(|problem| format!("manifest `hosts`: {problem}"))
        }
        Origin::FromConfig { config: key } => match configured_url(key, config)? {
            Some(url) => Ok(Some(OriginPattern::exact(&url))),
            None => Ok(None),
        },
    }
}

/// Works out an address of the manifest; none when the configuration leaves out the key that it comes from.
pub(crate) fn resolve_address(address: &Address, config: &Value) -> Result<Option<Url>, String> {
    let base = match &address.origin {
        Origin::Fixed(text) => {
            let pattern = OriginPattern::parse(text)?;
            if pattern.is_wildcard() {
                return Err(format!("`{text}` has a wildcard; an address needs one host"));
            }
            pattern.to_string()
        }
        Origin::FromConfig { config: key } => match configured_url(key, config)? {
            Some(mut url) => {
                url.set_query(None);
                url.to_string()
            }
            None => return Ok(None),
        },
    };
    let text = format!("{}{}", base.trim_end_matches('/'), address.path);
    target::parse(&text).map(Some).map_err(|denied| denied.message)
}

fn configured_url(key: &str, config: &Value) -> Result<Option<Url>, String> {
    match config.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            target::parse(text).map(Some).map_err(|denied| format!("`config.{key}`: {}", denied.message))
        }
        Some(_) => Err(format!("`config.{key}` is not a text; write a URL like `https://erp.example.com`")),
    }
}
