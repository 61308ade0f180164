//! Files to begin with.

use crate::{Site, ended, program};

#[test]
fn templates_are_listed_with_their_parameters() {
    let site = Site::new("");
    let (code, value) = site.json(&["init", "--list"]);
    let templates = value["templates"].as_array().unwrap();
    assert_eq!((code, templates.len()), (0, 5));
    let parameters = templates[0]["parameters"].as_array().unwrap();
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    for name in ["baselinkerOrderStatusToImport", "optimesOrderStatus", "optimesCustomerAttributeLogin"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn file_is_written_once_with_what_was_set() {
    let site = Site::new("# by hand\n");
    let set = "optimesUrl=https://works.syneo.pl";
    let arguments = ["init", "--template", "baselinker-optimakers", "--set", set];
    let (code, value) = site.json(&arguments);
    assert_eq!((code, value["error"]["code"].as_str()), (3, Some("file-exists")), "{value}");
    assert_eq!(std::fs::read_to_string(site.path("wharf.toml")).unwrap(), "# by hand\n");

    let (code, value) = site.json(&[&arguments[..], &["--out", "new.toml"]].concat());
    assert_eq!((code, value["file"].as_str()), (0, Some("new.toml")));
    let parameters = value["parameters"].as_array().unwrap();
    let given: Vec<_> = parameters.iter().filter(|parameter| parameter["given"] == true).collect();
    assert_eq!((given.len(), given[0]["value"].as_str()), (1, Some("https://works.syneo.pl")));
    let text = std::fs::read_to_string(site.path("new.toml")).unwrap();
    assert!(text.contains("grant.origins = [\"https://works.syneo.pl\"]"), "{text}");
}

#[test]
fn mistakes_on_the_command_line_are_named_with_what_would_be_right() {
    let site = Site::new("");
    let table: [(&[&str], &str); 4] = [
        (
            &["--template", "baselinker-flowi"],
            "no template is called `baselinker-flowi`; did you mean `baselinker-flowii`?",
        ),
        (
            &["--template", "operand-flowii", "--set", "flowiiURL=x"],
            "has no parameter `flowiiURL`; did you mean `flowiiUrl`?",
        ),
        (&["--template", "operand-flowii", "--set", "flowiiUrl"], "write it as NAME=VALUE"),
        (&["--template", "operand-flowii", "--set", "pollEvery=often"], "`often`"),
    ];
    for (arguments, expected) in table {
        let command = program(site.directory.path(), &[&["init", "--out", "x.toml"], arguments].concat());
        let ended = ended(command);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        assert!(!site.path("x.toml").exists());
    }
}
