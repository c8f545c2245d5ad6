//! Blocks of addresses, cut so that every rule holds either all of a piece or none of it.

use std::net::IpAddr;

use ipnet::IpNet;

/// Cuts `block` along `edges`: each piece lies wholly inside or wholly outside of every edge. Blocks
/// nest or are disjoint, so only edges strictly inside `block` cut it.
///
/// At most one piece per edge and bit of prefix length, plus one.
pub fn pieces(block: IpNet, edges: &[IpNet]) -> Vec<IpNet> {
    let inside: Vec<IpNet> = edges
        .iter()
        .copied()
        .filter(|edge| *edge != block && block.contains(edge))
        .collect();
    if inside.is_empty() {
        return vec![block];
    }
    match block.subnets(block.prefix_len().saturating_add(1)) {
        Err(_) => vec![block],
        Ok(halves) => halves.flat_map(|half| pieces(half, &inside)).collect(),
    }
}

/// Whether two blocks share an address.
pub fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// Whether a block is a single address.
pub fn is_single(net: IpNet) -> bool {
    net.prefix_len() == net.max_prefix_len()
}

/// As people write it: a bare address, or a CIDR.
pub fn text(net: IpNet) -> String {
    if is_single(net) {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

/// Whether a block holds any of these addresses.
pub fn holds_any(net: IpNet, addresses: &[IpAddr]) -> bool {
    addresses.iter().any(|address| net.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_block_is_cut_only_along_edges_inside_it() {
        for (block, edges, expected) in [
            ("10.0.0.0/8", &[][..], &["10.0.0.0/8"][..]),
            (
                "10.0.0.0/8",
                &["10.0.0.0/8", "0.0.0.0/0", "11.0.0.0/8"],
                &["10.0.0.0/8"],
            ),
            ("10.0.0.0/8", &["::/0", "2001:db8::/32"], &["10.0.0.0/8"]),
            (
                "10.0.0.0/24",
                &["10.0.0.128/26"],
                &["10.0.0.0/25", "10.0.0.128/26", "10.0.0.192/26"],
            ),
            (
                "10.0.0.0/31",
                &["10.0.0.1/32"],
                &["10.0.0.0/32", "10.0.0.1/32"],
            ),
        ] {
            assert_eq!(
                pieces(nets(&[block])[0], &nets(edges)),
                nets(expected),
                "{block}"
            );
        }
    }

    #[test]
    fn cutting_the_widest_block_along_single_addresses_stays_small() {
        let edges = nets(&["2001:db8::1/128", "2001:db8::ffff/128"]);
        assert!(pieces(nets(&["::/0"])[0], &edges).len() <= 2 * 128 + 1);
    }
}
