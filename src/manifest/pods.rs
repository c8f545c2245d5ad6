//! Pods for workloads that have none: in a repository there are only templates, and traffic is judged
//! between pods.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Pod, PodStatus, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::netpol::snapshot::WorkloadRef;
use crate::netpol::{Object, ObjectKey, Snapshot};

/// Adds the pods that workloads would have, to those to which no pod among the objects belongs: two
/// where there would be several, because traffic between replicas must be judged too, else one; none
/// where the workload is scaled to none or has ended. A workload whose own controller is among the
/// objects (a Deployment's ReplicaSet, a CronJob's Job) gets none: they are its controller's.
///
/// The pods have their template's labels, ports and network, are running, and have no address.
pub fn with_pods(objects: Vec<Object>) -> Vec<Object> {
    let mut taken = names(&objects);
    let covered = covered(&objects);
    let plans: Vec<Plan<'_>> = objects.iter().filter_map(Plan::of).collect();
    let present: BTreeSet<&WorkloadRef> = plans.iter().map(|plan| &plan.workload).collect();
    let mut made = Vec::new();
    for plan in &plans {
        let under_another = plan.owners().any(|owner| present.contains(&owner));
        if covered.contains(&plan.workload) || under_another {
            continue;
        }
        made.extend((0..plan.pods).map(|_| plan.pod(&mut taken)));
    }
    drop(plans);
    let made = made.into_iter().map(|pod| Object::Pod(Box::new(pod)));
    objects.into_iter().chain(made).collect()
}

/// Names of pods that are there, by namespace.
type Names = BTreeMap<String, BTreeSet<String>>;

fn names(objects: &[Object]) -> Names {
    let mut names = Names::new();
    for object in objects {
        if let Object::Pod(_) = object {
            let ObjectKey {
                namespace, name, ..
            } = object.key();
            names.entry(namespace).or_default().insert(name);
        }
    }
    names
}

fn reference(object: &Object) -> WorkloadRef {
    let ObjectKey {
        kind,
        namespace,
        name,
    } = object.key();
    WorkloadRef {
        namespace,
        kind,
        name,
    }
}

/// Workloads that pods belong to, directly or through another workload, finished pods included: by
/// the same reading of owners as the snapshot's.
fn covered(objects: &[Object]) -> BTreeSet<WorkloadRef> {
    let of_pods = objects.iter().filter_map(|object| match object {
        Object::Pod(pod) => Some(Object::Pod(Box::new(Pod {
            metadata: pod.metadata.clone(),
            ..Pod::default()
        }))),
        Object::Namespace(_) | Object::Service(_) | Object::Policy(_) | Object::Extension(_) => {
            None
        }
        workload => Some(workload.clone()),
    });
    let snapshot = Snapshot::from_objects(of_pods);
    let pods = snapshot.all_running();
    pods.flat_map(|pod| pod.identities().collect::<Vec<_>>())
        .collect()
}

/// The pods that a workload is to get.
struct Plan<'a> {
    workload: WorkloadRef,
    api_version: &'static str,
    metadata: &'a ObjectMeta,
    template: &'a PodTemplateSpec,
    pods: usize,
}

impl<'a> Plan<'a> {
    /// `None` for an object that makes no pods.
    fn of(object: &'a Object) -> Option<Self> {
        let (api_version, template, pods) = match object {
            Object::Deployment(o) => ("apps/v1", &o.spec.template, several(o.spec.replicas)),
            Object::StatefulSet(o) => ("apps/v1", &o.spec.template, several(o.spec.replicas)),
            Object::ReplicaSet(o) => {
                let template = o.spec.template.as_ref()?;
                ("apps/v1", template, several(o.spec.replicas))
            }
            // One a node, and there is more than one node.
            Object::DaemonSet(o) => ("apps/v1", &o.spec.template, 2),
            Object::Job(o) => {
                let ended = o
                    .status
                    .as_ref()
                    .is_some_and(|s| s.completion_time.is_some());
                let template = &o.spec.as_ref()?.template;
                ("batch/v1", template, usize::from(!ended))
            }
            // Also while suspended: somebody may start it by hand.
            Object::CronJob(o) => {
                let job = o.spec.job_template.spec.as_ref()?;
                ("batch/v1", &job.template, 1)
            }
            Object::Namespace(_)
            | Object::Pod(_)
            | Object::Service(_)
            | Object::Policy(_)
            | Object::Extension(_) => return None,
        };
        Some(Self {
            workload: reference(object),
            api_version,
            metadata: object.parts().1,
            template,
            pods,
        })
    }

    /// What controls the workload itself.
    fn owners(&self) -> impl Iterator<Item = WorkloadRef> {
        let owners = self.metadata.owner_references.iter().flatten();
        owners.map(|owner| WorkloadRef {
            namespace: self.workload.namespace.clone(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
        })
    }

    /// The next pod, under the first of `<workload>-0`, `<workload>-1`, … that is not taken.
    fn pod(&self, taken: &mut Names) -> Pod {
        let WorkloadRef {
            namespace,
            kind,
            name,
        } = &self.workload;
        let taken = taken.entry(namespace.clone()).or_default();
        let free = (0..=taken.len()).map(|n| (n, format!("{name}-{n}")));
        let (number, pod_name) = free
            .into_iter()
            .find(|(_, pod)| !taken.contains(pod))
            .unwrap_or_default();
        taken.insert(pod_name.clone());
        let owner = OwnerReference {
            api_version: self.api_version.to_owned(),
            kind: kind.clone(),
            name: name.clone(),
            uid: self.metadata.uid.clone().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: None,
        };
        Pod {
            metadata: ObjectMeta {
                labels: Some(self.labels(number, &pod_name)),
                name: Some(pod_name),
                namespace: Some(namespace.clone()),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            spec: self.template.spec.clone(),
            status: Some(PodStatus {
                phase: Some("Running".to_owned()),
                ..PodStatus::default()
            }),
        }
    }

    /// The template's labels, and those that a controller stamps on pods and that can be foretold:
    /// policies do select by them.
    fn labels(&self, number: usize, pod: &str) -> BTreeMap<String, String> {
        let template = self.template.metadata.as_ref();
        let mut labels = template.and_then(|m| m.labels.clone()).unwrap_or_default();
        let stamped: &[(&str, &str)] = match self.workload.kind.as_str() {
            "StatefulSet" => &[
                ("statefulset.kubernetes.io/pod-name", pod),
                ("apps.kubernetes.io/pod-index", &number.to_string()),
            ],
            "Job" => &[
                ("job-name", &self.workload.name),
                ("batch.kubernetes.io/job-name", &self.workload.name),
            ],
            _ => &[],
        };
        let stamped = stamped
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        labels.extend(stamped);
        labels
    }
}

/// Pods for a number of replicas, one where it is left out (`apps/v1` defaults). Two stand for any
/// number above.
fn several(replicas: Option<i32>) -> usize {
    let replicas = usize::try_from(replicas.unwrap_or(1)).unwrap_or(0);
    replicas.min(2)
}
