//! The contract versions that this host speaks, each with its own bindings.

pub(crate) mod v0_1;
