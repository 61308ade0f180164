//! The rules of a manifest that its types cannot say. Pure.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::{Address, Attachment, ExchangeMethod, ExchangeRequest, HeaderPart, Manifest, Origin, Scheme, TokenPlace};
use crate::model::Violation;
use crate::schema::Schema;

/// Headers that the host sets itself, or that would change where a request goes.
const HOST_OWNED_HEADERS: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "accept-encoding",
    "cookie",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
];

/// Collects what is wrong, each with its place.
pub(super) struct Rules<'a> {
    manifest: &'a Manifest,
    found: Vec<Violation>,
}

/// Returns everything that is wrong with a manifest in itself.
pub(super) fn violations(manifest: &Manifest) -> Vec<Violation> {
    let mut rules = Rules { manifest, found: Vec::new() };
    rules.identity();
    rules.config();
    rules.hosts();
    rules.credentials();
    rules.budgets();
    rules.files();
    rules.feeds();
    rules.records();
    rules.writes();
    rules.references();
    rules.webhooks();
    rules.serves();
    rules.found
}

impl Rules<'_> {
    fn wrong(&mut self, path: impl Into<String>, code: &str, message: impl Into<String>) {
        self.found.push(Violation { path: path.into(), code: code.to_owned(), message: message.into() });
    }

    fn identity(&mut self) {
        let manifest = self.manifest;
        self.name("/name", &manifest.name);
        if !is_version(&manifest.version) {
            let message = format!("`{}` is no version; write it like `1.2.3`", manifest.version);
            self.wrong("/version", "version", message);
        }
        self.filled("/summary", &manifest.summary);
    }

    fn files(&mut self) {
        if let Some(files) = &self.manifest.files {
            self.filled("/files/summary", &files.summary);
        }
    }

    fn name(&mut self, path: &str, name: &str) {
        if !is_name(name) {
            let message = format!("`{name}` is no name; use 1 to 64 characters of `a-z`, `0-9` and `-`");
            self.wrong(path, "name", message);
        }
    }

    fn filled(&mut self, path: &str, text: &str) {
        if text.trim().is_empty() {
            self.wrong(path, "empty", "the text is empty; write one sentence");
        }
    }

    /// Finds names that are there twice.
    fn unique<'n>(&mut self, list: &str, field: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = HashSet::new();
        for (index, name) in names.enumerate() {
            if !seen.insert(name) {
                let message = format!("`{name}` is there twice; remove one of them");
                self.wrong(format!("/{list}/{index}{field}"), "duplicate", message);
            }
        }
    }

    fn config(&mut self) {
        let schema = &self.manifest.config.schema;
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            let message = "the schema describes no object; write `\"type\": \"object\"`";
            self.wrong("/config/schema/type", "not-an-object", message);
        }
        self.schema("/config/schema", schema);
    }

    fn schema(&mut self, path: &str, schema: &Value) {
        if let Err(reason) = Schema::compile(schema) {
            self.wrong(path, "schema", format!("the schema does not compile: {reason}; correct it"));
        }
    }

    /// Checks that the configuration has a key that something else refers to.
    fn config_key(&mut self, path: &str, key: &str) {
        let known = self.manifest.config.schema.pointer("/properties").and_then(|all| all.get(key)).is_some();
        if !known {
            let message = format!("the configuration has no `{key}`; add it to `config.schema.properties`");
            self.wrong(path, "unknown-config-key", message);
        }
    }

    fn origin(&mut self, path: &str, origin: &Origin) {
        match origin {
            Origin::FromConfig { config } => self.config_key(&format!("{path}/config"), config),
            Origin::Fixed(text) => {
                if let Err(reason) = check_origin(text) {
                    self.wrong(path, "origin", format!("`{text}` {reason}; write it like `https://api.example.com`"));
                }
            }
        }
    }

    fn hosts(&mut self) {
        let manifest = self.manifest;
        let mut seen = HashSet::new();
        for (index, host) in manifest.hosts.iter().enumerate() {
            let path = format!("/hosts/{index}/origin");
            self.origin(&path, &host.origin);
            if !seen.insert(&host.origin) {
                self.wrong(path, "duplicate", "the origin is there twice; put its methods into one entry");
            }
            for (number, method) in host.methods.iter().enumerate() {
                self.method(&format!("/hosts/{index}/methods/{number}"), method);
            }
        }
    }

    fn method(&mut self, path: &str, method: &str) {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.wrong(path, "method", format!("`{method}` is no method; write it in upper case, like `POST`"));
        }
    }

    fn requested(&self, origin: &Origin) -> bool {
        self.manifest.hosts.iter().any(|host| host.origin == *origin)
    }

    fn credentials(&mut self) {
        let manifest = self.manifest;
        self.unique("credentials", "/name", manifest.credentials.iter().map(|slot| slot.name.as_str()));
        for (index, slot) in manifest.credentials.iter().enumerate() {
            let path = format!("/credentials/{index}");
            self.name(&format!("{path}/name"), &slot.name);
            self.scheme(&format!("{path}/scheme"), &slot.scheme);
            for (number, origin) in slot.audience.iter().enumerate() {
                self.among_hosts(&format!("{path}/audience/{number}"), origin);
            }
            if slot.audience.is_empty() && slot.scheme.goes_out() {
                let message = "nobody may receive the credential; name the origins that it is for";
                self.wrong(format!("{path}/audience"), "audience-empty", message);
            }
        }
    }

    fn among_hosts(&mut self, path: &str, origin: &Origin) {
        if !self.requested(origin) {
            self.wrong(path, "not-among-hosts", "the origin is not among `hosts`; add it there, or remove it here");
        }
    }

    fn scheme(&mut self, path: &str, scheme: &Scheme) {
        match scheme {
            Scheme::Header { name, name_from } => {
                self.header(&format!("{path}/name"), name);
                self.config_pointer(&format!("{path}/name_from"), name_from.as_deref());
            }
            Scheme::FormField { name } | Scheme::BodyField { name } | Scheme::Query { name } => {
                self.filled(&format!("{path}/name"), name);
            }
            Scheme::TokenExchange { request, token, lifetime_s, attach, revoked_by } => {
                self.exchange(&format!("{path}/request"), request);
                self.token_place(&format!("{path}/token"), token);
                self.attachment(&format!("{path}/attach"), attach);
                self.not_zero(&format!("{path}/lifetime_s"), *lifetime_s);
                self.statuses(&format!("{path}/revoked_by"), revoked_by);
            }
            Scheme::InboundClientCredentials { token_path, token_path_from, lifetime_s } => {
                self.path(&format!("{path}/token_path"), token_path);
                self.config_pointer(&format!("{path}/token_path_from"), token_path_from.as_deref());
                self.not_zero(&format!("{path}/lifetime_s"), Some(*lifetime_s));
            }
            Scheme::InboundWebhookSignature { tolerance_s } => {
                self.not_zero(&format!("{path}/tolerance_s"), Some(*tolerance_s));
            }
            _ => {
                if let Some(token_url) = scheme.token_url() {
                    self.address(&format!("{path}/token_url"), token_url);
                }
                self.header_parts(&format!("{path}/headers"), scheme.headers());
            }
        }
    }

    fn header_parts(&mut self, path: &str, headers: &[HeaderPart]) {
        for (index, header) in headers.iter().enumerate() {
            self.header(&format!("{path}/{index}/name"), &header.name);
            self.filled(&format!("{path}/{index}/part"), &header.part);
        }
    }

    fn exchange(&mut self, path: &str, request: &ExchangeRequest) {
        self.address(&format!("{path}/url"), &request.url);
        self.header_parts(&format!("{path}/headers"), &request.headers);
        for (list, fields) in [("query", &request.query), ("form", &request.form)] {
            for (index, field) in fields.iter().enumerate() {
                self.filled(&format!("{path}/{list}/{index}/name"), &field.name);
                self.filled(&format!("{path}/{list}/{index}/part"), &field.part);
            }
        }
        if request.method == ExchangeMethod::Get && !request.form.is_empty() {
            let message = "a `GET` has no form; use `query`, or the method `POST`";
            self.wrong(format!("{path}/form"), "form-without-post", message);
        }
        if request.query.is_empty() && request.headers.is_empty() && request.form.is_empty() {
            self.wrong(path, "no-part", "no part of the credential is in it; name one in `query`, `headers` or `form`");
        }
    }

    fn token_place(&mut self, path: &str, place: &TokenPlace) {
        let TokenPlace::At(pointers) = place else { return };
        if pointers.is_empty() {
            self.wrong(path, "empty", "no place is named; name one at least, or write `\"search\"`");
        }
        for (index, pointer) in pointers.iter().enumerate() {
            if !pointer.is_empty() {
                self.path(&format!("{path}/{index}"), pointer);
            }
        }
    }

    fn attachment(&mut self, path: &str, attach: &Attachment) {
        match attach {
            Attachment::Bearer => {}
            Attachment::Header(name) => self.header(&format!("{path}/header"), name),
            Attachment::Query(name) => self.filled(&format!("{path}/query"), name),
        }
    }

    fn not_zero(&mut self, path: &str, number: Option<u32>) {
        if number == Some(0) {
            self.wrong(path, "zero", "it is 0; write 1 or more");
        }
    }

    fn statuses(&mut self, path: &str, statuses: &[u16]) {
        for (index, status) in statuses.iter().enumerate() {
            if !(400..=499).contains(status) {
                let message = format!("`{status}` does not refuse anybody; name statuses from 400 to 499");
                self.wrong(format!("{path}/{index}"), "status", message);
            }
        }
    }

    /// Checks a JSON pointer into the configuration: what it begins with has to be there.
    fn config_pointer(&mut self, path: &str, pointer: Option<&str>) {
        let Some(pointer) = pointer else { return };
        let Some(rest) = pointer.strip_prefix('/') else {
            let message = format!("`{pointer}` is no JSON pointer; write it like `/name`");
            return self.wrong(path, "pointer", message);
        };
        let first = rest.split('/').next().unwrap_or_default();
        self.config_key(path, &first.replace("~1", "/").replace("~0", "~"));
    }

    fn path(&mut self, place: &str, path: &str) {
        if !path.starts_with('/') {
            self.wrong(place, "path", format!("`{path}` is no path; begin it with `/`"));
        }
    }

    fn address(&mut self, path: &str, address: &Address) {
        self.among_hosts(&format!("{path}/origin"), &address.origin);
        self.path(&format!("{path}/path"), &address.path);
    }

    fn header(&mut self, path: &str, name: &str) {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let message = format!("`{name}` is no header name; use letters, digits and `-`");
            self.wrong(path, "header-name", message);
        } else if HOST_OWNED_HEADERS.iter().any(|owned| name.eq_ignore_ascii_case(owned)) {
            let message = format!("`{name}` belongs to the host; use another header");
            self.wrong(path, "header-host-owned", message);
        }
    }

    fn budgets(&mut self) {
        let manifest = self.manifest;
        self.unique("budgets", "/name", manifest.budgets.iter().map(|budget| budget.name.as_str()));
        for (index, budget) in manifest.budgets.iter().enumerate() {
            let path = format!("/budgets/{index}");
            self.name(&format!("{path}/name"), &budget.name);
            let counts =
                [("calls", Some(budget.calls)), ("seconds", Some(budget.seconds)), ("concurrent", budget.concurrent)];
            for (field, _) in counts.iter().filter(|(_, count)| *count == Some(0)) {
                self.wrong(format!("{path}/{field}"), "zero", format!("`{field}` is 0; write 1 or more"));
            }
            if let Some(key) = &budget.calls_from_config {
                self.config_key(&format!("{path}/calls_from_config"), key);
            }
        }
    }

    fn feeds(&mut self) {
        let manifest = self.manifest;
        self.unique("feeds", "/name", manifest.feeds.iter().map(|feed| feed.name.as_str()));
        for (index, feed) in manifest.feeds.iter().enumerate() {
            let path = format!("/feeds/{index}");
            self.name(&format!("{path}/name"), &feed.name);
            self.name(&format!("{path}/entity"), &feed.entity);
            self.filled(&format!("{path}/summary"), &feed.summary);
            let names = feed.filters.iter().map(|filter| filter.name.as_str());
            self.unique(&format!("feeds/{index}/filters"), "/name", names);
            for (number, filter) in feed.filters.iter().enumerate() {
                self.filled(&format!("{path}/filters/{number}/name"), &filter.name);
                if let Some(list) = &filter.reference_list {
                    self.reference_list(&format!("{path}/filters/{number}/reference_list"), list);
                }
            }
        }
    }

    fn reference_list(&mut self, path: &str, list: &str) {
        if !self.manifest.reference_lists.iter().any(|known| known.name == list) {
            let message = format!("`{list}` is not among `reference_lists`; add it there, or remove it here");
            self.wrong(path, "unknown-reference-list", message);
        }
    }

    fn records(&mut self) {
        let manifest = self.manifest;
        self.unique("records", "/entity", manifest.records.iter().map(|record| record.entity.as_str()));
        for (index, record) in manifest.records.iter().enumerate() {
            self.name(&format!("/records/{index}/entity"), &record.entity);
            if !record.get && record.lookup_keys.is_empty() {
                let message = "it can neither be read nor looked up; set `get`, or name `lookup_keys`";
                self.wrong(format!("/records/{index}"), "no-access", message);
            }
        }
    }

    fn writes(&mut self) {
        let manifest = self.manifest;
        self.unique("writes", "/entity", manifest.writes.iter().map(|write| write.entity.as_str()));
        for (index, write) in manifest.writes.iter().enumerate() {
            let path = format!("/writes/{index}");
            self.name(&format!("{path}/entity"), &write.entity);
            if write.actions.is_empty() {
                self.wrong(format!("{path}/actions"), "empty", "no action is named; name one at least");
            }
            if write.batch == 0 {
                self.wrong(format!("{path}/batch"), "zero", "`batch` is 0; write 1 or more");
            }
            if let Some(schema) = &write.schema {
                self.schema(&format!("{path}/schema"), schema);
            }
        }
    }

    fn references(&mut self) {
        let manifest = self.manifest;
        self.unique("reference_lists", "/name", manifest.reference_lists.iter().map(|list| list.name.as_str()));
        for (index, list) in manifest.reference_lists.iter().enumerate() {
            self.name(&format!("/reference_lists/{index}/name"), &list.name);
            self.filled(&format!("/reference_lists/{index}/label"), &list.label);
        }
    }

    fn webhooks(&mut self) {
        let manifest = self.manifest;
        let Some(webhooks) = &manifest.webhooks else { return };
        for (index, name) in webhooks.slots.iter().enumerate() {
            let slot = manifest.credentials.iter().find(|slot| slot.name == *name);
            let checks =
                |scheme: &Scheme| matches!(scheme, Scheme::Mac {} | Scheme::Presented {}) || scheme.is_inbound();
            if !slot.is_some_and(|slot| checks(&slot.scheme)) {
                let message = format!(
                    "`{name}` is no slot of scheme `mac`, `presented` or an inbound one; add one to `credentials`"
                );
                self.wrong(format!("/webhooks/slots/{index}"), "unknown-slot", message);
            }
        }
    }

    fn serves(&mut self) {
        let manifest = self.manifest;
        for (index, served) in manifest.serves.iter().enumerate() {
            self.method(&format!("/serves/{index}/method"), &served.method);
            self.path(&format!("/serves/{index}/path"), &served.path);
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u64>().is_ok() && !part.starts_with('+'))
}

/// Tells why a text is no origin.
fn check_origin(text: &str) -> Result<(), &'static str> {
    // A wildcard is no host name, so a stand-in takes its place.
    let plain = text.replacen("://*.", "://any.", 1);
    if plain.contains('*') {
        return Err("has a `*` that is not the first label");
    }
    let url = Url::parse(&plain).map_err(|_| "is no URL")?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("is neither https nor http");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has user information");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || plain.ends_with('/') {
        return Err("has more than scheme, host and port");
    }
    // What is approved is what people read: no look-alikes of other scripts, no addresses in disguise.
    if url.origin().ascii_serialization() != plain || url.host_str().is_some_and(|host| host.ends_with('.')) {
        return Err(
            "is not in its plain spelling: lower case, other scripts in punycode, no port that is the scheme's own",
        );
    }
    Ok(())
}
