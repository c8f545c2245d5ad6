//! How often somebody may call: token buckets by identity, and by address for those who are nobody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::units::{Seconds, Time};

/// Keys remembered: then those that owe least are forgotten.
const CAPACITY: usize = 10_000;

/// Keys forgotten at once, so that a full memory is not gone through for every new key.
const SPARE: usize = CAPACITY / 10;

/// Calls of one identity: so many at once, and one a second on.
pub(super) const CALLS: Limit = Limit {
    burst: 60,
    every: Seconds(1),
};

/// Failed authentications from one network ([`super::entry`] says what that is).
pub(super) const FAILURES: Limit = Limit {
    burst: 30,
    every: Seconds(2),
};

/// Calls of one identity that wait at once.
const WAITS_EACH: usize = 20;

/// Calls that wait at once in all: fewer than one network may have connections
/// ([`BOUNDS`](crate::http::listen::BOUNDS)), for behind a proxy all come from one.
const WAITS: usize = 200;

/// So many at once, and one more each time this passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    burst: u32,
    every: Seconds,
}

/// Buckets by key.
#[derive(Debug)]
pub(super) struct Buckets {
    limit: Limit,
    /// When each bucket is full again: what is missing until then was taken.
    full_at: Mutex<BTreeMap<String, Time>>,
}

impl Buckets {
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            limit,
            full_at: Mutex::default(),
        }
    }

    /// Takes one; an error says after how long there is one again.
    pub(super) fn take(&self, key: &str, now: Time) -> Result<(), Seconds> {
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CAPACITY && !all.contains_key(key) {
            forget(&mut all, now);
        }
        let every = self.limit.every;
        let empty = Seconds(u64::from(self.limit.burst) * every.0).after(now);
        // Nobody owes more than everything: a clock that was set back keeps nobody out.
        let owed = all.get(key).copied().unwrap_or(now).clamp(now, empty);
        let next = every.after(owed);
        let over = (next - empty).num_milliseconds().max(0).unsigned_abs();
        if over == 0 {
            all.insert(key.to_owned(), next);
            return Ok(());
        }
        all.insert(key.to_owned(), owed);
        Err(Seconds(over.div_ceil(1_000).max(1)))
    }

    /// Gives back one that was taken.
    pub(super) fn give_back(&self, key: &str) {
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = all.get_mut(key) {
            *full_at -= self.limit.every.delta();
        }
    }
}

/// Makes room: what is full again goes first, then what will be soonest. Whoever owes most stays.
fn forget(all: &mut BTreeMap<String, Time>, now: Time) {
    all.retain(|_, full_at| *full_at > now);
    let mut left = all.len().saturating_sub(CAPACITY - SPARE);
    let mut soonest: Vec<Time> = all.values().copied().collect();
    soonest.sort_unstable();
    let Some(last) = left.checked_sub(1).and_then(|index| soonest.get(index)) else {
        return;
    };
    all.retain(|_, full_at| {
        let goes = left > 0 && *full_at <= *last;
        left -= usize::from(goes);
        !goes
    });
}

/// Calls that wait now, by identity.
#[derive(Debug, Clone, Default)]
pub(super) struct Waits(Arc<Mutex<BTreeMap<String, usize>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    all: Waits,
    key: String,
}

impl Waits {
    /// One more; `None`: there are enough.
    pub(super) fn begin(&self, key: &str) -> Option<Waiting> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.get(key).copied().unwrap_or_default();
        if own >= WAITS_EACH || all.values().sum::<usize>() >= WAITS {
            return None;
        }
        all.insert(key.to_owned(), own + 1);
        let key = key.to_owned();
        let all = self.clone();
        Some(Waiting { all, key })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                all.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const LIMIT: Limit = Limit {
        burst: 3,
        every: Seconds(2),
    };

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let buckets = Buckets::new(LIMIT);
        let take = |seconds| buckets.take("ci", at(seconds));
        assert_eq!([take(0), take(0), take(0)], [Ok(()); 3]);
        assert_eq!(take(0), Err(Seconds(2)));
        assert_eq!(buckets.take("other", at(0)), Ok(()), "of their own");
        assert_eq!(take(1), Err(Seconds(1)));
        assert_eq!([take(2), take(2)], [Ok(()), Err(Seconds(2))]);
        assert_eq!([take(60), take(60), take(60)], [Ok(()); 3]);
        assert!(take(60).is_err(), "no more than the burst is saved up");
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        let buckets = Buckets::new(LIMIT);
        for _ in 0..20 {
            assert_eq!(buckets.take("ci", at(0)), Ok(()));
            buckets.give_back("ci");
        }
        let take = || buckets.take("ci", at(0));
        assert_eq!([take(), take(), take()], [Ok(()); 3]);
        assert_eq!(take(), Err(Seconds(2)));
        buckets.give_back("nobody");
        assert_eq!(take(), Err(Seconds(2)));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out_for_long() {
        let buckets = Buckets::new(LIMIT);
        let take = |seconds| buckets.take("ci", at(seconds));
        assert_eq!([take(9_000), take(9_000), take(9_000)], [Ok(()); 3]);
        assert_eq!(take(0), Err(Seconds(2)));
        assert_eq!(take(2), Ok(()));
    }

    #[test]
    fn a_full_memory_forgets_whoever_owes_least() {
        let buckets = Buckets::new(LIMIT);
        let take = |key: &str, seconds| buckets.take(key, at(seconds));
        assert_eq!(take("full again", 0), Ok(()));
        assert_eq!(
            [take("worst", 8), take("worst", 8), take("worst", 8)],
            [Ok(()); 3]
        );
        for number in 0..CAPACITY * 2 {
            assert_eq!(take(&number.to_string(), 10), Ok(()));
        }
        let all = buckets.full_at.lock().unwrap().len();
        assert!((CAPACITY - SPARE..=CAPACITY).contains(&all), "{all}");
        assert!(!buckets.full_at.lock().unwrap().contains_key("full again"));
        assert_eq!(
            [take("worst", 10), take("worst", 10)],
            [Ok(()), Err(Seconds(2))]
        );
    }

    #[test]
    fn who_waits_too_often_is_told_and_room_comes_back() {
        let waits = Waits::default();
        let mut held: Vec<Waiting> = (0..WAITS_EACH).filter_map(|_| waits.begin("ci")).collect();
        assert_eq!(held.len(), WAITS_EACH);
        assert!(waits.begin("ci").is_none());
        assert!(waits.begin("other").is_some());
        held.pop();
        assert!(waits.begin("ci").is_some());
    }

    #[test]
    fn no_number_of_callers_takes_more_than_its_memory() {
        let buckets = Buckets::new(LIMIT);
        let held = || buckets.full_at.lock().unwrap().len();
        // All in one moment: no bucket is full again, so none could be dropped for that.
        for caller in 0..3 * CAPACITY {
            assert_eq!(buckets.take(&format!("ci/{caller}"), at(0)), Ok(()));
            assert!(held() <= CAPACITY, "{caller}");
        }
        // Who comes later takes the room of those whose buckets are full again, and of nobody else.
        let buckets = Buckets::new(LIMIT);
        for caller in 0..CAPACITY - 1 {
            buckets.take(&format!("ci/{caller}"), at(0)).unwrap();
        }
        for _ in 0..3 {
            buckets.take("busy", at(1)).unwrap();
        }
        buckets.take("new", at(3)).unwrap();
        assert_eq!(buckets.full_at.lock().unwrap().len(), 2);
        assert!(buckets.take("busy", at(3)).is_ok() && buckets.take("busy", at(3)).is_err());
    }
}
