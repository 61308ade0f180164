//! Companies of a licence. A connection works for one, and for others where its configuration names them.
//!
//! Keys are unique within a company only, so a record of another company has it in its id: `1:F-10`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wharf_sdk::quirks::{Entries, Id};
use wharf_sdk::{Failure, Intent, Result, violation};

use crate::client::Client;
use crate::config::Config;

/// Field of a document's `extra` that names its company, after the API's header.
pub(crate) const FIELD: &str = "COMPANY_ID";

/// Returns a company that the configuration has.
pub(crate) fn known<'a>(config: &Config, company: &'a str) -> Result<&'a str> {
    if company == config.company_id || config.company_ids.iter().any(|one| one == company) {
        return Ok(company);
    }
    let message = format!("company `{company}` is not the connection's; add it to `company_ids`");
    Err(Failure::config_invalid(vec![violation("/company_ids", "unknown-company", message)]))
}

/// Returns the id of a record.
pub(crate) fn id(config: &Config, company: &str, key: &str) -> String {
    // A key that looks like another company's id gets its own company, so that it is read back as what it is.
    let plain = company == config.company_id && split(config, key).0.is_none();
    if plain { key.to_owned() } else { format!("{company}:{key}") }
}

/// Splits an id into the company, where it has one, and the key.
pub(crate) fn split<'a>(config: &Config, id: &'a str) -> (Option<&'a str>, &'a str) {
    match id.split_once(':') {
        Some((company, key)) if known(config, company).is_ok() => (Some(company), key),
        _ => (None, id),
    }
}

/// Starts for the company of an intent: that of its target, else that its document names, else the connection's own.
///
/// Returns the target's key, too.
pub(crate) fn open(intent: &Intent) -> Result<(Client, Option<&str>)> {
    let client = Client::open()?;
    let named = named(&intent.document)?;
    let (of_target, key) = match intent.target.as_deref() {
        Some(target) => {
            let (company, key) = split(&client.config, target);
            (company, Some(key))
        }
        None => (None, None),
    };
    if let (Some(named), Some(key)) = (&named, key)
        && of_target.unwrap_or(&client.config.company_id) != named
    {
        let message = format!("the document is of company `{named}` and `{key}` is not; leave `{FIELD}` out");
        return Err(Failure::invalid_record(vec![violation(format!("/extra/{FIELD}"), "other-company", message)]));
    }
    if let Some(named) = &named
        && known(&client.config, named).is_err()
    {
        let message = format!("company `{named}` is not the connection's; add it to its `company_ids`");
        return Err(Failure::invalid_record(vec![violation(format!("/extra/{FIELD}"), "unknown-company", message)]));
    }
    let client = client.of_company(of_target.or(named.as_deref()))?;
    Ok((client, key))
}

/// Returns the company that a document names, if it is one that can be read: what cannot is refused where it is read.
fn named(document: &str) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        extra: Option<&'a RawValue>,
    }
    if serde_json::from_str::<IgnoredAny>(document).is_err() {
        return Ok(None);
    }
    let Ok(Named { extra: Some(extra) }) = serde_json::from_str(document) else { return Ok(None) };
    let Ok(extra) = serde_json::from_str::<Entries<'_, &RawValue>>(extra.get()) else { return Ok(None) };
    let Some(raw) = extra.get(FIELD).filter(|raw| raw.get() != "null") else { return Ok(None) };
    let id: Id<'_> = serde_json::from_str(raw.get()).map_err(|_| {
        let message = "the company cannot be read; write it like `0`";
        Failure::invalid_record(vec![violation(format!("/extra/{FIELD}"), "not-a-word", message)])
    })?;
    Ok(Some(id.as_str().to_owned()).filter(|id| !id.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it stands")]
    use super::*;

    #[test]
    fn an_id_tells_the_company_and_the_key_whatever_the_key_is() {
        let config: Config = serde_json::from_str(r#"{"erp": "acomba", "company_ids": ["1"]}"#).unwrap();
        for (company, key, written) in [
            ("0", "F-10", "F-10"),
            ("1", "F-10", "1:F-10"),
            ("0", "1:x", "0:1:x"),
            ("0", "7:x", "7:x"),
            ("1", "1:x", "1:1:x"),
        ] {
            assert_eq!(id(&config, company, key), written);
            let (read, rest) = split(&config, written);
            assert_eq!((read.unwrap_or("0"), rest), (company, key));
        }
        assert!(known(&config, "2").is_err());
    }

    #[test]
    fn a_document_names_its_company_under_extra() {
        for (document, company) in [
            (r#"{"extra": {"COMPANY_ID": "1"}}"#, Some("1")),
            (r#"{"extra": {"COMPANY_ID": 1}}"#, Some("1")),
            (r#"{"extra": {}}"#, None),
            ("{}", None),
            ("[]", None),
            ("{", None),
        ] {
            assert_eq!(named(document).unwrap().as_deref(), company, "{document}");
        }
    }
}
