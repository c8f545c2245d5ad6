//! Short ways to write commits and claims down.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use drawbridge::id::{ALPHABET, ID_LENGTH, RequestId, Shard};
use drawbridge::store::{
    Alarms, Claim, Commit, CommitId, Committed, Lane, Record, Revision, Standing, Store, Wants,
};
use drawbridge::units::{Seconds, Time};

/// The shard that most tests stay in.
pub(crate) fn shard() -> Shard {
    Shard::all().next().unwrap()
}

/// The `n`th id of a shard; a greater `n` is a greater id.
pub(crate) fn id_in(shard: Shard, n: usize) -> RequestId {
    let base = ALPHABET.len();
    let mut order: Vec<usize> = (0..base).collect();
    // The alphabet is not in byte order: digits sort before letters.
    order.sort_by_key(|digit| ALPHABET[*digit]);
    let mut draw = [0_u8; ID_LENGTH - 1];
    let mut rest = n;
    for place in draw.iter_mut().rev() {
        *place = u8::try_from(order[rest % base]).unwrap();
        rest /= base;
    }
    RequestId::from_draw(draw, shard)
}

/// The `n`th id of [`shard`].
pub(crate) fn id(n: usize) -> RequestId {
    id_in(shard(), n)
}

/// A commit id that no other step has.
pub(crate) fn fresh() -> CommitId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    CommitId(format!("{:032x}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Creates an open document without alarms and events.
pub(crate) fn create(id: &RequestId) -> Commit {
    Commit {
        id: id.clone(),
        expected: None,
        commit: fresh(),
        body: r#"{"n":1}"#.to_owned(),
        standing: Standing::Open,
        owner: "U0DANA".to_owned(),
        alarms: Alarms::default(),
        events: Vec::new(),
        claim: None,
        seen: None,
        closing: false,
        lasting: false,
    }
}

/// The next step of a document as it was loaded, without alarms and events.
pub(crate) fn after(record: &Record) -> Commit {
    Commit {
        expected: Some(record.version.clone()),
        standing: record.standing,
        body: record.body.clone(),
        ..create(&record.id)
    }
}

/// Alarms for lane `gate` alone.
pub(crate) fn gate(at: Time) -> Alarms {
    Alarms {
        gate: Some(at),
        card: None,
    }
}

/// Alarms for both lanes.
pub(crate) fn both(gate: Time, card: Time) -> Alarms {
    Alarms {
        gate: Some(gate),
        card: Some(card),
    }
}

/// So many seconds.
pub(crate) fn secs(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}

/// As many of both lanes as there may be, for a minute.
pub(crate) const ALL: Wants = Wants {
    gate: 100,
    card: 100,
    lease: Seconds(60),
};

/// As [`ALL`], for a second.
pub(crate) const BRIEFLY: Wants = Wants {
    lease: Seconds(1),
    ..ALL
};

/// Commits, and expects it to be done.
pub(crate) async fn done(store: &dyn Store, step: Commit) -> Revision {
    match store.commit(step).await.unwrap() {
        Committed::Applied(revision) => revision,
        other => panic!("not applied: {other:?}"),
    }
}

/// Creates a document with alarms.
pub(crate) async fn with_alarms(store: &dyn Store, id: &RequestId, alarms: Alarms) {
    let step = Commit {
        alarms,
        ..create(id)
    };
    done(store, step).await;
}

/// The document, which must exist.
pub(crate) async fn load(store: &dyn Store, id: &RequestId) -> Record {
    store.load(id).await.unwrap().expect("the document exists")
}

/// Claims in [`shard`].
pub(crate) async fn claim(store: &dyn Store, wants: Wants) -> Vec<Claim> {
    store.claim(shard(), wants).await.unwrap().claims
}

/// Claims in [`shard`] and expects exactly one of the lane.
pub(crate) async fn claim_one(store: &dyn Store, lane: Lane, wants: Wants) -> Claim {
    let claims = claim(store, wants).await;
    match &claims[..] {
        [one] if one.lane == lane => one.clone(),
        _ => panic!("not one claim of {lane:?}: {claims:?}"),
    }
}

/// The events without their numbers, which must be 1, 2, 3, …
pub(crate) async fn events(store: &dyn Store, id: &RequestId) -> Vec<String> {
    let events = store.events(id, 0).await.unwrap();
    let numbers: Vec<u64> = events.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<u64>>());
    events.into_iter().map(|(_, event)| event).collect()
}

/// A step that must survive a failover.
pub(crate) fn lasting(step: Commit) -> Commit {
    Commit {
        lasting: true,
        ..step
    }
}

/// A step under a claim.
pub(crate) fn under(claim: &Claim, step: Commit) -> Commit {
    Commit {
        claim: Some((claim.lane, claim.token)),
        ..step
    }
}
