//! Live gates, judged again whenever the cluster changes.
//!
//! One that has become the only policy isolating a pod cuts that pod's other traffic, so it is withdrawn
//! at once and people are told why. One that opens more than was approved, or whose flow is not open any
//! more, stays, and people are told ([`judge_again`]).
//!
//! # Guarantees
//! A request is judged again on what it depends on, and on nothing else: while its own objects, its namespaces and
//! everything without a namespace look the same, neither the store is asked nor anything computed. Other gates that
//! come and go there change nothing: what is judged is the baseline with its own objects. The sweep judges every
//! request, whatever was remembered here.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use tokio_util::sync::CancellationToken;

use super::Reaper;
use super::changed::Unchanged;
use crate::app::book::Changed;
use crate::cluster::{SeenObject, settled};
use crate::id::RequestId;
use crate::netpol::{Finding, Flow, Snapshot, isolated_alone, judge_again, lone};
use crate::objects::Kind;
use crate::request::{Command, Facts, Request, State, decide};

/// Where the cluster's DNS is: a gate may let sources ask it.
const DNS_NAMESPACE: &str = "kube-system";

/// Our objects of one request, as the watch shows them.
type Seen = Vec<Arc<SeenObject>>;

/// Those of them that are policies, by name.
type Gate = Vec<(String, NetworkPolicy)>;

/// What each live gate was last judged on, for as long as the guard runs.
#[derive(Debug, Default)]
pub(super) struct Views {
    paths: BTreeMap<RequestId, View>,
    pub(super) stated: Unchanged,
}

#[derive(Debug)]
struct View {
    snapshot: Arc<Snapshot>,
    namespaces: Vec<String>,
    /// Its own objects: each by name and version.
    objects: Vec<(String, String)>,
}

fn versions(seen: &Seen) -> Vec<(String, String)> {
    let version = |object: &Arc<SeenObject>| {
        let version = object.resource_version.clone();
        (object.at.to_string(), version)
    };
    seen.iter().map(version).collect()
}

impl Views {
    /// Whether nothing that matters has changed since the gate was judged.
    fn know(&mut self, id: &RequestId, seen: &Seen, snapshot: &Arc<Snapshot>) -> bool {
        let Some(view) = self.paths.get_mut(id) else {
            return false;
        };
        let namespaces: Vec<&str> = view.namespaces.iter().map(String::as_str).collect();
        let same =
            view.snapshot.is_same_baseline(snapshot, &namespaces) && view.objects == versions(seen);
        if same {
            // Old pictures of all the rest are not kept alive.
            view.snapshot = Arc::clone(snapshot);
        }
        same
    }

    fn note(&mut self, id: RequestId, flow: &Flow, (seen, snapshot): (&Seen, Arc<Snapshot>)) {
        let sides = [flow.from.namespace(), flow.to.namespace()];
        match sides {
            [Some(from), Some(to)] => {
                let theirs = seen.iter().map(|object| object.at.namespace.as_str());
                let namespaces = [from, to, DNS_NAMESPACE].into_iter().chain(theirs);
                let view = View {
                    snapshot,
                    namespaces: namespaces.map(str::to_owned).collect(),
                    objects: versions(seen),
                };
                self.paths.insert(id, view);
            }
            // Pods of any namespace may be in a block of addresses.
            _ => drop(self.paths.remove(&id)),
        }
    }
}

impl Reaper {
    /// Judges live gates again after every change, until told to stop.
    pub async fn guard(self, stop: CancellationToken) {
        let mut changes = self.cluster.changes();
        let mut views = Views::default();
        loop {
            if let Err(error) = self.guard_once(&mut views).await {
                let error = crate::app::causes_of(&error);
                tracing::warn!(
                    cluster = self.cluster.name(),
                    error,
                    "gates not judged again"
                );
            }
            let changed = tokio::select! {
                biased;
                () = stop.cancelled() => false,
                changed = settled(&mut changes) => changed,
            };
            if !changed {
                return;
            }
        }
    }

    /// Withdraws every gate that isolates a pod alone, and tells what is not as approved of the others.
    ///
    /// # Errors
    /// The store did not take something; it is judged again with the next change or sweep.
    pub(super) async fn guard_once(&self, views: &mut Views) -> Result<()> {
        // Without a whole picture nothing can be said; the picture's age is readiness's matter.
        let Ok(snapshot) = self.cluster.snapshot() else {
            return Ok(());
        };
        let objects = self.cluster.managed_now();
        // What cannot be judged there must not keep harm from being seen here.
        let mut failed = self.end_changed(&objects, &mut views.stated).await.err();
        let mut gates: BTreeMap<RequestId, Seen> = BTreeMap::new();
        for object in objects {
            if let Some(id) = object.request() {
                gates.entry(id).or_default().push(object);
            }
        }
        views.paths.retain(|id, _| gates.contains_key(id));
        gates.retain(|id, seen| !views.know(id, seen, &snapshot));
        // One document that cannot be read must not hide the others; and harm is ended first.
        for (id, pods) in harmful(&gates, &snapshot) {
            gates.remove(&id);
            let withdrawn = self.withdraw_request(&id, &pods).await;
            if let Err(error) = withdrawn.context("withdrawing a gate") {
                failed.get_or_insert(error);
            }
        }
        for (id, seen) in &gates {
            if let Err(error) = self.look_again(id, seen, views).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn withdraw_request(&self, id: &RequestId, pods: &[String]) -> Result<()> {
        let reason = reason(pods);
        let facts = Facts::of_time(self.parts.clock.now());
        let command = Command::Withdraw { reason };
        let change = |request: &Request| decide(request, command.clone(), &facts);
        // Refused: not open (any more), and whatever is being opened is judged again when it is.
        self.parts.book.change(id, None, change).await?;
        Ok(())
    }

    /// Judges one gate again.
    async fn look_again(&self, id: &RequestId, seen: &Seen, views: &mut Views) -> Result<()> {
        let gate = policies_of(seen);
        if views.stated.is_stated(id) || gate.is_empty() {
            // What it gives was not computed, so there is nothing to compare with.
            return Ok(());
        }
        let page = self.parts.book.load(id).await;
        let Some(page) = page.context("reading the request of a live gate")? else {
            return Ok(());
        };
        let request = page.request;
        let here = request.asked.cluster == self.cluster.name();
        let path = here && request.effect.stated.is_empty();
        let (true, State::Active { .. }, Some(policies)) =
            (path, &request.state, whole(&request, &gate))
        else {
            return Ok(());
        };
        // Taken after the document was read: what the document tells of is never newer than it.
        let Ok(snapshot) = self.cluster.snapshot() else {
            return Ok(());
        };
        let flow = &request.asked.flow;
        let findings = judge_again(&snapshot, flow, &policies, &request.effect);
        let noted = findings == request.told_of || self.observe(&request, findings).await?;
        if noted {
            views.note(id.clone(), flow, (seen, snapshot));
        }
        Ok(())
    }

    /// Commits what was found; whether that is what the document tells of now.
    async fn observe(&self, judged: &Request, findings: Vec<Finding>) -> Result<bool> {
        let facts = Facts::of_time(self.parts.clock.now());
        let command = Command::Observe { findings };
        let change = |request: &Request| {
            // Somebody else has judged it meanwhile, perhaps by a newer picture.
            if request.told_of != judged.told_of {
                return Err(None);
            }
            decide(request, command.clone(), &facts).map_err(Some)
        };
        let changed = self.parts.book.change(&judged.id, None, change).await;
        let changed = changed.context("noting what changed about a live gate")?;
        Ok(matches!(changed, Changed::Done(_)))
    }
}

/// The pods that each of these gates isolates alone, where it does.
fn harmful(
    gates: &BTreeMap<RequestId, Seen>,
    snapshot: &Snapshot,
) -> BTreeMap<RequestId, Vec<String>> {
    let alone = |(id, seen): (&RequestId, &Seen)| {
        let policies = seen.iter().filter_map(|object| policy_of(object));
        let pods: Vec<String> = policies
            .flat_map(|policy| isolated_alone(snapshot, &policy))
            .collect();
        (!pods.is_empty()).then(|| (id.clone(), pods))
    };
    gates.iter().filter_map(alone).collect()
}

fn policies_of(seen: &Seen) -> Gate {
    let named = |object: &Arc<SeenObject>| Some((object.at.name.clone(), policy_of(object)?));
    seen.iter().filter_map(named).collect()
}

/// The gate's objects as they are in the cluster; `None`: not all of them are seen, which is the
/// removals' matter.
fn whole(request: &Request, gate: &Gate) -> Option<Vec<NetworkPolicy>> {
    let objects = request.gate.iter().map(|object| {
        let found = gate.iter().find(|(name, _)| *name == object.name);
        found.map(|(_, policy)| policy.clone())
    });
    objects.collect()
}

/// The object as a NetworkPolicy, where it is one. INVARIANT (nothing is withdrawn for what it is not). The
/// kind is that of the path which was listed: items of a list say none, and read as a NetworkPolicy any other
/// object selects every pod.
fn policy_of(object: &SeenObject) -> Option<NetworkPolicy> {
    if Kind::named(&object.at.api_version, &object.at.kind) != Some(Kind::NetworkPolicy) {
        return None;
    }
    serde_json::from_value(object.manifest.clone()).ok()
}

fn reason(pods: &[String]) -> String {
    format!(
        "no other policy isolates {} any more, so this path alone would cut their other traffic",
        lone::named(pods)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ObjectRef;
    use crate::netpol::tests::fixtures::{app, ask, cluster, deny};

    #[test]
    fn a_gate_of_another_kind_is_never_judged_as_a_network_policy() {
        let of = |kind: Kind| {
            // As a list shows it: without apiVersion and kind.
            let manifest = serde_json::json!({
                "metadata": {
                    "namespace": "orders", "name": "drawbridge-k7m3xq-1-abc", "uid": "u",
                    "resourceVersion": "7", "creationTimestamp": "2026-11-23T17:24:47Z",
                },
                "spec": {},
            });
            let at = ObjectRef {
                api_version: kind.api_version().to_owned(),
                kind: kind.name().to_owned(),
                ..ObjectRef::policy("", "")
            };
            policy_of(&SeenObject::read(&at.resource(), manifest).unwrap())
        };
        let read: Vec<bool> = Kind::ALL.map(|kind| of(kind).is_some()).into();
        assert_eq!(read, [true, false, false]);
    }

    fn ours(namespace: &str, version: &str) -> Arc<SeenObject> {
        let manifest = serde_json::json!({
            "metadata": {
                "namespace": namespace, "name": "drawbridge-k7m3xa-1-abc", "uid": "u",
                "resourceVersion": version, "creationTimestamp": "2026-11-23T17:24:47Z",
            },
            "spec": {},
        });
        let at = ObjectRef::policy("", "");
        Arc::new(SeenObject::read(&at.resource(), manifest).unwrap())
    }

    #[test]
    fn a_gate_is_judged_again_only_when_something_that_it_depends_on_changed() {
        let id: RequestId = "k7m3xa".parse().unwrap();
        let pods = ["a/web", "b/cli", "c/other"].map(|path| path.split_once('/').unwrap());
        let world = cluster(pods.map(|(namespace, name)| app(namespace, name)));
        let flow = ask(&world, "b/cli a/web :8080").unwrap();
        let mut views = Views::default();
        let objects = vec![ours("a", "7")];
        let know = |views: &mut Views, now: &Arc<Snapshot>| views.know(&id, &objects, now);
        assert!(!know(&mut views, &Arc::new(world.clone())), "never judged");
        views.note(id.clone(), &flow, (&objects, Arc::new(world.clone())));
        let changed = |change: &dyn Fn(&mut Snapshot)| {
            let mut now = world.clone();
            change(&mut now);
            Arc::new(now)
        };
        let elsewhere = changed(&|now| now.apply(app("c", "more").into()));
        assert!(know(&mut views, &elsewhere));
        let unread = changed(&|now| now.set_unread("x", Some("not permitted")));
        assert!(!know(&mut views, &unread));
        for namespace in ["a", "b", "kube-system"] {
            let here = changed(&|now| now.apply(deny(namespace, "d").into()));
            assert!(!know(&mut views, &here), "{namespace}");
        }
        let other_gates = changed(&|now| now.apply(deny("a", "gate").ours().into()));
        assert!(know(&mut views, &other_gates), "never in the baseline");
        let less = changed(&|now| {
            now.apply(deny("a", "gate").ours().into());
            now.apply(deny("a", "gate").into());
        });
        assert!(!know(&mut views, &less), "a gate became a policy of others");
        for objects in [
            vec![ours("a", "8")],
            vec![],
            vec![ours("a", "7"), ours("b", "7")],
        ] {
            let same = Arc::new(world.clone());
            assert!(!views.know(&id, &objects, &same), "its own objects");
        }
        let outside = ask(&world, "b/cli 203.0.113.7 :443").unwrap();
        views.note(id.clone(), &outside, (&objects, Arc::new(world.clone())));
        assert!(
            !know(&mut views, &Arc::new(world.clone())),
            "addresses: always"
        );
    }
}
