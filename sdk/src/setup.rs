//! Helping the operator to get a connection going.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Result;
pub use crate::bindings::exports::setup::{Step, StepState};

impl Step {
    /// Makes a step; `name` is short and constant, `detail` says what was seen.
    pub fn new(name: &str, state: StepState, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state, detail: detail.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Tries steps in order: after one that fails the others are skipped, unless they are said to be independent.
///
/// ```
/// use wharf_sdk::setup::{Checks, StepState};
/// use wharf_sdk::Failure;
///
/// let steps = Checks::new()
///     .step("sign in", "replace the token", || Err(Failure::auth_revoked("the token is unknown")))
///     .step("read orders", "grant the right to read orders", || Ok("3 orders".to_owned()))
///     .finish();
/// assert_eq!((steps[0].state, steps[1].state), (StepState::Failed, StepState::Skipped));
/// ```
#[derive(Debug, Default)]
pub struct Checks {
    steps: Vec<Step>,
    stopped_by: Option<String>,
}

impl Checks {
    /// Starts without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tries a step that says what it saw. `hint` says what to do when it fails. The steps after a failed one are
    /// skipped.
    #[must_use]
    pub fn step(mut self, name: &str, hint: &str, body: impl FnOnce() -> Result<String>) -> Self {
        let step = self.tried(name, hint, body);
        if step.state == StepState::Failed && self.stopped_by.is_none() {
            self.stopped_by = Some(name.to_owned());
        }
        self.steps.push(step);
        self
    }

    /// Tries a step that others do not depend on: its failure is a warning.
    #[must_use]
    pub fn optional(mut self, name: &str, hint: &str, body: impl FnOnce() -> Result<String>) -> Self {
        let mut step = self.tried(name, hint, body);
        if step.state == StepState::Failed {
            step.state = StepState::Warning;
        }
        self.steps.push(step);
        self
    }

    /// Returns the steps.
    pub fn finish(self) -> Vec<Step> {
        self.steps
    }

    fn tried(&self, name: &str, hint: &str, body: impl FnOnce() -> Result<String>) -> Step {
        if let Some(before) = &self.stopped_by {
            return Step::new(name, StepState::Skipped, format!("not tried, as `{before}` failed"));
        }
        match body() {
            Ok(detail) => Step::new(name, StepState::Ok, detail),
            Err(failure) => Step::new(name, StepState::Failed, failure.message()).hint(hint),
        }
    }
}

/// What an account offers for the configuration: for each of its keys the values to choose from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Discovery(BTreeMap<String, Vec<Choice>>);

/// One value to choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Choice {
    value: serde_json::Value,
    label: String,
}

impl Discovery {
    /// Starts without choices.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value for a key of the configuration, with what people call it.
    #[must_use]
    pub fn choice(mut self, key: &str, value: impl Into<serde_json::Value>, label: impl Into<String>) -> Self {
        let choice = Choice { value: value.into(), label: label.into() };
        self.0.entry(key.to_owned()).or_default().push(choice);
        self
    }

    /// Writes the choices as the contract has them.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "{}".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    #[test]
    fn a_failed_step_skips_what_comes_after_and_an_optional_one_does_not() {
        let failed = || Err(Failure::unavailable(None, "down"));
        let steps = Checks::new()
            .optional("read stock", "grant it", failed)
            .step("read orders", "grant it", failed)
            .step("read products", "grant it", || Ok("never".to_owned()))
            .finish();
        let states: Vec<_> = steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Warning, StepState::Failed, StepState::Skipped]);
        assert_eq!(steps.first().and_then(|step| step.hint.as_deref()), Some("grant it"));
        assert_eq!(steps.last().map(|step| step.detail.as_str()), Some("not tried, as `read orders` failed"));
    }

    #[test]
    fn choices_are_written_by_key_in_the_order_given() {
        let discovery = Discovery::new().choice("company", "2", "B").choice("company", "1", "A").choice("zone", 7, "Z");
        assert_eq!(
            discovery.to_json(),
            r#"{"company":[{"value":"2","label":"B"},{"value":"1","label":"A"}],"zone":[{"value":7,"label":"Z"}]}"#
        );
    }
}
