//! From an object of `policy.networking.k8s.io` to rules.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::{Action, Tier, TierPolicy, TierRule};
use crate::grammar::Protocol;
use crate::netpol::fields::{field, items, number, selector, text, unknown};
use crate::netpol::flow::PortRange;
use crate::netpol::rule::{self, ByAddress, Peer, PortMatch, Rule};
use crate::netpol::selector::Selector;
use crate::netpol::snapshot::Extension;

/// The group of these kinds.
pub(in crate::netpol) const GROUP: &str = "policy.networking.k8s.io";

/// The priority that stands in for one that cannot be read: it goes first, so that nothing which it
/// might deny is called open.
const UNREAD_PRIORITY: u32 = 0;

impl TierPolicy {
    /// Reads one; `None` for an object of another kind.
    pub fn read(object: &Extension) -> Option<Self> {
        let spec = field(&object.body, "spec").unwrap_or(&Value::Null);
        let tier = match object.kind.as_str() {
            _ if object.group != GROUP => return None,
            "AdminNetworkPolicy" => Tier::Admin,
            "BaselineAdminNetworkPolicy" => Tier::Baseline,
            "ClusterNetworkPolicy" if text(spec, "tier") == "Baseline" => Tier::Baseline,
            "ClusterNetworkPolicy" => Tier::Admin,
            _ => return None,
        };
        let priority = spec.get("priority").and_then(Value::as_u64);
        let (namespaces, subject, doubt) = subject(field(spec, "subject"));
        let doubt = doubt.or_else(|| strange_spec(object, spec));
        let rules = |list: &str, peers: &str| {
            let numbered = items(spec, list).iter().zip(1..);
            numbered
                .flat_map(|(one, place)| read_rule(one, peers, place, doubt.as_deref()))
                .collect()
        };
        Some(Self {
            kind: object.kind.as_str().into(),
            name: object.metadata.name.as_deref().unwrap_or_default().into(),
            tier,
            priority: priority.map_or(UNREAD_PRIORITY, |p| u32::try_from(p).unwrap_or(u32::MAX)),
            ingress: rules("ingress", "from"),
            egress: rules("egress", "to"),
            namespaces,
            subject,
        })
    }
}

/// What of the policy as a whole is not understood: then none of its rules is sure.
fn strange_spec(object: &Extension, spec: &Value) -> Option<String> {
    const KNOWN: [&str; 5] = ["tier", "priority", "subject", "ingress", "egress"];
    let baseline = object.kind == "BaselineAdminNetworkPolicy";
    let tiered = object.kind != "ClusterNetworkPolicy";
    let known_tier = tiered || ["Admin", "Baseline"].contains(&text(spec, "tier"));
    let known_priority = baseline || spec.get("priority").and_then(Value::as_u64).is_some();
    if let Some(name) = unknown(spec, &KNOWN) {
        return Some(format!("`{name}` is not understood"));
    }
    (!known_tier || !known_priority).then(|| "its tier or priority is not understood".to_owned())
}

/// Namespaces, pods, and what cannot be judged: then it may be anybody.
fn subject(value: Option<&Value>) -> (Selector, Selector, Option<String>) {
    match value.and_then(pods) {
        Some((namespaces, pods)) => (namespaces, pods, None),
        None => (
            Selector::default(),
            Selector::default(),
            Some("its subject is not understood".to_owned()),
        ),
    }
}

/// `namespaces: …` or `pods: {namespaceSelector, podSelector}`.
fn pods(value: &Value) -> Option<(Selector, Selector)> {
    let read = |value: Option<&Value>| -> Option<Selector> {
        let read: Option<LabelSelector> = value.map_or(Some(LabelSelector::default()), selector);
        read.as_ref().map(Selector::from)
    };
    if unknown(value, &["namespaces", "pods"]).is_some() {
        return None;
    }
    match (field(value, "namespaces"), field(value, "pods")) {
        (Some(namespaces), None) => Some((read(Some(namespaces))?, Selector::default())),
        (None, Some(both)) if unknown(both, &["namespaceSelector", "podSelector"]).is_none() => {
            let namespaces = read(field(both, "namespaceSelector"))?;
            Some((namespaces, read(field(both, "podSelector"))?))
        }
        _ => None,
    }
}

/// A rule, cut in two where part of its peers cannot be judged: the first that holds decides, so both
/// parts together say the same.
fn read_rule(value: &Value, peers: &str, place: usize, doubt: Option<&str>) -> Vec<TierRule> {
    let action = match text(value, "action") {
        "Accept" | "Allow" => Some(Action::Accept),
        "Deny" => Some(Action::Deny),
        "Pass" => Some(Action::Pass),
        _ => None,
    };
    let known = ["name", "action", peers, "protocols", "ports"];
    let strange = unknown(value, &known).map(|name| format!("`{name}` is not understood"));
    let strange = strange.or_else(|| {
        let typed = text(value, "action");
        action
            .is_none()
            .then(|| format!("action `{typed}` is not understood"))
    });
    let (ports, unread) = match read_ports(value) {
        Some(ports) => (ports, None),
        None => (None, Some("a port is not understood".to_owned())),
    };
    let whole = doubt.map(str::to_owned).or(strange).or(unread);
    let (mut sure, mut unsure, mut why) = (Vec::new(), Vec::new(), None);
    for peer in items(value, peers) {
        match read_peer(peer) {
            Ok(peers) => sure.extend(peers),
            Err((peers, because)) => {
                unsure.extend(peers);
                why = Some(because);
            }
        }
    }
    // No peers at all, or named in a way that is not known: it may be anybody.
    if sure.is_empty() && unsure.is_empty() {
        unsure.push(Peer::Anyone);
        why = Some("its peers are not understood".to_owned());
    }
    let part = |peers: Vec<Peer>, doubt: Option<String>| {
        let rule = Rule {
            peers: Some(peers.into()),
            ports: ports.clone(),
            doubt: None,
        };
        TierRule {
            action: action.unwrap_or(Action::Deny),
            place,
            rule: rule.doubted(doubt),
        }
    };
    let parts = [(sure, whole.clone()), (unsure, whole.or(why))];
    let filled = parts.into_iter().filter(|(peers, _)| !peers.is_empty());
    filled.map(|(peers, doubt)| part(peers, doubt)).collect()
}

/// The ends that a peer means; `Err`: those it may mean, and why that cannot be told. A peer without a
/// known field may be anybody (implementations must fail closed on it).
fn read_peer(value: &Value) -> Result<Vec<Peer>, (Vec<Peer>, String)> {
    let anybody = |why: String| (vec![Peer::Anyone], why);
    if let Some((namespaces, pods)) = pods(value) {
        let namespaces = Some(namespaces);
        return Ok(vec![Peer::Pods { namespaces, pods }]);
    }
    let known = ["namespaces", "pods", "nodes", "networks", "domainNames"];
    if let Some(name) = unknown(value, &known) {
        return Err(anybody(format!("peer `{name}` is not understood")));
    }
    if field(value, "networks").is_some() {
        let nets = items(value, "networks").iter();
        let nets: Option<Vec<_>> = nets.map(|net| rule::net(net.as_str()?)).collect();
        let nets = nets.ok_or_else(|| anybody("a network is not a CIDR".to_owned()))?;
        return Ok(nets
            .into_iter()
            .map(|net| Peer::block(net, ByAddress::Always))
            .collect());
    }
    if field(value, "nodes").is_some() {
        return Err((
            vec![Peer::Nodes],
            "which nodes it means is not known".to_owned(),
        ));
    }
    if field(value, "domainNames").is_some() {
        return Err((
            Peer::outside(),
            "names stand for addresses that are not known".to_owned(),
        ));
    }
    Err(anybody("a peer is not understood".to_owned()))
}

/// `Some(None)`: every port; `None`: one cannot be understood.
#[expect(
    clippy::option_option,
    reason = "not restricted and not understood are different answers"
)]
fn read_ports(value: &Value) -> Option<Option<Box<[PortMatch]>>> {
    let newer = items(value, "protocols").iter().map(protocol);
    let older = items(value, "ports").iter().map(port);
    let ports: Vec<PortMatch> = newer.chain(older).collect::<Option<_>>()?;
    Some((!ports.is_empty()).then(|| ports.into()))
}

/// v1alpha2: `{tcp: {destinationPort: {number: 80}}}`, `{destinationNamedPort: web}`.
fn protocol(value: &Value) -> Option<PortMatch> {
    if let Some(name) = field(value, "destinationNamedPort") {
        return Some(PortMatch::AnyNamed(name.as_str()?.into()));
    }
    let of = |protocol: &Protocol| {
        let word = protocol.name().to_ascii_lowercase();
        Some((*protocol, field(value, &word)?))
    };
    let (protocol, inner) = Protocol::ALL.iter().find_map(of)?;
    if unknown(value, &[&protocol.name().to_ascii_lowercase()]).is_some() {
        return None;
    }
    let Some(destination) = field(inner, "destinationPort") else {
        // Documented to mean every port of the protocol; anything else here is not known.
        let bare = inner.as_object().is_some_and(serde_json::Map::is_empty);
        return bare.then_some(PortMatch::Range(PortRange::every(protocol)));
    };
    match (field(destination, "number"), field(destination, "range")) {
        (Some(one), None) => Some(PortMatch::Range(PortRange::single(protocol, number(one)?))),
        (None, Some(range)) => ends(protocol, range),
        _ => None,
    }
}

/// v1alpha1: `{portNumber: {protocol, port}}`, `{portRange: {protocol, start, end}}`, `{namedPort}`.
fn port(value: &Value) -> Option<PortMatch> {
    let of = |inner: &Value| rule::protocol(field(inner, "protocol").and_then(Value::as_str));
    if let Some(name) = field(value, "namedPort") {
        return Some(PortMatch::AnyNamed(name.as_str()?.into()));
    }
    if let Some(one) = field(value, "portNumber") {
        let port = number(one.get("port")?)?;
        return Some(PortMatch::Range(PortRange::single(of(one)?, port)));
    }
    let range = field(value, "portRange")?;
    ends(of(range)?, range)
}

fn ends(protocol: Protocol, range: &Value) -> Option<PortMatch> {
    let (first, last) = (number(range.get("start")?)?, number(range.get("end")?)?);
    (first <= last).then_some(PortMatch::Range(PortRange {
        protocol,
        first,
        last,
    }))
}
