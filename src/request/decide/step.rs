//! The next document while it is being made.

use super::super::document::Request;
use super::super::facts::Outcome;
use super::super::refusal::Refusal;
use super::super::state::{End, State};
use crate::audit::{Actor, Event, Fact};
use crate::rules::{Principal, UserId};
use crate::units::Time;

/// The next document while it is being made.
pub(super) struct Step {
    pub(super) next: Request,
    pub(super) events: Vec<Event>,
    pub(super) now: Time,
}

impl Step {
    pub(super) fn of(request: &Request, now: Time) -> Self {
        Self {
            next: request.clone(),
            events: Vec::new(),
            now,
        }
    }

    /// The person who asked, or who answers for the service that did.
    pub(super) fn only_requester(self, by: &UserId) -> Result<Self, Refusal> {
        if self.next.requester() == Some(by) {
            Ok(self)
        } else {
            Err(Refusal::NotYours)
        }
    }

    /// The service itself, and no person: a service is verified by its token alone.
    pub(super) fn only_service(self, by: &Principal) -> Result<Self, Refusal> {
        if self.next.asked.by == *by && by.person().is_none() {
            Ok(self)
        } else {
            Err(Refusal::NotYours)
        }
    }

    /// Notes an event.
    pub(super) fn note(&mut self, by: Actor, fact: Fact) {
        self.events.push(Event {
            at: self.now,
            by,
            fact,
        });
    }

    /// Changes the state; everything visible is brought up to date.
    pub(super) fn become_(&mut self, state: State) {
        self.next.state = state;
        self.next.posts.touch();
    }

    /// Begins to open.
    pub(super) fn grant(&mut self) {
        let now = self.now;
        self.note(Actor::Drawbridge, Fact::Granted);
        self.become_(State::Granting {
            since: now,
            retry_at: now,
            failures: 0,
            attempt: None,
        });
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends every arm of `decide` alike")]
    pub(super) fn done(self) -> Result<Outcome, Refusal> {
        Ok(Outcome {
            request: self.next,
            events: self.events,
        })
    }

    /// Begins to close. People are told of the end when it is verified, not before.
    pub(super) fn end(mut self, why: End, by: Actor) -> Result<Outcome, Refusal> {
        let typed_reason = match &why {
            End::Revoked { reason, .. } => reason.clone(),
            _ => None,
        };
        self.note(
            by,
            Fact::Closing {
                why: why.word().to_owned(),
                typed_reason,
            },
        );
        let now = self.now;
        self.become_(State::Ending {
            why,
            since: now,
            retry_at: now,
            failures: 0,
        });
        self.done()
    }
}
