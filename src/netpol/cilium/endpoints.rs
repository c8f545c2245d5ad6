//! Cilium's endpoint selectors, which speak of pods and of their namespaces in one set of labels.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use crate::netpol::fields::selector;
use crate::netpol::selector::Selector;
use crate::netpol::snapshot::NAMESPACE_NAME;

/// The pseudo-label of a pod's namespace.
const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// The prefix of its namespace's labels.
const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
/// Labels that a pod gets from elsewhere: its account, its cluster.
const ELSEWHERE: &str = "io.cilium.k8s.policy.";

/// Where a selector that names no namespace looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// In the policy's own namespace.
    Namespace,
    /// Everywhere.
    Cluster,
}

/// A selector, split into what it says of pods and of namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split {
    /// `None`: it names no namespace.
    pub(super) namespaces: Option<Selector>,
    pub(super) pods: Selector,
}

/// Whose label a key names.
enum Of {
    Pod(String),
    Namespace(String),
}

/// Reads a selector; `None` when it speaks of labels that are not known here.
pub(super) fn read(value: &Value, home: Home) -> Option<Split> {
    let all = selector(value)?;
    let (mut pods, mut namespaces) = (LabelSelector::default(), LabelSelector::default());
    for (key, value) in all.match_labels.into_iter().flatten() {
        let (into, key) = match whose(&key)? {
            Of::Pod(key) => (&mut pods, key),
            Of::Namespace(key) => (&mut namespaces, key),
        };
        into.match_labels.get_or_insert_default().insert(key, value);
    }
    for mut entry in all.match_expressions.into_iter().flatten() {
        let (into, key) = match whose(&entry.key)? {
            Of::Pod(key) => (&mut pods, key),
            Of::Namespace(key) => (&mut namespaces, key),
        };
        entry.key = key;
        into.match_expressions.get_or_insert_default().push(entry);
    }
    let named = Selector::from(&namespaces);
    Some(Split {
        namespaces: match home {
            Home::Namespace if named.is_everything() => None,
            Home::Namespace | Home::Cluster => Some(named),
        },
        pods: Selector::from(&pods),
    })
}

/// `k8s:app`, `any:app` and `app` are a pod's label; other sources are not known here.
fn whose(key: &str) -> Option<Of> {
    let key = match key.split_once(':') {
        None | Some(("k8s" | "any", _)) => key.split_once(':').map_or(key, |(_, bare)| bare),
        Some(_) => return None,
    };
    if key == POD_NAMESPACE {
        return Some(Of::Namespace(NAMESPACE_NAME.to_owned()));
    }
    if let Some(label) = key.strip_prefix(NAMESPACE_LABELS) {
        return Some(Of::Namespace(label.to_owned()));
    }
    (!key.starts_with(ELSEWHERE)).then(|| Of::Pod(key.to_owned()))
}
