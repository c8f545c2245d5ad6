//! The shape of every object we plan: explicit types, one peer entry, explicit protocol and port.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, ObjectMeta,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::grammar::Protocol;
use crate::netpol::flow::{PortRange, Side, SideRef};
use crate::netpol::policy::Direction;
use crate::netpol::portset::PortSet;
use crate::netpol::selector::{Labels, Selector};
use crate::netpol::snapshot::{NAMESPACE_NAME, PodRef, Snapshot};

/// Where the cluster's DNS runs and the label its pods have, on every common distribution (the label
/// kept its name when CoreDNS replaced kube-dns).
pub(super) const DNS_NAMESPACE: &str = "kube-system";
const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");
const DNS_PORT: u16 = 53;

/// A policy being drawn.
pub(super) struct Drawing {
    namespace: String,
    subject: LabelSelector,
    direction: Direction,
    rules: Vec<(NetworkPolicyPeer, Vec<NetworkPolicyPort>)>,
}

impl Drawing {
    pub(super) fn new(namespace: &str, subject: LabelSelector, direction: Direction) -> Self {
        Self {
            namespace: namespace.to_owned(),
            subject,
            direction,
            rules: Vec::new(),
        }
    }

    /// Adds a rule: one peer, these ports (not empty).
    pub(super) fn rule(&mut self, peer: NetworkPolicyPeer, ports: &PortSet) {
        self.rules
            .push((peer, ports.ranges().iter().map(port).collect()));
    }

    pub(super) fn policy(self) -> NetworkPolicy {
        let rules = self.rules.into_iter();
        let mut spec = NetworkPolicySpec {
            pod_selector: Some(self.subject),
            // Explicit: without it an egress object would imply ingress and isolate the source.
            policy_types: Some(vec![self.direction.name().to_owned()]),
            ..NetworkPolicySpec::default()
        };
        match self.direction {
            Direction::Egress => {
                let rule = |(peer, ports)| NetworkPolicyEgressRule {
                    to: Some(vec![peer]),
                    ports: Some(ports),
                };
                spec.egress = Some(rules.map(rule).collect());
            }
            Direction::Ingress => {
                let rule = |(peer, ports)| NetworkPolicyIngressRule {
                    from: Some(vec![peer]),
                    ports: Some(ports),
                };
                spec.ingress = Some(rules.map(rule).collect());
            }
        }
        NetworkPolicy {
            metadata: ObjectMeta {
                namespace: Some(self.namespace),
                ..ObjectMeta::default()
            },
            spec: Some(spec),
        }
    }
}

/// A side as a peer. Pods take both selectors in one entry: two entries would mean "or".
pub(super) fn peer(side: &Side) -> NetworkPolicyPeer {
    match &side.at {
        SideRef::Pods {
            namespace,
            selector,
            ..
        } => pods_peer(namespace, selector.clone()),
        SideRef::Addresses(net) => NetworkPolicyPeer {
            ip_block: Some(IPBlock {
                cidr: net.trunc().to_string(),
                except: None,
            }),
            ..NetworkPolicyPeer::default()
        },
        // Nobody plans for what is stated (`build` refuses it first); were it asked for, the peer of no pods.
        SideRef::Stated { .. } => nobody(),
    }
}

/// A peer that no pod is: of no namespace.
fn nobody() -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector {
            match_labels: None,
            match_expressions: Some(vec![LabelSelectorRequirement {
                key: NAMESPACE_NAME.to_owned(),
                operator: "DoesNotExist".to_owned(),
                values: None,
            }]),
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn pods_peer(namespace: &str, pods: LabelSelector) -> NetworkPolicyPeer {
    let name = BTreeMap::from([(NAMESPACE_NAME.to_owned(), namespace.to_owned())]);
    NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector {
            match_labels: Some(name),
            match_expressions: None,
        }),
        pod_selector: Some(pods),
        ip_block: None,
    }
}

fn port(range: &PortRange) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(range.protocol.name().to_owned()),
        port: Some(IntOrString::Int(range.first.into())),
        end_port: (range.first < range.last).then_some(range.last.into()),
    }
}

fn dns_selector() -> Selector {
    Selector::from(&Labels::from_iter([DNS_LABEL]))
}

/// The pods that answer DNS queries, as far as policies can name them.
pub(super) fn dns_servers(snapshot: &Snapshot) -> Vec<PodRef<'_>> {
    snapshot.selected(DNS_NAMESPACE, &dns_selector())
}

/// The DNS servers as a peer.
pub(super) fn dns_peer() -> NetworkPolicyPeer {
    pods_peer(DNS_NAMESPACE, dns_selector().to_kubernetes())
}

/// What a DNS rule opens: large answers come over TCP.
pub(super) fn dns_ports() -> PortSet {
    [Protocol::Udp, Protocol::Tcp]
        .map(|protocol| PortRange::single(protocol, DNS_PORT))
        .into_iter()
        .collect()
}

/// What a client must be able to send for names to resolve at all.
pub(super) fn dns_question() -> PortSet {
    PortSet::from_iter([PortRange::single(Protocol::Udp, DNS_PORT)])
}
