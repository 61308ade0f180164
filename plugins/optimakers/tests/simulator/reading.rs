//! Setup, reference lists, feeds, look-ups and webhooks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimakers::Optimakers;
use wharf_sdk::failure::Cause;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Bounds, Completeness, Cursor, Delivery, Event, Feeds, Parsed, Records, References, Setup, Webhooks};
use wharf_simulators::fault::Kind;
use wharf_simulators::optimakers::{Casing, ListShape, Paging, Table, Webhook};

use crate::bridge::{Bridge, MAPPED};

/// Pulls until the end of a round, at most `max_items` a page.
fn round(feed: &str, mut cursor: Option<Cursor>, max_items: u32) -> (Vec<String>, Cursor) {
    let mut all = Vec::new();
    for _ in 0..200 {
        let bounds = Bounds { max_items, ..Bounds::default() };
        let page = Optimakers::pull(feed, cursor, bounds).unwrap();
        all.extend(page.items.into_iter().map(|item| item.id));
        if page.state == Completeness::CaughtUp {
            return (all, page.next);
        }
        cursor = Some(page.next);
    }
    panic!("the round does not end");
}

fn seeded(config: &str, change: impl FnOnce(&mut wharf_simulators::optimakers::Options)) -> (Bridge, Vec<String>) {
    let bridge = Bridge::start(&format!("{MAPPED}{config}"), change);
    let seed = |index: usize| bridge.simulator.seed_customer(&format!("C{index}"), &format!("c{index}"), "c@x.pl");
    let ids = (0..7).map(seed).map(|id| id.to_string()).collect();
    (bridge, ids)
}

#[test]
fn the_check_passes_every_step() {
    let bridge = Bridge::start(MAPPED, |_| {});
    let _host = bridge.host("optimes-key");
    let steps = Optimakers::check();
    // The test's clock stands still in another year than the server's.
    let not_ok: Vec<_> =
        steps.iter().filter(|step| step.state != StepState::Ok).map(|step| step.name.as_str()).collect();
    assert_eq!(not_ok, ["clock"], "{steps:?}");
    drop(_host);
    let _host = bridge.host("wrong");
    let steps = Optimakers::check();
    assert_eq!((steps[1].name.as_str(), steps[1].state), ("sign in", StepState::Failed));
}

#[test]
fn every_reference_list_is_read() {
    let bridge = Bridge::start(r#""page_size": 2"#, |_| {});
    let _host = bridge.host("optimes-key");
    for (list, count) in
        [("order-status", 3), ("order-attribute", 6), ("customer-attribute", 1), ("vat-rate", 5), ("currency", 3)]
    {
        for shape in [ListShape::Counted, ListShape::Uncounted, ListShape::Bare] {
            bridge.simulator.change(|options| options.list_shape = shape);
            assert_eq!(Optimakers::page(list, None).unwrap().references.len(), count, "{list} {shape:?}");
        }
    }
}

#[test]
fn a_feed_gives_every_record_once_however_it_is_cut_and_listed() {
    for shape in [ListShape::Counted, ListShape::Uncounted, ListShape::Bare] {
        for paging in [Paging::Honoured, Paging::Ignored] {
            let (bridge, ids) =
                seeded(r#", "page_size": 3"#, |options| (options.list_shape, options.paging) = (shape, paging));
            let _host = bridge.host("optimes-key");
            for max_items in [1, 2, 3, 100] {
                // A list that ignores paging is longer than asked for: at one a page it ends no sooner than it must.
                let (all, _) = round("customers", None, max_items);
                assert_eq!(all, ids, "{shape:?} {paging:?} {max_items} a page");
            }
        }
    }
}

#[test]
fn the_next_round_brings_what_changed_and_an_ignored_filter_brings_all() {
    let (bridge, ids) = seeded("", |_| {});
    let _host = bridge.host("optimes-key");
    let (_, cursor) = round("customers", None, 100);
    bridge.simulator.advance(Duration::from_secs(4 * 3600));
    let (_, cursor) = round("customers", Some(cursor), 100);
    let (all, _) = round("customers", Some(cursor.clone()), 100);
    assert_eq!(all, [] as [&str; 0], "hours later nothing has changed");
    let changed: i64 = ids[2].parse().unwrap();
    bridge.simulator.edit(Table::Customers, changed, &serde_json::json!({"name": "New"}));
    assert_eq!(round("customers", Some(cursor.clone()), 100).0, [ids[2].as_str()]);
    bridge.simulator.change(|options| options.ignored_filters = BTreeSet::from(["modifiedFrom".to_owned()]));
    assert_eq!(round("customers", Some(cursor), 100).0, ids);
}

#[test]
fn a_fault_in_the_middle_of_a_round_moves_nothing() {
    let (bridge, ids) = seeded(r#", "page_size": 3"#, |_| {});
    let host = bridge.host("optimes-key");
    let first = Optimakers::pull("customers", None, Bounds::default()).unwrap();
    type Check = fn(&Cause) -> bool;
    let faults: [(Kind, Check); 9] = [
        (Kind::RateLimit, |cause| matches!(cause, Cause::RateLimited(limit) if limit.not_before.is_some())),
        (Kind::Vendor("maintenance".to_owned()), |cause| matches!(cause, Cause::Unavailable(Some(_)))),
        (Kind::Vendor("login_page".to_owned()), |cause| *cause == Cause::Unavailable(None)),
        (Kind::Unauthorized, |cause| *cause == Cause::AuthRevoked),
        (Kind::HtmlInsteadOfJson, |cause| matches!(cause, Cause::Unavailable(_))),
        (Kind::TruncatedJson, |cause| *cause == Cause::Unavailable(None)),
        (Kind::DropResponse, |cause| *cause == Cause::Unavailable(None)),
        (Kind::ResetBefore, |cause| *cause == Cause::Unavailable(None)),
        (Kind::EchoRequestHeaders { status: 500 }, |cause| *cause == Cause::Unavailable(None)),
    ];
    bridge.simulator.change(|options| options.retry_after_seconds = Some(7));
    for (kind, is_it) in faults {
        bridge.simulator.faults().clear();
        bridge.simulator.faults().nth("GET /customers", 1, kind.clone());
        let failure = Optimakers::pull("customers", Some(first.next.clone()), Bounds::default()).unwrap_err();
        assert!(is_it(failure.cause()), "{kind:?}: {failure:?}");
    }
    let (rest, _) = round("customers", Some(first.next), 100);
    assert_eq!(first.items.iter().map(|item| item.id.clone()).chain(rest).collect::<Vec<_>>(), ids);
    assert!(host.log().is_empty());
}

#[test]
fn records_are_looked_up_though_the_parameter_is_not_known() {
    let (bridge, ids) = seeded("", |_| {});
    bridge.simulator.seed_product("Kubek", "KUB-1", 43.70);
    let product = bridge.simulator.seed_product("Talerz", "TAL-1", 10.0).to_string();
    let _host = bridge.host("optimes-key");
    for (entity, key, value, found) in [
        ("partner", "login", "c3", vec![ids[3].as_str()]),
        ("partner", "login", "c", vec![]),
        ("partner", "email", "C@X.pl", ids.iter().map(String::as_str).collect()),
        ("product", "sku", "TAL-1", vec![product.as_str()]),
        ("product", "sku", "TAL", vec![]),
        ("order", "external_number", "BL-1", vec![]),
    ] {
        let items = Optimakers::lookup(entity, &[(key.to_owned(), value.to_owned())], 100).unwrap();
        assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), found, "{entity} {key} {value}");
    }
}

/// Receives messages as a host does: the bytes go to the connector.
struct Inbox {
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Inbox {
    fn open(bridge: &Bridge, token: &str) -> Self {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/hooks/optimakers", listener.local_addr().unwrap());
        let bodies: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let received = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
                while !is_whole(&request) {
                    let Ok(length @ 1..) = stream.read(&mut chunk) else { break };
                    request.extend_from_slice(&chunk[..length]);
                }
                let (_, body) = parts(&request).unwrap();
                received.lock().unwrap().push(body.to_vec());
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            }
        });
        bridge.simulator.register(Webhook::new(&url, token));
        Self { bodies }
    }

    /// Returns what the connector makes of each message.
    fn parsed(&self) -> Vec<Result<Vec<Event>, String>> {
        let bodies = self.bodies.lock().unwrap().clone();
        let parse = |body: Vec<u8>| {
            let delivery = Delivery { method: "POST".to_owned(), path: "/".to_owned(), headers: Vec::new(), body };
            match Optimakers::parse(delivery) {
                Parsed::Events(events) => Ok(events),
                Parsed::Rejected(why) => Err(why),
                Parsed::Handshake(_) => panic!("no handshake is known of Optimakers"),
            }
        };
        bodies.into_iter().map(parse).collect()
    }
}

fn parts(request: &[u8]) -> Option<(&str, &[u8])> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&request[..end]).ok()?, &request[end + 4..]))
}

fn is_whole(request: &[u8]) -> bool {
    let Some((head, body)) = parts(request) else { return false };
    let head = head.to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    body.len() >= length.lines().next().unwrap().trim().parse().unwrap()
}

#[test]
fn messages_become_events_in_either_spelling_and_forged_ones_are_rejected() {
    let bridge = Bridge::start(MAPPED, |_| {});
    let inbox = Inbox::open(&bridge, "my-secret");
    let product = bridge.simulator.seed_product("Kubek", "KUB-1", 43.70);
    bridge.simulator.edit(Table::Products, product, &serde_json::json!({"name": "Kubek 2"}));
    bridge.wait_for_attempts(1);
    bridge.simulator.change(|options| options.webhooks.casing = Casing::Camel);
    bridge.simulator.remove(Table::Products, product);
    bridge.wait_for_attempts(2);
    bridge.simulator.change(|options| options.webhooks.copies = 2);
    bridge.simulator.emit("order.updated", &[3_000_000_001, 3_000_000_002]);
    bridge.wait_for_attempts(4);
    bridge.simulator.change(|options| options.webhooks.token_wrong = true);
    bridge.simulator.emit("order.updated", &[3_000_000_001]);
    bridge.wait_for_attempts(6);
    let _host = bridge.host("optimes-key");
    let parsed = inbox.parsed();
    let product = product.to_string();
    let seen = |index: usize| -> Vec<(&str, &str, bool)> {
        let events = parsed[index].as_ref().unwrap();
        events.iter().map(|event| (event.entity.as_str(), event.id.as_str(), event.deleted)).collect()
    };
    assert_eq!(seen(0), [("product", product.as_str(), false)]);
    assert_eq!(seen(1), [("product", product.as_str(), true)]);
    assert_eq!(seen(2), [("order", "3000000001", false), ("order", "3000000002", false)]);
    assert_eq!(parsed[2], parsed[3], "a duplicate has the same keys");
    assert!(parsed[4].is_err() && parsed[5].is_err(), "{parsed:?}");
}
