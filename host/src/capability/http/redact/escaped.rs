//! Takes escapes off a text, as writers of JSON, HTML, XML, URLs, scripts and mails put them in: which letters a writer
//! escapes is its own choice, so that they cannot all be listed. What is found without them is mapped back to where it stands.
//!
//! Only what is near an escape that matters is looked at, piece by piece, so that a text of any kind costs its length.

use std::ops::Range;

use memchr::{memchr2_iter, memchr3_iter};
use zeroize::Zeroizing;

/// Layers of escapes: JSON within JSON within a URL. Who escapes more often wants to hide something.
const LAYERS: u32 = 3;

/// Most bytes that an escape and what is written for it take per byte that it stands for: `&#x000041;`.
const WIDEST: usize = 12;

/// Bytes of a text that are looked at together, at least.
const PIECE: usize = 16 << 10;

/// Letters before a break of a line that make it one within base64: shorter words stand at the end of many a line.
const LETTERS_BEFORE: usize = 8;

/// Which escapes matter, and how far around them there may be something.
pub(super) struct Escapes {
    /// For each byte, whether it is in what is looked for.
    used: Zeroizing<Vec<bool>>,
    /// What is in the values themselves and looks like an escape.
    literal: Vec<Zeroizing<Vec<u8>>>,
    reach: usize,
}

/// What is taken for an escape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// What writers of JSON, HTML, XML, URLs and scripts escape.
    Strict,
    /// That, and what mails do: `=41`, and breaks of lines within base64, which stand for nothing.
    Lenient,
}

/// A text without one layer of escapes.
struct Plain {
    bytes: Zeroizing<Vec<u8>>,
    /// Where in the text stands what each byte was made of.
    places: Vec<Range<usize>>,
}

/// An escape: what it stands for, and how long it is.
struct Escape {
    stands_for: [u8; 4],
    bytes: usize,
    width: usize,
}

impl Escapes {
    /// Looks for these values.
    pub(super) fn new(values: &[Zeroizing<Vec<u8>>]) -> Self {
        let mut used = Zeroizing::new(vec![false; 256]);
        // Those that begin an escape may have been escaped themselves.
        for byte in values.iter().flat_map(|value| value.iter()).chain(b"%\\&") {
            if let Some(used) = used.get_mut(usize::from(*byte)) {
                *used = true;
            }
        }
        let longest = values.iter().map(|value| value.len()).max().unwrap_or_default();
        let literal = values.iter().flat_map(|value| literals(value)).collect();
        Self { used, literal, reach: longest.saturating_mul(WIDEST) }
    }

    /// Returns where `find` finds something in the text without its escapes, in order and apart from each other.
    pub(super) fn found(&self, text: &[u8], find: &dyn Fn(&[u8]) -> Vec<Range<usize>>) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        for piece in self.pieces(text) {
            // What begins further on is in the next piece as a whole.
            let whole = piece.start..piece.end.saturating_add(self.reach).min(text.len());
            for found in self.within(text.get(whole).unwrap_or_default(), find) {
                let found = found.start + piece.start..found.end + piece.start;
                if found.start < piece.end && all.last().is_none_or(|last| last.end <= found.start) {
                    all.push(found);
                }
            }
        }
        all
    }

    /// Returns the parts of a text that have escapes in or behind them, as far as those matter.
    fn pieces(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut pieces: Vec<Range<usize>> = Vec::new();
        let mut add = |at: usize| {
            let around = at.saturating_sub(self.reach)..at.saturating_add(1);
            match pieces.last_mut() {
                Some(last) if around.end <= last.end => {}
                Some(last) if around.start <= last.end && around.end - last.start <= PIECE.max(self.reach) => {
                    last.end = around.end;
                }
                Some(last) => {
                    let start = around.start.max(last.end);
                    pieces.push(start..around.end);
                }
                None => pieces.push(around),
            }
        };
        let mut common = memchr3_iter(b'\\', b'&', b'%', text).filter(|at| self.matters(text, *at)).peekable();
        let mut rare = memchr2_iter(b'\n', b'=', text).filter(|at| self.matters(text, *at)).peekable();
        loop {
            let next = match (common.peek(), rare.peek()) {
                (Some(one), Some(other)) if one < other => common.next(),
                (_, Some(_)) => rare.next(),
                _ => common.next(),
            };
            match next {
                Some(at) => add(at),
                None => return pieces,
            }
        }
    }

    fn matters(&self, text: &[u8], at: usize) -> bool {
        let Some(rest) = text.get(at..) else { return false };
        let is_used = |escape: Escape| {
            let first = escape.stands_for().first();
            first.is_some_and(|first| self.used.get(usize::from(*first)).is_some_and(|used| *used))
        };
        escape(rest, Reading::Strict).is_some_and(is_used)
            || escape(rest, Reading::Lenient).is_some_and(|escape| match escape.bytes {
                0 => is_within_base64(text, at, escape.width, LETTERS_BEFORE),
                _ => is_used(escape),
            })
    }

    /// Finds in a text without its escapes, by either reading.
    fn within(&self, text: &[u8], find: &dyn Fn(&[u8]) -> Vec<Range<usize>>) -> Vec<Range<usize>> {
        let mut found = under(text, find, (Reading::Strict, &[]), LAYERS);
        found.extend(under(text, find, (Reading::Lenient, &[]), LAYERS));
        if !self.literal.is_empty() {
            found.extend(under(text, find, (Reading::Strict, &self.literal), LAYERS));
        }
        apart(found)
    }
}

type Literal<'l> = &'l [Zeroizing<Vec<u8>>];

/// Finds in a text without one layer of its escapes but the literal ones, and without the layers below.
fn under(
    text: &[u8],
    find: &dyn Fn(&[u8]) -> Vec<Range<usize>>,
    reading: (Reading, Literal<'_>),
    layers: u32,
) -> Vec<Range<usize>> {
    let Some(plain) = Plain::of(text, reading).filter(|_| layers > 0) else { return Vec::new() };
    let mut found = find(&plain.bytes);
    found.extend(under(&plain.bytes, find, reading, layers - 1));
    apart(found.into_iter().filter_map(|found| plain.place(&found)).collect())
}

/// Returns what is in a value and looks like an escape.
fn literals(value: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let literal = |at: usize| {
        let rest = value.get(at..)?;
        let escape = escape(rest, Reading::Strict)?;
        rest.get(..escape.width).map(|literal| Zeroizing::new(literal.to_vec()))
    };
    (0..value.len()).filter_map(literal)
}

/// Leaves out what overlaps something before it. Of those that begin at the same place the longest stays.
fn apart(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
    let mut end = 0;
    found.retain(|found| {
        let is_apart = found.start >= end;
        end = end.max(if is_apart { found.end } else { 0 });
        is_apart
    });
    found
}

impl Plain {
    /// Takes the escapes off but those that are literal; none when there are none.
    fn of(text: &[u8], (reading, literal): (Reading, Literal<'_>)) -> Option<Self> {
        let bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        let (mut plain, mut at) = (Self { bytes, places: Vec::with_capacity(text.len()) }, 0);
        let stays = |rest: &[u8]| literal.iter().any(|one| rest.starts_with(one));
        let is_one = |escape: &Escape, at: usize| escape.bytes > 0 || is_within_base64(text, at, escape.width, 1);
        while let Some(next) = text.get(at) {
            let rest = text.get(at..).filter(|rest| may_begin(*next) && !stays(rest));
            match rest.and_then(|rest| escape(rest, reading)).filter(|escape| is_one(escape, at)) {
                Some(escape) => {
                    escape.stands_for().iter().for_each(|byte| plain.push(*byte, at, escape.width));
                    at += escape.width;
                }
                None => {
                    plain.push(*next, at, 1);
                    at += 1;
                }
            }
        }
        (plain.bytes.len() < text.len()).then_some(plain)
    }

    fn push(&mut self, byte: u8, at: usize, width: usize) {
        self.bytes.push(byte);
        self.places.push(at..at + width);
    }

    fn place(&self, found: &Range<usize>) -> Option<Range<usize>> {
        let (first, last) = (self.places.get(found.start)?, self.places.get(found.end.checked_sub(1)?)?);
        Some(first.start..last.end)
    }
}

fn may_begin(byte: u8) -> bool {
    matches!(byte, b'\\' | b'&' | b'%' | b'\n' | b'\r' | b'=')
}

/// Tells whether a break of a line stands between letters of base64, with so many before it.
fn is_within_base64(text: &[u8], at: usize, width: usize, before: usize) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    // Before a line feed there may be a carriage return.
    let at = at.checked_sub(1).filter(|last| text.get(*last) == Some(&b'\r')).unwrap_or(at);
    let before = at.checked_sub(before).and_then(|start| text.get(start..at));
    before.is_some_and(|before| before.iter().all(is_letter))
        && text.get(at..).is_some_and(|rest| {
            rest.get(width..).and_then(<[u8]>::first).is_some_and(|next| is_letter(next) || may_begin(*next))
        })
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

    /// The break of a line, which stands for nothing.
    fn of_break(width: usize) -> Self {
        Self { stands_for: [0; 4], bytes: 0, width }
    }

    fn stands_for(&self) -> &[u8] {
        self.stands_for.get(..self.bytes).unwrap_or_default()
    }
}

/// Reads the escape that a text begins with.
fn escape(text: &[u8], reading: Reading) -> Option<Escape> {
    match (text.first()?, text.get(1)) {
        (b'\\', Some(b'u')) => unit(text),
        (b'\\', Some(b'x')) => Some(Escape::of_byte(byte(text.get(2..4)?)?, 4)),
        (b'\\', Some(letter @ (b'"' | b'\'' | b'\\' | b'/'))) => Some(Escape::of_byte(*letter, 2)),
        (b'%', _) => Some(Escape::of_byte(byte(text.get(1..3)?)?, 3)),
        (b'&', _) => reference(text),
        _ => match reading {
            Reading::Strict => control(text),
            Reading::Lenient => of_mail(text),
        },
    }
}

/// Reads `\n`, `\r` or `\t`.
fn control(text: &[u8]) -> Option<Escape> {
    let controls: [(&[u8], u8); 3] = [(b"\\n", b'\n'), (b"\\r", b'\r'), (b"\\t", b'\t')];
    let found = controls.iter().find(|(written, _)| text.starts_with(written));
    found.map(|(written, letter)| Escape::of_byte(*letter, written.len()))
}

/// Reads the break of a line, escaped or not, or `=41`.
fn of_mail(text: &[u8]) -> Option<Escape> {
    let breaks: [&[u8]; 6] = [b"\\r\\n", b"\\n", b"=\r\n", b"=\n", b"\r\n", b"\n"];
    if let Some(found) = breaks.iter().find(|written| text.starts_with(written)) {
        return Some(Escape::of_break(found.len()));
    }
    let digits = text.strip_prefix(b"=")?.get(..2)?;
    Some(Escape::of_byte(byte(digits)?, 3))
}

/// Reads `\u0041`, or two of them that are one letter.
fn unit(text: &[u8]) -> Option<Escape> {
    let first = number(text.get(2..6)?, 16)?;
    let second = || text.get(6..8).filter(|begin| begin == b"\\u").and_then(|_| number(text.get(8..12)?, 16));
    match first {
        0xd800..0xdc00 => {
            let low = second()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            Escape::of_number(0x1_0000 + ((first - 0xd800) << 10) + low, 12)
        }
        _ => Escape::of_number(first, 6),
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
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    const VALUES: [&str; 5] = [
        "T0p+S/cr=t",
        "ą\"&'<é",
        "QmFzZTY0LW9mLWEtdmFsdWU",
        "p%41\"w=5d&<\\n",
        "-----BEGIN KEY-----\nMIIa\nMIIb\n-----",
    ];

    fn find(plain: &[u8]) -> Vec<Range<usize>> {
        let value = |value: &str| memchr::memmem::find(plain, value.as_bytes()).map(|at| at..at + value.len());
        VALUES.into_iter().filter_map(value).collect()
    }

    fn found(text: &str) -> Vec<String> {
        let escapes = Escapes::new(&VALUES.map(|value| Zeroizing::new(value.into())));
        let found = escapes.found(text.as_bytes(), &find).into_iter();
        found.map(|range| String::from_utf8_lossy(&text.as_bytes()[range]).into_owned()).collect()
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
            "T0p=2BS/cr=3Dt",
        ] {
            assert_eq!(found(&format!("before \\\" & % {text} after %")), [text], "{text}");
        }
    }

    #[test]
    fn value_under_several_layers_is_found() {
        for text in [
            "T0p%252BS%252Fcr%253Dt",
            "T0p%25252BS/cr=t",
            "T0p\\\\u002bS\\\\\\/cr=t",
            "T0p&amp;#43;S/cr=t",
            "T0p%26%2343%3BS/cr=t",
        ] {
            assert_eq!(found(&format!("say \"{text}\", please")), [text], "{text}");
        }
    }

    #[test]
    fn base64_that_is_broken_into_lines_is_found() {
        for text in [
            "QmFzZTY0LW9m\nLWEtdmFsdWU",
            "QmFzZTY0LW9m\r\nLWEtdmFsdWU",
            "QmFzZTY0LW9m\\nLWEtdmFsdWU",
            "QmFzZTY0LW9m\\r\\nLWEtdmFsdWU",
            "QmFzZTY0LW9m=\r\nLWEtdmFsdWU",
            "QmFzZTY0LW9m\nLWEtdmFs\ndWU",
        ] {
            assert_eq!(found(&format!("key:\n{text}\nend")), [text], "{text}");
        }
    }

    #[test]
    fn value_that_looks_escaped_itself_is_found() {
        for text in [
            "p%41\\\"w=5d&<\\\\n",
            "p%41&quot;w=5d&amp;&lt;\\n",
            "p%2541%22w%3D5d%26%3C%5Cn",
            "p%41\\u0022w=5d&\\u003c\\\\n",
            "-----BEGIN KEY-----\\nMIIa\\nMIIb\\n-----",
            "-----BEGIN KEY-----\\u000aMIIa\\nMIIb\\n-----",
            "-----BEGIN%20KEY-----%0AMIIa%0AMIIb%0A-----",
            "-----BEGIN KEY-----\\\\nMIIa\\\\nMIIb\\\\n-----",
        ] {
            assert_eq!(found(&format!("({text})")), [text], "{text}");
        }
    }

    #[test]
    fn letter_of_two_units_is_read() {
        let read = unit(b"\\ud83d\\ude00").unwrap();
        assert_eq!((read.stands_for(), read.width), ("😀".as_bytes(), 12));
        assert!(unit(b"\\ud83d\\u0041").is_none() && unit(b"\\ud83d").is_none());
    }

    #[test]
    fn what_is_something_else_is_left_alone() {
        for text in [
            "T0p%2BS/cr=",
            "T0p%2DS/cr=t",
            "%",
            "\\u00",
            "&#;",
            "&#99999999999;",
            "&quot",
            "\\",
            "T0p%+2S/cr=t",
            "&;",
            "=",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn escape_is_found_wherever_it_stands_in_a_long_text() {
        for before in [0, 1, PIECE - 5, PIECE, PIECE + 5, 5 * PIECE] {
            // Escapes all along the way, so that there is piece after piece.
            let text = format!("{}T0p%2BS%2Fcr%3Dt{}", "%54".repeat(before / 3), "%54 ".repeat(PIECE));
            assert_eq!(found(&text), ["T0p%2BS%2Fcr%3Dt"], "{before}");
        }
    }
}
