//! Expressions of filters and rules: minijinja, with a bound on work and depth, and nothing from outside.

use std::sync::LazyLock;

use minijinja::{Environment, ErrorKind, Expression as Compiled, Value};
use serde_json::value::RawValue;

/// Steps that one evaluation may take: a loop over some thousand lines fits, one that does not end does not.
const FUEL: u64 = 100_000;

/// How deep calls may nest.
const DEPTH: usize = 64;

/// The same for everyone: no templates, no loader, and no functions but those that come with the language.
static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment
});

/// A compiled expression.
pub(crate) struct Expression {
    compiled: Compiled<'static, 'static>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Expression")
    }
}

impl Expression {
    /// Compiles an expression; `known` are the names that it may use.
    ///
    /// # Errors
    /// When it cannot be read or uses another name; a sentence with the fix.
    pub(crate) fn new(text: &str, known: &[&str]) -> Result<Self, String> {
        let compiled = LANGUAGE.compile_expression_owned(text.to_owned()).map_err(|error| {
            format!("`{text}` is not an expression: {}; see the expression language in the documentation", told(&error))
        })?;
        let built_in: Vec<String> = LANGUAGE.globals().map(|(name, _)| name.to_owned()).collect();
        let mut strangers: Vec<String> = compiled
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !known.contains(&name.as_str()) && !built_in.contains(name))
            .collect();
        strangers.sort();
        match strangers.first() {
            None => Ok(Self { compiled }),
            Some(name) => Err(format!("`{name}` is not known in `{text}`; use {}", listed(known))),
        }
    }

    /// Evaluates the expression to a JSON value; none when the result is undefined.
    ///
    /// # Errors
    /// When it cannot be evaluated for this document; a sentence.
    pub(crate) fn value(&self, context: Value) -> Result<Option<Box<RawValue>>, String> {
        let value = self.compiled.eval(context).map_err(|error| told(&error))?;
        if value.is_undefined() {
            return Ok(None);
        }
        serde_json::value::to_raw_value(&value).map(Some).map_err(|error| error.to_string())
    }

    /// Evaluates the expression to yes or no.
    ///
    /// # Errors
    /// When it cannot be evaluated for this document; a sentence.
    pub(crate) fn is_true(&self, context: Value) -> Result<bool, String> {
        self.compiled.eval(context).map(|value| value.is_true()).map_err(|error| told(&error))
    }
}

fn told(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => format!("it takes more than {FUEL} steps"),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn value(expression: &str, document: &str) -> Result<Option<String>, String> {
        let document: Value = serde_json::from_str(document).unwrap();
        let expression = Expression::new(expression, &["doc"])?;
        let result = expression.value(minijinja::context! { doc => document })?;
        Ok(result.map(|raw| raw.get().to_owned()))
    }

    #[test]
    fn damaged_expressions_give_a_value_or_an_error_and_never_a_panic() {
        let samples = [
            "'order ' ~ doc.id ~ '/' ~ item.entity",
            "doc.lines | map(attribute='price') | sum | round(2)",
            "doc.total if doc.paid else (doc.total * 1.23) | float",
            "range(doc.count) | list",
            "{'a': [doc.id, none, 1.5e3, -7], 'b': doc.name[1:3] | upper}",
        ];
        let documents =
            [r#"{"id":1,"count":3,"paid":true,"total":9.5,"name":"Ann","lines":[{"price":1}]}"#, "[]", "null"];
        let mut understood = 0;
        for mut damage in wharf_test_support::damage::Rounds::of("expression", 3000) {
            let text = damage.one::<&str>(&samples);
            let text = damage.text(text);
            understood += usize::from(value(&text, damage.one::<&str>(&documents)).is_ok_and(|value| value.is_some()));
        }
        assert!(understood > 0, "nothing was understood: the damage is too great to reach anything");
    }

    #[test]
    fn results_keep_their_type() {
        let document = r#"{"id":"12","price":"10.10","n":7,"tags":["a","b"],"empty":null}"#;
        let cases = [
            ("doc.id", Some(r#""12""#)),
            ("doc.price", Some(r#""10.10""#)),
            ("'order ' ~ doc.id", Some(r#""order 12""#)),
            ("doc.n + 1", Some("8")),
            ("doc.n > 3", Some("true")),
            ("doc.tags", Some(r#"["a","b"]"#)),
            ("doc.tags | length", Some("2")),
            ("doc.empty", Some("null")),
            ("doc.nothing", None),
            ("{'a': doc.n}", Some(r#"{"a":7}"#)),
            ("doc.id if doc.n == 7 else 'x'", Some(r#""12""#)),
        ];
        for (expression, expected) in cases {
            assert_eq!(value(expression, document).unwrap().as_deref(), expected, "{expression}");
        }
    }

    #[test]
    fn unknown_names_and_broken_text_are_found_before_anything_runs() {
        let error = value("order.id", "{}").unwrap_err();
        assert_eq!(error, "`order` is not known in `order.id`; use `doc`");
        assert!(value("doc.id ==", "{}").unwrap_err().contains("is not an expression"));
    }

    #[test]
    fn endless_work_and_deep_nesting_end_with_an_error() {
        let loops = "range(100000) | map('string') | join | length";
        assert!(value(loops, "{}").is_err() || value("range(10000000) | list", "{}").is_err());
        let nested = format!("{}doc{}", "(".repeat(5000), ")".repeat(5000));
        assert!(value(&nested, "{}").is_err());
    }
}
