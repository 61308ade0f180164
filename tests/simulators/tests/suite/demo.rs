use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::demo::{Demo, Known, Settings};
use wharf_simulators::erpconnector::Entity;

use crate::client::{Account, trusting};

#[tokio::test]
async fn demo_holds_what_it_expects() {
    let authority = Authority::new().unwrap();
    let demo = Demo::start(&Settings::default(), Some(&authority)).await.unwrap();
    let expected = &demo.expected;
    assert_eq!((expected.read, expected.done, expected.cancelled), (1000, 941, 40));
    assert_eq!((expected.unmapped_vat, expected.unknown_country, expected.same_second), (12, 7, 150));
    let Known { before, created } = expected.flowii_partners;
    assert_eq!(before + created, expected.buyers);
    assert_eq!(demo.flowii.partners().len(), before + 1, "and one in the other company");
    assert_eq!(demo.erpconnector.records(Entity::Customer).len(), expected.erpconnector_customers.before);
    let counts = demo.baselinker.counts();
    assert_eq!(counts["orders_by_status"], json!({"201": 10, "202": 960, "204": 40}));
}

#[tokio::test]
async fn all_confirmed_orders_can_be_read_page_by_page() {
    let authority = Authority::new().unwrap();
    let demo = Demo::start(&Settings::default(), Some(&authority)).await.unwrap();
    let account = Account { http: trusting(&authority), simulator: demo.baselinker };
    let (mut from, mut ids) = (0, Vec::new());
    loop {
        let page = account.ids(json!({"id_from": from})).await;
        ids.extend_from_slice(&page);
        match page.last() {
            Some(last) if page.len() == 100 => from = last + 1,
            _ => break,
        }
    }
    assert_eq!(ids.len(), 1000);
}

#[test]
fn program_announces_itself_and_ends_with_its_input() {
    let dir = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_wharf-simulators"))
        .args(["--orders", "20", "--dir"])
        .arg(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let announcement: Value = serde_json::from_str(&line).unwrap();
    for system in ["baselinker", "flowii", "erpconnector", "operand"] {
        assert!(announcement[system].as_str().unwrap().starts_with("https://localhost:"), "{system}");
        assert!(announcement["credentials"][system].is_object());
    }
    assert!(announcement["admin"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(announcement["expected"]["read"], 20);
    let root = std::fs::read_to_string(announcement["root_pem"].as_str().unwrap()).unwrap();
    assert!(root.starts_with("-----BEGIN CERTIFICATE-----"));
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
}
