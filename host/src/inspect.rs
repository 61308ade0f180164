//! What can be said of a component without compiling it: contract version, imports, exports.

use serde::Serialize;
use wasmparser::{Encoding, Parser, Payload};

use crate::error::{Blame, Error, ErrorKind};

/// The package of the contract.
const CONTRACT: &str = "wharf:connector";

/// The contract version that this host was built for. Every `0.1.x` runs.
pub(crate) const SPOKEN: Version = Version { major: 0, minor: 1, patch: 0 };

/// Interfaces of the contract that a connector may import. Of `webhooks` only types: a connector that exports `serving` and
/// takes no webhooks itself has nothing else to take them from, and a function of it would not link.
const IMPORTS: [&str; 11] =
    ["types", "http", "secrets", "jwt", "schedule", "lookups", "connection", "clock", "random", "log", "webhooks"];

/// Interfaces of the contract that the host calls.
const EXPORTS: [&str; 11] = [
    "describe",
    "setup",
    "references",
    "feeds",
    "records",
    "writing",
    "counts",
    "webhooks",
    "subscriptions",
    "serving",
    "wakeups",
];

/// WASI packages, and of each the interfaces that the host gives: enough for what other languages' tools always import.
const WASI: [(&str, &[&str]); 7] = [
    (
        "wasi:cli",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("wasi:clocks", &["monotonic-clock", "wall-clock"]),
    ("wasi:filesystem", &["types", "preopens"]),
    ("wasi:http", &["types", "outgoing-handler"]),
    ("wasi:io", &["error", "poll", "streams"]),
    ("wasi:random", &["random", "insecure", "insecure-seed"]),
    (
        "wasi:sockets",
        &["instance-network", "ip-name-lookup", "network", "tcp", "tcp-create-socket", "udp", "udp-create-socket"],
    ),
];

/// Most levels of components and modules within each other. What is built by tools has three.
const MOST_DEPTH: usize = 32;

/// Most functions of a component, those of all its modules together. A whole Python has some 20,000; each takes about six
/// kilobytes while it is compiled.
const MOST_FUNCTIONS: u32 = 100_000;

/// A version of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Version {
    /// Major.
    pub major: u32,
    /// Minor; below 1.0 a change of it breaks.
    pub minor: u32,
    /// Patch.
    pub patch: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let version = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(version)
    }

    /// Tells whether a component of that version runs where this one is spoken.
    fn runs(self, other: Self) -> bool {
        let track = |version: Self| (version.major, if version.major == 0 { version.minor } else { 0 });
        track(self) == track(other)
    }
}

/// What is known of a component without compiling it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// SHA-256 over the bytes, in hex.
    pub digest: String,
    /// Bytes of the component.
    pub size_bytes: usize,
    /// Version of the contract that it was built against.
    pub contract: Version,
    /// Interfaces that it imports, as it names them.
    pub imports: Vec<String>,
    /// Interfaces and functions that it exports, as it names them; those outside the contract are ignored.
    pub exports: Vec<String>,
}

impl Inspection {
    /// Tells whether it exports that interface of the contract, e.g. `feeds`.
    pub fn exports_interface(&self, name: &str) -> bool {
        self.interfaces().any(|interface| interface == name)
    }

    /// Returns the interfaces of the contract that it exports, e.g. `feeds`.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        let ours = self.exports.iter().filter_map(|name| Name::parse(name)).filter(|name| name.package == CONTRACT);
        ours.map(|name| name.interface).filter(|interface| EXPORTS.contains(interface))
    }

    /// Returns the interfaces of the contract that it imports, e.g. `http`.
    pub fn contract_imports(&self) -> impl Iterator<Item = &str> {
        let ours = self.imports.iter().filter_map(|name| Name::parse(name)).filter(|name| name.package == CONTRACT);
        ours.map(|name| name.interface)
    }

    /// Tells whether it imports what files are read and written through.
    pub fn imports_files(&self) -> bool {
        let imports = |interface: &str| {
            let names = self.imports.iter().filter_map(|name| Name::parse(name));
            names.into_iter().any(|name| name.package == "wasi:filesystem" && name.interface == interface)
        };
        imports("types") && imports("preopens")
    }

    /// Returns the WASI interfaces that it imports.
    pub fn wasi(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|name| name.starts_with("wasi:"))
    }
}

/// Reads what a component says of itself, without compiling it and without running anything of it.
///
/// # Errors
/// [`ErrorKind::Load`] when the bytes are no component, when it was built against a contract version that this host does
/// not speak, or when it imports what the host does not give.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Error> {
    let (imports, exports) = names(bytes)?;
    check_work(bytes)?;
    let contract = contract_version(&imports, &exports)?;
    check_exports(&exports)?;
    imports.iter().try_for_each(|import| check_import(import, contract))?;
    let digest = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes));
    Ok(Inspection { digest, size_bytes: bytes.len(), contract, imports, exports })
}

/// Name of an interface: `package/interface@version`.
struct Name<'a> {
    package: &'a str,
    interface: &'a str,
    version: Option<Version>,
}

impl<'a> Name<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (path, version) = text.split_once('@').unwrap_or((text, ""));
        let (package, interface) = path.split_once('/')?;
        Some(Self { package, interface, version: Version::parse(version) })
    }
}

/// Reads the names at the top level; what is nested is stepped over.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let (payload, used) = match parser.parse(rest, true).map_err(|error| malformed(bytes, &error))? {
            wasmparser::Chunk::Parsed { payload, consumed } => (payload, consumed),
            wasmparser::Chunk::NeedMoreData(_) => return Err(truncated()),
        };
        let mut skip = used;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(core_module()),
            Payload::ComponentImportSection(section) => {
                for import in section {
                    imports.push(import.map_err(|error| malformed(bytes, &error))?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    exports.push(export.map_err(|error| malformed(bytes, &error))?.name.name.to_owned());
                }
            }
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                // The bytes of what is nested follow the header that was just read.
                skip = used.saturating_add(unchecked_range.len());
            }
            Payload::End(_) => return Ok((imports, exports)),
            _ => {}
        }
        rest = rest.get(skip..).ok_or_else(truncated)?;
    }
}

/// Refuses what would take more memory to compile than machines have, beyond what tools make: components within each other, of
/// which a hundred kilobytes are enough, and functions, of which a few megabytes are.
fn check_work(bytes: &[u8]) -> Result<(), Error> {
    let (mut depth, mut functions) = (0_usize, 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| malformed(bytes, &error))? {
            Payload::Version { .. } => depth = depth.saturating_add(1),
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionStart { count, .. } => functions = functions.saturating_add(count),
            _ => {}
        }
        if functions > MOST_FUNCTIONS {
            let message =
                format!("the component has more than {MOST_FUNCTIONS} functions; leave out what it does not use");
            return Err(load("too-many-functions", message));
        }
        if depth > MOST_DEPTH {
            let message = format!(
                "the component has others within it, more than {MOST_DEPTH} levels deep; build it with tools that make fewer"
            );
            return Err(load("nested-too-deep", message));
        }
    }
    Ok(())
}

/// Finds the one contract version that the names speak of.
fn contract_version(imports: &[String], exports: &[String]) -> Result<Version, Error> {
    let mut found: Option<Version> = None;
    for text in exports.iter().chain(imports) {
        let Some(name) = Name::parse(text).filter(|name| name.package == CONTRACT) else { continue };
        let version = name.version.ok_or_else(|| {
            load("contract-version", format!("`{text}` has no readable version; build against `{CONTRACT}@{SPOKEN}`"))
        })?;
        if !SPOKEN.runs(version) {
            return Err(other_contract(text, version));
        }
        found = found.max(Some(version));
    }
    found.ok_or_else(|| {
        load("not-a-connector", format!("the component exports nothing of `{CONTRACT}`; export `{CONTRACT}/describe`"))
    })
}

fn check_exports(exports: &[String]) -> Result<(), Error> {
    let describes = |name: Name<'_>| name.package == CONTRACT && name.interface == "describe";
    if exports.iter().filter_map(|name| Name::parse(name)).any(describes) {
        return Ok(());
    }
    let message = format!("the component does not export `{CONTRACT}/describe`; every connector has to");
    Err(load("not-a-connector", message))
}

fn check_import(import: &str, contract: Version) -> Result<(), Error> {
    let known = Name::parse(import).is_some_and(|name| {
        let wasi = || WASI.iter().any(|(package, names)| *package == name.package && names.contains(&name.interface));
        (name.package == CONTRACT && IMPORTS.contains(&name.interface)) || (wasi() && wasi_0_2(name.version))
    });
    if known {
        return Ok(());
    }
    let message = format!(
        "the component imports `{import}`, which this host does not give; it was built against `{CONTRACT}@{contract}` \
         and this host speaks `{CONTRACT}@{SPOKEN}`: remove the import, or run it on a host that has it"
    );
    Err(load("unknown-import", message))
}

fn wasi_0_2(version: Option<Version>) -> bool {
    version.is_some_and(|version| (version.major, version.minor) == (0, 2))
}

fn other_contract(name: &str, version: Version) -> Error {
    let fix = if version > SPOKEN { "run it on a newer host" } else { "build it against the newer contract" };
    let message = format!(
        "the component was built against `{CONTRACT}@{version}` (`{name}`) and this host speaks `{CONTRACT}@{SPOKEN}`; \
         {fix}"
    );
    load("contract-version", message)
}

fn core_module() -> Error {
    load("not-a-component", "the bytes are a core wasm module, not a component; build it with `wharf build`".into())
}

fn truncated() -> Error {
    load("truncated", "the component ends too early; fetch or build the file again".into())
}

fn malformed(bytes: &[u8], error: &wasmparser::BinaryReaderError) -> Error {
    if !bytes.starts_with(b"\0asm") {
        return load("not-wasm", "the bytes are not wasm; give the `.wasm` file that the build wrote".into());
    }
    if error.offset() >= bytes.len() {
        return truncated();
    }
    let message = format!(
        "the component is damaged at byte {}: {}; fetch or build the file again",
        error.offset(),
        error.message()
    );
    load("damaged", message)
}

fn load(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Load, code, Blame::Connector, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn bytes_that_are_no_component_are_refused_by_name() {
        let cases: [(&[u8], &str); 5] = [
            (b"", "not-wasm"),
            (b"#!/bin/sh", "not-wasm"),
            (b"\0asm\x01\0\0\0", "not-a-component"),
            (b"\0asm\x0d\0\x01\0", "not-a-connector"),
            (b"\0asm\x0d\0\x01\0\x01\x20\0asm", "truncated"),
        ];
        for (bytes, code) in cases {
            let error = inspect(bytes).unwrap_err();
            assert_eq!((error.code(), error.kind()), (code, ErrorKind::Load), "{bytes:?}: {error}");
        }
    }

    #[test]
    fn components_within_each_other_are_refused_beyond_a_depth() {
        let nested = |levels: usize| {
            (1..levels).fold(b"\0asm\x0d\0\x01\0".to_vec(), |inner, _| {
                let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
                let length = inner.len();
                outer.extend([0x80 | u8::try_from(length & 0x7f).unwrap(), u8::try_from(length >> 7).unwrap()]);
                outer.extend(inner);
                outer
            })
        };
        assert_eq!(check_work(&nested(MOST_DEPTH)).map_err(|error| error.code()), Ok(()));
        assert_eq!(check_work(&nested(MOST_DEPTH + 1)).map_err(|error| error.code()), Err("nested-too-deep"));
    }

    #[test]
    fn functions_beyond_a_number_are_refused() {
        let of = |count: u32| {
            let length = usize::try_from(count).unwrap();
            // A module with a type, and functions that do nothing.
            let leb = |number: u32| {
                [number | 0x80, (number >> 7) | 0x80, (number >> 14) & 0x7f]
                    .map(|byte| u8::try_from(byte & 0xff).unwrap())
            };
            let section =
                |kind: u8, body: &[u8]| [&[kind], &leb(u32::try_from(body.len()).unwrap())[..], body].concat();
            let functions = [&leb(count)[..], &vec![0; length]].concat();
            let code = [&leb(count)[..], &[2, 0, 0x0b].repeat(length)].concat();
            let sections = [section(1, &[1, 0x60, 0, 0]), section(3, &functions), section(10, &code)].concat();
            let module = [b"\0asm\x01\0\0\0", sections.as_slice()].concat();
            [b"\0asm\x0d\0\x01\0".as_slice(), &section(1, &module)].concat()
        };
        assert_eq!(check_work(&of(MOST_FUNCTIONS)).map_err(|error| error.code()), Ok(()));
        assert_eq!(check_work(&of(MOST_FUNCTIONS + 1)).map_err(|error| error.code()), Err("too-many-functions"));
    }

    #[test]
    fn contract_of_another_track_is_refused_with_both_versions() {
        for (version, fix) in [("0.2.0", "newer host"), ("1.0.0", "newer host"), ("0.0.9", "newer contract")] {
            let exports = owned(&[&format!("wharf:connector/describe@{version}")]);
            let message = contract_version(&[], &exports).unwrap_err().to_string();
            assert!(message.contains(version) && message.contains("0.1.0") && message.contains(fix), "{message}");
        }
    }

    #[test]
    fn later_patch_of_the_same_track_is_accepted() {
        let exports = owned(&["wharf:connector/describe@0.1.7", "init"]);
        assert_eq!(contract_version(&[], &exports).unwrap(), Version { major: 0, minor: 1, patch: 7 });
    }

    #[test]
    fn import_outside_the_list_is_refused_by_name() {
        let refused = [
            "env",
            "wasi:nn/inference@0.2.0",
            "wasi:filesystem/types@0.3.0",
            "wasi:cli/run@0.2.6",
            "wharf:connector/files@0.1.0",
        ];
        for import in refused {
            let error = check_import(import, SPOKEN).unwrap_err();
            assert!(error.code() == "unknown-import" && error.to_string().contains(import), "{error}");
        }
        for import in [
            "wasi:io/streams@0.2.6",
            "wasi:http/types@0.2.0",
            "wharf:connector/http@0.1.0",
            "wharf:connector/webhooks@0.1.0",
        ] {
            check_import(import, SPOKEN).unwrap();
        }
    }

    #[test]
    fn component_without_describe_is_refused() {
        let error = check_exports(&owned(&["wharf:connector/feeds@0.1.0"])).unwrap_err();
        assert_eq!(error.code(), "not-a-connector");
    }
}
