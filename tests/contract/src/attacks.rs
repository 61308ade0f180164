//! What a hostile guest and a hostile upstream try, through the contract's `http` and through `wasi:http` alike, and what
//! has to come of it. The tests fail when one does not hold; `cargo xtask security` prints the table.

mod answers;
mod certificates;
mod guests;
mod requests;
mod world;

use wharf_host::Error;
use wharf_host::model::{Answer, Cause, Item, Trace};

/// Every group of attacks; each gives one row per attack and import.
///
/// # Errors
/// When an upstream or a connection cannot be made: nothing is known of the attacks then.
pub async fn all() -> anyhow::Result<Vec<Row>> {
    let mut rows = requests::rows().await?;
    rows.extend(answers::rows().await?);
    rows.extend(certificates::rows().await?);
    rows.extend(guests::rows().await?);
    Ok(rows)
}

/// One attack through one import.
#[derive(Debug)]
pub struct Row {
    /// What is tried.
    pub attack: String,
    /// The import that it goes through.
    pub import: &'static str,
    /// The named cause that has to come of it.
    pub expected: String,
    /// What came of it.
    pub seen: String,
}

impl Row {
    fn new(attack: &str, import: &'static str, expected: &str, seen: impl Into<String>) -> Self {
        Self { attack: attack.to_owned(), import, expected: expected.to_owned(), seen: seen.into() }
    }

    /// Tells whether the attack came to nothing, for the reason that was expected.
    pub fn held(&self) -> bool {
        self.seen == self.expected
    }
}

/// Says what came of a call: the code of the last request's refusal or its status, else the code of the failure.
fn outcome(result: &Result<Answer<Vec<Item>>, Error>) -> String {
    let last = |trace: &Trace| {
        let request = trace.requests.last()?;
        request.refusal.clone().or_else(|| request.status.map(|status| status.to_string()))
    };
    match result {
        Ok(answer) => last(&answer.trace).unwrap_or_else(|| "no request".to_owned()),
        Err(error) => last(error.trace()).unwrap_or_else(|| match error.cause() {
            Some(Cause::Precondition { state }) => state.clone(),
            _ => error.code().to_owned(),
        }),
    }
}
