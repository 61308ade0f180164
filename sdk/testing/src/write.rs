//! Writing as a host does.

use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};

/// The correlation text of [`intent`]: of the length and the letters that hosts use.
pub const CORRELATION: &str = "wh7m2k4q9x3c5v8b";

/// Makes an intent without a target, with [`CORRELATION`].
pub fn intent(entity: &str, action: Action, document: &str) -> Intent {
    Intent {
        id: "0197".to_owned(),
        entity: entity.to_owned(),
        action,
        target: None,
        expected_revision: None,
        correlation: CORRELATION.to_owned(),
        document: document.to_owned(),
    }
}

/// Applies an intent and returns the id of what it was done to; panics when it failed or there was nothing to do.
#[expect(clippy::panic, reason = "a test fails where it stands")]
pub fn applied<C: Writing>(intent: &Intent) -> String {
    match C::apply(intent) {
        Ok(Outcome::Applied(applied) | Outcome::AlreadyApplied(applied)) => applied.id,
        Ok(Outcome::NothingToDo) => panic!("there was nothing to do: {}", intent.document),
        Err(failure) => panic!("{failure:?}: {}", intent.document),
    }
}

/// Asks what became of an intent, and returns the id where it took effect; panics when nobody can tell.
#[expect(clippy::panic, reason = "a test fails where it stands")]
pub fn verified<C: Writing>(intent: &Intent) -> Option<String> {
    match C::verify(intent) {
        Ok(Verdict::Found(applied)) => Some(applied.id),
        Ok(Verdict::Absent) => None,
        Ok(Verdict::Inconclusive(why)) => panic!("{why}: {}", intent.document),
        Err(failure) => panic!("{failure:?}: {}", intent.document),
    }
}
