//! Tests of the whole program, as an operator uses it; they are in `tests/`.
