//! Between the connector, which runs natively, and the simulator: what the host does of requests.

use erpconnector::ErpConnector;
use tokio::runtime::Runtime;
use wharf_sdk::host::{RawBody, RawRequest};
use wharf_sdk::{Action, Bounds, Completeness, Cursor, Feeds, Intent, Item, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};
use wharf_simulators::erpconnector::{Erp, Options, Simulator};

/// A simulator, and a connector that talks to it.
pub(crate) struct Bridge {
    pub(crate) simulator: Simulator,
    pub(crate) host: InstalledHost,
    /// Serves the simulator for as long as the bridge stands.
    _runtime: Runtime,
}

impl Bridge {
    /// Starts a simulator of an accounting system, and installs a host that sends over loopback. `more` is added to the
    /// configuration.
    pub(crate) fn start(erp: &str, change: impl FnOnce(&mut Options), more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = Simulator::builder().options(change).erp(Erp::named(erp).unwrap());
        let simulator = runtime.block_on(builder.start(None)).unwrap();
        // Already installed by another test of this process is as good.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let handle = runtime.handle().clone();
        let config = format!(r#"{{"base_url": "{}/api", "erp": "{erp}"{more}}}"#, simulator.url());
        let send = move |request: &RawRequest| handle.block_on(send(&client, request));
        let host = FakeHost::new().config(config).respond(send).install();
        Self { simulator, host, _runtime: runtime }
    }

    /// Reads a feed to its end, and again from every page boundary.
    pub(crate) fn read(&self, feed: &str, max_items: u32, filter: &[(&str, &str)]) -> Vec<Item> {
        let filter = filter.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let bounds = Bounds { max_items, filter, ..Bounds::default() };
        let mut items = Vec::new();
        let mut cursor: Option<Cursor> = None;
        for _ in 0..200 {
            let page = ErpConnector::pull(feed, cursor.clone(), bounds.clone()).unwrap();
            let again = ErpConnector::pull(feed, cursor, bounds.clone()).unwrap();
            assert_eq!((&page.items, &page.next), (&again.items, &again.next), "{feed}");
            items.extend(page.items);
            if page.state == Completeness::CaughtUp {
                return items;
            }
            cursor = Some(page.next);
        }
        panic!("the feed `{feed}` does not end")
    }
}

pub(crate) fn intent(entity: &str, action: Action, correlation: &str, document: &str) -> Intent {
    Intent {
        id: "0197".to_owned(),
        entity: entity.to_owned(),
        action,
        target: None,
        expected_revision: None,
        correlation: correlation.to_owned(),
        document: document.to_owned(),
    }
}

/// Applies an intent and returns the id.
pub(crate) fn apply(intent: &Intent) -> String {
    match ErpConnector::apply(intent) {
        Ok(Outcome::Applied(applied) | Outcome::AlreadyApplied(applied)) => applied.id,
        outcome => panic!("{}: {outcome:?}", intent.document),
    }
}

/// Asks for the outcome of an intent; the id where it took effect.
pub(crate) fn verified(intent: &Intent) -> Option<String> {
    match ErpConnector::verify(intent).unwrap() {
        Verdict::Found(applied) => Some(applied.id),
        Verdict::Absent => None,
        Verdict::Inconclusive(why) => panic!("{why}"),
    }
}

pub(crate) fn document(item: &Item) -> serde_json::Value {
    match &item.content {
        wharf_sdk::Content::Document(text) => serde_json::from_str(text).unwrap(),
        wharf_sdk::Content::Slice(_) => panic!("a document was expected"),
    }
}

async fn send(client: &reqwest::Client, request: &RawRequest) -> Answer {
    assert_eq!(request.credential.as_deref(), Some("account"));
    let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
    let mut sent = client.request(method, &request.url).basic_auth("LIC-001", Some("secret"));
    for (name, value) in &request.headers {
        sent = sent.header(name, value);
    }
    sent = match &request.body {
        None => sent,
        Some(RawBody::Text(text)) => sent.body(text.clone()),
        Some(RawBody::Bytes(bytes)) => sent.body(bytes.clone()),
    };
    let Ok(answer) = sent.send().await else { return Answer::lost() };
    let status = answer.status().as_u16();
    let content_type = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    match answer.text().await {
        Ok(text) => Answer::text(status, &content_type.unwrap_or_default(), text),
        Err(_) => Answer::lost(),
    }
}
