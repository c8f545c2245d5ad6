//! One line of the ledger.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Event;
use crate::id::RequestId;

/// An event in its place in the chain. On the wire it is one line of canonical JSON (RFC 8785).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// The hash of the record before it; of the first one, 64 zeros.
    pub prev: String,
    /// The document it tells of: a request or a note; `None`: the ledger itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<RequestId>,
    /// Its number among the events of that document, from 1; 0 without one.
    pub number: u64,
    /// What happened, as it was written: an older reader must not lose what it does not know.
    pub event: Value,
    /// SHA-256, hex, of the record in canonical form without this field.
    pub hash: String,
}

impl Record {
    /// What happened; `None` for what only a later version knows.
    pub fn told(&self) -> Option<Event> {
        serde_json::from_value(self.event.clone()).ok()
    }
}
