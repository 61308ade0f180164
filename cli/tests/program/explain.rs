//! Why a request may leave, or may not.

use serde_json::{Value, json};

use crate::Site;

const FILE: &str = r#"[connection.shop]
connector = "http-get"
config.base_url = "http://127.0.0.1:9"
credential.token.value = { env = "SHOP_TOKEN" }
grant.plain_http = [
    "http://127.0.0.1:9",
]
grant.private_addresses = ["127.0.0.1:9"]
"#;

fn explain(file: &str, method: &str, url: &str) -> (i32, Value) {
    let site = Site::new(file);
    site.install("http-get");
    site.json(&["explain", "shop", method, url])
}

#[test]
fn allowed_request_names_each_rule_and_where_it_stands() {
    let (exit, value) = explain(FILE, "GET", "http://127.0.0.1:9/orders?key=value");
    assert_eq!((exit, &value["allowed"], &value["refused"]), (0, &json!(true), &Value::Null), "{value:#}");
    assert_eq!(
        (&value["url"], &value["asked"]),
        (&json!("http://127.0.0.1:9/orders?key="), &json!("origin of config.base_url"))
    );
    assert_eq!(value["granted"], json!({ "list": "plain_http", "text": "http://127.0.0.1:9", "at": "wharf.toml:6" }));
    let address = &value["addresses"][0];
    let seen = (&address["address"], &address["special"], &address["granted_at"]);
    assert_eq!(seen, (&json!("127.0.0.1:9"), &json!("a loopback address"), &json!("wharf.toml:8")));
    assert_eq!(value["approval"]["want"], json!("origin of config.base_url, any method"));
    assert!(value["approval"]["at"].as_str().is_some_and(|at| at.starts_with("20")), "{value:#}");
    let token = json!({ "slot": "token", "refused": null, "sources": ["value from variable SHOP_TOKEN"] });
    assert_eq!(value["credentials"], json!([token]));
}

#[test]
fn refused_request_names_the_rule_that_is_missing() {
    let no_grant = FILE
        .replace("grant.plain_http", "config.ignored")
        .replace("config.ignored = [\n    \"http://127.0.0.1:9\",\n]\n", "");
    let table = [
        (FILE.to_owned(), "GET", "http://127.0.0.1:10/", "host-not-asked"),
        (FILE.to_owned(), "GET", "https://127.0.0.1:9/", "host-not-asked"),
        (FILE.to_owned(), "GET", "http://user@127.0.0.1:9/", "url-userinfo"),
        (FILE.to_owned(), "TRACE", "http://127.0.0.1:9/", "method-invalid"),
        (
            FILE.replace("private_addresses = [\"127.0.0.1:9\"]", "private_addresses = []"),
            "GET",
            "http://127.0.0.1:9/",
            "address-loopback",
        ),
        (
            no_grant + "grant.origins = [\"https://other.example\"]\n",
            "GET",
            "http://127.0.0.1:9/",
            "plain-http-not-granted",
        ),
    ];
    for (file, method, url, code) in table {
        let (exit, value) = explain(&file, method, url);
        assert_eq!((exit, value["refused"]["code"].as_str()), (1, Some(code)), "{method} {url}: {value:#}");
    }
}

#[test]
fn people_see_the_verdict_first_and_never_a_value() {
    let site = Site::new(FILE);
    site.install("http-get");
    let mut command = site.command(&["explain", "shop", "GET", "http://127.0.0.1:9/"]);
    let output = command.env("SHOP_TOKEN", "s3cr3t-of-the-shop").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("allowed\n") && text.contains("wharf.toml:6"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}
