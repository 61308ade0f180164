//! Logs: to stderr, filtered, as text or JSON lines.

use tracing_subscriber::EnvFilter;

use crate::arguments::Shared;
use crate::failure::Failure;
use crate::output::Output;

/// Starts logging.
pub(crate) fn start(shared: &Shared, output: &Output) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&shared.log).map_err(|error| {
        Failure::usage(format!("`{}` is no log filter ({error}); write `info` or `wharf_flow=debug`", shared.log))
    })?;
    let writer = {
        let output = output.clone();
        move || output.clone()
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    // Only a second start could fail, and there is none.
    let _ = if output.is_json() { lines.json().try_init() } else { lines.with_ansi(output.log_colour()).try_init() };
    Ok(())
}
