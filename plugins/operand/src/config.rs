//! The connection's configuration.

use schemars::JsonSchema;
use serde::Deserialize;
use wharf_sdk::civil::Zone;
use wharf_sdk::document::Decimal;
use wharf_sdk::{Result, Violation, connection, rules, violation};

use crate::assumed;

/// What the operator sets for a connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the API; the vendor's is `https://api.operand.app`.
    pub(crate) base_url: String,
    /// Time zone of the account; Operand's date-times have none.
    #[serde(default = "assumed::time_zone")]
    pub(crate) time_zone: String,
    /// Currency of all amounts, ISO 4217.
    #[serde(default = "assumed::currency")]
    pub(crate) currency: String,
    /// Percentage of tax inside the value of a receivable, for targets that want net prices. Operand tells none.
    #[serde(default)]
    pub(crate) tax_percent: Option<Decimal>,
    /// Kinds in the list of jobs that are jobs; an empty list takes all.
    #[serde(default = "assumed::task_types")]
    pub(crate) task_types: Vec<String>,
    /// Minutes before the newest change that each round reads again.
    #[serde(default = "assumed::overlap_minutes")]
    pub(crate) overlap_minutes: u32,
    /// Whether each round reads the tasks of all jobs, and not only of those that changed.
    #[serde(default)]
    pub(crate) tasks_of_all_jobs: bool,
    /// Whether receivables have their client's documents and addresses, and not only its name. Reads the list of clients for
    /// each page that has receivables.
    #[serde(default)]
    pub(crate) client_details: bool,
    /// Path of the financial module below `base_url`.
    #[serde(default = "assumed::finance_path")]
    pub(crate) finance_path: String,
    /// Most pages of 100 that are read to find a record where no route returns it by itself.
    #[serde(default = "assumed::search_pages")]
    #[schemars(range(min = 1))]
    pub(crate) search_pages: u32,
    /// Calls allowed in a minute; the vendor publishes no limit.
    #[serde(default)]
    pub(crate) calls_per_minute: Option<u32>,
}

impl Config {
    /// Reads the connection's configuration; `config-invalid` when it cannot work.
    pub(crate) fn load() -> Result<Self> {
        connection::checked(Self::violations)
    }

    /// Returns the zone of Operand's date-times.
    pub(crate) fn zone(&self) -> Zone {
        // Configurations with another name are refused.
        Zone::named(&self.time_zone).unwrap_or(Zone::UTC)
    }

    /// Returns the parts of the path of the financial module.
    pub(crate) fn finance(&self) -> impl Iterator<Item = &str> {
        self.finance_path.split('/').filter(|part| !part.is_empty())
    }

    /// Tells whether an entry of the list of jobs is one.
    pub(crate) fn is_job(&self, task_type: &str) -> bool {
        // An entry that does not say what it is cannot be told from a job.
        task_type.is_empty() || self.task_types.is_empty() || self.task_types.iter().any(|one| one == task_type)
    }

    /// Returns what is wrong that the JSON Schema cannot say.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        found.extend(rules::known_zone("/time_zone", &self.time_zone));
        if self.currency.len() != 3 || !self.currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
            let message = format!("`{}` is no ISO 4217 code; write it like `BRL`", self.currency);
            found.push(violation("/currency", "not-a-currency", message));
        }
        found.extend(rules::not_zero("calls_per_minute", self.calls_per_minute));
        found.extend(rules::not_zero("search_pages", self.search_pages));
        found
    }
}
