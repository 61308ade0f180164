//! Searches, and what leaves of a customer.

use serde_json::json;
use wharf_sdk::Failure;
use wharf_sdk::failure::{LimitScope, RateLimit, ToldBy};
use wharf_sdk_testing::FakeSource;

use crate::support::{ANA, PADARIA, ask, codes, get, host, owners, source};

#[test]
fn a_customer_leaves_flat_in_texts_with_the_address_as_given() {
    let _host = owners(r#""fields": ["codigo", "nome", "cpf", "dataNascimento", "email", "telefone", "telefone2", "endereco", "ativo"],
        "values": {"genero": "/extra/gender", "marcas": "/extra/tags", "noticias": "/extra/news", "rg": "/extra/none"}, "sim_nao": ["noticias"]"#)
    .install();
    assert_eq!(
        get("/clientes?cpf=000.000.001-91"),
        (
            200,
            json!([{"codigo": "crm:77", "nome": "ANA LIMA", "cpf": "00000000191", "data_nascimento": "01/02/1990", "email": "ana@ex.com",
                "telefone": "83900000000", "telefone_2": "83911111111", "genero": "F", "marcas": "vip; x", "noticias": "SIM", "rg": "",
                "enderecoLogradouro": "Rua Um", "enderecoNumero": "100", "enderecoComplemento": "Sala 2", "enderecoBairro": "Centro",
                "enderecoCidade": "Joao Pessoa", "enderecoEstado": "PB", "enderecoCep": "58000000", "enderecoPontoReferencia": "",
                "ativo": "TRUE"}])
        )
    );
}

#[test]
fn names_are_spelled_as_wanted() {
    for (config, expected) in [
        (r#""spelling": "as-given""#, &["data_nascimento", "enderecoCep"][..]),
        (r#""spelling": "camel""#, &["dataNascimento", "enderecoCep"]),
        (r#""spelling": "snake""#, &["data_nascimento", "endereco_cep"]),
        (r#""spelling": "both""#, &["dataNascimento", "data_nascimento", "enderecoCep", "endereco_cep"]),
        (r#""names": {"dataNascimento": "data_nascimen", "enderecoCep": "cep"}"#, &["cep", "data_nascimen"]),
    ] {
        let _host = owners(&format!(r#""fields": ["dataNascimento", "endereco"], {config}"#)).install();
        let (_, body) = get("/clientes?email=ana@ex.com");
        let names: Vec<&str> = body[0].as_object().unwrap().keys().map(String::as_str).collect();
        let these: Vec<&str> =
            names.into_iter().filter(|name| name.contains("ascimen") || name.to_lowercase().contains("cep")).collect();
        assert_eq!(these, expected, "{config}");
    }
}

#[test]
fn only_configured_fields_leave() {
    let _host = owners(r#""fields": ["codigo", "nome"]"#).install();
    let (_, body) = get("/clientes?cpf=00000000191");
    assert_eq!(body, json!([{"codigo": "crm:77", "nome": "ANA LIMA"}]));
    let _host = owners("").install();
    let (_, body) = get("/clientes?cpf=00000000191");
    assert!(!body.to_string().contains("secret") && !body.to_string().contains("1990"), "{body}");
}

#[test]
fn customers_are_found_by_every_key_in_whatever_form_it_is_kept() {
    let digits = ANA.replace("000.000.001-91", "00000000191").replace("(83) 90000-0000", "5583900000000");
    let keys = &["tax_number", "registration_number", "email", "phone"][..];
    let _host = host("")
        .source(source("crm", keys).record("77", &digits))
        .source(source("erp", keys).record("C-1", PADARIA))
        .install();
    for (query, found) in [
        ("cpf=000.000.001-91", &["crm:77"][..]),
        ("cpf=00000000191", &["crm:77"]),
        ("cnpj=00000000000191", &["erp:C-1"]),
        ("cnpj=00.000.000%2F0001-91", &["erp:C-1"]),
        ("email=ANA%40ex.com", &["crm:77", "erp:C-1"]),
        ("telefone=83900000000", &["crm:77"]),
        ("telefone=%2B55+83+90000-0000", &["crm:77"]),
        ("codigo=erp%3AC-1", &["erp:C-1"]),
        ("codigo=erp:nobody", &[]),
        ("codigo=other:1", &[]),
        ("codigo=C-1", &["erp:C-1"]),
        ("codigo=77&cpf=00000000191", &["crm:77"]),
        ("email=ana@ex.com&cpf=00000000191", &["crm:77"]),
        ("codigo=crm:77&email=other@ex.com", &[]),
        ("cpf=11111111111&colour=red", &[]),
    ] {
        assert_eq!(codes(&format!("/clientes?{query}")), found, "{query}");
    }
}

#[test]
fn one_customer_is_an_array_too_and_an_unknown_code_is_an_empty_one() {
    let _host = owners("").install();
    assert_eq!(codes("/clientes/crm:77"), ["crm:77"]);
    assert_eq!(codes("/clientes/crm%3A77"), ["crm:77"]);
    assert_eq!(codes("/clientes/77"), ["crm:77"], "as people read it off the owner's screen");
    for unknown in ["/clientes/crm:78", "/clientes/78", "/clientes/crm:", "/clientes/no:1"] {
        assert_eq!(get(unknown), (200, json!([])), "{unknown}");
    }
}

#[test]
fn bare_code_that_an_owner_cannot_be_asked_for_is_not_said_to_be_unknown() {
    let down = source("crm", &["email"]).failing(Failure::unavailable(None, "down"));
    let _host = host("").source(down).source(source("erp", &["email"]).record("C-1", PADARIA)).install();
    assert_eq!(codes("/clientes/C-1"), ["erp:C-1"]);
    assert_eq!(get("/clientes/C-2").0, 500);
}

#[test]
fn at_most_twenty_customers_are_returned() {
    let many = |name: &str| {
        (0..15).fold(source(name, &["email"]), |source, id| {
            source.record(&id.to_string(), r#"{"name": "A", "email": "a@b.c"}"#)
        })
    };
    let _host = host("").source(many("crm")).source(many("erp")).install();
    let found = codes("/clientes?email=a@b.c");
    assert_eq!((found.len(), found[19].as_str()), (20, "erp:4"));
}

#[test]
fn requests_that_cannot_be_answered_are_told_so() {
    let _host = owners("").install();
    for (method, path, status, word) in [
        ("GET", "/clientes", 400, "informe cpf"),
        ("GET", "/clientes?nome=ana", 400, "informe cpf"),
        ("GET", "/clientes?cpf=", 400, "`cpf`"),
        ("GET", "/clientes?telefone=---", 400, "`telefone`"),
        ("GET", "/clientes?telefone=83900000000", 400, "pesquisa por telefone"),
        ("GET", "/outro", 404, "caminho"),
        ("GET", "/clientes/1/2", 404, "caminho"),
        ("POST", "/clientes", 405, "GET"),
        ("DELETE", "/clientes/crm:77", 405, "GET, PUT"),
        ("PUT", "/saude", 405, "GET"),
    ] {
        let (found, body) = ask(method, path, "{}");
        assert_eq!(found, status, "{method} {path}: {body}");
        assert!(body["erro"].as_str().unwrap().contains(word), "{method} {path}: {body}");
        assert_eq!(body.as_object().unwrap().len(), 1);
    }
}

#[test]
fn without_owners_every_answer_says_so() {
    let _host = host("").source(FakeSource::new("crm", "suppliers", "partner")).install();
    for path in ["/saude", "/clientes?cpf=00000000191", "/clientes/crm:77"] {
        let (status, body) = get(path);
        assert_eq!((status, body["erro"].as_str().unwrap().contains("liberada")), (500, true), "{path}");
    }
    let _host = owners("").install();
    assert_eq!(get("/saude"), (200, json!({"status": "ok", "fontes": "2"})));
}

fn rate_limited() -> Failure {
    let limit = RateLimit { scope: LimitScope::Credential, not_before: None, told_by: ToldBy::Header };
    Failure::rate_limited(limit, "slow down")
}

#[test]
fn an_owner_that_fails_is_left_out_where_another_found_somebody() {
    let down = || source("crm", &["email"]).failing(Failure::unavailable(None, "ana@ex.com could not be looked up"));
    let host_ = host("").source(down()).source(source("erp", &["email"]).record("C-1", PADARIA)).install();
    assert_eq!(codes("/clientes?email=ana@ex.com"), ["erp:C-1"]);
    let (status, body) = get("/clientes?email=nobody@ex.com");
    assert_eq!((status, body["erro"].as_str().unwrap().contains("`crm` não respondeu")), (500, true), "{body}");
    assert!(host_.log().iter().any(|line| line.event == "an owner of customers failed"));
    drop(host_);
    let _host = host("").source(source("crm", &["email"]).failing(rate_limited())).install();
    assert_eq!(get("/clientes?email=ana@ex.com").0, 429);
}

#[test]
fn an_agent_is_not_kept_waiting() {
    // No time at all: the first owner is not even asked.
    let _host = owners(r#""answer_within_ms": 0"#).install();
    let (status, body) = get("/clientes?email=ana@ex.com");
    assert_eq!((status, body["erro"].as_str().unwrap().contains("demoraram")), (500, true), "{body}");
}

#[test]
fn no_value_of_a_customer_is_logged() {
    let host = owners("").install();
    for path in
        ["/clientes?cpf=000.000.001-91", "/clientes?email=ana@ex.com", "/clientes/crm:77", "/clientes?cpf=99999999999"]
    {
        get(path);
    }
    ask("PUT", "/clientes/crm:77", r#"{"email": "new@ex.com"}"#);
    let log = format!("{:?}", host.log());
    assert!(log.contains("customers searched") && log.contains("customer changed"));
    for value in ["00000000191", "000.000.001-91", "999999", "ana@ex.com", "new@ex.com", "ANA", "crm:77"] {
        assert!(!log.contains(value), "{value} in {log}");
    }
}

#[test]
fn paths_are_those_that_the_company_chose() {
    let _host =
        owners(r#""paths": {"search": "/api/busca", "customer": "/api/c/{codigo}/dados", "health": "/"}"#).install();
    assert_eq!(codes("/api/busca?cpf=00000000191"), ["crm:77"]);
    assert_eq!(codes("/api/c/crm:77/dados"), ["crm:77"]);
    assert_eq!(get("/").0, 200);
    assert_eq!(get("/clientes?cpf=00000000191").0, 404);
    assert_eq!(get("/api/c/crm:77").0, 404);
}

#[test]
fn a_document_of_another_shape_gives_what_pointers_name() {
    let raw = FakeSource::new("shop", "customers", "client")
        .keys(["email"])
        .record("5", r#"{"email": "a@b.c", "who": {"first": "Ana"}}"#);
    let _host = host(r#""values": {"nome": "/who/first"}"#).source(raw).install();
    let (_, body) = get("/clientes?email=a@b.c");
    assert_eq!(body, json!([{"codigo": "shop:5", "ativo": "TRUE", "nome": "Ana"}]));
    assert_eq!(ask("PUT", "/clientes/shop:5", "{}").0, 405);
}
