//! When to look at a request again, and what is due then. Computed from the document alone, so alarms
//! can be rebuilt from documents and there is no job that could be lost.

use super::decide::GIVE_UP_AFTER;
use super::document::Request;
use super::facts::Command;
use super::state::{Attempt, State};
use crate::lane::Alarms;
use crate::units::{Seconds, Time};

/// Grants shorter than this end without a warning (DESIGN §11).
const SHORTEST_WARNED: Seconds = Seconds(60);

/// The warning comes this long before the end, or at half time of shorter grants.
const WARN_BEFORE: Seconds = Seconds::minutes(5);

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
        } if is_fresh(attempt, now) => Duty::Open(attempt.clone()),
        State::Granting { .. } => Duty::Plan,
        State::Active { .. } if now >= expires_at(request) => Duty::Decide(Command::Expire),
        State::Active { warned: false } if warn_at(request).is_some_and(|at| now >= at) => {
            Duty::Decide(Command::Warn)
        }
        State::Active { .. } => Duty::Wait,
        State::Ending { retry_at, .. } if now < *retry_at => Duty::Wait,
        State::Ending { .. } => Duty::Close,
        _ => Duty::Wait,
    }
}

fn is_fresh(attempt: &Attempt, now: Time) -> bool {
    now <= super::decide::ATTEMPT_FRESH.after(attempt.at)
}

fn waiting_duty(request: &Request, now: Time) -> Duty {
    if lapse_at(request).is_some_and(|at| now >= at) {
        Duty::Decide(Command::Lapse)
    } else if remind_at(request).is_some_and(|at| now >= at) {
        Duty::Decide(Command::Remind)
    } else {
        Duty::Wait
    }
}

/// When each lane wants to look again.
pub fn alarms(request: &Request) -> Alarms {
    let gate = match &request.state {
        State::Pending { .. } => [lapse_at(request), remind_at(request)]
            .into_iter()
            .flatten()
            .min(),
        State::Granting { retry_at, .. } | State::Ending { retry_at, .. } => Some(*retry_at),
        State::Active { warned } => {
            let end = expires_at(request);
            let warning = warn_at(request).filter(|_| !warned);
            Some(warning.map_or(end, |at| at.min(end)))
        }
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
    request
        .route
        .as_ref()
        .map(|route| route.lapse.after(*since))
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
    let length = request.asked.duration;
    if length < SHORTEST_WARNED {
        return None;
    }
    let before = Seconds(WARN_BEFORE.0.min(length.0 / 2));
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
