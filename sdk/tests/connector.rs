//! What the traits do for a connector by themselves.
#![allow(clippy::expect_used, reason = "a test fails where it stands")]

use std::cell::Cell;

use wharf_sdk::failure::Cause;
use wharf_sdk::{
    Action, Applied, Cursor, Describe, Failure, Intent, Manifest, Outcome, Preview, Result, Verdict, Violation,
    Writing, connection, http, rules,
};
use wharf_sdk_testing::FakeHost;

struct Shop;

thread_local! {
    static APPLIED: Cell<u32> = const { Cell::new(0) };
}

impl Describe for Shop {
    fn manifest() -> Manifest {
        Manifest::new("shop", "1.2.3", "A shop.")
    }
}

impl Writing for Shop {
    fn plan(intent: &Intent) -> Result<Preview> {
        http::post("https://shop.example/orders").text("text/plain", intent.document.as_str()).preview()
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        APPLIED.set(APPLIED.get() + 1);
        match intent.document.as_str() {
            "refused" => Err(Failure::subject_not_found("order", &intent.id)),
            "revoked" => Err(Failure::auth_revoked("the token is gone")),
            _ => Ok(Outcome::Applied(Applied::new(intent.id.as_str()).revision(7).number("2026/1"))),
        }
    }

    fn verify(_: &Intent) -> Result<Verdict> {
        Ok(Verdict::Absent)
    }
}

wharf_sdk::export!(Shop: describe, writing);

fn intent(id: &str, document: &str) -> Intent {
    Intent {
        id: id.to_owned(),
        entity: "order".to_owned(),
        action: Action::Create,
        target: None,
        expected_revision: None,
        correlation: format!("w-{id}"),
        document: document.to_owned(),
    }
}

#[test]
fn a_batch_goes_on_after_a_refused_document() {
    APPLIED.set(0);
    let outcomes = Shop::apply_batch(&[intent("1", "refused"), intent("2", "good")]);
    assert!(matches!(outcomes.as_slice(), [Err(_), Ok(Outcome::Applied(_))]), "{outcomes:?}");
    assert_eq!(APPLIED.get(), 2);
}

#[test]
fn a_batch_sends_nothing_more_after_the_credential_is_gone() {
    APPLIED.set(0);
    let outcomes =
        Shop::apply_batch(&[intent("1", "good"), intent("2", "revoked"), intent("3", "good"), intent("4", "x")]);
    let causes: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().map(Failure::cause)).collect();
    assert_eq!(causes, [None, Some(&Cause::AuthRevoked), Some(&Cause::AuthRevoked), Some(&Cause::AuthRevoked)]);
    assert_eq!(APPLIED.get(), 2);
}

#[test]
fn an_intent_without_a_target_cannot_be_read_as_a_change() {
    let failure = intent("1", "{}").target().expect_err("no target").to_string();
    assert!(failure.contains("give its id in `target`"), "{failure}");
    let changed = Intent { target: Some("12".to_owned()), ..intent("1", "{}") };
    assert_eq!(changed.target().expect("a target"), "12");
}

#[test]
fn a_document_that_does_not_fit_is_refused_with_its_place() {
    let document: Result<wharf_sdk::document::Order> =
        intent("1", r#"{"lines": [{"name": "a", "quantity": 1.5}]}"#).document();
    let failure = document.expect_err("a float");
    let Cause::InvalidRecord(violations) = failure.cause() else { unreachable!("{failure:?}") };
    assert_eq!(violations.first().map(|violation| violation.path.as_str()), Some("/lines/0/quantity"));
}

#[test]
fn older_versions_cannot_be_migrated_unless_the_connector_says_how() {
    let _host = FakeHost::new().install();
    let cursor = Cursor::encode(1, &1).expect("fits");
    for failure in [
        Shop::migrate_cursor("orders", cursor).expect_err("no migration"),
        Shop::migrate_config(1, "{}").expect_err("no migration"),
    ] {
        assert!(matches!(failure.cause(), Cause::Unsupported(_)), "{failure:?}");
    }
}

#[test]
fn the_manifest_has_every_part_under_the_contracts_names() {
    use wharf_sdk::manifest::{Budget, Feed, Host, Oauth2Password, Origin, Records, Slot, Webhooks, Write};
    let grant =
        Oauth2Password::new(Origin::config("base_url"), "/token").header("Api-Key", "api-key").field("scope", "all");
    let manifest = Manifest::new("shop", "1.2.3", "A shop.")
        .publisher("Example")
        .config_schema(2, serde_json::json!({"type": "object"}))
        .credential(Slot::oauth2_password("account", grant).audience(Origin::config("base_url")).hint("Ask."))
        .credential(Slot::header("token", "X-Token").audience("https://shop.example").optional())
        .host(Host::new("https://shop.example").methods(["GET", "POST"]))
        .budget(Budget::new("default", 100, 60).concurrent(2).calls_from_config("calls"))
        .feed(
            Feed::new("orders", "order", "All.", 3)
                .filter_from("status", "order-status")
                .filter("shop")
                .windows()
                .countable(),
        )
        .feed(Feed::new("raw", "thing", "All.", 1).raw())
        .records(Records::get("order").lookup(["number"]))
        .write(Write::new("order", [Action::Create, Action::Transition], true).batch(10))
        .write(Write::new("note", [Action::Attach], false).raw(serde_json::json!(true)))
        .reference_list("order-status", "Statuses")
        .webhooks(Webhooks::new(["token"]).topics(["order.changed"]))
        .serve("POST", "/customers/{id}");
    let written: serde_json::Value = serde_json::from_str(&manifest.to_json()).expect("JSON");
    let expected: serde_json::Value = serde_json::from_str(include_str!("manifest.json")).expect("JSON");
    assert_eq!(written, expected, "{written:#}");
}

#[test]
fn the_manifest_fits_the_published_schema_and_a_broken_one_does_not() {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let schema = jsonschema::validator_for(&json(include_str!("../../wit/manifest.schema.json"))).expect("a schema");
    let manifest = json(include_str!("manifest.json"));
    let mistakes: Vec<_> = schema.iter_errors(&manifest).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    for (pointer, wrong) in [
        ("/name", json("\"Shop\"")),
        ("/version", json("\"1.2\"")),
        ("/config/version", json("-1")),
        ("/credentials/0/scheme/type", json("\"oauth\"")),
        ("/hosts/0/origin", json("\"https://shop.example/path\"")),
        ("/feeds/0/document", json("\"other\"")),
        ("/writes/0/actions/0", json("\"make\"")),
    ] {
        let mut broken = manifest.clone();
        *broken.pointer_mut(pointer).expect(pointer) = wrong;
        assert!(!schema.is_valid(&broken), "{pointer}");
    }
}

#[derive(Debug, serde::Deserialize)]
struct Settings {
    calls_per_minute: Option<u32>,
}

impl Settings {
    fn violations(&self) -> Vec<Violation> {
        rules::not_zero("calls_per_minute", self.calls_per_minute).into_iter().collect()
    }
}

#[test]
fn a_configuration_is_refused_in_every_call_by_the_rules_that_refuse_it_when_it_is_written() {
    let host = FakeHost::new().config(r#"{"calls_per_minute": 5}"#).install();
    let settings = connection::checked(Settings::violations).expect("it fits");
    assert_eq!(settings.calls_per_minute, Some(5));
    for (config, path) in [(r#"{"calls_per_minute": 0}"#, "/calls_per_minute"), ("{", "")] {
        host.set_config(config);
        let found = connection::check(config, Settings::violations);
        assert_eq!(found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), [path], "{config}");
        let failure = connection::checked(Settings::violations).expect_err(config);
        assert_eq!(failure.cause(), &Cause::ConfigInvalid(found), "{config}");
    }
}
