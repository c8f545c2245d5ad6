//! A selector for one pod and no other.

use crate::netpol::selector::Selector;
use crate::netpol::snapshot::PodRef;
use crate::netpol::snapshot::workload::lasting_labels;

/// Selects `pod` by its labels, and keeps others out by keys that they have and it lacks. Where
/// another pod has the same labels and no further key, it stays in: labels cannot tell them apart,
/// and [`crate::netpol::build()`] refuses such a gate. So it does for a pod without labels, whose
/// selector is everything: naming only what a pod lacks would take in every later pod that lacks it.
pub(super) fn pin<'a>(pod: &PodRef<'a>, others: &[PodRef<'a>]) -> Selector {
    let selector = Selector::from(&lasting_labels(pod));
    if selector.is_everything() {
        return selector;
    }
    let mut rivals: Vec<&PodRef<'_>> = others
        .iter()
        .filter(|other| !other.is(pod) && selector.matches(&other.pod.labels))
        .collect();
    let mut absent = Vec::new();
    // The key that keeps most of them out first; ties by name, so that the answer is stable.
    while let Some(key) = best_key(pod, &rivals) {
        rivals.retain(|rival| rival.pod.labels.get(key).is_none());
        absent.push(key);
    }
    selector.lacking(absent)
}

fn best_key<'a>(pod: &PodRef<'_>, rivals: &[&PodRef<'a>]) -> Option<&'a str> {
    let keys = rivals.iter().flat_map(|rival| rival.pod.labels.iter());
    let foreign = keys
        .map(|(key, _)| key)
        .filter(|key| pod.pod.labels.get(key).is_none());
    let having = |key: &str| {
        let with = rivals.iter().filter(|r| r.pod.labels.get(key).is_some());
        with.count()
    };
    foreign.max_by_key(|key| (having(key), std::cmp::Reverse(*key)))
}
