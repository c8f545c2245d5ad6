//! Who may decide, and what a decision leads to.

use super::{no, notices};
use crate::audit::{Actor, Fact};
use crate::request::decide::quorum;
use crate::request::fixtures::{
    BOT, DANA, EVE, EX, GONE, GUEST, LEE, MAX, NOBODY, RIA, SAM, STRANGER, approve, at, attempt,
    dana_asks, deny, roll, roll_without, stage, user, voter,
};
use crate::request::{Command, Duty, Notice, Refusal, Request, State, Terms, Vote, due};
use crate::rules::{Right, Roll, StagePlan, Standing};
use crate::units::Seconds;

#[test]
fn the_vote_that_fills_the_last_stage_grants() {
    let asked = dana_asks().request();
    let outcome = asked.try_at(60, approve(LEE, &asked)).unwrap();
    assert_eq!(outcome.request.state.word(), "granting");
    let by: Vec<_> = outcome.events.iter().map(|event| &event.by).collect();
    assert_eq!(by, [&Actor::Person(user(LEE)), &Actor::Drawbridge]);
    let approved = Fact::Approved {
        stage: "owners".into(),
        right: None,
        shortened: None,
        lasts_until: None,
        voter: Some(voter(LEE)),
    };
    let facts: Vec<_> = outcome.events.iter().map(|event| &event.fact).collect();
    assert_eq!(facts, [&approved, &Fact::Granted]);
}

#[test]
fn a_second_click_on_a_decided_card_changes_nothing() {
    let asked = dana_asks().request();
    let granting = asked.approved();
    for late in [
        approve(LEE, &asked),
        approve(MAX, &asked),
        deny(MAX, &asked),
    ] {
        let refusal = granting.try_at(61, late).unwrap_err();
        assert_eq!(refusal, Refusal::Over { state: "granting" });
    }
    assert_eq!(
        Refusal::Over { state: "granting" }.to_string(),
        "this request is already being opened"
    );
}

#[test]
fn nobody_decides_on_their_own_request_even_as_an_approver() {
    let asked = dana_asks().request();
    for command in [approve(DANA, &asked), deny(DANA, &asked)] {
        let refusal = asked.try_at(5, command).unwrap_err();
        assert_eq!(refusal, Refusal::OwnRequest);
    }
}

#[test]
fn nobody_approves_a_role_for_themselves() {
    let all = roll().people;
    let address = |who: &str| all.get(&user(who)).unwrap().email.clone().unwrap();
    let asked = dana_asks().with_way(|way| {
        for stage in &mut way.route.stages {
            stage.given = [format!("oidc:{}", address(LEE))].into();
        }
    });
    let asked = asked.request();
    let refusal = asked.try_at(5, approve(LEE, &asked)).unwrap_err();
    assert_eq!(refusal, Refusal::GivenToYou);
    assert!(refusal.forbids(), "such an attempt is on record");
    let denied = asked.after(5, deny(LEE, &asked));
    assert_eq!(denied.state.word(), "denied", "they may always say no");
    let granting = asked.after(60, approve(MAX, &asked));
    assert_eq!(granting.state.word(), "granting");
    // A vote counts by whose address the name is at the end of the waiting, not when it was given.
    let mut moved = roll();
    moved.people.get_mut(&user(MAX)).unwrap().email = Some(address(LEE));
    assert!(quorum::all_stages_filled(&granting, &roll()));
    assert!(!quorum::all_stages_filled(&granting, &moved));
    // They may always give it back.
    let by = user(LEE);
    let revoke = Command::Revoke { by, reason: None };
    assert!(granting.opened().try_at(99, revoke).is_ok());
}

#[test]
fn guests_strangers_bots_and_deactivated_accounts_count_for_nothing() {
    let asked = dana_asks().request();
    for (who, standing) in [
        (GUEST, Some(Standing::Guest)),
        (STRANGER, Some(Standing::Stranger)),
        (BOT, Some(Standing::Bot)),
        (GONE, Some(Standing::Deactivated)),
        (NOBODY, None),
    ] {
        for command in [approve(who, &asked), deny(who, &asked)] {
            let refusal = asked.try_at(5, command).unwrap_err();
            assert_eq!(refusal, Refusal::DoesNotCount { standing }, "{who}");
        }
        let by = user(who);
        let revoke = Command::Revoke { by, reason: None };
        let refusal = asked.opened().try_at(99, revoke).unwrap_err();
        assert_eq!(refusal, Refusal::DoesNotCount { standing }, "{who}");
    }
}

#[test]
fn members_outside_the_waiting_stage_cannot_decide() {
    let asked = dana_asks().then_security().request();
    for who in [EVE, EX, RIA, SAM] {
        for command in [approve(who, &asked), deny(who, &asked)] {
            let refusal = asked.try_at(5, command).unwrap_err();
            let stage = "owners".into();
            assert_eq!(refusal, Refusal::NotAnApprover { stage }, "{who}");
        }
    }
}

#[test]
fn an_approver_who_left_the_group_cannot_decide_any_more() {
    let asked = dana_asks().request();
    let roll = roll_without(LEE);
    let verdict = asked.allowed();
    let refusal = asked
        .try_with(5, approve(LEE, &asked), &roll, verdict.as_ref())
        .unwrap_err();
    assert!(matches!(refusal, Refusal::NotAnApprover { .. }));
}

#[test]
fn a_click_on_the_picture_of_an_earlier_stage_is_stale() {
    let asked = dana_asks().then_security().request();
    let old = approve(MAX, &asked);
    let second = asked.after(5, approve(LEE, &asked));
    assert_eq!(second.try_at(6, old).unwrap_err(), Refusal::Stale);
    assert_eq!(
        second.after(6, approve(MAX, &second)).state.word(),
        "granting"
    );
}

#[test]
fn a_click_on_an_older_picture_of_the_same_stage_counts() {
    let asked = dana_asks().need(2).request();
    let early = approve(MAX, &asked);
    let half = asked.after(5, approve(LEE, &asked));
    assert_eq!(half.after(6, early).state.word(), "granting");
}

#[test]
fn a_forged_face_from_the_future_is_stale() {
    let asked = dana_asks().request();
    for face in [0, asked.posts.face + 1, u32::MAX] {
        let by = user(LEE);
        let refusal = asked
            .try_at(
                5,
                Command::Approve {
                    by,
                    face,
                    terms: Terms::default(),
                },
            )
            .unwrap_err();
        assert_eq!(refusal, Refusal::Stale, "{face}");
    }
}

#[test]
fn one_person_fills_one_slot() {
    let asked = dana_asks().need(2).request();
    let half = asked.after(5, approve(LEE, &asked));
    let refusal = half.try_at(6, approve(LEE, &half)).unwrap_err();
    assert_eq!(refusal, Refusal::AlreadyApproved);
}

#[test]
fn two_stages_are_filled_by_two_people() {
    let asked = dana_asks().then_security().request();
    let second = asked.after(5, approve(MAX, &asked));
    assert!(matches!(second.state, State::Pending { stage: 1, .. }));
    assert_eq!(second.posts.offered, second.posts.face);
    // Max belongs to both groups.
    let refusal = second.try_at(6, approve(MAX, &second)).unwrap_err();
    assert_eq!(refusal, Refusal::AlreadyApproved);
    assert_eq!(
        second.after(7, approve(SAM, &second)).state.word(),
        "granting"
    );
    assert_eq!(notices(&second), [&Notice::NextStage(1)]);
}

#[test]
fn a_vote_of_somebody_who_left_meanwhile_counts_no_longer() {
    let asked = dana_asks().need(2).request();
    let half = asked.after(5, approve(LEE, &asked));
    let verdict = half.allowed();
    let roll = roll_without(LEE);
    let still = half
        .try_with(6, approve(MAX, &half), &roll, verdict.as_ref())
        .unwrap()
        .request;
    assert_eq!(still.state.word(), "pending");
    let granting = asked.need_one_vote_of(LEE);
    let failed = granting
        .try_with(7, attempt(), &roll, verdict.as_ref())
        .unwrap()
        .request;
    assert_eq!(failed.state.word(), "ending");
    assert!(failed.gate.is_empty(), "nothing was to be applied");
}

impl Request {
    fn need_one_vote_of(&self, who: &str) -> Request {
        let mut one = self.clone();
        one.route.as_mut().unwrap().stages[0].need = 1;
        one.after(6, approve(who, &one))
    }
}

#[test]
fn a_denial_ends_the_request_and_tells_why() {
    let asked = dana_asks().request();
    let outcome = asked.try_at(5, deny(LEE, &asked)).unwrap();
    let denied = State::Denied {
        by: Some(user(LEE)),
        reason: Some("Use the read replica".into()),
    };
    assert_eq!(outcome.request.state, denied);
    assert_eq!(notices(&outcome.request), [&Notice::Denied; 2]);
}

#[test]
fn rules_that_refuse_by_now_deny_whoever_clicks() {
    let asked = dana_asks().request();
    let verdict = no("`orders` is frozen");
    let outcome = asked
        .try_with(5, approve(LEE, &asked), &roll(), Some(&verdict))
        .unwrap();
    let denied = State::Denied {
        by: None,
        reason: Some("`orders` is frozen".into()),
    };
    assert_eq!(outcome.request.state, denied);
    assert!(outcome.request.votes.is_empty());
}

#[test]
fn votes_move_between_stages_until_all_are_filled_but_none_counts_twice() {
    let vote = |by: &str| Vote {
        by: user(by),
        stage: 0,
        at: at(5),
        right: Right::Own,
        lasts_until: None,
        given_on: None,
    };
    let owners = stage("owners", "orders-oncall", 1);
    let security = stage("security", "security", 1);
    let both = [owners.clone(), security.clone()];
    let roll = roll();
    let fills = |votes: &[Vote], stages: &[StagePlan], roll: &Roll| {
        let mut request = dana_asks().request();
        request.votes = votes.to_vec();
        let mut route = request.route.clone().unwrap();
        route.stages = stages.to_vec();
        quorum::fills(&request, &route, roll)
    };
    // Max could fill either; Lee only the first.
    assert!(fills(&[vote(MAX), vote(LEE)], &both, &roll));
    assert!(fills(&[vote(LEE), vote(MAX)], &both, &roll));
    assert!(!fills(&[vote(MAX)], &both, &roll));
    assert!(!fills(&[vote(LEE)], &[security], &roll));
    assert!(fills(&[vote(LEE)], &[], &roll));
    let two = stage("owners", "orders-oncall", 2);
    assert!(!fills(&[vote(LEE)], &[two], &roll));
    let endless = stage("owners", "orders-oncall", usize::MAX);
    assert!(!fills(&[vote(LEE)], &[endless], &roll));
    assert!(!fills(&[vote(LEE)], &[owners], &roll_without(LEE)));
}

#[test]
fn reminders_that_were_missed_are_not_made_up_for() {
    let asked = dana_asks()
        .with_way(|way| way.route.lapse = Seconds::hours(8))
        .request();
    // Due after 15 and 30 min, 1 h and 2 h; the bot was away for three hours.
    let reminded = asked.after(3 * 3600, Command::Remind);
    assert_eq!(due(&reminded, at(3 * 3600)), Duty::Wait);
    assert_eq!(notices(&reminded), [&Notice::Reminder(4)]);
    assert_eq!(due(&reminded, at(4 * 3600)), Duty::Decide(Command::Remind));
}
