//! Which names a connector may use. Pure.

/// Bytes of a whole path.
const PATH: usize = 1024;
/// Bytes of one name in it; what file systems take.
const NAME: usize = 255;
/// Names in a path.
const DEPTH: usize = 32;

/// Says what is wrong with a path. Whether it leads out is not asked here: that is seen where it is opened.
pub(super) fn wrong(path: &str) -> Option<String> {
    let names = || path.split('/').filter(|name| !name.is_empty());
    if path.len() > PATH {
        return Some(format!("a path has {} bytes; use at most {PATH}", path.len()));
    }
    if let Some(long) = names().find(|name| name.len() > NAME) {
        return Some(format!("a name has {} bytes; use at most {NAME}", long.len()));
    }
    if names().count() > DEPTH {
        return Some(format!("a path has more than {DEPTH} names; use fewer directories"));
    }
    if path.chars().any(char::is_control) {
        return Some("a name has a control character; use letters, digits and punctuation".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_fine() {
        for path in ["a", "in/2026-01-31/zamówienie 1.xml", "..", ".", "", &"n".repeat(255), "a/".repeat(32).as_str()]
        {
            assert_eq!(wrong(path), None, "{path}");
        }
    }

    #[test]
    fn long_deep_and_invisible_names_are_refused_with_the_limit() {
        let cases = [
            ("n".repeat(256), "255"),
            ("abcdefgh/".repeat(114), "1024"),
            ("a/".repeat(33), "32"),
            ("a\nb".to_owned(), "control"),
            ("a\0b".to_owned(), "control"),
            ("a\u{85}b".to_owned(), "control"),
        ];
        for (path, named) in cases {
            assert!(wrong(&path).is_some_and(|text| text.contains(named)), "{path:?}");
        }
    }
}
