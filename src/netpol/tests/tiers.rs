//! Admin and baseline tiers over random clusters: a second opinion, one packet at a time, and gates in
//! clusters that have them.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::fixtures::{Fixture, ask};
use super::oracle::{
    Packet, Spot, Town, Way, in_cidr, ip, is_isolated, labels, lets, name, namespace_labels,
    on_host, on_own_node, selects,
};
use super::properties::{end, set, spot_name, spots};
use super::town;
use crate::netpol::effect::Outlook;
use crate::netpol::evaluate::{Evaluator, Party, passages};
use crate::netpol::snapshot::{Object, Snapshot};
use crate::netpol::{NoGate, build};

/// A cluster and its policies of the tiers, as plain objects.
#[derive(Debug, Clone)]
struct Tiered {
    town: Town,
    tiers: Vec<Value>,
}

fn snapshot(world: &Tiered) -> Snapshot {
    let mut snapshot = town::snapshot(&world.town);
    for policy in &world.tiers {
        snapshot.apply(Object::from(Fixture(policy.clone())));
    }
    snapshot
}

fn passes(world: &Tiered, from: Spot<'_>, to: Spot<'_>, packet: Packet) -> bool {
    if let (Spot::Pod(a), Spot::Pod(b)) = (from, to)
        && name(a) == name(b)
    {
        return true;
    }
    let free = on_own_node(from, to) || on_own_node(to, from);
    free || [Way::Out, Way::In]
        .into_iter()
        .all(|way| decides(world, (from, to), packet, way))
}

/// What one end says: admin tier, NetworkPolicies, baseline, and open where nobody says anything.
fn decides(world: &Tiered, (from, to): (Spot<'_>, Spot<'_>), packet: Packet, way: Way) -> bool {
    let subject = if way == Way::Out { from } else { to };
    let Spot::Pod(pod) = subject else { return true };
    if on_host(pod) {
        return true;
    }
    if let Some(decided) = tier(world, "Admin", (from, to), (packet, way)) {
        return decided;
    }
    if is_isolated(&world.town, pod, way) {
        return lets(&world.town, (from, to), packet, way);
    }
    tier(world, "Baseline", (from, to), (packet, way)).unwrap_or(true)
}

fn tier(
    world: &Tiered,
    wanted: &str,
    (from, to): (Spot<'_>, Spot<'_>),
    (packet, way): (Packet, Way),
) -> Option<bool> {
    let (subject, peer) = if way == Way::Out {
        (from, to)
    } else {
        (to, from)
    };
    let mut policies: Vec<&Value> = world
        .tiers
        .iter()
        .filter(|p| tier_of(p) == wanted)
        .collect();
    policies.sort_by_key(|p| p["spec"]["priority"].as_u64());
    for policy in policies {
        if !is_among(&world.town, &policy["spec"]["subject"], subject) {
            continue;
        }
        let (list, peers) = if way == Way::Out {
            ("egress", "to")
        } else {
            ("ingress", "from")
        };
        for rule in policy["spec"][list].as_array().into_iter().flatten() {
            let mut held = rule[peers].as_array().into_iter().flatten();
            let at_port = rule["ports"]
                .as_array()
                .is_none_or(|ports| ports.iter().any(|port| is_port(port, to, packet)));
            if held.any(|p| is_among(&world.town, p, peer)) && at_port {
                match rule["action"].as_str().unwrap() {
                    "Allow" => return Some(true),
                    "Deny" => return Some(false),
                    _ => return None,
                }
            }
        }
    }
    None
}

fn tier_of(policy: &Value) -> &'static str {
    if policy["kind"] == "BaselineAdminNetworkPolicy" {
        "Baseline"
    } else {
        "Admin"
    }
}

fn is_among(town: &Town, peer: &Value, spot: Spot<'_>) -> bool {
    if let Some(nets) = peer["networks"].as_array() {
        let address = match spot {
            Spot::Ip(address) => Some(address),
            Spot::Pod(pod) => ip(pod),
        };
        return address.is_some_and(|a| nets.iter().any(|net| in_cidr(net.as_str().unwrap(), a)));
    }
    let Spot::Pod(pod) = spot else { return false };
    if on_host(pod) {
        return false;
    }
    let of = |value: &Value| serde_json::from_value(value.clone()).unwrap();
    let namespace = namespace_labels(town, pod.metadata.namespace.as_deref().unwrap());
    if peer["pods"].is_null() {
        return selects(&of(&peer["namespaces"]), &namespace);
    }
    let both = &peer["pods"];
    selects(&of(&both["namespaceSelector"]), &namespace)
        && selects(&of(&both["podSelector"]), &labels(pod))
}

fn is_port(port: &Value, target: Spot<'_>, packet: Packet) -> bool {
    let number = |value: &Value| value.as_u64() == Some(packet.port.into());
    let is = |value: &Value| value["protocol"] == packet.protocol;
    if let Some(named) = port["namedPort"].as_str() {
        let Spot::Pod(pod) = target else { return false };
        let containers = &pod.spec.as_ref().unwrap().containers;
        let mut ports = containers.iter().flat_map(|c| c.ports.iter().flatten());
        return ports.any(|p| {
            p.name.as_deref() == Some(named)
                && p.container_port == i32::from(packet.port)
                && p.protocol.as_deref().unwrap_or("TCP") == packet.protocol
        });
    }
    if !port["portNumber"].is_null() {
        return is(&port["portNumber"]) && number(&port["portNumber"]["port"]);
    }
    let range = &port["portRange"];
    let ends = range["start"].as_u64().unwrap()..=range["end"].as_u64().unwrap();
    is(range) && ends.contains(&u64::from(packet.port))
}

fn world() -> impl Strategy<Value = Tiered> {
    let policies = proptest::collection::vec((subject(), rules("from"), rules("to")), 1..4);
    (town::town(), policies, any::<bool>()).prop_map(|(town, policies, baseline)| {
        let last = policies.len() - 1;
        let numbered = policies.into_iter().enumerate();
        let tiers = numbered.map(|(n, (subject, ingress, egress))| {
            let base = baseline && n == last;
            let kind = if base {
                "BaselineAdminNetworkPolicy"
            } else {
                "AdminNetworkPolicy"
            };
            let mut spec = json!({"subject": subject, "ingress": ingress, "egress": egress});
            if base {
                // A baseline cannot pass.
                spec = serde_json::from_str(&spec.to_string().replace("\"Pass\"", "\"Deny\""))
                    .unwrap();
            } else {
                // Later ones go first; priorities differ, or the answer would not be defined.
                spec["priority"] = json!(100 - n);
            }
            json!({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": kind,
                   "metadata": {"name": format!("t{n}")}, "spec": spec})
        });
        Tiered {
            tiers: tiers.collect(),
            town,
        }
    })
}

fn spaces() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"matchLabels": {"team": "red"}}),
        json!({"matchLabels": {"kubernetes.io/metadata.name": "b"}}),
    ])
}

fn subject() -> impl Strategy<Value = Value> {
    let pods = (spaces(), town::selector())
        .prop_map(|(n, s)| json!({"pods": {"namespaceSelector": n, "podSelector": s}}));
    prop_oneof![spaces().prop_map(|n| json!({"namespaces": n})), pods]
}

fn rules(peers: &'static str) -> impl Strategy<Value = Vec<Value>> {
    let nets = select(vec![
        json!({"networks": ["0.0.0.0/0"]}),
        json!({"networks": ["10.0.0.0/30", "203.0.113.0/24"]}),
        json!({"networks": ["2001:db8::/32"]}),
    ]);
    let peer = if peers == "to" {
        prop_oneof![2 => subject(), 1 => nets].boxed()
    } else {
        subject().boxed()
    };
    let port = select(vec![
        json!({"portNumber": {"protocol": "TCP", "port": 8080}}),
        json!({"portNumber": {"protocol": "UDP", "port": 53}}),
        json!({"portRange": {"protocol": "TCP", "start": 80, "end": 9000}}),
        json!({"portRange": {"protocol": "SCTP", "start": 9, "end": 81}}),
        json!({"namedPort": "http"}),
    ]);
    let ports = proptest::option::of(proptest::collection::vec(port, 1..3));
    let action = select(vec!["Allow", "Deny", "Deny", "Pass"]);
    let rule = (action, proptest::collection::vec(peer, 1..3), ports);
    let rule = rule.prop_map(move |(action, held, ports)| {
        let mut rule = json!({"action": action, peers: held});
        if let Some(ports) = ports {
            rule["ports"] = json!(ports);
        }
        rule
    });
    proptest::collection::vec(rule, 0..3)
}

proptest! {
    #![proptest_config(super::properties::many())]

    #[test]
    fn tiers_are_judged_as_one_packet_at_a_time(world in world()) {
        let snapshot = snapshot(&world);
        let evaluator = Evaluator::baseline(&snapshot);
        let all = spots(&world.town);
        let parties: Vec<Party<'_>> =
            all.iter().map(|spot| evaluator.party(end(&snapshot, *spot))).collect();
        let pairs = all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to)));
        for ((from, to), passage) in pairs.zip(passages(&parties, &parties)) {
            let judged = passage.both();
            prop_assert!(judged.unsure.is_empty());
            for packet in town::PACKETS {
                let ours = judged.open.covers(&set(packet));
                let theirs = passes(&world, from, to, packet);
                prop_assert_eq!(ours, theirs, "{} -> {} {:?}", spot_name(from), spot_name(to), packet);
            }
        }
    }

    #[test]
    fn a_gate_among_tiers_cuts_nothing_and_its_outlook_is_true(
        (world, (_, text)) in world().prop_flat_map(|w| (Just(w), town::town_and_ask()))
    ) {
        let cluster = snapshot(&world);
        let Ok(flow) = ask(&cluster, &text) else { return Ok(()) };
        let (from, to) = super::properties::sides(&world.town, &flow);
        let open = |world: &Tiered| from.iter().all(|a| to.iter().all(|b| {
            super::properties::asked(&flow).into_iter().all(|packet| passes(world, *a, *b, packet))
        }));
        match build(&cluster, &flow) {
            Ok(built) => {
                let mut after = world.clone();
                after.town.policies.extend(built.objects.iter().cloned());
                // Of a block only some addresses are tried, so more may be closed than is seen.
                prop_assert!(built.effect.outlook != Outlook::Expected || open(&after));
                prop_assert!(built.effect.outlook != Outlook::Unknown);
                let all = spots(&world.town);
                for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))) {
                    for packet in town::PACKETS {
                        prop_assert!(!passes(&world, a, b, packet) || passes(&after, a, b, packet));
                    }
                }
            }
            Err(NoGate::AlreadyOpen { .. }) => prop_assert!(open(&world)),
            Err(NoGate::Untold { .. }) => prop_assert!(false, "everything can be read"),
            Err(_) => {}
        }
    }
}
