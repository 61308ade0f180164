//! Country names in the language of the account, which is Polish.

const NAMES: [(&str, &str); 14] = [
    ("PL", "Polska"),
    ("SK", "Słowacja"),
    ("CZ", "Czechy"),
    ("HU", "Węgry"),
    ("DE", "Niemcy"),
    ("AT", "Austria"),
    ("FR", "Francja"),
    ("IT", "Włochy"),
    ("ES", "Hiszpania"),
    ("RO", "Rumunia"),
    ("LT", "Litwa"),
    ("CA", "Kanada"),
    ("US", "Stany Zjednoczone"),
    ("GB", "Wielka Brytania"),
];

/// Returns the display name of an ISO-2 code; empty when the account knows none.
pub(super) fn name(code: &str) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == code).map_or("", |(_, name)| name)
}
