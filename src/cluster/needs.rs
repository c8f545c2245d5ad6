//! Every permission that the code uses, in one table: the RBAC manifest, `doctor` and the wording of
//! a missing permission come from it, and tests hold the manifest and the calls against it.

use std::fmt;

use super::scope::NAMESPACED_NEEDS;
use crate::objects::Kind;

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
    /// The ClusterRole in `manifests/rbac.yaml` (the reaper's: `manifests/components/reaper-cronjob`).
    pub role: &'static str,
    /// How it is bound.
    pub reach: Reach,
    /// API group, empty for core.
    pub group: &'static str,
    /// Plural resource name.
    pub resource: &'static str,
    /// Verbs, sorted.
    pub verbs: &'static [&'static str],
    /// The only objects it is about; empty: all of the kind.
    pub names: &'static [&'static str],
}

/// Reads the cluster: what flows are open, and our own gates.
pub const READ: &str = "drawbridge-read";
/// Opens and closes gates; a namespace opts in by binding it.
pub const GRANT: &str = "drawbridge-grant";
/// Reads one Namespace object, where only some namespaces are read.
pub const READ_NAMESPACE: &str = "drawbridge-read-namespace";
/// Closes overdue gates, for the account of the reaper's CronJob alone.
pub const REAPER: &str = "drawbridge-reaper";
/// Asks whose token a service presents.
pub const TOKENS: &str = "drawbridge-tokenreview";

impl Need {
    /// Each of its verbs, at a place.
    pub(super) fn asked(&'static self, namespace: Option<&str>) -> Vec<(Asked, &'static Self)> {
        let of = |verb: &&'static str| Asked::new(verb, self.group, self.resource, namespace);
        self.verbs.iter().map(|verb| (of(verb), self)).collect()
    }
}

const fn read(group: &'static str, resource: &'static str, verbs: &'static [&'static str]) -> Need {
    Need {
        role: READ,
        reach: Reach::Cluster,
        group,
        resource,
        verbs,
        names: &[],
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
    read("networking.k8s.io", "networkpolicies", LIST_WATCH),
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
        names: &[],
    },
    Need {
        role: TOKENS,
        reach: Reach::Cluster,
        group: "authentication.k8s.io",
        resource: "tokenreviews",
        verbs: &["create"],
        names: &[],
    },
];

const LIST_WATCH: &[&str] = &["list", "watch"];

/// Everything that `drawbridge reap` asks of an API server. The CronJob's account holds this and not one
/// row of [`NEEDS`]: it closes in every namespace, those included that opted out, and opens nothing.
pub const REAPER_NEEDS: &[Need] = &[reap("networking.k8s.io", "networkpolicies")];

const fn reap(group: &'static str, resource: &'static str) -> Need {
    Need {
        role: REAPER,
        reach: Reach::Cluster,
        group,
        resource,
        verbs: &["delete", "list"],
        names: &[],
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// What the bot needs beside [`NEEDS`] for gates of a kind that templates may state. The folder that
/// [`Kind::component`] names grants it; without it nothing else works less.
pub const OPTIONAL_NEEDS: &[(Kind, &[Need])] = &[
    (
        Kind::CiliumNetworkPolicy,
        &[Need {
            role: "drawbridge-grant-cilium",
            reach: Reach::Namespace,
            group: "cilium.io",
            resource: "ciliumnetworkpolicies",
            verbs: &["create", "delete", "patch"],
            names: &[],
        }],
    ),
    (
        Kind::RoleBinding,
        &[
            Need {
                role: "drawbridge-read-role-bindings",
                reach: Reach::Cluster,
                group: RBAC,
                resource: "rolebindings",
                verbs: LIST_WATCH,
                names: &[],
            },
            Need {
                role: BINDER,
                reach: Reach::Namespace,
                group: RBAC,
                resource: "rolebindings",
                verbs: &["create", "delete", "patch"],
                names: &[],
            },
            Need {
                role: BINDER,
                reach: Reach::Namespace,
                group: RBAC,
                resource: "clusterroles",
                verbs: &["bind"],
                names: &["view"],
            },
        ],
    ),
];

/// Opens and closes gates that are RoleBindings, of the ClusterRoles that it names under `bind`.
const BINDER: &str = "drawbridge-grant-role-bindings";

/// What the reaper's account needs beside [`REAPER_NEEDS`] to close gates of these kinds; the same folders
/// grant it.
pub const OPTIONAL_REAPER_NEEDS: &[(Kind, &[Need])] = &[
    (
        Kind::CiliumNetworkPolicy,
        &[reap("cilium.io", "ciliumnetworkpolicies")],
    ),
    (Kind::RoleBinding, &[reap(RBAC, "rolebindings")]),
];

/// How RBAC's refusals end the name of the CronJob's account.
const REAPER_ACCOUNT: &str = ":drawbridge-reaper\"";

/// What would do harm in wrong hands and no code of ours asks for: verb, group, resource. `doctor` asks
/// about each, in the whole cluster.
pub const NEEDLESS: &[(&str, &str, &str)] = &[
    ("*", "*", "*"),
    ("get", "", "secrets"),
    ("list", "", "secrets"),
    ("create", "", "pods"),
    ("create", "", "pods/exec"),
    ("create", "", "pods/portforward"),
    ("patch", "", "pods/ephemeralcontainers"),
    ("get", "", "nodes"),
    ("patch", "", "namespaces"),
    ("delete", "", "namespaces"),
    ("impersonate", "", "users"),
    ("impersonate", "", "serviceaccounts"),
    ("create", "", "serviceaccounts/token"),
    ("create", "apps", "deployments"),
    ("patch", "apps", "deployments"),
    ("create", "batch", "jobs"),
    ("update", "networking.k8s.io", "networkpolicies"),
    ("deletecollection", "networking.k8s.io", "networkpolicies"),
    ("create", "rbac.authorization.k8s.io", "clusterrolebindings"),
    ("bind", "rbac.authorization.k8s.io", "clusterroles"),
    ("escalate", "rbac.authorization.k8s.io", "clusterroles"),
    (
        "get",
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
    ),
    (
        "patch",
        "admissionregistration.k8s.io",
        "validatingadmissionpolicies",
    ),
    (
        "delete",
        "admissionregistration.k8s.io",
        "validatingadmissionpolicybindings",
    ),
];

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

/// The sentence that tells an administrator what to grant. `refusal`: RBAC's own, which names the account.
pub fn grant_for(asked: &Asked, refusal: &str) -> String {
    if is_escalation(refusal) {
        return format!(
            "{asked} with this role; name it under `bind` in the ClusterRole `{BINDER}` and bind that there"
        );
    }
    let (table, optional, main) = if refusal.contains(REAPER_ACCOUNT) {
        (REAPER_NEEDS, OPTIONAL_REAPER_NEEDS, REAPER)
    } else {
        (NEEDS, OPTIONAL_NEEDS, GRANT)
    };
    let holds = |n: &&Need| {
        n.group == asked.group && n.resource == asked.resource && n.verbs.contains(&asked.verb)
    };
    let optional = optional.iter().flat_map(|(_, needs)| needs.iter());
    let mut table = table.iter().chain(NAMESPACED_NEEDS).chain(optional);
    match table.find(holds) {
        Some(need) if need.reach == Reach::Namespace => {
            format!("{asked}; bind the ClusterRole `{}` there", need.role)
        }
        // Where the whole cluster is read nothing is read in one namespace but what is closed there.
        Some(need) if need.role == READ && asked.namespace.is_some() => format!(
            "{asked}; bind the ClusterRole `{}` in the cluster, or there where only some namespaces are read",
            need.role
        ),
        Some(need) => format!(
            "{asked}; bind the ClusterRole `{}` in the cluster",
            need.role
        ),
        None => format!("{asked}; no role of ours holds it, add it to `{main}`"),
    }
}

/// Whether the API server refuses to hand out rights that the account does not have itself.
pub(super) fn is_escalation(refusal: &str) -> bool {
    refusal.contains("attempting to grant RBAC permissions not currently held")
}
