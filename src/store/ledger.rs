//! The ledger's side of a store: which documents have events that are not recorded yet, and the one
//! chain of records.
//!
//! A record is opaque here, a line of text. Only the head is known, so that two who append at once
//! cannot both go on from the same place.

use async_trait::async_trait;

use super::check::{misuse, within};
use super::{MAX_BODY, MAX_KEY, Result};
pub use crate::audit::Head;
use crate::audit::MAX_INTEGER;
use crate::id::{RequestId, Shard};
use crate::units::Time;

/// Most records of one append: scripts stay short.
pub const MAX_RECORDS: usize = 100;

/// Most bytes of the records of one append together. The largest event of one commit fits with room
/// for the rest of its record.
pub const MAX_APPEND: usize = 4 * MAX_BODY;

/// Most records or waiting documents that one call reads.
pub const MAX_READ: usize = 1000;

/// How far the events of one document are recorded by an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which document.
    pub id: RequestId,
    /// The number of its last event in the ledger before; 0: none.
    pub from: u64,
    /// The same afterwards: events `from + 1` to `to` are among the records.
    pub to: u64,
    /// Where the store lost events that are recorded, and may have given their numbers to others: those up to
    /// this number are what they were. Then events `kept + 1` to `to` are among the records, and `to` may be
    /// less than `from`.
    pub kept: Option<u64>,
}

/// One atomic step of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// What the first of the records builds on; [`Head::origin`] begins the chain.
    pub after: Head,
    /// The records, each a line, in order: at most [`MAX_RECORDS`], together [`MAX_APPEND`] bytes.
    pub records: Vec<String>,
    /// The last of the records: its number is that of `after` and as many more.
    pub head: Head,
    /// What is recorded by them, each document once.
    pub recorded: Vec<Progress>,
}

/// The answer to an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// All of it is written.
    Done,
    /// Nothing is written: the chain has another head than `after`, or more or fewer events of a
    /// document are recorded than the step says. An append that was done and is sent again meets its
    /// own head, and is told this too: look at the head, then read anew what is recorded.
    Conflict,
}

/// What is known of the chain without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The newest record; `None`: the chain has not begun.
    pub head: Option<Head>,
    /// The number of the first record that is kept: 1 until something was dropped.
    pub first: u64,
    /// What was dropped: everything up to this record, itself included.
    pub before: Option<Head>,
}

impl Tail {
    /// The ends of a chain with this head, of which everything up to `before` was dropped.
    pub(super) fn of(head: Option<Head>, before: Option<Head>) -> Self {
        let gone = before.as_ref().map_or(0, |head| head.seq);
        Self {
            head,
            first: gone.saturating_add(1),
            before,
        }
    }
}

/// The part of the store that the ledger is made with.
///
/// # Guarantees
/// - **Marked**: a commit with events marks its document as waiting in the same atomic step, since the
///   store's own now; a document that waits already keeps the earlier time. The mark goes only by
///   [`Ledger::settle`], which leaves it while there are later events.
/// - **Atomic**: an append's records, its head and how far each document is recorded are written
///   together or not at all.
/// - **Compare-and-swap** on the head *(number, hash)* and on how far each document is recorded: of two
///   that append at once one is told [`Appended::Conflict`]. So whoever reads the head *first* and then
///   [`Ledger::recorded`] appends every event exactly once, in one chain without gaps, wherever it
///   crashes and however many race.
/// - **Durable** as commits are. Where the store has replicas an append is acknowledged only when one
///   of them has it: what is recorded is handed out to others, and nothing takes that back.
/// - **Full**: an append waits for room. Closing commits go on and mark their documents all the same, so
///   a full store makes the ledger late and loses nothing. What lets go is let through: `settle`,
///   `trim`, and the cursors.
///
/// # Caveats
/// - A store that forgets acknowledged commits (a failover without `min-replicas-to-write`, a restored
///   backup) can keep a record of an event that it does not have any more, and then give its number to
///   another event. Whoever recorded the lost one compares (the ledger's appender does) and goes on from
///   [`Progress::kept`].
/// - A store that forgets an append but not the documents that it recorded (in a cluster without replicas
///   the ledger's server may lose its last second) has let them wait no more: whoever appended it compares
///   later (the ledger's appender does).
/// - The number of the last recorded event is kept for every document for ever, as the document is.
///
/// # Retries
/// Every call is safe to repeat, an append in the way that [`Appended::Conflict`] says.
///
/// # Errors
/// [`StoreError`](super::StoreError), as of the whole store. `Misuse` for a step that breaks the bounds,
/// `Corrupt` for a chain whose parts do not fit together; nothing has been written then.
#[async_trait]
pub trait Ledger {
    /// Documents of a shard with events that may not be in the ledger yet and since when, longest
    /// waiting first, at most `limit` and [`MAX_READ`].
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>>;

    /// The number of the last event of each that is in the ledger, in the order of `ids`; 0: none. At
    /// most [`MAX_READ`] ids.
    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>>;

    /// Does one atomic step of the chain.
    async fn append(&self, step: Append) -> Result<Appended>;

    /// Ends the waiting of a document unless it has events after `number`; whether it waits no more.
    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool>;

    /// Lets a document wait again whose mark was lost (a lost key, a restored backup): if it has events
    /// after `number` and does not wait. Whether the mark was set.
    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool>;

    /// The ends of the chain.
    async fn head(&self) -> Result<Tail>;

    /// Records after number `after`, in order, at most `limit` and [`MAX_READ`]. What was dropped is
    /// passed over.
    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>>;

    /// Drops the records up to and including `upto`, and remembers it as [`Tail::before`]. `false`, and
    /// nothing is dropped: they are gone already, the chain does not reach so far, or `upto` is its head
    /// with another hash. The store holds everybody up while it drops: a few thousand at a time.
    async fn trim(&self, upto: &Head) -> Result<bool>;

    /// How far a sink has got: the number last kept for it, or 0.
    async fn cursor(&self, sink: &str) -> Result<u64>;

    /// Keeps how far a sink has got; a smaller number than the one kept changes nothing. The name of a
    /// sink has at most [`MAX_KEY`] bytes.
    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()>;
}

/// Refuses an append that breaks the contract; nothing has been written then.
pub(super) fn check(step: &Append) -> Result<()> {
    let bytes: usize = step.records.iter().map(String::len).sum();
    within("records", step.records.len(), MAX_RECORDS)?;
    within("bytes of records", bytes, MAX_APPEND)?;
    let count = u64::try_from(step.records.len()).unwrap_or(u64::MAX);
    if count == 0 {
        return misuse("an append has records");
    }
    if step.after.seq.checked_add(count) != Some(step.head.seq) || step.head.seq > LAST {
        return misuse("the head's number does not count the records");
    }
    if ![&step.after, &step.head].into_iter().all(is_head) {
        return misuse("a head's hash is 64 small hex digits");
    }
    if step.after.seq == 0 && step.after != Head::origin() {
        return misuse("the chain begins at its origin");
    }
    if step.records.iter().any(|record| record.contains('\n')) {
        return misuse("a record is one line");
    }
    let mut told = 0_u64;
    let mut ids = std::collections::BTreeSet::new();
    for progress in &step.recorded {
        let Progress { id, from, to, kept } = progress;
        told = told.saturating_add(to.saturating_sub(kept.unwrap_or(*from)));
        let goes_on = kept.map_or(to > from, |kept| kept < *from && *to >= kept);
        if !goes_on || *to > LAST || !ids.insert(id) {
            return misuse("recorded numbers grow, each document's once");
        }
    }
    if told > count {
        return misuse("more events are said to be recorded than there are records");
    }
    Ok(())
}

/// Refuses a cursor that breaks the contract.
pub(super) fn check_sink(name: &str, seq: u64) -> Result<()> {
    within("sink", name.len(), MAX_KEY)?;
    if seq > LAST {
        return misuse("a cursor beyond every record");
    }
    Ok(())
}

/// The largest number: Lua counts exactly up to it.
const LAST: u64 = MAX_INTEGER;

fn is_head(head: &Head) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    head.hash.len() == 64 && head.hash.bytes().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    fn head(seq: u64) -> Head {
        let hash = format!("{seq:064x}");
        Head { seq, hash }
    }

    fn step() -> Append {
        Append {
            after: head(1),
            records: vec!["{}".to_owned(), "{}".to_owned()],
            head: head(3),
            recorded: vec![progress("k7m3xa", 0, 2)],
        }
    }

    fn progress(id: &str, from: u64, to: u64) -> Progress {
        let id = id.parse().unwrap();
        Progress {
            id,
            from,
            to,
            kept: None,
        }
    }

    #[test]
    fn a_step_that_does_not_add_up_is_refused() {
        check(&step()).unwrap();
        let big = "x".repeat(MAX_APPEND / 2 + 1);
        let wrong: [fn(&mut Append); 8] = [
            |step| step.records.clear(),
            |step| step.head.seq = 4,
            |step| step.head.hash = "f".repeat(63) + "F",
            |step| step.after.seq = 0,
            |step| step.records = vec!["a\nb".to_owned(), String::new()],
            |step| step.recorded = vec![progress("k7m3xa", 2, 2)],
            |step| step.recorded.push(progress("k7m3xa", 2, 3)),
            |step| step.recorded.push(progress("k7m3xb", 0, 1)),
        ];
        for (n, break_it) in wrong.into_iter().enumerate() {
            let mut step = step();
            break_it(&mut step);
            let error = check(&step).unwrap_err();
            assert!(matches!(error, StoreError::Misuse(_)), "{n}: {error}");
        }
        for (kept, to, fits) in [
            (1, 1, true),
            (0, 2, true),
            (2, 3, false),
            (1, 0, false),
            (0, 3, false),
        ] {
            let mut back = step();
            back.recorded = vec![Progress {
                kept: Some(kept),
                ..progress("k7m3xa", 2, to)
            }];
            assert_eq!(check(&back).is_ok(), fits, "kept {kept}, to {to}");
        }
        let mut large = step();
        large.records = vec![big.clone(), big];
        check(&large).unwrap_err();
    }
}
