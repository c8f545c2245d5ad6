//! The words that labels may hold, and the names from the configuration.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// What is answered to an ask: `waiting` for approvers, opened by a rule (`automatic`), by an approval given
/// before (`recalled`) or as an `emergency`, or `refused`.
pub const ASKS: &[&str] = &["waiting", "automatic", "recalled", "emergency", "refused"];

/// How requests end: the words of final states, and of why an open path ended.
pub const ENDS: &[&str] = &[
    "refused",
    "denied",
    "cancelled",
    "lapsed",
    "failed",
    "expired",
    "done",
    "revoked",
    "incident_closed",
    "withdrawn",
    "removed",
];

/// Acts of approvers, and what counts as one.
pub const VOTES: &[&str] = &[
    "approved",
    "denied",
    "recalled",
    "forgotten",
    "automatic",
    "emergency",
    "offline",
    "reviewed",
];

/// What a waiting request waits for.
pub const DECISIONS: &[&str] = &["granted", "denied", "cancelled", "lapsed"];

/// How a worker's step ends: `done`, `failed` and to be done again, its lease `lost` to another process, or the document
/// `left` to a later version that reads it.
pub const STEPS: &[&str] = &["done", "failed", "lost", "left"];

/// How a call of Slack's Web API ends.
pub const SLACK_OUTCOMES: &[&str] = &["ok", "rate_limited", "ambiguous", "away", "refused", "auth"];

/// Classes of the store's errors.
pub const STORE_ERRORS: &[&str] = &["away", "full", "taken", "corrupt", "misuse"];

/// Calls of the store.
pub const CALLS: &[&str] = &[
    "commit",
    "load",
    "claim",
    "renew",
    "release",
    "wake",
    "seen",
    "open",
    "of_owner",
    "events",
    "restore_alarms",
    "ping",
];

/// What becomes of a span: `sent`, `dropped` because too many wait, or not taken by the collector (`failed`).
pub const SPANS: &[&str] = &["sent", "dropped", "failed"];

/// A name from the configuration: a cluster's, a sink's. There are as many as an operator wrote down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The name that the configuration gives to something.
    pub fn configured(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EncodeLabelValue for Name {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(&self.0)
    }
}
