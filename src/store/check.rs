//! What a commit must look like before any product sees it: the bounds of the contract, in one place.

use super::{Commit, MAX_BODY, MAX_EVENTS, MAX_KEY, Result, StoreError};
use crate::id::Shard;

/// Longest commit id. Ours have 32 characters.
const MAX_COMMIT_ID: usize = 64;

/// Refuses a commit that breaks the contract; nothing has been written then.
pub(super) fn check(step: &Commit) -> Result<()> {
    let events: usize = step.events.iter().map(String::len).sum();
    within("body", step.body.len(), MAX_BODY)?;
    within("events", step.events.len(), MAX_EVENTS)?;
    within("bytes of events", events, MAX_BODY)?;
    within("owner", step.owner.len(), MAX_KEY)?;
    within("commit id", step.commit.0.len(), MAX_COMMIT_ID)?;
    if step.commit.0.is_empty() || !step.commit.0.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return misuse("a commit id is letters and digits");
    }
    match &step.seen {
        Some(_) if step.expected.is_some() => misuse("a seen mark belongs to a creation"),
        Some(key) if Shard::of_key(key) != step.id.shard() => {
            misuse("the seen mark belongs to another shard than the id")
        }
        Some(key) => within("seen mark", key.len(), MAX_KEY),
        None => Ok(()),
    }
}

/// Refuses what is larger than it may be.
pub(super) fn within(what: &str, size: usize, most: usize) -> Result<()> {
    if size <= most {
        return Ok(());
    }
    misuse(&format!("{what} of {size}, more than {most}"))
}

/// Somebody asked wrongly.
pub(super) fn misuse<T>(why: &str) -> Result<T> {
    Err(StoreError::Misuse(why.to_owned()))
}
