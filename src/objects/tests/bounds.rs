//! Every bound of stated objects, once kept and once broken.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::objects::{Bounds, Kind, check, check_written, check_written_together};

/// Takes a field away.
const GONE: &str = "GONE";

fn roles() -> BTreeSet<String> {
    ["view", "edit", "admin"].map(str::to_owned).into()
}

fn good(kind: Kind) -> Value {
    let spec = match kind {
        Kind::NetworkPolicy => json!({"spec": {
            "podSelector": {"matchLabels": {"app": "web"}},
            "policyTypes": ["Egress", "Ingress"],
            "egress": [{
                "to": [
                    {"ipBlock": {"cidr": "203.0.0.0/16", "except": ["203.0.113.0/24"]}},
                    {"podSelector": {"matchLabels": {"app": "db"}},
                     "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "orders"}}},
                ],
                "ports": [{"protocol": "TCP", "port": 5432}, {"protocol": "UDP", "port": "dns"}],
            }],
            "ingress": [{
                "from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}],
                "ports": [{"protocol": "TCP", "port": 8000, "endPort": 8010}],
            }],
        }}),
        Kind::CiliumNetworkPolicy => json!({"spec": {
            "enableDefaultDeny": {"ingress": false, "egress": false},
            "endpointSelector": {"matchLabels": {"k8s:app": "web"}},
            "egress": [
                {"toFQDNs": [{"matchName": "api.example.com"}],
                 "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}]},
                {"toCIDR": ["203.0.113.0/24"],
                 "toPorts": [{"ports": [{"port": "8000", "protocol": "TCP", "endPort": 8010}]}]},
                {"toEndpoints": [{"matchLabels": {
                    "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns"}}],
                 "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}],
                              "rules": {"dns": [{"matchPattern": "*"}]}}]},
            ],
        }}),
        Kind::RoleBinding => json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"},
            ],
        }),
    };
    let mut whole = json!({
        "apiVersion": kind.api_version(),
        "kind": kind.name(),
        "metadata": {"namespace": "orders"},
    });
    let fields = whole.as_object_mut().unwrap();
    fields.extend(spec.as_object().unwrap().clone());
    whole
}

/// The object with one field set, or taken away.
fn with(mut object: Value, pointer: &str, value: &Value) -> Value {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/");
    match object.pointer_mut(parent).unwrap() {
        Value::Object(fields) if *value == GONE => {
            fields.remove(&last).unwrap();
        }
        Value::Object(fields) => {
            fields.insert(last, value.clone());
        }
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
        other => panic!("{other}"),
    }
    object
}

fn verdict(object: &Value) -> Result<(), String> {
    let roles = roles();
    let bounds = Bounds {
        cluster_roles: &roles,
    };
    let checked = check(std::slice::from_ref(object), bounds);
    checked.map(|_| ()).map_err(|fault| fault.message)
}

/// Each line of a table: what is kept is kept, and what is broken is refused with those words.
fn held(kind: Kind, table: &str) {
    assert_eq!(verdict(&good(kind)), Ok(()));
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (case, word) = match line.split_once(" => ") {
            Some((case, word)) => (case, Some(word)),
            None => (line, None),
        };
        let (pointer, value) = case.split_once(' ').unwrap();
        let value: Value = serde_json::from_str(value).unwrap();
        match (verdict(&with(good(kind), pointer, &value)), word) {
            (Ok(()), None) => {}
            (Err(message), Some(word)) => assert!(message.contains(word), "{line}: {message}"),
            (verdict, _) => panic!("{kind}: {line}: {verdict:?}"),
        }
    }
}

#[test]
fn what_holds_for_every_kind() {
    for kind in Kind::ALL {
        held(kind, include_str!("bounds/every.txt"));
        let long = json!("a".repeat(64));
        assert!(verdict(&with(good(kind), "/metadata/namespace", &long)).is_err());
    }
}

#[test]
fn a_network_policy() {
    held(Kind::NetworkPolicy, include_str!("bounds/network.txt"));
}

#[test]
fn a_cilium_network_policy() {
    held(Kind::CiliumNetworkPolicy, include_str!("bounds/cilium.txt"));
}

#[test]
fn a_role_binding() {
    let kind = Kind::RoleBinding;
    held(kind, include_str!("bounds/binding.txt"));
    let people = |n: usize| -> Value {
        let person = |n: usize| with(good(kind), "/subjects/0/name", &json!(format!("a{n}")));
        (1..=n).map(|n| person(n)["subjects"][0].clone()).collect()
    };
    let name = |n: usize| json!("a".repeat(n));
    for (pointer, most, more) in [
        ("/subjects", people(5), people(6)),
        ("/subjects/0/name", name(253), name(254)),
    ] {
        assert_eq!(verdict(&with(good(kind), pointer, &most)), Ok(()));
        assert!(verdict(&with(good(kind), pointer, &more)).is_err());
    }
}

#[test]
fn objects_together() {
    let roles = roles();
    let bounds = Bounds {
        cluster_roles: &roles,
    };
    let named = |name: String| with(good(Kind::RoleBinding), "/subjects/0/name", &json!(name));
    let some = |n: usize| -> Vec<Value> { (0..n).map(|n| named(format!("a{n}"))).collect() };
    let said = |objects: &[Value]| check(objects, bounds).map(|_| ()).map_err(|f| f.message);
    assert_eq!(said(&some(4)), Ok(()));
    assert_eq!(said(&some(5)), Err("a gate has at most 4 objects".into()));
    assert_eq!(
        said(&[]),
        Err("a gate without objects opens nothing".into())
    );
    let twice = [named("a".into()), named("a".into())];
    assert_eq!(said(&twice), Err("two of the objects are equal".into()));
    let apart = [
        named("a".into()),
        with(named("b".into()), "/metadata/namespace", &json!("shop")),
    ];
    let message = "the objects are in different namespaces, `orders` and `shop`";
    assert_eq!(said(&apart), Err(message.into()));
    let deep = (0..17).fold(json!(1), |inner, _| json!([inner]));
    let deep = with(named("a".into()), "/subjects/0/name", &deep);
    assert_eq!(
        said(&[deep]),
        Err("an object nests at most 16 levels deep".into())
    );
    let long = |most: usize| {
        let object = with(named("a".into()), "/more", &json!("x".repeat(most)));
        [object]
    };
    let much = check_written_together(&long(17 * 1024))
        .unwrap_err()
        .message;
    assert_eq!(much, "the objects of a gate have at most 16384 bytes");
    let much = said(&long(65 * 1024)).unwrap_err();
    assert_eq!(much, "the objects of a gate have at most 65536 bytes");
}

#[test]
fn in_a_template_what_is_put_in_later_stands_for_anything_and_what_must_be_written_does_not() {
    let roles = roles();
    let bounds = Bounds {
        cluster_roles: &roles,
    };
    use Kind::{CiliumNetworkPolicy as C, NetworkPolicy as N, RoleBinding as R};
    for (kind, pointer) in [
        (N, "/metadata/namespace"),
        (N, "/spec/podSelector"),
        (N, "/spec/egress/0/ports"),
        (N, "/spec/egress/0/to/0/ipBlock/cidr"),
        (N, "/spec/egress/0/to/1/namespaceSelector"),
        (C, "/spec/endpointSelector"),
        (C, "/spec/egress/0/toFQDNs/0/matchName"),
        (C, "/spec/egress/0/toPorts/0/ports"),
        (C, "/spec/egress/1/toCIDR/0"),
        (R, "/subjects/0/name"),
    ] {
        let object = with(good(kind), pointer, &json!("${x}"));
        assert!(check_written(&object, bounds).is_ok(), "{pointer}");
        assert!(verdict(&object).is_err(), "{pointer}");
    }
    for (kind, pointer) in [
        (N, "/apiVersion"),
        (N, "/kind"),
        (N, "/metadata"),
        (N, "/spec"),
        (N, "/spec/policyTypes/0"),
        (N, "/spec/egress"),
        (N, "/spec/egress/0/ports/0/protocol"),
        (C, "/spec/enableDefaultDeny"),
        (C, "/spec/enableDefaultDeny/egress"),
        (C, "/spec/egress/0"),
        (C, "/spec/egress/2/toEndpoints/0"),
        (C, "/spec/egress/2/toPorts/0/ports"),
        (C, "/spec/egress/2/toPorts/0/rules"),
        (R, "/roleRef"),
        (R, "/roleRef/name"),
        (R, "/roleRef/kind"),
        (R, "/roleRef/apiGroup"),
        (R, "/subjects"),
        (R, "/subjects/0"),
        (R, "/subjects/0/kind"),
        (R, "/subjects/0/apiGroup"),
    ] {
        let object = with(good(kind), pointer, &json!("${x}"));
        assert!(check_written(&object, bounds).is_err(), "{pointer}");
    }
}

#[test]
fn what_objects_say_leaves_nothing_out() {
    use crate::objects::{Manifest, Said, Selected};
    let web = Selected {
        label: "shop/web".into(),
        pods: 3,
    };
    let told = |kind, selected: Option<&Selected>| {
        let manifest = Manifest::try_from(good(kind)).unwrap();
        let essence = manifest.says(selected);
        let says = essence.says.iter().map(|part| match part {
            Said::Words(text) => text.clone(),
            Said::Typed(text) => format!("`{text}`"),
        });
        let says = says.collect::<Vec<_>>().join(" ");
        format!(
            "{} | {} | {} | {says}",
            essence.who, essence.what, essence.name
        )
    };
    let lines = [
        told(Kind::RoleBinding, None),
        told(Kind::CiliumNetworkPolicy, Some(&web)),
        told(Kind::NetworkPolicy, None),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    dana@example.com | orders as view | view | ClusterRole `view` for `dana@example.com`
    shop/web | api.example.com:443 | api.example.com | from `shop/web` (3 pods) to `api.example.com` on `TCP 443` to `203.0.113.0/24` on `TCP 8000-8010` and names are looked up
    orders/app=web | 203.0.0.0/16 without 203.0.113.0/24:5432,dns/udp and 1 more | 203.0.0.0/16 without 203.0.113.0/24 | from `orders/app=web` (0 pods) to `203.0.0.0/16 without 203.0.113.0/24, orders/app=db` on `TCP 5432, UDP dns` to `orders/app=web` (0 pods) from `orders/app` on `TCP 8000-8010`
    ");
}
