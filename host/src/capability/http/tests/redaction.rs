//! An upstream that gives back what it was sent.

use std::io::Write as _;

use axum::response::IntoResponse as _;
use base64::Engine as _;
use serde_json::json;

use super::super::{Egress, Refusal};
use super::servers::{self, Seen, Server};
use super::world::{World, get, loopback, manifest};
use crate::policy::Grant;

const SECRET: &str = "~~?p>ässword/with every+kind=&of\"sign>?~~!";

fn echo_of(secret: &str) -> Vec<String> {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    vec![
        secret.to_owned(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
        secret.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        serde_json::to_string(secret).unwrap().trim_matches('"').to_owned(),
    ]
}

/// Fails when the text has the secret in it, or a run of eight characters of any encoding of it.
fn assert_clean(text: &str) {
    for encoded in echo_of(SECRET) {
        let characters: Vec<char> = encoded.chars().collect();
        for run in characters.windows(10) {
            let run: String = run.iter().collect();
            assert!(!text.contains(&run), "{run:?} of {encoded:?} is in {text:?}");
        }
    }
}

async fn answer_of(server: &Server, scheme: serde_json::Value) -> super::super::Response {
    let world = World::new();
    world.secrets.set("key", "value", SECRET);
    world.secrets.set("key", "username", "robot@shop.example.com");
    world.secrets.set("key", "password", SECRET);
    let slots = json!([{"name": "key", "scheme": scheme, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("key")).unwrap();
    egress.send(&world.scope(), get(server.origin()).with("key")).await.unwrap()
}

#[tokio::test]
async fn echo_in_body_and_headers_is_redacted_in_every_encoding() {
    for (index, encoded) in echo_of(SECRET).into_iter().enumerate() {
        let body = format!("{{\"before\": 1, \"echo\": \"{encoded}\", \"after\": \"ąę\"}}");
        // The first is no header value as it is.
        let header = if index == 0 { "none".to_owned() } else { encoded.clone() };
        let answered = body.clone();
        let server = Server::answering(move |_: &Seen| {
            let location = format!("https://evil.example.com/?t={header}");
            ([("x-echo", header.clone()), ("location", location)], answered.clone()).into_response()
        })
        .await;
        let response = answer_of(&server, json!({"type": "header", "name": "x-key"})).await;
        let expected = body.replace(&encoded, "[redacted]");
        assert_eq!(response.text(), expected);
        assert_clean(&format!("{:?}", response.headers));
        if index > 0 {
            assert_eq!(response.header("x-echo"), Some("[redacted]"));
        }
    }
}

#[tokio::test]
async fn basic_combination_is_redacted_and_the_user_name_is_not() {
    let server = Server::answering(|seen: &Seen| {
        format!("you sent {}; robot@shop.example.com", seen.header("authorization").unwrap())
    })
    .await;
    let response = answer_of(&server, json!({"type": "basic"})).await;
    assert!(response.text().ends_with("; robot@shop.example.com"), "{}", response.text());
    assert!(response.text().contains("[redacted]"), "{}", response.text());
    assert_clean(&response.text());
}

#[tokio::test]
async fn what_a_credential_is_on_the_wire_is_redacted_when_it_is_encoded_once_more() {
    use base64::engine::general_purpose::STANDARD;
    let server = Server::answering(|seen: &Seen| {
        let line = format!("{} {:?}", seen.path_and_query, seen.header("authorization"));
        let of_it = seen.header("authorization").map(|value| value.trim_start_matches("Basic ").to_owned());
        let of_it = of_it.or_else(|| seen.path_and_query.split('=').nth(1).map(ToOwned::to_owned)).unwrap();
        format!("{} {} {}", STANDARD.encode(line), hex::encode(&of_it), STANDARD.encode(of_it))
    })
    .await;
    for scheme in [json!({"type": "basic"}), json!({"type": "query", "name": "k"})] {
        let text = answer_of(&server, scheme).await.text();
        let pair = STANDARD.encode(format!("robot@shop.example.com:{SECRET}"));
        let form: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        for wire in [pair, form] {
            for encoded in [STANDARD.encode(&wire), hex::encode(&wire)] {
                let part = encoded.get(4..24).unwrap();
                assert!(!text.contains(part), "{part} of {wire}: {text}");
            }
        }
        assert!(text.matches("[redacted]").count() >= 3, "{text}");
    }
}

#[tokio::test]
async fn compressed_echo_is_redacted() {
    let echo = |seen: &Seen| {
        let body = format!("echo {}", String::from_utf8_lossy(seen.headers.get("x-key").unwrap().as_bytes()));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(body.as_bytes()).unwrap();
        ([("content-encoding", "gzip")], gzip.finish().unwrap()).into_response()
    };
    let response = answer_of(&Server::answering(echo).await, json!({"type": "header", "name": "x-key"})).await;
    assert_eq!(response.text(), "echo [redacted]");
    assert_eq!(response.header("content-encoding"), None);
}

#[tokio::test]
async fn echo_in_what_breaks_the_answer_does_not_get_into_the_error() {
    let world = World::new();
    world.secrets.set("key", "value", "plain-secret-value");
    let broken = [
        "HTTP/1.1 plain-secret-value\r\n\r\n",
        "HTTP/1.1 200 plain-secret-value\r\nplain-secret-value\r\n\r\n",
        "plain-secret-value",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nplain-secret-value\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 18\r\n\r\nplain-secret-value",
    ];
    for answer in broken {
        let address = servers::raw(move |_, mut stream| async move {
            servers::read_request(&mut stream).await;
            servers::write(&mut stream, answer).await;
        })
        .await;
        let origin = format!("http://{address}");
        let slots = json!([{"name": "key", "scheme": {"type": "query", "name": "k"}, "audience": [origin]}]);
        let asked = manifest(&[&origin], slots, json!([]));
        let egress = world.egress("shop", &asked, &loopback(&[address]).slot("key")).unwrap();
        let scope = world.scope();
        let error = egress.send(&scope, get(&origin).with("key")).await.unwrap_err();
        assert!(matches!(error.refusal, Refusal::SentNoAnswer(_)), "{error:?}");
        assert!(!format!("{error:?} {:?}", scope.trace()).contains("plain-secret"), "{error:?}");
    }
}

#[tokio::test]
async fn value_that_was_replaced_is_still_redacted() {
    let world = World::new();
    world.secrets.set("key", "value", "first-secret-value");
    let server = Server::answering(|_| "first-secret-value second-secret-value").await;
    let slots = json!([{"name": "key", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("key")).unwrap();
    egress.send(&world.scope(), get(server.origin()).with("key")).await.unwrap();
    world.secrets.set("key", "value", "second-secret-value");
    egress.send(&world.scope(), get(server.origin()).with("key")).await.unwrap();
    let response = egress.send(&world.scope(), get(server.origin())).await.unwrap();
    assert_eq!(response.text(), "[redacted] [redacted]");
    assert_eq!(egress.redact("log of second-secret-value".into()), "log of [redacted]");
}

#[tokio::test]
async fn value_that_was_replaced_is_still_redacted_by_the_host_that_takes_the_place() {
    let world = World::new();
    world.secrets.set("key", "value", "first-secret-value");
    let server = Server::answering(|_| "first-secret-value second-secret-value").await;
    let slots = json!([{"name": "key", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let grant = loopback(&[server.address]).slot("key");
    let before = world.egress("shop", &asked, &grant).unwrap();
    before.send(&world.scope(), get(server.origin()).with("key")).await.unwrap();
    world.secrets.set("key", "value", "second-secret-value");
    let [after, other] = ["shop", "other"].map(|name| world.egress(name, &asked, &grant).unwrap());
    drop(before);
    let answer = async |egress: &Egress| egress.send(&world.scope(), get(server.origin())).await.unwrap().text();
    assert_eq!(answer(&after).await, "[redacted] [redacted]");
    assert_eq!(answer(&other).await, "first-secret-value [redacted]");
}

#[tokio::test]
async fn value_that_was_sent_before_this_process_began_is_redacted() {
    let server = Server::answering(|_: &Seen| "kept: value-of-an-earlier-run").await;
    let world = World::new();
    world.secrets.set("key", "value", "value-of-an-earlier-run");
    let slot = |name: &str| json!({"name": name, "scheme": {"type": "bearer"}, "audience": [server.origin()]});
    let asked = manifest(&[&server.origin()], json!([slot("missing"), slot("key")]), json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("key").slot("missing")).unwrap();
    // No request has named the slot.
    let response = egress.send(&world.scope(), get(server.origin())).await.unwrap();
    assert_eq!(response.text(), "kept: [redacted]");
}

#[tokio::test]
async fn value_of_an_early_slot_is_redacted_after_many_others_were_used() {
    let server = Server::answering(|_: &Seen| "value-of-slot-00 value-of-slot-29").await;
    let (world, names) = (World::new(), (0..30).map(|number| format!("slot-{number:02}")).collect::<Vec<_>>());
    let slot = |name: &String| json!({"name": name, "scheme": {"type": "bearer"}, "audience": [server.origin()]});
    let asked = manifest(&[&server.origin()], names.iter().map(slot).collect(), json!([]));
    names.iter().for_each(|name| world.secrets.set(name, "value", format!("value-of-{name}")));
    let grant = names.iter().fold(loopback(&[server.address]), Grant::slot);
    let egress = world.egress("shop", &asked, &grant).unwrap();
    for name in &names {
        let response = egress.send(&world.scope(), get(server.origin()).with(name)).await.unwrap();
        assert_eq!(response.text(), "[redacted] [redacted]", "{name}");
    }
}

#[tokio::test]
async fn name_of_a_header_with_a_secret_in_it_is_another_one() {
    let server = Server::answering(|seen: &Seen| {
        let token = seen.header("authorization").unwrap().trim_start_matches("Bearer ").to_lowercase();
        [(format!("x-{token}"), "a".to_owned()), (format!("x-{}", hex::encode("Secret-Of-The-Shop")), "b".to_owned())]
    })
    .await;
    let world = World::new();
    world.secrets.set("token", "value", "Secret-Of-The-Shop");
    let slots = json!([{"name": "token", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("token")).unwrap();
    let scope = world.scope();
    let response = egress.send(&scope, get(server.origin()).with("token")).await.unwrap();
    let headers = response.headers.iter().filter(|(name, _)| name == "redacted").map(|(_, value)| value.as_str());
    assert_eq!(headers.collect::<Vec<_>>(), ["a", "b"], "{:?}", response.headers);
    assert_eq!(scope.trace().leaks[0].place, "header name");
}

/// The table of encodings is worth something only when its entries differ.
#[test]
fn every_encoding_of_the_test_secret_is_another_text() {
    let distinct: std::collections::BTreeSet<String> = echo_of(SECRET).into_iter().collect();
    assert_eq!(distinct.len(), echo_of(SECRET).len(), "{distinct:?}");
}

#[tokio::test]
async fn answer_in_a_coding_that_cannot_be_searched_is_refused() {
    let world = World::new();
    for (coding, passes) in [("identity", true), ("deflate", false), ("gzip, gzip", false), ("x-own", false)] {
        let server = Server::answering(move |_| [("content-encoding", coding)].into_response()).await;
        let asked = manifest(&[&server.origin()], json!([]), json!([]));
        let egress = world.egress("shop", &asked, &loopback(&[server.address])).unwrap();
        let result = egress.send(&world.scope(), get(server.origin())).await;
        assert_eq!(result.is_ok(), passes, "{coding}: {result:?}");
    }
}

#[tokio::test]
async fn coding_that_is_hidden_behind_another_is_refused() {
    let codings = [
        "content-encoding: gzip\r\ncontent-encoding: br\r\ncontent-length: 0",
        "content-encoding: identity\r\ncontent-encoding: gzip\r\ncontent-length: 0",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked",
    ];
    for headers in codings {
        let address = servers::raw(move |_, mut stream| async move {
            servers::read_request(&mut stream).await;
            servers::write(&mut stream, &format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n0\r\n\r\n")).await;
        })
        .await;
        let (world, origin) = (World::new(), format!("http://{address}"));
        let asked = manifest(&[&origin], json!([]), json!([]));
        let egress = world.egress("shop", &asked, &loopback(&[address])).unwrap();
        let error = egress.send(&world.scope(), get(&origin)).await.unwrap_err();
        let told = format!("{:?}", error.refusal);
        assert!(told.contains("which was not asked for"), "{headers}: {told}");
    }
}

#[tokio::test]
async fn codings_are_asked_for_unless_it_is_for_a_part() {
    let server = Server::answering(|seen: &Seen| seen.header("accept-encoding").unwrap_or("none").to_owned()).await;
    let world = World::new();
    let asked = manifest(&[&server.origin()], json!([]), json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address])).unwrap();
    for (request, codings) in
        [(get(server.origin()), "gzip, br, zstd"), (get(server.origin()).header("range", "bytes=0-9"), "none")]
    {
        assert_eq!(egress.send(&world.scope(), request).await.unwrap().text(), codings);
    }
}

#[tokio::test]
async fn what_the_remote_gives_back_is_in_the_trace_with_its_place() {
    let server = Server::answering(|seen: &Seen| {
        let shown = seen.header("authorization").unwrap().to_owned();
        ([("x-echo", shown.clone())], shown)
    })
    .await;
    let world = World::new();
    world.secrets.set("token", "value", "second-secret-value");
    let slots = json!([{"name": "token", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, json!([]));
    let egress = world.egress("shop", &asked, &loopback(&[server.address]).slot("token")).unwrap();
    let scope = world.scope();
    egress.send(&scope, get(server.origin()).with("token")).await.unwrap();
    let leaks = scope.trace().leaks;
    let leaks: Vec<_> = leaks.iter().map(|leak| (leak.place.as_str(), leak.request)).collect();
    assert_eq!(leaks, [("x-echo", Some(1)), ("body", Some(1))]);
    // However often, each place is told once, and no more than a few.
    (0..100).for_each(|number| scope.leaked(&format!("place {number}"), None));
    (0..100).for_each(|_| scope.leaked("body", Some(1)));
    assert_eq!(scope.trace().leaks.len(), 32);
}
