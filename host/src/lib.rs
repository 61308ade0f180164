//! Embeddable host for connector plugins.

mod abi;
mod cache;
mod capability;
mod engine;
pub mod inspect;
pub mod error;
pub mod limits;
pub mod manifest;
pub mod model;
pub mod policy;
mod schema;
pub mod secret;
pub mod store;
pub mod surroundings;

pub use error::{Blame, Error, ErrorKind};
