//! A flow with both ends resolved against the cluster.

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::{Deserialize, Serialize};

use crate::grammar::Protocol;

/// Source → target : ports, resolved: what [`super::build()`] plans for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Where connections come from.
    pub from: Side,
    /// Where they go.
    pub to: Side,
    /// Target (pod) ports, never Service ports; sorted, empty only where both sides are stated.
    pub ports: Vec<PortRange>,
}

/// One end of a resolved flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// How people read it: `orders/db`, `203.0.113.7`.
    pub label: String,
    /// What it is.
    pub at: SideRef,
    /// Whether it was named by labels: then whoever gets them later belongs to it.
    #[serde(default)]
    pub by_labels: bool,
}

/// What an end of a flow is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SideRef {
    /// Pods of one namespace.
    Pods {
        /// Kubernetes namespace.
        namespace: String,
        /// Selects exactly the intended pods (and what the plan's warnings name).
        selector: LabelSelector,
        /// Names of the pods it stands for now, sorted, not empty.
        pods: Vec<String>,
        /// `ns/Kind/name` of the workloads they belong to, sorted.
        workloads: Vec<String>,
    },
    /// Addresses outside the cluster.
    Addresses(IpNet),
    /// What a template's own objects say of it. Nothing is planned or judged for such a side.
    Stated {
        /// The namespace that is changed, on the target's side; none on the source's.
        namespace: Option<String>,
    },
}

impl Side {
    /// The namespace, inside the cluster.
    pub fn namespace(&self) -> Option<&str> {
        match &self.at {
            SideRef::Pods { namespace, .. } => Some(namespace),
            SideRef::Addresses(_) => None,
            SideRef::Stated { namespace } => namespace.as_deref(),
        }
    }

    /// Names of the pods on this side; none for addresses and for what is stated.
    pub fn pods(&self) -> &[String] {
        match &self.at {
            SideRef::Pods { pods, .. } => pods,
            SideRef::Addresses(_) | SideRef::Stated { .. } => &[],
        }
    }

    /// Whether a template's own objects say what it is.
    pub const fn is_stated(&self) -> bool {
        matches!(self.at, SideRef::Stated { .. })
    }
}

/// An inclusive range of pod ports of one protocol; a single port has `first == last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
    /// 1 to 65535.
    pub first: u16,
    /// `first` to 65535.
    pub last: u16,
}

impl PortRange {
    /// `5432` or `8000-8010`.
    pub fn numbers(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}-{}", self.first, self.last)
        }
    }
}

/// Reads what `Display` writes.
impl std::str::FromStr for PortRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (protocol, numbers) = text.split_once(' ').ok_or(NotARange)?;
        let protocol = Protocol::from_word(protocol).ok_or(NotARange)?;
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let number = |text: &str| text.parse::<u16>().map_err(|_| NotARange);
        Ok(Self {
            protocol,
            first: number(first)?,
            last: number(last)?,
        })
    }
}

/// A text that is no range of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a range of ports such as `TCP 8000-8010`")]
pub struct NotARange;

/// `TCP 5432` or `TCP 8000-8010`.
impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.protocol.name(), self.numbers())
    }
}
