//! The one public error.

use std::fmt;

use crate::model::{Cause, Evidence, Trace};

/// Everything that can go wrong, with who is to blame and what to do.
///
/// Opaque: ask [`kind`](Error::kind), [`code`](Error::code), [`cause`](Error::cause). The message is one sentence, in
/// lower case, names the thing in backticks and ends with the fix. No secret is in it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: &'static str,
    message: String,
    blame: Blame,
    cause: Option<Cause>,
    connector: Option<String>,
    connection: Option<String>,
    evidence: Option<Evidence>,
    trace: Trace,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What was being done when it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host could not be set up.
    Setup,
    /// The bytes cannot become a connector: not a component, unknown imports, a contract that is not supported, a
    /// manifest that is wrong or does not match the exports.
    Load,
    /// The connection cannot be made: configuration, grants or credentials.
    Connect,
    /// A call failed; `cause` says why.
    Call,
}

/// Who has to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The connector's author.
    Connector,
    /// The host: a bug of ours, or the machine.
    Host,
    /// The operator's approval does not cover it.
    Policy,
    /// The remote system.
    Remote,
    /// The operator's configuration.
    Operator,
    /// The program that made the call.
    Caller,
}

impl Error {
    /// Makes an error. `code` is stable and kebab-case; `message` ends with the fix.
    pub fn new(kind: ErrorKind, code: &'static str, blame: Blame, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            blame,
            cause: None,
            connector: None,
            connection: None,
            evidence: None,
            trace: Trace::default(),
            source: None,
        }))
    }

    /// Makes the error of a failed call.
    pub fn failed(cause: Cause, blame: Blame, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Call, cause.code(), blame, message);
        error.0.cause = Some(cause);
        error
    }

    /// Adds why it failed, in the contract's words.
    #[must_use]
    pub fn with_cause(mut self, cause: Cause) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// Adds the connector's name.
    #[must_use]
    pub fn with_connector(mut self, connector: impl Into<String>) -> Self {
        self.0.connector = Some(connector.into());
        self
    }

    /// Adds the connection's name.
    #[must_use]
    pub fn with_connection(mut self, connection: impl Into<String>) -> Self {
        self.0.connection = Some(connection.into());
        self
    }

    /// Adds what the cause was read from.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Option<Evidence>) -> Self {
        self.0.evidence = evidence;
        self
    }

    /// Adds what the call did before it failed.
    #[must_use]
    pub fn with_trace(mut self, trace: Trace) -> Self {
        self.0.trace = trace;
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns what was being done.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Returns the sentence without who is concerned, which `Display` puts before it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns who has to change something.
    pub fn blame(&self) -> Blame {
        self.0.blame
    }

    /// Returns why a call failed, or why a configuration was refused; none for errors of other kinds.
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// Returns the connector's name, where one is concerned.
    pub fn connector(&self) -> Option<&str> {
        self.0.connector.as_deref()
    }

    /// Returns the connection's name, where one is concerned.
    pub fn connection(&self) -> Option<&str> {
        self.0.connection.as_deref()
    }

    /// Returns what the cause was read from.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.evidence.as_ref()
    }

    /// Returns what the call did before it failed.
    pub fn trace(&self) -> &Trace {
        &self.0.trace
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(connection) = &self.0.connection {
            write!(f, "connection `{connection}`: ")?;
        } else if let Some(connector) = &self.0.connector {
            write!(f, "connector `{connector}`: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("blame", &self.0.blame)
            .field("cause", &self.0.cause)
            .field("connector", &self.0.connector)
            .field("connection", &self.0.connection)
            .field("evidence", &self.0.evidence)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
