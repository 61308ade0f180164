//! Changes that Smartspace sends back.

use serde_json::{Value, json};
use wharf_sdk::lookups::Receipt;
use wharf_sdk::{Action, Failure, violation};
use wharf_sdk_testing::FakeSource;

use crate::support::{ANA, ask, host, owners, source};

fn put(body: &str) -> (u16, Value) {
    ask("PUT", "/clientes/crm:77", body)
}

#[test]
fn a_change_goes_to_the_owner_with_nothing_else_in_it() {
    let host = owners("").install();
    let (status, body) =
        put(r#"{"telefone": "(83) 92222-2222", "email": "new@ex.com", "cpf": "000.000.001-91", "colour": "red"}"#);
    assert_eq!((status, body.as_array().unwrap().len()), (200, 1));
    let [edit] = host.edits().try_into().unwrap();
    assert_eq!((edit.source.as_str(), edit.action, edit.id.as_deref()), ("crm", Action::Update, Some("77")));
    let document: Value = serde_json::from_str(&edit.document).unwrap();
    assert_eq!(
        document,
        json!({"id": "77", "kind": "person", "name": "ANA LIMA", "email": "new@ex.com", "phone": "83922222222"})
    );
}

#[test]
fn a_changed_address_goes_whole() {
    for body in [r#"{"enderecoNumero": "200"}"#, r#"{"endereco_numero": "200", "endereco_cidade": "Joao Pessoa"}"#] {
        let host = owners("").install();
        assert_eq!(put(body).0, 200);
        let document: Value = serde_json::from_str(&host.edits()[0].document).unwrap();
        assert_eq!(
            document["address"],
            json!({"street": "Rua Um, 200\nSala 2", "city": "Joao Pessoa", "state": "PB", "postcode": "58000-000"}),
            "{body}"
        );
    }
}

#[test]
fn what_is_there_already_is_not_sent() {
    let host = owners("").install();
    let (_, before) = ask("GET", "/clientes/crm:77", "");
    for body in [
        "{}",
        r#"{"nome": " ANA LIMA ", "telefone": "+55 83 90000-0000", "enderecoCep": "58000-000"}"#,
        &before[0].to_string(),
        &before.to_string(),
    ] {
        assert_eq!(put(body), (200, before.clone()), "{body}");
    }
    assert!(host.edits().is_empty());
}

#[test]
fn changes_that_cannot_be_made_are_refused_by_name() {
    let host = owners("").install();
    for (body, word) in [
        (r#"{"cpf": "11111111111"}"#, "`cpf`"),
        (r#"{"codigo": "1"}"#, "`codigo`"),
        (r#"{"nome": ""}"#, "`nome`"),
        (r#"{"nome": "A\nB"}"#, "`nome`"),
        (r#"{"email": "ana"}"#, "`email`"),
        (r#"{"telefone": "123"}"#, "`telefone`"),
        (r#"{"enderecoCep": "123"}"#, "`enderecoCep`"),
        (r#"{"enderecoBairro": "Outro"}"#, "`enderecoBairro`"),
        (r#"{"endereco": {"cep": "1"}}"#, "`endereco`"),
        ("[]", "objeto"),
        ("nope", "objeto"),
    ] {
        let (status, answer) = put(body);
        assert_eq!(status, 422, "{body}: {answer}");
        assert!(answer["erro"].as_str().unwrap().contains(word), "{body}: {answer}");
    }
    assert!(host.edits().is_empty());
    assert_eq!(ask("PUT", "/clientes/crm:78", "{}").0, 404);
    assert_eq!(ask("PUT", "/clientes/78", "{}").0, 404);
}

#[test]
fn bare_code_of_two_owners_changes_neither() {
    let owner = |name: &str| source(name, &["email"]).record("77", ANA);
    let host = host("").source(owner("crm")).source(owner("erp")).install();
    let (status, answer) = ask("PUT", "/clientes/77", r#"{"email": "new@ex.com"}"#);
    assert_eq!((status, answer["erro"].as_str().unwrap().contains("`codigo`")), (422, true));
    assert!(host.edits().is_empty());
    assert_eq!(ask("PUT", "/clientes/erp:77", r#"{"email": "new@ex.com"}"#).0, 200);
    assert_eq!(host.edits().len(), 1);
}

#[test]
fn only_fields_that_the_operator_named_can_be_changed() {
    let host = owners(r#""editable": ["email"]"#).install();
    for body in [r#"{"nome": "OUTRA"}"#, r#"{"telefone": "83922222222"}"#, r#"{"enderecoCidade": "Natal"}"#] {
        assert_eq!(put(body).0, 422, "{body}");
    }
    assert!(host.edits().is_empty());
    assert_eq!((put(r#"{"email": "new@ex.com"}"#).0, host.edits().len()), (200, 1));
}

#[test]
fn a_source_that_may_only_be_read_is_not_changed() {
    let reader = FakeSource::new("crm", "customers", "partner").record("77", ANA);
    let host = host("").source(reader).install();
    let (status, body) = put(r#"{"email": "new@ex.com"}"#);
    assert_eq!((status, body["erro"].as_str().unwrap().contains("`crm`")), (405, true));
    assert!(host.edits().is_empty());
}

#[test]
fn what_becomes_of_a_change_is_told() {
    type Made = Result<Receipt, Failure>;
    let cases: [(Made, u16); 5] = [
        (Ok(Receipt::NothingToDo), 200),
        (Ok(Receipt::Accepted("0197".to_owned())), 202),
        (Err(Failure::invalid_record(vec![violation("/email", "refused", "ana@ex.com is taken")])), 422),
        (Err(Failure::conflict(None, Some(false), "changed meanwhile")), 422),
        (Err(Failure::unavailable(None, "down")), 500),
    ];
    for (receipt, status) in cases {
        let owner = source("crm", &["email"]).record("77", ANA).receipt(receipt.clone());
        let _host = host("").source(owner).install();
        let (found, body) = put(r#"{"email": "new@ex.com"}"#);
        assert_eq!(found, status, "{receipt:?}: {body}");
        assert!(!body.to_string().contains("taken"), "the owner's own sentence stays here");
        if status == 202 {
            assert_eq!(body[0]["email"], "new@ex.com", "the wanted state");
        }
    }
}
