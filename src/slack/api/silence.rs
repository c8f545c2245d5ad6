//! How long nothing has come from Slack: told by attempts to reach it, never by their absence.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::units::{Seconds, Time};

/// An attempt longer ago than this tells nothing about now: Slack may have been there in between.
const FORGOTTEN: Seconds = Seconds::minutes(10);

/// What came from Slack, and which attempts to reach it failed since.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// How often something came.
    heard: AtomicU64,
    failed: Mutex<Option<Failed>>,
}

/// Attempts that failed with nothing heard between them.
#[derive(Debug, Clone, Copy)]
struct Failed {
    /// What had been heard before.
    heard: u64,
    first: Time,
    last: Time,
}

impl Silence {
    /// Something came: an answer to a call, or a delivery.
    pub(super) fn hear(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something came: to be noted before an attempt.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// An attempt that began at `now`, after this much had been heard, failed: for how long attempts have
    /// failed by now. `None`: something came meanwhile.
    pub(super) fn unanswered(&self, heard: u64, now: Time) -> Option<Seconds> {
        if self.heard() != heard {
            return None;
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = failed.filter(|before| {
            let fresh = before.first <= now && now <= FORGOTTEN.after(before.last);
            before.heard == heard && fresh
        });
        let first = before.map_or(now, |before| before.first);
        let last = before.map_or(now, |before| before.last.max(now));
        *failed = Some(Failed { heard, first, last });
        let length = (now - first).num_seconds().max(0).unsigned_abs();
        Some(Seconds(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Seconds(seconds).after(Time::from_timestamp(1_790_000_000, 0).unwrap())
    }

    #[test]
    fn only_attempts_with_nothing_heard_between_them_count_together() {
        let silence = Silence::default();
        let fails = |seconds| silence.unanswered(silence.heard(), at(seconds));
        assert_eq!(fails(0), Some(Seconds(0)), "one tells nothing");
        assert_eq!(fails(59), Some(Seconds(59)));
        assert_eq!(fails(60), Some(Seconds(60)));
        silence.hear();
        assert_eq!(fails(61), Some(Seconds(0)), "it begins anew");
        assert_eq!(fails(121), Some(Seconds(60)));
    }

    #[test]
    fn what_comes_during_an_attempt_counts_as_an_answer() {
        let silence = Silence::default();
        let before = silence.heard();
        silence.hear();
        assert_eq!(silence.unanswered(before, at(0)), None);
        let heard = silence.heard();
        assert_eq!(silence.unanswered(heard, at(60)), Some(Seconds(0)));
    }

    #[test]
    fn an_attempt_of_long_ago_or_of_a_clock_that_went_back_counts_for_nothing() {
        let silence = Silence::default();
        let fails = |seconds| silence.unanswered(silence.heard(), at(seconds));
        assert_eq!(fails(1_000), Some(Seconds(0)));
        assert_eq!(fails(1_601), Some(Seconds(0)), "more than ten minutes");
        assert_eq!(fails(1_500), Some(Seconds(0)), "earlier than the first");
        assert_eq!(fails(2_100), Some(Seconds(600)));
        assert_eq!(fails(2_700), Some(Seconds(1_200)), "tried all along");
    }
}
