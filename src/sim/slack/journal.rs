//! What the wire saw: calls, deliveries, and what Slack let pass but a reviewer would not.

use crate::units::Time;

use super::Slack;

/// How one attempt to deliver something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// Acknowledged in time.
    Acknowledged,
    /// No acknowledgement in time.
    TimedOut,
    /// Nobody there: no socket, or the connection failed.
    Unreachable,
    /// Answered over HTTP with this status.
    Status(u16),
}

/// One thing the wire saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A Web API call was answered.
    Call {
        /// The method.
        method: String,
        /// The HTTP status.
        status: u16,
        /// The error code, if it was one.
        error: Option<String>,
    },
    /// A delivery was attempted.
    Delivery {
        /// `event_id` or `trigger_id`; for a closed view its id, for a typeahead an id of its own.
        key: String,
        /// 0 for the first.
        attempt: usize,
        /// How it ended.
        how: Carried,
    },
    /// Slack accepted it, but it is a mistake: an unknown acknowledgement, blocks without text.
    Complaint(String),
}

/// An entry and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// When.
    pub at: Time,
    /// What.
    pub entry: Entry,
}

impl Slack {
    /// Everything the wire saw so far.
    pub fn journal(&self) -> Vec<Noted> {
        self.read(|state| state.journal.clone())
    }

    /// Calls of a method so far, refused ones included.
    pub fn calls(&self, name: &str) -> usize {
        let is_it = |n: &&Noted| matches!(&n.entry, Entry::Call { method, .. } if method == name);
        self.read(|state| state.journal.iter().filter(is_it).count())
    }

    /// What Slack let pass but a reviewer would not. Scenarios end with none.
    pub fn complaints(&self) -> Vec<String> {
        let text = |n: &Noted| match &n.entry {
            Entry::Complaint(text) => Some(text.clone()),
            _ => None,
        };
        self.read(|state| state.journal.iter().filter_map(text).collect())
    }
}
