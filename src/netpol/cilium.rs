//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (`cilium.io/v2`) at layers 3 and 4.
//!
//! They live in one tier with NetworkPolicies: allows add up, a deny beats every allow, and a pod is
//! isolated in a direction as soon as one that selects it has `enableDefaultDeny` there, which is so
//! unless it says otherwise. What layer 7, names, services or groups decide is *unknown*.
//!
//! Sources: cilium/cilium `pkg/policy/api`, `Documentation/security/policy`.

mod endpoints;
mod ports;
mod rules;

use serde_json::Value;

use super::fields::{field, items};
use super::policy::{Policy, PolicyKind, Section};
use super::snapshot::Extension;
use endpoints::Home;

/// The group of these kinds.
pub(super) const GROUP: &str = "cilium.io";

/// Reads an object; `None` for one of another kind. `spec` and each of `specs` count.
pub(super) fn read(object: &Extension) -> Option<Vec<Policy>> {
    let kind = match (object.group.as_str(), object.kind.as_str()) {
        (GROUP, "CiliumNetworkPolicy") => PolicyKind::Cilium,
        (GROUP, "CiliumClusterwideNetworkPolicy") => PolicyKind::CiliumClusterwide,
        _ => return None,
    };
    let all = field(&object.body, "spec").into_iter();
    let all = all.chain(items(&object.body, "specs"));
    Some(
        all.filter_map(|spec| read_spec(object, kind, spec))
            .collect(),
    )
}

/// One rule of Cilium's, which is a policy here. A policy for nodes selects no pods; one without a
/// selector is refused by Cilium.
fn read_spec(object: &Extension, kind: PolicyKind, spec: &Value) -> Option<Policy> {
    let selector = field(spec, "endpointSelector")?;
    let namespace = object.metadata.namespace.as_deref();
    let home = match kind {
        PolicyKind::CiliumClusterwide => Home::Cluster,
        PolicyKind::Cilium | PolicyKind::Network => Home::Namespace,
    };
    let subject = endpoints::read(selector, home);
    let clusterwide = home == Home::Cluster;
    let (namespaces, pods, doubt) = match subject {
        Some(split) => (split.namespaces, split.pods, None),
        None => {
            let why = "which pods it selects is not understood";
            (
                super::selector::Selector::default().into(),
                Default::default(),
                Some(why.into()),
            )
        }
    };
    let section = |direction: &rules::Names| section(spec, direction, home);
    Some(Policy {
        kind,
        namespace: if clusterwide {
            ""
        } else {
            namespace.unwrap_or("default")
        }
        .into(),
        name: object.metadata.name.as_deref().unwrap_or_default().into(),
        // The own namespace is forced, whatever the selector says of namespaces.
        namespaces: if clusterwide {
            namespaces.or_else(|| Some(Default::default()))
        } else {
            None
        },
        subject: pods,
        doubt,
        ingress: section(&rules::INGRESS),
        egress: section(&rules::EGRESS),
    })
}

fn section(spec: &Value, names: &rules::Names, home: Home) -> Section {
    let lists = [items(spec, names.allow), items(spec, names.deny)];
    let says = field(spec, "enableDefaultDeny").and_then(|both| both.get(names.allow)?.as_bool());
    let [allow, deny] =
        lists.map(|list| list.iter().flat_map(|rule| rules::read(rule, names, home)));
    Section {
        // Without any rule the switch has no effect (cilium#35558).
        isolates: lists.iter().any(|list| !list.is_empty()) && says.unwrap_or(true),
        allow: allow.collect(),
        deny: deny.collect(),
    }
}
