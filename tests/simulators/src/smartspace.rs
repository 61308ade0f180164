//! Smartspace: a customer service platform that calls a company's API. So this simulator plays the caller, checks every
//! answer, and reports what is wrong as data. [`company`] is the other side: such an API, as a company serves it by hand.
//!
//! What the vendor's page says is checked as an error, what is \[assumed\] beyond it too, unless [`Severity::Warning`] is named.
//! The page's own sample is no JSON and is not used.
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! use wharf_simulators::smartspace::{Caller, Probe, Settings, SignIn};
//!
//! let settings = Settings::new("https://localhost:8080/serve/desk", SignIn::basic("smartspace", "secret"));
//! let caller = Caller::new(settings)?;
//! let ana = Probe::new("cpf", "000.000.001-91").key("email", "ana@ex.com").edit("email", "other@ex.com");
//! let report = caller.inspect(&[ana]).await;
//! assert!(report.errors().next().is_none(), "{report}");
//! # Ok(())
//! # }
//! ```

mod answer;
mod caller;
mod checklist;
pub mod company;
mod json;
mod report;

pub use answer::Answer;
pub use caller::{Caller, Paths, Settings, SignIn};
pub use checklist::Probe;
pub use report::{Report, Severity, Violation};
