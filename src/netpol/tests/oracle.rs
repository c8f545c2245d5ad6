//! A second opinion, written apart from the evaluator: one packet at a time, straight from the API's
//! documentation, on the Kubernetes objects themselves. No sets, no intervals, no shared code.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// A cluster as plain objects.
#[derive(Clone, Default)]
pub(super) struct Town {
    pub(super) namespaces: Vec<Namespace>,
    pub(super) pods: Vec<Pod>,
    pub(super) policies: Vec<NetworkPolicy>,
}

/// Printed as one line of JSON an object: a failing case can be read, and pasted into the corpus.
impl std::fmt::Debug for Town {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn lines<T: serde::Serialize>(objects: &[T]) -> String {
            let each = objects.iter().map(|o| serde_json::to_string(o).unwrap());
            each.map(|line| format!("\n  {line}")).collect()
        }
        f.write_str(&lines(&self.namespaces))?;
        f.write_str(&lines(&self.pods))?;
        f.write_str(&lines(&self.policies))
    }
}

/// Where a packet starts or ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spot<'a> {
    Pod(&'a Pod),
    Ip(IpAddr),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    In,
    Out,
}

/// One packet that opens a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packet {
    pub(super) protocol: &'static str,
    pub(super) port: u16,
}

type LabelMap = BTreeMap<String, String>;

pub(super) fn passes(town: &Town, from: Spot<'_>, to: Spot<'_>, packet: Packet) -> bool {
    if let (Spot::Pod(a), Spot::Pod(b)) = (from, to)
        && name(a) == name(b)
    {
        return true;
    }
    let free = on_own_node(from, to) || on_own_node(to, from);
    free || (lets(town, (from, to), packet, Way::Out) && lets(town, (from, to), packet, Way::In))
}

pub(super) fn is_isolated(town: &Town, pod: &Pod, way: Way) -> bool {
    town.policies
        .iter()
        .any(|policy| isolates(policy, pod, way))
}

pub(super) fn name(pod: &Pod) -> String {
    let meta = &pod.metadata;
    format!(
        "{}/{}",
        meta.namespace.as_deref().unwrap(),
        meta.name.as_deref().unwrap()
    )
}

pub(super) fn labels(pod: &Pod) -> LabelMap {
    pod.metadata.labels.clone().unwrap_or_default()
}

pub(super) fn on_host(pod: &Pod) -> bool {
    pod.spec.as_ref().unwrap().host_network == Some(true)
}

pub(super) fn is_running(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().unwrap().phase.as_deref();
    phase != Some("Succeeded") && phase != Some("Failed")
}

pub(super) fn ip(pod: &Pod) -> Option<IpAddr> {
    pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}

fn node(pod: &Pod) -> Option<IpAddr> {
    pod.status.as_ref()?.host_ip.as_ref()?.parse().ok()
}

pub(super) fn on_own_node(pod: Spot<'_>, other: Spot<'_>) -> bool {
    let Spot::Pod(pod) = pod else { return false };
    let address = match other {
        Spot::Ip(address) => Some(address),
        Spot::Pod(other) if on_host(other) => node(other),
        Spot::Pod(_) => None,
    };
    address.is_some() && address == node(pod)
}

fn isolates(policy: &NetworkPolicy, pod: &Pod, way: Way) -> bool {
    let spec = policy.spec.as_ref().unwrap();
    let types = spec.policy_types.clone().unwrap_or_default();
    let speaks = if types.is_empty() {
        way == Way::In || !spec.egress.clone().unwrap_or_default().is_empty()
    } else {
        types
            .iter()
            .any(|t| t == if way == Way::In { "Ingress" } else { "Egress" })
    };
    speaks
        && !on_host(pod)
        && policy.metadata.namespace == pod.metadata.namespace
        && spec
            .pod_selector
            .as_ref()
            .is_none_or(|s| selects(s, &labels(pod)))
}

/// Whether one end's policies let a packet out, or in.
pub(super) fn lets(
    town: &Town,
    (from, to): (Spot<'_>, Spot<'_>),
    packet: Packet,
    way: Way,
) -> bool {
    let (subject, peer) = if way == Way::Out {
        (from, to)
    } else {
        (to, from)
    };
    let Spot::Pod(pod) = subject else { return true };
    if !is_isolated(town, pod, way) {
        return true;
    }
    let mine = town
        .policies
        .iter()
        .filter(|policy| isolates(policy, pod, way));
    mine.into_iter().any(|policy| {
        let spec = policy.spec.as_ref().unwrap();
        let rules: Vec<_> = if way == Way::In {
            let rules = spec.ingress.iter().flatten();
            rules.map(|r| (r.from.clone(), r.ports.clone())).collect()
        } else {
            let rules = spec.egress.iter().flatten();
            rules.map(|r| (r.to.clone(), r.ports.clone())).collect()
        };
        rules.iter().any(|(peers, ports)| {
            let peers = peers.clone().unwrap_or_default();
            let ports = ports.clone().unwrap_or_default();
            (peers.is_empty() || peers.iter().any(|p| is_peer(town, policy, p, peer)))
                && (ports.is_empty() || ports.iter().any(|p| is_port(p, to, packet)))
        })
    })
}

fn is_peer(town: &Town, policy: &NetworkPolicy, peer: &NetworkPolicyPeer, spot: Spot<'_>) -> bool {
    if let Some(block) = &peer.ip_block {
        let address = match spot {
            Spot::Ip(address) => Some(address),
            Spot::Pod(pod) => ip(pod),
        };
        return address.is_some_and(|address| in_block(block, address));
    }
    let Spot::Pod(pod) = spot else { return false };
    if on_host(pod) {
        return false;
    }
    let its_namespace = pod.metadata.namespace.as_deref().unwrap();
    let namespace_fits = match &peer.namespace_selector {
        None => policy.metadata.namespace.as_deref() == Some(its_namespace),
        Some(selector) => selects(selector, &namespace_labels(town, its_namespace)),
    };
    namespace_fits
        && peer
            .pod_selector
            .as_ref()
            .is_none_or(|s| selects(s, &labels(pod)))
}

pub(super) fn namespace_labels(town: &Town, name: &str) -> LabelMap {
    let mut namespaces = town.namespaces.iter();
    let found = namespaces.find(|n| n.metadata.name.as_deref() == Some(name));
    let mut labels = found
        .and_then(|n| n.metadata.labels.clone())
        .unwrap_or_default();
    labels.insert("kubernetes.io/metadata.name".into(), name.into());
    labels
}

fn is_port(port: &NetworkPolicyPort, target: Spot<'_>, packet: Packet) -> bool {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    if protocol != packet.protocol {
        return false;
    }
    match &port.port {
        None => true,
        Some(IntOrString::Int(first)) => {
            let last = port.end_port.unwrap_or(*first);
            (*first..=last).contains(&i32::from(packet.port))
        }
        Some(IntOrString::String(name)) => {
            let Spot::Pod(pod) = target else { return false };
            let containers = &pod.spec.as_ref().unwrap().containers;
            containers
                .iter()
                .flat_map(|c| c.ports.iter().flatten())
                .any(|p| {
                    p.name.as_deref() == Some(name)
                        && p.protocol.as_deref().unwrap_or("TCP") == packet.protocol
                        && p.container_port == i32::from(packet.port)
                })
        }
    }
}

pub(super) fn selects(selector: &LabelSelector, labels: &LabelMap) -> bool {
    let equal = selector.match_labels.iter().flatten();
    let expressions = selector.match_expressions.iter().flatten();
    equal.into_iter().all(|(k, v)| labels.get(k) == Some(v))
        && expressions.into_iter().all(|e| {
            let values = e.values.clone().unwrap_or_default();
            let value = labels.get(&e.key);
            match (e.operator.as_str(), value) {
                ("In", Some(value)) => values.contains(value),
                ("In" | "Exists", None) => false,
                ("NotIn", Some(value)) => !values.contains(value),
                ("NotIn" | "DoesNotExist", None) | ("Exists", Some(_)) => true,
                ("DoesNotExist", Some(_)) => false,
                other => panic!("{other:?}"),
            }
        })
}

fn in_block(block: &IPBlock, address: IpAddr) -> bool {
    let except = block.except.iter().flatten();
    in_cidr(&block.cidr, address) && !except.into_iter().any(|cidr| in_cidr(cidr, address))
}

pub(super) fn in_cidr(cidr: &str, address: IpAddr) -> bool {
    let (net, length) = cidr.split_once('/').unwrap();
    let (net, length): (IpAddr, usize) = (net.parse().unwrap(), length.parse().unwrap());
    net.is_ipv4() == address.is_ipv4() && bits(net)[..length] == bits(address)[..length]
}

fn bits(address: IpAddr) -> Vec<bool> {
    let bytes = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1))
        .collect()
}
