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
    if let (Endpoint::Address(a), Endpoint::Address(b)) = (from, to) {
        return Err(Unresolved::NoPodSide {
            from: crate::netpol::address::text(*a),
            to: crate::netpol::address::text(*b),
        });
    }
    let (source, _) = resolve_side(snapshot, from, Role::Source)?;
    let (target, found) = resolve_side(snapshot, to, Role::Target)?;
    let target_ports = Target {
        label: &target.label,
        found: found.as_ref(),
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
    role: Role,
) -> Result<(Side, Option<Found<'a>>), Unresolved> {
    let search = |namespace| Search::of(snapshot, namespace, endpoint, role);
    let found = match endpoint {
        Endpoint::Address(net) => {
            address::check(snapshot, *net)?;
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
    let found = side::governed(found?)?;
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
