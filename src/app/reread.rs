//! A stored request against the world as it is now: judged again, planned again, dressed for apply.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Parts, facts};
use crate::cluster::ClusterError;
use crate::netpol::{self, Marks, Snapshot, marks};
use crate::request::{Command, GateObject, Request, State};
use crate::rules::{Roll, Verdict};

/// The watch-fed picture of a cluster.
pub fn snapshot(parts: &Parts, cluster: &str) -> Result<Arc<Snapshot>, ClusterError> {
    let found = parts
        .clusters
        .get(cluster)
        .ok_or_else(|| ClusterError::unknown(cluster))?;
    Ok(found.snapshot()?)
}

/// What the rules say of this request now, and the people that the answer rests on.
///
/// # Errors
/// Slack, the store or the cluster could not be asked.
pub async fn judge_again(parts: &Parts, request: &Request) -> Result<(Roll, Verdict)> {
    facts::at_apply(parts, request)
        .await
        .context("reading people and rules")
}

/// The gate as it would be built now, as a command for the core.
///
/// # Errors
/// The cluster's picture is not there yet.
pub fn plan_again(parts: &Parts, request: &Request) -> Result<Command, ClusterError> {
    let snapshot = snapshot(parts, &request.asked.cluster)?;
    let filled = facts::refill(parts, request);
    let flow = match filled.and_then(|filled| facts::resolve(&snapshot, &filled)) {
        Ok(flow) => flow,
        Err(sentence) => return Ok(Command::CannotOpen { reason: sentence }),
    };
    Ok(match netpol::build(&snapshot, &flow) {
        Ok(built) => {
            let objects = built.objects.into_iter().enumerate();
            let named = |(index, policy)| GateObject {
                name: marks::object_name(&request.id, index + 1, &parts.entropy.suffix()),
                policy,
                uid: None,
            };
            Command::Attempt {
                objects: objects.map(named).collect(),
                effect: built.effect,
            }
        }
        Err(no_gate) => Command::CannotOpen {
            reason: no_gate.to_string(),
        },
    })
}

/// Who answers for the opening: those who approved, who opened it at once, or the rule by name
/// (`rule/dev`).
fn answers_for_it(request: &Request) -> String {
    let votes = request.votes.iter().map(|vote| vote.by.0.clone());
    let offline = request.offline.iter().map(|vote| vote.by.to_string());
    let approvers: Vec<String> = votes.chain(offline).collect();
    match (&request.emergency, &request.route) {
        (Some(emergency), _) => emergency.by.0.clone(),
        (None, Some(route)) if approvers.is_empty() => format!("rule/{}", route.rule),
        _ => approvers.join(","),
    }
}

/// The manifests to apply for the committed attempt, marks and all.
///
/// # Errors
/// When no attempt was committed: a fault of ours, refused rather than applied without an end.
pub fn dress(request: &Request) -> Result<Vec<(&GateObject, serde_json::Value)>, ClusterError> {
    let State::Granting {
        attempt: Some(attempt),
        ..
    } = &request.state
    else {
        return Err(ClusterError::Invalid("no attempt was committed".to_owned()));
    };
    let (from, to) = request.path();
    let marks = Marks {
        request: request.id.clone(),
        expires_at: attempt.expires_at,
        requested_by: request.asked.by.to_string(),
        approved_by: answers_for_it(request),
        reason: request.asked.reason.clone().unwrap_or_default(),
        flow: format!("{from} -> {to}"),
        card: request.posts.card_mark(),
    };
    let dressed = request
        .gate
        .iter()
        .map(|object| (object, marks::dress(&object.policy, &object.name, &marks)));
    Ok(dressed.collect())
}
