//! Claims: leases and the tokens that fence their holders.

use std::collections::BTreeSet;

use drawbridge::store::{Alarms, Claim, Commit, Committed, Lane, Store, Wants};
use drawbridge::units::{Seconds, Time};
use tokio::task::JoinSet;

use crate::store::harness::{Harness, now};
use crate::store::steps::*;

/// Creates document 1 with a due gate alarm and claims it.
async fn held(store: &dyn Store, wants: Wants) -> Claim {
    let due = now(store).await - secs(1);
    with_alarms(store, &id(1), gate(due)).await;
    claim_one(store, Lane::Gate, wants).await
}

/// Every act under a claim, all of which must be refused.
async fn is_refused(store: &dyn Store, old: &Claim) {
    let before = load(store, &old.id).await;
    let step = under(old, after(&before));
    assert_eq!(store.commit(step).await.unwrap(), Committed::Fenced);
    let closing = Commit {
        closing: true,
        ..under(old, after(&before))
    };
    assert_eq!(store.commit(closing).await.unwrap(), Committed::Fenced);
    assert!(!store.renew(old, Seconds(60)).await.unwrap());
    assert!(!store.release(old, now(store).await).await.unwrap());
    assert_eq!(load(store, &old.id).await, before);
}

pub(crate) async fn no_alarm_is_handed_out_twice_within_a_lease(h: &dyn Harness) {
    const ALARMS: usize = 1000;
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    for n in 0..ALARMS / 2 {
        with_alarms(&*store, &id(n), both(due, due)).await;
    }
    let mut all = JoinSet::new();
    for claimer in 0..8 {
        let store = h.store().await;
        let wants = Wants {
            gate: 1 + claimer,
            card: 8 - claimer,
            lease: Seconds(60),
        };
        all.spawn(async move {
            let mut got = Vec::new();
            loop {
                let claims = claim(&*store, wants).await;
                if claims.is_empty() {
                    return got;
                }
                got.extend(claims);
            }
        });
    }
    let got: Vec<Claim> = all.join_all().await.into_iter().flatten().collect();
    let lanes: BTreeSet<_> = got.iter().map(|c| (c.id.clone(), c.lane)).collect();
    let tokens: BTreeSet<_> = got.iter().map(|c| c.token).collect();
    assert_eq!(
        (got.len(), lanes.len(), tokens.len()),
        (ALARMS, ALARMS, ALARMS)
    );
    assert!(got.iter().all(|c| c.attempt == 1));
}

pub(crate) async fn an_ended_lease_hands_over_and_its_token_is_refused(h: &dyn Harness) {
    let store = h.store().await;
    let old = held(&*store, BRIEFLY).await;
    let end = now(&*store).await + secs(1);
    h.until(end).await;
    let other = h.store().await;
    let new = claim_one(&*other, Lane::Gate, ALL).await;
    assert_eq!((&new.id, new.attempt), (&old.id, 2));
    assert!(new.token > old.token);
    // When the lost lease ended, not when the alarm was first due.
    assert!(new.due > old.due && new.due <= end);
    is_refused(&*store, &old).await;
    let step = under(&new, after(&load(&*other, &new.id).await));
    done(&*other, step).await;
    is_refused(&*store, &old).await;
}

pub(crate) async fn an_ended_lease_is_refused_before_anybody_else_claims(h: &dyn Harness) {
    let store = h.store().await;
    let old = held(&*store, BRIEFLY).await;
    h.until(now(&*store).await + secs(1)).await;
    is_refused(&*store, &old).await;
}

pub(crate) async fn a_commit_under_a_claim_ends_it(h: &dyn Harness) {
    let store = h.store().await;
    let claim_1 = held(&*store, ALL).await;
    let due = now(&*store).await - secs(5);
    let step = Commit {
        alarms: gate(due),
        ..under(&claim_1, after(&load(&*store, &id(1)).await))
    };
    done(&*store, step).await;
    is_refused(&*store, &claim_1).await;
    let claim_2 = claim_one(&*store, Lane::Gate, ALL).await;
    assert_eq!(claim_2.attempt, 1);
    let last = under(&claim_2, after(&load(&*store, &id(1)).await));
    done(&*store, last).await;
    let next = store.claim(shard(), ALL).await.unwrap();
    assert_eq!((next.claims, next.next_due), (vec![], None));
}

pub(crate) async fn a_renewed_lease_lasts_longer_and_never_shorter(h: &dyn Harness) {
    let store = h.store().await;
    let held = held(&*store, BRIEFLY).await;
    assert!(store.renew(&held, Seconds(60)).await.unwrap());
    let renewed = now(&*store).await;
    assert!(store.renew(&held, Seconds(0)).await.unwrap());
    h.until(renewed + secs(1)).await;
    let next = store.claim(shard(), ALL).await.unwrap();
    assert_eq!(next.claims, []);
    let end = next.next_due.unwrap();
    assert!(end > renewed + secs(50) && end <= renewed + secs(60));
    done(&*store, under(&held, after(&load(&*store, &id(1)).await))).await;
}

pub(crate) async fn a_released_lane_rings_when_asked_for(h: &dyn Harness) {
    let store = h.store().await;
    let first = held(&*store, ALL).await;
    let later = now(&*store).await + secs(3600);
    assert!(store.release(&first, later).await.unwrap());
    is_refused(&*store, &first).await;
    let next = store.claim(shard(), ALL).await.unwrap();
    assert_eq!((next.claims, ms(next.next_due)), (vec![], ms(Some(later))));
    store.wake(&first.id, Lane::Gate).await.unwrap();
    let second = claim_one(&*store, Lane::Gate, ALL).await;
    let earlier = now(&*store).await - secs(1);
    assert!(store.release(&second, earlier).await.unwrap());
    let third = claim_one(&*store, Lane::Gate, ALL).await;
    assert_eq!(ms(Some(third.due)), ms(Some(earlier)));
}

/// Whole milliseconds, rounded up, as stores keep alarms.
pub(crate) fn ms(at: Option<Time>) -> Option<i64> {
    at.map(|at| (at.timestamp_micros() + 999) / 1000)
}

pub(crate) async fn attempts_count_claims_until_a_commit_under_one(h: &dyn Harness) {
    let store = h.store().await;
    let mut last = held(&*store, ALL).await;
    let past = now(&*store).await - secs(1);
    for attempt in 2..5 {
        assert!(store.release(&last, past).await.unwrap());
        // Another's commit is no success of this lane.
        let by_another = Commit {
            alarms: gate(past),
            ..after(&load(&*store, &id(1)).await)
        };
        done(&*store, by_another).await;
        last = claim_one(&*store, Lane::Gate, ALL).await;
        assert_eq!(last.attempt, attempt);
    }
    let success = Commit {
        alarms: gate(past),
        ..under(&last, after(&load(&*store, &id(1)).await))
    };
    done(&*store, success).await;
    assert_eq!(claim_one(&*store, Lane::Gate, ALL).await.attempt, 1);
}

pub(crate) async fn tokens_grow(h: &dyn Harness) {
    let store = h.store().await;
    let mut last = held(&*store, ALL).await;
    for _ in 0..20 {
        let past = now(&*store).await - secs(1);
        assert!(store.release(&last, past).await.unwrap());
        let next = claim_one(&*store, Lane::Gate, ALL).await;
        assert!(next.token > last.token);
        last = next;
    }
}

pub(crate) async fn a_token_counts_for_its_own_lane_and_request_only(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    for n in [1, 2] {
        with_alarms(&*store, &id(n), both(due, due)).await;
    }
    let claims = claim(&*store, ALL).await;
    let [gate, ..] = &claims[..] else {
        panic!("nothing claimed")
    };
    let other = id(if gate.id == id(1) { 2 } else { 1 });
    for wrong in [
        Claim {
            lane: Lane::Card,
            ..gate.clone()
        },
        Claim {
            id: other,
            ..gate.clone()
        },
    ] {
        is_refused(&*store, &wrong).await;
    }
    assert!(store.renew(gate, Seconds(60)).await.unwrap());
}

pub(crate) async fn a_commit_by_another_leaves_the_lease_alone(h: &dyn Harness) {
    let store = h.store().await;
    let held = held(&*store, ALL).await;
    let stale = load(&*store, &id(1)).await;
    let due = now(&*store).await - secs(1);
    let click = Commit {
        alarms: gate(due),
        ..after(&stale)
    };
    done(&*h.store().await, click).await;
    assert_eq!(claim(&*store, ALL).await, []);
    // The holder works on an old document, learns it, and does its work again.
    let old = under(&held, after(&stale));
    assert_eq!(store.commit(old).await.unwrap(), Committed::Conflict);
    let later = now(&*store).await + secs(3600);
    let step = Commit {
        alarms: gate(later),
        ..under(&held, after(&load(&*store, &id(1)).await))
    };
    done(&*store, step).await;
    let next = store.claim(shard(), ALL).await.unwrap();
    assert_eq!((next.claims, ms(next.next_due)), (vec![], ms(Some(later))));
}

pub(crate) async fn what_another_commit_asked_for_is_kept_at_a_release(h: &dyn Harness) {
    let store = h.store().await;
    let held = held(&*store, ALL).await;
    let soon = now(&*store).await + secs(600);
    for alarms in [gate(now(&*store).await), Alarms::default(), gate(soon)] {
        // Only the last of them counts: the others were decided on older documents.
        let click = Commit {
            alarms,
            ..after(&load(&*store, &id(1)).await)
        };
        done(&*store, click).await;
    }
    assert!(store.release(&held, soon + secs(600)).await.unwrap());
    let next = store.claim(shard(), ALL).await.unwrap();
    assert_eq!((next.claims, ms(next.next_due)), (vec![], ms(Some(soon))));
}
