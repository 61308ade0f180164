//! Does with files what it is told, and tells what came of it: attacks on the directory of a connection are lists of steps
//! in the tests. `records.lookup` does the steps of the query's field `steps`; `apply`, `plan` and `verify` those of the
//! intent's document, and tell the results in the id of what they made, or in the message of a failure.
//!
//! It is built for `wasm32-wasip2`, where `std::fs` leads to WASI. The host gives it one directory, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use serde::Deserialize;
use wharf_sdk::manifest::{Files, Records as RecordAccess, Write};
use wharf_sdk::{
    Action, Describe, Failure, Intent, Item, Manifest, Outcome, Preview, Records, Result, Verdict, Writing,
};

struct FileRobot;

/// One thing to do. Paths are the guest's own.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Step {
    /// Makes a file, or empties it, and writes a text.
    Write { path: String, text: String },
    /// Makes a file and writes so many bytes, in chunks.
    Fill { path: String, bytes: usize },
    /// Adds so many bytes to the end.
    Append { path: String, bytes: usize },
    /// Makes so many empty files `{path}{n}`; tells how many there are.
    Many { path: String, files: u32 },
    /// Sets the size without writing.
    Resize { path: String, bytes: u64 },
    /// Writes so many bytes into a file that has no name any more, so many times, all held open.
    Nameless { path: String, bytes: usize, times: u32 },
    /// Opens a file so many times and holds all of them.
    Hold { path: String, times: u32 },
    /// Reads a text.
    Read { path: String },
    /// Lists names, sorted.
    List { path: String },
    /// Opens so many listings at once.
    Listings { path: String, times: u32 },
    /// Makes a directory.
    Mkdir { path: String },
    /// Gives another name.
    Rename { path: String, to: String },
    /// Removes a file.
    Remove { path: String },
    /// Makes a symbolic link.
    Symlink { path: String, to: String },
    /// Makes a second name.
    HardLink { path: String, to: String },
    /// Ends as `internal`, if the step before failed.
    Fail,
}

/// Writes so many bytes.
fn fill(mut file: &File, bytes: usize) -> io::Result<()> {
    let chunk = [b'x'; 10_000];
    let mut left = bytes;
    while left > 0 {
        let next = left.min(chunk.len());
        file.write_all(chunk.get(..next).unwrap_or_default())?;
        left -= next;
    }
    file.flush()
}

fn nameless(path: &str, bytes: usize, times: u32) -> io::Result<String> {
    let mut held = Vec::new();
    for _ in 0..times {
        let file = File::create(path)?;
        fs::remove_file(path)?;
        fill(&file, bytes)?;
        held.push(file);
    }
    Ok(format!("{} held", held.len()))
}

fn many(path: &str, files: u32) -> io::Result<String> {
    for n in 0..files {
        if let Err(error) = File::create(format!("{path}{n}")) {
            return Err(io::Error::new(error.kind(), format!("after {n}")));
        }
    }
    Ok(format!("{files} made"))
}

fn list(path: &str) -> io::Result<String> {
    let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.join(" "))
}

#[expect(deprecated, reason = "the one function for links that every target has")]
fn symlink(path: &str, to: &str) -> io::Result<()> {
    fs::soft_link(to, path)
}

fn read(path: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn done(step: &Step) -> io::Result<String> {
    let nothing = |()| String::new();
    match step {
        Step::Write { path, text } => fs::write(path, text).map(nothing),
        Step::Fill { path, bytes } => fill(&File::create(path)?, *bytes).map(nothing),
        Step::Append { path, bytes } => fill(&OpenOptions::new().append(true).open(path)?, *bytes).map(nothing),
        Step::Many { path, files } => many(path, *files),
        Step::Resize { path, bytes } => OpenOptions::new().write(true).open(path)?.set_len(*bytes).map(nothing),
        Step::Nameless { path, bytes, times } => nameless(path, *bytes, *times),
        Step::Hold { path, times } => {
            let held = (0..*times).map(|_| File::open(path)).collect::<io::Result<Vec<_>>>()?;
            Ok(format!("{} held", held.len()))
        }
        Step::Read { path } => read(path),
        Step::List { path } => list(path),
        Step::Listings { path, times } => {
            let open = (0..*times).map(|_| fs::read_dir(path)).collect::<io::Result<Vec<_>>>()?;
            Ok(format!("{} open", open.len()))
        }
        Step::Mkdir { path } => fs::create_dir(path).map(nothing),
        Step::Rename { path, to } => fs::rename(path, to).map(nothing),
        Step::Remove { path } => fs::remove_file(path).map(nothing),
        Step::Symlink { path, to } => symlink(path, to).map(nothing),
        Step::HardLink { path, to } => fs::hard_link(path, to).map(nothing),
        Step::Fail => Ok(String::new()),
    }
}

/// Does the steps, and tells of each `ok`, or what it read, or the kind of error.
fn run(steps: &str) -> Result<Vec<String>> {
    let steps: Vec<Step> = serde_json::from_str(steps).map_err(|error| Failure::internal(error.to_string()))?;
    let mut told: Vec<String> = Vec::new();
    for step in &steps {
        if let (Step::Fail, Some(last)) = (step, told.last())
            && last.starts_with("error")
        {
            return Err(Failure::internal(format!("a step failed: {last}")));
        }
        told.push(match done(step) {
            Ok(text) if text.is_empty() => "ok".to_owned(),
            Ok(text) => text,
            Err(error) => format!("error {:?}: {error}", error.kind()),
        });
    }
    Ok(told)
}

fn text(told: &[String]) -> String {
    serde_json::to_string(told).unwrap_or_default()
}

impl Describe for FileRobot {
    fn manifest() -> Manifest {
        Manifest::new("file-robot", env!("CARGO_PKG_VERSION"), "A guest for tests.")
            .files(Files::read_write("Whatever the test tells it to."))
            .records(RecordAccess::lookup_only("probe", ["steps"]))
            .write(Write::new("probe", [Action::Create, Action::Update], true).raw(serde_json::json!({})))
    }
}

impl Records for FileRobot {
    fn get(entity: &str, id: &str) -> Result<Item> {
        Err(Failure::subject_not_found(entity, id))
    }

    fn lookup(_: &str, query: &[(String, String)], _: u32) -> Result<Vec<Item>> {
        let steps = query.first().map(|(_, value)| value.as_str()).unwrap_or_default();
        Ok(vec![Item::from_text("probe", "steps", text(&run(steps)?))])
    }
}

impl Writing for FileRobot {
    fn plan(intent: &Intent) -> Result<Preview> {
        Err(Failure::unsupported("plan", text(&run(&intent.document)?)))
    }

    fn apply(intent: &Intent) -> Result<Outcome> {
        Ok(Outcome::applied(text(&run(&intent.document)?)))
    }

    fn verify(intent: &Intent) -> Result<Verdict> {
        Err(Failure::unsupported("verify", text(&run(&intent.document)?)))
    }
}

wharf_sdk::export!(FileRobot: describe, records, writing);
