//! Objects of live gates that somebody else deleted: never put back, owners must win. Believed only
//! after a quorum read, and only before the expiry.

use std::sync::Arc;

use anyhow::Result;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::app::opening::reference;
use crate::app::{Changed, Parts};
use crate::cluster::Cluster;
use crate::id::RequestId;
use crate::request::{Command, Facts, Request, State, decide};

/// Follows removals of our objects until told to stop.
pub async fn follow(parts: Arc<Parts>, cluster: Arc<Cluster>, stop: CancellationToken) {
    let mut removals = cluster.removals();
    loop {
        let removed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            removed = removals.recv() => removed,
        };
        match removed {
            Ok(object) => {
                let Some(id) = object.request() else { continue };
                if let Err(error) = confirm(&parts, &cluster, &id).await {
                    let error = crate::app::causes_of(&error);
                    tracing::warn!(%id, error, "a removal could not be confirmed, the sweep will");
                }
            }
            // What was missed is found by the next sweep.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Ends the grant if an object of it is truly gone before its time.
///
/// # Errors
/// Cluster or store did not answer.
pub async fn confirm(parts: &Parts, cluster: &Cluster, id: &RequestId) -> Result<()> {
    let Some(page) = parts.book.load(id).await? else {
        return Ok(());
    };
    let request = page.request;
    if !live(&request, parts) {
        return Ok(());
    }
    for object in &request.gate {
        let seen = cluster.read(&reference(object)).await?;
        let same = seen.is_some_and(|seen| object.uid.as_deref() == Some(seen.uid()));
        if !same {
            return removed(parts, id).await;
        }
    }
    Ok(())
}

/// Whether the gate is open by right now: our own closing and the expiry are no removals by others.
fn live(request: &Request, parts: &Parts) -> bool {
    let before_end = request
        .grant
        .as_ref()
        .is_some_and(|g| parts.clock.now() < g.expires_at);
    matches!(request.state, State::Active { .. }) && before_end
}

async fn removed(parts: &Parts, id: &RequestId) -> Result<()> {
    let facts = Facts::of_time(parts.clock.now());
    let change = |request: &Request| decide(request, Command::Removed, &facts);
    match parts.book.change(id, None, change).await? {
        Changed::Done(_) => tracing::warn!(%id, "somebody else deleted an object of a live gate"),
        Changed::Refused(_) | Changed::Fenced | Changed::Missing => {}
    }
    Ok(())
}
