//! `wharf explain CONNECTION METHOD URL`.

use serde_json::{Value, json};
use wharf_host::manifest::Origin;
use wharf_host::policy::{Explanation, GrantList, Granted, SlotUse, VettedAddress};

use super::Context;
use super::install::unreadable;
use crate::approval::{Entry, Lock, Want, origin_words};
use crate::failure::{Exit, Failure};
use crate::installation::{ConnectionEntry, Key, SecretPlace};
use crate::output::{Look, Page};
use crate::site::{Installation, Site};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Connection that would send the request.
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// Method in upper case, such as GET.
    #[arg(value_name = "METHOD")]
    method: String,
    /// Absolute URL.
    #[arg(value_name = "URL")]
    url: String,
}

/// What is known of one request: the host's word, and where in the operator's files it comes from.
struct Explained<'a> {
    arguments: &'a Arguments,
    said: Explanation,
    connector: &'a str,
    asked: Option<String>,
    approval: Option<Approval>,
    /// Where the grant stands, as `file:line`.
    granted_at: Option<String>,
    addresses: Vec<(VettedAddress, Option<String>)>,
    slots: Vec<Credential>,
}

/// The approval of what the connector asks for.
struct Approval {
    want: Option<String>,
    entry: Option<Entry>,
}

/// A credential slot, and where its values come from: never the values.
struct Credential {
    slot: SlotUse,
    sources: Vec<String>,
}

/// Explains a request. Loads the connector and asks the resolver; sends nothing and reads no secret.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let site = Site::without_state(&context.file).await?;
    let installation = &site.installation;
    let entry = installation.connection(&arguments.connection)?;
    let approvals = installation.approvals();
    let shown = approvals.path().display().to_string();
    let lock = approvals.read().map_err(|reason| unreadable(&shown, &reason))?;
    let said = site.connection(&arguments.connection)?.explain(&arguments.method, &arguments.url).await;
    let explained = Explained::of(&arguments, said, installation, entry, &lock);
    context.output.result(&explained.json(), |page| explained.show(page));
    Ok(explained.exit())
}

impl<'a> Explained<'a> {
    fn of(
        arguments: &'a Arguments,
        said: Explanation,
        installation: &Installation,
        entry: &'a ConnectionEntry,
        lock: &Lock,
    ) -> Self {
        let grant = Key::of(["connection", &arguments.connection, "grant"]);
        let asked = said.asked.as_ref().map(origin_words);
        let approval = said.asked.as_ref().map(|asked| approval(lock, entry, asked, &arguments.method));
        let granted_at = said.granted.as_ref().map(|granted| installation.place(&granted_key(&grant, entry, granted)));
        let addresses = said.addresses.iter().map(|address| {
            let carved_out = address.special.is_some() && address.refused.is_none();
            let key = carved_out.then(|| address_key(&grant, entry, address));
            (address.clone(), key.map(|key| installation.place(&key)))
        });
        let slots = said.credentials.iter().map(|slot| credential(entry, slot));
        Self {
            addresses: addresses.collect(),
            slots: slots.collect(),
            connector: &entry.connector,
            arguments,
            said,
            asked,
            approval,
            granted_at,
        }
    }

    fn exit(&self) -> Exit {
        match (&self.said.refused, &self.said.unresolved) {
            (None, None) => Exit::Fine,
            _ => Exit::Attention,
        }
    }

    fn verdict(&self) -> (&'static str, Look) {
        match (&self.said.refused, &self.said.unresolved) {
            (Some(_), _) => ("refused", Look::Bad),
            (None, Some(_)) => ("allowed, but its host leads nowhere now", Look::Doubtful),
            (None, None) => ("allowed", Look::Good),
        }
    }

    fn json(&self) -> Value {
        let addresses = self.addresses.iter().map(|(address, at)| {
            json!({ "address": address.address, "special": address.special, "refused": address.refused, "granted_at": at })
        });
        let slots = self.slots.iter().map(|credential| {
            let slot = &credential.slot;
            json!({ "slot": slot.slot, "refused": slot.refused, "sources": credential.sources })
        });
        let approval = self.approval.as_ref().map(|approval| {
            let of = |text: fn(&Entry) -> &String| approval.entry.as_ref().map(text);
            json!({ "want": approval.want, "at": of(|entry| &entry.at), "by": of(|entry| &entry.by) })
        });
        let granted = self.said.granted.as_ref();
        json!({
            "allowed": self.said.refused.is_none(),
            "refused": self.said.refused,
            "connection": self.arguments.connection,
            "method": self.arguments.method,
            "url": self.said.url,
            "asked": self.asked,
            "approval": approval,
            "granted": granted.map(|one| json!({ "list": one.list, "text": one.text, "at": self.granted_at })),
            "addresses": addresses.collect::<Vec<_>>(),
            "unresolved": self.said.unresolved,
            "credentials": slots.collect::<Vec<_>>(),
        })
    }

    fn show(&self, page: &mut Page) {
        let (verdict, look) = self.verdict();
        page.styled(verdict, look);
        if let Some(refused) = &self.said.refused {
            page.line(&format!("{}: {}", refused.code, refused.message));
        }
        let rows = self.rules().into_iter().chain(self.ways()).chain(self.credentials());
        page.looking_table(&["step", "", "by"], rows.collect());
    }

    fn rules(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(url) = &self.said.url {
            rows.push(row("request", Look::Plain, &format!("{} {url}", self.arguments.method), ""));
        }
        if let Some(asked) = &self.asked {
            rows.push(row("manifest", Look::Good, asked, &format!("connector `{}` asks for it", self.connector)));
        }
        if let Some(approval) = &self.approval {
            rows.push(approval.row());
        }
        if let (Some(granted), Some(at)) = (&self.said.granted, &self.granted_at) {
            rows.push(row("grant", Look::Good, &granted.text, at));
        }
        rows
    }

    fn ways(&self) -> Vec<Row> {
        let mut rows: Vec<Row> =
            self.addresses.iter().map(|(address, at)| address_row(address, at.as_deref())).collect();
        if let Some(reason) = &self.said.unresolved {
            rows.push(row("address", Look::Doubtful, "none", reason));
        }
        rows
    }

    fn credentials(&self) -> Vec<Row> {
        let shown = self.slots.iter().map(|credential| match &credential.slot.refused {
            Some(refused) => row("credential", Look::Faint, &credential.slot.slot, refused.code),
            None => row("credential", Look::Good, &credential.slot.slot, &credential.sources.join(", ")),
        });
        shown.collect()
    }
}

type Row = Vec<(String, Look)>;

fn row(step: &str, look: Look, what: &str, by: &str) -> Row {
    vec![(step.to_owned(), Look::Plain), (what.to_owned(), look), (by.to_owned(), Look::Plain)]
}

fn address_row(address: &VettedAddress, at: Option<&str>) -> Row {
    let look = if address.refused.is_some() { Look::Bad } else { Look::Good };
    let kind = address.special.unwrap_or("a public address");
    let by = match (&address.refused, at) {
        (Some(refused), _) => format!("{kind}: {}", refused.code),
        (None, Some(at)) => format!("{kind}, granted at {at}"),
        (None, None) => kind.to_owned(),
    };
    row("address", look, &address.address.to_string(), &by)
}

impl Approval {
    fn row(&self) -> Row {
        let Some(want) = &self.want else {
            return row("approval", Look::Doubtful, "none", "the lock file has no approval for it");
        };
        let by = match &self.entry {
            Some(entry) => format!("{} by {}", entry.at, entry.by),
            None => "the lock file has no history of it".to_owned(),
        };
        row("approval", Look::Good, want, &by)
    }
}

/// Finds what of the lock file covers an origin that the manifest asks for, and the entry of the history that added it
/// last.
fn approval(lock: &Lock, entry: &ConnectionEntry, asked: &Origin, method: &str) -> Approval {
    let written = origin_words(asked);
    let covers = |want: &&Want| match want {
        Want::Host { origin, method: approved } => {
            *origin == written && approved.as_ref().is_none_or(|approved| approved == method)
        }
        _ => false,
    };
    let want = lock.approved(&entry.connector).and_then(|approved| approved.wants.iter().find(covers));
    let told = want.map(|want| format!("{} {want}", want.kind()));
    let adds = |entry: &&Entry| told.as_ref().is_some_and(|told| entry.added.contains(told));
    let mut history = lock.history.iter().rev().filter(|past| past.name == entry.connector);
    Approval { entry: history.find(adds).cloned(), want: want.map(ToString::to_string) }
}

fn granted_key(grant: &Key, entry: &ConnectionEntry, granted: &Granted) -> Key {
    let (key, list) = match granted.list {
        GrantList::Origins => (grant.name("origins"), &entry.grant.origins),
        GrantList::PlainHttp => (grant.name("plain_http"), &entry.grant.plain_http),
    };
    place_of(&key, list, |text| *text == granted.text)
}

fn address_key(grant: &Key, entry: &ConnectionEntry, address: &VettedAddress) -> Key {
    let plain = std::net::SocketAddr::new(address.address.ip().to_canonical(), address.address.port());
    place_of(&grant.name("private_addresses"), &entry.grant.private_addresses, |text| text.parse() == Ok(plain))
}

fn place_of(key: &Key, list: &[String], is_it: impl Fn(&String) -> bool) -> Key {
    list.iter().position(is_it).map_or_else(|| key.clone(), |at| key.index(at))
}

fn credential(entry: &ConnectionEntry, slot: &SlotUse) -> Credential {
    let parts = entry.credentials.get(&slot.slot).into_iter().flatten();
    let sources = parts.map(|(part, place)| match place {
        SecretPlace::Environment(name) => format!("{part} from variable {name}"),
        SecretPlace::File(path) => format!("{part} from file {}", path.display()),
        SecretPlace::Vault(name) => format!("{part} from secret {name}"),
    });
    Credential { slot: slot.clone(), sources: sources.collect() }
}
