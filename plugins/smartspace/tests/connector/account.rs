//! Manifest, configuration and setup.

use smartspace::Smartspace;
use wharf_sdk::setup::StepState;
use wharf_sdk::{Describe, Setup};
use wharf_sdk_testing::{Answer, FakeHost};

use crate::support::{host, owners};

#[test]
fn the_manifest_says_who_may_call_and_what_is_answered() {
    let manifest = Smartspace::manifest().to_json();
    assert_eq!(manifest, Smartspace::manifest().to_json());
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let credentials = manifest["credentials"].as_array().unwrap();
    let kinds: Vec<&str> = credentials.iter().map(|slot| slot["scheme"]["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["inbound-basic", "inbound-client-credentials", "basic", "oauth2-client-credentials"]);
    assert!(credentials.iter().all(|slot| slot["optional"] == true));
    assert_eq!(credentials[1]["scheme"]["token_path_from"], "/paths/token");
    let served: Vec<&str> =
        manifest["serves"].as_array().unwrap().iter().map(|one| one["method"].as_str().unwrap()).collect();
    assert_eq!(served, ["GET", "GET", "PUT", "GET"]);
}

#[test]
fn the_check_names_the_owners_and_what_they_can_be_asked_by() {
    let _host = owners("").install();
    let steps = Smartspace::check();
    assert_eq!((steps.len(), steps[0].state), (1, StepState::Ok));
    assert_eq!(steps[0].detail, "crm, erp (by codigo, cpf, cnpj, email)");
    let _host = host("").install();
    let steps = Smartspace::check();
    assert_eq!(steps[0].state, StepState::Failed);
    assert!(steps[0].hint.as_deref().is_some_and(|hint| hint.contains("role `customers`")));
}

#[test]
fn the_check_asks_a_company_api_that_is_read() {
    let config = r#"{"base_url": "https://api.example"}"#;
    for (answer, state) in [(Answer::json(200, "{}"), StepState::Ok), (Answer::json(401, "{}"), StepState::Failed)] {
        let host = FakeHost::new().config(config).answer(answer).install();
        let steps = Smartspace::check();
        assert_eq!((steps[0].state, steps[1].state), (StepState::Skipped, state));
        assert_eq!(host.only_request().url, "https://api.example/saude");
    }
}

#[test]
fn mistakes_of_the_configuration_are_named_by_their_place() {
    for (config, path) in [
        (r#""fields": ["nome", "senha"]"#, "/fields/1"),
        (r#""editable": ["colour"]"#, "/editable/0"),
        (r#""names": {"nome": "não"}"#, "/names/nome"),
        (r#""values": {"genero": "extra"}"#, "/values/genero"),
        (r#""paths": {"search": "clientes"}"#, "/paths/search"),
        (r#""paths": {"customer": "/clientes"}"#, "/paths/customer"),
        (r#""spelling": "kebab""#, "/spelling"),
    ] {
        let found = Smartspace::validate_config(&format!("{{{config}}}"));
        assert_eq!(found.first().map(|violation| violation.path.as_str()), Some(path), "{found:?}");
    }
    assert!(Smartspace::validate_config("{}").is_empty());
}
