//! Alarm and lease of one lane of one request: the rules of the contract as pure functions.
//!
//! The memory and SQLite stores keep these values; the Redis scripts state the same rules in
//! `redis/lanes.lua`, and the conformance suite holds the two together.

use chrono::DateTime;

use super::Token;
use crate::units::{Seconds, Time};

/// An instant as stores keep it: milliseconds since 1970, never before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Millis(pub(super) i64);

impl Millis {
    /// The clock's reading: the millisecond that has begun.
    pub(super) fn of_clock(now: Time) -> Self {
        Self(now.timestamp_millis().max(0))
    }

    /// An alarm: rounded up, because an early one finds nothing due and is set again in a tight loop.
    pub(super) fn of_alarm(at: Time) -> Self {
        let begun = at.timestamp_millis();
        let part = i64::from(!at.timestamp_subsec_nanos().is_multiple_of(1_000_000));
        Self(begun.saturating_add(part).max(0))
    }

    /// Back to a [`Time`].
    pub(super) fn time(self) -> Time {
        DateTime::from_timestamp_millis(self.0).unwrap_or(Time::MAX_UTC)
    }

    /// This much later.
    pub(super) fn plus(self, length: Seconds) -> Self {
        let millis = i64::try_from(length.0.saturating_mul(1000)).unwrap_or(i64::MAX);
        // Bounded by what a Redis score holds exactly; no lease is 280,000 years long.
        Self(self.0.saturating_add(millis).min(1 << 53))
    }
}

/// The next token: grows, and is at least the clock's microseconds, so that a store restored from
/// an old backup does not hand out a token that a living worker still holds.
pub(super) fn next_token(last: u64, now: Time) -> u64 {
    let micros = u64::try_from(now.timestamp_micros()).unwrap_or_default();
    last.saturating_add(1).max(micros)
}

/// Who works on the lane, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) token: Token,
    pub(super) until: Millis,
}

/// One lane of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LaneState {
    /// When the lane can be claimed: its alarm, or the lease's end while it is held.
    pub(super) alarm: Option<Millis>,
    /// The last lease, perhaps run out.
    pub(super) lease: Option<Lease>,
    /// Claims since the last commit under one of them.
    pub(super) attempts: u32,
    /// The alarm that somebody else's commit set while the lane was held.
    pub(super) after: Option<Millis>,
    /// Woken since the last claim: the next alarm is now, whatever a commit says.
    pub(super) woken: bool,
}

impl LaneState {
    /// Whether a worker has the lane.
    pub(super) fn held(&self, now: Millis) -> bool {
        self.lease.is_some_and(|lease| lease.until > now)
    }

    /// Whether this very token has the lane.
    pub(super) fn held_by(&self, token: Token, now: Millis) -> bool {
        self.held(now) && self.lease.is_some_and(|lease| lease.token == token)
    }

    /// Gives the lane to a worker; answers when it was due.
    pub(super) fn claim(&mut self, token: Token, now: Millis, lease: Seconds) -> Millis {
        let until = now.plus(lease);
        let due = self.alarm.replace(until).unwrap_or(now);
        *self = Self {
            alarm: Some(until),
            lease: Some(Lease { token, until }),
            attempts: self.attempts.saturating_add(1),
            after: None,
            woken: false,
        };
        due
    }

    /// Lengthens the lease of the holder; never shortens it.
    pub(super) fn renew(&mut self, token: Token, now: Millis, lease: Seconds) -> bool {
        let held = self.held_by(token, now);
        if let (true, Some(current)) = (held, &mut self.lease) {
            current.until = current.until.max(now.plus(lease));
            self.alarm = Some(current.until);
        }
        held
    }

    /// The holder lets go without a commit.
    pub(super) fn release(&mut self, token: Token, now: Millis, again: Millis) -> bool {
        let held = self.held_by(token, now);
        if held {
            let at = self.after.take().map_or(again, |after| after.min(again));
            self.lease = None;
            self.alarm = self.wanted(Some(at), now);
        }
        held
    }

    /// A commit under the lane's claim: the lease ends.
    pub(super) fn finish(&mut self, alarm: Option<Millis>, now: Millis) {
        *self = Self {
            alarm: self.wanted(alarm, now),
            woken: self.woken,
            ..Self::default()
        };
    }

    /// A commit by anybody else.
    pub(super) fn set(&mut self, alarm: Option<Millis>, now: Millis) {
        if self.held(now) {
            self.after = alarm;
            return;
        }
        self.alarm = self.wanted(alarm, now);
        self.lease = None;
        self.after = None;
        if self.alarm.is_none() {
            self.attempts = 0;
        }
    }

    /// The outside changed: look now, or right after the holder.
    pub(super) fn wake(&mut self, now: Millis) {
        self.woken = true;
        if !self.held(now) {
            self.alarm = self.wanted(self.alarm, now);
        }
    }

    /// Sets a lost alarm; answers whether there was none.
    pub(super) fn restore(&mut self, alarm: Millis, now: Millis) -> bool {
        let lost = self.alarm.is_none();
        if lost {
            self.alarm = self.wanted(Some(alarm), now);
        }
        lost
    }

    fn wanted(&self, alarm: Option<Millis>, now: Millis) -> Option<Millis> {
        if self.woken {
            Some(alarm.map_or(now, |alarm| alarm.min(now)))
        } else {
            alarm
        }
    }
}
