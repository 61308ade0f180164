//! The journal feed.

use wharf_sdk::{Bounds, Completeness, Content};
use wharf_sdk_testing::{Answer, FakeHost};

use crate::shop::{at_most, call, filtered, pull};

const NOW: u64 = 1_760_000_000_000;
const DAY: u64 = 24 * 60 * 60;

fn logs(entries: &[(&str, u64, u64)]) -> Answer {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, id, date)| format!(r#"{{"{key}":{id},"order_id":5,"log_type":18,"object_id":205,"date":{date}}}"#))
        .collect();
    Answer::json(200, format!(r#"{{"status":"SUCCESS","logs":[{}]}}"#, entries.join(",")))
}

#[test]
fn entries_are_read_by_either_name_of_their_id() {
    let host =
        FakeHost::new().now(NOW).answer(logs(&[("id", 12, 1_759_999_000), ("log_id", 11, 1_759_998_000)])).install();
    let page = pull("journal", None, &Bounds::default()).expect("a page");
    let ids: Vec<_> = page.items.iter().map(|item| (item.entity.as_str(), item.id.as_str(), item.updated)).collect();
    assert_eq!(ids, [("order-event", "11", Some(1_759_998_000_000)), ("order-event", "12", Some(1_759_999_000_000))]);
    assert!(page.items.iter().all(|item| matches!(item.content, Content::Slice(_))));
    assert_eq!(page.state, Completeness::CaughtUp);
    let request = host.only_request();
    assert!(request.keep);
    assert_eq!(call(&request).1.to_string(), r#"{"last_log_id":0}"#);
}

#[test]
fn a_page_ends_where_its_cursor_says() {
    let all = [("log_id", 11, 1_759_998_000), ("log_id", 12, 1_759_998_000), ("log_id", 13, 1_759_998_000)];
    let host = FakeHost::new().now(NOW).answer(logs(&all)).answer(logs(&all[2..])).answer(logs(&all)).install();
    let first = pull("journal", None, &at_most(2)).expect("a page");
    assert_eq!((first.items.len(), first.state), (2, Completeness::More));
    let second = pull("journal", Some(first.next.clone()), &at_most(2)).expect("a page");
    assert_eq!((second.items[0].id.as_str(), second.state), ("13", Completeness::CaughtUp));
    // A server that takes `last_log_id` as "from" sends what was read already.
    let third = pull("journal", Some(second.next), &at_most(2)).expect("a page");
    assert_eq!((third.items.len(), third.state), (0, Completeness::CaughtUp));
    assert_eq!(call(&host.requests()[1]).1["last_log_id"], 12);
}

#[test]
fn types_and_windows_are_honoured() {
    let host =
        FakeHost::new().now(NOW).answer(logs(&[("log_id", 1, 1_759_990_000), ("log_id", 2, 1_759_999_000)])).install();
    let bounds = Bounds { since: Some(1_759_995_000_000), ..filtered(&[("type", "18"), ("type", "1")]) };
    let page = pull("journal", None, &bounds).expect("a page");
    assert_eq!(page.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["2"]);
    assert_eq!(call(&host.only_request()).1["logs_types"], serde_json::json!([18, 1]));
    assert!(host.log().is_empty());
}

#[test]
fn an_account_without_a_journal_has_an_empty_one() {
    for empty in ["[]", "{}", "\"\""] {
        let body = format!(r#"{{"status":"SUCCESS","logs":{empty}}}"#);
        let _host = FakeHost::new().now(NOW).answer(Answer::json(200, body)).install();
        let page = pull("journal", None, &Bounds::default()).expect("a page");
        assert_eq!((page.items.len(), page.state), (0, Completeness::CaughtUp));
    }
}

#[test]
fn a_gap_that_the_vendor_forgot_is_reported() {
    let seconds = NOW / 1000;
    for (days_since, next_id, warned) in [(4, 900, true), (4, 12, false), (2, 900, false)] {
        let host = FakeHost::new()
            .now(NOW)
            .answer(logs(&[("log_id", 11, seconds)]))
            .answer(logs(&[("log_id", next_id, seconds + (days_since - 1) * DAY)]))
            .install();
        let cursor = pull("journal", None, &Bounds::default()).expect("a page").next;
        host.advance_seconds(days_since * DAY);
        pull("journal", Some(cursor), &Bounds::default()).expect("a page");
        assert_eq!(!host.log().is_empty(), warned, "{days_since} days, id {next_id}");
    }
    let host = FakeHost::new().now(NOW).answer(logs(&[])).install();
    pull("journal", None, &Bounds { since: Some(NOW - 5 * DAY * 1000), ..Bounds::default() }).expect("a page");
    assert!(host.log()[0].event.contains("does not reach back"));
}
