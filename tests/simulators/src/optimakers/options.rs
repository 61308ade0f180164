//! The switches of the simulator. Of the API nothing is published, so that every default here is \[assumed\].

use std::collections::BTreeSet;
use std::time::Duration;

/// How the names of a webhook message are spelled; the manual shows the class and not the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Casing {
    /// `Ids`, as the class has it.
    #[default]
    Pascal,
    /// `ids`, as ASP.NET may write it.
    Camel,
}

/// How lists treat `page` and `pageSize`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// Pages from 1.
    #[default]
    Honoured,
    /// All rows on every page.
    Ignored,
}

/// What a list looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListShape {
    /// `{"items": [...], "page": 1, "pageSize": 100, "totalCount": n}`.
    #[default]
    Counted,
    /// The same without `totalCount`.
    Uncounted,
    /// A bare array of all rows.
    Bare,
}

/// Paths of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Statuses of entities.
    pub entity_statuses: String,
    /// Attributes of entities.
    pub attributes: String,
    /// VAT rates.
    pub vat_rates: String,
    /// Currencies.
    pub currencies: String,
    /// Products.
    pub products: String,
    /// Customers.
    pub customers: String,
    /// Orders.
    pub orders: String,
}

impl Paths {
    /// Makes the paths of section 3 of the facts below a prefix such as `/api`.
    pub fn below(prefix: &str) -> Self {
        let path = |name: &str| format!("{prefix}/{name}");
        Self {
            entity_statuses: path("entity-statuses"),
            attributes: path("attributes"),
            vat_rates: path("vat-rates"),
            currencies: path("currencies"),
            products: path("products"),
            customers: path("customers"),
            orders: path("orders"),
        }
    }
}

/// How webhooks are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Spelling of names.
    pub casing: Casing,
    /// Whether messages carry another token than the registration's.
    pub token_wrong: bool,
    /// How often each message is sent, whatever the answer; once unless set.
    pub copies: u32,
    /// Pauses before a message that was not answered with 2xx is sent again; 10 s, 60 s and 5 min unless set.
    pub retries: Vec<Duration>,
    /// How long an answer is waited for; 5 s unless set, real time.
    pub timeout: Duration,
    /// Whether nothing is sent, and messages are lost; no unless set.
    pub is_lost: bool,
}

impl Default for Emission {
    fn default() -> Self {
        Self {
            casing: Casing::default(),
            token_wrong: false,
            copies: 1,
            retries: [10, 60, 300].map(Duration::from_secs).to_vec(),
            timeout: Duration::from_secs(5),
            is_lost: false,
        }
    }
}

/// Settings of a [`Simulator`](super::Simulator), changeable while it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Header of the API key; `X-Api-Key` unless set.
    pub api_key_header: String,
    /// Paths; those below `/api` unless set.
    pub paths: Paths,
    /// How lists treat page parameters.
    pub paging: Paging,
    /// What lists look like.
    pub list_shape: ListShape,
    /// Rows of a page when `pageSize` is absent; 100 unless set.
    pub page_size: usize,
    /// The most rows of a page, whatever `pageSize` asks for; 500 unless set.
    pub page_size_limit: usize,
    /// Filters that are ignored in silence, such as `externalNumber`; none unless set. Names that nobody documented are
    /// always ignored.
    pub ignored_filters: BTreeSet<String>,
    /// Whether an order with the external number of another is refused with 409; yes unless set.
    pub duplicates_refused: bool,
    /// Whether a PUT replaces the record, so that what it leaves out is gone; otherwise it stays. Yes unless set.
    pub put_replaces: bool,
    /// Whether records tell `modifiedAt`; no unless set.
    pub modification_shown: bool,
    /// Operations that the key's employee has no right to, such as `POST /orders`; none unless set.
    pub forbidden: BTreeSet<String>,
    /// Seconds that 429 and 503 name in `Retry-After`; no such header unless set.
    pub retry_after_seconds: Option<u32>,
    /// How webhooks are sent.
    pub webhooks: Emission,
    /// How long each call takes beside its work; nothing unless set.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            api_key_header: "X-Api-Key".to_owned(),
            paths: Paths::below("/api"),
            paging: Paging::default(),
            list_shape: ListShape::default(),
            page_size: 100,
            page_size_limit: 500,
            ignored_filters: BTreeSet::new(),
            duplicates_refused: true,
            put_replaces: true,
            modification_shown: false,
            forbidden: BTreeSet::new(),
            retry_after_seconds: None,
            webhooks: Emission::default(),
            latency: Duration::ZERO,
        }
    }
}
