//! Turns a Rust connector into a component.
