//! What the core knows of a cluster: namespaces, pods with their workloads, services and policies.
//!
//! Holds only what decisions need. Objects that carry our managed-by label are kept apart as
//! [`Space::gates`]: they are never part of the baseline that asks are judged against.
//!
//! Each namespace, and each object in it, is shared behind an `Arc`: a clone costs one pointer a
//! namespace, and a change copies only pointers of the namespace it touches. So a watcher can
//! publish a fresh snapshot per event.

pub mod object;
pub mod pod;
pub mod service;
pub mod wide;
pub mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::marks;
use super::policy::Policy;
use super::selector::{Labels, Selector};
pub use object::{Extension, Object, ObjectKey};
pub use pod::{ContainerPort, Pod, PodRef};
pub use service::{Service, ServicePort};
use wide::Wide;
pub use workload::{Workload, WorkloadRef};

/// The label that the control plane sets on every namespace: its name.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A cluster, as last seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    spaces: BTreeMap<Arc<str>, Arc<Space>>,
    wide: Arc<Wide>,
}

/// What one namespace holds, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Space {
    /// The namespace's labels, [`NAMESPACE_NAME`] always included.
    pub labels: Labels,
    /// Whether the Namespace object itself was seen; its pods alone make it known.
    declared: bool,
    /// All pods, finished ones included (they are named in refusals).
    pub pods: BTreeMap<Arc<str>, Arc<Pod>>,
    /// Services.
    pub services: BTreeMap<Arc<str>, Arc<Service>>,
    /// Policies of others: the baseline.
    pub policies: BTreeMap<Arc<str>, Arc<Policy>>,
    /// Policies of Cilium's, each with its rules; also what wears our label and does more than allow.
    pub cilium: BTreeMap<Arc<str>, Arc<[Policy]>>,
    /// Our own open gates.
    pub gates: BTreeMap<Arc<str>, Arc<Policy>>,
    /// Our own open gates that are Cilium's.
    pub cilium_gates: BTreeMap<Arc<str>, Arc<[Policy]>>,
    /// Another one after every change but those of our own gates alone.
    baseline: Arc<()>,
    /// Objects that own pods, by kind and name.
    pub workloads: BTreeMap<(Box<str>, Box<str>), Arc<Workload>>,
}

impl Snapshot {
    /// A snapshot of these objects; of two with the same key the later counts.
    pub fn from_objects(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut snapshot = Self::default();
        objects
            .into_iter()
            .for_each(|object| snapshot.apply(object));
        snapshot
    }

    /// Adds an object or replaces the one with its key.
    pub fn apply(&mut self, object: Object) {
        let key = object.key();
        let name: Arc<str> = key.name.as_str().into();
        if let Object::Extension(object) = &object {
            return self.apply_extension(&key, object);
        }
        let space = self.space_mut(key.space());
        let mut gates_alone = false;
        match object {
            Object::Namespace(namespace) => {
                space.labels = namespace_labels(&name, &namespace.metadata);
                space.declared = true;
            }
            Object::Pod(pod) => {
                space.pods.insert(name, Pod::read(&pod).into());
            }
            Object::Service(service) => {
                space.services.insert(name, Service::read(&service).into());
            }
            Object::Policy(policy) => {
                // The label decides anew each time: it may have been added or taken away.
                let ours = marks::is_ours(&policy.metadata);
                let (into, out_of) = if ours {
                    (&mut space.gates, &mut space.policies)
                } else {
                    (&mut space.policies, &mut space.gates)
                };
                gates_alone = out_of.remove(&name).is_none() && ours;
                into.insert(name, Policy::read(&policy, key.space()).into());
            }
            Object::Extension(_) => {}
            other => {
                if let Some(workload) = Workload::read(&other) {
                    space.workloads.insert(workload_key(&key), workload.into());
                }
            }
        }
        if !gates_alone {
            space.baseline = Arc::default();
        }
    }

    /// Forgets an object; an unknown key changes nothing.
    pub fn remove(&mut self, key: &ObjectKey) {
        if Arc::make_mut(&mut self.wide).remove(key) {
            return;
        }
        let Some(space) = self.spaces.get_mut(key.space()).map(Arc::make_mut) else {
            return;
        };
        let name = key.name.as_str();
        let mut gates_alone = false;
        match key.kind.as_str() {
            "Namespace" => {
                space.labels = implied_labels(name);
                space.declared = false;
            }
            "Pod" => drop(space.pods.remove(name)),
            "Service" => drop(space.services.remove(name)),
            wide::CILIUM_NAMESPACED => {
                gates_alone = space.cilium.remove(name).is_none();
                space.cilium_gates.remove(name);
            }
            "NetworkPolicy" => {
                gates_alone = space.policies.remove(name).is_none();
                space.gates.remove(name);
            }
            _ => drop(space.workloads.remove(&workload_key(key))),
        }
        if !gates_alone {
            space.baseline = Arc::default();
        }
        if space.is_forgotten() {
            self.spaces.remove(key.space());
        }
    }

    /// Names of all namespaces, sorted.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.spaces.keys().map(AsRef::as_ref)
    }

    /// What a namespace holds; `None` when neither it nor anything in it was seen.
    pub fn space(&self, namespace: &str) -> Option<&Space> {
        self.spaces.get(namespace).map(Arc::as_ref)
    }

    /// A namespace's labels, for rules that name owners by them; empty when it is unknown.
    pub fn namespace_labels(&self, namespace: &str) -> BTreeMap<String, String> {
        let labels = self
            .space(namespace)
            .into_iter()
            .flat_map(|s| s.labels.iter());
        labels.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    /// Pods of one namespace that have not finished, by name. A Succeeded or Failed pod keeps its
    /// address in its status while another pod already uses it, so it counts for nothing.
    pub fn running<'a>(&'a self, namespace: &str) -> impl Iterator<Item = PodRef<'a>> + use<'a> {
        let found = self.spaces.get_key_value(namespace);
        found
            .into_iter()
            .flat_map(|(name, space)| space.running(name))
    }

    /// Pods of the whole cluster that have not finished, by namespace and name.
    pub fn all_running(&self) -> impl Iterator<Item = PodRef<'_>> {
        self.spaces
            .iter()
            .flat_map(|(name, space)| space.running(name))
    }

    /// Pods of a namespace that a policy or a peer with this selector means. Pods on the host's
    /// network are not among them: neither are they isolated, nor does a selector match their traffic.
    pub fn selected<'a>(&'a self, namespace: &str, selector: &Selector) -> Vec<PodRef<'a>> {
        self.running(namespace)
            .filter(|p| !p.pod.host_network && selector.matches(&p.pod.labels))
            .collect()
    }

    /// The workloads of a namespace with at least one running pod, bare pods included.
    pub fn workloads(&self, namespace: &str) -> BTreeSet<WorkloadRef> {
        self.running(namespace).map(|pod| pod.workload()).collect()
    }

    fn space_mut(&mut self, namespace: &str) -> &mut Space {
        let space = self.spaces.entry(namespace.into()).or_insert_with(|| {
            Arc::new(Space {
                labels: implied_labels(namespace),
                ..Space::default()
            })
        });
        Arc::make_mut(space)
    }
}

impl Space {
    fn running<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = PodRef<'a>> {
        let pods = self.pods.iter().filter(|(_, pod)| !pod.finished);
        pods.map(move |(name, pod)| PodRef {
            namespace,
            space: self,
            name,
            pod,
        })
    }

    fn is_forgotten(&self) -> bool {
        !self.declared
            && self.pods.is_empty()
            && self.services.is_empty()
            && self.policies.is_empty()
            && self.gates.is_empty()
            && self.cilium.is_empty()
            && self.cilium_gates.is_empty()
            && self.workloads.is_empty()
    }
}

fn workload_key(key: &ObjectKey) -> (Box<str>, Box<str>) {
    (key.kind.as_str().into(), key.name.as_str().into())
}

fn implied_labels(namespace: &str) -> Labels {
    Labels::from_iter([(NAMESPACE_NAME, namespace)])
}

/// The control plane keeps [`NAMESPACE_NAME`] true, whatever a manifest says.
fn namespace_labels(name: &str, meta: &ObjectMeta) -> Labels {
    let own = meta.labels.iter().flatten();
    own.map(|(k, v)| (k.as_str(), v.as_str()))
        .filter(|(key, _)| *key != NAMESPACE_NAME)
        .chain([(NAMESPACE_NAME, name)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netpol::tests::fixtures::{deny, namespace, pod, snapshot};

    #[test]
    fn a_namespace_known_only_from_its_pods_carries_its_name_as_a_label() {
        let cluster = snapshot([pod("a", "web").into()]);
        assert_eq!(cluster.namespace_labels("a")[NAMESPACE_NAME], "a");
    }

    #[test]
    fn the_control_planes_label_beats_a_manifest() {
        let lying = namespace("a").label(NAMESPACE_NAME, "b").label("x", "y");
        let labels = snapshot([lying.into()]).namespace_labels("a");
        assert_eq!(labels[NAMESPACE_NAME], "a");
        assert_eq!(labels["x"], "y");
    }

    #[test]
    fn an_object_moves_in_and_out_of_our_gates_with_its_label() {
        let mut cluster = snapshot([deny("a", "x").into()]);
        cluster.apply(deny("a", "x").ours().into());
        let space = cluster.space("a").unwrap();
        assert_eq!((space.policies.len(), space.gates.len()), (0, 1));
        cluster.apply(deny("a", "x").into());
        let space = cluster.space("a").unwrap();
        assert_eq!((space.policies.len(), space.gates.len()), (1, 0));
    }

    #[test]
    fn removing_everything_leaves_an_empty_snapshot() {
        let objects: Vec<Object> = vec![
            namespace("a").into(),
            pod("a", "web").into(),
            deny("a", "x").into(),
            deny("a", "y").ours().into(),
        ];
        let keys: Vec<ObjectKey> = objects.iter().map(Object::key).collect();
        let mut cluster = Snapshot::from_objects(objects);
        let before = cluster.clone();
        for key in &keys {
            cluster.remove(key);
            cluster.remove(key);
        }
        assert_eq!(cluster, Snapshot::default());
        assert_ne!(cluster, before, "a clone keeps what it saw");
    }
}
