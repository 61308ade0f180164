//! Doing something for many intents: one result for each, in their order.
//!
//! For connectors that override the batches of [`Writing`](crate::Writing), as one request of theirs serves many.

use crate::{Failure, Result};

/// Does something for each. What failed before stays failed; after a failure that
/// [stops the connection](Failure::stops_the_connection) the rest fails the same way, and nothing is done for it.
///
/// ```
/// use wharf_sdk::{Failure, batch};
///
/// let mut asked = Vec::new();
/// let results = batch::each([1, 2, 3].map(Ok), |number| {
///     asked.push(number);
///     if number == 2 { Err(Failure::auth_revoked("the token is dead; set a new one")) } else { Ok(number) }
/// });
/// assert_eq!(asked, [1, 2]);
/// assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false]);
/// ```
pub fn each<T, U>(all: impl IntoIterator<Item = Result<T>>, mut act: impl FnMut(T) -> Result<U>) -> Vec<Result<U>> {
    let mut stopped: Option<Failure> = None;
    let one = |one: Result<T>| {
        let result = stopped.clone().map_or_else(|| one.and_then(&mut act), Err);
        stopped = result.as_ref().err().filter(|failure| failure.stops_the_connection()).cloned();
        result
    };
    all.into_iter().map(one).collect()
}

/// Does something for all at once with what `open` returns, such as a client; all fail where it fails.
pub fn with<C, T, U>(
    open: impl FnOnce() -> Result<C>,
    all: &[T],
    act: impl FnOnce(C, &[T]) -> Vec<Result<U>>,
) -> Vec<Result<U>> {
    match open() {
        Ok(opened) => act(opened, all),
        Err(failure) => all.iter().map(|_| Err(failure.clone())).collect(),
    }
}

/// Fails each that has not failed yet.
pub fn all_failed<T, U>(all: Vec<Result<T>>, failure: &Failure) -> Vec<Result<U>> {
    all.into_iter().map(|one| one.and_then(|_| Err(failure.clone()))).collect()
}

/// Returns the only result of a batch of one; `internal` where there is none.
pub fn only<T>(results: Vec<Result<T>>) -> Result<T> {
    results.into_iter().next().unwrap_or_else(|| Err(Failure::internal("a batch of one has no result")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead() -> Failure {
        Failure::auth_revoked("the token is dead; set a new one")
    }

    fn odd() -> Failure {
        Failure::precondition("odd", "odd ones are not taken; send an even one")
    }

    #[test]
    fn one_that_fails_leaves_the_others_alone() {
        let taken = |number: i32| if number % 2 == 1 { Err(odd()) } else { Ok(number) };
        assert_eq!(each([1, 2, 3, 4].map(Ok), taken), [Err(odd()), Ok(2), Err(odd()), Ok(4)]);
    }

    #[test]
    fn nothing_is_done_after_a_failure_that_stops_the_connection() {
        let mut done = Vec::new();
        let results = each([Ok(1), Err(odd()), Ok(2), Ok(3), Err(odd())], |number| {
            done.push(number);
            if number == 2 { Err(dead()) } else { Ok(number) }
        });
        assert_eq!(results, [Ok(1), Err(odd()), Err(dead()), Err(dead()), Err(dead())]);
        assert_eq!(done, [1, 2]);
    }

    #[test]
    fn all_fail_where_nothing_can_be_opened() {
        let act = |client: &str, all: &[i32]| all.iter().map(|number| Ok(format!("{client}{number}"))).collect();
        assert_eq!(with(|| Ok("a"), &[1, 2], act), [Ok("a1".to_owned()), Ok("a2".to_owned())]);
        assert_eq!(with(|| Err(dead()), &[1, 2], act), [Err(dead()), Err(dead())]);
    }

    #[test]
    fn what_failed_first_keeps_its_reason() {
        let all: Vec<Result<()>> = all_failed(vec![Ok(1), Err(odd())], &dead());
        assert_eq!(all, [Err(dead()), Err(odd())]);
        assert_eq!(only(vec![Ok(1)]), Ok(1));
        assert!(only::<()>(Vec::new()).is_err());
    }
}
