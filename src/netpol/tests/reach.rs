//! The reasons that come with an answer.

use serde_json::json;

use super::fixtures::{Fixture, app, ask, cluster, deny, deny_egress, namespace, pod, policy};
use crate::netpol::{Openness, Reach, reach};

fn judge(more: impl IntoIterator<Item = Fixture>, text: &str) -> Reach {
    let base = [
        namespace("shop"),
        namespace("orders"),
        app("shop", "web").ip("10.0.0.1"),
        app("orders", "db").port("pg", 5432).ip("10.0.0.2"),
    ];
    let snapshot = cluster(base.into_iter().chain(more));
    reach(&snapshot, &ask(&snapshot, text).unwrap())
}

const FLOW: &str = "shop/web orders/db :5432";

#[test]
fn an_open_flow_says_that_nothing_isolates_it() {
    let reach = judge([], FLOW);
    assert_eq!(reach.openness, Openness::Open);
    assert_eq!(reach.blocked_by(), Vec::<String>::new());
    assert_eq!(
        reach.why,
        [
            "no policy isolates `shop/web` for egress",
            "no policy isolates `orders/db` for ingress",
        ]
    );
}

#[test]
fn a_closed_flow_names_the_policies_in_the_way() {
    let reach = judge([deny("orders", "deny"), deny_egress("shop", "jail")], FLOW);
    assert_eq!(reach.openness, Openness::Closed);
    assert_eq!(reach.blocked_by(), ["orders/deny", "shop/jail"]);
    assert_eq!(
        reach.why,
        [
            "`shop/web` is isolated for egress by `shop/jail`, and no rule allows TCP 5432 to `orders/db`",
            "`orders/db` is isolated for ingress by `orders/deny`, and no rule allows TCP 5432 from `shop/web`",
        ]
    );
}

#[test]
fn an_allowed_flow_names_policy_and_rule() {
    let allow = policy(
        "orders",
        "allow",
        json!({"podSelector": {}, "ingress": [
            {"ports": [{"port": 80}]},
            {"from": [{"namespaceSelector": {}}], "ports": [{"port": "pg"}]},
        ]}),
    );
    let reach = judge([deny("orders", "deny"), allow], FLOW);
    assert_eq!(reach.openness, Openness::Open);
    assert_eq!(reach.why[1], "allowed by ingress rule 2 of `orders/allow`");
    assert_eq!(reach.blocked_by(), Vec::<String>::new());
}

#[test]
fn ports_and_replicas_that_differ_make_a_flow_partly_open() {
    let allow = |subject| {
        policy(
            "orders",
            "allow",
            json!({"podSelector": subject, "ingress": [
                {"ports": [{"port": 5432}]},
            ]}),
        )
    };
    let ports = judge([allow(json!({}))], "shop/web orders/db :5432,9187");
    assert_eq!(ports.openness, Openness::Partly);
    assert_eq!(ports.sides[1].missing.to_string(), "TCP 9187");

    let replica = |name: &str| {
        pod("orders", name)
            .label("app", "r")
            .owner("StatefulSet", "r")
    };
    let some = [replica("r-0").label("v", "1"), replica("r-1")];
    let isolated = policy(
        "orders",
        "some",
        json!({"podSelector": {"matchLabels": {"v": "1"}}}),
    );
    let replicas = judge(
        some.into_iter().chain([isolated]),
        "shop/web orders/r :5432",
    );
    assert_eq!(replicas.openness, Openness::Partly);
    assert_eq!(
        replicas.why[1],
        "1 of 2 pods of `orders/r` are isolated for ingress"
    );
}

#[test]
fn a_workload_that_only_reaches_itself_pod_by_pod_is_closed_to_itself() {
    let replica = |name: &str| {
        pod("orders", name)
            .label("app", "r")
            .owner("StatefulSet", "r")
    };
    let replicas = [replica("r-0"), replica("r-1"), deny("orders", "deny")];
    assert_eq!(
        judge(replicas, "orders/r orders/r :80").openness,
        Openness::Closed
    );
    let single = [replica("r-0"), deny("orders", "deny")];
    assert_eq!(
        judge(single, "orders/r orders/r :80").openness,
        Openness::Open
    );
}

#[test]
fn a_block_with_the_targets_node_in_it_is_partly_open() {
    let placed = app("orders", "placed").node("n1", "192.168.0.1");
    let more = || [placed.clone(), deny("orders", "deny")];
    for (from, expected) in [
        ("192.168.0.1", Openness::Open),
        ("192.168.0.0/24", Openness::Partly),
        ("192.168.1.0/24", Openness::Closed),
    ] {
        let reach = judge(more(), &format!("{from} orders/placed :80"));
        assert_eq!(reach.openness, expected, "{from}");
    }
}

#[test]
fn an_allow_by_a_pods_address_is_called_doubtful() {
    let by_address = policy(
        "orders",
        "net",
        json!({"podSelector": {}, "ingress": [
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
        ]}),
    );
    let reach = judge([by_address], FLOW);
    assert!(reach.is_open() && reach.sides[1].doubtful);
    assert!(
        reach
            .why
            .iter()
            .any(|why| why.contains("do not match pods by address"))
    );
}

#[test]
fn sentences_are_lower_case_without_a_period() {
    for more in [
        vec![],
        vec![deny("orders", "d")],
        vec![deny_egress("shop", "d")],
    ] {
        for why in judge(more, FLOW).why {
            assert!(
                !why.ends_with('.') && !why.starts_with(char::is_uppercase),
                "{why}"
            );
        }
    }
}
