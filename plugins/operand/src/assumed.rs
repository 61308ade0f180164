//! What no public source confirms, in one place. The README lists it, and says which key of the configuration changes it.

use crate::source::Source;

/// Operand's customers are in Brazil, and its date-times have no zone.
pub(crate) fn time_zone() -> String {
    "America/Sao_Paulo".to_owned()
}

/// Amounts have no currency.
pub(crate) fn currency() -> String {
    "BRL".to_owned()
}

/// The other kinds in the list of jobs are not named publicly; a client keeps `job` only.
pub(crate) fn task_types() -> Vec<String> {
    vec!["job".to_owned()]
}

/// A change may become visible later than the time that it bears, and clocks differ by minutes.
pub(crate) fn overlap_minutes() -> u32 {
    10
}

/// 5000 records: more clients than an agency has.
pub(crate) fn search_pages() -> u32 {
    50
}

/// Where the financial module lies, below `base_url`.
pub(crate) fn finance_path() -> String {
    "/beta/finance".to_owned()
}

/// Calls in a minute. No limit is published.
pub(crate) const CALLS_PER_MINUTE: u32 = 60;
/// Requests under way at once, for the same reason.
pub(crate) const CONCURRENT: u32 = 4;

/// Situations of receivables and payables, and what people call them.
pub(crate) const SITUATIONS: [(&str, &str); 4] =
    [("open", "Em aberto"), ("paid", "Pago"), ("late", "Em atraso"), ("canceled", "Cancelado")];
/// Situation of a receivable that is paid in full.
pub(crate) const PAID: &str = "paid";
/// Situation of a receivable that nobody owes any longer.
pub(crate) const CANCELED: &str = "canceled";

/// Fields of a client that may hold its e-mail address and its telephone number.
pub(crate) const EMAIL_FIELDS: [&str; 3] = ["email", "mail", "contactEmail"];
/// See [`EMAIL_FIELDS`].
pub(crate) const PHONE_FIELDS: [&str; 4] = ["phone", "telephone", "cellphone", "contactPhone"];
/// Fields of a client that hold a name besides `person`; the product's documentation speaks of them.
pub(crate) const NAME_FIELDS: [&str; 2] = ["namePerson", "oficialPerson"];

/// Tells whether a list takes `updatedFrom`. Where it does not, all of it is read and what is old is left out.
pub(crate) fn takes_updated_from(source: Source) -> bool {
    matches!(source, Source::Receivables | Source::Payables)
}
