//! Every permission that the code uses, in one table: the RBAC manifest, `doctor` and the wording of
//! a missing permission come from it, and tests hold the manifest and the calls against it.

use std::fmt;

/// Where a permission is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// In the whole cluster, by a ClusterRoleBinding.
    Cluster,
    /// In each namespace that opted in, by a RoleBinding.
    Namespace,
}

/// One row: these verbs on this resource, held by this ClusterRole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The ClusterRole in `manifests/rbac.yaml`.
    pub role: &'static str,
    /// How it is bound.
    pub reach: Reach,
    /// API group, empty for core.
    pub group: &'static str,
    /// Plural resource name.
    pub resource: &'static str,
    /// Verbs, sorted.
    pub verbs: &'static [&'static str],
}

/// Reads the cluster: what flows are open, and our own gates.
pub const READ: &str = "drawbridge-read";
/// Opens and closes gates; a namespace opts in by binding it.
pub const GRANT: &str = "drawbridge-grant";
/// Asks whose token a service presents.
pub const TOKENS: &str = "drawbridge-tokenreview";

const fn read(group: &'static str, resource: &'static str, verbs: &'static [&'static str]) -> Need {
    Need {
        role: READ,
        reach: Reach::Cluster,
        group,
        resource,
        verbs,
    }
}

/// Everything the code asks of an API server. `create` is there because server-side apply of an
/// object that is missing is checked as patch *and* create. SelfSubjectAccessReviews are not listed:
/// `system:basic-user` lets everybody ask for themselves.
pub const NEEDS: &[Need] = &[
    read("", "namespaces", LIST_WATCH),
    read("", "pods", LIST_WATCH),
    read("", "services", LIST_WATCH),
    read("apps", "daemonsets", LIST_WATCH),
    read("apps", "deployments", LIST_WATCH),
    read("apps", "replicasets", LIST_WATCH),
    read("apps", "statefulsets", LIST_WATCH),
    read("batch", "jobs", LIST_WATCH),
    read(
        "networking.k8s.io",
        "networkpolicies",
        &["get", "list", "watch"],
    ),
    read(
        "policy.networking.k8s.io",
        "adminnetworkpolicies",
        LIST_WATCH,
    ),
    read(
        "policy.networking.k8s.io",
        "baselineadminnetworkpolicies",
        LIST_WATCH,
    ),
    read(
        "policy.networking.k8s.io",
        "clusternetworkpolicies",
        LIST_WATCH,
    ),
    read("cilium.io", "ciliumnetworkpolicies", LIST_WATCH),
    read("cilium.io", "ciliumclusterwidenetworkpolicies", LIST_WATCH),
    read("crd.projectcalico.org", "globalnetworkpolicies", LIST_WATCH),
    read("crd.projectcalico.org", "networkpolicies", LIST_WATCH),
    read("projectcalico.org", "globalnetworkpolicies", LIST_WATCH),
    read("projectcalico.org", "networkpolicies", LIST_WATCH),
    Need {
        role: GRANT,
        reach: Reach::Namespace,
        group: "networking.k8s.io",
        resource: "networkpolicies",
        verbs: &["create", "delete", "patch"],
    },
    Need {
        role: TOKENS,
        reach: Reach::Cluster,
        group: "authentication.k8s.io",
        resource: "tokenreviews",
        verbs: &["create"],
    },
];

const LIST_WATCH: &[&str] = &["list", "watch"];

/// What a call asked for, so that its failure can say what is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// `get`, `list`, `watch`, `create`, `patch`, `delete`.
    pub verb: &'static str,
    /// API group, empty for core.
    pub group: String,
    /// Plural resource name.
    pub resource: String,
    /// `None`: the whole cluster.
    pub namespace: Option<String>,
}

impl Asked {
    /// Names a call.
    pub fn new(verb: &'static str, group: &str, resource: &str, namespace: Option<&str>) -> Self {
        Self {
            verb,
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.map(str::to_owned),
        }
    }
}

/// `patch networkpolicies.networking.k8s.io in namespace `orders``.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace `{namespace}`"),
            None => Ok(()),
        }
    }
}

/// The sentence that tells an administrator what to grant.
pub fn grant_for(asked: &Asked) -> String {
    let holds = |n: &&Need| {
        n.group == asked.group && n.resource == asked.resource && n.verbs.contains(&asked.verb)
    };
    match NEEDS.iter().find(holds) {
        Some(need) if need.reach == Reach::Namespace => {
            format!("{asked}; bind the ClusterRole `{}` there", need.role)
        }
        Some(need) => format!(
            "{asked}; bind the ClusterRole `{}` in the cluster",
            need.role
        ),
        None => format!("{asked}; no role of ours holds it, add it to `{GRANT}`"),
    }
}
