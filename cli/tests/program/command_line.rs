//! Arguments, help, exit codes.

use crate::{Site, ended, program};

#[test]
fn help_lists_every_command_and_exit_code() {
    let ended = Site::new("").run(&["--help"]);
    assert_eq!(ended.code, 0);
    let commands = [
        "validate",
        "inspect",
        "install",
        "revoke",
        "audit",
        "check",
        "plan",
        "run",
        "verify",
        "replay",
        "serve",
        "webhooks",
        "why",
        "parked",
        "release",
        "build",
        "completions",
    ];
    for command in commands {
        assert!(ended.stdout.contains(&format!("\n  {command} ")), "{command}: {}", ended.stdout);
    }
    let (_, codes) = ended.stdout.split_once("Exit codes:\n").unwrap();
    let expected = "    0  fine
    1  done, but something needs attention: parked items, a failed check, a plan with gaps
    2  the command line is wrong, or names something that is not there
    3  the installation file is wrong or cannot be read
    4  a connector is refused, or could not be built
    5  a credential or a remote system stands in the way
    6  the state is held by another process, or cannot be opened
   70  a mistake of the program or of the machine
  130  stopped by a signal before the work was done
";
    assert_eq!(codes, expected);
}

#[test]
fn mistakes_of_the_command_line_end_with_2_and_help() {
    let site = Site::new("[connection.shop]\nconnector = \"minimal\"\n");
    let table: [(&[&str], &str); 8] = [
        (&[], "Usage: wharf"),
        (&["valdate"], "a similar subcommand exists: 'validate'"),
        (&["why", "shop/order"], "write CONNECTION/ENTITY/ID, such as shop/order/12345"),
        (&["release"], "required arguments were not provided"),
        (&["plan", "--limit", "0"], "0 is not in 1.."),
        (&["why", "shpo/order/1"], "no connection is called `shpo`; did you mean `shop`?"),
        (&["parked", "--flow", "orders"], "no flow is called `orders`; there is none; remove it"),
        (&["--log", "wharf=loud", "validate"], "is no log filter"),
    ];
    for (arguments, expected) in table {
        let ended = site.run(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn errors_are_json_on_stdout_when_asked_for() {
    let site = Site::new("[connection.shop]\nconnector = \"minimal\"\n");
    let (code, value) = site.json(&["why", "shpo/order/1"]);
    assert_eq!(code, 2);
    let error = serde_json::json!({
        "code": "usage",
        "message": "no connection is called `shpo`",
        "place": null,
        "fix": "did you mean `shop`?",
    });
    assert_eq!(value, serde_json::json!({ "error": error }));
    let (code, value) = site.json(&["valdate"]);
    assert_eq!((code, &value["error"]["code"]), (2, &serde_json::json!("usage")));
}

#[test]
fn file_is_named_by_argument_or_environment() {
    let site = Site::new("not = \"this\"\n");
    site.write("other.toml", "");
    assert_eq!(site.run(&["validate", "--file", "other.toml"]).code, 0);
    let mut command = site.command(&["validate"]);
    command.env("WHARF_FILE", "other.toml");
    assert_eq!(ended(command).code, 0);
    let missing = site.run(&["validate", "--file", "none.toml"]);
    assert_eq!(missing.code, 3);
    assert_eq!(missing.stderr, "error: there is no `none.toml`; write it, or name another with --file\n");
}

#[test]
fn what_the_file_names_is_relative_to_it() {
    let site = Site::new("[connection.one]\nconnector = \"minimal\"\n");
    site.install("minimal");
    let elsewhere = tempfile::tempdir().unwrap();
    let file = site.path("wharf.toml");
    let ended = ended(program(elsewhere.path(), &["--file", file.to_str().unwrap(), "parked"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "nothing is parked\n"), "{}", ended.stderr);
    assert!(site.path("wharf.sqlite").is_file());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn output_that_is_no_terminal_has_no_escape_codes() {
    let site = Site::new("a = 1\n");
    for arguments in [&["--help"][..], &["validate"], &["nonsense"], &["--log", "trace", "validate"]] {
        let ended = site.run(arguments);
        assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn completions_are_printed_for_shells() {
    let site = Site::new("");
    for (shell, expected) in [("bash", "_wharf()"), ("zsh", "#compdef wharf"), ("fish", "complete -c wharf")] {
        let ended = site.run(&["completions", shell]);
        assert_eq!(ended.code, 0);
        assert!(ended.stdout.contains(expected), "{shell}");
    }
}
