//! Lane `gate`: what time and the cluster demand of one request.
//!
//! # Guarantees
//! One step does one thing: it asks the core what is due, does it, and commits the answer. Nothing is
//! applied that was not committed as an attempt before; nothing is called gone before the API server
//! said so.

use std::time::Duration;

use anyhow::{Context, Result};

use super::turns::{self, Turns};
use super::watch::{self, Watch};
use crate::app::{Changed, Parts, chain, dress, incident, judge_again, past, plan_again, trail};
use crate::cluster::{Cluster, ClusterError, ObjectRef, SeenObject};
use crate::digest;
use crate::id::RequestId;
use crate::notes::Note;
use crate::objects::stored_digest;
use crate::request::{Command, Duty, Facts, GateObject, Request, State, Verified, decide, due};
use crate::retry::Retry;
use crate::rules::Roll;
use crate::store::Claim;
use crate::traces::Doing;
use crate::units::{Seconds, Time};

/// One look at the cluster may take this long before the attempt is made anew.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// Does what is due for one request.
pub async fn step(parts: &Parts, turns: &Turns, claim: &Claim) -> Result<()> {
    let Some(page) = parts.book.load(&claim.id).await? else {
        return note(parts, claim).await;
    };
    let request = page.request;
    // The store's clock said that it is due: never behind it, or a slow local clock would spin.
    let now = parts.clock.now().max(claim.due);
    let duty = due(&request, now);
    let watch = Watch::over(parts, &request);
    tracing::debug!(id = %request.id, state = request.state.word(), ?duty, "gate");
    // Only these call the cluster, which may keep them for long.
    let calls = matches!(duty, Duty::Open(_) | Duty::Close);
    let turn = calls.then(|| turns.take(&request.asked.cluster));
    if matches!(turn, Some(Err(_))) {
        let again = now + turns::AGAIN;
        parts.book.store().release(claim, again).await?;
        return Ok(());
    }
    let command = match duty {
        Duty::Wait => return wait(parts, claim, &request, now).await,
        Duty::Decide(command) => command,
        Duty::Plan => {
            let planned = plan(parts, claim, &request, now).await;
            watch.did(Doing::Plan, planned.is_err());
            return planned;
        }
        Duty::Open(_) => {
            let command = open(parts, &request).await;
            watch.did(Doing::Apply, matches!(command, Command::NotApplied { .. }));
            command
        }
        Duty::Close => {
            let closed = close(parts, &request).await;
            watch.did(Doing::Withdraw, closed != Command::Withdrawn);
            // After its own objects, so that nothing keeps them; before it is called closed, so that a
            // failure is made up for.
            if let State::Ending { why, .. } = &request.state {
                chain::end_others(parts, &request, why).await?;
            }
            closed
        }
    };
    let roll = Roll::default();
    let facts = Facts {
        now: parts.clock.now().max(now),
        roll: &roll,
        verdict: None,
    };
    let opened = matches!(command, Command::Applied { .. });
    commit(parts, claim, (&request, command), &facts).await?;
    if opened && request.asked.extends.is_some() {
        tell_earlier(parts, &request.id).await;
    }
    Ok(())
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
        let error = crate::app::chain_of(&error);
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
    (seen, command): (&Request, Command),
    facts: &Facts<'_>,
) -> Result<()> {
    let change = |request: &Request| {
        if request.state != seen.state {
            return Err(None);
        }
        decide(request, command.clone(), facts).map_err(Some)
    };
    match parts.book.change(&claim.id, Some(claim), change).await? {
        Changed::Refused(refusal) => {
            tracing::debug!(id = %claim.id, ?refusal, command = command.name(), "overtaken");
            parts.book.store().release(claim, facts.now).await?;
        }
        Changed::Done(request) => tracing::info!(
            id = %request.id, command = command.name(), state = request.state.word(), "moved"
        ),
        Changed::Fenced | Changed::Missing => {}
    }
    Ok(())
}

/// Judges and plans again on the cluster as it is now, and commits the attempt.
async fn plan(parts: &Parts, claim: &Claim, request: &Request, now: Time) -> Result<()> {
    // Before anything is open, so that no opening is missing; nothing waits for it later.
    trail::note(parts, request)
        .await
        .context("noting the target")?;
    let joined = incident::join(parts, request).await;
    joined.context("noting the incident")?;
    let (roll, verdict) = judge_again(parts, request).await.context("judging again")?;
    let command = match objection(parts, request).await? {
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
    commit(parts, claim, (request, command), &facts).await
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

/// Applies the committed attempt and reads everything back.
async fn open(parts: &Parts, request: &Request) -> Command {
    let work = async {
        let cluster = cluster_of(parts, request)?;
        let stated = !request.effect.stated.is_empty();
        let mut objects = Vec::new();
        for (object, manifest) in dress(request)? {
            let applied = cluster.apply(&manifest, object.uid.as_deref()).await?;
            let seen = cluster.read(&reference(object)).await?;
            let meant = |seen: &SeenObject| seen.uid() == applied.uid && as_meant(seen, object);
            let Some(seen) = seen.filter(meant) else {
                let problem = format!("`{}` is not as applied", object.name);
                return Err(ClusterError::Conflict(problem));
            };
            let kind = (seen.at.api_version.as_str(), seen.at.kind.as_str());
            let digest = stored_digest(kind.0, kind.1, &seen.manifest);
            objects.push(Verified {
                name: object.name.clone(),
                uid: applied.uid,
                stored: digest.filter(|_| stated),
            });
        }
        Ok(objects)
    };
    match tokio::time::timeout(OPEN_WITHIN, work).await {
        Ok(Ok(objects)) => Command::Applied { objects },
        Ok(Err(error)) => not_applied(&error),
        Err(_) => not_applied(&ClusterError::Timeout(OPEN_WITHIN)),
    }
}

/// Whether the server stores what was planned and approved.
fn as_meant(seen: &SeenObject, object: &GateObject) -> bool {
    let kind = object.object.kind();
    let same_kind =
        (seen.at.api_version.as_str(), seen.at.kind.as_str()) == (kind.api_version(), kind.name());
    same_kind && object.object.is_stored_as(&seen.manifest)
}

fn not_applied(error: &ClusterError) -> Command {
    Command::NotApplied {
        problem: error.for_people(),
        again: matches!(error.retry(), Retry::Now | Retry::Later),
    }
}

/// Takes every object down, each verified gone. All are tried, whatever fails.
async fn close(parts: &Parts, request: &Request) -> Command {
    if request.gate.is_empty() {
        return Command::Withdrawn;
    }
    let cluster = match cluster_of(parts, request) {
        Ok(cluster) => cluster,
        Err(error) => {
            return Command::NotWithdrawn {
                problem: error.for_people(),
            };
        }
    };
    let withdrawals = request.gate.iter().map(|object| {
        let at = reference(object);
        async move { cluster.withdraw(&at).await }
    });
    let withdrawals = futures::future::join_all(withdrawals).await;
    if withdrawals.iter().all(Result::is_ok) {
        watch::all_gone(parts, request, &withdrawals);
    }
    match withdrawals.into_iter().find_map(Result::err) {
        None => Command::Withdrawn,
        Some(error) => Command::NotWithdrawn {
            problem: error.for_people(),
        },
    }
}

fn cluster_of<'a>(parts: &'a Parts, request: &Request) -> Result<&'a Cluster, ClusterError> {
    let name = &request.asked.cluster;
    let cluster = parts.clusters.get(name).map(AsRef::as_ref);
    cluster.ok_or_else(|| ClusterError::unknown(name))
}

/// How an object of a gate is named towards the cluster adapter.
pub fn reference(object: &GateObject) -> ObjectRef {
    let kind = object.object.kind();
    ObjectRef {
        api_version: kind.api_version().to_owned(),
        kind: kind.name().to_owned(),
        plural: Some(kind.plural().to_owned()),
        namespace: object.namespace().to_owned(),
        name: object.name.clone(),
        uid: object.uid.clone(),
    }
}
