//! What a stated object says, for cards, lists and rules.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Kind, Manifest, Said, binding, cilium, network, select};

/// What a stated object says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Essence {
    /// Who gets something, as a list shows it: `shop/web`, `dana@example.com`.
    pub who: String,
    /// What they get: `api.example.com:443`, `orders as view`.
    pub what: String,
    /// What rules know it by: a ClusterRole, the first host, block or peer.
    pub name: String,
    /// All of it, in parts.
    pub says: Vec<Said>,
    /// Names of people who are given a role, as the cluster knows them.
    pub people: BTreeSet<String>,
}

/// The pods that an object is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// `shop/web`, where its selector is a workload's; else `shop/app=web`.
    pub label: String,
    /// How many there are now.
    pub pods: usize,
}

impl Selected {
    pub(super) fn said(&self) -> [Said; 2] {
        let noun = if self.pods == 1 { "pod" } else { "pods" };
        [
            Said::Typed(self.label.clone()),
            Said::Words(format!("({} {noun})", self.pods)),
        ]
    }
}

impl Manifest {
    /// The selector of the pods that it is for, with the labels as Kubernetes has them; `None` where it is
    /// for none.
    pub fn subject(&self) -> Option<Value> {
        let field = match self.kind() {
            Kind::NetworkPolicy => "podSelector",
            Kind::CiliumNetworkPolicy => "endpointSelector",
            Kind::RoleBinding => return None,
        };
        let (_, spec) = self.body().next()?;
        Some(select::plain(spec.get(field)?))
    }

    /// What it says; `subject` tells of the pods that it is for, where it is for some.
    pub fn says(&self, subject: Option<&Selected>) -> Essence {
        let unnamed = || Selected {
            label: self.subject_label(),
            pods: 0,
        };
        match self.kind() {
            Kind::RoleBinding => binding::essence(self),
            Kind::NetworkPolicy => {
                network::essence(self, &subject.cloned().unwrap_or_else(unnamed))
            }
            Kind::CiliumNetworkPolicy => {
                cilium::essence(self, &subject.cloned().unwrap_or_else(unnamed))
            }
        }
    }

    /// The pods that it is for, by their labels: `shop/app=web`.
    pub fn subject_label(&self) -> String {
        let words = self.subject().map(|selector| select::words(&selector));
        format!("{}/{}", self.namespace(), words.unwrap_or_default())
    }
}

/// `a`, `a and 2 more`.
pub(super) fn listed(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [only] => only.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}

/// `api.example.com:443`, `10.0.0.0/24:53/udp and 2 more`.
pub(super) fn at_ports(all: &[String], ports: &[String]) -> String {
    let numbers = ports.iter().map(|port| match port.split_once(' ') {
        Some(("TCP", number)) => number.to_owned(),
        Some((protocol, number)) => format!("{number}/{}", protocol.to_lowercase()),
        None => port.clone(),
    });
    let numbers = numbers.collect::<Vec<_>>().join(",");
    match all {
        [] => numbers,
        [only] => format!("{only}:{numbers}"),
        [first, others @ ..] => format!("{first}:{numbers} and {} more", others.len()),
    }
}

/// A canonical form as people write manifests; what is no JSON stays as it is.
pub fn as_yaml(canonical: &str) -> String {
    let read = serde_json::from_str::<Value>(canonical).ok();
    let yaml = read.and_then(|read| serde_saphyr::to_string(&read).ok());
    yaml.unwrap_or_else(|| canonical.to_owned())
}
