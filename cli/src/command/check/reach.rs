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

/// Seconds by which clocks may differ before it is worth a word: requests take time, and `Date` has whole seconds.
const CLOCKS_DIFFER: u64 = 30;

/// Compares the host's clock with those of the remotes, by the answer that differs least at each. Feeds by time, tokens
/// and signed webhooks go wrong when they are apart.
pub(super) fn clocks(trace: &Trace) -> Option<Step> {
    let ahead = trace.requests.iter().filter_map(|request| request.clock_ahead_seconds);
    let ahead = ahead.min_by_key(|seconds| seconds.unsigned_abs())?;
    let name = "clock".to_owned();
    if ahead.unsigned_abs() <= CLOCKS_DIFFER {
        return Some(step(name, StepState::Ok, format!("within {CLOCKS_DIFFER} s of the remote's"), None));
    }
    let direction = if ahead < 0 { "ahead of" } else { "behind" };
    let detail = format!("{} s {direction} the remote's", ahead.unsigned_abs());
    let hint = "set this machine's clock by a time server, or tell the remote's operator";
    Some(step(name, StepState::Warning, detail, Some(hint.to_owned())))
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
            clock_ahead_seconds: None,
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

    #[test]
    fn clocks_that_differ_are_told_with_the_direction() {
        let trace = |ahead: &[Option<i64>]| {
            let request = |clock_ahead_seconds: &Option<i64>| RequestTrace {
                number: 1,
                method: "GET".to_owned(),
                url: "https://a.example/x".to_owned(),
                effect: Effect::Read,
                status: Some(200),
                refusal: None,
                sent: true,
                sent_bytes: 0,
                received_bytes: 0,
                micros: 1,
                clock_ahead_seconds: *clock_ahead_seconds,
            };
            Trace { requests: ahead.iter().map(request).collect(), ..Trace::default() }
        };
        let told = |ahead: &[Option<i64>]| clocks(&trace(ahead)).map(|step| (step.state, step.detail));
        assert_eq!(told(&[None]), None);
        // A slow answer makes a clock look off; the quickest one does not.
        assert_eq!(told(&[Some(-40), Some(1)]).map(|(state, _)| state), Some(StepState::Ok));
        assert_eq!(told(&[Some(-40)]), Some((StepState::Warning, "40 s ahead of the remote's".to_owned())));
        assert_eq!(told(&[Some(900)]), Some((StepState::Warning, "900 s behind the remote's".to_owned())));
    }
}
