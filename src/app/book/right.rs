//! Setting a document right that the store took back: a failover to an older copy, a restored backup.

use super::{Book, BookError, CONFLICT_RETRIES, Page};
use crate::app::recall::Recall;
use crate::id::RequestId;
use crate::request::{Command, Facts, Lost, Refusal, decide};
use crate::store::{Committed, Revision, Version};

impl Book {
    /// What this process remembers of documents, if it does.
    pub fn recall(&self) -> Option<&Recall> {
        self.recall.as_deref()
    }

    pub(super) async fn load_right(&self, id: &RequestId) -> Result<Option<Page>, BookError> {
        for _ in 0..CONFLICT_RETRIES {
            // Before the read: what is known by then was acknowledged by then, so the store must have it.
            let known = self.recall().and_then(|recall| recall.known(id));
            let Some(page) = self.read(id).await? else {
                return Ok(None);
            };
            let lost =
                known.and_then(|known| known.lost_by(&page.request, (&page.version, &page.past)));
            let Some(lost) = lost else {
                if let Some(recall) = self.recall() {
                    recall.note(&page.request, &page.version);
                }
                return Ok(Some(page));
            };
            if let Some(right) = self.set_right(page, lost).await? {
                return Ok(Some(right));
            }
        }
        Err(BookError::Contended(id.clone()))
    }

    /// Moves the document on from what the store kept of it; `None`: somebody else was faster.
    pub(in crate::app) async fn set_right(
        &self,
        page: Page,
        lost: Lost,
    ) -> Result<Option<Page>, BookError> {
        let Some(recall) = self.recall() else {
            return Ok(Some(page));
        };
        let id = &page.request.id;
        tracing::error!(
            %id, was = lost.was, lost = lost.upto, kept = page.version.revision.0,
            state = page.request.state.word(), "the store went back: it lost later changes of a request",
        );
        let facts = Facts::of_time(recall.now());
        let decided: Result<_, Refusal> = decide(&page.request, Command::WentBack { lost }, &facts);
        let Ok(outcome) = decided else {
            return Ok(Some(page));
        };
        let rest = page.rest;
        let next = Revision(page.version.revision.0 + 1);
        let step = self.step(&outcome, (Some(page.version), &rest), None)?;
        let commit = step.commit.clone();
        let answer = match self.commit(step).await {
            // It is written. Whatever follows from it waits for a second copy in its own turn: to fail here would
            // tell somebody that what they did is recorded, while only this is.
            Err(BookError::Uncopied { .. }) => Committed::Applied(next),
            answer => answer?,
        };
        Ok(match answer {
            Committed::Applied(revision) | Committed::AlreadyApplied(revision) => {
                let version = Version { revision, commit };
                self.tell(Some(&page.request), &outcome, &version);
                let request = outcome.request;
                Some(Page {
                    request,
                    rest,
                    version,
                    past: Vec::new(),
                })
            }
            Committed::Conflict | Committed::Fenced | Committed::Duplicate(_) => None,
        })
    }
}
