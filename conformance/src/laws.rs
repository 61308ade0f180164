//! The laws, each in its room.

mod describing;
mod reading;
mod secrecy;
mod telling;
mod writing;

use anyhow::Result;

use crate::report::Law;
use crate::stage::Stage;

/// Tries the laws in their order, or those that are named.
pub(crate) async fn all(
    stage: &Stage,
    component: &[u8],
    only: &[String],
    heard: &dyn Fn(&'static str),
) -> Result<Vec<Law>> {
    let mut laws = Vec::new();
    macro_rules! law {
        ($law:literal, $title:literal, $tried:expr) => {
            if only.is_empty() || only.iter().any(|one| one == $law) {
                heard(concat!($law, " ", $title));
                stage.reset().await?;
                stage.trouble.plan(None);
                let mut law = Law::new($law, $title);
                let tried: Result<()> = $tried(stage, &mut law).await;
                if let Err(error) = tried {
                    // The others are tried all the same: together they say what is wrong.
                    law.case(|| "as a whole".to_owned(), Some(format!("{error:#}")), stage.trouble.requests());
                }
                laws.push(law);
            }
        };
    }
    law!("L1", "the manifest is pure and matches the exports", async |stage, law| {
        describing::manifest(stage, component, law).await
    });
    law!("L2", "a required field that is missing is named", describing::required_fields);
    law!("L3", "the same cursor gives the same page", reading::same_page);
    law!("L4", "resuming at any boundary loses and doubles nothing", reading::resumes);
    law!("L5", "a failure advances no cursor", reading::failures);
    law!("L6", "plan sends nothing, and apply sends what it showed", writing::plan);
    law!("L7", "applying twice gives one document", writing::twice);
    law!("L8", "ended, overtaken or the clock set at any request: one document", writing::ended);
    law!("L9", "any answer lost: asked about, not repeated blindly", writing::answers_lost);
    law!("L10", "a second run plans nothing", writing::second_run);
    law!("L11", "each fault becomes its cause, at every request", writing::faults);
    law!("L12", "webhooks and polling come to the same", telling::webhooks);
    law!("L13", "no secret is anywhere", secrecy::nowhere);
    law!("L14", "what the previous release left goes on", describing::previous);
    Ok(laws)
}
