//! What the program's memory shows of secrets once it has used them and waits.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that cannot be done has failed the test")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_demo::{Installation, Systems, Target};

/// Longest that the program may take for its work, and then for forgetting. Connections that nobody uses are closed after
/// four seconds; their buffers are wiped with them.
const PATIENCE: Duration = Duration::from_secs(180);

/// The program at work, killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Runs the program with a text on its stdin.
fn run(installation: &Installation, arguments: &[&str], stdin: &OsStr) {
    let mut child = installation.command(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_encoded_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{arguments:?}");
}

/// Puts every secret of the installation into a file, one of them into the encrypted one, and starts the program without any
/// in its environment.
fn start(installation: &Installation) -> Running {
    let mut command = installation.command(&["serve", "--json"]);
    let secrets: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    let key = installation.file().with_file_name("key");
    run(installation, &["secret", "key", key.to_str().unwrap()], OsStr::new(""));
    let text = std::fs::read_to_string(installation.file()).unwrap();
    let mut text = text.replacen("[wharf]", "[wharf]\nsecrets_key = { file = \"key\" }", 1);
    std::fs::write(installation.file(), &text).unwrap();
    for (name, value) in secrets {
        if name == "DEMO_FLOWII_PASSWORD" {
            run(installation, &["secret", "set", "flowii"], &value.unwrap());
            text = text.replace("{ env = \"DEMO_FLOWII_PASSWORD\" }", "{ secret = \"flowii\" }");
            command.env_remove(name);
            continue;
        }
        let file = installation.file().with_file_name(&name);
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(file).unwrap();
        file.write_all(value.unwrap().as_encoded_bytes()).unwrap();
        let name = name.into_string().unwrap();
        text = text.replace(&format!("{{ env = \"{name}\" }}"), &format!("{{ file = \"{name}\" }}"));
        command.env_remove(name);
    }
    assert!(!text.contains("env = ") && text.contains("{ secret = "), "{text}");
    std::fs::write(installation.file(), text).unwrap();
    Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Waits until both systems were written to.
fn wait_for_writes(systems: &Systems, program: &mut Running) {
    let end = Instant::now() + PATIENCE;
    let count = |system: &str, what: &str| {
        let counts = systems.ask(system, "counts").unwrap();
        counts.pointer(&format!("/state/records/{what}/created")).and_then(|count| count.as_u64()).unwrap_or(0)
    };
    while count("flowii", "orders") == 0 || count("erpconnector", "CustomerInvoice") == 0 {
        assert!(Instant::now() < end, "nothing was written");
        assert!(program.0.try_wait().unwrap().is_none(), "the program has ended");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Counts the texts in the memory of a process that are its own: heap, stacks, and what its guests have. None where this
/// user may not look into it.
fn found(process: u32, texts: &BTreeMap<&str, String>) -> Option<BTreeMap<String, usize>> {
    let mut memory = match File::open(format!("/proc/{process}/mem")) {
        Ok(memory) => memory,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        Err(error) => panic!("the memory cannot be read: {error}"),
    };
    let search = AhoCorasick::new(texts.values()).unwrap();
    let mut found: BTreeMap<String, usize> = texts.keys().map(|name| ((*name).to_owned(), 0)).collect();
    for (start, end) in regions(process) {
        let mut bytes = Vec::new();
        memory.seek(SeekFrom::Start(start)).unwrap();
        // What was given back meanwhile ends the region early.
        drop((&mut memory).take(end - start).read_to_end(&mut bytes));
        for hit in search.find_iter(&bytes) {
            let name = texts.keys().nth(hit.pattern().as_usize()).unwrap();
            *found.get_mut(*name).unwrap() += 1;
        }
    }
    Some(found)
}

/// Returns where the process has memory that it may write to, as far as it was ever used.
fn regions(process: u32) -> Vec<(u64, u64)> {
    let map = std::fs::read_to_string(format!("/proc/{process}/smaps")).unwrap();
    let (mut regions, mut region) = (Vec::new(), None);
    for line in map.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(first), second) = (words.next(), words.next().unwrap_or_default()) else { continue };
        match first.split_once('-') {
            Some((start, end)) if second.starts_with("rw") => {
                let number = |text| u64::from_str_radix(text, 16).unwrap();
                region = Some((number(start), number(end)));
            }
            Some(_) => region = None,
            None if first == "Rss:" && second != "0" => regions.extend(region),
            None => {}
        }
    }
    regions
}

#[test]
fn memory_of_a_program_that_waits_shows_no_secret() {
    let target = Target::of_this_program().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let systems = Systems::start(&target, directory.path(), 30, 8, &[]).unwrap();
    let installation = Installation::write(&target, directory.path(), &systems).unwrap();
    let mut program = start(&installation);
    wait_for_writes(&systems, &mut program);
    let text = |pointer: &str| systems.text(pointer).unwrap().to_owned();
    let [licence, secret] = ["licence", "secret"].map(|part| text(&format!("/credentials/erpconnector/{part}")));
    // Others are a word or two letters, which are found in any program.
    let texts = BTreeMap::from([
        ("baselinker token", text("/credentials/baselinker/token")),
        ("erpconnector basic", STANDARD.encode(format!("{licence}:{secret}"))),
        ("flowii password", text("/credentials/flowii/password")),
        // Control: what is no secret is there.
        ("the address of baselinker", text("/baselinker")),
    ]);
    let end = Instant::now() + PATIENCE;
    loop {
        let Some(mut found) = found(program.0.id(), &texts) else {
            return; // Who is not root may not look, which is as good.
        };
        assert!(found.remove("the address of baselinker").unwrap() > 0, "the memory was not searched");
        if found.values().all(|count| *count == 0) {
            return;
        }
        assert!(Instant::now() < end, "still in memory: {found:#?}");
        std::thread::sleep(Duration::from_secs(1));
    }
}
