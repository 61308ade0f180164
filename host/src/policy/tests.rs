#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use serde_json::json;

use super::*;
use crate::manifest::Address;

fn manifest(hosts: Value) -> Manifest {
    serde_json::from_value(json!({
        "name": "tester", "version": "1.0.0", "summary": "Tests.",
        "config": {"version": 1, "schema": {"type": "object"}},
        "credentials": [{"name": "token", "scheme": {"type": "bearer"}}],
        "hosts": hosts,
    }))
    .unwrap()
}

fn decide(policy: &Policy, method: &str, raw: &str) -> Result<(), &'static str> {
    target::parse(raw).and_then(|url| policy.decide(method, &url)).map_err(|denied| denied.code)
}

fn policy_of(origins: &[&str]) -> Policy {
    let hosts = origins.iter().map(|origin| json!({"origin": origin})).collect();
    let grant = origins.iter().fold(Grant::new(), |grant, origin| grant.origin(*origin));
    Policy::effective("shop", &manifest(hosts), &grant, &json!({})).unwrap()
}

#[test]
fn only_the_granted_origin_passes_in_any_spelling() {
    let policy = policy_of(&["https://api.example.com"]);
    let table = [
        ("https://api.example.com", Ok(())),
        ("https://api.example.com/orders?x=https://evil.com", Ok(())),
        ("https://api.example.com:443/", Ok(())),
        ("HTTPS://API.Example.COM/", Ok(())),
        ("https://api.example.com./", Ok(())),
        ("https://%61pi.example.com/", Ok(())),
        ("https://api.example.com:8443/", Err("host-not-asked")),
        ("https://api.example.com:80/", Err("host-not-asked")),
        ("http://api.example.com/", Err("host-not-asked")),
        ("http://api.example.com:443/", Err("host-not-asked")),
        ("https://example.com/", Err("host-not-asked")),
        ("https://evil-api.example.com/", Err("host-not-asked")),
        ("https://evilapi.example.com/", Err("host-not-asked")),
        ("https://x.api.example.com/", Err("host-not-asked")),
        ("https://api.example.com.evil.com/", Err("host-not-asked")),
        ("https://api.example.comevil.com/", Err("host-not-asked")),
        ("https://evil.com/api.example.com", Err("host-not-asked")),
        ("https://evil.com#@api.example.com", Err("host-not-asked")),
        ("https://evil.com?@api.example.com", Err("host-not-asked")),
        // Look-alikes: a Cyrillic а, and a dotless ı.
        ("https://\u{430}pi.example.com/", Err("host-not-asked")),
        ("https://ap\u{131}.example.com/", Err("host-not-asked")),
        // Full-width letters and dots are the same name by the standard, and are sent as that name.
        ("https://\u{ff41}pi.example\u{3002}com/", Ok(())),
        ("https://api.example.com@evil.com/", Err("url-userinfo")),
        ("https://user:pass@api.example.com/", Err("url-userinfo")),
        ("https://@api.example.com/", Err("url-userinfo")),
        ("https://:@api.example.com/", Err("url-userinfo")),
        ("https://evil.com\\@api.example.com/", Err("url-invalid")),
        ("https://api.example.com\\.evil.com/", Err("url-invalid")),
        ("https://api.example.com\t.evil.com/", Err("url-invalid")),
        ("https://api.example.com\r\n.evil.com/", Err("url-invalid")),
        (" https://api.example.com/", Err("url-invalid")),
        ("https://api.example.com/\0", Err("url-invalid")),
        ("https://api.example.com../", Err("url-invalid")),
        ("https://api..example.com/", Err("url-invalid")),
        ("https://.api.example.com/", Err("url-invalid")),
        ("https://api.example.com:0/", Err("url-invalid")),
        ("https://api.example.com:99999/", Err("url-invalid")),
        ("https:api.example.com/", Err("url-invalid")),
        ("https:/api.example.com/", Err("url-invalid")),
        ("https:///api.example.com/", Err("url-invalid")),
        ("//api.example.com/", Err("url-invalid")),
        ("/orders", Err("url-invalid")),
        ("", Err("url-invalid")),
        ("https://", Err("url-invalid")),
        ("https://api.example.com%00.evil.com/", Err("url-invalid")),
        ("https://api.example.com%2eevil.com/", Err("host-not-asked")),
        ("https://api%2eexample%2ecom/", Ok(())),
        ("ftp://api.example.com/", Err("scheme-not-allowed")),
        ("file:///etc/passwd", Err("scheme-not-allowed")),
        ("ws://api.example.com/", Err("scheme-not-allowed")),
        ("gopher://api.example.com/", Err("scheme-not-allowed")),
        ("blob:https://api.example.com/", Err("scheme-not-allowed")),
        ("data:text/html,x", Err("url-invalid")),
    ];
    for (raw, expected) in table {
        assert_eq!(decide(&policy, "GET", raw), expected, "{raw:?}");
    }
    let long = format!("https://api.example.com/{}", "x".repeat(20_000));
    assert_eq!(decide(&policy, "GET", &long), Err("url-invalid"));
}

#[test]
fn every_spelling_of_an_address_is_that_address() {
    for raw in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.0.0.1./",
        "http://%31%32%37.0.0.1/",
        "http://\u{ff11}27.0.0.1/",
        "http://\u{2460}27.0.0.1/",
    ] {
        let url = target::parse(raw).unwrap();
        assert_eq!(url.host_str(), Some("127.0.0.1"), "{raw}");
    }
    for raw in ["http://256.0.0.1/", "http://1.2.3.4.5/", "http://0x100000000/", "http://[::1/", "http://[::1%25eth0]/"]
    {
        assert_eq!(target::parse(raw).unwrap_err().code, "url-invalid", "{raw}");
    }
    assert_eq!(target::parse("http://[0:0:0:0:0:ffff:7f00:1]/").unwrap().host_str(), Some("[::ffff:7f00:1]"));
}

#[test]
fn idn_is_granted_by_either_spelling() {
    let punycode = OriginPattern::parse("https://zażółć.example.pl").unwrap().to_string();
    assert!(punycode.starts_with("https://xn--") && punycode.is_ascii(), "{punycode}");
    for granted in ["https://zażółć.example.pl", "https://ZAŻÓŁĆ.example.pl", &punycode] {
        let policy = policy_of(&[granted]);
        assert_eq!(decide(&policy, "GET", "https://zażółć.example.pl/"), Ok(()), "{granted}");
        assert_eq!(decide(&policy, "GET", &punycode.to_uppercase().replace("HTTPS", "https")), Ok(()), "{granted}");
        assert_eq!(decide(&policy, "GET", "https://zazolc.example.pl/"), Err("host-not-asked"), "{granted}");
    }
}

#[test]
fn wildcard_covers_exactly_one_label() {
    let policy = policy_of(&["https://*.example.com:8443"]);
    let table = [
        ("https://shop.example.com:8443/", Ok(())),
        ("https://SHOP.example.com.:8443/", Ok(())),
        ("https://shop.example.com/", Err("host-not-asked")),
        ("https://example.com:8443/", Err("host-not-asked")),
        ("https://a.b.example.com:8443/", Err("host-not-asked")),
        ("https://evilexample.com:8443/", Err("host-not-asked")),
        ("https://shop.example.com.evil.com:8443/", Err("host-not-asked")),
        ("https://.example.com:8443/", Err("url-invalid")),
    ];
    for (raw, expected) in table {
        assert_eq!(decide(&policy, "GET", raw), expected, "{raw:?}");
    }
}

#[test]
fn patterns_that_are_none_are_refused_with_a_reason() {
    for (text, word) in [
        ("api.example.com", "not absolute"),
        ("https://", "no host"),
        ("https://*", "elsewhere"),
        ("https://*.com", "two labels"),
        ("https://*.1.2.3", "two labels"),
        ("https://a*.example.com", "elsewhere"),
        ("https://*.*.example.com", "elsewhere"),
        ("https://api.example.com/v1", "path"),
        ("https://api.example.com?x", "path"),
        ("https://u@api.example.com", "user information"),
        ("ftp://api.example.com", "neither https nor http"),
    ] {
        let problem = OriginPattern::parse(text).unwrap_err();
        assert!(problem.contains(word), "{text}: {problem}");
    }
    assert_eq!(OriginPattern::parse("https://API.example.com./").unwrap().to_string(), "https://api.example.com");
    assert_eq!(OriginPattern::parse("http://[::1]:8080").unwrap().to_string(), "http://[::1]:8080");
}

#[test]
fn grant_and_request_must_both_cover() {
    let hosts = json!([
        {"origin": "https://*.example.com", "methods": ["GET", "POST"]},
        {"origin": "https://static.example.org"},
    ]);
    let grant = Grant::new()
        .origin_with_methods("https://shop.example.com", ["GET", "DELETE"])
        .origin("https://other.example.net");
    let policy = Policy::effective("shop", &manifest(hosts), &grant, &json!({})).unwrap();
    let table = [
        ("GET", "https://shop.example.com/", Ok(())),
        ("POST", "https://shop.example.com/", Err("method-not-granted")),
        ("DELETE", "https://shop.example.com/", Err("method-not-asked")),
        ("GET", "https://crm.example.com/", Err("host-not-granted")),
        ("GET", "https://static.example.org/", Err("host-not-granted")),
        ("GET", "https://other.example.net/", Err("host-not-asked")),
    ];
    for (method, raw, expected) in table {
        assert_eq!(decide(&policy, method, raw), expected, "{method} {raw}");
    }
}

#[test]
fn refusals_name_the_fix() {
    let asked = manifest(json!([{"origin": "https://api.x.pl"}, {"origin": "http://erp.local:8080"}]));
    let policy = Policy::effective("shop", &asked, &Grant::new(), &json!({})).unwrap();
    let message = |raw| policy.decide("GET", &target::parse(raw).unwrap()).unwrap_err().message;
    assert_eq!(
        message("https://api.x.pl/secret?path=1"),
        "`api.x.pl` is not granted to connection `shop`; add `origins = [\"https://api.x.pl\"]` under \
         `[connection.shop.grant]`"
    );
    assert!(message("http://erp.local:8080/").contains("`plain_http = [\"http://erp.local:8080\"]`"));
    assert!(message("https://api.x.pl:8443/").contains("it asks for `https://api.x.pl`"));
}

#[test]
fn plain_http_takes_its_own_grant() {
    let asked = manifest(json!([{"origin": {"config": "base_url"}}]));
    let config = json!({"base_url": "http://erp.local:8080/api"});
    let effective = |grant: &Grant| Policy::effective("erp", &asked, grant, &config).unwrap();
    let as_asked = Grant::as_asked(&asked, &config).unwrap();
    let url = "http://erp.local:8080/api/orders";
    assert_eq!(decide(&effective(&as_asked), "GET", url), Err("plain-http-not-granted"));
    assert_eq!(
        decide(&effective(&Grant::new().origin("http://erp.local:8080")), "GET", url),
        Err("plain-http-not-granted")
    );
    assert_eq!(decide(&effective(&as_asked.plain_http("http://erp.local:8080")), "GET", url), Ok(()));
    assert_eq!(
        decide(&effective(&Grant::new().plain_http("http://erp.local")), "GET", url),
        Err("plain-http-not-granted")
    );
}

#[test]
fn origin_from_the_configuration_is_exactly_that_one() {
    let asked = manifest(json!([{"origin": {"config": "base_url"}}]));
    let config = json!({"base_url": "https://Tenant.Example.com:8443/api/v2?x=1"});
    let policy = Policy::effective("shop", &asked, &Grant::as_asked(&asked, &config).unwrap(), &config).unwrap();
    assert_eq!(decide(&policy, "GET", "https://tenant.example.com:8443/other"), Ok(()));
    assert_eq!(decide(&policy, "GET", "https://tenant.example.com/api"), Err("host-not-asked"));
    assert_eq!(decide(&policy, "GET", "https://other.example.com:8443/"), Err("host-not-asked"));

    let without = Policy::effective("shop", &asked, &Grant::as_asked(&asked, &json!({})).unwrap(), &json!({})).unwrap();
    assert_eq!(decide(&without, "GET", "https://tenant.example.com:8443/"), Err("host-not-asked"));
    for config in [json!({"base_url": 7}), json!({"base_url": "tenant"}), json!({"base_url": "https://u:p@x.pl"})] {
        let error = Policy::effective("shop", &asked, &Grant::new(), &config).unwrap_err();
        assert!(error.to_string().contains("`config.base_url`"), "{error}");
        assert!(Grant::as_asked(&asked, &config).is_err());
    }
    // A star in the configuration is no pattern.
    assert!(
        decide(
            &Policy::effective("shop", &asked, &Grant::new(), &json!({"base_url": "https://*.example.com"})).unwrap(),
            "GET",
            "https://x.example.com"
        )
        .is_err()
    );
}

#[test]
fn every_mistake_of_a_grant_is_reported() {
    let grant = Grant::new()
        .origin("nonsense")
        .origin_with_methods("https://api.example.com", ["get"])
        .plain_http("https://api.example.com")
        .plain_http("http://*.example.com")
        .private_address("127.0.0.1")
        .private_address("localhost:80")
        .private_address("127.0.0.1:0")
        .slot("tokem");
    let error = Policy::effective("shop", &manifest(json!([])), &grant, &json!({})).unwrap_err();
    assert_eq!((error.code(), error.connection()), ("grant-invalid", Some("shop")));
    let message = error.to_string();
    for word in [
        "`nonsense`",
        "`get`",
        "`https://api.example.com`",
        "`http://*.example.com`",
        "`127.0.0.1`",
        "`localhost:80`",
        "`127.0.0.1:0`",
        "`tokem`",
    ] {
        assert!(message.contains(word), "{word} in {message}");
    }
}

#[test]
fn carve_out_is_one_address_and_port() {
    let grant = Grant::new().private_address("127.0.0.1:8443").private_address("[fd00::5]:443");
    let policy = Policy::effective("shop", &manifest(json!([])), &grant, &json!({})).unwrap();
    let table = [
        ("127.0.0.1:8443", Ok(())),
        ("[::ffff:127.0.0.1]:8443", Ok(())),
        ("[fd00::5]:443", Ok(())),
        ("8.8.8.8:443", Ok(())),
        ("127.0.0.1:8444", Err("address-loopback")),
        ("127.0.0.2:8443", Err("address-loopback")),
        ("[::1]:8443", Err("address-loopback")),
        ("[64:ff9b::127.0.0.1]:8443", Err("address-loopback")),
        ("[2002:7f00:1::]:8443", Err("address-loopback")),
        ("[fd00::6]:443", Err("address-private")),
        ("169.254.169.254:80", Err("address-metadata")),
    ];
    for (address, expected) in table {
        let decided = policy.address("erp", address.parse().unwrap()).map_err(|denied| denied.code);
        assert_eq!(decided, expected, "{address}");
    }
}

#[test]
fn slots_need_their_grant() {
    let asked = manifest(json!([]));
    let with = Policy::effective("shop", &asked, &Grant::as_asked(&asked, &json!({})).unwrap(), &json!({})).unwrap();
    let without = Policy::effective("shop", &asked, &Grant::new(), &json!({})).unwrap();
    assert_eq!(with.slot("token"), Ok(()));
    assert_eq!(without.slot("token").unwrap_err().code, "slot-not-granted");
}

#[test]
fn addresses_of_the_manifest_are_joined_to_their_origin() {
    let address = |origin: Value| -> Address {
        serde_json::from_value(json!({"origin": origin, "path": "/oauth/token"})).unwrap()
    };
    let config = json!({"base_url": "https://erp.example.com/app/?x=1"});
    let resolved = |origin| origin::resolve_address(&address(origin), &config).map(|url| url.map(String::from));
    assert_eq!(resolved(json!("https://a.example.com")), Ok(Some("https://a.example.com/oauth/token".into())));
    assert_eq!(resolved(json!({"config": "base_url"})), Ok(Some("https://erp.example.com/app/oauth/token".into())));
    assert_eq!(resolved(json!({"config": "other"})), Ok(None));
    assert!(resolved(json!("https://*.example.com")).is_err());
}

#[test]
fn what_is_shown_has_no_query_values_and_no_user() {
    let shown = |raw: &str| match target::parse(raw) {
        Ok(url) => target::without_query_values(&url),
        Err(_) => target::showable(raw),
    };
    let table = [
        ("https://a.pl/x?token=abc&y", "https://a.pl/x?token=&y="),
        ("https://a.pl/x", "https://a.pl/x"),
        ("https://me:abc@a.pl/x?t=abc#abc", "https://a.pl/x"),
        ("not\u{1b}[31m a url?abc", "not[31m a url"),
    ];
    for (raw, expected) in table {
        assert_eq!(shown(raw), expected);
    }
}
