//! Defaults and validation of NetworkPolicies, as the real API server has them.
//!
//! Source: kubernetes/pkg/apis/networking/v1/defaults.go and …/validation/validation.go, compared
//! case by case with a running 1.36 by the contract suite.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::reply::Cause;
use super::{fields, meta};

/// Fills in what the server fills in, and drops what it does not store (empty lists).
pub(super) fn default(policy: &mut Value) {
    let mut spec = policy.get("spec").cloned().unwrap_or_else(|| json!({}));
    default_spec(&mut spec);
    fields::set(policy, &["spec".to_owned()], spec);
}

fn default_spec(spec: &mut Value) {
    tidy(spec);
    let Some(map) = spec.as_object_mut() else {
        return;
    };
    let egress = map.get("egress").is_some();
    map.entry("podSelector").or_insert_with(|| json!({}));
    // Ingress always, Egress only where there are egress rules.
    map.entry("policyTypes").or_insert_with(|| {
        if egress {
            json!(["Ingress", "Egress"])
        } else {
            json!(["Ingress"])
        }
    });
    for direction in ["ingress", "egress"] {
        for rule in list_mut(map.get_mut(direction)) {
            for port in list_mut(rule.get_mut("ports")) {
                if let Some(port) = port.as_object_mut() {
                    port.entry("protocol").or_insert_with(|| json!("TCP"));
                }
            }
        }
    }
}

/// The stored form has no nulls, no empty lists and no empty label maps; empty selectors and empty
/// rules mean something and stay.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(tidy);
            map.retain(|key, v| match v {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(inner) => key != "matchLabels" || !inner.is_empty(),
                _ => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Everything that makes a policy invalid.
pub(super) fn problems(policy: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    let Some(spec) = policy.get("spec") else {
        return found;
    };
    selector(spec.get("podSelector"), "spec.podSelector", &mut found);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (n, rule) in list(spec.get(direction)).enumerate() {
            let at = format!("spec.{direction}[{n}]");
            for (m, port) in list(rule.get("ports")).enumerate() {
                port_problems(port, &format!("{at}.ports[{m}]"), &mut found);
            }
            for (m, peer) in list(rule.get(peers)).enumerate() {
                peer_problems(peer, &format!("{at}.{peers}[{m}]"), &mut found);
            }
        }
    }
    types(spec.get("policyTypes"), &mut found);
    found
}

fn types(types: Option<&Value>, found: &mut Vec<Cause>) {
    let at = "spec.policyTypes";
    if let Some(all) = types.filter(|t| list(Some(t)).count() > 2) {
        found.push(Cause::invalid(
            at.into(),
            all,
            "may not specify more than two policyTypes",
        ));
        return;
    }
    for (n, one) in list(types).enumerate() {
        if one != "Ingress" && one != "Egress" {
            let field = format!("{at}[{n}]");
            found.push(Cause::unsupported(field, one, &["Ingress", "Egress"]));
        }
    }
}

fn port_problems(port: &Value, at: &str, found: &mut Vec<Cause>) {
    const RANGE: &str = "must be between 1 and 65535, inclusive";
    let in_range = |n: &Value| n.as_i64().is_some_and(|n| (1..=65535).contains(&n));
    let protocol = port.get("protocol").unwrap_or(&Value::Null);
    if !["TCP", "UDP", "SCTP"].iter().any(|p| protocol == p) {
        let field = format!("{at}.protocol");
        found.push(Cause::unsupported(field, protocol, &["TCP", "UDP", "SCTP"]));
    }
    let first = port.get("port");
    match first {
        Some(n @ Value::Number(_)) if !in_range(n) => {
            found.push(Cause::invalid(format!("{at}.port"), n, RANGE));
        }
        Some(Value::String(name)) => {
            if let Some(why) = meta::port_name_problem(name) {
                found.push(Cause::invalid(format!("{at}.port"), &json!(name), why));
            }
        }
        _ => {}
    }
    let Some(end) = port.get("endPort") else {
        return;
    };
    let field = format!("{at}.endPort");
    let refuse = |value: &Value, why| Cause::invalid(field.clone(), value, why);
    match first {
        None => found.push(refuse(
            end,
            "may not be specified when `port` is not specified",
        )),
        Some(Value::String(_)) => {
            found.push(refuse(
                end,
                "may not be specified when `port` is non-numeric",
            ));
        }
        Some(n) if end.as_i64() < n.as_i64() => {
            found.push(refuse(n, "must be greater than or equal to `port`"));
        }
        Some(_) if !in_range(end) => found.push(refuse(end, RANGE)),
        Some(_) => {}
    }
}

fn peer_problems(peer: &Value, at: &str, found: &mut Vec<Cause>) {
    let pods = peer.get("podSelector");
    let namespaces = peer.get("namespaceSelector");
    let block = peer.get("ipBlock");
    selector(pods, &format!("{at}.podSelector"), found);
    selector(namespaces, &format!("{at}.namespaceSelector"), found);
    match (pods.or(namespaces), block) {
        (None, None) => found.push(Cause::required(at.to_owned(), "must specify a peer")),
        (Some(_), Some(_)) => {
            let why = "may not specify both ipBlock and another peer";
            found.push(Cause::forbidden(at.to_owned(), why));
        }
        (None, Some(block)) => block_problems(block, &format!("{at}.ipBlock"), found),
        (Some(_), None) => {}
    }
}

fn block_problems(block: &Value, at: &str, found: &mut Vec<Cause>) {
    let text = block
        .get("cidr")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() {
        found.push(Cause::required(format!("{at}.cidr"), ""));
        return;
    }
    let whole = match cidr(text) {
        Ok(net) => net,
        Err(why) => {
            found.push(Cause::invalid(format!("{at}.cidr"), &json!(text), why));
            return;
        }
    };
    for (n, hole) in list(block.get("except")).enumerate() {
        let field = format!("{at}.except[{n}]");
        match cidr(hole.as_str().unwrap_or_default()) {
            Err(why) => found.push(Cause::invalid(field, hole, why)),
            Ok(net) if net == whole || !whole.contains(&net) => {
                found.push(Cause::invalid(
                    field,
                    hole,
                    "must be a strict subset of `cidr`",
                ));
            }
            Ok(_) => {}
        }
    }
}

fn cidr(text: &str) -> Result<IpNet, &'static str> {
    const SHAPE: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    let (address, length) = text.split_once('/').ok_or(SHAPE)?;
    let zeros = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
    };
    if address.split('.').any(zeros) || zeros(length) {
        return Err("must not have leading 0s in IP or prefix length");
    }
    let address: IpAddr = address.parse().map_err(|_| SHAPE)?;
    let length: u8 = length.parse().map_err(|_| SHAPE)?;
    let net = IpNet::new(address, length).map_err(|_| SHAPE)?;
    if net.addr() == net.network() {
        Ok(net)
    } else {
        Err("must not have bits set beyond the prefix length")
    }
}

fn selector(selector: Option<&Value>, at: &str, found: &mut Vec<Cause>) {
    let Some(selector) = selector else { return };
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        meta::label(
            key,
            value.as_str().unwrap_or_default(),
            &format!("{at}.matchLabels"),
            found,
        );
    }
    for (n, term) in list(selector.get("matchExpressions")).enumerate() {
        expression(term, &format!("{at}.matchExpressions[{n}]"), found);
    }
}

fn expression(term: &Value, at: &str, found: &mut Vec<Cause>) {
    let values = list(term.get("values")).count();
    let field = format!("{at}.values");
    match term
        .get("operator")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "In" | "NotIn" if values == 0 => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            found.push(Cause::required(field, why));
        }
        "Exists" | "DoesNotExist" if values > 0 => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            found.push(Cause::forbidden(field, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            let why = "not a valid selector operator";
            found.push(Cause::invalid(format!("{at}.operator"), &json!(other), why));
        }
    }
    let key = term.get("key").and_then(Value::as_str).unwrap_or_default();
    meta::label(key, "", &format!("{at}.key"), found);
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn list_mut(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_array_mut).into_iter().flatten()
}
