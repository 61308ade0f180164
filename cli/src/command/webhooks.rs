//! `wharf webhooks list|register|remove CONNECTION`.

use serde_json::json;
use wharf_flow::DeliveryCount;
use wharf_host::Connection;
use wharf_host::model::Subscription;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Look, Page};
use crate::site::Site;
use crate::time;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Show where a connection's webhooks go, what came so far, and what the remote has registered.
    List(Of),
    /// Have the remote send webhooks here; where its API cannot be told, show what to enter at its screen.
    Register(Of),
    /// Have the remote stop sending webhooks here.
    Remove(Of),
}

#[derive(Debug, clap::Args)]
struct Of {
    /// The connection.
    #[arg(value_name = "CONNECTION")]
    connection: String,
}

/// What is known of the webhooks of a connection.
struct Known {
    connection: String,
    /// Where they go; none without `public_url`.
    url: Option<String>,
    topics: Vec<String>,
    /// What the remote has registered; none where it cannot be asked.
    registered: Option<Vec<Subscription>>,
    deliveries: Vec<DeliveryCount>,
}

/// Does one step.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let (site, ledger) = Site::with_state(&context.file).await?;
    let of = match &arguments.step {
        Step::List(of) | Step::Register(of) | Step::Remove(of) => of,
    };
    let connection = site.connection(&of.connection)?;
    let exports = |interface| connection.connector().inspection().exports_interface(interface);
    if !exports("webhooks") {
        let message = format!(
            "connector `{}` of `{}` takes no webhooks; let its flows poll",
            connection.manifest().name,
            of.connection
        );
        return Err(Failure::usage(message));
    }
    let url = site.public_url().map(|url| format!("{url}/webhook/{}", of.connection));
    if exports("subscriptions") {
        match &arguments.step {
            Step::List(_) => {}
            Step::Register(_) => register(connection, &needed(url.as_deref())?).await?,
            Step::Remove(_) => remove(connection, &needed(url.as_deref())?).await?,
        }
    }
    let registered = match exports("subscriptions") {
        true => Some(connection.subscriptions().await?.value),
        false => None,
    };
    let topics = connection.manifest().webhooks.as_ref().map(|hooks| hooks.topics.clone()).unwrap_or_default();
    let mut deliveries = ledger.deliveries()?;
    deliveries.retain(|count| count.connection == of.connection);
    let known = Known { connection: of.connection.clone(), url, topics, registered, deliveries };
    let json = json!({
        "connection": known.connection, "url": known.url, "topics": known.topics,
        "registered": known.registered, "deliveries": known.deliveries,
    });
    context.output.result(&json, |page| show(page, &known));
    let by_hand = known.registered.is_none() && !matches!(arguments.step, Step::List(_));
    Ok(if by_hand { Exit::Attention } else { Exit::Fine })
}

fn needed(url: Option<&str>) -> Result<String, Failure> {
    url.map(str::to_owned).ok_or_else(|| {
        let message =
            "the remote cannot be told an address; set `public_url` of [serve], e.g. \"https://hooks.example.com\"";
        Failure::new(Exit::Installation, "no-public-url", message)
    })
}

/// Registers the address, once.
async fn register(connection: &Connection, url: &str) -> Result<(), Failure> {
    let topics = connection.manifest().webhooks.as_ref().map(|hooks| hooks.topics.clone()).unwrap_or_default();
    let registered = connection.subscriptions().await?.value;
    let missing: Vec<String> = topics
        .into_iter()
        .filter(|topic| !registered.iter().any(|one| one.url == url && one.topics.contains(topic)))
        .collect();
    if !missing.is_empty() || !registered.iter().any(|one| one.url == url) {
        connection.subscribe(url, &missing).await?;
    }
    Ok(())
}

/// Removes what leads to the address, and nothing else.
async fn remove(connection: &Connection, url: &str) -> Result<(), Failure> {
    for one in connection.subscriptions().await?.value.iter().filter(|one| one.url == url) {
        connection.unsubscribe(&one.id).await?;
    }
    Ok(())
}

fn show(page: &mut Page, known: &Known) {
    match &known.url {
        Some(url) => page.styled(url, Look::Strong),
        None => page.styled("no address: set `public_url` of [serve]", Look::Bad),
    }
    match &known.registered {
        None => {
            page.line("  the remote has no API for it; enter at its screen:");
            page.line(&format!("    address: {}", known.url.as_deref().unwrap_or("PUBLIC_URL/webhook/NAME")));
            let topics = if known.topics.is_empty() { "all".to_owned() } else { known.topics.join(", ") };
            page.line(&format!("    events: {topics}"));
        }
        Some(registered) if registered.is_empty() => page.line("  nothing is registered at the remote"),
        Some(registered) => {
            for one in registered {
                page.line(&format!("  registered: {} {} ({})", one.id, one.url, one.topics.join(", ")));
            }
        }
    }
    for count in &known.deliveries {
        page.line(&format!("  {}: {}, last {}", count.outcome.word(), count.count, time::utc(count.last)));
    }
}
