//! What a hostile colleague would try with the other ways: each of these opened something once, or nearly.

use crate::request::fixtures::{
    DANA, KIM, LEE, MAX, PIA, RIA, SAM, TOM, applied, approve, at, attempt, dana_asks, roll, stage,
    user,
};
use crate::request::standing::standing_votes;
use crate::request::{Command, Duty, End, Extends, Refusal, Request, State, Terms, Vote, due};
use crate::rules::{Pass, Verdict};
use crate::units::Seconds;

fn for_later(by: &str, request: &Request) -> Command {
    Command::Approve {
        by: user(by),
        face: request.posts.face,
        terms: Terms {
            shorter: None,
            repeat: true,
        },
    }
}

/// The approvals that count for the same ask, made at `seconds`, after these requests.
fn standing(before: &[Request], seconds: u64) -> Vec<Vote> {
    let first = &before[0];
    let mut asked = first.asked.clone();
    asked.at = at(seconds);
    let route = first.route.clone().unwrap();
    standing_votes(before, &asked, &first.effect, &route, &roll())
}

fn opened(request: &Request) -> Request {
    request.after(60, attempt()).after(61, applied())
}

#[test]
fn an_approval_does_not_count_again_once_somebody_ended_what_it_opened() {
    let asked = dana_asks().repeating().request();
    let first = opened(&asked.after(5, for_later(LEE, &asked))).closed(End::Expired);
    let votes = standing(std::slice::from_ref(&first), 3600);
    assert_eq!(votes.len(), 1);
    // The second is opened by the first one's approval.
    let second = dana_asks().repeating().with_way(|way| way.standing = votes);
    let second = second.with_asked(|asked| asked.at = at(3600)).request();
    let open = second.after(3601, attempt()).after(3602, applied());
    let ended = |why: End| {
        let command = match why {
            End::Revoked { by, reason } => Command::Revoke { by, reason },
            End::Removed => Command::Removed,
            _ => Command::Withdraw { reason: "x".into() },
        };
        open.after(3700, command).after(3701, Command::Withdrawn)
    };
    let (by, reason) = (user(RIA), None);
    let withdrawn = End::Withdrawn { reason: "x".into() };
    for why in [End::Revoked { by, reason }, End::Removed, withdrawn] {
        let both = [ended(why.clone()), first.clone()];
        assert_eq!(standing(&both, 7200), [], "{why:?}");
    }
    let expired = open
        .after(9000, Command::Expire)
        .after(9001, Command::Withdrawn);
    assert_eq!(standing(&[expired, first], 9100).len(), 1);
}

#[test]
fn a_denial_takes_approvals_given_before_along() {
    let asked = dana_asks().repeating().request();
    let first = opened(&asked.after(5, for_later(LEE, &asked))).closed(End::Expired);
    let second = dana_asks()
        .with_asked(|asked| asked.at = at(3600))
        .request();
    let denied = second.after(3605, crate::request::fixtures::deny(MAX, &second));
    assert_eq!(standing(&[denied, first], 7200), []);
}

#[test]
fn an_approval_can_be_taken_back_wherever_its_request_stands() {
    let town = dana_asks().repeating().need(2);
    let asked = town.request();
    let half = asked.after(5, for_later(LEE, &asked));
    let forget = |who: &str| Command::Forget { by: user(who) };
    let cancelled = half.after(6, Command::Cancel { by: user(DANA) });
    for request in [half, cancelled] {
        for who in [LEE, RIA] {
            let after = request.after(7, forget(who));
            assert_eq!(after.state, request.state);
            assert!(after.votes.iter().all(|vote| vote.lasts_until.is_none()));
        }
        let refusal = request.try_at(7, forget(MAX)).unwrap_err();
        assert_eq!(refusal, Refusal::NothingToForget);
    }
}

#[test]
fn who_ends_a_chain_ends_its_approvals_too() {
    let asked = dana_asks().repeating().request();
    let open = opened(&asked.after(5, for_later(LEE, &asked)));
    let (by, reason) = (user(RIA), None);
    let why = End::Revoked { by, reason };
    let ending = open.after(100, Command::EndWith { why });
    assert!(ending.votes.iter().all(|vote| vote.lasts_until.is_none()));
}

#[test]
fn nobody_reviews_an_emergency_in_somebodys_place() {
    let asked = dana_asks().then_security().with_emergency().request();
    let mut route = asked.route.clone().unwrap();
    route.pass = Pass::Emergency;
    let word = Verdict::Allowed(route);
    let by = user(KIM);
    let granting = asked.try_with(5, Command::Emergency { by }, &roll(), Some(&word));
    let open = opened(&granting.unwrap().request);
    let mut away = roll();
    away.stand_ins.insert(user(MAX), user(TOM));
    let review = |who: &str| {
        let command = Command::Review {
            by: user(who),
            words: None,
        };
        open.try_with(100, command, &away, None)
    };
    assert!(matches!(review(TOM), Err(Refusal::NoReview { .. })));
    for who in [MAX, SAM, RIA] {
        assert!(review(who).is_ok(), "{who}");
    }
}

#[test]
fn an_escalated_vote_fills_no_other_stage_when_the_rules_change() {
    let asked = dana_asks().need(2).escalating().request();
    let escalated = asked.after(1800, Command::Escalate);
    let one = escalated.after(1801, approve(LEE, &escalated));
    let both = one.after(1802, approve(PIA, &one));
    assert_eq!(both.state.word(), "granting");
    let mut route = both.route.clone().unwrap();
    route.stages[0].need = 1;
    route.stages.push(stage("security", "security", 1));
    let word = Verdict::Allowed(route);
    let outcome = both
        .try_with(1860, attempt(), &roll(), Some(&word))
        .unwrap();
    assert_eq!(
        outcome.request.state.word(),
        "ending",
        "nobody of security agreed"
    );
}

#[test]
fn an_extension_is_over_when_what_it_extends_is() {
    let extends = Extends {
        id: "k7m3xb".parse().unwrap(),
        until: at(1200),
        so_far: Seconds::minutes(20),
        automatic: 0,
        emergency: false,
        within: true,
    };
    let asked = dana_asks().with_asked(|asked| asked.extends = Some(extends));
    let asked = asked.request();
    assert_ne!(due(&asked, at(1199)), Duty::Decide(Command::Lapse));
    assert_eq!(due(&asked, at(1200)), Duty::Decide(Command::Lapse));
    let lapsed = asked.after(1200, Command::Lapse);
    assert_eq!(lapsed.state, State::Lapsed);
}
