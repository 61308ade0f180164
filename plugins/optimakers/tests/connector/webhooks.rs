//! What Optimakers sends on its own account.

use optimakers::Optimakers;
use wharf_sdk::{Delivery, Event, Parsed, Webhooks};
use wharf_sdk_testing::FakeHost;

const TOKEN: &str = "my-secret";

fn delivery(body: impl Into<Vec<u8>>) -> Delivery {
    Delivery { method: "POST".to_owned(), path: "/".to_owned(), headers: Vec::new(), body: body.into() }
}

fn message(source: &str, ids: &str) -> String {
    format!(
        r#"{{"Id":"3f0b7c1e-0000-4000-8000-00000000000A","CreatedAt":"2026-02-01T10:15:00","Token":"{TOKEN}",
        "EventSource":"{source}","WebhookRegistrationId":4,"Ids":{ids}}}"#
    )
}

fn parse(body: impl Into<Vec<u8>>) -> Result<Vec<Event>, String> {
    let host = FakeHost::new().secret("webhook", TOKEN).install();
    let parsed = Optimakers::parse(delivery(body));
    assert!(host.requests().is_empty());
    match parsed {
        Parsed::Events(events) => Ok(events),
        Parsed::Rejected(why) => Err(why),
        Parsed::Handshake(_) => panic!("no handshake is known of Optimakers"),
    }
}

fn seen(events: &[Event]) -> Vec<(&str, &str, &str, bool)> {
    events.iter().map(|event| (event.key.as_str(), event.entity.as_str(), event.id.as_str(), event.deleted)).collect()
}

#[test]
fn the_message_of_the_manual_is_one_event() {
    let events = parse(message("order.updated", "[1201]")).unwrap();
    assert_eq!(seen(&events), [("3f0b7c1e-0000-4000-8000-00000000000a/1201", "order", "1201", false)]);
}

#[test]
fn names_may_be_spelled_either_way() {
    let pascal = message("Order.Updated", "[1201]");
    let camel = pascal
        .replace("\"Id\"", "\"id\"")
        .replace("\"Token\"", "\"token\"")
        .replace("\"EventSource\"", "\"eventSource\"")
        .replace("\"Ids\"", "\"ids\"");
    assert_ne!(pascal, camel);
    assert_eq!(parse(pascal).unwrap(), parse(camel).unwrap());
}

#[test]
fn each_id_is_an_event_and_a_duplicate_has_the_same_keys() {
    let body = message("product.created", "[3000000001, \"3000000002\", 3000000001]");
    let events = parse(body.clone()).unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["3000000001", "3000000002"]);
    assert_ne!(events[0].key, events[1].key);
    assert_eq!(events, parse(body).unwrap());
}

#[test]
fn sources_become_entities_and_what_is_deleted_is_said_to_be() {
    for (source, expected) in [
        ("product.deleted", Some(("product", true))),
        ("product.updated", Some(("product", false))),
        ("order.created", Some(("order", false))),
        ("order.deleted", Some(("order", true))),
        ("customer.updated", Some(("partner", false))),
        ("invoice.created", None),
        ("nothing", None),
    ] {
        let events = parse(message(source, "[5]")).unwrap();
        let found = events.first().map(|event| (event.entity.as_str(), event.deleted));
        assert_eq!(found, expected, "{source}");
    }
}

#[test]
fn a_message_with_another_token_or_without_one_is_rejected() {
    let good = message("order.updated", "[1201]");
    for body in [
        good.replace(TOKEN, "other"),
        good.replace(TOKEN, ""),
        good.replace(&format!("\"{TOKEN}\""), "null"),
        good.replace(&format!("\"{TOKEN}\""), "true"),
        good.replace("\"Token\"", "\"Other\""),
    ] {
        let why = parse(body.clone()).unwrap_err();
        assert!(why.contains("Token"), "{body}: {why}");
        assert!(!why.contains(TOKEN));
    }
}

#[test]
fn a_message_that_lacks_something_is_rejected() {
    let good = message("order.updated", "[1201]");
    for body in [
        good.replace("\"Id\"", "\"X\""),
        good.replace("\"EventSource\"", "\"X\""),
        good.replace("\"Ids\"", "\"X\""),
        message("order.updated", "[0]"),
        message("order.updated", "[{}]"),
        message("order.updated", "7"),
        "[]".to_owned(),
        "<xml/>".to_owned(),
        String::new(),
    ] {
        assert!(parse(body.clone()).is_err(), "{body}");
    }
    assert!(parse(vec![0xff, 0xfe]).is_err());
    assert_eq!(parse(message("order.updated", "[]")).unwrap(), []);
}

#[test]
fn without_a_secret_nothing_is_believed() {
    let _host = FakeHost::new().install();
    let parsed = Optimakers::parse(delivery(message("order.updated", "[1201]")));
    assert!(matches!(parsed, Parsed::Rejected(why) if why.contains("slot `webhook`")));
}
