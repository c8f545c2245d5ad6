//! What is to be said of a live gate when the cluster has changed since it was approved.
//!
//! Approval binds to a gate's effect, and a cluster goes on living: pods get labels that the gate's
//! selectors match, and admin-tier denies arrive (DESIGN §3, facts 6 and 9). Nothing here closes a
//! gate; what does harm is [`super::lone`]'s. A finding is worded without counts of pods, so that a
//! roll-out makes no news.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde::{Deserialize, Serialize};

use super::build;
use super::effect::{Effect, Opened, Outlook};
use super::evaluate::Evaluator;
use super::flow::Flow;
use super::lineup::{Lineup, meant};
use super::policy::{Direction, Policy};
use super::portset::PortSet;
use super::reach::{self, Openness, Reach, SideReach};
use super::snapshot::{ObjectKey, PodRef, Snapshot};

/// Something about a live gate that is not as it was approved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "camelCase")]
pub enum Finding {
    /// It opens more than was approved.
    OpensMore {
        /// The pairs, each with the ports that were not approved; sorted, not empty.
        pairs: Vec<Opened>,
    },
    /// Its flow was expected to be open and is not, or that cannot be told any more.
    NotOpen {
        /// The reasons, one sentence each: lower case, no final period; sorted, not empty.
        why: Vec<String>,
    },
}

impl Finding {
    /// What of this finding is in none of the others; `None`: all of it is.
    pub fn beyond(&self, others: &[Self]) -> Option<Self> {
        match self {
            Self::OpensMore { pairs } => {
                let known: Vec<&Opened> = others.iter().flat_map(Self::pairs).collect();
                let pairs = beyond(pairs, &known);
                (!pairs.is_empty()).then_some(Self::OpensMore { pairs })
            }
            Self::NotOpen { why } => {
                let known: BTreeSet<&String> = others.iter().flat_map(Self::reasons).collect();
                let new = why.iter().filter(|reason| !known.contains(reason));
                let why: Vec<String> = new.cloned().collect();
                (!why.is_empty()).then_some(Self::NotOpen { why })
            }
        }
    }

    /// One line for each part of it, for ledgers.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::OpensMore { pairs } => pairs.iter().map(opened_line).collect(),
            Self::NotOpen { why } => why.iter().map(|why| format!("not open: {why}")).collect(),
        }
    }

    fn pairs(&self) -> &[Opened] {
        match self {
            Self::OpensMore { pairs } => pairs,
            Self::NotOpen { .. } => &[],
        }
    }

    fn reasons(&self) -> &[String] {
        match self {
            Self::OpensMore { .. } => &[],
            Self::NotOpen { why } => why,
        }
    }
}

fn opened_line(pair: &Opened) -> String {
    let ports = pair.ports.join(", ");
    format!("also opens: {} to {} ({ports})", pair.from, pair.to)
}

/// Judges a live gate again, against what was approved: by its objects as they are in the cluster.
/// Sorted; empty: all is as approved.
///
/// # Guarantees
/// A side without running pods makes no finding: nothing can be said of it, and its pods may be on
/// their way. A flow that was doubtful when it was approved is not reported for not being open.
pub fn judge_again(
    snapshot: &Snapshot,
    flow: &Flow,
    objects: &[NetworkPolicy],
    approved: &Effect,
) -> Vec<Finding> {
    let read = |object: &NetworkPolicy| {
        let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
        Policy::read(object, namespace)
    };
    let policies: Vec<Policy> = objects.iter().map(read).collect();
    let now = build::effect(snapshot, flow, &policies);
    let known: Vec<&Opened> = approved.opens.iter().collect();
    let pairs = beyond(&now.opens, &known);
    let why = match approved.outlook {
        Outlook::Expected => in_the_way(snapshot, flow, &policies),
        Outlook::Doubtful | Outlook::Unknown => Vec::new(),
    };
    let more = (!pairs.is_empty()).then_some(Finding::OpensMore { pairs });
    let closed = (!why.is_empty()).then_some(Finding::NotOpen { why });
    more.into_iter().chain(closed).collect()
}

/// The pairs of `now` with the ports that are not among the known pairs.
fn beyond(now: &[Opened], known: &[&Opened]) -> Vec<Opened> {
    let more = now.iter().filter_map(|pair| {
        let same = known
            .iter()
            .filter(|k| (&k.from, &k.to) == (&pair.from, &pair.to));
        let covered = same.fold(PortSet::default(), |all, one| all.union(&one.set()));
        let left = pair.set().minus(&covered);
        (!left.is_empty()).then(|| Opened {
            ports: left.ranges().iter().map(ToString::to_string).collect(),
            ..pair.clone()
        })
    });
    more.collect()
}

/// Why the flow is not open with these policies; empty: it is, or a side has no pods.
fn in_the_way(snapshot: &Snapshot, flow: &Flow, policies: &[Policy]) -> Vec<String> {
    let snapshot = without_unaddressed(snapshot, flow);
    let lineup = Lineup::new(&Evaluator::trying(&snapshot, policies), flow);
    if lineup.from.is_empty() || lineup.to.is_empty() {
        return Vec::new();
    }
    let reach = reach::judge(&lineup, flow);
    if reach.is_open() {
        return Vec::new();
    }
    let own = policies.iter().map(Policy::path).collect();
    let reasons = reasons(&reach, flow, &own);
    // Never silent: where no single thing can be named, everything that is known is said.
    let all = if reasons.is_empty() {
        reach.why.into_iter().collect()
    } else {
        reasons
    };
    all.into_iter().collect()
}

/// Without the flow's pods that have no address yet: they talk to nobody, and rules that match by
/// address would seem to shut them out for as long as they start.
fn without_unaddressed(snapshot: &Snapshot, flow: &Flow) -> Snapshot {
    let waits = |pod: &PodRef<'_>| !pod.pod.host_network && pod.pod.ips.is_empty();
    let mut left = snapshot.clone();
    for side in [&flow.from, &flow.to] {
        for pod in meant(snapshot, side).iter().filter(|pod| waits(pod)) {
            left.remove(&ObjectKey {
                kind: "Pod".to_owned(),
                namespace: pod.namespace.to_owned(),
                name: pod.name.to_owned(),
            });
        }
    }
    left
}

fn reasons(reach: &Reach, flow: &Flow, own: &BTreeSet<String>) -> BTreeSet<String> {
    let closed = reach.sides.iter();
    closed
        .filter(|side| side.openness != Openness::Open)
        .flat_map(|side| side_reasons(side, flow, own))
        .collect()
}

fn side_reasons(side: &SideReach, flow: &Flow, own: &BTreeSet<String>) -> Vec<String> {
    let denied = side
        .denied_by
        .iter()
        .map(|rule| format!("denied by {rule}"));
    let unknown = side.unknown.iter().map(|what| format!("not known: {what}"));
    let mut why: Vec<String> = denied.chain(unknown).collect();
    let others = side.isolated_by.iter().filter(|path| !own.contains(*path));
    let by: Vec<String> = others.map(|path| format!("`{path}`")).collect();
    // What denies beats every allow, so nothing is said of allows beside it.
    if why.is_empty() && !by.is_empty() {
        let (from, to) = (&flow.from.label, &flow.to.label);
        let (subject, word, peer) = match side.direction {
            Direction::Egress => (from, "egress", format!("to `{to}`")),
            Direction::Ingress => (to, "ingress", format!("from `{from}`")),
        };
        let (by, missing) = (by.join(", "), &side.missing);
        why.push(format!(
            "`{subject}` is isolated for {word} by {by}, and {missing} {peer} is not allowed"
        ));
    }
    why
}
