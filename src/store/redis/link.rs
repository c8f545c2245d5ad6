//! Keeps one connection usable, because the client alone does not.
//!
//! The client was measured to stay on a half-open link for ever (each call times out) and on a
//! primary that became a replica (each write is refused). So every call goes through here:
//!
//! - it is bounded by [`CALL`], whatever happens inside;
//! - a connection that is broken, refused by a replica, or late [`LATE`] times in a row is replaced;
//! - a call that met such a connection is tried once more on a new one (all calls may be repeated);
//! - one call dials, others that wait for it share its failure; who has a connection never waits.
//!
//! It must never hold a lock while a call runs.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::RedisResult;
use tokio::sync::Mutex;

use super::conn::{Conn, Dialer};
use super::errors::{Cure, judge};
use crate::store::{Result, StoreError};

/// Longest a call can take, a dial and the second try included.
const CALL: Duration = Duration::from_secs(4);

/// So many calls in a row without an answer in time replace the connection: one can be a slow
/// server, and replacing its connection would only add to its load.
const LATE: u32 = 3;

/// What happened on the links of a store since its start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) calls: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) dials: AtomicU64,
    pub(super) replaced: AtomicU64,
    pub(super) unreplicated: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection in use.
struct Live {
    conn: Conn,
    /// Calls in a row that had no answer in time.
    late: AtomicU32,
}

/// One connection and what replaces it.
pub(super) struct Link {
    dialer: Dialer,
    live: ArcSwapOption<Live>,
    dialing: Mutex<()>,
    /// Dials that have failed: tells who waited for one that it failed.
    failed_dials: AtomicU64,
    counters: Arc<Counters>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("dialer", &self.dialer)
            .field("connected", &self.live.load().is_some())
            .finish_non_exhaustive()
    }
}

impl Link {
    /// A link that dials at its first call.
    pub(super) fn new(dialer: Dialer, counters: Arc<Counters>) -> Self {
        Self {
            dialer,
            live: ArcSwapOption::empty(),
            dialing: Mutex::new(()),
            failed_dials: AtomicU64::new(0),
            counters,
        }
    }

    /// Does `act` over the connection, at most twice.
    pub(super) async fn call<T, F, R>(&self, act: F) -> Result<T>
    where
        F: Fn(Conn) -> R + Send + Sync,
        R: Future<Output = RedisResult<T>> + Send,
        T: Send,
    {
        Counters::add(&self.counters.calls);
        let answer = match tokio::time::timeout(CALL, self.attempts(&act)).await {
            Ok(answer) => answer,
            Err(late) => {
                if let Some(live) = self.live.load_full() {
                    self.count_late(&live);
                }
                Err(StoreError::Away(late.into()))
            }
        };
        if answer.is_err() {
            Counters::add(&self.counters.failures);
        }
        answer
    }

    async fn attempts<T, F, R>(&self, act: &F) -> Result<T>
    where
        F: Fn(Conn) -> R + Send + Sync,
        R: Future<Output = RedisResult<T>> + Send,
        T: Send,
    {
        match self.attempt(act).await {
            Err((first, Cure::Replace)) => {
                let again = self.attempt(act).await;
                again.map_err(|(second, _)| StoreError::of_both(first, second))
            }
            answer => answer.map_err(|(error, _)| error),
        }
    }

    async fn attempt<T, F, R>(&self, act: &F) -> Result<T, (StoreError, Cure)>
    where
        F: Fn(Conn) -> R + Send + Sync,
        R: Future<Output = RedisResult<T>> + Send,
        T: Send,
    {
        let live = self.live().await.map_err(|error| (error, Cure::Keep))?;
        let answer = act(live.conn.clone()).await.map_err(judge);
        match &answer {
            Err((_, Cure::Count)) => self.count_late(&live),
            Err((_, Cure::Replace)) => self.replace(&live),
            // An answer, if only a refusal: the link is alive.
            Ok(_) | Err((_, Cure::Keep)) => live.late.store(0, Ordering::Relaxed),
        }
        answer
    }

    /// Takes the connection out of use: its server may not be the right one any more.
    pub(super) fn dial_again(&self) {
        if let Some(live) = self.live.load_full() {
            self.replace(&live);
        }
    }

    /// The connection in use, or a new one.
    async fn live(&self) -> Result<Arc<Live>> {
        let failed_before = self.failed_dials.load(Ordering::Acquire);
        if let Some(live) = self.live.load_full() {
            return Ok(live);
        }
        let _only_one = self.dialing.lock().await;
        if let Some(live) = self.live.load_full() {
            return Ok(live);
        }
        if self.failed_dials.load(Ordering::Acquire) != failed_before {
            let why = "the dial that this call waited for failed";
            return Err(StoreError::Away(anyhow::anyhow!(why)));
        }
        Counters::add(&self.counters.dials);
        match self.dialer.dial().await {
            Ok(conn) => {
                let late = AtomicU32::new(0);
                let live = Arc::new(Live { conn, late });
                self.live.store(Some(Arc::clone(&live)));
                Ok(live)
            }
            Err(error) => {
                self.failed_dials.fetch_add(1, Ordering::Release);
                Err(judge(error).0)
            }
        }
    }

    fn count_late(&self, live: &Arc<Live>) {
        Counters::add(&self.counters.late);
        if live.late.fetch_add(1, Ordering::Relaxed).saturating_add(1) >= LATE {
            self.replace(live);
        }
    }

    /// Takes a connection out of use, unless another call already did.
    fn replace(&self, live: &Arc<Live>) {
        let none: Option<Arc<Live>> = None;
        let before = self.live.compare_and_swap(live, none);
        if before
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, live))
        {
            Counters::add(&self.counters.replaced);
        }
    }
}
