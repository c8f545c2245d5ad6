//! The appender: one task per process takes what waits and appends it to the one chain.
//!
//! # Guarantees
//! - Every event of every document is in the chain once, in the document's order, whatever crashes and
//!   however many processes append. INVARIANT (head first): the head is read before what is recorded, so
//!   that whatever somebody else appends in between is caught by the compare-and-swap on the head.
//! - Events of one append are ordered by their time across documents.
//! - An event is in the chain within a poll of its commit, at once if this process made it; later while
//!   the store is away or full.
//!
//! # Retries
//! An append without an answer may have been done: the next pass looks. After a failure it waits, at most
//! `LONGEST`; after losing to another process, a moment.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::{join_all, try_join_all};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::back::Newest;
use super::batch::{self, Unread};
use super::behind::Behind;
use super::mend::{Lately, mend};
use crate::app::{Book, Parts};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::id::{RequestId, Shard};
use crate::metrics::Metrics;
use crate::store::{Append, Appended, MAX_READ, Store, StoreError};
use crate::units::Time;

/// Documents of one pass.
const DOCUMENTS: usize = 100;

/// Polls of the workers to one of the ledger: a second while serving.
const POLLS: u32 = 4;

/// First pause after a failure; it doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);

/// Longest pause after a failure.
const LONGEST: Duration = Duration::from_secs(5);

/// Longest pause after another process was faster.
const OVERTAKEN: Duration = Duration::from_millis(100);

/// How often what was forgotten is looked for.
const MEND: Duration = Duration::from_secs(60);

/// How often the ledger's own words are linked anew after others were faster.
pub(super) const CONFLICTS: u32 = 50;

/// What a pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Nothing waits that could be recorded.
    Idle,
    /// Something was recorded: look again, there may be more.
    Went,
    /// Another process was faster.
    Overtaken,
}

/// Appends for one process.
#[derive(Debug, Clone)]
pub struct Appender {
    book: Book,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<Entropy>,
    poll: Duration,
    behind: Arc<Behind>,
    pub(super) lately: Arc<Lately>,
    pub(super) newest: Newest,
}

impl Appender {
    /// The appender of a bot.
    pub fn of(parts: &Parts) -> Self {
        let (clock, entropy) = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
        let mut appender = Self::new(parts.book.clone(), clock, entropy);
        appender.poll = parts.poll * POLLS;
        appender.observed(Arc::clone(&parts.metrics))
    }

    /// An appender over a book that looks every second.
    pub fn new(book: Book, clock: Arc<dyn Clock>, entropy: Arc<Entropy>) -> Self {
        Self {
            book,
            clock,
            entropy,
            poll: Duration::from_secs(1),
            behind: Arc::default(),
            lately: Arc::default(),
            newest: Newest::default(),
        }
    }

    /// Tells these metrics how far it is behind.
    #[must_use]
    pub fn observed(mut self, metrics: Arc<Metrics>) -> Self {
        self.behind = Arc::new(Behind::told_to(metrics));
        self
    }

    /// How far the ledger is behind, and how it fares.
    pub fn behind(&self) -> Arc<Behind> {
        Arc::clone(&self.behind)
    }

    /// Appends until told to stop. The pass under way is finished.
    pub async fn run(self, stop: CancellationToken) {
        let told = self.book.told();
        let mut failures = 0_u32;
        let mut mended = None;
        while !stop.is_cancelled() {
            let passed = self.round(&mut mended).await;
            failures = passed.as_ref().map_or(failures.saturating_add(1), |_| 0);
            let wait = match &passed {
                // Lets others run, also over a store that never waits.
                Ok(Pass::Went) => Duration::ZERO,
                Ok(Pass::Overtaken) => OVERTAKEN.mul_f64(self.entropy.lull()),
                Ok(Pass::Idle) => self.poll.mul_f64(0.75 + 0.5 * self.entropy.lull()),
                Err(_) => pause(failures).mul_f64(0.5 + 0.5 * self.entropy.lull()),
            };
            self.note(&passed, failures);
            let idle = failures == 0;
            tokio::select! {
                biased;
                // A commit is no reason to try again what has just failed.
                () = told.notified(), if idle => {}
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A pass; at first and then every minute it is also looked for what was forgotten.
    async fn round(&self, mended: &mut Option<Instant>) -> Result<Pass> {
        let passed = self.pass().await?;
        if mended.is_some_and(|at| at.elapsed() < MEND) {
            return Ok(passed);
        }
        let found = self.mend().await?;
        *mended = Some(Instant::now());
        Ok(if found > 0 { Pass::Went } else { passed })
    }

    fn note(&self, passed: &Result<Pass>, failures: u32) {
        match passed {
            Ok(Pass::Overtaken) => {}
            Ok(Pass::Idle | Pass::Went) => self.behind.went(self.clock.now()),
            Err(error) => {
                let kind = kind(error);
                let error = crate::app::causes_of(error);
                if failures.is_power_of_two() {
                    tracing::warn!(kind, error, failures, "the ledger could not go on");
                }
                self.behind.failed(kind);
            }
        }
    }

    /// Lets what was forgotten wait again, by a store that lost a key or its last second; how many
    /// documents that were.
    ///
    /// # Errors
    /// The store failed; what could be done was done.
    pub async fn mend(&self) -> Result<usize> {
        let right = self.set_right().await?;
        let mended = mend(&**self.store(), &self.lately).await;
        let mended = mended.context("looking for what was forgotten")?;
        Ok(right.saturating_add(mended))
    }

    /// Records all that waits now; stops at the first failure. For the end of a process: what is left is
    /// another one's, or the next one's.
    ///
    /// # Errors
    /// The store failed.
    pub async fn catch_up(&self) -> Result<()> {
        loop {
            match self.pass().await? {
                Pass::Idle => return Ok(()),
                Pass::Went => {}
                Pass::Overtaken => self.give_way().await,
            }
        }
    }

    /// Takes what waits longest, appends it, and lets it wait no more.
    ///
    /// # Errors
    /// The store failed. A shard that is away does not keep the others waiting.
    pub async fn pass(&self) -> Result<Pass> {
        let (waiting, away) = self.waiting().await;
        self.behind.waits(&waiting, away.is_none());
        let ids: Vec<RequestId> = waiting
            .into_iter()
            .take(DOCUMENTS)
            .map(|(id, _)| id)
            .collect();
        let passed = match ids.is_empty() {
            true => Pass::Idle,
            false => self.record(ids).await?,
        };
        match away {
            Some(error) if passed == Pass::Idle => Err(error),
            _ => Ok(passed),
        }
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        self.book.store()
    }

    /// What waits, longest first, and why it is not all.
    async fn waiting(&self) -> (Vec<(RequestId, Time)>, Option<anyhow::Error>) {
        let mut waiting = Vec::new();
        let mut away = None;
        let looks = Shard::all().map(|shard| self.store().unrecorded(shard, MAX_READ));
        for answer in join_all(looks).await {
            match answer {
                Ok(of_shard) => waiting.extend(of_shard),
                Err(error) => away = Some(error),
            }
        }
        waiting.sort_by(|(a, since), (b, then)| since.cmp(then).then_with(|| a.cmp(b)));
        let away = away.map(|error| anyhow::Error::from(error).context("looking what waits"));
        (waiting, away)
    }

    async fn record(&self, ids: Vec<RequestId>) -> Result<Pass> {
        let known = self.newest.get();
        let head = self.store().head().await?.head;
        if self.told_of_chain(known, head.as_ref()).await? {
            return Ok(Pass::Went);
        }
        self.newest.note(head.as_ref());
        let unread = self.unread(ids).await?;
        if let Some(Unread { id, .. }) = unread.iter().find(|unread| unread.lost) {
            self.record_again(id).await?;
            // The chain has moved on: what else waits is looked at anew.
            return Ok(Pass::Went);
        }
        let events = unread.iter().map(|unread| unread.events.len()).sum();
        self.behind.read(unread.len(), events);
        let since = head.as_ref().map_or(0, |head| head.seq);
        let step = batch::make(head, || self.begun(), &unread)?;
        let appended = step.is_some();
        let reached = reached(&unread, step.as_ref());
        if let Some(step) = step {
            let newest = step.head.clone();
            let answer = self.store().append(step).await.context("appending")?;
            if answer == Appended::Conflict {
                return Ok(Pass::Overtaken);
            }
            self.newest.note(Some(&newest));
        }
        for (unread, (id, to)) in unread.iter().zip(&reached) {
            self.lately.recorded(id, *to, &unread.events, since);
        }
        let settled = reached.iter().map(|(id, to)| self.store().settle(id, *to));
        let settled = try_join_all(settled).await?;
        let torn: Vec<&Unread> = unread.iter().filter(|unread| unread.is_torn()).collect();
        if let (false, false, [first, ..]) = (appended, settled.contains(&true), torn.as_slice()) {
            anyhow::bail!(
                "an event of `{}` after number {} is missing",
                first.id,
                first.from
            );
        }
        Ok(Pass::Went)
    }

    /// The events of each that are not recorded.
    async fn unread(&self, ids: Vec<RequestId>) -> Result<Vec<Unread>> {
        let recorded = self.store().recorded(&ids).await?;
        let reads = ids.into_iter().zip(recorded).map(|(id, from)| async move {
            let first = self.lately.first(&id);
            let look = first.map_or(from, |first| from.min(first.saturating_sub(1)));
            let mut events = self.store().events(&id, look).await?;
            let lost = self.lately.is_lost(&id, &events, from);
            events.retain(|(number, _)| *number > from);
            Ok(Unread {
                id,
                from,
                events,
                lost,
            })
        });
        try_join_all(reads).await
    }

    pub(super) async fn give_way(&self) {
        tokio::time::sleep(OVERTAKEN.mul_f64(self.entropy.lull())).await;
    }
}

/// How far each document is recorded with the step.
fn reached(unread: &[Unread], step: Option<&Append>) -> Vec<(RequestId, u64)> {
    let to = |unread: &Unread| {
        let mut steps = step.iter().flat_map(|step| &step.recorded);
        let progress = steps.find(|progress| progress.id == unread.id);
        progress.map_or(unread.from, |progress| progress.to)
    };
    unread.iter().map(|u| (u.id.clone(), to(u))).collect()
}

/// The store's word for it, else `broken`: what waits does not fit together.
fn kind(error: &anyhow::Error) -> &'static str {
    let of_store = error.downcast_ref::<StoreError>();
    of_store.map_or("broken", StoreError::class)
}

/// 0.25, 0.5, 1, 2, 4, then 5 s.
fn pause(failures: u32) -> Duration {
    FIRST
        .saturating_mul(1 << failures.saturating_sub(1).min(5))
        .min(LONGEST)
}
