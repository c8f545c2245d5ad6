//! What concerns a whole cluster: policies without a namespace, policies that cannot be judged, and kinds
//! that could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::object::{Extension, ObjectKey};
use super::{PodRef, Snapshot};
use crate::netpol::calico::Unjudged;
use crate::netpol::cilium;
use crate::netpol::marks;
use crate::netpol::policy::{Direction, Policy};
use crate::netpol::tier::TierPolicy;

/// The kind of key under which Cilium's policies of one namespace are kept.
pub(super) const CILIUM_NAMESPACED: &str = "CiliumNetworkPolicy.cilium.io";

/// Shared by all clones of a snapshot until it changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wide {
    tiers: BTreeMap<ObjectKey, Arc<TierPolicy>>,
    cilium: BTreeMap<ObjectKey, Arc<[Policy]>>,
    unjudged: BTreeMap<ObjectKey, Unjudged>,
    /// Kinds that are there and could not be read, as people read them, by kind.
    unread: BTreeMap<String, Box<str>>,
    runs_cilium: bool,
    /// The namespaces that are read, where not all are.
    only: Option<BTreeSet<Arc<str>>>,
}

impl Wide {
    /// Forgets an object; whether it was here.
    pub(super) fn remove(&mut self, key: &ObjectKey) -> bool {
        let tier = self.tiers.remove(key).is_some();
        let cilium = self.cilium.remove(key).is_some();
        self.unjudged.remove(key).is_some() || tier || cilium
    }
}

impl Snapshot {
    pub(super) fn apply_extension(&mut self, key: &ObjectKey, object: &Extension) {
        if let Some(policies) = cilium::read(object) {
            self.set_runs_cilium();
            let policies: Arc<[Policy]> = policies.into();
            if object.is_namespaced() {
                let name: Arc<str> = key.name.as_str().into();
                let space = self.space_mut(key.space());
                // The label alone hides nothing: what denies or isolates decides like any other.
                let gate =
                    marks::is_ours(&object.metadata) && cilium::only_allows(object, &policies);
                let (into, out_of) = match gate {
                    true => (&mut space.cilium_gates, &mut space.cilium),
                    false => (&mut space.cilium, &mut space.cilium_gates),
                };
                if out_of.remove(&name).is_some() || !gate {
                    space.baseline = Arc::default();
                }
                into.insert(name, policies);
            } else {
                let wide = Arc::make_mut(&mut self.wide);
                wide.cilium.insert(key.clone(), policies);
            }
        } else if let Some(policy) = TierPolicy::read(object) {
            Arc::make_mut(&mut self.wide)
                .tiers
                .insert(key.clone(), policy.into());
        } else if let Some(unjudged) = Unjudged::read(object) {
            Arc::make_mut(&mut self.wide)
                .unjudged
                .insert(key.clone(), unjudged);
        }
    }

    /// Says that Cilium enforces policies here: it matches no pod by its address.
    pub fn set_runs_cilium(&mut self) {
        if !self.wide.runs_cilium {
            Arc::make_mut(&mut self.wide).runs_cilium = true;
        }
    }

    /// Says that a kind of policies is there and could not be read (`Some`: why), or that it could.
    /// What policies of it decide is then unknown, for every pod.
    pub fn set_unread(&mut self, kind: &str, why: Option<&str>) {
        let wide = Arc::make_mut(&mut self.wide);
        match why {
            Some(why) => drop(
                wide.unread
                    .insert(kind.to_owned(), format!("{kind} ({why})").into()),
            ),
            None => drop(wide.unread.remove(kind)),
        }
    }

    /// Says that only these namespaces are read; `None`: all.
    pub fn set_read_only_in(&mut self, namespaces: Option<BTreeSet<Arc<str>>>) {
        if self.wide.only != namespaces {
            Arc::make_mut(&mut self.wide).only = namespaces;
        }
    }

    /// Whether a namespace is read: what is not there is then known not to be.
    pub fn reads(&self, namespace: &str) -> bool {
        self.wide
            .only
            .as_ref()
            .is_none_or(|only| only.contains(namespace))
    }

    /// Whether every namespace is read.
    pub fn reads_all(&self) -> bool {
        self.wide.only.is_none()
    }

    /// Whether a kind is known not to be read.
    pub fn is_unread(&self, kind: &str) -> bool {
        self.wide.unread.contains_key(kind)
    }

    /// Whether Cilium's policies were seen.
    pub fn runs_cilium(&self) -> bool {
        self.wide.runs_cilium
    }

    /// Policies of the admin and baseline tiers.
    pub fn tiers(&self) -> impl Iterator<Item = &TierPolicy> {
        self.wide.tiers.values().map(AsRef::as_ref)
    }

    /// Cilium's cluster-wide policies.
    pub fn clusterwide(&self) -> impl Iterator<Item = &Policy> {
        self.wide.cilium.values().flat_map(|all| all.iter())
    }

    /// What may decide for this pod and was not read or cannot be judged.
    pub fn unseen(&self, pod: &PodRef<'_>, direction: Direction) -> Vec<&str> {
        let unjudged = self.wide.unjudged.values();
        let unjudged = unjudged.filter(|policy| policy.may_select(pod, direction));
        let unread = self.wide.unread.values().map(AsRef::as_ref);
        unread
            .chain(unjudged.map(|policy| policy.path.as_ref()))
            .collect()
    }

    /// Whether two snapshots show the same of these namespaces and of everything without one, our own gates apart: the
    /// baseline is judged without them. Cheap, and never wrong when it says so.
    pub fn is_same_baseline(&self, other: &Self, namespaces: &[&str]) -> bool {
        let same =
            |namespace: &&str| match (self.spaces.get(*namespace), other.spaces.get(*namespace)) {
                (Some(a), Some(b)) => Arc::ptr_eq(&a.baseline, &b.baseline),
                (None, None) => true,
                _ => false,
            };
        let wide = Arc::ptr_eq(&self.wide, &other.wide) || self.wide == other.wide;
        wide && namespaces.iter().all(same)
    }
}
