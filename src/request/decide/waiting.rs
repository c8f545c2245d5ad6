//! What time and others make of a request that waits: reminded, escalated, lapsed, taken back.

use super::super::alarms::{is_reminder_due, reminders_after};
use super::super::facts::Outcome;
use super::super::posts::Notice;
use super::super::refusal::Refusal;
use super::super::state::{End, State};
use super::Step;
use super::votes;
use crate::audit::{Actor, Fact};
use crate::rules::UserId;

pub(super) fn cancel(mut step: Step, by: Actor) -> Result<Outcome, Refusal> {
    step.note(by, Fact::Cancelled);
    step.become_(State::Cancelled);
    step.next.tell_thread(&Notice::Cancelled);
    step.done()
}

pub(super) fn lapse(mut step: Step) -> Result<Outcome, Refusal> {
    step.note(Actor::Drawbridge, Fact::Lapsed);
    step.become_(State::Lapsed);
    step.next.tell(&Notice::Lapsed);
    step.done()
}

pub(super) fn remind(mut step: Step) -> Result<Outcome, Refusal> {
    let State::Pending {
        stage,
        since,
        reminders,
        escalated,
    } = step.next.state
    else {
        return step.done();
    };
    let reminders = reminders_after(&step.next, since, reminders, step.now);
    step.become_(State::Pending {
        stage,
        since,
        reminders,
        escalated,
    });
    step.next.remind_stage(stage, &Notice::Reminder(reminders));
    step.note(Actor::Drawbridge, Fact::Reminded);
    step.done()
}

/// The next circle is asked as well: those who were asked before may still answer.
pub(super) fn escalate(mut step: Step) -> Result<Outcome, Refusal> {
    let State::Pending {
        stage,
        since,
        reminders,
        ..
    } = step.next.state
    else {
        return step.done();
    };
    // One message is enough: it says more than the reminder would.
    let reminders = if is_reminder_due(&step.next, step.now) {
        reminders_after(&step.next, since, reminders, step.now)
    } else {
        reminders
    };
    let escalated = step.next.escalated();
    step.note(Actor::Drawbridge, escalated);
    step.become_(State::Pending {
        stage,
        since,
        reminders,
        escalated: true,
    });
    step.next.ask_next_circle(stage);
    step.done()
}

/// The incident that it was asked for is over: nobody needs it any more.
pub(super) fn incident_closed(step: Step) -> Result<Outcome, Refusal> {
    votes::denied_by_rules(step, "its incident was closed".to_owned())
}

/// The path that it would lengthen was ended by somebody.
pub(super) fn end_with(step: Step, why: End) -> Result<Outcome, Refusal> {
    match why {
        End::Revoked { by, reason } => {
            // Said of the path that it would lengthen, where they are recorded: nobody is asked about
            // them here.
            let by: UserId = by;
            votes::denied_by(step, (by, None), reason)
        }
        _ => cancel(step, Actor::Drawbridge),
    }
}
