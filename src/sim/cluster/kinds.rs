//! The kinds that the simulated API server knows.

use serde_json::Value;

/// One kind and its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// API group, empty for core.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// `NetworkPolicy`.
    pub name: &'static str,
    /// `networkpolicies`.
    pub plural: &'static str,
    /// What people type for it; empty: nothing shorter.
    pub short: &'static str,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
}

const fn kind(
    (group, version): (&'static str, &'static str),
    name: &'static str,
    plural: &'static str,
    short: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        name,
        plural,
        short,
        namespaced: true,
    }
}

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const BATCH: (&str, &str) = ("batch", "v1");
const CILIUM: (&str, &str) = ("cilium.io", "v2");
const TIERS: (&str, &str) = ("policy.networking.k8s.io", "v1alpha1");
const TIERS_2: (&str, &str) = ("policy.networking.k8s.io", "v1alpha2");
const NETWORKING: (&str, &str) = ("networking.k8s.io", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");

/// All of them. NetworkPolicy and RoleBinding are checked as the real server does; of the others metadata is.
pub const KINDS: &[Kind] = &[
    Kind {
        namespaced: false,
        ..kind(CORE, "Namespace", "namespaces", "ns")
    },
    kind(CORE, "ConfigMap", "configmaps", "cm"),
    kind(CORE, "Pod", "pods", "po"),
    kind(CORE, "Service", "services", "svc"),
    kind(CORE, "ServiceAccount", "serviceaccounts", "sa"),
    kind(APPS, "DaemonSet", "daemonsets", "ds"),
    kind(APPS, "Deployment", "deployments", "deploy"),
    kind(APPS, "ReplicaSet", "replicasets", "rs"),
    kind(APPS, "StatefulSet", "statefulsets", "sts"),
    kind(BATCH, "CronJob", "cronjobs", "cj"),
    kind(BATCH, "Job", "jobs", ""),
    kind(
        CILIUM,
        "CiliumNetworkPolicy",
        "ciliumnetworkpolicies",
        "cnp",
    ),
    Kind {
        namespaced: false,
        ..kind(
            CILIUM,
            "CiliumClusterwideNetworkPolicy",
            "ciliumclusterwidenetworkpolicies",
            "ccnp",
        )
    },
    Kind {
        namespaced: false,
        ..kind(TIERS, "AdminNetworkPolicy", "adminnetworkpolicies", "anp")
    },
    Kind {
        namespaced: false,
        ..kind(
            TIERS,
            "BaselineAdminNetworkPolicy",
            "baselineadminnetworkpolicies",
            "banp",
        )
    },
    Kind {
        namespaced: false,
        ..kind(
            TIERS_2,
            "ClusterNetworkPolicy",
            "clusternetworkpolicies",
            "",
        )
    },
    kind(NETWORKING, "NetworkPolicy", POLICIES, "netpol"),
    kind(RBAC, "RoleBinding", BINDINGS, ""),
];

/// The plurals of the kinds with rules of their own.
pub(super) const POLICIES: &str = "networkpolicies";
pub(super) const BINDINGS: &str = "rolebindings";

impl Kind {
    /// The kind at a path.
    pub fn at(group: &str, version: &str, plural: &str) -> Option<&'static Self> {
        KINDS
            .iter()
            .find(|k| k.group == group && k.version == version && k.plural == plural)
    }

    /// The kind that an object says it is.
    pub fn of(object: &Value) -> Option<&'static Self> {
        let version = object.get("apiVersion")?.as_str()?;
        let name = object.get("kind")?.as_str()?;
        KINDS
            .iter()
            .find(|k| k.api_version() == version && k.name == name)
    }

    /// `networking.k8s.io/v1`, or `v1` for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `networkpolicies.networking.k8s.io`, or `pods` for core.
    pub fn resource(&self) -> String {
        qualified(self.plural, self.group)
    }

    /// `NetworkPolicy.networking.k8s.io`, or `Pod` for core.
    pub fn qualified(&self) -> String {
        qualified(self.name, self.group)
    }
}

fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}
