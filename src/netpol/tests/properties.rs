//! Over random clusters: the evaluator agrees with the oracle, and a gate keeps its promises.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use proptest::prelude::*;

use super::fixtures::ask;
use super::oracle::{
    Packet, Spot, Town, Way, in_cidr, is_isolated, is_running, labels, name, on_host, passes,
    selects,
};
use super::town;
use crate::netpol::evaluate::{End, Evaluator, Party, passages};
use crate::netpol::flow::{Side, SideRef};
use crate::netpol::snapshot::Snapshot;
use crate::netpol::{Built, Flow, NoGate, Openness, PortRange, PortSet, build, reach, resolve};

/// Many more cases than usual: each is cheap, and gates are needed in one of three only. The number
/// still follows `PROPTEST_CASES`.
pub(super) fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases * 4,
        ..usual
    }
}

pub(super) fn spots(town: &Town) -> Vec<Spot<'_>> {
    let pods = town
        .pods
        .iter()
        .filter(|pod| is_running(pod))
        .map(Spot::Pod);
    let addresses = town::ADDRESSES
        .iter()
        .map(|ip| Spot::Ip(ip.parse().unwrap()));
    pods.chain(addresses).collect()
}

pub(super) fn end<'a>(snapshot: &'a Snapshot, spot: Spot<'_>) -> End<'a> {
    match spot {
        Spot::Ip(ip) => End::Address(ip.into()),
        Spot::Pod(pod) => {
            let mut all = snapshot.all_running();
            let same = |p: &_| format!("{}/{}", namespace(p), pod_name(p)) == name(pod);
            End::Pod(all.find(same).unwrap())
        }
    }
}

fn namespace<'a>(pod: &crate::netpol::snapshot::PodRef<'a>) -> &'a str {
    pod.namespace
}

fn pod_name<'a>(pod: &crate::netpol::snapshot::PodRef<'a>) -> &'a str {
    pod.name
}

pub(super) fn set(packet: Packet) -> PortSet {
    let protocol = super::fixtures::protocol_of(packet.protocol);
    PortSet::from_iter([PortRange::single(protocol, packet.port)])
}

/// Every connection that is possible, as from → to → packet.
type Table = BTreeSet<(String, String, Packet)>;

fn table(town: &Town) -> Table {
    let all = spots(town);
    let mut open = Table::new();
    for from in &all {
        for to in &all {
            for packet in town::PACKETS {
                if passes(town, *from, *to, packet) {
                    open.insert((spot_name(*from), spot_name(*to), packet));
                }
            }
        }
    }
    open
}

pub(super) fn spot_name(spot: Spot<'_>) -> String {
    match spot {
        Spot::Pod(pod) => name(pod),
        Spot::Ip(ip) => ip.to_string(),
    }
}

/// The spots that a resolved side means.
fn members<'a>(town: &'a Town, side: &Side) -> Vec<Spot<'a>> {
    let of = |spot: &Spot<'_>| match (&side.at, spot) {
        (
            SideRef::Pods {
                namespace, pods, ..
            },
            Spot::Pod(pod),
        ) => pods.iter().any(|p| format!("{namespace}/{p}") == name(pod)),
        (SideRef::Addresses(net), Spot::Ip(ip)) => in_cidr(&net.to_string(), *ip),
        _ => false,
    };
    spots(town).into_iter().filter(of).collect()
}

pub(super) fn asked(flow: &Flow) -> Vec<Packet> {
    let wanted: PortSet = flow.ports.iter().copied().collect();
    let all = town::PACKETS.into_iter();
    all.filter(|packet| wanted.covers(&set(*packet))).collect()
}

/// The spots on both sides of a flow.
pub(super) fn sides<'a>(town: &'a Town, flow: &Flow) -> (Vec<Spot<'a>>, Vec<Spot<'a>>) {
    (members(town, &flow.from), members(town, &flow.to))
}

/// Whether every pair of the flow is open, a pod with itself apart.
fn is_open(town: &Town, flow: &Flow) -> bool {
    let (from, to) = (members(town, &flow.from), members(town, &flow.to));
    from.iter().all(|a| {
        to.iter().all(|b| {
            asked(flow)
                .into_iter()
                .all(|packet| passes(town, *a, *b, packet))
        })
    })
}

fn with(town: &Town, objects: &[NetworkPolicy]) -> Town {
    let mut after = town.clone();
    after.policies.extend_from_slice(objects);
    after
}

/// `ns/Kind/name` of the workload of a spot, or the label of the addresses that were asked for.
fn owner(town: &Town, spot: &str, side: &Side) -> String {
    let Some(pod) = town.pods.iter().find(|pod| name(pod) == *spot) else {
        return side.label.clone();
    };
    let (namespace, short) = spot.split_once('/').unwrap();
    match pod.metadata.owner_references.iter().flatten().next() {
        Some(owner) => format!("{namespace}/{}/{}", owner.kind, owner.name),
        None => format!("{namespace}/Pod/{short}"),
    }
}

/// The promises of a gate.
fn check_gate(town: &Town, flow: &Flow, built: &Built) -> Result<(), TestCaseError> {
    let after = with(town, &built.objects);
    prop_assert!(is_open(&after, flow), "the asked flow is open");
    for pod in town.pods.iter().filter(|pod| is_running(pod)) {
        for way in [Way::In, Way::Out] {
            prop_assert_eq!(is_isolated(town, pod, way), is_isolated(&after, pod, way));
        }
    }
    let (was, is) = (table(town), table(&after));
    prop_assert_eq!(was.difference(&is).count(), 0, "nothing is cut");
    let gains: Vec<_> = is.difference(&was).collect();
    let mut told = BTreeSet::new();
    for (from, to, packet) in &gains {
        let pair = (owner(town, from, &flow.from), owner(town, to, &flow.to));
        let shown = built
            .effect
            .opens
            .iter()
            .find(|o| o.from == pair.0 && o.to == pair.1);
        prop_assert!(
            shown.is_some(),
            "{:?} opens unseen: {:?}",
            pair,
            built.effect
        );
        let ports = &shown.unwrap().ports;
        let seen = ports.iter().any(|text| holds(text, *packet));
        prop_assert!(seen, "{:?} {:?} opens unseen: {:?}", pair, packet, ports);
        told.insert(pair);
    }
    for shown in &built.effect.opens {
        // Blocks hold more addresses than are tried, so only pairs of pods must be witnessed.
        let addresses = [&flow.from, &flow.to].map(|s| matches!(s.at, SideRef::Addresses(_)));
        let pair = (shown.from.clone(), shown.to.clone());
        prop_assert!(
            addresses.contains(&true) || told.contains(&pair),
            "{pair:?} opens nothing"
        );
    }
    check_smallest(town, flow, built)
}

fn holds(range: &str, packet: Packet) -> bool {
    let (protocol, ports) = range.split_once(' ').unwrap();
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
    protocol == packet.protocol && (first..=last).contains(&packet.port)
}

/// Without any of its objects, or any rule of them, the gate opens less.
fn check_smallest(town: &Town, flow: &Flow, built: &Built) -> Result<(), TestCaseError> {
    prop_assert!((1..=2).contains(&built.objects.len()));
    let whole = table(&with(town, &built.objects));
    for (at, object) in built.objects.iter().enumerate() {
        let mut fewer = built.objects.clone();
        fewer.remove(at);
        // Of a block only some addresses are tried: what the object adds may be at others.
        prop_assert!(
            holds_block(flow) || !is_open(&with(town, &fewer), flow),
            "object {at} is not needed"
        );

        let spec = object.spec.clone().unwrap();
        prop_assert_eq!(spec.policy_types.map(|t| t.len()), Some(1));
        for rule in 0..spec.egress.map_or(0, |rules| rules.len()) {
            let mut fewer = built.objects.clone();
            let spec = fewer[at].spec.as_mut().unwrap();
            spec.egress.as_mut().unwrap().remove(rule);
            prop_assert!(
                holds_block(flow) || table(&with(town, &fewer)) != whole,
                "rule {rule} is not needed"
            );
        }
    }
    Ok(())
}

/// The pods that a side's selector matches, meant or not.
fn matching<'a>(town: &'a Town, side: &Side) -> Vec<&'a Pod> {
    let SideRef::Pods {
        namespace,
        selector,
        ..
    } = &side.at
    else {
        return Vec::new();
    };
    let pods = town
        .pods
        .iter()
        .filter(|pod| is_running(pod) && !on_host(pod));
    pods.filter(|pod| pod.metadata.namespace.as_ref() == Some(namespace))
        .filter(|pod| selects(selector, &labels(pod)))
        .collect()
}

/// Whether a side stands for more addresses than one.
fn holds_block(flow: &Flow) -> bool {
    [&flow.from, &flow.to].iter().any(|side| {
        matches!(side.at, SideRef::Addresses(net) if net.prefix_len() < net.max_prefix_len())
    })
}

/// A refusal is never given where the flow is open, and names what is really there.
fn check_refusal(town: &Town, flow: &Flow, refusal: &NoGate) -> Result<(), TestCaseError> {
    // Of a block only some addresses are tried: others may be what is closed.
    if matches!(refusal, NoGate::AlreadyOpen { .. }) || !holds_block(flow) {
        let open = is_open(town, flow);
        prop_assert_eq!(
            matches!(refusal, NoGate::AlreadyOpen { .. }),
            open,
            "{}",
            refusal
        );
    }
    match refusal {
        NoGate::WouldIsolate { side, .. } => {
            let side = if flow.from.label == *side {
                &flow.from
            } else {
                &flow.to
            };
            let mut free = matching(town, side).into_iter().filter(|pod| {
                [Way::In, Way::Out]
                    .into_iter()
                    .any(|way| !is_isolated(town, pod, way))
            });
            prop_assert!(free.next().is_some());
        }
        NoGate::CannotPin { side, .. } => {
            let side = if flow.from.label == *side {
                &flow.from
            } else {
                &flow.to
            };
            prop_assert!(matching(town, side).len() > side.pods().len());
        }
        NoGate::NoLabels { side, .. } => {
            let side = if flow.from.label == *side {
                &flow.from
            } else {
                &flow.to
            };
            let members = members(town, side);
            let bare = |spot: &Spot<'_>| matches!(spot, Spot::Pod(p) if labels(p).is_empty());
            prop_assert!(members.iter().any(bare));
        }
        NoGate::AlreadyOpen { .. } | NoGate::Gone { .. } => {}
        NoGate::Isolates { .. } | NoGate::NoNamespace { .. } => {
            prop_assert!(false, "nothing here is stated: {}", refusal);
        }
        NoGate::Denied { .. } | NoGate::Untold { .. } => {
            prop_assert!(
                false,
                "nothing here denies, and everything can be read: {}",
                refusal
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn the_evaluator_agrees_with_one_packet_at_a_time(town in town::town()) {
        let snapshot = town::snapshot(&town);
        let evaluator = Evaluator::baseline(&snapshot);
        let all = spots(&town);
        let parties: Vec<Party<'_>> =
            all.iter().map(|spot| evaluator.party(end(&snapshot, *spot))).collect();
        let judged = passages(&parties, &parties);
        let pairs = all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to)));
        prop_assert_eq!(judged.len(), all.len() * all.len());
        for ((from, to), passage) in pairs.zip(judged) {
            for packet in town::PACKETS {
                let ours = passage.open().covers(&set(packet));
                let theirs = passes(&town, from, to, packet);
                prop_assert_eq!(ours, theirs, "{} -> {} {:?}", spot_name(from), spot_name(to), packet);
            }
        }
    }

    #[test]
    fn the_table_says_of_workloads_what_their_pods_say(town in town::town()) {
        let snapshot = town::snapshot(&town);
        let evaluator = Evaluator::baseline(&snapshot);
        let parties: Vec<Party<'_>> =
            snapshot.all_running().map(|pod| evaluator.party(End::Pod(pod))).collect();
        let mut expected: BTreeMap<(String, String), Vec<PortSet>> = BTreeMap::new();
        let judged = passages(&parties, &parties);
        let pairs = parties.iter().flat_map(|from| parties.iter().map(move |to| (from, to)));
        let mut alone = expected.clone();
        for ((from, to), passage) in pairs.zip(judged) {
            let (End::Pod(a), End::Pod(b)) = (from.end, to.end) else { unreachable!() };
            let into = if a.is(&b) { &mut alone } else { &mut expected };
            let key = (a.workload().to_string(), b.workload().to_string());
            into.entry(key).or_default().push(passage.open());
        }
        for (key, itself) in alone {
            expected.entry(key).or_insert(itself);
        }
        let mut rows = 0;
        let mut wrong = Vec::new();
        crate::netpol::table(&snapshot).each(|row| {
            rows += 1;
            let sets = &expected[&(row.from.to_string(), row.to.to_string())];
            let every = sets.iter().fold(PortSet::all(), |all, one| all.intersection(one));
            let some = sets.iter().fold(PortSet::default(), |all, one| all.union(one));
            if row.open != every || row.partly != some.minus(&every) || !row.unknown.is_empty() {
                wrong.push(format!("{row:?} is not {every} and {some}"));
            }
        });
        prop_assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        prop_assert_eq!(rows, expected.len());
    }

    #[test]
    fn a_gate_opens_what_was_asked_and_changes_nothing_unseen((town, text) in town::town_and_ask()) {
        let snapshot = town::snapshot(&town);
        if let Ok(flow) = ask(&snapshot, &text) {
            prop_assert!(!flow.ports.is_empty());
            let now = reach(&snapshot, &flow);
            match build(&snapshot, &flow) {
                Ok(built) => {
                    prop_assert_ne!(now.openness, Openness::Open);
                    check_gate(&town, &flow, &built)?;
                }
                Err(refusal) => {
                    prop_assert_eq!(now.is_open(), matches!(refusal, NoGate::AlreadyOpen { .. }));
                    check_refusal(&town, &flow, &refusal)?;
                }
            }
        }
    }

    #[test]
    fn nothing_typed_makes_resolving_panic(town in town::town(), from in "[a-c0-9/=.:,]{1,12}", port in 0..=u16::MAX) {
        let snapshot = town::snapshot(&town);
        let (namespace, name) = from.split_once('/').unwrap_or(("a", &from));
        let named = |namespace: &str, name: &str| crate::grammar::Endpoint::Named {
            namespace: namespace.into(),
            kind: None,
            name: name.into(),
        };
        let asked = super::fixtures::ports(&format!("{port}"));
        let other = named("a", "p1");
        for (from, to) in [(named(namespace, name), other.clone()), (other, named(namespace, name))] {
            if let Err(refusal) = resolve(&snapshot, &from, &to, asked.as_ref()) {
                let text = refusal.to_string();
                prop_assert!(!text.ends_with('.') && !text.is_empty());
            }
        }
    }
}
