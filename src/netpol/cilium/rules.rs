//! One entry of `ingress`, `ingressDeny`, `egress` or `egressDeny`.

use serde_json::Value;

use super::endpoints::{self, Home};
use super::ports;
use crate::netpol::fields::{field, items, text, unknown};
use crate::netpol::rule::{self, ByAddress, Peer, Rule};
use crate::netpol::selector::Selector;

/// How one direction's fields are called.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) allow: &'static str,
    pub(super) deny: &'static str,
    endpoints: &'static str,
    cidr: &'static str,
    cidr_set: &'static str,
    entities: &'static str,
    /// Fields that narrow or widen a rule in ways that are not known here.
    doubtful: &'static [&'static str],
    /// Those of them that name peers, and so stand in for a missing peer.
    peers: &'static [&'static str],
}

pub(super) const INGRESS: Names = Names {
    allow: "ingress",
    deny: "ingressDeny",
    endpoints: "fromEndpoints",
    cidr: "fromCIDR",
    cidr_set: "fromCIDRSet",
    entities: "fromEntities",
    doubtful: &["fromRequires", "fromGroups", "fromNodes", "authentication"],
    peers: &["fromGroups", "fromNodes"],
};

pub(super) const EGRESS: Names = Names {
    allow: "egress",
    deny: "egressDeny",
    endpoints: "toEndpoints",
    cidr: "toCIDR",
    cidr_set: "toCIDRSet",
    entities: "toEntities",
    doubtful: &[
        "toRequires",
        "toGroups",
        "toNodes",
        "toServices",
        "toFQDNs",
        "authentication",
    ],
    peers: &["toGroups", "toNodes", "toServices", "toFQDNs"],
};

/// Peers with what cannot be judged about them. `None`: anybody.
type Part = (Option<Vec<Peer>>, Option<String>);

/// Reads an entry into rules: those that are sure, and those that are not.
pub(super) fn read(value: &Value, names: &Names, home: Home) -> Vec<Rule> {
    // ICMP alone says nothing about the protocols that are judged here.
    if field(value, "icmps").is_some() && items(value, "toPorts").is_empty() {
        return Vec::new();
    }
    let doubt = strange(value, names);
    let mut rules = Vec::new();
    for (peers, about_peers) in peers(value, names, home) {
        for (ports, about_ports) in ports::read(value) {
            let rule = Rule {
                peers: peers.clone().map(Into::into),
                ports,
                doubt: None,
            };
            let why = doubt
                .clone()
                .or_else(|| about_peers.clone())
                .or(about_ports);
            rules.push(rule.doubted(why));
        }
    }
    rules
}

/// The first field that decides in a way that is not known here.
fn strange(value: &Value, names: &Names) -> Option<String> {
    let peers = [names.endpoints, names.cidr, names.cidr_set, names.entities];
    let plain: Vec<&str> = peers.into_iter().chain(["toPorts", "icmps"]).collect();
    unknown(value, &plain).map(|name| {
        if names.doubtful.contains(&name.as_str()) {
            format!("what `{name}` stands for is not known")
        } else {
            format!("`{name}` is not understood")
        }
    })
}

/// A field that no version known here has.
fn unheard(value: &Value, names: &Names) -> Option<String> {
    let peers = [names.endpoints, names.cidr, names.cidr_set, names.entities];
    let all = peers
        .into_iter()
        .chain(["toPorts", "icmps"])
        .chain(names.doubtful.iter().copied());
    unknown(value, &all.collect::<Vec<_>>())
}

/// Whether an entry names peers in more than one way, which Cilium refuses: then the whole policy is not
/// in force.
pub(super) fn is_refused(value: &Value, names: &Names) -> bool {
    let plain = [names.endpoints, names.cidr, names.cidr_set, names.entities];
    let lists = plain.iter().chain(names.peers);
    lists.filter(|list| !items(value, list).is_empty()).count() > 1
}

/// Whether an entry narrows what other entries allow (`fromRequires`, removed in Cilium 1.19).
pub(super) fn narrows_others(value: &Value) -> bool {
    ["fromRequires", "toRequires"]
        .iter()
        .any(|name| field(value, name).is_some())
}

fn peers(value: &Value, names: &Names, home: Home) -> Vec<Part> {
    let mut sure = Vec::new();
    let mut parts = Vec::new();
    for selector in items(value, names.endpoints) {
        match endpoints::read(selector, home) {
            Some(split) => sure.push(Peer::Pods {
                namespaces: split.namespaces,
                pods: split.pods,
            }),
            None => parts.push(anybody("a selector is not understood")),
        }
    }
    for cidr in items(value, names.cidr) {
        match cidr.as_str().and_then(block) {
            Some(net) => sure.push(Peer::block(net, ByAddress::Never)),
            None => parts.push(addresses("a CIDR cannot be read")),
        }
    }
    for set in items(value, names.cidr_set) {
        match cidr_set(set) {
            Some(peer) => sure.push(peer),
            None => parts.push(addresses("which addresses a group holds is not known")),
        }
    }
    for entity in items(value, names.entities) {
        match entity.as_str().and_then(self::entity) {
            Some((peers, None)) => sure.extend(peers),
            Some((peers, Some(why))) => parts.push((Some(peers), Some(why))),
            None => parts.push(anybody("an entity is not understood")),
        }
    }
    for name in names
        .peers
        .iter()
        .filter(|name| field(value, name).is_some())
    {
        let why = format!("what `{name}` stands for is not known");
        parts.push(match *name {
            "toServices" => anybody(&why),
            "fromNodes" | "toNodes" => (Some(vec![Peer::Nodes]), Some(why)),
            _ => addresses(&why),
        });
    }
    if let Some(name) = unheard(value, names) {
        parts.push(anybody(&format!("`{name}` is not understood")));
    }
    let lists = [names.endpoints, names.cidr, names.cidr_set, names.entities];
    let named = lists.iter().any(|list| field(value, list).is_some());
    match (named || !parts.is_empty(), items(value, "toPorts")) {
        // An explicit empty list holds nobody; so does an entry without peers and ports.
        (true, _) => parts.push((Some(sure), None)),
        (false, []) => parts.push((Some(Vec::new()), None)),
        (false, _) => parts.push((None, None)),
    }
    parts
}

fn anybody(why: &str) -> Part {
    (Some(vec![Peer::Anyone]), Some(why.to_owned()))
}

fn addresses(why: &str) -> Part {
    (Some(Peer::outside()), Some(why.to_owned()))
}

/// A CIDR, or a bare address.
fn block(text: &str) -> Option<ipnet::IpNet> {
    let single = text.parse::<std::net::IpAddr>().ok().map(Into::into);
    single.or_else(|| rule::net(text))
}

fn cidr_set(set: &Value) -> Option<Peer> {
    if unknown(set, &["cidr", "except"]).is_some() {
        return None;
    }
    let except = items(set, "except").iter();
    let except: Option<Vec<_>> = except.map(|one| block(one.as_str()?)).collect();
    Some(Peer::Block {
        net: block(text(set, "cidr"))?,
        except: except?.into(),
        pods: ByAddress::Never,
    })
}

/// The ends that an entity means, and what is not known about that.
fn entity(name: &str) -> Option<(Vec<Peer>, Option<String>)> {
    let every_pod = || Peer::Pods {
        namespaces: Some(Selector::default()),
        pods: Selector::default(),
    };
    let world = |v6: Option<bool>| -> Vec<Peer> {
        let all = Peer::outside().into_iter();
        let fits = |peer: &Peer| match peer {
            Peer::Block { net, .. } => v6.is_none_or(|v6| net.addr().is_ipv6() == v6),
            _ => true,
        };
        all.filter(fits).collect()
    };
    Some(match name {
        "all" => (vec![Peer::Anyone], None),
        "world" => (world(None), None),
        "world-ipv4" => (world(Some(false)), None),
        "world-ipv6" => (world(Some(true)), None),
        "cluster" => (vec![every_pod(), Peer::Nodes], None),
        "host" | "remote-node" => (vec![Peer::Nodes], None),
        "kube-apiserver" => {
            let why = "where the API server is is not known".to_owned();
            let mut peers = Peer::outside();
            peers.push(Peer::Nodes);
            (peers, Some(why))
        }
        // No pods that are seen here.
        "init" | "ingress" | "health" | "unmanaged" | "none" => (Vec::new(), None),
        _ => return None,
    })
}
