//! What the documentation leaves open, in one place. The README says which of it the configuration can change.

/// Rows after which an answer counts as full. Documented; here because everything about paging rests on it.
pub(crate) const PAGE_ROWS: usize = 100;

/// Days that the journal keeps. Documented.
pub(crate) const JOURNAL_DAYS: u64 = 3;

/// Milliseconds of a day.
pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a blocked token stays blocked where the message names no usable time. Clients report about ten minutes.
pub(crate) const BLOCK_MS: u64 = 10 * MINUTE_MS;

/// Least that a time in a block message is believed. Calling during a block lengthens it, so never less than a minute.
pub(crate) const SHORTEST_BLOCK_SECONDS: u32 = 60;

/// Most that a time in a block message is believed: one further away is a clock or zone that differs.
pub(crate) const MOST_BELIEVED_BLOCK_MS: u64 = 15 * MINUTE_MS;

/// Longest block that is likely at all; the two readings of a time differ by an hour or two.
pub(crate) const LONGEST_BLOCK_MS: u64 = 60 * MINUTE_MS;

const MINUTE_MS: u64 = 60 * 1000;

/// Time zone of the time in a block message, besides UTC: nobody says which of both it is. The vendor is Polish.
pub(crate) const BLOCK_TIME_ZONE: &str = "Europe/Warsaw";

/// Calls that the vendor allows in a minute for all programs on a token. Documented.
pub(crate) const VENDOR_CALLS_PER_MINUTE: u32 = 100;

/// Calls in a minute. Documented are 100; ten are left to people and other programs on the same token.
pub(crate) const CALLS_PER_MINUTE: u32 = 90;

/// Margin before the creation time that a new order is searched from, as a server may write its own time zone's day.
pub(crate) const SEARCH_MARGIN_SECONDS: u64 = 24 * 60 * 60;

/// Tax rates that are none, as numbers. Documented.
pub(crate) const TAX_CODES: [(&str, &str); 3] =
    [("-1", "exempt"), ("-0.02", "not-subject"), ("-0.03", "reverse-charge")];

/// The same as letters, as invoices have them; orders are not known to have them.
pub(crate) const TAX_LETTERS: [(&str, &str); 4] =
    [("ZW", "exempt"), ("EXPT", "exempt"), ("NP", "not-subject"), ("OO", "reverse-charge")];

/// Most products of one call that sets stock or prices. Documented.
pub(crate) const BULK_PRODUCTS: usize = 1000;

/// Products whose data is asked for at once. No limit is documented.
pub(crate) const DATA_PRODUCTS: usize = 100;

/// Orders whose status is set at once. No limit is documented.
pub(crate) const BULK_STATUSES: usize = 100;

/// Orders whose payments or packages are read in one pull, at a call each: a third of a minute's calls.
pub(crate) const ORDERS_PER_PULL: usize = 30;

/// Stock keeping units that are searched one by one; more are found by going through the list, 1,000 a call.
pub(crate) const SINGLE_SEARCHES: usize = 10;

/// Calls that are spent on finding out which products of a refused call are to blame.
pub(crate) const BLAME_CALLS: u32 = 40;

/// Words of a warning that say that a product is not there. The texts of warnings are not documented.
pub(crate) const NOT_THERE: [&str; 3] = ["not found", "not exist", "nie istnieje"];

/// Types of journal entries after which payments are read: payment. Documented.
pub(crate) const PAYMENT_EVENTS: [u64; 1] = [3];

/// Types of journal entries after which packages are read: created, removed, status changed. Documented.
pub(crate) const PACKAGE_EVENTS: [u64; 3] = [9, 10, 22];
