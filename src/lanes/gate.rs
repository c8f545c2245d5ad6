//! Lane `gate`: what time and the cluster demand of one request.
//!
//! # Guarantees
//! One step asks the core what is due, does it, and commits the answer; where that leaves something to be done at
//! once in the cluster it does that too. Nothing is applied that was not committed as an attempt before; nothing is
//! called gone before the API server said so.

mod calls;

use std::time::Duration;

use anyhow::{Context, Result};
use futures::try_join;
use tokio::time::Instant;

use self::calls::{close, not_applied, open};
use super::LEASE;
use super::turns::{self, Turns};
use super::watch::Watch;
use crate::app::{Changed, Page, Parts, chain, incident, past, plan_again, rules_now, trail};
use crate::digest;
use crate::id::RequestId;
use crate::notes::Note;
use crate::request::{Command, Duty, Facts, Request, State, decide, due};
use crate::store::Claim;
use crate::traces::Doing;
use crate::units::{Seconds, Time};

/// A step that took longer ends its claim with its commit. Should the process die then, nobody waits for the lease to
/// end before what was committed is done; an attempt lasts for five seconds only.
const QUICK: Duration = Duration::from_millis(500);

/// Does what is due for one request: what was planned is opened, and what has expired closed, under the same claim. A
/// claim and a read between the two would only cost time.
pub async fn step(parts: &Parts, turns: &Turns, claim: &Claim) -> Result<()> {
    let begun = Instant::now();
    let Some(page) = parts.book.load(&claim.id).await? else {
        return note(parts, claim).await;
    };
    let mut next = Some(page);
    while let Some(page) = next.take() {
        next = act(parts, (turns, begun), claim, page).await?;
    }
    Ok(())
}

/// One thing that is due; the page if the claim goes on with more to do. Only a plan and an expiry are followed by
/// something, and neither follows from it.
async fn act(
    parts: &Parts,
    (turns, begun): (&Turns, Instant),
    claim: &Claim,
    page: Page,
) -> Result<Option<Page>> {
    let request = &page.request;
    // The store's clock said that it is due: never behind it, or a slow local clock would spin.
    let now = parts.clock.now().max(claim.due);
    let duty = due(request, now);
    let watch = Watch::over(parts, request);
    tracing::debug!(id = %request.id, state = request.state.word(), ?duty, "gate");
    // Only these call the cluster, which may keep them for long.
    let calls = matches!(duty, Duty::Open(_) | Duty::Close);
    let turn = calls.then(|| turns.take(&request.asked.cluster));
    if matches!(turn, Some(Err(_))) {
        let again = now + turns::AGAIN;
        parts.book.store().release(claim, again).await?;
        return Ok(None);
    }
    let command = match duty {
        Duty::Wait => {
            wait(parts, claim, request, now).await?;
            return Ok(None);
        }
        Duty::Decide(Command::Expire) => {
            let facts = Facts::of_time(now);
            return go_on(parts, (claim, begun), (page, Command::Expire), &facts).await;
        }
        Duty::Decide(command) => command,
        Duty::Plan => {
            let planned = plan(parts, (claim, begun), page.clone(), now).await;
            watch.did(Doing::Plan, planned.is_err());
            return planned;
        }
        Duty::Open(_) => {
            if !lasts(parts, claim).await? {
                return Ok(None);
            }
            let command = open(parts, request).await;
            watch.did(Doing::Apply, matches!(command, Command::NotApplied { .. }));
            command
        }
        Duty::Close => take_down(parts, &watch, request).await?,
    };
    let facts = Facts::of_time(parts.clock.now().max(now));
    let opened = matches!(command, Command::Applied { .. }) && request.asked.extends.is_some();
    commit(parts, claim, (page, command), &facts).await?;
    if opened {
        tell_earlier(parts, &claim.id).await;
    }
    Ok(None)
}

/// Takes down the request's own objects, then ends the rest of its chain: in this order, so that a store that fails does
/// not delay the delete; and before the answer is committed, so that a failure has the step done again.
async fn take_down(parts: &Parts, watch: &Watch<'_>, request: &Request) -> Result<Command> {
    let closed = close(parts, request).await;
    watch.did(Doing::Withdraw, closed != Command::Withdrawn);
    if let State::Ending { why, .. } = &request.state {
        chain::end_others(parts, request, why).await?;
    }
    Ok(closed)
}

/// Whether the lease is held, and the committed attempt safe from a failover. It was committed by a step that
/// may have ended before a replica had it: whoever comes next finds it in the document all the same.
///
/// INVARIANT (copied): nothing is applied that a failover could still take back.
async fn lasts(parts: &Parts, claim: &Claim) -> Result<bool> {
    let held = parts.book.store().renew_lasting(claim, LEASE).await;
    held.context("before applying")
}

/// Nothing is due yet.
async fn wait(parts: &Parts, claim: &Claim, request: &Request, now: Time) -> Result<()> {
    let again = crate::request::alarms(request).gate;
    let again = again
        .unwrap_or_else(|| Seconds::minutes(10).after(now))
        .max(now);
    parts.book.store().release(claim, again).await?;
    Ok(())
}

/// The request before goes on as this one. A courtesy: it closes at its own end in any case.
async fn tell_earlier(parts: &Parts, id: &RequestId) {
    let told = async {
        match parts.book.load(id).await? {
            Some(page) => chain::tell_earlier(parts, &page.request).await,
            None => Ok(()),
        }
    };
    if let Err(error) = told.await {
        let error = crate::app::causes_of(&error);
        tracing::warn!(%id, error, "the request before was not told that it goes on");
    }
}

/// A note's alarm: a closed incident takes its requests with it. What vanished has nothing to wait for.
async fn note(parts: &Parts, claim: &Claim) -> Result<()> {
    let leaf = parts.book.note(&claim.id).await?;
    match leaf.map(|leaf| leaf.note) {
        Some(Note::Incident(incident)) if !incident.is_open() => {
            incident::end_requests(parts, &incident, claim).await
        }
        Some(Note::Digest(week)) => digest::step(parts, claim, &week).await,
        _ => {
            let later = Seconds::hours(1).after(claim.due);
            parts.book.store().release(claim, later).await?;
            Ok(())
        }
    }
}

/// Commits what follows from the state that was looked at. When the request has moved on meanwhile,
/// nothing follows from that look: a lapse of the first stage must not end the second.
async fn commit(
    parts: &Parts,
    claim: &Claim,
    (page, command): (Page, Command),
    facts: &Facts<'_>,
) -> Result<()> {
    let seen = page.request.state.clone();
    let change = |request: &Request| {
        if request.state != seen {
            return Err(None);
        }
        decide(request, command.clone(), facts).map_err(Some)
    };
    match parts.book.change_page(page, Some(claim), change).await? {
        Changed::Refused(refusal) => {
            tracing::debug!(id = %claim.id, ?refusal, command = command.name(), "overtaken");
            parts.book.store().release(claim, facts.now).await?;
        }
        Changed::Done(page) => moved(&page.request, &command),
        Changed::Fenced | Changed::Missing => {}
    }
    Ok(())
}

fn moved(request: &Request, command: &Command) {
    tracing::info!(
        id = %request.id, command = command.name(), state = request.state.word(), "moved"
    );
}

/// As [`commit`], where more is due at once: an attempt to be opened, or a closing. The claim goes on with what
/// was committed; where nothing follows, or the store is slow, it ends.
async fn go_on(
    parts: &Parts,
    (claim, begun): (&Claim, Instant),
    (page, command): (Page, Command),
    facts: &Facts<'_>,
) -> Result<Option<Page>> {
    if begun.elapsed() > QUICK {
        commit(parts, claim, (page, command), facts).await?;
        return Ok(None);
    }
    let seen = page.request.state.clone();
    let change = |request: &Request| {
        let outcome = decide(request, command.clone(), facts).map_err(drop)?;
        let same = request.state == seen;
        (same && has_more(&outcome.request))
            .then_some(outcome)
            .ok_or(())
    };
    match parts.book.change_held(page.clone(), change).await? {
        Changed::Done(page) => {
            moved(&page.request, &command);
            Ok(Some(page))
        }
        Changed::Refused(()) => {
            commit(parts, claim, (page, command), facts).await?;
            Ok(None)
        }
        Changed::Fenced | Changed::Missing => Ok(None),
    }
}

/// Whether the state is one that asks for the cluster at once.
const fn has_more(request: &Request) -> bool {
    match &request.state {
        State::Granting { attempt, .. } => attempt.is_some(),
        State::Ending { .. } => true,
        _ => false,
    }
}

/// Judges and plans again on the cluster as it is now, and commits the attempt. Nothing of what is asked needs the
/// answer to another, and all of it is answered before the attempt is committed.
async fn plan(
    parts: &Parts,
    (claim, begun): (&Claim, Instant),
    page: Page,
    now: Time,
) -> Result<Option<Page>> {
    let request = &page.request;
    // Before anything is open, so that no opening is missing; nothing waits for it later.
    let noted = async {
        let noted = trail::note(parts, request).await;
        noted.context("noting the target")
    };
    let joined = async {
        let joined = incident::join(parts, request).await;
        joined.context("noting the incident")
    };
    let judged = async {
        let judged = rules_now(parts, request).await;
        judged.context("judging again")
    };
    let asked = try_join!(noted, joined, judged, objection(parts, request));
    let ((), (), (roll, verdict), objection) = asked?;
    let command = match objection {
        Some(reason) => Command::CannotOpen {
            reason: reason.to_owned(),
        },
        None => plan_again(parts, request).unwrap_or_else(|error| not_applied(&error)),
    };
    let facts = Facts {
        now: parts.clock.now().max(now),
        roll: &roll,
        verdict: Some(&verdict),
    };
    go_on(parts, (claim, begun), (page, command), &facts).await
}

/// Why it must not open, whatever rules and cluster say: what it belongs to is over.
async fn objection(parts: &Parts, request: &Request) -> Result<Option<&'static str>> {
    if incident::is_over(parts, request).await? {
        return Ok(Some("its incident was closed"));
    }
    if past::took_back(parts, request).await? {
        return Ok(Some("an approval given before was taken back"));
    }
    chain::objection(parts, request).await
}

#[cfg(test)]
mod tests;
