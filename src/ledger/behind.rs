//! How far the ledger is behind and how it fares, for metrics and for `/readyz`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::id::RequestId;
use crate::metrics::Metrics;
use crate::units::Time;

/// What waits for the ledger, as of the last look, and how that went.
#[derive(Debug, Default)]
pub struct Behind {
    metrics: Arc<Metrics>,
    known: Mutex<Known>,
}

#[derive(Debug, Default, Clone)]
struct Known {
    documents: usize,
    since: Option<Time>,
    last: Option<Time>,
    trouble: Option<&'static str>,
}

impl Behind {
    /// Told to these metrics too.
    pub(super) fn told_to(metrics: Arc<Metrics>) -> Self {
        let known = Mutex::default();
        Self { metrics, known }
    }

    /// How many documents have events that are not recorded, at most
    /// [`MAX_READ`](crate::store::MAX_READ) of each shard counted.
    pub fn documents(&self) -> usize {
        self.known().documents
    }

    /// Since when the longest waiting of them has, by the store's clock.
    pub fn since(&self) -> Option<Time> {
        self.known().since
    }

    /// When it last got through: what waited was recorded, or nothing waited.
    pub fn last(&self) -> Option<Time> {
        self.known().last
    }

    /// Of what kind the trouble is that keeps it from going on: one word, as it is shown to anybody. The log
    /// has the rest.
    pub fn trouble(&self) -> Option<&'static str> {
        self.known().trouble
    }

    /// Notes what waits. Where not all shards answered, what was known to wait is taken to wait still.
    pub(super) fn waits(&self, waiting: &[(RequestId, Time)], all: bool) {
        let since = waiting.iter().map(|(_, since)| *since);
        let mut known = self.known();
        if all {
            known.documents = waiting.len();
            known.since = since.min();
        } else {
            known.documents = known.documents.max(waiting.len());
            known.since = since.chain(known.since).min();
        }
        self.metrics
            .ledger_behind(count(known.documents), known.since);
    }

    /// Notes that so many of those documents have so many events to record. The others have one at least.
    pub(super) fn read(&self, documents: usize, events: usize) {
        let known = self.known();
        let others = known.documents.saturating_sub(documents);
        let records = others.saturating_add(events);
        self.metrics.ledger_behind(count(records), known.since);
    }

    /// Notes that it got through.
    pub(super) fn went(&self, now: Time) {
        let mut known = self.known();
        known.last = Some(now);
        known.trouble = None;
    }

    /// Notes that it did not, and the kind of trouble.
    pub(super) fn failed(&self, kind: &'static str) {
        self.known().trouble = Some(kind);
        self.metrics.ledger_failed();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(second: i64) -> Time {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    /// Records that are missing and for how long, as metrics tell it at second 10.
    fn told(behind: &Behind) -> [String; 2] {
        let text = behind.metrics.scrape(at(10)).unwrap();
        ["records", "seconds"].map(|unit| {
            let name = format!("drawbridge_ledger_behind_{unit} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&name));
            line.unwrap().to_owned()
        })
    }

    fn waiting() -> [(RequestId, Time); 2] {
        [("k7m3xa", 2), ("k7m3xb", 1)].map(|(id, second)| (id.parse().unwrap(), at(second)))
    }

    #[test]
    fn the_longest_wait_is_told_until_nothing_waits() {
        let behind = Behind::default();
        assert_eq!((behind.documents(), behind.since()), (0, None));
        behind.waits(&waiting(), true);
        assert_eq!((behind.documents(), behind.since()), (2, Some(at(1))));
        assert_eq!(told(&behind), ["2", "9.0"]);
        behind.read(1, 7);
        assert_eq!(
            told(&behind),
            ["8", "9.0"],
            "seven of one, one at least of the other"
        );
        behind.waits(&[], true);
        assert_eq!((behind.documents(), behind.since()), (0, None));
        assert_eq!(told(&behind), ["0", "0.0"]);
    }

    #[test]
    fn a_shard_that_does_not_answer_is_taken_to_wait_still() {
        let behind = Behind::default();
        behind.waits(&waiting(), true);
        behind.waits(&waiting()[..1], false);
        assert_eq!((behind.documents(), behind.since()), (2, Some(at(1))));
        behind.waits(&waiting()[..1], true);
        assert_eq!((behind.documents(), behind.since()), (1, Some(at(2))));
    }

    #[test]
    fn trouble_is_told_until_it_is_over() {
        let behind = Behind::default();
        behind.failed("full");
        assert_eq!((behind.last(), behind.trouble()), (None, Some("full")));
        behind.went(at(3));
        assert_eq!((behind.last(), behind.trouble()), (Some(at(3)), None));
        let text = behind.metrics.scrape(at(3)).unwrap();
        assert!(
            text.contains("drawbridge_ledger_errors_total 1\n"),
            "{text}"
        );
    }
}
