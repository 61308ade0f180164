//! Feeds: pages, rounds, and lists that change meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use operand::Operand;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Bounds, Completeness, Cursor, Feeds, Page};
use wharf_sdk_testing::{Answer, FakeHost, document};

use crate::support::{fields, host, parameter, records, sent};

/// A list that tests change: id and second of the last change.
type List = Rc<RefCell<Vec<(u32, u32)>>>;

fn list(ids: impl IntoIterator<Item = u32>) -> List {
    Rc::new(RefCell::new(ids.into_iter().map(|id| (id, 0)).collect()))
}

/// An Operand with these receivables, that ignores `updatedFrom`.
fn finance(list: &List) -> FakeHost {
    let list = Rc::clone(list);
    host("").respond(move |request| {
        let limit = parameter(&request.url, "limit").unwrap().min(100);
        let offset = parameter(&request.url, "offset").unwrap();
        let rows: Vec<String> = list
            .borrow()
            .iter()
            .skip(offset)
            .take(limit)
            .map(|(id, second)| format!(r#"{{"id": {id}, "value": 10, "updatedAt": "2026-02-01 10:00:{second:02}"}}"#))
            .collect();
        records(&rows.join(","))
    })
}

fn pull(cursor: Option<Cursor>, bounds: &Bounds) -> Page {
    Operand::pull("receivables", cursor, bounds.clone()).unwrap()
}

fn ids(page: &Page) -> Vec<u32> {
    page.items.iter().map(|item| item.id.strip_prefix("receivable:").unwrap().parse().unwrap()).collect()
}

/// Reads until the feed has caught up, and calls `between` after each page.
fn round(mut cursor: Option<Cursor>, bounds: &Bounds, mut between: impl FnMut(usize)) -> (Vec<u32>, Cursor) {
    let mut read = Vec::new();
    for number in 0..200 {
        let page = pull(cursor.clone(), bounds);
        read.extend(ids(&page));
        if page.state == Completeness::CaughtUp {
            return (read, page.next);
        }
        assert_ne!(Some(&page.next), cursor.as_ref(), "a page with more to come moves the cursor");
        cursor = Some(page.next);
        between(number);
    }
    panic!("the feed does not end")
}

fn sorted(mut ids: Vec<u32>) -> Vec<u32> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[test]
fn every_row_is_read_once_whatever_the_pages() {
    for rows in [0, 1, 3, 4, 9, 10, 11, 99, 100, 101, 250] {
        for (max_items, max_bytes) in [(1, 1 << 20), (3, 1 << 20), (100, 1 << 20), (1000, 1 << 20), (3, 10), (100, 700)]
        {
            if rows > 20 && max_items < 100 {
                continue;
            }
            let _host = finance(&list(0..rows)).install();
            let (read, _) = round(None, &Bounds { max_items, max_bytes, ..Bounds::default() }, |_| {});
            assert_eq!(read, (0..rows).collect::<Vec<_>>(), "{rows} rows by {max_items}/{max_bytes}");
        }
    }
}

#[test]
fn rows_that_are_removed_between_pages_hide_no_other() {
    for removed in [1, 3, 9] {
        let list = list(0..60);
        let _host = finance(&list).install();
        let shrinking = Rc::clone(&list);
        let (read, _) = round(None, &Bounds { max_items: 20, ..Bounds::default() }, |number| {
            if number == 0 {
                shrinking.borrow_mut().drain(..removed);
            }
        });
        assert_eq!(sorted(read), (0..60).collect::<Vec<_>>(), "{removed} of the rows that were read are gone");
    }
}

#[test]
fn pages_that_cannot_be_joined_are_read_again_from_the_start() {
    let list = list(0..60);
    let _host = finance(&list).install();
    let shrinking = Rc::clone(&list);
    let (read, _) = round(None, &Bounds { max_items: 20, ..Bounds::default() }, |number| {
        if number == 0 {
            shrinking.borrow_mut().drain(..30);
        }
    });
    assert_eq!(sorted(read), (0..20).chain(30..60).collect::<Vec<_>>());
}

#[test]
fn rows_that_come_in_front_hide_no_other() {
    let list = list(0..60);
    let _host = finance(&list).install();
    let growing = Rc::clone(&list);
    let (read, next) = round(None, &Bounds { max_items: 20, ..Bounds::default() }, |number| {
        if number == 0 {
            growing.borrow_mut().splice(0..0, (100..105).map(|id| (id, 30)));
        }
    });
    assert_eq!(sorted(read), (0..60).collect::<Vec<_>>());
    let (read, _) = round(Some(next), &Bounds::default(), |_| {});
    assert!((100..105).all(|id| read.contains(&id)), "the next round has them: {read:?}");
}

#[test]
fn a_row_that_changes_and_moves_is_read_by_the_next_round() {
    // Newest first: a row that changes while the list is read goes to its front, where the round has been already.
    let list = list(0..60);
    let _host = finance(&list).install();
    let moving = Rc::clone(&list);
    let (read, next) = round(None, &Bounds { max_items: 20, ..Bounds::default() }, |number| {
        if number == 0 {
            let mut list = moving.borrow_mut();
            list.retain(|(id, _)| *id != 50);
            list.insert(0, (50, 40));
        }
    });
    assert!(!read.contains(&50));
    let (read, _) = round(Some(next), &Bounds::default(), |_| {});
    assert!(read.contains(&50), "{read:?}");
}

#[test]
fn a_round_reads_what_changed_since_the_one_before_with_an_overlap() {
    let rows = r#"{"id": 1, "updatedAt": "2026-02-01 10:00:00"}, {"id": 2, "updatedAt": "2026-02-01 12:00:00"}"#;
    let host =
        host("").answer(records(rows).header("Date", "Sun, 01 Feb 2026 20:00:00 GMT")).answer(records(rows)).install();
    let page = pull(None, &Bounds::default());
    assert_eq!((ids(&page), page.state), (vec![1, 2], Completeness::CaughtUp));
    let page = pull(Some(page.next), &Bounds::default());
    // A server that ignores `updatedFrom` returns all of them; what is older is left out here.
    assert_eq!(ids(&page), [2]);
    assert_eq!(
        sent(&host),
        [
            "GET /beta/finance/receivables?limit=90&offset=0",
            "GET /beta/finance/receivables?updatedFrom=2026-02-01%2011%3A50%3A00&limit=90&offset=0"
        ]
    );
}

#[test]
fn a_round_begins_before_the_one_before_began() {
    // The newest change came an hour after the round began, so what it hid is read again.
    let rows = r#"{"id": 1, "updatedAt": "2026-02-01 12:00:00"}"#;
    let host =
        host("").answer(records(rows).header("Date", "Sun, 01 Feb 2026 14:00:00 GMT")).answer(records(rows)).install();
    let page = pull(None, &Bounds::default());
    pull(Some(page.next), &Bounds::default());
    assert!(sent(&host)[1].contains("updatedFrom=2026-02-01%2010%3A50%3A00"), "{:?}", sent(&host));
}

#[test]
fn equal_times_across_a_boundary_lose_nothing() {
    let list = list(0..25);
    let _host = finance(&list).install();
    let bounds = Bounds { max_items: 4, since: Some(1_769_950_800_000), ..Bounds::default() };
    let (read, next) = round(None, &bounds, |_| {});
    assert_eq!(read, (0..25).collect::<Vec<_>>());
    let (again, _) = round(Some(next), &bounds, |_| {});
    assert_eq!(again, (0..25).collect::<Vec<_>>(), "the host drops them by their revision");
}

#[test]
fn the_same_cursor_gives_the_same_page() {
    let _host = finance(&list(0..50)).install();
    let bounds = Bounds { max_items: 20, ..Bounds::default() };
    let first = pull(None, &bounds);
    let (once, again) = (pull(Some(first.next.clone()), &bounds), pull(Some(first.next.clone()), &bounds));
    assert_eq!((&once.items, &once.next), (&again.items, &again.next));
    assert_eq!(ids(&once), (20..40).collect::<Vec<_>>());
}

#[test]
fn filters_and_windows_narrow_a_feed() {
    let rows = r#"{"id": 1, "updatedAt": "2026-02-01 09:59:59"}, {"id": 2, "updatedAt": "2026-02-01 10:00:00"},
        {"id": 3, "updatedAt": "2026-02-01 11:00:00"}, {"id": 4, "updatedAt": "0000-00-00 00:00:00"}"#;
    let host = host("").answer(records(rows)).install();
    let bounds = Bounds {
        since: Some(1_769_950_800_000),
        until: Some(1_769_954_400_000),
        filter: fields(&[("situation", "open"), ("situation", "late"), ("client", "7")]),
        ..Bounds::default()
    };
    let page = pull(None, &bounds);
    assert_eq!(ids(&page), [2, 4], "a record that never says when it changed is always read");
    assert_eq!(
        sent(&host)[0],
        "GET /beta/finance/receivables?clientIds%5B%5D=7&situations%5B%5D=open&situations%5B%5D=late\
         &updatedFrom=2026-02-01%2010%3A00%3A00&limit=90&offset=0"
    );
}

#[test]
fn a_receivable_becomes_an_invoice_with_its_amounts_exact() {
    let rows = r#"{"id": "31", "clientId": 10, "clientName": "Padaria Sol", "description": "Campanha de verão", "documentNumber": "F-31",
        "issueDate": "2026-02-01", "dueDate": "2026-03-01 00:00:00", "paymentDate": "0000-00-00 00:00:00", "value": "1.234,56",
        "paidValue": 34.56, "situation": "open", "categoryId": 5, "invoiceNumber": "", "bankSlipUrl": null, "updatedAt": "2026-02-01 10:00:00",
        "createdAt": "0000-00-00 00:00:00"}"#;
    let _host = host(r#""tax_percent": "5""#).answer(records(rows)).install();
    let page = pull(None, &Bounds::default());
    let item = &page.items[0];
    assert_eq!((item.id.as_str(), item.updated), ("receivable:31", Some(1_769_950_800_000)));
    assert_eq!(
        document(item),
        serde_json::json!({
            "id": "receivable:31", "kind": "sale", "number": "F-31", "issued_on": "2026-02-01", "due_on": "2026-03-01", "currency": "BRL",
            "partner": {"id": "10", "kind": "person", "name": "Padaria Sol"},
            "lines": [{"name": "Campanha de verão", "quantity": "1", "unit_price_gross": "1234.56", "tax_rate": {"percent": "5"}}],
            "total_gross": "1234.56", "unpaid": "1200.00",
            "extra": {"situation": "open", "paidValue": "34.56", "categoryId": 5}
        })
    );
}

#[test]
fn a_receivable_has_the_documents_of_its_client_where_that_is_wanted() {
    let rows =
        r#"{"id": 31, "clientId": "10", "clientName": "Sol"}, {"id": 32, "clientId": 99, "clientName": "Nobody"}"#;
    let clients = r#"{"idClient": 9, "person": "A"}, {"idClient": 10, "person": "Padaria Sol", "nationalDocument": "00.000.000/0001-00"}"#;
    let host =
        host(r#""client_details": true"#).answer(records(rows)).answer(records(clients)).answer(records("")).install();
    let page = pull(None, &Bounds::default());
    let (known, unknown) = (document(&page.items[0])["partner"].clone(), document(&page.items[1])["partner"].clone());
    assert_eq!((&known["name"], &known["registration_number"]), (&"Padaria Sol".into(), &"00.000.000/0001-00".into()));
    assert_eq!(unknown, serde_json::json!({"id": "99", "kind": "person", "name": "Nobody"}));
    assert_eq!(sent(&host)[1], "GET /beta/entity/clients?limit=100&offset=0");
    pull(Some(page.next), &Bounds::default());
    assert_eq!(host.requests().len(), 3, "no receivables, no clients");
}

#[test]
fn a_payable_becomes_a_purchase_of_its_supplier() {
    let rows = r#"{"id": 31, "supplierId": 4, "supplierName": "Gráfica", "value": 100, "situation": "paid", "paymentDate": "2026-02-05", "accountId": 9}"#;
    let host = host("").answer(records(rows)).install();
    let page = Operand::pull("payables", None, Bounds::default()).unwrap();
    assert_eq!((page.items[0].id.as_str(), page.items[0].revision.as_deref()), ("payable:31", None));
    let invoice = document(&page.items[0]);
    assert_eq!((&invoice["kind"], &invoice["partner"]["name"]), (&"purchase".into(), &"Gráfica".into()));
    assert_eq!((&invoice["paid_on"], &invoice["unpaid"]), (&"2026-02-05".into(), &"0".into()));
    assert_eq!(invoice["lines"][0]["account"], "9");
    assert_eq!(sent(&host), ["GET /beta/finance/payables?limit=90&offset=0"]);
}

#[test]
fn clients_become_partners_by_any_of_their_ids() {
    let rows = r#"{"idClient":10,"person":"Padaria Sol","nationalDocument":"00.000.000/0001-00","situation":"active","totalJobs":3,"lateJobs":0},
        {"idPerson":"11","namePerson":"Ana Lima","nationalDocument":"000.000.001-91","email":"ana@ex.com","phone":"(83) 90000-0000"}"#;
    let _host = host("").answer(records(rows)).install();
    let page = Operand::pull("clients", None, Bounds::default()).unwrap();
    let (company, person) = (document(&page.items[0]), document(&page.items[1]));
    assert_eq!((page.items[0].id.as_str(), page.items[1].id.as_str()), ("10", "11"));
    assert_eq!((&company["kind"], &company["registration_number"]), (&"company".into(), &"00.000.000/0001-00".into()));
    assert_eq!(company["extra"], serde_json::json!({"situation": "active", "totalJobs": 3, "lateJobs": 0}));
    assert_eq!((&person["tax_number"], &person["name"]), (&"000.000.001-91".into(), &"Ana Lima".into()));
    assert_eq!((&person["email"], &person["phone"]), (&"ana@ex.com".into(), &"(83) 90000-0000".into()));
}

#[test]
fn only_jobs_are_read_of_the_list_of_jobs() {
    let rows = r#"{"id": 1, "itemId": 1, "taskType": "job", "updatedAt": "2026-02-01 10:00:00", "isDeleted": 0},
        {"id": 2, "itemId": 1, "taskType": "template"}, {"id": 3, "taskType": "job", "isDeleted": true}"#;
    let wrapped = Answer::json(200, format!(r#"{{"records": {{"jobs": [{rows}]}}}}"#));
    let _host = host("").answer(wrapped.clone()).install();
    let page = Operand::pull("jobs", None, Bounds::default()).unwrap();
    let read: Vec<_> = page.items.iter().map(|item| (item.id.as_str(), item.deleted)).collect();
    assert_eq!(read, [("1", false), ("3", true)]);
    assert_eq!(document(&page.items[0])["itemId"], 1, "a job is kept as it was written");
    let _host = host(r#""task_types": []"#).answer(wrapped).install();
    assert_eq!(Operand::pull("jobs", None, Bounds::default()).unwrap().items.len(), 3);
}

/// An Operand with jobs 1 to 3, of which each has as many tasks as its number, times four.
fn agency(request: &wharf_sdk::host::RawRequest) -> Answer {
    if let Some(job) = request.url.split("/jobs/").nth(1).and_then(|rest| rest.split('/').next()) {
        let job: u32 = job.parse().unwrap();
        if job == 2 {
            return Answer::json(404, "{}");
        }
        let rows: Vec<String> = (0..job * 4).map(|task| format!(r#"{{"idTask": "{job}-{task}"}}"#)).collect();
        return Answer::json(200, format!("[{}]", rows.join(",")));
    }
    let rows: Vec<String> =
        (1..=3).map(|id| format!(r#"{{"id": {id}, "updatedAt": "2025-12-0{id} 10:00:00"}}"#)).collect();
    let offset = parameter(&request.url, "offset").unwrap();
    let limit = parameter(&request.url, "limit").unwrap();
    records(&rows.into_iter().skip(offset).take(limit).collect::<Vec<_>>().join(","))
}

#[test]
fn tasks_are_read_job_by_job_whatever_the_pages() {
    let wanted: Vec<String> =
        (0..4).map(|task| format!("1-{task}")).chain((0..12).map(|task| format!("3-{task}"))).collect();
    for max_items in [1, 2, 3, 5, 100] {
        let _host = host("").respond(agency).install();
        let bounds = Bounds { max_items, ..Bounds::default() };
        let (read, next) = tasks(None, &bounds);
        assert_eq!(read, wanted, "by {max_items}");
        let (again, _) = tasks(Some(next), &bounds);
        assert_eq!(again, wanted[4..], "job 3 is the newest, and the only one of the next round");
    }
}

fn tasks(mut cursor: Option<Cursor>, bounds: &Bounds) -> (Vec<String>, Cursor) {
    let mut read = Vec::new();
    for _ in 0..60 {
        let page = Operand::pull("tasks", cursor, bounds.clone()).unwrap();
        read.extend(page.items.into_iter().map(|item| item.id));
        if page.state == Completeness::CaughtUp {
            return (read, page.next);
        }
        cursor = Some(page.next);
    }
    panic!("the feed does not end")
}

#[test]
fn tasks_of_all_jobs_are_read_each_round_where_that_is_wanted() {
    let _host = host(r#""tasks_of_all_jobs": true"#).respond(agency).install();
    let page = Operand::pull("tasks", None, Bounds::default()).unwrap();
    let page = Operand::pull("tasks", Some(page.next), Bounds::default()).unwrap();
    assert_eq!(page.items.len(), 16);
}

#[test]
fn an_unknown_feed_a_foreign_cursor_and_a_row_without_id_are_refused() {
    let _host = host("").answer(records(r#"{"value": 1}"#)).install();
    assert!(matches!(Operand::pull("hours", None, Bounds::default()).unwrap_err().cause(), Cause::Unsupported(_)));
    let cursor = Cursor::encode(9, &1).unwrap();
    let failure = Operand::pull("jobs", Some(cursor), Bounds::default()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Unsupported(_)));
    let failure = Operand::pull("receivables", None, Bounds::default()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::ContractChanged(_)));
}
