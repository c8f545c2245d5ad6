//! Documents that this version does not read while another one does: an update rolls, and two versions claim from one
//! store. Whoever cannot read what it claimed gives it back soon, so that the other one gets it.
//!
//! # Guarantees
//! - Nothing is acted on and nothing is written: only the alarm is set again.
//! - Nothing stays open by it: the reaper closes by what is written on the objects.
//! - Bounded: at most [`KEPT`] ids are remembered, for [`TOLD_FOR`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::app::{BookError, Parts};
use crate::id::RequestId;
use crate::store::Claim;
use crate::units::{Seconds, Time};

/// How soon it is given back at first: the other version is there, and of two that claim at random one misses eight
/// times in a row once in 256.
const SOON: TimeDelta = TimeDelta::milliseconds(250);

/// So often; after that there is no other version, or the document is damaged.
const SOON_TRIES: u32 = 8;

/// And then.
const LATER: TimeDelta = TimeDelta::seconds(15);

/// How long readiness tells of it.
const TOLD_FOR: Seconds = Seconds(60);

/// Most that are remembered.
const KEPT: usize = 1_000;

/// What was left alone lately.
#[derive(Debug, Default)]
pub(super) struct Left(Mutex<BTreeMap<RequestId, Time>>);

/// The error of a step that failed for such a document.
pub(super) fn is_left(error: &anyhow::Error) -> Option<&BookError> {
    let book = error.downcast_ref::<BookError>();
    book.filter(|error| error.left_alone().is_some())
}

impl Left {
    /// Gives a claim back.
    pub(super) async fn leave(&self, parts: &Parts, claim: &Claim, error: &BookError) {
        let now = parts.clock.now();
        self.note(&claim.id, now);
        parts.metrics.stepped(claim.lane, "left");
        if claim.attempt.is_power_of_two() {
            tracing::warn!(
                id = %claim.id, lane = claim.lane.name(), attempt = claim.attempt,
                error = crate::app::causes(error), "left to a later version",
            );
        }
        // Without an answer the lease simply ends, and the alarm is handed out again.
        let _ = parts
            .book
            .store()
            .release(claim, now + wait(claim.attempt))
            .await;
    }

    fn note(&self, id: &RequestId, now: Time) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|_, at| now < TOLD_FOR.after(*at));
        if left.len() < KEPT || left.contains_key(id) {
            left.insert(id.clone(), now);
        }
    }

    /// How many, and which was the last one.
    pub(super) fn told(&self, now: Time) -> Option<String> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|_, at| now < TOLD_FOR.after(*at));
        let (last, _) = left.iter().max_by_key(|(_, at)| **at)?;
        let these = match left.len() {
            1 => "1 document is".to_owned(),
            many => format!("{many} documents are"),
        };
        Some(format!(
            "{these} left to a later version that reads them, the last of them `{last}`"
        ))
    }
}

fn wait(attempt: u32) -> TimeDelta {
    if attempt <= SOON_TRIES { SOON } else { LATER }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Seconds(seconds).after(Time::UNIX_EPOCH)
    }

    #[test]
    fn what_was_left_is_told_of_for_a_minute_and_counted_once() {
        let left = Left::default();
        assert_eq!(left.told(at(0)), None);
        let (one, other) = ("k7m3xa".parse().unwrap(), "k7m3xb".parse().unwrap());
        left.note(&one, at(0));
        left.note(&one, at(5));
        assert!(left.told(at(64)).unwrap().starts_with("1 document is left"));
        left.note(&other, at(40));
        let told = left.told(at(64)).unwrap();
        assert!(
            told.starts_with("2 documents are") && told.ends_with("`k7m3xb`"),
            "{told}"
        );
        assert_eq!(left.told(at(100)), None);
    }

    #[test]
    fn a_document_that_nobody_reads_is_looked_at_seldom() {
        assert_eq!([1, 8, 9, u32::MAX].map(wait), [SOON, SOON, LATER, LATER]);
    }
}
