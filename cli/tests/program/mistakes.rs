//! Every mistake of an installation file, each with line, column, key, and what would be right.

use crate::Site;

/// Returns what `validate` says of a file, without the last line, which counts.
fn said(file: &str) -> Vec<String> {
    let ended = Site::new(file).run(&["validate"]);
    assert_eq!(ended.code, 3, "{file}");
    assert_eq!(ended.stdout, "");
    let mut lines: Vec<String> = ended.stderr.lines().map(str::to_owned).collect();
    let count = lines.pop().unwrap();
    let expected = match lines.len() {
        1 => "error: 1 mistake in `wharf.toml`; correct it".to_owned(),
        many => format!("error: {many} mistakes in `wharf.toml`; correct them"),
    };
    assert_eq!(count, expected);
    lines
}

#[track_caller]
fn is_wrong(file: &str, expected: &[&str]) {
    assert_eq!(said(file), expected, "{file}");
}

#[test]
fn grammar() {
    is_wrong("a = [1\n", &["wharf.toml:1:7: unclosed array, expected `]`; correct the TOML"]);
    is_wrong(
        "[wharf]\nstate = \"a\nstate = \"b\"\n[table.x\n",
        &[
            "wharf.toml:2:11: invalid basic string, expected `\"`; correct the TOML",
            "wharf.toml:3:1: duplicate key; correct the TOML",
            "wharf.toml:4:9: unclosed table, expected `]`; correct the TOML",
        ],
    );
}

#[test]
fn unknown_keys_and_wrong_types() {
    is_wrong(
        "[wharf]\nstat = \"x\"\nconnectors = 5\ncache = \"\"\n[conection.shop]\nconnector = \"a\"\n",
        &[
            "wharf.toml:2:1 wharf.stat: unknown key; did you mean `state`?",
            "wharf.toml:3:1 wharf.connectors: is a whole number, should be a text; write connectors = \"...\"",
            "wharf.toml:4:1 wharf.cache: is empty; write a text, or remove the key",
            "wharf.toml:5:2 conection: unknown key; did you mean `connection`?",
        ],
    );
}

#[test]
fn names() {
    is_wrong(
        "[connection.\"Big Shop\"]\nconnector = \"../evil\"\n[connection.a]\n[table.t_1]\nentries = {}\n",
        &[
            "wharf.toml:1:13 connection.\"Big Shop\": is no name; use 1 to 64 lower-case letters, digits and `-`",
            "wharf.toml:2:1 connection.\"Big Shop\".connector: `../evil` is no name of a connector; write the name of a \
             file in the connectors directory without `.wasm`: lower-case letters, digits and `-`",
            "wharf.toml:3:13 connection.a: `connector` is missing; add connector = \"NAME\"",
            "wharf.toml:4:8 table.t_1: is no name; use 1 to 64 lower-case letters, digits and `-`",
        ],
    );
}

#[test]
fn secrets_written_out_are_refused_without_being_repeated() {
    let file = "[connection.shop]
connector = \"a\"
credential.token = \"hunter2\"
[connection.shop.credential.account]
username = { env = \"hunter2!\" }
password = \"hunter2\"
pin = 1234567
other = { value = \"hunter2\" }
two = { env = \"A\", file = \"b\" }
[connection.crm]
connector = \"a\"
credential = \"hunter2\"
";
    let said = said(&file.replace("credential.token = \"hunter2\"\n", ""));
    let fix = "name its source, { env = \"NAME\" } or { file = \"PATH\" }, and replace the secret if it was real";
    let key = "connection.shop.credential.account";
    let expected = [
        format!(
            "wharf.toml:4:14 {key}.username.env: is no name of an environment variable; write the name only: letters, \
             digits and `_`"
        ),
        format!("wharf.toml:5:1 {key}.password: is written out here, secrets are not; {fix}"),
        format!("wharf.toml:6:1 {key}.pin: is written out here, secrets are not; {fix}"),
        format!(
            "wharf.toml:7:1 {key}.other: names no source; write {{ env = \"NAME\" }}, {{ file = \"PATH\" }} or {{ secret = \"NAME\" }}"
        ),
        format!("wharf.toml:7:11 {key}.other.value: unknown key; known are `env`, `file`, `secret`"),
        format!("wharf.toml:8:1 {key}.two: names several sources; keep one of `env`, `file` and `secret`"),
        format!("wharf.toml:11:1 connection.crm.credential: is written out here, secrets are not; {fix}"),
    ];
    let connectors = "there is no `connectors/a.wasm`; install the connector: `wharf install FILE`; `wharf build DIR --out ..` makes one";
    let said: Vec<String> = said.into_iter().filter(|line| !line.contains(connectors)).collect();
    assert_eq!(said, expected);
    for line in Site::new(file).run(&["validate", "--json"]).stdout.lines() {
        assert!(!line.contains("hunter2") && !line.contains("1234567"), "{line}");
    }
}

#[test]
fn grants() {
    let file = "[connection.shop]
connector = \"minimal\"
[connection.shop.grant]
origins = [\"api.example.com\", \"http://a.example\", \"https://a.example/v1\", \"ftp://a\", \"https://*\", \"https://ok.example\"]
plain_http = [\"https://a.example\", 7]
private_addresses = [\"127.0.0.1\", \"[::1]:443\"]
plain = true
";
    let site = Site::new(file);
    site.install("minimal");
    let ended = site.run(&["validate"]);
    let shape = "write scheme and host, and a port that is not the scheme's own: \"https://api.example.com:8443\"";
    let key = "connection.shop.grant";
    let expected = [
        format!("wharf.toml:4:12 {key}.origins[0]: `api.example.com` is no origin; {shape}"),
        format!(
            "wharf.toml:4:31 {key}.origins[1]: `http://a.example` is plain http; use https, or put it under `plain_http` if that is meant"
        ),
        format!(
            "wharf.toml:4:51 {key}.origins[2]: `https://a.example/v1` has a path; write the origin only: scheme, host and port"
        ),
        format!("wharf.toml:4:75 {key}.origins[3]: `ftp://a` has a scheme that is never granted; {shape}"),
        format!("wharf.toml:4:86 {key}.origins[4]: `https://*` is no origin; {shape}"),
        format!("wharf.toml:5:15 {key}.plain_http[0]: `https://a.example` is not plain http; put it under `origins`"),
        format!(
            "wharf.toml:5:36 {key}.plain_http[1]: is a whole number, should be a text; write plain_http[1] = \"...\""
        ),
        format!(
            "wharf.toml:6:22 {key}.private_addresses[0]: `127.0.0.1` is no address with a port; write it such as \"127.0.0.1:8443\" or \"[::1]:8443\""
        ),
        format!("wharf.toml:7:1 {key}.plain: unknown key; did you mean `plain_http`?"),
        "error: 9 mistakes in `wharf.toml`; correct them".to_owned(),
    ];
    assert_eq!(ended.stderr.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn tables_and_flows() {
    let file = "[table.vat]
connection = \"crm\"
entries = { \"23\" = 3, \"5\" = [1] }
[flow.a]
from = { connection = \"shop\", feed = \"orders\", filter = { status = [201, {}] }, since = \"yesterday\" }
to = { connection = \"crm\", entity = \"order\", action = \"crate\" }
every = \"5 minutes\"
zone = \"UTC\"
concurrency = 0
base = \"cpy\"
[[flow.a.drop]]
rule = \"cancelled\"
[flow.a.map]
\"lines[].tax_rate.code\" = { from = \"x\", table = \"vatt\" }
x = { from = \"a\", value = \"b\" }
y = \"z\"
[flow.b]
every = \"10s\"
jitter = \"1m\"
drop = { rule = \"x\", when = \"y\" }
[flow.c]
cron = \"*/5 * * * * * *\"
every = \"1m\"
[flow.d]
cron = \"61 * * * *\"
zone = \"Europe/Warsw\"
verify_after = 5
";
    let connection = "add from = { connection = \"NAME\", feed = \"NAME\" }";
    let target = "add to = { connection = \"NAME\", entity = \"NAME\", action = \"create\" }";
    let missing = |place: &str, flow: &str| {
        [
            format!("wharf.toml:{place} flow.{flow}: `from` is missing; {connection}"),
            format!("wharf.toml:{place} flow.{flow}: `to` is missing; {target}"),
        ]
    };
    let ([b_from, b_to], [c_from, c_to], [d_from, d_to]) =
        (missing("17:7", "b"), missing("21:7", "c"), missing("24:7", "d"));
    let expected: Vec<String> = vec![
        "1:8 table.vat: names a connection and no reference list of it; add reference_list = \"NAME\"".into(),
        "2:1 table.vat.connection: no connection is called `crm`; declare it under [connection.crm]".into(),
        "3:23 table.vat.entries.5: is a list, should be a text; write 5 = \"...\"".into(),
        "5:10 flow.a.from.connection: no connection is called `shop`; declare it under [connection.shop]".into(),
        "5:74 flow.a.from.filter.status[1]: is a table, should be a text; write status[1] = \"...\"".into(),
        "5:81 flow.a.from.since: `yesterday` is no instant; write date, time and offset, such as \"2026-01-31T00:00:00Z\", not before 1970".into(),
        "6:8 flow.a.to.connection: no connection is called `crm`; declare it under [connection.crm]".into(),
        "6:46 flow.a.to.action: `crate` is unknown; did you mean `create`?".into(),
        "7:1 flow.a.every: `5 minutes` is no duration; write numbers with units ms, s, m, h or d, such as \"90s\", \"5m\" or \"1h30m\"".into(),
        "8:1 flow.a.zone: has no meaning without `cron`; remove it".into(),
        "9:1 flow.a.concurrency: `0` is out of range; write a number from 1 to 64".into(),
        "10:1 flow.a.base: `cpy` is unknown; did you mean `copy`?".into(),
        "11:1 flow.a.drop[0]: `when` is missing; add when = \"...\"".into(),
        "14:41 flow.a.map.\"lines[].tax_rate.code\".table: no table is called `vatt`; did you mean `vat`?".into(),
        "15:1 flow.a.map.x: does not say what goes there; give exactly one of `from`, `value` and `expr`".into(),
        "16:1 flow.a.map.y: is a text, should be a table; write y = { ... }".into(),
        b_from,
        b_to,
        "19:1 flow.b.jitter: is longer than `every`; write a shorter one".into(),
        "20:1 flow.b.drop: is a table, should be a list of tables; write [[flow.b.drop]]".into(),
        c_from,
        c_to,
        "22:1 flow.c.cron: is a second schedule; keep `every` or `cron`".into(),
        d_from,
        d_to,
        "25:1 flow.d.cron: `61 * * * *` is not a cron expression".into(),
        "26:1 flow.d.zone: `Europe/Warsw` is not a time zone; write an IANA name, e.g. `Europe/Warsaw` or `UTC`".into(),
        "27:1 flow.d.verify_after: is a whole number, should be a duration; write verify_after = \"5m\"".into(),
    ];
    let said = said(file);
    for (line, expected) in said.iter().zip(&expected) {
        let expected = expected.trim_start_matches("wharf.toml:");
        // What is wrong with a cron expression is said by the parser of cron expressions.
        assert!(line.strip_prefix("wharf.toml:").unwrap().starts_with(expected), "{line}\n{expected}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
}

#[test]
fn mistakes_are_listed_in_json() {
    let site = Site::new("[wharf]\nstat = \"x\"\n");
    let (code, value) = site.json(&["validate"]);
    assert_eq!(code, 3);
    let problem = serde_json::json!({
        "file": "wharf.toml",
        "line": 2,
        "column": 1,
        "key": "wharf.stat",
        "message": "unknown key",
        "fix": "did you mean `state`?",
    });
    let error = serde_json::json!({
        "code": "installation-invalid",
        "message": "1 mistake in `wharf.toml`",
        "place": "wharf.toml:2:1",
        "fix": "correct it",
        "problems": [problem],
    });
    assert_eq!(value, serde_json::json!({ "error": error }));
}
