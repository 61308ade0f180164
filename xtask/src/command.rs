//! Running other programs.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Starts `cargo` of the toolchain that runs this task, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::root());
    command
}

/// Runs a program to its end, with a line before and after it.
///
/// # Errors
/// When the program cannot be started or ends with a failure.
pub(crate) fn step(title: &str, command: &mut Command) -> Result<()> {
    timed(title, || {
        let program = command.get_program().to_string_lossy().into_owned();
        let status = command.status().with_context(|| format!("cannot start `{program}`; install it"))?;
        if !status.success() {
            bail!("{title}: `{program}` ended with {status}; its output above says why");
        }
        Ok(())
    })
}

/// Does some work, with a line before and after it.
///
/// # Errors
/// What the work fails with.
pub(crate) fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    eprintln!("{} {title}", mark("==>"));
    let value = work()?;
    eprintln!("{} {title}, {:.1} s", mark(" ok"), start.elapsed().as_secs_f64());
    Ok(value)
}

/// Colours a mark when standard error is a terminal.
pub(crate) fn mark(text: &str) -> String {
    use std::io::IsTerminal;
    let plain = !std::io::stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some();
    if plain {
        return text.to_owned();
    }
    let style = anstyle::AnsiColor::Green.on_default().bold();
    format!("{style}{text}{style:#}")
}
