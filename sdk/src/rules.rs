//! Rules of configurations that a JSON Schema cannot say; see [`connection::check`](crate::connection::check).

use crate::Violation;
use crate::civil::Zone;
use crate::failure::violation;

/// Requires a time zone that [`Zone`] knows by its IANA name; `unknown-zone` with the known ones otherwise.
pub fn known_zone(path: &str, name: &str) -> Option<Violation> {
    if Zone::named(name).is_some() {
        return None;
    }
    let known: Vec<_> = Zone::names().collect();
    let message = format!("`{name}` is no time zone known here; use one of {}", known.join(", "));
    Some(violation(path, "unknown-zone", message))
}

/// Requires that a number at the top of the configuration is not 0; `zero` otherwise. One that is left out is fine.
pub fn not_zero(key: &str, number: impl Into<Option<u32>>) -> Option<Violation> {
    let message = || format!("`{key}` is 0; write 1 or more, or leave it out");
    (number.into() == Some(0)).then(|| violation(format!("/{key}"), "zero", message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(violation: Option<Violation>) -> Option<(String, String)> {
        violation.map(|violation| (violation.path, violation.code))
    }

    fn at(path: &str, code: &str) -> Option<(String, String)> {
        Some((path.to_owned(), code.to_owned()))
    }

    #[test]
    fn a_zone_has_a_known_name() {
        assert_eq!(found(known_zone("/zone", "Europe/Warsaw")), None);
        assert_eq!(found(known_zone("/zone", "Warsaw")), at("/zone", "unknown-zone"));
    }

    #[test]
    fn zero_is_refused_and_nothing_is_not() {
        assert_eq!([found(not_zero("calls", None)), found(not_zero("calls", 1))], [None, None]);
        assert_eq!(found(not_zero("calls", 0)), at("/calls", "zero"));
        assert_eq!(found(not_zero("calls", Some(0))), at("/calls", "zero"));
    }
}
