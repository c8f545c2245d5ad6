//! A pod, reduced to what policies and asks can see of it.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{self as api, Container};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Space;
use super::workload::{OwnerRef, WorkloadRef};
use crate::grammar::Protocol;
use crate::netpol::rule;
use crate::netpol::selector::Labels;

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its labels.
    pub labels: Labels,
    /// Its controller, as its owner reference names it.
    pub owner: Option<OwnerRef>,
    /// Ports that its containers declare, named or not. Init containers count only when they run
    /// beside the others (restart policy Always).
    pub ports: Box<[ContainerPort]>,
    /// Whether it uses its node's network: then policies neither select nor match it.
    pub host_network: bool,
    /// Succeeded or Failed: counts for nothing.
    pub finished: bool,
    /// Being deleted; it still runs until it is gone.
    pub deleting: bool,
    /// Its addresses, empty before it is scheduled.
    pub ips: Box<[IpAddr]>,
    /// The node it runs on.
    pub node: Option<Box<str>>,
    /// Its node's addresses: traffic with them is always allowed.
    pub host_ips: Box<[IpAddr]>,
}

/// A port that a container declares. Informational in Kubernetes, apart from the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerPort {
    /// Unique within a container only: another container may use the name again.
    pub name: Option<Box<str>>,
    /// TCP where the manifest leaves it out.
    pub protocol: Protocol,
    /// 1 to 65535.
    pub number: u16,
}

/// A pod in its place.
#[derive(Debug, Clone, Copy)]
pub struct PodRef<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// What its namespace holds.
    pub space: &'a Space,
    /// Its name.
    pub name: &'a str,
    /// The pod.
    pub pod: &'a Pod,
}

impl Pod {
    /// Reads a pod; missing parts count as not set.
    pub fn read(pod: &api::Pod) -> Self {
        let spec = pod.spec.as_ref();
        let status = pod.status.as_ref();
        let phase = status.and_then(|s| s.phase.as_deref());
        let several = status
            .and_then(|s| s.pod_ips.as_deref())
            .unwrap_or_default();
        let several_hosts = status
            .and_then(|s| s.host_ips.as_deref())
            .unwrap_or_default();
        let one = status.and_then(|s| s.pod_ip.as_deref());
        let one_host = status.and_then(|s| s.host_ip.as_deref());
        Self {
            labels: labels(&pod.metadata),
            owner: OwnerRef::read(&pod.metadata),
            ports: spec.map(ports).unwrap_or_default(),
            host_network: spec.and_then(|s| s.host_network).unwrap_or_default(),
            finished: matches!(phase, Some("Succeeded" | "Failed")),
            deleting: pod.metadata.deletion_timestamp.is_some(),
            ips: addresses(several.iter().map(|ip| ip.ip.as_str()).chain(one)),
            node: spec.and_then(|s| s.node_name.as_deref()).map(Into::into),
            host_ips: addresses(
                several_hosts
                    .iter()
                    .map(|ip| ip.ip.as_str())
                    .chain(one_host),
            ),
        }
    }

    /// The numbers behind a port's name. Name and protocol must both agree.
    pub fn named<'a>(&'a self, protocol: Protocol, name: &'a str) -> impl Iterator<Item = u16> {
        self.ports
            .iter()
            .filter(move |p| p.protocol == protocol && p.name.as_deref() == Some(name))
            .map(|p| p.number)
    }

    /// Whether a container declares this port.
    pub fn declares(&self, protocol: Protocol, number: u16) -> bool {
        let mut ports = self.ports.iter();
        ports.any(|p| p.protocol == protocol && p.number == number)
    }
}

impl PodRef<'_> {
    /// Whether both are the same pod.
    pub fn is(&self, other: &PodRef<'_>) -> bool {
        self.namespace == other.namespace && self.name == other.name
    }

    /// The workload it belongs to, or itself when it stands alone.
    pub fn workload(&self) -> WorkloadRef {
        self.space.workload_of(self)
    }

    /// The name it has as a pod: `ns/Pod/name`.
    pub fn itself(&self) -> WorkloadRef {
        self.named("Pod", self.name)
    }

    /// Everything it may be named by: itself, its direct owner, its workload.
    pub fn identities(&self) -> impl Iterator<Item = WorkloadRef> {
        let owner = self
            .pod
            .owner
            .as_ref()
            .map(|o| self.named(&o.kind, &o.name));
        [self.itself(), self.workload()].into_iter().chain(owner)
    }

    pub(super) fn named(&self, kind: &str, name: &str) -> WorkloadRef {
        WorkloadRef {
            namespace: self.namespace.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }
}

pub(super) fn labels(meta: &ObjectMeta) -> Labels {
    let pairs = meta.labels.iter().flatten();
    pairs.map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

fn ports(spec: &api::PodSpec) -> Box<[ContainerPort]> {
    // A plain init container has ended before the pod serves anybody.
    let sidecars = spec
        .init_containers
        .iter()
        .flatten()
        .filter(|c: &&Container| c.restart_policy.as_deref() == Some("Always"));
    spec.containers
        .iter()
        .chain(sidecars)
        .flat_map(|container| container.ports.iter().flatten())
        .filter_map(|port| {
            Some(ContainerPort {
                name: port.name.as_deref().map(Into::into),
                protocol: rule::protocol(port.protocol.as_deref())?,
                number: rule::number(port.container_port)?,
            })
        })
        .collect()
}

fn addresses<'a>(texts: impl Iterator<Item = &'a str>) -> Box<[IpAddr]> {
    let mut all: Vec<IpAddr> = texts.filter_map(|text| text.parse().ok()).collect();
    all.sort_unstable();
    all.dedup();
    all.into_boxed_slice()
}
