//! What a hostile upstream answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_host::Error;
use wharf_host::model::{Answer, Item};

use super::world::{SECRET, SHOP, World};
use super::{Row, outcome};

const ENDLESS: [(&str, &str, &str); 12] = [
    ("bomb of gzip", "/bomb/gzip", "too-large"),
    ("bomb of brotli", "/bomb/brotli", "too-large"),
    ("bomb of zstd", "/bomb/zstd", "too-large"),
    ("bomb inside a bomb", "/bomb/twice", "sent-no-answer"),
    ("coding that nobody asked for", "/coding", "sent-no-answer"),
    ("body without end", "/endless", "too-large"),
    ("headers without end", "/headers", "sent-no-answer"),
    ("trailers without end", "/trailers", "sent-no-answer"),
    ("extensions of a chunk without end", "/extensions", "sent-no-answer"),
    ("two lengths", "/lengths", "sent-no-answer"),
    ("coding behind another coding", "/codings", "sent-no-answer"),
    ("coding of the transfer", "/transfer-coding", "sent-no-answer"),
];

const SLOW: [(&str, &str); 2] =
    [("byte by byte without end", "/drip"), ("preliminary answers without end", "/informational")];

const ECHOES: [(&str, &str, &str); 15] = [
    ("credential in the body", "/echo/body", "200"),
    ("credential in a header", "/echo/header", "200"),
    ("credential in base64", "/echo/base64", "200"),
    ("credential in hexadecimal", "/echo/hex", "200"),
    ("credential percent-encoded", "/echo/percent", "200"),
    ("credential in escapes of JSON", "/echo/json", "200"),
    ("credential in references of HTML", "/echo/html", "200"),
    ("credential in UTF-16", "/echo/utf-16", "200"),
    ("credential in the name of a header", "/echo/name", "200"),
    ("credential compressed by gzip", "/echo/gzip", "200"),
    ("credential in brotli", "/echo/brotli", "200"),
    ("credential in zstd", "/echo/zstd", "200"),
    ("credential in chunks of a byte", "/echo/split", "200"),
    ("credential in an error", "/echo/status", "500"),
    ("credential in an answer that breaks off", "/echo/broken", "sent-no-answer"),
];

pub(super) async fn rows() -> anyhow::Result<Vec<Row>> {
    let world = World::new().await?;
    let mut rows = Vec::new();
    for (import, connection) in world.connections(SHOP).await? {
        let ask = async |path: &str| {
            let url = format!("{}{path}", world.origin(SHOP));
            let fields = [("url".to_owned(), url), ("credential".to_owned(), "token".to_owned())];
            connection.lookup("probe", &fields, 1).await
        };
        for (name, path, expected) in ENDLESS {
            rows.push(Row::new(name, import, expected, outcome(&ask(path).await)));
        }
        let impatient = world.impatient(import, SHOP).await?;
        for (name, path) in SLOW {
            let fields = [("url".to_owned(), format!("{}{path}", world.origin(SHOP)))];
            let seen = outcome(&impatient.lookup("probe", &fields, 1).await);
            rows.push(Row::new(name, import, "deadline", seen));
        }
        for (name, path, expected) in ECHOES {
            let result = ask(path).await;
            rows.push(Row::new(name, import, &format!("{expected}, no secret"), searched(&result)));
        }
        let elsewhere = format!("/redirect?http://{}/", world.other.address());
        let result = ask(&elsewhere).await;
        let followed = if world.other.arrived().is_empty() { "not followed" } else { "FOLLOWED" };
        let seen = format!("{}, {followed}", searched(&result));
        rows.push(Row::new("redirect to loopback with the credential", import, "302, no secret, not followed", seen));
        let sent = world.upstream.arrived().iter().filter(|head| head.contains(SECRET)).count();
        let seen = if sent > 0 { "the upstream had it" } else { "NEVER SENT" };
        rows.push(Row::new("(control: the credential was sent)", import, "the upstream had it", seen));
    }
    Ok(rows)
}

/// Says what came of it, and whether the secret is in anything that came out of the host.
fn searched(result: &Result<Answer<Vec<Item>>, Error>) -> String {
    let documents = match result {
        Ok(answer) => {
            answer.value.iter().map(|item| String::from_utf8_lossy(item.document.as_bytes()).into_owned()).collect()
        }
        Err(error) => error.to_string(),
    };
    let text = format!("{documents} {result:?}");
    let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let hex = hex_of(SECRET);
    let escaped: String = SECRET.bytes().map(|byte| format!("u{byte:04x}")).collect();
    let references: String = SECRET.bytes().map(|byte| format!("&#{byte};")).collect();
    let forms = [SECRET.to_owned(), STANDARD.encode(SECRET), hex.to_uppercase(), hex, percent, escaped, references];
    // What is UTF-16 has a zero beside each letter, and a document has its backslashes twice.
    let text = text.replace("\\\\u0000", "").replace("\\u0000", "").replace('\\', "");
    let found = forms.iter().any(|form| text.contains(form));
    format!("{}, {}", outcome(result), if found { "LEAKED" } else { "no secret" })
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
