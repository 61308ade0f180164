//! Embeddable host for connector plugins.

pub mod error;
pub mod limits;
pub mod manifest;
pub mod model;
pub mod secret;
pub mod store;

pub use error::{Blame, Error, ErrorKind};
