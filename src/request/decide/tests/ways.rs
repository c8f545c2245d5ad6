//! Other ways than plain approval: for less time, in somebody's place, by the next circle, at once, by the
//! rule alone, by approvals given before; and for longer than at first.

use super::notices;
use crate::audit::Fact;
use crate::request::fixtures::{
    DANA, EVE, KIM, LEE, MAX, PIA, RIA, SAM, TOM, applied, approve, at, attempt, dana_asks, roll,
    roll_without, user,
};
use crate::request::standing::standing_votes;
use crate::request::{
    Command, Duty, End, Extends, Notice, Refusal, Request, State, Terms, Vote, alarms, due,
};
use crate::rules::{Pass, Right, Roll, Verdict};
use crate::units::Seconds;

fn on_terms(by: &str, request: &Request, terms: Terms) -> Command {
    Command::Approve {
        by: user(by),
        face: request.posts.face,
        terms,
    }
}

fn shorter(minutes: u64) -> Terms {
    Terms {
        shorter: Some(Seconds::minutes(minutes)),
        repeat: false,
    }
}

fn repeating() -> Terms {
    Terms {
        shorter: None,
        repeat: true,
    }
}

/// The rules' word that an emergency of this request is allowed.
fn as_emergency(request: &Request) -> Verdict {
    let mut route = request.route.clone().unwrap();
    route.pass = Pass::Emergency;
    Verdict::Allowed(route)
}

fn broken_open(request: &Request, by: &str) -> Result<Request, Refusal> {
    let word = as_emergency(request);
    let command = Command::Emergency { by: user(by) };
    let outcome = request.try_with(5, command, &roll(), Some(&word))?;
    Ok(outcome.request)
}

#[test]
fn the_shortest_approval_counts_and_none_is_longer_than_asked() {
    let asked = dana_asks().need(2).request();
    let first = asked.after(5, on_terms(LEE, &asked, shorter(20)));
    assert_eq!(first.length(), Seconds::minutes(20));
    for minutes in [0, 20, 30, 60] {
        let refusal = first.try_at(6, on_terms(MAX, &first, shorter(minutes)));
        let asked = Seconds::minutes(20);
        assert_eq!(refusal.unwrap_err(), Refusal::NotShorter { asked });
    }
    let open = first.after(6, on_terms(MAX, &first, shorter(10)));
    let open = open.after(60, attempt()).after(61, applied());
    let grant = open.grant.unwrap();
    assert_eq!(grant.expires_at, at(60 + 10 * 60));
}

#[test]
fn who_is_away_and_who_stands_in_fill_one_slot_between_them() {
    let mut away = roll();
    away.stand_ins.insert(user(MAX), user(TOM));
    let asked = dana_asks().need(2).request();
    let word = asked.allowed();
    let by = |request: &Request, who: &str| {
        let command = approve(who, request);
        request.try_with(5, command, &away, word.as_ref())
    };
    let stood_in = by(&asked, TOM).unwrap().request;
    assert_eq!(stood_in.votes[0].right, Right::StandIn(user(MAX)));
    assert_eq!(by(&stood_in, MAX).unwrap_err(), Refusal::SlotTaken);
    let own = by(&asked, MAX).unwrap().request;
    assert_eq!(by(&own, TOM).unwrap_err(), Refusal::SlotTaken);
    let granted = by(&stood_in, LEE).unwrap().request;
    assert_eq!(granted.state.word(), "granting");
    // Back again: what was approved in Max's place counts, as long as Max is of the stage.
    let attempt_with = |roll: &Roll| granted.try_with(60, attempt(), roll, word.as_ref());
    let begun = attempt_with(&roll()).unwrap().request;
    assert!(matches!(
        begun.state,
        State::Granting {
            attempt: Some(_),
            ..
        }
    ));
    let left = attempt_with(&roll_without(MAX)).unwrap().request;
    assert_eq!(left.state.word(), "ending");
}

#[test]
fn nobody_approves_in_the_requesters_place() {
    // Dana is of the stage herself, and away.
    let mut away = roll();
    away.stand_ins.insert(user(DANA), user(TOM));
    let asked = dana_asks().request();
    let refusal = asked.try_with(5, approve(TOM, &asked), &away, asked.allowed().as_ref());
    assert!(matches!(
        refusal.unwrap_err(),
        Refusal::NotAnApprover { .. }
    ));
}

#[test]
fn the_next_circle_is_asked_when_nobody_answers_and_not_before() {
    let asked = dana_asks().escalating().request();
    let early = asked.try_at(5, approve(PIA, &asked)).unwrap_err();
    assert!(matches!(early, Refusal::NotAnApprover { .. }));
    let reminded = asked.after(900, Command::Remind);
    assert_eq!(due(&reminded, at(1799)), Duty::Wait);
    assert_eq!(due(&reminded, at(1800)), Duty::Decide(Command::Escalate));
    let escalated = reminded.after(1800, Command::Escalate);
    assert!(notices(&escalated).contains(&&Notice::Escalated(0)));
    assert_ne!(due(&escalated, at(1800)), Duty::Decide(Command::Escalate));
    let granted = escalated.after(1900, approve(PIA, &escalated));
    assert_eq!(granted.votes[0].right, Right::Escalated);
    assert_eq!(granted.state.word(), "granting");
    let open = granted.after(1960, attempt()).after(1961, applied());
    assert_eq!(open.state.word(), "active");
    // Those who were asked first may still answer.
    let late = escalated.after(1900, approve(LEE, &escalated));
    assert_eq!(late.votes[0].right, Right::Own);
}

#[test]
fn an_escalation_is_of_its_stage_only() {
    let asked = dana_asks().then_security().escalating().request();
    let escalated = asked.after(1800, Command::Escalate);
    let second = escalated.after(1900, approve(LEE, &escalated));
    assert!(matches!(second.state, State::Pending { stage: 1, .. }));
    assert!(!second.is_escalated());
    let refusal = second.try_at(1901, approve(PIA, &second)).unwrap_err();
    assert!(matches!(refusal, Refusal::NotAnApprover { .. }));
}

#[test]
fn an_emergency_opens_at_once_for_less_and_everybody_is_told() {
    let asked = dana_asks().then_security().with_emergency().request();
    for who in [DANA, LEE, EVE] {
        let refusal = broken_open(&asked, who).unwrap_err();
        assert!(matches!(refusal, Refusal::NoEmergency { .. }), "{who}");
    }
    let granting = broken_open(&asked, KIM).unwrap();
    assert_eq!(granting.state.word(), "granting");
    assert_eq!(granting.length(), Seconds::minutes(15));
    let told = notices(&granting);
    let loud = told
        .iter()
        .filter(|told| ***told == Notice::Emergency)
        .count();
    assert_eq!(
        loud, 3,
        "the requester, the card's thread and #incidents: {told:?}"
    );
    let open = granting.after(60, attempt()).after(61, applied());
    assert_eq!(open.grant.as_ref().unwrap().expires_at, at(60 + 15 * 60));
    assert!(open.votes.is_empty());
}

#[test]
fn without_the_rules_word_no_emergency_opens() {
    let asked = dana_asks().with_emergency().request();
    let command = Command::Emergency { by: user(KIM) };
    let ordinary = asked.try_at(5, command.clone()).unwrap_err();
    assert!(matches!(ordinary, Refusal::Impossible { .. }));
    let none = asked.try_with(5, command, &roll(), None).unwrap_err();
    assert!(matches!(none, Refusal::Impossible { .. }));
}

#[test]
fn a_review_is_chased_until_it_comes_and_given_by_others_than_those_who_opened() {
    let asked = dana_asks().with_emergency().request();
    let opened = broken_open(&asked, KIM).unwrap();
    let ended = opened.after(60, attempt()).after(61, applied());
    let mut ended = ended
        .after(961, Command::Expire)
        .after(962, Command::Withdrawn);
    let day = 24 * 3600;
    // At half time, when it is due, then daily: seven times in all, and the ledger says so at last.
    for (n, due_at) in [day / 2, day, 2 * day, 3 * day, 4 * day, 5 * day, 6 * day]
        .iter()
        .enumerate()
    {
        assert_eq!(alarms(&ended).gate, Some(at(5 + due_at)), "time {n}");
        ended = ended.after(5 + due_at, Command::Chase);
    }
    for who in [KIM, DANA, EVE, SAM] {
        let review = Command::Review {
            by: user(who),
            words: None,
        };
        let refusal = ended.try_at(7 * day, review).unwrap_err();
        assert!(matches!(refusal, Refusal::NoReview { .. }), "{who}");
    }
    let last = ended.try_at(5 + 7 * day, Command::Chase).unwrap();
    assert_eq!(last.events[0].fact, Fact::Unreviewed);
    assert_eq!(alarms(&last.request).gate, None);
    let review = Command::Review {
        by: user(RIA),
        words: Some("right, but late".into()),
    };
    let reviewed = ended.after(7 * day, review.clone());
    assert_eq!(alarms(&reviewed).gate, None);
    assert!(notices(&reviewed).contains(&&Notice::Reviewed));
    assert!(matches!(
        reviewed.try_at(7 * day, review).unwrap_err(),
        Refusal::NoReview { .. }
    ));
}

#[test]
fn an_emergency_that_is_asked_for_waits_unless_somebody_answers_for_it() {
    let open = dana_asks().at_once().request();
    assert_eq!(open.state.word(), "granting");
    assert_eq!(open.emergency.as_ref().unwrap().by, user(KIM));
    let nobody = dana_asks().at_once().with_way(|way| way.emergency = None);
    assert_eq!(nobody.request().state.word(), "pending");
}

#[test]
fn rules_that_lift_their_stages_do_not_open_what_was_asked_under_them() {
    let asked = dana_asks().request();
    let mut granting = asked.approved();
    granting.votes.clear();
    let mut route = granting.route.clone().unwrap();
    route.stages.clear();
    for pass in [
        Pass::Stages,
        Pass::Automatic { why: "x".into() },
        Pass::Emergency,
    ] {
        route.pass = pass;
        let word = Verdict::Allowed(route.clone());
        let outcome = granting.try_with(60, attempt(), &roll(), Some(&word));
        assert_eq!(outcome.unwrap().request.state.word(), "ending");
    }
}

fn again(old: &Request, seconds: u64) -> Vec<Vote> {
    let mut asked = old.asked.clone();
    asked.at = at(seconds);
    let route = old.route.clone().unwrap();
    standing_votes(
        std::slice::from_ref(old),
        &asked,
        &old.effect,
        &route,
        &roll(),
    )
}

#[test]
fn an_approval_counts_again_for_as_long_as_the_rule_lets_it() {
    let asked = dana_asks().request();
    let refusal = asked
        .try_at(5, on_terms(LEE, &asked, repeating()))
        .unwrap_err();
    assert_eq!(refusal, Refusal::NoRepeat);
    let asked = dana_asks().repeating().request();
    let approved = asked.after(5, on_terms(LEE, &asked, repeating()));
    let votes = again(&approved, 3600);
    assert_eq!(votes.len(), 1);
    assert_eq!(votes[0].given_on, Some(approved.id.clone()));
    assert_eq!(votes[0].lasts_until, None, "it is not passed on");
    assert_eq!(again(&approved, 5 + 24 * 3600), []);
    let once = asked.after(5, approve(LEE, &asked));
    assert_eq!(again(&once, 3600), []);
}

#[test]
fn an_approval_given_before_counts_for_no_more_than_it_saw() {
    let asked = dana_asks().repeating().request();
    let approved = asked.after(5, on_terms(LEE, &asked, repeating()));
    let route = approved.route.clone().unwrap();
    let votes = |change: &dyn Fn(&mut crate::request::Asked), roll: &Roll| {
        let mut asked = approved.asked.clone();
        asked.at = at(3600);
        change(&mut asked);
        standing_votes(
            std::slice::from_ref(&approved),
            &asked,
            &approved.effect,
            &route,
            roll,
        )
        .len()
    };
    let roll = roll();
    assert_eq!(votes(&|_| {}, &roll), 1);
    assert_eq!(
        votes(&|asked| asked.duration = Seconds::minutes(31), &roll),
        0
    );
    assert_eq!(votes(&|asked| asked.cluster = "other".into(), &roll), 0);
    assert_eq!(
        votes(&|asked| asked.flow.to.label = "vault/api".into(), &roll),
        0
    );
    assert_eq!(votes(&|asked| asked.flow.ports[0].last = 5433, &roll), 0);
    assert_eq!(
        votes(
            &|asked| asked.by = crate::rules::Principal::Person(user(EVE)),
            &roll
        ),
        0
    );
    assert_eq!(votes(&|_| {}, &roll_without(LEE)), 0, "lee has left");
    let mut more = approved.effect.clone();
    more.opens.push(crate::request::fixtures::opened(
        "vault/Deployment/api",
        "TCP 1",
    ));
    let mut asked = approved.asked.clone();
    asked.at = at(3600);
    let wider = standing_votes(
        std::slice::from_ref(&approved),
        &asked,
        &more,
        &route,
        &roll,
    );
    assert_eq!(wider, []);
}

#[test]
fn an_approval_given_before_can_be_taken_back_and_ends_with_a_revocation() {
    let asked = dana_asks().repeating().request();
    let open = asked.after(5, on_terms(LEE, &asked, repeating()));
    let open = open.after(60, attempt()).after(61, applied());
    let forget = |who: &str| Command::Forget { by: user(who) };
    assert_eq!(
        open.try_at(100, forget(MAX)).unwrap_err(),
        Refusal::NothingToForget
    );
    assert_eq!(again(&open.after(100, forget(LEE)), 3600), []);
    let revoked = open.closed(End::Revoked {
        by: user(RIA),
        reason: None,
    });
    assert_eq!(again(&revoked, 3600), []);
    assert_eq!(again(&open.closed(End::Expired), 3600).len(), 1);
}

#[test]
fn approvals_given_before_fill_their_stages_and_the_rest_is_asked() {
    let town = dana_asks().then_security().repeating();
    let before = town.clone().request();
    let before = before.after(5, on_terms(LEE, &before, repeating()));
    let standing = again(&before, 3600);
    let asked = town.with_way(|way| way.standing.clone_from(&standing));
    let outcome = asked.outcome();
    let request = &outcome.request;
    assert!(matches!(request.state, State::Pending { stage: 1, .. }));
    let recalled = |fact: &Fact| matches!(fact, Fact::Recalled { .. });
    assert!(outcome.events.iter().any(|event| recalled(&event.fact)));
    let granted = request.after(10, approve(SAM, request));
    assert_eq!(granted.state.word(), "granting");
}

#[test]
fn an_extension_opens_at_its_approval_and_ends_after_the_path_before_it() {
    let extends = Extends {
        emergency: false,
        within: true,
        id: "k7m3xb".parse().unwrap(),
        until: at(1800),
        so_far: Seconds::minutes(30),
        automatic: 0,
    };
    let longer = dana_asks().with_asked(|asked| asked.extends = Some(extends));
    let open = longer.request().opened();
    assert_eq!(open.grant.as_ref().unwrap().expires_at, at(1800 + 1800));
    // Approved only after that end: the time counts from the approval.
    let asked = open_late();
    assert_eq!(asked.grant.unwrap().expires_at, at(2000 + 1800));
}

fn open_late() -> Request {
    let extends = Extends {
        emergency: false,
        within: true,
        id: "k7m3xb".parse().unwrap(),
        until: at(1800),
        so_far: Seconds::minutes(30),
        automatic: 0,
    };
    let asked = dana_asks().with_asked(|asked| asked.extends = Some(extends));
    let asked = asked.request();
    let granting = asked.after(1990, approve(LEE, &asked));
    granting.after(2000, attempt()).after(2001, applied())
}

#[test]
fn what_goes_on_is_not_warned_of_its_end() {
    let open = dana_asks().request().opened();
    assert_eq!(due(&open, at(60 + 25 * 60)), Duty::Decide(Command::Warn));
    let by = crate::request::ExtendedBy {
        id: "k7m3xb".parse().unwrap(),
        until: at(3600),
    };
    let extended = open.after(100, Command::Extended { by });
    assert_eq!(due(&extended, at(60 + 25 * 60)), Duty::Wait);
    assert_eq!(
        due(&extended, at(60 + 30 * 60)),
        Duty::Decide(Command::Expire)
    );
}

#[test]
fn what_belongs_to_an_incident_ends_with_it() {
    let asked = dana_asks().request();
    let denied = asked.after(5, Command::IncidentClosed);
    assert_eq!(denied.state.word(), "denied");
    let closed = asked.opened().closed(End::IncidentClosed);
    assert!(matches!(
        closed.state,
        State::Ended {
            why: End::IncidentClosed,
            ..
        }
    ));
}

#[test]
fn the_warning_is_scaled_to_the_length() {
    for (minutes, before) in [
        (1, 30),
        (6, 180),
        (30, 300),
        (60, 600),
        (120, 900),
        (1200, 900),
    ] {
        let open = dana_asks().lasting(Seconds::minutes(minutes)).request();
        let open = open.opened();
        let end = 60 + minutes * 60;
        let warning = alarms(&open).gate;
        assert_eq!(warning, Some(at(end - before)), "{minutes} min");
    }
}
