//! Changing a document: decide, commit, and decide again when somebody else was faster.

use super::{Book, BookError, CONFLICT_RETRIES, Changed, Page};
use crate::id::RequestId;
use crate::request::{Outcome, Request};
use crate::store::{Claim, Commit, Committed, Version};

/// What becomes of the claim under which something is changed.
#[derive(Debug, Clone, Copy)]
enum Under<'a> {
    /// There is none: a person's doing, or another lane's.
    Nobody,
    /// The commit is fenced by it and ends it.
    Ending(&'a Claim),
    /// It goes on.
    Held,
}

impl<'a> From<Option<&'a Claim>> for Under<'a> {
    fn from(claim: Option<&'a Claim>) -> Self {
        claim.map_or(Self::Nobody, Self::Ending)
    }
}

impl Book {
    /// Loads, decides and commits; decides again when somebody else was faster.
    ///
    /// With a claim the commit is fenced by it and ends it.
    ///
    /// # Errors
    /// The store failed, or others were faster each time.
    pub async fn change<R: Send>(
        &self,
        id: &RequestId,
        claim: Option<&Claim>,
        decide: impl Fn(&Request) -> Result<Outcome, R> + Send,
    ) -> Result<Changed<R>, BookError> {
        let Some(page) = self.load(id).await? else {
            return Ok(Changed::Missing);
        };
        let changed = self.turn((page, true), claim.into(), decide).await?;
        Ok(changed.of_request())
    }

    /// As [`Book::change`], from what was read before: it is loaded anew only where somebody changed it since, or
    /// where the answer would be no. The page after it may be gone on from in the same way.
    ///
    /// # Errors
    /// As [`Book::change`].
    pub async fn change_page<R: Send>(
        &self,
        page: Page,
        claim: Option<&Claim>,
        decide: impl Fn(&Request) -> Result<Outcome, R> + Send,
    ) -> Result<Changed<R, Page>, BookError> {
        self.turn((page, false), claim.into(), decide).await
    }

    /// As [`Book::change_page`], by a worker whose claim goes on: what follows is done by the same one, without a claim
    /// and a read of its own.
    ///
    /// # Caveats
    /// It is not fenced, only compared and swapped, and waits for no replica. Before anything outside follows from it
    /// the claim is renewed by [`crate::store::Store::renew_lasting`], which makes up for both.
    ///
    /// # Errors
    /// As [`Book::change`].
    pub async fn change_held<R: Send>(
        &self,
        page: Page,
        decide: impl Fn(&Request) -> Result<Outcome, R> + Send,
    ) -> Result<Changed<R, Page>, BookError> {
        self.turn((page, false), Under::Held, decide).await
    }

    async fn turn<R: Send>(
        &self,
        (mut page, mut is_fresh): (Page, bool),
        under: Under<'_>,
        decide: impl Fn(&Request) -> Result<Outcome, R> + Send,
    ) -> Result<Changed<R, Page>, BookError> {
        let id = page.request.id.clone();
        for _ in 0..CONFLICT_RETRIES {
            match decide(&page.request) {
                Err(refusal) if is_fresh => return Ok(Changed::Refused(refusal)),
                // What was read before may be out of date: no is said by the newest alone.
                Err(_) => {}
                Ok(outcome) => {
                    let step = self.step_under(&page, &outcome, under)?;
                    let commit = step.commit.clone();
                    match self.commit(step).await? {
                        Committed::Applied(revision) | Committed::AlreadyApplied(revision) => {
                            let version = Version { revision, commit };
                            return Ok(Changed::Done(self.turned(page, outcome, version)));
                        }
                        Committed::Fenced => return Ok(Changed::Fenced),
                        Committed::Conflict | Committed::Duplicate(_) => {}
                    }
                }
            }
            let Some(newer) = self.load(&id).await? else {
                return Ok(Changed::Missing);
            };
            (page, is_fresh) = (newer, true);
        }
        Err(BookError::Contended(id))
    }

    fn step_under(
        &self,
        page: &Page,
        outcome: &Outcome,
        under: Under<'_>,
    ) -> Result<Commit, BookError> {
        let claim = match under {
            Under::Ending(claim) => Some((claim.lane, claim.token)),
            Under::Nobody | Under::Held => None,
        };
        let before = (Some(page.version.clone()), &page.rest);
        let step = self.step(outcome, before, claim)?;
        let lasting = step.lasting && !matches!(under, Under::Held);
        Ok(Commit { lasting, ..step })
    }

    /// The page after a commit.
    fn turned(&self, before: Page, outcome: Outcome, version: Version) -> Page {
        self.tell(Some(&before.request), &outcome, &version);
        Page {
            request: outcome.request,
            rest: before.rest,
            version,
            past: Vec::new(),
        }
    }
}

impl<R> Changed<R, Page> {
    fn of_request(self) -> Changed<R> {
        match self {
            Self::Done(page) => Changed::Done(Box::new(page.request)),
            Self::Refused(refusal) => Changed::Refused(refusal),
            Self::Fenced => Changed::Fenced,
            Self::Missing => Changed::Missing,
        }
    }
}

#[cfg(test)]
mod tests;
