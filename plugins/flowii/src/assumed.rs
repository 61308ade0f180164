//! What no public source confirms, in one place. The README lists it, and says which key of the configuration changes it.

/// Companies of FLOWii are Slovak, so far as its public material shows.
pub(crate) fn time_zone() -> String {
    "Europe/Bratislava".to_owned()
}

/// Prices are published with two places; two more keep a line's total exact to the cent for some thousand units.
pub(crate) fn unit_price_places() -> u32 {
    4
}

/// 5000 records: more than a busy shop enters in FLOWii between an order and the question for it.
pub(crate) fn search_pages() -> u32 {
    50
}

/// A week covers orders that are entered late, under the date on which they were made.
pub(crate) fn orders_overlap_days() -> u32 {
    7
}

/// Calls in a minute. The limit is not published; parallel reads of code lists are known to end in 429.
pub(crate) const CALLS_PER_MINUTE: u32 = 120;
/// Requests under way at once, for the same reason.
pub(crate) const CONCURRENT: u32 = 4;
/// Rows of a page; a client reads so many, more were never tried.
pub(crate) const PAGE_SIZE: u32 = 100;
/// Rows of a page whose rows may have to be read one by one.
pub(crate) const DETAILED_PAGE_SIZE: u32 = 25;

/// Seconds before the beginning of a round from which changes are read in the next, should the clocks differ.
pub(crate) const CHANGES_OVERLAP_SECONDS: u64 = 3600;

/// Type of a document that is an invoice (seen in a client).
pub(crate) const INVOICE: i64 = 4;
/// Type of a partner that is a company, and of one that is a person (seen in a client).
pub(crate) const COMPANY: i64 = 1;
pub(crate) const PERSON: i64 = 2;
/// Type of a product that is goods, and of one that is a service.
pub(crate) const GOODS: i64 = 1;
pub(crate) const SERVICE: i64 = 2;
/// State of an activity that nobody has begun (seen in a client).
pub(crate) const WAITING: i64 = 4;
/// Intents of one call, where that saves reads: with up to 30 partners looked into for each, it stays under the 200
/// requests that a call may send.
pub(crate) const BATCH: u32 = 5;
/// Direction of a payment that leaves.
pub(crate) const OUTGOING: i64 = 2;

/// Attributes of a country that may hold its ISO code.
pub(crate) const COUNTRY_CODES: [&str; 6] = ["code", "iso-code", "iso", "iso2", "alpha2", "alpha-2"];

/// Names of countries in Slovak, in English and in their own languages, for lists without codes.
pub(crate) const COUNTRY_NAMES: [(&str, &[&str]); 36] = [
    ("AT", &["rakúsko", "austria", "österreich"]),
    ("BE", &["belgicko", "belgium", "belgië", "belgique"]),
    ("BG", &["bulharsko", "bulgaria", "българия"]),
    ("CH", &["švajčiarsko", "switzerland", "schweiz", "suisse", "svizzera"]),
    ("CY", &["cyprus", "κύπρος"]),
    ("CZ", &["česko", "česká republika", "czechia", "czech republic"]),
    ("DE", &["nemecko", "germany", "deutschland"]),
    ("DK", &["dánsko", "denmark", "danmark"]),
    ("EE", &["estónsko", "estonia", "eesti"]),
    ("ES", &["španielsko", "spain", "españa"]),
    ("FI", &["fínsko", "finland", "suomi"]),
    ("FR", &["francúzsko", "france"]),
    ("GB", &["spojené kráľovstvo", "veľká británia", "united kingdom", "great britain"]),
    ("GR", &["grécko", "greece", "ελλάδα"]),
    ("HR", &["chorvátsko", "croatia", "hrvatska"]),
    ("HU", &["maďarsko", "hungary", "magyarország"]),
    ("IE", &["írsko", "ireland", "éire"]),
    ("IS", &["island", "iceland", "ísland"]),
    ("IT", &["taliansko", "italy", "italia"]),
    ("LI", &["lichtenštajnsko", "liechtenstein"]),
    ("LT", &["litva", "lithuania", "lietuva"]),
    ("LU", &["luxembursko", "luxembourg", "lëtzebuerg"]),
    ("LV", &["lotyšsko", "latvia", "latvija"]),
    ("MT", &["malta"]),
    ("NL", &["holandsko", "netherlands", "the netherlands", "nederland"]),
    ("NO", &["nórsko", "norway", "norge"]),
    ("PL", &["poľsko", "poland", "polska"]),
    ("PT", &["portugalsko", "portugal"]),
    ("RO", &["rumunsko", "romania", "românia"]),
    ("RS", &["srbsko", "serbia", "srbija"]),
    ("SE", &["švédsko", "sweden", "sverige"]),
    ("SI", &["slovinsko", "slovenia", "slovenija"]),
    ("SK", &["slovensko", "slovenská republika", "slovakia", "slovak republic"]),
    ("TR", &["turecko", "turkey", "türkiye"]),
    ("UA", &["ukrajina", "ukraine", "україна"]),
    ("US", &["spojené štáty", "spojené štáty americké", "united states", "united states of america"]),
];
