//! Namespaces that are read one by one, because the list of all may not be.
//!
//! An account that is let into a namespace by a RoleBinding there may read that Namespace object by its name, and
//! may not watch it. So it is read again as often as everything else is listed again: labels of a namespace are up
//! to that old.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::core::ApiResource;

use super::Cluster;
use super::error::ClusterError;
use super::gate::{misbuilt, requests};
use super::needs::Asked;
use super::scope::label;
use super::sight::{Sight, SnapshotFollower};
use super::watch::{Follower, Rounds, WATCH_FOR};
use super::wire::CALL_LIMIT;
use crate::netpol::snapshot::Object;

/// How a namespace that is read by itself is called in readiness.
pub(super) fn label_of(name: &str) -> String {
    label("namespaces", Some(name))
}

/// Feeds one Namespace object into the snapshot.
pub(super) struct NamespaceFollower {
    name: Arc<str>,
    snapshot: SnapshotFollower<Namespace>,
}

impl NamespaceFollower {
    pub(super) fn new(sight: &Arc<Sight>, name: &Arc<str>) -> Self {
        let at = Some(Arc::clone(name));
        Self {
            name: Arc::clone(name),
            snapshot: SnapshotFollower::new(sight, Object::Namespace, at),
        }
    }
}

impl Rounds for NamespaceFollower {
    fn label(&self) -> String {
        label_of(&self.name)
    }

    async fn round(&mut self, cluster: &Cluster) -> Result<Duration, ClusterError> {
        let began = cluster.clock.now();
        let found = cluster.namespace(&self.name).await?;
        let found = found.into_iter().map(|it| self.snapshot.keep(it)).collect();
        self.snapshot.replace(found);
        cluster.sight.swept(&label_of(&self.name), began);
        Ok(WATCH_FOR)
    }
}

impl Cluster {
    /// Every Namespace object that is read.
    pub(super) async fn namespaces(&self) -> Result<Vec<Namespace>, ClusterError> {
        let Some(names) = self.scope.only() else {
            let kind = ApiResource::erase::<Namespace>(&());
            return Ok(self.list(&kind, None, None).await?.items);
        };
        let mut found = Vec::new();
        for name in names {
            found.extend(self.namespace(name).await?);
        }
        Ok(found)
    }

    /// One Namespace object by its name; `None`: there is none.
    pub(super) async fn namespace(&self, name: &str) -> Result<Option<Namespace>, ClusterError> {
        let kind = ApiResource::erase::<Namespace>(&());
        let request = requests(&kind, None)
            .get(name, &kube::api::GetParams::default())
            .map_err(misbuilt)?;
        // By RBAC a Namespace object lies in the namespace that it is.
        let asked = Asked::new("get", &kind.group, &kind.plural, Some(name));
        match self.wire.repeatable(&request, &asked, CALL_LIMIT).await {
            Ok(answer) => answer.read().map(Some),
            Err(ClusterError::Nowhere(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
