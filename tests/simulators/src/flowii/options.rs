//! The switches of the simulator: what the public sources leave open, and what went wrong in the field.

use std::time::Duration;

/// What `Retry-After` says when a call is answered 429.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// No such header; the caller has to choose its own pause.
    #[default]
    Absent,
    /// A number of seconds.
    Seconds(u32),
    /// An HTTP-date that lies this many seconds ahead.
    HttpDate(u32),
}

/// What happens to a date-time that carries a zone (`Z` or an offset).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZoneSuffix {
    /// 422 with a pointer to the attribute \[assumed\].
    #[default]
    Refuse,
    /// The suffix is dropped and the rest read as local time of the company.
    Ignore,
}

/// How lists treat `page[size]` and `page[number]`. Code lists ignore both in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// Zero-based pages; `links.next` on all but the last.
    #[default]
    Honoured,
    /// All rows on every page, `links.next` absent.
    Ignored,
    /// All rows on every page, and `links.next` always there: a caller that only follows it never ends.
    IgnoredWithNext,
    /// The first `page[size]` rows on every page, and `links.next` while there are more: a caller that stops where a page
    /// brings nothing new has not seen the rest.
    FirstOnly,
}

/// Which time `filter[created-from]` looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreatedFilter {
    /// The attribute `created` where the type has one, which the caller may set \[assumed\].
    #[default]
    Attribute,
    /// The moment at which the record was stored.
    Stored,
}

/// Settings of a [`Simulator`](super::Simulator), changeable while it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Life of a token; 599 seconds unless set, as in the field.
    pub token_life: Duration,
    /// Whether the token answer carries `expires_in`; yes unless set.
    pub expires_in_stated: bool,
    /// What `token_type` says; `bearer` unless set, `Bearer` is seen as well.
    pub token_type: String,
    /// Status of a failed login; 400 unless set \[assumed\], 401 is possible.
    pub failed_login_status: u16,
    /// Whether orders with `company-data` are refused with 422; no unless set.
    pub company_data_refused: bool,
    /// Whether orders with `custom-field-string-values` are refused with 422; no unless set.
    pub custom_fields_refused: bool,
    /// Whether the account has no custom fields, so that each id of one is unknown; no unless set.
    pub custom_fields_unknown: bool,
    /// Whether both visible companies have the same name; no unless set.
    pub company_name_ambiguous: bool,
    /// What a date-time with a zone meets.
    pub zone_suffix: ZoneSuffix,
    /// How lists treat page parameters.
    pub paging: Paging,
    /// Whether the last page says `"next": null`, as in the one known example; otherwise the key is absent.
    pub last_page_says_null: bool,
    /// Rows of a page when `page[size]` is absent; 25 unless set \[assumed\].
    pub page_size: usize,
    /// The most rows of a page, whatever `page[size]` asks for; 100 unless set \[assumed\].
    pub page_size_limit: usize,
    /// Which time `filter[created-from]` looks at.
    pub created_filter: CreatedFilter,
    /// Whether an order takes its items in `relationships.items`; yes unless set \[assumed\].
    pub inline_items: bool,
    /// Whether `/orders/{id}/items` exists; yes unless set \[assumed\].
    pub items_path: bool,
    /// Whether attributes and relationships that nobody documented are dropped in silence; they are refused unless set.
    pub unknown_members_ignored: bool,
    /// Whether a body of another type than `application/vnd.api+json` is refused with 415; no unless set.
    pub content_type_required: bool,
    /// How many calls may be under way at a time; no bound unless set.
    pub concurrent_limit: Option<usize>,
    /// How many calls a minute may have; no bound unless set.
    pub minute_limit: Option<u32>,
    /// What the answer 429 says about the pause.
    pub retry_after: RetryAfter,
    /// How long each call takes beside its work; nothing unless set.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token_life: Duration::from_secs(599),
            expires_in_stated: true,
            token_type: "bearer".to_owned(),
            failed_login_status: 400,
            company_data_refused: false,
            custom_fields_refused: false,
            custom_fields_unknown: false,
            company_name_ambiguous: false,
            zone_suffix: ZoneSuffix::default(),
            paging: Paging::default(),
            last_page_says_null: true,
            page_size: 25,
            page_size_limit: 100,
            created_filter: CreatedFilter::default(),
            inline_items: true,
            items_path: true,
            unknown_members_ignored: false,
            content_type_required: false,
            concurrent_limit: None,
            minute_limit: None,
            retry_after: RetryAfter::default(),
            latency: Duration::ZERO,
        }
    }
}
