//! Counts of deliveries, and a memory of what was already logged.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Kinds of delivery remembered as logged; more than Slack has.
const NOTED: usize = 200;

/// What became of deliveries since the start. For `/metrics`.
#[derive(Debug, Default)]
pub struct Tally {
    /// Handed to the receiver.
    pub taken: Count,
    /// Known and passed over.
    pub ignored: Count,
    /// Not known; acknowledged so that Slack does not repeat them.
    pub unknown: Count,
    /// The receiver was not done in time: asks in messages were not acknowledged, all else before it was done.
    pub late: Count,
    /// Not acknowledged: no room, shutting down, or an ask whose work takes long.
    pub withheld: Count,
    /// Beyond the end of somebody's line: not done.
    pub crowded: Count,
    /// Refused by signature, age or form.
    pub refused: Count,
    noted: Mutex<BTreeSet<String>>,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub(in crate::slack) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// Whether this is the first time that this is told: a stream of payloads we do not know must
    /// not become a stream of log lines.
    pub(in crate::slack) fn first(&self, what: &str) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.len() < NOTED && noted.insert(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_kinds_are_remembered_and_no_more() {
        let tally = Tally::default();
        let first: Vec<bool> = (0..=NOTED).map(|n| tally.first(&n.to_string())).collect();
        assert!(first.iter().take(NOTED).all(|first| *first));
        assert_eq!(first.last(), Some(&false));
        assert_eq!(tally.noted.lock().unwrap().len(), NOTED);
    }
}
