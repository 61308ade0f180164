//! Finds values of which some letters are escaped and others are not, each in whatever way: as writers of JSON, HTML, XML,
//! URLs and scripts do it. Which letters a writer escapes is its own choice, so they cannot all be listed.

use std::ops::Range;

use memchr::memchr3_iter;
use zeroize::Zeroizing;

/// The values, and the bytes that are in any of them.
pub(super) struct Escaped {
    values: Vec<Zeroizing<Vec<u8>>>,
    used: Zeroizing<Vec<bool>>,
}

/// An escape: what it stands for, and how long it is.
struct Escape {
    stands_for: [u8; 4],
    bytes: usize,
    width: usize,
}

impl Escaped {
    pub(super) fn new(values: Vec<Zeroizing<Vec<u8>>>) -> Self {
        let is_used = |byte: u8| values.iter().any(|value| value.contains(&byte));
        let used = Zeroizing::new((0..=u8::MAX).map(is_used).collect());
        Self { values, used }
    }

    /// Returns where the first value is that has an escape in it.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let rest = bytes.get(from..)?;
        memchr3_iter(b'\\', b'&', b'%', rest).find_map(|at| self.around(rest, at)).map(|found| {
            let Range { start, end } = found;
            start + from..end + from
        })
    }

    /// Returns the value whose first escape is there. What it has before that stands as it is.
    fn around(&self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        let escape = escape(bytes.get(at..)?)?;
        let first = escape.stands_for().first()?;
        if !self.used.get(usize::from(*first)).is_some_and(|used| *used) {
            return None;
        }
        self.values.iter().find_map(|value| {
            (0..value.len()).find_map(|before| {
                let (head, tail) = value.split_at_checked(before)?;
                let start = at.checked_sub(before).filter(|_| tail.starts_with(escape.stands_for()))?;
                let matches = bytes.get(start..at)? == head;
                let length = matches.then(|| length(bytes.get(at..)?, tail)).flatten()?;
                Some(start..at + length)
            })
        })
    }
}

/// Returns how many bytes of a text the rest of a value takes there; none where it is something else.
fn length(text: &[u8], value: &[u8]) -> Option<usize> {
    let (mut text_left, mut value_left) = (text, value);
    while let Some(next) = value_left.first() {
        let escape = escape(text_left).filter(|escape| value_left.starts_with(escape.stands_for()));
        let (width, bytes) = match escape {
            Some(escape) => (escape.width, escape.bytes),
            None if text_left.first() == Some(next) => (1, 1),
            None => return None,
        };
        text_left = text_left.get(width..)?;
        value_left = value_left.get(bytes..)?;
    }
    Some(text.len() - text_left.len())
}

impl Escape {
    fn of_byte(byte: u8, width: usize) -> Self {
        Self { stands_for: [byte, 0, 0, 0], bytes: 1, width }
    }

    fn of_number(number: u32, width: usize) -> Option<Self> {
        let mut stands_for = [0; 4];
        let bytes = char::from_u32(number)?.encode_utf8(&mut stands_for).len();
        Some(Self { stands_for, bytes, width })
    }

    fn stands_for(&self) -> &[u8] {
        self.stands_for.get(..self.bytes).unwrap_or_default()
    }
}

/// Reads the escape that a text begins with.
fn escape(text: &[u8]) -> Option<Escape> {
    match (text.first()?, text.get(1)?) {
        (b'\\', b'u') => Escape::of_number(number(text.get(2..6)?, 16)?, 6),
        (b'\\', b'x') => Some(Escape::of_byte(byte(text.get(2..4)?)?, 4)),
        (b'\\', letter @ (b'"' | b'\'' | b'\\' | b'/')) => Some(Escape::of_byte(*letter, 2)),
        (b'%', _) => Some(Escape::of_byte(byte(text.get(1..3)?)?, 3)),
        (b'&', _) => reference(text),
        _ => None,
    }
}

/// References of HTML and XML to letters that they have names for.
const NAMES: [(&[u8], u8); 5] = [(b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>'), (b"quot", b'"'), (b"apos", b'\'')];

/// Reads `&amp;`, `&#38;` or `&#x26;`.
fn reference(text: &[u8]) -> Option<Escape> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let name = text.get(1..end)?;
    let width = end + 1;
    match name.strip_prefix(b"#") {
        None => NAMES.iter().find(|(known, _)| *known == name).map(|(_, letter)| Escape::of_byte(*letter, width)),
        Some(digits) => match digits.strip_prefix(b"x").or_else(|| digits.strip_prefix(b"X")) {
            Some(digits) => Escape::of_number(number(digits, 16)?, width),
            None => Escape::of_number(number(digits, 10)?, width),
        },
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    u8::try_from(number(digits, 16)?).ok()
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let escaped = Escaped::new(["T0p+S/cr=t", "ą\"&'<é"].map(|value| Zeroizing::new(value.into())).into());
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(range) = escaped.find(text.as_bytes(), from) {
            from = range.end;
            found.push(text.get(range).unwrap_or("no whole letters"));
        }
        found
    }

    #[test]
    fn value_with_any_of_its_letters_escaped_is_found_whole() {
        for text in [
            "T0p%2BS/cr=t",
            "T0p+S%2fcr%3Dt",
            "%54%30p+S/cr=t",
            "T0p\\u002bS\\/cr\\x3dt",
            "\\u00540p+S/cr=\\u0074",
            "T&#48;p&#x2B;S&#47;cr&#x3d;t",
            "ą&#34;&amp;&#39;&lt;&#xe9;",
            "\\u0105\\\"\\u0026'<é",
            "%C4%85\"&'<%c3%a9",
        ] {
            assert_eq!(found(&format!("before \\\" & % {text} after %")), [text], "{text}");
            assert_eq!(found(&format!("{text}{text}")), [text, text], "{text}");
        }
    }

    #[test]
    fn what_is_something_else_is_left_alone() {
        for text in
            ["T0p%2BS/cr=", "T0p%2DS/cr=t", "%", "\\u00", "&#;", "&#99999999999;", "&quot", "\\", "T0p%+2S/cr=t", "&;"]
        {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
