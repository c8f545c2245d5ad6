//! Commits: atomic, compared and swapped, safe to repeat.

use drawbridge::id::Shard;
use drawbridge::store::{
    Commit, CommitId, Committed, Lane, MAX_BODY, MAX_EVENTS, MAX_KEY, PAST, Record, Revision,
    Standing, StoreError, Version,
};
use tokio::task::JoinSet;

use crate::store::harness::{Harness, Replica, now};
use crate::store::steps::*;

pub(crate) async fn a_commit_is_loaded_back_whole(h: &dyn Harness) {
    let store = h.store().await;
    let at = now(&*store).await + secs(3600);
    let id = id(1);
    assert_eq!(store.load(&id).await.unwrap(), None);
    let step = Commit {
        body: "{\"why\":\"Grüße → \\u0000\"}".to_owned(),
        alarms: both(at, at),
        events: vec!["{\"e\":1}".to_owned(), String::new()],
        ..create(&id)
    };
    assert_eq!(done(&*store, step.clone()).await, Revision(1));
    // Another replica sees it.
    let other = h.store().await;
    let wanted = Record {
        id: id.clone(),
        version: Version {
            revision: Revision(1),
            commit: step.commit.clone(),
        },
        past: Vec::new(),
        body: step.body,
        standing: Standing::Open,
    };
    assert_eq!(load(&*other, &id).await, wanted);
    assert_eq!(events(&*other, &id).await, step.events);

    let finish = Commit {
        body: "{}".to_owned(),
        standing: Standing::Finished,
        events: vec!["{\"e\":3}".to_owned()],
        ..after(&wanted)
    };
    assert_eq!(done(&*other, finish.clone()).await, Revision(2));
    let found = load(&*store, &id).await;
    assert_eq!(
        (found.body, found.standing),
        (finish.body, Standing::Finished)
    );
    assert_eq!(found.version.commit, finish.commit);
    assert_eq!(events(&*store, &id).await.len(), 3);
}

pub(crate) async fn a_document_has_no_second_creation(h: &dyn Harness) {
    let store = h.store().await;
    let id = id(1);
    done(&*store, create(&id)).await;
    let before = load(&*store, &id).await;
    let second = Commit {
        body: "{\"n\":2}".to_owned(),
        events: vec!["{}".to_owned()],
        ..create(&id)
    };
    assert_eq!(store.commit(second).await.unwrap(), Committed::Conflict);
    assert_eq!(load(&*store, &id).await, before);
    assert!(events(&*store, &id).await.is_empty());
}

/// Every product under test is without replicas, and so lasting from the start.
pub(crate) async fn a_lasting_step_is_like_any_other_where_nothing_can_be_lost(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    let step = Commit {
        alarms: gate(due),
        ..lasting(create(&id(1)))
    };
    done(&*store, step.clone()).await;
    let again = store.commit(step).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(1)));
    let held = claim_one(&*store, Lane::Gate, ALL).await;
    assert!(store.renew_lasting(&held, ALL.lease).await.unwrap());
    let record = load(&*store, &id(1)).await;
    done(&*store, lasting(under(&held, after(&record)))).await;
    let stale = lasting(under(&held, after(&record)));
    assert_eq!(store.commit(stale).await.unwrap(), Committed::Fenced);
    assert!(!store.renew_lasting(&held, ALL.lease).await.unwrap());
}

pub(crate) async fn a_step_on_another_version_changes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    let id = id(1);
    done(&*store, create(&id)).await;
    let first = load(&*store, &id).await;
    done(&*store, after(&first)).await;
    let second = load(&*store, &id).await;
    let other_commit = Version {
        commit: CommitId("f".repeat(32)),
        ..second.version.clone()
    };
    let later = Version {
        revision: Revision(3),
        ..second.version.clone()
    };
    let due = now(&*store).await - secs(1);
    for version in [first.version.clone(), other_commit, later] {
        let step = Commit {
            expected: Some(version.clone()),
            body: "{\"lost\":true}".to_owned(),
            standing: Standing::Finished,
            alarms: both(due, due),
            events: vec!["{}".to_owned()],
            ..after(&second)
        };
        let answer = store.commit(step).await.unwrap();
        assert_eq!(answer, Committed::Conflict, "{version:?}");
    }
    assert_eq!(load(&*store, &id).await, second);
    assert!(events(&*store, &id).await.is_empty());
    assert!(claim(&*store, ALL).await.is_empty());
    assert_eq!(store.open(shard(), None, 10).await.unwrap(), [id]);
}

pub(crate) async fn a_step_on_a_document_that_is_not_there_conflicts(h: &dyn Harness) {
    let store = h.store().await;
    let step = Commit {
        expected: Some(Version {
            revision: Revision(1),
            commit: fresh(),
        }),
        ..create(&id(1))
    };
    assert_eq!(store.commit(step).await.unwrap(), Committed::Conflict);
    assert_eq!(store.load(&id(1)).await.unwrap(), None);
}

pub(crate) async fn a_repeated_step_is_told_so_and_changes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    let due = now(&*store).await - secs(1);
    let id = id(1);
    let creation = Commit {
        alarms: gate(due),
        events: vec!["{}".to_owned()],
        ..create(&id)
    };
    done(&*store, creation.clone()).await;
    let again = store.commit(creation).await.unwrap();
    assert_eq!(again, Committed::AlreadyApplied(Revision(1)));

    // Under a claim too, although the first time ended the lease and moved the version on.
    let held = claim_one(&*store, drawbridge::store::Lane::Gate, ALL).await;
    let step = Commit {
        events: vec!["{}".to_owned()],
        ..under(&held, after(&load(&*store, &id).await))
    };
    done(&*store, step.clone()).await;
    for _ in 0..3 {
        let again = store.commit(step.clone()).await.unwrap();
        assert_eq!(again, Committed::AlreadyApplied(Revision(2)));
    }
    assert_eq!(events(&*store, &id).await.len(), 2);
    assert_eq!(load(&*store, &id).await.version.revision, Revision(2));
}

pub(crate) async fn a_repeated_step_is_known_after_later_ones(h: &dyn Harness) {
    let store = h.store().await;
    let id = id(1);
    let mut steps = vec![create(&id)];
    done(&*store, steps[0].clone()).await;
    while steps.len() < PAST {
        steps.push(after(&load(&*store, &id).await));
        done(&*store, steps.last().unwrap().clone()).await;
    }
    for (revision, step) in (1..).map(Revision).zip(&steps) {
        let again = store.commit(step.clone()).await.unwrap();
        assert_eq!(again, Committed::AlreadyApplied(revision));
    }
    // One more, and the first is forgotten: still nothing is done twice.
    done(&*store, after(&load(&*store, &id).await)).await;
    let again = store.commit(steps[0].clone()).await.unwrap();
    assert_eq!(again, Committed::Conflict);
}

/// A creation by a delivery, in the delivery's shard.
fn delivered(key: &str, n: usize) -> Commit {
    Commit {
        seen: Some(key.to_owned()),
        ..create(&id_in(Shard::of_key(key), n))
    }
}

pub(crate) async fn one_delivery_creates_one_request(h: &dyn Harness) {
    let store = h.store().await;
    let (first, second) = (delivered("Ev08ABC", 1), delivered("Ev08ABC", 2));
    assert_eq!(store.seen("Ev08ABC").await.unwrap(), None);
    done(&*store, first.clone()).await;
    assert_eq!(store.seen("Ev08ABC").await.unwrap(), Some(first.id.clone()));
    let answer = store.commit(second.clone()).await.unwrap();
    assert_eq!(answer, Committed::Duplicate(first.id.clone()));
    assert_eq!(store.load(&second.id).await.unwrap(), None);
    // The same delivery that draws the same id again.
    let same = delivered("Ev08ABC", 1);
    assert_eq!(
        store.commit(same).await.unwrap(),
        Committed::Duplicate(first.id)
    );
    // Another delivery is another matter.
    done(&*store, delivered("1234.567.trigger", 2)).await;
}

pub(crate) async fn eight_deliveries_at_once_create_one_request(h: &dyn Harness) {
    let mut all = JoinSet::new();
    for n in 0..8 {
        let store = h.store().await;
        all.spawn(async move { store.commit(delivered("Ev9", n)).await.unwrap() });
    }
    let answers = all.join_all().await;
    let applied = Committed::Applied(Revision(1));
    assert_eq!(
        answers.iter().filter(|answer| **answer == applied).count(),
        1
    );
    let winner = h.store().await.seen("Ev9").await.unwrap().unwrap();
    let others = Committed::Duplicate(winner);
    assert_eq!(
        answers.iter().filter(|answer| **answer == others).count(),
        7
    );
}

pub(crate) async fn a_thousand_concurrent_commits_on_one_request_lose_nothing(h: &dyn Harness) {
    const WORKERS: usize = 10;
    let id = id(1);
    let first = Commit {
        body: "0".to_owned(),
        ..create(&id)
    };
    done(&*h.store().await, first).await;
    let mut all = JoinSet::new();
    for worker in 0..WORKERS {
        let (store, id) = (h.store().await, id.clone());
        all.spawn(async move {
            for n in 0..1000 / WORKERS {
                add_one(&store, &id, format!("\"{worker}/{n}\"")).await;
            }
        });
    }
    all.join_all().await;
    let store = h.store().await;
    let end = load(&*store, &id).await;
    assert_eq!(
        (end.body.as_str(), end.version.revision),
        ("1000", Revision(1001))
    );
    let mut told = events(&*store, &id).await;
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 1000);
}

/// Adds one to the number in the document, however often others come first.
async fn add_one(store: &Replica, id: &drawbridge::id::RequestId, event: String) {
    loop {
        let record = load(&**store, id).await;
        let number: u32 = record.body.parse().unwrap();
        let step = Commit {
            body: (number + 1).to_string(),
            events: vec![event.clone()],
            ..after(&record)
        };
        match store.commit(step).await.unwrap() {
            Committed::Applied(_) => return,
            Committed::Conflict => {}
            other => panic!("neither applied nor in conflict: {other:?}"),
        }
    }
}

pub(crate) async fn events_are_numbered_without_gaps(h: &dyn Harness) {
    let store = h.store().await;
    let id = id(1);
    done(&*store, create(&id)).await;
    let mut told = 0;
    for count in [3, 0, MAX_EVENTS, 1] {
        let step = Commit {
            events: (0..count).map(|n| format!("[{},{n}]", told + n)).collect(),
            ..after(&load(&*store, &id).await)
        };
        told += count;
        done(&*store, step).await;
    }
    assert_eq!(events(&*store, &id).await.len(), told);
    let last = store.events(&id, 103).await.unwrap();
    assert_eq!(last, [(104, "[103,0]".to_owned())]);
    assert_eq!(store.events(&id, 104).await.unwrap(), []);
    assert_eq!(store.events(&id, u64::MAX).await.unwrap(), []);
    assert_eq!(store.events(&id_in(shard(), 9), 0).await.unwrap(), []);
}

pub(crate) async fn what_breaks_the_bounds_is_refused_and_not_written(h: &dyn Harness) {
    let store = h.store().await;
    let fits = Commit {
        body: "x".repeat(MAX_BODY),
        owner: "o".repeat(MAX_KEY),
        ..create(&id(1))
    };
    done(&*store, fits).await;
    let id = id(2);
    let other_shard = Shard::all().find(|s| *s != Shard::of_key("Ev1")).unwrap();
    let too_much = [
        Commit {
            body: "x".repeat(MAX_BODY + 1),
            ..create(&id)
        },
        Commit {
            events: vec![String::new(); MAX_EVENTS + 1],
            ..create(&id)
        },
        Commit {
            events: vec!["x".repeat(MAX_BODY / 2); 3],
            ..create(&id)
        },
        Commit {
            owner: "o".repeat(MAX_KEY + 1),
            ..create(&id)
        },
        Commit {
            commit: CommitId("not an id".to_owned()),
            ..create(&id)
        },
        Commit {
            seen: Some("Ev1".to_owned()),
            ..create(&id_in(other_shard, 2))
        },
        Commit {
            seen: Some("Ev1".to_owned()),
            ..after(&load(&*store, &id_in(shard(), 1)).await)
        },
    ];
    for step in too_much {
        let error = store.commit(step.clone()).await.unwrap_err();
        assert!(matches!(error, StoreError::Misuse(_)), "{error}");
        let revision = store
            .load(&step.id)
            .await
            .unwrap()
            .map(|r| r.version.revision);
        assert_ne!(revision, Some(Revision(2)));
    }
    assert_eq!(store.load(&id).await.unwrap(), None);
}
