//! Our own objects, of every kind that a gate may be made of.
//!
//! NetworkPolicies are everywhere. The other kinds a cluster may not have, or we may not see: neither holds up
//! readiness, the sweep or the other kinds. They are followed whatever the templates say, because an open gate
//! must be found after the templates have changed and the store is lost.
//!
//! # Guarantees
//! What cannot be looked at is never called gone: gates that were known stay known when the permission is taken
//! away, and whoever compares is told which kinds were not looked at.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use kube::core::{ApiResource, GroupVersionKind};
use serde::Deserialize;
use serde_json::Value;

use super::Cluster;
use super::error::ClusterError;
use super::gate::managed_selector;
use super::needs::Asked;
use super::object::SeenObject;
use super::scope::{At, label};
use super::sight::{GateKey, Sight};
use super::watch::{self, Follower, Rounds};
use super::wire::CALL_LIMIT;
use crate::objects::Kind;

/// Whether gates of a kind are seen.
///
/// In the order in which they can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sees {
    /// They were listed.
    Yes,
    /// The cluster has no such kind.
    Absent,
    /// Nothing is known yet.
    NotYet,
    /// There is such a kind, and we may not list or watch it.
    Forbidden,
}

/// Whether every cluster has the kind and every account of ours may list it.
pub(super) const fn is_needed(kind: Kind) -> bool {
    matches!(kind, Kind::NetworkPolicy)
}

/// How the API server's paths name a kind.
pub(super) fn resource(kind: Kind) -> ApiResource {
    let (group, version) = kind
        .api_version()
        .split_once('/')
        .unwrap_or(("", kind.api_version()));
    let named = GroupVersionKind::gvk(group, version, kind.name());
    ApiResource::from_gvk_with_plural(&named, kind.plural())
}

/// How a kind of gates is called in readiness.
pub(super) fn label_of(kind: Kind, at: Option<&str>) -> String {
    label(&format!("gates of {}", kind.plural()), at)
}

#[derive(Deserialize)]
struct Served {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}

impl Cluster {
    /// Whether gates of this kind are seen, as the watches last found out.
    pub fn gates(&self, kind: Kind) -> Sees {
        self.sight.sees(kind)
    }

    /// Starts following our objects of every kind.
    pub(super) fn follow_gates(
        &self,
        tracker: &tokio_util::task::TaskTracker,
        stop: &tokio_util::sync::CancellationToken,
    ) {
        let places = self.scope.places();
        let all = Kind::ALL
            .into_iter()
            .flat_map(|kind| places.iter().map(move |at| (kind, at)));
        for (kind, at) in all {
            let follower = GateFollower::new(&self.sight, kind, at.clone());
            if is_needed(kind) {
                tracker.spawn(watch::follow(self.clone(), follower, stop.clone()));
            } else {
                tracker.spawn(watch::rounds(self.clone(), follower, stop.clone()));
            }
        }
    }

    /// Looks whether a kind is there and may be listed, without being refused: refusals are what the people who
    /// read the API server's audit log look for. What was seen a moment ago is simply listed again.
    pub(super) async fn presence(
        &self,
        kind: Kind,
        at: Option<&str>,
    ) -> Result<Sees, ClusterError> {
        match self.sight.sees(kind) {
            Sees::Yes => Ok(Sees::Yes),
            Sees::NotYet | Sees::Absent | Sees::Forbidden => self.look_at(kind, at).await,
        }
    }

    /// Asks the API server whether it has a kind, and whether we may list it wherever we read.
    ///
    /// # Errors
    /// [`ClusterError`]; never an answer for want of one.
    pub async fn look_for(&self, kind: Kind) -> Result<Sees, ClusterError> {
        let mut least = Sees::Yes;
        for at in self.scope.places() {
            least = least.max(self.look_at(kind, at.as_deref()).await?);
        }
        Ok(least)
    }

    async fn look_at(&self, kind: Kind, at: Option<&str>) -> Result<Sees, ClusterError> {
        let path = format!("/apis/{}", kind.api_version());
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|error| ClusterError::Invalid(error.to_string()))?;
        let discovery = Asked::new("get", "", "apis", None);
        let answer = self.wire.repeatable(&request, &discovery, CALL_LIMIT).await;
        let served: Served = match answer {
            Ok(answer) => answer.read()?,
            Err(error) => return unseen(error),
        };
        if !served.resources.iter().any(|it| it.name == kind.plural()) {
            return Ok(Sees::Absent);
        }
        let list = Asked::new("list", kind.group(), kind.plural(), at);
        let may = self.may(&list).await?;
        Ok(if may { Sees::Yes } else { Sees::Forbidden })
    }
}

/// Sorts the failures that say something about the kind from those that say something about the server.
pub(super) fn unseen(error: ClusterError) -> Result<Sees, ClusterError> {
    match error {
        ClusterError::Nowhere(_) => Ok(Sees::Absent),
        ClusterError::Forbidden { .. } | ClusterError::Denied(_) => Ok(Sees::Forbidden),
        other => Err(other),
    }
}

/// Keeps the list of our own objects of one kind, by label.
struct GateFollower {
    kind: Kind,
    at: At,
    resource: ApiResource,
    sight: Arc<Sight>,
}

impl GateFollower {
    fn new(sight: &Arc<Sight>, kind: Kind, at: At) -> Self {
        Self {
            kind,
            at,
            resource: resource(kind),
            sight: Arc::clone(sight),
        }
    }

    fn read(&self, manifest: Value) -> Option<(GateKey, SeenObject)> {
        let seen = SeenObject::read(&self.resource, manifest)
            .inspect_err(|error| tracing::warn!(%error, "an object without metadata"))
            .ok()?;
        let key = (self.kind, seen.at.namespace.clone(), seen.at.name.clone());
        Some((key, seen))
    }

    async fn look(&mut self, cluster: &Cluster) -> Result<Sees, ClusterError> {
        match cluster.presence(self.kind, self.at.as_deref()).await? {
            Sees::Yes => match watch::round(cluster, self).await {
                Ok(()) => Ok(Sees::Yes),
                Err(error) => unseen(error),
            },
            unseen => Ok(unseen),
        }
    }
}

impl Follower for GateFollower {
    type Item = Value;
    type Kept = Value;

    fn kind(&self) -> &ApiResource {
        &self.resource
    }

    fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    fn selector(&self) -> Option<String> {
        Some(managed_selector())
    }

    fn label(&self) -> String {
        label_of(self.kind, self.at.as_deref())
    }

    fn keep(&mut self, item: Value) -> Value {
        item
    }

    fn replace(&mut self, items: Vec<Value>) {
        let now: BTreeMap<GateKey, SeenObject> =
            items.into_iter().filter_map(|i| self.read(i)).collect();
        self.sight.set_sees(self.kind, &self.at, Sees::Yes);
        self.sight.replace_gates(self.kind, &self.at, now);
    }

    fn seen(&mut self, item: Value) {
        if let Some((key, seen)) = self.read(item) {
            self.sight.put_gate(key, seen);
            self.sight.tell();
        }
    }

    fn gone(&mut self, item: Value) {
        if let Some((key, seen)) = self.read(item) {
            self.sight.drop_gate(&key, seen);
        }
    }
}

/// For the kinds that may not be there.
impl Rounds for GateFollower {
    fn label(&self) -> String {
        label_of(self.kind, self.at.as_deref())
    }

    async fn round(&mut self, cluster: &Cluster) -> Result<Duration, ClusterError> {
        let began = cluster.clock.now();
        let sees = self.look(cluster).await?;
        match sees {
            Sees::Yes => return Ok(watch::SHORTEST),
            // With its kind every object of it went.
            Sees::Absent => self
                .sight
                .replace_gates(self.kind, &self.at, BTreeMap::new()),
            Sees::Forbidden | Sees::NotYet => {}
        }
        self.sight.set_sees(self.kind, &self.at, sees);
        cluster
            .sight
            .swept(&label_of(self.kind, self.at.as_deref()), began);
        Ok(watch::AGAIN)
    }
}
