//! An API server that refuses, hangs, loses answers or is away: every call ends in known time, and
//! what was asked for is done once.

use std::time::Duration;

use drawbridge::cluster::{ClusterError, Withdrawn};
use drawbridge::sim::cluster::{Fault, On, Verb};
use serde_json::json;
use tokio::time::Instant;

use super::arena::{Arena, until};
use crate::servers::kube::KubeServer;
use crate::servers::proxy::LinkFault;

#[tokio::test(start_paused = true)]
async fn short_troubles_are_got_over() {
    for fault in [
        Fault::Status(503),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Broken,
    ] {
        let arena = Arena::in_process().await;
        arena.sim().fail_next(2, On::Calls, fault);
        assert!(
            arena.bot.apply(&arena.gate(0), None).await.unwrap().created,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn short_troubles_are_got_over_over_tcp() {
    for fault in [Fault::Status(503), Fault::Broken, Fault::LostAnswer] {
        let arena = Arena::over_tcp().await;
        arena.sim().fail_next(1, On::Calls, fault);
        arena.bot.apply(&arena.gate(0), None).await.unwrap();
        assert_eq!(
            arena.bot.managed().await.unwrap().objects.len(),
            1,
            "{fault:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_do_nothing_twice() {
    let arena = Arena::in_process().await;
    arena
        .sim()
        .fail_next(1, On::Verb(Verb::Apply), Fault::LostAnswer);
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    assert!(!applied.created, "the try before made it");
    arena
        .sim()
        .fail_next(1, On::Verb(Verb::Delete), Fault::LostAnswer);
    let at = arena.at(0).with_uid(applied.uid);
    let closed = arena.bot.withdraw(&at).await.unwrap();
    assert_eq!(closed, Withdrawn::Closed, "by us, or nobody would be told");
}

#[tokio::test(start_paused = true)]
async fn lasting_troubles_end_in_known_time() {
    for fault in [
        Fault::Status(503),
        Fault::Broken,
        Fault::Hang,
        Fault::Slow(Duration::from_secs(60)),
    ] {
        let arena = Arena::in_process().await;
        arena.sim().fail_next(100, On::Calls, fault);
        let began = Instant::now();
        let failed = arena.bot.apply(&arena.gate(0), None).await;
        assert!(
            matches!(
                failed,
                Err(ClusterError::Away(_) | ClusterError::Timeout(_))
            ),
            "{fault:?}: {failed:?}"
        );
        assert!(began.elapsed() <= Duration::from_secs(5), "{fault:?}");
        let began = Instant::now();
        arena.bot.read(&arena.at(0)).await.unwrap_err();
        assert!(began.elapsed() <= Duration::from_secs(10), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_changed_while_it_is_deleted_is_looked_at_again() {
    let arena = Arena::in_process().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let sim = arena.sim().clone();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let mut prolonged = arena.gate(0);
    prolonged["metadata"]["annotations"]["drawbridge.dev/expires-at"] =
        json!("2026-11-24T00:00:00Z");
    let done = arena
        .bot
        .withdraw_if(&arena.at(0), |seen| {
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if seen.annotations["drawbridge.dev/expires-at"].starts_with("2026-11-24") {
                return false;
            }
            sim.put(prolonged.clone()).unwrap();
            true
        })
        .await
        .unwrap();
    assert!(matches!(done, Withdrawn::Kept(_)), "{done:?}");
    assert_eq!(asked.into_inner(), 2);
}

#[tokio::test(start_paused = true)]
async fn admission_refuses_in_its_own_words() {
    let arena = Arena::in_process().await;
    let words = "ValidatingAdmissionPolicy 'x' denied request: not here";
    arena.sim().deny_names("drawbridge-", words);
    for refused in [
        arena.bot.rehearse(&arena.gate(0)).await.unwrap_err(),
        arena.bot.apply(&arena.gate(0), None).await.unwrap_err(),
    ] {
        let ClusterError::Denied(said) = refused else {
            panic!("{refused:?}")
        };
        assert!(said.ends_with(words), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_bot_sees_again_within_seconds_of_the_servers_return() {
    let arena = Arena::in_process().await;
    arena.watched().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    arena.sim().away(true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(arena.bot.snapshot().is_ok(), "the last picture stays");
    tokio::time::sleep(Duration::from_secs(240)).await;
    let old = arena.bot.snapshot().unwrap_err();
    assert!(!old.waiting.is_empty(), "but not for ever: {old}");
    // Nine kinds for the snapshot, our gates of three, and nine kinds that not every cluster has.
    assert_eq!(arena.bot.troubles().len(), 21, "{:?}", arena.bot.troubles());
    let at = arena.at(0);
    arena.sim().remove(&at.kind, &at.namespace, &at.name);
    arena.sim().away(false);
    let back = Instant::now();
    arena.managed(<[_]>::is_empty).await;
    assert!(
        back.elapsed() < Duration::from_secs(6),
        "{:?}",
        back.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_frozen_server_is_noticed_and_found_again() {
    let arena = Arena::in_process().await;
    arena.watched().await;
    arena.sim().freeze(true);
    let swept = arena.bot.last_sweep();
    tokio::time::sleep(Duration::from_secs(180)).await;
    assert_eq!(arena.bot.last_sweep(), swept, "readiness follows this");
    let failed = arena.bot.managed().await;
    assert!(
        matches!(failed, Err(ClusterError::Timeout(_))),
        "{failed:?}"
    );
    arena.sim().freeze(false);
    let back = Instant::now();
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    assert!(
        back.elapsed() < Duration::from_secs(15),
        "{:?}",
        back.elapsed()
    );
}

#[tokio::test]
async fn a_real_server_that_stands_still_is_not_waited_for() {
    let server = KubeServer::start().await;
    let arena = Arena::on(&server).await;
    arena.watched().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    server.freeze();
    let began = Instant::now();
    let failed = arena.bot.apply(&arena.gate(1), None).await;
    assert!(
        matches!(failed, Err(ClusterError::Timeout(_))),
        "{failed:?}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
    let failed = until(arena.bot.withdraw(&arena.at(0))).await;
    assert!(
        matches!(failed, Err(ClusterError::Timeout(_))),
        "{failed:?}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(17),
        "{:?}",
        began.elapsed()
    );
    server.thaw();
    assert_eq!(
        until(arena.bot.withdraw(&arena.at(0))).await.unwrap(),
        Withdrawn::Closed
    );
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_is_not_answered_is_tried_again_with_pauses_and_never_for_long() {
    let arena = Arena::in_process().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let delete = On::Verb(Verb::Delete);
    arena.sim().fail_next(2, delete, Fault::Status(503));
    let began = Instant::now();
    let closed = arena.bot.withdraw(&arena.at(0)).await.unwrap();
    assert_eq!(closed, Withdrawn::Closed);
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "a server that comes back needs a moment"
    );

    arena.bot.apply(&arena.gate(1), None).await.unwrap();
    arena.sim().fail_next(9, delete, Fault::Hang);
    let began = Instant::now();
    let failed = arena.bot.withdraw(&arena.at(1)).await;
    assert!(
        matches!(failed, Err(ClusterError::Timeout(_))),
        "{failed:?}"
    );
    assert!(
        began.elapsed() <= Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

/// The delete was not done; the second look meets the same object without its marks.
#[tokio::test(start_paused = true)]
async fn an_object_that_loses_its_marks_while_it_is_closed_is_still_closed() {
    let arena = Arena::in_process().await;
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let at = arena.at(0);
    arena.sim().fail_next(
        1,
        On::Verb(Verb::Delete),
        Fault::Slow(Duration::from_secs(60)),
    );
    let (closing, _) = tokio::join!(arena.bot.withdraw(&at), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let object = arena.sim().objects();
        let named = |o: &&serde_json::Value| o["metadata"]["name"] == at.name.as_str();
        let mut bare = object.iter().find(named).unwrap().clone();
        let meta = bare["metadata"].as_object_mut().unwrap();
        meta.remove("labels");
        meta.remove("annotations");
        arena.sim().put(bare).unwrap();
    });
    assert_eq!(closing.unwrap(), Withdrawn::Closed);
    let left = arena.sim().objects();
    assert!(
        left.iter()
            .all(|o| o["metadata"]["name"] != at.name.as_str())
    );
}

/// As many as a burst of closings leaves behind.
const CONNECTIONS: usize = 12;

/// One call may wait for a dead connection, those after it may not.
const LEFT_BEHIND: Duration = Duration::from_secs(7);

#[tokio::test]
async fn connections_that_died_in_silence_cost_a_closing_one_wait_however_many_they_are() {
    let (arena, link) = Arena::linked().await;
    let at = arena.at(0);
    for fault in [LinkFault::HalfOpen, LinkFault::Deaf] {
        arena.bot.apply(&arena.gate(0), None).await.unwrap();
        let reads = (0..CONNECTIONS).map(|_| arena.bot.read(&at));
        futures::future::join_all(reads).await;
        link.suffer(fault);
        let began = Instant::now();
        let closed = arena.bot.withdraw(&at).await.unwrap();
        let took = began.elapsed();
        assert_eq!(closed, Withdrawn::Closed, "{fault:?}");
        assert!(took <= LEFT_BEHIND, "{fault:?}: closed after {took:?}");
        link.heal();
    }
}
