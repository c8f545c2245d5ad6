//! The state machine. [`decide`] is the whole of it in one match: who may do what, when, and what
//! follows. Arms of more than a few lines live in the modules below.

mod back;
mod emergency;
mod observing;
mod offline;
mod opening;
mod quorum;
mod step;
mod votes;
mod waiting;

#[cfg(test)]
mod tests;

use super::document::Request;
use super::facts::{Command, Facts, Outcome};
use super::refusal::Refusal;
use super::state::{End, State};
use crate::audit::Actor;
use step::Step;

pub use super::state::ATTEMPT_FRESH;

/// Moves a request.
///
/// # Guarantees
/// - INVARIANT (approved): [`State::Granting`] is entered only by the vote that fills the last
///   stage, by somebody whom the rules name for emergencies as they are now, or at creation by a rule
///   that approves by itself; never by time or the cluster.
/// - INVARIANT (closing): [`State::Ending`] is left only by [`Command::Withdrawn`].
/// - INVARIANT (went back): what the store lost opens nothing. A request that was over, or was being closed,
///   when its record was lost is closed again; approvals that were lost are asked for again.
/// - A final state is never left.
/// - Every change of state comes with exactly one event that tells of it, apart from votes that
///   fill a stage (the vote, and the next stage or the grant).
///
/// # Errors
/// A typed [`Refusal`]; the document stays as it is.
#[expect(
    clippy::too_many_lines,
    reason = "one arm each, read as a table: cut in two it would have to be read twice"
)]
pub fn decide(request: &Request, command: Command, facts: &Facts<'_>) -> Result<Outcome, Refusal> {
    use Command as C;
    use State as S;
    let step = Step::of(request, facts.now);
    let click = |by, face, stage| votes::Click { by, face, stage };
    match (&request.state, command) {
        // People decide.
        (S::Pending { stage, .. }, C::Approve { by, face, terms }) => {
            votes::approve(step, facts, click(by, face, *stage), terms)
        }
        (S::Pending { stage, .. }, C::Deny { by, face, reason }) => {
            votes::deny(step, facts, click(by, face, *stage), reason)
        }
        (S::Pending { .. }, C::Cancel { by }) => {
            waiting::cancel(step.only_requester(&by)?, Actor::Person(by))
        }
        (S::Pending { stage, .. }, C::ApproveOffline { claimed }) => {
            offline::approve(step, facts, &claimed, *stage)
        }
        (S::Pending { .. }, C::Emergency { by }) => emergency::open(step, facts, by),
        (S::Granting { .. } | S::Active { .. }, C::Done { by } | C::Cancel { by }) => {
            step.only_requester(&by)?.end(End::Done, Actor::Person(by))
        }
        (S::Pending { .. }, C::Finish { by }) => {
            waiting::cancel(step.only_service(&by)?, Actor::from(&by))
        }
        (S::Granting { .. } | S::Active { .. }, C::Finish { by }) => {
            step.only_service(&by)?.end(End::Done, Actor::from(&by))
        }
        (S::Granting { .. } | S::Active { .. }, C::Revoke { by, reason }) => {
            votes::may_revoke(request, facts, &by)?;
            let actor = Actor::Person(by.clone());
            votes::forget_all(step).end(End::Revoked { by, reason }, actor)
        }
        (S::Active { .. } | S::Ending { .. } | S::Ended { .. }, C::Review { by, words }) => {
            emergency::review(step, facts, by, words)
        }
        (_, C::Forget { by }) => votes::forget(step, facts, by),

        // Others end it, or go on after it.
        (S::Pending { .. }, C::IncidentClosed) => waiting::incident_closed(step),
        (S::Granting { .. } | S::Active { .. }, C::IncidentClosed) => {
            step.end(End::IncidentClosed, Actor::Drawbridge)
        }
        (S::Pending { .. }, C::EndWith { why }) => waiting::end_with(step, why),
        (S::Granting { .. } | S::Active { .. }, C::EndWith { why }) => {
            votes::forget_all(step).end(why, Actor::Drawbridge)
        }
        (S::Active { .. } | S::Ending { .. }, C::Extended { by }) => opening::extended(step, by),

        // The store lost what came after this.
        (_, C::WentBack { lost }) => back::went_back(step, lost),

        // Time passes.
        (S::Pending { .. }, C::Lapse) => waiting::lapse(step),
        (S::Pending { .. }, C::Remind) => waiting::remind(step),
        (
            S::Pending {
                escalated: false, ..
            },
            C::Escalate,
        ) => waiting::escalate(step),
        (S::Active { warned: false }, C::Warn) => opening::warn(step),
        (S::Active { .. } | S::Ended { .. }, C::Chase) => emergency::chase(step),
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
        (S::Granting { .. }, C::Applied { objects }) => opening::applied(step, &objects),
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
        (Command::Done { .. } | Command::Revoke { .. }, State::Pending { .. })
        | (Command::Review { .. }, State::Pending { .. } | State::Granting { .. }) => {
            Refusal::NotYet { state: word }
        }
        (
            Command::Approve { .. }
            | Command::Deny { .. }
            | Command::Cancel { .. }
            | Command::Done { .. }
            | Command::Finish { .. }
            | Command::Revoke { .. }
            | Command::Emergency { .. }
            | Command::ApproveOffline { .. }
            | Command::Review { .. },
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
            Self::Finish { .. } => "finish",
            Self::Revoke { .. } => "revoke",
            Self::Emergency { .. } => "emergency",
            Self::ApproveOffline { .. } => "approve offline",
            Self::Review { .. } => "review",
            Self::Forget { .. } => "forget",
            Self::WentBack { .. } => "went back",
            Self::IncidentClosed => "incident closed",
            Self::EndWith { .. } => "end with",
            Self::Extended { .. } => "extended",
            Self::Escalate => "escalate",
            Self::Chase => "chase",
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
