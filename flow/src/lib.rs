//! Durable flows between connections: source feed, filter, mapping, target, and what is told back.
//!
//! A [`FlowSpec`] says what a flow is. A [`Runner`] takes it through one run against its [`Endpoint`]s, and writes
//! everything that it is about to do, and what became of it, into a [`Ledger`] first. A [`Scheduler`] runs flows when
//! they are due.
//!
//! What the ledger guarantees: every item that a source reports ends as done, filtered by a named rule, or parked under
//! a cause; a write whose outcome is unknown is asked about before it is repeated; two processes on one ledger never
//! both act; a cursor never moves past an item that is not recorded.

mod drain;
mod endpoint;
mod ledger;
mod lookups;
mod mapping;
#[cfg(feature = "mutation")]
pub mod mutation;
mod problem;
mod report;
mod runner;
mod schedule;
mod scheduler;
mod settings;
mod spec;
#[cfg(test)]
mod trials;
mod webhooks;

pub use endpoint::Endpoint;
pub use ledger::{DeliveryCount, DeliveryOutcome, Digest, Ledger};
pub use lookups::{Doors, GrantedLookups, GrantedSource, OpenDoors};
pub use problem::{Error, LedgerError, Problem};
pub use report::{
    Alert, Asked, BackfillReport, BackfillStatus, Conflict, Difference, DifferenceKind, EffectKind, EffectStory,
    Explanation, FlowStatus, Hold, HoldScope, IntentState, ItemState, ParkedGroup, PauseScope, PlanReport,
    PlannedWrite, Presence, Readiness, ReconcileReport, Refused, RunReport, Selector, Side, SkipReport, Status, Story,
    StoryEvent, Totals, UnknownOutcome, Unmapped,
};
pub use runner::{RunEvent, RunObserver, Runner};
pub use schedule::{Cron, Schedule, ScheduleError};
pub use scheduler::{Scheduler, ServeEvent, ServeObserver};
pub use settings::{Settings, Sleep, SystemSleep};
pub use spec::{Base, DependencyRule, FilterRule, FlowSpec, Rule, Source, Table, Target, ValueSource, WriteBack};
pub use webhooks::{Received, Webhooks};
