//! The program as an operator uses it: files and arguments in, text, JSON and exit codes out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

mod approval;
mod command_line;
mod connectors;
mod explain;
mod mistakes;
mod people;
mod secrets;
mod serving;
#[cfg(unix)]
mod signals;
mod state;
mod templates;
mod tls;
mod tokens;
mod upgrades;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A directory with an installation file, and the program run in it.
struct Site {
    directory: TempDir,
}

/// What the program did.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Site {
    fn new(file: &str) -> Self {
        let site = Self { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir(site.path("connectors")).unwrap();
        site.write("wharf.toml", file);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Installs a built component. The site's own file may be one with mistakes, so it is left out of it.
    fn install(&self, name: &str) {
        let component = wharf_test_support::component_path(name).unwrap();
        let component = component.to_str().unwrap();
        let ended = self.run(&["--file", "none.toml", "install", component, "--approve", "--by", "tests"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        program(self.directory.path(), arguments)
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments))
    }

    /// Runs with `--json`; what is printed has to be one JSON value, and nothing else.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ended = self.run(&[&["--json"], arguments].concat());
        assert_eq!(ended.stderr, "");
        (ended.code, serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout)))
    }
}

fn program(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
    command.current_dir(directory).args(arguments).env_remove("WHARF_FILE").env_remove("WHARF_LOG");
    command
}

fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
