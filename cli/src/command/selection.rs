//! Which documents a command is about.

use wharf_flow::{Selector, UnknownOutcome};

use super::why::Address;
use crate::failure::Failure;
use crate::site::Installation;

/// Which documents: every one for which all that is given holds.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = true)]
pub(crate) struct Selection {
    /// Only this document.
    #[arg(value_name = "CONNECTION/ENTITY/ID")]
    document: Option<Address>,
    /// Only what failed for this cause.
    #[arg(long, value_name = "CODE")]
    cause: Option<String>,
    /// Only what is parked under this table or entity.
    #[arg(long, value_name = "NAME")]
    place: Option<String>,
    /// Only what is parked under this key, such as the value without a mapping.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only of this flow.
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
}

impl Selection {
    /// Returns the selector, after what it names was looked up.
    pub(crate) fn selector(self, installation: &Installation) -> Result<Selector, Failure> {
        if let Some(flow) = &self.flow {
            installation.flow(flow)?;
        }
        if let Some(document) = &self.document {
            installation.connection(&document.connection)?;
        }
        Ok(Selector {
            flow: self.flow,
            cause: self.cause,
            place: self.place,
            key: self.key,
            document: self.document.map(Address::into_parts),
            unknown: UnknownOutcome::Ask,
        })
    }
}

/// Reads what a person found: `absent`, or the id of the document.
///
/// # Errors
/// When nothing is said: an empty id would count as one.
pub(crate) fn found(text: &str) -> Result<UnknownOutcome, Failure> {
    match text.trim() {
        "" => Err(Failure::usage("`--i-have-checked` says nothing; write `absent`, or the id of the document")),
        word if word.eq_ignore_ascii_case("absent") => Ok(UnknownOutcome::Absent),
        id => Ok(UnknownOutcome::Found(id.to_owned())),
    }
}

/// Returns who gives the command, as far as the machine knows.
pub(crate) fn who() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].into_iter();
    let known = names.filter_map(|name| std::env::var(name).ok()).find(|name| !name.trim().is_empty());
    known.unwrap_or_else(|| "somebody".to_owned())
}
