//! Requests that may not leave, or not as they were made.

use wharf_host::policy::Grant;

use super::world::{SHOP, World};
use super::{Row, outcome};

/// An attack: the fields that the guest is given, and the cause on each import.
struct Attack {
    name: &'static str,
    fields: Vec<(&'static str, String)>,
    expected: [&'static str; 2],
}

fn attack(name: &'static str, url: String, expected: &'static str) -> Attack {
    Attack { name, fields: vec![("url", url)], expected: [expected, expected] }
}

impl Attack {
    fn with(mut self, field: &'static str, value: &str) -> Self {
        self.fields.push((field, value.to_owned()));
        self
    }

    /// `wasi:http` reads requests by itself before it hands them over, and refuses some in its own words.
    fn in_wasi(mut self, expected: &'static str) -> Self {
        self.expected[1] = expected;
        self
    }
}

pub(super) async fn rows() -> anyhow::Result<Vec<Row>> {
    let world = World::new().await?;
    let connections = world.connections(SHOP).await?;
    let mut rows = Vec::new();
    for attack in places(&world).into_iter().chain(forms(&world)) {
        for ((import, connection), expected) in connections.iter().zip(attack.expected) {
            let before = world.upstream.arrived().len();
            let fields: Vec<(String, String)> =
                attack.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let seen = outcome(&connection.lookup("probe", &fields, 10).await);
            let arrived = world.other.arrived().len() + world.upstream.arrived().len() - before;
            rows.push(Row::new(attack.name, import, expected, but(seen, arrived)));
        }
    }
    rows.extend(addresses(&world).await?);
    rows.extend(spellings(&world).await?);
    Ok(rows)
}

/// Where nothing may go.
fn places(world: &World) -> Vec<Attack> {
    let (port, other) = (world.port(), world.other.address().port());
    let not_asked = "host-not-asked";
    vec![
        attack("host that was not declared", format!("http://other.example.com:{port}/"), not_asked),
        attack("declared host on another port", format!("http://{SHOP}:{other}/"), not_asked),
        attack("declared host with another scheme", format!("https://{SHOP}:{port}/"), not_asked),
        attack("scheme that is none of http", format!("ftp://{SHOP}:{port}/"), "scheme-not-allowed")
            .in_wasi("HttpProtocolError"),
        attack("user information before the host", format!("http://{SHOP}:{port}@127.0.0.1:{other}/"), "url-userinfo"),
        attack("name that ends like the declared one", format!("http://evil-{SHOP}:{port}/"), not_asked),
        attack("name that begins like the declared one", format!("http://{SHOP}.evil.com:{port}/"), not_asked),
        attack("look-alike in another script", format!("http://sh\u{43e}p.example.com:{port}/"), not_asked)
            .in_wasi("authority-syntax"),
        attack("address as one number", format!("http://2130706433:{port}/"), not_asked),
        attack("address in octal", format!("http://0177.0.0.1:{port}/"), not_asked),
        attack("address in hexadecimal", format!("http://0x7f.0x0.0x0.0x1:{port}/"), not_asked),
        attack("address in short", format!("http://127.1:{port}/"), not_asked),
        attack("address in IPv6 with IPv4 in it", format!("http://[::ffff:127.0.0.1]:{port}/"), not_asked),
    ]
}

/// What a request may not look like, or not do.
fn forms(world: &World) -> Vec<Attack> {
    let url = || format!("{}/", world.origin(SHOP));
    let owned = |name: &'static str, header: &str| attack(name, url(), "header-owned-by-host").with("header", header);
    vec![
        attack("line break in the path", format!("{}a\r\nhost: evil", url()), "url-invalid").in_wasi("path-syntax"),
        attack("backslash in the path", format!("{}\\..\\a", url()), "url-invalid"),
        attack("line break in a header", url(), "header-invalid")
            .with("header", "x-a: b\r\nhost: evil")
            .in_wasi("header-syntax"),
        owned("Host set by the guest", "Host: evil.example.com"),
        owned("Transfer-Encoding set by the guest", "Transfer-Encoding: chunked"),
        owned("Connection set by the guest", "Connection: upgrade"),
        owned("Cookie set by the guest", "Cookie: session=1"),
        owned("Accept-Encoding set by the guest", "Accept-Encoding: identity"),
        owned("Authorization set by the guest", "Authorization: Bearer of-the-guest"),
        owned("Proxy-Authorization set by the guest", "Proxy-Authorization: Basic x"),
        owned("method in a header", "X-HTTP-Method-Override: DELETE"),
        owned("another host in a header", "X-Forwarded-Host: evil.example.com"),
        owned("Authorization spelled with an underscore", "Proxy_Authorization: Basic x"),
        attack("length that the guest sets", url(), "header-owned-by-host")
            .with("header", "Content-Length: 5")
            .with("body", "0123456789")
            .with("effect", "read")
            .in_wasi("stream"),
        attack("method that echoes the request", url(), "would-write").with("method", "TRACE"),
        attack("method that opens a tunnel", url(), "would-write").with("method", "CONNECT"),
        attack("credential that was not declared", url(), "slot-unknown").with("credential", "other"),
        attack("budget that was not declared", url(), "budget-unknown").with("budget", "other"),
        attack("write in a call that reads", url(), "would-write").with("method", "DELETE"),
        attack("write that says it is a read", url(), "would-write").with("method", "PUT").with("effect", "read"),
    ]
}

/// Names that lead where nothing may go, now or later.
async fn addresses(world: &World) -> anyhow::Result<Vec<Row>> {
    let table = [
        ("name that leads to loopback", "127.0.0.1", "address-loopback"),
        ("name that leads to a private address", "10.0.0.1", "address-private"),
        ("name that leads to metadata", "169.254.169.254", "address-metadata"),
        ("name that leads to metadata inside IPv6", "::ffff:169.254.169.254", "address-metadata"),
        ("name that leads to loopback through NAT64", "64:ff9b::7f00:1", "address-loopback"),
    ];
    let mut rows = Vec::new();
    for (name, address, expected) in table {
        world.names.set("led.example.com", &[address])?;
        let grant = Grant::new().plain_http(world.origin("led.example.com"));
        for (import, connection) in world.connections_with("led.example.com", grant).await? {
            let before = world.upstream.arrived().len();
            let fields = [("url".to_owned(), format!("{}/", world.origin("led.example.com")))];
            let seen = outcome(&connection.lookup("probe", &fields, 1).await);
            rows.push(Row::new(name, import, expected, but(seen, world.upstream.arrived().len() - before)));
        }
    }
    for (import, connection) in world.connections("rebound.example.com").await? {
        world.names.set("rebound.example.com", &["127.0.0.1", "127.0.0.2"])?;
        let fields = [("url".to_owned(), format!("{}/", world.origin("rebound.example.com")))];
        let first = outcome(&connection.lookup("probe", &fields, 1).await);
        let second = outcome(&connection.lookup("probe", &fields, 1).await);
        let seen = format!("{first}, then {second}");
        rows.push(Row::new("name that changes its address", import, "200, then address-loopback", seen));
    }
    Ok(rows)
}

/// Spellings of the declared host: they are it, and arrive as its one spelling.
async fn spellings(world: &World) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, host) in [("trailing dot", "shop.example.com."), ("upper case", "SHOP.Example.COM")] {
        for (import, connection) in world.connections(SHOP).await? {
            let fields = [("url".to_owned(), format!("http://{host}:{}/", world.port()))];
            let outcome = outcome(&connection.lookup("probe", &fields, 1).await);
            let head = world.upstream.arrived().pop().unwrap_or_default();
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("host:")).unwrap_or_default();
            let seen = format!("{outcome}, {}", line.replace(&format!(":{}", world.port()), ""));
            rows.push(Row::new(name, import, &format!("200, host: {SHOP}"), seen));
        }
    }
    Ok(rows)
}

/// Adds what arrived, where nothing should have.
fn but(seen: String, arrived: usize) -> String {
    if arrived == 0 { seen } else { format!("{seen}, but {arrived} arrived") }
}
