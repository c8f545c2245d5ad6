//! Request ids: six characters a person can read aloud, the last of which names the shard.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Letters and digits without look-alikes (`0 o`, `1 i l` are left out). Case does not matter.
pub const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Length of a request id in characters.
pub const ID_LENGTH: usize = 6;

/// Shards that new requests are spread over. It may grow: an existing id keeps naming its own
/// shard, because the shard is the id's last character and not a remainder.
pub const SHARDS: usize = 4;

/// A partition of the store: every key of a request lives in the slot of its shard's hash tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Shard(u8);

impl Shard {
    /// All shards in use.
    pub fn all() -> impl Iterator<Item = Self> {
        ALPHABET.iter().take(SHARDS).map(|letter| Self(*letter))
    }

    /// The shard that a delivery's key (event id, trigger id, idempotency key) belongs to, so that
    /// the mark *seen* and the request it creates share a slot.
    pub fn of_key(key: &str) -> Self {
        let first = Sha256::digest(key.as_bytes())
            .first()
            .copied()
            .unwrap_or_default();
        let letter = ALPHABET
            .get(usize::from(first) % SHARDS)
            .copied()
            .unwrap_or(b'a');
        Self(letter)
    }

    /// The character that stands for the shard in ids and hash tags.
    pub fn letter(self) -> char {
        char::from(self.0)
    }
}

/// A request's id, such as `k7m3xq`: lower case, from [`ALPHABET`], the last character its shard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// A text that is no request id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a request id")]
pub struct NotAnId(pub String);

impl RequestId {
    /// Builds an id from five drawn characters (indices into [`ALPHABET`], taken modulo its length)
    /// and the shard. Drawing is the caller's: the core has no randomness.
    pub fn from_draw(draw: [u8; ID_LENGTH - 1], shard: Shard) -> Self {
        let pick = |n: &u8| {
            ALPHABET
                .get(usize::from(*n) % ALPHABET.len())
                .copied()
                .unwrap_or(b'a')
        };
        let mut text: String = draw.iter().map(pick).map(char::from).collect();
        text.push(shard.letter());
        Self(text)
    }

    /// The id as it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shard this request lives in.
    pub fn shard(&self) -> Shard {
        Shard(self.0.as_bytes().last().copied().unwrap_or(b'a'))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RequestId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let lower = text.to_ascii_lowercase();
        let fits = lower.len() == ID_LENGTH && lower.bytes().all(|b| ALPHABET.contains(&b));
        if fits {
            Ok(Self(lower))
        } else {
            Err(NotAnId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for RequestId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_shard_and_ignores_case() {
        for shard in Shard::all() {
            let id = RequestId::from_draw([1, 200, 31, 7, 99], shard);
            assert_eq!(id.shard(), shard);
            assert_eq!(id.as_str().to_uppercase().parse::<RequestId>(), Ok(id));
        }
    }

    #[test]
    fn look_alikes_and_wrong_lengths_are_no_ids() {
        for text in [
            "", "k7m3x", "k7m3xqq", "k7m3x0", "k7m3xl", "k7m3x/", "ｋ7m3xq",
        ] {
            assert!(text.parse::<RequestId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_always_falls_into_a_shard_in_use() {
        for key in ["", "Ev08", "1234.567.abc"] {
            assert!(Shard::all().any(|s| s == Shard::of_key(key)));
        }
    }
}
