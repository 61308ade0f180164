//! Embeddable host for connector plugins.

pub mod error;
pub mod limits;
pub mod manifest;
pub mod model;
pub mod secret;
pub mod store;
pub mod surroundings;

pub use error::{Blame, Error, ErrorKind};
