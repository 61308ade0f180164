//! Answers requests from look-ups: `GET /found?KEY=VALUE` with the documents that the sources of the role `customers`
//! have for it, `GET /record/ID` with the first source's record, `PUT /record/ID` hands the body over as an edit of it.
//! A failure is answered with its message and 502. `GET /named?NAME` asks the source of that name for everything, whatever was
//! granted, and answers with what each was told. `GET /slow` computes until the host ends the call.

use serde_json::value::RawValue;
use wharf_sdk::manifest::Webhooks as Hooks;
use wharf_sdk::{
    Action, Content, Delivery, Describe, Failure, Item, Manifest, Parsed, Records, Reply, Result, Serving, Webhooks,
    lookups,
};

struct LooksUp;

impl Describe for LooksUp {
    fn manifest() -> Manifest {
        wharf_guests::probe("looks-up", [])
            .webhooks(Hooks::new([]))
            .serve("GET", "/found")
            .serve("GET", "/record/{id}")
            .serve("PUT", "/record/{id}")
            .serve("GET", "/named")
            .serve("GET", "/slow")
    }
}

impl Records for LooksUp {
    /// What a connection that is looked up finds when it looks up itself.
    fn get(_entity: &str, id: &str) -> Result<Item> {
        let sources = lookups::sources().len();
        let refused = lookups::find("crm", &[("email", "x")], 1).err().map(|failure| failure.message().to_owned());
        let edit = lookups::submit("crm", Action::Update, None, "x").err().map(|failure| failure.message().to_owned());
        wharf_guests::found(id, &serde_json::json!({ "sources": sources, "refused": refused, "edit": edit }))
    }
}

impl Webhooks for LooksUp {
    fn parse(_delivery: Delivery) -> Parsed {
        Parsed::Rejected("this remote sends none".to_owned())
    }
}

impl Serving for LooksUp {
    fn serve(request: Delivery) -> Result<Reply> {
        let answered = answer(&request);
        Ok(answered.unwrap_or_else(|failure| Reply::text(502, "text/plain", failure.message().to_owned())))
    }
}

fn answer(request: &Delivery) -> Result<Reply> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let id = path.strip_prefix("/record/");
    match (request.method.as_str(), id) {
        ("PUT", Some(id)) => edit(id, &request.body),
        (_, Some(id)) => listed(vec![lookups::get(first()?.as_str(), id)?]),
        (_, None) if path == "/slow" => slow(),
        (_, None) if path == "/named" => named(query),
        (_, None) => {
            let (key, value) = query.split_once('=').unwrap_or((query, ""));
            let mut found = Vec::new();
            for source in lookups::in_role("customers").iter().filter(|source| source.has_key(key)) {
                found.extend(lookups::find(&source.name, &[(key, value)], 20)?);
            }
            listed(found)
        }
    }
}

fn first() -> Result<String> {
    let source = lookups::in_role("customers").into_iter().next();
    source.map(|source| source.name).ok_or_else(|| Failure::unsupported("customers", "no source was granted"))
}

fn named(source: &str) -> Result<Reply> {
    let told =
        |outcome: Result<usize>| outcome.map_or_else(|failure| failure.message().to_owned(), |n| format!("{n} found"));
    let answer = serde_json::json!({
        "sources": lookups::sources().into_iter().map(|source| source.name).collect::<Vec<_>>(),
        "get": told(lookups::get(source, "1").map(|_| 1)),
        "find": told(lookups::find(source, &[("email", "x")], 9).map(|found| found.len())),
        "submit": told(lookups::submit(source, Action::Update, Some("1"), "x").map(|_| 1)),
    });
    Ok(Reply::text(200, "application/json", answer.to_string()))
}

fn edit(id: &str, body: &[u8]) -> Result<Reply> {
    let document: &RawValue =
        serde_json::from_slice(body).map_err(|error| Failure::internal(format!("the body is not JSON: {error}")))?;
    let receipt = lookups::submit(&first()?, Action::Update, Some(id), document)?;
    Ok(Reply::text(200, "text/plain", format!("{receipt:?}")))
}

fn listed(items: Vec<Item>) -> Result<Reply> {
    let text = |item: Item| match item.content {
        Content::Document(text) => text,
        Content::Slice(_) => "null".to_owned(),
    };
    let documents: Vec<String> = items.into_iter().map(text).collect();
    Ok(Reply::text(200, "application/json", format!("[{}]", documents.join(","))))
}

fn slow() -> Result<Reply> {
    let mut turns = 0_u64;
    while std::hint::black_box(turns) < u64::MAX {
        turns = turns.wrapping_add(1);
    }
    Ok(Reply::text(200, "text/plain", turns.to_string()))
}

wharf_sdk::export!(LooksUp: describe, records, webhooks, serving);

fn main() {}
