//! Why an endpoint or a port could not be resolved, in words for the person who typed it.

use std::net::IpAddr;

use crate::grammar::{Endpoint, PortAsk};

/// What stands between a typed flow and the cluster. Prints the reason; [`Unresolved::hint`] says
/// what to do, [`Unresolved::endpoints`] and [`Unresolved::ports`] are the choices for buttons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// No such namespace.
    #[error("there is no namespace `{namespace}`")]
    UnknownNamespace {
        /// As typed.
        namespace: String,
        /// The nearest that exists.
        near: Option<String>,
    },
    /// The namespace is none of those that are read.
    #[error("Drawbridge does not read `{namespace}` in this cluster")]
    NotRead {
        /// As typed.
        namespace: String,
    },
    /// Nothing of that name (and kind) in the namespace.
    #[error("there is nothing called `{what}`")]
    UnknownName {
        /// The endpoint as typed.
        what: String,
        /// The nearest that exists, as an endpoint.
        near: Option<String>,
    },
    /// No pod has these labels.
    #[error("no running pod matches `{what}`")]
    NoLabelledPods {
        /// The endpoint as typed.
        what: String,
        /// An endpoint with the nearest label that some pod has.
        near: Option<String>,
    },
    /// Workloads of several kinds share the name.
    #[error("`{typed}` could be more than one thing")]
    AmbiguousName {
        /// The endpoint as typed.
        typed: String,
        /// The same name with each kind.
        choices: Vec<Endpoint>,
    },
    /// It exists, but nothing of it runs.
    #[error("`{what}` has no running pods")]
    NoPods {
        /// Namespace and name.
        what: String,
    },
    /// Its pods use their node's network.
    #[error("`{what}` runs on the host's network, which network policies do not govern")]
    HostNetwork {
        /// Namespace and name.
        what: String,
        /// The addresses it is seen under, sorted.
        nodes: Vec<IpAddr>,
    },
    /// A service was named where connections come from.
    #[error("`{what}` is a service: it receives connections, it does not open any")]
    ServiceAsSource {
        /// Namespace and name.
        what: String,
        /// The workloads behind it.
        choices: Vec<Endpoint>,
    },
    /// The service stands for a name outside the cluster.
    #[error("`{what}` is an ExternalName service: it stands for `{host}` outside the cluster")]
    ExternalName {
        /// Namespace and name.
        what: String,
        /// The outside name.
        host: String,
    },
    /// The service has no selector, so its endpoints are unknown here.
    #[error("`{what}` is a service without a selector: which pods it leads to is not known")]
    NoSelector {
        /// Namespace and name.
        what: String,
    },
    /// The address belongs to a pod.
    #[error("`{address}` is the address of a pod of `{choice}`, and will change")]
    AddressOfPod {
        /// As typed.
        address: IpAddr,
        /// The pod's workload.
        choice: Endpoint,
    },
    /// The address belongs to a service.
    #[error("`{address}` is the address of the service `{choice}`")]
    AddressOfService {
        /// As typed.
        address: IpAddr,
        /// The service.
        choice: Endpoint,
    },
    /// Neither end is in the cluster.
    #[error("neither `{from}` nor `{to}` is in the cluster, so there is nothing to open")]
    NoPodSide {
        /// Source.
        from: String,
        /// Target.
        to: String,
    },
    /// No port was typed and there is not just one.
    #[error("`{target}` has several ports")]
    AmbiguousPort {
        /// The target's label.
        target: String,
        /// Each of them.
        choices: Vec<PortAsk>,
    },
    /// A service's port leads to different pod ports.
    #[error("port `{port}` of `{target}` leads to different ports of its pods")]
    AmbiguousServicePort {
        /// The target's label.
        target: String,
        /// As typed.
        port: String,
        /// The pod ports.
        choices: Vec<PortAsk>,
    },
    /// No port was typed and none is declared.
    #[error("no port was named, and `{target}` declares none")]
    NoPort {
        /// The target's label.
        target: String,
    },
    /// No such port.
    #[error("`{target}` has no port `{port}`")]
    UnknownPort {
        /// The target's label.
        target: String,
        /// As typed.
        port: String,
        /// What it has, as typed forms.
        known: Vec<String>,
        /// The nearest of its names.
        near: Option<String>,
    },
}

impl Unresolved {
    /// What to do next, when something can be said.
    pub fn hint(&self) -> Option<String> {
        let plain = |text: &str| Some(text.to_owned());
        match self {
            Self::UnknownNamespace { near, .. }
            | Self::UnknownName { near, .. }
            | Self::NoLabelledPods { near, .. } => near.as_deref().map(did_you_mean),
            Self::AmbiguousName { choices, .. } => one_of("say which", choices),
            Self::AmbiguousPort { choices, .. } | Self::AmbiguousServicePort { choices, .. } => {
                one_of("say which", choices)
            }
            Self::NotRead { .. } => plain("those who run it choose its `namespaces`"),
            Self::NoPods { .. } => plain("ask again when it runs"),
            Self::HostNetwork { nodes, .. } => one_of("name its node's address instead", nodes),
            Self::ServiceAsSource { choices, .. } => one_of("name the workload behind it", choices),
            Self::ExternalName { .. } | Self::NoSelector { .. } => {
                plain("name an address or a CIDR block as the target")
            }
            Self::AddressOfPod { choice, .. } | Self::AddressOfService { choice, .. } => {
                Some(format!("ask for `{choice}` instead"))
            }
            Self::NoPodSide { .. } => plain("name a workload as `namespace/name`"),
            Self::NoPort { .. } => plain("add the port, such as `:8080`"),
            Self::UnknownPort { near, known, .. } => near
                .as_deref()
                .map(did_you_mean)
                .or_else(|| one_of("it has", known))
                .or_else(|| plain("give its number")),
        }
    }

    /// Endpoints to choose from, for buttons.
    pub fn endpoints(&self) -> &[Endpoint] {
        match self {
            Self::AmbiguousName { choices, .. } | Self::ServiceAsSource { choices, .. } => choices,
            Self::AddressOfPod { choice, .. } | Self::AddressOfService { choice, .. } => {
                std::slice::from_ref(choice)
            }
            _ => &[],
        }
    }

    /// Ports to choose from, for buttons.
    pub fn ports(&self) -> &[PortAsk] {
        match self {
            Self::AmbiguousPort { choices, .. } | Self::AmbiguousServicePort { choices, .. } => {
                choices
            }
            _ => &[],
        }
    }
}

fn did_you_mean(near: &str) -> String {
    format!("did you mean `{near}`?")
}

/// A list of choices; nothing when there is none.
fn one_of(lead: &str, choices: &[impl ToString]) -> Option<String> {
    let quoted: Vec<String> = choices
        .iter()
        .map(|c| format!("`{}`", c.to_string()))
        .collect();
    (!quoted.is_empty()).then(|| format!("{lead}: {}", quoted.join(", ")))
}
