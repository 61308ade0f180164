//! Requests and answers.
//!
//! The host adds credentials, counts the budget, checks the address and bounds the size; a connector never sees a
//! secret, waits or retries. Redirects are not followed.
//!
//! ```
//! use serde::Deserialize;
//! use wharf_sdk::{Result, http};
//!
//! #[derive(Deserialize)]
//! struct Company<'a> {
//!     #[serde(borrow)]
//!     name: std::borrow::Cow<'a, str>,
//! }
//!
//! fn company_name(base: &str, id: &str) -> Result<String> {
//!     let response = http::get(&http::join(base, &["companies", id]))
//!         .query("fields", "name")
//!         .credential("token")
//!         .send()?
//!         .expect_found("company", id)?;
//!     Ok(response.json::<Company<'_>>()?.name.into_owned())
//! }
//! ```
//!
//! Many systems answer `200` with an error inside: look at the body first, and only then call
//! [`Response::expect_success`], which reads the cause from the status.

mod address;
mod classify;
mod request;
mod response;

pub use crate::host::Effect;
pub use address::{join, percent_encoded};
pub use request::{RequestBuilder, delete, get, patch, post, put, request};
pub use response::Response;
