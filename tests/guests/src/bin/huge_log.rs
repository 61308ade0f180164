//! Logs far more than a call may, when a record is read: a thousand lines for `lines`, a line of a mebibyte for
//! `bytes`, and for anything else one line with terminal escape codes and line breaks. The host keeps what its limits
//! allow, says that it dropped the rest, and removes control characters.

use serde_json::json;
use wharf_sdk::{Describe, Item, Manifest, Records, Result, log};

struct HugeLog;

impl Describe for HugeLog {
    fn manifest() -> Manifest {
        wharf_guests::probe("huge-log", [])
    }
}

impl Records for HugeLog {
    fn get(_: &str, id: &str) -> Result<Item> {
        match id {
            "lines" => (0..1000).for_each(|line| log::info("line", &[("number", &line)])),
            "bytes" => log::info("long", &[("text", &"x".repeat(1024 * 1024))]),
            _ => log::info("\u{1b}[2Jcleared\r\nerror: forged", &[("tit\u{7}le", &"\u{1b}]0;owned\u{7}")]),
        }
        wharf_guests::found(id, &json!({}))
    }
}

wharf_sdk::export!(HugeLog: describe, records);

fn main() {}
