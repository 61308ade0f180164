//! The correlation text of an intent, as it is left in the note of an order.

/// Puts the correlation into the first line, before what `lines` say: what is cut off is the end.
pub(crate) fn headed(correlation: &str, lines: &[String]) -> String {
    std::iter::once(format!("Ref: {correlation}")).chain(lines.iter().cloned()).collect::<Vec<_>>().join("\n")
}

/// Tells whether a text has the correlation as a word of its own, not as part of a longer one.
pub(crate) fn is_in(text: &str, correlation: &str) -> bool {
    let mut words = text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '-'));
    !correlation.is_empty() && words.any(|word| word == correlation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_is_found_as_a_whole_word_only() {
        for (text, found) in
            [("Ref: wh12", true), ("wh12", true), ("(wh12).", true), ("wh123", false), ("xwh12", false), ("", false)]
        {
            assert_eq!(is_in(text, "wh12"), found, "{text}");
        }
        assert!(!is_in("anything", ""));
        assert!(is_in(&headed("wh12", &["a note".to_owned()]), "wh12"));
    }
}
