//! Open ports as people and programs read them (DESIGN §4): `reach`, `plan` and the demo's page.

use serde::Serialize;

use super::flow::PortRange;
use super::portset::PortSet;
use crate::grammar::Protocol;

/// `{"TCP":["80","8000-8010"],"UDP":[],"SCTP":[]}`; a full protocol is `["1-65535"]`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct Open {
    tcp: Vec<String>,
    udp: Vec<String>,
    sctp: Vec<String>,
}

impl From<&PortSet> for Open {
    fn from(ports: &PortSet) -> Self {
        let of = |protocol: Protocol| {
            let ranges = ports
                .ranges()
                .iter()
                .filter(|range| range.protocol == protocol);
            ranges.map(PortRange::numbers).collect()
        };
        Self {
            tcp: of(Protocol::Tcp),
            udp: of(Protocol::Udp),
            sctp: of(Protocol::Sctp),
        }
    }
}

/// `TCP 80, 8000-8010; UDP all` for a table; empty for no ports.
pub fn words(ports: &PortSet) -> String {
    if *ports == PortSet::all() {
        return "everything".to_owned();
    }
    let Open { tcp, udp, sctp } = Open::from(ports);
    let parts = [("TCP", tcp), ("UDP", udp), ("SCTP", sctp)];
    let parts = parts.into_iter().filter(|(_, numbers)| !numbers.is_empty());
    let text = |(name, numbers): (&str, Vec<String>)| match numbers.as_slice() {
        [all] if all == "1-65535" => format!("{name} all"),
        numbers => format!("{name} {}", numbers.join(", ")),
    };
    parts.map(text).collect::<Vec<_>>().join("; ")
}
