//! What we see of a cluster: the snapshot that the core judges flows by, our own gates, and how
//! fresh both are. Written by the watches of [`super::watch`], read by everybody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use super::error::ClusterError;
use super::kinds::Sees;
use super::object::{ObjectRef, SeenObject};
use super::scope::At;
use crate::netpol::Snapshot;
use crate::objects::Kind;
use crate::units::Time;

mod feed;

pub(super) use feed::SnapshotFollower;

/// Removals that a slow listener may leave unread. One that falls behind must look at
/// [`super::Cluster::managed_now`] instead: removals are a hint, the list is the truth.
const REMOVALS: usize = 256;

/// The cluster has not been seen completely yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cluster has not been read yet: {}", .waiting.join(", "))]
pub struct NotReady {
    /// The kinds that are missing, each with the last failure if there was one.
    pub waiting: Vec<String>,
}

/// One kind's freshness.
#[derive(Debug, Clone, Default)]
struct Sweep {
    /// When the last complete list was begun.
    last: Option<Time>,
    /// What went wrong since.
    error: Option<String>,
}

impl Sweep {
    /// Whether the kind was read, or could not be.
    const fn is_known(&self) -> bool {
        self.last.is_some() || self.error.is_some()
    }
}

/// Shared by all clones of a [`super::Cluster`].
#[derive(Debug)]
pub(super) struct Sight {
    /// Copied only when it changes while somebody reads it.
    snapshot: Mutex<Arc<Snapshot>>,
    /// Shared with everybody who looks: there may be thousands, and each change has them looked at.
    gates: Mutex<BTreeMap<GateKey, Arc<SeenObject>>>,
    sweeps: Mutex<BTreeMap<String, Sweep>>,
    /// What was last found out about each kind of gates.
    sees: Mutex<BTreeMap<(Kind, At), Sees>>,
    changed: watch::Sender<u64>,
    removed: broadcast::Sender<Arc<SeenObject>>,
}

/// Kind, namespace, name.
pub(super) type GateKey = (Kind, String, String);

impl Sight {
    /// Nothing seen yet of these kinds.
    pub(super) fn of(labels: impl IntoIterator<Item = String>) -> Self {
        let sweeps = labels.into_iter().map(|l| (l, Sweep::default())).collect();
        Self {
            snapshot: Mutex::default(),
            gates: Mutex::default(),
            sweeps: Mutex::new(sweeps),
            sees: Mutex::default(),
            changed: watch::Sender::new(0),
            removed: broadcast::Sender::new(REMOVALS),
        }
    }

    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>, NotReady> {
        let missing = |(label, sweep): (&String, &Sweep)| match (sweep.last, &sweep.error) {
            (Some(_), _) => None,
            (None, Some(error)) => Some(format!("{label} ({error})")),
            (None, None) => Some(label.clone()),
        };
        let waiting: Vec<String> = locked(&self.sweeps).iter().filter_map(missing).collect();
        if waiting.is_empty() {
            Ok(Arc::clone(&locked(&self.snapshot)))
        } else {
            Err(NotReady { waiting })
        }
    }

    /// The oldest of all kinds' last sweeps; `None` while one has never been swept.
    pub(super) fn last_sweep(&self) -> Option<Time> {
        let sweeps = locked(&self.sweeps);
        let times: Option<Vec<Time>> = sweeps.values().map(|s| s.last).collect();
        times?.into_iter().min()
    }

    /// Kinds whose last round failed, with the failure.
    pub(super) fn troubles(&self) -> Vec<(String, String)> {
        let sweeps = locked(&self.sweeps);
        let trouble = |(label, s): (&String, &Sweep)| Some((label.clone(), s.error.clone()?));
        sweeps.iter().filter_map(trouble).collect()
    }

    pub(super) fn gates(&self) -> Vec<Arc<SeenObject>> {
        locked(&self.gates).values().cloned().collect()
    }

    /// The gate of this kind, namespace and name, whatever its uid.
    pub(super) fn gate(&self, at: &ObjectRef) -> Option<Arc<SeenObject>> {
        let kind = Kind::named(&at.api_version, &at.kind)?;
        let key = (kind, at.namespace.clone(), at.name.clone());
        locked(&self.gates).get(&key).cloned()
    }

    pub(super) fn sees(&self, kind: Kind) -> Sees {
        let sees = locked(&self.sees);
        let places = sees.iter().filter(|((of, _), _)| *of == kind);
        // Of several namespaces the one that can least be relied on: a gate must be seen wherever it is.
        let least = places.map(|(_, sees)| *sees).max();
        least.unwrap_or(Sees::NotYet)
    }

    pub(super) fn set_sees(&self, kind: Kind, at: &At, sees: Sees) {
        locked(&self.sees).insert((kind, at.clone()), sees);
    }

    /// A gate is there. The old object of that name is gone when another uid stands there.
    pub(super) fn put_gate(&self, key: GateKey, seen: SeenObject) {
        let uid = seen.at.uid.clone();
        let before = locked(&self.gates).insert(key, Arc::new(seen));
        if let Some(old) = before.filter(|old| old.at.uid != uid) {
            self.gate_removed(old);
        }
    }

    /// These are all gates of this kind at this place.
    pub(super) fn replace_gates(&self, kind: Kind, at: &At, now: BTreeMap<GateKey, SeenObject>) {
        let mut lost = Vec::new();
        locked(&self.gates).retain(|key, gate| {
            // Another kind's, or another namespace's, are not in this list.
            let elsewhere = at.as_deref().is_some_and(|at| at != key.1);
            let stays = key.0 != kind || elsewhere || now.contains_key(key);
            if !stays {
                lost.push(Arc::clone(gate));
            }
            stays
        });
        now.into_iter()
            .for_each(|(key, seen)| self.put_gate(key, seen));
        lost.into_iter().for_each(|gate| self.gate_removed(gate));
        self.tell();
    }

    /// A gate is gone, unless another object has its name by now.
    pub(super) fn drop_gate(&self, key: &GateKey, seen: SeenObject) {
        let mut gates = locked(&self.gates);
        if gates.get(key).is_some_and(|g| g.at.uid == seen.at.uid) {
            gates.remove(key);
        }
        drop(gates);
        self.gate_removed(Arc::new(seen));
        self.tell();
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn removals(&self) -> broadcast::Receiver<Arc<SeenObject>> {
        self.removed.subscribe()
    }

    pub(super) fn swept(&self, label: &str, began: Time) {
        let mut sweeps = locked(&self.sweeps);
        let first = sweeps.values().any(|s| s.last.is_none());
        let sweep = Sweep {
            last: Some(began),
            error: None,
        };
        sweeps.insert(label.to_owned(), sweep);
        drop(sweeps);
        if first {
            self.tell();
        }
    }

    pub(super) fn failed(&self, label: &str, error: &ClusterError) {
        let mut sweeps = locked(&self.sweeps);
        let sweep = sweeps.entry(label.to_owned()).or_default();
        let first = !sweep.is_known();
        sweep.error = Some(error.to_string());
        drop(sweeps);
        if first {
            self.tell();
        }
    }

    /// Waits until every kind was read once, or could not be.
    pub(super) async fn first_look(&self) {
        let mut changes = self.changes();
        while !locked(&self.sweeps).values().all(Sweep::is_known) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// A kind is there and cannot be read (`Some`: why), or it can or is not there.
    pub(super) fn set_unread(&self, kind: &str, why: Option<&str>) {
        let known = locked(&self.snapshot).is_unread(kind);
        if known || why.is_some() {
            self.edit(|snapshot| snapshot.set_unread(kind, why));
        }
    }

    /// Changes the snapshot and tells those who judge by it.
    pub(super) fn edit(&self, change: impl FnOnce(&mut Snapshot)) {
        change(Arc::make_mut(&mut locked(&self.snapshot)));
        self.tell();
    }

    pub(super) fn tell(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    fn gate_removed(&self, gate: Arc<SeenObject>) {
        // Nobody listening is fine: the lanes look at the list as well.
        let _ = self.removed.send(gate);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
