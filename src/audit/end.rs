//! The last line of an export: where it began and where it ends, so that a missing beginning or end is
//! found without any key.

use serde::{Deserialize, Serialize};

use super::canonical::{Unfit, canonical};
use super::chain::{Head, digest};

/// What the line calls itself.
const KIND: &str = "drawbridge.ledger.end";

/// The last line of an export, canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Which chain.
    pub chain: String,
    /// SHA-256 of the line in canonical form without this field, so that no byte of it changes unseen.
    pub digest: String,
    /// The number of the first record; one more than `seq` where there are none.
    pub first: u64,
    /// The hash of the last record.
    pub hash: String,
    /// What the line is.
    pub kind: String,
    /// The hash of the record before the first.
    pub prev: String,
    /// The number of the last record.
    pub seq: u64,
}

#[derive(Serialize)]
struct Undigested<'a> {
    chain: &'a str,
    first: u64,
    hash: &'a str,
    kind: &'a str,
    prev: &'a str,
    seq: u64,
}

impl End {
    /// The end of an export of the records behind `before` up to `head`.
    ///
    /// # Errors
    /// [`Unfit`]: nothing that is a chain's.
    pub fn of(chain: &str, before: &Head, head: &Head) -> Result<Self, Unfit> {
        let mut end = Self {
            chain: chain.to_owned(),
            digest: String::new(),
            first: before.seq.saturating_add(1),
            hash: head.hash.clone(),
            kind: KIND.to_owned(),
            prev: before.hash.clone(),
            seq: head.seq,
        };
        end.digest = end.own_digest()?;
        Ok(end)
    }

    fn own_digest(&self) -> Result<String, Unfit> {
        let undigested = Undigested {
            chain: &self.chain,
            first: self.first,
            hash: &self.hash,
            kind: &self.kind,
            prev: &self.prev,
            seq: self.seq,
        };
        Ok(digest(&canonical(&undigested)?))
    }

    /// The line, without a line end.
    ///
    /// # Errors
    /// As [`End::of`].
    pub fn line(&self) -> Result<String, Unfit> {
        canonical(self)
    }

    /// Whether these are its very bytes, and what they say is what it was made with.
    pub(super) fn is_as_written(&self, bytes: &[u8]) -> bool {
        self.kind == KIND
            && self.line().is_ok_and(|line| line.as_bytes() == bytes)
            && self.own_digest().is_ok_and(|digest| digest == self.digest)
    }
}
