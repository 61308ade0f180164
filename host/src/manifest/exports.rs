//! Whether a manifest and the component say the same. Pure.

use super::Manifest;
use crate::inspect::Inspection;
use crate::model::Violation;

/// Returns what one side says and the other does not.
pub(super) fn violations(manifest: &Manifest, inspection: &Inspection) -> Vec<Violation> {
    let pairs = [
        ("feeds", "/feeds", !manifest.feeds.is_empty()),
        ("records", "/records", !manifest.records.is_empty()),
        ("writing", "/writes", !manifest.writes.is_empty()),
        ("references", "/reference_lists", !manifest.reference_lists.is_empty()),
        ("counts", "/feeds", manifest.feeds.iter().any(|feed| feed.countable)),
        ("webhooks", "/webhooks", manifest.webhooks.is_some()),
        ("serving", "/serves", !manifest.serves.is_empty()),
    ];
    let disagree = |&(interface, _, declared): &(&str, &str, bool)| declared != inspection.exports_interface(interface);
    let mut found: Vec<Violation> = pairs.iter().copied().filter(disagree).map(disagreement).collect();
    if inspection.exports_interface("subscriptions") && manifest.webhooks.is_none() {
        found.push(disagreement(("subscriptions", "/webhooks", false)));
    }
    found.extend(files(manifest, inspection));
    found
}

/// Files that are asked for have to be imported. The other way round is no disagreement: the tools of some languages
/// import files always, and without the question there are none.
fn files(manifest: &Manifest, inspection: &Inspection) -> Option<Violation> {
    if manifest.files.is_none() || inspection.imports_files() {
        return None;
    }
    let message = "the manifest asks for files, but the component does not import `wasi:filesystem`; build it with \
                   `wharf build --wasi`, or take `files` out";
    Some(Violation { path: "/files".to_owned(), code: "not-imported".to_owned(), message: message.to_owned() })
}

fn disagreement((interface, path, declared): (&str, &str, bool)) -> Violation {
    let (code, message) = if declared {
        (
            "not-exported",
            format!("the manifest promises it, but the component does not export `{interface}`; export it"),
        )
    } else {
        (
            "not-declared",
            format!("the component exports `{interface}`, but the manifest says nothing of it; declare it"),
        )
    };
    Violation { path: path.to_owned(), code: code.to_owned(), message }
}
