//! A flow's two sides as they stand now: which pods, isolated by what, and every pair of them.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::address;
use super::evaluate::{End, Evaluator, Party, Passage, passages, passages_without_denies};
use super::flow::{Flow, Side, SideRef};
use super::policy::Direction;
use super::portset::PortSet;
use super::selector::Selector;
use super::snapshot::{PodRef, Snapshot};

/// Both sides of a flow in the light of the policies in force.
#[derive(Debug, Clone)]
pub struct Lineup<'a> {
    /// The sources.
    pub from: Vec<Party<'a>>,
    /// The targets.
    pub to: Vec<Party<'a>>,
    /// The ports that were asked for.
    pub asked: PortSet,
    /// Every source with every target, in rows.
    passages: Vec<Passage>,
    /// The same, as far as a gate can add: what egress and ingress lack there is missing.
    gateable: Vec<(PortSet, PortSet)>,
}

/// One source with one target.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'l, 'a> {
    /// The source.
    pub from: &'l Party<'a>,
    /// The target.
    pub to: &'l Party<'a>,
    /// What each of them decides.
    pub passage: &'l Passage,
    gateable: &'l (PortSet, PortSet),
}

/// The pods that a side means now: those that its selector matches and that belong to the workloads
/// it was asked for. Others may match the selector as well; they are not meant.
pub fn meant<'a>(snapshot: &'a Snapshot, side: &Side) -> Vec<PodRef<'a>> {
    let SideRef::Pods {
        namespace,
        selector,
        workloads,
        ..
    } = &side.at
    else {
        return Vec::new();
    };
    let wanted: BTreeSet<&str> = workloads.iter().map(String::as_str).collect();
    let selector = Selector::from(selector);
    snapshot
        .running(namespace)
        .filter(|pod| selector.matches(&pod.pod.labels))
        .filter(|pod| {
            pod.identities()
                .any(|id| wanted.contains(id.to_string().as_str()))
        })
        .collect()
}

impl<'a> Lineup<'a> {
    /// The sides of `flow` under these policies; a side whose pods are gone is empty.
    pub fn new(evaluator: &Evaluator<'a>, flow: &Flow) -> Self {
        let parties = |side: &Side| -> Vec<Party<'a>> {
            let pods = meant(evaluator.snapshot(), side);
            pods.into_iter()
                .map(|pod| evaluator.party(End::Pod(pod)))
                .collect()
        };
        let (mut from, mut to) = (parties(&flow.from), parties(&flow.to));
        if let SideRef::Addresses(block) = &flow.from.at {
            from = block_parties(evaluator, *block, &to, Direction::Ingress);
        }
        if let SideRef::Addresses(block) = &flow.to.at {
            to = block_parties(evaluator, *block, &from, Direction::Egress);
        }
        Self {
            asked: flow.ports.iter().copied().collect(),
            passages: passages(&from, &to),
            gateable: passages_without_denies(&from, &to),
            from,
            to,
        }
    }

    /// The parties that `direction` is judged on: sources for egress, targets for ingress.
    pub fn side(&self, direction: Direction) -> &[Party<'a>] {
        match direction {
            Direction::Egress => &self.from,
            Direction::Ingress => &self.to,
        }
    }

    /// Every source with every target. A pod always reaches itself, so that says nothing about its
    /// workload: such pairs count only when there is no other.
    pub fn pairs(&self) -> Vec<Pair<'_, 'a>> {
        let ends = self
            .from
            .iter()
            .flat_map(|from| self.to.iter().map(move |to| (from, to)));
        let all = ends.zip(self.passages.iter().zip(&self.gateable));
        let all: Vec<_> = all
            .map(|((from, to), (passage, gateable))| Pair {
                from,
                to,
                passage,
                gateable,
            })
            .collect();
        let apart: Vec<_> = all
            .iter()
            .copied()
            .filter(|p| !same_pod(p.from, p.to))
            .collect();
        if apart.is_empty() { all } else { apart }
    }

    /// The parties of one side to which a gate has to add asked ports.
    pub fn lacking(&self, direction: Direction) -> Vec<&Party<'a>> {
        let mut lacking: Vec<&Party<'a>> = Vec::new();
        for pair in self.pairs() {
            let subject = pair.subject(direction);
            let allowed = pair.gateable(direction);
            if !allowed.covers(&self.asked) && !lacking.iter().any(|p| same_pod(p, subject)) {
                lacking.push(subject);
            }
        }
        lacking
    }

    /// The asked ports that a gate has to add on one side, for some pair.
    pub fn missing(&self, direction: Direction) -> PortSet {
        let pairs = self.pairs().into_iter();
        pairs
            .map(|pair| self.asked.minus(pair.gateable(direction)))
            .fold(PortSet::default(), |all, one| all.union(&one))
    }
}

impl<'l, 'a> Pair<'l, 'a> {
    /// What one side has open as far as a gate could add: denies and what cannot be told left aside.
    pub const fn gateable(&self, direction: Direction) -> &'l PortSet {
        match direction {
            Direction::Egress => &self.gateable.0,
            Direction::Ingress => &self.gateable.1,
        }
    }

    /// The end that a direction is judged on.
    pub fn subject(&self, direction: Direction) -> &'l Party<'a> {
        match direction {
            Direction::Egress => self.from,
            Direction::Ingress => self.to,
        }
    }

    /// The other end.
    pub fn peer(&self, direction: Direction) -> &'l Party<'a> {
        match direction {
            Direction::Egress => self.to,
            Direction::Ingress => self.from,
        }
    }
}

fn same_pod(a: &Party<'_>, b: &Party<'_>) -> bool {
    matches!((&a.end, &b.end), (End::Pod(a), End::Pod(b)) if a.is(b))
}

/// A block of addresses as parties, cut along everything that `others` tell addresses apart by.
pub(super) fn block_parties<'a>(
    evaluator: &Evaluator<'a>,
    block: IpNet,
    others: &[Party<'a>],
    direction: Direction,
) -> Vec<Party<'a>> {
    let mut edges = BTreeSet::new();
    for other in others {
        edges.extend(other.nets(direction));
        if let End::Pod(pod) = &other.end {
            edges.extend(pod.pod.host_ips.iter().map(|ip| IpNet::from(*ip)));
        }
    }
    let edges: Vec<IpNet> = edges.into_iter().collect();
    address::pieces(block, &edges)
        .into_iter()
        .map(|piece| evaluator.party(End::Address(piece)))
        .collect()
}
