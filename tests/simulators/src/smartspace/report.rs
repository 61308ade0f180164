//! What is wrong with an API, as data.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Smartspace reads it wrongly, or not at all.
    Error,
    /// It may work, and is not what was agreed.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// What was checked, constant: `array`, `nested`, `not-text`, `duplicate-name`, ...
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The request, e.g. `GET /clientes?cpf`; values of customers are not in it.
    pub request: String,
    /// What was seen.
    pub detail: String,
}

/// What came of an inspection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Requests that were sent.
    pub requests: u64,
    /// The longest wait for an answer, in milliseconds.
    pub slowest_ms: u64,
    /// What is wrong; empty when nothing is.
    pub violations: Vec<Violation>,
}

impl Report {
    /// Goes through the violations that are errors.
    pub fn errors(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.severity == Severity::Error)
    }

    /// Tells whether a check found something.
    pub fn has(&self, check: &str) -> bool {
        self.violations.iter().any(|violation| violation.check == check)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} requests, the slowest took {} ms", self.requests, self.slowest_ms)?;
        for violation in &self.violations {
            let Violation { check, severity, request, detail } = violation;
            writeln!(formatter, "{severity:?} {check}: {request}: {detail}")?;
        }
        Ok(())
    }
}
