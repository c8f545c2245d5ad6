//! The store, typed: documents in, decisions made, documents out.
//!
//! Every change goes through [`Book::change`]: load, decide, commit, and again on a conflict. Nothing
//! that was not committed here reaches Slack or the cluster. A document that is behind what this process
//! knows of it (`recall`) is set right before anybody gets to see it.

mod answer;
mod change;
mod error;
mod right;

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::observe::Observer;
use super::recall::Recall;
use super::together::Together;
use crate::clock::Ahead;
use crate::entropy::Entropy;
use crate::id::{RequestId, Shard};
use crate::request::{Outcome, Request, State, alarms};
use crate::store::{
    Alarms, Commit, CommitId, Committed, Lane, Retry, Standing, Store, StoreError, Token, Version,
};
use crate::written::{self, Rest};

pub use self::answer::{Changed, Created, Known};
pub use self::error::BookError;

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
    ahead: Arc<Ahead>,
    recall: Option<Arc<Recall>>,
    together: Arc<Together>,
}

/// A request and the version it was read at.
#[derive(Debug, Clone)]
pub struct Page {
    /// The document.
    pub request: Request,
    rest: Rest,
    version: Version,
    /// The commits before that version, as far as the store remembers them.
    past: Vec<CommitId>,
}

/// Whether a step to this state must survive a failover. What people and services ask and decide does, endings
/// included: they were told, and nothing waits for their answer but they. So does a lane's step, which precedes an
/// effect, unless it ends something: what was open closes without waiting.
const fn lasts(state: &State, under_claim: bool) -> bool {
    !(under_claim && (state.lets_go() || state.is_final()))
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
            ahead: Arc::default(),
            recall: None,
            together: Arc::default(),
        }
    }

    /// The same, which remembers what it read and made: a store that went back is noticed.
    #[must_use]
    pub fn remembering(self, recall: Arc<Recall>) -> Self {
        let recall = Some(recall);
        Self { recall, ..self }
    }

    /// The same, with everything that is committed told to this observer.
    #[must_use]
    pub fn observed(self, observer: Observer) -> Self {
        let observer = Some(observer);
        Self { observer, ..self }
    }

    /// Something was committed.
    fn tell(&self, before: Option<&Request>, outcome: &Outcome, version: &Version) {
        if let Some(recall) = &self.recall {
            recall.note(&outcome.request, version);
        }
        if let Some(observer) = &self.observer {
            observer.committed(before, outcome);
        }
    }

    /// The store underneath.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The lists that many requests enter at once.
    pub(super) fn together(&self) -> &Together {
        &self.together
    }

    /// How far the store's clock is ahead of ours.
    pub fn ahead(&self) -> &Ahead {
        &self.ahead
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

    /// Reads a request. One that the store took back to an earlier version is set right first.
    ///
    /// # Errors
    /// The store failed, or the document cannot be read.
    pub async fn load(&self, id: &RequestId) -> Result<Option<Page>, BookError> {
        self.load_right(id).await
    }

    /// The document as it stands in the store.
    async fn read(&self, id: &RequestId) -> Result<Option<Page>, BookError> {
        let Some(record) = self.store.load(id).await? else {
            return Ok(None);
        };
        // A note has an id like a request's, and is none.
        if written::look(&record.body).is_note {
            return Ok(None);
        }
        let read = written::read(&record.body).map_err(|why| BookError::unread(id, why))?;
        Ok(Some(Page {
            request: read.value,
            rest: read.rest,
            version: record.version,
            past: record.past,
        }))
    }

    /// Reads a request for a list or a count: one that only a later version reads, or that is damaged, must not
    /// keep all others from being shown, counted, decided or closed.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn load_if_known(&self, id: &RequestId) -> Result<Known, BookError> {
        match self.load(id).await {
            Ok(Some(page)) => Ok(Known::Request(Box::new(page.request))),
            Ok(None) => Ok(Known::Nothing),
            Err(error) if error.left_alone().is_some() => {
                tracing::warn!(%id, error = %super::causes(&error), "passed over");
                Ok(Known::LeftAlone)
            }
            Err(error) => Err(error),
        }
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
            let mut commit = self.step(&outcome, (None, &Rest::default()), None)?;
            commit.seen = Some(delivery.to_owned());
            let (id, name) = (commit.id.clone(), commit.commit.clone());
            match self.commit(commit).await? {
                Committed::Applied(revision) | Committed::AlreadyApplied(revision) => {
                    let version = Version {
                        revision,
                        commit: name,
                    };
                    self.tell(None, &outcome, &version);
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
        (expected, rest): (Option<Version>, &Rest),
        claim: Option<(Lane, Token)>,
    ) -> Result<Commit, BookError> {
        let request = &outcome.request;
        let body = written::write(request, rest).map_err(BookError::Unwritable)?;
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
            lasting: lasts(&request.state, claim.is_some()),
        })
    }

    /// Commits; a lost answer is asked for once more under the same commit id, which is safe.
    pub(super) async fn commit(&self, step: Commit) -> Result<Committed, BookError> {
        let id = step.id.clone();
        let tells = !step.events.is_empty();
        let answer = match self.store.commit(step.clone()).await {
            Err(first) if first.retry() == Retry::Later => {
                tracing::debug!(error = %first, id = %step.id, "commit is repeated");
                let again = self.store.commit(step).await;
                again.map_err(|second| StoreError::of_both(first, second))
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
            StoreError::Unreplicated => BookError::Uncopied { id },
            clean => clean.into(),
        })
    }
}
