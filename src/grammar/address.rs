//! Addresses and blocks: `203.0.113.7`, `10.0.0.0/8:443`, `[2001:db8::1]:443`.
//!
//! A block with host bits set is refused and never masked: `203.0.113.7/24` may mean one address
//! or 256, and only its author knows.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::Endpoint;
use super::problem::{Problem, quoted};
use super::tokens::Word;

const EXAMPLES: &str = "write an address such as `203.0.113.7` or a block such as `203.0.113.0/24`";
const BRACKETS: &str = "an IPv6 address with a port takes brackets: `[2001:db8::1]:443`";

/// Reads an address and the port list after it; `None` for words that are something else.
pub(super) fn read(word: Word<'_>) -> Option<Result<(IpNet, Option<Word<'_>>), Problem>> {
    if let Some(inside) = word.strip_prefix('[') {
        return Some(bracketed(word, inside));
    }
    let text = word.text();
    let head = text.split('/').next().unwrap_or_default();
    if is_like_v6(head) {
        return Some(v6(word));
    }
    if is_like_v4(head.split(':').next().unwrap_or_default()) {
        return Some(match word.split_once(':') {
            Some((address, ports)) => block(address).map(|net| (net, Some(ports))),
            None => block(word).map(|net| (net, None)),
        });
    }
    None
}

fn is_like_v4(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn is_like_v6(text: &str) -> bool {
    text.matches(':').count() >= 2
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.')
}

fn is_number(word: Word<'_>) -> bool {
    !word.text().is_empty() && word.text().bytes().all(|b| b.is_ascii_digit())
}

/// `[2001:db8::1]`, `[2001:db8::]/32`, `[2001:db8::/32]`, each with or without `:ports`.
fn bracketed<'t>(word: Word<'t>, inside: Word<'t>) -> Result<(IpNet, Option<Word<'t>>), Problem> {
    let Some((address, after)) = inside.split_once(']') else {
        return Err(word.problem("a bracket is not closed").hint(BRACKETS));
    };
    let (prefix, ports) = match after.split_once(':') {
        Some((prefix, ports)) => (prefix, Some(ports)),
        None => (after, None),
    };
    if !prefix.text().is_empty() && !prefix.text().starts_with('/') {
        return Err(prefix
            .problem(format!("{} is not expected here", quoted(prefix.text())))
            .hint(BRACKETS));
    }
    let whole = format!("{}{}", address.text(), prefix.text());
    let net = read_block(&whole).map_err(|fault| fault.on(address, &whole))?;
    Ok((net, ports))
}

fn v6(word: Word<'_>) -> Result<(IpNet, Option<Word<'_>>), Problem> {
    let problem = match block(word) {
        Ok(net) => return Ok((net, None)),
        Err(problem) => problem,
    };
    // `2001:db8::/32:443`, or one group too many: the last one was meant as a port.
    Err(match word.rsplit_once(':') {
        Some((address, port)) if is_number(port) && read_block(address.text()).is_ok() => word
            .problem(format!("{} is not an address", quoted(word.text())))
            .hint(BRACKETS)
            .replace(format!("[{}]:{}", address.text(), port.text())),
        _ => problem,
    })
}

fn block(word: Word<'_>) -> Result<IpNet, Problem> {
    read_block(word.text()).map_err(|fault| fault.on(word, word.text()))
}

/// Why a text is no block of addresses.
enum Fault {
    NotAnAddress,
    /// The prefix is no number, or longer than the address.
    Prefix,
    /// A netmask instead of a prefix.
    Netmask(IpNet),
    /// The block that has these host bits.
    HostBits(IpNet),
    /// An IPv4 address in IPv6 clothes, which policies do not match.
    Mapped(IpNet),
}

impl Fault {
    fn on(self, word: Word<'_>, typed: &str) -> Problem {
        let typed = quoted(typed);
        let problem = |message: String, hint: String| word.problem(message).hint(hint);
        match self {
            Self::NotAnAddress => problem(format!("{typed} is not an address"), EXAMPLES.into()),
            Self::Prefix => problem(
                format!("{typed} has no valid prefix length"),
                "the number after `/` is at most 32 for IPv4 and 128 for IPv6".into(),
            ),
            Self::Netmask(net) => problem(
                format!("{typed} has a netmask instead of a prefix length"),
                format!("write `{net}`"),
            )
            .replace(net.to_string()),
            Self::HostBits(net) => problem(
                format!("{typed} is one address with the prefix of a block"),
                format!("write `{net}` for the whole block, or the address alone"),
            )
            .replace(net.to_string()),
            Self::Mapped(net) => problem(
                format!("{typed} is an IPv4 address written as IPv6"),
                format!("write `{}`", Endpoint::Address(net)),
            )
            .replace(net.to_string()),
        }
    }
}

fn read_block(text: &str) -> Result<IpNet, Fault> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| Fault::NotAnAddress)?;
    let net = match prefix {
        None => IpNet::from(address),
        Some(prefix) => with_prefix(address, prefix)?,
    };
    if net.trunc() != net {
        return Err(Fault::HostBits(net.trunc()));
    }
    if let IpAddr::V6(v6) = address
        && let Some(mapped) = mapped(v6, net.prefix_len())
    {
        return Err(Fault::Mapped(mapped));
    }
    Ok(net)
}

fn with_prefix(address: IpAddr, prefix: &str) -> Result<IpNet, Fault> {
    if let Ok(mask) = prefix.parse::<IpAddr>() {
        let net = IpNet::with_netmask(address, mask).map_err(|_| Fault::Prefix)?;
        return Err(Fault::Netmask(net.trunc()));
    }
    // `parse` alone would take a sign.
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let length = digits.then(|| prefix.parse().ok()).flatten();
    length
        .and_then(|length| IpNet::new(address, length).ok())
        .ok_or(Fault::Prefix)
}

fn mapped(address: Ipv6Addr, prefix: u8) -> Option<IpNet> {
    let v4 = address.to_ipv4_mapped()?;
    IpNet::new(v4.into(), prefix.checked_sub(96)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Option<String> {
        let (net, ports) = read(Word::new(text, 0))?.ok()?;
        let ports = ports.map(|ports| format!(" {}", ports.text()));
        Some(format!("{net}{}", ports.unwrap_or_default()))
    }

    #[test]
    fn addresses_and_blocks_are_read_with_their_ports() {
        for (text, read) in [
            ("203.0.113.7", "203.0.113.7/32"),
            ("203.0.113.7:443", "203.0.113.7/32 443"),
            ("10.0.0.0/8:443,80/udp", "10.0.0.0/8 443,80/udp"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("[2001:db8::1]:443", "2001:db8::1/128 443"),
            ("[2001:db8::/32]:443", "2001:db8::/32 443"),
            ("[2001:db8::]/32:443", "2001:db8::/32 443"),
            ("[10.0.0.1]", "10.0.0.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(net(text).as_deref(), Some(read), "{text}");
        }
    }

    #[test]
    fn names_are_no_addresses() {
        for text in [
            "orders/db:5432",
            "cafe/bad:80",
            "db.orders:80",
            "10/web",
            "a:b",
        ] {
            assert!(read(Word::new(text, 0)).is_none(), "{text}");
        }
    }

    #[test]
    fn a_block_is_never_widened_silently() {
        for (text, meant) in [
            ("203.0.113.7/24", Some("203.0.113.0/24")),
            ("2001:db8::1/32", Some("2001:db8::/32")),
            ("10.0.0.0/255.0.0.0", Some("10.0.0.0/8")),
            ("::ffff:10.0.0.1", Some("10.0.0.1/32")),
            ("2001:db8::/32:443", Some("[2001:db8::/32]:443")),
            ("10.0.0.0/33", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.256", None),
            ("010.0.0.1", None),
            ("10.0.0", None),
            ("[2001:db8::1", None),
            ("[2001:db8::1]x", None),
        ] {
            let problem = read(Word::new(text, 0)).unwrap().unwrap_err();
            let edit = problem.edit.map(|edit| edit.with);
            assert_eq!(edit.as_deref(), meant, "{text}");
        }
    }
}
