//! Kinds, what is applied of an object, and its digest.

mod bounds;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde_json::{Value, json};

use super::{Kind, Manifest};

fn policy() -> NetworkPolicy {
    NetworkPolicy {
        metadata: ObjectMeta {
            namespace: Some("orders".to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector {
                match_labels: Some([("app".to_owned(), "db".to_owned())].into()),
                match_expressions: None,
            }),
            policy_types: Some(vec!["Ingress".to_owned()]),
            ..NetworkPolicySpec::default()
        }),
    }
}

fn binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"namespace": "orders"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"},
        ],
    })
}

fn read(value: Value) -> Manifest {
    Manifest::try_from(value).unwrap()
}

#[test]
fn a_policy_is_written_as_documents_held_it_before() {
    let before = serde_json::to_value(policy()).unwrap();
    assert_eq!(Value::from(Manifest::from(&policy())), before);
    assert_eq!(read(before.clone()), Manifest::from(&policy()));
    assert_eq!(read(before).as_policy(), Some(policy()));
}

#[test]
fn what_is_of_no_listed_kind_is_not_read() {
    for (pointer, value) in [
        ("/kind", json!("Role")),
        ("/kind", json!("NetworkPolicy")),
        ("/apiVersion", json!("rbac.authorization.k8s.io/v1beta1")),
        ("/metadata/namespace", json!("")),
        ("/metadata/namespace", json!(7)),
        ("/metadata", json!(null)),
    ] {
        let mut other = binding();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(Manifest::try_from(other.clone()).is_err(), "{other}");
    }
}

#[test]
fn a_digest_tells_everything_apart_that_is_applied_and_nothing_else() {
    let digest = read(binding()).digest();
    assert_eq!(digest.len(), 64);
    let mut named = binding();
    named["metadata"]["name"] = json!("drawbridge-k7m3xa-1-abc");
    named["metadata"]["labels"] = json!({"a": "b"});
    assert_eq!(read(named).digest(), digest);
    for (pointer, value) in [
        ("/metadata/namespace", json!("payments")),
        ("/roleRef/name", json!("edit")),
        ("/subjects/0/name", json!("dana@example.org")),
        ("/subjects", json!([])),
    ] {
        let mut other = binding();
        *other.pointer_mut(pointer).unwrap() = value;
        assert_ne!(read(other.clone()).digest(), digest, "{other}");
    }
}

#[test]
fn a_manifest_is_stored_as_meant_where_it_is_there_and_nothing_else() {
    let ours = read(binding());
    let mut seen = binding();
    seen["metadata"]["name"] = json!("x");
    assert!(ours.is_stored_as(&seen));
    for (pointer, value) in [
        ("/roleRef/name", json!("edit")),
        ("/subjects/0/name", json!("lee@example.com")),
        ("/subjects", json!([])),
        (
            "/subjects",
            json!([binding()["subjects"][0], binding()["subjects"][0]]),
        ),
        ("/subjects/0/namespace", json!("added on the way in")),
        ("/roleRef", json!(null)),
    ] {
        let mut other = seen.clone();
        match other.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => other["subjects"][0]["namespace"] = value,
        }
        assert!(!ours.is_stored_as(&other), "{other}");
    }
}

#[test]
fn a_policy_is_compared_as_the_server_reads_it() {
    let ours = Manifest::from(&policy());
    let seen = serde_json::to_value(policy()).unwrap();
    assert!(ours.is_stored_as(&seen));
    let mut more = seen;
    more["spec"]["policyTypes"] = json!(["Ingress", "Egress"]);
    assert!(!ours.is_stored_as(&more));
    assert!(!ours.is_stored_as(&json!({})));
}

#[test]
fn every_kind_is_found_by_its_version_and_name() {
    for kind in Kind::ALL {
        assert_eq!(Kind::named(kind.api_version(), kind.name()), Some(kind));
        assert!(kind.api_version().starts_with(kind.group()));
        assert_eq!(kind.plural(), plural(kind.name()));
    }
    fn plural(name: &str) -> String {
        let name = name.to_lowercase();
        match name.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{name}s"),
        }
    }
}

#[test]
fn what_a_card_would_cut_or_count_cannot_be_shown() {
    let cilium = |ports: Vec<Value>| {
        read(json!({
            "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
            "metadata": {"namespace": "shop"},
            "spec": {
                "enableDefaultDeny": {"ingress": false, "egress": false},
                "endpointSelector": {"matchLabels": {"app": "web"}},
                "egress": [{"toFQDNs": [{"matchName": "api.example.com"}], "toPorts": [{"ports": ports}]}],
            },
        }))
    };
    let port = |n: usize| json!({"port": n.to_string(), "protocol": "TCP"});
    assert!(read(binding()).can_be_shown());
    assert!(cilium((443..446).map(port).collect()).can_be_shown());
    // Somewhere in the middle of these a range would be out of sight.
    assert!(!cilium((8000..8025).map(port).collect()).can_be_shown());
}

#[test]
fn further_rules_that_somebody_adds_are_seen() {
    let stated = json!({
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": {"namespace": "shop"}, "spec": {"egress": []},
    });
    let mut more = stated.clone();
    more["specs"] = json!([{"egress": [{"toEntities": ["world"]}]}]);
    let manifest = read(stated.clone());
    assert!(manifest.is_stored_as(&stated) && !manifest.is_stored_as(&more));
    let mut denied = stated.clone();
    denied["spec"]["egressDeny"] = json!([{"toEntities": ["world"]}]);
    assert!(!manifest.is_stored_as(&denied), "added on the way in");
    let digest = |seen: &Value| super::stored_digest("cilium.io/v2", "CiliumNetworkPolicy", seen);
    assert_ne!(digest(&stated), digest(&more));
}
