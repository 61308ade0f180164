//! Which entry of a reference list a value means: by the number that it stands for, by code, by name. Pure.

use wharf_host::model::{Instant, Reference};

/// What other systems call a rate that is none, in lower case without marks.
const NAMES_OF_CODES: [(&str, &[&str]); 3] = [
    ("exempt", &["zw", "zwolniony", "zwolnione", "zwolniona", "oslobodene", "isento", "exonere"]),
    ("not-subject", &["np", "nie podlega", "niepodlega", "not subject"]),
    ("reverse-charge", &["oo", "odwrotne obciazenie", "np oo", "reverse charge"]),
];

/// How alike names have to be, of 1, to be offered.
const ALIKE: f64 = 0.75;

/// Most entries that are offered.
const OFFERED: usize = 5;

/// Why an entry is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It stands for the same number.
    Value,
    /// It has the same code.
    Code,
    /// It has the same name.
    Name,
}

impl Reason {
    /// Returns the word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Code => "code",
            Self::Name => "name",
        }
    }
}

/// What a value may mean.
#[derive(Debug, PartialEq)]
pub(crate) enum Proposal<'l> {
    /// This one entry.
    Means(&'l Reference, Reason),
    /// Nobody knows; these are the nearest, best first.
    Unclear(Vec<&'l Reference>),
}

/// Proposes an entry of a list for a value. Entries that are not valid at `now` are not proposed. Ids are never compared: a
/// rate of 5 is not the entry with the id 5.
pub(crate) fn propose<'l>(value: &str, list: &'l [Reference], now: Instant) -> Proposal<'l> {
    let valid: Vec<&Reference> = list.iter().filter(|entry| is_valid(entry, now)).collect();
    for reason in [Reason::Value, Reason::Code, Reason::Name] {
        let found: Vec<&Reference> = valid.iter().copied().filter(|entry| fits(value, entry, reason)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Proposal::Means(one, reason),
            _ => return Proposal::Unclear(found),
        }
    }
    Proposal::Unclear(nearest(value, &valid))
}

fn fits(value: &str, entry: &Reference, reason: Reason) -> bool {
    match reason {
        Reason::Value => is_same_number(value, entry),
        Reason::Code => entry.code.as_deref().is_some_and(|code| plain(code) == plain(value)),
        Reason::Name => is_same_name(value, &entry.label),
    }
}

fn is_valid(entry: &Reference, now: Instant) -> bool {
    entry.valid_from.is_none_or(|from| from <= now) && entry.valid_to.is_none_or(|to| now < to)
}

fn is_same_number(value: &str, entry: &Reference) -> bool {
    let Some(number) = number(value) else { return false };
    let told = entry.value.as_deref().and_then(self::number);
    // Where a list tells no numbers its names do: `VAT 23 %`.
    told.or_else(|| percentage(&entry.label)) == Some(number)
}

/// Reads a decimal number and drops what does not change its value.
fn number(text: &str) -> Option<String> {
    let text = text.trim().replace(',', ".");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Returns the number before the only `%` of a name.
fn percentage(name: &str) -> Option<String> {
    let (before, after) = name.split_once('%')?;
    let before = before.trim_end();
    let start = before.rfind(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').map_or(0, |at| at + 1);
    let digits = before.get(start..)?;
    number(digits).filter(|_| !after.contains('%'))
}

fn is_same_name(value: &str, label: &str) -> bool {
    let (value, label) = (plain(value), plain(label));
    if value.is_empty() {
        return false;
    }
    let known = NAMES_OF_CODES.iter().find(|(code, _)| plain(code) == value);
    value == label || known.is_some_and(|(_, names)| names.iter().any(|name| plain(name) == label))
}

fn nearest<'l>(value: &str, list: &[&'l Reference]) -> Vec<&'l Reference> {
    let value = plain(value);
    let likeness = |entry: &Reference| strsim::jaro_winkler(&value, &plain(&entry.label));
    let mut scored: Vec<(f64, &Reference)> = list.iter().map(|entry| (likeness(entry), *entry)).collect();
    scored.retain(|(score, _)| *score >= ALIKE);
    scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    scored.into_iter().take(OFFERED).map(|(_, entry)| entry).collect()
}

/// Returns letters and digits in lower case, without the marks of European alphabets.
fn plain(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(without_mark).filter(|c| c.is_alphanumeric()).collect()
}

fn without_mark(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ĺ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ő' | 'ø' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'š' => 's',
        'ť' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ű' | 'ů' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

    use super::*;

    fn entry(id: &str, label: &str, code: Option<&str>, value: Option<&str>) -> Reference {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Reference {
            id: id.to_owned(),
            label: label.to_owned(),
            code: text(code),
            value: text(value),
            valid_from: None,
            valid_to: None,
        }
    }

    fn meant(value: &str, list: &[Reference]) -> Option<(String, &'static str)> {
        match propose(value, list, Instant(1_000)) {
            Proposal::Means(entry, reason) => Some((entry.id.clone(), reason.word())),
            Proposal::Unclear(_) => None,
        }
    }

    #[test]
    fn rates_are_known_by_number_codes_by_code_and_the_rest_by_name() {
        let rates = [
            entry("3", "23%", None, Some("23")),
            entry("5", "8%", None, Some("8")),
            entry("12", "zw", None, None),
            entry("23", "Podstawowa", None, Some("22")),
        ];
        let found = |value| meant(value, &rates);
        assert_eq!(found("23.00"), Some(("3".into(), "value")));
        assert_eq!(found("8"), Some(("5".into(), "value")));
        assert_eq!(found("exempt"), Some(("12".into(), "name")));
        assert_eq!(found("5"), None, "an id is no rate");
        let currencies = [entry("1", "złoty", Some("PLN"), None), entry("2", "euro", Some("EUR"), None)];
        assert_eq!(meant("pln", &currencies), Some(("1".into(), "code")));
        assert_eq!(meant("Zloty", &currencies), Some(("1".into(), "name")));
        let methods = [entry("a", "Kurier DPD", None, None), entry("b", "Odbiór osobisty", None, None)];
        assert_eq!(meant("odbior osobisty", &methods), Some(("b".into(), "name")));
    }

    #[test]
    fn number_is_read_from_the_name_where_the_list_tells_none() {
        let rates = [entry("1", "VAT 23 %", None, None), entry("2", "VAT 5,5%", None, None)];
        assert_eq!(meant("23", &rates), Some(("1".into(), "value")));
        assert_eq!(meant("5.50", &rates), Some(("2".into(), "value")));
        assert_eq!(meant("3", &rates), None);
    }

    #[test]
    fn two_that_fit_are_left_to_a_person() {
        let rates = [entry("1", "23%", None, Some("23")), entry("2", "23% stara", None, Some("23"))];
        let Proposal::Unclear(offered) = propose("23", &rates, Instant(0)) else { panic!("one was chosen") };
        assert_eq!(offered.len(), 2);
        let ended = Reference { valid_to: Some(Instant(500)), ..rates[1].clone() };
        assert_eq!(meant("23", &[rates[0].clone(), ended]), Some(("1".into(), "value")));
    }

    #[test]
    fn what_is_only_alike_is_offered_and_not_chosen() {
        let methods = [entry("a", "Kurier DPD", None, None), entry("b", "Odbiór osobisty", None, None)];
        let Proposal::Unclear(offered) = propose("Kurier DPD 24h", &methods, Instant(0)) else { panic!("chosen") };
        assert_eq!(offered.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}
