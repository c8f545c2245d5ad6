//! What a gate changes: reach with it, minus reach without it, over everything it touches.

use std::collections::{BTreeMap, BTreeSet};

use super::draw;
use crate::netpol::address;
use crate::netpol::effect::{Effect, Opened, Outlook, Warning};
use crate::netpol::evaluate::{End, Evaluator, Party, passages_without_denies};
use crate::netpol::flow::{Flow, Side, SideRef};
use crate::netpol::lineup::{Lineup, block_parties, meant};
use crate::netpol::policy::{Direction, Policy};
use crate::netpol::portset::PortSet;
use crate::netpol::reach;
use crate::netpol::rule::{Match, Peer};
use crate::netpol::snapshot::{PodRef, Snapshot};

/// Shortest prefixes that are not called wide: 256 IPv4 addresses, one IPv6 site of 256 networks.
const NARROW_V4: u8 = 24;
const NARROW_V6: u8 = 56;

/// A side of more pods than this is called wide.
const WIDE_PODS: usize = 50;

/// A gate's effect. Its objects isolate nothing, so reach can only grow, and only between a pod that
/// an object selects and a peer that the object's rules hold: those pairs are compared.
///
/// Denies and what cannot be told are left aside on both sides of the comparison: what the gate opens
/// once they are gone is opened by it, so approval binds to that too.
pub(in crate::netpol) fn effect(snapshot: &Snapshot, flow: &Flow, policies: &[Policy]) -> Effect {
    let comparison = Comparison {
        before: Evaluator::baseline(snapshot),
        after: Evaluator::trying(snapshot, policies),
    };
    let mut gains: BTreeMap<(String, String), PortSet> = BTreeMap::new();
    let mut opened = BTreeSet::new();
    for Gain { from, to, ports } in comparison.gains(policies) {
        opened.insert((key(&from), key(&to)));
        let names = (end_name(&from, &flow.from), end_name(&to, &flow.to));
        let known = gains.entry(names).or_default();
        *known = known.union(&ports);
    }
    let opens = gains.into_iter().map(|((from, to), ports)| Opened {
        from,
        to,
        ports: ports.ranges().iter().map(ToString::to_string).collect(),
    });
    let (outlook, doubt) = outlook(&comparison.after, flow);
    let mut warnings = warnings(snapshot, flow, &opened);
    warnings.extend(doubt);
    warnings.extend(unseen(snapshot, flow, policies));
    Effect {
        from_pods: meant(snapshot, &flow.from).len(),
        to_pods: meant(snapshot, &flow.to).len(),
        opens: opens.collect(),
        warnings: warnings.into_iter().collect(),
        outlook,
        stated: Vec::new(),
    }
}

/// Whether the flow is open with the gate, and what stands in doubt.
fn outlook(after: &Evaluator<'_>, flow: &Flow) -> (Outlook, Vec<Warning>) {
    let reach = reach::judge(&Lineup::new(after, flow), flow);
    let (by, what) = (reach.denied_by(), reach.unknown());
    let outlook = match (reach.is_open(), by.is_empty()) {
        (true, _) => return (Outlook::Expected, Vec::new()),
        (false, false) => Outlook::Doubtful,
        (false, true) => Outlook::Unknown,
    };
    let denied = (!by.is_empty()).then_some(Warning::Denied { by });
    let unknown = (!what.is_empty()).then_some(Warning::Unknown { what });
    (outlook, denied.into_iter().chain(unknown).collect())
}

/// Namespace and name of a pod; `None` for addresses.
type PodKey<'a> = Option<(&'a str, &'a str)>;

fn key<'a>(end: &End<'a>) -> PodKey<'a> {
    match end {
        End::Pod(pod) => Some((pod.namespace, pod.name)),
        End::Address(_) => None,
    }
}

/// A pod by its workload, addresses by the block that was asked for.
fn end_name(end: &End<'_>, side: &Side) -> String {
    match end {
        End::Pod(pod) => pod.workload().to_string(),
        End::Address(_) => side.label.clone(),
    }
}

struct Comparison<'a> {
    before: Evaluator<'a>,
    after: Evaluator<'a>,
}

/// Ports that open between two ends.
struct Gain<'a> {
    from: End<'a>,
    to: End<'a>,
    ports: PortSet,
}

impl<'a> Comparison<'a> {
    /// What opens between the pods that the policies select and the peers of their rules.
    fn gains(&self, policies: &[Policy]) -> Vec<Gain<'a>> {
        let mut gains = Vec::new();
        for policy in policies {
            let pods = self
                .before
                .snapshot()
                .selected(&policy.namespace, &policy.subject);
            let subjects: Vec<End<'a>> = pods.into_iter().map(End::Pod).collect();
            for (direction, peer) in peers(policy) {
                let partners = self.partners(policy, peer, &subjects, direction);
                gains.extend(match direction {
                    Direction::Egress => self.gained(&subjects, &partners),
                    Direction::Ingress => self.gained(&partners, &subjects),
                });
            }
        }
        gains
    }

    /// The ends that a peer holds: pods, and for a block its addresses, cut as the subjects' policies
    /// tell them apart. A block may hold pods as well.
    fn partners(
        &self,
        policy: &Policy,
        peer: &Peer,
        subjects: &[End<'a>],
        direction: Direction,
    ) -> Vec<End<'a>> {
        let pods = self.before.snapshot().all_running().map(End::Pod);
        let mut ends: Vec<End<'a>> = pods
            .filter(|end| peer.holds(&policy.namespace, end) > Match::No)
            .collect();
        if let Peer::Block { net, .. } = peer {
            let judges = parties(&self.before, subjects);
            let pieces = block_parties(&self.before, *net, &judges, direction);
            ends.extend(pieces.into_iter().map(|party| party.end));
        }
        ends
    }

    fn gained(&self, from: &[End<'a>], to: &[End<'a>]) -> Vec<Gain<'a>> {
        let under =
            |evaluator| passages_without_denies(&parties(evaluator, from), &parties(evaluator, to));
        let ends = from
            .iter()
            .flat_map(|from| to.iter().map(move |to| (*from, *to)));
        let changes = under(&self.before).into_iter().zip(under(&self.after));
        ends.zip(changes)
            .map(|((from, to), (before, after))| Gain {
                from,
                to,
                ports: after
                    .0
                    .intersection(&after.1)
                    .minus(&before.0.intersection(&before.1)),
            })
            .filter(|gain| !gain.ports.is_empty())
            .collect()
    }
}

fn parties<'a>(evaluator: &Evaluator<'a>, ends: &[End<'a>]) -> Vec<Party<'a>> {
    ends.iter().map(|end| evaluator.party(*end)).collect()
}

fn peers(policy: &Policy) -> impl Iterator<Item = (Direction, &Peer)> {
    [Direction::Egress, Direction::Ingress]
        .into_iter()
        .flat_map(move |direction| {
            let rules = &policy.section(direction).allow;
            let peers = rules.iter().flat_map(|rule| rule.peers.iter().flatten());
            peers.map(move |peer| (direction, peer))
        })
}

fn warnings(
    snapshot: &Snapshot,
    flow: &Flow,
    opened: &BTreeSet<(PodKey<'_>, PodKey<'_>)>,
) -> BTreeSet<Warning> {
    let mut warnings = BTreeSet::new();
    let others = unasked(snapshot, flow, opened);
    if !others.is_empty() {
        warnings.insert(Warning::AlsoMatches { workloads: others });
    }
    for side in [&flow.from, &flow.to] {
        if let SideRef::Addresses(net) = &side.at {
            let narrow = if net.addr().is_ipv4() {
                NARROW_V4
            } else {
                NARROW_V6
            };
            if net.prefix_len() < narrow {
                warnings.insert(Warning::WideBlock {
                    block: address::text(*net),
                });
            }
        }
        let (side_label, pods) = (side.label.clone(), meant(snapshot, side).len());
        if pods > WIDE_PODS {
            let side = side_label.clone();
            warnings.insert(Warning::WideSelection { side, pods });
        }
        if side.by_labels {
            warnings.insert(Warning::Grows { side: side_label });
        }
    }
    if matches!(flow.from.at, SideRef::Addresses(_)) {
        warnings.insert(Warning::AddressMayBeRewritten);
    }
    warnings
}

/// What cannot be said because not all namespaces are read.
fn unseen(snapshot: &Snapshot, flow: &Flow, policies: &[Policy]) -> Vec<Warning> {
    if snapshot.reads_all() {
        return Vec::new();
    }
    let blocks = [&flow.from, &flow.to].into_iter().filter_map(|side| {
        let SideRef::Addresses(net) = &side.at else {
            return None;
        };
        let block = address::text(*net);
        Some(Warning::NotAllRead { block })
    });
    // Whether a name server is asked, and may be, is judged by its pods.
    let by_name = matches!(flow.to.at, SideRef::Pods { .. });
    let opens_egress = policies.iter().any(|p| p.isolates(Direction::Egress));
    let names = by_name && opens_egress && !snapshot.reads(draw::DNS_NAMESPACE);
    let what = format!(
        "whether {} may ask for names ({} is not read)",
        flow.from.label,
        draw::DNS_NAMESPACE
    );
    let names = names.then(|| Warning::Unknown { what: vec![what] });
    blocks.chain(names).collect()
}

/// Workloads that the gate opens something for though nobody asked for them, DNS apart.
fn unasked(
    snapshot: &Snapshot,
    flow: &Flow,
    opened: &BTreeSet<(PodKey<'_>, PodKey<'_>)>,
) -> Vec<String> {
    let keys = |pods: Vec<PodRef<'_>>| -> BTreeSet<(String, String)> {
        let own = |p: PodRef<'_>| (p.namespace.to_owned(), p.name.to_owned());
        pods.into_iter().map(own).collect()
    };
    let holds = |set: &BTreeSet<(String, String)>, (ns, name): (&str, &str)| {
        set.contains(&(ns.to_owned(), name.to_owned()))
    };
    let from = keys(meant(snapshot, &flow.from));
    let mut to = keys(meant(snapshot, &flow.to));
    to.extend(keys(draw::dns_servers(snapshot)));

    let sources = opened.iter().filter_map(|(source, _)| *source);
    let targets = opened.iter().filter_map(|(_, target)| *target);
    let extra: BTreeSet<(&str, &str)> = sources
        .filter(|pod| !holds(&from, *pod))
        .chain(targets.filter(|pod| !holds(&to, *pod)))
        .collect();
    let named: BTreeSet<String> = snapshot
        .all_running()
        .filter(|p| extra.contains(&(p.namespace, p.name)))
        .map(|p| p.workload().to_string())
        .collect();
    named.into_iter().collect()
}
