//! Who may talk to whom: the judgement of one pair of ends, as port sets with the rules behind them.
//!
//! What is judged is what the NetworkPolicy API says; what plug-ins are free to do otherwise follows
//! the common reading: pods on the host's network are neither isolated nor matched by selectors, and
//! an address block matches a pod by the pod's address.

use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;

use super::address;
use super::flow::PortRange;
use super::policy::{Direction, Peer, Policy, PortMatch, Rule};
use super::portset::PortSet;
use super::selector::Selector;
use super::snapshot::{PodRef, Snapshot};

/// One end of a connection.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    /// A pod.
    Pod(PodRef<'a>),
    /// Addresses outside the cluster; cut by [`address::pieces`] so that each rule of the other end
    /// holds all of them or none.
    Address(IpNet),
}

/// An end with the policies that isolate it.
#[derive(Debug, Clone)]
pub struct Party<'a> {
    /// Which end.
    pub end: End<'a>,
    egress: Vec<&'a Policy>,
    ingress: Vec<&'a Policy>,
}

/// A rule that allows something between two ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The rule's place in its list, from 1.
    pub rule: usize,
    /// What it allows, names resolved on the target.
    pub ports: PortSet,
    /// Whether only an address block matched a pod: some plug-ins never match pods by address.
    pub by_address: bool,
}

/// The policies in force: the snapshot's baseline, and what is tried on top of it.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    snapshot: &'a Snapshot,
    gates: bool,
    extra: &'a [Policy],
}

impl<'a> Evaluator<'a> {
    /// What others' policies decide; our own gates are left out.
    pub fn baseline(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            gates: false,
            extra: &[],
        }
    }

    /// What the cluster does now: the baseline and our open gates.
    pub fn with_gates(snapshot: &'a Snapshot) -> Self {
        Self {
            gates: true,
            ..Self::baseline(snapshot)
        }
    }

    /// The baseline, were these policies added.
    pub fn trying(snapshot: &'a Snapshot, extra: &'a [Policy]) -> Self {
        Self {
            extra,
            ..Self::baseline(snapshot)
        }
    }

    /// The cluster that is judged.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// An end, with the policies that isolate it.
    pub fn party(&self, end: End<'a>) -> Party<'a> {
        Party {
            end,
            egress: self.isolating(end, Direction::Egress),
            ingress: self.isolating(end, Direction::Ingress),
        }
    }

    fn isolating(&self, end: End<'a>, direction: Direction) -> Vec<&'a Policy> {
        let pod = match end {
            End::Pod(pod) if !pod.pod.host_network => pod,
            _ => return Vec::new(),
        };
        let others = pod.space.policies.values();
        let gates = pod.space.gates.values().filter(|_| self.gates);
        let tried = self.extra.iter().filter(|p| *p.namespace == *pod.namespace);
        others
            .chain(gates)
            .map(AsRef::as_ref)
            .chain(tried)
            .filter(|p| p.rules(direction).is_some() && p.subject.matches(&pod.pod.labels))
            .collect()
    }
}

impl<'a> Party<'a> {
    /// The policies that isolate it in a direction; none: everything is allowed.
    pub fn isolating(&self, direction: Direction) -> &[&'a Policy] {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// Whether any policy isolates it in a direction.
    pub fn is_isolated(&self, direction: Direction) -> bool {
        !self.isolating(direction).is_empty()
    }

    /// Whether this end's policies in a direction say the same of every peer as another's do: the
    /// same policies, and (names are resolved on the target) the same declared ports.
    fn is_like(&self, other: &Self, direction: Direction) -> bool {
        let ports = |party: &Self| match party.end {
            End::Pod(pod) if direction == Direction::Ingress => Some(&pod.pod.ports),
            _ => None,
        };
        let (mine, theirs) = (self.isolating(direction), other.isolating(direction));
        mine.len() == theirs.len()
            && mine.iter().zip(theirs).all(|(a, b)| std::ptr::eq(*a, *b))
            && ports(self) == ports(other)
    }

    /// The ports that this end's policies allow with `peer`: as a source for `Egress`, as a target
    /// for `Ingress`.
    pub fn allowed(&self, direction: Direction, peer: &End<'_>) -> PortSet {
        if !self.is_isolated(direction) {
            return PortSet::all();
        }
        self.allowances(direction, peer)
            .fold(PortSet::default(), |all, one| all.union(&one.ports))
    }

    /// Every rule that allows something with `peer`. Policies add up: there is no order and no deny.
    pub fn allowances<'b>(
        &'b self,
        direction: Direction,
        peer: &'b End<'_>,
    ) -> impl Iterator<Item = Allowance<'a>> + 'b {
        self.isolating(direction).iter().flat_map(move |policy| {
            let rules = policy.rules(direction).unwrap_or_default();
            rules.iter().enumerate().filter_map(move |(at, rule)| {
                let by_address = matched(rule, policy, peer)?;
                let target = match direction {
                    Direction::Egress => peer,
                    Direction::Ingress => &self.end,
                };
                let ports = rule_ports(rule, target);
                (!ports.is_empty()).then_some(Allowance {
                    policy,
                    rule: at + 1,
                    ports,
                    by_address,
                })
            })
        })
    }
}

/// What the two ends of a pair allow, each by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// What the source's egress lets out.
    pub out: PortSet,
    /// What the target's ingress lets in.
    pub into: PortSet,
}

impl Passage {
    /// What one end allows.
    pub fn allowed(&self, direction: Direction) -> &PortSet {
        match direction {
            Direction::Egress => &self.out,
            Direction::Ingress => &self.into,
        }
    }

    /// The ports on which connections open: what both ends allow.
    pub fn open(&self) -> PortSet {
        self.out.intersection(&self.into)
    }
}

/// Every source with every target: all targets of the first source, then of the next.
///
/// Replicas look alike to policies, so that work grows with kinds of pods and not with pairs.
pub fn passages(from: &[Party<'_>], to: &[Party<'_>]) -> Vec<Passage> {
    let out = rows(from, to, Direction::Egress);
    let into = rows(to, from, Direction::Ingress);
    let mut all = Vec::with_capacity(from.len() * to.len());
    for ((source, out), at) in from.iter().zip(&out).zip(0..) {
        for ((target, into), out) in to.iter().zip(&into).zip(out.iter()) {
            let passage = match into.get(at) {
                Some(into) if !exempt(&source.end, &target.end) => Passage {
                    out: out.clone(),
                    into: into.clone(),
                },
                _ => Passage {
                    out: PortSet::all(),
                    into: PortSet::all(),
                },
            };
            all.push(passage);
        }
    }
    all
}

/// What each subject allows with each peer, exemptions apart. Subjects that are isolated alike share
/// one row.
fn rows<'p>(
    subjects: &'p [Party<'_>],
    peers: &[Party<'_>],
    direction: Direction,
) -> Vec<Rc<[PortSet]>> {
    let mut judged: Vec<(&'p Party<'_>, Rc<[PortSet]>)> = Vec::new();
    let mut row = |subject: &'p Party<'_>| -> Rc<[PortSet]> {
        if let Some((_, row)) = judged
            .iter()
            .find(|(known, _)| known.is_like(subject, direction))
        {
            return Rc::clone(row);
        }
        let row: Rc<[PortSet]> = peers
            .iter()
            .map(|peer| subject.allowed(direction, &peer.end))
            .collect();
        judged.push((subject, Rc::clone(&row)));
        row
    };
    subjects.iter().map(&mut row).collect()
}

/// Traffic that no policy can stop: a pod with itself, a pod with its own node.
pub fn exempt(from: &End<'_>, to: &End<'_>) -> bool {
    if let (End::Pod(a), End::Pod(b)) = (from, to)
        && a.is(b)
    {
        return true;
    }
    is_own_node(from, to) || is_own_node(to, from)
}

fn is_own_node(end: &End<'_>, node: &End<'_>) -> bool {
    let End::Pod(PodRef { pod, .. }) = end else {
        return false;
    };
    match node {
        End::Address(net) => address::is_single(*net) && address::holds_any(*net, &pod.host_ips),
        // A pod on the host's network talks with its node's address.
        End::Pod(other) => {
            let other = other.pod;
            let same_name = pod.node.is_some() && pod.node == other.node;
            let shared = |ip: &IpAddr| other.host_ips.contains(ip);
            other.host_network && (same_name || pod.host_ips.iter().any(shared))
        }
    }
}

/// Whether a rule's peers hold this end; `Some(true)` when only an address block held a pod.
fn matched(rule: &Rule, policy: &Policy, end: &End<'_>) -> Option<bool> {
    let Some(peers) = &rule.peers else {
        return Some(false);
    };
    let holding = peers.iter().filter(|peer| holds(peer, policy, end));
    let is_pod = matches!(end, End::Pod(pod) if !pod.pod.host_network);
    holding
        .map(|peer| is_pod && matches!(peer, Peer::Block { .. }))
        .min()
}

/// Whether one peer of `policy` holds this end.
pub(super) fn holds(peer: &Peer, policy: &Policy, end: &End<'_>) -> bool {
    match (peer, end) {
        (Peer::Pods { namespaces, pods }, End::Pod(pod)) => {
            !pod.pod.host_network
                && in_namespace(namespaces.as_ref(), policy, pod)
                && pods.matches(&pod.pod.labels)
        }
        (Peer::Pods { .. }, End::Address(_)) => false,
        (Peer::Block { net, except }, End::Address(piece)) => {
            net.contains(piece) && !except.iter().any(|e| address::overlap(*e, *piece))
        }
        // Which of a pod's addresses a connection uses cannot be known: any may match.
        (Peer::Block { net, except }, End::Pod(pod)) => pod
            .pod
            .ips
            .iter()
            .any(|ip| net.contains(ip) && !except.iter().any(|e| e.contains(ip))),
    }
}

fn in_namespace(namespaces: Option<&Selector>, policy: &Policy, pod: &PodRef<'_>) -> bool {
    match namespaces {
        None => *policy.namespace == *pod.namespace,
        Some(selector) => selector.matches(&pod.space.labels),
    }
}

fn rule_ports(rule: &Rule, target: &End<'_>) -> PortSet {
    let Some(ports) = &rule.ports else {
        return PortSet::all();
    };
    let resolve = |port: &PortMatch| -> Vec<PortRange> {
        match (port, target) {
            (PortMatch::Range(range), _) => vec![*range],
            (PortMatch::Named(protocol, name), End::Pod(pod)) => pod
                .pod
                .named(*protocol, name)
                .map(|number| PortRange::single(*protocol, number))
                .collect(),
            // An address has no names: the rule says nothing about it.
            (PortMatch::Named(..), End::Address(_)) => Vec::new(),
        }
    };
    ports.iter().flat_map(resolve).collect()
}
