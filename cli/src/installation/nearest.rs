//! Which known name a mistyped one was meant to be. Pure.

/// Returns the fix for an unknown name: the known one that is nearest, or the list of those there are.
pub(crate) fn fix<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(near) = nearest(unknown, &known) {
        return format!("did you mean `{near}`?");
    }
    if known.is_empty() {
        return "there is none; remove it".to_owned();
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("known are {}", names.join(", "))
}

fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase());
    let near = |name: &str| distance(name) <= name.chars().count().max(3) / 3;
    let begun = |name: &str| unknown.chars().count() >= 3 && name.starts_with(unknown);
    let close = known.iter().copied().filter(|name| near(name)).min_by_key(|name| distance(name));
    close.or_else(|| known.iter().copied().find(|name| begun(name)))
}

#[cfg(test)]
mod tests {
    use super::fix;

    #[test]
    fn nearest_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(fix("conector", ["connector", "config"]), "did you mean `connector`?");
        assert_eq!(fix("shpo", ["shop", "crm"]), "did you mean `shop`?");
        assert_eq!(fix("plain", ["plain_http", "origins"]), "did you mean `plain_http`?");
        assert_eq!(fix("warehouse", ["shop", "crm"]), "known are `crm`, `shop`");
        assert_eq!(fix("warehouse", []), "there is none; remove it");
    }
}
