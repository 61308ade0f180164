//! Why a command did not do its work, and the code that the program ends with.

use std::fmt;

use serde::Serialize;
use wharf_flow::LedgerError;
use wharf_host::{Blame, ErrorKind};

use crate::installation::Problem;

/// How the program ends. The numbers are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing needs attention.
    Fine = 0,
    /// Done, and something needs attention: parked items, a failed check, a plan with gaps, a document unknown to it.
    Attention = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The installation file is wrong or cannot be read.
    Installation = 3,
    /// A connector is refused, or could not be built.
    Connector = 4,
    /// A credential or a remote system stands in the way.
    Remote = 5,
    /// The state is in use by another process, or cannot be opened.
    State = 6,
    /// A mistake of this program, or of the machine.
    Internal = 70,
    /// Stopped by a signal before the work was done.
    Interrupted = 130,
}

impl Exit {
    /// Every code with what it means, for the help.
    pub(crate) const ALL: [(Self, &'static str); 9] = [
        (Self::Fine, "fine"),
        (Self::Attention, "done, but something needs attention: parked items, a failed check, a plan with gaps"),
        (Self::Usage, "the command line is wrong, or names something that is not there"),
        (Self::Installation, "the installation file is wrong or cannot be read"),
        (Self::Connector, "a connector is refused, or could not be built"),
        (Self::Remote, "a credential or a remote system stands in the way"),
        (Self::State, "the state is held by another process, or cannot be opened"),
        (Self::Internal, "a mistake of the program or of the machine"),
        (Self::Interrupted, "stopped by a signal before the work was done"),
    ];
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// Stable, kebab-case.
    pub(crate) code: &'static str,
    /// What is wrong, lower case.
    pub(crate) message: String,
    /// Where: a file with line and column, a connection, a flow.
    pub(crate) place: Option<String>,
    /// What to do about it.
    pub(crate) fix: Option<String>,
    /// Each mistake of an installation file.
    pub(crate) problems: Vec<PlacedProblem>,
}

/// A mistake of an installation file, with the file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PlacedProblem {
    file: String,
    line: usize,
    column: usize,
    key: String,
    message: String,
    fix: String,
    #[serde(skip)]
    text: String,
}

impl PlacedProblem {
    /// Returns the line that people read: `file:line:column key: what is wrong; what would be right`.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl Failure {
    /// Makes a failure. A message that ends with a fix after a semicolon is taken apart.
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl AsRef<str>) -> Self {
        let (message, fix) = split_fix(message.as_ref());
        Self { exit, code, message, place: None, fix, problems: Vec::new() }
    }

    /// Adds where it is.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Makes the failure of an installation file with mistakes.
    pub(crate) fn of_installation(file: &str, problems: &[Problem]) -> Self {
        let place = |problem: &Problem| PlacedProblem {
            file: file.to_owned(),
            line: problem.position.line,
            column: problem.position.column,
            key: problem.key.clone(),
            message: problem.message.clone(),
            fix: problem.fix.clone(),
            text: format!("{file}:{problem}"),
        };
        let count = match problems.len() {
            1 => "1 mistake".to_owned(),
            count => format!("{count} mistakes"),
        };
        let fix = if problems.len() == 1 { "correct it" } else { "correct them" };
        let failure = Self::new(Exit::Installation, "installation-invalid", format!("{count} in `{file}`; {fix}"));
        let first = problems.first().map(|problem| problem.position);
        let place_text = first.map_or(file.to_owned(), |at| format!("{file}:{}:{}", at.line, at.column));
        Self { problems: problems.iter().map(place).collect(), ..failure }.at(place_text)
    }

    /// Makes the failure of a mistake of the command line that only the command could see.
    pub(crate) fn usage(message: impl AsRef<str>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Makes the failure of something that the machine or this program got wrong.
    pub(crate) fn internal(message: impl AsRef<str>) -> Self {
        Self::new(Exit::Internal, "internal", message)
    }

    /// Returns the sentence with its place, where it does not name it.
    pub(crate) fn placed(&self) -> String {
        let named = |place: &&String| place.rsplit('.').next().is_some_and(|last| self.message.contains(last));
        match self.place.as_ref().filter(|place| self.problems.is_empty() && !named(place)) {
            Some(place) => format!("{place}: {self}"),
            None => self.to_string(),
        }
    }

    /// Returns the value of the `error` key of the JSON output.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({
            "code": self.code,
            "message": self.message,
            "place": self.place,
            "fix": self.fix,
        });
        if !self.problems.is_empty() {
            error["problems"] = serde_json::json!(self.problems);
        }
        error
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.fix {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

impl From<wharf_host::Error> for Failure {
    fn from(error: wharf_host::Error) -> Self {
        let exit = match (error.kind(), error.blame()) {
            (_, Blame::Host | Blame::Caller) => Exit::Internal,
            (ErrorKind::Load, _) | (_, Blame::Connector) => Exit::Connector,
            (ErrorKind::Connect, Blame::Operator | Blame::Policy) => Exit::Installation,
            _ => Exit::Remote,
        };
        let place = error.connection().map(|name| format!("connection.{name}"));
        let failure = Self::new(exit, error.code(), error.to_string());
        Self { place: place.or_else(|| error.connector().map(str::to_owned)), ..failure }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let exit = match &error {
            LedgerError::NotFound(_) | LedgerError::Refused(_) => Exit::Usage,
            _ => Exit::State,
        };
        Self::new(exit, error.code(), error.to_string())
    }
}

impl From<wharf_flow::Error> for Failure {
    fn from(error: wharf_flow::Error) -> Self {
        let code = error.code();
        match error {
            wharf_flow::Error::Ledger(error) => error.into(),
            wharf_flow::Error::Call(error) => error.into(),
            wharf_flow::Error::Held { ref flow, .. } | wharf_flow::Error::Fenced { ref flow } => {
                Self::new(Exit::State, code, error.to_string()).at(format!("flow.{flow}"))
            }
            wharf_flow::Error::Stopped { ref flow, .. } => {
                Self::new(Exit::Remote, code, error.to_string()).at(format!("flow.{flow}"))
            }
            wharf_flow::Error::Definition { ref flow, .. } => {
                Self::new(Exit::Installation, code, error.to_string()).at(format!("flow.{flow}"))
            }
            _ => Self::new(Exit::Internal, code, error.to_string()),
        }
    }
}

/// Takes a sentence apart into what is wrong and, after its last semicolon, the fix.
pub(crate) fn split_fix(sentence: &str) -> (String, Option<String>) {
    match sentence.rsplit_once("; ") {
        Some((message, fix)) if !fix.trim().is_empty() => (message.to_owned(), Some(fix.to_owned())),
        _ => (sentence.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_is_taken_apart_at_its_last_semicolon() {
        assert_eq!(split_fix("a; b; do c"), ("a; b".to_owned(), Some("do c".to_owned())));
        assert_eq!(split_fix("just that"), ("just that".to_owned(), None));
    }

    #[test]
    fn host_errors_become_exit_codes_by_kind_and_blame() {
        let exit = |kind, blame| Failure::from(wharf_host::Error::new(kind, "x", blame, "y")).exit;
        let table = [
            (ErrorKind::Load, Blame::Connector, Exit::Connector),
            (ErrorKind::Load, Blame::Operator, Exit::Connector),
            (ErrorKind::Connect, Blame::Operator, Exit::Installation),
            (ErrorKind::Connect, Blame::Policy, Exit::Installation),
            (ErrorKind::Call, Blame::Remote, Exit::Remote),
            (ErrorKind::Call, Blame::Operator, Exit::Remote),
            (ErrorKind::Call, Blame::Connector, Exit::Connector),
            (ErrorKind::Setup, Blame::Host, Exit::Internal),
        ];
        for (kind, blame, expected) in table {
            assert_eq!(exit(kind, blame), expected, "{kind:?} {blame:?}");
        }
    }
}
