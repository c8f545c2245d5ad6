//! The weekly digest: the note that it is posted once by, however many replicas there are.

use serde::{Deserialize, Serialize};

use crate::id::RequestId;
use crate::units::{Seconds, Time};

/// What happened right before the week's end may take so long to be in the ledger.
const SETTLED: Seconds = Seconds::minutes(1);

/// The digest of one week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// Its id.
    pub id: RequestId,
    /// The week, as ISO 8601 names it: `2026-W48`.
    pub week: String,
    /// Where it goes, `#security` or a channel's id.
    pub channel: String,
    /// The first instant that it tells of.
    pub from: Time,
    /// The first instant after.
    pub until: Time,
    /// Whether it was posted.
    pub status: DigestStatus,
}

/// What became of a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum DigestStatus {
    /// Wanted; not sent yet.
    Due,
    /// Being sent, or sent without an answer: looked for before it is sent again.
    Posting {
        /// When that was tried first.
        since: Time,
    },
    /// Slack has it.
    Posted,
    /// It could not be posted.
    GivenUp {
        /// Why, for operators.
        why: String,
    },
}

impl Digest {
    /// When it is to be looked at; `None`: never again.
    pub(super) fn look_at(&self) -> Option<Time> {
        let open = matches!(
            self.status,
            DigestStatus::Due | DigestStatus::Posting { .. }
        );
        open.then(|| SETTLED.after(self.until))
    }

    /// What tells its message from others.
    pub fn key(&self) -> String {
        format!("digest/{}", self.week)
    }
}

/// Key of a week's digest.
pub fn digest_key(week: &str) -> String {
    format!("note:digest:{week}")
}
