//! Alarms: when a lane rings, and what moves that.

use chrono::TimeDelta;
use drawbridge::id::Shard;
use drawbridge::store::{Alarms, Commit, Lane, Standing, Wants};
use drawbridge::units::Seconds;

use super::claims::ms;
use crate::store::harness::{Harness, now};
use crate::store::steps::*;

pub(crate) async fn alarms_are_handed_out_earliest_first_and_no_more_than_wanted(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    // Ids and alarms in different orders; two at the same instant.
    for (n, age) in [(0, 20), (1, 50), (2, 10), (3, 40), (4, 30), (5, 40)] {
        with_alarms(
            &*store,
            &id(n),
            both(base - secs(age), base - secs(100 - age)),
        )
        .await;
    }
    let wants = Wants {
        gate: 4,
        card: 1,
        lease: Seconds(60),
    };
    let found = store.claim(shard(), wants).await.unwrap();
    let order: Vec<_> = found
        .claims
        .iter()
        .map(|c| (c.lane, c.id.clone()))
        .collect();
    let wanted = [1, 3, 5, 4].map(|n| (Lane::Gate, id(n)));
    assert_eq!(order[..4], wanted);
    assert_eq!(order[4..], [(Lane::Card, id(2))]);
    // More is due than was wanted.
    assert_eq!(ms(found.next_due), ms(Some(base - secs(80))));
    assert_eq!(claim(&*store, ALL).await.len(), 12 - 5);
}

pub(crate) async fn no_alarm_is_handed_out_early(h: &dyn Harness) {
    let store = h.store().await;
    // Just behind a millisecond.
    let at = now(&*store).await + secs(1) + TimeDelta::microseconds(1);
    with_alarms(&*store, &id(1), gate(at)).await;
    loop {
        let found = store.claim(shard(), ALL).await.unwrap();
        if let [one] = &found.claims[..] {
            assert!(found.now >= at && one.due >= at);
            assert!(one.due - at < TimeDelta::milliseconds(1));
            return;
        }
        assert!(found.now < at + secs(1), "the alarm does not ring");
        h.until(found.next_due.unwrap() - TimeDelta::milliseconds(1))
            .await;
        h.until(now(&*store).await + TimeDelta::milliseconds(1))
            .await;
    }
}

pub(crate) async fn lanes_do_not_wait_for_each_other(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    for n in 0..150 {
        with_alarms(&*store, &id(n), both(due + secs(i64::from(n == 149)), due)).await;
    }
    // A flood of cards, all held, and no room for more.
    let cards = Wants { gate: 0, ..ALL };
    assert_eq!(claim(&*store, cards).await.len(), 100);
    let gates = Wants { card: 0, ..ALL };
    let mut found = claim(&*store, gates).await;
    found.extend(claim(&*store, gates).await);
    assert_eq!(found.len(), 150);
    assert!(found.iter().all(|claim| claim.lane == Lane::Gate));
    // The gate's commit does not end the card's lease, nor the other way round.
    let held = found.iter().find(|claim| claim.id == id(0)).unwrap();
    done(&*store, under(held, after(&load(&*store, &id(0)).await))).await;
    assert_eq!(claim(&*store, gates).await, []);
}

pub(crate) async fn shards_are_apart(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    for shard in Shard::all() {
        with_alarms(&*store, &id_in(shard, 1), both(due, due)).await;
    }
    for shard in Shard::all() {
        let found = store.claim(shard, ALL).await.unwrap();
        assert_eq!(found.claims.len(), 2);
        assert!(found.claims.iter().all(|claim| claim.id.shard() == shard));
        let open = store.open(shard, None, 10).await.unwrap();
        assert_eq!(open, [id_in(shard, 1)]);
    }
}

pub(crate) async fn several_shards_are_claimed_as_each_by_itself(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    let shards: Vec<Shard> = Shard::all().collect();
    for (n, shard) in (1..).zip(&shards) {
        for n in 1..=n {
            with_alarms(&*store, &id_in(*shard, n), both(due - secs(1), due)).await;
        }
    }
    // The last has the most and is wanted the least of; the first is not asked at all.
    let wants: Vec<(Shard, Wants)> = (1..)
        .zip(shards.iter().skip(1).rev())
        .map(|(gate, shard)| (*shard, Wants { gate, ..ALL }))
        .collect();
    let answers = store.claim_each(&wants).await;
    assert_eq!(answers.len(), wants.len());
    for ((shard, wants), answer) in wants.iter().zip(answers) {
        let found = answer.unwrap();
        let has = shards.iter().position(|of| of == shard).unwrap() + 1;
        let of = |lane| found.claims.iter().filter(move |claim| claim.lane == lane);
        assert_eq!(of(Lane::Gate).count(), wants.gate.min(has), "{shard:?}");
        assert_eq!(of(Lane::Card).count(), has, "{shard:?}");
        assert!(found.claims.iter().all(|claim| claim.id.shard() == *shard));
        let more = wants.gate < has;
        assert_eq!(found.next_due < Some(found.now), more, "{shard:?}");
        let first = found.claims.first().unwrap();
        assert!(store.renew(first, Seconds(60)).await.unwrap());
    }
    assert_eq!(claim(&*store, ALL).await.len(), 2, "the first shard");
}

pub(crate) async fn a_commit_replaces_all_alarms(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    with_alarms(&*store, &id(1), both(base - secs(1), base - secs(1))).await;
    for (alarms, ripe) in [
        (gate(base + secs(600)), 0),
        (Alarms::default(), 0),
        (gate(base - secs(2)), 1),
    ] {
        let step = Commit {
            alarms,
            ..after(&load(&*store, &id(1)).await)
        };
        done(&*store, step).await;
        let found = store.claim(shard(), ALL).await.unwrap();
        assert_eq!(found.claims.len(), ripe, "{alarms:?}");
        if ripe == 0 {
            assert_eq!(ms(found.next_due), ms(alarms.gate));
        }
    }
}

pub(crate) async fn the_next_due_is_told(h: &dyn Harness) {
    let store = h.store().await;
    let empty = store.claim(shard(), ALL).await.unwrap();
    assert_eq!((empty.claims, empty.next_due), (vec![], None));
    let base = now(&*store).await;
    with_alarms(&*store, &id(1), both(base + secs(600), base + secs(300))).await;
    let next = async |wants| ms(store.claim(shard(), wants).await.unwrap().next_due);
    assert_eq!(next(ALL).await, ms(Some(base + secs(300))));
    // A lane of which nothing is wanted does not count.
    assert_eq!(
        next(Wants { card: 0, ..ALL }).await,
        ms(Some(base + secs(600)))
    );
    // The end of a lease does.
    with_alarms(&*store, &id(2), gate(base - secs(1))).await;
    let end = next(ALL).await.unwrap();
    let wanted = ms(Some(base + secs(60))).unwrap();
    assert!((wanted - 1..wanted + 10_000).contains(&end));
}

pub(crate) async fn a_woken_lane_is_due_at_once(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    with_alarms(&*store, &id(1), gate(base + secs(600))).await;
    with_alarms(&*store, &id(2), gate(base - secs(600))).await;
    for n in [1, 2] {
        // Both lanes: of the card there is no alarm at all.
        store.wake(&id(n), Lane::Gate).await.unwrap();
        store.wake(&id(n), Lane::Card).await.unwrap();
    }
    let found = claim(&*store, ALL).await;
    assert_eq!(found.len(), 4);
    for claim in found {
        // One that was due earlier stays so.
        let early = claim.id == id(2) && claim.lane == Lane::Gate;
        assert_eq!(claim.due < base - secs(1), early, "{claim:?}");
    }
    // Nobody there: nothing to wake, and no alarm for it.
    store.wake(&id(7), Lane::Gate).await.unwrap();
    assert_eq!(claim(&*store, ALL).await, []);
}

pub(crate) async fn a_lane_woken_while_held_looks_again(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    with_alarms(&*store, &id(1), gate(base - secs(1))).await;
    let first = claim_one(&*store, Lane::Gate, ALL).await;
    store.wake(&id(1), Lane::Gate).await.unwrap();
    assert_eq!(claim(&*store, ALL).await, []);
    // Right after the holder's commit, whatever alarm that sets.
    done(&*store, under(&first, after(&load(&*store, &id(1)).await))).await;
    let second = claim_one(&*store, Lane::Gate, ALL).await;
    store.wake(&id(1), Lane::Gate).await.unwrap();
    // And right after a release.
    assert!(store.release(&second, base + secs(600)).await.unwrap());
    let third = claim_one(&*store, Lane::Gate, ALL).await;
    // The claim has taken the wake-up.
    done(&*store, under(&third, after(&load(&*store, &id(1)).await))).await;
    assert_eq!(claim(&*store, ALL).await, []);
}

pub(crate) async fn a_wake_up_outlives_commits_until_a_claim(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    with_alarms(&*store, &id(1), gate(base + secs(600))).await;
    store.wake(&id(1), Lane::Gate).await.unwrap();
    for alarms in [Alarms::default(), gate(base + secs(600))] {
        let click = Commit {
            alarms,
            ..after(&load(&*store, &id(1)).await)
        };
        done(&*store, click).await;
    }
    claim_one(&*store, Lane::Gate, ALL).await;
}

pub(crate) async fn a_finished_document_is_not_woken(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    with_alarms(&*store, &id(1), gate(base - secs(1))).await;
    let held = claim_one(&*store, Lane::Gate, ALL).await;
    store.wake(&id(1), Lane::Gate).await.unwrap();
    let finish = Commit {
        standing: Standing::Finished,
        ..under(&held, after(&load(&*store, &id(1)).await))
    };
    done(&*store, finish).await;
    store.wake(&id(1), Lane::Gate).await.unwrap();
    store.wake(&id(1), Lane::Card).await.unwrap();
    let none = store.restore_alarms(&id(1), both(base, base)).await;
    assert_eq!(none.unwrap(), 0);
    let found = store.claim(shard(), ALL).await.unwrap();
    assert_eq!((found.claims, found.next_due), (vec![], None));
    // Alarms that a commit sets do ring: the last card of a finished request.
    let last_card = Commit {
        alarms: gate(base),
        ..after(&load(&*store, &id(1)).await)
    };
    done(&*store, last_card).await;
    claim_one(&*store, Lane::Gate, ALL).await;
}

pub(crate) async fn missing_alarms_are_restored_and_present_ones_kept(h: &dyn Harness) {
    let store = h.store().await;
    let base = now(&*store).await;
    let (past, future) = (base - secs(60), base + secs(600));
    with_alarms(&*store, &id(1), gate(future)).await;
    let both_past = both(past, past);
    assert_eq!(store.restore_alarms(&id(1), both_past).await.unwrap(), 1);
    let card = claim_one(&*store, Lane::Card, ALL).await;
    assert_eq!(ms(Some(card.due)), ms(Some(past)));
    // Held and set: nothing is missing.
    assert_eq!(store.restore_alarms(&id(1), both_past).await.unwrap(), 0);
    assert!(store.renew(&card, Seconds(60)).await.unwrap());
    assert_eq!(claim(&*store, ALL).await, []);
    let unknown = store.restore_alarms(&id(9), both_past).await.unwrap();
    let nothing = store
        .restore_alarms(&id(1), Alarms::default())
        .await
        .unwrap();
    assert_eq!((unknown, nothing), (0, 0));
}
