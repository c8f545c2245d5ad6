//! The ledger where it goes: real files, a real Redis, a real HTTP server, the binary that verifies.

mod anchored;
mod commands;
mod files;
mod kept;
mod posts;
mod streams;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use drawbridge::app::Book;
use drawbridge::audit::{Fact, Record, RuleRef};
use drawbridge::clock::{Clock, SystemClock};
use drawbridge::entropy::Entropy;
use drawbridge::ledger::Appender;
use drawbridge::ledger::sinks::{Delivery, Sink, Step};
use drawbridge::store::Store;
use drawbridge::store::memory::MemoryStore;
use drawbridge::units::Time;

/// A clock that shows what the test says.
#[derive(Debug)]
struct Calendar(Mutex<Time>);

impl Calendar {
    fn at(now: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now.parse().unwrap())))
    }

    fn pass(&self, length: TimeDelta) {
        *self.0.lock().unwrap() += length;
    }
}

#[async_trait]
impl Clock for Calendar {
    fn now(&self) -> Time {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, at: Time) {
        let mut now = self.0.lock().unwrap();
        *now = at.max(*now);
    }
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(SystemClock)))
}

pub(crate) fn appender(store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Appender {
    let entropy = Arc::new(Entropy::seeded(7));
    let book = Book::new(Arc::clone(store), Arc::clone(&entropy));
    Appender::new(book, clock, entropy)
}

/// Something that happens; what a spreadsheet would run is among it.
fn happening(n: u64) -> Fact {
    Fact::RulesChanged {
        rules: vec![RuleRef {
            name: format!("=cmd|' /C calc'!A{n}"),
            digest: "ab".repeat(32),
        }],
    }
}

/// Lets so many things happen, and each be recorded.
pub(crate) async fn happen(appender: &Appender, times: u64) {
    for n in 0..times {
        appender.tell(happening(n)).await.unwrap();
    }
}

/// A store whose ledger has so many records.
async fn ledger_of(records: u64) -> Arc<dyn Store> {
    let store = memory();
    // The first happening begins the ledger: two records.
    happen(&appender(&store, Arc::new(SystemClock)), records - 1).await;
    store
}

async fn lines(store: &dyn Store) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    loop {
        let last = lines.last().map_or(0, |line| record(line).seq);
        let page = store.records(last, 300).await.unwrap();
        if page.is_empty() {
            return lines;
        }
        lines.extend(page);
    }
}

fn record(line: &str) -> Record {
    serde_json::from_str(line).unwrap()
}

fn delivery(name: &str, sink: impl Sink + 'static, store: &Arc<dyn Store>) -> Delivery {
    let entropy = Arc::new(Entropy::seeded(7));
    Delivery::new(name, Box::new(sink), Arc::clone(store), entropy)
}

/// Delivers until there is nothing left.
async fn deliver(delivery: &mut Delivery) {
    while delivery.step().await.unwrap() != Step::Idle {}
}
