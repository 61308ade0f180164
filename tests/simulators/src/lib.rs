//! Simulators of the external systems, for tests and the demo.
//!
//! Each system is one module with a `Simulator` that keeps its state in memory and is served on loopback, over TLS with
//! a private root or over plain http. All share four rooms:
//!
//! - [`authority`]: the private root and the certificate for `localhost`;
//! - [`server`]: [`serve`](server::serve) a router on a free port until the handle is dropped;
//! - [`fault`]: a table of [`Faults`](fault::Faults) applied before (or instead of, or after) a system's own work;
//! - [`log`](mod@log): every request with its operation, status and fault.
//!
//! [`demo`] fills three of the systems with the demo's data and says what must come of it; the program `wharf-simulators`
//! serves them to another process.
//! [`admin`] lets another process read the counts, inject faults and act as a person over plain http.
//!
//! The simulators are written from public facts about the systems and depend on nothing else of this workspace, so that
//! both sides of a test never share a mistake.

pub mod admin;
pub mod authority;
pub mod baselinker;
pub mod demo;
pub mod erpconnector;
pub mod fault;
pub mod flowii;
pub mod hostile;
pub mod log;
pub mod operand;
pub mod optimakers;
pub mod server;
pub mod smartspace;
