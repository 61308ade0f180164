//! Talking to cargo.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use serde::Deserialize;

use crate::{BuildError, Options};

/// Profile that connectors ship as: fast, and with nothing imported that they do not use.
const PROFILE: &str = "guest";
/// The profile's settings, for workspaces that do not have it.
const PROFILE_SETTINGS: [&str; 7] = [
    "profile.guest.inherits=\"release\"",
    "profile.guest.opt-level=3",
    "profile.guest.lto=true",
    "profile.guest.codegen-units=1",
    "profile.guest.panic=\"abort\"",
    "profile.guest.strip=true",
    "profile.guest.debug=false",
];

/// What is to be built.
#[derive(Debug)]
pub(crate) struct Plan {
    manifest: PathBuf,
    workspace_root: PathBuf,
    packages: BTreeSet<String>,
}

/// A wasm module that cargo made.
#[derive(Debug)]
pub(crate) struct Module {
    /// Name of the library or program, in kebab-case.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    #[serde(default)]
    workspace_default_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
}

/// A line of `cargo build --message-format=json`; the other kinds of lines have other fields.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

fn no_cargo(source: std::io::Error) -> BuildError {
    BuildError::Program { program: "cargo".to_owned(), source }
}

/// Finds out which packages there are at `directory`, and which of them are wanted.
pub(crate) fn plan(directory: &Path, options: &Options) -> Result<Plan, BuildError> {
    let manifest = directory.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NoManifest(directory.to_owned()));
    }
    let manifest = manifest.canonicalize().map_err(BuildError::file(manifest))?;
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version=1", "--manifest-path"]).arg(&manifest);
    let output = command.current_dir(directory).output().map_err(no_cargo)?;
    if !output.status.success() {
        return Err(BuildError::Compile(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).map_err(|error| BuildError::Answer(error.to_string()))?;
    let packages = wanted(&metadata, &manifest, &options.packages)?;
    Ok(Plan { manifest, workspace_root: metadata.workspace_root, packages })
}

/// Returns the ids of the wanted packages: the named ones, else the one of the manifest, else the workspace's default.
fn wanted(metadata: &Metadata, manifest: &Path, names: &[String]) -> Result<BTreeSet<String>, BuildError> {
    if names.is_empty() {
        let own = metadata.packages.iter().find(|package| package.manifest_path == manifest);
        return Ok(match own {
            Some(package) => BTreeSet::from([package.id.clone()]),
            None => metadata.workspace_default_members.iter().cloned().collect(),
        });
    }
    let id = |name: &String| {
        let found = metadata.packages.iter().find(|package| package.name == *name);
        found.map(|package| package.id.clone()).ok_or_else(|| BuildError::NoModule(name.clone()))
    };
    names.iter().map(id).collect()
}

/// Has cargo build the plan; passes each line that cargo prints to `line`.
pub(crate) fn build(plan: &Plan, options: &Options, line: &mut dyn FnMut(&str)) -> Result<Vec<Module>, BuildError> {
    let mut child = command(plan, options)?.spawn().map_err(no_cargo)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(BuildError::Answer("it has no output".to_owned()));
    };
    let answer = thread::spawn(move || modules_of(stdout));
    let said = relay(stderr, line);
    let modules = answer.join().unwrap_or_else(|_| Err(BuildError::Answer("its reader stopped".to_owned())))?;
    if !child.wait().map_err(no_cargo)?.success() {
        return Err(BuildError::Compile(said));
    }
    let ours = |(package, module): (String, Module)| plan.packages.contains(&package).then_some(module);
    Ok(modules.into_iter().filter_map(ours).collect())
}

fn command(plan: &Plan, options: &Options) -> Result<Command, BuildError> {
    let mut command = cargo();
    command.args([
        "build",
        "--message-format=json-render-diagnostics",
        "--target",
        options.target(),
        "--profile",
        PROFILE,
    ]);
    command.arg("--manifest-path").arg(&plan.manifest);
    command.arg("--config").arg(rustflags(plan, options));
    if !has_profile(&plan.workspace_root)? {
        command.args(PROFILE_SETTINGS.iter().flat_map(|setting| ["--config", setting]));
    }
    for package in &plan.packages {
        command.args(["--package", package]);
    }
    if options.locked {
        command.arg("--locked");
    }
    if let Some(directory) = plan.manifest.parent() {
        command.current_dir(directory);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// Replaces the machine's own directories in panic messages, so that the same source gives the same component
/// everywhere. For WASI, keeps the linker from making a component by itself: ours puts the interfaces in order before.
fn rustflags(plan: &Plan, options: &Options) -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let mut flags: Vec<String> = [(home, "/cargo"), (plan.workspace_root.clone(), "/source")]
        .into_iter()
        .filter(|(directory, _)| !directory.as_os_str().is_empty())
        .map(|(directory, name)| format!("--remap-path-prefix={}={name}", directory.display()))
        .collect();
    if options.wasi {
        flags.push("-Clink-arg=--skip-wit-component".to_owned());
    }
    // A list of strings is written the same way in JSON and in TOML.
    format!("target.{}.rustflags={}", options.target(), serde_json::Value::from(flags))
}

fn has_profile(workspace_root: &Path) -> Result<bool, BuildError> {
    let manifest = workspace_root.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(BuildError::file(manifest))?;
    Ok(text.lines().any(|line| line.trim() == format!("[profile.{PROFILE}]")))
}

/// Passes lines on, and returns the last of them.
fn relay(stderr: impl Read + Send + 'static, line: &mut dyn FnMut(&str)) -> String {
    const KEPT_LINES: usize = 400;
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        for text in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&text).into_owned()).is_err() {
                break;
            }
        }
    });
    let mut said = Vec::new();
    for text in receiver {
        line(&text);
        said.push(text);
    }
    let _ = reader.join();
    said.split_off(said.len().saturating_sub(KEPT_LINES)).join("\n")
}

/// Reads cargo's messages: the wasm files of libraries and programs, each with its package.
fn modules_of(stdout: impl Read) -> Result<Vec<(String, Module)>, BuildError> {
    let mut modules = Vec::new();
    for text in BufReader::new(stdout).lines() {
        let text = text.map_err(|error| BuildError::Answer(error.to_string()))?;
        // Build scripts and macros may print lines of their own.
        let Ok(message) = serde_json::from_str::<Message>(&text) else { continue };
        if let Some(module) = module_of(message) {
            modules.push(module);
        }
    }
    Ok(modules)
}

fn module_of(message: Message) -> Option<(String, Module)> {
    let target = message.target?;
    let is_module = target.crate_types.iter().any(|kind| kind == "cdylib" || kind == "bin");
    if message.reason != "compiler-artifact" || !is_module {
        return None;
    }
    let path = message.filenames.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "wasm"))?;
    Some((message.package_id, Module { name: target.name.replace('_', "-"), path }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use super::*;

    #[test]
    fn only_wasm_files_of_libraries_and_programs_are_modules() {
        let lines = [
            r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"my_shop","crate_types":["cdylib","rlib"]},"filenames":["/t/my_shop.wasm","/t/libmy_shop.rlib"]}"#,
            r#"{"reason":"compiler-artifact","package_id":"q","target":{"name":"serde","crate_types":["lib"]},"filenames":["/t/libserde.rlib"]}"#,
            r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"build-script-build","crate_types":["bin"]},"filenames":["/t/build-script-build"]}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "a line of somebody else",
        ];
        let modules = modules_of(lines.join("\n").as_bytes()).expect("reads");
        let found: Vec<_> = modules.iter().map(|(package, module)| (package.as_str(), module.name.as_str())).collect();
        assert_eq!(found, [("p", "my-shop")]);
    }
}
