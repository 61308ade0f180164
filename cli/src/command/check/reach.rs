//! What a check's requests tell of the way to the remote. Pure.

use wharf_host::model::{RequestTrace, Step, StepState, Trace};

use super::step;
use crate::installation::origin_of;

/// Tells from the requests of a check, origin by origin, whether the connection came up.
pub(super) fn answers(trace: &Trace) -> Vec<Step> {
    let mut origins: Vec<String> = Vec::new();
    for request in &trace.requests {
        let origin = origin_of(&request.url);
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins.iter().map(|origin| answer(origin, trace)).collect()
}

fn answer(origin: &str, trace: &Trace) -> Step {
    let name = format!("reach {origin}");
    let mut requests = trace.requests.iter().filter(|request| origin_of(&request.url) == origin);
    let answered = |request: &&RequestTrace| request.status.is_some();
    if let Some(request) = requests.clone().find(answered) {
        let tls = if origin.starts_with("https:") { ", TLS included" } else { " without TLS" };
        return step(name, StepState::Ok, format!("answered in {} ms{tls}", request.micros / 1_000), None);
    }
    let refusal = requests.find_map(|request| request.refusal.clone()).unwrap_or_else(|| "no answer".to_owned());
    step(name, StepState::Failed, refusal, None)
}

#[cfg(test)]
mod tests {
    use wharf_host::model::Effect;

    use super::*;

    #[test]
    fn an_origin_that_answered_once_is_reached() {
        let request = |url: &str, status, refusal: Option<&str>| RequestTrace {
            number: 1,
            method: "GET".to_owned(),
            url: url.to_owned(),
            effect: Effect::Read,
            status,
            refusal: refusal.map(str::to_owned),
            sent: true,
            sent_bytes: 0,
            received_bytes: 0,
            micros: 12_345,
        };
        let requests = vec![
            request("https://a.example/x", None, Some("not-sent")),
            request("https://a.example/y", Some(500), None),
            request("http://b.example/", None, Some("not-sent")),
        ];
        let steps = answers(&Trace { requests, ..Trace::default() });
        let seen: Vec<_> = steps.iter().map(|step| (step.name.as_str(), step.state, step.detail.as_str())).collect();
        let expected = [
            ("reach https://a.example", StepState::Ok, "answered in 12 ms, TLS included"),
            ("reach http://b.example", StepState::Failed, "not-sent"),
        ];
        assert_eq!(seen, expected);
    }
}
