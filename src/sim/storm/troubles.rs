//! What was broken when, and by when a gate has to be closed for it: the bounds of the first promise.

use chrono::TimeDelta;

use super::stage::LOOK;
use crate::netpol::marks;
use crate::reaper::bounds::{API_BACK, NORMALLY, REPLICA_LOST, STORE_AWAY};
use crate::sim::town::MAX_LIFETIME;
use crate::sim::town::gates::Life;
use crate::units::{Seconds, Time};

/// What held an object: that somebody closed it before its end, or one of the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// It was gone before its end.
    Early,
    /// Nothing was broken at its end that puts the bound off.
    Normally,
    /// A replica was dead or out of reach.
    ReplicaLost,
    /// The store was away, failed, or had lost something.
    StoreAway,
    /// The API server was away or failed, and is waited for.
    ApiAway,
    /// Every replica was dead.
    NobodyLives,
}

impl Held {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Early,
        Self::Normally,
        Self::ReplicaLost,
        Self::StoreAway,
        Self::ApiAway,
        Self::NobodyLives,
    ];

    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Normally => "normally",
            Self::ReplicaLost => "replica-lost",
            Self::StoreAway => "store-away",
            Self::ApiAway => "api-away",
            Self::NobodyLives => "nobody-lives",
        }
    }
}

/// What is broken at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Signs {
    /// Somebody does not reach the store, or is not answered by it.
    pub(super) store: bool,
    /// Nobody who lives reaches the API server, or it does not answer as it should.
    pub(super) api: bool,
    /// A replica is dead or does not reach the API server.
    pub(super) lost: bool,
    /// A replica is dead.
    pub(super) died: bool,
    /// Every replica is dead.
    pub(super) nobody: bool,
}

/// A trouble from its first sign to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Time,
    /// The last instant of it that is known.
    to: Time,
    /// Whether it still goes on.
    on: bool,
}

/// Every trouble of a kind.
#[derive(Debug, Clone, Default)]
struct Spans(Vec<Span>);

/// Everything that was broken.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    store: Spans,
    api: Spans,
    lost: Spans,
    nobody: Spans,
    /// When the store lost something.
    losses: Vec<Time>,
    /// Whether a replica was ever dead.
    died: bool,
}

/// A trouble so long before an end still counts: a lease of somebody who died, a call that is waited for.
const LINGERS: TimeDelta = TimeDelta::seconds(10);

impl Spans {
    fn note(&mut self, now: Time, is: bool) {
        let look = TimeDelta::from_std(LOOK).unwrap_or_default();
        match (self.0.last_mut().filter(|span| span.on), is) {
            (Some(span), still) => (span.to, span.on) = (now, still),
            // It may have begun right after the last look.
            (None, true) => self.0.push(Span {
                from: now - look,
                to: now,
                on: true,
            }),
            (None, false) => {}
        }
    }

    /// Whether there was such a trouble then.
    fn touch(&self, from: Time, to: Time) -> bool {
        self.0.iter().any(|span| span.from <= to && span.to >= from)
    }

    /// A deadline with time after each of these troubles that came before it.
    fn put_off(&self, end: Time, mut deadline: Time, by: Seconds) -> Time {
        for span in self.0.iter().filter(|span| span.to >= end) {
            if span.from <= deadline {
                deadline = deadline.max(by.after(span.to));
            }
        }
        deadline
    }
}

impl Troubles {
    /// What is broken now.
    pub(super) fn note(&mut self, now: Time, signs: Signs) {
        self.store.note(now, signs.store);
        self.api.note(now, signs.api);
        self.lost.note(now, signs.lost);
        self.nobody.note(now, signs.nobody);
        self.died |= signs.died;
    }

    /// Whether a replica was ever dead.
    pub(super) const fn has_death(&self) -> bool {
        self.died
    }

    /// Whether the store lost something once and no replica was ever dead: nobody forgot what the store did.
    pub(super) fn is_remembered(&self) -> bool {
        self.losses.len() == 1 && !self.died
    }

    /// Whether the store lost something.
    pub(super) fn is_lossy(&self) -> bool {
        !self.losses.is_empty()
    }

    /// The store lost something.
    pub(super) fn lost_at(&mut self, now: Time) {
        self.losses.push(now);
    }

    /// Until when an object may be there, and what decides that.
    pub(super) fn deadline(&self, life: &Life) -> (Held, Time) {
        let (made, end) = (life.made_at, end_of(life));
        if life.gone_at.is_some_and(|gone| gone < end) {
            return (Held::Early, end);
        }
        let shortly = STORE_AWAY.after(end);
        let emptied = self.losses.iter().any(|at| *at >= made && *at <= shortly);
        let (held, bound) = if emptied || self.store.touch(end - LINGERS, shortly) {
            (Held::StoreAway, STORE_AWAY)
        } else if self.lost.touch(end - LINGERS, shortly) {
            (Held::ReplicaLost, REPLICA_LOST)
        } else {
            (Held::Normally, NORMALLY)
        };
        let shortest = bound.after(end);
        // An answer that the API server owed when it was well again is still waited for.
        let with_api = self.api.put_off(end - LINGERS, shortest, API_BACK);
        let last = self.nobody.put_off(end, with_api, STORE_AWAY);
        match (with_api > shortest, last > with_api) {
            (_, true) => (Held::NobodyLives, last),
            (true, false) => (Held::ApiAway, last),
            (false, false) => (held, last),
        }
    }
}

/// When an object's time is over.
pub(super) fn end_of(life: &Life) -> Time {
    let annotation = life.marks.get(marks::EXPIRES_AT).map(String::as_str);
    marks::effective_expiry(annotation, life.made_at, MAX_LIFETIME)
}
