//! Tasks, which Operand lists job by job.

use std::ops::ControlFlow;

use wharf_sdk::failure::{Cause, MissingKind};
use wharf_sdk::{Bounds, Failure, Item, PageBuilder, Result};

use crate::api::{self, Task};
use crate::client::Client;
use crate::convert::instant;
use crate::feeds::Row;
use crate::listing::walk;
use crate::source::TASK;

/// Adds the tasks of a job after the one that was done last. When the page is full, returns the last task of the job that
/// is done now; empty when none is.
pub(crate) fn push(
    client: &Client,
    job: &Row<'_>,
    after: Option<&str>,
    bounds: &Bounds,
    page: &mut PageBuilder,
) -> Result<Option<String>> {
    let tasks = tasks_of(client, &job.id)?;
    // A task that is gone meanwhile does not say where to go on, so all are read again.
    let done = after.and_then(|after| tasks.iter().position(|task| task.id == after)).map_or(0, |index| index + 1);
    let mut last = after.filter(|_| done > 0).unwrap_or_default().to_owned();
    for task in tasks.into_iter().skip(done) {
        if task.updated.is_some_and(|updated| !bounds.contain(updated)) {
            continue;
        }
        let id = task.id.clone();
        if page.push(task).is_some() {
            return Ok(Some(last));
        }
        last = id;
    }
    Ok(None)
}

/// Reads the tasks of a job, each once; none of a job that is gone.
fn tasks_of(client: &Client, job: &str) -> Result<Vec<Item>> {
    let mut tasks: Vec<Item> = Vec::new();
    let walked = walk(client, &["beta", "jobs", job, "tasks"], &[], |raw| {
        let task: Task<'_> = api::read(raw)?;
        if task.id().is_empty() {
            return Err(Failure::contract_changed("a task has no id", raw.get()));
        }
        if tasks.iter().all(|known| known.id != task.id()) {
            let mut item = Item::from_text(TASK, task.id(), raw.get());
            item.deleted = task.is_deleted.is_set();
            tasks.push(match instant(client.config.zone(), task.updated.get()) {
                Some(updated) => item.revision(updated).updated(updated),
                None => item,
            });
        }
        Ok(ControlFlow::<()>::Continue(()))
    });
    match walked {
        Ok(walked) => walked.found("rows", "search_pages").map(|_| tasks),
        Err(failure) if is_gone(&failure) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

fn is_gone(failure: &Failure) -> bool {
    matches!(failure.cause(), Cause::NotFound(missing) if missing.kind == MissingKind::Endpoint)
}
