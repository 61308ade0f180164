//! The lookups import: what was granted is reached, under the name of its grant, and nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wharf_contract_tests::load;
use wharf_host::Connection;
use wharf_host::lookups::{Edit, LookupSource, Lookups, Receipt};
use wharf_host::model::{Action, Applied, Delivery, Document, Failure, Item};

/// Two sources of a CRM, of which one may be edited. Notes what reaches it.
#[derive(Default)]
struct Crm(Mutex<Vec<String>>);

impl Crm {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn reached(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn source(name: &str, actions: &[Action]) -> LookupSource {
    LookupSource {
        name: name.into(),
        role: "customers".into(),
        entity: "partner".into(),
        readable: true,
        keys: vec!["email".into()],
        actions: actions.to_vec(),
    }
}

fn item(id: &str) -> Item {
    let document = Document::new(json!({ "id": id }).to_string());
    Item { entity: "partner".into(), id: id.into(), revision: None, updated: None, deleted: false, document }
}

#[async_trait::async_trait]
impl Lookups for Crm {
    fn sources(&self) -> Vec<LookupSource> {
        vec![source("crm", &[Action::Update]), source("archive", &[])]
    }

    async fn find(&self, source: &str, query: &[(String, String)], limit: u32) -> Result<Vec<Item>, Failure> {
        self.note(format!("find {source} {query:?} {limit}"));
        Ok((0..20).map(|number| item(&number.to_string())).collect())
    }

    async fn get(&self, source: &str, id: &str) -> Result<Item, Failure> {
        self.note(format!("get {source} {id}"));
        Ok(item(id))
    }

    async fn submit(&self, source: &str, edit: Edit, _: Duration) -> Result<Receipt, Failure> {
        self.note(format!("submit {source} {:?}", edit.action));
        Ok(Receipt::Done(Applied { id: edit.id.unwrap_or_default(), revision: None, number: None }))
    }
}

async fn desk(lookups: Option<Arc<Crm>>) -> Connection {
    let builder = load("looks-up").await.unwrap().connect("desk");
    match lookups {
        Some(lookups) => builder.lookups(lookups).build().await.unwrap(),
        None => builder.build().await.unwrap(),
    }
}

/// Has the connector ask the source of that name for everything; returns what each was told.
async fn asks(desk: &Connection, name: &str) -> Value {
    let path = format!("/named?{name}");
    let request = Delivery { method: "GET".into(), path, headers: Vec::new(), body: Vec::new() };
    let reply = desk.serve(&request).await.unwrap().value;
    assert_eq!(reply.status, 200);
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test]
async fn granted_sources_are_listed_found_read_and_edited_as_granted() {
    let crm = Arc::new(Crm::default());
    let desk = desk(Some(Arc::clone(&crm))).await;
    let told = asks(&desk, "crm").await;
    assert_eq!(told["sources"], json!(["crm", "archive"]));
    assert_eq!(
        (&told["get"], &told["find"], &told["submit"]),
        (&json!("1 found"), &json!("9 found"), &json!("1 found"))
    );
    let told = asks(&desk, "archive").await;
    assert_eq!(told["get"], "1 found");
    assert!(told["submit"].as_str().unwrap().contains("`write`"), "{told}");
    let reached = crm.reached();
    assert!(reached.contains(&"submit crm Update".to_owned()), "{reached:?}");
    assert!(!reached.iter().any(|what| what.starts_with("submit archive")), "{reached:?}");
}

#[tokio::test]
async fn without_a_grant_there_is_no_source_and_every_look_up_is_refused() {
    let told = asks(&desk(None).await, "crm").await;
    assert_eq!(told["sources"], json!([]));
    for question in ["get", "find", "submit"] {
        assert!(told[question].as_str().unwrap().contains("nothing was granted"), "{told}");
    }
}

#[tokio::test]
async fn names_of_other_connections_feeds_and_entities_lead_nowhere() {
    let crm = Arc::new(Crm::default());
    let desk = desk(Some(Arc::clone(&crm))).await;
    let names = [
        "erp",
        "desk",
        "",
        "CRM",
        "crm ",
        "crm/orders",
        "crm:partner",
        "../crm",
        "*",
        "partner",
        "customers",
        "crm%00",
    ];
    for name in names {
        let told = asks(&desk, name).await;
        for question in ["get", "find", "submit"] {
            let told = told[question].as_str().unwrap();
            assert!(told.contains("was granted"), "{name} {question}: {told}");
        }
    }
    assert_eq!(crm.reached(), Vec::<String>::new(), "nothing of it left the host");
}
