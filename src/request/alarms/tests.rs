//! When each lane looks again, and what is due then.

use super::*;
use crate::request::fixtures::{LEE, Town, approve, at, dana_asks};
use crate::request::{End, PostStatus};

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
fn messages_wait_for_what_comes_of_an_opening_or_closing_that_has_just_begun() {
    let mut asked = dana_asks().request();
    let card = |request: &Request| alarms(request).card;
    // What is not there yet is posted at once: objects name the card.
    assert_eq!(card(&asked.approved()), Some(at(0)));
    for post in &mut asked.posts.list {
        post.status = PostStatus::GivenUp {
            code: "no_thread".to_owned(),
        };
    }
    let granting = asked.approved();
    assert_eq!(card(&granting), Some(at(60) + PASSING));
    let problem = "away".to_owned();
    let again = true;
    let failed = granting.after(60, Command::NotApplied { problem, again });
    assert_eq!(card(&failed), Some(at(0)), "it takes longer");
    let mut open = asked.opened();
    assert_eq!(card(&open), Some(at(0)), "open is said at once");
    for post in &mut open.posts.list {
        post.status = PostStatus::GivenUp {
            code: "no_thread".to_owned(),
        };
    }
    let closing = open.closing(End::Expired);
    assert_eq!(card(&closing), Some(at(1860) + PASSING));
    let problem = "away".to_owned();
    let failed = closing.after(1860, Command::NotWithdrawn { problem });
    assert_eq!(card(&failed), Some(at(0)));
    let ended = closing.after(1860, Command::Withdrawn);
    assert_eq!(card(&ended), Some(at(0)));
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
