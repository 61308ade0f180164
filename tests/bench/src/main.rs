//! Benchmarks, each with a control in the same run.
fn main() {}
