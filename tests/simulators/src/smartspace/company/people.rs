//! The customers that a populated API has.

use serde_json::{Map, Value, json};

/// See `Company::SHARED_PHONE`.
pub(super) const SHARED_PHONE: &str = "8332220000";

/// Returns the customer of a number, in camel case and all texts.
pub(super) fn customer(number: u32) -> Map<String, Value> {
    let is_company = number.is_multiple_of(5);
    let shares = number.is_multiple_of(3);
    let customer = json!({
        "codigo": number.to_string(),
        "nome": if is_company { format!("PADARIA {number} LTDA") } else { format!("ANA LIMA {number}") },
        "cpf": if is_company { String::new() } else { format!("{number:011}") },
        "cnpj": if is_company { format!("{number:014}") } else { String::new() },
        "dataNascimento": if is_company { String::new() } else { format!("{:02}/02/1990", number % 28 + 1) },
        "email": format!("cliente{number}@example.com"),
        "telefone": if shares { SHARED_PHONE.to_owned() } else { format!("839{number:08}") },
        "genero": if is_company { "" } else { "F" },
        "enderecoLogradouro": "Rua Um",
        "enderecoNumero": number.to_string(),
        "enderecoComplemento": "",
        "enderecoBairro": "Centro",
        "enderecoCidade": "Joao Pessoa",
        "enderecoEstado": "PB",
        "enderecoCep": "58000000",
        "enderecoPontoReferencia": "",
        "ativo": "TRUE",
    });
    customer.as_object().cloned().unwrap_or_default()
}
