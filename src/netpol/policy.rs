//! A NetworkPolicy in the form it is judged in: defaults filled in as the API server does, fields
//! that mean "any" told apart from fields that mean "none".
//!
//! What the API server would have refused (an empty peer, port 0, an unknown protocol) matches
//! nothing here: a manifest that nobody could apply must not open anything.

use std::net::IpAddr;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::flow::PortRange;
use super::selector::Selector;
use crate::grammar::Protocol;

/// Which connections of a pod a policy speaks about: those it opens, or those it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Connections that the pod opens; judged on the source.
    Egress,
    /// Connections that the pod receives; judged on the target.
    Ingress,
}

impl Direction {
    /// As Kubernetes writes it in `policyTypes`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Egress => "Egress",
            Self::Ingress => "Ingress",
        }
    }

    /// As people read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }
}

/// A policy, ready to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its namespace; it selects pods of no other.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The pods it isolates, within its namespace.
    pub subject: Selector,
    /// `None`: does not isolate for ingress. `Some` of nothing: allows none.
    ingress: Option<Box<[Rule]>>,
    /// The same for egress.
    egress: Option<Box<[Rule]>>,
}

/// One rule: peers and ports must both match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `None`: anybody, inside and outside the cluster.
    pub peers: Option<Box<[Peer]>>,
    /// `None`: every port of every protocol.
    pub ports: Option<Box<[PortMatch]>>,
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
    },
}

/// Ports that a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortMatch {
    /// A number or a range; a protocol without a port is its full range.
    Range(PortRange),
    /// A name, looked up on the target pod together with the protocol.
    Named(Protocol, Box<str>),
}

impl Policy {
    /// Reads a policy of `namespace` as the API server would have defaulted it.
    pub fn read(policy: &NetworkPolicy, namespace: &str) -> Self {
        let no_spec = NetworkPolicySpec::default();
        let spec = policy.spec.as_ref().unwrap_or(&no_spec);
        let (ingress, egress) = directions(spec);
        let ingress_rules = spec.ingress.iter().flatten();
        let egress_rules = spec.egress.iter().flatten();
        Self {
            namespace: namespace.into(),
            name: policy.metadata.name.as_deref().unwrap_or_default().into(),
            subject: spec
                .pod_selector
                .as_ref()
                .map(Selector::from)
                .unwrap_or_default(),
            ingress: ingress.then(|| {
                ingress_rules
                    .map(|r| Rule::read(r.from.as_deref(), r.ports.as_deref()))
                    .collect()
            }),
            egress: egress.then(|| {
                egress_rules
                    .map(|r| Rule::read(r.to.as_deref(), r.ports.as_deref()))
                    .collect()
            }),
        }
    }

    /// The rules of a direction; `None` when the policy does not isolate in it.
    pub fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }

    /// `namespace/name`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The address blocks (and their exceptions) that its rules of a direction name.
    pub fn nets(&self, direction: Direction) -> impl Iterator<Item = IpNet> {
        let rules = self.rules(direction).unwrap_or_default();
        let peers = rules.iter().flat_map(|rule| rule.peers.iter().flatten());
        peers.flat_map(|peer| match peer {
            Peer::Pods { .. } => Vec::new(),
            Peer::Block { net, except } => except.iter().copied().chain([*net]).collect(),
        })
    }
}

/// Whether a spec isolates for (ingress, egress). Without `policyTypes` ingress is always implied,
/// egress only by a rule (`pkg/apis/networking/v1/defaults.go`).
fn directions(spec: &NetworkPolicySpec) -> (bool, bool) {
    match spec.policy_types.as_deref().unwrap_or_default() {
        [] => (true, spec.egress.iter().flatten().next().is_some()),
        types => {
            let has = |direction: Direction| types.iter().any(|t| t == direction.name());
            (has(Direction::Ingress), has(Direction::Egress))
        }
    }
}

impl Rule {
    /// An empty list means the same as a missing one: no restriction.
    fn read(peers: Option<&[NetworkPolicyPeer]>, ports: Option<&[NetworkPolicyPort]>) -> Self {
        let peers = peers.filter(|list| !list.is_empty());
        let ports = ports.filter(|list| !list.is_empty());
        Self {
            peers: peers.map(|list| list.iter().filter_map(Peer::read).collect()),
            ports: ports.map(|list| list.iter().filter_map(PortMatch::read).collect()),
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
fn net(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok().or_else(|| {
        let octets = address.split('.').map(|octet| octet.parse::<u8>().ok());
        let octets: [u8; 4] = octets.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
        Some(IpAddr::from(octets))
    })?;
    let net = IpNet::new(address, length.parse().ok()?).ok()?;
    Some(net.trunc())
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

    #[test]
    fn what_the_api_server_refuses_matches_nothing() {
        let read =
            |json: serde_json::Value| Policy::read(&serde_json::from_value(json).unwrap(), "a");
        let policy = read(serde_json::json!({"metadata": {}, "spec": {"ingress": [
            {"from": [{}], "ports": [
                {"port": 0}, {"port": 70000}, {"port": 90, "endPort": 80}, {"endPort": 80},
                {"port": "http", "endPort": 80}, {"protocol": "ICMP"}]},
            {"from": [{"ipBlock": {"cidr": "nonsense"}},
                      {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]},
        ]}}));
        for rule in policy.rules(Direction::Ingress).unwrap() {
            assert_eq!(rule.peers.as_deref(), Some(&[][..]));
            assert!(rule.ports.as_deref().is_none_or(<[_]>::is_empty));
        }
    }

    #[test]
    fn a_typing_error_in_policy_types_isolates_nothing() {
        let policy = serde_json::json!({"metadata": {}, "spec": {"policyTypes": ["ingres"]}});
        let policy = Policy::read(&serde_json::from_value(policy).unwrap(), "a");
        assert_eq!(policy.rules(Direction::Ingress), None);
        assert_eq!(policy.rules(Direction::Egress), None);
    }
}
