//! The correlation text of an intent, as it is left in FLOWii's free-text fields.

/// Puts the correlation into the first line, before what `lines` say: what is cut off is the end.
pub(crate) fn headed(correlation: &str, lines: &[String]) -> String {
    std::iter::once(format!("Ref: {correlation}")).chain(lines.iter().cloned()).collect::<Vec<_>>().join("\n")
}

/// Puts the line of a text that has a correlation before what `text` says, so that a change keeps it.
pub(crate) fn kept(there: &str, text: &str) -> String {
    match there.lines().next().filter(|line| line.starts_with("Ref: ")) {
        Some(line) if text.is_empty() => line.to_owned(),
        Some(line) => format!("{line}\n{text}"),
        None => text.to_owned(),
    }
}

/// Tells whether a text has the correlation as a word of its own, not as part of a longer one.
pub(crate) fn is_in(text: &str, correlation: &str) -> bool {
    let outside = |char: Option<char>| !char.is_some_and(|char| char.is_ascii_alphanumeric() || char == '-');
    !correlation.is_empty()
        && text.match_indices(correlation).any(|(start, found)| {
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let after = text.get(start + found.len()..).and_then(|after| after.chars().next());
            outside(before) && outside(after)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_is_found_as_a_whole_word_only() {
        for (text, found) in [
            ("Ref: wh12", true),
            ("wh12", true),
            ("<p>wh12</p>", true),
            ("wh123", false),
            ("xwh12", false),
            ("wh12-3", false),
            ("wh123 wh12.", true),
            ("", false),
        ] {
            assert_eq!(is_in(text, "wh12"), found, "{text}");
        }
        assert!(!is_in("anything", ""));
        assert!(is_in(&headed("wh12", &["a note".to_owned()]), "wh12"));
    }
}
