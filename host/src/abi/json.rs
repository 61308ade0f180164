//! Whether the text of a document is one JSON value that everybody behind the host can read. Pure.

use serde::de::IgnoredAny;

/// Levels of lists and objects within each other; JSON readers stop at this depth, to keep their stack.
const LEVELS: usize = 128;

/// Says what is wrong with the text of a document.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    // This reader keeps no stack, so it has no limit of its own.
    serde_json::from_slice::<IgnoredAny>(text).map_err(|error| format!("is not JSON ({error})"))?;
    let levels = levels(text);
    if levels > LEVELS {
        return Err(format!("is nested {levels} levels deep, of {LEVELS} allowed"));
    }
    Ok(())
}

/// Counts the levels of a valid JSON text.
fn levels(text: &[u8]) -> usize {
    let (mut now, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                now = now.saturating_add(1);
                most = most.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_in_texts_do_not_count() {
        let cases =
            [(r#"[{"a":[]},[]]"#, 3), (r#""[[[""#, 0), (r#"["\"[[", {}]"#, 2), (r#"["\\", [[]]]"#, 3), ("1", 0)];
        for (text, expected) in cases {
            assert_eq!(levels(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_document_is_refused_with_the_reason() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let cases =
            [("", "not JSON"), ("{\"a\":", "not JSON"), ("{} {}", "not JSON"), (deep.as_str(), "100000 levels deep")];
        for (text, reason) in cases {
            assert!(check(text.as_bytes()).is_err_and(|problem| problem.contains(reason)), "{reason}");
        }
        let just = "[".repeat(LEVELS) + &"]".repeat(LEVELS);
        assert_eq!(check(just.as_bytes()), Ok(()));
    }
}
