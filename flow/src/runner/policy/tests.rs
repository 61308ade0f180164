use wharf_host::model::{LimitScope, RequestTrace, ToldBy};

use super::*;

fn at(phase: Phase) -> Situation {
    Situation {
        phase,
        attempts: 0,
        size: 1,
        whole: false,
        writes: Writes::NoneSent,
        repeatable: false,
        verifiable: true,
        action: Action::Create,
    }
}

fn missing(kind: MissingKind) -> Cause {
    Cause::NotFound { kind, entity: "order".into(), key: "1".into() }
}

fn conflict(same_content: Option<bool>) -> Cause {
    Cause::Conflict { existing_id: Some("7".into()), same_content }
}

/// Every cause there is, with what is done when reading, writing and asking fails for it the first time.
fn table() -> Vec<(Cause, Reaction, Reaction, Reaction)> {
    use Reaction::{HoldConnection, Park, ParkUnknown, PauseConnection, StopFeed, StopRun, StopWrites, Unreachable};
    let short = || Reaction::Retry(Pace::Short);
    let slow = || Reaction::Retry(Pace::Slow);
    let at = Some(Instant(5));
    let text = String::new;
    vec![
        (Cause::ConfigInvalid { violations: Vec::new() }, PauseConnection, PauseConnection, PauseConnection),
        (Cause::AuthExpired, short(), short(), short()),
        (Cause::AuthRevoked, PauseConnection, PauseConnection, PauseConnection),
        (Cause::Forbidden { permission: None }, StopFeed, StopWrites, ParkUnknown),
        (
            Cause::RateLimited { scope: LimitScope::Account, not_before: at, told_by: ToldBy::Text },
            HoldConnection { until: at },
            HoldConnection { until: at },
            HoldConnection { until: at },
        ),
        (
            Cause::Unavailable { until: None },
            Unreachable { until: None },
            Unreachable { until: None },
            Unreachable { until: None },
        ),
        (Cause::OutcomeUnknown, short(), Reaction::Verify, short()),
        (conflict(Some(true)), short(), Reaction::Bind { id: Some("7".into()) }, ParkUnknown),
        (conflict(Some(false)), short(), Park, ParkUnknown),
        (conflict(None), short(), Park, ParkUnknown),
        (missing(MissingKind::Endpoint), StopFeed, StopWrites, ParkUnknown),
        (missing(MissingKind::Subject), short(), Park, ParkUnknown),
        (missing(MissingKind::Referenced), short(), Park, ParkUnknown),
        (Cause::InvalidRecord { violations: Vec::new() }, short(), Park, ParkUnknown),
        (Cause::MappingMissing { missing: Vec::new() }, short(), Park, ParkUnknown),
        (Cause::Precondition { state: "period-closed".into() }, slow(), slow(), slow()),
        (
            Cause::DependencyMissing { entity: "partner".into(), key: "9".into() },
            short(),
            Reaction::Need { entity: "partner".into(), key: "9".into() },
            ParkUnknown,
        ),
        (Cause::Unsupported { capability: text() }, StopFeed, StopWrites, ParkUnknown),
        (Cause::ContractChanged { detail: text(), sample: text() }, StopFeed, StopWrites, ParkUnknown),
        (Cause::TooLarge { bytes: 9 }, StopFeed, Park, ParkUnknown),
        (Cause::Internal { detail: text() }, short(), short(), short()),
        (Cause::Cancelled, StopRun, StopRun, StopRun),
        (Cause::Deadline { write_in_flight: false }, short(), short(), short()),
        (Cause::Deadline { write_in_flight: true }, short(), Reaction::Verify, short()),
        (Cause::MemoryExceeded { limit_bytes: 1 }, StopFeed, Park, ParkUnknown),
        (Cause::EgressDenied { rule: text(), target: text() }, StopFeed, Park, ParkUnknown),
        (Cause::WouldWrite, StopFeed, Park, ParkUnknown),
        (Cause::Fenced, StopRun, StopRun, StopRun),
    ]
}

#[test]
fn every_cause_has_its_reaction() {
    for (cause, pull, apply, verify) in table() {
        assert_eq!(react(&cause, &at(Phase::Pull)), pull, "pull: {cause:?}");
        assert_eq!(react(&cause, &at(Phase::Apply)), apply, "apply: {cause:?}");
        assert_eq!(react(&cause, &at(Phase::Verify)), verify, "verify: {cause:?}");
    }
    let mut codes: Vec<&str> = table().iter().map(|(cause, ..)| cause.code()).collect();
    codes.dedup();
    assert_eq!(codes.len(), 23, "a cause is not in the table: {codes:?}");
}

#[test]
fn call_that_broke_off_after_a_write_is_never_repeated_blindly() {
    let stops = [Cause::Cancelled, Cause::Internal { detail: String::new() }, Cause::MemoryExceeded { limit_bytes: 1 }];
    for cause in stops {
        for writes in [Writes::Answered, Writes::Unanswered] {
            let broken = Situation { whole: true, size: 3, writes, ..at(Phase::Apply) };
            assert_eq!(react(&cause, &broken), Reaction::Verify, "{cause:?} {writes:?}");
            let silent = Situation { verifiable: false, ..broken };
            assert_eq!(react(&cause, &silent), Reaction::ParkUnknown, "{cause:?} {writes:?}");
            let harmless = Situation { repeatable: true, ..silent };
            assert_eq!(react(&cause, &harmless), Reaction::Retry(Pace::Short), "{cause:?} {writes:?}");
        }
    }
}

#[test]
fn connector_is_not_believed_against_the_wire() {
    for (cause, _, _, _) in table() {
        let unanswered = Situation { writes: Writes::Unanswered, ..at(Phase::Apply) };
        assert_eq!(react(&cause, &unanswered), Reaction::Verify, "{cause:?} with a write that was not answered");
    }
    let of_many = Situation { writes: Writes::Unanswered, size: 5, ..at(Phase::Apply) };
    let refused = Cause::InvalidRecord { violations: Vec::new() };
    assert_eq!(react(&refused, &of_many), Reaction::Park, "the write without an answer was another one's");
    assert_eq!(react(&Cause::Unavailable { until: None }, &of_many), Reaction::Verify);
}

#[test]
fn create_is_asked_about_before_it_is_sent_again_unless_every_answer_was_a_refusal() {
    for (writes, doubtful) in
        [(Writes::NoneSent, false), (Writes::Answered, false), (Writes::Accepted, true), (Writes::Unanswered, true)]
    {
        let create = Situation { writes, action: Action::Create, ..at(Phase::Apply) };
        assert_eq!(is_doubtful(&create), doubtful, "{writes:?}");
        assert!(!is_doubtful(&Situation { verifiable: false, ..create }), "{writes:?}");
        assert!(!is_doubtful(&Situation { action: Action::Update, ..create }), "{writes:?}");
    }
}

#[test]
fn batch_that_fails_without_writing_is_halved() {
    let batch = Situation { whole: true, size: 8, ..at(Phase::Apply) };
    for cause in [
        Cause::Internal { detail: String::new() },
        Cause::MemoryExceeded { limit_bytes: 1 },
        Cause::Deadline { write_in_flight: false },
    ] {
        assert_eq!(react(&cause, &batch), Reaction::Bisect, "{cause:?}");
        let page = Situation { size: 500, ..at(Phase::Pull) };
        assert_eq!(react(&cause, &page), Reaction::ShrinkPage, "{cause:?}");
    }
}

#[test]
fn retries_end() {
    let ends = [
        (Cause::AuthExpired, FEW_ATTEMPTS, Reaction::PauseConnection),
        (Cause::Internal { detail: String::new() }, FEW_ATTEMPTS, Reaction::Park),
        (Cause::Deadline { write_in_flight: false }, ATTEMPTS, Reaction::Park),
        (Cause::Precondition { state: String::new() }, SLOW_ATTEMPTS, Reaction::Park),
    ];
    for (cause, attempts, expected) in ends {
        let last = Situation { attempts: attempts - 1, ..at(Phase::Apply) };
        assert!(matches!(react(&cause, &last), Reaction::Retry(_)), "{cause:?}");
        assert_eq!(react(&cause, &Situation { attempts, ..last }), expected, "{cause:?}");
    }
}

#[test]
fn record_that_is_gone_is_deleted_enough() {
    let delete = Situation { action: Action::Delete, ..at(Phase::Apply) };
    assert_eq!(react(&missing(MissingKind::Subject), &delete), Reaction::Done);
    assert_eq!(react(&missing(MissingKind::Referenced), &delete), Reaction::Park);
}

#[test]
fn writes_are_read_from_the_trace() {
    let request = |effect, sent, status| RequestTrace {
        number: 1,
        method: "POST".into(),
        url: String::new(),
        effect,
        status,
        refusal: None,
        sent,
        sent_bytes: 0,
        received_bytes: 0,
        micros: 0,
        clock_ahead_seconds: None,
    };
    let trace = |requests: &[RequestTrace]| Trace { requests: requests.to_vec(), ..Trace::default() };
    let read = request(Effect::Read, true, None);
    let refused = request(Effect::Write, false, None);
    let answered = request(Effect::Write, true, Some(201));
    let lost = request(Effect::IdempotentWrite, true, None);
    assert_eq!(writes_of(&trace(&[read.clone(), refused.clone()])), Writes::NoneSent);
    assert_eq!(writes_of(&trace(&[read.clone(), answered.clone()])), Writes::Accepted);
    let limited = RequestTrace { status: Some(429), ..answered.clone() };
    assert_eq!(writes_of(&trace(&[read.clone(), limited.clone()])), Writes::Answered);
    assert_eq!(writes_of(&trace(&[limited, answered.clone()])), Writes::Accepted);
    for status in [408, 500, 502, 503, 504] {
        let troubled = RequestTrace { status: Some(status), ..answered.clone() };
        assert_eq!(writes_of(&trace(&[troubled])), Writes::Accepted, "{status} may come after the work is done");
    }
    assert_eq!(writes_of(&trace(&[answered.clone(), lost.clone()])), Writes::Unanswered);
    assert!(is_repeatable(&trace(&[read, refused, lost.clone()]), Action::Transition));
    assert!(!is_repeatable(&trace(&[lost]), Action::Create));
    assert!(!is_repeatable(&trace(&[answered]), Action::Update));
}

#[test]
fn delays_double_up_to_their_limit_and_differ() {
    for (pace, first, longest) in [(Pace::Short, 5_000, 900_000), (Pace::Slow, 600_000, 21_600_000)] {
        for attempts in 0..40 {
            let full = (first * 2_u128.pow(attempts.min(20))).min(longest);
            let delays: Vec<u128> = (0..20).map(|seed| delay(pace, attempts, seed).as_millis()).collect();
            assert!(delays.iter().all(|delay| *delay <= full && *delay > full / 2 - 1), "{attempts}: {delays:?}");
            assert!(delays.windows(2).any(|pair| pair[0] != pair[1]), "{attempts}");
        }
    }
}
