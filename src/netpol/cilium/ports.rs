//! `toPorts`: which ports a rule speaks of, and which of them layer 7 decides on.

use serde_json::Value;

use crate::grammar::Protocol;
use crate::netpol::fields::{field, items, text, unknown};
use crate::netpol::flow::PortRange;
use crate::netpol::rule::PortMatch;

/// Ports with what cannot be judged about them. `None`: every port.
pub(super) type Part = (Option<Box<[PortMatch]>>, Option<String>);

/// The parts of a rule's `toPorts`; one part of every port where it has none.
pub(super) fn read(rule: &Value) -> Vec<Part> {
    let entries = items(rule, "toPorts");
    if entries.is_empty() {
        return vec![(None, None)];
    }
    entries.iter().map(part).collect()
}

fn part(entry: &Value) -> Part {
    let doubt = unknown(entry, &["ports"]).map(|name| match name.as_str() {
        "rules" => "layer 7 rules decide".to_owned(),
        _ => format!("`{name}` decides"),
    });
    let listed = items(entry, "ports");
    let ports: Option<Vec<Vec<PortMatch>>> = listed.iter().map(port).collect();
    match ports {
        Some(ports) if !ports.is_empty() => (Some(ports.into_iter().flatten().collect()), doubt),
        // An entry without ports is read differently by different versions.
        _ => (
            None,
            Some(doubt.unwrap_or_else(|| "its ports are not understood".to_owned())),
        ),
    }
}

fn port(value: &Value) -> Option<Vec<PortMatch>> {
    if unknown(value, &["port", "endPort", "protocol"]).is_some() {
        return None;
    }
    let protocols: &[Protocol] = match text(value, "protocol").to_ascii_uppercase().as_str() {
        "" | "ANY" => &Protocol::ALL,
        "TCP" => &[Protocol::Tcp],
        "UDP" => &[Protocol::Udp],
        "SCTP" => &[Protocol::Sctp],
        "ICMP" | "ICMPV6" => &[],
        _ => return None,
    };
    let typed = match field(value, "port") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.clone(),
        _ => return None,
    };
    let each = |make: &dyn Fn(Protocol) -> PortMatch| protocols.iter().map(|p| make(*p)).collect();
    let Ok(first) = typed.parse::<u16>() else {
        let name = typed.to_ascii_lowercase();
        return Some(each(&|p| PortMatch::Named(p, name.as_str().into())));
    };
    let last = match field(value, "endPort").map(Value::as_u64) {
        None | Some(Some(0)) => first,
        Some(last) => u16::try_from(last?).ok()?,
    };
    // Port 0 stands for every port.
    if first == 0 {
        return Some(each(&|p| PortMatch::Range(PortRange::every(p))));
    }
    Some(each(&|protocol| {
        PortMatch::Range(PortRange {
            protocol,
            first,
            last,
        })
    }))
}
