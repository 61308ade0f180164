//! From the common document of a partner to what Smartspace calls a customer's fields, and back. Pure.

use serde_json::{Map, Value};
use wharf_sdk::document::{Address, Extra, Partner, PartnerKind};

use crate::assumed::{BIRTH_FIELDS, DISTRICT_FIELDS, LANDMARK_FIELDS};
use crate::question::{Key, national};

/// Entity of customers.
pub(crate) const PARTNER: &str = "partner";

/// Digits of a person's number (CPF), and characters of a company's (CNPJ).
const CPF: usize = 11;
const CNPJ: usize = 14;

/// The standard fields of a customer, by their names; empty where there is none.
pub(crate) fn fields(partner: &Partner) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("nome", partner.name.clone()),
        ("cpf", number(partner, CPF)),
        ("cnpj", number(partner, CNPJ)),
        ("dataNascimento", day_first(&text_among(&partner.extra, &BIRTH_FIELDS))),
        ("email", email(partner)),
        ("telefone", partner.phone.as_deref().map(national).unwrap_or_default()),
        ("telefone2", second_phone(partner)),
    ];
    fields.extend(address_fields(partner));
    fields
}

/// Returns the number of that length, from whichever field has one.
fn number(partner: &Partner, length: usize) -> String {
    let both = [&partner.tax_number, &partner.registration_number];
    let plain = both.into_iter().flatten().map(|number| Key::Cpf.plain(number));
    plain.into_iter().find(|plain| plain.len() == length).unwrap_or_default()
}

fn email(partner: &Partner) -> String {
    let of_contact = || partner.contacts.iter().find_map(|contact| contact.email.clone());
    partner.email.clone().or_else(of_contact).unwrap_or_default()
}

fn second_phone(partner: &Partner) -> String {
    let first = partner.phone.as_deref().map(national);
    let others = partner.contacts.iter().filter_map(|contact| contact.phone.as_deref()).map(national);
    others.into_iter().find(|phone| Some(phone) != first.as_ref()).unwrap_or_default()
}

fn address_fields(partner: &Partner) -> [(&'static str, String); 8] {
    let address = partner.address.clone().unwrap_or_default();
    let street = Street::read(address.street.as_deref().unwrap_or_default());
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    [
        ("enderecoLogradouro", street.name),
        ("enderecoNumero", street.number),
        ("enderecoComplemento", street.complement),
        ("enderecoBairro", text_among(&partner.extra, &DISTRICT_FIELDS)),
        ("enderecoCidade", address.city.unwrap_or_default()),
        ("enderecoEstado", address.state.unwrap_or_default()),
        ("enderecoCep", digits(address.postcode.unwrap_or_default())),
        ("enderecoPontoReferencia", text_among(&partner.extra, &LANDMARK_FIELDS)),
    ]
}

/// A street as Smartspace takes it apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Street {
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) complement: String,
}

impl Street {
    /// Takes the street of a common document apart: the number is what follows the last comma or blank of the first line, if
    /// it begins with a digit; further lines are the complement.
    pub(crate) fn read(text: &str) -> Self {
        let (first, complement) = text.split_once('\n').unwrap_or((text, ""));
        let complement = complement.replace('\n', "; ");
        let begins_with_digit = |text: &str| text.starts_with(|char: char| char.is_ascii_digit());
        let split = first.rsplit_once(',').or_else(|| first.rsplit_once(' '));
        match split.map(|(name, number)| (name.trim(), number.trim())) {
            Some((name, number)) if begins_with_digit(number) && !name.is_empty() => {
                Self { name: name.to_owned(), number: number.to_owned(), complement }
            }
            _ => Self { name: first.trim().to_owned(), number: String::new(), complement },
        }
    }

    /// Puts the parts together again.
    pub(crate) fn text(&self) -> String {
        let separator = if self.number.is_empty() { "" } else { ", " };
        let line = format!("{}{separator}{}", self.name, self.number);
        if self.complement.is_empty() { line } else { format!("{line}\n{}", self.complement) }
    }
}

fn text_among(extra: &Extra, names: &[&str]) -> String {
    names.iter().find_map(|name| extra.get(*name)).map(text_of).unwrap_or_default()
}

/// Writes a date as Brazilians do, `01/02/1990`; other text stays.
pub(crate) fn day_first(text: &str) -> String {
    match text.parse::<wharf_sdk::civil::LocalTime>().map(wharf_sdk::civil::LocalTime::date) {
        Ok((year, month, day)) => format!("{day:02}/{month:02}/{year:04}"),
        Err(_) => text.to_owned(),
    }
}

/// Writes any value as one text: lists and objects are joined, as nothing nested may leave.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "TRUE".to_owned(),
        Value::Bool(false) => "FALSE".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text_of).collect::<Vec<_>>().join("; "),
        Value::Object(all) => all.values().map(text_of).collect::<Vec<_>>().join("; "),
    }
}

/// Makes the common document of a customer that another company API returned. `get` finds a standard field in it; what no
/// standard field is goes to `extra`.
pub(crate) fn partner(get: impl Fn(&str) -> Option<String>, others: Map<String, Value>) -> Partner {
    let (cpf, cnpj) = (get("cpf"), get("cnpj"));
    let street = Street {
        name: get("enderecoLogradouro").unwrap_or_default(),
        number: get("enderecoNumero").unwrap_or_default(),
        complement: get("enderecoComplemento").unwrap_or_default(),
    };
    let address = Address {
        street: Some(street.text()).filter(|street| !street.is_empty()),
        postcode: get("enderecoCep"),
        city: get("enderecoCidade"),
        state: get("enderecoEstado"),
        ..Address::default()
    };
    let mut extra = others;
    for name in ["dataNascimento", "telefone2", "enderecoBairro", "enderecoPontoReferencia", "ativo"] {
        if let Some(text) = get(name) {
            extra.insert(name.to_owned(), text.into());
        }
    }
    Partner {
        id: get("codigo"),
        kind: if cnpj.is_some() { PartnerKind::Company } else { PartnerKind::Person },
        name: get("nome").unwrap_or_default(),
        registration_number: cnpj,
        tax_number: cpf,
        email: get("email"),
        phone: get("telefone"),
        address: Some(address).filter(|address| *address != Address::default()),
        extra,
        ..Partner::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_is_taken_apart_and_put_together() {
        for (text, name, number, complement, again) in [
            ("Rua Um, 100", "Rua Um", "100", "", "Rua Um, 100"),
            ("Rua Um, 100\nSala 2\nFundos", "Rua Um", "100", "Sala 2; Fundos", "Rua Um, 100\nSala 2; Fundos"),
            ("Hlavná 12/A", "Hlavná", "12/A", "", "Hlavná, 12/A"),
            ("Praça da Sé", "Praça da Sé", "", "", "Praça da Sé"),
            ("Rua Um, sem número", "Rua Um, sem número", "", "", "Rua Um, sem número"),
            ("", "", "", "", ""),
        ] {
            let street = Street::read(text);
            assert_eq!(
                (street.name.as_str(), street.number.as_str(), street.complement.as_str()),
                (name, number, complement)
            );
            assert_eq!(street.text(), again);
        }
    }

    #[test]
    fn nothing_nested_leaves() {
        let value = serde_json::json!([1, null, true, {"a": "x", "b": ["y", "z"]}]);
        assert_eq!(text_of(&value), "1; ; TRUE; x; y; z");
        assert_eq!((day_first("1990-02-01"), day_first("01/02/1990")), ("01/02/1990".into(), "01/02/1990".into()));
    }
}
