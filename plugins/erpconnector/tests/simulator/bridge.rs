//! A simulator, and a fake host whose requests go there.

use erpconnector::ErpConnector;
use tokio::runtime::Runtime;
use wharf_sdk::{Action, Bounds, Intent, Item};
use wharf_sdk_testing::{FakeHost, InstalledHost, Remote, read_feed};
use wharf_simulators::erpconnector::{Erp, Options, Simulator};

/// A simulator, and a connector that talks to it.
pub(crate) struct Bridge {
    pub(crate) simulator: Simulator,
    pub(crate) host: InstalledHost,
    /// Serves the simulator for as long as the bridge stands.
    _runtime: Runtime,
}

impl Bridge {
    /// Starts a simulator of an accounting system; `more` is added to the configuration.
    pub(crate) fn start(erp: &str, change: impl FnOnce(&mut Options), more: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let builder = Simulator::builder().options(change).erp(Erp::named(erp).unwrap());
        let simulator = runtime.block_on(builder.start(None)).unwrap();
        let config = format!(r#"{{"base_url": "{}/api", "erp": "{erp}"{more}}}"#, simulator.url());
        // `LIC-001:secret`
        let remote = Remote::new().credential("account", [("Authorization", "Basic TElDLTAwMTpzZWNyZXQ=")]);
        let host = FakeHost::new().config(config).respond(move |request| remote.send(request)).install();
        Self { simulator, host, _runtime: runtime }
    }
}

/// Reads a feed to its end.
pub(crate) fn read(feed: &str, max_items: u32, filter: &[(&str, &str)]) -> Vec<Item> {
    let filter = filter.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read_feed::<ErpConnector>(feed, &Bounds { max_items, filter, ..Bounds::default() })
}

/// Makes an intent that leaves this correlation.
pub(crate) fn intent(entity: &str, action: Action, correlation: &str, document: &str) -> Intent {
    Intent { correlation: correlation.to_owned(), ..wharf_sdk_testing::intent(entity, action, document) }
}
