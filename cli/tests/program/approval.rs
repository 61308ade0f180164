//! Installing is approving.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::Site;

const FILE: &str = "[connection.one]\nconnector = \"asks\"\ngrant.origins = [\"https://one.example\"]\n";

fn component(name: &str) -> String {
    wharf_test_support::component_path(name).unwrap().to_str().unwrap().to_owned()
}

/// Installs without an answer to the question.
fn install(site: &Site, name: &str, more: &[&str]) -> (i32, Value) {
    site.json(&[&["install", &component(name), "--by", "ops"], more].concat())
}

fn code(result: &(i32, Value)) -> (i32, &str) {
    (result.0, result.1["error"]["code"].as_str().unwrap_or_default())
}

#[test]
fn nothing_runs_that_was_not_approved() {
    let site = Site::new(FILE);
    std::fs::copy(component("asks-little"), site.path("connectors/asks.wasm")).unwrap();
    let ended = site.run(&["validate"]);
    assert_eq!(ended.code, 4);
    assert!(ended.stderr.contains("connector `asks` is not approved"), "{}", ended.stderr);
    assert_eq!(code(&install(&site, "asks-little", &[])), (1, "approval-needed"));
    assert_eq!(site.run(&["validate"]).code, 4);
    let (exit, value) = install(&site, "asks-little", &["--approve"]);
    assert_eq!((exit, &value["change"]), (0, &json!("installed")));
    assert_eq!(site.run(&["validate"]).code, 0);
}

#[test]
fn what_is_asked_for_is_told_without_being_approved() {
    let site = Site::new(FILE);
    let (_, value) = install(&site, "asks-more", &[]);
    let message = value["error"]["message"].as_str().unwrap();
    assert!(message.contains("host https://one.example, GET; host https://two.example, any method"), "{message}");
    assert!(!site.path("wharf.lock").exists() && !site.path("connectors/asks.wasm").exists());
}

#[test]
fn upgrade_that_asks_for_more_stops_with_the_difference() {
    let site = Site::new(FILE);
    install(&site, "asks-little", &["--approve"]);
    let stopped = install(&site, "asks-more", &[]);
    assert_eq!(code(&stopped), (1, "approval-needed"));
    let message = stopped.1["error"]["message"].as_str().unwrap();
    assert!(message.contains("https://two.example") && !message.contains("https://one.example"), "{message}");
    // The version that was approved is still the one that runs.
    assert_eq!(site.run(&["validate"]).code, 0);
    let (exit, value) = install(&site, "asks-more", &["--approve"]);
    assert_eq!((exit, &value["change"], value["added"].as_array().unwrap().len()), (0, &json!("upgraded"), 1));
}

#[test]
fn upgrade_that_asks_for_less_goes_through_and_takes_the_rest_back() {
    let site = Site::new(FILE);
    install(&site, "asks-more", &["--approve"]);
    let (exit, value) = install(&site, "asks-less", &[]);
    assert_eq!((exit, &value["change"], &value["wants"]), (0, &json!("upgraded"), &json!([])));
    assert_eq!(code(&install(&site, "asks-more", &["--downgrade"])), (1, "approval-needed"));
}

#[test]
fn lower_version_needs_a_word_of_its_own() {
    let site = Site::new(FILE);
    install(&site, "asks-less", &["--approve"]);
    assert_eq!(code(&install(&site, "asks-little", &["--approve"])), (4, "downgrade"));
    let (exit, value) = install(&site, "asks-little", &["--approve", "--downgrade"]);
    assert_eq!((exit, &value["change"]), (0, &json!("downgraded")));
}

#[test]
fn file_that_changed_after_it_was_approved_is_refused() {
    let site = Site::new(FILE);
    install(&site, "asks-little", &["--approve"]);
    std::fs::copy(component("asks-more"), site.path("connectors/asks.wasm")).unwrap();
    let ended = site.run(&["validate"]);
    assert_eq!(ended.code, 4);
    assert!(ended.stderr.contains("is another file than the one that was approved"), "{}", ended.stderr);
    // Installing the approved file again puts it back; there is nothing to ask.
    let (exit, value) = install(&site, "asks-little", &[]);
    assert_eq!((exit, &value["change"]), (0, &Value::Null));
    assert_eq!(site.run(&["validate"]).code, 0);
}

#[test]
fn connector_that_asks_for_more_than_when_it_was_approved_is_refused_until_that_is_approved() {
    let site = Site::new(FILE);
    install(&site, "asks-more", &["--approve"]);
    assert_eq!(site.run(&["validate"]).code, 0);
    // As if its program had said less of itself that time.
    let lock = std::fs::read_to_string(site.path("wharf.lock")).unwrap();
    let (before, after) = lock.split_once("origin = \"https://two.example\"").unwrap();
    site.write("wharf.lock", &format!("{before}origin = \"https://three.example\"{after}"));
    let ended = site.run(&["validate"]);
    assert_eq!(ended.code, 4);
    let told = "asks for more than was approved: host https://two.example, any method";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_eq!(code(&install(&site, "asks-more", &[])), (1, "approval-needed"));
    assert_eq!(install(&site, "asks-more", &["--approve"]).0, 0);
    assert_eq!(site.run(&["validate"]).code, 0);
}

#[test]
fn revoked_connector_runs_no_more_and_history_tells_everything() {
    let site = Site::new(FILE);
    install(&site, "asks-little", &["--approve"]);
    install(&site, "asks-more", &["--approve"]);
    assert_eq!(site.json(&["revoke", "asks", "--by", "chief"]).0, 0);
    assert_eq!(site.run(&["validate"]).code, 4);
    assert_eq!(site.run(&["revoke", "asks"]).code, 2);
    let (exit, value) = site.json(&["audit"]);
    assert_eq!((exit, &value["approved"]), (0, &json!([])));
    let history: Vec<(&str, &str, &str)> = value["history"].as_array().unwrap().iter().map(told).collect();
    let expected = [("ops", "installed", "1.0.0"), ("ops", "upgraded", "1.1.0"), ("chief", "revoked", "1.1.0")];
    assert_eq!(history, expected);
    assert_eq!(value["history"][1]["added"], json!(["host https://two.example, any method"]));
}

fn told(entry: &Value) -> (&str, &str, &str) {
    let text = |name: &str| entry[name].as_str().unwrap();
    (text("by"), text("change"), text("version"))
}

#[test]
fn lock_file_that_cannot_be_understood_approves_nothing() {
    let site = Site::new(FILE);
    install(&site, "asks-little", &["--approve"]);
    site.write("wharf.lock", "format = 1\n[[connector]]\nname = 7\n");
    let ended = site.run(&["validate"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("the approvals in `wharf.lock` cannot be read"), "{}", ended.stderr);
    assert_eq!(code(&install(&site, "asks-little", &["--approve"])), (3, "approvals-unreadable"));
}

#[test]
fn name_in_a_component_cannot_lead_out_of_the_connectors_directory() {
    let site = Site::new(FILE);
    std::fs::remove_dir(site.path("connectors")).unwrap();
    std::fs::create_dir(site.path("elsewhere")).unwrap();
    std::fs::write(site.path("elsewhere/asks.wasm"), "mine").unwrap();
    install(&site, "asks-little", &["--approve"]);
    std::fs::remove_file(site.path("connectors/asks.wasm")).unwrap();
    std::os::unix::fs::symlink("../elsewhere/asks.wasm", site.path("connectors/asks.wasm")).unwrap();
    install(&site, "asks-more", &["--approve"]);
    assert_eq!(std::fs::read(site.path("elsewhere/asks.wasm")).unwrap(), b"mine");
}

mod signatures {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    /// Signs as `minisign -l` does.
    struct Signer {
        pair: Ed25519KeyPair,
        id: [u8; 8],
    }

    impl Signer {
        fn new(id: u8) -> Self {
            Self { pair: Ed25519KeyPair::generate().unwrap(), id: [id; 8] }
        }

        fn line(&self, bytes: &[u8]) -> String {
            BASE64.encode([b"Ed", self.id.as_slice(), bytes].concat())
        }

        fn key(&self) -> String {
            self.line(self.pair.public_key().as_ref())
        }

        fn file(&self) -> String {
            format!("[wharf]\ntrusted_keys = [\"{}\"]\n{FILE}", self.key())
        }

        fn sign(&self, site: &Site, name: &str) {
            let bytes = std::fs::read(component(name)).unwrap();
            let signature = self.pair.sign(&bytes);
            let comment = "asks 1.0.0";
            let both = self.pair.sign(&[signature.as_ref(), comment.as_bytes()].concat());
            let (signature, both) = (self.line(signature.as_ref()), BASE64.encode(both.as_ref()));
            let text = format!("untrusted comment: none\n{signature}\ntrusted comment: {comment}\n{both}\n");
            site.write("asks.minisig", &text);
        }
    }

    fn signed_install(site: &Site, name: &str) -> (i32, Value) {
        let signature = site.path("asks.minisig");
        install(site, name, &["--approve", "--signature", signature.to_str().unwrap()])
    }

    #[test]
    fn verified_not_signed_and_failed_are_three_things() {
        let (ours, theirs) = (Signer::new(1), Signer::new(2));
        let site = Site::new(&ours.file());
        let refused = install(&site, "asks-little", &["--approve"]);
        assert_eq!(code(&refused), (4, "signature"));
        assert!(refused.1["error"]["message"].as_str().unwrap().starts_with("not signed"), "{}", refused.1);
        theirs.sign(&site, "asks-little");
        let refused = signed_install(&site, "asks-little");
        assert!(refused.1["error"]["message"].as_str().unwrap().starts_with("signature failed"), "{}", refused.1);
        ours.sign(&site, "asks-little");
        let (exit, value) = signed_install(&site, "asks-little");
        assert_eq!((exit, &value["signature"]), (0, &json!("verified")));
        let refused = signed_install(&site, "asks-more");
        assert_eq!(code(&refused), (4, "signature"));
        let (exit, value) = install(&site, "asks-more", &["--approve", "--allow-not-signed"]);
        assert_eq!((exit, &value["signature"]), (0, &json!("not-signed")));
        let (_, audit) = site.json(&["audit", "asks"]);
        assert_eq!(audit["history"][0]["key"], json!(ours.key()));
    }

    #[test]
    fn file_that_nobody_signed_is_refused_before_anything_of_it_runs() {
        let site = Site::new(&Signer::new(1).file());
        // It does not load: that would be said, if it had been tried.
        site.write("odd.wasm", "no component");
        let refused = site.json(&["install", "odd.wasm", "--approve", "--by", "ops"]);
        assert_eq!(code(&refused), (4, "signature"), "{}", refused.1);
    }

    #[test]
    fn signature_without_a_trusted_key_is_unchecked() {
        let site = Site::new(FILE);
        Signer::new(1).sign(&site, "asks-little");
        assert_eq!(signed_install(&site, "asks-little").1["signature"], json!("unchecked"));
    }

    #[test]
    fn key_that_is_none_is_named() {
        let ended = Site::new("[wharf]\ntrusted_keys = [\"RWQnonsense\"]\n").run(&["validate"]);
        assert_eq!(ended.code, 3);
        assert!(ended.stderr.contains("wharf.trusted_keys[0]: is no minisign public key"), "{}", ended.stderr);
    }
}
