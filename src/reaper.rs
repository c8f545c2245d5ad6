//! Closes overdue gates from the cluster alone, and compares cluster and store.
//!
//! The promise "nothing stays open" rests on this loop, not on the lanes: it needs no store and no
//! Slack. INVARIANT (bounded life): an object is deleted at min(annotation, creation + hard maximum);
//! the creation time is the server's, so no edit makes a gate immortal.
//!
//! # Guarantees
//! - Overdue objects are deleted within 50 ms of the watch showing them, and at the latest by the next
//!   sweep. Nothing but the API server is waited for: people are told by a task of its own
//!   ([`notices`]). Deletes name uid and version, so that two replicas doing the same is harmless.
//! - Only objects with our marks and a name that fits them are deleted.
//! - An object whose request the store does not know is left until its own expiry, then deleted, and
//!   people are told by the address on the object.
//! - What was deleted is put on record once ([`records`]), by a task of its own too.
//! - An object of a request that is over is deleted at once ([`strays`]).
//! - A gate that has become the only policy isolating a pod is withdrawn; of one that is not as it was
//!   approved any more people are told ([`guard`]).
//!
//! # Retries
//! Everything is looked at again by the next round; nothing is remembered but what people are still
//! to be told.

pub mod bounds;
mod changed;
pub mod guard;
pub mod notices;
pub mod records;
pub mod removals;
pub mod strays;
pub mod sweep;
pub mod tally;

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::Parts;
use crate::clock::Ahead;
use crate::cluster::{Cluster, ObjectRef, SeenObject, Withdrawn};
use crate::netpol::marks;
use crate::units::{Seconds, Time};

/// The lanes close on time and say so nicely; the reaper acts this much later, so that it normally
/// finds nothing to do.
pub const GRACE: Seconds = Seconds(1);

/// Pause after a delete that failed: an API server that comes back must find us trying, and one that
/// is overloaded must not be hammered.
const RETRY: Seconds = Seconds(2);

/// Longest sleep without a look, whatever the watch says.
const LOOK: Seconds = Seconds(30);

/// Shortest time between two looks: a thousand ends are a thousand changes, and each look goes through every object.
const PACE: Duration = Duration::from_millis(50);

/// Deletes under way at once: one that hangs must not hold up the others.
const AT_ONCE: usize = 16;

/// The reaper of one cluster.
#[derive(Debug, Clone)]
pub struct Reaper {
    parts: Arc<Parts>,
    cluster: Arc<Cluster>,
    reaped: mpsc::Sender<SeenObject>,
    records: records::Desk,
}

impl Reaper {
    /// A reaper for one cluster; what it deletes is passed on, so that people can be told and it is on
    /// record.
    pub fn new(
        parts: Arc<Parts>,
        cluster: Arc<Cluster>,
        (reaped, records): (mpsc::Sender<SeenObject>, records::Desk),
    ) -> Self {
        Self {
            parts,
            cluster,
            reaped,
            records,
        }
    }

    /// Hands in what was deleted.
    fn deleted(&self, object: &SeenObject, why: records::Why) {
        let deed = records::Deed {
            cluster: self.cluster.name().to_owned(),
            object: object.clone(),
            at: self.parts.clock.now(),
            why,
        };
        // Nobody takes it any more: the process ends.
        let _ = self.records.send(deed);
    }

    /// When an object must be gone.
    pub fn expiry(&self, object: &SeenObject) -> Time {
        expiry(object, self.parts.max_lifetime)
    }

    /// Deletes overdue objects as they become overdue, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut changes = self.cluster.changes();
        while !stop.is_cancelled() {
            changes.mark_unchanged();
            let begun = Instant::now();
            let objects = self.cluster.managed_now();
            let clean = self.pass(&objects, |at| self.cluster.shows(at)).await;
            let next = self.next_look(clean);
            tokio::select! {
                biased;
                () = self.parts.clock.sleep_until(next) => {}
                // After a failure only time helps.
                _ = changes.changed(), if clean => {}
                () = stop.cancelled() => {}
            }
            tokio::time::sleep_until(begun + PACE).await;
        }
    }

    /// The time that ends are judged by. Several replicas may all be behind; the store, by whose clock alarms ring,
    /// is not wrong together with them.
    fn now(&self) -> Time {
        self.parts.book.ahead().later(self.parts.clock.now())
    }

    /// When to look again, by our own clock.
    fn next_look(&self, clean: bool) -> Time {
        let (own, now) = (self.parts.clock.now(), self.now());
        if !clean {
            return RETRY.after(own);
        }
        let coming = self.cluster.managed_now();
        let next = coming.iter().map(|object| GRACE.after(self.expiry(object)));
        // Those that are overdue wait for the watch to show them gone.
        let next = next.filter(|at| *at > now).min();
        let Some(next) = next else {
            return LOOK.after(own);
        };
        // Once more shortly before: until then it may turn out that our clock is behind.
        let shortly = next - Ahead::MOST.delta();
        let look = if shortly > now { shortly } else { next };
        (look - (now - own)).min(LOOK.after(own))
    }

    /// One pass over the given objects; whether all that was overdue is gone.
    pub async fn round(&self, objects: &[impl Borrow<SeenObject>]) -> bool {
        self.pass(objects, |_| true).await
    }

    /// As [`Self::round`], but passes over what `shown` does not show any more at its turn: a lane closed it, and a call
    /// for it would be in vain. What the watch lacks wrongly the sweep finds.
    async fn pass(
        &self,
        objects: &[impl Borrow<SeenObject>],
        shown: impl Fn(&ObjectRef) -> bool,
    ) -> bool {
        let now = self.now();
        let overdue: Vec<SeenObject> = objects
            .iter()
            .map(Borrow::borrow)
            .filter(|object: &&SeenObject| GRACE.after(self.expiry(object)) <= now)
            .cloned()
            .collect();
        let clean = AtomicBool::new(true);
        // In reverse order of names: the lanes take what is due at one moment in the order of ids, so that the two seldom
        // meet at one object.
        futures::stream::iter(overdue.into_iter().rev())
            .for_each_concurrent(AT_ONCE, |object| {
                let (clean, shown) = (&clean, &shown);
                async move {
                    if shown(&object.at) && !self.reap(&object).await {
                        clean.store(false, Ordering::Relaxed);
                    }
                }
            })
            .await;
        clean.into_inner()
    }

    /// Deletes one object if it is still overdue when read again; whether it is gone (or kept by
    /// right).
    async fn reap(&self, object: &SeenObject) -> bool {
        let now = self.now();
        let overdue = |seen: &SeenObject| self.expiry(seen) <= now;
        match self.cluster.withdraw_if(&by_marks(object), overdue).await {
            Ok(Withdrawn::Closed) => {
                let late = self.now() - self.expiry(object);
                self.parts.metrics.reaped_after_expiry(late);
                tracing::warn!(object = %object.at, "reaped an overdue object");
                self.deleted(object, records::Why::Overdue);
                // A full queue loses a notice, never a closing.
                let _ = self.reaped.try_send(object.clone());
                true
            }
            Ok(Withdrawn::AlreadyGone | Withdrawn::Kept(_) | Withdrawn::NotOurs(_)) => true,
            Err(error) => {
                let error = crate::app::causes(&error);
                tracing::error!(object = %object.at, error, "an overdue object could not be deleted");
                false
            }
        }
    }
}

/// When an object must be gone, given the hard maximum.
pub fn expiry(object: &SeenObject, max: Seconds) -> Time {
    let annotation = object.annotations.get(marks::EXPIRES_AT);
    marks::effective_expiry(annotation.map(String::as_str), object.created, max)
}

/// Names an object without its uid, so that its marks and its name must prove that it is ours: our
/// label alone, on somebody's own policy, must not get that policy deleted.
pub fn by_marks(object: &SeenObject) -> ObjectRef {
    ObjectRef {
        uid: None,
        ..object.at.clone()
    }
}

#[cfg(test)]
mod tests;
