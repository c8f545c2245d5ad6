//! One end of a flow, as a person names it.

mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub(super) use self::read::{Side, read, with_ports, without_empty_items};
use super::reading::one_word;
use super::{ParseError, Ports};

/// A source or a target as typed: a name in a namespace, labels, or addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Endpoint {
    /// `ns/name` or `ns/kind/name`: a workload, else a pod, else (as a target) a service.
    Named {
        /// Kubernetes namespace.
        namespace: String,
        /// The kind, when typed.
        kind: Option<Kind>,
        /// Object name.
        name: String,
    },
    /// `ns/app=web,tier=front`: all pods of the namespace with these labels.
    Labels {
        /// Kubernetes namespace.
        namespace: String,
        /// At least one label; all must match.
        labels: BTreeMap<String, String>,
    },
    /// An address or a CIDR block outside the cluster; a bare address is a /32 or /128.
    Address(IpNet),
}

impl Endpoint {
    /// The namespace, for endpoints inside the cluster.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Named { namespace, .. } | Self::Labels { namespace, .. } => Some(namespace),
            Self::Address(_) => None,
        }
    }
}

/// Kinds that can be named between namespace and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `deploy`, `deployment`
    Deployment,
    /// `sts`, `statefulset`
    StatefulSet,
    /// `ds`, `daemonset`
    DaemonSet,
    /// `rs`, `replicaset`
    ReplicaSet,
    /// `job`
    Job,
    /// `cj`, `cronjob`
    CronJob,
    /// `po`, `pod`
    Pod,
    /// `svc`, `service`; a target only
    Service,
}

/// Every way to type a kind, in lower case; the first one is the way it is written back.
const KINDS: [(Kind, &[&str]); 8] = [
    (Kind::Deployment, &["deployment", "deployments", "deploy"]),
    (Kind::StatefulSet, &["statefulset", "statefulsets", "sts"]),
    (Kind::DaemonSet, &["daemonset", "daemonsets", "ds"]),
    (Kind::ReplicaSet, &["replicaset", "replicasets", "rs"]),
    (Kind::Job, &["job", "jobs"]),
    (Kind::CronJob, &["cronjob", "cronjobs", "cj"]),
    (Kind::Pod, &["pod", "pods", "po"]),
    (Kind::Service, &["service", "services", "svc"]),
];

impl Kind {
    /// The kind that a word names, in any case: `deploy`, `StatefulSet`, `svc`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let named = KINDS
            .iter()
            .find(|(_, words)| words.contains(&word.as_str()));
        named.map(|(kind, _)| *kind)
    }

    /// Every word that names a kind.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        KINDS.iter().flat_map(|(_, words)| words.iter().copied())
    }

    /// The kind as Kubernetes writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
            Self::Service => "Service",
        }
    }
}

/// Prints the canonical typed form, which parses back to the same value.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named {
                namespace,
                kind: None,
                name,
            } => write!(f, "{namespace}/{name}"),
            Self::Named {
                namespace,
                kind: Some(kind),
                name,
            } => {
                write!(f, "{namespace}/{}/{name}", kind.name().to_ascii_lowercase())
            }
            Self::Labels { namespace, labels } => {
                let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                write!(f, "{namespace}/{}", pairs.join(","))
            }
            Self::Address(net) if net.prefix_len() == net.max_prefix_len() => {
                write!(f, "{}", net.addr())
            }
            Self::Address(net) => write!(f, "{net}"),
        }
    }
}

/// Reads `shop/web`, `shop/deploy/web`, `shop/app=web`, an address or a pasted name, without ports.
impl FromStr for Endpoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        one_word(text, |word| {
            let target = read(word, Side::Target(None))?;
            match target.ports {
                None => Ok(target.endpoint),
                Some(_) => Err(word
                    .problem("a port is not expected here")
                    .replace(target.endpoint.to_string())),
            }
        })
    }
}

/// An endpoint with the ports after it, as typed: `orders/db:5432`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The ports; `None` where none were typed.
    pub ports: Option<Ports>,
}

/// Prints the canonical typed form, with brackets around an IPv6 address that has ports.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&with_ports(&self.endpoint, self.ports.as_ref()))
    }
}

impl FromStr for Target {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        one_word(text, |word| read(word, Side::Target(None)))
    }
}
