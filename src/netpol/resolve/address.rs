//! Addresses that stand for something inside the cluster.

use std::net::IpAddr;

use ipnet::IpNet;

use super::unresolved::Unresolved;
use crate::grammar::{Endpoint, Kind};
use crate::netpol::address;
use crate::netpol::snapshot::{Snapshot, WorkloadRef};

/// An address that belongs to something inside the cluster is better named by what it is.
pub(super) fn check(snapshot: &Snapshot, net: IpNet) -> Result<(), Unresolved> {
    if !address::is_single(net) {
        return Ok(());
    }
    let address: IpAddr = net.addr();
    let mut pods = snapshot.all_running();
    if let Some(pod) = pods.find(|p| !p.pod.host_network && p.pod.ips.contains(&address)) {
        return Err(Unresolved::AddressOfPod {
            address,
            choice: endpoint(&pod.workload()),
        });
    }
    for namespace in snapshot.namespaces() {
        let services = snapshot
            .space(namespace)
            .into_iter()
            .flat_map(|s| &s.services);
        for (name, service) in services {
            if service.ips.contains(&address) {
                return Err(Unresolved::AddressOfService {
                    address,
                    choice: Endpoint::Named {
                        namespace: namespace.to_owned(),
                        kind: Some(Kind::Service),
                        name: name.to_string(),
                    },
                });
            }
        }
    }
    Ok(())
}

/// The pod that an address belongs to, by its own name.
pub(super) fn pod_at(snapshot: &Snapshot, end: &Endpoint) -> Option<Endpoint> {
    let Endpoint::Address(net) = end else {
        return None;
    };
    let address = address::is_single(*net).then(|| net.addr())?;
    let mut pods = snapshot.all_running();
    let pod = pods.find(|p| !p.pod.host_network && p.pod.ips.contains(&address))?;
    Some(Endpoint::Named {
        namespace: pod.namespace.to_owned(),
        kind: Some(Kind::Pod),
        name: pod.name.to_owned(),
    })
}

/// A workload as people name it.
pub(super) fn endpoint(workload: &WorkloadRef) -> Endpoint {
    Endpoint::Named {
        namespace: workload.namespace.clone(),
        kind: None,
        name: workload.name.clone(),
    }
}
