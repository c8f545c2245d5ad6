//! A sink that answers as it is told to, and what the delivery makes of it.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::audit::samples;
use crate::clock::SystemClock;
use crate::store::memory::MemoryStore;
use crate::store::{Append, Appended, Ledger as _};

/// What the sink answers next, and what it was offered.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Result<(), Trouble>>>,
    offered: Mutex<Vec<(u64, u64)>>,
}

#[derive(Debug)]
struct Scripted(Arc<Script>);

#[async_trait]
impl Sink for Scripted {
    fn keeps_place(&self) -> bool {
        false
    }

    async fn end(&mut self) -> Result<Option<Head>, Trouble> {
        Ok(None)
    }

    async fn take(&mut self, batch: &Batch) -> Result<(), Trouble> {
        let offer = (batch.first(), batch.last().seq);
        self.0.offered.lock().unwrap().push(offer);
        let answer = self.0.answers.lock().unwrap().pop_front();
        answer.unwrap_or(Ok(()))
    }
}

/// A store with a ledger of so many records.
async fn store(records: u64) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let mut after = Head::origin();
    for part in samples::ledger(records).chunks(50) {
        let head = part.last().unwrap().head.clone();
        let records = part.iter().map(|linked| linked.line.clone()).collect();
        let step = Append {
            after,
            records,
            head: head.clone(),
            recorded: Vec::new(),
        };
        assert_eq!(store.append(step).await.unwrap(), Appended::Done);
        after = head;
    }
    store
}

fn delivery(store: &Arc<MemoryStore>, script: &Arc<Script>) -> Delivery {
    let sink = Box::new(Scripted(Arc::clone(script)));
    Delivery::new("siem", sink, store.clone(), Arc::new(Entropy::seeded(7)))
}

fn away(pause: Option<u64>) -> Result<(), Trouble> {
    let pause = pause.map(Duration::from_secs);
    Err(Trouble::Later(anyhow!("away"), pause))
}

#[tokio::test]
async fn what_is_not_taken_comes_again_after_longer_and_longer_pauses() {
    let store = store(20).await;
    let script = Arc::new(Script::default());
    let answers = (0..12).map(|_| away(None)).chain([
        away(Some(40)),
        away(Some(9_999)),
        Err(Trouble::Refused(anyhow!("no"))),
    ]);
    *script.answers.lock().unwrap() = answers.collect();
    let metrics = Arc::new(Metrics::default());
    let mut delivery = delivery(&store, &script).observed(Arc::clone(&metrics));
    let told = |name: &str| {
        let text = metrics.scrape(samples::at(90)).unwrap();
        let start = format!("drawbridge_sink_{name}{{sink=\"siem\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap().to_owned()
    };
    let usual = [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 40, 300, 300,
    ];
    for (n, seconds) in usual.into_iter().enumerate() {
        let pause = delivery.turn().await;
        let (least, most) = (f64::from(seconds) * 0.7, f64::from(seconds) * 1.3);
        assert!(
            (least..most).contains(&pause.as_secs_f64()),
            "{n}: {pause:?}"
        );
        assert_eq!(store.cursor("siem").await.unwrap(), 0, "nothing is skipped");
    }
    assert_eq!(told("behind_records"), "20");
    assert_eq!(told("behind_seconds"), "90.0");
    assert_eq!(told("errors_total"), "15");
    assert_eq!(delivery.turn().await, Duration::ZERO);
    assert_eq!(store.cursor("siem").await.unwrap(), 20);
    assert_eq!(*script.offered.lock().unwrap(), [(1, 20); 16]);
    assert_eq!(told("behind_records"), "0");
    assert_eq!(told("behind_seconds"), "0.0");
    assert!(
        delivery.turn().await > Duration::ZERO,
        "nothing is left to do"
    );
}

#[tokio::test]
async fn a_batch_that_is_too_large_comes_in_parts() {
    let store = store(700).await;
    let script = Arc::new(Script::default());
    let answers = (0..3).map(|_| Err(Trouble::TooLarge));
    *script.answers.lock().unwrap() = answers.collect();
    let mut delivery = delivery(&store, &script);
    while store.cursor("siem").await.unwrap() < 700 {
        assert_eq!(delivery.turn().await, Duration::ZERO);
    }
    let offered = script.offered.lock().unwrap();
    assert_eq!(offered[..4], [(1, 500), (1, 250), (1, 125), (1, 62)]);
    let taken = &offered[3..];
    assert!(
        taken.windows(2).all(|two| two[0].1 + 1 == two[1].0),
        "{taken:?}"
    );
}

#[tokio::test]
async fn another_replica_goes_on_where_the_note_is() {
    let store = store(30).await;
    let script = Arc::new(Script::default());
    let (mut first, mut second) = (delivery(&store, &script), delivery(&store, &script));
    assert!(matches!(first.step().await, Ok(Step::Went)));
    assert!(matches!(second.step().await, Ok(Step::Idle)));
    assert_eq!(*script.offered.lock().unwrap(), [(1, 30)]);
}

#[tokio::test]
async fn a_note_beyond_the_ledger_is_told_and_nothing_is_sent() {
    let store = store(5).await;
    store.set_cursor("siem", 9).await.unwrap();
    let script = Arc::new(Script::default());
    let answer = delivery(&store, &script).step().await;
    let Err(Trouble::Refused(why)) = answer else {
        panic!("{answer:?}");
    };
    assert!(
        why.to_string()
            .contains("another ledger, or a restored one")
    );
    assert_eq!(*script.offered.lock().unwrap(), []);
}
