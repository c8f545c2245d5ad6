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
    /// Acknowledged before the receiver was done.
    pub late: Count,
    /// Not acknowledged: no room, or shutting down.
    pub withheld: Count,
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
