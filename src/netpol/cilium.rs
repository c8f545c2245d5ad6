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
use super::rule::Rule;
use super::selector::{Labels, Selector};
use super::snapshot::{Extension, NAMESPACE_NAME};
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

/// Whether an object, read as these policies, does nothing but allow: it denies nothing, isolates nobody, and
/// narrows no port at layer 7 but to every name that is looked up.
pub(super) fn only_allows(object: &Extension, read: &[Policy]) -> bool {
    let allows = |section: &Section| !section.isolates && section.deny.is_empty();
    let clear = |policy: &Policy| {
        policy.doubt.is_none() && allows(&policy.ingress) && allows(&policy.egress)
    };
    let specs = field(&object.body, "spec").into_iter();
    let mut specs = specs.chain(items(&object.body, "specs"));
    !read.is_empty() && read.iter().all(clear) && specs.all(|spec| !is_narrowing(spec))
}

/// Whether it lets less through than its ports: layer 7 rules hold for whatever else is allowed there too,
/// whatever `enableDefaultDeny` says.
fn is_narrowing(spec: &Value) -> bool {
    let entries = [&rules::INGRESS, &rules::EGRESS].map(|names| items(spec, names.allow));
    let ports = entries
        .into_iter()
        .flatten()
        .flat_map(|entry| items(entry, "toPorts"));
    let every_name = serde_json::json!({"dns": [{"matchPattern": "*"}]});
    let mut parts = ports.flat_map(|ports| ports.as_object().into_iter().flatten());
    parts.any(|(part, value)| match part.as_str() {
        "ports" => false,
        "rules" => *value != every_name,
        _ => true,
    })
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
    let clusterwide = home == Home::Cluster;
    let (namespaces, pods, unclear) = match endpoints::read(selector, home) {
        Some(split) => {
            let elsewhere = !clusterwide && names_elsewhere(&split, namespace.unwrap_or("default"));
            (split.namespaces, split.pods, elsewhere)
        }
        None => (Some(Selector::default()), Selector::default(), true),
    };
    let doubt = match (unclear, is_refused(spec)) {
        (true, _) => Some("which pods it selects is not understood".into()),
        (false, true) => Some("Cilium refuses it as it is written".into()),
        (false, false) => None,
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

/// Entries that narrow what others allow, as denies that cannot be told.
fn narrowing(lists: [&[Value]; 2]) -> impl Iterator<Item = Rule> {
    let entries = lists.into_iter().flatten();
    let narrowing = entries.filter(|entry| rules::narrows_others(entry));
    narrowing.map(|_| {
        let everything = Rule {
            peers: None,
            ports: None,
            doubt: None,
        };
        everything.doubted(Some("what it requires of peers is not judged".to_owned()))
    })
}

/// Whether a policy of one namespace speaks of namespaces in a way that is not just its own name.
fn names_elsewhere(split: &endpoints::Split, home: &str) -> bool {
    let own = Selector::from(&Labels::from_iter([(NAMESPACE_NAME, home)]));
    split.namespaces.as_ref().is_some_and(|named| *named != own)
}

/// Whether Cilium does not take the policy, and so does not enforce it.
fn is_refused(spec: &Value) -> bool {
    let entries = |names: &'static rules::Names| {
        let lists = items(spec, names.allow)
            .iter()
            .chain(items(spec, names.deny));
        lists.map(move |entry| (entry, names))
    };
    let mut all = entries(&rules::INGRESS).chain(entries(&rules::EGRESS));
    field(spec, "nodeSelector").is_some()
        || all.any(|(entry, names)| rules::is_refused(entry, names))
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
        deny: deny.chain(narrowing(lists)).collect(),
    }
}
