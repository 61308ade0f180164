//! Where secrets come from, and that nothing shows them.

use crate::{Site, ended};

const SECRET: &str = "correct-horse-battery";

fn site(source: &str) -> Site {
    let site = Site::new(&format!(
        "[connection.one]
connector = \"http-echo-credential\"
config = {{ base_url = \"https://localhost:1\" }}
credential.token = {{ value = {source} }}
grant.origins = [\"https://localhost:1\"]
"
    ));
    site.install("http-echo-credential");
    site
}

/// Runs `check` and returns the state, detail and hint of the credential's step.
fn step(site: &Site, environment: Option<&str>) -> (i32, String) {
    let mut command = site.command(&["check", "--json", "--log", "trace"]);
    match environment {
        Some(value) => command.env("WHARF_TEST_TOKEN", value),
        None => command.env_remove("WHARF_TEST_TOKEN"),
    };
    let ended = ended(command);
    assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET), "{}{}", ended.stdout, ended.stderr);
    let value: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let step = &value["connections"][0]["steps"][0];
    assert_eq!(step["name"], "credential token.value");
    let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
    (ended.code, format!("{}: {}; {}", text("state"), text("detail"), text("hint")))
}

#[test]
fn environment_variable_gives_the_secret_or_is_named() {
    let site = site("{ env = \"WHARF_TEST_TOKEN\" }");
    assert_eq!(step(&site, Some(SECRET)), (0, "ok: can be read; ".to_owned()));
    let unset = "failed: environment variable `WHARF_TEST_TOKEN` is not set; set it to the secret";
    assert_eq!(step(&site, None), (1, unset.to_owned()));
    let empty = "failed: environment variable `WHARF_TEST_TOKEN` is empty; set it to the secret";
    assert_eq!(step(&site, Some("")), (1, empty.to_owned()));
}

#[cfg(unix)]
#[test]
fn file_gives_the_secret_only_when_nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let site = site("{ file = \"token\" }");
    site.write("token", &format!("{SECRET}\n"));
    let set = |mode| std::fs::set_permissions(site.path("token"), std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o600);
    assert_eq!(step(&site, None), (0, "ok: can be read; ".to_owned()));
    set(0o644);
    let open = "failed: secret file `token` is open to other users (mode 644); chmod 600 token";
    assert_eq!(step(&site, None), (1, open.to_owned()));
    std::fs::remove_file(site.path("token")).unwrap();
    let (code, text) = step(&site, None);
    assert_eq!(code, 1);
    assert!(text.starts_with("failed: secret file `token` cannot be read"), "{text}");
}
