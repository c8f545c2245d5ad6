//! Lets what was forgotten wait for the ledger again. The store marks a document in the same step as its
//! events, so nothing of this is needed while the store keeps what it acknowledged.
//!
//! - An open document with events that are not recorded and no mark: a lost key, a restored backup.
//! - A document that was recorded and is not any more: in a cluster without replicas the ledger's server can
//!   lose its last second while those of the documents lose nothing. What this process recorded lately is
//!   compared, ended documents too.
//!
//! # Caveats
//! Nobody lists ended documents. So one whose mark was lost before it was recorded is not found, nor one
//! whose records were lost where the process that appended them died within a minute of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;

use crate::id::{RequestId, Shard};
use crate::store::{MAX_READ, Result, Store};

/// Open documents read in one go.
const PAGE: usize = 200;

/// Documents that are remembered of each time between two looks.
const MOST: usize = 10_000;

/// How far documents were recorded by this process: since the last look, and since the one before.
#[derive(Debug, Default)]
pub(super) struct Lately(Mutex<[BTreeMap<RequestId, u64>; 2]>);

impl Lately {
    /// A document is recorded up to this number.
    pub(super) fn recorded(&self, id: &RequestId, number: u64) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, _] = &mut *both;
        if new.len() < MOST || new.contains_key(id) {
            new.insert(id.clone(), number);
        }
    }

    fn all(&self) -> BTreeMap<RequestId, u64> {
        let both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, old] = &*both;
        let mut all = old.clone();
        all.extend(new.clone());
        all
    }

    /// What was looked at twice is not asked for again: whatever is as old is on the disk.
    fn age(&self) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [new, old] = &mut *both;
        *old = std::mem::take(new);
    }
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
