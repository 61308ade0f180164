//! Countries: ISO 3166-1 codes in common documents, FLOWii's own ids in its resources.

use wharf_sdk::{Failure, Result};

use crate::assumed::COUNTRY_NAMES;
use crate::client::Client;
use crate::references::Entry;

/// Returns FLOWii's id of a country; `mapping-missing` when its list has no such country.
pub(crate) fn id_of(client: &Client, code: &str) -> Result<String> {
    if let Some(id) = client.config.countries.get(code) {
        return Ok(id.clone());
    }
    let found = client.countries()?.iter().find(|entry| iso_of(entry).as_deref() == Some(code));
    let by_name = || client.countries().ok()?.iter().find(|entry| same(&entry.name, code));
    found.or_else(by_name).map(|entry| entry.id.clone()).ok_or_else(|| Failure::mapping_missing([("country", code)]))
}

/// Returns the ISO code of a country by FLOWii's id; none when the list does not tell it.
pub(crate) fn code_of(client: &Client, id: &str) -> Result<Option<String>> {
    let configured = client.config.countries.iter().find(|(_, known)| known.as_str() == id);
    if let Some((code, _)) = configured {
        return Ok(Some(code.clone()));
    }
    Ok(client.countries()?.iter().find(|entry| entry.id == id).and_then(iso_of))
}

/// Returns the ISO code of an entry: its own code, or the one that its name belongs to.
pub(crate) fn iso_of(entry: &Entry) -> Option<String> {
    let own = entry.code.as_deref().map(str::to_uppercase);
    own.filter(|code| code.len() == 2).or_else(|| {
        let known = COUNTRY_NAMES.iter().find(|(_, names)| names.iter().any(|name| same(&entry.name, name)));
        known.map(|(code, _)| (*code).to_owned())
    })
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_code_or_by_its_name_in_any_of_its_languages() {
        let entry = |name: &str, code: Option<&str>| Entry {
            id: "1".to_owned(),
            name: name.to_owned(),
            code: code.map(str::to_owned),
            nested: false,
        };
        for (name, code, iso) in [
            ("Poľsko", None, Some("PL")),
            ("POLAND", None, Some("PL")),
            (" Slovenská republika", None, Some("SK")),
            ("whatever", Some("cz"), Some("CZ")),
            ("Slovensko", Some("SVK"), Some("SK")),
            ("Atlantis", None, None),
        ] {
            assert_eq!(iso_of(&entry(name, code)).as_deref(), iso, "{name}");
        }
    }
}
