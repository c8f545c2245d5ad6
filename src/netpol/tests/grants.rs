//! Gates for one flow, `b/cli` to `a/web` on TCP 8080, in clusters that tempt a planner to open too
//! much, too little, or to cut something off.

use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::{Value, json};

use super::fixtures::{Fixture, app, ask, cluster, deny, deny_egress, namespace, pod, policy};
use crate::netpol::snapshot::{Object, Snapshot};
use crate::netpol::{Built, NoGate, Opened, Warning, build, reach, reach_with_gates};

pub(super) fn town(more: impl IntoIterator<Item = Fixture>) -> Snapshot {
    let names = ["a/web", "a/cli", "a/oth", "b/cli", "b/oth", "c/cli"];
    let pods = names.iter().zip(1..).map(|(path, n)| {
        let (namespace, name) = path.split_once('/').unwrap();
        app(namespace, name)
            .port("http", 8080)
            .ip(&format!("10.244.0.{n}"))
    });
    let spaces = ["a", "b", "c"].map(namespace);
    cluster(spaces.into_iter().chain(pods).chain(more))
}

pub(super) fn plan(snapshot: &Snapshot, text: &str) -> Result<Built, NoGate> {
    build(snapshot, &ask(snapshot, text).unwrap())
}

pub(super) fn gate(more: impl IntoIterator<Item = Fixture>) -> Result<Built, NoGate> {
    plan(&town(more), "b/cli a/web :8080")
}

/// Namespace and direction of each object.
pub(super) fn shape(built: &Built) -> Vec<String> {
    let one = |object: &NetworkPolicy| {
        let types = object.spec.as_ref().unwrap().policy_types.as_ref().unwrap();
        format!(
            "{} {}",
            object.metadata.namespace.as_ref().unwrap(),
            types.join("+")
        )
    };
    built.objects.iter().map(one).collect()
}

pub(super) fn opens(from: &str, to: &str, ports: &[&str]) -> Opened {
    Opened {
        from: from.into(),
        to: to.into(),
        ports: ports.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn spec(object: &NetworkPolicy) -> Value {
    serde_json::to_value(&object.spec).unwrap()
}

fn allow_web(from_namespace: &str) -> Fixture {
    policy(
        "a",
        "allow-web",
        json!({
            "podSelector": {"matchLabels": {"app": "web"}},
            "ingress": [{"from": [{"namespaceSelector":
                {"matchLabels": {"kubernetes.io/metadata.name": from_namespace}}}]}],
        }),
    )
}

#[test]
fn only_the_sides_that_block_get_an_object() {
    let allow_out = policy(
        "b",
        "out",
        json!({
            "podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 8080}]}],
        }),
    );
    for (policies, expected) in [
        (
            vec![deny("a", "d"), deny_egress("b", "d")],
            &["b Egress", "a Ingress"][..],
        ),
        (vec![deny_egress("b", "d")], &["b Egress"]),
        (vec![deny("a", "d")], &["a Ingress"]),
        (
            vec![deny("a", "d"), deny_egress("b", "d"), allow_web("b")],
            &["b Egress"],
        ),
        (
            vec![deny("a", "d"), deny_egress("b", "d"), allow_out],
            &["a Ingress"],
        ),
        (
            vec![deny("a", "d"), deny_egress("b", "d"), allow_web("c")],
            &["b Egress", "a Ingress"],
        ),
    ] {
        let built = gate(policies).unwrap();
        assert_eq!(shape(&built), expected);
        assert_eq!(
            built.effect.opens,
            [opens("b/Pod/cli", "a/Pod/web", &["TCP 8080"])]
        );
        assert_eq!(built.effect.warnings, []);
        assert_eq!((built.effect.from_pods, built.effect.to_pods), (1, 1));
    }
}

#[test]
fn an_object_says_everything_explicitly() {
    let built = gate([deny("a", "d"), deny_egress("b", "d")]).unwrap();
    let web = json!({"matchLabels": {"app": "web"}});
    let cli = json!({"matchLabels": {"app": "cli"}});
    let named = |name: &str| json!({"matchLabels": {"kubernetes.io/metadata.name": name}});
    let ports = json!([{"protocol": "TCP", "port": 8080}]);
    assert_eq!(
        spec(&built.objects[0]),
        json!({
            "podSelector": cli, "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": named("a"), "podSelector": web}], "ports": ports}],
        })
    );
    assert_eq!(
        spec(&built.objects[1]),
        json!({
            "podSelector": web, "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"namespaceSelector": named("b"), "podSelector": cli}], "ports": ports}],
        })
    );
    let meta = &built.objects[0].metadata;
    assert_eq!(
        (&meta.name, &meta.labels, &meta.annotations),
        (&None, &None, &None)
    );
}

#[test]
fn where_nothing_blocks_there_is_no_gate() {
    for policies in [
        vec![],
        vec![allow_web("b")],
        vec![deny("b", "d"), deny_egress("a", "d")],
    ] {
        let refusal = gate(policies).unwrap_err();
        assert!(matches!(refusal, NoGate::AlreadyOpen { .. }), "{refusal}");
        assert_eq!(
            refusal.to_string(),
            "`b/cli` can already reach `a/web` on TCP 8080"
        );
    }
}

#[test]
fn a_pod_always_reaches_itself() {
    let town = town([deny("a", "d"), deny_egress("a", "e")]);
    let refusal = plan(&town, "a/web a/web :8080").unwrap_err();
    assert!(matches!(refusal, NoGate::AlreadyOpen { .. }), "{refusal}");
}

#[test]
fn replicas_of_one_workload_are_opened_to_each_other() {
    let replica = |name: &str| pod("a", name).label("app", "db").owner("StatefulSet", "db");
    let town = town([
        replica("db-0"),
        replica("db-1"),
        deny("a", "d"),
        deny_egress("a", "e"),
    ]);
    let built = plan(&town, "a/db a/db :8080").unwrap();
    assert_eq!(shape(&built), ["a Egress", "a Ingress"]);
    let itself = opens("a/StatefulSet/db", "a/StatefulSet/db", &["TCP 8080"]);
    assert_eq!(built.effect.opens, [itself]);
}

fn dns(name: &str) -> Fixture {
    pod("kube-system", name)
        .label("k8s-app", "kube-dns")
        .owner("Deployment", "coredns")
}

#[test]
fn an_isolated_source_that_cannot_ask_for_names_gets_dns_with_its_egress() {
    let built = gate([deny_egress("b", "d"), dns("dns-1"), dns("dns-2")]).unwrap();
    let rule = &spec(&built.objects[0])["egress"][1];
    assert_eq!(
        *rule,
        json!({
            "to": [{
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }],
            "ports": [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": 53}],
        })
    );
    assert_eq!(
        built.effect.opens,
        [
            opens("b/Pod/cli", "a/Pod/web", &["TCP 8080"]),
            opens(
                "b/Pod/cli",
                "kube-system/Deployment/coredns",
                &["TCP 53", "UDP 53"]
            ),
        ]
    );
    assert_eq!(built.effect.warnings, [], "DNS is expected");
}

#[test]
fn dns_is_left_out_where_it_would_not_help() {
    let egress_rules = |more: Vec<Fixture>, text: &str| {
        let built = plan(&town(more), text).unwrap();
        let rules = spec(&built.objects[0])["egress"]
            .as_array()
            .map_or(0, Vec::len);
        (shape(&built).len(), rules)
    };
    let flow = "b/cli a/web :8080";
    let has_dns = policy(
        "b",
        "dns",
        json!({
            "podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"protocol": "UDP", "port": 53}]}],
        }),
    );
    let denied = || deny_egress("b", "d");
    assert_eq!(egress_rules(vec![denied()], flow), (1, 1), "no DNS pods");
    assert_eq!(
        egress_rules(vec![denied(), dns("x").host_network()], flow),
        (1, 1),
        "on the host"
    );
    assert_eq!(
        egress_rules(vec![denied(), dns("x"), has_dns], flow),
        (1, 1),
        "reachable already"
    );
    assert_eq!(
        egress_rules(vec![denied(), dns("x"), deny("kube-system", "d")], flow),
        (1, 1),
        "blocked there"
    );
    assert_eq!(
        egress_rules(vec![deny("a", "d"), dns("x")], flow),
        (1, 0),
        "source not isolated"
    );
    let outside = "b/cli 203.0.113.9 :443";
    assert_eq!(
        egress_rules(vec![denied(), dns("x")], outside),
        (1, 1),
        "named by address"
    );
}

#[test]
fn several_ports_and_ranges_are_written_as_missing() {
    let some = policy(
        "a",
        "some",
        json!({
            "podSelector": {}, "ingress": [{"ports": [{"port": 8005}, {"port": 443}]}],
        }),
    );
    let built = plan(&town([some]), "b/cli a/web :8000-8010,443,53/udp").unwrap();
    assert_eq!(
        spec(&built.objects[0])["ingress"][0]["ports"],
        json!([
            {"protocol": "TCP", "port": 8000, "endPort": 8004},
            {"protocol": "TCP", "port": 8006, "endPort": 8010},
            {"protocol": "UDP", "port": 53},
        ])
    );
    let ports = ["TCP 8000-8004", "TCP 8006-8010", "UDP 53"];
    assert_eq!(
        built.effect.opens,
        [opens("b/Pod/cli", "a/Pod/web", &ports)]
    );
}

#[test]
fn an_outside_source_opens_the_targets_ingress_and_carries_its_doubts() {
    let town = town([deny("a", "d"), deny_egress("a", "e")]);
    let built = plan(&town, "203.0.113.7 a/web :8080").unwrap();
    assert_eq!(shape(&built), ["a Ingress"]);
    let from = &spec(&built.objects[0])["ingress"][0]["from"];
    assert_eq!(*from, json!([{"ipBlock": {"cidr": "203.0.113.7/32"}}]));
    assert_eq!(
        built.effect.opens,
        [opens("203.0.113.7", "a/Pod/web", &["TCP 8080"])]
    );
    assert_eq!(built.effect.warnings, [Warning::AddressMayBeRewritten]);
    assert_eq!((built.effect.from_pods, built.effect.to_pods), (0, 1));
}

#[test]
fn a_wide_block_is_called_so_and_the_pods_in_it_are_named() {
    let built = plan(&town([deny("a", "d")]), "10.244.0.0/16 a/web :8080").unwrap();
    let warnings = &built.effect.warnings;
    assert!(warnings.contains(&Warning::WideBlock {
        block: "10.244.0.0/16".into()
    }));
    let Some(Warning::AlsoMatches { workloads }) = warnings.first() else {
        panic!("{warnings:?}");
    };
    assert_eq!(
        workloads.len(),
        5,
        "every pod but the target: {workloads:?}"
    );
    assert_eq!(built.effect.opens.len(), 6);
}

#[test]
fn a_block_that_is_half_open_gets_what_is_missing() {
    let half = policy(
        "b",
        "half",
        json!({
            "podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "203.0.113.0/25"}}]}],
        }),
    );
    let town = town([half]);
    assert!(plan(&town, "b/cli 203.0.113.0/25 :443").is_err());
    let built = plan(&town, "b/cli 203.0.113.0/24 :443").unwrap();
    assert_eq!(
        built.effect.opens,
        [opens("b/Pod/cli", "203.0.113.0/24", &["TCP 443"])]
    );
}

#[test]
fn our_own_gates_neither_open_nor_isolate_in_the_baseline() {
    let ours = allow_web("b").ours();
    let built = gate([deny("a", "d"), ours.clone()]).unwrap();
    assert_eq!(
        shape(&built),
        ["a Ingress"],
        "a second gate stands by itself"
    );
    assert!(
        gate([ours]).is_err(),
        "a gate that alone isolates is no reason for another"
    );
}

#[test]
fn a_gate_left_alone_by_its_base_policy_shows_as_such() {
    let mut town = town([deny("a", "d"), allow_web("b").ours()]);
    let other = ask(&town, "c/cli a/web :8080").unwrap();
    let key = Object::from(deny("a", "d")).key();
    town.remove(&key);
    assert!(
        reach(&town, &other).is_open(),
        "nobody else isolates the target any more"
    );
    assert!(
        !reach_with_gates(&town, &other).is_open(),
        "the gate alone cuts its other clients"
    );
}
