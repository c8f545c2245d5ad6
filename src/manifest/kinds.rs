//! Which kinds are read, from which API groups, and as what. This table is the only place that
//! knows.

use serde::de::DeserializeOwned;

use super::decode::{DecodeError, decode};
use super::node::Node;
use crate::netpol::Object;

/// How objects of a kind are read.
#[derive(Clone, Copy)]
pub(super) enum Reads {
    /// As one of Kubernetes' own types.
    Typed {
        /// The API version that the type insists on.
        api_version: &'static str,
        /// Gives also the paths of fields that the type does not have.
        read: Read,
    },
    /// Metadata, and the rest as it is written.
    Extension,
}

struct Kind {
    name: &'static str,
    /// Groups that have it, today's first; `""` is the core. Any version is read.
    groups: &'static [&'static str],
    reads: Reads,
}

/// Reads a tree as an object.
type Read = fn(&Node) -> Result<(Object, Vec<String>), DecodeError>;

const APPS: &[&str] = &["apps", "extensions"];
const POLICIES: &[&str] = &["networking.k8s.io", "extensions"];
const ADMIN: &[&str] = &["policy.networking.k8s.io"];
const CILIUM: &[&str] = &["cilium.io"];
const CALICO: &[&str] = &["projectcalico.org", "crd.projectcalico.org"];

const KINDS: &[Kind] = &[
    typed(&[""], "v1", "Namespace", |n| read(n, Object::Namespace)),
    typed(&[""], "v1", "Pod", |n| read(n, Object::Pod)),
    typed(&[""], "v1", "Service", |n| read(n, Object::Service)),
    typed(POLICIES, "networking.k8s.io/v1", "NetworkPolicy", |n| {
        read(n, Object::Policy)
    }),
    typed(APPS, "apps/v1", "ReplicaSet", |n| {
        read(n, Object::ReplicaSet)
    }),
    typed(APPS, "apps/v1", "Deployment", |n| {
        read(n, Object::Deployment)
    }),
    typed(APPS, "apps/v1", "StatefulSet", |n| {
        read(n, Object::StatefulSet)
    }),
    typed(APPS, "apps/v1", "DaemonSet", |n| read(n, Object::DaemonSet)),
    typed(&["batch"], "batch/v1", "Job", |n| read(n, Object::Job)),
    typed(&["batch"], "batch/v1", "CronJob", |n| {
        read(n, Object::CronJob)
    }),
    extension(ADMIN, "ClusterNetworkPolicy"),
    extension(ADMIN, "AdminNetworkPolicy"),
    extension(ADMIN, "BaselineAdminNetworkPolicy"),
    extension(CILIUM, "CiliumNetworkPolicy"),
    extension(CILIUM, "CiliumClusterwideNetworkPolicy"),
    extension(CALICO, "NetworkPolicy"),
    extension(CALICO, "GlobalNetworkPolicy"),
    extension(CALICO, "Tier"),
];

const fn typed(
    groups: &'static [&'static str],
    api_version: &'static str,
    name: &'static str,
    read: Read,
) -> Kind {
    Kind {
        name,
        groups,
        reads: Reads::Typed { api_version, read },
    }
}

const fn extension(groups: &'static [&'static str], name: &'static str) -> Kind {
    Kind {
        name,
        groups,
        reads: Reads::Extension,
    }
}

fn read<T: DeserializeOwned>(
    node: &Node,
    object: fn(Box<T>) -> Object,
) -> Result<(Object, Vec<String>), DecodeError> {
    let decoded = decode::<T>(node)?;
    Ok((object(Box::new(decoded.object)), decoded.unknown))
}

/// The group of an API version: `apps` of `apps/v1`, nothing of `v1`.
pub(super) fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// How objects of this kind are read; `None` where they are not.
pub(super) fn reads(group: &str, kind: &str) -> Option<Reads> {
    let known = KINDS
        .iter()
        .find(|k| k.name == kind && k.groups.contains(&group))?;
    Some(known.reads)
}

/// The kind that was probably meant by one that is not read: one of ours in another group of
/// Kubernetes, or in other letters. Kinds of the same name in groups of other vendors are theirs.
pub(super) fn meant(group: &str, kind: &str) -> Option<(&'static str, &'static str)> {
    let known = KINDS.iter().filter(|k| k.name.eq_ignore_ascii_case(kind));
    let kubernetes = !group.contains('.') || group.ends_with(".k8s.io");
    let mut near = known.filter(|k| kubernetes || k.groups.contains(&group));
    let kind = near.next()?;
    Some((kind.name, kind.groups.first()?))
}
