//! Paths into documents: `customer.name`, `lines[].sku`, `lines[0].sku`, `extra["a.b"]`.

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Field of an object.
    Key(String),
    /// Element of a list, from 0.
    Index(usize),
    /// Every element of a list.
    Each,
}

/// A path; empty for the whole document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

/// Why it is no path, with the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{path}` is not a path: {reason}; write e.g. `customer.name`, `lines[].sku`, `lines[0].sku` or `extra[\"a.b\"]`"
)]
pub(crate) struct PathError {
    path: String,
    reason: &'static str,
}

impl Path {
    pub(crate) fn parse(text: &str) -> Result<Self, PathError> {
        let failed = |reason| PathError { path: text.to_owned(), reason };
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = next_step(rest, steps.is_empty()).map_err(failed)?;
            steps.push(step);
            rest = after;
        }
        if steps.is_empty() {
            return Err(failed("it is empty"));
        }
        Ok(Self { steps })
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns how many steps go over every element of a list.
    pub(crate) fn each_count(&self) -> usize {
        self.steps.iter().filter(|step| **step == Step::Each).count()
    }

    /// Returns the part up to and with the last step that goes over every element; none without such a step.
    pub(crate) fn up_to_last_each(&self) -> Option<Self> {
        let last = self.steps.iter().rposition(|step| *step == Step::Each)?;
        Some(Self { steps: self.steps.iter().take(last + 1).cloned().collect() })
    }

    /// Returns the first step's key and the path below it; none when it starts with a list.
    pub(crate) fn split_first(&self) -> Option<(&str, Self)> {
        match self.steps.split_first() {
            Some((Step::Key(key), rest)) => Some((key, Self { steps: rest.to_vec() })),
            _ => None,
        }
    }
}

fn next_step(rest: &str, first: bool) -> Result<(Step, &str), &'static str> {
    if let Some(inside) = rest.strip_prefix("[\"") {
        let (key, after) = inside.split_once("\"]").ok_or("`[\"` has no `\"]`")?;
        return Ok((Step::Key(key.to_owned()), after));
    }
    if let Some(inside) = rest.strip_prefix('[') {
        let (index, after) = inside.split_once(']').ok_or("`[` has no `]`")?;
        return Ok((list_step(index)?, after));
    }
    let rest = match rest.strip_prefix('.') {
        Some(rest) if !first => rest,
        None if first => rest,
        _ => return Err("a field starts with a dot, the first one without"),
    };
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (key, after) = rest.split_at(end);
    if key.is_empty() || key.contains(']') {
        return Err("a field has no name");
    }
    Ok((Step::Key(key.to_owned()), after))
}

fn list_step(index: &str) -> Result<Step, &'static str> {
    if index.is_empty() {
        return Ok(Step::Each);
    }
    index.parse().map(Step::Index).map_err(|_| "between `[` and `]` stands a number, nothing, or a quoted name")
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) if key.contains(['.', '[', ']']) => write!(f, "[\"{key}\"]")?,
                Step::Key(key) if place == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn paths_are_read_and_written_alike() {
        for text in
            ["id", "customer.name", "lines[].sku", "lines[0].tax_rate.percent", "[].id", "a[][2].b", "[\"a.b\"].c"]
        {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        let quoted = Path::parse("extra[\"a.b\"]").unwrap();
        assert_eq!(quoted.steps(), [Step::Key("extra".into()), Step::Key("a.b".into())]);
    }

    #[test]
    fn mistakes_are_refused() {
        for text in ["", ".id", "a..b", "a.", "a[", "a[x]", "a[-1]", "a]", "a[\"b", "a[]b"] {
            let error = Path::parse(text).unwrap_err().to_string();
            assert!(error.contains("write e.g."), "{text}: {error}");
        }
    }

    #[test]
    fn lists_are_found_in_a_path() {
        let path = Path::parse("lines[].options[].name").unwrap();
        assert_eq!(path.each_count(), 2);
        assert_eq!(path.up_to_last_each().unwrap().to_string(), "lines[].options[]");
        assert_eq!(Path::parse("id").unwrap().up_to_last_each(), None);
    }
}
