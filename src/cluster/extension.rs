//! Policies of kinds that not every cluster has: the admin tiers, Cilium's and Calico's.
//!
//! A kind that is not installed decides nothing. One that is there and may not be read, or is served
//! only in a way that is not known here, makes answers *unknown*: it must never look like an absent one.
//!
//! # Guarantees
//! Holds up neither readiness nor the other kinds: absent and forbidden count as seen, and are asked for
//! again every minute.

mod kinds;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use kube::core::ApiResource;
use serde::Deserialize;
use serde_json::Value;

use super::Cluster;
use super::error::ClusterError;
use super::needs::Asked;
use super::scope::At;
use super::sight::Sight;
use super::watch::{self, Follower, Rounds};
use super::wire::CALL_LIMIT;
use crate::netpol::Snapshot;
use crate::netpol::snapshot::ObjectKey;
pub(super) use kinds::{OPTIONAL, Optional};

/// Why a kind is unread of which an object has no metadata that can be read.
const UNREADABLE: &str = "an object cannot be read";

/// What a look for a kind found.
enum Found {
    /// Not installed.
    Absent,
    /// There, and not to be read: why.
    Unreadable(String),
}

/// Sorts the failures that say something about the kind from those that say something about the server.
fn meaning(error: ClusterError) -> Result<Found, ClusterError> {
    match error {
        ClusterError::Nowhere(_) => Ok(Found::Absent),
        ClusterError::Forbidden { .. } | ClusterError::Denied(_) => {
            Ok(Found::Unreadable("not permitted".to_owned()))
        }
        other => Err(other),
    }
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

impl Cluster {
    /// Adds the kinds that not every cluster has to a snapshot that is read once.
    pub(super) async fn survey_optional(
        &self,
        snapshot: &mut Snapshot,
    ) -> Result<(), ClusterError> {
        let served = self.groups().await?;
        for kind in OPTIONAL {
            for at in kind.places(&self.scope) {
                let label = kind.label(at.as_deref());
                match self.list_optional(kind, at.as_deref(), &served).await {
                    Ok(items) => {
                        for body in items {
                            match kind.object(body) {
                                Some(object) => snapshot.apply(object),
                                None => snapshot.set_unread(&label, Some(UNREADABLE)),
                            }
                        }
                    }
                    Err(error) => {
                        if let Found::Unreadable(why) = meaning(error)? {
                            snapshot.set_unread(&label, Some(&why));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The API groups that the server has, with their versions.
    async fn groups(&self) -> Result<BTreeMap<String, Vec<String>>, ClusterError> {
        let request = Request::get("/apis").body(Vec::new());
        let request = request.map_err(|error| ClusterError::Invalid(error.to_string()))?;
        let asked = Asked::new("get", "", "apis", None);
        let answer = self.wire.repeatable(&request, &asked, CALL_LIMIT).await?;
        let all: Groups = answer.read()?;
        let named = all.groups.into_iter().map(|group| {
            let versions = group.versions.into_iter().map(|v| v.version).collect();
            (group.name, versions)
        });
        Ok(named.collect())
    }

    /// Lists a kind in whichever version it is served.
    async fn list_optional(
        &self,
        kind: &Optional,
        at: Option<&str>,
        served: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<Value>, ClusterError> {
        for version in served.get(kind.group).into_iter().flatten() {
            let resource = kind.resource(version);
            match self.list::<Value>(&resource, at, None).await {
                Err(ClusterError::Nowhere(_)) => {}
                listed => return Ok(listed?.items),
            }
        }
        Err(ClusterError::Nowhere(kind.label(at)))
    }
}

/// What follows one kind.
pub(super) fn follower(sight: &Arc<Sight>, kind: &'static Optional, at: At) -> impl Rounds + use<> {
    ExtensionFollower {
        optional: kind,
        at,
        resource: kind.resource("v1"),
        sight: Arc::clone(sight),
        known: BTreeMap::new(),
    }
}

impl Rounds for ExtensionFollower {
    fn label(&self) -> String {
        self.optional.label(self.at.as_deref())
    }

    async fn round(&mut self, cluster: &Cluster) -> Result<Duration, ClusterError> {
        round(cluster, self).await
    }
}

/// One look and, where the kind is there, the watch that goes on from it; how long to wait then.
async fn round(
    cluster: &Cluster,
    follower: &mut ExtensionFollower,
) -> Result<Duration, ClusterError> {
    let began = cluster.clock.now();
    let Err(error) = look(cluster, follower).await else {
        return Ok(watch::SHORTEST);
    };
    let why = match meaning(error)? {
        Found::Absent => None,
        Found::Unreadable(why) => Some(why),
    };
    let label = Rounds::label(follower);
    // Before its objects go: at no moment may a forbidden kind look like an absent one.
    cluster.sight.set_unread(&label, why.as_deref());
    let gone: Vec<ObjectKey> = follower.known.keys().cloned().collect();
    gone.iter().for_each(|key| follower.drop_key(key));
    cluster.sight.swept(&label, began);
    Ok(watch::AGAIN)
}

/// Lists and watches the kind in whichever version it is served.
async fn look(cluster: &Cluster, follower: &mut ExtensionFollower) -> Result<(), ClusterError> {
    let served = cluster.groups().await?;
    for version in served.get(follower.optional.group).into_iter().flatten() {
        follower.resource = follower.optional.resource(version);
        match watch::round(cluster, follower).await {
            Err(ClusterError::Nowhere(_)) => {}
            done => return done,
        }
    }
    Err(ClusterError::Nowhere(Rounds::label(follower)))
}

/// Feeds one kind into the snapshot.
struct ExtensionFollower {
    optional: &'static Optional,
    at: At,
    resource: ApiResource,
    sight: Arc<Sight>,
    /// Versions of the objects in the snapshot.
    known: BTreeMap<ObjectKey, String>,
}

impl ExtensionFollower {
    fn put(&mut self, body: Value) {
        let version = body
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str);
        let version = version.unwrap_or_default().to_owned();
        let Some(object) = self.optional.object(body) else {
            return;
        };
        let key = object.key();
        if self.known.get(&key) != Some(&version) {
            self.known.insert(key, version);
            self.sight.edit(|snapshot| snapshot.apply(object));
        }
    }

    fn drop_key(&mut self, key: &ObjectKey) {
        if self.known.remove(key).is_some() {
            self.sight.edit(|snapshot| snapshot.remove(key));
        }
    }
}

impl Follower for ExtensionFollower {
    type Item = Value;
    type Kept = Value;

    fn kind(&self) -> &ApiResource {
        &self.resource
    }

    fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    fn selector(&self) -> Option<String> {
        None
    }

    fn label(&self) -> String {
        self.optional.label(self.at.as_deref())
    }

    fn keep(&mut self, item: Value) -> Value {
        item
    }

    fn replace(&mut self, items: Vec<Value>) {
        let objects = items
            .iter()
            .filter_map(|body| self.optional.object(body.clone()));
        let now: std::collections::BTreeSet<ObjectKey> =
            objects.map(|object| object.key()).collect();
        let lost: Vec<ObjectKey> = self
            .known
            .keys()
            .filter(|key| !now.contains(key))
            .cloned()
            .collect();
        lost.iter().for_each(|key| self.drop_key(key));
        let unreadable = items
            .iter()
            .any(|body| self.optional.object(body.clone()).is_none());
        items.into_iter().for_each(|item| self.put(item));
        // After its objects came, for the same reason.
        let why = unreadable.then_some(UNREADABLE);
        self.sight.set_unread(&Rounds::label(self), why);
    }

    fn seen(&mut self, item: Value) {
        self.put(item);
    }

    fn gone(&mut self, item: Value) {
        if let Some(object) = self.optional.object(item) {
            self.drop_key(&object.key());
        }
    }
}
