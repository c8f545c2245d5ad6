//! The Kubernetes adapter: one API server, seen and changed.
//!
//! Reads what the core judges by ([`Cluster::snapshot`]), opens gates ([`Cluster::apply`]) and closes
//! them ([`Cluster::withdraw`]). It decides nothing: what to open comes from the core, when to close
//! from the lanes and the reaper. It must never delete what is not ours, and never answer "not
//! there" for want of an answer.
//!
//! Kubernetes has no trait here: this is always the real `kube` client, and the simulator answers on
//! the wire.

pub mod connect;
pub mod error;
mod extension;
pub mod gate;
pub mod kinds;
mod list;
mod managed;
mod namespace;
pub mod needs;
pub mod object;
pub mod review;
pub mod scope;
mod sight;
mod timed;
pub mod watch;
pub mod wire;

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Bytes;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service as KubeService};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::core::ApiResource;
use serde_json::Value;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{BoxError, Service};

pub use connect::Place;
pub use error::{ClusterError, Retry};
pub use gate::{Applied, FIELD_MANAGER, Withdrawn};
pub use kinds::Sees;
pub use managed::Managed;
pub use needs::{
    Asked, NEEDLESS, NEEDS, Need, OPTIONAL_NEEDS, OPTIONAL_REAPER_NEEDS, REAPER_NEEDS,
};
pub use object::{ObjectRef, SeenObject};
pub use review::Vouched;
pub use scope::{NAMESPACED_NEEDS, Scope};
pub use sight::NotReady;

use crate::clock::Clock;
use crate::netpol::Snapshot;
use crate::netpol::snapshot::Object;
use crate::objects::Kind;
use crate::units::{Seconds, Time};
use namespace::NamespaceFollower;
use sight::{Sight, SnapshotFollower};
use wire::Wire;

/// One cluster. Clones share connections and sight.
///
/// # Guarantees
/// Every call ends in bounded time. Writes name the field manager [`FIELD_MANAGER`]; deletes name
/// uid and version.
#[derive(Clone)]
pub struct Cluster {
    name: Arc<str>,
    wire: Wire,
    clock: Arc<dyn Clock>,
    scope: Scope,
    sight: Arc<Sight>,
    watcher: timed::Watcher,
    rehearsals: Arc<Semaphore>,
}

/// Calls `$each!` with every kind in namespaces that the snapshot is made of. CronJobs are not: the Jobs that they
/// own name them, and they select no pods.
macro_rules! snapshot_kinds {
    ($each:ident) => {
        $each!(Pod, Pod);
        $each!(KubeService, Service);
        $each!(ReplicaSet, ReplicaSet);
        $each!(Deployment, Deployment);
        $each!(StatefulSet, StatefulSet);
        $each!(DaemonSet, DaemonSet);
        $each!(Job, Job);
        $each!(NetworkPolicy, Policy);
    };
}

impl Cluster {
    /// A cluster over the network. Nothing is sent before the first call or [`Cluster::start`].
    ///
    /// # Errors
    /// [`ClusterError::Misconfigured`] when certificates or credentials cannot be used.
    pub fn connect(
        name: &str,
        config: &kube::Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClusterError> {
        Ok(Self::over(name, connect::over_network(config)?, clock))
    }

    /// A cluster whose API server is a service in this process.
    pub fn in_process<S, B>(name: &str, service: S, clock: Arc<dyn Clock>) -> Self
    where
        S: Service<Request<kube::client::Body>, Response = Response<B>, Error = BoxError>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::over(name, connect::in_process(service), clock)
    }

    fn over(name: &str, wire: Wire, clock: Arc<dyn Clock>) -> Self {
        let cluster = Self {
            name: name.into(),
            wire,
            clock,
            scope: Scope::Whole,
            sight: Arc::new(Sight::of([])),
            watcher: timed::Watcher::of(name, Arc::default()),
            rehearsals: Arc::new(Semaphore::new(gate::REHEARSALS)),
        };
        cluster.scoped(Scope::Whole)
    }

    /// The same where only a part may be read. Call before [`Cluster::start`].
    #[must_use]
    pub fn scoped(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self.blind();
        self
    }

    /// Nothing is seen yet of everything that is to be.
    fn blind(&mut self) {
        let mut labels = match self.scope.only() {
            Some(names) => names.iter().map(|name| namespace::label_of(name)).collect(),
            None => vec![ApiResource::erase::<Namespace>(&()).plural],
        };
        for at in self.scope.places() {
            let at = at.as_deref();
            labels.extend(Kind::ALL.map(|kind| kinds::label_of(kind, at)));
            macro_rules! label {
                ($kind:ty, $object:ident) => {
                    labels.push(scope::label(&ApiResource::erase::<$kind>(&()).plural, at));
                };
            }
            snapshot_kinds!(label);
        }
        for kind in extension::OPTIONAL {
            let places = kind.places(&self.scope);
            labels.extend(places.iter().map(|at| kind.label(at.as_deref())));
        }
        let sight = Sight::of(labels);
        sight.edit(|snapshot| snapshot.set_read_only_in(self.scope.only().cloned()));
        self.sight = Arc::new(sight);
    }

    /// What an account must be allowed to do here, gates apart, each with the row of the table that says so.
    pub fn needs(&self) -> Vec<(Asked, &'static Need)> {
        scope::asked_in(&self.scope)
    }

    /// The cluster's name, as people say it (`on prod-eu`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts watching, until `stop`. Gates are watched by label apart from the snapshot, so that
    /// what the reaper lives on does not wait for lists of pods.
    pub fn start(&self, tracker: &TaskTracker, stop: &CancellationToken) {
        self.follow_gates(tracker, stop);
        for at in self.scope.places() {
            macro_rules! spawn {
                ($kind:ty, $object:ident) => {
                    let wrap = Object::$object;
                    let follower = SnapshotFollower::<$kind>::new(&self.sight, wrap, at.clone());
                    tracker.spawn(watch::follow(self.clone(), follower, stop.clone()));
                };
            }
            snapshot_kinds!(spawn);
        }
        match self.scope.only() {
            None => {
                let follower =
                    SnapshotFollower::<Namespace>::new(&self.sight, Object::Namespace, None);
                tracker.spawn(watch::follow(self.clone(), follower, stop.clone()));
            }
            Some(names) => names.iter().for_each(|name| {
                let follower = NamespaceFollower::new(&self.sight, name);
                tracker.spawn(watch::rounds(self.clone(), follower, stop.clone()));
            }),
        }
        for kind in extension::OPTIONAL {
            for at in kind.places(&self.scope) {
                let follower = extension::follower(&self.sight, kind, at);
                tracker.spawn(watch::rounds(self.clone(), follower, stop.clone()));
            }
        }
    }

    /// The cluster as the watches show it. Cheap: shared until it changes.
    ///
    /// # Errors
    /// [`NotReady`] until every kind was listed once, and when one was not listed for
    /// [`SWEEP_AGE`]: a plan on an old picture could open or cut what nobody was shown.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, NotReady> {
        let snapshot = self.sight.snapshot()?;
        let swept = self.last_sweep().unwrap_or_default();
        if self.clock.now() <= SWEEP_AGE.after(swept) {
            return Ok(snapshot);
        }
        let troubles = self.troubles().into_iter();
        let mut waiting: Vec<String> = troubles
            .map(|(kind, why)| format!("{kind} ({why})"))
            .collect();
        if waiting.is_empty() {
            waiting.push(format!("nothing was read for {SWEEP_AGE}"));
        }
        Err(NotReady { waiting })
    }

    /// Waits until every kind was read once, or could not be. Never ends where nothing is watched.
    pub async fn first_look(&self) {
        self.sight.first_look().await;
    }

    /// Reads the whole cluster once, without watching: for commands that look and exit.
    ///
    /// # Errors
    /// [`ClusterError`]; never a part of the cluster.
    pub async fn survey(&self) -> Result<Snapshot, ClusterError> {
        let mut snapshot = Snapshot::default();
        snapshot.set_read_only_in(self.scope.only().cloned());
        for at in self.scope.places() {
            let at = at.as_deref();
            macro_rules! add {
                ($kind:ty, $object:ident) => {
                    let kind = ApiResource::erase::<$kind>(&());
                    for item in self.list::<$kind>(&kind, at, None).await?.items {
                        snapshot.apply(Object::$object(Box::new(item)));
                    }
                };
            }
            snapshot_kinds!(add);
        }
        for namespace in self.namespaces().await? {
            snapshot.apply(Object::Namespace(Box::new(namespace)));
        }
        self.survey_optional(&mut snapshot).await?;
        Ok(snapshot)
    }

    /// Every NetworkPolicy as the API server shows it, without the book-keeping of field owners: for
    /// people who want to read them.
    ///
    /// # Errors
    /// [`ClusterError`]; never a part of the list.
    pub async fn policies(&self) -> Result<Vec<Value>, ClusterError> {
        let kind = ApiResource::erase::<NetworkPolicy>(&());
        let mut policies = Vec::new();
        for at in self.scope.places() {
            policies.extend(self.list::<Value>(&kind, at.as_deref(), None).await?.items);
        }
        for policy in &mut policies {
            // The items of a list do not say what they are.
            if let Some(fields) = policy.as_object_mut() {
                fields.insert("apiVersion".to_owned(), kind.api_version.clone().into());
                fields.insert("kind".to_owned(), kind.kind.clone().into());
            }
            if let Some(meta) = policy.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.remove("managedFields");
            }
        }
        Ok(policies)
    }

    /// When the oldest of the kinds' last complete lists was begun; `None` while one is missing.
    /// This, not a running process, is what readiness means.
    pub fn last_sweep(&self) -> Option<Time> {
        self.sight.last_sweep()
    }

    /// Kinds that could not be followed lately and why, for `/readyz` and `doctor`.
    pub fn troubles(&self) -> Vec<(String, String)> {
        self.sight.troubles()
    }

    /// Our own objects as the watch shows them; empty until the first list.
    pub fn managed_now(&self) -> Vec<Arc<SeenObject>> {
        self.sight.gates()
    }

    /// Objects of ours that were seen to go, whoever removed them (ourselves included).
    ///
    /// # Caveats
    /// A hint to look, not a proof: only [`Cluster::read`] tells that something is gone. A listener
    /// that lags must compare [`Cluster::managed_now`].
    pub fn removals(&self) -> broadcast::Receiver<Arc<SeenObject>> {
        self.sight.removals()
    }

    /// Counts every change of the snapshot or the gates; what live gates are judged again by. Wait
    /// with [`settled`] rather than on every change: a rollout makes hundreds.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.sight.changes()
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A picture of the cluster older than this is no picture; readiness says so too (DESIGN §5).
pub const SWEEP_AGE: Seconds = Seconds::minutes(3);

/// How long the cluster must be quiet before changes are acted on.
const QUIET: std::time::Duration = std::time::Duration::from_millis(100);

/// How long a busy cluster can put that off.
const AT_MOST: std::time::Duration = std::time::Duration::from_secs(1);

/// Waits for a change and then for quiet, at most a second; `false`: the cluster was dropped.
pub async fn settled(changes: &mut tokio::sync::watch::Receiver<u64>) -> bool {
    if changes.changed().await.is_err() {
        return false;
    }
    let end = tokio::time::Instant::now() + AT_MOST;
    loop {
        let quiet = (tokio::time::Instant::now() + QUIET).min(end);
        match tokio::time::timeout_at(quiet, changes.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return false,
            Err(_) => return true,
        }
    }
}
