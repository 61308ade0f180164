//! What a guest prints.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::sync::{Arc, Mutex};

use serde_json::json;
use wharf_contract_tests::load_into;
use wharf_host::Host;
use wharf_host::policy::Grant;
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use wharf_simulators::hostile::Hostile;

const SECRET: &str = "s3cr3t+of/the=shop-4711";

struct OneSecret;

#[async_trait::async_trait]
impl SecretSource for OneSecret {
    async fn secret(&self, _: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        Ok(Secret::new(SECRET))
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_printed_is_logged_without_secrets_escapes_and_end() {
    let upstream = Hostile::start().await.unwrap();
    let origin = format!("http://{}", upstream.address());
    let host = Host::builder().secrets(OneSecret).build().unwrap();
    let grant = Grant::new().plain_http(&origin).private_address(upstream.address().to_string()).slot("token");
    let config = json!({ "base_url": origin });
    let connector = load_into(&host, "wasi-prints").await.unwrap();
    let connection = connector.connect("shop").config(config).grant(grant).build().await.unwrap();
    let lines = Lines::default();
    let writer = lines.clone();
    let collector = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(collector);
    for record in ["out", "error", "escapes", "flood"] {
        connection.get("probe", record).await.unwrap();
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(upstream.arrived().iter().any(|head| head.contains(SECRET)), "the credential was not sent");
    assert!(!text.contains(SECRET) && !text.contains(['\u{1b}', '\u{7}', '\r']), "{text}");
    let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!((count(": printed connector"), count(": printed as an error connector")), (204, 1), "{text}");
    assert_eq!((count("error: forged"), count("and no end of line"), count("dropped=800")), (1, 1, 1), "{text}");
}
