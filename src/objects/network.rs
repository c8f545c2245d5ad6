//! NetworkPolicies as templates state them: their bounds, and what they say.
//!
//! INVARIANT (nothing breaks): that none isolates a pod anew is not to be seen in the object itself; whoever
//! plans it asks the cluster's picture.

use serde_json::Value;

use super::block::block;
use super::essence::{Essence, Selected, at_ports, listed};
use super::select::{self, NAMESPACE_NAME};
use super::shape::{Fault, Look, entries, exactly, literal, only, shown};
use super::{Manifest, Said};

/// Field of the rules of a direction, what its peers are called, and the direction as policies name it.
const DIRECTIONS: [(&str, &str, &str); 2] =
    [("egress", "to", "Egress"), ("ingress", "from", "Ingress")];

pub(super) fn check(spec: &Value, look: Look<'_>) -> Result<(), Fault> {
    let known = ["podSelector", "policyTypes", "egress", "ingress"];
    let fields = only(spec, "spec", &known)?;
    select::pods(
        fields.get("podSelector").unwrap_or(&Value::Null),
        "podSelector",
        look,
    )?;
    let types = entries(fields.get("policyTypes"), "policyTypes")?;
    let types = types.iter().map(|one| literal(one, "policyTypes"));
    let types = types.collect::<Result<Vec<&str>, Fault>>()?;
    let known = |one: &&str| DIRECTIONS.iter().any(|(_, _, name)| name == one);
    if !types.iter().all(known) || (types.len() == 2 && types.first() == types.last()) {
        return Err(Fault::plain(
            "`policyTypes` are `Egress`, `Ingress` or both",
        ));
    }
    for (rules, peers, direction) in DIRECTIONS {
        match (types.contains(&direction), fields.get(rules)) {
            (true, found) => {
                for rule in entries(found, rules)? {
                    self::rule(rule, (rules, peers), look)?;
                }
            }
            (false, None) => {}
            (false, Some(_)) => {
                return Err(Fault::plain(format!(
                    "`{rules}` is written and `policyTypes` lacks `{direction}`"
                )));
            }
        }
    }
    Ok(())
}

fn rule(rule: &Value, (what, peers): (&str, &str), look: Look<'_>) -> Result<(), Fault> {
    let fields = exactly(rule, what, &[peers, "ports"])?;
    for peer in entries(fields.get(peers), peers)? {
        self::peer(peer, peers, look)?;
    }
    let ports = fields.get("ports").unwrap_or(&Value::Null);
    if look.is_open(ports) {
        return Ok(());
    }
    let mut ports = entries(Some(ports), "ports")?.iter();
    ports.try_for_each(|port| self::port(port, look))
}

fn peer(peer: &Value, what: &str, look: Look<'_>) -> Result<(), Fault> {
    let fields = only(peer, what, &["ipBlock", "podSelector", "namespaceSelector"])?;
    match (fields.get("ipBlock"), fields.get("podSelector")) {
        (Some(addresses), None) if fields.len() == 1 => self::addresses(addresses, look),
        (None, Some(pods)) => {
            select::pods(pods, "podSelector", look)?;
            let namespace = fields.get("namespaceSelector");
            namespace.map_or(Ok(()), |one| select::namespace(one, look))
        }
        _ => Err(Fault::plain(format!(
            "an entry of `{what}` is either an `ipBlock` or a `podSelector`"
        ))),
    }
}

fn addresses(value: &Value, look: Look<'_>) -> Result<(), Fault> {
    let fields = only(value, "ipBlock", &["cidr", "except"])?;
    let whole = block(fields.get("cidr").unwrap_or(&Value::Null), look)?;
    let Some(except) = fields.get("except") else {
        return Ok(());
    };
    for one in entries(Some(except), "except")? {
        let one = block(one, look)?;
        if let (Some(whole), Some(one)) = (whole, one)
            && (!whole.contains(&one) || whole == one)
        {
            return Err(Fault::plain(format!("`{one}` is not within `{whole}`")));
        }
    }
    Ok(())
}

fn port(value: &Value, look: Look<'_>) -> Result<(), Fault> {
    let fields = only(value, "ports", &["protocol", "port", "endPort"])?;
    let protocol = literal(fields.get("protocol").unwrap_or(&Value::Null), "protocol")?;
    if !["TCP", "UDP", "SCTP"].contains(&protocol) {
        return Err(Fault::plain(format!("`{protocol}` is not a protocol")));
    }
    let port = fields.get("port").unwrap_or(&Value::Null);
    let wrong = || Fault::plain(format!("`{}` is not a port", shown(port)));
    let first = match port {
        Value::String(_) if look.is_open(port) => None,
        Value::String(name) if is_port_name(name) => None,
        Value::Number(_) => Some(port_number(port).ok_or_else(wrong)?),
        _ => return Err(wrong()),
    };
    let Some(end) = fields.get("endPort") else {
        return Ok(());
    };
    match (first, port_number(end)) {
        (Some(first), Some(last)) if first <= last => Ok(()),
        _ => Err(Fault::plain(
            "`endPort` is a number that is not below that of `port`",
        )),
    }
}

/// A number from 1 to 65535.
fn port_number(value: &Value) -> Option<u16> {
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
    number.filter(|number| *number > 0)
}

/// As the API server names ports: letters, digits and `-`, at most 15, one letter at least.
fn is_port_name(name: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=15).contains(&name.len())
        && name.bytes().all(fits)
        && name.bytes().any(|c| c.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// What a policy says, direction by direction.
pub(super) fn essence(object: &Manifest, subject: &Selected) -> Essence {
    let spec = object.body().next().map(|(_, spec)| spec);
    let spec = spec.unwrap_or(&Value::Null);
    let mut essence = Essence::default();
    for (rules, peers, direction) in DIRECTIONS {
        let rules = spec.get(rules).and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let list = |field: &str| rule.get(field).and_then(Value::as_array);
            let others = list(peers).into_iter().flatten();
            let others: Vec<String> = others
                .map(|peer| peer_words(peer, object.namespace()))
                .collect();
            let ports = list("ports").into_iter().flatten();
            let ports: Vec<String> = ports.map(port_words).collect();
            let egress = direction == "Egress";
            if essence.who.is_empty() {
                let own = subject.label.clone();
                essence.name = others.first().cloned().unwrap_or_default();
                (essence.who, essence.what) = if egress {
                    (own, at_ports(&others, &ports))
                } else {
                    (listed(&others), at_ports(&[own], &ports))
                };
            }
            let ways = if egress {
                ("from", "to")
            } else {
                ("to", "from")
            };
            essence.says.push(Said::Words(ways.0.to_owned()));
            essence.says.extend(subject.said());
            essence.says.push(Said::Words(ways.1.to_owned()));
            essence.says.push(Said::Typed(others.join(", ")));
            essence.says.push(Said::Words("on".to_owned()));
            essence.says.push(Said::Typed(ports.join(", ")));
        }
    }
    essence
}

fn peer_words(peer: &Value, own: &str) -> String {
    if let Some(addresses) = peer.get("ipBlock") {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let cidr = addresses.get("cidr").map(text).unwrap_or_default();
        let except = addresses.get("except").and_then(Value::as_array);
        let except: Vec<String> = except.into_iter().flatten().map(text).collect();
        return match except.as_slice() {
            [] => cidr,
            some => format!("{cidr} without {}", some.join(" and ")),
        };
    }
    let labels = peer.pointer("/namespaceSelector/matchLabels");
    let named = labels.and_then(|labels| labels.get(NAMESPACE_NAME));
    let namespace = named.and_then(Value::as_str).unwrap_or(own);
    let pods = peer.get("podSelector").map(select::words);
    format!("{namespace}/{}", pods.unwrap_or_default())
}

/// `TCP 5432`, `TCP 8000-8010`, `TCP http`.
pub(super) fn port_words(port: &Value) -> String {
    let text = |field: &str| match port.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (protocol, first, last) = (text("protocol"), text("port"), text("endPort"));
    match last.as_str() {
        "" => format!("{protocol} {first}"),
        last => format!("{protocol} {first}-{last}"),
    }
}
