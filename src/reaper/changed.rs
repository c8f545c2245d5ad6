//! Stated objects that somebody edited while they were open.
//!
//! Of a path it is judged again what opens; of a template's own objects that was never computed, so they must
//! stay exactly what was approved and stored. Somebody who adds a subject, a host or a port has added what
//! nobody approved.
//!
//! # Guarantees
//! An edited object ends its request with the next change that is seen. While nothing of a gate's objects
//! changes, the store is not asked.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::Reaper;
use crate::cluster::SeenObject;
use crate::id::RequestId;
use crate::objects::stored_digest;
use crate::request::{Command, Facts, Request, State, decide};

/// Why such a request ends, as people read it.
const CHANGED: &str = "somebody changed what was approved";

/// An object as it is seen: name, uid, digest.
type Sight = (String, String, String);

/// What was looked at and is as it was approved.
#[derive(Debug, Default)]
pub(super) struct Unchanged(BTreeMap<RequestId, Known>);

#[derive(Debug)]
struct Known {
    seen: BTreeSet<Sight>,
    stated: bool,
}

impl Unchanged {
    /// Whether this request is open with objects that its template states, as last looked at.
    pub(super) fn is_stated(&self, id: &RequestId) -> bool {
        self.0.get(id).is_some_and(|known| known.stated)
    }
}

impl Reaper {
    /// Withdraws every gate of stated objects of which one is not as it was stored.
    ///
    /// # Errors
    /// The store could not be asked or did not take something; it is looked at again with the next change.
    pub(super) async fn end_changed(
        &self,
        objects: &[impl Borrow<SeenObject> + Sync],
        unchanged: &mut Unchanged,
    ) -> Result<()> {
        let mut gates: BTreeMap<RequestId, BTreeSet<Sight>> = BTreeMap::new();
        for object in objects.iter().map(Borrow::borrow) {
            let at = &object.at;
            let digest = stored_digest(&at.api_version, &at.kind, &object.manifest);
            if let (Some(id), Some(digest)) = (object.request(), digest) {
                let sight = (at.name.clone(), object.uid().to_owned(), digest);
                gates.entry(id).or_default().insert(sight);
            }
        }
        unchanged.0.retain(|id, _| gates.contains_key(id));
        let mut failed = None;
        for (id, seen) in gates {
            if unchanged.0.get(&id).is_some_and(|known| known.seen == seen) {
                continue;
            }
            unchanged.0.remove(&id);
            // One document that cannot be read must not hide the others.
            match self.look_at(&id, seen).await {
                Ok(Some(known)) => drop(unchanged.0.insert(id, known)),
                Ok(None) => {}
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Withdraws the request if one of its objects is not as it was stored; else what is known of it.
    async fn look_at(&self, id: &RequestId, seen: BTreeSet<Sight>) -> Result<Option<Known>> {
        let page = self.parts.book.load(id).await;
        let Some(page) = page.context("reading the request of a live gate")? else {
            return Ok(None);
        };
        let request = page.request;
        let here = request.asked.cluster == self.cluster.name();
        if !here || !matches!(request.state, State::Active { .. }) {
            return Ok(None);
        }
        if is_changed(&request, &seen) {
            self.end_one(id).await.context("withdrawing a gate")?;
            return Ok(None);
        }
        let stated = !request.effect.stated.is_empty();
        Ok(Some(Known { seen, stated }))
    }

    async fn end_one(&self, id: &RequestId) -> Result<()> {
        let facts = Facts::of_time(self.parts.clock.now());
        let command = Command::Withdraw {
            reason: CHANGED.to_owned(),
        };
        let change = |request: &Request| decide(request, command.clone(), &facts);
        self.parts.book.change(id, None, change).await?;
        Ok(())
    }
}

/// Whether an object of the request is seen, by its uid, and is not what the server stored when it was opened.
fn is_changed(request: &Request, seen: &BTreeSet<Sight>) -> bool {
    let stated = !request.effect.stated.is_empty();
    stated
        && request.gate.iter().any(|object| {
            let (Some(own), Some(stored)) = (&object.uid, &object.stored) else {
                return false;
            };
            let mut same = seen.iter().filter(|(_, uid, _)| uid == own);
            same.any(|(_, _, digest)| digest != stored)
        })
}

#[cfg(test)]
mod tests;
