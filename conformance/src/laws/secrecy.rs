//! Secrets: in nothing that the trials before brought to light.

use anyhow::Result;

use crate::report::Law;
use crate::stage::Stage;

/// The witness has searched every argument, request and answer of all laws before, every cursor and every ledger.
pub(super) async fn nowhere(stage: &Stage, law: &mut Law) -> Result<()> {
    let (leaks, texts) = stage.witness.leaks();
    law.cases = texts;
    law.broken = u64::try_from(leaks.len()).unwrap_or(u64::MAX);
    law.first = leaks.first().map(|place| crate::report::Broken {
        case: place.clone(),
        seen: "a secret value is in it".to_owned(),
        requests: Vec::new(),
    });
    law.not_tried("nothing was asked or answered");
    Ok(())
}
