//! What the API server would refuse in a NetworkPolicy, field by field.
//!
//! Works on the object as written, because the typed form no longer tells a wrong value from a
//! missing one. Judging does not depend on it: see [`super::policy`], where what is refused here
//! matches nothing.
//!
//! Source: kubernetes/pkg/apis/networking/v1/validation/validation.go, compared case by case with a
//! running 1.36 by the contract suite.

pub mod words;

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const TYPES: &[&str] = &["Ingress", "Egress"];

/// A field that the API server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `spec.ingress[0].ports[0].port`.
    pub field: String,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// Why a field is refused, in the API server's four ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The value breaks a rule.
    Invalid {
        /// As written.
        value: Value,
        /// The rule.
        why: &'static str,
    },
    /// The value is missing.
    Required {
        /// When it is needed; empty: always.
        why: &'static str,
    },
    /// The value must not be there.
    Forbidden {
        /// When it must not.
        why: &'static str,
    },
    /// The value is none of a fixed list.
    Unsupported {
        /// As written.
        value: Value,
        /// The list.
        supported: &'static [&'static str],
    },
}

impl Fault {
    fn invalid(field: impl Into<String>, value: &Value, why: &'static str) -> Self {
        Self {
            field: field.into(),
            wrong: Wrong::Invalid {
                value: value.clone(),
                why,
            },
        }
    }

    fn required(field: impl Into<String>, why: &'static str) -> Self {
        Self {
            field: field.into(),
            wrong: Wrong::Required { why },
        }
    }

    fn forbidden(field: impl Into<String>, why: &'static str) -> Self {
        Self {
            field: field.into(),
            wrong: Wrong::Forbidden { why },
        }
    }

    fn unsupported(field: String, value: &Value, supported: &'static [&'static str]) -> Self {
        let value = value.clone();
        Self {
            field,
            wrong: Wrong::Unsupported { value, supported },
        }
    }
}

/// Everything that makes a policy invalid, its metadata apart. Nulls count as missing, and missing
/// fields have their defaults.
pub fn faults(policy: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    let Some(spec) = field(policy, "spec") else {
        return found;
    };
    selector(field(spec, "podSelector"), "spec.podSelector", &mut found);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (n, rule) in list(spec, direction).enumerate() {
            let at = format!("spec.{direction}[{n}]");
            for (m, port) in list(rule, "ports").enumerate() {
                port_faults(port, &format!("{at}.ports[{m}]"), &mut found);
            }
            for (m, peer) in list(rule, peers).enumerate() {
                peer_faults(peer, &format!("{at}.{peers}[{m}]"), &mut found);
            }
        }
    }
    types(spec, &mut found);
    found
}

fn types(spec: &Value, found: &mut Vec<Fault>) {
    let at = "spec.policyTypes";
    let all = field(spec, "policyTypes");
    if let Some(all) = all.filter(|_| list(spec, "policyTypes").count() > 2) {
        let why = "may not specify more than two policyTypes";
        found.push(Fault::invalid(at, all, why));
        return;
    }
    for (n, one) in list(spec, "policyTypes").enumerate() {
        if !TYPES.iter().any(|t| one == t) {
            found.push(Fault::unsupported(format!("{at}[{n}]"), one, TYPES));
        }
    }
}

fn port_faults(port: &Value, at: &str, found: &mut Vec<Fault>) {
    const RANGE: &str = "must be between 1 and 65535, inclusive";
    let in_range = |n: &Value| n.as_i64().is_some_and(|n| (1..=65535).contains(&n));
    let protocol = field(port, "protocol");
    if let Some(other) = protocol.filter(|p| !PROTOCOLS.iter().any(|known| p == known)) {
        let field = format!("{at}.protocol");
        found.push(Fault::unsupported(field, other, PROTOCOLS));
    }
    let first = field(port, "port");
    match first {
        Some(n @ Value::Number(_)) if !in_range(n) => {
            found.push(Fault::invalid(format!("{at}.port"), n, RANGE));
        }
        Some(Value::String(name)) => {
            if let Some(why) = words::port_name_problem(name) {
                found.push(Fault::invalid(format!("{at}.port"), &json!(name), why));
            }
        }
        _ => {}
    }
    let Some(end) = field(port, "endPort") else {
        return;
    };
    let (value, why) = match first {
        None => (end, "may not be specified when `port` is not specified"),
        Some(Value::String(_)) => (end, "may not be specified when `port` is non-numeric"),
        Some(n) if end.as_i64() < n.as_i64() => (n, "must be greater than or equal to `port`"),
        Some(_) if !in_range(end) => (end, RANGE),
        Some(_) => return,
    };
    found.push(Fault::invalid(format!("{at}.endPort"), value, why));
}

fn peer_faults(peer: &Value, at: &str, found: &mut Vec<Fault>) {
    let pods = field(peer, "podSelector");
    let namespaces = field(peer, "namespaceSelector");
    let block = field(peer, "ipBlock");
    selector(pods, &format!("{at}.podSelector"), found);
    selector(namespaces, &format!("{at}.namespaceSelector"), found);
    match (pods.or(namespaces), block) {
        (None, None) => found.push(Fault::required(at, "must specify a peer")),
        (Some(_), Some(_)) => {
            let why = "may not specify both ipBlock and another peer";
            found.push(Fault::forbidden(at, why));
        }
        (None, Some(block)) => block_faults(block, &format!("{at}.ipBlock"), found),
        (Some(_), None) => {}
    }
}

fn block_faults(block: &Value, at: &str, found: &mut Vec<Fault>) {
    let text = field(block, "cidr")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() {
        found.push(Fault::required(format!("{at}.cidr"), ""));
        return;
    }
    let whole = match cidr(text) {
        Ok(net) => net,
        Err(why) => {
            found.push(Fault::invalid(format!("{at}.cidr"), &json!(text), why));
            return;
        }
    };
    for (n, hole) in list(block, "except").enumerate() {
        let why = match cidr(hole.as_str().unwrap_or_default()) {
            Err(why) => why,
            Ok(net) if net == whole || !whole.contains(&net) => "must be a strict subset of `cidr`",
            Ok(_) => continue,
        };
        found.push(Fault::invalid(format!("{at}.except[{n}]"), hole, why));
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

fn selector(selector: Option<&Value>, at: &str, found: &mut Vec<Fault>) {
    let Some(selector) = selector else { return };
    let labels = field(selector, "matchLabels").and_then(Value::as_object);
    let in_labels = format!("{at}.matchLabels");
    for (key, value) in labels.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let key_fault = words::key_problem(key).map(|why| (key.as_str(), why));
        let value_fault = words::value_problem(value).map(|why| (value, why));
        for (word, why) in key_fault.into_iter().chain(value_fault) {
            found.push(Fault::invalid(in_labels.as_str(), &json!(word), why));
        }
    }
    for (n, term) in list(selector, "matchExpressions").enumerate() {
        expression(term, &format!("{at}.matchExpressions[{n}]"), found);
    }
}

fn expression(term: &Value, at: &str, found: &mut Vec<Fault>) {
    let values = list(term, "values").count();
    let in_values = format!("{at}.values");
    let text = |name: &str| {
        field(term, name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match text("operator") {
        "In" | "NotIn" if values == 0 => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            found.push(Fault::required(in_values, why));
        }
        "Exists" | "DoesNotExist" if values > 0 => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            found.push(Fault::forbidden(in_values, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            let why = "not a valid selector operator";
            found.push(Fault::invalid(format!("{at}.operator"), &json!(other), why));
        }
    }
    let key = text("key");
    if let Some(why) = words::key_problem(key) {
        found.push(Fault::invalid(format!("{at}.key"), &json!(key), why));
    }
}

/// A field with a value: null is none.
fn field<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    of.get(name).filter(|value| !value.is_null())
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}
