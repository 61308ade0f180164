//! The switches of the simulator: what the public sources leave open.

use std::time::Duration;

/// What the answer to a log-in looks like; its shape is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginWrapper {
    /// `{"records":{"token":"sess-.."}}`
    #[default]
    Records,
    /// `{"token":"sess-.."}`
    Bare,
    /// `{"data":{"authToken":"sess-.."}}`
    Data,
}

/// What a list is wrapped in; it differs by route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// `[..]`
    Bare,
    /// `{"records":[..]}`
    Records,
    /// `{"records":{"NAME":[..]}}`
    Named,
}

/// Whether a receivable can be changed; no public source says that it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteBack {
    /// `PUT` changes it.
    #[default]
    Works,
    /// There is no such route: this status, 404 or 405.
    Refused(u16),
    /// `PUT` answers 200 and changes nothing.
    Ignored,
}

/// The order of a list; nobody promises one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the records were made.
    #[default]
    Made,
    /// Newest change first, so that a record that changes moves to the front.
    NewestChangeFirst,
}

/// Settings of a [`Simulator`](super::Simulator), changeable while it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the answer to a log-in looks like.
    pub login_wrapper: LoginWrapper,
    /// Life of a session; an hour unless set, as nothing is known.
    pub session_life: Duration,
    /// Status for a session that has ended; 401 unless set, 403 is possible.
    pub refused_session_status: u16,
    /// What the list of clients is wrapped in; `records` unless set, as in the one example.
    pub clients_in: Wrapper,
    /// What the list of jobs is wrapped in; `records` and a name unless set.
    pub jobs_in: Wrapper,
    /// What lists of tasks are wrapped in; nothing unless set.
    pub tasks_in: Wrapper,
    /// What the lists of the financial module are wrapped in; `records` unless set.
    pub finance_in: Wrapper,
    /// Whether the account has the financial module; without it its routes answer 403. Yes unless set.
    pub has_finance: bool,
    /// Whether a receivable can be changed.
    pub write_back: WriteBack,
    /// Whether `updatedFrom` is ignored in silence; it is honoured unless set.
    pub updated_from_ignored: bool,
    /// The order of lists.
    pub order: Order,
    /// Whether ids are written as text; as numbers unless set.
    pub ids_as_text: bool,
    /// Whether amounts are written as `"1.234,56"`; as numbers unless set.
    pub money_as_text: bool,
    /// Calls allowed in a minute; no limit unless set, as none is known.
    pub calls_per_minute: Option<u32>,
    /// Seconds that `Retry-After` names with a 429; no such header unless set.
    pub retry_after_seconds: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            login_wrapper: LoginWrapper::default(),
            session_life: Duration::from_secs(3600),
            refused_session_status: 401,
            clients_in: Wrapper::Records,
            jobs_in: Wrapper::Named,
            tasks_in: Wrapper::Bare,
            finance_in: Wrapper::Records,
            has_finance: true,
            write_back: WriteBack::default(),
            updated_from_ignored: false,
            order: Order::default(),
            ids_as_text: false,
            money_as_text: false,
            calls_per_minute: None,
            retry_after_seconds: None,
        }
    }
}
