//! Gates where more than NetworkPolicies decide: admin tiers, Cilium, Calico, and what was not read.

use serde_json::json;

use super::fixtures::{Fixture, admin, ask, deny, policy};
use super::grants::{gate, opens, plan, shape, town};
use crate::netpol::effect::Outlook;
use crate::netpol::snapshot::Snapshot;
use crate::netpol::{NoGate, Warning, build, reach};

fn cilium(spec: serde_json::Value) -> Fixture {
    Fixture(json!({
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "c", "namespace": "a"}, "spec": spec,
    }))
}

fn calico() -> Fixture {
    Fixture(json!({
        "apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "g"}, "spec": {"selector": "all()", "types": ["Ingress"], "tier": "security"},
    }))
}

const DENIED: &str = "ingress rule 1 of `AdminNetworkPolicy/guard`";

#[test]
fn a_gate_that_an_admin_tier_denies_is_doubtful_and_shows_what_it_would_open() {
    let built = gate([deny("a", "d"), admin("Deny")]).unwrap();
    assert_eq!(shape(&built), ["a Ingress"]);
    assert_eq!(built.effect.outlook, Outlook::Doubtful);
    assert_eq!(
        built.effect.opens,
        [opens("b/Pod/cli", "a/Pod/web", &["TCP 8080"])]
    );
    let by = vec![DENIED.to_owned()];
    assert_eq!(built.effect.warnings, [Warning::Denied { by }]);
}

#[test]
fn what_only_an_admin_tier_closes_no_policy_of_ours_can_open() {
    let Err(NoGate::Denied { by, .. }) = gate([admin("Deny")]) else {
        panic!("a gate that does nothing");
    };
    assert_eq!(by, [DENIED]);
}

#[test]
fn what_an_admin_tier_accepts_is_open_already() {
    let refused = gate([deny("a", "d"), admin("Allow")]).unwrap_err();
    assert!(matches!(refused, NoGate::AlreadyOpen { .. }), "{refused}");
}

#[test]
fn a_pod_that_cilium_alone_isolates_gets_a_gate() {
    let isolate = cilium(json!({"endpointSelector": {}, "ingress": [{}]}));
    let built = gate([isolate]).unwrap();
    assert_eq!(shape(&built), ["a Ingress"]);
    assert_eq!(built.effect.outlook, Outlook::Expected);
}

#[test]
fn a_deny_of_ciliums_makes_a_gate_doubtful() {
    let denies = cilium(json!({
        "endpointSelector": {"matchLabels": {"app": "web"}},
        "ingressDeny": [{"fromEntities": ["cluster"], "toPorts": [{"ports": [{"port": "8080"}]}]}],
    }));
    let built = gate([deny("a", "d"), denies]).unwrap();
    assert_eq!(built.effect.outlook, Outlook::Doubtful);
    assert!(matches!(
        &built.effect.warnings[..],
        [Warning::Denied { .. }]
    ));
}

/// What its names stand for is not known here: in the baseline it would make every later answer unknown.
fn own(more: serde_json::Value) -> Fixture {
    let mut spec = json!({
        "endpointSelector": {"matchLabels": {"app": "cli"}},
        "enableDefaultDeny": {"ingress": false, "egress": false},
        "egress": [
            {"toFQDNs": [{"matchName": "api.example.com"}], "toPorts": [{"ports": [{"port": "443"}]}]},
            {
                "toEndpoints": [{"matchLabels": {"k8s:k8s-app": "kube-dns"}}],
                "toPorts": [{"ports": [{"port": "53"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
            },
        ],
    });
    let more: serde_json::Map<_, _> = serde_json::from_value(more).unwrap();
    spec.as_object_mut().unwrap().extend(more);
    let mut made = cilium(spec).ours();
    made.0["metadata"]["namespace"] = json!("b");
    made
}

#[test]
fn an_open_gate_of_ciliums_is_no_part_of_the_baseline() {
    let world = town([deny("a", "d"), own(json!({}))]);
    let space = world.space("b").unwrap();
    assert_eq!((space.cilium.len(), space.cilium_gates.len()), (0, 1));
    let built = gate([deny("a", "d"), own(json!({}))]).unwrap();
    assert_eq!(built.effect.outlook, Outlook::Expected);
    assert!(built.effect.warnings.is_empty(), "{:?}", built.effect);
    // It comes and goes with its label, and goes with its name.
    let mut world = world;
    let mut stranger = own(json!({}));
    stranger.0["metadata"]["labels"] = json!({});
    world.apply(stranger.into());
    let space = world.space("b").unwrap();
    assert_eq!((space.cilium.len(), space.cilium_gates.len()), (1, 0));
    let object: crate::netpol::snapshot::Object = own(json!({})).into();
    let key = object.key();
    world.apply(object);
    world.remove(&key);
    let space = world.space("b").unwrap();
    assert_eq!((space.cilium.len(), space.cilium_gates.len()), (0, 0));
}

#[test]
fn our_label_hides_nothing_that_does_more_than_allow() {
    let http = json!([{"toPorts": [{"ports": [{"port": "80"}], "rules": {"http": [{}]}}]}]);
    let one_name = json!([{"toPorts": [{"ports": [{"port": "53"}],
                                        "rules": {"dns": [{"matchName": "api.example.com"}]}}]}]);
    for more in [
        json!({"egressDeny": [{"toEntities": ["all"]}]}),
        json!({"ingressDeny": [{"fromEntities": ["all"]}]}),
        json!({"enableDefaultDeny": {"ingress": false}}),
        json!({"enableDefaultDeny": null}),
        json!({"egress": http}),
        json!({"egress": one_name}),
        json!({"endpointSelector": {"matchLabels": {"reserved:x": "y"}}}),
        json!({"nodeSelector": {}}),
    ] {
        let world = town([own(more.clone())]);
        let space = world.space("b").unwrap();
        assert_eq!(
            (space.cilium.len(), space.cilium_gates.len()),
            (1, 0),
            "{more}"
        );
    }
}

#[test]
fn never_already_open_while_something_cannot_be_judged() {
    let layer7 = cilium(json!({
        "endpointSelector": {"matchLabels": {"app": "web"}},
        "ingress": [{"toPorts": [{"ports": [{"port": "8080"}], "rules": {"http": [{}]}}]}],
    }));
    for (more, named) in [
        (
            calico(),
            "GlobalNetworkPolicy.projectcalico.org/g (tier security)",
        ),
        (
            cilium(
                json!({"endpointSelector": {"matchLabels": {"reserved:x": "y"}}, "ingress": [{}]}),
            ),
            "ingress of `a/CiliumNetworkPolicy/c` (which pods it selects is not understood)",
        ),
    ] {
        match gate([more]) {
            Err(NoGate::Untold { what, .. }) => {
                assert!(what.contains(&named.to_owned()), "{what:?}")
            }
            other => panic!("{other:?}"),
        }
    }
    // Isolated by it, and perhaps allowed by it: the gate makes it sure.
    assert_eq!(gate([layer7]).unwrap().effect.outlook, Outlook::Expected);
}

#[test]
fn a_gate_beside_what_cannot_be_judged_is_unknown() {
    let built = gate([deny("a", "d"), calico()]).unwrap();
    assert_eq!(built.effect.outlook, Outlook::Unknown);
    assert!(matches!(
        &built.effect.warnings[..],
        [Warning::Unknown { .. }]
    ));
}

#[test]
fn a_kind_that_could_not_be_read_makes_every_answer_unknown() {
    let mut cluster: Snapshot = town([]);
    cluster.set_unread("adminnetworkpolicies", Some("not permitted"));
    let flow = ask(&cluster, "b/cli a/web :8080").unwrap();
    let refused = build(&cluster, &flow).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("adminnetworkpolicies (not permitted)"),
        "{refused}"
    );
    assert!(!reach(&cluster, &flow).is_open());
    cluster.set_unread("adminnetworkpolicies", None);
    assert!(reach(&cluster, &flow).is_open());
}

#[test]
fn a_baseline_that_denies_is_not_replaced_by_an_isolating_gate() {
    let baseline = Fixture(json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "BaselineAdminNetworkPolicy",
        "metadata": {"name": "default"},
        "spec": {
            "subject": {"namespaces": {}},
            "ingress": [{"action": "Deny", "from": [{"namespaces": {"matchLabels":
                {"kubernetes.io/metadata.name": "b"}}}]}],
        },
    }));
    let refused = gate([baseline]).unwrap_err();
    assert!(matches!(refused, NoGate::WouldIsolate { .. }), "{refused}");
}

#[test]
fn a_side_named_by_labels_is_said_to_grow() {
    let world = town([
        deny("a", "d"),
        policy(
            "a",
            "x",
            json!({"podSelector": {"matchLabels": {"app": "none"}}}),
        ),
    ]);
    let built = plan(&world, "b/app=cli a/web :8080").unwrap();
    let side = "b/app=cli".to_owned();
    assert_eq!(built.effect.warnings, [Warning::Grows { side }]);
}
