//! Lane `gate`: what time and the cluster demand of one request.
//!
//! # Guarantees
//! One step does one thing: it asks the core what is due, does it, and commits the answer. Nothing is
//! applied that was not committed as an attempt before; nothing is called gone before the API server
//! said so.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::LEASE;
use super::turns::{self, Turns};
use super::watch::{self, Watch};
use crate::app::opening::reference;
use crate::app::{Changed, Parts, chain, dress, incident, past, plan_again, rules_now, trail};
use crate::cluster::{Cluster, ClusterError, SeenObject};
use crate::digest;
use crate::id::RequestId;
use crate::notes::Note;
use crate::objects::stored_digest;
use crate::request::{Command, Duty, Facts, GateObject, Request, State, Verified, decide, due};
use crate::retry::Retry;
use crate::store::Claim;
use crate::traces::Doing;
use crate::units::{Seconds, Time};

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
            if !lasts(parts, claim).await? {
                return Ok(());
            }
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
    let facts = Facts::of_time(parts.clock.now().max(now));
    let opened = matches!(command, Command::Applied { .. });
    commit(parts, claim, (&request, command), &facts).await?;
    if opened && request.asked.extends.is_some() {
        tell_earlier(parts, &request.id).await;
    }
    Ok(())
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
    let (roll, verdict) = rules_now(parts, request).await.context("judging again")?;
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

/// Applies the committed attempt, all objects at once, and compares what the server says it stored with what was
/// meant. All are waited for, whatever fails (each ends within five seconds): an apply
/// that is given up could arrive after its withdrawal, and only [`crate::reaper::strays`] would see it.
async fn open(parts: &Parts, request: &Request) -> Command {
    let work = async {
        let cluster = cluster_of(parts, request)?;
        let dressed = dress(request)?;
        let stated = !request.effect.stated.is_empty();
        let applying = dressed
            .iter()
            .map(|(object, manifest)| put(cluster, object, manifest, stated));
        let applied = futures::future::join_all(applying).await;
        applied.into_iter().collect::<Result<Vec<_>, _>>()
    };
    match work.await {
        Ok(objects) => Command::Applied { objects },
        Err(error) => not_applied(&error),
    }
}

/// Applies one object. The answer is the object as it was stored, after all admission: no read tells more.
async fn put(
    cluster: &Cluster,
    object: &GateObject,
    manifest: &Value,
    stated: bool,
) -> Result<Verified, ClusterError> {
    let applied = cluster.apply(manifest, object.uid.as_deref()).await?;
    let seen = &applied.seen;
    let another = object.uid.as_ref().is_some_and(|uid| *uid != applied.uid);
    if another || seen.deleting || !as_meant(seen, object, manifest) {
        let problem = format!("`{}` is not as applied", object.name);
        return Err(ClusterError::Conflict(problem));
    }
    let digest = stored_digest(&seen.at.api_version, &seen.at.kind, &seen.manifest);
    Ok(Verified {
        name: object.name.clone(),
        uid: applied.uid,
        stored: digest.filter(|_| stated),
    })
}

/// Whether the server stores what was planned and approved, under its name and with every mark: by these it is
/// found and closed again, whatever becomes of the store.
fn as_meant(seen: &SeenObject, object: &GateObject, manifest: &Value) -> bool {
    let field = |at: &Value, pointer: &str| at.pointer(pointer).cloned();
    let named = [
        "/apiVersion",
        "/kind",
        "/metadata/namespace",
        "/metadata/name",
    ];
    let same = |pointer: &&str| field(&seen.manifest, pointer) == field(manifest, pointer);
    let marked = |pointer: &str, stored: &BTreeMap<String, String>| {
        let meant = manifest.pointer(pointer).and_then(Value::as_object);
        let mut meant = meant.into_iter().flatten();
        meant.all(|(key, value)| stored.get(key).map(String::as_str) == value.as_str())
    };
    named.iter().all(same)
        && marked("/metadata/labels", &seen.labels)
        && marked("/metadata/annotations", &seen.annotations)
        && object.object.is_stored_as(&seen.manifest)
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

#[cfg(test)]
mod tests;
