//! Whether a live gate has become the only policy that isolates a pod.
//!
//! A gate is planned so that it isolates nothing; but when the policy that isolated its pods goes, or a
//! pod appears that only the gate selects, the gate alone cuts that pod's other clients (DESIGN §3,
//! fact 9). INVARIANT (nothing breaks) of a gate's lifetime rests on asking this whenever the cluster
//! changes.

use k8s_openapi::api::networking::v1::NetworkPolicy;

use super::evaluate::{End, Evaluator};
use super::policy::{Direction, Policy};
use super::snapshot::Snapshot;

/// Pods named in a sentence; more are counted.
const NAMED: usize = 3;

/// Pods (`namespace/name`, sorted) that the gate isolates in a direction in which no policy of others
/// does. Empty: the gate cuts nothing.
pub fn isolated_alone(snapshot: &Snapshot, gate: &NetworkPolicy) -> Vec<String> {
    let namespace = gate.metadata.namespace.as_deref().unwrap_or_default();
    let policy = Policy::read(gate, namespace);
    let baseline = Evaluator::baseline(snapshot);
    let directions = [Direction::Egress, Direction::Ingress];
    let mut alone: Vec<String> = snapshot
        .selected(namespace, &policy.subject)
        .into_iter()
        .filter(|pod| {
            let party = baseline.party(End::Pod(*pod));
            let alone_in = |way: &Direction| policy.isolates(*way) && !party.is_isolated(*way);
            directions.iter().any(alone_in)
        })
        .map(|pod| format!("{}/{}", pod.namespace, pod.name))
        .collect();
    alone.sort();
    alone
}

/// The pods in a sentence: `` `a/web-1`, `a/web-2` and 4 more ``.
pub fn named(pods: &[String]) -> String {
    let named: Vec<String> = pods
        .iter()
        .take(NAMED)
        .map(|pod| format!("`{pod}`"))
        .collect();
    let more = pods.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    named.join(", ") + &more
}
