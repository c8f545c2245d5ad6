//! The store, typed: documents in, decisions made, documents out.
//!
//! Every change goes through [`Book::change`]: load, decide, commit, and again on a conflict. Nothing
//! that was not committed here reaches Slack or the cluster.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::observe::Observer;
use crate::entropy::Entropy;
use crate::id::{RequestId, Shard};
use crate::request::{Outcome, Request, State, alarms};
use crate::store::{
    Alarms, Claim, Commit, CommitId, Committed, Lane, Retry, Standing, Store, StoreError, Token,
    Version,
};

/// How often a decision is made again after a conflict. Conflicts need two people or lanes at one
/// request in the same milliseconds; twenty in a row would be a fault.
pub(super) const CONFLICT_RETRIES: usize = 20;

/// How often a new id is drawn when it is taken: with 28 million ids a shard, twice is already rare.
pub(super) const ID_DRAWS: usize = 8;

/// Typed access to the store.
#[derive(Debug, Clone)]
pub struct Book {
    store: Arc<dyn Store>,
    entropy: Arc<Entropy>,
    committed: Arc<Notify>,
    told: Arc<Notify>,
    changes: watch::Sender<u64>,
    observer: Option<Observer>,
}

/// A request and the version it was read at.
#[derive(Debug, Clone)]
pub struct Page {
    /// The document.
    pub request: Request,
    version: Version,
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed<R> {
    /// Committed; the document as it is now.
    Done(Box<Request>),
    /// The decision was no.
    Refused(R),
    /// The lease is lost: somebody else works on this lane.
    Fenced,
    /// There is no such request.
    Missing,
}

/// Why the book could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store did not answer a commit: it may have been done. Loading the document tells.
    #[error("request `{id}` may or may not have been changed")]
    Uncertain {
        /// Which.
        id: RequestId,
        /// Why there was no answer.
        #[source]
        source: StoreError,
    },
    /// A document cannot be read: written by a later version, or damaged.
    #[error("request `{id}` cannot be read")]
    Unreadable {
        /// Which.
        id: RequestId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A document cannot be written.
    #[error("request cannot be written")]
    Unwritable(#[source] serde_json::Error),
    /// Conflicts without end.
    #[error("request `{0}` changes too fast")]
    Contended(RequestId),
}

/// What became of a creation.
#[derive(Debug)]
pub enum Created {
    /// Committed.
    New(Box<Request>),
    /// The same delivery had created this request before.
    Before(RequestId),
}

/// The key under which a request is listed. What was refused at once is listed apart: a hundred hopeless
/// asks must not push what is open, or what was approved today, out of the newest hundred.
fn owner_key(request: &Request) -> String {
    let by = request.asked.owner();
    match request.state {
        State::Refused { .. } => refused_key(&by),
        _ => by,
    }
}

/// The key of what was refused to somebody at once. No person's id has a `:`, and no service is of a cluster
/// with two.
pub(super) fn refused_key(by: &str) -> String {
    format!("refused:{by}")
}

impl BookError {
    /// The request that may have been changed though this failed.
    pub const fn touched(&self) -> Option<&RequestId> {
        match self {
            Self::Uncertain { id, .. } => Some(id),
            _ => None,
        }
    }
}

impl Book {
    /// A book over a store.
    pub fn new(store: Arc<dyn Store>, entropy: Arc<Entropy>) -> Self {
        Self {
            store,
            entropy,
            committed: Arc::default(),
            told: Arc::default(),
            changes: watch::Sender::default(),
            observer: None,
        }
    }

    /// The same, with everything that is committed told to this observer.
    #[must_use]
    pub fn observed(self, observer: Observer) -> Self {
        let observer = Some(observer);
        Self { observer, ..self }
    }

    fn tell(&self, before: Option<&Request>, outcome: &Outcome) {
        if let Some(observer) = &self.observer {
            observer.committed(before, outcome);
        }
    }

    /// The store underneath.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Notified by every commit of this process, so that its workers look at once.
    pub fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }

    /// Notified by every commit of this process that has events, so that its ledger looks at once.
    pub fn told(&self) -> Arc<Notify> {
        Arc::clone(&self.told)
    }

    /// Counts the commits of this process, for whoever waits for one of them.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Reads a request.
    pub async fn load(&self, id: &RequestId) -> Result<Option<Page>, BookError> {
        let Some(record) = self.store.load(id).await? else {
            return Ok(None);
        };
        // A note has an id like a request's, and is none.
        if super::shelf::is_note(&record.body) {
            return Ok(None);
        }
        let request =
            serde_json::from_str(&record.body).map_err(|source| BookError::Unreadable {
                id: id.clone(),
                source,
            })?;
        Ok(Some(Page {
            request,
            version: record.version,
        }))
    }

    /// Creates a request under the mark of the delivery that caused it: the same delivery again
    /// finds the first one's request. Called by [`ask::commit`](super::ask::commit) alone, which keeps
    /// the text of the rule that governs it first.
    pub(super) async fn create_kept(
        &self,
        delivery: &str,
        make: impl Fn(RequestId) -> Outcome + Send,
    ) -> Result<Created, BookError> {
        let shard = Shard::of_key(delivery);
        for _ in 0..ID_DRAWS {
            let outcome = make(self.entropy.request_id(shard));
            let mut commit = self.step(&outcome, None, None)?;
            commit.seen = Some(delivery.to_owned());
            let id = commit.id.clone();
            match self.commit(commit).await? {
                Committed::Applied(_) | Committed::AlreadyApplied(_) => {
                    self.tell(None, &outcome);
                    return Ok(Created::New(Box::new(outcome.request)));
                }
                Committed::Duplicate(first) => return Ok(Created::Before(first)),
                Committed::Conflict | Committed::Fenced => {
                    tracing::debug!(%id, "id is taken, drawing again");
                }
            }
        }
        Err(StoreError::Misuse("no free request id was drawn".to_owned()).into())
    }

    /// Loads, decides and commits; decides again when somebody else was faster.
    ///
    /// With a claim the commit is fenced by it and ends it.
    pub async fn change<R: Send>(
        &self,
        id: &RequestId,
        claim: Option<&Claim>,
        decide: impl Fn(&Request) -> Result<Outcome, R> + Send,
    ) -> Result<Changed<R>, BookError> {
        for _ in 0..CONFLICT_RETRIES {
            let Some(page) = self.load(id).await? else {
                return Ok(Changed::Missing);
            };
            let outcome = match decide(&page.request) {
                Ok(outcome) => outcome,
                Err(refusal) => return Ok(Changed::Refused(refusal)),
            };
            let claim = claim.map(|claim| (claim.lane, claim.token));
            match self
                .commit(self.step(&outcome, Some(page.version), claim)?)
                .await?
            {
                Committed::Applied(_) | Committed::AlreadyApplied(_) => {
                    self.tell(Some(&page.request), &outcome);
                    return Ok(Changed::Done(Box::new(outcome.request)));
                }
                Committed::Fenced => return Ok(Changed::Fenced),
                Committed::Conflict | Committed::Duplicate(_) => {}
            }
        }
        Err(BookError::Contended(id.clone()))
    }

    pub(super) fn draw_id(&self, shard: Shard) -> RequestId {
        self.entropy.request_id(shard)
    }

    pub(super) fn draw_note_id(&self, shard: Shard) -> RequestId {
        self.entropy.note_id(shard)
    }

    pub(super) fn draw_commit(&self) -> CommitId {
        self.entropy.commit_id()
    }

    fn step(
        &self,
        outcome: &Outcome,
        expected: Option<Version>,
        claim: Option<(Lane, Token)>,
    ) -> Result<Commit, BookError> {
        let request = &outcome.request;
        let body = serde_json::to_string(request).map_err(BookError::Unwritable)?;
        let events: Result<Vec<String>, _> =
            outcome.events.iter().map(serde_json::to_string).collect();
        let over = request.state.is_final();
        let alarms = alarms(request);
        // A final request stays in the open index until its last words are posted, so that a lost
        // alarm is found there.
        let finished = over && alarms == Alarms::default();
        Ok(Commit {
            id: request.id.clone(),
            expected,
            commit: self.entropy.commit_id(),
            body,
            standing: if finished {
                Standing::Finished
            } else {
                Standing::Open
            },
            owner: owner_key(request),
            alarms,
            events: events.map_err(BookError::Unwritable)?,
            claim,
            seen: None,
            closing: over || matches!(request.state, State::Ending { .. }),
        })
    }

    /// Commits; a lost answer is asked for once more under the same commit id, which is safe.
    pub(super) async fn commit(&self, step: Commit) -> Result<Committed, BookError> {
        let id = step.id.clone();
        let tells = !step.events.is_empty();
        let answer = match self.store.commit(step.clone()).await {
            Err(error) if error.retry() == Retry::Later => {
                tracing::debug!(%error, id = %step.id, "commit is repeated");
                self.store.commit(step).await
            }
            answer => answer,
        };
        self.committed.notify_one();
        if tells {
            self.told.notify_one();
        }
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
        answer.map_err(|error| match error {
            StoreError::Away(_) => BookError::Uncertain { id, source: error },
            clean => clean.into(),
        })
    }
}
