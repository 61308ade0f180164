//! What a connector says of itself, and of what it is given.

use anyhow::Result;
use serde_json::Value;
use wharf_host::Host;
use wharf_host::model::{Bounds, Cursor};

use crate::report::Law;
use crate::stage::Stage;

/// Loading checks the manifest against the exports; a pure manifest is the same each time.
pub(super) async fn manifest(stage: &Stage, component: &[u8], law: &mut Law) -> Result<()> {
    let again = Host::builder().build()?.load(component).await?;
    let differs = again.manifest() != stage.connector.manifest();
    law.case(|| "loaded twice".to_owned(), differs.then(|| "the manifests differ".to_owned()), Vec::new());
    for write in &stage.connector.manifest().writes {
        let silent = write.actions.is_empty().then(|| "it lists no action".to_owned());
        law.case(|| format!("write `{}`", write.entity), silent, Vec::new());
    }
    Ok(())
}

pub(super) async fn required_fields(stage: &Stage, law: &mut Law) -> Result<()> {
    let schema = &stage.connector.manifest().config.schema;
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    for field in required.iter().filter_map(Value::as_str) {
        let mut config = stage.scenario.connection.config.clone();
        config.as_object_mut().map(|fields| fields.remove(field));
        let violations = stage.connector.validate_config(&config).await?;
        let named = violations.iter().any(|one| one.path.contains(field) || one.message.contains(field));
        let seen = (!named).then(|| format!("it is not named: {violations:?}"));
        law.case(|| format!("without `{field}`"), seen, Vec::new());
    }
    law.not_tried("no field is required");
    Ok(())
}

pub(super) async fn previous(stage: &Stage, law: &mut Law) -> Result<()> {
    for previous in &stage.scenario.previous {
        let from = previous.config_version;
        let seen = match stage.connector.migrate_config(from, &previous.config).await {
            Ok(config) => {
                let violations = stage.connector.validate_config(&config).await?;
                (!violations.is_empty()).then(|| format!("migrated, it is refused: {violations:?}"))
            }
            Err(error) => Some(error.to_string()),
        };
        law.case(|| format!("configuration of version {from}"), seen, Vec::new());
        for (feed, version, text) in &previous.cursors {
            let cursor = Cursor { version: *version, bytes: text.clone().into_bytes() };
            let pulled = stage.rested().pull(feed, Some(&cursor), &Bounds::default()).await;
            let seen = pulled.err().map(|error| error.to_string());
            law.case(|| format!("cursor of version {version} of feed `{feed}`"), seen, stage.trouble.requests());
        }
    }
    law.not_tried("the scenario has nothing of an earlier release");
    Ok(())
}
