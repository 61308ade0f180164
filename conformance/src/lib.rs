//! The laws that every connector keeps, tried against the real component over the real boundary.

mod time;

pub use time::{Busy, VirtualTime};
