//! What the host loads and what it refuses, and how it says why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use wharf_contract_tests::{connect, load};
use wharf_host::model::{Bounds, Cause, Delivery};
use wharf_host::{Blame, Error, ErrorKind, Host};
use wharf_test_support::component;

/// Puts another name of the same length in the place of a name.
fn renamed(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        bytes.windows(old.len()).enumerate().filter(|(_, at)| *at == old.as_bytes()).map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "`{old}` is not in the component");
    for place in places {
        bytes[place..place + new.len()].copy_from_slice(new.as_bytes());
    }
    bytes
}

async fn refusal(bytes: &[u8]) -> Error {
    let host = Host::builder().build().unwrap();
    let error = host.load(bytes).await.unwrap_err();
    assert_eq!((error.kind(), error.blame()), (ErrorKind::Load, Blame::Connector), "{error}");
    error
}

#[tokio::test]
async fn file_that_is_no_connector_is_refused_with_the_reason() {
    let minimal = component("minimal").unwrap();
    let damaged = {
        let mut bytes = minimal.clone();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].fill(0xff);
        bytes
    };
    let cases: [(&str, Vec<u8>, &[&str]); 5] = [
        ("empty", Vec::new(), &["not-wasm"]),
        ("text", b"wharf".to_vec(), &["not-wasm"]),
        ("core module", b"\0asm\x01\0\0\0".to_vec(), &["not-a-component"]),
        ("truncated", minimal[..minimal.len() - 100].to_vec(), &["truncated", "damaged"]),
        ("damaged", damaged, &["damaged", "truncated", "does-not-compile", "does-not-link", "not-a-connector"]),
    ];
    for (what, bytes, codes) in cases {
        let error = refusal(&bytes).await;
        assert!(codes.contains(&error.code()), "{what}: {} {error}", error.code());
    }
}

#[tokio::test]
async fn contract_that_the_host_does_not_speak_is_refused_with_both_versions() {
    let newer = renamed(&component("minimal").unwrap(), "describe@0.1.0", "describe@0.2.0");
    let error = refusal(&newer).await;
    let message = error.to_string();
    assert_eq!(error.code(), "contract-version");
    assert!(message.contains("0.2.0") && message.contains("0.1.0"), "{message}");
}

#[tokio::test]
async fn import_that_the_host_does_not_give_is_refused_by_its_name() {
    let odd = renamed(&component("random-clock").unwrap(), "wharf:connector/clock@", "wharf:connector/files@");
    let error = refusal(&odd).await;
    assert!(error.code() == "unknown-import" && error.to_string().contains("wharf:connector/files@0.1.0"), "{error}");
}

#[tokio::test]
async fn manifest_and_exports_have_to_agree_both_ways() {
    for guest in ["lies-in-manifest", "hides-writing"] {
        let error = refusal(&component(guest).unwrap()).await;
        let message = error.to_string();
        assert_eq!(error.code(), "manifest-mismatch", "{guest}: {message}");
        assert!(message.contains("`writing`") && message.contains("`/writes`"), "{guest}: {message}");
    }
}

#[tokio::test]
async fn call_to_what_is_not_exported_is_unsupported_and_names_the_interface() {
    let connection = connect("minimal").await.unwrap();
    let delivery = Delivery { method: "GET".into(), path: "/".into(), headers: Vec::new(), body: Vec::new() };
    let errors = [
        ("setup", connection.check().await.unwrap_err()),
        ("setup", connection.discover().await.unwrap_err()),
        ("webhooks", connection.parse_webhook(&delivery).await.unwrap_err()),
        ("serving", connection.serve(&delivery).await.unwrap_err()),
        ("wakeups", connection.wake("a", "").await.unwrap_err()),
        ("subscriptions", connection.subscriptions().await.unwrap_err()),
    ];
    for (interface, error) in errors {
        assert!(matches!(error.cause(), Some(Cause::Unsupported { .. })), "{error:?}");
        assert!(error.to_string().contains(interface), "{error}");
        assert_eq!((error.connector(), error.connection()), (Some("minimal"), Some("test")));
    }
    let error = connection.pull("orders", None, &Bounds::default()).await.unwrap_err();
    assert!(error.code() == "unsupported" && error.to_string().contains("`orders`"), "{error}");
}

#[tokio::test]
async fn connector_knows_its_manifest_and_digest() {
    let connector = load("minimal").await.unwrap();
    assert_eq!(connector.manifest().name, "minimal");
    assert_eq!(connector.digest().len(), 64);
    assert_eq!(connector.inspection().interfaces().collect::<Vec<_>>(), ["describe"]);
    // It imports no function: at most the interface of the types that its exports use.
    let imports = &connector.inspection().imports;
    assert!(imports.iter().all(|import| import == "wharf:connector/types@0.1.0"), "{imports:?}");
}

#[tokio::test]
async fn compiled_code_is_kept_and_damaged_code_is_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("code");
    let bytes = component("echo").unwrap();
    for damage in [false, true, false] {
        let host = Host::builder().cache(&cache).build().unwrap();
        let connection = host.load(&bytes).await.unwrap().connect("test").build().await.unwrap();
        assert_eq!(connection.get("probe", "1").await.unwrap().value.id, "1");
        let files: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 2);
        if damage {
            for file in files {
                std::fs::write(file, "damaged").unwrap();
            }
        }
    }
}

#[tokio::test]
async fn wrong_configuration_is_refused_with_every_violation() {
    let connector = load("http-get").await.unwrap();
    let config = serde_json::json!({ "other": 1 });
    let error = connector.connect("test").config(config).build().await.unwrap_err();
    let Some(Cause::ConfigInvalid { violations }) = error.cause() else { panic!("{error:?}") };
    let mut paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!((error.kind(), paths), (ErrorKind::Connect, vec!["/base_url", "/other"]));
}

#[tokio::test]
async fn name_of_a_connection_that_could_leave_a_directory_is_refused() {
    let connector = load("minimal").await.unwrap();
    for name in ["", "../shop", "Shop", "a/b", "a b", "sh\u{f3}p"] {
        let error = connector.connect(name).build().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Connect, "name-invalid"), "{name}");
    }
}
