//! What the ledger can be told: where records and signed heads go, and how long they are kept here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::audit::heads::Signer;
use crate::secret::Secret;
use crate::units::Seconds;

/// How long records are kept where nothing is written: longer than a year, so that a yearly audit sees
/// all of the year.
pub const KEEP: Seconds = Seconds::hours(400 * 24);

/// How often a head is signed where nothing is written.
pub const EVERY: Seconds = Seconds::hours(24);

/// The settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What signs heads; `None`: nothing is signed.
    pub signer: Option<Signer>,
    /// How often the newest head is signed. Periods begin with the UTC day where they fit into it.
    pub every: Seconds,
    /// Where signed heads go.
    pub heads: Deposit,
    /// How long records are kept; `None`: for ever.
    pub keep: Option<Seconds>,
    /// Where records go, by name.
    pub sinks: BTreeMap<String, Place>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            signer: None,
            every: EVERY,
            heads: Deposit::Log,
            keep: Some(KEEP),
            sinks: BTreeMap::new(),
        }
    }
}

/// Where signed heads are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deposit {
    /// The log of the process.
    Log,
    /// A file that lines are added to.
    File(PathBuf),
    /// A server that takes `POST`.
    Http(Server),
}

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file that lines are added to.
    File(PathBuf),
    /// The standard output of the process.
    Stdout,
    /// A server that takes `POST`.
    Http(Server),
    /// A Redis stream.
    Stream {
        /// The address of the Redis: it can hold a password.
        redis: Secret,
        /// The key of the stream.
        key: String,
    },
}

/// A server that takes `POST`.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// `https`, or `http` on a loopback address.
    pub url: Url,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
}

/// Without what stands behind the host: a path or a query can hold a key.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("at", &self.url.origin().ascii_serialization())
            .field("token", &self.token)
            .finish()
    }
}
