//! Ports as a person names them.

mod read;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(super) use self::read::read;
use super::ParseError;
use super::reading::one_word;

/// Transport protocols that NetworkPolicy knows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP, the default everywhere in Kubernetes.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// As Kubernetes writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

impl Protocol {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The protocol that a word names, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        let named = |protocol: &Self| word.eq_ignore_ascii_case(protocol.name());
        Self::ALL.into_iter().find(named)
    }

    /// As people type it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// Every word that names a protocol.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::word)
    }
}

/// A port as typed: a number, an inclusive range, or a name to be resolved on the target's pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PortRef {
    /// 1 to 65535.
    Number(u16),
    /// First and last, inclusive, first < last.
    Range(u16, u16),
    /// A container port's (or a Service port's) name, lower case.
    Name(String),
}

/// One entry of a port list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortAsk {
    /// Which port.
    pub port: PortRef,
    /// Which protocol; `None` where a name decides it, else TCP.
    pub protocol: Option<Protocol>,
}

/// One or more ports, sorted and without repetition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ports(pub Vec<PortAsk>);

impl Ports {
    /// The list, sorted and without repetition.
    pub fn new(mut ports: Vec<PortAsk>) -> Self {
        ports.sort();
        ports.dedup();
        Self(ports)
    }
}

/// Prints the canonical typed form. TCP is left out of numbers, where it goes without saying, but
/// not of names: `dns` may also be the UDP port of that name, `dns/tcp` may not.
impl fmt::Display for PortAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match &self.port {
            PortRef::Number(number) => {
                write!(f, "{number}")?;
                self.protocol.filter(|protocol| *protocol != Protocol::Tcp)
            }
            PortRef::Range(first, last) => {
                write!(f, "{first}-{last}")?;
                self.protocol.filter(|protocol| *protocol != Protocol::Tcp)
            }
            PortRef::Name(name) => {
                f.write_str(name)?;
                self.protocol
            }
        };
        match protocol {
            Some(protocol) => write!(f, "/{}", protocol.word()),
            None => Ok(()),
        }
    }
}

/// Prints the canonical typed form, which parses back to the same value.
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

/// Reads `5432,9187/tcp`, `8000-8010`, `dns/udp`.
impl FromStr for Ports {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        one_word(text, read)
    }
}
