//! The state machine. [`decide`] is the whole of it in one match: who may do what, when, and what
//! follows. Arms of more than a few lines live in `votes`, `opening` and `observing`.

mod observing;
mod opening;
mod quorum;
mod votes;

#[cfg(test)]
mod tests;

use super::alarms::reminders_after;
use super::document::Request;
use super::facts::{Command, Facts, Outcome};
use super::posts::Notice;
use super::refusal::Refusal;
use super::state::{End, State};
use crate::audit::{Actor, Event, Fact};
use crate::rules::UserId;
use crate::units::{Seconds, Time};

pub use opening::ATTEMPT_FRESH;

/// How long opening is tried before the request fails: long enough for a control plane that
/// restarts, short enough that nobody is surprised by a path opening after they gave up.
pub const GIVE_UP_AFTER: Seconds = Seconds::minutes(10);

/// Moves a request.
///
/// # Guarantees
/// - INVARIANT (approved): [`State::Granting`] is entered only by the vote that fills the last
///   stage, or at creation by a route without stages; never by time, the cluster or the requester.
/// - INVARIANT (closing): [`State::Ending`] is left only by [`Command::Withdrawn`].
/// - A final state is never left.
/// - Every change of state comes with exactly one event that tells of it, apart from votes that
///   fill the last slot (the vote and the grant).
///
/// # Errors
/// A typed [`Refusal`]; the document stays as it is.
pub fn decide(request: &Request, command: Command, facts: &Facts<'_>) -> Result<Outcome, Refusal> {
    use Command as C;
    use State as S;
    let step = Step::of(request, facts.now);
    let click = |by, face, stage| votes::Click { by, face, stage };
    match (&request.state, command) {
        // People decide.
        (S::Pending { stage, .. }, C::Approve { by, face }) => {
            votes::approve(step, facts, click(by, face, *stage))
        }
        (S::Pending { stage, .. }, C::Deny { by, face, reason }) => {
            votes::deny(step, facts, click(by, face, *stage), reason)
        }
        (S::Pending { .. }, C::Cancel { by }) => step.only_requester(&by)?.cancel(&by),
        (S::Granting { .. } | S::Active { .. }, C::Done { by } | C::Cancel { by }) => {
            step.only_requester(&by)?.end(End::Done, Actor::Person(by))
        }
        (S::Granting { .. } | S::Active { .. }, C::Revoke { by, reason }) => {
            votes::may_revoke(request, facts, &by)?;
            step.end(
                End::Revoked {
                    by: by.clone(),
                    reason,
                },
                Actor::Person(by),
            )
        }

        // Time passes.
        (S::Pending { .. }, C::Lapse) => step.lapse(),
        (S::Pending { .. }, C::Remind) => step.remind(),
        (S::Active { warned: false }, C::Warn) => step.warn(),
        (S::Active { .. }, C::Expire) => step.end(End::Expired, Actor::Drawbridge),
        (S::Granting { .. }, C::GiveUp) => {
            let reason = "it could not be opened in time".to_owned();
            step.end(End::Failed { reason }, Actor::Drawbridge)
        }

        // The cluster answers.
        (S::Granting { .. }, C::Attempt { objects, effect }) => {
            opening::attempt(step, facts, objects, &effect)
        }
        (S::Granting { .. }, C::CannotOpen { reason }) => {
            step.end(End::Failed { reason }, Actor::Drawbridge)
        }
        (S::Granting { .. }, C::Applied { uids }) => opening::applied(step, &uids),
        (S::Granting { .. }, C::NotApplied { problem, again }) => {
            opening::not_applied(step, problem, again)
        }
        (S::Active { .. }, C::Removed) => step.end(End::Removed, Actor::ClusterUser),
        (S::Active { .. }, C::Withdraw { reason }) => {
            step.end(End::Withdrawn { reason }, Actor::Drawbridge)
        }
        (S::Active { .. }, C::Observe { findings }) => observing::observe(step, findings),
        (S::Ending { why, .. }, C::Withdrawn) => opening::closed(step, why.clone()),
        (S::Ending { .. }, C::NotWithdrawn { problem }) => opening::not_closed(step, problem),

        // Everything else comes too late, too early, or makes no sense.
        (state, command) => Err(misplaced(state, &command)),
    }
}

fn misplaced(state: &State, command: &Command) -> Refusal {
    let word = state.word();
    match (command, state) {
        (Command::Done { .. } | Command::Revoke { .. }, State::Pending { .. }) => {
            Refusal::NotYet { state: word }
        }
        (
            Command::Approve { .. }
            | Command::Deny { .. }
            | Command::Cancel { .. }
            | Command::Done { .. }
            | Command::Revoke { .. },
            _,
        ) => Refusal::Over { state: word },
        (other, _) => Refusal::Impossible {
            command: other.name(),
            state: word,
        },
    }
}

impl Command {
    /// The command's name, for logs and refusals.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Deny { .. } => "deny",
            Self::Cancel { .. } => "cancel",
            Self::Done { .. } => "done",
            Self::Revoke { .. } => "revoke",
            Self::Lapse => "lapse",
            Self::Remind => "remind",
            Self::Warn => "warn",
            Self::Expire => "expire",
            Self::GiveUp => "give up",
            Self::Attempt { .. } => "attempt",
            Self::CannotOpen { .. } => "cannot open",
            Self::Applied { .. } => "applied",
            Self::NotApplied { .. } => "not applied",
            Self::Withdrawn => "withdrawn",
            Self::NotWithdrawn { .. } => "not withdrawn",
            Self::Removed => "removed",
            Self::Withdraw { .. } => "withdraw",
            Self::Observe { .. } => "observe",
        }
    }
}

/// The next document while it is being made.
struct Step {
    next: Request,
    events: Vec<Event>,
    now: Time,
}

impl Step {
    fn of(request: &Request, now: Time) -> Self {
        Self {
            next: request.clone(),
            events: Vec::new(),
            now,
        }
    }

    fn only_requester(self, by: &UserId) -> Result<Self, Refusal> {
        if self.next.asked.by.person() == Some(by) {
            Ok(self)
        } else {
            Err(Refusal::NotYours)
        }
    }

    /// Notes an event.
    fn note(&mut self, by: Actor, fact: Fact) {
        self.events.push(Event {
            at: self.now,
            by,
            fact,
        });
    }

    /// Changes the state; everything visible is brought up to date.
    fn become_(&mut self, state: State) {
        self.next.state = state;
        self.next.posts.touch();
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends every arm of `decide` alike")]
    fn done(self) -> Result<Outcome, Refusal> {
        Ok(Outcome {
            request: self.next,
            events: self.events,
        })
    }

    fn cancel(mut self, by: &UserId) -> Result<Outcome, Refusal> {
        self.note(Actor::Person(by.clone()), Fact::Cancelled);
        self.become_(State::Cancelled);
        self.next.tell_thread(&Notice::Cancelled);
        self.done()
    }

    fn lapse(mut self) -> Result<Outcome, Refusal> {
        self.note(Actor::Drawbridge, Fact::Lapsed);
        self.become_(State::Lapsed);
        self.next.tell(&Notice::Lapsed);
        self.done()
    }

    fn remind(mut self) -> Result<Outcome, Refusal> {
        let State::Pending {
            stage,
            since,
            reminders,
        } = self.next.state
        else {
            return self.done();
        };
        let reminders = reminders_after(&self.next, since, reminders, self.now);
        self.become_(State::Pending {
            stage,
            since,
            reminders,
        });
        self.next.remind_stage(stage, &Notice::Reminder(reminders));
        self.note(Actor::Drawbridge, Fact::Reminded);
        self.done()
    }

    fn warn(mut self) -> Result<Outcome, Refusal> {
        let expires_at = self
            .next
            .grant
            .as_ref()
            .map_or(self.now, |grant| grant.expires_at);
        let left = (expires_at - self.now).num_seconds().max(0).unsigned_abs();
        self.note(Actor::Drawbridge, Fact::Warned);
        self.become_(State::Active { warned: true });
        self.next.tell(&Notice::Warning {
            left: Seconds(left),
        });
        self.done()
    }

    /// Begins to close. People are told of the end when it is verified, not before.
    fn end(mut self, why: End, by: Actor) -> Result<Outcome, Refusal> {
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
