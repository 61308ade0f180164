//! Logs: to stderr, filtered, as text or JSON lines.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::Shared;
use crate::failure::Failure;
use crate::output::Output;

/// Starts logging.
pub(crate) fn start(shared: &Shared, output: &Output) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(directives(&shared.log)).map_err(|error| {
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

/// Applies a level that stands alone to Wharf's own lines: at `trace` the compiler of connectors alone writes millions.
fn directives(filter: &str) -> String {
    let level = filter.trim();
    if level.parse::<LevelFilter>().is_ok() { format!("warn,wharf={level}") } else { level.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn level_alone_is_for_our_own_lines() {
        assert_eq!(directives("trace"), "warn,wharf=trace");
        assert_eq!(directives(" off"), "warn,wharf=off");
        assert_eq!(directives("wharf_flow=debug,hyper=info"), "wharf_flow=debug,hyper=info");
        assert_eq!(directives("nonsense"), "nonsense");
    }
}
