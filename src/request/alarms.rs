//! When to look at a request again, and what is due then. Computed from the document alone, so alarms
//! can be rebuilt from documents and there is no job that could be lost.

use chrono::TimeDelta;

use super::document::Request;
use super::facts::Command;
use super::state::{Attempt, State};
use crate::lane::Alarms;
use crate::units::{Seconds, Time};

/// How long opening is tried before the request fails: long enough for a control plane that
/// restarts, short enough that nobody is surprised by a path opening after they gave up.
pub const GIVE_UP_AFTER: Seconds = Seconds::minutes(10);

/// Grants shorter than this end without a warning (DESIGN §11).
const SHORTEST_WARNED: Seconds = Seconds(60);

/// A sixth of the grant is left when its end is warned of, but at least this much, or half of a shorter
/// grant: time to finish, and to ask for more.
const WARN_BEFORE: Seconds = Seconds::minutes(5);

/// And at most this much: an earlier warning is forgotten.
const WARN_BEFORE_AT_MOST: Seconds = Seconds::minutes(15);

/// How often a review is asked for before the ledger says that it never came.
pub(super) const LAST_CHASE: u32 = 7;

/// Between two times when it is overdue.
const CHASE_EVERY: Seconds = Seconds::hours(24);

/// How long messages may show what precedes an opening or a closing that is under way.
pub const PASSING: TimeDelta = TimeDelta::milliseconds(500);

/// What lane `gate` has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Duty {
    /// Nothing yet.
    Wait,
    /// Time itself decides.
    Decide(Command),
    /// Plan on the live cluster and commit an attempt.
    Plan,
    /// Apply and verify the committed attempt.
    Open(Attempt),
    /// Take everything down and verify that it is gone.
    Close,
}

/// What is due at `now`.
pub fn due(request: &Request, now: Time) -> Duty {
    match &request.state {
        State::Pending { .. } => waiting_duty(request, now),
        State::Granting { since, .. } if now >= GIVE_UP_AFTER.after(*since) => {
            Duty::Decide(Command::GiveUp)
        }
        State::Granting { retry_at, .. } if now < *retry_at => Duty::Wait,
        State::Granting {
            attempt: Some(attempt),
            ..
        } if attempt.is_fresh(now) => Duty::Open(attempt.clone()),
        State::Granting { .. } => Duty::Plan,
        State::Active { .. } if now >= expires_at(request) => Duty::Decide(Command::Expire),
        State::Active { warned: false } if warn_at(request).is_some_and(|at| now >= at) => {
            Duty::Decide(Command::Warn)
        }
        State::Active { .. } | State::Ended { .. }
            if chase_at(request).is_some_and(|at| now >= at) =>
        {
            Duty::Decide(Command::Chase)
        }
        State::Active { .. } => Duty::Wait,
        State::Ending { retry_at, .. } if now < *retry_at => Duty::Wait,
        State::Ending { .. } => Duty::Close,
        _ => Duty::Wait,
    }
}

fn waiting_duty(request: &Request, now: Time) -> Duty {
    if lapse_at(request).is_some_and(|at| now >= at) {
        Duty::Decide(Command::Lapse)
    } else if escalate_at(request).is_some_and(|at| now >= at) {
        Duty::Decide(Command::Escalate)
    } else if remind_at(request).is_some_and(|at| now >= at) {
        Duty::Decide(Command::Remind)
    } else {
        Duty::Wait
    }
}

/// When each lane wants to look again.
pub fn alarms(request: &Request) -> Alarms {
    let gate = match &request.state {
        State::Pending { .. } => [lapse_at(request), remind_at(request), escalate_at(request)]
            .into_iter()
            .flatten()
            .min(),
        State::Granting { retry_at, .. } | State::Ending { retry_at, .. } => Some(*retry_at),
        State::Active { warned } => {
            let end = expires_at(request);
            let warning = warn_at(request).filter(|_| !warned);
            let review = chase_at(request);
            warning.into_iter().chain(review).chain([end]).min()
        }
        State::Ended { .. } => chase_at(request),
        _ => None,
    };
    let card = request.posts.lag().then(|| card_at(request));
    Alarms { gate, card }
}

/// When messages that lag behind are brought up to date: at once, but for those that say "Opening" or "Closing". Mostly
/// that is over in milliseconds, and they can say at once what came of it; what the cluster is asked at that moment has
/// their time too.
fn card_at(request: &Request) -> Time {
    let posts = &request.posts;
    let at = posts.retry_at.unwrap_or(request.asked.at);
    match &request.state {
        State::Granting {
            since, failures: 0, ..
        }
        | State::Ending {
            since, failures: 0, ..
        } if posts.are_out() => at.max(*since + PASSING),
        _ => at,
    }
}

/// When a waiting stage lapses.
pub fn lapse_at(request: &Request) -> Option<Time> {
    let State::Pending { since, .. } = &request.state else {
        return None;
    };
    let lapse = request
        .route
        .as_ref()
        .map(|route| route.lapse.after(*since));
    // Once the path is closed there is nothing to lengthen.
    let closed = request.asked.extends.as_ref().map(|extends| extends.until);
    lapse.into_iter().chain(closed).min()
}

/// Whether a reminder is due as well.
pub(super) fn is_reminder_due(request: &Request, now: Time) -> bool {
    remind_at(request).is_some_and(|at| now >= at)
}

/// When the next circle is asked, where the rule has one.
fn escalate_at(request: &Request) -> Option<Time> {
    let State::Pending {
        since,
        escalated: false,
        ..
    } = &request.state
    else {
        return None;
    };
    let escalation = request.route.as_ref()?.escalate.as_ref()?;
    Some(escalation.after.after(*since))
}

/// When the review of an emergency is asked for next: at half time, at the end of its time, then daily.
fn chase_at(request: &Request) -> Option<Time> {
    if !request.awaits_review() {
        return None;
    }
    let emergency = request.emergency.as_ref()?;
    match emergency.chased {
        0 => {
            let time = (emergency.review_by - emergency.at).num_seconds() / 2;
            Some(Seconds(time.max(0).unsigned_abs()).after(emergency.at))
        }
        n if n <= LAST_CHASE => {
            let days = u64::from(n - 1);
            Some(Seconds(CHASE_EVERY.0.saturating_mul(days)).after(emergency.review_by))
        }
        _ => None,
    }
}

fn remind_at(request: &Request) -> Option<Time> {
    let State::Pending {
        since, reminders, ..
    } = &request.state
    else {
        return None;
    };
    reminder_at(request, *since, *reminders)
}

/// When the next reminder after `sent` of them is due: after the rule's time, then after twice and
/// four times as long, and so on. A time of zero means none: it would be due for ever.
fn reminder_at(request: &Request, since: Time, sent: u32) -> Option<Time> {
    let first = request.route.as_ref()?.remind?;
    let factor = 1_u64.checked_shl(sent).unwrap_or(u64::MAX);
    let wait = Seconds(first.0.saturating_mul(factor));
    (wait.0 > 0).then(|| wait.after(since))
}

/// Reminders that count as sent once one is sent at `now`: those that were due meanwhile are not made
/// up for, because nobody wants five at once after an outage.
pub(super) fn reminders_after(request: &Request, since: Time, sent: u32, now: Time) -> u32 {
    let is_past = |n: &u32| reminder_at(request, since, *n).is_some_and(|at| at <= now);
    let next = sent.saturating_add(1);
    // 63 doublings of a second are beyond any clock.
    (next..64).find(|n| !is_past(n)).unwrap_or(64).max(next)
}

/// When an open path is warned of its end; `None` for grants too short for it. What was asked for
/// counts, not what is left of it after opening: a grant of a minute is warned.
fn warn_at(request: &Request) -> Option<Time> {
    let grant = request.grant.as_ref()?;
    let length = request.length();
    if length < SHORTEST_WARNED || request.extended.is_some() {
        return None;
    }
    let least = WARN_BEFORE.0.min(length.0 / 2);
    let before = Seconds((length.0 / 6).clamp(least, WARN_BEFORE_AT_MOST.0.max(least)));
    Some(grant.expires_at - before.delta())
}

fn expires_at(request: &Request) -> Time {
    // An active request always has a grant; without one it is over at once, the safe side.
    request
        .grant
        .as_ref()
        .map_or(request.asked.at, |grant| grant.expires_at)
}

#[cfg(test)]
mod tests;
