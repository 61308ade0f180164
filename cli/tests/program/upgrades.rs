//! Connectors that are replaced by a later release.

use crate::Site;

const OLD: &str = "[connection.one]
connector = \"upgraded\"
config = { url = \"https://localhost:1\" }

[flow.numbers]
from = { connection = \"one\", feed = \"numbers\" }
to = { connection = \"two\", entity = \"probe\", action = \"create\" }
drop = [{ rule = \"all\", when = \"true\" }]

[connection.two]
connector = \"poison-batch\"
config = { base_url = \"https://localhost:1\" }
grant.origins = [\"https://localhost:1\"]
";

#[test]
fn configuration_and_cursor_of_the_release_before_are_brought_up() {
    let site = Site::new(OLD);
    site.install("before-upgrade");
    site.install("poison-batch");
    let (code, report) = site.json(&["run"]);
    assert_eq!((code, &report["flows"][0]["read"]), (0, &serde_json::json!(4)), "{report}");
    site.install("upgraded");
    let ended = site.run(&["run", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let flow = &report["flows"][0];
    assert_eq!((ended.code, &flow["read"]), (0, &serde_json::json!(1)), "it goes on at 5: {report}");
    assert!(ended.stderr.contains("of version 1 was brought to 2"), "{}", ended.stderr);
    assert_eq!(site.run(&["run"]).code, 0, "and again");
}

#[test]
fn file_says_for_which_version_its_configuration_is_written() {
    let told = |version: &str| OLD.replace("[flow.", &format!("config_version = {version}\n\n[flow."));
    let site = Site::new(&told("1"));
    site.install("upgraded");
    site.install("poison-batch");
    assert_eq!(site.run(&["validate"]).code, 0);
    site.write("wharf.toml", &told("2"));
    let ended = site.run(&["validate"]);
    assert!(ended.code == 3 && ended.stderr.contains("address"), "{}", ended.stderr);
    site.write("wharf.toml", &told("3"));
    let ended = site.run(&["validate"]);
    assert!(ended.code == 3 && ended.stderr.contains("up to version 2"), "{}", ended.stderr);
}
