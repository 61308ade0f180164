//! Takes secret values out of what comes back: the exact values and their usual encodings, never a guess.
//!
//! Values of fewer than four bytes are left alone: they would be found in any text.
//!
//! The search has the values as they are in it, and is only there while a call runs. Between calls they lie masked.

mod escaped;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, packed};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, PAD};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use self::escaped::Escaped;
use crate::secret::Secret;

/// What stands in place of a secret value.
pub(crate) const REDACTED: &[u8] = b"[redacted]";

/// Shortest value that is looked for.
const MIN_BYTES: usize = 4;

/// Values of slots kept, those that were replaced included; beyond, the oldest gives way. 64: every part of two dozen slots.
const MAX_VALUES: usize = 64;

/// Fetched tokens kept; a renewed one displaces the oldest, and never the value of a slot.
const MAX_TOKENS: usize = 16;

/// So many bytes of a pattern are looked for by the fast search; the rest is compared where they are found.
const TRIGGER_BYTES: usize = 32;

/// So many patterns the vectorised search takes at once without losing its speed.
const GROUP: usize = 32;

/// The secret values that a connection has used, and the search for them.
#[derive(Default)]
pub(crate) struct Redactor(RwLock<Known>);

#[derive(Default)]
struct Known {
    values: VecDeque<Secret>,
    tokens: VecDeque<Secret>,
    users: usize,
    search: Option<Arc<Search>>,
}

/// Keeps the search of a redactor at hand. With the last of these it is dropped.
pub(crate) struct InUse<'a>(&'a Redactor);

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let mut known = self.0.known_mut();
        known.users = known.users.saturating_sub(1);
        if known.users == 0 {
            known.search = None;
        }
    }
}

impl Redactor {
    /// Learns values of slots before they are used for the first time.
    pub(crate) fn learn<'a>(&self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.learn_among(|known| &mut known.values, MAX_VALUES, values);
    }

    /// Learns fetched tokens before they are used for the first time.
    pub(crate) fn learn_tokens<'a>(&self, tokens: impl IntoIterator<Item = &'a [u8]>) {
        self.learn_among(|known| &mut known.tokens, MAX_TOKENS, tokens);
    }

    fn learn_among<'a>(
        &self,
        of_kind: impl Fn(&mut Known) -> &mut VecDeque<Secret>,
        most: usize,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) {
        let values: Vec<&[u8]> = values.into_iter().filter(|value| value.len() >= MIN_BYTES).collect();
        if values.iter().all(|value| self.known().has(value)) {
            return;
        }
        let mut known = self.known_mut();
        for value in values {
            if !known.has(value) {
                of_kind(&mut known).push_back(Secret::new(value));
            }
        }
        let kept = of_kind(&mut known);
        while kept.len() > most {
            kept.pop_front();
        }
        known.search = None;
    }

    /// Keeps the search at hand until what it returns is dropped. Without it the search is made anew each time.
    pub(crate) fn in_use(&self) -> InUse<'_> {
        let mut known = self.known_mut();
        known.users = known.users.saturating_add(1);
        InUse(self)
    }

    /// Returns the bytes without the values; none when there is none in them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Option<Bytes> {
        self.search().and_then(|search| search.replaced(bytes)).map(Bytes::from)
    }

    /// Returns the text without the values.
    pub(crate) fn text(&self, text: String) -> String {
        match self.search().and_then(|search| search.replaced(text.as_bytes())) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned(),
            None => text,
        }
    }

    /// Tells whether a value is in a text of which only the lower case is left, as in names of headers.
    pub(crate) fn has_in_lower_case(&self, text: &str) -> bool {
        let Some(search) = self.search() else { return false };
        search.patterns.iter().any(|pattern| contains_ignoring_case(text.as_bytes(), pattern))
    }

    /// Returns the search; none when no value is known.
    fn search(&self) -> Option<Arc<Search>> {
        {
            let known = self.known();
            if known.is_empty() || known.search.is_some() {
                return known.search.clone();
            }
        }
        let mut known = self.known_mut();
        let search = known.search.clone().unwrap_or_else(|| Arc::new(Search::new(known.all())));
        if known.users > 0 {
            known.search = Some(Arc::clone(&search));
        }
        Some(search)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn all(&self) -> impl Iterator<Item = &Secret> {
        self.values.iter().chain(&self.tokens)
    }

    fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    fn has(&self, value: &[u8]) -> bool {
        self.all().any(|known| *known.expose() == *value)
    }
}

struct Search {
    /// Tell quickly that there is nothing to replace, which is nearly always so; none on machines without the
    /// vector instructions for it.
    quick: Option<Vec<packed::Searcher>>,
    /// Made when there is something to replace for the first time; none when it would be too large.
    triggers: OnceLock<Option<AhoCorasick>>,
    /// Longest first, so that the whole of an encoding goes, padding included.
    patterns: Vec<Zeroizing<Vec<u8>>>,
    /// The values with some of their letters escaped.
    escaped: Escaped,
}

impl Search {
    fn new<'a>(values: impl Iterator<Item = &'a Secret>) -> Self {
        let values: Vec<Zeroizing<Vec<u8>>> = values.map(|value| Zeroizing::new(value.expose().to_vec())).collect();
        let encodings = values.iter().flat_map(|value| encodings(value));
        let distinct: BTreeSet<Vec<u8>> = encodings.filter(|one| one.len() >= MIN_BYTES).collect();
        let mut patterns: Vec<_> = distinct.into_iter().map(Zeroizing::new).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        let quick = triggers(&patterns).chunks(GROUP).map(packed::Searcher::new).collect();
        Self { quick, triggers: OnceLock::new(), patterns, escaped: Escaped::new(values) }
    }

    /// Returns the bytes with every value replaced; none when there is nothing to replace.
    fn replaced(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let clean = self.without_patterns(bytes);
        self.without_escaped(clean.as_deref().unwrap_or(bytes)).or(clean)
    }

    fn without_escaped(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut found = self.escaped.find(bytes, 0)?;
        let (mut clean, mut copied) = (Vec::with_capacity(bytes.len()), 0);
        loop {
            clean.extend_from_slice(bytes.get(copied..found.start).unwrap_or_default());
            clean.extend_from_slice(REDACTED);
            copied = found.end;
            match self.escaped.find(bytes, copied) {
                Some(next) => found = next,
                None => break,
            }
        }
        clean.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        Some(clean)
    }

    fn without_patterns(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if let Some(quick) = &self.quick
            && !quick.iter().any(|group| group.find(bytes).is_some())
        {
            return None;
        }
        let mut clean: Option<Vec<u8>> = None;
        let (mut copied, mut at) = (0, 0);
        while let Some(start) = self.next_trigger(bytes, at) {
            let rest = bytes.get(start..).unwrap_or_default();
            let Some(found) = self.patterns.iter().find(|pattern| rest.starts_with(pattern)) else {
                at = start + 1;
                continue;
            };
            let clean = clean.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
            clean.extend_from_slice(bytes.get(copied..start).unwrap_or_default());
            clean.extend_from_slice(REDACTED);
            at = start + found.len();
            copied = at;
        }
        let mut clean = clean?;
        clean.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        Some(clean)
    }

    /// Returns where the next value may begin.
    fn next_trigger(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let build = || {
            // Quick to make; a table would be faster to search, and what comes here is rare.
            let kind = Some(AhoCorasickKind::ContiguousNFA);
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::LeftmostFirst).kind(kind).build(triggers(&self.patterns)).ok()
        };
        let Some(automaton) = self.triggers.get_or_init(build) else { return (at < bytes.len()).then_some(at) };
        let input = aho_corasick::Input::new(bytes).span(at.min(bytes.len())..bytes.len());
        automaton.find(input).map(|found| found.start())
    }
}

fn contains_ignoring_case(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window.eq_ignore_ascii_case(part))
}

/// Returns the distinct beginnings of the patterns.
fn triggers(patterns: &[Zeroizing<Vec<u8>>]) -> Vec<&[u8]> {
    let triggers: BTreeSet<&[u8]> = patterns.iter().map(|pattern| trigger(pattern)).collect();
    triggers.into_iter().collect()
}

fn trigger(pattern: &[u8]) -> &[u8] {
    pattern.get(..TRIGGER_BYTES).unwrap_or(pattern)
}

/// Returns a value as it is and in its usual encodings.
fn encodings(value: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![value.to_vec(), hex::encode(value).into_bytes(), hex::encode_upper(value).into_bytes()];
    all.extend(percent_encodings(value));
    all.extend(base64_encodings(value));
    if let Ok(text) = std::str::from_utf8(value) {
        all.extend(escaped(text).into_iter().map(String::into_bytes));
        all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    all
}

/// Besides every byte: what RFC 3986 leaves as it is, what JavaScript's `encodeURIComponent` and `encodeURI` do, and what forms do.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
const WHOLE_URI: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#');

fn percent_encodings(value: &[u8]) -> Vec<Vec<u8>> {
    let every_byte = value.iter().map(|byte| percent_encoding::percent_encode_byte(*byte)).collect::<String>();
    let mut all = vec![form_urlencoded::byte_serialize(value).collect::<String>(), every_byte];
    for set in [NON_ALPHANUMERIC, UNRESERVED, COMPONENT, WHOLE_URI] {
        all.push(percent_encode(value, set).to_string());
    }
    let lower: Vec<String> = all.iter().map(|text| lower_escapes(text)).collect();
    all.into_iter().chain(lower).map(String::into_bytes).collect()
}

/// Turns `%2B` into `%2b` and leaves the rest.
fn lower_escapes(text: &str) -> String {
    let mut digits_left = 0_u8;
    let lower = |character: char| {
        if character == '%' {
            digits_left = 2;
            return character;
        }
        let is_digit = digits_left > 0;
        digits_left = digits_left.saturating_sub(1);
        if is_digit { character.to_ascii_lowercase() } else { character }
    };
    text.chars().map(lower).collect()
}

/// Base64 of the value by itself, and of the value within something longer: at each of the three places where it can
/// begin, without the characters at both ends that depend on the neighbours. That covers Basic, too.
fn base64_encodings(value: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for alphabet in [&alphabet::STANDARD, &alphabet::URL_SAFE] {
        all.push(GeneralPurpose::new(alphabet, PAD).encode(value));
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        all.push(engine.encode(value));
        for shift in 0..3_usize {
            let mut shifted = Zeroizing::new(vec![0; shift]);
            shifted.extend_from_slice(value);
            let text = engine.encode(&*shifted);
            let first = (shift * 8).div_ceil(6);
            let whole = shifted.len() * 8 / 6;
            all.push(text.get(first..whole).unwrap_or_default().to_owned());
        }
    }
    // Short ones are found in any text.
    all.into_iter().filter(|text| text.len() > MIN_BYTES).map(String::into_bytes).collect()
}

/// The ways in which JSON, HTML and XML writers escape a text.
fn escaped(text: &str) -> Vec<String> {
    let json = serde_json::to_string(text).unwrap_or_default();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    let slashed = json.replace('/', "\\/");
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let numbered = ["&#39;", "&#x27;", "&apos;"].map(|quote| html.replace('\'', quote));
    // .NET escapes more than it must: `+`, `&`, `'`, `<` and `>`; some escape everything.
    let by_net = |letter: char| matches!(letter, '+' | '&' | '\'' | '<' | '>' | '`');
    let mut all = vec![
        unicode_escaped(&json, |_| false),
        unicode_escaped(&slashed, |_| false),
        unicode_escaped(&json, by_net),
        unicode_escaped(text, |_| true),
        unicode_escaped(text, |letter| !letter.is_ascii_alphanumeric()),
    ];
    all.extend(all.clone().iter().map(|text| lower_unicode_escapes(text)));
    // JSON within a text of JSON.
    all.extend(serde_json::to_string(&json).map(|twice| twice.trim_matches('"').to_owned()));
    all.extend([json, slashed, html]);
    all.extend(numbered);
    all.extend(character_references(text));
    all
}

/// The text with every character, or all but letters and digits, as a reference of HTML and XML, decimal and hexadecimal.
fn character_references(text: &str) -> Vec<String> {
    let plain: fn(char) -> bool = |letter| letter.is_ascii_alphanumeric();
    let mut all = Vec::new();
    for stays in [plain, |_| false] {
        let write = |reference: fn(u32) -> String| {
            let each = |letter: char| if stays(letter) { letter.to_string() } else { reference(letter.into()) };
            text.chars().map(each).collect::<String>()
        };
        all.push(write(|number| format!("&#{number};")));
        all.push(write(|number| format!("&#x{number:x};")));
        all.push(write(|number| format!("&#x{number:X};")));
    }
    all
}

fn unicode_escaped(text: &str, also: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() && !also(character) {
            out.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            out.push_str(&format!("\\u{unit:04X}"));
        }
    }
    out
}

/// Turns `\u00E9` into `\u00e9` and leaves the rest.
fn lower_unicode_escapes(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(4).unwrap_or((part, ""));
        out.push_str("\\u");
        out.push_str(&digits.to_ascii_lowercase());
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        let redactor = Redactor::default();
        redactor.learn(values.iter().map(|value| value.as_bytes()));
        redactor
    }

    #[test]
    fn text_without_a_value_is_not_copied() {
        let body = b"business as usual: tok-nothing, t0k";
        assert_eq!(redactor(&["tok-secret"]).bytes(body), None);
        assert_eq!(Redactor::default().bytes(body), None);
    }

    #[test]
    fn every_occurrence_goes_and_the_rest_stays() {
        let long = "x".repeat(30) + "1234567890abcdef";
        let table = [
            (vec!["secret"], "secret", "[redacted]"),
            (vec!["secret"], "a secret, secretsecret.", "a [redacted], [redacted][redacted]."),
            (vec!["secret"], "secre tsecre", "secre tsecre"),
            (vec!["abc"], "abc abc", "abc abc"),
            (vec!["aaaa"], "aaaaaaaaa", "[redacted][redacted]a"),
            (vec!["abcd", "abcdefgh"], "abcdefgh abcdx", "[redacted] [redacted]x"),
            (vec!["abcdXY", "bcdXYZ12"], "abcdXYZ12", "[redacted]Z12"),
            // Begins like the value for longer than the search looks, and goes on otherwise; then the value itself.
            (
                vec![long.as_str()],
                &format!("{}1234x {}{long}", "x".repeat(30), "x".repeat(3)),
                &format!("{}1234x xxx[redacted]", "x".repeat(30)),
            ),
        ];
        for (values, text, expected) in table {
            assert_eq!(redactor(&values).text(text.to_owned()), expected, "{values:?} in {text}");
        }
    }

    #[test]
    fn value_inside_longer_base64_is_found_at_every_place() {
        let redactor = redactor(&["correct-horse-battery"]);
        for before in ["", "x", "xy", "xyz", "user:"] {
            for after in ["", "1", "12", "123"] {
                let text = STANDARD.encode(format!("{before}correct-horse-battery{after}"));
                let clean = redactor.text(text.clone());
                assert!(clean.contains("[redacted]"), "{before}..{after}: {text}");
                // At both ends one character may stay that mixes bits of the value with its neighbour's.
                assert!(clean.len() <= before.len() * 2 + after.len() * 2 + 16, "{before}..{after}: {clean}");
            }
        }
    }

    #[test]
    fn escapes_of_several_writers_are_found() {
        let redactor = redactor(&["a/b+c&d<é>\"'end"]);
        for text in [
            r#"a/b+c&d<é>\"'end"#,
            r#"a\/b+c&d<\u00e9>\"'end"#,
            r#"a/b\u002Bc\u0026d\u003C\u00E9\u003E\"\u0027end"#,
            "a/b+c&amp;d&lt;é&gt;&quot;&#39;end",
            "a%2Fb%2Bc%26d%3C%C3%A9%3E%22%27end",
            "a%2fb%2bc%26d%3c%c3%a9%3e%22%27end",
        ] {
            assert_eq!(redactor.text(text.to_owned()), "[redacted]", "{text}");
        }
    }

    #[test]
    fn search_is_there_while_it_is_in_use_and_not_afterwards() {
        let redactor = redactor(&["tok-secret"]);
        let is_there = || redactor.known().search.is_some();
        assert_eq!(redactor.text("tok-secret".into()), "[redacted]");
        assert!(!is_there(), "nobody uses it");
        let (first, second) = (redactor.in_use(), redactor.in_use());
        assert_eq!(redactor.text("tok-secret".into()), "[redacted]");
        assert!(is_there());
        drop(first);
        assert!(is_there(), "one is left");
        redactor.learn([b"another".as_slice()]);
        assert_eq!(redactor.text("tok-secret, another".into()), "[redacted], [redacted]");
        drop(second);
        assert!(!is_there());
    }

    #[test]
    fn oldest_token_gives_way_and_no_value_of_a_slot_does() {
        let redactor = redactor(&["value-of-a-slot"]);
        for number in 0..=MAX_TOKENS {
            redactor.learn_tokens([format!("token-number-{number:04}").as_bytes()]);
        }
        let text = "value-of-a-slot token-number-0000 token-number-0001";
        assert_eq!(redactor.text(text.into()), "[redacted] token-number-0000 [redacted]");
    }

    #[test]
    fn value_in_lower_case_is_found_where_only_that_is_left() {
        let redactor = redactor(&["Tok-Secret"]);
        for (name, found) in [("x-tok-secret-1", true), ("tok-secret", true), ("x-token", false), ("", false)] {
            assert_eq!(redactor.has_in_lower_case(name), found, "{name}");
        }
        assert!(redactor.has_in_lower_case(&STANDARD.encode("Tok-Secret").trim_end_matches('=').to_lowercase()));
    }

    #[test]
    fn text_whose_every_letter_is_escaped_is_found() {
        let redactor = redactor(&["tok/én\"1"]);
        for text in [
            r"\u0074\u006f\u006b\u002f\u00e9\u006e\u0022\u0031",
            r"\u0074\u006F\u006B\u002F\u00E9\u006E\u0022\u0031",
            r#"tok/én\\\"1"#,
            "&#116;&#111;&#107;&#47;&#233;&#110;&#34;&#49;",
            "&#x74;&#x6f;&#x6b;&#x2f;&#xe9;&#x6e;&#x22;&#x31;",
            "tok&#47;&#233;n&#34;1",
            "tok&#x2F;&#xE9;n&#x22;1",
            "tok&#47;én&quot;1",
            r"t\u006fk%2F&#233;n\x221",
        ] {
            assert_eq!(redactor.text(text.to_owned()), "[redacted]", "{text}");
        }
        for wide in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = "a tok/én\"1".encode_utf16().flat_map(wide).collect();
            let clean = redactor.bytes(&bytes).unwrap();
            // Each is found in the other one's bytes, too, one byte earlier.
            assert!(clean.starts_with(&bytes[..3]) && clean.len() <= 4 + REDACTED.len() + 1, "{clean:?}");
        }
    }
}
