//! What feeds one kind of objects into the snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::core::ApiResource;
use serde::de::DeserializeOwned;

use super::Sight;
use crate::cluster::scope::{At, label};
use crate::cluster::watch::Follower;
use crate::netpol::snapshot::{Object, ObjectKey};

/// An object of a list that is being read.
pub(in super::super) enum Kept<K> {
    /// As it was read.
    Whole(Box<K>),
    /// It is in the picture already.
    Taken(ObjectKey),
}

/// Feeds one kind into the snapshot.
pub(in super::super) struct SnapshotFollower<K> {
    kind: ApiResource,
    wrap: fn(Box<K>) -> Object,
    at: At,
    sight: Arc<Sight>,
    /// Versions of the objects in the snapshot, so that a sweep that finds nothing new changes
    /// nothing.
    known: BTreeMap<ObjectKey, String>,
}

impl<K: kube::Resource<DynamicType = ()>> SnapshotFollower<K> {
    pub(in super::super) fn new(sight: &Arc<Sight>, wrap: fn(Box<K>) -> Object, at: At) -> Self {
        Self {
            kind: ApiResource::erase::<K>(&()),
            wrap,
            at,
            sight: Arc::clone(sight),
            known: BTreeMap::new(),
        }
    }

    fn key(item: &K) -> ObjectKey {
        ObjectKey {
            kind: K::kind(&()).into_owned(),
            namespace: item.meta().namespace.clone().unwrap_or_default(),
            name: item.meta().name.clone().unwrap_or_default(),
        }
    }

    fn put(&mut self, mut item: K) {
        let key = Self::key(&item);
        let version = item.meta().resource_version.clone().unwrap_or_default();
        if self.known.get(&key) == Some(&version) {
            return;
        }
        // Half of a pod's size, and nothing in it matters to a flow.
        item.meta_mut().managed_fields = None;
        self.known.insert(key, version);
        self.sight.edit(|s| s.apply((self.wrap)(Box::new(item))));
    }

    fn drop_key(&mut self, key: &ObjectKey) {
        if self.known.remove(key).is_some() {
            self.sight.edit(|s| s.remove(key));
        }
    }
}

impl<K> Follower for SnapshotFollower<K>
where
    K: kube::Resource<DynamicType = ()> + DeserializeOwned + Clone + Send + 'static,
{
    type Item = K;
    type Kept = Kept<K>;

    fn kind(&self) -> &ApiResource {
        &self.kind
    }

    fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    fn selector(&self) -> Option<String> {
        None
    }

    fn label(&self) -> String {
        label(&self.kind.plural, self.at.as_deref())
    }

    /// Pods go into the picture page by page. There may be thousands, each of many kilobytes, and each comes and
    /// goes by itself. What decides about flows is taken over in one step, or there would be moments with the
    /// policies of half a list.
    fn keep(&mut self, item: K) -> Kept<K> {
        if self.kind.plural != "pods" {
            return Kept::Whole(Box::new(item));
        }
        let key = Self::key(&item);
        self.put(item);
        Kept::Taken(key)
    }

    fn replace(&mut self, items: Vec<Kept<K>>) {
        let key = |kept: &Kept<K>| match kept {
            Kept::Whole(item) => Self::key(item),
            Kept::Taken(key) => key.clone(),
        };
        let now: BTreeSet<ObjectKey> = items.iter().map(key).collect();
        let lost: Vec<ObjectKey> = self
            .known
            .keys()
            .filter(|k| !now.contains(k))
            .cloned()
            .collect();
        lost.iter().for_each(|key| self.drop_key(key));
        for kept in items {
            if let Kept::Whole(item) = kept {
                self.put(*item);
            }
        }
    }

    fn seen(&mut self, item: K) {
        self.put(item);
    }

    fn gone(&mut self, item: K) {
        self.drop_key(&Self::key(&item));
    }
}
