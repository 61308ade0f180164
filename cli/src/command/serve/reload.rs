//! Taking up what changed in the installation while it is served.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Arguments, Before, Context, Served};
use crate::failure::{Exit, Failure};
use crate::site::Installation;

/// How often the files are looked at. A change is taken up when two looks find the same: no half of a file is read.
const LOOK: Duration = Duration::from_secs(1);

/// How often a change that was refused is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// What the files of an installation hold: its own, the approvals, the listener's certificate and key. Values of secrets
/// are asked for again whenever they are used, so they are not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks(BTreeMap<PathBuf, Option<u64>>);

impl Marks {
    /// Notes what the installation file holds.
    pub(super) fn of_file(path: &Path) -> Self {
        Self(BTreeMap::from([mark(path.to_owned())]))
    }

    /// Notes what the other files hold that were read with it.
    pub(super) fn with(mut self, installation: &Installation) -> Self {
        let file = &installation.file;
        let tls = file.serve.iter().filter_map(|serve| serve.tls.as_ref());
        let tls = tls.flat_map(|(certificate, key)| [certificate, key]);
        let paths = [&file.settings.lock].into_iter().chain(tls).map(|path| installation.path(path));
        self.0.extend(paths.map(mark));
        self
    }

    /// Looks at the same files again.
    fn again(&self) -> Self {
        Self(self.0.keys().cloned().map(mark).collect())
    }
}

fn mark(path: PathBuf) -> (PathBuf, Option<u64>) {
    let content = std::fs::read(&path).ok().map(|content| {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        hasher.finish()
    });
    (path, content)
}

/// Waits until the installation is another one, and opens it. One with mistakes is reported once, what is served goes on as it
/// was, and it is tried again: what is missing may be a file that nobody looks at, or an address that was taken.
///
/// # Errors
/// When the mistake is that a connector which is served was revoked: nothing runs that is not approved.
pub(super) async fn changed(
    served: &Marks,
    arguments: &Arguments,
    context: &Context,
    before: &Before<'_>,
) -> Result<Served, Failure> {
    let (mut known, mut last) = (served.clone(), served.clone());
    let mut refused: Option<Refused> = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = known.again();
        let is_whole = now == std::mem::replace(&mut last, now.clone());
        let is_due = refused.as_ref().is_some_and(|refused| refused.at.elapsed() >= AGAIN);
        if !is_whole || (now == known && !is_due) {
            continue;
        }
        match Box::pin(Served::open(arguments, context, Some(before))).await {
            Ok(next) => return Ok(next),
            Err(failure) => {
                revoked(before)?;
                let error = failure.json();
                if refused.is_none_or(|refused| refused.error != error) {
                    tell(&failure, &error, context);
                }
                refused = Some(Refused { error, at: Instant::now() });
                known = now;
            }
        }
    }
}

/// A change that is not taken up.
struct Refused {
    error: Value,
    /// When it was tried last.
    at: Instant,
}

fn tell(failure: &Failure, error: &Value, context: &Context) {
    let json = json!({ "event": "reload-refused", "error": error });
    context.output.event(&json, "the installation changed, and is not taken up; what was served goes on:");
    if !context.output.is_json() {
        context.output.failure(failure);
    }
}

/// Fails when a connector that is served has no approval any more. One that was upgraded has.
fn revoked(before: &Before<'_>) -> Result<(), Failure> {
    // One that cannot be read takes nothing back.
    let Ok(lock) = before.site.installation.approvals().read() else { return Ok(()) };
    let mut served = before.site.connections().values().map(|connection| &connection.manifest().name);
    let Some(name) = served.find(|name| lock.approved(name).is_none()) else { return Ok(()) };
    let text =
        format!("connector `{name}` was revoked while it was served; install it again, or take its connections out");
    Err(Failure::new(Exit::Connector, "not-approved", text))
}
