//! Embeddable host for connector plugins.

mod abi;
mod cache;
mod engine;
pub mod inspect;
pub mod error;
pub mod limits;
pub mod manifest;
pub mod model;
mod schema;
pub mod secret;
pub mod store;
pub mod surroundings;

pub use error::{Blame, Error, ErrorKind};
