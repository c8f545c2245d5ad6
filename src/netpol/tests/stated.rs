//! What can be told of objects that a template states.

use serde_json::{Value, json};

use super::fixtures::{app, cluster, deny, deny_egress, endpoint};
use crate::netpol::effect::Outlook;
use crate::netpol::{NoGate, Warning, resolve_end, state};
use crate::objects::Manifest;

fn object(value: Value) -> Manifest {
    Manifest::try_from(value).unwrap()
}

fn binding(namespace: &str) -> Manifest {
    object(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"}],
    }))
}

fn policy(namespace: &str, selector: &Value, direction: &str) -> Manifest {
    let peers = if direction == "Egress" { "to" } else { "from" };
    object(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": namespace},
        "spec": {
            "podSelector": selector,
            "policyTypes": [direction],
            direction.to_lowercase(): [{
                peers: [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            }],
        },
    }))
}

#[test]
fn a_binding_is_told_as_who_gets_what_where() {
    let world = cluster([app("orders", "db")]);
    let given = binding("orders");
    let (flow, effect) = state(&world, std::slice::from_ref(&given), &[]).unwrap();
    assert_eq!(flow.from.label, "dana@example.com");
    assert_eq!(flow.to.label, "orders as view");
    assert_eq!(flow.to.namespace(), Some("orders"));
    assert_eq!(flow.from.namespace(), None);
    assert!(flow.ports.is_empty());
    assert_eq!(effect.outlook, Outlook::Unknown);
    assert_eq!(effect.stated.len(), 1);
    assert_eq!(effect.stated[0].digest, given.digest());
    assert_eq!(effect.stated[0].name, "view");
    let kinds = vec!["RoleBinding".to_owned()];
    assert_eq!(effect.warnings, [Warning::NotComputed { kinds }]);
}

#[test]
fn a_namespace_that_is_not_there_gets_nothing() {
    let world = cluster([app("orders", "db")]);
    let namespace = "orderz".to_owned();
    assert_eq!(
        state(&world, &[binding("orderz")], &[]).unwrap_err(),
        NoGate::NoNamespace { namespace }
    );
}

#[test]
fn a_policy_that_would_isolate_a_pod_is_refused() {
    let selector = json!({"matchLabels": {"app": "web"}});
    let open = cluster([app("shop", "web")]);
    for direction in ["Egress", "Ingress"] {
        let stated = [binding("shop"), policy("shop", &selector, direction)];
        let refused = state(&open, &stated, &[]).unwrap_err();
        assert!(matches!(refused, NoGate::Isolates { .. }), "{refused:?}");
        assert!(refused.to_string().contains("`shop/"), "{refused}");
        let closed = match direction {
            "Egress" => deny_egress("shop", "all"),
            _ => deny("shop", "all"),
        };
        let isolated = cluster([app("shop", "web"), closed]);
        assert!(state(&isolated, &stated, &[]).is_ok(), "{direction}");
    }
}

#[test]
fn what_a_selector_means_besides_is_told() {
    let world = cluster([
        app("shop", "web"),
        app("shop", "cart"),
        deny_egress("shop", "all"),
    ]);
    let side = resolve_end(&world, &endpoint("shop/web")).unwrap();
    let selector = json!({"matchLabels": {"app": "web"}});
    let stated = [policy("shop", &selector, "Egress")];
    let (flow, effect) = state(&world, &stated, std::slice::from_ref(&side)).unwrap();
    assert_eq!(flow.from.label, "shop/web");
    assert_eq!(flow.to.label, "203.0.113.0/24:443");
    assert_eq!(effect.from_pods, 1);
    assert_eq!(effect.warnings.len(), 1);
    let by_labels = resolve_end(&world, &endpoint("shop/app=web")).unwrap();
    let (_, effect) = state(&world, &stated, &[by_labels]).unwrap();
    let grows = effect
        .warnings
        .iter()
        .any(|w| matches!(w, Warning::Grows { .. }));
    assert!(grows, "{:?}", effect.warnings);
}
