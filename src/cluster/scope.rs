//! Which part of a cluster is read: all of it, or some namespaces where nobody may read the whole.
//!
//! The API server refuses a list of all namespaces to whoever may read only some, so each of them is listed and
//! watched by itself, with the same code.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::needs::{Asked, NEEDS, Need, READ_NAMESPACE, Reach};

/// What may be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// Every namespace, and what has none.
    #[default]
    Whole,
    /// These namespaces. What has none is asked for all the same: a kind that may not be read makes answers
    /// *unknown*.
    Namespaces(BTreeSet<Arc<str>>),
}

/// Where one list or watch looks: a namespace, or `None`: everywhere.
pub(super) type At = Option<Arc<str>>;

impl Scope {
    /// The namespaces that a configuration names; `None`: the whole cluster.
    pub fn of(namespaces: Option<&[String]>) -> Self {
        let some = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
        namespaces.map_or(Self::Whole, |names| Self::Namespaces(some(names)))
    }

    /// Where a kind that lives in namespaces is looked for.
    pub(super) fn places(&self) -> Vec<At> {
        match self {
            Self::Whole => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }

    /// The namespaces that are read; `None`: all.
    pub(super) fn only(&self) -> Option<&BTreeSet<Arc<str>>> {
        match self {
            Self::Whole => None,
            Self::Namespaces(names) => Some(names),
        }
    }
}

/// How a kind at a place is called in logs and readiness: `pods`, `pods in shop`.
pub(super) fn label(kind: &str, at: Option<&str>) -> String {
    at.map_or_else(|| kind.to_owned(), |name| format!("{kind} in {name}"))
}

/// What an account needs besides that reads only some namespaces, in each of them: nobody may watch one
/// Namespace object, so it is read by its name.
pub const NAMESPACED_NEEDS: &[Need] = &[Need {
    role: READ_NAMESPACE,
    reach: Reach::Namespace,
    group: "",
    resource: "namespaces",
    verbs: &["get"],
    names: &[],
}];

/// Kinds of [`NEEDS`] without a namespace, but for Namespace itself.
const CLUSTER_SCOPED: &[&str] = &[
    "adminnetworkpolicies",
    "baselineadminnetworkpolicies",
    "clusternetworkpolicies",
    "ciliumclusterwidenetworkpolicies",
    "globalnetworkpolicies",
    "tokenreviews",
];

/// What is asked of a cluster of which this part is read, gates apart, each with its row.
pub(super) fn asked_in(scope: &Scope) -> Vec<(Asked, &'static Need)> {
    let in_cluster = NEEDS.iter().filter(|need| need.reach == Reach::Cluster);
    let Some(names) = scope.only() else {
        return in_cluster.flat_map(|need| need.asked(None)).collect();
    };
    let rows = in_cluster.filter(|need| need.resource != "namespaces");
    let rows = rows.chain(NAMESPACED_NEEDS).flat_map(|need| {
        if CLUSTER_SCOPED.contains(&need.resource) {
            return need.asked(None);
        }
        let each = names.iter().flat_map(|name| need.asked(Some(name)));
        each.collect()
    });
    rows.collect()
}
