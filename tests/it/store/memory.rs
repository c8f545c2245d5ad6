//! The memory store keeps the contract, and goes back when a test says so.

use std::sync::Arc;

use drawbridge::store::memory::MemoryStore;
use drawbridge::store::{Committed, Lane, Revision, Store};

use super::conformance::with_cases;
use super::harness::{ManualClock, Memory, now};
use super::steps::*;

with_cases!(conformance, Memory::start());

#[tokio::test]
async fn a_store_that_goes_back_forgets_what_came_later_and_takes_its_numbers_again() {
    let store = MemoryStore::new(Arc::new(ManualClock::new()));
    let due = now(&store).await - secs(1);
    with_alarms(&store, &id(1), gate(due)).await;
    let then = store.snapshot();
    let held = claim_one(&store, Lane::Gate, ALL).await;
    let lost = under(&held, after(&load(&store, &id(1)).await));
    assert_eq!(done(&store, lost.clone()).await, Revision(2));
    done(&store, create(&id(2))).await;

    store.restore(then);
    assert_eq!(store.load(&id(2)).await.unwrap(), None);
    let record = load(&store, &id(1)).await;
    assert_eq!(record.version.revision, Revision(1));
    // Who held a lease lost it with the claim; the alarm is there and rings again.
    assert_eq!(store.commit(lost.clone()).await.unwrap(), Committed::Fenced);
    let again = claim_one(&store, Lane::Gate, ALL).await;
    assert!(again.token > held.token);
    // The same revision, other contents.
    done(&store, under(&again, after(&record))).await;
    let version = load(&store, &id(1)).await.version;
    assert_eq!(version.revision, Revision(2));
    assert_ne!(version.commit, lost.commit);
}
