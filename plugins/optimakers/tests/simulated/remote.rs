//! A simulator at work, and a host whose requests go there.

use std::time::Duration;

use tokio::runtime::Runtime;
use wharf_sdk::host::{RawBody, RawRequest};
use wharf_sdk::{Action, Intent};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost};
use wharf_simulators::optimakers::{Options, Simulator};

/// The settings of an operator, with the ids of the simulator's reference lists.
pub(crate) const MAPPED: &str = r#""order_status": 7, "order_attribute_delivery_method": 11,
    "order_attribute_delivery_price": 12, "order_attribute_payment_method": 13,
    "order_attribute_additional_field_1": 14, "order_attribute_additional_field_2": 15, "order_attribute_note": 16,
    "customer_attribute_login": 21, "vat_rates": {"23": 3, "8": 4, "5": 5, "0": 6, "exempt": 12},
    "currencies": {"PLN": 1, "EUR": 2}, "external_number_prefix": "BL-""#;

/// The simulator and the runtime that it lives in.
pub(crate) struct Remote {
    pub(crate) simulator: Simulator,
    pub(crate) runtime: Runtime,
    config: String,
}

impl Remote {
    pub(crate) fn start(config: &str, change: impl FnOnce(&mut Options)) -> Self {
        let runtime = Runtime::new().unwrap();
        let started = runtime.block_on(Simulator::builder().options(change).start(None));
        let simulator = started.unwrap();
        let config = format!(r#"{{"base_url": "{}", {config}}}"#, simulator.url());
        Self { simulator, runtime, config }
    }

    /// Installs a host that signs in with `key`, as the real one does.
    pub(crate) fn host(&self, key: &str) -> InstalledHost {
        let timeout = Some(Duration::from_secs(20));
        let settings = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(timeout).build();
        let (agent, key) = (ureq::Agent::from(settings), key.to_owned());
        FakeHost::new()
            .config(&self.config)
            .secret("webhook", "my-secret")
            .respond(move |sent| send(&agent, sent, &key))
            .install()
    }

    /// Waits until so many webhooks were tried, and fails rather than wait for ever.
    pub(crate) fn wait_for_attempts(&self, count: usize) {
        let waiting =
            async { tokio::time::timeout(Duration::from_secs(20), self.simulator.wait_for_attempts(count)).await };
        assert!(
            self.runtime.block_on(waiting).is_ok(),
            "{count} messages were expected: {:?}",
            self.simulator.attempts()
        );
    }
}

fn send(agent: &ureq::Agent, sent: &RawRequest, key: &str) -> Answer {
    let mut request = ureq::http::Request::builder().method(sent.method.as_str()).uri(&sent.url);
    assert_eq!(sent.credential.as_deref(), Some("api-key"));
    request = request.header("X-Api-Key", key);
    for (name, value) in &sent.headers {
        request = request.header(name, value);
    }
    let body = match &sent.body {
        None => String::new(),
        Some(RawBody::Text(text)) => text.clone(),
        Some(RawBody::Bytes(_)) => panic!("the connector sends text only"),
    };
    let Ok(mut response) = agent.run(request.body(body).unwrap()) else { return Answer::lost() };
    let headers: Vec<_> =
        response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let status = response.status().as_u16();
    let Ok(text) = response.body_mut().read_to_string() else { return Answer::lost() };
    let answer = Answer::json(status, text);
    headers
        .iter()
        .filter(|(name, _)| name != "content-type")
        .fold(answer, |answer, (name, value)| answer.header(name, value))
}

pub(crate) fn intent(entity: &str, action: Action, target: Option<&str>, document: &str) -> Intent {
    Intent {
        id: "0197".to_owned(),
        entity: entity.to_owned(),
        action,
        target: target.map(str::to_owned),
        expected_revision: None,
        correlation: "wh7m2k4q9x3c5v8b".to_owned(),
        document: document.to_owned(),
    }
}
