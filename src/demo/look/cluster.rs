//! The cluster section: namespaces, workloads, flows, gates and the policies themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::flows::{self, Flow};
use crate::cluster::{Cluster as Eyes, SeenObject};
use crate::demo::play::{Play, Stage};
use crate::netpol::Snapshot;
use crate::netpol::marks;
use crate::netpol::snapshot::WorkloadRef;

/// The cluster section.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct Cluster {
    name: String,
    source: String,
    reachable: bool,
    namespaces: Vec<Namespace>,
    workloads: Vec<Workload>,
    outside: BTreeSet<String>,
    flows: Vec<Flow>,
    /// Steady flows that are too many to be drawn.
    left_out: usize,
    gates: Vec<Gate>,
    policies: Vec<Policy>,
}

#[derive(Debug, Serialize)]
struct Namespace {
    name: String,
}

#[derive(Debug, Serialize)]
struct Workload {
    r#ref: String,
    namespace: String,
    kind: String,
    name: String,
    pods: usize,
    ports: BTreeSet<Port>,
}

#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Port {
    port: u16,
    protocol: &'static str,
    name: Option<String>,
}

/// One request's objects in the cluster.
#[derive(Debug, Serialize, Default)]
struct Gate {
    request: String,
    objects: Vec<String>,
    flow: String,
    expires_at: String,
    requested_by: String,
    approved_by: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Policy {
    namespace: String,
    name: String,
    kind: String,
    temporary: bool,
    yaml: String,
}

/// The cluster as it was last seen: what is shown while it cannot be reached.
#[derive(Debug, Default)]
pub(in crate::demo) struct LastPicture {
    snapshot: Arc<Snapshot>,
    policies: Vec<Value>,
}

impl LastPicture {
    /// Takes another picture; `false`: it is still the last one.
    async fn look_again(&mut self, eyes: &Eyes) -> bool {
        let Ok(snapshot) = eyes.snapshot() else {
            return false;
        };
        let Ok(policies) = eyes.policies().await else {
            return false;
        };
        *self = Self { snapshot, policies };
        true
    }
}

pub(in crate::demo) async fn look(stage: &Stage, play: &Play) -> Cluster {
    let mut last = play.last_picture.lock().await;
    let reachable = last.look_again(&play.eyes).await;
    let LastPicture { snapshot, policies } = &*last;
    let mut gates = gates(&play.eyes.managed_now());
    let named = |who: &str| play.town.slack.person(who).map(|person| person.name);
    for gate in &mut gates {
        // Marks hold ids: names can change.
        gate.requested_by = named(&gate.requested_by).unwrap_or_else(|| gate.requested_by.clone());
        let approvers = gate.approved_by.split(",");
        let approvers = approvers.map(|who| named(who).unwrap_or_else(|| who.to_owned()));
        gate.approved_by = approvers.collect::<Vec<_>>().join(", ");
    }
    let (mut flows, left_out) = flows::between_workloads(snapshot);
    let beyond = flows::with_outside(snapshot);
    let is_address = |end: &&String| end.parse::<ipnet::IpNet>().is_ok();
    let ends = beyond.iter().flat_map(|flow| [&flow.from, &flow.to]);
    let outside = ends.filter(is_address).cloned().collect();
    flows.extend(beyond);
    for flow in &mut flows {
        name_gates(flow, &gates);
    }
    Cluster {
        name: play.eyes.name().to_owned(),
        source: stage.cluster_is().to_owned(),
        reachable,
        namespaces: namespaces(snapshot),
        workloads: workloads(snapshot),
        outside,
        flows,
        left_out,
        gates,
        policies: policies.iter().map(policy).collect(),
    }
}

fn namespaces(snapshot: &Snapshot) -> Vec<Namespace> {
    let named = |name: &str| Namespace {
        name: name.to_owned(),
    };
    snapshot.namespaces().map(named).collect()
}

fn workloads(snapshot: &Snapshot) -> Vec<Workload> {
    let mut found: BTreeMap<WorkloadRef, Workload> = BTreeMap::new();
    for pod in snapshot.all_running() {
        let at = pod.workload();
        let workload = found.entry(at).or_insert_with_key(|at| Workload {
            r#ref: at.to_string(),
            namespace: at.namespace.clone(),
            kind: at.kind.clone(),
            name: at.name.clone(),
            pods: 0,
            ports: BTreeSet::new(),
        });
        workload.pods += 1;
        workload.ports.extend(pod.pod.ports.iter().map(|port| Port {
            port: port.number,
            protocol: port.protocol.name(),
            name: port.name.as_deref().map(str::to_owned),
        }));
    }
    found.into_values().collect()
}

/// The objects of ours, by request; the earliest end counts.
fn gates(objects: &[Arc<SeenObject>]) -> Vec<Gate> {
    let mut gates: BTreeMap<String, Gate> = BTreeMap::new();
    for object in objects {
        let mark = |name: &str| object.annotations.get(name).cloned().unwrap_or_default();
        let request = object.labels.get(marks::REQUEST).cloned();
        let request = request.unwrap_or_else(|| object.at.name.clone());
        let end = mark(marks::EXPIRES_AT);
        let gate = gates.entry(request.clone()).or_insert_with(|| Gate {
            request,
            flow: mark(marks::FLOW),
            expires_at: end.clone(),
            requested_by: mark(marks::REQUESTED_BY),
            approved_by: mark(marks::APPROVED_BY),
            reason: mark(marks::REASON),
            ..Gate::default()
        });
        gate.expires_at = gate.expires_at.clone().min(end);
        let at = &object.at;
        gate.objects.push(format!("{}/{}", at.namespace, at.name));
    }
    gates.into_values().collect()
}

/// Which gates open a temporary flow: those whose flow names its ends. The last end counts, because
/// until then the path is open.
fn name_gates(flow: &mut Flow, gates: &[Gate]) {
    let Some(temporary) = &mut flow.temporary else {
        return;
    };
    let short = |end: &str| {
        // `shop/Deployment/web` is `shop/web` in a flow, and an address drops its length.
        let parts: Vec<&str> = end.split('/').collect();
        match parts.as_slice() {
            [namespace, _, name] => format!("{namespace}/{name}"),
            [address, _] => (*address).to_owned(),
            _ => end.to_owned(),
        }
    };
    let (from, to) = (short(&flow.from), short(&flow.to));
    let names = |gate: &&Gate| {
        let mut sides = gate.flow.splitn(2, " -> ");
        let (source, target) = (sides.next().unwrap_or(""), sides.next().unwrap_or(""));
        source.starts_with(&from) && target.starts_with(&to)
    };
    let mut by: Vec<&Gate> = gates.iter().filter(names).collect();
    if by.is_empty() {
        by = gates.iter().collect();
    }
    temporary.requests = by.iter().map(|gate| gate.request.clone()).collect();
    temporary.until = by.iter().map(|gate| gate.expires_at.clone()).max();
}

fn policy(object: &Value) -> Policy {
    let text = |pointer: &str| {
        let found = object.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let (key, value) = marks::MANAGED_BY;
    let label = format!("/metadata/labels/{}", key.replace('/', "~1"));
    Policy {
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        kind: text("/kind"),
        temporary: text(&label) == value,
        yaml: serde_saphyr::to_string(object).unwrap_or_default(),
    }
}
