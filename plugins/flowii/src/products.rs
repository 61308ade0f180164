//! Products: making and changing them. Writing them is [assumed] throughout. A product is recognised by its code.

use serde::Deserialize;
use serde::de::IgnoredAny;
use wharf_sdk::batch::{all_failed, each};
use wharf_sdk::document::Product;
use wharf_sdk::{Applied, Failure, Intent, Outcome, Preview, Result, Verdict, Walk};

use crate::api::Draft;
use crate::assumed;
use crate::client::{Client, envelope};
use crate::convert::product::{code, draft};
use crate::listing::page_of;
use crate::search::{Place, Search, search};

const PLACE: Place<'static> = Place {
    entity: "product",
    path: "products",
    attribute: "code",
    is_it: |there, wanted| there.trim().eq_ignore_ascii_case(wanted),
};

/// A product that is to be made.
struct Wanted {
    code: String,
    draft: Draft,
}

impl Wanted {
    fn of(intent: &Intent) -> Result<Self> {
        let product: Product = intent.document()?;
        Ok(Self { code: code(&product)?.to_owned(), draft: draft(&product, true)? })
    }

    fn create(&self, client: &Client, known: &Search) -> Result<Outcome> {
        if let Walk::Found(found) = known.of(&self.code) {
            let same = self.is_said_by(client, &found.id)?;
            let message = format!("product {} has the code `{}` already; change it instead", found.id, self.code);
            return Err(Failure::conflict(Some(found.id), Some(same), message));
        }
        let response = client.written(PLACE.entity, client.post(&[PLACE.path], &self.draft)?)?;
        let row = envelope(&response)?.resource().map_err(|_| response.unreadable("there is no `data`"))?;
        let id = row.id.filled().ok_or_else(|| response.unreadable("the new product has no `id`"))?;
        Ok(Outcome::Applied(Applied::new(id).number(&self.code)))
    }

    fn verdict(&self, client: &Client, known: &Search) -> Result<Verdict> {
        Ok(match known.of(&self.code) {
            Walk::Over => Verdict::Absent,
            Walk::TooLong => {
                let why = "there are more products than are read to find one; raise `search_pages`";
                Verdict::Inconclusive(why.to_owned())
            }
            Walk::Found(found) if self.is_said_by(client, &found.id)? => {
                Verdict::Found(Applied::new(found.id).number(&self.code))
            }
            Walk::Found(found) => {
                Verdict::Inconclusive(format!("product {} has the code and other content; compare them", found.id))
            }
        })
    }

    fn is_said_by(&self, client: &Client, id: &str) -> Result<bool> {
        let response = client.get_one(PLACE.entity, &[PLACE.path, id], id)?;
        let mut wanted = self.draft.clone();
        // The search has compared it, whatever its case.
        wanted.drop_attribute(PLACE.attribute);
        wanted.is_said_by(&envelope(&response)?.resource()?)
    }
}

fn look(client: &Client, wanted: &[Result<Wanted>]) -> Result<Search> {
    let codes: Vec<&str> = wanted.iter().flatten().map(|one| one.code.as_str()).collect();
    search(client, PLACE, &[], &codes)
}

fn is_checked(client: &Client) -> bool {
    client.config.check_before_create != Some(false)
}

/// Plans the making of a product.
pub(crate) fn plan_create(client: &Client, intent: &Intent) -> Result<Preview> {
    let wanted = Wanted::of(intent)?;
    if !is_checked(client) {
        return client.first_post(&[PLACE.path], &wanted.draft);
    }
    let preview = client.first_read(&[PLACE.path], &page_of(&[], 0, assumed::PAGE_SIZE))?;
    Ok(preview.note("looks for the code first").note(format!("then POST /products with {}", wanted.draft.body())))
}

/// Makes products, unless their codes are there.
pub(crate) fn create_all(client: &Client, intents: &[Intent]) -> Vec<Result<Outcome>> {
    let wanted = each(intents.iter().map(Ok), Wanted::of);
    let known = if is_checked(client) { look(client, &wanted) } else { Ok(Search::default()) };
    match known {
        Ok(known) => each(wanted, |one| one.create(client, &known)),
        Err(failure) => all_failed(wanted, &failure),
    }
}

/// Asks whether products were made: a code is a product's own, so being there with the same content is enough.
pub(crate) fn verify_all(client: &Client, intents: &[Intent]) -> Vec<Result<Verdict>> {
    let wanted = each(intents.iter().map(Ok), Wanted::of);
    match look(client, &wanted) {
        Ok(known) => each(wanted, |one| one.verdict(client, &known)),
        Err(failure) => all_failed(wanted, &failure),
    }
}

/// Plans the changing of a product.
pub(crate) fn plan_update(client: &Client, intent: &Intent) -> Result<Preview> {
    let target = intent.target()?;
    let draft = change(intent, target)?;
    let preview = client.first_read(&[PLACE.path, target], &[])?;
    Ok(preview.note(format!("then PATCH /products/{target} with {}, unless it says so already", draft.body())))
}

/// Changes a product: the fields that the document has, and no others.
pub(crate) fn update(client: &Client, intent: &Intent) -> Result<Outcome> {
    let target = intent.target()?;
    let draft = change(intent, target)?;
    if says(client, &draft, target)? {
        return Ok(Outcome::NothingToDo);
    }
    let response = client.patch(&[PLACE.path, target], &draft)?;
    if matches!(response.status(), 404 | 410) {
        return Err(Failure::subject_not_found(PLACE.entity, target).with_evidence(response.evidence()));
    }
    client.written(PLACE.entity, response)?;
    Ok(Outcome::applied(target))
}

/// Asks whether a product says what was to be written.
pub(crate) fn verify_update(client: &Client, intent: &Intent) -> Result<Verdict> {
    let target = intent.target()?;
    Ok(match says(client, &change(intent, target)?, target)? {
        true => Verdict::Found(Applied::new(target)),
        false => Verdict::Absent,
    })
}

fn says(client: &Client, draft: &Draft, target: &str) -> Result<bool> {
    let response = client.get_one(PLACE.entity, &[PLACE.path, target], target)?;
    draft.is_said_by(&envelope(&response)?.resource()?)
}

fn change(intent: &Intent, target: &str) -> Result<Draft> {
    #[derive(Deserialize)]
    struct Says {
        kind: Option<IgnoredAny>,
    }
    let product: Product = intent.document()?;
    let says_kind = serde_json::from_str::<Says>(&intent.document).is_ok_and(|says| says.kind.is_some());
    Ok(draft(&product, says_kind)?.of_existing(target))
}
