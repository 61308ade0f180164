//! Paths. Those of clients, jobs and tasks are known from a client; those of the financial module are [assumed].

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Clients of the agency.
    Clients,
    /// Jobs, and what else the list of jobs has.
    Jobs,
    /// Tasks; each names its job in `jobId`.
    Tasks,
    /// Accounts receivable.
    Receivables,
    /// Accounts payable.
    Payables,
    /// Categories of the financial module.
    Categories,
    /// Accounts of the financial module.
    Accounts,
}

impl Table {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Clients, Self::Jobs, Self::Tasks, Self::Receivables, Self::Payables, Self::Categories, Self::Accounts];

    /// Returns the name in paths and wrappers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Jobs => "jobs",
            Self::Tasks => "tasks",
            Self::Receivables => "receivables",
            Self::Payables => "payables",
            Self::Categories => "categories",
            Self::Accounts => "accounts",
        }
    }

    /// Returns the field that holds the id.
    pub(crate) fn key(self) -> &'static str {
        if self == Self::Clients { "idClient" } else { "id" }
    }

    pub(crate) fn is_finance(self) -> bool {
        matches!(self, Self::Receivables | Self::Payables | Self::Categories | Self::Accounts)
    }
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Login,
    List(Table),
    TasksOf(String),
    One(Table, String),
}

impl Route {
    pub(crate) fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match *parts.as_slice() {
            ["login"] => Some(Self::Login),
            ["beta", "entity", "clients"] => Some(Self::List(Table::Clients)),
            ["beta", "jobs"] => Some(Self::List(Table::Jobs)),
            ["beta", "jobs", job, "tasks"] => Some(Self::TasksOf(job.to_owned())),
            ["beta", "finance", name] => finance(name).map(Self::List),
            ["beta", "finance", name @ ("receivables" | "payables"), id] => {
                finance(name).map(|table| Self::One(table, id.to_owned()))
            }
            _ => None,
        }
    }
}

fn finance(name: &str) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.is_finance() && table.name() == name)
}

/// Names an operation, e.g. `GET /beta/jobs/{id}/tasks`.
pub(crate) fn operation(method: &str, path: &str) -> String {
    match Route::of(path) {
        Some(Route::TasksOf(_)) => format!("{method} /beta/jobs/{{id}}/tasks"),
        Some(Route::One(table, _)) => format!("{method} /beta/finance/{}/{{id}}", table.name()),
        _ => format!("{method} {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_no_ids() {
        for (path, name) in [
            ("/login", "GET /login"),
            ("/beta/entity/clients", "GET /beta/entity/clients"),
            ("/beta/jobs/7/tasks", "GET /beta/jobs/{id}/tasks"),
            ("/beta/finance/receivables/31", "GET /beta/finance/receivables/{id}"),
            ("/beta/finance/accounts", "GET /beta/finance/accounts"),
        ] {
            assert_eq!(operation("GET", path), name);
        }
    }

    #[test]
    fn routes_that_a_client_merely_probed_are_not_there() {
        for path in
            ["/beta/clients", "/beta/entity/persons", "/beta/projects", "/beta/tasks", "/beta/finance/categories/1"]
        {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }
}
