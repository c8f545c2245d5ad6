//! The ledger's side: what waits, one chain, and what is kept of it.

use chrono::TimeDelta;
use drawbridge::id::{RequestId, Shard};
use drawbridge::store::{
    Append, Appended, Commit, Head, MAX_APPEND, MAX_KEY, MAX_RECORDS, Progress, Standing, Store,
    StoreError, Tail,
};
use tokio::task::JoinSet;

use crate::store::harness::{Harness, Replica, now};
use crate::store::steps::*;

/// A head of that number; `kind` tells one chain from another.
fn head(seq: u64, kind: u64) -> Head {
    let hash = format!("{kind:032x}{seq:032x}");
    match seq {
        0 => Head::origin(),
        seq => Head { seq, hash },
    }
}

fn progress(id: &RequestId, from: u64, to: u64) -> Progress {
    let id = id.clone();
    Progress {
        id,
        from,
        to,
        kept: None,
    }
}

/// `count` records after number `seq`, of the first chain.
fn records(seq: u64, count: u64) -> Append {
    Append {
        after: head(seq, 1),
        records: (1..=count).map(|n| line(seq + n)).collect(),
        head: head(seq + count, 1),
        recorded: Vec::new(),
    }
}

fn line(seq: u64) -> String {
    format!("{{\"seq\":{seq},\"why\":\"Grüße → \\u0000\"}}")
}

async fn appended(store: &dyn Store, step: Append) {
    assert_eq!(store.append(step).await.unwrap(), Appended::Done);
}

/// Ids of what waits in [`shard`].
async fn waiting(store: &dyn Store) -> Vec<RequestId> {
    let waiting = store.unrecorded(shard(), 100).await.unwrap();
    waiting.into_iter().map(|(id, _)| id).collect()
}

fn with_events(step: Commit, count: usize) -> Commit {
    let events = (0..count).map(|n| format!("[{n}]")).collect();
    Commit { events, ..step }
}

pub(crate) async fn a_document_waits_from_its_first_event_on(h: &dyn Harness) {
    let store = h.store().await;
    done(&*store, create(&id(1))).await;
    assert_eq!(waiting(&*store).await, []);
    let mut since = Vec::new();
    for n in [3, 2, 1] {
        if n == 1 {
            done(&*store, with_events(after(&load(&*store, &id(1)).await), 1)).await;
        } else {
            done(&*store, with_events(create(&id(n)), 2)).await;
        }
        since.push(now(&*store).await);
        h.until(since[since.len() - 1] + TimeDelta::milliseconds(3))
            .await;
    }
    // What waits already keeps its place.
    let more = with_events(after(&load(&*store, &id(3)).await), 1);
    done(&*store, more).await;
    assert_eq!(waiting(&*store).await, [id(3), id(2), id(1)]);
    let other = h.store().await;
    let found = other.unrecorded(shard(), 2).await.unwrap();
    for ((found, at), (wanted, before)) in found.iter().zip([(id(3), since[0]), (id(2), since[1])])
    {
        assert_eq!(found, &wanted);
        assert!(*at <= before && *at > before - secs(60), "{at} {before}");
    }
    assert_eq!(found.len(), 2);
    assert_eq!(store.unrecorded(shard(), 0).await.unwrap(), []);
    let elsewhere = Shard::all().nth(1).unwrap();
    assert_eq!(store.unrecorded(elsewhere, 9).await.unwrap(), []);
}

pub(crate) async fn a_document_waits_until_all_its_events_are_recorded(h: &dyn Harness) {
    let store = h.store().await;
    done(&*store, with_events(create(&id(1)), 2)).await;
    assert!(!store.settle(&id(1), 1).await.unwrap());
    assert_eq!(waiting(&*store).await, [id(1)]);
    for _ in 0..2 {
        assert!(store.settle(&id(1), 2).await.unwrap());
        assert_eq!(waiting(&*store).await, []);
    }
    let finish = Commit {
        standing: Standing::Finished,
        ..with_events(after(&load(&*store, &id(1)).await), 1)
    };
    done(&*store, finish).await;
    assert_eq!(waiting(&*store).await, [id(1)]);
    assert!(!store.settle(&id(1), 2).await.unwrap());
    assert!(store.settle(&id(1), 3).await.unwrap());
    // A step that is not applied makes nobody wait.
    let conflicting = with_events(create(&id(1)), 1);
    store.commit(conflicting).await.unwrap();
    assert_eq!(waiting(&*store).await, []);
    assert!(store.settle(&id(9), 0).await.unwrap());
}

pub(crate) async fn a_lost_wait_is_restored(h: &dyn Harness) {
    let store = h.store().await;
    done(&*store, with_events(create(&id(1)), 2)).await;
    assert!(!store.restore_unrecorded(&id(1), 0).await.unwrap());
    store.settle(&id(1), 2).await.unwrap();
    assert!(!store.restore_unrecorded(&id(1), 2).await.unwrap());
    assert_eq!(waiting(&*store).await, []);
    assert!(store.restore_unrecorded(&id(1), 1).await.unwrap());
    assert_eq!(waiting(&*store).await, [id(1)]);
    assert!(!store.restore_unrecorded(&id(9), 0).await.unwrap());
}

pub(crate) async fn records_are_read_back_in_order_page_by_page(h: &dyn Harness) {
    let store = h.store().await;
    let nothing = Tail {
        head: None,
        first: 1,
        before: None,
    };
    assert_eq!(store.head().await.unwrap(), nothing);
    assert_eq!(store.records(0, 9).await.unwrap(), Vec::<String>::new());
    let first = Append {
        recorded: vec![progress(&id(1), 0, 2), progress(&id(2), 0, 1)],
        ..records(0, 4)
    };
    appended(&*store, first).await;
    let most = u64::try_from(MAX_RECORDS).unwrap();
    let second = Append {
        recorded: vec![progress(&id(1), 2, 3)],
        ..records(4, most)
    };
    appended(&*store, second).await;
    let other = h.store().await;
    let tail = other.head().await.unwrap();
    assert_eq!((tail.head, tail.first), (Some(head(4 + most, 1)), 1));
    let page = async |after, limit| other.records(after, limit).await.unwrap();
    assert_eq!(page(0, 3).await, [line(1), line(2), line(3)]);
    assert_eq!(page(3, 2).await, [line(4), line(5)]);
    assert_eq!(page(most + 3, 9).await, [line(most + 4)]);
    assert_eq!(page(most + 4, 9).await, Vec::<String>::new());
    assert_eq!(page(0, 0).await, Vec::<String>::new());
    assert_eq!(page(0, 1000).await.len(), MAX_RECORDS + 4);
    assert_eq!(page((1 << 53) - 1, 9).await, Vec::<String>::new());
    let numbers = other.recorded(&[id(2), id(9), id(1)]).await.unwrap();
    assert_eq!(numbers, [1, 0, 3]);
    assert_eq!(other.recorded(&[]).await.unwrap(), Vec::<u64>::new());
}

pub(crate) async fn an_append_elsewhere_conflicts_and_changes_nothing(h: &dyn Harness) {
    let store = h.store().await;
    let first = Append {
        recorded: vec![progress(&id(1), 0, 1)],
        ..records(0, 2)
    };
    appended(&*store, first.clone()).await;
    let elsewhere = [
        // Sent again, whole or as the beginning of another chain.
        first,
        Append {
            head: head(2, 2),
            ..records(0, 2)
        },
        records(1, 2),
        records(3, 2),
        Append {
            after: head(2, 2),
            ..records(2, 1)
        },
        // The chain is right, and a document is not.
        Append {
            recorded: vec![progress(&id(1), 0, 1)],
            ..records(2, 1)
        },
        Append {
            recorded: vec![progress(&id(2), 0, 1), progress(&id(1), 2, 3)],
            ..records(2, 2)
        },
    ];
    for step in elsewhere {
        let answer = store.append(step.clone()).await.unwrap();
        assert_eq!(answer, Appended::Conflict, "{step:?}");
        assert_eq!(store.head().await.unwrap().head, Some(head(2, 1)));
        assert_eq!(store.records(0, 9).await.unwrap(), [line(1), line(2)]);
        assert_eq!(store.recorded(&[id(1), id(2)]).await.unwrap(), [1, 0]);
    }
    appended(&*store, records(2, 1)).await;
}

pub(crate) async fn of_many_who_append_at_once_each_record_is_there_once(h: &dyn Harness) {
    const EACH: u64 = 25;
    let mut all = JoinSet::new();
    for who in 1..=4 {
        let store: Replica = h.store().await;
        all.spawn(async move {
            for n in 0..EACH {
                append_somewhere(&*store, who, n).await;
            }
        });
    }
    while let Some(joined) = all.join_next().await {
        joined.unwrap();
    }
    let store = h.store().await;
    let mut found = store.records(0, 1000).await.unwrap();
    assert_eq!(store.head().await.unwrap().head.unwrap().seq, 4 * EACH);
    found.sort();
    let mut wanted: Vec<String> = (1..=4_u64)
        .flat_map(|who| (0..EACH).map(move |n| format!("{who}/{n}")))
        .collect();
    wanted.sort();
    assert_eq!(found, wanted);
}

async fn append_somewhere(store: &dyn Store, who: u64, n: u64) {
    loop {
        let after = store.head().await.unwrap().head;
        let after = after.unwrap_or_else(Head::origin);
        let step = Append {
            records: vec![format!("{who}/{n}")],
            head: head(after.seq + 1, who),
            after,
            recorded: vec![progress(&id(usize::try_from(who).unwrap()), n, n + 1)],
        };
        if store.append(step).await.unwrap() == Appended::Done {
            return;
        }
    }
}

pub(crate) async fn an_append_beyond_the_bounds_is_refused_and_not_written(h: &dyn Harness) {
    let store = h.store().await;
    let most = u64::try_from(MAX_RECORDS).unwrap();
    let wrong = [
        records(0, most + 1),
        records(0, 0),
        Append {
            records: vec!["x".repeat(MAX_APPEND + 1)],
            ..records(0, 1)
        },
        Append {
            records: vec!["two\nlines".to_owned()],
            ..records(0, 1)
        },
        Append {
            head: head(3, 1),
            ..records(0, 2)
        },
        Append {
            recorded: vec![progress(&id(1), 0, 2)],
            ..records(0, 1)
        },
    ];
    for step in wrong {
        let error = store.append(step).await.unwrap_err();
        assert!(matches!(error, StoreError::Misuse(_)), "{error}");
    }
    let error = store.set_cursor(&"s".repeat(MAX_KEY + 1), 1).await;
    assert!(matches!(error, Err(StoreError::Misuse(_))), "{error:?}");
    assert_eq!(store.head().await.unwrap().head, None);
    let largest = Append {
        records: vec!["x".repeat(MAX_APPEND)],
        ..records(0, 1)
    };
    appended(&*store, largest).await;
}

pub(crate) async fn trimming_drops_the_oldest_and_is_remembered(h: &dyn Harness) {
    let store = h.store().await;
    assert!(!store.trim(&head(1, 1)).await.unwrap());
    let step = Append {
        recorded: vec![progress(&id(1), 0, 1)],
        ..records(0, 5)
    };
    appended(&*store, step).await;
    assert!(store.trim(&head(2, 1)).await.unwrap());
    let tail = Tail {
        head: Some(head(5, 1)),
        first: 3,
        before: Some(head(2, 1)),
    };
    let kept = [line(3), line(4), line(5)];
    // Gone already, beyond the head, and a head that is none.
    for upto in [head(2, 1), head(1, 1), head(6, 1), head(5, 2)] {
        assert!(!store.trim(&upto).await.unwrap(), "{upto:?}");
    }
    assert_eq!(store.head().await.unwrap(), tail);
    assert_eq!(store.records(0, 9).await.unwrap(), kept);
    assert_eq!(store.records(3, 9).await.unwrap(), kept[1..]);
    // Even the last one may go: the chain goes on from it.
    assert!(store.trim(&head(5, 1)).await.unwrap());
    assert_eq!(store.records(0, 9).await.unwrap(), Vec::<String>::new());
    appended(&*store, records(5, 1)).await;
    let tail = store.head().await.unwrap();
    assert_eq!((tail.first, tail.head), (6, Some(head(6, 1))));
    assert_eq!(store.records(0, 9).await.unwrap(), [line(6)]);
    assert_eq!(store.recorded(&[id(1)]).await.unwrap(), [1]);
}

pub(crate) async fn a_cursor_never_goes_back(h: &dyn Harness) {
    let store = h.store().await;
    assert_eq!(store.cursor("stdout").await.unwrap(), 0);
    for (set, kept) in [(7, 7), (7, 7), (3, 7), (12, 12), (0, 12)] {
        store.set_cursor("stdout", set).await.unwrap();
        assert_eq!(h.store().await.cursor("stdout").await.unwrap(), kept);
    }
    assert_eq!(store.cursor("http: a name").await.unwrap(), 0);
    store.set_cursor("http: a name", 5).await.unwrap();
    assert_eq!(store.cursor("stdout").await.unwrap(), 12);
}

pub(crate) async fn a_restart_keeps_the_chain(h: &dyn Harness) {
    let store = h.store().await;
    done(&*store, with_events(create(&id(1)), 2)).await;
    let step = Append {
        recorded: vec![progress(&id(2), 0, 3)],
        ..records(0, 5)
    };
    appended(&*store, step).await;
    store.trim(&head(1, 1)).await.unwrap();
    store.set_cursor("stdout", 4).await.unwrap();
    let (tail, kept) = (store.head().await.unwrap(), store.records(0, 9).await);
    let store = h.restart(vec![store]).await;
    assert_eq!(store.head().await.unwrap(), tail);
    assert_eq!(store.records(0, 9).await.unwrap(), kept.unwrap());
    assert_eq!(store.recorded(&[id(2)]).await.unwrap(), [3]);
    assert_eq!(store.cursor("stdout").await.unwrap(), 4);
    assert_eq!(waiting(&*store).await, [id(1)]);
    appended(&*store, records(5, 1)).await;
}

pub(crate) async fn a_full_store_makes_the_ledger_wait_and_forget_nothing(h: &dyn Harness) {
    let store = h.store().await;
    done(&*store, with_events(create(&id(1)), 1)).await;
    done(&*store, with_events(create(&id(2)), 1)).await;
    appended(&*store, records(0, 3)).await;
    let store = h.set_full(true, store).await;
    let large = Append {
        records: vec!["x".repeat(MAX_APPEND)],
        recorded: vec![progress(&id(1), 0, 1)],
        ..records(3, 1)
    };
    let error = store.append(large.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert_eq!(store.head().await.unwrap().head, Some(head(3, 1)));
    assert_eq!(store.recorded(&[id(1)]).await.unwrap(), [0]);
    // What closes goes on, and its events wait.
    store.settle(&id(1), 1).await.unwrap();
    let closing = Commit {
        standing: Standing::Finished,
        closing: true,
        ..with_events(after(&load(&*store, &id(1)).await), 1)
    };
    done(&*store, closing).await;
    let mut waits = waiting(&*store).await;
    waits.sort();
    assert_eq!(waits, [id(1), id(2)]);
    assert!(store.trim(&head(1, 1)).await.unwrap());
    store.set_cursor("stdout", 3).await.unwrap();
    let store = h.set_full(false, store).await;
    appended(&*store, large).await;
}
