//! When to look at a request again, and what is due then. Computed from the document alone, so alarms
//! can be rebuilt from documents and there is no job that could be lost.

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
    let posts = &request.posts;
    let card = posts
        .lag()
        .then(|| posts.retry_at.unwrap_or(request.asked.at));
    Alarms { gate, card }
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
mod tests {
    use super::*;
    use crate::request::End;
    use crate::request::fixtures::{LEE, Town, approve, at, dana_asks};

    fn gate(request: &Request) -> Option<Time> {
        alarms(request).gate
    }

    fn reminded_after(remind: Option<u64>) -> Town {
        dana_asks().with_way(|way| way.route.remind = remind.map(Seconds))
    }

    #[test]
    fn a_waiting_request_is_reminded_in_ever_longer_steps_and_lapses() {
        let mut waiting = dana_asks().request();
        for minutes in [15, 30] {
            let due_at = at(minutes * 60);
            assert_eq!(gate(&waiting), Some(due_at));
            assert_eq!(due(&waiting, due_at), Duty::Decide(Command::Remind));
            waiting = waiting.after(minutes * 60, Command::Remind);
        }
        // The third reminder and the end of the hour fall together: the end wins.
        assert_eq!(gate(&waiting), Some(at(3600)));
        assert_eq!(due(&waiting, at(3600)), Duty::Decide(Command::Lapse));
    }

    #[test]
    fn a_rule_without_reminders_or_with_one_at_once_only_lapses() {
        for remind in [None, Some(0), Some(u64::MAX)] {
            let waiting = reminded_after(remind).request();
            assert_eq!(gate(&waiting), Some(at(3600)), "{remind:?}");
            assert_eq!(due(&waiting, at(3599)), Duty::Wait);
        }
    }

    #[test]
    fn each_stage_has_the_whole_time_to_answer() {
        let asked = reminded_after(None).then_security().request();
        let second = asked.after(3000, approve(LEE, &asked));
        assert_eq!(gate(&second), Some(at(3000 + 3600)));
    }

    #[test]
    fn the_warning_comes_five_minutes_before_the_end_or_at_half_time() {
        for (seconds, warned_at) in [
            (1800, Some(60 + 1500)),
            (600, Some(60 + 300)),
            (120, Some(60 + 60)),
            // What opening took is not held against a grant of a minute.
            (60, Some(60 + 30)),
            (59, None),
            (20, None),
        ] {
            let open = dana_asks().lasting(Seconds(seconds)).request().opened();
            let end = 60 + seconds;
            assert_eq!(
                gate(&open),
                Some(at(warned_at.unwrap_or(end))),
                "{seconds} s"
            );
            if let Some(warned_at) = warned_at {
                assert_eq!(due(&open, at(warned_at)), Duty::Decide(Command::Warn));
                let warned = open.after(warned_at, Command::Warn);
                assert_eq!(gate(&warned), Some(at(end)));
                assert_eq!(due(&warned, at(end - 1)), Duty::Wait);
            }
            assert_eq!(due(&open, at(end)), Duty::Decide(Command::Expire));
        }
    }

    #[test]
    fn a_warning_that_was_slept_through_gives_way_to_the_end() {
        let open = dana_asks().request().opened();
        assert_eq!(due(&open, at(9999)), Duty::Decide(Command::Expire));
    }

    #[test]
    fn opening_is_planned_applied_and_given_up_after_ten_minutes() {
        let granting = dana_asks().request().approved();
        assert_eq!(due(&granting, at(60)), Duty::Plan);
        let attempted = granting.after(60, crate::request::fixtures::attempt());
        assert!(matches!(due(&attempted, at(65)), Duty::Open(_)));
        assert_eq!(due(&attempted, at(66)), Duty::Plan);
        let over = at(60 + GIVE_UP_AFTER.0);
        assert_eq!(due(&attempted, over), Duty::Decide(Command::GiveUp));
    }

    #[test]
    fn closing_waits_for_its_next_try_and_then_tries() {
        let closing = dana_asks().request().opened().closing(End::Expired);
        assert_eq!(due(&closing, at(1860)), Duty::Close);
        let problem = "forbidden".to_owned();
        let failed = closing.after(1860, Command::NotWithdrawn { problem });
        assert_eq!(due(&failed, at(1860)), Duty::Wait);
        assert_eq!(gate(&failed), Some(at(1861)));
        assert_eq!(due(&failed, at(1861)), Duty::Close);
    }

    #[test]
    fn the_card_lane_wakes_while_posts_lag_and_waits_out_failures() {
        let mut asked = dana_asks().request();
        assert_eq!(alarms(&asked).card, Some(at(0)));
        asked.posts.retry_at = Some(at(30));
        assert_eq!(alarms(&asked).card, Some(at(30)));
        asked.posts.shown = asked.posts.face;
        assert_eq!(alarms(&asked).card, None);
        let granting = asked.approved();
        assert!(alarms(&granting).card.is_some());
    }
}
