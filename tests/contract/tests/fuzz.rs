//! What comes from outside, damaged: nothing of it makes the host panic, and nothing of it gets further than it may.
//!
//! A test run makes few rounds from a fixed seed. `cargo xtask fuzz --minutes N` makes many, from seeds of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::json;
use wharf_contract_tests::load_into;
use wharf_host::manifest::Manifest;
use wharf_host::model::Delivery;
use wharf_host::policy::Grant;
use wharf_host::recording::Recording;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_host::surroundings::Resolver;
use wharf_host::{Connection, Error, Host, inspect};
use wharf_simulators::hostile::Hostile;
use wharf_test_support::component;
use wharf_test_support::damage::{Damage, Rounds};

const SECRET: &str = "s3cr3t+of/the=shop-4711";

struct OneSecret;

#[async_trait::async_trait]
impl SecretSource for OneSecret {
    async fn secret(&self, _: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        Ok(Secret::new(SECRET))
    }
}

/// Every name leads to the address that was set last.
#[derive(Clone)]
struct Everywhere(Arc<Mutex<IpAddr>>);

#[async_trait::async_trait]
impl Resolver for Everywhere {
    async fn lookup(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::new(*self.0.lock().unwrap(), port)])
    }
}

fn everywhere() -> Everywhere {
    Everywhere(Arc::new(Mutex::new(IpAddr::V4(Ipv4Addr::LOCALHOST))))
}

/// A host function that panics ends its call, and the error says so: no damage may lead there.
fn assert_no_panic(error: &Error) {
    assert!(!error.to_string().contains("panic"), "{error}");
}

#[tokio::test]
async fn damaged_manifests_are_read_or_refused_with_reasons() {
    let host = Host::builder().build().unwrap();
    let mut samples = Vec::new();
    for guest in ["http-get", "webhook-mac", "upgraded"] {
        samples.push(serde_json::to_string(load_into(&host, guest).await.unwrap().manifest()).unwrap());
    }
    let mut read = 0;
    for mut damage in Rounds::of("manifest", 2000) {
        let sample = damage.one(&samples).clone();
        match Manifest::parse(&damage.text(&sample)) {
            Ok(manifest) => {
                read += 1;
                let again = serde_json::to_string(&manifest).unwrap();
                assert_eq!(Manifest::parse(&again).as_ref(), Ok(&manifest), "{again}");
            }
            Err(violations) => assert!(!violations.is_empty() && violations.iter().all(|one| !one.message.is_empty())),
        }
    }
    assert!(read > 0, "no damaged manifest could be read: the damage is too great to reach anything");
}

#[tokio::test]
async fn damaged_components_are_refused_or_run_in_their_sandbox() {
    let host = Host::builder().build().unwrap();
    let sample = component("minimal").unwrap();
    let mut inspected = 0;
    for (round, mut damage) in Rounds::of("component", 300).enumerate() {
        let bytes = damage.bytes(&sample);
        if let Err(error) = inspect(&bytes) {
            assert!(!error.to_string().is_empty());
            assert_no_panic(&error);
            continue;
        }
        inspected += 1;
        // Compiling takes long, so it is tried with some.
        if round % 10 == 0
            && let Err(error) = host.load(&bytes).await
        {
            assert_no_panic(&error);
        }
    }
    assert!(inspected > 0, "no damaged component could be inspected");
}

#[test]
fn damaged_recordings_are_read_or_refused() {
    let head = json!({"recording": {"format": 1, "host": "0.1.0", "started": 1_700_000_000_000_u64, "about": {}}});
    let steps = json!([{"now": 1_700_000_000_001_u64}, {"random": "00ff"}]);
    let call =
        json!({"call": {"connection": "shop", "connector": "shop", "name": "pull", "arguments": {}, "steps": steps}});
    let sample = format!("{head}\n{call}\n{}\n", json!({"end": {"done": 1}}));
    assert_eq!(Recording::read(&sample).unwrap().calls(), 1);
    for mut damage in Rounds::of("recording", 3000) {
        if let Err(error) = Recording::read(&damage.text(&sample)) {
            assert!(!error.to_string().is_empty());
        }
    }
}

async fn shop(resolver: Everywhere, origin: &str, grant: Grant, guest: &str) -> Connection {
    let host = Host::builder().secrets(OneSecret).resolver(resolver).build().unwrap();
    let connector = load_into(&host, guest).await.unwrap();
    connector.connect("shop").config(json!({ "base_url": origin })).grant(grant).build().await.unwrap()
}

#[tokio::test]
async fn damaged_urls_reach_the_granted_origin_or_nothing() {
    let origin = "http://shop.example.com:8080";
    let grant = Grant::new().plain_http(origin).private_address("127.0.0.1:8080").slot("token");
    let connection = shop(everywhere(), origin, grant, "http-get").await;
    let samples = [
        format!("{origin}/a?b=c#d"),
        "http://user@shop.example.com:8080/".to_owned(),
        "http://SHOP.example.com.:8080/%2e%2e/".to_owned(),
        "http://evil.com\\@shop.example.com:8080/".to_owned(),
        "http://[::ffff:7f00:1]:8080/".to_owned(),
    ];
    let mut allowed = 0;
    for mut damage in Rounds::of("URL", 5000) {
        let sample = damage.one(&samples).clone();
        let url = damage.text(&sample);
        let said = connection.explain("GET", &url).await;
        if said.refused.is_none() {
            allowed += 1;
            let shown = said.url.unwrap();
            assert!(shown.starts_with("http://shop.example.com:8080/"), "`{url}` became `{shown}`");
            assert!(said.addresses.iter().all(|address| address.address.to_string() == "127.0.0.1:8080"));
        }
    }
    assert!(allowed > 0, "no damaged URL was allowed");
}

#[tokio::test]
async fn addresses_that_the_standard_library_calls_special_are_refused() {
    let resolver = everywhere();
    let origin = "https://shop.example.com";
    let connection = shop(resolver.clone(), origin, Grant::new().origin(origin), "http-get").await;
    let mut public = 0;
    for mut damage in Rounds::of("address", 5000) {
        let address = any_address(&mut damage);
        *resolver.0.lock().unwrap() = address;
        let said = connection.explain("GET", "https://shop.example.com/").await;
        if said.refused.is_none() {
            public += 1;
            assert!(!is_special(address), "{address} passed");
        }
    }
    assert!(public > 0, "no address was public");
}

fn any_address(damage: &mut Damage) -> IpAddr {
    let mut byte = || u8::try_from(damage.below(256)).unwrap();
    let four = [byte(), byte(), byte(), byte()];
    let near = [[127, 0, 0, 1], [10, 0, 0, 1], [192, 168, 1, 1], [169, 254, 169, 254], [172, 16, 0, 1], [0, 0, 0, 0]];
    let four = if damage.below(2) == 0 { four } else { *damage.one(&near) };
    let v4 = Ipv4Addr::from(four);
    let [a, b, c, d] = four.map(u16::from);
    let (high, low) = (a << 8 | b, c << 8 | d);
    match damage.below(6) {
        0 => IpAddr::V4(v4),
        1 => IpAddr::V6(v4.to_ipv6_mapped()),
        2 => IpAddr::V6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low)),
        3 => IpAddr::V6(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1)),
        4 => IpAddr::V6(Ipv6Addr::new(0x2600 | (high & 0xff), low, high, low, 0, 0, 0, 1)),
        _ => IpAddr::V6(Ipv6Addr::new(high, low, 0, 0, 0, 0, 0, low)),
    }
}

/// What another author's code knows to be nobody's public server: less than the host refuses.
fn is_special(address: IpAddr) -> bool {
    let v4 = |v4: Ipv4Addr| {
        v4.is_loopback()
            || v4.is_private()
            || v4.is_link_local()
            || v4.is_unspecified()
            || v4.is_multicast()
            || v4.is_broadcast()
    };
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
            let inside = match segments {
                [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(of(high, low)),
                [0x2002, high, low, ..] => v4(of(high, low)),
                _ => false,
            };
            inside
                || address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

#[tokio::test]
async fn damaged_webhooks_are_read_or_rejected() {
    let host = Host::builder().secrets(OneSecret).build().unwrap();
    let connector = load_into(&host, "webhook-mac").await.unwrap();
    let connection = connector.connect("test").grant(Grant::new().slot("signing").slot("token")).build().await.unwrap();
    let body = r#"{"events":[{"key":"1","entity":"order","id":"12"}]}"#;
    let samples = [body, "[]", "entity=order&id=12", ""];
    for mut damage in Rounds::of("webhook", 300) {
        let sample = *damage.one(&samples);
        let body = damage.bytes(sample.as_bytes());
        let headers = vec![(damage.text("x-signature"), damage.text("0123456789abcdef"))];
        let (method, path) = (damage.text("POST"), damage.text("/hook?x=1"));
        let delivery = Delivery { method, path, headers, body };
        if let Err(error) = connection.parse_webhook(&delivery).await {
            assert_no_panic(&error);
        }
        if let Err(error) = connection.authenticate(&delivery).await {
            assert_no_panic(&error);
        }
    }
}

#[tokio::test]
async fn host_functions_with_damaged_arguments_reach_the_granted_origin_or_nothing() {
    let (upstream, other) = (Hostile::start().await.unwrap(), Hostile::start().await.unwrap());
    let origin = format!("http://shop.example.com:{}", upstream.address().port());
    let grant = Grant::new().plain_http(&origin).private_address(upstream.address().to_string()).slot("token");
    let evil = format!("http://{}/echo/body", other.address());
    let fields = [
        ("url", format!("{origin}/echo/body")),
        ("url", evil.clone()),
        ("method", "GET".to_owned()),
        ("effect", "read".to_owned()),
        ("header", "x-a: b".to_owned()),
        ("header", "Host: evil.example.com".to_owned()),
        ("credential", "token".to_owned()),
        ("budget", "default".to_owned()),
        ("body", "text".to_owned()),
    ];
    for guest in ["http-get", "wasi-http-get"] {
        let connection = shop(everywhere(), &origin, grant.clone(), guest).await;
        for mut damage in Rounds::of("host function", 150) {
            let mut query = vec![("url".to_owned(), format!("{origin}/echo/body"))];
            for _ in 0..damage.below(5) {
                let (name, value) = damage.one(&fields).clone();
                let value = if damage.below(2) == 0 { value } else { damage.text(&value) };
                query.push((name.to_owned(), value));
            }
            let shown = match connection.lookup("probe", &query, 1).await {
                Ok(answer) => format!("{answer:?}"),
                Err(error) => {
                    assert_no_panic(&error);
                    format!("{error:?}")
                }
            };
            assert!(!shown.contains(SECRET), "{query:?}: {shown}");
        }
    }
    assert_eq!(other.arrived(), Vec::<String>::new());
    let arrived = upstream.arrived();
    assert!(arrived.iter().any(|head| head.contains(SECRET)), "no request had the credential");
    for head in arrived {
        let hosts: Vec<_> = head.lines().filter(|line| line.to_ascii_lowercase().starts_with("host:")).collect();
        assert!(hosts.len() == 1 && hosts[0].contains("shop.example.com"), "{head}");
    }
}
