//! Structured log lines: at most 200 lines and 64 KiB per call, the host drops the rest.

use std::fmt::Display;

pub use crate::host::Level;

/// Writes a line. `event` is a short constant text; what varies belongs into `fields`.
///
/// ```no_run
/// use wharf_sdk::log::{self, Level};
///
/// log::write(Level::Info, "page read", &[("orders", &100), ("shop", &"demo")]);
/// ```
pub fn write(level: Level, event: &str, fields: &[(&str, &dyn Display)]) {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
    crate::host::with(|host| host.log(level, event, &fields));
}

/// Writes a line for whoever looks for a mistake.
pub fn debug(event: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Debug, event, fields);
}

/// Writes a line about the ordinary course of things.
pub fn info(event: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Info, event, fields);
}

/// Writes a line about something that a person should look at some day.
pub fn warn(event: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Warn, event, fields);
}
