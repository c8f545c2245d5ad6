//! Drops records that are old enough and kept elsewhere.
//!
//! # Guarantees
//! Dropped is only what is older than the time to keep, what every configured sink has, what a signed
//! head covers where heads are signed, and never the newest record. It is recorded first
//! ([`Fact::Trimmed`]), so that the ledger itself says what is gone; what follows builds on it, and can
//! be verified as before. Without any sink, what is dropped is gone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio_util::sync::CancellationToken;

use super::append::Appender;
use super::heads::{COVERED, begin};
use super::name;
use super::sinks::happened;
use crate::audit::{Fact, Head, Record};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::{Store, Tail};
use crate::units::Seconds;

/// Under this name the store notes the beginning of the last day on which the ledger was trimmed.
const TRIMMED: &str = ":trimmed";

/// Most records that are dropped at once: the store holds everybody up meanwhile.
const AT_ONCE: usize = 1000;

/// Pause between two looks; a failure waits as long.
const LOOK: Duration = Duration::from_secs(600);

/// Trims.
#[derive(Debug)]
pub struct Retention {
    /// Where the ledger is.
    pub store: Arc<dyn Store>,
    /// What records the trimming.
    pub appender: Appender,
    /// How long records are kept.
    pub keep: Seconds,
    /// The names of the sinks, all of which have to have what is dropped.
    pub sinks: Vec<String>,
    /// Whether heads are signed, so that one has to cover it.
    pub signed: bool,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<Entropy>,
}

impl Retention {
    /// Trims until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let working = async {
            loop {
                tokio::time::sleep(LOOK.mul_f64(0.5 + 0.5 * self.entropy.lull())).await;
                if let Err(error) = self.turn().await {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "the ledger was not trimmed");
                }
            }
        };
        stop.run_until_cancelled(working).await;
    }

    /// Trims if that was not done today (UTC) yet; how many records were dropped.
    ///
    /// # Errors
    /// The store failed; the next turn goes on.
    pub async fn turn(&self) -> Result<u64> {
        let today = begin(self.clock.now(), Seconds::hours(24));
        if self.store.cursor(TRIMMED).await? >= today {
            return Ok(0);
        }
        let mut dropped = 0_u64;
        loop {
            let tail = self.store.head().await?;
            let Some(upto) = self.reach(&tail).await? else {
                break;
            };
            let chain = name::of(&*self.store).await?;
            let Head { seq, hash } = upto.clone();
            self.appender
                .tell(Fact::Trimmed { seq, hash, chain })
                .await?;
            if !self.store.trim(&upto).await? {
                // Another replica was faster, or the store is not what it was: the next day tells.
                break;
            }
            let gone = upto.seq.saturating_sub(tail.first).saturating_add(1);
            dropped = dropped.saturating_add(gone);
        }
        if dropped > 0 {
            tracing::info!(dropped, "old records of the ledger were dropped");
        }
        self.store.set_cursor(TRIMMED, today).await?;
        Ok(dropped)
    }

    /// Up to where records may be dropped now, at most [`AT_ONCE`] of them.
    async fn reach(&self, tail: &Tail) -> Result<Option<Head>> {
        let bound = self.bound(tail).await?;
        let oldest = self.clock.now().checked_sub_signed(self.keep.delta());
        let Some(oldest) = oldest else {
            return Ok(None);
        };
        let lines = self
            .store
            .records(tail.first.saturating_sub(1), AT_ONCE)
            .await?;
        let mut reach = None;
        for line in lines {
            let record: Record = serde_json::from_str(&line).context("a record cannot be read")?;
            // One that does not say when it was is as old as the one before it.
            if record.seq > bound || happened(&record.event).is_some_and(|at| at >= oldest) {
                break;
            }
            reach = Some(record.head());
        }
        Ok(reach)
    }

    /// The last record that everybody else has.
    async fn bound(&self, tail: &Tail) -> Result<u64> {
        let newest = tail.head.as_ref().map_or(0, |head| head.seq);
        let mut bound = newest.saturating_sub(1);
        for sink in &self.sinks {
            bound = bound.min(self.store.cursor(sink).await?);
        }
        if self.signed {
            bound = bound.min(self.store.cursor(COVERED).await?);
        }
        Ok(bound)
    }
}
