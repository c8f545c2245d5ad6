//! An endpoint, found: its pods, the workloads they belong to, and what selects them.

use super::address::endpoint;
use super::near::nearest;
use super::pin::pin;
use super::unresolved::Unresolved;
use crate::grammar::{Endpoint, Kind};
use crate::netpol::selector::{Labels, Selector};
use crate::netpol::snapshot::{PodRef, Service, Snapshot, Space, WorkloadRef};
use std::collections::{BTreeMap, BTreeSet};

/// Which end of the flow is looked for: a service can only be a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Source,
    Target,
}

/// Pods that an endpoint means.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    pub(super) label: String,
    pub(super) namespace: &'a str,
    pub(super) space: &'a Space,
    pub(super) selector: Selector,
    pub(super) pods: Vec<PodRef<'a>>,
    pub(super) workloads: BTreeSet<WorkloadRef>,
    /// The service that was named, if one was.
    pub(super) service: Option<NamedService<'a>>,
}

/// A service that stands for its pods.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedService<'a> {
    pub(super) name: &'a str,
    pub(super) service: &'a Service,
    /// Whether the person wrote that it is a service: then its ports come before its pods' ports.
    pub(super) typed: bool,
}

/// A namespace being searched for one endpoint.
pub(super) struct Search<'a, 'e> {
    snapshot: &'a Snapshot,
    namespace: &'a str,
    space: &'a Space,
    pods: Vec<PodRef<'a>>,
    endpoint: &'e Endpoint,
    role: Role,
}

/// Policies govern neither pods on the host's network nor pods that are on their way out.
pub(super) fn governed(found: Found<'_>) -> Result<Found<'_>, Unresolved> {
    let mut nodes = BTreeSet::new();
    let mut on_host = false;
    for pod in found.pods.iter().filter(|p| p.pod.host_network) {
        on_host = true;
        nodes.extend(pod.pod.host_ips.iter().chain(&pod.pod.ips));
    }
    if on_host {
        return Err(Unresolved::HostNetwork {
            what: found.label,
            nodes: nodes.into_iter().collect(),
        });
    }
    if found.pods.iter().all(|p| p.pod.deleting) {
        return Err(Unresolved::NoPods { what: found.label });
    }
    Ok(found)
}

impl<'a, 'e> Search<'a, 'e> {
    /// Begins a search in `namespace`, which must be known.
    pub(super) fn of(
        snapshot: &'a Snapshot,
        namespace: &str,
        endpoint: &'e Endpoint,
        role: Role,
    ) -> Result<Self, Unresolved> {
        if !snapshot.reads(namespace) {
            return Err(Unresolved::NotRead {
                namespace: namespace.to_owned(),
            });
        }
        let known = snapshot.namespaces().find(|name| *name == namespace);
        let (Some(name), Some(space)) = (known, snapshot.space(namespace)) else {
            return Err(Unresolved::UnknownNamespace {
                namespace: namespace.to_owned(),
                near: nearest(namespace, snapshot.namespaces()),
            });
        };
        Ok(Self {
            snapshot,
            namespace: name,
            space,
            pods: snapshot.running(name).collect(),
            endpoint,
            role,
        })
    }

    /// All pods with these labels.
    pub(super) fn labelled(
        &self,
        labels: &BTreeMap<String, String>,
    ) -> Result<Found<'a>, Unresolved> {
        let wanted: Labels = labels
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let selector = Selector::from(&wanted);
        let pods = self.matching(&selector);
        if !pods.is_empty() && !labels.is_empty() {
            return Ok(self.found(selector, pods, None));
        }
        let present = self.pods.iter().flat_map(|p| p.pod.labels.iter());
        let present: BTreeSet<String> = present.map(|(k, v)| format!("{k}={v}")).collect();
        let near = labels.iter().find_map(|(key, value)| {
            let typed = format!("{key}={value}");
            let absent = !present.contains(&typed);
            absent.then(|| nearest(&typed, present.iter().map(String::as_str)))?
        });
        Err(Unresolved::NoLabelledPods {
            what: self.endpoint.to_string(),
            near: near.map(|pair| format!("{}/{pair}", self.namespace)),
        })
    }

    /// Workload, then pod, then service; what exists without a running pod is said to be so.
    pub(super) fn named(&self, kind: Option<Kind>, name: &str) -> Result<Found<'a>, Unresolved> {
        let may_be = |one: Kind| kind.is_none() || kind == Some(one);
        if !matches!(kind, Some(Kind::Pod | Kind::Service))
            && let Some(found) = self.workload(kind, name)?
        {
            return Ok(found);
        }
        if may_be(Kind::Pod)
            && let Some(pod) = self.pods.iter().find(|p| p.name == name)
        {
            return Ok(self.single(pod));
        }
        if may_be(Kind::Service)
            && let Some((service_name, service)) = self.space.services.get_key_value(name)
        {
            let typed = kind == Some(Kind::Service);
            return self.service(NamedService {
                name: service_name,
                service,
                typed,
            });
        }
        if self.is_idle(kind, name) {
            return Err(Unresolved::NoPods { what: self.label() });
        }
        Err(self.unknown(name))
    }

    fn workload(&self, kind: Option<Kind>, name: &str) -> Result<Option<Found<'a>>, Unresolved> {
        let mut by_kind: BTreeMap<String, Vec<PodRef<'a>>> = BTreeMap::new();
        for pod in &self.pods {
            if let Some(workload) = answers(pod, kind, name) {
                by_kind.entry(workload.kind).or_default().push(*pod);
            }
        }
        if by_kind.len() > 1 {
            return Err(self.ambiguous(by_kind.keys(), name));
        }
        let Some((kind, pods)) = by_kind.pop_first() else {
            return Ok(None);
        };
        let selector = self.space.selector_of(&kind, name, &pods);
        let mut found = self.found(selector, pods, None);
        found.pods.retain(|p| found.selector.matches(&p.pod.labels));
        found.workloads = BTreeSet::from([WorkloadRef {
            namespace: self.namespace.to_owned(),
            kind,
            name: name.to_owned(),
        }]);
        Ok(Some(found))
    }

    fn ambiguous<'b>(&self, kinds: impl Iterator<Item = &'b String>, name: &str) -> Unresolved {
        Unresolved::AmbiguousName {
            typed: self.endpoint.to_string(),
            choices: kinds
                .filter_map(|kind| kind_named(kind))
                .map(|kind| self.endpoint_of(Some(kind), name))
                .collect(),
        }
    }

    fn single(&self, pod: &PodRef<'a>) -> Found<'a> {
        let governed: Vec<PodRef<'a>> = self
            .pods
            .iter()
            .filter(|p| !p.pod.host_network)
            .copied()
            .collect();
        let mut found = self.found(pin(pod, &governed), vec![*pod], None);
        found.workloads = BTreeSet::from([pod.itself()]);
        found
    }

    fn service(&self, named: NamedService<'a>) -> Result<Found<'a>, Unresolved> {
        let what = self.label();
        if let Some(host) = &named.service.external_name {
            return Err(Unresolved::ExternalName {
                what,
                host: host.to_string(),
            });
        }
        let Some(selector) = &named.service.selector else {
            return Err(Unresolved::NoSelector { what });
        };
        let pods = self.matching(selector);
        if self.role == Role::Source {
            let owners: BTreeSet<WorkloadRef> = pods.iter().map(PodRef::workload).collect();
            return Err(Unresolved::ServiceAsSource {
                what,
                choices: owners.iter().map(endpoint).collect(),
            });
        }
        if pods.is_empty() {
            return Err(Unresolved::NoPods { what });
        }
        Ok(self.found(selector.clone(), pods, Some(named)))
    }

    fn found(
        &self,
        selector: Selector,
        pods: Vec<PodRef<'a>>,
        service: Option<NamedService<'a>>,
    ) -> Found<'a> {
        Found {
            label: self.label(),
            namespace: self.namespace,
            space: self.space,
            workloads: pods.iter().map(PodRef::workload).collect(),
            selector,
            pods,
            service,
        }
    }

    fn matching(&self, selector: &Selector) -> Vec<PodRef<'a>> {
        let all = self.pods.iter().copied();
        all.filter(|p| selector.matches(&p.pod.labels)).collect()
    }

    /// Whether something of that name exists, only without a running pod.
    fn is_idle(&self, kind: Option<Kind>, name: &str) -> bool {
        let fits = |known: &str| kind.is_none_or(|kind| kind.name() == known);
        let scaled_down = || {
            let mut keys = self.space.workloads.keys();
            keys.any(|(known, n)| n.as_ref() == name && fits(known))
        };
        let finished = || self.space.pods.contains_key(name) && fits("Pod");
        scaled_down() || finished()
    }

    fn unknown(&self, name: &str) -> Unresolved {
        let mut names: BTreeSet<String> = self.pods.iter().map(|p| p.workload().name).collect();
        if self.role == Role::Target {
            names.extend(self.space.services.keys().map(ToString::to_string));
        }
        let elsewhere = || {
            let mut others = self
                .snapshot
                .namespaces()
                .filter(|ns| *ns != self.namespace);
            let has = |ns: &&str| self.snapshot.workloads(ns).iter().any(|w| w.name == name);
            others.find(has).map(|ns| format!("{ns}/{name}"))
        };
        // The name may be right and the kind wrong.
        let other_kind = || {
            names
                .contains(name)
                .then(|| format!("{}/{name}", self.namespace))
        };
        let near = nearest(name, names.iter().map(String::as_str));
        Unresolved::UnknownName {
            what: self.endpoint.to_string(),
            near: other_kind()
                .or_else(|| near.map(|n| format!("{}/{n}", self.namespace)))
                .or_else(elsewhere),
        }
    }

    /// How people read the side on cards and in answers: namespace and name, or the labels.
    fn label(&self) -> String {
        match self.endpoint {
            Endpoint::Named { name, .. } => format!("{}/{name}", self.namespace),
            other => other.to_string(),
        }
    }

    fn endpoint_of(&self, kind: Option<Kind>, name: &str) -> Endpoint {
        Endpoint::Named {
            namespace: self.namespace.to_owned(),
            kind,
            name: name.to_owned(),
        }
    }
}

/// The workload of that kind and name that a pod belongs to: the top one, or, where a kind was
/// typed, its direct owner too (one ReplicaSet of a Deployment, one Job of a CronJob).
fn answers(pod: &PodRef<'_>, kind: Option<Kind>, name: &str) -> Option<WorkloadRef> {
    let top = pod.workload();
    let Some(kind) = kind else {
        return (!top.is_pod() && top.name == name).then_some(top);
    };
    let exact = pod
        .identities()
        .find(|id| id.kind == kind.name() && id.name == name);
    // A ReplicaSet that lost its hash stands for a Deployment that was not seen.
    let owner = pod.pod.owner.as_ref();
    let stands_in = kind == Kind::Deployment
        && top.kind == "ReplicaSet"
        && top.name == name
        && owner.is_some_and(|o| o.name.as_ref() != name);
    exact.or_else(|| stands_in.then_some(top))
}

fn kind_named(text: &str) -> Option<Kind> {
    [
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ReplicaSet,
        Kind::Job,
        Kind::CronJob,
        Kind::Pod,
    ]
    .into_iter()
    .find(|kind| kind.name() == text)
}
