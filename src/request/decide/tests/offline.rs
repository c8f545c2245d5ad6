//! What a service can approve while Slack is away, and what it and its owner cannot.

use std::collections::BTreeSet;

use super::no;
use crate::audit::Fact;
use crate::request::fixtures::{
    DANA, LEE, MAX, SAM, applied, approve, attempt, dana_asks, deny, roll, user,
};
use crate::request::{Claimed, Command, Refusal, Request, State};
use crate::rules::{Account, Roll, Verdict};
use crate::units::Seconds;

fn account(cluster: &str, namespace: &str, name: &str) -> Account {
    Account {
        cluster: Some(cluster.to_owned()),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// What `ops/break-glass` of the request's own cluster brings, with a token of ten minutes.
fn claimed() -> Claimed {
    Claimed {
        by: account("prod-eu", "ops", "break-glass"),
        token_id: Some("JTI=1".to_owned()),
        lifetime: Some(Seconds::minutes(10)),
        slack_away: Some(Seconds::minutes(1)),
    }
}

fn offline(claimed: Claimed) -> Command {
    Command::ApproveOffline { claimed }
}

fn refused(request: &Request, claimed: Claimed) -> Refusal {
    request.try_at(60, offline(claimed)).unwrap_err()
}

fn asked() -> Request {
    dana_asks().answered_for().request()
}

#[test]
fn one_approval_without_slack_opens_for_half_an_hour_at_most() {
    let long = dana_asks().answered_for().lasting(Seconds::hours(2));
    let outcome = long.request().try_at(60, offline(claimed())).unwrap();
    let granting = outcome.request;
    assert!(matches!(granting.state, State::Granting { .. }));
    let recorded = outcome.events.iter().find_map(|event| match &event.fact {
        Fact::ApprovedOffline {
            account,
            token_id,
            seconds,
            ..
        } => Some((account.as_str(), token_id.as_str(), *seconds)),
        _ => None,
    });
    let expected = ("ops/break-glass", "JTI=1", Seconds::minutes(30));
    assert_eq!(recorded, Some(expected));
    let open = granting.after(61, attempt()).after(62, applied());
    assert!(matches!(open.state, State::Active { .. }));
    assert_eq!(open.length(), Seconds::minutes(30));
}

#[test]
fn an_emergency_of_the_rule_bounds_it_further() {
    let asked = dana_asks().answered_for().with_emergency().request();
    let granting = asked.after(60, offline(claimed()));
    assert_eq!(granting.length(), Seconds::minutes(15));
}

#[test]
fn while_slack_answers_people_decide() {
    let answering = Claimed {
        slack_away: None,
        ..claimed()
    };
    assert_eq!(refused(&asked(), answering), Refusal::SlackAnswers);
}

#[test]
fn one_lost_answer_does_not_make_slack_away() {
    for seconds in [0, 59] {
        let early = Claimed {
            slack_away: Some(Seconds(seconds)),
            ..claimed()
        };
        let refusal = refused(&asked(), early);
        assert_eq!(refusal, Refusal::SlackJustLeft, "{seconds} s");
        assert!(refusal.to_string().contains("a minute"), "{refusal}");
        assert!(refusal.hint().unwrap().contains("after a minute"));
        assert!(!refusal.forbids(), "it says how things stand");
    }
}

#[test]
fn only_the_account_that_the_rule_names_and_of_that_cluster_alone() {
    for by in [
        account("prod-us", "ops", "break-glass"),
        account("prod-eu", "ops", "other"),
        account("prod-eu", "ci", "break-glass"),
        Account {
            cluster: None,
            namespace: "oidc:ops".to_owned(),
            name: "break-glass".to_owned(),
        },
    ] {
        let shown = by.to_string();
        let refusal = refused(&asked(), Claimed { by, ..claimed() });
        assert!(matches!(refusal, Refusal::NotOffline { .. }), "{shown}");
    }
}

#[test]
fn a_service_approves_nothing_of_its_own_though_the_rule_names_it() {
    let town = dana_asks().answered_for().with_way(|way| {
        way.route.offline = BTreeSet::from(["ci/deployer".to_owned()]);
    });
    let by = account("prod-eu", "ci", "deployer");
    let refusal = refused(&town.request(), Claimed { by, ..claimed() });
    assert_eq!(refusal, Refusal::OwnRequest);
}

#[test]
fn whoever_answers_for_a_service_approves_nothing_of_it_and_may_end_it() {
    let asked = asked();
    let refusal = asked.try_at(60, approve(DANA, &asked)).unwrap_err();
    assert_eq!(refusal, Refusal::OwnRequest);
    let cancelled = asked.after(60, Command::Cancel { by: user(DANA) });
    assert!(matches!(cancelled.state, State::Cancelled));
    assert!(asked.try_at(60, Command::Cancel { by: user(LEE) }).is_err());
}

#[test]
fn whoever_pressed_the_button_for_a_service_decides_nothing_of_it() {
    // The rule's owner may be somebody else by now, or nobody.
    let pressed = |by: &str| {
        let town = dana_asks().answered_for();
        let town = town.with_asked(|asked| asked.pressed_by = Some(user(by)));
        town.with_way(|way| way.route.owner = None).request()
    };
    let asked = pressed(LEE);
    for command in [approve(LEE, &asked), deny(LEE, &asked)] {
        let refusal = asked.try_at(60, command).unwrap_err();
        assert_eq!(refusal, Refusal::OwnRequest);
    }
    let others = asked.after(60, approve(MAX, &asked));
    assert!(matches!(others.state, State::Granting { .. }));
    // Nobody stands in for them either.
    let mut roll = roll();
    roll.stand_ins.insert(user(LEE), user(SAM));
    let other = pressed(DANA);
    let verdict = Verdict::Allowed(other.route.clone().unwrap());
    let of = |request: &Request| {
        let command = approve(SAM, request);
        request.try_with(60, command, &roll, Some(&verdict))
    };
    assert!(of(&other).is_ok(), "Sam stands in for Lee");
    assert!(matches!(of(&asked), Err(Refusal::NotAnApprover { .. })));
}

#[test]
fn who_pressed_is_in_the_document_only_where_somebody_did() {
    let plain = asked();
    let written = serde_json::to_value(&plain).unwrap();
    assert_eq!(written["asked"].get("pressedBy"), None);
    let read: Request = serde_json::from_value(written).unwrap();
    assert_eq!(read, plain);
    let town = dana_asks().answered_for();
    let pressed = town.with_asked(|asked| asked.pressed_by = Some(user(LEE)));
    let written = serde_json::to_value(pressed.request()).unwrap();
    assert_eq!(written["asked"]["pressedBy"], LEE);
    let read: Request = serde_json::from_value(written).unwrap();
    assert_eq!(read.asked.pressed_by, Some(user(LEE)));
}

#[test]
fn a_token_that_lasts_or_has_no_name_is_refused() {
    let hour = Seconds::hours(1);
    for (token_id, lifetime) in [
        (None, Some(hour)),
        (Some("JTI=1"), None),
        (Some("JTI=1"), Some(Seconds(hour.0 + 1))),
    ] {
        let bad = Claimed {
            token_id: token_id.map(str::to_owned),
            lifetime,
            ..claimed()
        };
        assert_eq!(refused(&asked(), bad), Refusal::LongToken, "{lifetime:?}");
    }
    let good = Claimed {
        lifetime: Some(hour),
        ..claimed()
    };
    assert!(asked().try_at(60, offline(good)).is_ok());
}

#[test]
fn it_fills_one_slot_however_many_tokens_and_accounts() {
    let town = dana_asks().answered_for().need(2).with_way(|way| {
        way.route.offline.insert("ops/second".to_owned());
    });
    let half = town.request().after(60, offline(claimed()));
    assert!(matches!(half.state, State::Pending { .. }));
    let other = Claimed {
        by: account("prod-eu", "ops", "second"),
        token_id: Some("JTI=2".to_owned()),
        ..claimed()
    };
    for again in [claimed(), other] {
        assert_eq!(refused(&half, again), Refusal::SlotTaken);
    }
    let granting = half.after(61, approve(LEE, &half));
    assert!(matches!(granting.state, State::Granting { .. }));
}

#[test]
fn a_later_stage_goes_on_waiting_for_its_people() {
    let both = dana_asks().answered_for().then_security().request();
    let second = both.after(60, offline(claimed()));
    assert_eq!(second.waiting_stage().map(|(stage, _)| stage), Some(1));
    assert_eq!(refused(&second, claimed()), Refusal::SlotTaken);
    let granting = second.after(61, approve(SAM, &second));
    assert!(matches!(granting.state, State::Granting { .. }));
}

#[test]
fn the_rules_as_they_are_now_must_still_name_it_and_allow_the_ask() {
    let asked = asked();
    let try_under = |verdict: &Verdict| {
        let command = offline(claimed());
        asked.try_with(60, command, &Roll::default(), Some(verdict))
    };
    let mut route = asked.route.clone().unwrap();
    assert!(try_under(&Verdict::Allowed(route.clone())).is_ok());
    route.offline.clear();
    for verdict in [Verdict::Allowed(route), no("frozen")] {
        let refusal = try_under(&verdict).unwrap_err();
        assert!(matches!(refusal, Refusal::NotOffline { .. }), "{verdict:?}");
    }
    let facts = asked.try_with(60, offline(claimed()), &roll(), None);
    assert!(facts.is_err(), "without a verdict");
}

#[test]
fn what_is_decided_or_over_takes_none() {
    let asked = asked();
    let granting = asked.after(60, approve(LEE, &asked));
    let cancelled = asked.after(60, Command::Cancel { by: user(DANA) });
    for request in [&granting, &cancelled] {
        assert!(request.try_at(61, offline(claimed())).is_err());
    }
}
