//! Objects that no document wants (any more): a write that reached the API server after its request had
//! ended, a worker that woke up too late. Compared as soon as the watch shows them.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::records::Why;
use super::{Reaper, by_marks};
use crate::cluster::{SeenObject, Withdrawn, settled};
use crate::request::Request;

impl Reaper {
    /// Compares each object of ours with its document when it is first seen, until told to stop. What
    /// could not be compared is compared again with the next change, and by the sweep.
    pub async fn follow_strays(self, stop: CancellationToken) {
        let mut changes = self.cluster.changes();
        let mut known: BTreeSet<String> = BTreeSet::new();
        loop {
            let objects = self.cluster.managed_now();
            known.retain(|uid| objects.iter().any(|object| object.uid() == uid));
            for object in &objects {
                if known.contains(object.uid()) {
                    continue;
                }
                match self.compare(object).await {
                    Ok(()) => {
                        known.insert(object.uid().to_owned());
                    }
                    Err(error) => {
                        let error = crate::app::chain_of(&error);
                        tracing::warn!(object = %object.at, error, "not compared");
                    }
                }
            }
            let changed = tokio::select! {
                changed = settled(&mut changes) => changed,
                () = stop.cancelled() => false,
            };
            if !changed {
                return;
            }
        }
    }

    /// An object whose request is over, or never wanted it, goes at once; an unknown one waits for
    /// its own expiry, because a lost store must not cut a live incident's access.
    pub(super) async fn compare(&self, object: &SeenObject) -> Result<()> {
        let Some(id) = object.request() else {
            return Ok(());
        };
        // Read after the object was seen: an attempt is committed before it is applied.
        let Some(page) = self.parts.book.load(&id).await? else {
            tracing::warn!(object = %object.at, "the store does not know this object's request");
            return Ok(());
        };
        if wants(&page.request, object) {
            return Ok(());
        }
        tracing::warn!(object = %object.at, state = page.request.state.word(), "stray object");
        let withdrawn = self.cluster.withdraw(&by_marks(object)).await;
        if withdrawn.context("withdrawing a stray object")? == Withdrawn::Closed {
            self.deleted(object, Why::Stray(page.request.state.word()));
        }
        Ok(())
    }
}

/// Whether the document wants this object in the cluster now.
fn wants(request: &Request, object: &SeenObject) -> bool {
    let listed = request.gate.iter().any(|mine| {
        mine.name == object.at.name && mine.uid.as_deref().is_none_or(|uid| uid == object.uid())
    });
    listed && request.state.may_have_objects()
}
