//! What a request asks: path, query, and the forms in which a value may be kept.

use wharf_sdk::Delivery;

use crate::config::Paths;
use crate::reply::Refusal;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Search,
    Customer(String),
    Health,
}

/// Finds what the path of a request leads to; none for an unknown one.
pub(crate) fn target(request: &Delivery, paths: &Paths) -> Option<Target> {
    let path = request.path.split('?').next().unwrap_or_default();
    let part = |part: &str| decoded(&part.replace("+", "%2B"));
    let parts: Vec<String> = path.split("/").filter(|part| !part.is_empty()).map(part).collect();
    let is = |known: &str| known.split('/').filter(|part| !part.is_empty()).eq(parts.iter().map(String::as_str));
    if is(&paths.search) {
        return Some(Target::Search);
    }
    if is(&paths.health) {
        return Some(Target::Health);
    }
    let known: Vec<&str> = paths.customer.split('/').filter(|part| !part.is_empty()).collect();
    let fits = |(known, part): (&&str, &String)| *known == "{codigo}" || *known == part;
    if known.len() != parts.len() || !known.iter().zip(&parts).all(fits) {
        return None;
    }
    known.iter().zip(parts).find(|(known, _)| **known == "{codigo}").map(|(_, code)| Target::Customer(code))
}

/// A key that customers are searched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Cpf,
    Cnpj,
    Email,
    Phone,
    Code,
}

impl Key {
    const ALL: [(&'static str, Self); 5] = [
        ("cpf", Self::Cpf),
        ("cnpj", Self::Cnpj),
        ("email", Self::Email),
        ("telefone", Self::Phone),
        ("codigo", Self::Code),
    ];

    /// Returns the name of its parameter.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, key)| *key == self).map_or("", |(name, _)| name)
    }

    /// Returns the keys of look-ups that stand for it, the surest first: some systems keep both numbers in one field.
    pub(crate) fn lookup_keys(self) -> &'static [&'static str] {
        match self {
            Self::Cpf => &["tax_number", "registration_number"],
            Self::Cnpj => &["registration_number", "tax_number"],
            Self::Email => &["email"],
            Self::Phone => &["phone"],
            Self::Code => &[],
        }
    }

    /// Returns the forms in which owners may keep a value: punctuation does not count, nor does the country of a number.
    pub(crate) fn forms(self, value: &str) -> Vec<String> {
        let plain = self.plain(value);
        let punctuated = match self {
            Self::Cpf => grouped(&plain, &[(3, "."), (3, "."), (3, "-"), (2, "")]),
            Self::Cnpj => grouped(&plain, &[(2, "."), (3, "."), (3, "/"), (4, "-"), (2, "")]),
            Self::Phone => Some(format!("55{plain}")),
            Self::Email | Self::Code => None,
        };
        std::iter::once(plain).chain(punctuated).collect()
    }

    /// Returns a value in the form in which it is compared.
    pub(crate) fn plain(self, value: &str) -> String {
        match self {
            Self::Cpf | Self::Cnpj => {
                value.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect()
            }
            Self::Email => value.trim().to_lowercase(),
            Self::Phone => national(value),
            Self::Code => value.to_owned(),
        }
    }
}

/// Returns the digits of a telephone number without the country's 55 and without a leading zero.
pub(crate) fn national(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    // With its area code a number has ten or eleven digits.
    digits.strip_prefix("55").filter(|rest| rest.len() >= 10).unwrap_or(digits).to_owned()
}

fn grouped(plain: &str, groups: &[(usize, &str)]) -> Option<String> {
    let mut rest = plain;
    let mut text = String::new();
    for (length, after) in groups {
        let (group, left) = rest.split_at_checked(*length)?;
        text.push_str(group);
        text.push_str(after);
        rest = left;
    }
    rest.is_empty().then_some(text)
}

/// Reads what is searched for: at least one key with a value that can be one. Other parameters are ignored.
pub(crate) fn search(request: &Delivery) -> Result<Vec<(Key, String)>, Refusal> {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let mut asked: Vec<(Key, String)> = Vec::new();
    for (name, value) in query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        let name = decoded(name);
        let Some((_, key)) = Key::ALL.iter().find(|(known, _)| *known == name) else { continue };
        let value = decoded(value);
        let plain = key.plain(&value);
        if plain.is_empty() {
            return Err(Refusal::new(400, format!("`{name}` está vazio ou não é válido")));
        }
        asked.push((*key, value));
    }
    match asked.is_empty() {
        true => Err(Refusal::new(400, "informe cpf, cnpj, email, telefone ou codigo")),
        false => Ok(asked),
    }
}

/// Undoes percent-encoding, and `+` for a blank.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, after) {
            (b'%', [high, low, after @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                decoded.push(hex(high).unwrap_or_default() * 16 + hex(low).unwrap_or_default());
                rest = after;
            }
            (b'+', after) => {
                decoded.push(b' ');
                rest = after;
            }
            (first, after) => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_asked_for_in_the_forms_in_which_they_may_be_kept() {
        for (key, value, forms) in [
            (Key::Cpf, "000.000.001-91", &["00000000191", "000.000.001-91"][..]),
            (Key::Cnpj, "00000000000191", &["00000000000191", "00.000.000/0001-91"]),
            (Key::Cpf, "12", &["12"]),
            (Key::Email, " Ana@Ex.com ", &["ana@ex.com"]),
            (Key::Phone, "+55 (83) 90000-0000", &["83900000000", "5583900000000"]),
            (Key::Phone, "083 90000 0000", &["83900000000", "5583900000000"]),
        ] {
            assert_eq!(key.forms(value), forms, "{value}");
        }
    }

    #[test]
    fn percent_encoding_is_undone_once() {
        for (text, plain) in
            [("a%40b", "a@b"), ("%2541", "%41"), ("a+b", "a b"), ("%", "%"), ("%zz", "%zz"), ("%C3%A9", "é")]
        {
            assert_eq!(decoded(text), plain);
        }
    }
}
