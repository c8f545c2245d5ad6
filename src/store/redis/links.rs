//! Several links to one address, for calls that hold up their connection: `WAIT` does, until a replica has answered.
//!
//! A call takes the link that fewest calls are on, the first of those. So one after the other all go over the first, the
//! others are dialled only when they are needed, and what waits behind somebody else's `WAIT` is a few calls at most.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::RedisResult;

use super::conn::Conn;
use super::link::Link;
use crate::store::Result;

/// Links that calls share.
#[derive(Debug)]
pub(super) struct Links {
    first: (Link, Busy),
    more: Vec<(Link, Busy)>,
}

/// How many calls are on a link.
#[derive(Debug, Default)]
struct Busy(AtomicUsize);

/// One of them, until it ends or is given up.
struct Seat<'a>(&'a Busy);

impl Busy {
    fn sit(&self) -> Seat<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Seat(self)
    }

    fn calls(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Links {
    /// These links.
    pub(super) fn new(first: Link, more: Vec<Link>) -> Self {
        let idle = |link| (link, Busy::default());
        Self {
            first: idle(first),
            more: more.into_iter().map(idle).collect(),
        }
    }

    /// As [`Link::call`].
    pub(super) async fn call<T, F, R>(&self, act: F) -> Result<T>
    where
        F: Fn(Conn) -> R + Send + Sync,
        R: Future<Output = RedisResult<T>> + Send,
        T: Send,
    {
        let (link, busy) = self.more.iter().fold(&self.first, |least, other| {
            if other.1.calls() < least.1.calls() {
                other
            } else {
                least
            }
        });
        let _seat = busy.sit();
        link.call(act).await
    }

    /// As [`Link::dial_again`], for all of them.
    pub(super) fn dial_again(&self) {
        for (link, _) in std::iter::once(&self.first).chain(&self.more) {
            link.dial_again();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_until_it_is_dropped() {
        let busy = Busy::default();
        let (first, second) = (busy.sit(), busy.sit());
        assert_eq!(busy.calls(), 2);
        drop(first);
        assert_eq!(busy.calls(), 1);
        drop(second);
        assert_eq!(busy.calls(), 0);
    }
}
