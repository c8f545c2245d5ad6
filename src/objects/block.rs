//! Blocks of addresses in the objects of a template.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use serde_json::Value;

use super::shape::{Fault, Look, shown};

/// Widest blocks of addresses that a gate may name, in bits of prefix.
const WIDEST: (u8, u8) = (16, 48);

/// A block of addresses, in its canonical form and not too wide.
pub(super) fn block(value: &Value, look: Look<'_>) -> Result<Option<ipnet::IpNet>, Fault> {
    if look.is_open(value) {
        return Ok(None);
    }
    let read = value.as_str().and_then(|text| text.parse().ok());
    let read = read.filter(|net: &ipnet::IpNet| net.trunc() == *net);
    let Some(net) = read else {
        return Err(Fault::new(
            format!("`{}` is not a block of addresses", shown(value)),
            "write it like `203.0.113.0/24`",
        ));
    };
    if holds_ipv4(&net) {
        return Err(Fault::new(
            format!("`{net}` stands for IPv4 addresses, whose width it hides"),
            "write the IPv4 addresses",
        ));
    }
    let widest = if net.addr().is_ipv4() {
        WIDEST.0
    } else {
        WIDEST.1
    };
    if net.prefix_len() < widest {
        return Err(Fault::plain(format!(
            "`{net}` is wider than a /{widest}, the widest that a gate may open"
        )));
    }
    Ok(Some(net))
}

/// What holds IPv4 addresses within IPv6: mapped (RFC 4291), and translated by NAT64 (RFC 6052, RFC 8215).
const HOLDING_IPV4: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
];

/// Whether a block of IPv6 addresses stands for IPv4 ones, whose width it would hide.
fn holds_ipv4(net: &ipnet::IpNet) -> bool {
    let ipnet::IpNet::V6(net) = net else {
        return false;
    };
    let mut holding = HOLDING_IPV4.iter();
    holding.any(|(address, length)| {
        let other = Ipv6Net::new_assert(*address, *length);
        net.contains(&other) || other.contains(net)
    })
}
