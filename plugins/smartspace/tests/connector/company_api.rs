//! Reading a company API of the same contract.

use serde_json::Value;
use smartspace::Smartspace;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Bounds, Completeness, Feeds, Item, Records};
use wharf_sdk_testing::{Answer, FakeHost};

const CUSTOMERS: &str = r#"[{"codigo": "77", "nome": "ANA LIMA", "cpf": "00000000191", "data_nascimento": "01/02/1990", "email": "ana@ex.com",
    "telefone": "83900000000", "genero": "F", "endereco_logradouro": "Rua Um", "enderecoNumero": "100", "enderecoCep": "58000000", "ativo": "TRUE", "crm": ""},
    {"codigo": "78", "nome": "Padaria", "cnpj": "00000000000191"}]"#;

fn api(more: &str) -> FakeHost {
    FakeHost::new().config(format!(r#"{{"base_url": "https://api.example/v1"{more}}}"#))
}

fn document(item: &Item) -> Value {
    match &item.content {
        wharf_sdk::Content::Document(text) => serde_json::from_str(text).unwrap(),
        wharf_sdk::Content::Slice(_) => panic!("a document was expected"),
    }
}

fn field(key: &str, value: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_owned())]
}

#[test]
fn customers_become_partners_in_any_spelling() {
    let host = api("").answer(Answer::json(200, CUSTOMERS)).install();
    let page = Smartspace::pull("customers", None, Bounds::default()).unwrap();
    assert_eq!(page.state, Completeness::CaughtUp);
    assert_eq!(
        document(&page.items[0]),
        serde_json::json!({
            "id": "77", "kind": "person", "name": "ANA LIMA", "tax_number": "00000000191", "email": "ana@ex.com", "phone": "83900000000",
            "address": {"street": "Rua Um, 100", "postcode": "58000000"},
            "extra": {"genero": "F", "dataNascimento": "01/02/1990", "ativo": "TRUE"}
        })
    );
    assert_eq!((page.items[1].id.as_str(), &document(&page.items[1])["kind"]), ("78", &Value::from("company")));
    let request = host.only_request();
    assert_eq!(
        (request.url.as_str(), request.credential.as_deref()),
        ("https://api.example/v1/clientes", Some("api-user"))
    );
}

#[test]
fn each_search_is_asked_and_pages_are_kept() {
    let searches = r#", "sign_in": "oauth2", "searches": [{"cpf": "00000000191"}, {"email": "a@b.c"}]"#;
    let host = api(searches).respond(|_| Answer::json(200, CUSTOMERS)).install();
    let (mut cursor, mut read) = (None, Vec::new());
    for _ in 0..10 {
        let bounds = Bounds { max_items: 1, ..Bounds::default() };
        let page = Smartspace::pull("customers", cursor, bounds).unwrap();
        read.extend(page.items.into_iter().map(|item| item.id));
        cursor = Some(page.next);
        if page.state == Completeness::CaughtUp {
            break;
        }
    }
    assert_eq!(read, ["77", "78", "77", "78"]);
    assert!(host.requests()[0].url.ends_with("/clientes?cpf=00000000191"));
    assert!(host.requests()[3].url.ends_with("/clientes?email=a%40b.c"));
    assert_eq!(host.requests()[0].credential.as_deref(), Some("api-client"));
}

#[test]
fn customers_are_looked_up_and_read() {
    let host = api("").respond(|_| Answer::json(200, CUSTOMERS)).install();
    for (key, url) in [
        ("tax_number", "/clientes?cpf=x"),
        ("registration_number", "/clientes?cnpj=x"),
        ("email", "/clientes?email=x"),
        ("phone", "/clientes?telefone=x"),
    ] {
        host.start_call();
        assert_eq!(Smartspace::lookup("partner", &field(key, "x"), 1).unwrap().len(), 1);
        assert!(host.only_request().url.ends_with(url), "{key}");
    }
    host.start_call();
    assert_eq!(Smartspace::get("partner", "a/b").unwrap().id, "77");
    assert!(host.only_request().url.ends_with("/clientes/a%2Fb"));
    let failure = Smartspace::lookup("partner", &field("name", "x"), 1).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Unsupported(_)));
}

#[test]
fn nobody_and_other_shapes_are_told_apart() {
    type Check = fn(&Cause) -> bool;
    let cases: [(Answer, Check); 5] = [
        (Answer::json(200, "[]"), |cause| matches!(cause, Cause::NotFound(missing) if missing.key == "7")),
        (Answer::json(200, r#"{"codigo": "7"}"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::json(200, r#"[{"nome": "A"}]"#), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::json(401, r#"{"erro": "x"}"#), |cause| *cause == Cause::AuthExpired),
        (Answer::json(500, r#"{"erro": "x"}"#), |cause| *cause == Cause::Unavailable(None)),
    ];
    for (answer, is_it) in cases {
        let _host = api("").answer(answer.clone()).install();
        let failure = Smartspace::get("partner", "7").unwrap_err();
        assert!(is_it(failure.cause()), "{answer:?}: {failure:?}");
    }
}

#[test]
fn a_connection_that_only_serves_reads_nothing() {
    let host = FakeHost::new().install();
    for failure in [
        Smartspace::pull("customers", None, Bounds::default()).unwrap_err(),
        Smartspace::get("partner", "7").unwrap_err(),
    ] {
        let Cause::ConfigInvalid(found) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(found[0].path, "/base_url");
    }
    assert!(host.requests().is_empty());
}
