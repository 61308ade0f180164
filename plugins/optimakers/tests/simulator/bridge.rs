//! A simulator, and a fake host whose requests go there.

use std::time::Duration;

use tokio::runtime::Runtime;
use wharf_sdk::{Action, Intent};
use wharf_sdk_testing::{FakeHost, InstalledHost, Remote};
use wharf_simulators::optimakers::{Options, Simulator};

/// The settings of an operator, with the ids of the simulator's reference lists.
pub(crate) const MAPPED: &str = r#""order_status": 7, "order_attribute_delivery_method": 11,
    "order_attribute_delivery_price": 12, "order_attribute_payment_method": 13,
    "order_attribute_additional_field_1": 14, "order_attribute_additional_field_2": 15, "order_attribute_note": 16,
    "customer_attribute_login": 21, "vat_rates": {"23": 3, "8": 4, "5": 5, "0": 6, "exempt": 12},
    "currencies": {"PLN": 1, "EUR": 2}, "external_number_prefix": "BL-""#;

/// A simulator, and the runtime that it lives in.
pub(crate) struct Bridge {
    pub(crate) simulator: Simulator,
    pub(crate) runtime: Runtime,
    config: String,
}

impl Bridge {
    /// Starts a simulator; `config` is added to the configuration.
    pub(crate) fn start(config: &str, change: impl FnOnce(&mut Options)) -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::builder().options(change).start(None)).unwrap();
        let config = format!(r#"{{"base_url": "{}", {config}}}"#, simulator.url());
        Self { simulator, runtime, config }
    }

    /// Installs a host that signs in with `key`.
    pub(crate) fn host(&self, key: &str) -> InstalledHost {
        let remote = Remote::new().credential("api-key", [("X-Api-Key", key)]);
        FakeHost::new()
            .config(&self.config)
            .secret("webhook", "my-secret")
            .respond(move |request| remote.send(request))
            .install()
    }

    /// Waits until so many webhooks were tried, and fails rather than wait for ever.
    pub(crate) fn wait_for_attempts(&self, count: usize) {
        let waiting =
            async { tokio::time::timeout(Duration::from_secs(20), self.simulator.wait_for_attempts(count)).await };
        let attempts = || self.simulator.attempts();
        assert!(self.runtime.block_on(waiting).is_ok(), "{count} messages were expected: {:?}", attempts());
    }
}

/// Makes an intent, for the record `target`.
pub(crate) fn intent(entity: &str, action: Action, target: Option<&str>, document: &str) -> Intent {
    Intent { target: target.map(str::to_owned), ..wharf_sdk_testing::intent(entity, action, document) }
}
