//! What a guest may import: one room per capability.

pub(crate) mod http;
pub(crate) mod secrets;
