//! A Service, reduced to what turns it into pods and target ports.

use std::net::IpAddr;

use k8s_openapi::api::core::v1 as api;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::grammar::Protocol;
use crate::netpol::rule;
use crate::netpol::selector::{Labels, Selector};

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The pods behind it; `None`: it has no selector, its endpoints are somebody else's.
    pub selector: Option<Selector>,
    /// The outside name that an ExternalName service stands for.
    pub external_name: Option<Box<str>>,
    /// `clusterIP: None`: its name resolves to the pods themselves.
    pub headless: bool,
    /// Its virtual addresses.
    pub ips: Box<[IpAddr]>,
    /// Its ports.
    pub ports: Box<[ServicePort]>,
}

/// One port of a Service and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name, where there are several.
    pub name: Option<Box<str>>,
    /// TCP where the manifest leaves it out.
    pub protocol: Protocol,
    /// The number that clients use.
    pub number: u16,
    /// The pods' port.
    pub target: TargetPort,
}

/// A pod port as a Service names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// By number; the service's own number where the manifest leaves it out.
    Number(u16),
    /// By name, looked up on each pod by itself.
    Name(Box<str>),
}

impl Service {
    /// Reads a Service.
    pub fn read(service: &api::Service) -> Self {
        let no_spec = api::ServiceSpec::default();
        let spec = service.spec.as_ref().unwrap_or(&no_spec);
        let external = spec.type_.as_deref() == Some("ExternalName");
        let pairs = spec.selector.iter().flatten();
        let labels: Labels = pairs.map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let single = spec.cluster_ip.iter();
        let all = spec.cluster_ips.iter().flatten().chain(single);
        let mut ips: Vec<IpAddr> = all.filter_map(|text| text.parse().ok()).collect();
        ips.sort_unstable();
        ips.dedup();
        Self {
            selector: (!external && !labels.is_empty()).then(|| Selector::from(&labels)),
            external_name: external
                .then(|| spec.external_name.as_deref().unwrap_or_default().into()),
            headless: spec.cluster_ip.as_deref() == Some("None"),
            ips: ips.into_boxed_slice(),
            ports: spec
                .ports
                .iter()
                .flatten()
                .filter_map(ServicePort::read)
                .collect(),
        }
    }
}

impl ServicePort {
    fn read(port: &api::ServicePort) -> Option<Self> {
        let number = rule::number(port.port)?;
        let target = match &port.target_port {
            // The API server fills a missing (or zero) target port with the port itself.
            None | Some(IntOrString::Int(0)) => TargetPort::Number(number),
            Some(IntOrString::Int(target)) => TargetPort::Number(rule::number(*target)?),
            Some(IntOrString::String(name)) => TargetPort::Name(name.as_str().into()),
        };
        Some(Self {
            name: port.name.as_deref().map(Into::into),
            protocol: rule::protocol(port.protocol.as_deref())?,
            number,
            target,
        })
    }
}
