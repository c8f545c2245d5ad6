//! What can talk to what, and which of it only because of a gate.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::netpol::evaluate::End;
use crate::netpol::open::Open;
use crate::netpol::policy::{Direction, Policy};
use crate::netpol::portset::PortSet;
use crate::netpol::snapshot::PodRef;
use crate::netpol::{self, Snapshot};

/// Pairs that one picture carries: a cluster with more shows its temporary flows only, and how many
/// were left out.
const MOST: usize = 5_000;

/// One pair with something open.
#[derive(Debug, Serialize)]
pub(super) struct Flow {
    pub(super) from: String,
    pub(super) to: String,
    open: Open,
    pub(super) temporary: Option<Temporary>,
}

/// The part of it that gates open.
#[derive(Debug, Serialize)]
pub(super) struct Temporary {
    pub(super) requests: Vec<String>,
    pub(super) until: Option<String>,
    open: Open,
}

/// Flows between workloads, and how many were left out.
pub(super) fn between_workloads(snapshot: &Snapshot) -> (Vec<Flow>, usize) {
    let mut standing: BTreeMap<(String, String), PortSet> = BTreeMap::new();
    netpol::standing_table(snapshot).each(|row| {
        let open = row.open.union(&row.partly);
        if !open.is_empty() {
            standing.insert((row.from.to_string(), row.to.to_string()), open);
        }
    });
    let (mut flows, mut steady) = (Vec::new(), Vec::new());
    netpol::table(snapshot).each(|row| {
        let (from, to) = (row.from.to_string(), row.to.to_string());
        // Pods of one workload talk as their policies say, too; on a map of workloads it is no line.
        let open = row.open.union(&row.partly);
        if open.is_empty() || from == to {
            return;
        }
        let key = (from, to);
        let before = standing.get(&key).cloned().unwrap_or_default();
        let (from, to) = key;
        let extra = open.minus(&before);
        let temporary = (!extra.is_empty()).then(|| Temporary {
            requests: Vec::new(),
            until: None,
            open: Open::from(&extra),
        });
        let list = match temporary.is_some() {
            true => &mut flows,
            false => &mut steady,
        };
        list.push(Flow {
            from,
            to,
            open: Open::from(&open),
            temporary,
        });
    });
    let left_out = match steady.len() > MOST {
        true => std::mem::take(&mut steady).len(),
        false => 0,
    };
    flows.extend(steady);
    (flows, left_out)
}

/// Flows with addresses outside the cluster, which only gates name here.
pub(super) fn with_outside(snapshot: &Snapshot) -> Vec<Flow> {
    let mut flows: BTreeMap<(String, String), PortSet> = BTreeMap::new();
    let pods: Vec<PodRef<'_>> = snapshot.all_running().collect();
    for namespace in snapshot.namespaces() {
        let gates = snapshot.space(namespace).into_iter();
        for gate in gates.flat_map(|space| space.gates.values()) {
            for pod in pods.iter().filter(|pod| gate.selects(pod)) {
                add(&mut flows, gate, *pod);
            }
        }
    }
    let flow = |((from, to), open): ((String, String), PortSet)| Flow {
        from,
        to,
        open: Open::from(&open),
        temporary: Some(Temporary {
            requests: Vec::new(),
            until: None,
            open: Open::from(&open),
        }),
    };
    flows.into_iter().map(flow).collect()
}

fn add(flows: &mut BTreeMap<(String, String), PortSet>, gate: &Policy, pod: PodRef<'_>) {
    let workload = pod.workload().to_string();
    for direction in [Direction::Ingress, Direction::Egress] {
        for rule in &*gate.section(direction).allow {
            for net in rule.nets() {
                let (key, ports) = match direction {
                    Direction::Ingress => (
                        (net.to_string(), workload.clone()),
                        rule.covers(&End::Pod(pod)),
                    ),
                    Direction::Egress => (
                        (workload.clone(), net.to_string()),
                        rule.covers(&End::Address(net)),
                    ),
                };
                let open = flows.entry(key).or_default();
                *open = open.union(&ports);
            }
        }
    }
}
