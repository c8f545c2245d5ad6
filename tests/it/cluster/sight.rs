//! What the bot sees of a cluster, and how it stays right.

use std::time::Duration;

use drawbridge::sim::cluster::Workload;
use serde_json::json;

use super::arena::{Arena, contract, until};

contract!(
    our_objects_are_seen_to_come_and_go,
    what_somebody_else_deletes_is_told,
    a_gate_whose_label_is_taken_leaves_the_list,
    our_objects_are_listed_from_the_quorum,
    the_snapshot_follows_the_cluster,
    a_policy_of_an_admin_tier_is_read,
);

async fn our_objects_are_seen_to_come_and_go(arena: Arena) {
    assert!(arena.bot.snapshot().is_err(), "nothing was read yet");
    assert_eq!(arena.bot.last_sweep(), None);
    arena.watched().await;
    assert!(arena.bot.last_sweep().is_some());
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    let seen = arena.bot.managed_now();
    let mine = seen
        .iter()
        .find(|o| o.at.namespace == arena.namespace)
        .unwrap();
    assert_eq!(
        (mine.uid(), mine.created),
        (applied.uid.as_str(), applied.seen.created)
    );
    arena.bot.withdraw(&mine.at).await.unwrap();
    arena.managed(<[_]>::is_empty).await;
}

async fn what_somebody_else_deletes_is_told(arena: Arena) {
    arena.watched().await;
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    let mut removals = arena.bot.removals();
    arena.remove(&arena.at(0).name).await;
    let told = until(async {
        loop {
            let removed = removals.recv().await.unwrap();
            if removed.at.namespace == arena.namespace {
                return removed;
            }
        }
    })
    .await;
    assert_eq!(told.uid(), applied.uid);
    assert_eq!(arena.bot.read(&told.at).await.unwrap(), None);
}

async fn a_gate_whose_label_is_taken_leaves_the_list(arena: Arena) {
    arena.watched().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    let stripped = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": null}}});
    arena.edit(&arena.at(0).name, stripped).await;
    arena.managed(<[_]>::is_empty).await;
    assert!(arena.bot.read(&arena.at(0)).await.unwrap().is_some());
}

async fn our_objects_are_listed_from_the_quorum(arena: Arena) {
    for n in 0..3 {
        arena.bot.apply(&arena.gate(n), None).await.unwrap();
    }
    arena.foreign("theirs").await;
    let mut mine = arena.bot.managed().await.unwrap().objects;
    mine.retain(|o| o.at.namespace == arena.namespace);
    let names: Vec<_> = mine.iter().map(|o| o.at.name.clone()).collect();
    let expected: Vec<_> = (0..3).map(|n| arena.at(n).name).collect();
    assert_eq!(names, expected);
    assert!(
        mine.iter()
            .all(|o| o.at.kind == "NetworkPolicy" && o.bears_our_marks())
    );
}

async fn the_snapshot_follows_the_cluster(arena: Arena) {
    arena.watched().await;
    let before = format!("{:?}", arena.bot.snapshot().unwrap());
    assert!(!before.contains("a-new-policy"));
    let mut changes = arena.bot.changes();
    arena.foreign("a-new-policy").await;
    until(async {
        while !format!("{:?}", arena.bot.snapshot().unwrap()).contains("a-new-policy") {
            changes.changed().await.unwrap();
        }
    })
    .await;
    let surveyed = format!("{:?}", arena.bot.survey().await.unwrap());
    assert!(surveyed.contains("a-new-policy"));
}

/// Kinds that not every cluster has: the real server learns this one from its definition first.
async fn a_policy_of_an_admin_tier_is_read(arena: Arena) {
    if arena.sim.is_none() {
        arena.define_admin_tier().await;
    }
    let name = format!("guard-{}", arena.namespace);
    arena.admin_tier(&name).await;
    let snapshot = arena.bot.survey().await.unwrap();
    let read = snapshot.tiers().find(|policy| *policy.name == *name);
    let read = read.expect("it is there");
    assert_eq!((read.priority, read.ingress.len()), (7, 1));
}

#[tokio::test(start_paused = true)]
async fn lists_are_read_to_the_last_page() {
    let arena = Arena::in_process().await;
    for n in 0..1001 {
        arena.sim().put(arena.gate(n)).unwrap();
    }
    arena.sim().take_calls();
    assert_eq!(arena.bot.managed().await.unwrap().objects.len(), 1001);
    let calls = arena.sim().take_calls();
    let pages = calls
        .iter()
        .filter(|call| call.resource == "networkpolicies");
    assert_eq!(pages.count(), 3);
    arena.watched().await;
    assert_eq!(arena.bot.managed_now().len(), 1001);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_the_server_forgot_is_no_trouble() {
    let arena = Arena::in_process().await;
    arena.watched().await;
    arena.sim().drop_watches();
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.sim().compact();
    arena.managed(|mine| mine.len() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_repairs_what_the_watch_missed() {
    let arena = Arena::in_process().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.watched().await;
    let mut removals = arena.bot.removals();
    arena.sim().lose_events(true);
    let applied = arena.bot.apply(&arena.gate(1), None).await.unwrap();
    arena.remove(&arena.at(0).name).await;
    arena.sim().lose_events(false);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(
        arena.bot.managed_now()[0].at.name,
        arena.at(0).name,
        "still believed"
    );
    let began = tokio::time::Instant::now();
    arena
        .managed_at_last(|mine| mine.len() == 1 && mine[0].uid() == applied.uid)
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(40),
        "within a minute of the event"
    );
    assert_eq!(
        until(removals.recv()).await.unwrap().at.name,
        arena.at(0).name
    );
}

#[tokio::test(start_paused = true)]
async fn a_replaced_object_is_a_removal_of_the_old_one() {
    let arena = Arena::in_process().await;
    arena.watched().await;
    let old = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    let mut removals = arena.bot.removals();
    arena.sim().lose_events(true);
    arena.remove(&arena.at(0).name).await;
    let new = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.sim().lose_events(false);
    arena.managed_at_last(|mine| mine[0].uid() == new.uid).await;
    assert_eq!(until(removals.recv()).await.unwrap().uid(), old.uid);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_finds_nothing_new_changes_nothing() {
    let arena = Arena::in_process().await;
    arena
        .sim()
        .deploy(&Workload::new(&arena.namespace, "db").replicas(3))
        .unwrap();
    arena.watched().await;
    let before = arena.bot.snapshot().unwrap();
    let swept = arena.bot.last_sweep();
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert!(arena.bot.last_sweep() > swept);
    let after = arena.bot.snapshot().unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &after), "not even copied");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_read_is_named_and_holds_up_no_other() {
    let arena = Arena::in_process().await;
    arena.sim().forbid("list", "replicasets", None);
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let (tracker, stop) = Default::default();
    arena.bot.start(&tracker, &stop);
    arena.managed(|mine| mine.len() == 1).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let missing = arena.bot.snapshot().unwrap_err();
    assert_eq!(
        missing.waiting,
        [
            "replicasets (not permitted in the cluster: list replicasets.apps; bind the ClusterRole \
          `drawbridge-read` in the cluster)"
        ]
    );
    arena.sim().heal();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(arena.bot.snapshot().is_ok());
    stop.cancel();
    tracker.close();
    until(tracker.wait()).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollout_is_one_change_to_those_who_wait_for_quiet() {
    let arena = Arena::in_process().await;
    arena.watched().await;
    let mut changes = arena.bot.changes();
    changes.mark_unchanged();
    arena
        .sim()
        .deploy(&Workload::new(&arena.namespace, "db").replicas(20))
        .unwrap();
    assert!(drawbridge::cluster::settled(&mut changes).await);
    assert!(!changes.has_changed().unwrap());
}
