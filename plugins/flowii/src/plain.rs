//! Tasks, events and business cases: one resource each, made by one request and recognised by the correlation in its
//! description.

use wharf_sdk::batch::{all_failed, each};
use wharf_sdk::document::Partner;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk, violation};

use crate::api::{Draft, Resource};
use crate::client::{Client, envelope};
use crate::config::Config;
use crate::document::{BusinessCase, Event, Task};
use crate::listing::page_of;
use crate::search::{Found, Place, Search, search};
use crate::{assumed, convert, correlation, orders, partners};

const DESCRIPTION: &str = "description";

/// A document of one of the three kinds.
enum Document {
    Task(Task),
    Event(Event),
    Case(BusinessCase),
}

impl Document {
    fn of(intent: &Intent, is_new: bool) -> Result<Self> {
        let document = match intent.entity.as_str() {
            "task" => Self::Task(intent.document()?),
            "event" => Self::Event(intent.document()?),
            _ => Self::Case(intent.document()?),
        };
        document.check(is_new)?;
        Ok(document)
    }

    fn check(&self, is_new: bool) -> Result<()> {
        match self {
            Self::Task(task) => convert::task::check(task, is_new)?,
            Self::Event(event) => convert::event::check(event, is_new)?,
            Self::Case(case) => convert::case::check(case, is_new)?,
        }
        let refuse =
            |path: &str, code: &str, message: &str| Err(Failure::invalid_record(vec![violation(path, code, message)]));
        match self {
            Self::Case(case) if is_new && case.partner_id.is_none() && case.partner.is_none() => {
                refuse("/partner_id", "required", "the business case has no partner; give `partner_id` or `partner`")
            }
            Self::Task(task) if !is_new && !task.activities.is_empty() => {
                let message = "the activities of a task cannot be changed here; leave them out";
                refuse("/activities", "not-changeable", message)
            }
            _ => match self.partner() {
                Some(partner) if self.partner_id().is_none() => convert::partner::check(partner, "/partner"),
                _ => Ok(()),
            },
        }
    }

    fn partner_id(&self) -> Option<&str> {
        match self {
            Self::Task(task) => task.partner_id.as_deref(),
            Self::Event(event) => event.partner_id.as_deref(),
            Self::Case(case) => case.partner_id.as_deref(),
        }
    }

    fn partner(&self) -> Option<&Partner> {
        match self {
            Self::Task(task) => task.partner.as_ref(),
            Self::Event(event) => event.partner.as_ref(),
            Self::Case(case) => case.partner.as_ref(),
        }
    }

    fn description(&self) -> Option<&str> {
        match self {
            Self::Task(task) => task.description.as_deref(),
            Self::Event(event) => event.description.as_deref(),
            Self::Case(case) => case.description.as_deref(),
        }
    }

    fn draft(&self, partner: Option<&str>, config: &Config) -> Draft {
        match self {
            Self::Task(task) => convert::task::draft(task, partner, config),
            Self::Event(event) => convert::event::draft(event, partner, config),
            Self::Case(case) => convert::case::draft(case, partner, config),
        }
    }

    /// Makes a new one. A task has an activity at least.
    fn new_draft(&self, partner: Option<&str>, activity_type: &str, correlation: &str, config: &Config) -> Draft {
        let text: Vec<String> = self.description().map(str::to_owned).into_iter().collect();
        let draft = self.draft(partner, config).text(DESCRIPTION, correlation::headed(correlation, &text));
        match self {
            Self::Task(task) => draft.many("activities", convert::task::activities(task, activity_type, config)),
            Self::Event(_) | Self::Case(_) => draft,
        }
    }

    /// Finds the partner; `dependency-missing` when it is not there.
    fn found_partner(&self, client: &Client) -> Result<Option<String>> {
        match (self.partner_id(), self.partner()) {
            (Some(id), _) => Ok(Some(id.to_owned())),
            (None, None) => Ok(None),
            (None, Some(partner)) => {
                let found = partners::find(client, partner)?;
                found.map(|found| Some(found.id)).ok_or_else(|| orders::no_partner(partner))
            }
        }
    }
}

/// Returns the list in which a kind is.
fn place(entity: &str) -> Place<'static> {
    let (entity, path) = match entity {
        "task" => ("task", "tasks"),
        "event" => ("event", "events"),
        _ => ("business-case", "businesscases"),
    };
    Place { entity, path, attribute: DESCRIPTION, is_it: correlation::is_in }
}

fn is_checked(client: &Client) -> bool {
    client.config.check_before_create == Some(true)
}

/// Plans the making of one.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let document = Document::of(intent, true)?;
    let place = place(&intent.entity);
    let activity_type = client.config.activity_type_id.as_deref().unwrap_or("<first activity type>");
    let partner = document.partner_id().or_else(|| document.partner().map(|_| "<partner>"));
    let draft = document.new_draft(partner, activity_type, &intent.correlation, &client.config);
    let then = format!("then POST /{} with {}", place.path, draft.body());
    if let (None, Some(partner)) = (document.partner_id(), document.partner()) {
        let key = partners::Key::of(partner);
        let preview = partners::first_search(client, partner)?;
        return Ok(preview
            .note(format!("finds the partner by `{}`; without it nothing is written", key.text()))
            .note(then));
    }
    if matches!(document, Document::Task(_)) && client.config.activity_type_id.is_none() {
        return Ok(client.first_read(&["activitytypes"], &[])?.note("finds the first activity type").note(then));
    }
    if is_checked(client) {
        let preview = client.first_read(&[place.path], &page_of(&[], 0, assumed::PAGE_SIZE))?;
        return Ok(preview.note("looks whether it is there already").note(then));
    }
    client.first_post(&[place.path], &draft)
}

/// One that is to be made.
struct Wanted<'a> {
    draft: Draft,
    correlation: &'a str,
}

impl<'a> Wanted<'a> {
    fn of(client: &Client, intent: &'a Intent) -> Result<Self> {
        let document = Document::of(intent, true)?;
        let partner = document.found_partner(client)?;
        let activity_type = match &document {
            Document::Task(_) => client.activity_type()?,
            Document::Event(_) | Document::Case(_) => "",
        };
        let draft = document.new_draft(partner.as_deref(), activity_type, &intent.correlation, &client.config);
        Ok(Self { draft, correlation: &intent.correlation })
    }

    fn create(&self, client: &Client, place: Place<'_>, known: &Search) -> Result<Outcome> {
        if let Walk::Found(found) = known.of(self.correlation) {
            return Ok(Outcome::AlreadyApplied(applied(found)));
        }
        let response = client.written(place.entity, client.post(&[place.path], &self.draft)?)?;
        let row = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?;
        match row.id.filled() {
            Some(id) => Ok(Outcome::Applied(applied(Found::of(&row).unwrap_or(Found { id, number: None })))),
            None => Err(response.unreadable("the answer tells no `id` of what was made")),
        }
    }
}

fn applied(found: Found) -> Applied {
    let applied = Applied::new(found.id);
    match found.number {
        Some(number) => applied.number(number),
        None => applied,
    }
}

/// Makes several of one kind.
pub(crate) fn create_all(client: &Client, intents: &[Intent]) -> Vec<Result<Outcome>> {
    let Some(place) = intents.first().map(|first| place(&first.entity)) else { return Vec::new() };
    let wanted = each(intents.iter().map(Ok), |intent| Wanted::of(client, intent));
    let correlations: Vec<&str> = wanted.iter().flatten().map(|one| one.correlation).collect();
    let known = if is_checked(client) { search(client, place, &[], &correlations) } else { Ok(Search::default()) };
    match known {
        Ok(known) => each(wanted, |one| one.create(client, place, &known)),
        Err(failure) => all_failed(wanted, &failure),
    }
}

/// Asks whether several of one kind were made.
pub(crate) fn verify_all(client: &Client, intents: &[Intent]) -> Vec<Result<Verdict>> {
    let Some(place) = intents.first().map(|first| place(&first.entity)) else { return Vec::new() };
    let correlations: Vec<&str> = intents.iter().map(|intent| intent.correlation.as_str()).collect();
    match search(client, place, &[], &correlations) {
        Err(failure) => intents.iter().map(|_| Err(failure.clone())).collect(),
        Ok(known) => correlations.iter().map(|correlation| Ok(verdict(known.of(correlation)))).collect(),
    }
}

fn verdict(walked: Walk<Found>) -> Verdict {
    match walked {
        Walk::Found(found) => Verdict::Found(applied(found)),
        Walk::Over => Verdict::Absent,
        Walk::TooLong => {
            Verdict::Inconclusive("the list is longer than is read to find one; raise `search_pages`".to_owned())
        }
    }
}

/// Plans the changing of one.
pub(crate) fn plan_update(client: &Client, intent: &Intent) -> Result<Preview> {
    let (document, target) = (Document::of(intent, false)?, intent.target()?);
    let place = place(&intent.entity);
    let draft = document.draft(document.partner_id(), &client.config).of_existing(target);
    let then = format!("then PATCH /{}/{target} with {}", place.path, draft.body());
    let preview = match (document.partner_id(), document.partner()) {
        (None, Some(partner)) => partners::first_search(client, partner)?.note("finds the partner first"),
        _ => client.first_read(&[place.path, target], &[])?,
    };
    Ok(preview.note("reads it, and changes what it does not say already").note(then))
}

/// Changes one: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent) -> Result<Outcome> {
    let target = intent.target()?;
    let place = place(&intent.entity);
    let Some(draft) = difference(client, intent, target, place)? else { return Ok(Outcome::NothingToDo) };
    let response = client.patch(&[place.path, target], &draft)?;
    if matches!(response.status(), 404 | 410) {
        return Err(Failure::subject_not_found(place.entity, target).with_evidence(response.evidence()));
    }
    client.written(place.entity, response)?;
    Ok(Outcome::applied(target))
}

/// Asks whether one says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent) -> Result<Verdict> {
    let target = intent.target()?;
    Ok(match difference(client, intent, target, place(&intent.entity))? {
        None => Verdict::Found(Applied::new(target)),
        Some(_) => Verdict::Absent,
    })
}

/// Returns what is to be sent; none where it is there already.
fn difference(client: &Client, intent: &Intent, target: &str, place: Place<'_>) -> Result<Option<Draft>> {
    let document = Document::of(intent, false)?;
    let partner = document.found_partner(client)?;
    let response = client.get_one(place.entity, &[place.path, target], target)?;
    let there: Resource<'_> = envelope(&response)?.resource()?;
    let draft = document.draft(partner.as_deref(), &client.config).of_existing(target);
    let draft = match document.description() {
        None => draft,
        Some(text) => {
            let written = there.text_of(DESCRIPTION)?.unwrap_or_default();
            draft.text(DESCRIPTION, correlation::kept(written.as_str(), text))
        }
    };
    Ok(if draft.is_empty() || draft.is_said_by(&there)? { None } else { Some(draft) })
}
