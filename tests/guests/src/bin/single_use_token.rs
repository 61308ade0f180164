//! Signs in by a refresh token that counts once, which the upstream replaces with every access token, and says in its only
//! step what the upstream answered. The host refreshes once for everybody who shares its store.

use wharf_sdk::manifest::{Oauth2Client, Origin, Slot};
use wharf_sdk::setup::{Checks, Step};
use wharf_sdk::{Describe, Manifest, Result, Setup, http};

struct SingleUseToken;

impl Describe for SingleUseToken {
    fn manifest() -> Manifest {
        let grant = Oauth2Client::new(Origin::config("base_url"), "/token");
        let account = Slot::oauth2_refresh("account", grant).audience(Origin::config("base_url"));
        wharf_guests::with_upstream(wharf_guests::manifest("single-use-token")).credential(account)
    }
}

impl Setup for SingleUseToken {
    fn check() -> Vec<Step> {
        Checks::new().step("sign in", "sign in again", signed_in).finish()
    }
}

fn signed_in() -> Result<String> {
    let answer = http::get(&wharf_guests::upstream("/orders")?).credential("account").send()?.expect_success()?;
    Ok(String::from_utf8_lossy(answer.bytes()).into_owned())
}

wharf_sdk::export!(SingleUseToken: describe, setup);

fn main() {}
