//! Writes: each wanted document once, whatever happens on the way.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use wharf_flow::{Error as FlowError, RunReport};
use wharf_host::model::{Action, Cause, Effect, Failure, Intent, Outcome, Verdict};
use wharf_host::tape::Asked;

use crate::report::Law;
use crate::scenario::WriteEntry;
use crate::stage::{Ended, Flow, Stage, correlation, ends, written_by};
use crate::trouble::{Happening, catalogue};

const NONE: &str = "the scenario writes nothing";

/// Says what is wrong with the end of a case: not done, or not there exactly once.
async fn wrong(
    stage: &Stage,
    write: &WriteEntry,
    flow: &Flow<'_>,
    mark: &str,
    report: &RunReport,
) -> Result<Option<String>> {
    stage.witness.search("a ledger", &std::fs::read(flow.path())?);
    let totals = &report.totals;
    if totals.done != 1 {
        let held: Vec<_> = report.holds.iter().map(|hold| hold.message.clone()).collect();
        return Ok(Some(format!("the document is not done: {totals:?}, parked {:?}, held {held:?}", report.parked)));
    }
    let Some(text) = flow.correlation(mark)? else { return Ok(Some("the ledger has no intent for it".to_owned())) };
    let there = stage.count(write, &text, mark).await?;
    Ok(there.filter(|count| *count != 1).map(|count| format!("{count} documents are there")))
}

/// Writes a document undisturbed, and returns how many requests that takes; none when not even that works, which breaks the
/// law.
async fn undisturbed<'s>(
    stage: &'s Stage,
    write: &WriteEntry,
    law: &mut Law,
    as_wanted: impl FnOnce(Flow<'s>) -> Flow<'s>,
) -> Result<Option<usize>> {
    let mark = stage.mark();
    stage.prepare(write, &mark).await?;
    let flow = as_wanted(stage.writing(write, &mark)?);
    stage.trouble.plan(None);
    let report = flow.recover().await?;
    let requests = stage.trouble.requests();
    let Some(wrong) = wrong(stage, write, &flow, &mark, &report).await? else { return Ok(Some(requests.len())) };
    let why = flow.ledger()?.parked()?.into_iter().map(|group| format!("; {}", group.message)).collect::<String>();
    law.case(|| format!("{} undisturbed", name(write)), Some(format!("{wrong}{why}")), requests);
    Ok(None)
}

pub(super) async fn plan(stage: &Stage, law: &mut Law) -> Result<()> {
    for write in &stage.scenario.writes {
        let mark = stage.mark();
        stage.prepare(write, &mark).await?;
        let intent = stage.intent(write, &mark);
        stage.trouble.plan(None);
        stage.witness.forget();
        let previews = stage.rested().plan(std::slice::from_ref(&intent)).await?.value;
        let again = stage.rested().plan(std::slice::from_ref(&intent)).await?.value;
        let sent = stage.trouble.requests().len();
        let applied = stage.rested().apply(std::slice::from_ref(&intent)).await?.value;
        let asked = stage.witness.asked("apply");
        let seen = match previews.first() {
            _ if sent > 0 => Some(format!("plan sent {sent} requests")),
            _ if previews != again => Some("planned twice, it differs".to_owned()),
            _ if asked.is_empty() => Some(format!("apply sent nothing: {applied:?}")),
            Some(Ok(preview)) => {
                let planned = |asked: &Asked| {
                    let body = asked.body.as_deref().unwrap_or_default();
                    (&preview.method, &preview.url) == (&asked.method, &asked.url) && preview.body.as_bytes() == body
                };
                let line = || format!("`{} {} {}` was planned and not sent", preview.method, preview.url, preview.body);
                (!asked.iter().any(planned)).then(line)
            }
            planned => Some(format!("nothing was planned: {planned:?}")),
        };
        law.case(|| name(write), seen, stage.trouble.requests());
    }
    law.not_tried(NONE);
    Ok(())
}

fn name(write: &WriteEntry) -> String {
    format!("{:?} `{}`", write.action, write.entity).to_lowercase()
}

pub(super) async fn twice(stage: &Stage, law: &mut Law) -> Result<()> {
    for write in &stage.scenario.writes {
        let mark = stage.mark();
        stage.prepare(write, &mark).await?;
        let intent = stage.intent(write, &mark);
        stage.trouble.plan(None);
        let mut seen = None;
        for _ in 0..2 {
            let outcomes = stage.rested().apply(std::slice::from_ref(&intent)).await?.value;
            if let Some(Outcome::Failed(failure)) = outcomes.first()
                && !matches!(failure.cause, Cause::Conflict { same_content: Some(true), .. })
            {
                seen = seen.or_else(|| Some(format!("refused: {} ({:?})", failure.message, failure.cause)));
            }
        }
        if write.action == Action::Create {
            let there = stage.count(write, &intent.correlation, &mark).await?;
            seen = seen.or(there.filter(|count| *count != 1).map(|count| format!("{count} documents are there")));
            let before = stage.documents().await?;
            let verdicts = stage.rested().verify(std::slice::from_ref(&intent)).await?.value;
            let found = matches!(verdicts.first(), Some(Ok(Verdict::Found(_))));
            seen = seen.or_else(|| (!found).then(|| format!("verify does not find it: {verdicts:?}")));
            seen = seen.or(written_by("verify", before, stage.documents().await?));
        }
        seen = seen.or(finds_a_stranger(stage, write, &intent).await?);
        law.case(|| name(write), seen, stage.trouble.requests());
    }
    law.not_tried(NONE);
    Ok(())
}

/// Asks about writes that nobody made, one of other content and one of the same under another text; says which is found all
/// the same.
async fn finds_a_stranger(stage: &Stage, write: &WriteEntry, made: &Intent) -> Result<Option<String>> {
    let mut strangers = Vec::new();
    if write.document.to_string().contains("{mark}") {
        strangers.push(("what nobody wrote", stage.intent(write, &stage.mark())));
    }
    if write.action == Action::Create && !write.known_by_content {
        let other = stage.intent(write, &stage.mark());
        strangers.push(("by its content what another made", Intent { document: made.document.clone(), ..other }));
    }
    for (what, stranger) in strangers {
        let verdicts = stage.rested().verify(std::slice::from_ref(&stranger)).await?.value;
        if matches!(verdicts.first(), Some(Ok(Verdict::Found(_)))) {
            return Ok(Some(format!("verify finds {what}: {verdicts:?}")));
        }
    }
    Ok(None)
}

pub(super) async fn ended(stage: &Stage, law: &mut Law) -> Result<()> {
    for write in &stage.scenario.writes {
        let Some(requests) = undisturbed(stage, write, law, Flow::checked).await? else { continue };
        for (request, (when, happening)) in (0..requests).flat_map(|at| ends().map(|end| (at, end))) {
            let mark = stage.mark();
            stage.prepare(write, &mark).await?;
            let flow = stage.writing(write, &mark)?.checked();
            let ledger = flow.ledger()?;
            stage.trouble.plan(Some((request, happening)));
            let (asked, wanted) = (ledger.clone(), mark.clone());
            stage.trouble.look(Box::new(move || match correlation(&asked, &wanted) {
                Ok(Some(_)) => None,
                Ok(None) => Some("a request left before its intent was durable".to_owned()),
                Err(error) => Some(error.to_string()),
            }));
            flow.run_with(&ledger, None).await?;
            drop(ledger);
            let (trace, early) = (stage.trouble.requests(), stage.trouble.seen());
            stage.trouble.plan(None);
            let report = flow.recover().await?;
            let seen = early.or(wrong(stage, write, &flow, &mark, &report).await?);
            law.case(|| format!("{} ended {when} request {request}", name(write)), seen, trace);
        }
        taken_over(stage, write, requests, law).await?;
        clock_set(stage, write, requests, law).await?;
    }
    law.not_tried(NONE);
    Ok(())
}

/// A process stands still after an answer for longer than its lease; another takes over; then the first goes on.
async fn taken_over(stage: &Stage, write: &WriteEntry, requests: usize, law: &mut Law) -> Result<()> {
    for request in 0..requests {
        let mark = stage.mark();
        stage.prepare(write, &mark).await?;
        let flow = stage.writing(write, &mark)?.checked();
        let ledger = flow.ledger()?;
        let runner = flow.runner(&ledger)?;
        stage.trouble.plan(Some((request, Happening::StandStill)));
        let mut first = Box::pin(runner.run(&()));
        let stood = tokio::select! {
            ended = stage.time.drive(&ledger, &mut first) => { ended?; false }
            () = stage.trouble.stopped() => true,
        };
        if !stood {
            bail!("request {request} of {} did not come", name(write));
        }
        stage.time.standing(1);
        stage.time.advance(std::time::Duration::from_secs(60));
        let second = flow.run_beside().await;
        stage.time.standing(0);
        stage.trouble.go_on();
        let ended = stage.time.drive(&ledger, first).await;
        let trace = stage.trouble.requests();
        drop((runner, ledger));
        let report = flow.recover().await?;
        let seen = match (second, ended) {
            (Err(error), _) => Some(format!("the second process failed: {error}")),
            (Ok(_), Err(FlowError::Fenced { .. })) => wrong(stage, write, &flow, &mark, &report).await?,
            (Ok(_), other) => Some(format!("the first process did not hear that its lease was lost: {other:?}")),
        };
        law.case(|| format!("{} taken over after request {request}", name(write)), seen, trace);
    }
    Ok(())
}

/// Somebody sets the clock while a request is under way: forward by a day, or back by an hour.
async fn clock_set(stage: &Stage, write: &WriteEntry, requests: usize, law: &mut Law) -> Result<()> {
    let jumps = [("forward by a day", 86_400), ("back by an hour", -3_600)];
    for (request, (how, seconds)) in (0..requests).flat_map(|at| jumps.map(|jump| (at, jump))) {
        let mark = stage.mark();
        stage.prepare(write, &mark).await?;
        let flow = stage.writing(write, &mark)?.checked();
        stage.trouble.plan(None);
        let (time, left) = (stage.time.clone(), AtomicUsize::new(0));
        stage.trouble.look(Box::new(move || {
            if left.fetch_add(1, Ordering::Relaxed) == request {
                time.set(seconds);
            }
            None
        }));
        let report = flow.recover().await?;
        let trace = stage.trouble.requests();
        let seen = wrong(stage, write, &flow, &mark, &report).await?;
        law.case(|| format!("{}, the clock set {how} at request {request}", name(write)), seen, trace);
    }
    Ok(())
}

pub(super) async fn answers_lost(stage: &Stage, law: &mut Law) -> Result<()> {
    for write in &stage.scenario.writes {
        let Some(requests) = undisturbed(stage, write, law, |flow| flow).await? else { continue };
        for request in 0..requests {
            let mark = stage.mark();
            stage.prepare(write, &mark).await?;
            let flow = stage.writing(write, &mark)?;
            stage.trouble.plan(Some((request, Happening::AnswerLost)));
            stage.witness.forget();
            let report = flow.recover().await?;
            let trace = stage.trouble.requests();
            let calls = stage.witness.calls();
            let mut calls = calls.iter().filter(|(call, _)| *call != "pull");
            // The call ends with the request whose answer was lost: only where that is a write, its outcome is unknown.
            let lost = |(_, asked): &(&str, Vec<Asked>)| asked.last().is_some_and(|one| one.effect == Effect::Write);
            let wrote = calls.next().is_some_and(lost);
            let blindly = wrote && calls.next().is_some_and(|(call, _)| *call == "apply");
            let seen = blindly.then(|| "the write was repeated without asking".to_owned());
            let seen = seen.or(wrong(stage, write, &flow, &mark, &report).await?);
            law.case(|| format!("{}, answer of request {request} lost", name(write)), seen, trace);
        }
    }
    law.not_tried(NONE);
    Ok(())
}

pub(super) async fn second_run(stage: &Stage, law: &mut Law) -> Result<()> {
    for write in &stage.scenario.writes {
        let mark = stage.mark();
        stage.prepare(write, &mark).await?;
        let flow = stage.writing(write, &mark)?;
        stage.trouble.plan(None);
        flow.recover().await?;
        stage.trouble.plan(None);
        let ledger = flow.ledger()?;
        let planned = stage.time.drive(&ledger, flow.runner(&ledger)?.plan(10)).await?;
        drop(ledger);
        let again = flow.run(None).await?;
        let sent = stage.trouble.requests();
        let seen = match again {
            _ if !planned.writes.is_empty() => Some(format!("it plans {} writes", planned.writes.len())),
            _ if !sent.is_empty() => Some(format!("it sent {} requests", sent.len())),
            Ended::Report(report) if report.read > 0 => Some(format!("it read {} items as new", report.read)),
            Ended::Report(_) => None,
            Ended::Stopped => Some("it did not come to its end".to_owned()),
        };
        law.case(|| name(write), seen, sent);
    }
    law.not_tried(NONE);
    Ok(())
}

pub(super) async fn faults(stage: &Stage, law: &mut Law) -> Result<()> {
    for write in &stage.scenario.writes {
        let Some(requests) = undisturbed(stage, write, law, |flow| flow).await? else { continue };
        for request in 0..requests {
            for fault in catalogue() {
                let mark = stage.mark();
                stage.prepare(write, &mark).await?;
                let intent = stage.intent(write, &mark);
                stage.trouble.plan(Some((request, fault.happening.clone())));
                let told = stage.rested().apply(std::slice::from_ref(&intent)).await;
                let trace = stage.trouble.requests();
                let failure = match &told {
                    Ok(answer) => failed(answer.value.first()),
                    Err(error) => error.cause().cloned().map(|cause| (cause, error.to_string())),
                };
                // What the connector or the host got over by itself is no failure.
                let seen = failure.filter(|(cause, _)| !fault.causes.contains(&cause.code()));
                let seen = seen.map(|(cause, message)| format!("it became `{}`: {message}", cause.code()));
                stage.trouble.plan(None);
                stage.time.advance(std::time::Duration::from_secs(900));
                let seen = seen.or(recovered(stage, write, request, &fault.happening).await?);
                law.case(|| format!("{} at request {request} of {}", fault.name, name(write)), seen, trace);
            }
        }
    }
    law.not_tried(NONE);
    Ok(())
}

fn failed(outcome: Option<&Outcome>) -> Option<(Cause, String)> {
    match outcome {
        Some(Outcome::Failed(Failure { cause, message, .. })) => Some((cause.clone(), message.clone())),
        _ => None,
    }
}

/// The same fault in a flow: one document in the end.
async fn recovered(stage: &Stage, write: &WriteEntry, request: usize, happening: &Happening) -> Result<Option<String>> {
    let mark = stage.mark();
    stage.prepare(write, &mark).await?;
    let flow = stage.writing(write, &mark)?;
    stage.trouble.plan(Some((request, happening.clone())));
    let report = flow.recover().await?;
    wrong(stage, write, &flow, &mark, &report).await
}
