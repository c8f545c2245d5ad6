//! The kinds of objects that a snapshot is made of.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The namespace of a manifest that names none, as for `kubectl` without a context's namespace.
const DEFAULT_NAMESPACE: &str = "default";

/// An object, as watched or as read from a manifest.
///
/// Only the first four kinds are needed for right answers. ReplicaSets and Jobs tell which
/// Deployment or CronJob owns a pod; the other workloads give their own selector, which is
/// otherwise derived from their pods.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "each variant is the Kubernetes kind of its name"
)]
pub enum Object {
    Namespace(Box<Namespace>),
    Pod(Box<Pod>),
    Service(Box<Service>),
    Policy(Box<NetworkPolicy>),
    ReplicaSet(Box<ReplicaSet>),
    Deployment(Box<Deployment>),
    StatefulSet(Box<StatefulSet>),
    DaemonSet(Box<DaemonSet>),
    Job(Box<Job>),
    CronJob(Box<CronJob>),
    Extension(Box<Extension>),
}

/// An object of a kind that Kubernetes itself does not have: policies of the admin tiers and of network
/// plug-ins. Read field by field where it is judged, because a field that is not known there must make
/// the answer *unknown* instead of being dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Extension {
    /// API group, such as `cilium.io`.
    pub group: String,
    /// Kind, such as `CiliumNetworkPolicy`.
    pub kind: String,
    /// Metadata, as of any object.
    pub metadata: ObjectMeta,
    /// The whole object.
    pub body: serde_json::Value,
}

/// Names one object of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Its kind, as Kubernetes writes it; of kinds that are not Kubernetes' own with their group.
    pub kind: String,
    /// Its namespace; empty for a Namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Extension {
    /// Whether its kind lives in namespaces.
    pub fn is_namespaced(&self) -> bool {
        matches!(self.kind.as_str(), "CiliumNetworkPolicy" | "NetworkPolicy")
    }

    /// Kind and group: Calico has a NetworkPolicy of its own.
    pub fn key_kind(&self) -> String {
        format!("{}.{}", self.kind, self.group)
    }
}

impl ObjectKey {
    /// The namespace that the object lives in, or is.
    pub(super) fn space(&self) -> &str {
        if self.kind == "Namespace" {
            &self.name
        } else {
            &self.namespace
        }
    }
}

impl Object {
    /// The key under which the snapshot keeps it.
    pub fn key(&self) -> ObjectKey {
        let (kind, meta) = self.parts();
        let namespace = match self {
            Self::Namespace(_) => "",
            Self::Extension(o) if !o.is_namespaced() => "",
            _ => meta.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE),
        };
        ObjectKey {
            kind: match self {
                Self::Extension(o) => o.key_kind(),
                _ => kind.to_owned(),
            },
            namespace: namespace.to_owned(),
            name: meta.name.clone().unwrap_or_default(),
        }
    }

    /// Kind and metadata.
    pub fn parts(&self) -> (&str, &ObjectMeta) {
        match self {
            Self::Namespace(o) => ("Namespace", &o.metadata),
            Self::Pod(o) => ("Pod", &o.metadata),
            Self::Service(o) => ("Service", &o.metadata),
            Self::Policy(o) => ("NetworkPolicy", &o.metadata),
            Self::ReplicaSet(o) => ("ReplicaSet", &o.metadata),
            Self::Deployment(o) => ("Deployment", &o.metadata),
            Self::StatefulSet(o) => ("StatefulSet", &o.metadata),
            Self::DaemonSet(o) => ("DaemonSet", &o.metadata),
            Self::Job(o) => ("Job", &o.metadata),
            Self::CronJob(o) => ("CronJob", &o.metadata),
            Self::Extension(o) => (&o.kind, &o.metadata),
        }
    }
}
