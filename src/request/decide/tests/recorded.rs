//! What is recorded beside the moves themselves: who was asked, what was applied, who voted.

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::json;

use crate::audit::{Actor, Event, Fact};
use crate::request::fixtures::{
    DANA, LEE, MAX, PIA, SAM, approve, at, attempt, dana_asks, deny, effect, objects, roll, user,
    voter,
};
use crate::request::{Command, End, Extends, GateObject, Outcome, Vote};
use crate::rules::{Right, UserId};
use crate::units::Seconds;

/// Stages that were reached, and who was asked.
fn reached(outcome: &Outcome) -> Vec<(String, Vec<UserId>)> {
    let stages = outcome.events.iter().filter_map(|event| match &event.fact {
        Fact::StageReached { stage, asked } => {
            assert_eq!((&event.by, event.at), (&Actor::Drawbridge, outcome.at()));
            Some((stage.clone(), asked.clone()))
        }
        _ => None,
    });
    stages.collect()
}

impl Outcome {
    fn at(&self) -> crate::units::Time {
        self.events.first().map(|event| event.at).unwrap()
    }

    fn only(&self, fits: fn(&Fact) -> bool) -> &Event {
        let mut found = self.events.iter().filter(|event| fits(&event.fact));
        let first = found.next().expect("it was recorded");
        assert_eq!(found.next(), None, "once");
        first
    }
}

#[test]
fn each_stage_is_recorded_with_whom_it_asks_when_it_begins_to_wait() {
    let asked = dana_asks().then_security().outcome();
    let owners = ("owners".to_owned(), vec![user(LEE), user(MAX)]);
    assert_eq!(reached(&asked), [owners]);
    let first = asked.request;
    let second = first.try_at(5, approve(LEE, &first)).unwrap();
    let security = ("security".to_owned(), vec![user(MAX), user(SAM)]);
    assert_eq!(reached(&second), [security]);
    let second = second.request;
    let last = second.try_at(6, approve(SAM, &second)).unwrap();
    assert_eq!(reached(&last), []);
}

#[test]
fn a_vote_that_leaves_its_stage_waiting_reaches_none() {
    let asked = dana_asks().need(2).then_security().request();
    let waits = asked.try_at(5, approve(LEE, &asked)).unwrap();
    assert_eq!(reached(&waits), []);
}

#[test]
fn what_needs_nobody_reaches_no_stage() {
    for town in [dana_asks().without_stages(), dana_asks().at_once()] {
        assert_eq!(reached(&town.outcome()), []);
    }
    let waiting = dana_asks().with_emergency().request();
    assert_eq!(reached(&dana_asks().with_emergency().outcome()).len(), 1);
    assert_eq!(waiting.state.word(), "pending");
}

#[test]
fn a_stage_that_an_earlier_approval_fills_is_not_reached() {
    let vote = Vote {
        by: user(LEE),
        stage: 0,
        at: at(0),
        right: Right::Own,
        lasts_until: None,
        given_on: Some("k7m3xb".parse().unwrap()),
    };
    let recalled = dana_asks()
        .then_security()
        .with_way(|way| way.standing = vec![vote])
        .outcome();
    let security = ("security".to_owned(), vec![user(MAX), user(SAM)]);
    assert_eq!(reached(&recalled), [security]);
}

#[test]
fn an_escalation_names_the_next_circle() {
    let asked = dana_asks().escalating().request();
    let outcome = asked.try_at(1800, Command::Escalate).unwrap();
    let asked = vec![user(PIA)];
    assert_eq!(outcome.events[0].fact, Fact::Escalated { asked });
}

#[test]
fn an_attempt_holds_what_is_applied_without_marks() {
    let selector = LabelSelector {
        match_labels: Some([("app".to_owned(), "db".to_owned())].into()),
        match_expressions: None,
    };
    let mut planned: Vec<GateObject> = objects();
    let mut policy = planned[1].object.as_policy().unwrap();
    policy.spec = Some(NetworkPolicySpec {
        pod_selector: Some(selector),
        policy_types: Some(vec!["Ingress".to_owned()]),
        ..NetworkPolicySpec::default()
    });
    policy.metadata.annotations = Some([("a".to_owned(), "mark".to_owned())].into());
    planned[1].object = serde_json::to_value(policy).unwrap().try_into().unwrap();
    let command = Command::Attempt {
        objects: planned,
        effect: effect(),
    };
    let outcome = dana_asks()
        .request()
        .approved()
        .try_at(60, command)
        .unwrap();
    let attempted = outcome.only(|fact| matches!(fact, Fact::Attempted { .. }));
    let Fact::Attempted { policies, .. } = &attempted.fact else {
        unreachable!("it was looked for");
    };
    let spec = json!({
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
    });
    let name = "drawbridge-k7m3xa-1-abcdefghjk";
    assert_eq!(
        policies[1],
        json!({"namespace": "orders", "name": name, "spec": spec})
    );
}

#[test]
fn voters_are_recorded_as_slack_describes_them() {
    let asked = dana_asks().request();
    let approved = asked.try_at(5, approve(LEE, &asked)).unwrap();
    let denied = asked.try_at(5, deny(MAX, &asked)).unwrap();
    let who = |outcome: &Outcome| match &outcome.events[0].fact {
        Fact::Approved { voter, .. } | Fact::Denied { voter, .. } => voter.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(who(&approved), Some(voter(LEE)));
    assert_eq!(who(&denied), Some(voter(MAX)));
}

#[test]
fn a_voter_without_an_address_is_recorded_without() {
    let asked = dana_asks().request();
    let mut roll = roll();
    roll.people.get_mut(&user(LEE)).unwrap().email = None;
    let verdict = asked.allowed();
    let outcome = asked
        .try_with(5, approve(LEE, &asked), &roll, verdict.as_ref())
        .unwrap();
    let event = serde_json::to_value(&outcome.events[0]).unwrap();
    assert_eq!(event["voter"], json!({"team": "T1", "name": "u0lee"}));
}

#[test]
fn the_rules_denial_names_nobody() {
    let denied = dana_asks()
        .request()
        .try_at(9, Command::IncidentClosed)
        .unwrap();
    let fact = &denied.only(|fact| matches!(fact, Fact::Denied { .. })).fact;
    assert!(matches!(fact, Fact::Denied { voter: None, .. }));
}

/// An address is in a vote, and nowhere else of all that a request's life writes.
#[test]
fn addresses_are_in_votes_only() {
    let outcome = dana_asks().then_security().outcome();
    let mut request = outcome.request;
    let mut events = outcome.events;
    let steps: [fn(&crate::request::Request) -> Command; 6] = [
        |request| approve(LEE, request),
        |request| approve(SAM, request),
        |_| attempt(),
        |_| crate::request::fixtures::applied(),
        |_| Command::Done { by: user(DANA) },
        |_| Command::Withdrawn,
    ];
    for step in steps {
        let outcome = request.try_at(60, step(&request)).unwrap();
        request = outcome.request;
        events.extend(outcome.events);
    }
    let document = serde_json::to_string(&request).unwrap();
    assert!(!document.contains("@town.example"));
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        let vote = matches!(event.fact, Fact::Approved { .. });
        assert_eq!(text.contains("@town.example"), vote, "{text}");
    }
}

#[test]
fn an_ask_is_recorded_with_its_template_its_stages_and_what_it_lengthens() {
    let extends = Extends {
        id: "k7m3xb".parse().unwrap(),
        until: at(900),
        so_far: Seconds(900),
        automatic: 0,
        emergency: false,
        within: true,
    };
    let town = dana_asks().then_security();
    let outcome = town
        .with_asked(|asked| asked.extends = Some(extends))
        .outcome();
    let asked = outcome.only(|fact| matches!(fact, Fact::Asked { .. }));
    let event = serde_json::to_value(asked).unwrap();
    assert_eq!(event["template"], "connect");
    assert_eq!(event["stages"], json!(["owners", "security"]));
    assert_eq!(event["extends"], "k7m3xb");
}

#[test]
fn who_ends_the_path_before_is_not_asked_about_for_what_would_lengthen_it() {
    let why = End::Revoked {
        by: user(LEE),
        reason: None,
    };
    let denied = dana_asks()
        .request()
        .try_at(9, Command::EndWith { why })
        .unwrap();
    assert_eq!(denied.events[0].by, Actor::Person(user(LEE)));
    assert!(matches!(
        denied.events[0].fact,
        Fact::Denied { voter: None, .. }
    ));
}
