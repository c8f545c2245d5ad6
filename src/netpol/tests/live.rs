//! Live gates judged again, after the cluster has changed under them.

use serde_json::json;

use super::fixtures::{Fixture, admin, app, ask, deny, deny_egress, pod, policy};
use super::grants::{opens, town};
use crate::netpol::effect::Outlook;
use crate::netpol::snapshot::{Object, Snapshot};
use crate::netpol::{Finding, Opened, build, judge_again};

const FLOW: &str = "b/cli a/web :8080";

/// A second workload's pod with the labels of the first.
fn twin(namespace: &str, name: &str, label: &str) -> Fixture {
    pod(namespace, name)
        .label("app", label)
        .owner("StatefulSet", name)
        .ip("10.244.9.9")
}

/// The gate of a flow as approved in a cluster, judged again after the cluster has changed.
fn after(before: &Snapshot, text: &str, change: impl FnOnce(&mut Snapshot)) -> Vec<Finding> {
    let flow = ask(before, text).unwrap();
    let built = build(before, &flow).unwrap();
    assert_eq!(
        judge_again(before, &flow, &built.objects, &built.effect),
        []
    );
    let mut now = before.clone();
    change(&mut now);
    judge_again(&now, &flow, &built.objects, &built.effect)
}

fn remove(cluster: &mut Snapshot, fixture: Fixture) {
    cluster.remove(&Object::from(fixture).key());
}

fn not_open(why: &str) -> Vec<Finding> {
    let why = vec![why.to_owned()];
    vec![Finding::NotOpen { why }]
}

fn more(pairs: Vec<Opened>) -> Vec<Finding> {
    vec![Finding::OpensMore { pairs }]
}

#[test]
fn another_workload_that_gets_the_labels_is_named_with_its_ports() {
    let world = town([deny("a", "d"), deny_egress("b", "d")]);
    let found = after(&world, FLOW, |now| {
        now.apply(twin("b", "spy", "cli").into())
    });
    let pair = opens("b/StatefulSet/spy", "a/Pod/web", &["TCP 8080"]);
    assert_eq!(found, more(vec![pair]));
    let found = after(&world, FLOW, |now| {
        now.apply(twin("a", "web2", "web").into())
    });
    let pair = opens("b/Pod/cli", "a/StatefulSet/web2", &["TCP 8080"]);
    assert_eq!(found, more(vec![pair]));
}

#[test]
fn a_port_that_the_gate_never_allowed_is_not_put_down_to_it() {
    let known = policy(
        "a",
        "spy-may",
        json!({
            "podSelector": {"matchLabels": {"app": "web"}},
            "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 9090}]}],
        }),
    );
    let world = town([deny("a", "d"), known.clone()]);
    // The gate never allowed that port, so nothing of it is the gate's.
    assert_eq!(after(&world, FLOW, |now| remove(now, known)), []);
}

#[test]
fn a_workload_that_scales_or_starts_anew_is_no_news() {
    let world = town([deny("a", "d"), deny_egress("b", "d"), twin("b", "app", "x")]);
    let text = "b/statefulset/app a/web :8080";
    let scaled = pod("b", "app-1")
        .label("app", "x")
        .owner("StatefulSet", "app");
    assert_eq!(after(&world, text, |now| now.apply(scaled.into())), []);
    let gone = |now: &mut Snapshot| remove(now, twin("b", "app", "x"));
    assert_eq!(
        after(&world, text, gone),
        [],
        "a roll-out has moments without pods"
    );
    assert_eq!(after(&world, FLOW, |now| remove(now, app("a", "web"))), []);
}

#[test]
fn a_deny_of_an_admin_tier_is_named_by_its_rule() {
    let world = town([deny("a", "d")]);
    let found = after(&world, FLOW, |now| now.apply(admin("Deny").into()));
    let why = "denied by ingress rule 1 of `AdminNetworkPolicy/guard`";
    assert_eq!(found, not_open(why));
    assert_eq!(
        after(&world, FLOW, |now| now.apply(admin("Allow").into())),
        []
    );
    assert_eq!(
        after(&world, FLOW, |now| now.apply(admin("Pass").into())),
        []
    );
}

#[test]
fn a_side_that_somebody_isolates_later_is_named_with_the_policy() {
    let world = town([deny("a", "d")]);
    let found = after(&world, FLOW, |now| {
        now.apply(deny_egress("b", "new").into())
    });
    let why = "`b/cli` is isolated for egress by `b/new`, and TCP 8080 to `a/web` is not allowed";
    assert_eq!(found, not_open(why));
}

#[test]
fn a_kind_that_cannot_be_read_any_more_is_said() {
    let world = town([deny("a", "d")]);
    let found = after(&world, FLOW, |now| {
        now.set_unread("adminnetworkpolicies", Some("not permitted"));
    });
    let why = "not known: adminnetworkpolicies (not permitted)";
    assert_eq!(found, not_open(why));
}

#[test]
fn what_was_doubtful_when_it_was_approved_is_not_reported_for_it() {
    let world = town([deny("a", "d"), admin("Deny")]);
    let flow = ask(&world, FLOW).unwrap();
    let built = build(&world, &flow).unwrap();
    assert_eq!(built.effect.outlook, Outlook::Doubtful);
    assert_eq!(
        judge_again(&world, &flow, &built.objects, &built.effect),
        []
    );
}

#[test]
fn a_pod_that_has_no_address_yet_closes_nothing() {
    let by_address = policy(
        "a",
        "by-address",
        json!({
            "podSelector": {"matchLabels": {"app": "web"}},
            "ingress": [{"from": [{"ipBlock": {"cidr": "10.244.0.0/16"}}]}],
        }),
    );
    let runs = twin("b", "app", "x").port("http", 8080);
    let world = town([deny_egress("b", "d"), by_address, runs]);
    let starting = pod("b", "app-1")
        .label("app", "x")
        .owner("StatefulSet", "app");
    let text = "b/statefulset/app a/web :8080";
    assert_eq!(
        after(&world, text, |now| now.apply(starting.clone().into())),
        []
    );
    // With an address outside the block it is another matter.
    let placed = starting.ip("192.0.2.1");
    assert_eq!(after(&world, text, |now| now.apply(placed.into())).len(), 1);
}

#[test]
fn addresses_are_judged_as_well() {
    let world = town([deny_egress("b", "d")]);
    let deny_out = Fixture(json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": {"name": "out"},
        "spec": {
            "priority": 10, "subject": {"namespaces": {}},
            "egress": [{"action": "Deny", "to": [{"networks": ["203.0.113.0/24"]}]}],
        },
    }));
    let found = after(&world, "b/cli 203.0.113.7 :443", |now| {
        now.apply(deny_out.into())
    });
    let why = "denied by egress rule 1 of `AdminNetworkPolicy/out`";
    assert_eq!(found, not_open(why));
}

#[test]
fn only_what_is_new_is_beyond_what_was_found_before() {
    let pair = |name: &str, ports: &[&str]| opens(name, "a/Pod/web", ports);
    let old = more(vec![
        pair("b/Pod/x", &["TCP 80-90"]),
        pair("b/Pod/y", &["TCP 1"]),
    ]);
    let beyond = |pairs| Finding::OpensMore { pairs }.beyond(&old);
    assert_eq!(beyond(vec![pair("b/Pod/x", &["TCP 85"])]), None);
    let wider = beyond(vec![
        pair("b/Pod/x", &["TCP 85-95"]),
        pair("b/Pod/y", &["TCP 1"]),
    ]);
    let pairs = vec![pair("b/Pod/x", &["TCP 91-95"])];
    assert_eq!(wider, Some(Finding::OpensMore { pairs }));
    let why = |list: &[&str]| Finding::NotOpen {
        why: list.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(why(&["a", "b"]).beyond(&[why(&["a"])]), Some(why(&["b"])));
    assert_eq!(why(&["a"]).beyond(&[why(&["a", "b"])]), None);
}

#[test]
fn a_stored_finding_reads_back() {
    for found in [not_open("denied"), more(vec![opens("a", "b", &["TCP 1"])])] {
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Finding>>(&text).unwrap(), found);
    }
}
