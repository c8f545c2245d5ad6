//! Which workload a pod belongs to, and what selects that workload's pods.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::object::Object;
use super::{PodRef, Space};
use crate::netpol::selector::{Labels, Selector};

/// Labels with which ReplicaSets tell their pods apart from those of another revision.
const REVISION_LABELS: [&str; 2] = ["pod-template-hash", "rollouts-pod-template-hash"];

/// Labels that controllers stamp on single pods or single revisions: never part of what selects a
/// workload.
const GENERATED_LABELS: [&str; 7] = [
    REVISION_LABELS[0],
    REVISION_LABELS[1],
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
];

/// Labels that tie a pod to one run of a CronJob.
const RUN_LABELS: [&str; 4] = [
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
];

/// An owner reference: what controls an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerRef {
    /// Kind, as Kubernetes writes it.
    pub kind: Box<str>,
    /// Name, in the same namespace.
    pub name: Box<str>,
}

/// An object that owns pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// What selects its pods, where its kind has a selector.
    pub selector: Option<Selector>,
    /// Its own controller: a ReplicaSet's Deployment, a Job's CronJob.
    pub owner: Option<OwnerRef>,
}

/// Names a workload, or a pod without one; printed `ns/Kind/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadRef {
    /// Namespace.
    pub namespace: String,
    /// Kind, as Kubernetes writes it; `Pod` for a bare pod.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl WorkloadRef {
    /// Whether it is a pod by itself.
    pub fn is_pod(&self) -> bool {
        self.kind == "Pod"
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind, self.name)
    }
}

impl OwnerRef {
    /// The controlling owner, else the first (hand-written manifests leave `controller` out).
    pub(super) fn read(meta: &ObjectMeta) -> Option<Self> {
        let owners = meta.owner_references.as_deref().unwrap_or_default();
        let controller = owners.iter().find(|owner| owner.controller == Some(true));
        let owner = controller.or_else(|| owners.first())?;
        // A static pod's mirror is owned by its node, which is no workload.
        (owner.kind != "Node").then(|| Self {
            kind: owner.kind.as_str().into(),
            name: owner.name.as_str().into(),
        })
    }
}

impl Workload {
    /// Reads an object that owns pods; `None` for any other.
    pub(super) fn read(object: &Object) -> Option<Self> {
        let selector: Option<&LabelSelector> = match object {
            Object::ReplicaSet(o) => Some(&o.spec.selector),
            Object::Deployment(o) => Some(&o.spec.selector),
            Object::StatefulSet(o) => Some(&o.spec.selector),
            Object::DaemonSet(o) => Some(&o.spec.selector),
            Object::Job(o) => o.spec.as_ref().and_then(|s| s.selector.as_ref()),
            Object::CronJob(_) => None,
            Object::Namespace(_)
            | Object::Pod(_)
            | Object::Service(_)
            | Object::Policy(_)
            | Object::Extension(_) => {
                return None;
            }
        };
        let (_, meta) = object.parts();
        Some(Self {
            // The API server refuses an empty one, so it only means that it was not read.
            selector: selector.map(Selector::from).filter(|s| !s.is_everything()),
            owner: OwnerRef::read(meta),
        })
    }
}

impl Space {
    pub(super) fn workload_of(&self, pod: &PodRef<'_>) -> WorkloadRef {
        let Some(direct) = &pod.pod.owner else {
            return pod.itself();
        };
        let known = self
            .workloads
            .get(&(direct.kind.clone(), direct.name.clone()));
        if let Some(above) = known.and_then(|workload| workload.owner.as_ref()) {
            return pod.named(&above.kind, &above.name);
        }
        let (kind, name) = match direct.kind.as_ref() {
            "ReplicaSet" => self.above_replica_set(&direct.name, &pod.pod.labels),
            "Job" => self.above_job(&direct.name),
            kind => (kind, direct.name.as_ref()),
        };
        pod.named(kind, name)
    }

    /// A ReplicaSet of which only the name is known: its Deployment if that or another of its
    /// ReplicaSets was seen, else the ReplicaSet without its revision's hash. So a roll-out stays one
    /// workload, also while a new ReplicaSet is seen later than its pods.
    fn above_replica_set<'a>(&'a self, name: &'a str, labels: &Labels) -> (&'a str, &'a str) {
        let base = REVISION_LABELS
            .iter()
            .filter_map(|key| labels.get(key))
            .find_map(|hash| name.strip_suffix(hash)?.strip_suffix('-'))
            .filter(|base| !base.is_empty());
        let Some(base) = base else {
            return ("ReplicaSet", name);
        };
        let sets = self
            .workloads
            .iter()
            .filter(|((kind, _), _)| kind.as_ref() == "ReplicaSet");
        let mut owners = sets.filter_map(|(_, set)| set.owner.as_ref());
        let owner = owners.find(|owner| owner.name.as_ref() == base);
        let seen = owner.map(|owner| owner.kind.as_ref());
        let known = self
            .has_workload("Deployment", base)
            .then_some("Deployment");
        (seen.or(known).unwrap_or("ReplicaSet"), base)
    }

    /// A CronJob names its Jobs `<cronjob>-<minutes since 1970>`.
    fn above_job<'a>(&self, name: &'a str) -> (&'static str, &'a str) {
        let base = name
            .rsplit_once('-')
            .filter(|(_, run)| !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit()))
            .map(|(base, _)| base)
            .filter(|base| self.has_workload("CronJob", base));
        base.map_or(("Job", name), |base| ("CronJob", base))
    }

    fn has_workload(&self, kind: &str, name: &str) -> bool {
        self.workloads.contains_key(&(kind.into(), name.into()))
    }

    /// What selects the pods of the workload `(kind, name)`: its own selector, its ReplicaSets'
    /// without the revision, else the labels that its pods (`pods`, not empty) have in common.
    pub(in crate::netpol) fn selector_of(
        &self,
        kind: &str,
        name: &str,
        pods: &[PodRef<'_>],
    ) -> Selector {
        let own = self.workloads.get(&(kind.into(), name.into()));
        let from_revisions = || {
            let names = pods.iter().filter_map(|p| p.pod.owner.as_ref());
            let mut sets = names
                .filter(|o| o.kind.as_ref() == "ReplicaSet" && o.name.as_ref() != name)
                .filter_map(|o| self.workloads.get(&(o.kind.clone(), o.name.clone())));
            let selector = sets.find_map(|set| set.selector.as_ref())?;
            Some(selector.without(&REVISION_LABELS))
        };
        own.and_then(|w| w.selector.clone())
            .or_else(from_revisions)
            // A selector that its pods have left (labels edited) selects none of them: useless.
            .filter(|s| pods.iter().any(|p| s.matches(&p.pod.labels)))
            .unwrap_or_else(|| derived(kind, name, pods))
    }
}

fn derived(kind: &str, name: &str, pods: &[PodRef<'_>]) -> Selector {
    let mut labels = pods.iter().map(|p| p.pod.labels.clone());
    let first = labels.next().unwrap_or_default();
    let common = labels.fold(first, |common, next| common.common(&next));
    let one_revision = kind == "ReplicaSet"
        && pods.iter().all(|p| {
            p.pod
                .owner
                .as_ref()
                .is_some_and(|o| o.name.as_ref() == name)
        });
    let labels = match kind {
        _ if one_revision => common,
        "CronJob" => common.without(&GENERATED_LABELS).without(&RUN_LABELS),
        _ => common.without(&GENERATED_LABELS),
    };
    Selector::from(&labels)
}

/// The labels that a single pod can be told apart by: its own, without those that change when its
/// controller replaces it. The name that a StatefulSet stamps on each pod stays: it is the pod's.
pub(in crate::netpol) fn lasting_labels(pod: &PodRef<'_>) -> Labels {
    let volatile: Vec<&str> = GENERATED_LABELS
        .into_iter()
        .filter(|key| *key != "statefulset.kubernetes.io/pod-name")
        .collect();
    pod.pod.labels.without(&volatile)
}

#[cfg(test)]
mod tests {
    use crate::netpol::snapshot::Object;
    use crate::netpol::tests::fixtures::{Fixture, pod, snapshot, workload};

    fn workloads(objects: Vec<Object>) -> Vec<String> {
        let cluster = snapshot(objects);
        cluster
            .workloads("a")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_pod_belongs_to_the_highest_owner_that_is_known() {
        let hashed = |name: &str| -> Fixture {
            pod("a", name)
                .owner("ReplicaSet", "web-7d9f")
                .label("pod-template-hash", "7d9f")
        };
        let set = || workload("ReplicaSet", "a", "web-7d9f");
        let earlier = || workload("ReplicaSet", "a", "web-0").owner("Deployment", "web");
        let run = |name: &str| pod("a", name).owner("Job", "backup-28391230");
        for (objects, expected) in [
            (vec![pod("a", "bare").into()], "a/Pod/bare"),
            (
                vec![pod("a", "dns").owner("Node", "n1").into()],
                "a/Pod/dns",
            ),
            (
                vec![pod("a", "db-0").owner("StatefulSet", "db").into()],
                "a/StatefulSet/db",
            ),
            (vec![hashed("x").into()], "a/ReplicaSet/web"),
            (vec![hashed("x").into(), set().into()], "a/ReplicaSet/web"),
            (
                vec![hashed("x").into(), set().owner("Deployment", "web").into()],
                "a/Deployment/web",
            ),
            (
                vec![
                    hashed("x").into(),
                    workload("Deployment", "a", "web").into(),
                ],
                "a/Deployment/web",
            ),
            (
                vec![hashed("x").into(), earlier().into()],
                "a/Deployment/web",
            ),
            (
                vec![pod("a", "x").owner("ReplicaSet", "old").into()],
                "a/ReplicaSet/old",
            ),
            (vec![run("x").into()], "a/Job/backup-28391230"),
            (
                vec![run("x").into(), workload("CronJob", "a", "backup").into()],
                "a/CronJob/backup",
            ),
            (
                vec![pod("a", "x").owner("Kafka", "events").into()],
                "a/Kafka/events",
            ),
        ] {
            assert_eq!(workloads(objects), [expected]);
        }
    }

    #[test]
    fn two_revisions_of_a_roll_out_are_one_workload() {
        let revision = |hash: &str| -> Object {
            pod("a", hash)
                .owner("ReplicaSet", &format!("web-{hash}"))
                .label("pod-template-hash", hash)
                .into()
        };
        assert_eq!(
            workloads(vec![revision("1"), revision("2")]),
            ["a/ReplicaSet/web"]
        );
    }
}
