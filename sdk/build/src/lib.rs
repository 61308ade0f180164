//! Turns a Rust connector into a component.
//!
//! One call does what `wharf build` does: it compiles for `wasm32-unknown-unknown`, where nothing but the contract is
//! imported, encodes each module as a component, and says what it imports, exports and weighs. A connector that asks for
//! files is compiled for `wasm32-wasip2` by [`Options::wasi`].
//!
//! ```no_run
//! use std::path::Path;
//! use wharf_build::{Options, build};
//!
//! let options = Options::new("target/components");
//! for component in build(Path::new("my-connector"), &options, &mut |step| eprintln!("{step}"))? {
//!     println!("{}: {} bytes", component.path.display(), component.bytes);
//! }
//! # Ok::<(), wharf_build::BuildError>(())
//! ```

mod build;
mod cargo;
mod component;
mod error;
mod sections;
mod toolchain;

pub use build::{Options, Step, build};
pub use component::{Component, encode};
pub use error::BuildError;
