//! Slack's request signature (docs.slack.dev, verifying requests from Slack).

use http::HeaderMap;
use slack_morphism::SlackSigningSecret;
use slack_morphism::signature_verifier::{
    SlackEventSignatureVerifier, SlackEventSignatureVerifierError,
};

use crate::secret::Secret;
use crate::units::Time;

/// How far a request's time may be from ours, either way; an older one may be a replay.
const WINDOW: i64 = SlackEventSignatureVerifier::MAX_TIMESTAMP_AGE_SECONDS;

/// Why a request is not believed. Says nothing that helps to forge one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsigned {
    #[error("signature or time is missing")]
    Missing,
    #[error("signature does not match")]
    Wrong,
    #[error("time is more than five minutes off")]
    Stale,
}

/// Checks signatures with the library's constant-time verifier.
#[derive(Clone)]
pub(super) struct Signatures(SlackEventSignatureVerifier);

impl Signatures {
    pub(super) fn new(secret: &Secret) -> Self {
        let secret = SlackSigningSecret(secret.expose().to_owned());
        Self(SlackEventSignatureVerifier::new(&secret))
    }

    /// Whether Slack sent this body, at about `now`.
    ///
    /// The time is checked first, by our clock: the verifier subtracts it from the machine's, which
    /// overflows for times at the end of what a number holds, and in a simulation is not the time it is.
    /// So its word on the time is dropped; its word on the signature stands. Its errors are dropped, never
    /// logged: they have held valid signatures.
    pub(super) fn check(&self, headers: &HeaderMap, body: &str, now: Time) -> Result<(), Unsigned> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER);
        let sent = header(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP);
        let (Some(signature), Some(sent)) = (signature, sent) else {
            return Err(Unsigned::Missing);
        };
        let at: i64 = sent.parse().map_err(|_| Unsigned::Stale)?;
        if now.timestamp().abs_diff(at) > WINDOW.unsigned_abs() {
            return Err(Unsigned::Stale);
        }
        match self.0.verify(signature, body, sent) {
            Ok(()) | Err(SlackEventSignatureVerifierError::IncorrectOrExpiredTimestampError(_)) => {
                Ok(())
            }
            Err(_) => Err(Unsigned::Wrong),
        }
    }
}
