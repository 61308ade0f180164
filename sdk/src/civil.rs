//! Dates and times as people write them, and the instants that the contract has: milliseconds since 1970.
//!
//! ```
//! use wharf_sdk::civil::{self, Zone};
//!
//! let zone = Zone::named("Europe/Bratislava").ok_or("the zone is unknown")?;
//! let instant = zone.instant("2026-07-01T09:30:00".parse()?).ok_or("before 1970")?;
//! assert_eq!(civil::rfc3339(instant), "2026-07-01T07:30:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calendar;
mod text;
mod zone;

pub use calendar::LocalTime;
pub use text::{LocalTimeError, parse_http_date, parse_rfc3339, rfc3339};
pub use zone::Zone;
