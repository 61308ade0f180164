//! `[serve]`: where `wharf serve` listens for webhooks and for those who ask. Pure.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::{Node, Section};

/// Largest body in KiB that can be allowed: what is larger is no webhook and no look-up.
const MOST_BODY_KIB: u32 = 16 << 10;

/// `[serve]`. Without it nothing listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServeSettings {
    /// Address and port. Default `127.0.0.1:8080`.
    pub(crate) listen: SocketAddr,
    /// Certificate chain and key, PEM files relative to the installation file.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// The address under which others reach it, without a slash at its end.
    pub(crate) public_url: Option<String>,
    /// Time in which a connector has to answer a request. Default 3 s.
    pub(crate) deadline: Duration,
    /// Bytes of a body. Default 1 MiB.
    pub(crate) body_bytes: usize,
}

pub(super) fn read(section: Section<'_>) -> Option<ServeSettings> {
    let listen =
        section.optional("listen").map_or(Some(SocketAddr::from(([127, 0, 0, 1], 8080))), |node| address(&node));
    let tls = section.optional("tls").map(|node| tls(&node.section()?));
    let plain = section.optional("plain_http").and_then(|node| node.flag());
    let public_url = section.optional("public_url").and_then(|node| url(&node));
    let deadline = section.optional("deadline").and_then(|node| deadline(&node));
    let body = section.optional("body_kib").and_then(|node| node.number(1, MOST_BODY_KIB));
    let listen = listen.filter(|listen| {
        let shielded = listen.ip().is_loopback() || tls.is_some() || plain == Some(true);
        if !shielded {
            let fix = "add `tls = { certificate = \"FILE\", key = \"FILE\" }`, listen on 127.0.0.1 behind a proxy, or say `plain_http = true`";
            section.wrong(format!("`{listen}` is open to others without TLS"), fix);
        }
        shielded
    });
    section.end();
    Some(ServeSettings {
        listen: listen?,
        tls: match tls {
            Some(tls) => Some(tls?),
            None => None,
        },
        public_url,
        deadline: deadline.unwrap_or(Duration::from_secs(3)),
        body_bytes: usize::try_from(body.unwrap_or(1 << 10)).unwrap_or(1 << 10) << 10,
    })
}

fn address(node: &Node<'_>) -> Option<SocketAddr> {
    let text = node.text()?;
    let read = text.parse();
    if read.is_err() {
        node.wrong(format!("`{text}` is no address with a port"), "write it such as \"127.0.0.1:8080\"");
    }
    read.ok()
}

fn tls(section: &Section<'_>) -> Option<(PathBuf, PathBuf)> {
    let path = |name, example| section.required(name, example).and_then(|node| node.text()).map(PathBuf::from);
    let certificate = path("certificate", "certificate = \"FILE\"");
    let key = path("key", "key = \"FILE\"");
    section.end();
    Some((certificate?, key?))
}

fn url(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' '])) {
        return Some(text.trim_end_matches('/').to_owned());
    }
    node.wrong(format!("`{text}` is no address"), "write it such as \"https://hooks.example.com\"");
    None
}

fn deadline(node: &Node<'_>) -> Option<Duration> {
    let read = node.duration()?;
    if (Duration::from_millis(100)..=Duration::from_secs(60)).contains(&read) {
        return Some(read);
    }
    node.wrong("is out of range", "write a duration from \"100ms\" to \"60s\"");
    None
}
