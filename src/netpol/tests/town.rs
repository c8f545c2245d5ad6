//! Random small clusters and asks, from a universe small enough that things meet.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::fixtures::{Fixture, namespace, pod, policy, service};
use super::oracle::{Packet, Town};
use crate::netpol::snapshot::{Object, Snapshot};

/// Outside addresses that packets come from and go to: two neighbours, a stranger, IPv6, two nodes.
pub(super) const ADDRESSES: [&str; 6] = [
    "203.0.113.9",
    "203.0.113.200",
    "198.51.100.1",
    "2001:db8::9",
    "192.168.0.1",
    "192.168.0.2",
];

/// Packets that are tried between every two spots.
pub(super) const PACKETS: [Packet; 9] = [
    Packet {
        protocol: "TCP",
        port: 53,
    },
    Packet {
        protocol: "TCP",
        port: 80,
    },
    Packet {
        protocol: "TCP",
        port: 81,
    },
    Packet {
        protocol: "TCP",
        port: 8080,
    },
    Packet {
        protocol: "TCP",
        port: 9090,
    },
    Packet {
        protocol: "UDP",
        port: 53,
    },
    Packet {
        protocol: "UDP",
        port: 8080,
    },
    Packet {
        protocol: "SCTP",
        port: 81,
    },
    Packet {
        protocol: "SCTP",
        port: 9,
    },
];

/// The same cluster for both sides: as objects for the oracle, as a snapshot for us.
pub(super) fn snapshot(town: &Town) -> Snapshot {
    let namespaces = boxed(&town.namespaces).map(Object::Namespace);
    let pods = boxed(&town.pods).map(Object::Pod);
    let policies = boxed(&town.policies).map(Object::Policy);
    let services = SERVICES.map(|(name, label)| service("a", name).selects("app", label));
    let services = services.map(|s| s.leads(80, json!("http")).leads(53, json!(9090)).into());
    Snapshot::from_objects(namespaces.chain(pods).chain(policies).chain(services))
}

fn boxed<T: Clone>(objects: &[T]) -> impl Iterator<Item = Box<T>> {
    objects.iter().cloned().map(Box::new)
}

const SERVICES: [(&str, &str); 2] = [("front", "web"), ("back", "cli")];

pub(super) fn town() -> impl Strategy<Value = Town> {
    let pods = proptest::collection::vec(any_pod(), 1..7);
    let policies = proptest::collection::vec(any_policy(), 0..6);
    (pods, policies, any::<bool>()).prop_map(|(pods, policies, dns)| {
        let mut fixtures: Vec<Fixture> = pods
            .into_iter()
            .zip(1_u8..)
            .map(|(make, n)| make.build(n))
            .collect();
        if dns {
            let server = pod("kube-system", "dns").label("k8s-app", "kube-dns");
            fixtures.push(server.ip("10.0.0.53").node("n1", "192.168.0.1"));
        }
        let policies = policies.into_iter().enumerate();
        let policies = policies.map(|(n, (ns, spec))| policy(ns, &format!("p{n}"), spec));
        Town {
            namespaces: [namespace("a").label("team", "red"), namespace("b")]
                .map(|f| serde_json::from_value(versioned(f.0)).unwrap())
                .to_vec(),
            pods: fixtures
                .into_iter()
                .map(|f| serde_json::from_value(versioned(f.0)).unwrap())
                .collect(),
            policies: policies.map(|f| as_policy(f.0)).collect(),
        }
    })
}

fn versioned(mut value: Value) -> Value {
    value["apiVersion"] = json!("v1");
    value
}

fn as_policy(mut value: Value) -> NetworkPolicy {
    value["apiVersion"] = json!("networking.k8s.io/v1");
    serde_json::from_value(value).unwrap()
}

#[derive(Debug, Clone)]
struct PodPlan {
    namespace: &'static str,
    app: &'static str,
    tier: &'static str,
    port: (&'static str, u16),
    node: bool,
    special: u8,
}

fn any_pod() -> impl Strategy<Value = PodPlan> {
    (
        select(vec!["a", "a", "b"]),
        select(vec!["web", "web", "cli", "-"]),
        select(vec!["x", "", "-", "-"]),
        select(vec![("http", 8080), ("http", 9090), ("dns", 53), ("", 80)]),
        any::<bool>(),
        0..12_u8,
    )
        .prop_map(|(namespace, app, tier, port, node, special)| PodPlan {
            namespace,
            app,
            tier,
            port,
            node,
            special,
        })
}

impl PodPlan {
    fn build(self, n: u8) -> Fixture {
        let mut made = pod(self.namespace, &format!("p{n}")).ip(&format!("10.0.0.{n}"));
        for (key, value) in [("app", self.app), ("tier", self.tier)] {
            if value != "-" {
                made = made.label(key, value);
            }
        }
        made = match self.port {
            ("dns", number) => made.port_of("UDP", "dns", number),
            (name, number) => made.port(name, number),
        };
        let (node, host) = if self.node {
            ("n1", "192.168.0.1")
        } else {
            ("n2", "192.168.0.2")
        };
        made = made.node(node, host);
        match self.special {
            0 => made.host_network().ip(host),
            1 => made.phase("Succeeded"),
            2..=5 if self.app != "-" => made.owner("StatefulSet", self.app),
            _ => made,
        }
    }
}

fn any_policy() -> impl Strategy<Value = (&'static str, Value)> {
    let types = select(vec![
        json!(null),
        json!([]),
        json!(["Ingress"]),
        json!(["Egress"]),
        json!(["Egress"]),
        json!(["Ingress", "Egress"]),
    ]);
    let rules = || proptest::option::of(proptest::collection::vec((peers(), ports()), 0..3));
    (
        select(vec!["a", "a", "b"]),
        subject(),
        types,
        rules(),
        rules(),
    )
        .prop_map(|(namespace, subject, types, ingress, egress)| {
            let list = |key: &'static str, rules: Option<Vec<(Value, Value)>>| {
                let rule = |(peers, ports)| json!({key: peers, "ports": ports});
                rules.map(|all| all.into_iter().map(rule).collect::<Vec<_>>())
            };
            let spec = json!({
                "podSelector": subject,
                "policyTypes": types,
                "ingress": list("from", ingress),
                "egress": list("to", egress),
            });
            (namespace, spec)
        })
}

pub(super) fn selector() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"matchLabels": {"app": "web"}}),
        json!({"matchLabels": {"app": "cli"}}),
        json!({"matchLabels": {"tier": ""}}),
        json!({"matchLabels": {"app": "web", "tier": "x"}}),
        json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "cli"]}]}),
        json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}),
        json!({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}),
        json!({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}),
        json!({"matchLabels": {"app": "cli"},
               "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}),
    ])
}

fn subject() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(json!(null)), 6 => selector()]
}

fn peers() -> impl Strategy<Value = Value> {
    let namespaces = select(vec![
        json!({}),
        json!({"matchLabels": {"team": "red"}}),
        json!({"matchLabels": {"kubernetes.io/metadata.name": "b"}}),
        json!({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["red"]}]}),
    ]);
    let block = select(vec![
        json!({"cidr": "0.0.0.0/0"}),
        json!({"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "203.0.113.128/25"]}),
        json!({"cidr": "203.0.113.0/24"}),
        json!({"cidr": "10.0.0.0/30"}),
        json!({"cidr": "192.168.0.0/31"}),
        json!({"cidr": "2001:db8::/32"}),
    ]);
    let peer = prop_oneof![
        selector().prop_map(|s| json!({"podSelector": s})),
        (namespaces, proptest::option::of(selector()))
            .prop_map(|(n, s)| json!({"namespaceSelector": n, "podSelector": s})),
        block.prop_map(|b| json!({"ipBlock": b})),
    ];
    let some = proptest::collection::vec(peer, 0..3).prop_map(Value::from);
    prop_oneof![1 => Just(json!(null)), 5 => some]
}

fn ports() -> impl Strategy<Value = Value> {
    let port = select(vec![
        json!({}),
        json!({"protocol": "UDP"}),
        json!({"port": 8080}),
        json!({"port": 80, "endPort": 81}),
        json!({"port": "http"}),
        json!({"protocol": "UDP", "port": "dns"}),
        json!({"protocol": "UDP", "port": 53}),
        json!({"protocol": "SCTP", "port": 9, "endPort": 81}),
    ]);
    let some = proptest::collection::vec(port, 0..3).prop_map(Value::from);
    prop_oneof![1 => Just(json!(null)), 3 => some]
}

/// A town and an ask about what is in it: mostly pods, workloads, labels and services that exist.
pub(super) fn town_and_ask() -> impl Strategy<Value = (Town, String)> {
    let ports = select(vec![
        "8080",
        "80-81",
        "53/udp",
        "http",
        "9090,81/sctp",
        "80,8080,53",
        "",
    ]);
    let any = any::<(prop::sample::Index, prop::sample::Index)>;
    (town(), any(), any(), ports).prop_map(|(town, kinds, picks, ports)| {
        let end = |kind: prop::sample::Index, pick: prop::sample::Index| {
            let among = match kind.index(8) {
                0 => addresses(),
                1 => services(),
                _ => inside(&town),
            };
            among[pick.index(among.len())].clone()
        };
        let (from, to) = (end(kinds.0, picks.0), end(kinds.1, picks.1));
        (town, format!("{from} {to} :{ports}"))
    })
}

fn addresses() -> Vec<String> {
    let all = [
        "203.0.113.9",
        "203.0.113.0/24",
        "192.168.0.1",
        "2001:db8::/64",
        "0.0.0.0/0",
    ];
    all.map(String::from).to_vec()
}

fn services() -> Vec<String> {
    ["a/front", "a/service/back"].map(String::from).to_vec()
}

fn inside(town: &Town) -> Vec<String> {
    let of_pod = |pod: &Pod| {
        let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
        let namespace = namespace.as_deref().unwrap();
        let labels = pod.metadata.labels.iter().flatten();
        let owners = pod.metadata.owner_references.iter().flatten();
        let labelled = labels.map(move |(k, v)| format!("{namespace}/{k}={v}"));
        let owned = owners.map(move |o| format!("{namespace}/{}", o.name));
        let alone = format!("{namespace}/pod/{}", name.as_deref().unwrap());
        labelled.chain(owned).chain([alone]).collect::<Vec<_>>()
    };
    let pods = town
        .pods
        .iter()
        .filter(|pod| pod.metadata.namespace.as_deref() != Some("kube-system"));
    pods.flat_map(of_pod).collect()
}
