//! The whole inspection of an API: signing in, searching by each key, one customer, changes, many agents at once.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::caller::{Caller, SignIn};
use super::report::Report;

/// Agents that search at once.
const AGENTS: usize = 8;
/// Times that a change which goes on by itself is looked for.
const LOOKS: u32 = 20;
/// A code that nobody has.
const NOBODY: &str = "ninguem-0000";

/// A customer that is known to be there.
#[derive(Clone, Debug)]
pub struct Probe {
    keys: Vec<(String, String)>,
    edits: Vec<(String, String)>,
}

impl Probe {
    /// Starts with a key and the value that it is found by.
    pub fn new(key: &str, value: &str) -> Self {
        Self { keys: vec![(key.to_owned(), value.to_owned())], edits: Vec::new() }
    }

    /// Adds another key that finds it.
    pub fn key(mut self, key: &str, value: &str) -> Self {
        self.keys.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds a field that is changed, read back, and changed to what it was.
    pub fn edit(mut self, field: &str, value: &str) -> Self {
        self.edits.push((field.to_owned(), value.to_owned()));
        self
    }
}

impl Caller {
    /// Goes through the checklist; changes of probes are undone at the end.
    pub async fn inspect(&self, probes: &[Probe]) -> Report {
        let before = self.requests();
        let mut inspection = Inspection { caller: self, report: Report::default() };
        inspection.connection().await;
        inspection.strangers().await;
        inspection.refusals().await;
        for probe in probes {
            inspection.customer(probe).await;
        }
        if let Some((key, value)) = probes.first().and_then(|probe| probe.keys.first()) {
            inspection.many_agents(key, value).await;
        }
        inspection.report.requests = self.requests() - before;
        inspection.report
    }
}

struct Inspection<'a> {
    caller: &'a Caller,
    report: Report,
}

impl Inspection<'_> {
    fn note(&mut self, answer: Answer) {
        let took = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX);
        self.report.slowest_ms = self.report.slowest_ms.max(took);
        self.report.violations.extend(answer.violations);
    }

    async fn connection(&mut self) {
        let mut health = self.caller.health().await;
        if !self.caller.settings.base_url.starts_with("https://") {
            health.warn("tls", "the address is not https");
        }
        health.expect("health", &[200]);
        self.note(health);
        if let SignIn::Client { id, secret } = &self.caller.settings.sign_in {
            self.token_path(id, secret).await;
        }
    }

    async fn token_path(&mut self, id: &str, secret: &str) {
        let good = [(vec![("client_id", id), ("client_secret", secret)], None), (Vec::new(), Some((id, secret)))];
        for (fields, basic) in good {
            match self.caller.ask_for_token(&fields, basic).await {
                Err(lost) => self.note(*lost),
                Ok((raw, _)) => {
                    let mut answer = Answer::of_anything(&raw, &self.caller.settings);
                    answer.expect("token", &[200]);
                    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
                    let kind = body["token_type"].as_str().unwrap_or_default();
                    if raw.status == 200 && !kind.eq_ignore_ascii_case("bearer") {
                        answer.error("token", "`token_type` is not Bearer");
                    }
                    if raw.status == 200 && !body["expires_in"].is_u64() {
                        answer.warn("token", "`expires_in` is no number");
                    }
                    self.note(answer);
                }
            }
        }
        match self.caller.ask_for_token(&[("client_id", id), ("client_secret", "wrong")], None).await {
            Err(lost) => self.note(*lost),
            Ok((raw, _)) => {
                let mut answer = Answer::of_anything(&raw, &self.caller.settings);
                answer.expect("wrong-client", &[400, 401]);
                let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
                if body["error"] != "invalid_client" {
                    answer.error("wrong-client", "`error` is not invalid_client");
                }
                self.note(answer);
            }
        }
    }

    /// Who does not sign in gets nothing.
    async fn strangers(&mut self) {
        let path = format!("{}?cpf=00000000191", self.caller.settings.paths.search);
        let request = || self.caller.request(Method::GET, &path, None);
        for (who, request) in [
            ("nobody", request()),
            ("a wrong password", request().basic_auth("nobody", Some("wrong"))),
            ("a wrong token", request().bearer_auth("wrong")),
        ] {
            match self.caller.send(request, &format!("GET {} as {who}", self.caller.settings.paths.search)).await {
                Err(lost) => self.note(*lost),
                Ok((raw, challenge)) => {
                    let mut answer = Answer::of_anything(&raw, &self.caller.settings);
                    answer.expect("authentication", &[401]);
                    if raw.status == 401 && challenge.is_empty() {
                        answer.error("challenge", "status 401 without `WWW-Authenticate`");
                    }
                    self.note(answer);
                }
            }
        }
    }

    /// Requests that cannot be answered are refused in the agreed way.
    async fn refusals(&mut self) {
        let paths = self.caller.settings.paths.clone();
        let one = paths.customer.replace("{codigo}", NOBODY);
        let nobody = json!({ "email": "a@b.example" });
        for (check, method, path, body, statuses) in [
            ("no-key", Method::GET, paths.search.clone(), None, &[400][..]),
            ("unknown-path", Method::GET, format!("{}-x/y/z", paths.search), None, &[404]),
            ("method", Method::DELETE, paths.search.clone(), None, &[405]),
            ("unknown-code", Method::PUT, one, Some(&nobody), &[404]),
        ] {
            let name = format!("{method} {path}");
            let mut answer = self.caller.customers(method, &path, &name, body).await;
            answer.expect(check, statuses);
            self.note(answer);
        }
        for answer in [self.caller.customer(NOBODY).await, self.caller.search("codigo", NOBODY).await] {
            self.nobody(answer);
        }
    }

    fn nobody(&mut self, mut answer: Answer) {
        answer.expect("nobody", &[200]);
        if !answer.customers.is_empty() {
            answer.error("nobody", "somebody was found for a code that nobody has");
        }
        self.note(answer);
    }

    async fn customer(&mut self, probe: &Probe) {
        let mut code = None;
        for (key, value) in &probe.keys {
            let mut answer = self.caller.search(key, value).await;
            answer.expect("search", &[200]);
            if answer.status == 200 && answer.customers.is_empty() {
                answer.error("not-found", &format!("nobody was found by `{key}`"));
            }
            let first = answer.customers.first().and_then(|customer| customer.get("codigo")?.as_str());
            code = code.or_else(|| first.map(str::to_owned));
            if let Some(code) = code.as_deref().filter(|code| answer.status == 200 && answer.with_code(code).is_none())
            {
                answer.error("not-found", &format!("`{key}` does not find the customer `{code}`"));
            }
            self.note(answer);
        }
        let Some(code) = code else { return };
        let mut one = self.caller.customer(&code).await;
        one.expect("one", &[200]);
        if one.customers.len() != 1 || one.with_code(&code).is_none() {
            one.error("one", "one customer was asked for, and not that one alone came");
        }
        let before = one.clone();
        self.note(one);
        for (field, value) in &probe.edits {
            let old = before.field(&code, field).unwrap_or_default().to_owned();
            self.edit(&code, field, value).await;
            self.edit(&code, field, &old).await;
        }
        if !probe.edits.is_empty() {
            self.bad_edits(&code).await;
        }
    }

    /// Changes a field and reads it back.
    async fn edit(&mut self, code: &str, field: &str, value: &str) {
        let mut answer = self.caller.edit(code, &[(field, value), ("campo_desconhecido", "x")]).await;
        answer.expect("edit", &[200, 202]);
        if answer.status == 200 && answer.field(code, field) != Some(value) {
            answer.error("edit", &format!("`{field}` is not as it was sent in the answer"));
        }
        let goes_on = answer.status == 202;
        self.note(answer);
        for look in 0..LOOKS {
            let mut read = self.caller.customer(code).await;
            if read.field(code, field) == Some(value) {
                return self.note(read);
            }
            if !goes_on || look + 1 == LOOKS {
                read.error("read-back", &format!("`{field}` is not as it was sent"));
                return self.note(read);
            }
            tokio::time::sleep(self.caller.settings.slow_after / LOOKS).await;
        }
    }

    async fn bad_edits(&mut self, code: &str) {
        for body in [json!({ "nome": { "primeiro": "A" } }), json!("texto")] {
            let mut answer = self.caller.put(code, &body).await;
            answer.expect("bad-edit", &[422]);
            self.note(answer);
        }
    }

    async fn many_agents(&mut self, key: &str, value: &str) {
        let all = join_all((0..AGENTS).map(|_| self.caller.search(key, value))).await;
        for mut answer in all {
            answer.expect("many-agents", &[200]);
            self.note(answer);
        }
    }
}
