//! Who may end a path, and how it ends.

use super::{matrix, notices};
use crate::audit::Actor;
use crate::request::fixtures::{DANA, EVE, EX, LEE, MAX, RIA, SAM, at, dana_asks, deny, user};
use crate::request::{Command, End, Notice, Refusal, State};

#[test]
fn only_the_requester_cancels_and_is_done() {
    let asked = dana_asks().request();
    let open = asked.opened();
    for who in [LEE, RIA, EVE] {
        let by = user(who);
        let cancel = asked.try_at(5, Command::Cancel { by: by.clone() });
        assert_eq!(cancel.unwrap_err(), Refusal::NotYours);
        let done = open.try_at(99, Command::Done { by });
        assert_eq!(done.unwrap_err(), Refusal::NotYours);
    }
    let by = user(DANA);
    let cancelled = asked.after(5, Command::Cancel { by: by.clone() });
    assert_eq!(cancelled.state, State::Cancelled);
    assert_eq!(open.after(99, Command::Done { by }).state.word(), "ending");
}

#[test]
fn a_service_has_no_person_who_could_cancel_for_it() {
    let asked = dana_asks().by_service().request();
    let by = user(DANA);
    let refused = asked.try_at(5, Command::Cancel { by }).unwrap_err();
    assert_eq!(refused, Refusal::NotYours);
}

#[test]
fn approvers_and_revokers_close_an_open_path_and_others_do_not() {
    let open = dana_asks().request().opened();
    let revoke = |who| {
        let reason = Some("we migrate".into());
        let by = user(who);
        open.try_at(99, Command::Revoke { by, reason })
    };
    for who in [LEE, MAX, RIA] {
        assert_eq!(revoke(who).unwrap().request.state.word(), "ending", "{who}");
    }
    for who in [EVE, EX, SAM] {
        assert_eq!(revoke(who).unwrap_err(), Refusal::NotARevoker, "{who}");
    }
}

#[test]
fn people_are_told_of_the_end_when_it_is_verified_and_not_before() {
    let open = dana_asks().request().opened();
    let before = notices(&open).len();
    let closing = open.closing(End::Expired);
    assert_eq!(notices(&closing).len(), before);
    let closed = closing.after(1861, Command::Withdrawn);
    assert!(
        notices(&closed)[before..]
            .iter()
            .all(|n| **n == Notice::Ended(End::Expired))
    );
    assert_eq!(notices(&closed).len(), before + 2);
}

#[test]
fn closing_never_gives_up_and_calls_operators_once() {
    let mut closing = dana_asks().request().opened().closing(End::Expired);
    let mut recorded = 0;
    for second in 0..1000 {
        let problem = "forbidden".into();
        let command = Command::NotWithdrawn { problem };
        let outcome = closing.try_at(2000 + second, command).unwrap();
        recorded += outcome.events.len();
        closing = outcome.request;
        let State::Ending { retry_at, .. } = closing.state else {
            panic!("still ending");
        };
        assert!(retry_at <= at(2000 + second + 8));
    }
    assert_eq!(recorded, 10, "an outage must not fill the ledger");
    let calls = notices(&closing);
    assert_eq!(
        calls.iter().filter(|n| ***n == Notice::CannotClose).count(),
        2
    );
}

#[test]
fn an_object_deleted_by_others_ends_the_grant() {
    let open = dana_asks().request().opened();
    let outcome = open.try_at(99, Command::Removed).unwrap();
    assert_eq!(outcome.events[0].by, Actor::ClusterUser);
    let ended = outcome.request.after(100, Command::Withdrawn);
    assert!(matches!(
        ended.state,
        State::Ended {
            why: End::Removed,
            ..
        }
    ));
}

#[test]
fn a_final_state_is_never_left() {
    let asked = dana_asks().request();
    let open = asked.opened();
    let failed = End::Failed { reason: "x".into() };
    for last in [
        open.closed(End::Expired),
        asked.approved().closed(failed),
        asked.after(5, deny(LEE, &asked)),
        asked.after(5, Command::Cancel { by: user(DANA) }),
        asked.after(3600, Command::Lapse),
    ] {
        assert!(last.state.is_final());
        for command in matrix::every_command(&last) {
            assert!(last.try_at(9999, command.clone()).is_err(), "{command:?}");
        }
    }
}
