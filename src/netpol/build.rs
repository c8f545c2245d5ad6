//! The smallest gate: NetworkPolicies that open one flow, isolate nothing, and whose removal is the
//! exact way back.
//!
//! INVARIANT (nothing breaks): every pod that a planned object selects is isolated in that object's
//! direction by somebody else's policy already. A policy that selects an unisolated pod would cut
//! everything else it talks to; where labels cannot avoid that, the gate is refused.

mod difference;
mod draw;
mod refusal;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::effect::Effect;
use super::evaluate::{End, Evaluator, Party};
use super::flow::{Flow, Side, SideRef};
use super::lineup::{Lineup, meant};
use super::policy::{Direction, Policy};
use super::portset::PortSet;
use super::reach::judge;
use super::selector::Selector;
use super::snapshot::{PodRef, Snapshot};
pub(super) use difference::effect;
use draw::Drawing;
pub use refusal::NoGate;

/// A planned gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// At most one object a side, egress first: namespace and spec only, neither name nor marks.
    pub objects: Vec<NetworkPolicy>,
    /// What changes when they are applied.
    pub effect: Effect,
}

/// Plans the gate that opens `flow`: an object for each side that blocks, with the ports that are
/// missing there.
///
/// # Guarantees
/// With the objects applied every pair of the flow is open, no pod is isolated that was not, and
/// nothing opens that [`Built::effect`] does not list. Each object is needed.
///
/// # Errors
/// [`NoGate`]: nothing to open, or no way to open it without opening or cutting something else.
pub fn build(snapshot: &Snapshot, flow: &Flow) -> Result<Built, NoGate> {
    let evaluator = Evaluator::baseline(snapshot);
    let lineup = Lineup::new(&evaluator, flow);
    for (parties, side) in [(&lineup.from, &flow.from), (&lineup.to, &flow.to)] {
        if parties.is_empty() {
            return Err(NoGate::Gone {
                side: side.label.clone(),
            });
        }
    }
    let blocked = [Direction::Egress, Direction::Ingress]
        .map(|direction| (direction, lineup.missing(direction)));
    if blocked.iter().all(|(_, missing)| missing.is_empty()) {
        return Err(no_use(&lineup, flow));
    }
    check_pinned(snapshot, &flow.from)?;
    check_pinned(snapshot, &flow.to)?;

    let mut objects = Vec::new();
    for (direction, missing) in blocked.into_iter().filter(|(_, ports)| !ports.is_empty()) {
        objects.push(object(&evaluator, flow, &lineup, (direction, &missing))?);
    }
    let read = |object: &NetworkPolicy| {
        Policy::read(
            object,
            object.metadata.namespace.as_deref().unwrap_or_default(),
        )
    };
    let policies: Vec<Policy> = objects.iter().map(read).collect();
    let effect = difference::effect(snapshot, flow, &policies);
    Ok(Built { objects, effect })
}

/// Why no policy of ours would help: the flow is open, or what closes it beats every policy of ours, or
/// it cannot be told.
fn no_use(lineup: &Lineup<'_>, flow: &Flow) -> NoGate {
    let (from, to) = (flow.from.label.clone(), flow.to.label.clone());
    let reach = judge(lineup, flow);
    if reach.is_open() {
        return NoGate::AlreadyOpen {
            from,
            to,
            ports: lineup.asked.to_string(),
            why: reach.why,
        };
    }
    let by = reach.denied_by();
    if by.is_empty() {
        let what = reach.unknown();
        return NoGate::Untold { from, to, what };
    }
    NoGate::Denied { from, to, by }
}

/// The object that opens `missing` ports on one side.
fn object(
    evaluator: &Evaluator<'_>,
    flow: &Flow,
    lineup: &Lineup<'_>,
    (direction, missing): (Direction, &PortSet),
) -> Result<NetworkPolicy, NoGate> {
    let (subject, peer) = match direction {
        Direction::Egress => (&flow.from, &flow.to),
        Direction::Ingress => (&flow.to, &flow.from),
    };
    let selector = isolated_only(evaluator, subject, &lineup.lacking(direction), direction)?;
    let namespace = subject.namespace().unwrap_or_default();
    let mut drawing = Drawing::new(namespace, selector.to_kubernetes(), direction);
    drawing.rule(draw::peer(peer), missing);
    // An address needs no name, so asking by address never asks for DNS.
    let by_name = matches!(peer.at, SideRef::Pods { .. });
    if direction == Direction::Egress && by_name && lacks_dns(evaluator, &lineup.from) {
        drawing.rule(draw::dns_peer(), &draw::dns_ports());
    }
    Ok(drawing.policy())
}

/// A selector for the subjects of a new object that selects isolated pods only: the side's own
/// where that is so, else the side's narrowed to what one policy selects that isolates every pod
/// which lacks something. That cannot isolate anything new: the policy selects all of it already.
fn isolated_only(
    evaluator: &Evaluator<'_>,
    side: &Side,
    lacking: &[&Party<'_>],
    direction: Direction,
) -> Result<Selector, NoGate> {
    let SideRef::Pods {
        namespace,
        selector,
        ..
    } = &side.at
    else {
        // Addresses are never isolated, so nothing is missing on their side.
        return Ok(Selector::default());
    };
    let own = Selector::from(selector);
    let unisolated = unisolated(evaluator, namespace, &own, direction);
    if unisolated.is_empty() {
        return Ok(own);
    }
    let candidates = lacking
        .first()
        .map(|p| p.isolating(direction))
        .unwrap_or_default();
    let isolates_all = |policy: &&&Policy| {
        let pods = lacking.iter();
        pods.copied()
            .all(|pod| pod.isolating(direction).contains(policy))
    };
    // Of another namespace's labels a NetworkPolicy's pod selector cannot speak.
    let narrowed = candidates
        .iter()
        .filter(|policy| policy.namespaces.is_none())
        .find(isolates_all)
        .map(|policy| own.and(&policy.subject));
    narrowed.ok_or_else(|| NoGate::WouldIsolate {
        side: side.label.clone(),
        direction,
        workloads: names(&unisolated),
    })
}

fn unisolated<'a>(
    evaluator: &Evaluator<'a>,
    namespace: &str,
    selector: &Selector,
    direction: Direction,
) -> Vec<PodRef<'a>> {
    let mut pods = evaluator.snapshot().selected(namespace, selector);
    pods.retain(|pod| !evaluator.party(End::Pod(*pod)).is_isolated(direction));
    pods
}

/// A side must be told apart by labels: a selector without requirements opens the whole namespace,
/// and a pod that was asked for alone must be selected alone.
fn check_pinned(snapshot: &Snapshot, side: &Side) -> Result<(), NoGate> {
    let SideRef::Pods {
        namespace,
        selector,
        workloads,
        ..
    } = &side.at
    else {
        return Ok(());
    };
    if is_everything(selector) {
        return Err(NoGate::NoLabels {
            side: side.label.clone(),
            namespace: namespace.clone(),
        });
    }
    let meant = meant(snapshot, side);
    let mut others = snapshot.selected(namespace, &Selector::from(selector));
    others.retain(|pod| !meant.iter().any(|m| m.is(pod)));
    let alone = match (meant.as_slice(), workloads.as_slice()) {
        ([pod], [only]) => *only == pod.itself().to_string(),
        _ => false,
    };
    if alone && !others.is_empty() {
        return Err(NoGate::CannotPin {
            side: side.label.clone(),
            others: names(&others),
        });
    }
    Ok(())
}

fn is_everything(selector: &LabelSelector) -> bool {
    Selector::from(selector).is_everything()
}

/// Whether a rule for DNS would help: the egress of some source does not let it ask the cluster's
/// DNS (UDP 53), and nothing else stands in the way.
fn lacks_dns(evaluator: &Evaluator<'_>, sources: &[Party<'_>]) -> bool {
    let servers = draw::dns_servers(evaluator.snapshot());
    let servers: Vec<Party<'_>> = servers
        .into_iter()
        .map(|pod| evaluator.party(End::Pod(pod)))
        .collect();
    let ask = draw::dns_question();
    sources.iter().any(|source| {
        servers.iter().any(|server| {
            let asks = source.without_denies(Direction::Egress, &server.end);
            let answers = server.judge(Direction::Ingress, &source.end);
            !asks.covers(&ask) && answers.open.covers(&ask)
        })
    })
}

/// `ns/Kind/name` of the pods' workloads, each once, sorted.
fn names(pods: &[PodRef<'_>]) -> Vec<String> {
    let all: std::collections::BTreeSet<String> =
        pods.iter().map(|pod| pod.workload().to_string()).collect();
    all.into_iter().collect()
}
