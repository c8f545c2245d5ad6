//! Where documents, alarms and events are kept: the contract, and the products behind it.
//!
//! A store knows nothing of requests: it keeps opaque documents under ids, one alarm per [`Lane`],
//! and an append-only list of events, and commits the three in one atomic step. Beside them it keeps
//! one chain of records made of those events: [`Ledger`]. It must never read a clock other than its
//! own, and never touch Slack or the cluster.
//!
//! Times are kept in whole milliseconds: alarms are rounded up, so that none is handed out early.

mod check;
mod error;
mod lane;
mod ledger;
pub mod memory;
mod observed;
pub mod redis;
pub mod sqlite;
mod step;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::id::{RequestId, Shard};
use crate::units::{Seconds, Time};

pub use self::error::{Result, StoreError};
pub use self::ledger::{
    Append, Appended, Head, Ledger, MAX_APPEND, MAX_READ, MAX_RECORDS, Progress, Tail,
};
pub use self::observed::Observed;
pub use crate::lane::{Alarms, Lane};
pub use crate::retry::Retry;

/// Counts the commits of one document, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// Names one commit: 32 random hex digits, drawn by the caller. A failover can bring a revision
/// back with other contents, so a document's version is *(revision, commit id)*.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub String);

/// The version of a document that a commit builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// How many commits the document has had.
    pub revision: Revision,
    /// The last of them.
    pub commit: CommitId,
}

/// Whether a document still lives: the store keeps an index of the open ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Not final: must have at least one alarm, or be rebuilt.
    Open,
    /// Final. The document stays readable.
    Finished,
}

impl Standing {
    /// The word that stores keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Finished => "finished",
        }
    }

    /// The standing of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Open, Self::Finished]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// Proof that a lane's lease is held; given only by [`Store::claim`]. Never reused, so a worker that
/// lost its lease can be refused for ever after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub u64);

/// What a worker may do while it holds a lease: the claim whose token fences its commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The request whose alarm was due.
    pub id: RequestId,
    /// The lane that was claimed.
    pub lane: Lane,
    /// The fence for every later act under this claim.
    pub token: Token,
    /// How often the lane was claimed since the last commit under one of its claims, this time
    /// included. It counts at the claim, so that work which kills the process is counted too.
    pub attempt: u32,
    /// When the alarm was due; for a lane taken over from a lost worker, when that lease ended.
    pub due: Time,
}

/// One atomic step: the document's next contents, its alarms and the events that tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Which document.
    pub id: RequestId,
    /// The version this step builds on; `None` creates the document and fails if it exists.
    pub expected: Option<Version>,
    /// Names this step. The same id again answers [`Committed::AlreadyApplied`].
    pub commit: CommitId,
    /// The document, JSON. At most [`MAX_BODY`] bytes.
    pub body: String,
    /// Whether the document still lives after this step.
    pub standing: Standing,
    /// Who asked, an opaque key for [`Store::of_owner`] (`U0DANA`, `ci/deployer`). Taken at the
    /// creation and not changed afterwards. At most [`MAX_KEY`] bytes.
    pub owner: String,
    /// Replaces all alarms of the document. A lane that another worker holds stays with that worker
    /// until its lease ends: the alarm waits. The holder's own commit overrides it (it was decided on
    /// a newer document), its release keeps the earlier of the two, and a lost lease makes the lane
    /// due at once, whatever the alarm.
    pub alarms: Alarms,
    /// Events to append, JSON, in order. The store numbers them from 1 without gaps. At most
    /// [`MAX_EVENTS`], together at most [`MAX_BODY`] bytes.
    pub events: Vec<String>,
    /// The claim under which this is done: refused with [`Committed::Fenced`] when its lease is no
    /// longer held; on success the lease ends and the lane's alarm is the one in `alarms`.
    pub claim: Option<(Lane, Token)>,
    /// On creation: the delivery that caused it (event id, trigger id, idempotency key). The mark is
    /// set by the same step; a second creation under the same mark answers
    /// [`Committed::Duplicate`]. Its shard must be the id's ([`Shard::of_key`]).
    pub seen: Option<String>,
    /// Whether this step only lets go (expiry, withdrawal): such commits are let through when the
    /// store is full, because nothing may stay open for want of memory.
    pub closing: bool,
    /// Whether this step must survive a failover: what somebody asked or decided, and everything that
    /// precedes an effect. Where the store has replicas it is acknowledged only when one of them has it,
    /// else answered with [`StoreError::Unreplicated`]. What only lets go does not wait: nothing may stay
    /// open for want of a replica.
    pub lasting: bool,
}

/// The answer to a commit. Where several would be true, the first after [`Committed::Applied`] in
/// this order is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// Done; the document now has this revision.
    Applied(Revision),
    /// This very step (same commit id) had been done before and made this revision; nothing was
    /// changed again. Known for the last [`PAST`] commits of a document.
    AlreadyApplied(Revision),
    /// The lease named by `claim` is not held any more: somebody else works on this lane. Stop.
    Fenced,
    /// The delivery named by `seen` already created this request.
    Duplicate(RequestId),
    /// The document has moved on (or exists, for a creation; or is gone): load and decide again.
    Conflict,
}

/// A document as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: RequestId,
    /// Its version, to be given back as [`Commit::expected`].
    pub version: Version,
    /// The commits that came before it, newest first: at most [`PAST`] - 1. Whoever remembers another one at
    /// its place knows that the store went back and went on from there.
    pub past: Vec<CommitId>,
    /// The document, JSON.
    pub body: String,
    /// Whether it lives.
    pub standing: Standing,
}

/// How many alarms of each lane a worker can take now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// For lane [`Lane::Gate`].
    pub gate: usize,
    /// For lane [`Lane::Card`].
    pub card: usize,
    /// How long the worker may hold what it gets before another may claim it.
    pub lease: Seconds,
}

impl Wants {
    /// The number for one lane.
    pub const fn of(&self, lane: Lane) -> usize {
        match lane {
            Lane::Gate => self.gate,
            Lane::Card => self.card,
        }
    }
}

/// The answer to a claim call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The store's own clock when it answered.
    pub now: Time,
    /// What was claimed, earliest due first within each lane.
    pub claims: Vec<Claim>,
    /// When the shard's next alarm (or lease end) after these is due, in the past if more is due than
    /// was wanted; `None`: nothing is set. Lanes of which nothing was wanted are left out: who gets
    /// room there claims again anyway.
    pub next_due: Option<Time>,
}

/// Largest document, in bytes. A request is about 4 kB; a larger one is a fault, not a need.
pub const MAX_BODY: usize = 256 * 1024;

/// Most alarms one claim call hands out per lane: scripts stay short (facts: ≤ 100 jobs a call).
pub const MAX_CLAIMS: usize = 100;

/// Most events of one commit; a step tells of a handful.
pub const MAX_EVENTS: usize = 100;

/// Longest owner or `seen` key, in bytes: both become key names.
pub const MAX_KEY: usize = 512;

/// Most ids that [`Store::of_owner`] gives; stores that trim the index keep at least these.
pub const MAX_OF_OWNER: usize = 1_000;

/// How many commit ids a document remembers: a replay arrives within a few commits of its original.
pub const PAST: usize = 8;

/// How long a delivery's `seen` mark is kept. Slack repeats for five minutes, then nothing later
/// than two hours except by an option we do not ask for.
pub const SEEN_FOR: Seconds = Seconds::hours(24);

/// The one port behind which products are exchangeable.
///
/// # Guarantees
/// - **Atomic**: a commit's document, alarms, events, index entries and `seen` mark are all written
///   or none is; with events also the mark that they wait for the ledger ([`Ledger::unrecorded`]).
/// - **Compare-and-swap** on *(revision, commit id)*; a replayed commit answers `AlreadyApplied`.
/// - **Claims**: an alarm is never handed out twice within a lease; when a lease ends unreleased the
///   alarm is handed out again with a new token, and the old token is refused ([`Committed::Fenced`])
///   by every call from the lease's end on, claimed again or not. Earliest due first. Tokens grow and
///   are at least the clock's microseconds, so that no old one comes back with a restored backup.
/// - **Durable**: what was acknowledged survives a restart of the store (the memory store excepted;
///   Redis within its configured persistence).
/// - **Lasting**: where the store has replicas, what was acknowledged of [`Commit::lasting`] is had by at
///   least one of them, and so is all that was written before it on the same server. A store without
///   replicas acknowledges at once: the memory store, SQLite, a single Redis.
/// - **Own clock**: due times and leases are judged by the store's clock only.
///
/// # Caveats
/// A store can go back: a failover to a copy without the last writes, a restored backup, an
/// append-only file that lost its last second. Then documents, events and marks are what they were, and
/// their revisions and numbers are used again for other contents; commit ids never are.
///
/// # Assumptions
/// Commit ids are unique per step. Documents are at most [`MAX_BODY`] bytes.
///
/// # Retries
/// Every call is safe to repeat: reads always, `commit` with the same commit id, `claim` because an
/// unused lease only delays. Implementations bound every call with an outer time-out.
///
/// # Errors
/// [`StoreError`]; each says by [`StoreError::retry`] whether another try makes sense.
#[async_trait]
pub trait Store: Ledger + Send + Sync + fmt::Debug {
    /// Does one atomic step.
    async fn commit(&self, step: Commit) -> Result<Committed>;

    /// The document as it stands, or `None`.
    async fn load(&self, id: &RequestId) -> Result<Option<Record>>;

    /// Hands out due alarms of one shard, all lanes in one call.
    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims>;

    /// Whether all shards are at home on one server, so that [`Store::claim_each`] is one call. Where they are not,
    /// each is claimed by itself: one that is away must not keep the others waiting.
    fn together(&self) -> bool {
        false
    }

    /// As [`Store::claim`] for several shards: an answer for each, in the same order.
    async fn claim_each(&self, wants: &[(Shard, Wants)]) -> Vec<Result<Claims>> {
        let claims = wants
            .iter()
            .map(|(shard, wants)| self.claim(*shard, *wants));
        futures::future::join_all(claims).await
    }

    /// Lengthens a held lease from now; `false`: it is lost, stop before the next effect.
    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool>;

    /// As [`Store::renew`], answered only when a replica has it and so all that was written on that server
    /// before it, where there are replicas: a lane shows nothing that a failover could still take back.
    ///
    /// # Errors
    /// [`StoreError::Unreplicated`]: no replica had it in time; the lease is lengthened all the same.
    async fn renew_lasting(&self, claim: &Claim, lease: Seconds) -> Result<bool>;

    /// Gives a claim back without a commit and sets the lane's alarm to `again_at`, or earlier if a
    /// commit or [`Store::wake`] asked for that meanwhile; `false`: lost. An alarm that should not
    /// ring again is ended by a commit. An alarm without document (lost data) is dropped here.
    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool>;

    /// Moves a lane's alarm to now if it is later or missing (an open document only); a lane held by
    /// a worker looks again right after. No commit undoes this before the lane is claimed, unless it
    /// finishes the document. Used when the outside tells that something changed.
    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()>;

    /// The request that a delivery created, if its mark is still kept.
    async fn seen(&self, key: &str) -> Result<Option<RequestId>>;

    /// Ids of open documents of a shard, ordered by id, after `after`, at most `limit`.
    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>>;

    /// The newest documents of one owner, newest first, at most `limit` and
    /// [`MAX_OF_OWNER`], open and finished.
    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>>;

    /// Events of a document after number `after` (0: from the start), in order, with their numbers.
    /// An unknown document has none.
    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>>;

    /// Sets alarms that an open document should have and does not (a lost key, a restored backup);
    /// present alarms and leases stay as they are. Returns how many were set: none for a document
    /// that is finished or unknown.
    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize>;

    /// Answers when the store can serve commits: reachable, writable, not full.
    async fn ping(&self) -> Result<()>;
}
