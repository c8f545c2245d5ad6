//! The task of one sink: reads what it does not have, and offers it until it is taken.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio_util::sync::CancellationToken;

use super::batch::MAX_RECORDS;
use super::{Batch, Sink, Trouble};
use crate::audit::Head;
use crate::entropy::Entropy;
use crate::ledger::name;
use crate::metrics::{Metrics, Name};
use crate::store::Store;
use crate::units::Time;

/// Pause between two looks for new records.
const POLL: Duration = Duration::from_secs(1);

/// First pause after a failure; it doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);

/// Longest pause between two offers, and the usual one after a refusal.
const LONGEST: Duration = Duration::from_secs(300);

/// Delivers to one sink.
#[derive(Debug)]
pub struct Delivery {
    store: Arc<dyn Store>,
    entropy: Arc<Entropy>,
    sink: Box<dyn Sink>,
    name: Name,
    metrics: Arc<Metrics>,
    /// How many records the sink lacks, as of the last look.
    behind: u64,
    chain: Option<String>,
    /// The last record that the sink has; the hash is empty where only the number is known. `None`: it
    /// has to be asked (again).
    at: Option<Head>,
    /// Most records of the next batch: fewer after one was too large.
    most: usize,
    failures: u32,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The sink has everything.
    Idle,
    /// It took something: there may be more.
    Went,
}

impl Delivery {
    /// Delivers what the store's ledger holds to the sink of this name.
    pub fn new(
        name: &str,
        sink: Box<dyn Sink>,
        store: Arc<dyn Store>,
        entropy: Arc<Entropy>,
    ) -> Self {
        Self {
            store,
            entropy,
            sink,
            name: Name::configured(name),
            metrics: Arc::default(),
            behind: 0,
            chain: None,
            at: None,
            most: MAX_RECORDS,
            failures: 0,
        }
    }

    /// Tells these metrics how far the sink is behind, and how often it does not take what it is offered.
    #[must_use]
    pub fn observed(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Delivers until told to stop. An offer under way is given up then: it comes again.
    pub async fn run(mut self, stop: CancellationToken) {
        let working = async {
            loop {
                let pause = self.turn().await;
                tokio::time::sleep(pause).await;
            }
        };
        stop.run_until_cancelled(working).await;
    }

    /// One step, its trouble told in the log, and the pause to make after it.
    pub async fn turn(&mut self) -> Duration {
        let draw = 0.75 + 0.5 * self.entropy.lull();
        match self.step().await {
            Ok(Step::Went) => {
                self.recovered();
                Duration::ZERO
            }
            Ok(Step::Idle) => {
                self.recovered();
                // Different from replica to replica: mostly one is first, and the others see its note.
                POLL.mul_f64(draw)
            }
            Err(Trouble::TooLarge) if self.most > 1 => {
                self.most /= 2;
                Duration::ZERO
            }
            Err(trouble) => self.failed(trouble).mul_f64(draw),
        }
    }

    fn recovered(&mut self) {
        if self.failures > 0 {
            tracing::info!(
                sink = self.name.as_str(),
                "the sink of the ledger takes records again"
            );
        }
        self.failures = 0;
    }

    /// Tells of a failure, seldom when it lasts, and gives the pause after it.
    fn failed(&mut self, trouble: Trouble) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.at = None;
        self.metrics.sink_failed(&self.name);
        let (sink, failures, behind) = (self.name.as_str(), self.failures, self.behind);
        let doubled = FIRST
            .saturating_mul(1 << failures.saturating_sub(1).min(16))
            .min(LONGEST);
        match trouble {
            Trouble::Later(error, pause) => {
                if failures.is_power_of_two() {
                    let error = format!("{error:#}");
                    tracing::warn!(
                        sink,
                        error,
                        failures,
                        behind,
                        "the sink of the ledger is away"
                    );
                }
                pause.map_or(doubled, |pause| pause.clamp(doubled.min(FIRST), LONGEST))
            }
            Trouble::Refused(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    sink,
                    error,
                    behind,
                    "the sink of the ledger refuses records: nothing is skipped, somebody must look"
                );
                LONGEST
            }
            Trouble::TooLarge => {
                tracing::error!(
                    sink,
                    behind,
                    "the sink of the ledger refuses a single record as too large"
                );
                LONGEST
            }
        }
    }

    /// Offers one batch.
    ///
    /// # Errors
    /// The sink did not take it, or the store could not be asked.
    pub async fn step(&mut self) -> Result<Step, Trouble> {
        let at = match self.place().await {
            Ok(at) => at,
            Err(trouble) => {
                self.survey().await;
                return Err(trouble);
            }
        };
        let newest = self
            .store
            .head()
            .await
            .context("asking for the ledger's head");
        let newest = newest.map_err(away)?.head.map_or(0, |head| head.seq);
        if at.seq > newest {
            let why = anyhow!(
                "it has record {}, the ledger ends with {newest}: another ledger, or a restored one",
                at.seq
            );
            return Err(Trouble::Refused(why));
        }
        let lines = self.store.records(at.seq, MAX_RECORDS).await;
        let lines = lines.context("reading the ledger").map_err(away)?;
        let chain = self.chain().await?;
        let batch = Batch::of(&chain, lines, self.most).map_err(Trouble::Refused)?;
        let since = batch.as_ref().and_then(|batch| batch.at);
        self.note(newest.saturating_sub(at.seq), since);
        let Some(batch) = batch else {
            self.at = Some(at);
            return Ok(Step::Idle);
        };
        self.follows(&at, &batch)?;
        self.sink.take(&batch).await?;
        let last = batch.last();
        let left = newest.saturating_sub(last.seq);
        // Since when those wait the next step tells, which comes at once.
        self.note(left, since.filter(|_| left > 0));
        self.at = Some(last.clone());
        let noted = self.store.set_cursor(self.name.as_str(), last.seq).await;
        noted.context("noting how far the sink is").map_err(away)?;
        self.most = self.most.saturating_mul(2).min(MAX_RECORDS);
        Ok(Step::Went)
    }

    fn note(&mut self, behind: u64, since: Option<Time>) {
        self.behind = behind;
        self.metrics.sink_behind(&self.name, behind, since);
    }

    /// Tells how far the sink is behind that does not say so itself: by the store's note, if it answers.
    async fn survey(&mut self) {
        let looked = async {
            let noted = self.store.cursor(self.name.as_str()).await?;
            let newest = self.store.head().await?.head.map_or(0, |head| head.seq);
            let next = self.store.records(noted, 1).await?;
            Ok::<_, anyhow::Error>((newest.saturating_sub(noted), Batch::of("", next, 1)?))
        };
        if let Ok((behind, next)) = looked.await {
            self.note(behind, next.and_then(|batch| batch.at));
        }
    }

    /// Where the sink is: by its own word, else by the store's note, which another replica may have moved.
    /// A file that is empty (new, or the old one was moved away) goes on from the note too.
    async fn place(&mut self) -> Result<Head, Trouble> {
        if self.sink.keeps_place() {
            if let Some(at) = &self.at {
                return Ok(at.clone());
            }
            if let Some(end) = self.sink.end().await? {
                if !self.sink.compares() {
                    return Ok(end);
                }
                let seq = noted(&*self.store, &self.name).await?;
                let hash = String::new();
                return Ok(if seq < end.seq {
                    Head { seq, hash }
                } else {
                    end
                });
            }
        }
        let seq = noted(&*self.store, &self.name).await?;
        let hash = String::new();
        let known = self.at.clone().filter(|at| at.seq >= seq);
        Ok(known.unwrap_or(Head { seq, hash }))
    }

    /// Whether the batch goes on where the sink is.
    fn follows(&self, at: &Head, batch: &Batch) -> Result<(), Trouble> {
        let next = at.seq.saturating_add(1);
        if batch.first() > next && at.seq > 0 {
            let (sink, first) = (self.name.as_str(), batch.first());
            tracing::error!(
                sink,
                next,
                first,
                "records of the ledger are gone before this sink had them"
            );
        }
        if batch.first() != next || at.hash.is_empty() || at.hash == batch.prev {
            return Ok(());
        }
        let why = anyhow!("it ends with record {} of another ledger", at.seq);
        Err(Trouble::Refused(why))
    }

    async fn chain(&mut self) -> Result<String, Trouble> {
        if let Some(chain) = &self.chain {
            return Ok(chain.clone());
        }
        let chain = name::of(&*self.store)
            .await
            .map_err(away)?
            .unwrap_or_default();
        self.chain = Some(chain.clone()).filter(|chain| !chain.is_empty());
        Ok(chain)
    }
}

async fn noted(store: &dyn Store, sink: &Name) -> Result<u64, Trouble> {
    let noted = store.cursor(sink.as_str()).await;
    noted.context("reading how far the sink is").map_err(away)
}

fn away(error: anyhow::Error) -> Trouble {
    Trouble::Later(error, None)
}
