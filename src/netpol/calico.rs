//! Calico's own policies: seen, never judged. Their selectors, orders and tiers can beat any
//! NetworkPolicy, so wherever one may select a pod the answer is *unknown* and names it.

use serde_json::Value;

use super::fields::{field, items, text};
use super::policy::Direction;
use super::snapshot::{Extension, PodRef};

/// Groups under which Calico's kinds are served.
pub(super) const GROUPS: [&str; 2] = ["crd.projectcalico.org", "projectcalico.org"];

/// Names under which Calico mirrors Kubernetes' own policies: those are judged where they come from.
const MIRRORS: [&str; 5] = [
    "knp.default.",
    "kanp.adminnetworkpolicy.",
    "kbanp.baselineadminnetworkpolicy.",
    "kcnp.kube-admin.",
    "kcnp.kube-baseline.",
];

/// A policy that is known to be there and cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// `ns/NetworkPolicy.projectcalico.org/name`.
    pub path: Box<str>,
    /// The namespace it selects pods of; `None`: any.
    namespace: Option<Box<str>>,
    ingress: bool,
    egress: bool,
}

impl Unjudged {
    /// Reads a policy of Calico's; `None` for any other object, and for tiers and mirrors.
    pub fn read(object: &Extension) -> Option<Self> {
        let is_policy = matches!(
            object.kind.as_str(),
            "NetworkPolicy" | "GlobalNetworkPolicy"
        );
        let name = object.metadata.name.as_deref().unwrap_or_default();
        if !GROUPS.contains(&object.group.as_str())
            || !is_policy
            || MIRRORS.iter().any(|prefix| name.starts_with(*prefix))
        {
            return None;
        }
        let spec = field(&object.body, "spec").unwrap_or(&Value::Null);
        let types: Vec<&str> = items(spec, "types")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let has_egress = !items(spec, "egress").is_empty();
        let has_ingress = !items(spec, "ingress").is_empty();
        let namespace = object.metadata.namespace.as_deref();
        let namespace = namespace.filter(|_| object.kind == "NetworkPolicy");
        let tier = match text(spec, "tier") {
            "" => "default",
            named => named,
        };
        let at = namespace.map(|ns| format!("{ns}/")).unwrap_or_default();
        Some(Self {
            path: format!("{at}{}.projectcalico.org/{name} (tier {tier})", object.kind).into(),
            namespace: namespace.map(Into::into),
            // Without types: ingress, unless there are only egress rules.
            ingress: types.contains(&"Ingress")
                || (types.is_empty() && (has_ingress || !has_egress)),
            egress: types.contains(&"Egress") || (types.is_empty() && has_egress),
        })
    }

    /// Whether it may select this pod in a direction.
    pub fn may_select(&self, pod: &PodRef<'_>, direction: Direction) -> bool {
        let speaks = match direction {
            Direction::Ingress => self.ingress,
            Direction::Egress => self.egress,
        };
        let here = self
            .namespace
            .as_deref()
            .is_none_or(|ns| *ns == *pod.namespace);
        speaks && here && !pod.pod.host_network
    }
}
