//! Guests that want too much, or are not what they say.

use wharf_host::Error;
use wharf_host::model::{Answer, Bounds, Item};

use super::Row;
use super::world::World;
use crate::load_into;

/// Guest, record, and the code that its call ends with.
const READS: [(&str, &str, &str, &str); 9] = [
    ("loop without end", "loops-forever", "1", "deadline"),
    ("memory without end", "grows-memory", "1", "memory-exceeded"),
    ("recursion without end", "deep-recursion", "endless", "internal"),
    ("argument larger than the host holds", "huge-argument", "1", "memory-exceeded"),
    ("trap", "traps", "trap", "internal"),
    ("document that is no JSON", "broken-document", "cut", "internal"),
    ("document 10,000 levels deep", "broken-document", "deep", "internal"),
    ("log without end", "huge-log", "lines", "fine"),
    ("what WASI gives", "wasi-http-get", "belongings", r#"{"arguments":0,"directories":0,"variables":0}"#),
];

const PAGES: [(&str, &str, &str); 3] = [
    ("page of more items than asked for", "items", "internal"),
    ("page of more bytes than asked for", "bytes", "internal"),
    ("cursor of a mebibyte", "cursor", "internal"),
];

pub(super) async fn rows() -> anyhow::Result<Vec<Row>> {
    let world = World::new().await?;
    let mut rows = Vec::new();
    for (name, guest, record, expected) in READS {
        let connector = load_into(world.host(), guest).await?;
        let config = serde_json::json!({ "base_url": "https://shop.example.com" });
        let builder = connector.connect("test");
        let builder = if guest.starts_with("wasi") { builder.config(config) } else { builder };
        let connection = builder.build().await?;
        rows.push(Row::new(name, "-", expected, told(connection.get("probe", record).await)));
    }
    let connection = load_into(world.host(), "returns-huge-page").await?.connect("test").build().await?;
    let bounds = Bounds { max_items: 10, max_bytes: 1000, ..Bounds::default() };
    for (name, feed, expected) in PAGES {
        let pulled = connection.pull(feed, None, &bounds).await;
        rows.push(Row::new(
            name,
            "-",
            expected,
            pulled.map_or_else(|error| error.code().to_owned(), |_| "fine".into()),
        ));
    }
    rows.push(endless_pages(&world).await?);
    rows.extend(files(&world).await?);
    Ok(rows)
}

fn told(result: Result<Answer<Item>, Error>) -> String {
    match result {
        Ok(answer) => match String::from_utf8_lossy(answer.value.document.as_bytes()) {
            document if document == "{}" => "fine".to_owned(),
            document => document.into_owned(),
        },
        Err(error) => error.code().to_owned(),
    }
}

async fn endless_pages(world: &World) -> anyhow::Result<Row> {
    let connection = load_into(world.host(), "same-cursor").await?.connect("test").build().await?;
    let first = connection.pull("same", None, &Bounds::default()).await?.value;
    let second = connection.pull("same", Some(&first.next), &Bounds::default()).await;
    let seen = second.map_or_else(|error| error.code().to_owned(), |_| "fine".to_owned());
    Ok(Row::new("pages without end: the cursor stands still", "-", "internal", seen))
}

/// Files that are no connector.
async fn files(world: &World) -> anyhow::Result<Vec<Row>> {
    let whole = wharf_test_support::component("minimal")?;
    let half = whole.get(..whole.len() / 2).unwrap_or_default().to_vec();
    let table = [
        ("file that is no component", b"no component".to_vec(), "not-wasm"),
        ("module in the place of a component", b"\0asm\x01\0\0\0".to_vec(), "not-a-component"),
        ("component that is cut off", half, "truncated"),
        ("table without end, grown as it is loaded", growing_a_table(whole), "does-not-run"),
        (
            "component that lies in its manifest",
            wharf_test_support::component("lies-in-manifest")?,
            "manifest-mismatch",
        ),
    ];
    let mut rows = Vec::new();
    for (name, bytes, expected) in table {
        let loaded = world.host().load(&bytes).await;
        rows.push(Row::new(
            name,
            "-",
            expected,
            loaded.map_or_else(|error| error.code().to_owned(), |_| "fine".into()),
        ));
    }
    Ok(rows)
}

/// A module that grows its table again and again, as soon as there is an instance of it.
const GROWS_TABLE: [u8; 48] = [
    // Magic number and version; a type without parameters; one function of it; a table of one; the function to start.
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x04,
    0x04, 0x01, 0x70, 0x00, 0x01, 0x08, 0x01, 0x00, //
    // (loop (drop (table.grow 0 (ref.null func) (i32.const 65536))) (br 0))
    0x0a, 0x13, 0x01, 0x11, 0x00, 0x03, 0x40, 0xd0, 0x70, 0x41, 0x80, 0x80, 0x04, 0xfc, 0x0f, 0x00, 0x1a, 0x0c, 0x00,
    0x0b, 0x0b,
];

/// Adds that module, and an instance of it, to a component. No Rust program can do this by itself.
fn growing_a_table(mut component: Vec<u8>) -> Vec<u8> {
    let [Ok(length), Ok(index)] = [GROWS_TABLE.len(), modules(&component)].map(u8::try_from) else { return component };
    component.extend([1, length]);
    component.extend(GROWS_TABLE);
    component.extend([2, 4, 1, 0, index, 0]);
    component
}

/// Counts the modules in a component.
fn modules(component: &[u8]) -> usize {
    let (mut modules, mut rest) = (0, component.get(8..).unwrap_or_default());
    while let Some((kind, sized)) = rest.split_first() {
        let width = sized.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let digits = sized.iter().take(width).rev();
        let length = digits.fold(0, |length, digit| (length << 7) | usize::from(digit & 0x7f));
        modules += usize::from(*kind == 1);
        rest = sized.get(width + length..).unwrap_or_default();
    }
    modules
}
