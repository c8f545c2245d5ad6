//! Pods that no policy can tell apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::netpol::policy::{Direction, Policy};
use crate::netpol::rule::Rule;
use crate::netpol::selector::Labels;
use crate::netpol::snapshot::{ContainerPort, PodRef, Snapshot, WorkloadRef};

/// Running pods by what policies see of them, and the workloads they belong to.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    samples: Vec<PodRef<'a>>,
    /// By class: which set of declared ports, from 1.
    ports: Vec<usize>,
    workloads: BTreeMap<WorkloadRef, Members<'a>>,
    pods: usize,
}

/// The pods of one workload.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    /// How many of each class, and where they run.
    classes: BTreeMap<usize, Group<'a>>,
}

#[derive(Debug, Default)]
struct Group<'a> {
    pods: usize,
    /// On which nodes, each with how many; only filled where it matters.
    nodes: BTreeMap<Node<'a>, usize>,
    on_host: bool,
}

/// A node as pods name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node<'a> {
    Named(&'a str),
    At(&'a [IpAddr]),
}

/// Two classes whose pods meet.
pub(super) struct Pair {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether some pair of pods is beyond policies: a pod with its own node, or alone with itself.
    pub(super) free: bool,
    /// Whether some pair of pods is judged.
    pub(super) judged: bool,
}

/// What tells classes apart.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    namespace: &'a str,
    labels: &'a Labels,
    ports: &'a [ContainerPort],
    on_host: bool,
    /// Which of the policies' address blocks hold one of its addresses.
    blocks: Vec<u32>,
}

impl<'a> Classes<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let blocks = blocks(snapshot);
        let mut known: HashMap<Key<'a>, usize> = HashMap::new();
        let mut port_sets: HashMap<&'a [ContainerPort], usize> = HashMap::new();
        let mut all = Self {
            samples: Vec::new(),
            ports: Vec::new(),
            workloads: BTreeMap::new(),
            pods: 0,
        };
        for pod in snapshot.all_running() {
            let key = Key {
                namespace: pod.namespace,
                labels: &pod.pod.labels,
                ports: &pod.pod.ports,
                on_host: pod.pod.host_network,
                blocks: holding(&blocks, &pod.pod.ips),
            };
            let class = *known.entry(key).or_insert_with(|| {
                let next = port_sets.len() + 1;
                all.ports
                    .push(*port_sets.entry(&pod.pod.ports).or_insert(next));
                all.samples.push(pod);
                all.samples.len() - 1
            });
            all.pods += 1;
            let members = all.workloads.entry(pod.workload()).or_default();
            members.classes.entry(class).or_default().add(pod);
        }
        all
    }

    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    pub(super) fn pods(&self) -> usize {
        self.pods
    }

    /// One pod of each class.
    pub(super) fn samples(&self) -> impl Iterator<Item = PodRef<'a>> + '_ {
        self.samples.iter().copied()
    }

    /// Names the ports that pods of a class declare.
    pub(super) fn ports(&self, class: usize) -> usize {
        self.ports.get(class).copied().unwrap_or_default()
    }

    pub(super) fn workloads(&self) -> impl Iterator<Item = (&WorkloadRef, &Members<'a>)> {
        self.workloads.iter()
    }

    /// The classes of two workloads whose pods meet. A pod always reaches itself, so that says
    /// nothing about its workload: it counts only where there is no other.
    pub(super) fn pairs<'m>(
        &'m self,
        from: &'m Members<'a>,
        to: &'m Members<'a>,
    ) -> impl Iterator<Item = Pair> + 'm {
        let same = std::ptr::eq(from, to);
        let alone = same && from.classes.values().map(|group| group.pods).sum::<usize>() == 1;
        from.classes.iter().flat_map(move |(a, one)| {
            to.classes.iter().map(move |(b, other)| {
                let met = one.pods * other.pods;
                let met = if same && a == b { met - one.pods } else { met };
                let itself = same && a == b;
                let free = one.on_own_node(other, itself);
                Pair {
                    from: *a,
                    to: *b,
                    free: free > 0 || alone,
                    judged: met > free,
                }
            })
        })
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, pod: PodRef<'a>) {
        self.pods += 1;
        self.on_host |= pod.pod.host_network;
        let named = pod.pod.node.as_deref().map(Node::Named);
        let at = (!pod.pod.host_ips.is_empty()).then_some(Node::At(&pod.pod.host_ips));
        if let Some(node) = named.or(at) {
            *self.nodes.entry(node).or_default() += 1;
        }
    }

    /// Pairs of pods of which one is on the other's node's own network.
    fn on_own_node(&self, other: &Self, itself: bool) -> usize {
        if !self.on_host && !other.on_host {
            return 0;
        }
        let shared = self.nodes.iter().filter_map(|(node, mine)| {
            let theirs = other.nodes.get(node)?;
            Some(if itself {
                mine * (mine - 1)
            } else {
                mine * theirs
            })
        });
        shared.sum()
    }
}

/// Every block that some policy tells addresses apart by.
fn blocks(snapshot: &Snapshot) -> Vec<IpNet> {
    let spaces = snapshot
        .namespaces()
        .filter_map(|name| snapshot.space(name));
    let of_policy = |policy: &Policy| -> Vec<IpNet> {
        let both = [Direction::Egress, Direction::Ingress];
        both.iter()
            .flat_map(|direction| policy.nets(*direction))
            .collect()
    };
    let mut all: BTreeSet<IpNet> = BTreeSet::new();
    for space in spaces {
        let policies = space.policies.values().chain(space.gates.values());
        all.extend(policies.flat_map(|policy| of_policy(policy)));
        all.extend(
            space
                .cilium
                .values()
                .chain(space.cilium_gates.values())
                .flat_map(|all| all.iter())
                .flat_map(of_policy),
        );
    }
    all.extend(snapshot.clusterwide().flat_map(of_policy));
    let tiers = snapshot.tiers();
    let rules = tiers.flat_map(|policy| policy.ingress.iter().chain(&policy.egress));
    all.extend(rules.flat_map(|rule| Rule::nets(&rule.rule)));
    all.into_iter().collect()
}

fn holding(blocks: &[IpNet], ips: &[IpAddr]) -> Vec<u32> {
    let numbered = blocks.iter().zip(0..);
    numbered
        .filter(|(block, _)| ips.iter().any(|ip| block.contains(ip)))
        .map(|(_, n)| n)
        .collect()
}
