//! Indexes: which documents are open, and which are whose.

use chrono::TimeDelta;
use drawbridge::id::{RequestId, Shard};
use drawbridge::store::{Commit, MAX_OF_OWNER, Standing};

use crate::store::harness::{Harness, now};
use crate::store::steps::*;

pub(crate) async fn open_documents_are_listed_in_order_page_by_page(h: &dyn Harness) {
    let store = h.store().await;
    for n in [4, 1, 3, 0, 2, 40] {
        done(&*store, create(&id(n))).await;
    }
    for n in [1, 40] {
        let finish = Commit {
            standing: Standing::Finished,
            ..after(&load(&*store, &id(n)).await)
        };
        done(&*store, finish).await;
    }
    let page =
        async |after: Option<&RequestId>, limit| store.open(shard(), after, limit).await.unwrap();
    assert_eq!(page(None, 3).await, [id(0), id(2), id(3)]);
    assert_eq!(page(Some(&id(3)), 3).await, [id(4)]);
    // After an id that is not open.
    assert_eq!(page(Some(&id(1)), 1).await, [id(2)]);
    assert_eq!(page(Some(&id(4)), 3).await, []);
    assert_eq!(page(None, 0).await, []);
}

pub(crate) async fn an_owner_sees_the_newest_requests_first(h: &dyn Harness) {
    let store = h.store().await;
    let mut newest_first = Vec::new();
    for (n, shard) in (0..8).zip(std::iter::repeat_with(Shard::all).flatten()) {
        let mine = id_in(shard, 100 - n);
        done(&*store, create(&mine)).await;
        newest_first.insert(0, mine);
        let theirs = Commit {
            owner: "ci/deployer".to_owned(),
            ..create(&id_in(shard, 200 + n))
        };
        done(&*store, theirs).await;
        h.until(now(&*store).await + TimeDelta::milliseconds(2))
            .await;
    }
    // Neither finishing nor another commit changes the order, nor whose it is.
    let oldest = load(&*store, newest_first.last().unwrap()).await;
    let finish = Commit {
        standing: Standing::Finished,
        owner: "U0LEE".to_owned(),
        ..after(&oldest)
    };
    done(&*store, finish).await;
    let mine = store.of_owner("U0DANA", 100).await.unwrap();
    assert_eq!(mine, newest_first);
    let three = store.of_owner("U0DANA", 3).await.unwrap();
    assert_eq!(three, newest_first[..3]);
    assert_eq!(store.of_owner("U0DANA", 0).await.unwrap(), []);
    assert_eq!(store.of_owner("U0LEE", 9).await.unwrap(), []);
    assert_eq!(store.of_owner("ci/deployer", 100).await.unwrap().len(), 8);
}

pub(crate) async fn an_owner_with_many_requests_sees_a_hundred(h: &dyn Harness) {
    let store = h.store().await;
    for n in 0..MAX_OF_OWNER + 5 {
        done(&*store, create(&id(n))).await;
        if n == 4 {
            // The first five are older than the rest for any clock.
            h.until(now(&*store).await + TimeDelta::milliseconds(2))
                .await;
        }
    }
    let found = store.of_owner("U0DANA", usize::MAX).await.unwrap();
    assert_eq!(found.len(), MAX_OF_OWNER);
    assert!((0..5).all(|n| !found.contains(&id(n))));
}
