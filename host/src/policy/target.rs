//! URLs of requests: strict reading, one spelling.
//!
//! The policy, the resolver and the client must mean the same host. So the URL that was decided on is the URL that is
//! sent, and every spelling that two readers could understand differently is refused.

use url::{Host, Url};

use super::Denied;

/// Longest URL that is read, in bytes. Servers refuse longer ones.
const MAX_URL_BYTES: usize = 16 << 10;

/// Reads an absolute http or https URL into its one spelling: host in lower case and punycode, without trailing dot;
/// every spelling of an IPv4 address as four decimal numbers; no fragment.
pub(crate) fn parse(raw: &str) -> Result<Url, Denied> {
    refuse_ambiguous_characters(raw)?;
    let authority = authority(raw)?;
    if authority.contains('@') {
        return Err(Denied::new(
            "url-userinfo",
            "the URL has user information before the host; take it out and use a credential slot",
        ));
    }
    let mut url = Url::parse(raw).map_err(|error| invalid(&format!("it cannot be read ({error})")))?;
    drop_trailing_dot(&mut url)?;
    if url.port() == Some(0) {
        return Err(invalid("port 0 is no port"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Returns scheme, host and port, as messages and rules write them.
pub(crate) fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Returns the URL without the values of its query, for traces and messages.
pub(crate) fn without_query_values(url: &Url) -> String {
    let Some(query) = url.query() else {
        return url.to_string();
    };
    let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    let mut bare = url.clone();
    bare.set_query(None);
    format!("{bare}?{}", names.iter().map(|name| format!("{name}=")).collect::<Vec<_>>().join("&"))
}

/// Returns as much of a URL that cannot be read as may be shown: nothing after the path, no user information.
pub(crate) fn showable(raw: &str) -> String {
    let head = raw.split(['?', '#']).next().unwrap_or_default();
    let head = match (head.split_once("://"), head.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => head.to_owned(),
    };
    head.chars().filter(|character| !character.is_control()).take(200).collect()
}

fn invalid(reason: &str) -> Denied {
    Denied::new("url-invalid", format!("the URL is refused: {reason}; write it like `https://api.example.com/path`"))
}

/// The URL standard drops tabs and line breaks and takes `\` for `/`; other readers do not.
fn refuse_ambiguous_characters(raw: &str) -> Result<(), Denied> {
    if raw.len() > MAX_URL_BYTES {
        return Err(invalid(&format!("it is longer than {MAX_URL_BYTES} bytes")));
    }
    match raw.chars().find(|character| character.is_control() || character.is_whitespace() || *character == '\\') {
        Some(character) => {
            Err(invalid(&format!("it contains `{}`, which has to be percent-encoded", character.escape_default())))
        }
        None => Ok(()),
    }
}

fn authority(raw: &str) -> Result<&str, Denied> {
    let (scheme, rest) = raw.split_once("://").ok_or_else(|| invalid("it is not absolute"))?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(Denied::new(
            "scheme-not-allowed",
            "the URL is neither https nor http; no other scheme leaves the host, use https",
        ));
    }
    match rest.split(['/', '?', '#']).next() {
        None | Some("") => Err(invalid("it has no host")),
        Some(authority) => Ok(authority),
    }
}

fn drop_trailing_dot(url: &mut Url) -> Result<(), Denied> {
    let Some(Host::Domain(name)) = url.host() else {
        return Ok(());
    };
    let bare = name.strip_suffix('.').unwrap_or(name).to_owned();
    if bare.split('.').any(str::is_empty) {
        return Err(invalid("its host has an empty label"));
    }
    if bare.len() == name.len() {
        return Ok(());
    }
    url.set_host(Some(&bare)).map_err(|_| invalid("its host cannot be read"))
}
