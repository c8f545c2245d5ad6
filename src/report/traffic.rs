//! Flow data: which grants something went through.
//!
//! JSON Lines as `hubble observe -o jsonpb` and `-o json` print them (with or without the outer `flow`), or
//! any lines with the same fields: `time`, `verdict`, `source` and `destination` with `namespace`,
//! `pod_name`, `labels` and `workloads`, `IP`, `l4` with the destination port, and `destination_service`.
//! Only forwarded flows that are no replies count. Clusters are not told apart: their names there are not
//! ours, and a grant is called unused only if no flow fits it anywhere.
//!
//! A grant can be judged only if its whole time lies between the first and the last flow, and if both of its
//! ends occur in the data at all (in any flow, at any time): of others the data says nothing.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::Deserialize;

use super::Report;
use super::figures::{Unused, UnusedPath};
use super::names::{Name, Names};
use super::sums::cluster_and_flow;
use super::tally::Grant;
use crate::grammar::{Endpoint, PortAsk, PortRef, Ports, Protocol};
use crate::units::Time;

/// One flow, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Seen {
    /// The outer form: everything else is in here.
    flow: Option<Box<Seen>>,
    time: Option<Time>,
    verdict: String,
    is_reply: Option<bool>,
    source: End,
    destination: End,
    #[serde(rename = "IP")]
    ip: Addresses,
    l4: BTreeMap<String, PortOf>,
    destination_service: ServiceOf,
}

/// One end of a flow.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct End {
    namespace: String,
    pod_name: String,
    labels: Vec<String>,
    workloads: Vec<WorkloadOf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WorkloadOf {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServiceOf {
    namespace: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Addresses {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortOf {
    destination_port: u16,
}

/// Grants that wait to be judged, and what was read of the flows.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    paths: Vec<Watched>,
    /// Places in `paths` by the namespace of the source; none for addresses.
    by_source: HashMap<Option<String>, Vec<usize>>,
    /// And by the target's.
    by_target: HashMap<Option<String>, Vec<usize>>,
    /// Closed grants of flows that cannot be told apart here, and of what is no flow of packets.
    unwatched: u64,
    flows: u64,
    unreadable: u64,
    first: Option<Time>,
    last: Option<Time>,
}

/// A path and its grants.
#[derive(Debug)]
struct Watched {
    name: Name,
    from: Endpoint,
    to: Endpoint,
    ports: Ports,
    /// Whether any flow showed the source, and the target.
    met: (bool, bool),
    /// Each grant, and whether something went through it.
    grants: Vec<(Grant, bool)>,
}

impl Report {
    /// Every closed grant of the period, to be judged by flows.
    pub(super) fn grants_to_judge(&mut self) -> Traffic {
        let mut by_path: BTreeMap<Name, Vec<(Grant, bool)>> = BTreeMap::new();
        let mut traffic = Traffic::default();
        for grant in std::mem::take(&mut self.tally.grants) {
            if grant.stated {
                traffic.unwatched += 1;
                continue;
            }
            by_path.entry(grant.path).or_default().push((grant, false));
        }
        for (name, grants) in by_path {
            let (_, flow) = cluster_and_flow(&self.names, name);
            match ends(flow) {
                Some((from, to, ports)) => {
                    let place = traffic.paths.len();
                    let namespace = |end: &Endpoint| end.namespace().map(str::to_owned);
                    let source = traffic.by_source.entry(namespace(&from));
                    source.or_default().push(place);
                    let target = traffic.by_target.entry(namespace(&to));
                    target.or_default().push(place);
                    traffic.paths.push(Watched {
                        name,
                        from,
                        to,
                        ports,
                        met: (false, false),
                        grants,
                    });
                }
                None => traffic.unwatched += grants.len() as u64,
            }
        }
        traffic
    }
}

/// The ends of `shop/web -> orders/db:5432`.
fn ends(flow: &str) -> Option<(Endpoint, Endpoint, Ports)> {
    let (from, to) = flow.split_once(" -> ")?;
    let target: crate::grammar::Target = to.parse().ok()?;
    Some((from.parse().ok()?, target.endpoint, target.ports?))
}

impl Traffic {
    /// Reads one flow.
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        let read: Option<Seen> = serde_json::from_str(line).ok();
        let seen = read.map(|mut seen| seen.flow.take().map_or(seen, |inner| *inner));
        let Some((seen, at)) = seen.and_then(|seen| seen.time.map(|at| (seen, at))) else {
            self.unreadable += 1;
            return;
        };
        self.flows += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        self.note(&seen, at);
    }

    fn note(&mut self, seen: &Seen, at: Time) {
        let within = |namespace: &str| (!namespace.is_empty()).then(|| namespace.to_owned());
        let mut targets = vec![
            within(&seen.destination.namespace),
            within(&seen.destination_service.namespace),
            None,
        ];
        targets.sort();
        targets.dedup();
        for namespace in targets {
            for place in self.by_target.get(&namespace).into_iter().flatten() {
                if let Some(watched) = self.paths.get_mut(*place) {
                    watched.met.1 = watched.met.1 || watched.ends_at(seen);
                }
            }
        }
        let went = seen.verdict == "FORWARDED" && seen.is_reply != Some(true);
        let mut sources = vec![within(&seen.source.namespace), None];
        sources.dedup();
        for namespace in sources {
            for place in self.by_source.get(&namespace).into_iter().flatten() {
                let Some(watched) = self.paths.get_mut(*place) else {
                    continue;
                };
                if !end_fits(&watched.from, &seen.source, seen.ip.source) {
                    continue;
                }
                watched.met.0 = true;
                if went && watched.ends_at(seen) && watched.has_port(&seen.l4) {
                    watched.use_at(at);
                }
            }
        }
    }

    /// Which of the grants were used.
    pub(super) fn judged(self, names: &Names) -> Unused {
        let mut unused = Unused {
            flows: self.flows,
            unreadable: self.unreadable,
            first: self.first,
            last: self.last,
            judged: 0,
            never_used: 0,
            not_known: self.unwatched,
            paths: Vec::new(),
        };
        let known = self.first.zip(self.last);
        for watched in self.paths {
            let (cluster, flow) = cluster_and_flow(names, watched.name);
            let mut path = UnusedPath {
                cluster: cluster.to_owned(),
                flow: flow.to_owned(),
                judged: 0,
                never_used: 0,
            };
            for (grant, used) in watched.grants {
                let within = known.is_some_and(|(first, last)| {
                    first <= grant.opened_at && grant.closed_at <= last
                });
                let covered = within && watched.met == (true, true);
                match covered {
                    true => {
                        path.judged += 1;
                        path.never_used += u64::from(!used);
                    }
                    false => unused.not_known += 1,
                }
            }
            unused.judged += path.judged;
            unused.never_used += path.never_used;
            if path.never_used > 0 {
                unused.paths.push(path);
            }
        }
        unused.paths.sort_by(|a, b| {
            let most = b.never_used.cmp(&a.never_used);
            most.then_with(|| (&a.flow, &a.cluster).cmp(&(&b.flow, &b.cluster)))
        });
        unused
    }
}

impl Watched {
    fn ends_at(&self, seen: &Seen) -> bool {
        let service = &seen.destination_service;
        end_fits(&self.to, &seen.destination, seen.ip.destination)
            || matches!(&self.to, Endpoint::Named { namespace, name, .. }
                if *namespace == service.namespace && *name == service.name)
    }

    fn has_port(&self, l4: &BTreeMap<String, PortOf>) -> bool {
        self.ports.0.iter().any(|port| port_fits(port, l4))
    }

    fn use_at(&mut self, at: Time) {
        for (grant, used) in &mut self.grants {
            *used |= grant.opened_at <= at && at <= grant.closed_at;
        }
    }
}

fn port_fits(port: &PortAsk, l4: &BTreeMap<String, PortOf>) -> bool {
    let protocol = port.protocol.unwrap_or(Protocol::Tcp).name();
    let Some(PortOf { destination_port }) = l4.get(protocol) else {
        return false;
    };
    match &port.port {
        PortRef::Number(number) => number == destination_port,
        PortRef::Range(first, last) => (first..=last).contains(&destination_port),
        PortRef::Name(_) => false,
    }
}

fn end_fits(wanted: &Endpoint, end: &End, address: Option<IpAddr>) -> bool {
    match wanted {
        Endpoint::Named {
            namespace, name, ..
        } => {
            *namespace == end.namespace
                && (end.workloads.iter().any(|workload| workload.name == *name)
                    || end.pod_name == *name
                    || (end.workloads.is_empty() && is_pod_of(&end.pod_name, name)))
        }
        Endpoint::Labels { namespace, labels } => {
            let has = |(key, value): (&String, &String)| {
                let label = format!("{key}={value}");
                let bare = |known: &String| {
                    known
                        .split_once(':')
                        .map_or(known.as_str(), |(_, l)| l)
                        .to_owned()
                };
                end.labels.iter().any(|known| bare(known) == label)
            };
            *namespace == end.namespace && labels.iter().all(has)
        }
        Endpoint::Address(net) => address.is_some_and(|address| net.contains(&address)),
    }
}

/// Whether a pod's name is one that a workload of this name gives: `web-7d9f8c6b5-x2x4z`, `db-0`, `log-x2x4z`.
/// Where it only might be, the grant counts as used: nothing is called unused that was not.
fn is_pod_of(pod: &str, workload: &str) -> bool {
    let rest = pod.strip_prefix(workload).and_then(|r| r.strip_prefix('-'));
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    rest.is_some_and(|rest| rest.split('-').count() <= 2 && rest.split('-').all(word))
}
