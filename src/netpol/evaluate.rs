//! Who may talk to whom: the judgement of one pair of ends, as port sets with the rules behind them.
//!
//! What is judged is what the APIs say; what plug-ins are free to do otherwise follows the common
//! reading: pods on the host's network are neither isolated nor matched by selectors, and an address
//! block matches a pod by the pod's address.

use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;

use super::address;
use super::judge::{Judged, Note, Stack};
use super::policy::{Direction, Policy};
use super::portset::PortSet;
use super::rule::{Match, Rule};
use super::snapshot::{PodRef, Snapshot};
use super::tier::{Tier, TierPolicy};

/// One end of a connection.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    /// A pod.
    Pod(PodRef<'a>),
    /// Addresses outside the cluster; cut by [`address::pieces`] so that each rule of the other end
    /// holds all of them or none.
    Address(IpNet),
}

/// An end with the policies that decide for it.
#[derive(Debug, Clone)]
pub struct Party<'a> {
    /// Which end.
    pub end: End<'a>,
    egress: Stack<'a>,
    ingress: Stack<'a>,
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

    /// An end, with the policies that decide for it.
    pub fn party(&self, end: End<'a>) -> Party<'a> {
        Party {
            end,
            egress: self.stack(end, Direction::Egress),
            ingress: self.stack(end, Direction::Ingress),
        }
    }

    fn stack(&self, end: End<'a>, direction: Direction) -> Stack<'a> {
        let pod = match end {
            End::Pod(pod) if !pod.pod.host_network => pod,
            _ => return Stack::default(),
        };
        let mut stack = Stack {
            // What a gate may open is told in full: such a plug-in can be told to match pods.
            pods_by_selector_only: self.snapshot.runs_cilium() && self.extra.is_empty(),
            unseen: self.snapshot.unseen(&pod, direction),
            ..Stack::default()
        };
        for policy in self.policies(&pod).filter(|p| p.selects(&pod)) {
            let section = policy.section(direction);
            match section.isolates && policy.doubt.is_none() {
                true => stack.isolating.push(policy),
                false if section.is_empty() => {}
                false => stack.additive.push(policy),
            }
        }
        for policy in self.snapshot.tiers().filter(|p| p.selects(&pod)) {
            match policy.tier {
                _ if policy.rules(direction).is_empty() => {}
                Tier::Admin => stack.admin.push(policy),
                Tier::Baseline => stack.baseline.push(policy),
            }
        }
        let order = |policy: &&'a TierPolicy| (policy.priority, &policy.name, &policy.kind);
        stack.admin.sort_by_key(order);
        stack.baseline.sort_by_key(order);
        stack
    }

    /// The policies that may select a pod.
    fn policies(&self, pod: &PodRef<'a>) -> impl Iterator<Item = &'a Policy> {
        let others = pod.space.policies.values();
        let gates = pod.space.gates.values().filter(|_| self.gates);
        let home = *pod;
        let tried = self
            .extra
            .iter()
            .filter(move |p| *p.namespace == *home.namespace);
        let opened = pod.space.cilium_gates.values().filter(|_| self.gates);
        let cilium = pod.space.cilium.values().chain(opened);
        let cilium = cilium.flat_map(|all| all.iter());
        let wide = self.snapshot.clusterwide();
        others
            .chain(gates)
            .map(AsRef::as_ref)
            .chain(cilium)
            .chain(wide)
            .chain(tried)
    }
}

impl<'a> Party<'a> {
    /// The policies that decide in a direction.
    pub const fn stack(&self, direction: Direction) -> &Stack<'a> {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// The policies that isolate it in a direction.
    pub fn isolating(&self, direction: Direction) -> &[&'a Policy] {
        &self.stack(direction).isolating
    }

    /// Whether any policy isolates it in a direction.
    pub fn is_isolated(&self, direction: Direction) -> bool {
        self.stack(direction).is_isolated()
    }

    /// The address blocks that its policies of a direction tell addresses apart by.
    pub fn nets(&self, direction: Direction) -> Vec<IpNet> {
        let stack = self.stack(direction);
        let policies = stack.isolating.iter().chain(&stack.additive);
        let tiers = stack.admin.iter().chain(&stack.baseline);
        let tiers = tiers.flat_map(|policy| policy.rules(direction));
        let mut nets: Vec<IpNet> = policies.flat_map(|policy| policy.nets(direction)).collect();
        nets.extend(tiers.flat_map(|rule| rule.rule.nets()));
        nets
    }

    /// Whether this end's policies in a direction say the same of every peer as another's do: the
    /// same policies, and (names are resolved on the target) the same declared ports.
    pub(super) fn is_like(&self, other: &Self, direction: Direction) -> bool {
        let ports = |party: &Self| match party.end {
            End::Pod(pod) if direction == Direction::Ingress => Some(&pod.pod.ports),
            _ => None,
        };
        self.stack(direction).is_same(other.stack(direction)) && ports(self) == ports(other)
    }

    /// What this end's policies decide with `peer`: as a source for `Egress`, as a target for
    /// `Ingress`.
    pub fn judge(&self, direction: Direction, peer: &End<'_>) -> Judged {
        self.hear(direction, peer, &mut |_| ())
    }

    /// The same, and every rule that has a say.
    pub fn hear(
        &self,
        direction: Direction,
        peer: &End<'_>,
        note: &mut dyn FnMut(Note<'a>),
    ) -> Judged {
        let stack = self.stack(direction);
        if stack.is_empty() {
            return Judged::all();
        }
        stack.judge(
            direction,
            &|rule, home| self.look(direction, peer, (rule, home)),
            note,
        )
    }

    /// What a gate on this side need not add: see [`Stack::without_denies`].
    pub fn without_denies(&self, direction: Direction, peer: &End<'_>) -> PortSet {
        let stack = self.stack(direction);
        if stack.is_empty() {
            return PortSet::all();
        }
        stack.without_denies(direction, &|rule, home| {
            self.look(direction, peer, (rule, home))
        })
    }

    fn look(
        &self,
        direction: Direction,
        peer: &End<'_>,
        (rule, home): (&Rule, &str),
    ) -> (Match, PortSet) {
        let matched = match rule.matches(home, peer) {
            // Such a plug-in can be told to match pods all the same.
            Match::Address if self.stack(direction).pods_by_selector_only => Match::Maybe,
            matched => matched,
        };
        if matched == Match::No {
            return (matched, PortSet::default());
        }
        let target = match direction {
            Direction::Egress => peer,
            Direction::Ingress => &self.end,
        };
        (matched, rule.covers(target))
    }
}

/// What the two ends of a pair allow, each by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// What the source's egress lets out.
    pub out: Judged,
    /// What the target's ingress lets in.
    pub into: Judged,
}

impl Passage {
    /// What one end decides.
    pub const fn judged(&self, direction: Direction) -> &Judged {
        match direction {
            Direction::Egress => &self.out,
            Direction::Ingress => &self.into,
        }
    }

    /// The ports on which connections surely open, and those that cannot be told.
    pub fn both(&self) -> Judged {
        self.out.and(&self.into)
    }

    /// The ports on which connections surely open.
    pub fn open(&self) -> PortSet {
        self.out.open.intersection(&self.into.open)
    }
}

/// Every source with every target: all targets of the first source, then of the next.
///
/// Replicas look alike to policies, so that work grows with kinds of pods and not with pairs.
pub fn passages(from: &[Party<'_>], to: &[Party<'_>]) -> Vec<Passage> {
    let judge = |party: &Party<'_>, direction, peer: &End<'_>| party.judge(direction, peer);
    let all = pairs(from, to, (judge, Judged::all()));
    all.map(|(out, into)| Passage { out, into }).collect()
}

/// The same, as far as gates can add: see [`Party::without_denies`].
pub fn passages_without_denies(from: &[Party<'_>], to: &[Party<'_>]) -> Vec<(PortSet, PortSet)> {
    let judge =
        |party: &Party<'_>, direction, peer: &End<'_>| party.without_denies(direction, peer);
    pairs(from, to, (judge, PortSet::all())).collect()
}

/// What `judge` says of both ends of every pair; `free` where no policy can stop anything.
fn pairs<'p, 'a, T: Clone>(
    from: &'p [Party<'a>],
    to: &'p [Party<'a>],
    (judge, free): (impl Fn(&Party<'a>, Direction, &End<'_>) -> T, T),
) -> impl Iterator<Item = (T, T)> {
    let out = rows((from, to), Direction::Egress, &judge);
    let into = rows((to, from), Direction::Ingress, &judge);
    let mut all = Vec::with_capacity(from.len() * to.len());
    for ((source, out), at) in from.iter().zip(&out).zip(0..) {
        for ((target, into), out) in to.iter().zip(&into).zip(out.iter()) {
            all.push(match into.get(at) {
                Some(into) if !exempt(&source.end, &target.end) => (out.clone(), into.clone()),
                _ => (free.clone(), free.clone()),
            });
        }
    }
    all.into_iter()
}

/// What each subject decides with each peer, exemptions apart. Subjects that are isolated alike share
/// one row.
fn rows<'p, 'a, T>(
    (subjects, peers): (&'p [Party<'a>], &[Party<'a>]),
    direction: Direction,
    judge: &impl Fn(&Party<'a>, Direction, &End<'_>) -> T,
) -> Vec<Rc<[T]>> {
    let mut judged: Vec<(&'p Party<'a>, Rc<[T]>)> = Vec::new();
    let mut row = |subject: &'p Party<'a>| -> Rc<[T]> {
        let mut known = judged.iter();
        if let Some((_, row)) = known.find(|(known, _)| known.is_like(subject, direction)) {
            return Rc::clone(row);
        }
        let row: Rc<[T]> = peers
            .iter()
            .map(|peer| judge(subject, direction, &peer.end))
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
