//! Takes secret values out of what comes back: the exact values and their usual encodings, never a guess.
//!
//! Values of fewer than four bytes are left alone: they would be found in any text.
//!
//! The search has the values as they are in it, and is only there while a call runs. Between calls they lie masked.

mod escaped;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, packed};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, PAD};
use bytes::Bytes;
use zeroize::Zeroizing;

use self::escaped::Escapes;
use crate::model::Delivery;
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

/// So many bytes of a pattern are as good as all of it: more would let who chooses a value, as remotes choose tokens, make the
/// search of a text that is full of its beginnings take as long as he likes.
const ENOUGH: usize = 1 << 10;

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

    /// Returns a delivery without the values, wherever in it they are.
    pub(crate) fn delivery(&self, delivery: &Delivery) -> Delivery {
        let text = |text: &String| self.text(text.clone());
        Delivery {
            method: delivery.method.clone(),
            path: text(&delivery.path),
            headers: delivery.headers.iter().map(|(name, value)| (text(name), text(value))).collect(),
            body: self.bytes(&delivery.body).map_or_else(|| delivery.body.clone(), Vec::from),
        }
    }

    /// Tells whether a value is in a text of which only the lower case is left, as in names of headers.
    pub(crate) fn has_in_lower_case(&self, text: &str) -> bool {
        self.search().is_some_and(|search| search.is_in_ignoring_case(text.as_bytes()))
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
    /// Those of the patterns that begin so.
    by_begin: HashMap<[u8; MIN_BYTES], Vec<usize>>,
    escapes: Escapes,
}

impl Search {
    fn new<'a>(values: impl Iterator<Item = &'a Secret>) -> Self {
        let values: Vec<Zeroizing<Vec<u8>>> = values.map(|value| Zeroizing::new(value.expose().to_vec())).collect();
        let encodings = values.iter().flat_map(|value| encodings(value));
        let distinct: BTreeSet<Vec<u8>> = encodings.filter(|one| one.len() >= MIN_BYTES).collect();
        let mut patterns: Vec<_> = distinct.into_iter().map(Zeroizing::new).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        let mut by_begin: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, pattern) in patterns.iter().enumerate() {
            by_begin.entry(begin(pattern).unwrap_or_default()).or_default().push(index);
        }
        let quick = triggers(&patterns).chunks(GROUP).map(packed::Searcher::new).collect();
        let escapes = Escapes::new(&values);
        Self { quick, triggers: OnceLock::new(), patterns, by_begin, escapes }
    }

    /// Returns the bytes with every value replaced; none when there is nothing to replace.
    fn replaced(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let clean = without(bytes, &self.found(bytes));
        let bytes = clean.as_deref().unwrap_or(bytes);
        without(bytes, &self.escapes.found(bytes, &|plain| self.found(plain))).or(clean)
    }

    /// Tells whether a value is in a text, whatever the case of its letters.
    fn is_in_ignoring_case(&self, text: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| contains_ignoring_case(text, pattern))
    }

    /// Returns where values are, in order and apart from each other.
    fn found(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if let Some(quick) = &self.quick
            && !quick.iter().any(|group| group.find(bytes).is_some())
        {
            return found;
        }
        let mut at = 0;
        while let Some(start) = self.next_trigger(bytes, at) {
            let length = self.length(bytes.get(start..).unwrap_or_default());
            at = start + length.unwrap_or(1);
            found.extend(length.map(|_| start..at));
        }
        found
    }

    /// Returns how much of a value a text begins with: all of it, or enough.
    fn length(&self, text: &[u8]) -> Option<usize> {
        let mut candidates = self.by_begin.get(&begin(text)?)?.iter().filter_map(|index| self.patterns.get(*index));
        let found = candidates.find(|pattern| text.starts_with(pattern.get(..ENOUGH).unwrap_or(pattern)))?;
        Some(text.iter().zip(found.iter()).take_while(|(one, other)| one == other).count())
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

/// Returns the bytes with what was found replaced; none when nothing was.
fn without(bytes: &[u8], found: &[Range<usize>]) -> Option<Vec<u8>> {
    if found.is_empty() {
        return None;
    }
    let (mut clean, mut copied) = (Vec::with_capacity(bytes.len()), 0);
    for Range { start, end } in found {
        clean.extend_from_slice(bytes.get(copied..*start).unwrap_or_default());
        clean.extend_from_slice(REDACTED);
        copied = *end;
    }
    clean.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    Some(clean)
}

fn begin(pattern: &[u8]) -> Option<[u8; MIN_BYTES]> {
    pattern.first_chunk().copied()
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

/// Returns a value as it is and in its usual encodings. Those that escape letter by letter are taken off before the search.
fn encodings(value: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![value.to_vec(), hex::encode(value).into_bytes(), hex::encode_upper(value).into_bytes()];
    all.extend(form_encodings(value).map(String::into_bytes));
    all.extend(base64_encodings(value).into_iter().flat_map(with_escapes).map(String::into_bytes));
    all.extend(base32_encodings(value).into_iter().map(String::into_bytes));
    if let Ok(text) = std::str::from_utf8(value) {
        all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        all.push(text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect());
        all.push(text.chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect());
    }
    all
}

/// As forms have it, in which a `+` stands for a space.
fn form_encodings(value: &[u8]) -> [String; 2] {
    let upper: String = form_urlencoded::byte_serialize(value).collect();
    [lower_escapes(&upper), upper]
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
fn base64_encodings(value: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for alphabet in [&alphabet::STANDARD, &alphabet::URL_SAFE] {
        all.push(GeneralPurpose::new(alphabet, PAD).encode(value));
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        all.push(engine.encode(value));
        all.extend(within(value, 3, 6, |bytes| engine.encode(bytes)));
    }
    all
}

/// Base64 with the three characters that URLs and some writers of JSON escape. Those of a value of its own are found as they
/// are; these would have most bodies read twice.
fn with_escapes(base64: String) -> Vec<String> {
    let in_url = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    vec![base64.replace('/', "\\/"), lower_escapes(&in_url), in_url, base64]
}

/// Base32 (RFC 4648) of the value by itself, and within something longer.
fn base32_encodings(value: &[u8]) -> Vec<String> {
    let mut all = vec![base32(value)];
    all.extend(within(value, 5, 5, base32));
    all
}

fn base32(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let group = |group: &[u8]| {
        let bits = (0..5).fold(0_u64, |bits, at| (bits << 8) | u64::from(group.get(at).copied().unwrap_or_default()));
        let letter = move |at: usize| {
            let index = usize::try_from((bits >> (35 - 5 * at)) & 31).unwrap_or_default();
            letters.get(index).copied().map(char::from)
        };
        (0..(group.len() * 8).div_ceil(5)).filter_map(letter).collect::<String>()
    };
    bytes.chunks(5).map(group).collect()
}

/// Encodes a value at each place of a group of bytes where it can begin, without the characters at both ends that depend on
/// its neighbours. A character has so many bits.
fn within(value: &[u8], group: usize, bits: usize, encode: impl Fn(&[u8]) -> String) -> Vec<String> {
    let at = |shift: usize| {
        let mut shifted = Zeroizing::new(vec![0; shift]);
        shifted.extend_from_slice(value);
        let text = encode(&shifted);
        let first = (shift * 8).div_ceil(bits);
        let whole = shifted.len() * 8 / bits;
        text.get(first..whole).unwrap_or_default().to_owned()
    };
    // Short ones are found in any text.
    (0..group).map(at).filter(|text| text.len() > MIN_BYTES).collect()
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
    fn value_that_is_encoded_twice_is_found() {
        let value = "a/b+c=of-the?shop>~";
        let redactor = redactor(&[value]);
        let percent: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let every_byte: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let base64 = STANDARD.encode(format!("x{value}"));
        let in_url = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let twice = [
            in_url(&percent),
            in_url(&in_url(&percent)),
            in_url(&every_byte),
            in_url(&STANDARD.encode(value)),
            STANDARD.encode(value).replace('/', "\\/"),
            percent.replace('%', "\\u0025"),
            value.replace('/', "&amp;#47;"),
            value.replace('/', "\\\\\\/"),
        ];
        for text in &twice[..4] {
            assert_eq!(redactor.text(text.clone()), "[redacted]", "{text}");
        }
        for text in &twice[4..] {
            assert_eq!(redactor.text(format!("({text})")), "([redacted])", "{text}");
        }
        for wrapped in
            [format!("{}\r\n{}", &base64[..12], &base64[12..]), format!("{}\\n{}", &base64[..9], &base64[9..])]
        {
            let clean = redactor.text(format!("key {wrapped}"));
            assert!(clean.contains("[redacted]") && clean.len() < 24, "{wrapped}: {clean}");
        }
    }

    #[test]
    fn value_in_base32_and_in_wide_letters_is_found() {
        // RFC 4648, section 10.
        for (value, expected) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base32(value.as_bytes()), expected);
        }
        let redactor = redactor(&["correct-horse-battery"]);
        for before in ["", "x", "xy", "xyz", "user", "user:"] {
            let text = base32(format!("{before}correct-horse-battery and more").as_bytes());
            let clean = redactor.text(text.clone());
            assert!(clean.contains("[redacted]") && clean.len() < 40, "{before}: {clean}");
        }
        for bytes in [u32::to_le_bytes, u32::to_be_bytes] {
            let wide: Vec<u8> = "correct-horse-battery".chars().flat_map(|letter| bytes(letter.into())).collect();
            assert_eq!(redactor.bytes(&wide).unwrap(), "[redacted]");
        }
    }

    /// A remote may choose what it gives out as a token, and answer with what nearly is that.
    #[test]
    fn search_takes_no_longer_for_what_is_nearly_a_value_again_and_again() {
        let nearly = format!("{}%41", "A".repeat(40)).repeat(10_000);
        let took = |token: String| {
            let redactor = Redactor::default();
            redactor.learn_tokens([token.as_bytes()]);
            let _search = redactor.in_use();
            let started = std::time::Instant::now();
            assert_eq!(redactor.text(nearly.clone()), nearly);
            started.elapsed()
        };
        // Going over the token at every place of the text would take two hundred times as long for the long one.
        let (short, long) =
            (took(format!("B{}", "A".repeat(80))), took(format!("{}B{}", "A".repeat(1_000), "A".repeat(15_000))));
        assert!(long < short * 40, "{long:?} for the long token, {short:?} for the short one");
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
