//! Prints what an upstream echoes, the secret of the slot `token` included, to standard output (record `out`) or standard
//! error (`error`); for `escapes` a line with terminal escape codes, for `flood` far more than a call may log. The host puts
//! it into the log, without secrets and control characters and up to the limits of the log.

use serde_json::json;
use wharf_guests::wasi;
use wharf_sdk::{Describe, Item, Manifest, Records, Result};

struct WasiPrints;

impl Describe for WasiPrints {
    fn manifest() -> Manifest {
        wharf_guests::with_upstream(wharf_guests::probe("wasi-prints", []))
    }
}

impl Records for WasiPrints {
    fn get(_: &str, id: &str) -> Result<Item> {
        match id {
            "escapes" => wasi::print(b"\x1b[2Jcleared\r\nerror: forged\n\x1b]0;owned\x07 and no end of line")?,
            "flood" => (0..1000).try_for_each(|line| wasi::print(format!("line {line}\n").as_bytes()))?,
            _ => {
                let headers = [("wharf-credential".to_owned(), "token".to_owned())];
                let answer = wasi::send("GET", &wharf_guests::upstream("/echo/body")?, &headers, None)?;
                let print = if id == "out" { wasi::print } else { wasi::print_error };
                // In two writes: a line is what ends with a line break, not what is written at once.
                let (head, tail) = answer.body.split_at(answer.body.len() / 2);
                print(head)?;
                print(tail)?;
                print(b"\n")?;
            }
        }
        wharf_guests::found(id, &json!({}))
    }
}

wharf_sdk::export!(WasiPrints: describe, records);

fn main() {}
