//! Gives back what it is told on every way there is besides documents: as ids and revisions, as entries of a reference list,
//! as steps, previews, outcomes and verdicts, as the events of a webhook, as subscriptions. When a record is read it sends
//! the secret of the slot `token` to its upstream, so that the host knows it. What is told is a secret in the tests; the
//! host takes it out everywhere, and reports each place.

use wharf_sdk::manifest::{Webhooks as Hooks, Write};
use wharf_sdk::{
    Action, Applied, Delivery, Describe, Event, Intent, Item, Manifest, Outcome, Parsed, Preview, Records, Reference,
    ReferencePage, References, Result, Subscription, Subscriptions, Verdict, Webhooks, Writing, http,
};

struct TellsSecrets;

impl Describe for TellsSecrets {
    fn manifest() -> Manifest {
        let write = Write::new("probe", [Action::Create], true).raw(serde_json::json!({}));
        wharf_guests::with_upstream(wharf_guests::probe("tells-secrets", []))
            .reference_list("told", "What it was told.")
            .webhooks(Hooks::new([]))
            .write(write)
    }
}

impl Records for TellsSecrets {
    fn get(entity: &str, id: &str) -> Result<Item> {
        http::get(&wharf_guests::upstream("/")?).credential("token").send()?;
        let mut item = Item::from_text(entity, id, "{}");
        item.revision = Some(id.to_owned());
        Ok(item)
    }
}

impl References for TellsSecrets {
    fn page(_: &str, after: Option<&str>) -> Result<ReferencePage> {
        let told = after.unwrap_or_default();
        let reference = Reference::new(told, told).code(told).value(told);
        Ok(ReferencePage { references: vec![reference], next: Some(format!("after {told}")) })
    }
}

impl Writing for TellsSecrets {
    fn plan(intent: &Intent) -> Result<Preview> {
        let told = &intent.correlation;
        let url = format!("https://shop.example.com/?told={told}");
        Ok(Preview { method: "POST".to_owned(), url, body: told.clone(), notes: vec![told.clone()] })
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        let told = intent.correlation.as_str();
        Ok(Outcome::AlreadyApplied(Applied::new(told).revision(told).number(told)))
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        Ok(Verdict::Inconclusive(intent.correlation.clone()))
    }
}

impl Webhooks for TellsSecrets {
    fn parse(delivery: Delivery) -> Parsed {
        let told = String::from_utf8_lossy(&delivery.body).into_owned();
        match delivery.path.as_str() {
            "/rejected" => Parsed::Rejected(told),
            _ => {
                Parsed::Events(vec![Event { key: told.clone(), entity: "probe".to_owned(), id: told, deleted: false }])
            }
        }
    }
}

impl Subscriptions for TellsSecrets {
    fn subscribe(url: &str, topics: &[String]) -> Result<Subscription> {
        Ok(Subscription { id: url.to_owned(), url: url.to_owned(), topics: topics.to_vec() })
    }

    fn unsubscribe(_: &str) -> Result<()> {
        Ok(())
    }

    fn subscriptions() -> Result<Vec<Subscription>> {
        Ok(Vec::new())
    }
}

wharf_sdk::export!(TellsSecrets: describe, references, records, writing, webhooks, subscriptions);

fn main() {}
