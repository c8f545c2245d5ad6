//! What an ask would make: its flow and its gate, on the cluster as it is now. The one place where templates
//! become objects, for those who ask and again for what is opened.

use std::collections::BTreeMap;

use super::Parts;
use super::unread::Unread;
use crate::cluster::Sees;
use crate::netpol::{self, Effect, Flow, NoGate, Side, Snapshot};
use crate::objects::{Kind, Manifest};
use crate::request::create::Sentence;
use crate::request::{Asked, Request};
use crate::rules::{self, Filled, GateSpec, RuleSet, Stated, StatedFact};

/// A flow and the gate for it.
#[derive(Debug)]
pub struct Planned {
    /// From where to where.
    pub flow: Flow,
    /// The gate, or why there is none.
    pub built: Result<Gate, NoGate>,
}

/// What is applied, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Kind, namespace and body of each.
    pub objects: Vec<Manifest>,
    /// As shown to approvers.
    pub effect: Effect,
}

/// Resolves and plans on a cluster's picture.
///
/// # Errors
/// What is not there, in the words of whoever asked, and what to do about it.
pub fn plan_on(snapshot: &Snapshot, gate: &GateSpec) -> Result<Planned, Sentence> {
    match gate {
        GateSpec::Connect { from, to, ports } => {
            let flow = netpol::resolve(snapshot, from, to, ports.as_ref());
            let flow = flow.map_err(|problem| sentence(problem.to_string(), problem.hint()))?;
            let built = netpol::build(snapshot, &flow).map(|built| Gate {
                objects: built.objects.iter().map(Manifest::from).collect(),
                effect: built.effect,
            });
            Ok(Planned { flow, built })
        }
        GateSpec::Objects(stated) => self::stated(snapshot, stated),
    }
}

/// A template's own objects: nothing is planned but what is put into them.
fn stated(snapshot: &Snapshot, stated: &Stated) -> Result<Planned, Sentence> {
    let mut sides: BTreeMap<String, Side> = BTreeMap::new();
    for (name, end) in stated.ends() {
        let side = netpol::resolve_end(snapshot, end);
        let side = side.map_err(|problem| sentence(problem.to_string(), problem.hint()))?;
        sides.insert(name.to_owned(), side);
    }
    let objects = rules::state(stated, &sides);
    let objects = objects.map_err(|problem| sentence(problem.message, problem.hint))?;
    let sides: Vec<Side> = sides.into_values().collect();
    match netpol::state(snapshot, &objects, &sides) {
        Ok((flow, effect)) => Ok(Planned {
            flow,
            built: Ok(Gate { objects, effect }),
        }),
        // Without an effect there is no flow that could be shown.
        Err(no_gate) => Err(sentence(no_gate.to_string(), no_gate.hint())),
    }
}

const fn sentence(message: String, hint: Option<String>) -> Sentence {
    Sentence { message, hint }
}

/// Resolves and plans on the live cluster; the error says what could not be resolved.
pub(super) fn plan_live(parts: &Parts, cluster: &str, filled: &Filled) -> Result<Planned, Unread> {
    let snapshot = parts.snapshot(cluster).map_err(|error| {
        tracing::warn!(cluster, error = %super::causes(&error), "no picture of the cluster");
        Unread::ClusterAway(cluster.to_owned())
    })?;
    let planned = plan_on(&snapshot, &filled.gate).map_err(Unread::Sentence)?;
    let made = planned.built.as_ref().ok();
    match made.and_then(|gate| unseen_in(parts, cluster, gate)) {
        Some(sentence) => Err(Unread::Sentence(sentence)),
        None => Ok(planned),
    }
}

/// The first kind of a gate that is not seen in a cluster, as a refusal.
fn unseen_in(parts: &Parts, cluster: &str, gate: &Gate) -> Option<Sentence> {
    let cluster = parts.clusters.get(cluster)?;
    let mut kinds = gate.objects.iter().map(Manifest::kind);
    kinds.find_map(|kind| unseen(kind, cluster.gates(kind)))
}

/// Why a gate of this kind cannot be made here. INVARIANT (nothing stays open): what is not seen could not be
/// closed when somebody edits it, or when the store is lost.
fn unseen(kind: Kind, sees: Sees) -> Option<Sentence> {
    let kinds = match kind {
        Kind::NetworkPolicy => "NetworkPolicies",
        Kind::CiliumNetworkPolicy => "CiliumNetworkPolicies",
        Kind::RoleBinding => "RoleBindings",
    };
    match sees {
        Sees::Yes | Sees::NotYet => None,
        Sees::Absent => Some(sentence(format!("this cluster has no {kinds}"), None)),
        Sees::Forbidden => {
            let hint = kind
                .component()
                .map(|component| format!("ask those who run the cluster to apply {component}"));
            let message = format!("Drawbridge may not see {kinds} on this cluster");
            Some(sentence(message, hint))
        }
    }
}

/// The same for what was asked, by the templates in force now.
///
/// # Errors
/// A sentence for the person: the template has changed or is gone, or what it names is.
pub(super) fn plan_asked(
    rules: &RuleSet,
    snapshot: &Snapshot,
    asked: &Asked,
) -> Result<Planned, String> {
    let filled = rules::fill(rules, &asked.template, &asked.inputs);
    let filled = filled.map_err(|problem| problem.message)?;
    plan_on(snapshot, &filled.gate).map_err(|problem| problem.message)
}

/// The gate that is attempted for a stored request.
///
/// # Errors
/// A sentence for the person.
pub(super) fn gate_of(
    parts: &Parts,
    snapshot: &Snapshot,
    request: &Request,
) -> Result<Gate, String> {
    let planned = plan_asked(&parts.rules.load(), snapshot, &request.asked)?;
    let gate = planned.built.map_err(|no_gate| no_gate.to_string())?;
    match unseen_in(parts, &request.asked.cluster, &gate) {
        Some(sentence) => Err(sentence.message),
        None => Ok(gate),
    }
}

/// The objects that a template states, as rules see them.
pub fn stated_facts(effect: &Effect) -> Vec<StatedFact> {
    let objects = effect.stated.iter();
    let facts = objects.map(|object| StatedFact {
        kind: object.kind.clone(),
        name: object.name.clone(),
        people: object.people.clone(),
    });
    facts.collect()
}
