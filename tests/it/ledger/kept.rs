//! How long records are kept.

use std::sync::Arc;

use chrono::TimeDelta;
use drawbridge::audit::verify::{Check, Extent};
use drawbridge::audit::{Fault, Head};
use drawbridge::clock::Clock;
use drawbridge::entropy::Entropy;
use drawbridge::ledger::name;
use drawbridge::ledger::retention::Retention;
use drawbridge::ledger::settings::KEEP;
use drawbridge::ledger::sinks::LineFile;
use drawbridge::store::Store;

use super::{Calendar, appender, deliver, delivery, happen, lines, memory, record};

fn retention(store: &Arc<dyn Store>, clock: &Arc<Calendar>, sinks: &[&str]) -> Retention {
    Retention {
        store: Arc::clone(store),
        appender: appender(store, Arc::clone(clock) as Arc<dyn Clock>),
        keep: KEEP,
        sinks: sinks.iter().map(|name| (*name).to_owned()).collect(),
        signed: false,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: Arc::new(Entropy::seeded(7)),
    }
}

/// What `ledger verify` finds in the store.
async fn faults(store: &dyn Store) -> Vec<Fault> {
    let tail = store.head().await.unwrap();
    let mut check = Check::of(Extent::Store {
        before: tail.before.unwrap_or_else(Head::origin),
        head: tail.head.unwrap(),
    });
    let mut found = Vec::new();
    for line in lines(store).await {
        found.extend(check.record(line.as_bytes()));
    }
    found.extend(check.finish().1);
    found.into_iter().map(|finding| finding.fault).collect()
}

#[tokio::test]
async fn what_is_older_than_400_days_goes_once_it_is_elsewhere_and_the_rest_can_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let store = memory();
    let clock = Calendar::at("2025-01-01T00:00:00Z");
    let retention = retention(&store, &clock, &["file"]);
    for _ in 0..50 {
        happen(&retention.appender, 30).await;
        clock.pass(TimeDelta::days(10));
    }
    let chain = name::of(&*store).await.unwrap();
    // Day 500; the sink has nothing yet.
    assert_eq!(retention.turn().await.unwrap(), 0);
    deliver(&mut delivery("file", LineFile::at(path.clone()), &store)).await;
    clock.pass(TimeDelta::days(1));
    // Day 501: days 0 to 100 are more than 400 days ago, with them the beginning: 11 times 30 and 1.
    assert_eq!(retention.turn().await.unwrap(), 331);
    assert_eq!(retention.turn().await.unwrap(), 0, "once a day");
    let tail = store.head().await.unwrap();
    assert_eq!(tail.first, 332);
    let kept = lines(&*store).await;
    assert_eq!(record(&kept[0]).prev, tail.before.unwrap().hash);
    assert_eq!(record(kept.last().unwrap()).event["event"], "trimmed");
    assert_eq!(faults(&*store).await, []);
    assert_eq!(
        name::of(&*store).await.unwrap(),
        chain,
        "it is still known which one it is"
    );

    // What went before and what is kept are one chain: the file has both.
    deliver(&mut delivery("file", LineFile::at(path.clone()), &store)).await;
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(file.ends_with(&(kept.join("\n") + "\n")));
    let mut check = Check::of(Extent::Growing);
    assert!(
        file.lines()
            .all(|line| check.record(line.as_bytes()).is_empty())
    );
    assert_eq!(check.finish().0.records, 1_502);
}

#[tokio::test]
async fn where_heads_are_signed_nothing_goes_that_none_covers() {
    let store = memory();
    let clock = Calendar::at("2025-01-01T00:00:00Z");
    let retention = Retention {
        signed: true,
        ..retention(&store, &clock, &[])
    };
    happen(&retention.appender, 30).await;
    clock.pass(TimeDelta::days(500));
    happen(&retention.appender, 3).await;
    assert_eq!(retention.turn().await.unwrap(), 0);
    store.set_cursor(":covered", 12).await.unwrap();
    clock.pass(TimeDelta::days(1));
    assert_eq!(retention.turn().await.unwrap(), 12);
    assert_eq!(faults(&*store).await, []);
}
