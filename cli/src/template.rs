//! Templates of installation files: which there are, what an operator fills in, and the file that comes of it. Pure.
//!
//! A template's file begins with its summary (`#! ..`) and its parameters (`#? NAME = EXAMPLE | MEANING`); the rest is the
//! installation file, with `{{NAME}}` where a parameter's value goes.

use std::collections::BTreeMap;

use crate::installation::nearest;

/// A template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template {
    /// What it is asked for by.
    pub(crate) name: &'static str,
    text: &'static str,
}

/// Something that an operator fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Name.
    pub(crate) name: &'static str,
    /// Value that it has unless another is given.
    pub(crate) example: &'static str,
    /// What it is.
    pub(crate) meaning: &'static str,
}

macro_rules! template {
    ($name:literal) => {
        Template { name: $name, text: include_str!(concat!("../templates/", $name, ".toml")) }
    };
}

/// All templates.
pub(crate) const ALL: [Template; 5] = [
    template!("baselinker-optimakers"),
    template!("baselinker-flowii"),
    template!("baselinker-erpconnector"),
    template!("operand-flowii"),
    template!("smartspace-customers"),
];

/// Finds a template by its name; fails with what is wrong and the fix.
pub(crate) fn named(name: &str) -> Result<Template, String> {
    let found = ALL.into_iter().find(|template| template.name == name);
    found.ok_or_else(|| {
        let fix = nearest::fix(name, ALL.iter().map(|template| template.name));
        format!("no template is called `{name}`; {fix}")
    })
}

impl Template {
    /// Returns what it is for, in a sentence.
    pub(crate) fn summary(&self) -> &'static str {
        self.text.lines().next().and_then(|line| line.strip_prefix("#! ")).unwrap_or_default()
    }

    /// Returns what an operator fills in, in the order of the file.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = Parameter> {
        self.text.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("#? ")?.split_once(" = ")?;
            let (example, meaning) = rest.split_once(" | ")?;
            Some(Parameter { name, example, meaning })
        })
    }

    /// Writes the installation file with these values, and with the examples for all other parameters.
    ///
    /// # Errors
    /// When a value is of no parameter, or cannot stand in the file; what is wrong, and the fix.
    pub(crate) fn filled(&self, given: &BTreeMap<String, String>) -> Result<String, String> {
        for (name, value) in given {
            if !self.parameters().any(|parameter| parameter.name == name) {
                let fix = nearest::fix(name, self.parameters().map(|parameter| parameter.name));
                return Err(format!("template `{}` has no parameter `{name}`; {fix}", self.name));
            }
            if value.contains(['"', '\\']) || value.chars().any(char::is_control) {
                return Err(format!(
                    "the value of `{name}` has a quote, a backslash or a control character; edit the file for that"
                ));
            }
        }
        let body = self.text.lines().filter(|line| !line.starts_with("#! ") && !line.starts_with("#? "));
        let mut text: String = body.flat_map(|line| [line, "\n"]).collect();
        for parameter in self.parameters() {
            let value = given.get(parameter.name).map_or(parameter.example, String::as_str);
            text = text.replace(&format!("{{{{{}}}}}", parameter.name), value);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn given(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_parameter_is_used_and_every_place_has_one() {
        for template in ALL {
            assert!(template.summary().len() > 20, "{}", template.name);
            let body: String = template.text.lines().filter(|line| !line.starts_with("#? ")).collect();
            for parameter in template.parameters() {
                let place = format!("{{{{{}}}}}", parameter.name);
                assert!(body.contains(&place), "{}: `{}` goes nowhere", template.name, parameter.name);
            }
            let lines = template.text.lines().filter(|line| line.starts_with("#?")).count();
            assert_eq!(lines, template.parameters().count(), "{}: a parameter cannot be read", template.name);
            let filled = template.filled(&BTreeMap::new()).unwrap();
            assert!(!filled.contains("{{") && !filled.contains("#?"), "{}: {filled}", template.name);
        }
    }

    #[test]
    fn every_template_is_an_installation_file_without_mistakes() {
        for template in ALL {
            let (file, problems) = crate::installation::parse(&template.filled(&BTreeMap::new()).unwrap());
            let found: Vec<String> = problems.list().iter().map(ToString::to_string).collect();
            assert_eq!(found, Vec::<String>::new(), "{}", template.name);
            assert!(file.connections.len() > 1, "{}", template.name);
        }
    }

    #[test]
    fn values_go_to_their_places_and_the_rest_are_examples() {
        let template = named("baselinker-optimakers").unwrap();
        let values = given(&[("baselinkerOrderStatusToImport", "4711"), ("optimesUrl", "https://x.syneo.pl")]);
        let text = template.filled(&values).unwrap();
        assert!(text.contains("filter = { status = [\"4711\"] }"), "{text}");
        assert!(text.contains("base_url = \"https://x.syneo.pl\""), "{text}");
        assert!(text.contains("order_status = 7\n"), "{text}");
    }

    #[test]
    fn parameter_that_is_none_and_value_that_would_break_the_file_are_refused() {
        let template = named("baselinker-optimakers").unwrap();
        let unknown = template.filled(&given(&[("optimesURL", "x")])).unwrap_err();
        assert!(unknown.ends_with("did you mean `optimesUrl`?"), "{unknown}");
        for value in ["a\"b", "a\\b", "a\nb"] {
            let wrong = template.filled(&given(&[("optimesUrl", value)])).unwrap_err();
            assert!(wrong.contains("`optimesUrl` has a quote"), "{wrong}");
        }
        assert!(named("baselinker-optimaker").unwrap_err().contains("did you mean `baselinker-optimakers`?"));
    }
}
