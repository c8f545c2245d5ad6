//! What people are told of an open path that is not as it was approved any more.

use super::super::observing::MOST_TOLD;
use super::notices;
use crate::audit::Fact;
use crate::netpol::Finding;
use crate::request::fixtures::{dana_asks, findings, opened};
use crate::request::{Command, Notice, Outcome, Request};

fn observe(request: &Request, findings: &[Finding]) -> Outcome {
    let findings = findings.to_vec();
    request.try_at(99, Command::Observe { findings }).unwrap()
}

/// What was told since `before`, to one of the two who are told.
fn news(before: &Request, after: &Request) -> Vec<Notice> {
    let new = &notices(after)[notices(before).len()..];
    new.iter().step_by(2).map(|n| (*n).clone()).collect()
}

#[test]
fn a_finding_is_told_to_the_requester_and_in_the_thread_once() {
    let open = dana_asks().request().opened();
    let all = findings();
    let seen = observe(&open, &all).request;
    assert_eq!(
        news(&open, &seen),
        [
            Notice::Changed(all[0].clone()),
            Notice::Changed(all[1].clone()),
        ]
    );
    assert_eq!(notices(&seen).len(), notices(&open).len() + 4);
    assert!(seen.posts.lag(), "nobody would post it");
    assert_eq!(seen.state, open.state);
    let again = observe(&seen, &all);
    assert_eq!((again.request, again.events), (seen, Vec::new()));
}

#[test]
fn only_what_is_new_in_a_finding_is_told() {
    let open = dana_asks().request().opened();
    let promo = opened("shop/Deployment/promo", "TCP 5432");
    let vault = opened("vault/Deployment/api", "TCP 8200");
    let more = |pairs: &[_]| Finding::OpensMore {
        pairs: pairs.to_vec(),
    };
    let one = observe(&open, &[more(std::slice::from_ref(&promo))]).request;
    let both = observe(&one, &[more(&[promo.clone(), vault.clone()])]).request;
    assert_eq!(news(&one, &both), [Notice::Changed(more(&[vault]))]);
    let less = observe(&both, &[more(&[promo])]).request;
    assert_eq!(news(&both, &less), []);
}

#[test]
fn what_is_gone_is_forgotten_and_told_again_when_it_returns() {
    let open = dana_asks().request().opened();
    let deny = &findings()[1..];
    let seen = observe(&open, deny).request;
    let gone = observe(&seen, &[]);
    assert_eq!(notices(&gone.request).len(), notices(&seen).len());
    assert!(
        gone.request.posts.face > seen.posts.face,
        "the notice shrinks"
    );
    let findings = Vec::new();
    assert_eq!(gone.events[0].fact, Fact::Observed { findings });
    let back = observe(&gone.request, deny).request;
    assert_eq!(
        news(&gone.request, &back),
        [Notice::Changed(deny[0].clone())]
    );
}

#[test]
fn a_finding_that_flickers_does_not_fill_the_thread() {
    let open = dana_asks().request().opened();
    let mut life = open.clone();
    for _ in 0..3 * MOST_TOLD {
        life = observe(&life, &findings()).request;
        life = observe(&life, &[]).request;
    }
    assert_eq!(news(&open, &life).len(), MOST_TOLD);
}
