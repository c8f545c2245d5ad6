//! The kinds of policies that not every cluster has.

use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;

use crate::cluster::scope::{At, Scope, label};
use crate::netpol::snapshot::{Extension, Object};

/// A kind that may be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cluster) struct Optional {
    /// Its API group.
    pub(super) group: &'static str,
    kind: &'static str,
    plural: &'static str,
    /// Whether its objects live in namespaces.
    namespaced: bool,
}

const fn optional(group: &'static str, kind: &'static str, plural: &'static str) -> Optional {
    Optional {
        group,
        kind,
        plural,
        namespaced: false,
    }
}

/// A kind whose objects live in namespaces.
const fn namespaced(group: &'static str, kind: &'static str, plural: &'static str) -> Optional {
    Optional {
        namespaced: true,
        ..optional(group, kind, plural)
    }
}

const TIERS: &str = "policy.networking.k8s.io";

/// All of them. Calico's are the same objects in two groups, of which a cluster may serve either.
pub(in crate::cluster) const OPTIONAL: &[Optional] = &[
    optional(TIERS, "ClusterNetworkPolicy", "clusternetworkpolicies"),
    optional(TIERS, "AdminNetworkPolicy", "adminnetworkpolicies"),
    optional(
        TIERS,
        "BaselineAdminNetworkPolicy",
        "baselineadminnetworkpolicies",
    ),
    namespaced("cilium.io", "CiliumNetworkPolicy", "ciliumnetworkpolicies"),
    optional(
        "cilium.io",
        "CiliumClusterwideNetworkPolicy",
        "ciliumclusterwidenetworkpolicies",
    ),
    namespaced("crd.projectcalico.org", "NetworkPolicy", "networkpolicies"),
    optional(
        "crd.projectcalico.org",
        "GlobalNetworkPolicy",
        "globalnetworkpolicies",
    ),
    namespaced("projectcalico.org", "NetworkPolicy", "networkpolicies"),
    optional(
        "projectcalico.org",
        "GlobalNetworkPolicy",
        "globalnetworkpolicies",
    ),
];

impl Optional {
    /// How the kind is called in answers and in readiness.
    pub(in crate::cluster) fn label(&self, at: Option<&str>) -> String {
        label(&format!("{}.{}", self.plural, self.group), at)
    }

    /// Where the kind is looked for.
    pub(in crate::cluster) fn places(&self, scope: &Scope) -> Vec<At> {
        if self.namespaced {
            scope.places()
        } else {
            vec![None]
        }
    }

    pub(super) fn resource(&self, version: &str) -> ApiResource {
        let kind = GroupVersionKind::gvk(self.group, version, self.kind);
        ApiResource::from_gvk_with_plural(&kind, self.plural)
    }

    /// An object of this kind as the core reads it.
    pub(super) fn object(&self, body: Value) -> Option<Object> {
        let metadata = serde_json::from_value(body.get("metadata")?.clone()).ok()?;
        Some(Object::Extension(Box::new(Extension {
            group: self.group.to_owned(),
            kind: self.kind.to_owned(),
            metadata,
            body,
        })))
    }
}
