//! What a crash and a full store leave.

use drawbridge::store::{Commit, Committed, Lane, MAX_BODY, Standing, StoreError};
use drawbridge::units::Seconds;

use crate::store::harness::{Harness, now};
use crate::store::steps::*;

pub(crate) async fn a_restart_keeps_all_that_was_acknowledged(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    let mut kept = Vec::new();
    for n in 0..50 {
        let step = Commit {
            alarms: both(due, due + secs(3600)),
            events: vec![format!("[{n}]")],
            ..create(&id(n))
        };
        done(&*store, step).await;
        kept.push(load(&*store, &id(n)).await);
    }
    let held = store.claim(shard(), ALL).await.unwrap().claims;
    assert_eq!(held.len(), 50);
    let store = h.restart(vec![store]).await;
    for record in &kept {
        assert_eq!(load(&*store, &record.id).await, *record);
        assert_eq!(events(&*store, &record.id).await.len(), 1);
    }
    // Leases too: nobody gets what another holds, and the holders go on.
    assert_eq!(claim(&*store, ALL).await, []);
    for claim in &held {
        let step = under(claim, after(&load(&*store, &claim.id).await));
        done(&*store, step).await;
    }
    assert_eq!(store.open(shard(), None, 100).await.unwrap().len(), 50);
}

/// A step that cannot fit where nothing fits.
fn large(step: Commit) -> Commit {
    Commit {
        body: "x".repeat(MAX_BODY),
        events: vec!["y".repeat(MAX_BODY)],
        ..step
    }
}

pub(crate) async fn a_full_store_refuses_cleanly_and_lets_go_on_what_closes(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    for n in [1, 2] {
        with_alarms(&*store, &id(n), gate(base - secs(1))).await;
    }
    let store = h.set_full(true, store).await;
    let before = load(&*store, &id(1)).await;
    let refused = [
        large(create(&id(9))),
        Commit {
            alarms: both(base, base),
            ..large(after(&before))
        },
    ];
    for step in refused {
        let error = store.commit(step).await.unwrap_err();
        assert!(matches!(error, StoreError::Full(_)), "{error}");
    }
    assert_eq!(store.load(&id(9)).await.unwrap(), None);
    assert_eq!(load(&*store, &id(1)).await, before);
    assert!(events(&*store, &id(1)).await.is_empty());

    // Claims, leases and what closes go on.
    let claims = claim(&*store, ALL).await;
    assert_eq!(claims.len(), 2);
    assert!(store.renew(&claims[0], Seconds(120)).await.unwrap());
    let closing = Commit {
        standing: Standing::Finished,
        closing: true,
        ..large(under(
            &claims[0],
            after(&load(&*store, &claims[0].id).await),
        ))
    };
    done(&*store, closing).await;
    assert!(store.release(&claims[1], base).await.unwrap());
    store.wake(&claims[1].id, Lane::Card).await.unwrap();
    assert_eq!(claim(&*store, ALL).await.len(), 2);

    let store = h.set_full(false, store).await;
    let again = large(create(&id(9)));
    let answer = store.commit(again).await.unwrap();
    assert!(matches!(answer, Committed::Applied(_)));
    store.ping().await.unwrap();
}
