//! SQLite keeps the contract; and what only a file has.

use drawbridge::store::sqlite::SqliteStore;
use drawbridge::store::{Lane, Ledger, Retry, Store, StoreError};
use rusqlite::Connection;

use super::conformance::with_cases;
use super::harness::{Harness, Sqlite, now};
use super::steps::*;

with_cases!(conformance, Sqlite::start());

#[tokio::test]
async fn a_second_server_of_the_file_is_refused_with_a_clear_word() {
    let h = Sqlite::start().await;
    let first = h.store().await;
    let error = SqliteStore::open(&h.path(), h.clock.clone()).unwrap_err();
    assert!(matches!(error, StoreError::Taken(_)), "{error}");
    assert_eq!(error.retry(), Retry::Later);
    let pid = std::process::id().to_string();
    let text = error.to_string();
    assert!(
        text.contains("drawbridge.db` is served by process") && text.contains(&pid),
        "{text}"
    );
    drop(first);
    SqliteStore::open(&h.path(), h.clock.clone()).unwrap();
}

#[tokio::test]
async fn a_reader_beside_the_server_sees_commits_and_writes_nothing() {
    let h = Sqlite::start().await;
    let store = h.store().await;
    let reader = SqliteStore::open_read_only(&h.path(), h.clock.clone()).unwrap();
    let due = now(&*store).await - secs(1);
    with_alarms(&*store, &id(1), gate(due)).await;
    assert_eq!(load(&reader, &id(1)).await, load(&*store, &id(1)).await);
    assert_eq!(reader.open(shard(), None, 9).await.unwrap(), [id(1)]);
    let refused = reader.commit(create(&id(2))).await.unwrap_err();
    assert!(matches!(refused, StoreError::Misuse(_)), "{refused}");
    let refused = reader.claim(shard(), ALL).await.unwrap_err();
    assert!(matches!(refused, StoreError::Misuse(_)), "{refused}");
    claim_one(&*store, Lane::Gate, ALL).await;
}

#[tokio::test]
async fn reading_a_file_that_is_not_there_makes_none() {
    let h = Sqlite::start().await;
    SqliteStore::open_read_only(&h.path(), h.clock.clone()).unwrap_err();
    assert!(!h.path().exists());
}

#[tokio::test]
async fn a_strangers_file_is_left_alone() {
    let h = Sqlite::start().await;
    std::fs::write(h.path(), "a text, and a long one: ".repeat(500)).unwrap();
    let error = SqliteStore::open(&h.path(), h.clock.clone()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");

    std::fs::remove_file(h.path()).unwrap();
    let stranger = Connection::open(h.path()).unwrap();
    stranger
        .execute_batch("CREATE TABLE music (song TEXT)")
        .unwrap();
    drop(stranger);
    let error = SqliteStore::open(&h.path(), h.clock.clone()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_newer_file_is_left_alone() {
    let h = Sqlite::start().await;
    drop(h.store().await);
    let newer = Connection::open(h.path()).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = SqliteStore::open(&h.path(), h.clock.clone()).unwrap_err();
    assert!(error.to_string().contains("use a newer one"), "{error}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_and_kept() {
    for damage in [
        "UPDATE documents SET standing = 'lying'",
        "UPDATE documents SET revision = -1",
        "UPDATE lanes SET attempts = -1",
    ] {
        let h = Sqlite::start().await;
        let store = h.store().await;
        let due = now(&*store).await - secs(1);
        with_alarms(&*store, &id(1), gate(due)).await;
        let record = load(&*store, &id(1)).await;
        let hand = Connection::open(h.path()).unwrap();
        hand.execute_batch(damage).unwrap();
        let error = store.load(&id(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{damage}: {error}");
        let error = store.commit(after(&record)).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{damage}: {error}");
        let count: i64 = hand
            .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 0);
    }
}

#[tokio::test]
async fn space_is_kept_back_from_the_first_commit_on() {
    let h = Sqlite::start().await;
    let store = h.store().await;
    done(&*store, create(&id(1))).await;
    let kept = h.folder.path().join("drawbridge.db.ballast");
    assert!(std::fs::metadata(&kept).unwrap().len() >= 4 * 1024 * 1024);
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_the_store_usable() {
    let h = Sqlite::start().await;
    let store = h.store().await;
    for n in 0..200 {
        // Polled once, so that it is under way, and dropped.
        let mut commit = store.commit(create(&id(n)));
        let _ = futures::poll!(&mut commit);
    }
    done(&*store, create(&id(999))).await;
    let open = store.open(shard(), None, 1000).await.unwrap();
    for id in open {
        assert_eq!(load(&*store, &id).await.version.revision.0, 1);
    }
}

#[tokio::test]
async fn what_happened_before_there_was_a_ledger_waits_for_it() {
    let h = Sqlite::start().await;
    let store = h.store().await;
    for n in [1, 2] {
        let events = vec!["{}".to_owned(); 2 - n / 2];
        let step = drawbridge::store::Commit {
            events,
            ..create(&id(n))
        };
        done(&*store, step).await;
    }
    done(&*store, create(&id(3))).await;
    drop(store);
    let older = Connection::open(h.path()).unwrap();
    older
        .execute_batch(
            "DROP TABLE unrecorded; DROP TABLE recorded; DROP TABLE records; DROP TABLE heads;
            DROP TABLE cursors; PRAGMA user_version = 1",
        )
        .unwrap();
    drop(older);
    let refused = SqliteStore::open_read_only(&h.path(), h.clock.clone()).unwrap_err();
    assert!(
        refused.to_string().contains("serve from it once"),
        "{refused}"
    );
    let store = h.store().await;
    let waiting = store.unrecorded(shard(), 9).await.unwrap();
    let mut ids: Vec<_> = waiting.into_iter().map(|(id, _)| id).collect();
    ids.sort();
    assert_eq!(ids, [id(1), id(2)]);
    let reader = SqliteStore::open_read_only(&h.path(), h.clock.clone()).unwrap();
    assert_eq!(reader.unrecorded(shard(), 9).await.unwrap().len(), 2);
    assert_eq!(reader.head().await.unwrap().head, None);
    assert!(matches!(
        reader.settle(&id(1), 9).await.unwrap_err(),
        StoreError::Misuse(_)
    ));
}
