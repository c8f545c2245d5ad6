//! What to do so that the cluster holds the gates it should and no others: a pure reconcile, used by
//! the worker that opens gates and by the reaper that closes them.
//!
//! It never adopts, changes or deletes an object that does not carry our marks, and never creates an
//! object twice: what somebody else deleted stays deleted.

use std::collections::BTreeMap;

use crate::id::RequestId;
use crate::units::Time;

/// Names one of our objects: namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An object that a live gate wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it goes.
    pub place: Place,
    /// Whose gate it belongs to.
    pub request: RequestId,
    /// When it must be gone.
    pub expires_at: Time,
    /// The uid it was created with; `None`: not created yet, as far as was committed.
    pub uid: Option<String>,
}

/// An object as the cluster has it, from a read that was not cached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it is.
    pub place: Place,
    /// Its uid.
    pub uid: String,
    /// Whose it is.
    pub owner: Owner,
    /// Its effective expiry ([`super::marks::effective_expiry`]).
    pub expires_at: Time,
}

/// Whose an object is, by its marks and what the store knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Not marked as ours.
    Foreign,
    /// Ours, of a request that lives.
    Live(RequestId),
    /// Ours, of a request that has ended: it should be gone.
    Final(RequestId),
    /// Ours, of a request that the store does not know (it may have been emptied): it lives until its
    /// expiry, because a lost store must not cut a running incident's access.
    Unknown,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Create it; it was never created.
    Create(Place),
    /// Delete the object with this uid.
    Delete(Place, String),
    /// Somebody else deleted or replaced it: end the grant, never create it again.
    Removed(Place),
    /// Something foreign has its name: leave that alone and give up this name.
    Taken(Place),
}

/// Compares what is wanted with what is seen. `seen` must cover every wanted place; more is allowed.
///
/// # Guarantees
/// Doing all steps and planning again gives no steps.
pub fn plan(wanted: &[Wanted], seen: &[Seen], now: Time) -> Vec<Step> {
    let seen_at: BTreeMap<&Place, &Seen> = seen.iter().map(|s| (&s.place, s)).collect();
    let wanted_at: BTreeMap<&Place, &Wanted> = wanted.iter().map(|w| (&w.place, w)).collect();
    let opening = wanted_at
        .values()
        .filter_map(|w| settle(w, seen_at.get(&w.place).copied(), now));
    let closing = seen_at
        .values()
        .filter(|s| is_over(s, wanted_at.get(&s.place).copied(), now))
        .map(|s| Step::Delete(s.place.clone(), s.uid.clone()));
    opening.chain(closing).collect()
}

/// What a wanted object needs, apart from its end.
fn settle(wanted: &Wanted, seen: Option<&Seen>, now: Time) -> Option<Step> {
    let place = wanted.place.clone();
    match (&wanted.uid, seen) {
        (None, None) if now < wanted.expires_at => Some(Step::Create(place)),
        // Its time has passed before it was created: nothing to do, and nothing opens late.
        (None, None) => None,
        // Made by an attempt whose commit was lost: the marks and the unguessable name say so.
        (None, Some(s)) if s.owner.is(&wanted.request) => None,
        (None, Some(_)) => Some(Step::Taken(place)),
        (Some(uid), Some(s)) if *uid == s.uid => None,
        // At its end it does not matter who deleted it.
        (Some(_), _) => (now < wanted.expires_at).then_some(Step::Removed(place)),
    }
}

/// Whether an object must go: ours, and overdue by its own marks or by its gate, or of a request
/// that has ended.
fn is_over(seen: &Seen, wanted: Option<&Wanted>, now: Time) -> bool {
    let due = match &seen.owner {
        Owner::Foreign => return false,
        Owner::Final(_) => return true,
        Owner::Live(_) | Owner::Unknown => seen.expires_at,
    };
    let gate = wanted
        .filter(|w| seen.owner.is(&w.request))
        .map(|w| w.expires_at);
    now >= gate.map_or(due, |gate| gate.min(due))
}

impl Owner {
    fn is(&self, request: &RequestId) -> bool {
        matches!(self, Self::Live(id) | Self::Final(id) if id == request)
    }
}
