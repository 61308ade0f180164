//! What a connection may reach: what the connector asks for, as far as the operator approves it. Pure.
//!
//! A request passes when a rule of the manifest *and* a rule of the grant cover its scheme, host, port and method, and
//! the connection's configuration, where the manifest points at it, names that very origin. Nothing passes by default.

pub(crate) mod address;
mod explanation;
pub(crate) mod origin;
pub(crate) mod target;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use url::Url;

pub use self::explanation::{Explanation, GrantList, Granted, Refused, SlotUse, VettedAddress};
use self::origin::OriginPattern;
use crate::error::{Blame, Error, ErrorKind};
use crate::files::Folder;
use crate::manifest::{Manifest, Origin};

/// What the operator approves for one connection. Empty by default: nothing passes.
///
/// The texts are checked when the connection is made, so that every mistake is reported at once.
///
/// ```
/// use wharf_host::policy::Grant;
/// let grant = Grant::new()
///     .origin("https://api.example.com")
///     .plain_http("http://192.168.1.5:8080")
///     .private_address("192.168.1.5:8080")
///     .slot("token");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    origins: Vec<GrantedOrigin>,
    plain_http: Vec<String>,
    private_addresses: Vec<String>,
    slots: Vec<String>,
    accounts: BTreeMap<String, String>,
    folder: Option<Folder>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct GrantedOrigin {
    text: String,
    methods: Vec<String>,
}

impl Grant {
    /// Makes a grant that approves nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Approves exactly the origins and credential slots that the manifest asks for, those that it takes from the
    /// configuration included. Never approves plain http or a private address: add them by name.
    ///
    /// # Errors
    /// `Connect`, when the configuration has something else than a URL where the manifest expects one.
    pub fn as_asked(manifest: &Manifest, config: &Value) -> Result<Self, Error> {
        let mut grant = Self::new();
        for asked in &manifest.hosts {
            let pattern = origin::resolve(&asked.origin, config).map_err(|problem| unusable(&[problem]))?;
            if let Some(pattern) = pattern {
                grant.origins.push(GrantedOrigin { text: pattern.to_string(), methods: asked.methods.clone() });
            }
        }
        grant.slots = manifest.credentials.iter().map(|slot| slot.name.clone()).collect();
        Ok(grant)
    }

    /// Approves an origin with every method: `https://api.example.com`, with `:port` unless it is the scheme's own. A
    /// leading `*.` in the host covers one label. An `http` origin needs [`plain_http`](Self::plain_http) instead.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        self.origin_with_methods(origin, [])
    }

    /// Approves an origin with these methods only, upper case.
    #[must_use]
    pub fn origin_with_methods<'a>(
        mut self,
        origin: impl Into<String>,
        methods: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let methods = methods.into_iter().map(str::to_owned).collect();
        self.origins.push(GrantedOrigin { text: origin.into(), methods });
        self
    }

    /// Approves an origin without TLS, e.g. `http://192.168.1.5:8080`. No wildcard: it has to be named.
    #[must_use]
    pub fn plain_http(mut self, origin: impl Into<String>) -> Self {
        self.plain_http.push(origin.into());
        self
    }

    /// Lets requests go to a private, loopback or otherwise special address: exactly this `ip:port`, whatever name
    /// leads there. The origin has to be approved as well.
    #[must_use]
    pub fn private_address(mut self, address: impl Into<String>) -> Self {
        self.private_addresses.push(address.into());
        self
    }

    /// Lets requests use a credential slot.
    #[must_use]
    pub fn slot(mut self, slot: impl Into<String>) -> Self {
        self.slots.push(slot.into());
        self
    }

    /// Names the account that a slot's credential belongs to. Connections that name the same account share its call
    /// budgets. Without a name, connections share budgets when their slots hold the same secret.
    #[must_use]
    pub fn account(mut self, slot: impl Into<String>, account: impl Into<String>) -> Self {
        self.accounts.insert(slot.into(), account.into());
        self
    }

    /// Gives the connection one directory, for a connector that asks for files. Default: none, so that there are no files.
    #[must_use]
    pub fn directory(mut self, folder: Folder) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Returns the directory that was given.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Stable, kebab-case.
    pub(crate) code: &'static str,
    /// One sentence that ends with the fix.
    pub(crate) message: String,
}

impl Denied {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Origin and methods that a manifest asks for or a grant approves; no methods for any.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    origin: OriginPattern,
    methods: Vec<String>,
}

/// The two rules by which a request passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// What the manifest asks for.
    pub(crate) asked: Origin,
    /// What the operator granted.
    pub(crate) granted: Granted,
}

impl Rule {
    fn allows(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|allowed| allowed == method)
    }
}

/// The effective policy of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    connection: String,
    asked: Vec<(Rule, Origin)>,
    approved: Vec<(Rule, Granted)>,
    carved_out: Vec<SocketAddr>,
    slots: Vec<String>,
    accounts: BTreeMap<String, String>,
}

impl Policy {
    /// Works out what `connection` may reach.
    ///
    /// # Errors
    /// `Connect`, with every origin, address and slot that cannot be understood.
    pub(crate) fn effective(
        connection: &str,
        manifest: &Manifest,
        grant: &Grant,
        config: &Value,
    ) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let policy = Self {
            connection: connection.to_owned(),
            asked: asked_rules(manifest, config, &mut problems),
            approved: approved_rules(grant, &mut problems),
            carved_out: carved_out(grant, &mut problems),
            slots: granted_slots(manifest, grant, &mut problems),
            accounts: grant.accounts.clone(),
        };
        if grant.folder.is_some() && manifest.files.is_none() {
            problems
                .push(format!("`grant.directory`: connector `{}` does not ask for files; take it out", manifest.name));
        }
        if problems.is_empty() { Ok(policy) } else { Err(unusable(&problems).with_connection(connection)) }
    }

    /// Decides whether a request may be sent. The address behind the name is decided apart, by
    /// [`address`](Self::address).
    pub(crate) fn decide(&self, method: &str, url: &Url) -> Result<(), Denied> {
        self.rules(method, url).map(drop)
    }

    /// Decides whether a request may be sent, and says by which rules.
    pub(crate) fn rules(&self, method: &str, url: &Url) -> Result<Rules, Denied> {
        let asked: Vec<_> = self.asked.iter().filter(|(rule, _)| rule.origin.covers(url)).collect();
        let approved: Vec<_> = self.approved.iter().filter(|(rule, _)| rule.origin.covers(url)).collect();
        let name = target::origin_text(url);
        if asked.is_empty() {
            return Err(self.not_asked(url, &name));
        }
        if approved.is_empty() {
            return Err(self.not_granted(url, &name));
        }
        let Some((_, asked)) = asked.into_iter().find(|(rule, _)| rule.allows(method)) else {
            return Err(Denied::new(
                "method-not-asked",
                format!(
                    "the connector does not ask for `{method}` to `{name}`; add the method to `hosts` in its manifest"
                ),
            ));
        };
        let Some((_, granted)) = approved.into_iter().find(|(rule, _)| rule.allows(method)) else {
            return Err(Denied::new(
                "method-not-granted",
                format!(
                    "`{method}` to `{name}` is not granted to connection `{connection}`; add it under \
                     `[connection.{connection}.grant]` as `origins`",
                    connection = self.connection
                ),
            ));
        };
        Ok(Rules { asked: asked.clone(), granted: granted.clone() })
    }

    /// Tells whether any request may go to the origin of `url`.
    pub(crate) fn reaches(&self, url: &Url) -> bool {
        self.asked.iter().any(|(rule, _)| rule.origin.covers(url))
            && self.approved.iter().any(|(rule, _)| rule.origin.covers(url))
    }

    fn not_asked(&self, url: &Url, name: &str) -> Denied {
        let near = self.asked.iter().find(|(rule, _)| rule.origin.covers_host(url));
        let hint = near.map(|(rule, _)| format!(" (it asks for `{}`)", rule.origin)).unwrap_or_default();
        Denied::new(
            "host-not-asked",
            format!(
                "the connector does not ask for `{name}`{hint}; use an origin of `hosts` in its manifest, or add this one"
            ),
        )
    }

    fn not_granted(&self, url: &Url, name: &str) -> Denied {
        let connection = &self.connection;
        if url.scheme() == "http" {
            return Denied::new(
                "plain-http-not-granted",
                format!(
                    "plain http to `{name}` is not granted to connection `{connection}`; use https, or add \
                     `plain_http = [\"{name}\"]` under `[connection.{connection}.grant]`"
                ),
            );
        }
        Denied::new(
            "host-not-granted",
            format!(
                "`{host}` is not granted to connection `{connection}`; add `origins = [\"{name}\"]` under \
                 `[connection.{connection}.grant]`",
                host = url.host_str().unwrap_or_default(),
            ),
        )
    }

    /// Decides whether a request may go to `address`, which `host` led to.
    pub(crate) fn address(&self, host: &str, address: SocketAddr) -> Result<(), Denied> {
        let Some(kind) = address::special(address.ip()) else {
            return Ok(());
        };
        let plain = SocketAddr::new(address.ip().to_canonical(), address.port());
        if self.carved_out.contains(&plain) {
            return Ok(());
        }
        Err(Denied::new(
            kind.code(),
            format!(
                "`{host}` leads to `{plain}`, {kind}, which is not granted to connection `{connection}`; if it is meant, \
                 add `private_addresses = [\"{plain}\"]` under `[connection.{connection}.grant]`",
                kind = kind.words(),
                connection = self.connection,
            ),
        ))
    }

    /// Decides whether requests may use a credential slot.
    pub(crate) fn slot(&self, slot: &str) -> Result<(), Denied> {
        if self.slots.iter().any(|granted| granted == slot) {
            return Ok(());
        }
        Err(Denied::new(
            "slot-not-granted",
            format!(
                "credential `{slot}` is not granted to connection `{connection}`; add it to `credentials` under \
                 `[connection.{connection}.grant]`",
                connection = self.connection
            ),
        ))
    }

    /// Returns the account that the operator named for a slot's credential.
    pub(crate) fn account(&self, slot: &str) -> Option<&str> {
        self.accounts.get(slot).map(String::as_str)
    }
}

fn asked_rules(manifest: &Manifest, config: &Value, problems: &mut Vec<String>) -> Vec<(Rule, Origin)> {
    let mut rules = Vec::new();
    for asked in &manifest.hosts {
        match origin::resolve(&asked.origin, config) {
            Ok(Some(origin)) => {
                rules.push((Rule { origin, methods: asked.methods.clone() }, asked.origin.clone()));
            }
            // An origin that the configuration leaves out is not asked for.
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    rules
}

fn approved_rules(grant: &Grant, problems: &mut Vec<String>) -> Vec<(Rule, Granted)> {
    let mut rules = Vec::new();
    for granted in &grant.origins {
        for method in granted.methods.iter().filter(|method| !method.bytes().all(|byte| byte.is_ascii_uppercase())) {
            problems.push(format!("`grant.origins`: method `{method}` of `{}` is not in upper case", granted.text));
        }
        match OriginPattern::parse(&granted.text) {
            // Approving a plain http origin takes the other list, so that nobody does it by a missing letter. What
            // `as_asked` took from the configuration may be plain http; it stays out until it is granted by name.
            Ok(origin) if origin.is_plain_http() => {}
            Ok(origin) => {
                let rule = Rule { origin, methods: granted.methods.clone() };
                rules.push((rule, Granted { list: GrantList::Origins, text: granted.text.clone() }));
            }
            Err(problem) => problems.push(format!("`grant.origins`: {problem}")),
        }
    }
    for text in &grant.plain_http {
        match OriginPattern::parse(text) {
            Ok(origin) if !origin.is_plain_http() => {
                problems.push(format!("`grant.plain_http`: `{text}` is not an http origin; put it under `origins`"));
            }
            Ok(origin) if origin.is_wildcard() => {
                problems.push(format!("`grant.plain_http`: `{text}` has a wildcard; name each origin"));
            }
            Ok(origin) => {
                let rule = Rule { origin, methods: Vec::new() };
                rules.push((rule, Granted { list: GrantList::PlainHttp, text: text.clone() }));
            }
            Err(problem) => problems.push(format!("`grant.plain_http`: {problem}")),
        }
    }
    rules
}

fn carved_out(grant: &Grant, problems: &mut Vec<String>) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for text in &grant.private_addresses {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => {
                addresses.push(SocketAddr::new(IpAddr::to_canonical(&address.ip()), address.port()));
            }
            _ => problems.push(format!(
                "`grant.private_addresses`: `{text}` is not an address with a port; write it like `127.0.0.1:8443` or \
                 `[::1]:8443`"
            )),
        }
    }
    addresses
}

fn granted_slots(manifest: &Manifest, grant: &Grant, problems: &mut Vec<String>) -> Vec<String> {
    for slot in grant.slots.iter().chain(grant.accounts.keys()) {
        if !manifest.credentials.iter().any(|declared| &declared.name == slot) {
            problems.push(format!(
                "`grant.credentials`: connector `{}` has no credential slot `{slot}`; take it out",
                manifest.name
            ));
        }
    }
    grant.slots.clone()
}

fn unusable(problems: &[String]) -> Error {
    Error::new(ErrorKind::Connect, "grant-invalid", Blame::Operator, problems.join("; "))
}

/// Works out the origins of a list of the manifest, e.g. a slot's audience.
pub(crate) fn origins(list: &[Origin], config: &Value) -> Result<Vec<OriginPattern>, String> {
    list.iter().filter_map(|origin| origin::resolve(origin, config).transpose()).collect()
}

#[cfg(test)]
mod tests;
