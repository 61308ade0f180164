//! The checkable invariants of ARCHITECTURE.md, by their numbers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the sources has failed")]

use wharf_architecture_tests::{Package, packages, sources};

/// Lists where any of `needles` stands in the code below `directory`, files for which `allowed` holds left out.
fn places(directory: &str, needles: &[&str], allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    for source in sources(directory).unwrap().iter().filter(|source| !allowed(&source.path)) {
        for needle in needles {
            places.extend(source.lines_with(needle).iter().map(|line| format!("{}:{line} `{needle}`", source.path)));
        }
    }
    places
}

#[track_caller]
fn nowhere(directory: &str, needles: &[&str], allowed: impl Fn(&str) -> bool) {
    let places = places(directory, needles, allowed);
    assert!(places.is_empty(), "found where it must not be:\n{}", places.join("\n"));
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/") || path.starts_with("flow/src/trials")
}

#[test]
fn invariant_3_one_file_opens_outgoing_sockets() {
    let sockets = ["reqwest::Client", "Client::builder", "ClientBuilder", "TcpStream", "UdpSocket", "TcpSocket"];
    for room in ["host/src", "flow/src", "documents/src"] {
        nowhere(room, &sockets, |path| path == "host/src/capability/http/send.rs" || is_test(path));
    }
}

#[test]
fn invariant_4_secret_values_live_in_two_rooms() {
    let rooms = ["host/src/secret.rs", "host/src/capability/http", "host/src/capability/secrets"];
    nowhere("host/src", &[".expose()"], |path| rooms.iter().any(|room| path.starts_with(room)));
    nowhere("flow/src", &[".expose()"], is_test);
}

#[test]
fn invariant_4_the_secret_type_cannot_be_shown_or_copied() {
    let all = sources("host/src").unwrap();
    let secret = all.iter().find(|source| source.path == "host/src/secret.rs").unwrap();
    for name in ["Secret", "Exposed"] {
        let at = secret.code.find(&format!("pub struct {name}(")).unwrap();
        let before = secret.code[..at].lines().last().unwrap_or_default();
        assert!(!before.contains("derive"), "`{name}` derives: {before}");
        for shown in ["Debug", "Display", "Serialize", "Clone"] {
            assert!(!secret.code.contains(&format!("{shown} for {name} ")), "`{name}` implements {shown}");
        }
    }
}

#[test]
fn invariant_5_bindings_and_engine_types_stay_in_their_rooms() {
    let engine_rooms = [
        "host/src/abi",
        "host/src/engine",
        "host/src/cache",
        "host/src/call",
        "host/src/connector",
        "host/src/capability",
    ];
    nowhere("host/src", &["bindgen!"], |path| path.starts_with("host/src/abi"));
    nowhere("host/src", &["wasmtime"], |path| engine_rooms.iter().any(|room| path.starts_with(room)));
    for source in sources("host/src").unwrap() {
        let public = source.code.lines().filter(|line| line.trim_start().starts_with("pub "));
        let shown: Vec<_> = public.filter(|line| line.contains("wasmtime")).collect();
        assert!(shown.is_empty(), "{} shows the engine: {shown:?}", source.path);
    }
    nowhere("sdk/src", &["generate!"], |path| path.starts_with("sdk/src/bindings"));
}

#[test]
fn invariant_6_pure_rooms_do_no_io_and_ask_no_clock() {
    let impure = ["async fn", ".await", "std::fs", "tokio::", "SystemTime", "std::time::Instant", "reqwest"];
    let pure = ["policy.rs", "manifest.rs", "http/address.rs", "convert.rs", "schedule.rs"];
    for room in ["host/src", "flow/src"] {
        let skip = |path: &str| {
            path.starts_with("host/src/capability/schedule") || !pure.iter().any(|end| path.ends_with(end))
        };
        nowhere(room, &impure, skip);
    }
    for plugin in ["baselinker", "flowii", "erpconnector", "optimakers"] {
        nowhere(&format!("plugins/{plugin}/src"), &["http::send", ".send()"], |path| !path.contains("/convert"));
    }
}

#[test]
fn invariant_7_nothing_panics_outside_tests() {
    let panics = [".unwrap()", ".expect(\"", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];
    // The engine's trait for randomness has no other way to end a call, and a unit test without a fake host has to fail
    // where it stands.
    let no_other_way = ["host/src/capability/wasi.rs", "sdk/src/host.rs"];
    for room in ["host/src", "flow/src", "sdk/src", "plugins"] {
        nowhere(room, &panics, |path| no_other_way.contains(&path) || is_test(path));
    }
}

#[test]
fn invariant_13_only_the_surroundings_ask_the_machine() {
    let machine = ["SystemTime::now", "Timestamp::now", "Zoned::now", "env::var", "ToSocketAddrs", "lookup_host"];
    for room in ["host/src", "flow/src", "sdk/src", "plugins"] {
        nowhere(room, &machine, |path| path == "host/src/surroundings.rs" || is_test(path));
    }
}

#[test]
fn invariant_14_dependencies_point_down() {
    let packages = packages().unwrap();
    let ours = |name: &str| -> Vec<String> {
        let package = packages.iter().find(|package| package.name == name);
        let Package { dependencies, .. } = package.unwrap_or_else(|| panic!("no package `{name}`"));
        dependencies.iter().filter(|d| d.starts_with("wharf-")).cloned().collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(ours("wharf-documents"), none);
    assert_eq!(ours("wharf-host"), none);
    assert_eq!(ours("wharf-simulators"), none);
    assert_eq!(ours("wharf-sdk"), ["wharf-documents"]);
    assert_eq!(ours("wharf-flow"), ["wharf-documents", "wharf-host"]);
    assert_eq!(ours("wharf-conformance"), ["wharf-flow", "wharf-host"]);
    for plugin in packages.iter().filter(|package| package.name.starts_with("wharf-plugin-")) {
        assert_eq!(ours(&plugin.name), ["wharf-sdk"], "{}", plugin.name);
    }
}

#[test]
fn invariant_15_only_the_program_prints_and_exits() {
    let prints =
        ["println!", "eprintln!", "print!(", "eprint!(", "process::exit", "std::io::stdout", "std::io::stderr"];
    for room in ["host/src", "flow/src", "sdk/src", "documents/src", "plugins"] {
        nowhere(room, &prints, is_test);
    }
    nowhere("cli/src", &prints, |path| ["cli/src/output.rs", "cli/src/main.rs"].contains(&path));
}
