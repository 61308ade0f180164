//! Sets the times of the file that an intent's document names, a JSON text, and tells in the id of what it made `ok` or
//! WASI's code. The host lets that be done to files and directories, and to nothing that would block who opens it.

use wharf_guests::wasi;
use wharf_sdk::manifest::{Files, Write};
use wharf_sdk::{Action, Describe, Failure, Intent, Manifest, Outcome, Preview, Result, Verdict, Writing};

struct WasiTouches;

impl Describe for WasiTouches {
    fn manifest() -> Manifest {
        wharf_guests::manifest("wasi-touches")
            .files(Files::read_write("Sets the times of what it is told to."))
            .write(Write::new("probe", [Action::Create], true).raw(serde_json::json!({})))
    }
}

impl Writing for WasiTouches {
    fn plan(_: &Intent) -> Result<Preview> {
        Err(Failure::unsupported("plan", "it only touches"))
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        let path: String = intent.document()?;
        let touched = wasi::touch(&path);
        Ok(Outcome::applied(touched.map_or_else(|code| code, |()| "ok".to_owned())))
    }

    fn verify(_: &Intent) -> Result<Verdict> {
        Ok(Verdict::Absent)
    }
}

wharf_sdk::export!(WasiTouches: describe, writing);

fn main() {}
