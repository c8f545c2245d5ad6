//! One rule of a policy: who is at the other end, and on which ports. The policies of every kind and
//! tier are read into this form.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use k8s_openapi::api::networking::v1::{NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::address;
use super::evaluate::End;
use super::flow::PortRange;
use super::portset::PortSet;
use super::selector::Selector;
use super::snapshot::PodRef;
use crate::grammar::Protocol;

/// One rule: peers and ports must both match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `None`: anybody, inside and outside the cluster.
    pub peers: Option<Box<[Peer]>>,
    /// `None`: every port of every protocol.
    pub ports: Option<Box<[PortMatch]>>,
    /// What cannot be judged about it; then it may match or not wherever peers and ports hold.
    pub doubt: Option<Box<str>>,
}

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Pods; both selectors must match.
    Pods {
        /// `None`: the policy's own namespace only.
        namespaces: Option<Selector>,
        /// Everything, where the policy leaves it out.
        pods: Selector,
    },
    /// Addresses.
    Block {
        /// The block, without host bits.
        net: IpNet,
        /// Left out of this block (and of no other).
        except: Box<[IpNet]>,
        /// Whether a pod is matched by its address.
        pods: ByAddress,
    },
    /// Everybody, inside and outside the cluster.
    Anyone,
    /// The cluster's nodes, and so the pods on their network. Which addresses are nodes' is known only
    /// as far as pods run on them, so a match is never sure.
    Nodes,
}

/// How a block of addresses takes pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByAddress {
    /// Pods are matched by their address; of NetworkPolicy some plug-ins do not (Cilium).
    Usually,
    /// Pods are matched by their address (network-policy-api: `networks`).
    Always,
    /// Only what is outside the cluster is matched (Cilium's CIDR rules).
    Never,
}

/// How sure a rule matches an end. Later ones are surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It does not.
    No,
    /// It cannot be told.
    Maybe,
    /// It does, if the plug-in matches pods by their address.
    Address,
    /// It does.
    Yes,
}

/// Ports that a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortMatch {
    /// A number or a range; a protocol without a port is its full range.
    Range(PortRange),
    /// A name, looked up on the target pod together with the protocol.
    Named(Protocol, Box<str>),
    /// A name of whatever protocol.
    AnyNamed(Box<str>),
}

impl Rule {
    /// An empty list means the same as a missing one: no restriction.
    pub(super) fn read(
        peers: Option<&[NetworkPolicyPeer]>,
        ports: Option<&[NetworkPolicyPort]>,
    ) -> Self {
        let peers = peers.filter(|list| !list.is_empty());
        let ports = ports.filter(|list| !list.is_empty());
        Self {
            peers: peers.map(|list| list.iter().filter_map(Peer::read).collect()),
            ports: ports.map(|list| list.iter().filter_map(PortMatch::read).collect()),
            doubt: None,
        }
    }
}

impl Peer {
    fn read(peer: &NetworkPolicyPeer) -> Option<Self> {
        let namespaces = peer.namespace_selector.as_ref().map(Selector::from);
        let pods = peer.pod_selector.as_ref().map(Selector::from);
        match &peer.ip_block {
            Some(_) if namespaces.is_some() || pods.is_some() => None,
            Some(block) => Some(Self::Block {
                net: net(&block.cidr)?,
                except: block
                    .except
                    .iter()
                    .flatten()
                    .filter_map(|text| net(text))
                    .collect(),
                pods: ByAddress::Usually,
            }),
            None if namespaces.is_none() && pods.is_none() => None,
            None => Some(Self::Pods {
                namespaces,
                pods: pods.unwrap_or_default(),
            }),
        }
    }
}

impl PortMatch {
    fn read(port: &NetworkPolicyPort) -> Option<Self> {
        let protocol = protocol(port.protocol.as_deref())?;
        match (&port.port, port.end_port) {
            (None, None) => Some(Self::Range(PortRange::every(protocol))),
            (None, Some(_)) | (Some(IntOrString::String(_)), Some(_)) => None,
            (Some(IntOrString::String(name)), None) => {
                Some(Self::Named(protocol, name.as_str().into()))
            }
            (Some(IntOrString::Int(first)), last) => {
                let first = number(*first)?;
                let last = last.map_or(Some(first), number)?;
                (first <= last).then_some(Self::Range(PortRange {
                    protocol,
                    first,
                    last,
                }))
            }
        }
    }
}

/// A protocol as manifests write it; missing means TCP. `None`: one that policies do not know.
pub(super) fn protocol(text: Option<&str>) -> Option<Protocol> {
    let Some(text) = text else {
        return Some(Protocol::Tcp);
    };
    [Protocol::Tcp, Protocol::Udp, Protocol::Sctp]
        .into_iter()
        .find(|protocol| protocol.name() == text)
}

/// A port number, 1 to 65535.
pub(super) fn number(port: i32) -> Option<u16> {
    u16::try_from(port).ok().filter(|port| *port > 0)
}

/// A CIDR with its host bits masked off. Objects written before the API server became strict may
/// hold host bits and leading zeros (`010.0.0.0/8` is 10.0.0.0/8), so both are read.
pub(super) fn net(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok().or_else(|| {
        let octets = address.split('.').map(|octet| octet.parse::<u8>().ok());
        let octets: [u8; 4] = octets.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
        Some(IpAddr::from(octets))
    })?;
    let net = IpNet::new(address, length.parse().ok()?).ok()?;
    Some(net.trunc())
}

impl Rule {
    /// The same, with what cannot be judged about it; the first doubt counts.
    pub(super) fn doubted(mut self, why: Option<String>) -> Self {
        if let Some(why) = why {
            self.doubt.get_or_insert(why.into());
        }
        self
    }

    /// Whether its peers hold this end. `home` is the policy's own namespace.
    pub fn matches(&self, home: &str, end: &End<'_>) -> Match {
        let held = match &self.peers {
            None => Match::Yes,
            Some(peers) => {
                let each = peers.iter().map(|peer| peer.holds(home, end));
                each.max().unwrap_or(Match::No)
            }
        };
        match &self.doubt {
            Some(_) => held.min(Match::Maybe),
            None => held,
        }
    }

    /// The ports it speaks about, names looked up on `target`.
    pub fn covers(&self, target: &End<'_>) -> PortSet {
        let Some(ports) = &self.ports else {
            return PortSet::all();
        };
        let resolve = |port: &PortMatch| -> Vec<PortRange> {
            let named = |protocols: &[Protocol], name: &str| match target {
                End::Pod(pod) => protocols
                    .iter()
                    .flat_map(|protocol| {
                        let numbers = pod.pod.named(*protocol, name);
                        numbers.map(|number| PortRange::single(*protocol, number))
                    })
                    .collect(),
                // An address has no names: the rule says nothing about it.
                End::Address(_) => Vec::new(),
            };
            match port {
                PortMatch::Range(range) => vec![*range],
                PortMatch::Named(protocol, name) => named(&[*protocol], name),
                PortMatch::AnyNamed(name) => named(&Protocol::ALL, name),
            }
        };
        ports.iter().flat_map(resolve).collect()
    }

    /// Whether it names ports by their names, so that targets differ.
    pub fn has_names(&self) -> bool {
        let ports = self.ports.iter().flatten();
        ports
            .into_iter()
            .any(|port| !matches!(port, PortMatch::Range(_)))
    }

    /// The address blocks (and their exceptions) that it tells addresses apart by.
    pub fn nets(&self) -> impl Iterator<Item = IpNet> {
        let peers = self.peers.iter().flatten();
        peers.flat_map(|peer| match peer {
            Peer::Block { net, except, .. } => except.iter().copied().chain([*net]).collect(),
            Peer::Pods { .. } | Peer::Anyone | Peer::Nodes => Vec::new(),
        })
    }
}

impl Peer {
    /// A block without exceptions.
    pub(super) fn block(net: IpNet, pods: ByAddress) -> Self {
        Self::Block {
            net,
            except: Box::default(),
            pods,
        }
    }

    /// Every address outside the cluster.
    pub(super) fn outside() -> Vec<Self> {
        let all = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        all.map(|net| Self::block(net, ByAddress::Never)).to_vec()
    }

    /// Whether it holds this end, for a policy of namespace `home`.
    pub fn holds(&self, home: &str, end: &End<'_>) -> Match {
        match (self, end) {
            (Self::Anyone, _) => Match::Yes,
            (Self::Pods { namespaces, pods }, End::Pod(pod)) => sure(
                !pod.pod.host_network
                    && in_namespace(namespaces.as_ref(), home, pod)
                    && pods.matches(&pod.pod.labels),
            ),
            (Self::Pods { .. }, End::Address(_)) => Match::No,
            (Self::Nodes, End::Pod(pod)) if pod.pod.host_network => Match::Maybe,
            (Self::Nodes, End::Pod(_)) => Match::No,
            (Self::Nodes, End::Address(_)) => Match::Maybe,
            (Self::Block { net, except, .. }, End::Address(piece)) => {
                sure(net.contains(piece) && !except.iter().any(|e| address::overlap(*e, *piece)))
            }
            (
                Self::Block {
                    pods: ByAddress::Never,
                    ..
                },
                End::Pod(pod),
            ) if !pod.pod.host_network => Match::No,
            // Which of a pod's addresses a connection uses cannot be known: any may match.
            (Self::Block { net, except, pods }, End::Pod(pod)) => {
                let mut ips = pod.pod.ips.iter();
                let held = ips.any(|ip| net.contains(ip) && !except.iter().any(|e| e.contains(ip)));
                match (held, pods, pod.pod.host_network) {
                    (false, ..) => Match::No,
                    (true, ByAddress::Never, _) => Match::Maybe,
                    (true, ByAddress::Usually, false) => Match::Address,
                    (true, ..) => Match::Yes,
                }
            }
        }
    }
}

const fn sure(holds: bool) -> Match {
    if holds { Match::Yes } else { Match::No }
}

fn in_namespace(namespaces: Option<&Selector>, home: &str, pod: &PodRef<'_>) -> bool {
    match namespaces {
        None => *home == *pod.namespace,
        Some(selector) => selector.matches(&pod.space.labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_ways_to_write_a_block_are_read() {
        for (text, meant) in [
            ("203.0.113.7/24", Some("203.0.113.0/24")),
            ("010.001.0.0/16", Some("10.1.0.0/16")),
            ("2001:db8::9/32", Some("2001:db8::/32")),
            ("203.0.113.7", None),
            ("203.0.113.0/33", None),
            ("300.0.0.0/8", None),
            ("", None),
        ] {
            assert_eq!(net(text), meant.map(|m| m.parse().unwrap()), "{text}");
        }
    }
}
