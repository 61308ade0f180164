//! Batches: one result for each, in their order.

use wharf_sdk::{Failure, Result};

/// Does something for each. What failed before stays failed; after a failure that stops the connection the rest fails
/// the same way, and nothing is sent for it.
pub(crate) fn each<T, U>(
    all: impl IntoIterator<Item = Result<T>>,
    mut act: impl FnMut(T) -> Result<U>,
) -> Vec<Result<U>> {
    let mut stopped: Option<Failure> = None;
    let one = |one: Result<T>| {
        let outcome = match &stopped {
            Some(failure) => Err(failure.clone()),
            None => one.and_then(&mut act),
        };
        if let Err(failure) = &outcome
            && failure.stops_the_connection()
        {
            stopped.get_or_insert_with(|| failure.clone());
        }
        outcome
    };
    all.into_iter().map(one).collect()
}

/// Fails each that has not failed yet.
pub(crate) fn all_failed<T, U>(all: Vec<Result<T>>, failure: &Failure) -> Vec<Result<U>> {
    all.into_iter().map(|one| one.and_then(|_| Err(failure.clone()))).collect()
}
