//! What was opened towards a target: noted before it is called open, told to those whom it concerns.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::future::try_join_all;

use super::shelf::Change;
use super::{BookError, Parts, facts};
use crate::id::RequestId;
use crate::netpol::SideRef;
use crate::notes::{self, Note, Trail, trail_key};
use crate::request::Request;
use crate::slack::{Ack, Inbound};
use crate::units::Seconds;
use crate::view::desk;

/// Names of one target under which a request is noted.
const MOST_TARGETS: usize = 20;

/// Requests told at most: one screen.
const TOLD: usize = 20;

/// Requests looked at for them: many may concern somebody else.
const LOOKED_AT: usize = 100;

/// Notes that the request opens a path to its target.
///
/// # Errors
/// The store did not take it.
pub async fn note(parts: &Parts, request: &Request) -> Result<()> {
    let targets = targets_of(request);
    let each = targets.iter().map(|target| note_at(parts, request, target));
    try_join_all(each).await?;
    Ok(())
}

async fn note_at(parts: &Parts, request: &Request, target: &str) -> Result<()> {
    let key = trail_key(target);
    let write = |all: Vec<RequestId>| add(parts, target, all);
    let listed = parts.book.together().list(&key, &request.id, write);
    Ok(listed.await?)
}

/// Adds requests to the trail of a target.
async fn add(parts: &Parts, target: &str, all: Vec<RequestId>) -> Result<(), BookError> {
    let key = trail_key(target);
    let longer = |note: &Note| match note {
        Note::Trail(trail) => {
            let mut trail = trail.clone();
            notes::add_all(&mut trail.requests, &all).then(|| Change {
                note: Note::Trail(trail),
                events: Vec::new(),
            })
        }
        _ => None,
    };
    if let Some(leaf) = parts.book.leaves(&key, 1).await?.into_iter().next() {
        parts.book.change_leaf(leaf, None, longer).await?;
        return Ok(());
    }
    let make = |id| Change {
        note: Note::Trail(Trail {
            id,
            target: target.to_owned(),
            requests: all.clone(),
        }),
        events: Vec::new(),
    };
    let id = parts.book.add_note(&format!("note.{key}"), make).await?;
    // Somebody else may have made it meanwhile.
    parts.book.change_note(&id, None, longer).await?;
    Ok(())
}

/// The target as it was asked, and every workload behind it: whoever owns one of them looks for it by its
/// name, however somebody else called it.
fn targets_of(request: &Request) -> BTreeSet<String> {
    let asked = &request.asked;
    let to = &asked.flow.to;
    let workloads: &[String] = match &to.at {
        SideRef::Pods { workloads, .. } => workloads,
        SideRef::Addresses(_) | SideRef::Stated { .. } => &[],
    };
    let opened = request.effect.opens.iter().map(|pair| &pair.to);
    let names = workloads.iter().chain(opened).take(MOST_TARGETS);
    let names = names.chain([&to.label]);
    names
        .map(|name| Trail::target(&asked.cluster, name))
        .collect()
}

/// `history orders/db 7d`: what was opened towards it, newest first, as far as it concerns the person.
pub(super) async fn history(
    parts: &Parts,
    inbound: &Inbound,
    target: &str,
    since: Seconds,
) -> Result<Ack> {
    let from = parts.clock.now() - since.delta();
    let mut found: Vec<Request> = Vec::new();
    let mut others = 0;
    for cluster in parts.clusters.keys() {
        let key = trail_key(&Trail::target(cluster, target));
        for note in parts.book.notes(&key, 1).await? {
            let Note::Trail(trail) = note else { continue };
            for id in trail.requests.iter().rev().take(LOOKED_AT) {
                let Some(request) = parts.book.load_if_known(id).await?.request() else {
                    continue;
                };
                let opened = request.grant.as_ref().map(|grant| grant.opened_at);
                if opened.is_none_or(|at| at < from) {
                    continue;
                }
                if facts::concerns(parts, &request, &inbound.by).await? {
                    found.push(request);
                } else {
                    others += 1;
                }
            }
        }
    }
    let opened = |request: &Request| request.grant.as_ref().map(|grant| grant.opened_at);
    found.sort_by_key(|request| std::cmp::Reverse(opened(request)));
    let more = found.len().saturating_sub(TOLD);
    found.truncate(TOLD);
    let told = desk::History {
        target,
        since,
        requests: &found,
        more,
        // How often others were let in is told to who looks after the target, by what they may see.
        others: if found.is_empty() { 0 } else { others },
    };
    Ok(Ack::Private(desk::history(&told)))
}
