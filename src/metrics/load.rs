//! How much each lane has to do, as this process knows it: the steps that run, and since when more is due
//! than it had room for. Without locks: workers are never held up by a scrape.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::DateTime;

use super::Metrics;
use crate::lane::Lane;
use crate::units::Time;

/// More than a lane has slots, with up to a dozen clusters; one that finds no seat is worked on all the same and only not seen.
const SEATS: usize = 256;

/// Shards can be as many as an id has letters.
const SHARDS: usize = 31;

/// Free, or nothing waits.
const NONE: i64 = i64::MIN;

#[derive(Debug)]
pub(super) struct Load {
    lanes: [Bench; Lane::ALL.len()],
    last_claim: AtomicI64,
}

#[derive(Debug)]
struct Bench {
    seats: [AtomicI64; SEATS],
    waiting: [AtomicI64; SHARDS],
}

impl Default for Load {
    fn default() -> Self {
        let bench = |_| Bench {
            seats: [const { AtomicI64::new(NONE) }; SEATS],
            waiting: [const { AtomicI64::new(NONE) }; SHARDS],
        };
        Self {
            lanes: Lane::ALL.map(bench),
            last_claim: AtomicI64::new(NONE),
        }
    }
}

impl Load {
    pub(super) fn claimed(&self, now: Time) {
        self.last_claim
            .store(now.timestamp_millis(), Ordering::Relaxed);
    }

    pub(super) fn last_claim(&self) -> Option<Time> {
        time(self.last_claim.load(Ordering::Relaxed))
    }

    pub(super) fn waits(&self, lane: Lane, shard: usize, since: Option<Time>) {
        let bench = self.lanes.get(lane as usize);
        if let Some(place) = bench.and_then(|bench| bench.waiting.get(shard)) {
            let since = since.map_or(NONE, |at| at.timestamp_millis());
            place.store(since, Ordering::Relaxed);
        }
    }

    /// How many alarms are known to be due, and since when the oldest.
    pub(super) fn of(&self, lane: Lane) -> (u64, Option<Time>) {
        let Some(bench) = self.lanes.get(lane as usize) else {
            return (0, None);
        };
        let places = bench.seats.iter().chain(&bench.waiting);
        let due = places.map(|place| place.load(Ordering::Relaxed));
        due.filter(|at| *at != NONE)
            .fold((0, None), |(number, oldest), at| {
                let oldest = oldest.map_or(time(at), |old: Time| time(at).map(|at| old.min(at)));
                (number + 1, oldest)
            })
    }

    fn take(&self, lane: Lane, due: Time) -> Option<usize> {
        let seats = &self.lanes.get(lane as usize)?.seats;
        let due = due.timestamp_millis();
        seats.iter().position(|seat| {
            let taken = seat.compare_exchange(NONE, due, Ordering::Relaxed, Ordering::Relaxed);
            taken.is_ok()
        })
    }

    fn leave(&self, lane: Lane, seat: usize) {
        let bench = self.lanes.get(lane as usize);
        if let Some(place) = bench.and_then(|bench| bench.seats.get(seat)) {
            place.store(NONE, Ordering::Relaxed);
        }
    }
}

fn time(millis: i64) -> Option<Time> {
    (millis != NONE).then(|| DateTime::from_timestamp_millis(millis))?
}

/// A step that is worked on; it counts until this is dropped, however the step ends.
#[derive(Debug)]
pub struct Seat {
    metrics: Arc<Metrics>,
    lane: Lane,
    number: Option<usize>,
}

impl Seat {
    pub(super) fn taken(metrics: &Arc<Metrics>, lane: Lane, due: Time) -> Self {
        Self {
            number: metrics.load.take(lane, due),
            metrics: Arc::clone(metrics),
            lane,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.metrics.load.leave(self.lane, number);
        }
    }
}
