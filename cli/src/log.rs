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
///
/// Lines below `info` of the HTTP/2 library are left out whatever the filter says: they quote what a remote writes as its
/// reason to end a connection, before anybody has searched it for secrets.
fn directives(filter: &str) -> String {
    let level = filter.trim();
    if level.parse::<LevelFilter>().is_ok() {
        return format!("warn,wharf={level}");
    }
    let mut directives: Vec<&str> = level.split(',').filter(|one| !is_of_http2(one)).collect();
    directives.push("h2=info");
    directives.join(",")
}

fn is_of_http2(directive: &str) -> bool {
    let target = directive.trim().split(['=', '[']).next().unwrap_or_default();
    target == "h2" || target.starts_with("h2::")
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn level_alone_is_for_our_own_lines() {
        assert_eq!(directives("trace"), "warn,wharf=trace");
        assert_eq!(directives(" off"), "warn,wharf=off");
        assert_eq!(directives("wharf_flow=debug,hyper=info"), "wharf_flow=debug,hyper=info,h2=info");
        assert_eq!(directives("nonsense"), "nonsense,h2=info");
    }

    #[test]
    fn what_a_remote_gives_as_its_reason_is_not_logged() {
        for filter in ["trace,hyper=info", "h2=trace", "h2::proto=trace,debug", "trace,h2[frame]=trace"] {
            let directives = directives(filter);
            assert!(directives.ends_with("h2=info") && directives.matches("h2").count() == 1, "{directives}");
        }
    }
}
