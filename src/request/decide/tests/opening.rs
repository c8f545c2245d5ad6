//! From the last vote to an open path.

use super::no;
use crate::audit::Fact;
use crate::request::decide::ATTEMPT_FRESH;
use crate::request::fixtures::{
    LEE, applied, approve, at, attempt, dana_asks, effect, objects, opened, roll, roll_without,
    stage, verified,
};
use crate::request::{Command, Duty, Facts, Refusal, Request, State, decide, due};
use crate::rules::Verdict;
use crate::units::Time;

#[test]
fn rules_that_refuse_at_apply_deny_before_anything_is_applied() {
    let granting = dana_asks().request().approved();
    let refuse = |request: &Request| {
        let verdict = no("frozen");
        let outcome = request.try_with(61, attempt(), &roll(), Some(&verdict));
        outcome.unwrap().request.state
    };
    assert_eq!(refuse(&granting).word(), "denied");
    // After a first attempt something may be there: it is taken down first.
    let State::Ending { why, .. } = refuse(&granting.after(60, attempt())) else {
        panic!("must close");
    };
    assert_eq!(why.word(), "failed");
}

#[test]
fn rules_that_ask_for_more_by_now_open_nothing() {
    let granting = dana_asks().request().approved();
    let mut route = granting.route.clone().unwrap();
    route.stages.push(stage("security", "security", 1));
    let verdict = Verdict::Allowed(route);
    let outcome = granting.try_with(61, attempt(), &roll(), Some(&verdict));
    assert_eq!(outcome.unwrap().request.state.word(), "ending");
}

#[test]
fn an_approval_that_counts_no_longer_opens_nothing_even_under_easier_rules() {
    let granting = dana_asks().request().approved();
    let mut route = granting.route.clone().unwrap();
    route.stages.clear();
    let verdict = Verdict::Allowed(route);
    let outcome = granting.try_with(61, attempt(), &roll_without(LEE), Some(&verdict));
    assert_eq!(outcome.unwrap().request.state.word(), "ending");
}

#[test]
fn without_a_verdict_nothing_is_approved_or_opened() {
    let asked = dana_asks().request();
    let unjudged = asked.try_with(5, approve(LEE, &asked), &roll(), None);
    assert!(matches!(unjudged, Err(Refusal::Impossible { .. })));
    let unjudged = asked.approved().try_with(61, attempt(), &roll(), None);
    assert!(matches!(unjudged, Err(Refusal::Impossible { .. })));
}

#[test]
fn the_clock_starts_at_the_attempt_in_whole_seconds() {
    let granting = dana_asks().request().approved();
    let attempted = granting.after(60, attempt());
    assert_eq!(attempted.attempt_end(), Some(at(60 + 1800)));
    // The annotation has no fractions, and nobody loses one.
    let verdict = granting.allowed();
    let facts = Facts {
        now: at(60) + chrono::TimeDelta::milliseconds(1),
        roll: &roll(),
        verdict: verdict.as_ref(),
    };
    let attempted = decide(&granting, attempt(), &facts).unwrap().request;
    assert_eq!(attempted.attempt_end(), Some(at(61 + 1800)));
}

#[test]
fn more_than_was_approved_never_opens() {
    let granting = dana_asks().request().approved();
    let mut more = effect();
    more.opens.push(opened("vault/Deployment/api", "TCP 8200"));
    let grown = Command::Attempt {
        objects: objects(),
        effect: more,
    };
    let closing = granting.after(61, grown);
    assert_eq!(closing.state.word(), "ending");
    assert_eq!(closing.after(62, Command::Withdrawn).state.word(), "failed");
}

#[test]
fn a_path_verified_too_late_gets_its_full_time_again() {
    let attempted = dana_asks().request().approved().after(60, attempt());
    let late = 60 + ATTEMPT_FRESH.0 + 1;
    let again = attempted.after(late, applied());
    assert_eq!(due(&again, at(late)), Duty::Plan);
    let renewed = again.after(late, attempt());
    let names = |r: &Request| r.gate.iter().map(|o| o.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&renewed), names(&attempted));
    let open = renewed.after(late + 1, applied());
    assert_eq!(open.grant.unwrap().expires_at, at(late + 1800));
}

#[test]
fn a_plan_that_changed_between_attempts_opens_nothing() {
    let attempted = dana_asks().request().approved().after(60, attempt());
    let again = attempted.after(66, applied());
    let mut fewer = objects();
    fewer.pop();
    let other = Command::Attempt {
        objects: fewer,
        effect: effect(),
    };
    assert_eq!(again.after(66, other).state.word(), "ending");
}

#[test]
fn nothing_is_called_open_that_was_not_attempted_or_not_seen_whole() {
    let granting = dana_asks().request().approved();
    let impossible = |refused: Result<_, Refusal>| {
        assert!(matches!(refused, Err(Refusal::Impossible { .. })));
    };
    impossible(granting.try_at(61, applied()));
    let attempted = granting.after(60, attempt());
    let mut some = verified();
    some.pop();
    impossible(attempted.try_at(61, Command::Applied { objects: some }));
    let empty = Command::Attempt {
        objects: Vec::new(),
        effect: effect(),
    };
    impossible(granting.try_at(61, empty));
}

#[test]
fn failed_attempts_back_off_up_to_eight_seconds() {
    let mut granting = dana_asks().request().approved().after(60, attempt());
    let waits = [1, 2, 4, 8, 8, 8].map(|wait| {
        granting = granting.after(100, not_applied(true));
        let State::Granting { retry_at, .. } = granting.state else {
            panic!("still granting");
        };
        assert_eq!(retry_at, at(100 + wait));
        wait
    });
    assert_eq!(waits.len(), 6);
    let gone = granting.after(100, not_applied(false));
    assert_eq!(gone.state.word(), "ending");
}

fn not_applied(again: bool) -> Command {
    let problem = "connection refused".into();
    Command::NotApplied { problem, again }
}

#[test]
fn a_rule_without_stages_opens_at_once_and_is_in_the_ledger() {
    let outcome = dana_asks().without_stages().outcome();
    let facts: Vec<_> = outcome.events.iter().map(|event| &event.fact).collect();
    assert_eq!(outcome.request.state.word(), "granting");
    assert!(matches!(
        facts[..],
        [Fact::Asked { .. }, Fact::Automatic { .. }, Fact::Granted]
    ));
    assert_eq!(outcome.request.opened().state.word(), "active");
}

impl Request {
    fn attempt_end(&self) -> Option<Time> {
        let State::Granting { attempt, .. } = &self.state else {
            return None;
        };
        attempt.as_ref().map(|attempt| attempt.expires_at)
    }
}
