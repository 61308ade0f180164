//! The connection that a call is made for.

use serde::de::DeserializeOwned;

use crate::failure::violation;
use crate::{Failure, Result, Violation};

/// Returns the connection's configuration as JSON text. Secrets are not in it.
pub fn config_text() -> String {
    crate::host::with(|host| host.config())
}

/// Returns the connection's configuration; `config-invalid` with the place of the mistake when it does not fit.
pub fn config<T: DeserializeOwned>() -> Result<T> {
    read(&config_text()).map_err(|violation| Failure::config_invalid(vec![violation]))
}

/// Returns what keeps `config` from being read as `T`: nothing, or the first mistake.
///
/// For `Describe::validate_config` of a connector whose type checks more than the JSON Schema says.
pub fn violations<T: DeserializeOwned>(config: &str) -> Vec<Violation> {
    read::<T>(config).err().into_iter().collect()
}

/// Returns the connection's configuration where `rules` find nothing against it, else `config-invalid`.
///
/// The rules say what the JSON Schema cannot; [`rules`](crate::rules) has those that many connectors need. They are the
/// ones of [`check`], so that a configuration is refused when it is written and, should it get there, in every call.
pub fn checked<T: DeserializeOwned>(rules: impl FnOnce(&T) -> Vec<Violation>) -> Result<T> {
    let config: T = config()?;
    match rules(&config) {
        found if found.is_empty() => Ok(config),
        found => Err(Failure::config_invalid(found)),
    }
}

/// Returns what is wrong with `config`: the first place where it does not fit `T`, else everything that `rules` find.
///
/// For `Describe::validate_config`:
///
/// ```
/// use serde::Deserialize;
/// use wharf_sdk::{Violation, connection, rules};
///
/// #[derive(Deserialize)]
/// struct Config {
///     time_zone: String,
///     calls_per_minute: Option<u32>,
/// }
///
/// impl Config {
///     fn violations(&self) -> Vec<Violation> {
///         let zone = rules::known_zone("/time_zone", &self.time_zone);
///         zone.into_iter().chain(rules::not_zero("calls_per_minute", self.calls_per_minute)).collect()
///     }
/// }
///
/// let found = connection::check(r#"{"time_zone": "Europe/Atlantis", "calls_per_minute": 0}"#, Config::violations);
/// let paths: Vec<_> = found.iter().map(|violation| violation.path.as_str()).collect();
/// assert_eq!(paths, ["/time_zone", "/calls_per_minute"]);
/// ```
pub fn check<T: DeserializeOwned>(config: &str, rules: impl FnOnce(&T) -> Vec<Violation>) -> Vec<Violation> {
    read::<T>(config).map_or_else(|mistake| vec![mistake], |config| rules(&config))
}

/// Reads JSON, and says where it does not fit.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> std::result::Result<T, Violation> {
    // The path costs time in every value, so it is only looked for when something is wrong.
    serde_json::from_str(text).or_else(|_| {
        let mut json = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| at_path(&error))
    })
}

fn at_path(error: &serde_path_to_error::Error<serde_json::Error>) -> Violation {
    let path = pointer(error.path());
    let inner = error.inner();
    let code = match inner.classify() {
        serde_json::error::Category::Data => "wrong-shape",
        _ => "not-json",
    };
    let place = if path.is_empty() { "the document" } else { &path };
    violation(path.clone(), code, format!("`{place}` does not fit: {inner}; correct it"))
}

/// Writes a path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Shops {
        #[expect(dead_code, reason = "only its shape is of interest")]
        shops: std::collections::BTreeMap<String, Vec<u8>>,
    }

    #[test]
    fn a_mistake_is_named_by_its_json_pointer() {
        for (text, path, code) in [
            (r#"{"shops": {"a/b": [1, "x"]}}"#, "/shops/a~1b/1", "wrong-shape"),
            (r#"{}"#, "", "wrong-shape"),
            (r#"{"shops": "#, "/shops", "not-json"),
        ] {
            let violation = read::<Shops>(text).expect_err(text);
            assert_eq!((violation.path.as_str(), violation.code.as_str()), (path, code), "{text}");
        }
        assert!(violations::<Shops>(r#"{"shops": {"a": [1]}}"#).is_empty());
    }
}
