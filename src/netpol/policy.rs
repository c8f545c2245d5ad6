//! A NetworkPolicy in the form it is judged in: defaults filled in as the API server does, fields
//! that mean "any" told apart from fields that mean "none".
//!
//! What the API server would have refused (an empty peer, port 0, an unknown protocol) matches
//! nothing here: a manifest that nobody could apply must not open anything.

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};

use super::rule::Rule;
use super::selector::Selector;
use super::snapshot::PodRef;

/// Which connections of a pod a policy speaks about: those it opens, or those it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Connections that the pod opens; judged on the source.
    Egress,
    /// Connections that the pod receives; judged on the target.
    Ingress,
}

impl Direction {
    /// As Kubernetes writes it in `policyTypes`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Egress => "Egress",
            Self::Ingress => "Ingress",
        }
    }

    /// As people read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }
}

/// Which kind of object a policy was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// `networking.k8s.io` NetworkPolicy.
    Network,
    /// `cilium.io` CiliumNetworkPolicy.
    Cilium,
    /// `cilium.io` CiliumClusterwideNetworkPolicy.
    CiliumClusterwide,
}

/// A policy, ready to be judged. Policies of these kinds live side by side in one tier: allows add up,
/// and a deny (Cilium only) beats every allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it was read from.
    pub kind: PolicyKind,
    /// Its namespace; empty for a cluster-wide one.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Namespaces whose pods it selects; `None`: its own only.
    pub namespaces: Option<Selector>,
    /// The pods it selects, within these namespaces.
    pub subject: Selector,
    /// Whether the selection itself cannot be judged.
    pub doubt: Option<Box<str>>,
    /// What it says about connections that its pods receive.
    pub ingress: Section,
    /// What it says about connections that its pods open.
    pub egress: Section,
}

/// What a policy says in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Whether it isolates the pods it selects: what no rule allows is then closed.
    pub isolates: bool,
    /// What it allows.
    pub allow: Box<[Rule]>,
    /// What it denies, whoever allows it.
    pub deny: Box<[Rule]>,
}

impl Section {
    /// Whether it neither isolates nor says anything.
    pub fn is_empty(&self) -> bool {
        !self.isolates && self.allow.is_empty() && self.deny.is_empty()
    }
}

impl Policy {
    /// Reads a policy of `namespace` as the API server would have defaulted it.
    pub fn read(policy: &NetworkPolicy, namespace: &str) -> Self {
        let no_spec = NetworkPolicySpec::default();
        let spec = policy.spec.as_ref().unwrap_or(&no_spec);
        let (ingress, egress) = directions(spec);
        let ingress_rules = spec.ingress.iter().flatten();
        let egress_rules = spec.egress.iter().flatten();
        let section = |isolates: bool, rules: Vec<Rule>| Section {
            isolates,
            allow: if isolates {
                rules.into()
            } else {
                Box::default()
            },
            deny: Box::default(),
        };
        Self {
            kind: PolicyKind::Network,
            namespace: namespace.into(),
            name: policy.metadata.name.as_deref().unwrap_or_default().into(),
            subject: spec
                .pod_selector
                .as_ref()
                .map(Selector::from)
                .unwrap_or_default(),
            namespaces: None,
            doubt: None,
            ingress: section(
                ingress,
                ingress_rules
                    .map(|r| Rule::read(r.from.as_deref(), r.ports.as_deref()))
                    .collect(),
            ),
            egress: section(
                egress,
                egress_rules
                    .map(|r| Rule::read(r.to.as_deref(), r.ports.as_deref()))
                    .collect(),
            ),
        }
    }

    /// What it says in a direction.
    pub const fn section(&self, direction: Direction) -> &Section {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// Whether it isolates the pods it selects in a direction.
    pub const fn isolates(&self, direction: Direction) -> bool {
        self.section(direction).isolates
    }

    /// Whether it selects a pod. Pods on the host's network are selected by none.
    pub fn selects(&self, pod: &PodRef<'_>) -> bool {
        let at_home = match &self.namespaces {
            None => *self.namespace == *pod.namespace,
            Some(namespaces) => namespaces.matches(&pod.space.labels),
        };
        at_home && !pod.pod.host_network && self.subject.matches(&pod.pod.labels)
    }

    /// How people read it: `namespace/name`; other kinds than NetworkPolicy are named.
    pub fn path(&self) -> String {
        let (namespace, name) = (&self.namespace, &self.name);
        match self.kind {
            PolicyKind::Network => format!("{namespace}/{name}"),
            PolicyKind::Cilium => format!("{namespace}/CiliumNetworkPolicy/{name}"),
            PolicyKind::CiliumClusterwide => format!("CiliumClusterwideNetworkPolicy/{name}"),
        }
    }

    /// The address blocks (and their exceptions) that its rules of a direction name.
    pub fn nets(&self, direction: Direction) -> impl Iterator<Item = IpNet> {
        let section = self.section(direction);
        let rules = section.allow.iter().chain(&section.deny);
        rules.flat_map(Rule::nets)
    }
}

/// Whether a spec isolates for (ingress, egress). Without `policyTypes` ingress is always implied,
/// egress only by a rule (`pkg/apis/networking/v1/defaults.go`).
fn directions(spec: &NetworkPolicySpec) -> (bool, bool) {
    match spec.policy_types.as_deref().unwrap_or_default() {
        [] => (true, spec.egress.iter().flatten().next().is_some()),
        types => {
            let has = |direction: Direction| types.iter().any(|t| t == direction.name());
            (has(Direction::Ingress), has(Direction::Egress))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_refuses_matches_nothing() {
        let read =
            |json: serde_json::Value| Policy::read(&serde_json::from_value(json).unwrap(), "a");
        let policy = read(serde_json::json!({"metadata": {}, "spec": {"ingress": [
            {"from": [{}], "ports": [
                {"port": 0}, {"port": 70000}, {"port": 90, "endPort": 80}, {"endPort": 80},
                {"port": "http", "endPort": 80}, {"protocol": "ICMP"}]},
            {"from": [{"ipBlock": {"cidr": "nonsense"}},
                      {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]},
        ]}}));
        for rule in &policy.ingress.allow {
            assert_eq!(rule.peers.as_deref(), Some(&[][..]));
            assert!(rule.ports.as_deref().is_none_or(<[_]>::is_empty));
        }
    }

    #[test]
    fn a_typing_error_in_policy_types_isolates_nothing() {
        let policy = serde_json::json!({"metadata": {}, "spec": {"policyTypes": ["ingres"]}});
        let policy = Policy::read(&serde_json::from_value(policy).unwrap(), "a");
        assert_eq!(policy.ingress, Section::default());
        assert_eq!(policy.egress, Section::default());
    }
}
