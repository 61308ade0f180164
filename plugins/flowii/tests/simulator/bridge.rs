//! A simulator, and a fake host whose requests go there.

use flowii::Flowii;
use tokio::runtime::Runtime;
use wharf_sdk::{Action, Bounds, Intent, Item, http};
use wharf_sdk_testing::{FakeHost, InstalledHost, Remote, read_feed};
use wharf_simulators::flowii::{Options, Simulator};

/// A simulator, and a connector that talks to it.
pub(crate) struct Bridge {
    pub(crate) simulator: Simulator,
    pub(crate) host: InstalledHost,
    /// Serves the simulator for as long as the bridge stands.
    _runtime: Runtime,
}

impl Bridge {
    /// Starts a simulator and signs in; `more` is added to the configuration.
    pub(crate) fn start(change: impl FnOnce(&mut Options), more: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::builder().options(change).start(None)).unwrap();
        let url = simulator.url();
        let authorization = format!("Bearer {}", token(&url));
        let config = format!(r#"{{"base_url": "{url}", "company_id": "4711", "activity_type_id": "21"{more}}}"#);
        let remote =
            Remote::new().credential("account", [("Api-Key", "K1"), ("Authorization", authorization.as_str())]);
        let host = FakeHost::new().config(config).respond(move |request| remote.send(request)).install();
        Self { simulator, host, _runtime: runtime }
    }
}

/// Signs in, which the host does by itself.
fn token(base: &str) -> String {
    let remote = Remote::new();
    let _host = FakeHost::new().respond(move |request| remote.send(request)).install();
    let form = "grant_type=password&username=api%40demo.sk&password=heslo";
    let request = http::post(&format!("{base}/token")).header("Api-Key", "K1");
    let answer = request.text("application/x-www-form-urlencoded", form).send().unwrap();
    let body: serde_json::Value = answer.json().unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Reads a feed to its end.
pub(crate) fn read(feed: &str, max_items: u32) -> Vec<Item> {
    read_feed::<Flowii>(feed, &Bounds { max_items, ..Bounds::default() })
}

/// Makes an intent that leaves this correlation.
pub(crate) fn intent(entity: &str, action: Action, correlation: &str, document: &str) -> Intent {
    Intent { correlation: correlation.to_owned(), ..wharf_sdk_testing::intent(entity, action, document) }
}
