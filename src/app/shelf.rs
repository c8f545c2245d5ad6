//! Notes in the store: found by key, changed by compare-and-swap, created once.

use crate::audit::Event;
use crate::id::{RequestId, Shard};
use crate::notes::{Note, kept};
use crate::store::{Alarms, Claim, Commit, Committed, Lane, Standing, StoreError, Token, Version};
use crate::written::{self, Rest};

use super::book::{Book, BookError, CONFLICT_RETRIES, ID_DRAWS};

/// A note and the version it was read at.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The note.
    pub note: Note,
    rest: Rest,
    version: Version,
}

/// The next contents of a note, with the events that tell of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it holds from now on.
    pub note: Note,
    /// What happened.
    pub events: Vec<Event>,
}

/// Whether a change must survive a failover. What people do does: also the end of an incident, after which asks are
/// judged by other rules. What follows from that end does not wait, or requests would stay open for want of a replica.
/// What is only put on record precedes what it is about, which waits in its turn.
fn lasts(change: &Change, under_claim: bool) -> bool {
    let note = &change.note;
    let follows = note.alarms().gate.is_some() && (under_claim || change.events.is_empty());
    !follows && !kept::only_on_record(&note.key())
}

impl Book {
    /// Reads a note; `None` when there is none of this id (a request is none).
    ///
    /// # Errors
    /// The store failed, or the note cannot be read.
    pub async fn note(&self, id: &RequestId) -> Result<Option<Leaf>, BookError> {
        let Some(record) = self.store().load(id).await? else {
            return Ok(None);
        };
        if !written::look(&record.body).is_note {
            return Ok(None);
        }
        let read = written::read(&record.body).map_err(|why| BookError::unread(id, why))?;
        Ok(Some(Leaf {
            note: read.value,
            rest: read.rest,
            version: record.version,
        }))
    }

    /// The newest notes under a key, newest first, at most `limit`.
    ///
    /// # Errors
    /// The store failed, or a note cannot be read.
    pub async fn notes(&self, key: &str, limit: usize) -> Result<Vec<Note>, BookError> {
        let leaves = self.leaves(key, limit).await?;
        Ok(leaves.into_iter().map(|leaf| leaf.note).collect())
    }

    /// The same, each with its version.
    ///
    /// # Errors
    /// As [`Book::notes`].
    pub async fn leaves(&self, key: &str, limit: usize) -> Result<Vec<Leaf>, BookError> {
        let mut leaves = Vec::new();
        for id in self.store().of_owner(key, limit).await? {
            leaves.extend(self.note(&id).await?);
        }
        Ok(leaves)
    }

    /// Creates a note under the mark of what caused it; the same cause again finds the first one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn add_note(
        &self,
        cause: &str,
        make: impl Fn(RequestId) -> Change + Send,
    ) -> Result<RequestId, BookError> {
        self.create_note(cause, make, |shard| self.draw_id(shard))
            .await
    }

    /// Makes sure that there is a note of this key; `false`: it was there before. What is made is made
    /// once, however many replicas do this at the same time and however often.
    ///
    /// # Errors
    /// The store failed; it may or may not have been made.
    pub async fn ensure_note(
        &self,
        key: &str,
        make: impl Fn(RequestId) -> Change + Send,
    ) -> Result<bool, BookError> {
        // The mark of a cause is forgotten after a while, the index is not.
        if !self.store().of_owner(key, 1).await?.is_empty() {
            return Ok(false);
        }
        let draw = |shard| self.draw_note_id(shard);
        self.create_note(&format!("note.{key}"), make, draw).await?;
        Ok(true)
    }

    /// Makes sure that the one note of this key is as `make` makes it: where there is none it is made, where
    /// it `differs` it is changed.
    ///
    /// # Errors
    /// The store failed; it may or may not have been changed.
    pub async fn keep_note(
        &self,
        key: &str,
        make: impl Fn(RequestId) -> Change + Send + Sync,
        differs: impl Fn(&Note) -> bool + Send + Sync,
    ) -> Result<(), BookError> {
        self.ensure_note(key, &make).await?;
        let Some(id) = self.store().of_owner(key, 1).await?.pop() else {
            return Ok(());
        };
        let change = |note: &Note| differs(note).then(|| make(id.clone()));
        self.change_note(&id, None, change).await?;
        Ok(())
    }

    async fn create_note(
        &self,
        cause: &str,
        make: impl Fn(RequestId) -> Change + Send,
        draw: impl Fn(Shard) -> RequestId + Send,
    ) -> Result<RequestId, BookError> {
        let shard = Shard::of_key(cause);
        for _ in 0..ID_DRAWS {
            let change = make(draw(shard));
            let mut commit = self.note_step(&change, (None, &Rest::default()), None)?;
            commit.seen = Some(cause.to_owned());
            let id = commit.id.clone();
            match self.commit(commit).await? {
                Committed::Applied(_) | Committed::AlreadyApplied(_) => return Ok(id),
                Committed::Duplicate(first) => return Ok(first),
                Committed::Conflict | Committed::Fenced => {}
            }
        }
        Err(StoreError::Misuse("no free id was drawn".to_owned()).into())
    }

    /// Loads, changes and commits a note, again when somebody else was faster; `None` from `change`
    /// leaves it as it is. Whether it was changed. With a claim the commit is fenced by it and ends it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn change_note(
        &self,
        id: &RequestId,
        claim: Option<&Claim>,
        change: impl Fn(&Note) -> Option<Change> + Send,
    ) -> Result<bool, BookError> {
        match self.note(id).await? {
            Some(leaf) => self.change_leaf(leaf, claim, change).await,
            None => Ok(false),
        }
    }

    /// The same for a note that was just read: it is loaded again only where somebody else was faster.
    ///
    /// # Errors
    /// The store failed.
    pub async fn change_leaf(
        &self,
        leaf: Leaf,
        claim: Option<&Claim>,
        change: impl Fn(&Note) -> Option<Change> + Send,
    ) -> Result<bool, BookError> {
        let id = leaf.note.id().clone();
        let mut read = Some(leaf);
        for _ in 0..CONFLICT_RETRIES {
            let leaf = match read.take() {
                Some(leaf) => Some(leaf),
                None => self.note(&id).await?,
            };
            let Some(leaf) = leaf else {
                return Ok(false);
            };
            let Some(next) = change(&leaf.note) else {
                return Ok(false);
            };
            let claim = claim.map(|claim| (claim.lane, claim.token));
            let step = self.note_step(&next, (Some(leaf.version), &leaf.rest), claim)?;
            match self.commit(step).await? {
                Committed::Applied(_) | Committed::AlreadyApplied(_) => return Ok(true),
                Committed::Fenced => return Ok(false),
                Committed::Conflict | Committed::Duplicate(_) => {}
            }
        }
        Err(BookError::Contended(id))
    }

    fn note_step(
        &self,
        change: &Change,
        (expected, rest): (Option<Version>, &Rest),
        claim: Option<(Lane, Token)>,
    ) -> Result<Commit, BookError> {
        let note = &change.note;
        let body = written::write(note, rest).map_err(BookError::Unwritable)?;
        let events: Result<Vec<String>, _> =
            change.events.iter().map(serde_json::to_string).collect();
        let alarms = note.alarms();
        let waits = alarms != Alarms::default();
        Ok(Commit {
            id: note.id().clone(),
            expected,
            commit: self.draw_commit(),
            body,
            standing: if waits {
                Standing::Open
            } else {
                Standing::Finished
            },
            owner: note.key(),
            alarms,
            events: events.map_err(BookError::Unwritable)?,
            claim,
            seen: None,
            // Ending an incident only lets go.
            closing: alarms.gate.is_some(),
            lasting: lasts(change, claim.is_some()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, Fact};
    use crate::notes::{Closed, Incident};
    use crate::rules::UserId;
    use crate::units::Time;

    fn incident(closed: bool, told: bool) -> Change {
        let at = Time::UNIX_EPOCH;
        let closed = closed.then_some(Closed {
            by: None,
            at,
            looks: 0,
        });
        let fact = Fact::IncidentClosed {
            channel: "C1".to_owned(),
        };
        let event = Event {
            at,
            by: Actor::Drawbridge,
            fact,
        };
        Change {
            note: Note::Incident(Incident {
                id: "k7m3xa".parse().unwrap(),
                channel: "C1".to_owned(),
                opened_by: UserId("U0DANA".to_owned()),
                opened_at: at,
                title: None,
                declared: false,
                requests: Vec::new(),
                closed,
            }),
            events: told.then_some(event).into_iter().collect(),
        }
    }

    #[test]
    fn the_end_of_an_incident_survives_a_failover_and_what_follows_from_it_waits_for_nothing() {
        for (closed, told, under_claim, expected) in [
            (false, true, false, true),
            (false, false, false, true),
            (true, true, false, true),
            // A request is found that belongs to it, and is closed next.
            (true, false, false, false),
            (true, false, true, false),
        ] {
            let change = incident(closed, told);
            let context = format!("closed {closed}, told {told}, under a claim {under_claim}");
            assert_eq!(lasts(&change, under_claim), expected, "{context}");
        }
    }
}
