//! The lists that feeds read.

use wharf_sdk::{Failure, Result};

use crate::config::Config;

/// Entity of clients.
pub(crate) const PARTNER: &str = "partner";
/// Entity of jobs.
pub(crate) const JOB: &str = "job";
/// Entity of the tasks of a job.
pub(crate) const TASK: &str = "task";
/// Entity of receivables and payables.
pub(crate) const INVOICE: &str = "invoice";

/// A feed of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Clients,
    Jobs,
    Tasks,
    Receivables,
    Payables,
}

impl Source {
    /// Finds the source of a feed.
    pub(crate) fn named(feed: &str) -> Result<Self> {
        match feed {
            "clients" => Ok(Self::Clients),
            "jobs" => Ok(Self::Jobs),
            "tasks" => Ok(Self::Tasks),
            "receivables" => Ok(Self::Receivables),
            "payables" => Ok(Self::Payables),
            _ => Err(Failure::no_feed(feed)),
        }
    }

    /// Returns the path of the list. Tasks are read job by job, so theirs is the list of jobs.
    pub(crate) fn path(self, config: &Config) -> Vec<&str> {
        match self {
            Self::Clients => vec!["beta", "entity", "clients"],
            Self::Jobs | Self::Tasks => vec!["beta", "jobs"],
            Self::Receivables => config.finance().chain(["receivables"]).collect(),
            Self::Payables => config.finance().chain(["payables"]).collect(),
        }
    }

    /// Returns the id of an invoice: receivables and payables are numbered apart, so the id says which it is.
    pub(crate) fn invoice_id(self, id: &str) -> String {
        let kind = if self == Self::Payables { "payable" } else { "receivable" };
        format!("{kind}:{id}")
    }

    /// Reads the id of an invoice; none when it is of another form.
    pub(crate) fn of_invoice(id: &str) -> Option<(Self, &str)> {
        match id.split_once(':')? {
            (_, "") => None,
            ("receivable", id) => Some((Self::Receivables, id)),
            ("payable", id) => Some((Self::Payables, id)),
            _ => None,
        }
    }
}
