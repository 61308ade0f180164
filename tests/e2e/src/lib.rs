//! Tests of the whole program, as an operator uses it; they are in `tests/`.

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
