//! Lets what was forgotten wait for the ledger again. The store marks a document in the same step as its
//! events, so nothing of this is needed while the store keeps what it acknowledged.
//!
//! - An open document with events that are not recorded and no mark: a lost key, a restored backup.
//! - A document that was recorded and is not any more: in a cluster without replicas the ledger's server can
//!   lose its last second while those of the documents lose nothing. What this process recorded lately is
//!   compared, ended documents too.
//! - A document that lost events which are recorded (a failover to a copy without the last writes): their
//!   numbers are given to others, which would be taken for recorded. What this process recorded lately is
//!   compared event by event.
//!
//! # Caveats
//! Nobody lists ended documents. So one whose mark was lost before it was recorded is not found, nor one
//! whose records were lost where the process that appended them died within a minute of it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;

use crate::id::{RequestId, Shard};
use crate::store::{MAX_READ, Result, Store};

/// Open documents read in one go.
const PAGE: usize = 200;

/// Documents that are remembered of each time between two looks.
const MOST: usize = 10_000;

/// What this process recorded of one document lately: digests by number.
#[derive(Debug, Clone, Default)]
struct Done {
    upto: u64,
    events: BTreeMap<u64, u64>,
    /// The number of the chain's record before the first of them.
    since: Option<u64>,
}

/// How far documents were recorded by this process: since the last look, and since the one before.
#[derive(Debug, Default)]
pub(super) struct Lately(Mutex<[BTreeMap<RequestId, Done>; 2]>);

impl Lately {
    /// A document is recorded up to this number; these events of it were among what was recorded, after the
    /// chain's record `since`.
    pub(super) fn recorded(&self, id: &RequestId, upto: u64, events: &[(u64, String)], since: u64) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, _] = &mut *both;
        if new.len() >= MOST && !new.contains_key(id) {
            return;
        }
        let done = new.entry(id.clone()).or_default();
        done.upto = upto;
        let told = events.iter().filter(|(number, _)| *number <= upto);
        done.events
            .extend(told.map(|(number, text)| (*number, digest(text))));
        // INVARIANT (from before): nothing that is remembered was recorded earlier.
        done.since.get_or_insert(since);
    }

    /// What was recorded of a document is not so any more: another look begins.
    pub(super) fn forget(&self, id: &RequestId) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for some in both.iter_mut() {
            some.remove(id);
        }
    }

    fn all(&self) -> BTreeMap<RequestId, u64> {
        let both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, old] = &*both;
        let upto = |some: &BTreeMap<RequestId, Done>| {
            let numbers = some.iter().map(|(id, done)| (id.clone(), done.upto));
            numbers.collect::<BTreeMap<_, _>>()
        };
        let mut all = upto(old);
        all.extend(upto(new));
        all
    }

    /// The events of a document that this process recorded, by number.
    fn of(&self, id: &RequestId) -> BTreeMap<u64, u64> {
        let both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, old] = &*both;
        let known = [old, new].into_iter().filter_map(|some| some.get(id));
        known.flat_map(|done| done.events.clone()).collect()
    }

    /// Where to read the events of a document from, to compare them with what was recorded.
    pub(super) fn first(&self, id: &RequestId) -> Option<u64> {
        self.of(id).keys().next().copied()
    }

    /// The chain's record after which everything that is remembered of a document was recorded.
    pub(super) fn since(&self, id: &RequestId) -> Option<u64> {
        let both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        both.iter().filter_map(|some| some.get(id)?.since).min()
    }

    /// Whether an event of a document that was recorded is not there any more, or is another. `events` begin
    /// with [`Lately::first`]; what the ledger itself lost, after `recorded`, is told with that.
    pub(super) fn is_lost(&self, id: &RequestId, events: &[(u64, String)], recorded: u64) -> bool {
        let there: BTreeMap<u64, u64> = events.iter().map(|(n, text)| (*n, digest(text))).collect();
        let known = self.of(id);
        let mut known = known.range(..=recorded);
        known.any(|(number, digest)| there.get(number) != Some(digest))
    }

    /// What was looked at twice is not asked for again: whatever is as old is on the disk.
    fn age(&self) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, old] = &mut *both;
        *old = std::mem::take(new);
    }
}

/// Tells two events of one number apart.
fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Documents of which the store lost events that this process recorded.
///
/// # Errors
/// The store failed.
pub(super) async fn lost(store: &dyn Store, lately: &Lately) -> Result<Vec<RequestId>> {
    let mut lost = Vec::new();
    let all: Vec<RequestId> = lately.all().into_keys().collect();
    for ids in all.chunks(MAX_READ) {
        for (id, recorded) in ids.iter().zip(store.recorded(ids).await?) {
            let Some(first) = lately.first(id) else {
                continue;
            };
            let events = store.events(id, first.saturating_sub(1)).await?;
            if lately.is_lost(id, &events, recorded) {
                lost.push(id.clone());
            }
        }
    }
    Ok(lost)
}

/// Marks what was forgotten; how many documents that were.
///
/// # Errors
/// The first failure, after everything was tried: shards may live on different servers.
pub(super) async fn mend(store: &dyn Store, lately: &Lately) -> Result<usize> {
    let mut done = join_all(Shard::all().map(|shard| open(store, shard))).await;
    done.push(recorded(store, lately).await);
    done.into_iter().sum()
}

/// Open documents of a shard.
async fn open(store: &dyn Store, shard: Shard) -> Result<usize> {
    let mut marked = 0_usize;
    let mut after = None;
    loop {
        let ids = store.open(shard, after.as_ref(), PAGE).await?;
        let recorded = store.recorded(&ids).await?;
        for (id, number) in ids.iter().zip(recorded) {
            // Or it was recorded this very moment: then its wait ends with the next pass.
            if store.restore_unrecorded(id, number).await? {
                tracing::info!(%id, "waits for the ledger again");
                marked = marked.saturating_add(1);
            }
        }
        if ids.len() < PAGE {
            return Ok(marked);
        }
        after = ids.last().cloned();
    }
}

/// What this process recorded.
async fn recorded(store: &dyn Store, lately: &Lately) -> Result<usize> {
    let mut marked = 0_usize;
    let all: Vec<(RequestId, u64)> = lately.all().into_iter().collect();
    for some in all.chunks(MAX_READ) {
        let ids: Vec<RequestId> = some.iter().map(|(id, _)| id.clone()).collect();
        let now = store.recorded(&ids).await?;
        for ((id, then), number) in some.iter().zip(now) {
            if number < *then && store.restore_unrecorded(id, number).await? {
                tracing::error!(%id, recorded = then, left = number, "the store lost part of the ledger");
                marked = marked.saturating_add(1);
            }
        }
    }
    lately.age();
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn so_many_documents_are_remembered_and_no_more() {
        let (lately, entropy) = (Lately::default(), Entropy::seeded(1));
        for shard in std::iter::repeat_with(Shard::all).flatten().take(MOST + 9) {
            lately.recorded(&entropy.request_id(shard), 1, &[(1, "{}".to_owned())], 5);
        }
        assert_eq!(lately.all().len(), MOST);
    }

    #[test]
    fn everything_that_is_remembered_was_recorded_after_the_earliest_that_is_told() {
        let (lately, id) = (Lately::default(), "k7m3xa".parse().unwrap());
        let event = |n: u64| [(n, format!("{{\"n\":{n}}}"))];
        lately.recorded(&id, 1, &event(1), 5);
        lately.recorded(&id, 2, &event(2), 9);
        lately.age();
        lately.recorded(&id, 3, &event(3), 12);
        assert_eq!((lately.first(&id), lately.since(&id)), (Some(1), Some(5)));
        assert!(lately.is_lost(&id, &event(1), 3));
        assert!(!lately.is_lost(&id, &event(1), 1));
        lately.age();
        assert_eq!((lately.first(&id), lately.since(&id)), (Some(3), Some(12)));
    }
}
