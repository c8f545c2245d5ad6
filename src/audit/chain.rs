//! How records hang together: each holds the hash of the one before it.
//!
//! ```text
//! hash = SHA-256 (hex) of the record's canonical JSON without `hash`
//! ```
//!
//! Pure: it links and hashes; who appends, and where records are kept, is not its matter.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::canonical::{MAX_INTEGER, Unfit, canonical, fits};
use super::{Event, Record, hex};
use crate::id::RequestId;

/// The hash before the first record.
pub const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A place in the chain: everything up to it is settled by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of the record; 0: before the first.
    pub seq: u64,
    /// Its hash, 64 hex digits.
    pub hash: String,
}

impl Head {
    /// Before the first record.
    pub fn origin() -> Self {
        Self {
            seq: 0,
            hash: ORIGIN.to_owned(),
        }
    }
}

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// What was made.
    pub record: Record,
    /// The same as one line of canonical JSON, without a line end.
    pub line: String,
    /// The chain's head with it.
    pub head: Head,
}

/// Puts an event behind `prev`: `number` is its number among those of `document`.
///
/// The event is taken as it was written, whatever this version knows of it.
///
/// # Errors
/// [`Unfit`]: see [`fits`]; [`super::fitted`] makes any event fit.
pub fn link(
    prev: &Head,
    document: Option<&RequestId>,
    number: u64,
    event: Value,
) -> Result<Linked, Unfit> {
    fits(&event)?;
    let seq = prev.seq.saturating_add(1);
    if let Some(large) = [seq, number].into_iter().find(|n| *n > MAX_INTEGER) {
        return Err(Unfit::Number(large.to_string()));
    }
    if document.is_some() != (number > 0) {
        return Err(Unfit::Numbering(number, document.is_some()));
    }
    let mut record = Record {
        seq,
        prev: prev.hash.clone(),
        document: document.cloned(),
        number,
        event,
        hash: String::new(),
    };
    record.hash = record.own_hash()?;
    Ok(Linked {
        line: record.line()?,
        head: record.head(),
        record,
    })
}

/// Puts an event of the ledger itself behind `prev`: it has no document.
///
/// # Errors
/// As [`link`].
pub fn link_own(prev: &Head, event: &Event) -> Result<Linked, Unfit> {
    let event = serde_json::to_value(event).map_err(|error| Unfit::NotJson(error.to_string()))?;
    link(prev, None, 0, event)
}

/// A record without its hash: what the hash is of.
#[derive(Serialize)]
struct Unhashed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a RequestId>,
    event: &'a Value,
    number: u64,
    prev: &'a str,
    seq: u64,
}

impl Record {
    /// The hash that its contents have, whatever [`Record::hash`] says.
    ///
    /// # Errors
    /// [`Unfit::NotJson`], which nothing that was read from JSON is.
    pub fn own_hash(&self) -> Result<String, Unfit> {
        let unhashed = Unhashed {
            document: self.document.as_ref(),
            event: &self.event,
            number: self.number,
            prev: &self.prev,
            seq: self.seq,
        };
        Ok(digest(&canonical(&unhashed)?))
    }

    /// Its line: canonical JSON, without a line end.
    ///
    /// # Errors
    /// As [`Record::own_hash`].
    pub fn line(&self) -> Result<String, Unfit> {
        canonical(self)
    }

    /// The chain's head when it is the newest.
    pub fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash.clone(),
        }
    }
}

/// SHA-256 in hex.
pub(super) fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::{Actor, Fact};
    use crate::units::Time;

    fn begun() -> Linked {
        let event = Event {
            at: Time::UNIX_EPOCH,
            by: Actor::Drawbridge,
            fact: Fact::LedgerBegun {
                chain: "c0ffee".to_owned(),
            },
        };
        link_own(&Head::origin(), &event).unwrap()
    }

    #[test]
    fn the_line_is_the_contract_byte_for_byte() {
        let first = begun();
        // By another program's SHA-256, over the same text without `hash`.
        let hash = "106d71d20dc867b8c38cab084840a95dc7ee2fa99f10bd29e9263c1b37cedd65";
        assert_eq!(first.head.hash, hash);
        assert_eq!(
            first.line,
            format!(
                "{{\"event\":{{\"at\":\"1970-01-01T00:00:00Z\",\"by\":\"drawbridge\",\"chain\":\"c0ffee\",\"event\":\"ledger_begun\"}},\"hash\":\"{}\",\"number\":0,\"prev\":\"{ORIGIN}\",\"seq\":1}}",
                first.head.hash
            )
        );
        let id: RequestId = "k7m3xq".parse().unwrap();
        let second = link(&first.head, Some(&id), 1, json!({"z": 1, "a": "ö"})).unwrap();
        assert_eq!(
            second.line,
            format!(
                "{{\"document\":\"k7m3xq\",\"event\":{{\"a\":\"ö\",\"z\":1}},\"hash\":\"{}\",\"number\":1,\"prev\":\"{}\",\"seq\":2}}",
                second.head.hash, first.head.hash
            )
        );
        assert_eq!(second.head.seq, 2);
        let back: Record = serde_json::from_str(&second.line).unwrap();
        assert_eq!(back, second.record);
        assert_eq!(back.own_hash().unwrap(), second.head.hash);
    }

    #[test]
    fn what_would_not_survive_is_refused() {
        let id: RequestId = "k7m3xq".parse().unwrap();
        let head = Head::origin();
        for (document, number, event) in [
            (Some(&id), 0, json!({})),
            (None, 1, json!({})),
            (Some(&id), MAX_INTEGER + 1, json!({})),
            (Some(&id), 1, json!({"seconds": u64::MAX})),
            (Some(&id), 1, json!({"share": 0.5})),
        ] {
            assert!(
                link(&head, document, number, event.clone()).is_err(),
                "{event}"
            );
        }
    }
}
