//! What people name, found in the cluster: endpoints become sides, ports become pod ports.
//!
//! A name means a workload, then a pod, then (as a target) a service. Nothing is guessed: what could
//! mean two things is asked back with the choices, what is unknown is answered with the nearest name.

mod address;
mod near;
mod pin;
mod ports;
mod side;
mod unresolved;

use super::flow::{Flow, Side, SideRef};
use super::snapshot::Snapshot;
use crate::grammar::{Endpoint, Ports};
use ports::Target;
use side::{Found, Role, Search};
pub use unresolved::Unresolved;

/// What a flow is resolved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To open it: ends that no policy can open are refused.
    Open,
    /// To look at it: every end that exists will do, and ports are pods' ports unless a Service is named.
    Look,
}

/// Resolves a flow to look at: pods on the host's network and pods named by their address too.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_to_look(
    snapshot: &Snapshot,
    from: &Endpoint,
    to: &Endpoint,
    ports: Option<&Ports>,
) -> Result<Flow, Unresolved> {
    let named = |end: &Endpoint| address::pod_at(snapshot, end).unwrap_or_else(|| end.clone());
    flow(snapshot, (&named(from), &named(to), ports), Purpose::Look)
}

/// Resolves a flow against the cluster as it is now. Without `ports` it is the target's only port.
///
/// # Errors
/// [`Unresolved`]: in the person's words, with a hint and, where there are some, choices. The source
/// is judged before the target, and that before the ports.
pub fn resolve(
    snapshot: &Snapshot,
    from: &Endpoint,
    to: &Endpoint,
    ports: Option<&Ports>,
) -> Result<Flow, Unresolved> {
    flow(snapshot, (from, to, ports), Purpose::Open)
}

/// Resolves one end by itself, for objects that a template states: as the source of a flow.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_end(snapshot: &Snapshot, end: &Endpoint) -> Result<Side, Unresolved> {
    let (side, _) = resolve_side(snapshot, end, (Role::Source, Purpose::Open))?;
    Ok(side)
}

fn flow(
    snapshot: &Snapshot,
    (from, to, ports): (&Endpoint, &Endpoint, Option<&Ports>),
    purpose: Purpose,
) -> Result<Flow, Unresolved> {
    if let (Endpoint::Address(a), Endpoint::Address(b)) = (from, to) {
        return Err(Unresolved::NoPodSide {
            from: crate::netpol::address::text(*a),
            to: crate::netpol::address::text(*b),
        });
    }
    let (source, _) = resolve_side(snapshot, from, (Role::Source, purpose))?;
    let (target, found) = resolve_side(snapshot, to, (Role::Target, purpose))?;
    let target_ports = Target {
        label: &target.label,
        found: found.as_ref(),
        literal: purpose == Purpose::Look,
    };
    let ports = ports::resolve(&target_ports, ports)?;
    Ok(Flow {
        from: source,
        to: target,
        ports: ports.ranges().to_vec(),
    })
}

fn resolve_side<'a>(
    snapshot: &'a Snapshot,
    endpoint: &Endpoint,
    (role, purpose): (Role, Purpose),
) -> Result<(Side, Option<Found<'a>>), Unresolved> {
    let search = |namespace| Search::of(snapshot, namespace, endpoint, role);
    let found = match endpoint {
        Endpoint::Address(net) => {
            if purpose == Purpose::Open {
                address::check(snapshot, *net)?;
            }
            let side = Side {
                label: crate::netpol::address::text(*net),
                at: SideRef::Addresses(net.trunc()),
                by_labels: false,
            };
            return Ok((side, None));
        }
        Endpoint::Named {
            namespace,
            kind,
            name,
        } => search(namespace)?.named(*kind, name),
        Endpoint::Labels { namespace, labels } => search(namespace)?.labelled(labels),
    };
    let found = match purpose {
        Purpose::Open => side::governed(found?)?,
        Purpose::Look => found?,
    };
    let side = Side {
        label: found.label.clone(),
        at: SideRef::Pods {
            namespace: found.namespace.to_owned(),
            selector: found.selector.to_kubernetes(),
            pods: found.pods.iter().map(|p| p.name.to_owned()).collect(),
            workloads: found.workloads.iter().map(ToString::to_string).collect(),
        },
        by_labels: matches!(endpoint, Endpoint::Labels { .. }),
    };
    Ok((side, Some(found)))
}
