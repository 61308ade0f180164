//! Partners: finding them, and making and changing them.
//!
//! FLOWii offers a full-text search only, so a hit is a candidate and no match: the company number or the contacts'
//! e-mail addresses of each are compared exactly.

use std::collections::HashSet;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use wharf_sdk::document::{Partner, PartnerKind};
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk};

use crate::api::{self, Draft, Envelope, Resource};
use crate::client::{Client, envelope};
use crate::listing::{page_of, walk};
use crate::{assumed, convert, correlation, countries};

/// Most candidates whose contacts are read for one question. More means that the search text is too common.
const MOST_CANDIDATES: usize = 30;

/// A partner that a search brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: String,
    pub(crate) name: String,
    registration_number: String,
    /// None where the list leaves comments out.
    comment: Option<String>,
    emails: Vec<String>,
}

/// What a partner is recognised by: the strongest thing that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Registration(String),
    Email(String),
    Name(String),
}

impl Key {
    /// Returns the key of a partner: company number, else e-mail address, else name.
    pub(crate) fn of(partner: &Partner) -> Self {
        let filled = |text: &Option<String>| text.as_deref().map(compact).filter(|text| !text.is_empty());
        match (filled(&partner.registration_number), email_of(partner)) {
            (Some(number), _) => Self::Registration(number),
            (None, Some(email)) => Self::Email(email),
            (None, None) => Self::Name(words(&partner.name)),
        }
    }

    /// Returns the key's text, which is also what is searched for first.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Registration(text) | Self::Email(text) | Self::Name(text) => text,
        }
    }
}

/// Returns the e-mail address of a partner or of its first contact, in lower case.
fn email_of(partner: &Partner) -> Option<String> {
    let filled = |text: &Option<String>| text.as_deref().map(compact).filter(|text| !text.is_empty());
    let contact = partner.contacts.first().and_then(|contact| filled(&contact.email));
    filled(&partner.email).or(contact).map(|email| email.to_lowercase())
}

/// Removes spaces: `12 345 678` is `12345678`.
fn compact(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Puts one space between words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn same_name(one: &str, other: &str) -> bool {
    words(one).to_lowercase() == words(other).to_lowercase()
}

/// Returns the first request of [`find`].
pub(crate) fn first_search(client: &Client, partner: &Partner) -> Result<Preview> {
    let query = [("filter[search-text]", Key::of(partner).text().to_owned())];
    client.first_read(&["partners"], &page_of(&query, 0, assumed::PAGE_SIZE))
}

/// Finds a partner by its key; none when no partner has it.
pub(crate) fn find(client: &Client, partner: &Partner) -> Result<Option<Candidate>> {
    match Key::of(partner) {
        Key::Registration(number) => {
            let found = candidates(client, &number)?;
            Ok(lowest_id(found.into_iter().filter(|one| compact(&one.registration_number) == number)))
        }
        Key::Email(email) => by_email(client, &email, &partner.name),
        Key::Name(name) => by_name(client, &name),
    }
}

/// Finds a partner by a contact's e-mail address. The search may not look into contacts, so the name is tried, too.
fn by_email(client: &Client, email: &str, name: &str) -> Result<Option<Candidate>> {
    let mut asked = HashSet::new();
    for text in [email, name] {
        if text.trim().is_empty() {
            continue;
        }
        let mut found = candidates(client, text)?;
        found.sort_by_key(|one| !same_name(&one.name, name));
        if text != email {
            found.retain(|one| same_name(&one.name, name));
        }
        for one in found {
            if asked.insert(one.id.clone()) && has_email(client, &one, email, asked.len())? {
                return Ok(Some(one));
            }
        }
    }
    Ok(None)
}

/// Tells whether a partner has a contact of that e-mail address; `asked` is the number of partners asked so far.
pub(crate) fn has_email(client: &Client, candidate: &Candidate, email: &str, asked: usize) -> Result<bool> {
    let is_it = |known: &String| compact(known).to_lowercase() == email;
    if candidate.emails.iter().any(is_it) {
        return Ok(true);
    }
    if asked > MOST_CANDIDATES {
        return Err(too_wide(email));
    }
    let response = client.get(&["partners", &candidate.id, "contacts"], &[])?;
    for row in envelope(&response)?.rows()? {
        if convert::partner::contact(&row)?.email.as_ref().is_some_and(is_it) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Finds a partner of which only the name is known. Two of that name are refused: either may be the wrong one.
fn by_name(client: &Client, name: &str) -> Result<Option<Candidate>> {
    let found = candidates(client, name)?;
    let mut same = found.into_iter().filter(|one| same_name(&one.name, name));
    let first = same.next();
    match same.next() {
        None => Ok(first),
        Some(second) => {
            let first = first.map(|one| one.id).unwrap_or_default();
            let message = format!(
                "partners {first} and {} are both called `{name}`; give a registration number or an e-mail address",
                second.id
            );
            Err(Failure::invalid_record(vec![wharf_sdk::violation("/customer", "ambiguous", message)]))
        }
    }
}

fn lowest_id(found: impl Iterator<Item = Candidate>) -> Option<Candidate> {
    found.min_by(|one, other| (one.id.len(), &one.id).cmp(&(other.id.len(), &other.id)))
}

/// Returns what a full-text search brings.
fn candidates(client: &Client, text: &str) -> Result<Vec<Candidate>> {
    let query = [("filter[search-text]", text.to_owned())];
    let mut found = Vec::new();
    let end = walk(client, &["partners"], &query, client.config.search_pages, |envelope, row| {
        found.push(candidate(envelope, row)?);
        Ok(ControlFlow::<()>::Continue(()))
    })?;
    if end == Walk::TooLong { Err(too_wide(text)) } else { Ok(found) }
}

fn too_wide(text: &str) -> Failure {
    let message = format!("the search for `{text}` finds too many partners to compare; raise `search_pages`");
    Failure::precondition("search-too-wide", message)
}

fn candidate(envelope: &Envelope<'_>, row: &Resource<'_>) -> Result<Candidate> {
    let attributes: api::Partner<'_> = row.attributes()?;
    let contacts = convert::partner::contacts(envelope, row)?;
    Ok(Candidate {
        id: row.id.to_string(),
        registration_number: attributes.registration_number.into_string(),
        comment: row.mentions("comment").then(|| attributes.comment.into_string()),
        emails: contacts.into_iter().filter_map(|contact| contact.email).collect(),
        name: attributes.name.into_string(),
    })
}

/// Tells whether a candidate was made by the intent of that correlation.
fn carries(client: &Client, candidate: &Candidate, correlation: &str) -> Result<bool> {
    if let Some(comment) = &candidate.comment {
        return Ok(correlation::is_in(comment, correlation));
    }
    let response = client.get_one("partner", &["partners", &candidate.id], &candidate.id)?;
    let row = envelope(&response)?.resource()?;
    Ok(correlation::is_in(row.attributes::<api::Partner<'_>>()?.comment.as_str(), correlation))
}

/// Plans the making of a partner.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let partner: Partner = intent.document()?;
    convert::partner::check(&partner, "")?;
    let draft = draft(&partner, None, client, &intent.correlation);
    let preview =
        first_search(client, &partner)?.note("looks for the partner first, and makes it only if it is not there");
    Ok(preview.note(format!("then POST /partners with {} (and the country's id)", draft.body())))
}

/// Makes a partner, unless it is there.
pub(crate) fn create(client: &Client, intent: &Intent) -> Result<Outcome> {
    let partner: Partner = intent.document()?;
    convert::partner::check(&partner, "")?;
    if let Some(found) = find_for(client, &partner, &intent.correlation)? {
        return already(client, &partner, &found, &intent.correlation);
    }
    let country = country_id(client, &partner)?;
    let draft = draft(&partner, country.as_deref(), client, &intent.correlation);
    let response = client.written("partner", client.post(&["partners"], &draft)?)?;
    let id = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?.id.filled();
    id.map(Outcome::applied).ok_or_else(|| response.unreadable("the new partner has no `id`"))
}

/// Is [`find`], but takes a partner of the same name only where this intent made it: a name alone recognises nobody.
fn find_for(client: &Client, partner: &Partner, correlation: &str) -> Result<Option<Candidate>> {
    let Key::Name(name) = Key::of(partner) else { return find(client, partner) };
    for one in candidates(client, &name)? {
        if same_name(&one.name, &name) && carries(client, &one, correlation)? {
            return Ok(Some(one));
        }
    }
    Ok(None)
}

fn already(client: &Client, partner: &Partner, found: &Candidate, correlation: &str) -> Result<Outcome> {
    if carries(client, found, correlation)? {
        return Ok(Outcome::AlreadyApplied(Applied::new(found.id.clone())));
    }
    let same = same_name(&found.name, &partner.name);
    let message = format!("partner {} has the same {}; use it, or change it", found.id, Key::of(partner).text());
    Err(Failure::conflict(Some(found.id.clone()), Some(same), message))
}

/// Asks whether a partner was made.
pub(crate) fn verify_create(client: &Client, intent: &Intent) -> Result<Verdict> {
    let partner: Partner = intent.document()?;
    for one in candidates(client, &intent.correlation)? {
        if carries(client, &one, &intent.correlation)? {
            return Ok(Verdict::Found(Applied::new(one.id)));
        }
    }
    let found = find_for(client, &partner, &intent.correlation)?;
    Ok(found.map_or(Verdict::Absent, |one| Verdict::Found(Applied::new(one.id))))
}

/// Plans the changing of a partner.
pub(crate) fn plan_update(client: &Client, intent: &Intent) -> Result<Preview> {
    let (partner, target) = (intent.document::<Partner>()?, intent.target()?);
    let known = |code: &str| client.config.countries.get(code).map(String::as_str);
    let country = wanted_country(&partner);
    if let (Some(code), None) = (country, country.and_then(known)) {
        let preview = client.first_read(&["countries"], &[])?;
        return Ok(preview.note(format!("finds FLOWii's id of `{code}`, then PATCH /partners/{target}")));
    }
    client.first_patch(&["partners", target], &change(intent, &partner, country.and_then(known), target))
}

/// Changes a partner: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (partner, target) = (intent.document::<Partner>()?, intent.target()?);
    let country = country_id(client, &partner)?;
    let draft = change(intent, &partner, country.as_deref(), target);
    let response = client.patch(&["partners", target], &draft)?;
    if matches!(response.status(), 404 | 410) {
        return Err(Failure::subject_not_found("partner", target).with_evidence(response.evidence()));
    }
    client.written("partner", response)?;
    Ok(Outcome::applied(target))
}

/// Asks whether a partner says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (partner, target) = (intent.document::<Partner>()?, intent.target()?);
    let response = client.get_one("partner", &["partners", target], target)?;
    let row = envelope(&response)?.resource()?;
    let attributes: wharf_sdk::quirks::Entries<'_, wharf_sdk::quirks::Scalar<'_>> = match row.attributes {
        Some(raw) => serde_json::from_str(raw.get()).map_err(|error| response.unreadable(&error.to_string()))?,
        None => wharf_sdk::quirks::Entries::default(),
    };
    let draft = change(intent, &partner, None, target);
    let is_there = |(name, text): (&str, &str)| {
        attributes.get(name).is_some_and(|value| value.clone().into_text().as_ref() == text)
    };
    Ok(if draft.texts().all(is_there) { Verdict::Found(Applied::new(target)) } else { Verdict::Absent })
}

fn country_id(client: &Client, partner: &Partner) -> Result<Option<String>> {
    wanted_country(partner).map(|code| countries::id_of(client, code)).transpose()
}

fn wanted_country(partner: &Partner) -> Option<&str> {
    partner.address.as_ref()?.country.as_deref().filter(|code| !code.is_empty())
}

fn draft(partner: &Partner, country: Option<&str>, client: &Client, correlation: &str) -> Draft {
    let mut note: Vec<String> = partner.note.iter().cloned().collect();
    // The search may not look into contacts, and then a partner is found by this.
    note.extend(email_of(partner).map(|email| format!("E-mail: {email}")));
    let responsible = client.config.responsible_user_ids.first().map(String::as_str);
    convert::partner::draft(partner, Some(correlation::headed(correlation, &note)), country, responsible)
}

fn change(intent: &Intent, partner: &Partner, country: Option<&str>, target: &str) -> Draft {
    #[derive(Deserialize)]
    struct Says {
        kind: Option<IgnoredAny>,
    }
    let says_kind = serde_json::from_str::<Says>(&intent.document).is_ok_and(|says| says.kind.is_some());
    let mut draft = convert::partner::draft(partner, partner.note.clone(), country, None).of_existing(target);
    if !says_kind && partner.kind == PartnerKind::Person {
        draft.drop_attribute("type");
    }
    if partner.name.trim().is_empty() {
        draft.drop_attribute("name");
        draft.drop_relation("key-contact");
    }
    draft
}
