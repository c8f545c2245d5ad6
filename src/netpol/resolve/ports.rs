//! Typed ports become pod ports: numbers, ranges, names, and service ports behind which they lie.

use std::collections::BTreeSet;

use super::near::nearest;
use super::side::Found;
use super::unresolved::Unresolved;
use crate::grammar::{PortAsk, PortRef, Ports, Protocol};
use crate::netpol::flow::PortRange;
use crate::netpol::portset::PortSet;
use crate::netpol::snapshot::service::TargetPort;
use crate::netpol::snapshot::{PodRef, Service, ServicePort};

/// The target that ports are looked up on.
pub(super) struct Target<'a> {
    pub(super) label: &'a str,
    /// Its pods; `None` for addresses.
    pub(super) found: Option<&'a Found<'a>>,
    /// Whether a number is a pod's port unless a service was named.
    pub(super) literal: bool,
}

type Numbers = BTreeSet<(Protocol, u16)>;

/// The pod ports that were asked for; without any typed, the target's only one.
pub(super) fn resolve(target: &Target<'_>, asked: Option<&Ports>) -> Result<PortSet, Unresolved> {
    let Some(asked) = asked.filter(|ports| !ports.0.is_empty()) else {
        return target.only_port();
    };
    let mut all = Vec::new();
    for port in &asked.0 {
        all.extend(target.one(port)?);
    }
    Ok(all.into_iter().collect())
}

impl Target<'_> {
    fn one(&self, port: &PortAsk) -> Result<Vec<PortRange>, Unresolved> {
        let protocol = port.protocol.unwrap_or_default();
        let numbers = match (&port.port, self.found) {
            (PortRef::Range(first, last), _) => {
                let (first, last) = (*first, *last);
                return Ok(vec![PortRange {
                    protocol,
                    first,
                    last,
                }]);
            }
            (PortRef::Number(number), None) => Numbers::from([(protocol, *number)]),
            (PortRef::Name(_), None) => return Err(self.unknown_port(port)),
            (PortRef::Number(number), Some(found)) => {
                self.number(found, port, (protocol, *number))?
            }
            (PortRef::Name(name), Some(found)) => self.name(found, port, name)?,
        };
        let ranges = numbers.into_iter().map(|(p, n)| PortRange::single(p, n));
        Ok(ranges.collect())
    }

    /// A number is a pod's port where a pod declares it, else a service's port, else a pod's port
    /// after all (declaring is optional) — unless a service was named, which has no others.
    fn number(
        &self,
        found: &Found<'_>,
        ask: &PortAsk,
        port: (Protocol, u16),
    ) -> Result<Numbers, Unresolved> {
        let literal = Numbers::from([port]);
        let declared = found.pods.iter().any(|p| p.pod.declares(port.0, port.1));
        let through = |p: &ServicePort| (p.protocol, p.number) == port;
        let service_first = found.service.is_some_and(|s| s.typed);
        let pods_port = self.literal && found.service.is_none();
        if pods_port || (declared && !service_first) {
            return Ok(literal);
        }
        let targets = self.through_services(found, ask, through)?;
        let open_ended = found.service.is_none_or(|s| s.service.headless);
        match targets {
            Some(targets) => Ok(targets),
            None if declared || open_ended => Ok(literal),
            None => Err(self.unknown_port(ask)),
        }
    }

    /// A name is looked up on each pod by itself, then among the service ports.
    fn name(&self, found: &Found<'_>, ask: &PortAsk, name: &str) -> Result<Numbers, Unresolved> {
        let fits = |protocol: Protocol| ask.protocol.is_none_or(|wanted| wanted == protocol);
        let declared: Numbers = declared(&found.pods, Some(name))
            .into_iter()
            .filter(|(protocol, _)| fits(*protocol))
            .collect();
        let through = |p: &ServicePort| p.name.as_deref() == Some(name) && fits(p.protocol);
        let service_first = found.service.is_some_and(|s| s.typed);
        if !declared.is_empty() && !service_first {
            return Ok(declared);
        }
        match self.through_services(found, ask, through)? {
            Some(targets) => Ok(targets),
            None if !declared.is_empty() => Ok(declared),
            None => Err(self.unknown_port(ask)),
        }
    }

    /// The pod ports behind the service ports that fit; `None` when no service has one. Where
    /// services disagree, the one with the workload's own name counts.
    fn through_services(
        &self,
        found: &Found<'_>,
        ask: &PortAsk,
        fits: impl Fn(&ServicePort) -> bool,
    ) -> Result<Option<Numbers>, Unresolved> {
        let mut answers: Vec<(&str, Numbers)> = Vec::new();
        for (name, service) in services(found) {
            let ports: Vec<&ServicePort> = service.ports.iter().filter(|p| fits(p)).collect();
            if !ports.is_empty() {
                let targets = ports.iter().flat_map(|port| targets(port, &found.pods));
                answers.push((name, targets.collect()));
            }
        }
        let own = |name: &str| found.workloads.iter().any(|w| w.name == name);
        let distinct: BTreeSet<&Numbers> = answers.iter().map(|(_, targets)| targets).collect();
        let chosen = match distinct.len() {
            0 => return Ok(None),
            1 => distinct.first().copied(),
            _ => answers
                .iter()
                .find(|(name, _)| own(name))
                .map(|(_, targets)| targets),
        };
        match chosen {
            // The service leads to a name that no pod has.
            Some(targets) if targets.is_empty() => Err(self.unknown_port(ask)),
            Some(targets) => Ok(Some(targets.clone())),
            None => Err(Unresolved::AmbiguousServicePort {
                target: self.label.to_owned(),
                port: ask.to_string(),
                choices: distinct.into_iter().flatten().map(numbered).collect(),
            }),
        }
    }

    fn only_port(&self) -> Result<PortSet, Unresolved> {
        let target = self.label.to_owned();
        let Some(found) = self.found else {
            return Err(Unresolved::NoPort { target });
        };
        // Of a service its own ports are offered: they are what its clients know.
        let (choices, reached) = match found.service {
            Some(named) => service_ports(named.service, &found.pods),
            None => match declared(&found.pods, None) {
                none if none.is_empty() => behind_services(found),
                declared => (declared.clone(), declared),
            },
        };
        match (reached.len(), choices.len()) {
            (0, _) => Err(Unresolved::NoPort { target }),
            (1, _) | (_, 1) => {
                let single = |(protocol, number)| PortRange::single(protocol, number);
                Ok(reached.into_iter().map(single).collect())
            }
            _ => Err(Unresolved::AmbiguousPort {
                target,
                choices: choices.iter().map(numbered).collect(),
            }),
        }
    }

    fn unknown_port(&self, ask: &PortAsk) -> Unresolved {
        let mut known = BTreeSet::new();
        let mut names = BTreeSet::new();
        if let Some(found) = self.found {
            for port in found.pods.iter().flat_map(|p| &p.pod.ports) {
                known.insert((port.protocol, port.number));
                names.extend(port.name.as_deref());
            }
            for port in services(found).flat_map(|(_, service)| &service.ports) {
                known.insert((port.protocol, port.number));
                names.extend(port.name.as_deref());
            }
        }
        let near = match &ask.port {
            PortRef::Name(name) => nearest(name, names.iter().copied()),
            PortRef::Number(_) | PortRef::Range(..) => None,
        };
        let named = names.iter().map(ToString::to_string);
        let numbers = known.iter().map(|port| numbered(port).to_string());
        Unresolved::UnknownPort {
            target: self.label.to_owned(),
            port: ask.to_string(),
            known: numbers.chain(named).collect(),
            near,
        }
    }
}

fn numbered(&(protocol, number): &(Protocol, u16)) -> PortAsk {
    PortAsk {
        port: PortRef::Number(number),
        protocol: Some(protocol),
    }
}

/// The ports that pods declare, all or those of one name.
fn declared(pods: &[PodRef<'_>], name: Option<&str>) -> Numbers {
    let ports = pods.iter().flat_map(|p| &p.pod.ports);
    ports
        .filter(|port| name.is_none() || port.name.as_deref() == name)
        .map(|port| (port.protocol, port.number))
        .collect()
}

/// The services that speak for a target: the one that was named, else all that lead to every pod.
fn services<'a>(found: &'a Found<'a>) -> Box<dyn Iterator<Item = (&'a str, &'a Service)> + 'a> {
    if let Some(named) = found.service {
        return Box::new(std::iter::once((named.name, named.service)));
    }
    let all = found.space.services.iter();
    Box::new(
        all.filter(|(_, service)| {
            let selector = service.selector.as_ref();
            selector.is_some_and(|s| found.pods.iter().all(|p| s.matches(&p.pod.labels)))
        })
        .map(|(name, service)| (name.as_ref(), service.as_ref())),
    )
}

/// The pod ports behind one service port; a name may differ from pod to pod.
fn targets(port: &ServicePort, pods: &[PodRef<'_>]) -> Numbers {
    match &port.target {
        TargetPort::Number(number) => Numbers::from([(port.protocol, *number)]),
        TargetPort::Name(name) => pods
            .iter()
            .flat_map(|p| p.pod.named(port.protocol, name))
            .map(|number| (port.protocol, number))
            .collect(),
    }
}

/// A service's own ports, and the pod ports behind them.
fn service_ports(service: &Service, pods: &[PodRef<'_>]) -> (Numbers, Numbers) {
    let own = service.ports.iter().map(|p| (p.protocol, p.number));
    let behind = service.ports.iter().flat_map(|p| targets(p, pods));
    (own.collect(), behind.collect())
}

/// The ports that lie behind any service of undeclared pods.
fn behind_services(found: &Found<'_>) -> (Numbers, Numbers) {
    let all = services(found).map(|(_, service)| service_ports(service, &found.pods));
    let reached: Numbers = all.flat_map(|(_, behind)| behind).collect();
    (reached.clone(), reached)
}
