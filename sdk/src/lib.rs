//! What Rust connector authors depend on.
