//! Policies of the tiers around NetworkPolicy: ClusterNetworkPolicy (v1alpha2 and v1beta1),
//! AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), of `policy.networking.k8s.io`.
//!
//! In a tier the lowest priority number goes first, then the order of rules; the first rule that holds
//! decides. Admin comes before NetworkPolicies, Baseline is asked only for pods that none isolates
//! (kubernetes-sigs/network-policy-api, `site-src/api-overview.md`).

mod read;

use super::rule::Rule;
use super::selector::Selector;
use super::snapshot::PodRef;

/// Before or after NetworkPolicies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Decides before any NetworkPolicy.
    Admin,
    /// Decides what no NetworkPolicy isolates.
    Baseline,
}

/// What a rule does with what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open, whatever comes later (v1alpha1: `Allow`).
    Accept,
    /// Closed, whatever comes later.
    Deny,
    /// Left to the next tier.
    Pass,
}

/// A policy of a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierPolicy {
    /// Its kind, as Kubernetes writes it.
    pub kind: Box<str>,
    /// Its name; it has no namespace.
    pub name: Box<str>,
    /// Which tier.
    pub tier: Tier,
    /// 0 to 1000; lower goes first.
    pub priority: u32,
    /// Namespaces whose pods it selects.
    pub namespaces: Selector,
    /// The pods it selects there.
    pub subject: Selector,
    /// Rules for connections that its pods receive.
    pub ingress: Box<[TierRule]>,
    /// Rules for connections that its pods open.
    pub egress: Box<[TierRule]>,
}

/// One rule of a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRule {
    /// What it does.
    pub action: Action,
    /// Its place in its list, from 1.
    pub place: usize,
    /// What it holds.
    pub rule: Rule,
}

impl TierPolicy {
    /// Whether it selects a pod. Pods on the host's network are selected by none.
    pub fn selects(&self, pod: &PodRef<'_>) -> bool {
        !pod.pod.host_network
            && self.namespaces.matches(&pod.space.labels)
            && self.subject.matches(&pod.pod.labels)
    }

    /// Its rules for a direction.
    pub const fn rules(&self, direction: super::policy::Direction) -> &[TierRule] {
        match direction {
            super::policy::Direction::Ingress => &self.ingress,
            super::policy::Direction::Egress => &self.egress,
        }
    }

    /// `AdminNetworkPolicy/name`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}
