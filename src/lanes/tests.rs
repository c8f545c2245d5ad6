//! How claims share the slots.

use std::collections::BTreeMap;

use arc_swap::ArcSwap;

use super::*;
use crate::app::rulebook::Rulebook;
use crate::app::{Asking, Book, FirstLook};
use crate::id::RequestId;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;
use crate::store::{Alarms, Commit, CommitId, Committed, Standing, Store};

/// Workers that nobody runs, over an empty store, and the town that has the rest.
async fn workers() -> (Town, Arc<MemoryStore>, Lanes) {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let parts = town.parts().unwrap();
    let store = Arc::new(MemoryStore::new(town.clock()));
    let parts = Arc::new(Parts {
        book: Book::new(Arc::clone(&store) as _, Arc::clone(&parts.entropy)),
        clock: town.clock(),
        entropy: Arc::clone(&parts.entropy),
        rules: ArcSwap::new(parts.rules.load_full()),
        rulebook: Rulebook::default(),
        slack: Arc::clone(&parts.slack),
        directory: Arc::clone(&parts.directory),
        incident_channels: None,
        clusters: parts.clusters.clone(),
        first_look: FirstLook::default(),
        asking: Asking::default(),
        max_lifetime: parts.max_lifetime,
        poll: parts.poll,
        metrics: Arc::default(),
        traces: parts.traces.clone(),
    });
    let lanes = Lanes::new(parts, TaskTracker::new(), CancellationToken::new());
    (town, store, lanes)
}

/// So many documents of a shard of which both lanes are due.
async fn ring(store: &MemoryStore, shard: Shard, many: u8, at: Time) {
    for n in 0..many {
        let step = Commit {
            id: RequestId::from_draw([n % 16, n / 16, 1, 1, 1], shard),
            expected: None,
            commit: CommitId(format!("{n:032x}")),
            body: "{}".to_owned(),
            standing: Standing::Open,
            owner: "U0DANA".to_owned(),
            alarms: Alarms {
                gate: Some(at),
                card: Some(at),
            },
            events: Vec::new(),
            claim: None,
            seen: None,
            closing: false,
            lasting: false,
        };
        let done = store.commit(step).await.unwrap();
        assert!(matches!(done, Committed::Applied(_)), "{done:?}");
    }
}

/// What nobody has claimed yet, by shard and lane. It is claimed by this.
async fn left(store: &MemoryStore) -> BTreeMap<(Shard, Lane), usize> {
    let mut left = BTreeMap::new();
    for shard in Shard::all() {
        let wants = Wants {
            gate: 200,
            card: 200,
            lease: LEASE,
        };
        for claim in store.claim(shard, wants).await.unwrap().claims {
            *left.entry((shard, claim.lane)).or_default() += 1;
        }
    }
    left
}

#[tokio::test(start_paused = true)]
async fn however_much_is_due_at_once_no_more_is_claimed_than_is_started() {
    let (town, store, lanes) = workers().await;
    let many = 50;
    for shard in Shard::all() {
        ring(&store, shard, many, town.now()).await;
    }
    let all = Shard::all().count() * usize::from(many);
    let (again, failed) = lanes.pass(0).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!(again, Some(SHORTEST), "more is due");
    // Nothing that was started has ended: tasks run when this one waits.
    let [gates, messages] = lanes.free_slots();
    let started = [turns::SLOTS - gates, MESSAGES - messages];
    let left = left(&store).await;
    let claimed = Lane::ALL.map(|lane| {
        let left = left.iter().filter(|((_, of), _)| *of == lane);
        all - left.map(|(_, many)| many).sum::<usize>()
    });
    assert_eq!(started, [turns::SLOTS, MESSAGES], "every slot is used");
    assert_eq!(claimed, started, "what has no slot lies under its lease");
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_due_in_one_shard_waits_for_no_other_shards_backlog() {
    let (town, store, lanes) = workers().await;
    let (busy, quiet) = (Shard::all().next().unwrap(), Shard::all().last().unwrap());
    ring(&store, busy, 100, town.now()).await;
    ring(&store, quiet, 1, town.now()).await;
    // All slots but one of each lane are taken for good.
    let slots = lanes.slots.clone();
    let taken: Vec<_> = slots
        .iter()
        .map(|slots| {
            let all = slots.available_permits();
            slots.try_acquire_many(u32::try_from(all - 1).unwrap())
        })
        .collect();
    assert!(taken.iter().all(Result::is_ok));
    for turn in 0..Shard::all().count() {
        // So long after the last gate messages have all their slots.
        tokio::time::advance(crowd::LATELY).await;
        let (again, _) = lanes.pass(turn).await;
        assert_eq!(again, Some(SHORTEST), "turn {turn}");
        // What was started ends.
        while slots.iter().any(|slots| slots.available_permits() == 0) {
            tokio::task::yield_now().await;
        }
    }
    let left = left(&store).await;
    for lane in Lane::ALL {
        assert_eq!(left.get(&(quiet, lane)), None, "{}", lane.name());
        assert!(left[&(busy, lane)] > 0, "{}", lane.name());
    }
    town.close().await;
}

#[test]
fn shares_are_all_that_is_free_and_every_shard_has_its_turn() {
    let shards = Shard::all().count();
    for free in 0..=2 * turns::SLOTS {
        let mut of_all_turns = vec![0; shards];
        for turn in 0..shards {
            let shares: Vec<usize> = (0..shards).map(|place| share(free, place, turn)).collect();
            assert_eq!(shares.iter().sum::<usize>(), free);
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            assert!(most - least <= 1, "{shares:?}");
            for (sum, share) in of_all_turns.iter_mut().zip(shares) {
                *sum += share;
            }
        }
        assert_eq!(of_all_turns, vec![free; shards]);
    }
}
