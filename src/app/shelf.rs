//! Notes in the store: found by key, changed by compare-and-swap, created once.

use crate::audit::Event;
use crate::id::{RequestId, Shard};
use crate::notes::Note;
use crate::store::{Alarms, Claim, Commit, Committed, Lane, Standing, StoreError, Token, Version};

use super::book::{Book, BookError, CONFLICT_RETRIES, ID_DRAWS};

/// A note and the version it was read at.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The note.
    pub note: Note,
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

impl Book {
    /// Reads a note; `None` when there is none of this id (a request is none).
    ///
    /// # Errors
    /// The store failed, or the note cannot be read.
    pub async fn note(&self, id: &RequestId) -> Result<Option<Leaf>, BookError> {
        let Some(record) = self.store().load(id).await? else {
            return Ok(None);
        };
        if !is_note(&record.body) {
            return Ok(None);
        }
        let note = serde_json::from_str(&record.body).map_err(|source| BookError::Unreadable {
            id: id.clone(),
            source,
        })?;
        let version = record.version;
        Ok(Some(Leaf { note, version }))
    }

    /// The newest notes under a key, newest first, at most `limit`.
    ///
    /// # Errors
    /// The store failed, or a note cannot be read.
    pub async fn notes(&self, key: &str, limit: usize) -> Result<Vec<Note>, BookError> {
        let mut notes = Vec::new();
        for id in self.store().of_owner(key, limit).await? {
            notes.extend(self.note(&id).await?.map(|leaf| leaf.note));
        }
        Ok(notes)
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
            let mut commit = self.note_step(&change, None, None)?;
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
        for _ in 0..CONFLICT_RETRIES {
            let Some(leaf) = self.note(id).await? else {
                return Ok(false);
            };
            let Some(next) = change(&leaf.note) else {
                return Ok(false);
            };
            let claim = claim.map(|claim| (claim.lane, claim.token));
            let step = self.note_step(&next, Some(leaf.version), claim)?;
            match self.commit(step).await? {
                Committed::Applied(_) | Committed::AlreadyApplied(_) => return Ok(true),
                Committed::Fenced => return Ok(false),
                Committed::Conflict | Committed::Duplicate(_) => {}
            }
        }
        Err(BookError::Contended(id.clone()))
    }

    fn note_step(
        &self,
        change: &Change,
        expected: Option<Version>,
        claim: Option<(Lane, Token)>,
    ) -> Result<Commit, BookError> {
        let note = &change.note;
        let body = serde_json::to_string(note).map_err(BookError::Unwritable)?;
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
        })
    }
}

/// Whether a document is a note and no request.
pub(super) fn is_note(body: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Kind {
        note: Option<String>,
    }
    let kind: Result<Kind, _> = serde_json::from_str(body);
    kind.is_ok_and(|kind| kind.note.is_some())
}
