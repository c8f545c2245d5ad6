//! Signed heads: somebody who can rewrite the whole ledger cannot rewrite what was signed and kept
//! elsewhere.
//!
//! A signed head is one line of canonical JSON:
//! `{"at","chain","hash","key","seq","signature"}`; `signature` is ed25519 (RFC 8032), in hex, over the
//! canonical JSON of the other fields.

#[cfg(test)]
mod tests;
mod watch;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::canonical::{Unfit, canonical};
use super::{Head, hex};
use crate::units::Time;

pub use watch::{Signed, Watch};

/// A key that signs heads. Never printed: `Debug` shows the public part.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public())
    }
}

/// A key in a form that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The secret one.
    #[error(
        "is no key: 32 bytes are needed, in hex or base64, such as `openssl rand -hex 32` makes"
    )]
    Secret,
    /// The public one.
    #[error("is no public key: 64 hex digits, or base64, as `drawbridge ledger head` prints it")]
    Public,
}

impl Signer {
    /// Reads the secret: 32 bytes in hex or base64; white space around it does not matter.
    ///
    /// # Errors
    /// [`BadKey::Secret`], which never repeats it.
    pub fn read(secret: &str) -> Result<Self, BadKey> {
        let seed = bytes(secret).ok_or(BadKey::Secret)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public key in hex.
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// Signs that the chain had this head.
    ///
    /// # Errors
    /// [`Unfit`]: nothing that is a chain's.
    pub fn sign(&self, chain: &str, head: &Head, at: Time) -> Result<SignedHead, Unfit> {
        let mut signed = SignedHead {
            at,
            chain: chain.to_owned(),
            hash: head.hash.clone(),
            key: self.public(),
            seq: head.seq,
            signature: String::new(),
        };
        let signature = self.0.sign(signed.message()?.as_bytes());
        signed.signature = hex::encode(&signature.to_bytes());
        Ok(signed)
    }
}

/// A head, and the word of a key for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// When it was signed.
    pub at: Time,
    /// Of which chain.
    pub chain: String,
    /// The hash of the newest record then.
    pub hash: String,
    /// The public key, hex.
    pub key: String,
    /// The number of the newest record then.
    pub seq: u64,
    /// Over the rest, hex.
    pub signature: String,
}

#[derive(Serialize)]
struct Unsigned<'a> {
    at: Time,
    chain: &'a str,
    hash: &'a str,
    key: &'a str,
    seq: u64,
}

/// Why a signed head counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHead {
    /// Not a line of the documented form.
    #[error("it is no signed head")]
    Form,
    /// Signed by somebody else.
    #[error("it is signed with the key {0}, not with the expected one")]
    OtherKey(String),
    /// The signature is not of this head.
    #[error("its signature is wrong: it was changed, or never signed")]
    Signature,
}

impl SignedHead {
    /// Reads a line; whether it was signed is for [`SignedHead::verify`] to say.
    ///
    /// # Errors
    /// [`BadHead::Form`].
    pub fn read(line: &str) -> Result<Self, BadHead> {
        serde_json::from_str(line).map_err(|_| BadHead::Form)
    }

    /// Its line: canonical JSON without a line end.
    ///
    /// # Errors
    /// [`Unfit`]: nothing that was signed.
    pub fn line(&self) -> Result<String, Unfit> {
        canonical(self)
    }

    /// Which head was signed.
    pub fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash.clone(),
        }
    }

    /// Whether `key` signed exactly this; without one, whether the key that it names did, which says
    /// nothing of who that is.
    ///
    /// # Errors
    /// [`BadHead`].
    pub fn verify(&self, key: Option<&PublicKey>) -> Result<(), BadHead> {
        let named: PublicKey = self.key.parse().map_err(|_| BadHead::Form)?;
        if key.is_some_and(|key| *key != named) {
            return Err(BadHead::OtherKey(self.key.clone()));
        }
        let signature = hex::decode(&self.signature).ok_or(BadHead::Signature)?;
        let signature = Signature::from_bytes(&signature);
        let message = self.message().map_err(|_| BadHead::Form)?;
        // Strict: no other key or signature passes for the same message (RFC 8032 §8.4 leaves room).
        let verified = named.0.verify_strict(message.as_bytes(), &signature);
        verified.map_err(|_| BadHead::Signature)
    }

    fn message(&self) -> Result<String, Unfit> {
        canonical(&Unsigned {
            at: self.at,
            chain: &self.chain,
            hash: &self.hash,
            key: &self.key,
            seq: self.seq,
        })
    }
}

/// A key that verifies heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl std::str::FromStr for PublicKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bytes = bytes(text).ok_or(BadKey::Public)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| BadKey::Public)?;
        Ok(Self(key))
    }
}

/// 32 bytes from hex, or from base64 of either alphabet, padded or not.
fn bytes(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bare = text.trim_end_matches('=');
    let url_safe = || URL_SAFE_NO_PAD.decode(bare).ok();
    let standard = || STANDARD.decode(format!("{bare}=")).ok();
    let read = || url_safe().or_else(standard)?.try_into().ok();
    hex::decode(text).or_else(read)
}
